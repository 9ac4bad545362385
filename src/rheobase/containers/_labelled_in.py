"""Arrays and tables that know their own times: what is read of them, without importing the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .interval_set import IntervalSet

__all__ = ["Labelled", "clock", "read_data_array", "support_in"]


class Labelled(NamedTuple):
    """What a labelled array says of itself."""

    t: np.ndarray
    values: np.ndarray
    time_units: str
    time_support: IntervalSet | None
    unit: str | None
    columns: np.ndarray | None
    metadata: dict[str, Any] | None


def read_data_array(x: Any, time_units: str = "s", time_support: Any = None) -> Labelled:
    """Times, values and labels of an xarray DataArray.

    Raises
    ------
    ValueError
        If its dimension of time has no coordinates.
    """
    time = "time" if "time" in x.dims else x.dims[0] if x.dims else None
    if time is None or time not in x.coords:
        msg = f"the dimension of time of a DataArray needs coordinates, its times; got dimensions {tuple(x.dims)}."
        raise ValueError(msg)
    x = x.transpose(time, ...)
    t, units = clock(np.asarray(x.coords[time].values), x.coords[time].attrs.get("units", time_units))
    support = support_in(x.attrs) if time_support is None else time_support
    columns, info = None, {}
    if x.ndim == 2:
        other = x.dims[1]
        columns = np.asarray(x.coords[other].values) if other in x.coords else None
        info = {
            str(name): np.asarray(coord.values)
            for name, coord in x.coords.items()
            if coord.dims == (other,) and name != other
        }
    return Labelled(t, np.asarray(x.values), units, support, x.attrs.get("units"), columns, info or None)


def support_in(attrs: Mapping[Any, Any]) -> IntervalSet | None:
    """Epochs that stand in the attributes of a table or an array."""
    if "time_support_start" not in attrs:
        return None
    return IntervalSet(np.ravel(attrs["time_support_start"]), np.ravel(attrs["time_support_end"]))


def clock(times: np.ndarray, units: str) -> tuple[np.ndarray, str]:
    """Times as numbers and their unit; dates count from the first one."""
    if times.dtype.kind == "M":
        times = times - times.min() if times.size else times.astype("m8[ns]")
    if times.dtype.kind == "m":
        return times / np.timedelta64(1, "s"), "s"
    return times, "s" if units in ("seconds", "sec") else units
