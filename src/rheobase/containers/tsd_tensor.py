"""`TsdTensor`: an array at each time."""

from __future__ import annotations

from typing import Any

from .._types import ArrayLike, FloatArray
from ._base import register
from ._sampled import AbstractSampledSeries
from ._warn import warn_user
from .interval_set import IntervalSet

__all__ = ["TsdTensor"]


class TsdTensor(AbstractSampledSeries):
    """A matrix (or more) at each time, such as the frames of a movie.

    Parameters
    ----------
    t : array_like
        Times, in `time_units`, shape (time,); copied, and sorted (with a warning, values travelling with them) if they
        are not.
    d : array_like
        Values, shape (time, ..., ...). An ndarray is used as it is, not copied.
    time_units : {"s", "ms", "us"}
    time_support : IntervalSet, optional
        Epochs over which the values are defined; samples outside are dropped. By default one epoch from the first to
        the last sample.
    load_array : bool
        Whether values that are not a NumPy array (an HDF5 dataset, say) are read now. If not, they stay where they
        are until they are asked for.

    unit : str, optional
        Of the values, such as ``"mV"``; see `unit`.

    Raises
    ------
    RuntimeError
        If `d` has fewer than three dimensions, or `t` is not numeric.
    AssertionError
        If `d` is missing or not as long as `t`, or `time_support` no IntervalSet.
    ValueError
        If the unit is unknown.
    TypeError
        If `load_array` is False and `d` no array.
    """

    def __init__(
        self,
        t: ArrayLike,
        d: ArrayLike,
        time_units: str = "s",
        time_support: IntervalSet | None = None,
        load_array: bool = True,
        *,
        unit: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            warn_user(f"TsdTensor has no use for the argument(s) {sorted(kwargs)}.")
        self._init_sampled(t, d, time_units, time_support, load_array, unit)

    @classmethod
    def _trusted(cls, t: FloatArray, d: Any, time_support: IntervalSet) -> TsdTensor:
        """Series from sorted float64 seconds inside the support and as many values: no check, no copy."""
        series = cls.__new__(cls)
        series._store(t, time_support)
        object.__setattr__(series, "_values", d)
        return series

    def _check_values(self, values: Any) -> None:
        if values.ndim < 3:
            msg = (
                f"Data should have more than 2 dimensions, got shape {tuple(values.shape)}. "
                "If ndim < 3, use TsdFrame or Tsd object."
            )
            raise RuntimeError(msg)


register(3, TsdTensor)
