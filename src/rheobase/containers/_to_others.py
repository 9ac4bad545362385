"""Containers as objects of pandas, xarray and pynapple; each library is imported when it is asked for.

Times stay seconds. What the other object has no place for (the time support, the unit of values) travels in its
``attrs``, so that `rheobase.io.as_container` makes the same container of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays.namespace import to_numpy
from .._optional import optional_import

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Exported"]


class Exported:
    """Containers that become objects of other libraries."""

    nap_class: str

    def to_pandas(self) -> pd.Series | pd.DataFrame:
        """As a pandas object.

        Returns
        -------
        pandas.Series or pandas.DataFrame
            Events and signals are indexed by time (s); a tensor has one column for each entry; a group is a long table
            with columns ``time`` and ``unit``; epochs have columns ``start``, ``end`` and their metadata. Time support
            and metadata of columns are in ``attrs``.
        """
        return _PANDAS[self.nap_class](self)

    def to_xarray(self) -> xr.DataArray | xr.Dataset:
        """As an xarray object.

        Returns
        -------
        xarray.DataArray or xarray.Dataset
            A signal is a DataArray with dimension ``time`` (s) first, its columns and their metadata as coordinates.
            Events, groups and epochs are Datasets. The time support is in ``attrs``.
        """
        return _XARRAY[self.nap_class](self)

    def to_pynapple(self) -> Any:
        """As the pynapple object of the same name, with its support and metadata.

        Returns
        -------
        pynapple object

        Raises
        ------
        MissingDependencyError
            If pynapple is not installed.
        """
        nap = optional_import("pynapple", needed_for="to_pynapple")
        return _PYNAPPLE[self.nap_class](nap, self)


def _attrs(x: Any) -> dict[str, Any]:
    support = x.time_support
    attrs = {"time_support_start": support.start.tolist(), "time_support_end": support.end.tolist()}
    unit = getattr(x, "_value_unit", None)
    return attrs | ({"unit": unit} if unit else {})


# ---- pandas --------------------------------------------------------------------------------------------------------


def _pandas_series(x: Any) -> Any:
    import pandas as pd

    index = pd.Index(x.t, name="Time (s)")
    if x.nap_class == "Ts":
        out: Any = pd.Series(index=index, dtype="object")
    elif x.ndim == 1:
        out = pd.Series(to_numpy(x.values), index=index)
    else:
        values = to_numpy(x.values)
        columns = list(np.ndindex(values.shape[1:])) if values.ndim > 2 else x._columns
        out = pd.DataFrame(values.reshape(len(values), -1), index=index, columns=pd.Index(columns))
    out.attrs |= _attrs(x)
    if x.nap_class == "TsdFrame" and x._metadata.columns:
        out.attrs["metadata"] = {name: list(values) for name, values in x._metadata.columns.items()}
    return out


def _pandas_group(x: Any) -> Any:
    import pandas as pd

    order = np.argsort(x._times, kind="stable")
    owner = np.repeat(x._keys, np.diff(x._offsets))
    out = pd.DataFrame({"time": x._times[order], "unit": owner[order]})
    info = {name: list(values) for name, values in x._metadata.columns.items() if name != "rate"}
    out.attrs |= _attrs(x) | {"units": x._keys.tolist(), "metadata": info}
    return out


_PANDAS: dict[str, Any] = {
    "Ts": _pandas_series,
    "Tsd": _pandas_series,
    "TsdFrame": _pandas_series,
    "TsdTensor": _pandas_series,
    "TsGroup": _pandas_group,
    "IntervalSet": lambda x: x.as_dataframe(),
}


# ---- xarray --------------------------------------------------------------------------------------------------------


def _array(x: Any) -> Any:
    import xarray as xr

    values = to_numpy(x.values)
    dims = ["time", *(["column"] if values.ndim == 2 else [f"axis_{n}" for n in range(1, values.ndim)])]
    coords: dict[str, Any] = {"time": ("time", x.t, {"units": "s"})}
    if x.nap_class == "TsdFrame":
        columns = np.asarray(x._columns)
        coords["column"] = columns.astype(object) if columns.dtype.kind in "US" else columns
        coords |= {name: ("column", column) for name, column in x._metadata.columns.items() if column.ndim == 1}
    attrs = _attrs(x)
    attrs |= {"units": attrs.pop("unit")} if "unit" in attrs else {}
    return xr.DataArray(values, coords=coords, dims=dims, attrs=attrs)


def _events(x: Any) -> Any:
    import xarray as xr

    return xr.Dataset({"spike_time": ("spike", x.t, {"units": "s"})}, attrs=_attrs(x))


def _group(x: Any) -> Any:
    import xarray as xr

    owner = np.repeat(x._keys, np.diff(x._offsets))
    data: dict[str, Any] = {"spike_time": ("spike", x._times, {"units": "s"}), "spike_unit": ("spike", owner)}
    data |= {name: ("unit", column) for name, column in x._metadata.columns.items() if column.ndim == 1}
    return xr.Dataset(data, coords={"unit": x._keys}, attrs=_attrs(x))


def _epochs(x: Any) -> Any:
    import xarray as xr

    data: dict[str, Any] = {"start": ("epoch", x.start, {"units": "s"}), "end": ("epoch", x.end, {"units": "s"})}
    data |= {name: ("epoch", column) for name, column in x._metadata.columns.items() if column.ndim == 1}
    return xr.Dataset(data, coords={"epoch": np.arange(len(x))})


_XARRAY: dict[str, Any] = {
    "Ts": _events,
    "Tsd": _array,
    "TsdFrame": _array,
    "TsdTensor": _array,
    "TsGroup": _group,
    "IntervalSet": _epochs,
}


# ---- pynapple ------------------------------------------------------------------------------------------------------


def _metadata(x: Any) -> dict[str, Any]:
    return {name: list(values) for name, values in x._metadata.columns.items() if name != "rate"}


def _pynapple_support(nap: Any, x: Any) -> Any:
    return nap.IntervalSet(x.time_support.start, x.time_support.end)


def _pynapple_series(nap: Any, x: Any) -> Any:
    support = _pynapple_support(nap, x)
    if x.nap_class == "Ts":
        return nap.Ts(x.t, time_support=support)
    values = to_numpy(x.values)
    if x.nap_class != "TsdFrame":
        return getattr(nap, x.nap_class)(t=x.t, d=values, time_support=support)
    return nap.TsdFrame(t=x.t, d=values, time_support=support, columns=x._columns, metadata=_metadata(x))


def _pynapple_group(nap: Any, x: Any) -> Any:
    support = _pynapple_support(nap, x)
    units = {int(key): _pynapple_series(nap, x[int(key)]) for key in x._keys}
    return nap.TsGroup(units, time_support=support, metadata=_metadata(x))


def _pynapple_epochs(nap: Any, x: Any) -> Any:
    if x.has_overlap:
        msg = "pynapple has no epochs that overlap; give x.union(), or the epochs one by one."
        raise ValueError(msg)
    return nap.IntervalSet(x.start, x.end, metadata=_metadata(x))


_PYNAPPLE: dict[str, Any] = {
    "Ts": _pynapple_series,
    "Tsd": _pynapple_series,
    "TsdFrame": _pynapple_series,
    "TsdTensor": _pynapple_series,
    "TsGroup": _pynapple_group,
    "IntervalSet": _pynapple_epochs,
}
