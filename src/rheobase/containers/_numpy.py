"""How series take part in NumPy: which results are series again, and which are plain arrays.

A result is a series where every row of it still belongs to one time: elementwise functions, and functions that work
along another axis than time. Both are listed here by name; whatever is not listed gives plain arrays. Several series
in one call must have the same times and the same time support.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .._errors import TimeSupportError
from ._base import AbstractTimeSeries
from ._value_units import unit_of_function, unit_of_ufunc, with_unit

__all__ = ["METHODS", "NumpyMethods", "aligned", "find_series"]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ELEMENTWISE = _names(
    "around round fix nan_to_num clip real imag angle real_if_close unwrap copy sinc i0 isclose isposinf isneginf "
    "iscomplex isreal isin where select zeros_like ones_like full_like empty_like digitize piecewise astype"
)
"""Functions whose result has the shape of the series; time is never touched."""

RUNNING = _names("cumsum cumprod nancumsum nancumprod cumulative_sum cumulative_prod")
"""Functions that run along an axis (time included) and leave a value for each time."""

ALONG = _names(
    "sum prod mean std var min max amin amax ptp median average any all argmin argmax count_nonzero percentile "
    "quantile nansum nanprod nanmean nanstd nanvar nanmin nanmax nanmedian nanpercentile nanquantile nanargmin "
    "nanargmax norm diff gradient trapezoid trapz flip roll repeat argsort apply_along_axis apply_over_axes cross"
)
"""Functions along one axis or several, named `axis`; a series comes back unless time is among them."""

SHAPING = _names("reshape ravel expand_dims squeeze atleast_1d atleast_2d atleast_3d pad tile broadcast_to fliplr")
"""Functions that rearrange values; rows stay whole while the first axis keeps its length."""

REFUSED = _names("sort lexsort sort_complex partition argpartition take take_along_axis extract compress choose delete")
"""Functions that would tear values from their times."""


def find_series(args: Any) -> Iterator[AbstractTimeSeries]:
    """All series in (nested) arguments, in order."""
    if isinstance(args, AbstractTimeSeries):
        yield args
    elif isinstance(args, list | tuple):
        for arg in args:
            yield from find_series(arg)
    elif isinstance(args, dict):
        yield from find_series(list(args.values()))


def plain(args: Any) -> Any:
    """Arguments with every series, at any depth, as an array."""
    if isinstance(args, AbstractTimeSeries):
        return args.to_numpy()
    if isinstance(args, list | tuple):
        return type(args)(plain(arg) for arg in args)
    if isinstance(args, dict):
        return {name: plain(arg) for name, arg in args.items()}
    return args


def aligned(series: list[Any]) -> Any:
    """The first of several series, after checking that all have its times and its support.

    Raises
    ------
    TimeSupportError
        If they do not.
    """
    first = series[0]
    for other in series[1:]:
        if other is first or first._all_aligned(other):
            continue
        what = "lengths" if len(first) != len(other) else "times or time supports"
        msg = (
            f"cannot combine a {first.nap_class} and a {other.nap_class} with different {what} "
            f"({len(first)} and {len(other)} samples). Bring one to the times of the other with value_from or "
            "interpolate, restrict both to the same epochs, or use .values if the order of samples is what you mean."
        )
        raise TimeSupportError(msg)
    return first


class NumpyMethods(np.lib.mixins.NDArrayOperatorsMixin):
    """Operators, NumPy functions, and the usual methods of arrays, for a class with times and values."""

    __array_priority__ = 1000
    __hash__ = None  # type: ignore[assignment]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        values = self.to_numpy()
        if dtype is not None and np.dtype(dtype) != values.dtype:
            if copy is False:
                msg = f"values of type {values.dtype} cannot become {np.dtype(dtype)} without a copy."
                raise ValueError(msg)
            return values.astype(dtype)
        return values.copy() if copy else values

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        if not all(_understood(x) for x in inputs):
            return NotImplemented
        series = list(find_series(list(inputs)))
        if not series:  # only the output is a series
            series = list(find_series(list(out)))
        template = aligned(series)
        if method != "__call__":
            return _reduce(template, ufunc, method, inputs, kwargs)
        arrays = inputs if ufunc.signature else _broadcast(inputs, series)
        unit = unit_of_ufunc(ufunc.__name__, inputs, series)
        if out is not None:
            return _into(ufunc, plain(list(arrays)), out, unit, kwargs)
        result = getattr(ufunc, method)(*plain(list(arrays)), **plain(kwargs))
        if ufunc.signature is not None and not (inputs[0] is template and template.ndim > 1 and len(series) == 1):
            return result  # matrix products keep rows only of the first factor
        if isinstance(result, tuple):
            return tuple(_wrap(template, part, series, None) for part in result)
        return _wrap(template, result, series, unit)

    def __array_function__(self, func: Callable, types: Any, args: Any, kwargs: Any) -> Any:
        from ._concatenate import JOINING, SPLITTING, join, split

        name = func.__name__
        if name in REFUSED or getattr(func, "__module__", "").startswith("numpy.fft"):
            msg = f"np.{name} would tear values from their times; give it series.values to get a plain array."
            raise TypeError(msg)
        if name in JOINING:
            return join(func, args, kwargs)
        if name in SPLITTING:
            return split(func, args, kwargs)
        return _call(func, name, args, kwargs)

    def astype(self, dtype: Any) -> Any:
        """The same series with values of another type."""
        return self._like(self.t, self.to_numpy().astype(dtype), self.time_support)


def _understood(x: Any) -> bool:
    """Whether an operand is a series or something that NumPy turns into an array."""
    if isinstance(x, AbstractTimeSeries):
        return x._has_values
    return not hasattr(type(x), "nap_class")


def _broadcast(inputs: tuple, series: list[Any]) -> list[Any]:
    """Operands, with times aligned: a Tsd beside a frame is one column for all columns."""
    ndim = max(part.ndim for part in series)
    if all(part.ndim == ndim for part in series):
        return list(inputs)
    return [
        x.to_numpy().reshape(*x.shape, *(1,) * (ndim - x.ndim)) if isinstance(x, AbstractTimeSeries) else x
        for x in inputs
    ]


def _wrap(template: Any, result: Any, series: list[Any], unit: str | None) -> Any:
    """`result` as a series like the most detailed of the operands, or as it is where rows are no times."""
    if np.ndim(result) == 0 or len(result) != len(template):
        return result
    best = series[0] if len(series) == 1 else max(series, key=lambda part: part.ndim)
    return with_unit(best._like(template.t, result, template.time_support), unit)


def _into(ufunc: np.ufunc, arrays: list[Any], out: Any, unit: str | None, kwargs: dict) -> Any:
    """``ufunc(..., out=...)``: write into the values of the series given as output."""
    targets = tuple(plain(target) for target in out)
    for target in out:
        if isinstance(target, AbstractTimeSeries) and not isinstance(target.values, np.ndarray):
            msg = (
                f"values of type {type(target.values).__name__} cannot be changed in place; "
                "write series = series + 1, which makes a new series in memory."
            )
            raise TypeError(msg)
    ufunc(*arrays, out=targets, **plain(kwargs))
    for target in out:
        if isinstance(target, AbstractTimeSeries):
            with_unit(target, unit)
    return out[0] if len(out) == 1 else out


def _reduce(template: Any, ufunc: np.ufunc, method: str, inputs: tuple, kwargs: dict) -> Any:
    """``ufunc.reduce`` and its kin, along one axis (time by default)."""
    kwargs = plain({k: v for k, v in kwargs.items() if v is not None or k == "axis"})
    result = getattr(ufunc, method)(*plain(list(inputs)), **kwargs)
    along = kwargs.get("axis", inputs[1] if method == "reduce" and len(inputs) > 1 else 0)
    keeps = method == "accumulate" or (method == "reduce" and not _has_time(along, template.ndim))
    unit = unit_of_ufunc(ufunc.__name__, inputs[:1], [template])
    return _wrap(template, result, [template], unit) if keeps else result


@functools.cache
def _parameters(func: Callable) -> tuple[inspect.Signature, Any]:
    """Signature of a NumPy function and the default of its `axis`."""
    try:
        signature = inspect.signature(func)
    except ValueError:  # written in C
        return inspect.Signature(), None
    axis = signature.parameters.get("axis")
    return signature, None if axis is None or axis.default is inspect.Parameter.empty else axis.default


def _axis(func: Callable, args: tuple, kwargs: dict) -> Any:
    """The `axis` that a call means."""
    signature, default = _parameters(func)
    if "axis" in kwargs:
        return kwargs["axis"]
    if not signature.parameters:
        return None
    return signature.bind(*args, **kwargs).arguments.get("axis", default)


def _has_time(axis: Any, ndim: int) -> bool:
    """Whether `axis` (None, a number or several) includes the first one."""
    if axis is None:
        return True
    return any(int(a) in (0, -ndim) for a in np.atleast_1d(axis))


def _call(func: Callable, name: str, args: tuple, kwargs: dict) -> Any:
    """Call a NumPy function on plain values, and give its result times again where they still apply."""
    series = list(find_series([args, kwargs]))
    several = len(series) > 1 and name in ELEMENTWISE
    template = aligned(series) if several else series[0]
    result = func(*plain(args), **plain(kwargs))
    if not isinstance(result, np.ndarray) or result.ndim == 0 or len(result) != len(template):
        return result
    if _keeps_time(func, name, args, kwargs, template, result):
        best = max(series, key=lambda part: part.ndim)
        return with_unit(best._like(template.t, result, template.time_support), unit_of_function(name, series))
    return result


def _keeps_time(func: Callable, name: str, args: tuple, kwargs: dict, template: Any, result: np.ndarray) -> bool:
    """Whether row i of `result` belongs to time i of the series."""
    ndim = template.ndim
    if name in ELEMENTWISE:
        return name != "where" or len(args) + len(kwargs) == 3
    if name in RUNNING:
        axis = _axis(func, args, kwargs)
        return axis is not None or ndim == 1
    if name in ALONG:
        axis = _axis(func, args, kwargs)
        if name == "apply_along_axis":
            axis = args[1]
        levels = (args[1:2] or [kwargs.get("q")])[0] if "percentile" in name or "quantile" in name else 0
        return np.ndim(levels) == 0 and not _has_time(axis, ndim)
    if name in SHAPING:
        return _keeps_rows(name, args, kwargs, ndim)
    if name in ("transpose", "moveaxis", "swapaxes", "permute_dims", "rollaxis"):
        return ndim > 1 and _keeps_first(func, args, kwargs, template)
    if name in ("dot", "einsum", "tensordot", "inner"):
        return name == "dot" and args[0] is template and ndim > 1
    return False


def _keeps_rows(name: str, args: tuple, kwargs: dict, ndim: int) -> bool:
    """Whether a rearranging function leaves rows whole, given that the first axis kept its length."""
    if name == "expand_dims":
        axis = kwargs.get("axis", args[1] if len(args) > 1 else None)
        axes = np.atleast_1d(axis)
        return not _has_time(axes, ndim + axes.size)
    if name in ("atleast_2d", "broadcast_to"):
        return ndim > 1
    if name == "atleast_3d":
        return ndim > 1
    return kwargs.get("order", "C") == "C"


def _keeps_first(func: Callable, args: tuple, kwargs: dict, template: Any) -> bool:
    """Whether a permutation of axes leaves time first: tried on an array of distinct lengths."""
    probe = np.empty(tuple(range(2, 2 + template.ndim)))
    moved = func(
        *[probe if a is template else a for a in args], **{k: probe if v is template else v for k, v in kwargs.items()}
    )
    return moved.shape[0] == 2


def _method(func: Callable) -> Callable:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) > 1 and func in (np.reshape, np.transpose):  # as methods, these take a shape in pieces, too
            args = (args,)
        return func(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = func.__name__
    method.__doc__ = f"``np.{func.__name__}`` of this series; see there."
    return method


METHODS = _names(
    "mean sum prod std var min max ptp median argmin argmax any all cumsum cumprod round clip reshape ravel squeeze "
    "transpose swapaxes repeat dot nanmean nansum nanstd nanvar nanmin nanmax nanmedian percentile quantile argsort "
    "nonzero diff expand_dims abs sqrt exp log isnan real imag"
)
"""NumPy functions that are also methods of a series: ``series.mean()`` is ``np.mean(series)``."""

for _name in METHODS:
    setattr(NumpyMethods, _name, _method(getattr(np, _name)))
