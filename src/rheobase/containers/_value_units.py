"""The unit of values (mV, pA, cm/s): which operations keep it, which lose it, and which would mix two of them.

A unit is a text that is carried along, not computed with. Sums, differences and comparisons of two different units are
refused; multiplying or dividing by plain numbers keeps a unit; whatever else changes it leaves none. A series without a
unit goes with any.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

__all__ = ["check_unit", "common_unit", "unit_of_function", "unit_of_ufunc", "with_unit"]

Series = TypeVar("Series")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALIKE = _names(
    "add subtract maximum minimum fmax fmin hypot remainder fmod copysign nextafter negative positive absolute fabs "
    "rint floor ceil trunc conjugate"
)
"""Ufuncs of one unit, which is that of the result."""

_COMPARING = _names("less less_equal greater greater_equal equal not_equal")
"""Ufuncs of one unit whose result has none."""

_SCALING = _names("multiply divide floor_divide matmul")
"""Ufuncs whose result has the unit of the one operand that has some; of a quotient, the first."""

_KEEPING = _names(
    "around round fix nan_to_num clip real imag copy where select unwrap cumsum nancumsum cumulative_sum sum mean std "
    "min max amin amax ptp median average percentile quantile nansum nanmean nanstd nanmin nanmax nanmedian "
    "nanpercentile nanquantile norm diff flip roll repeat reshape ravel expand_dims squeeze atleast_1d atleast_2d "
    "atleast_3d pad tile broadcast_to fliplr transpose moveaxis swapaxes permute_dims rollaxis dot"
)
"""Functions whose result has the unit of the values."""


def check_unit(unit: Any) -> str | None:
    """Raise TypeError unless `unit` is a text or None."""
    if unit is not None and not isinstance(unit, str):
        msg = f"unit should be a text such as 'mV', got {unit!r}. Units of time go into time_units."
        raise TypeError(msg)
    return unit or None


def with_unit(series: Series, unit: str | None) -> Series:
    """`series`, which is new, with this unit."""
    object.__setattr__(series, "_unit", unit)
    return series


def common_unit(series: Iterable[Any], what: str) -> str | None:
    """The unit that all series share; those without one go with any.

    Raises
    ------
    ValueError
        If there are several.
    """
    units = list(dict.fromkeys(part._value_unit for part in series if part._value_unit is not None))
    if len(units) > 1:
        msg = (
            f"cannot {what} values in {units[0]} and in {units[1]}. Convert one of them, "
            "or use .values if plain numbers are what you mean."
        )
        raise ValueError(msg)
    return units[0] if units else None


def unit_of_ufunc(name: str, operands: tuple, series: list[Any]) -> str | None:
    """Unit of the result of a ufunc, of whose `operands` some are `series`. Raises as `common_unit`."""
    if not any(part._value_unit for part in series):
        return None
    if name in _COMPARING:
        common_unit(series, "compare")
        return None
    if name in _ALIKE:
        return common_unit(series, name)
    if name in _SCALING:
        having = [operand for operand in operands if getattr(operand, "_value_unit", None) is not None]
        scaled = len(having) == 1 and (name == "multiply" or having[0] is operands[0])
        return having[0]._value_unit if scaled else None
    return None


def unit_of_function(name: str, series: list[Any]) -> str | None:
    """Unit of the result of a NumPy function of several series."""
    units = {part._value_unit for part in series if part._value_unit is not None}
    return units.pop() if name in _KEEPING and len(units) == 1 else None
