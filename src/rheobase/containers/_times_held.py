"""`AbstractTimes`: sorted times and the epochs over which they are defined, held and shown."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from .._manners import Plotted
from .._types import FloatArray, IntArray
from .._units import from_seconds
from ._time import TsIndex
from ._to_others import Exported
from .interval_set import IntervalSet

__all__ = ["AbstractTimes", "rate_of"]


def rate_of(n: int | IntArray, time_support: IntervalSet) -> Any:
    """Events per second of support: NaN for nothing in nothing, infinite for something in nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(n, dtype=np.float64)[()] / np.sum(time_support.end - time_support.start)


class AbstractTimes(Plotted, Exported, abc.ABC):
    """Sorted times and the epochs over which they are defined.

    Times are float64 seconds; no time lies outside the time support. A series never changes its times, support or
    class; methods return new series.
    """

    _t: FloatArray
    _support: IntervalSet
    _has_values = False

    def _store(self, t: FloatArray, time_support: IntervalSet) -> None:
        """Hold sorted times as a read-only view."""
        view = np.asarray(t).view(np.ndarray)[:]
        view.flags.writeable = False
        object.__setattr__(self, "_t", view)
        object.__setattr__(self, "_support", time_support)

    def __setattr__(self, name: str, value: Any) -> None:
        msg = (
            f"Changing directly attributes is not permitted for {self.nap_class}. "
            f"Build a new {self.nap_class} to change {name!r}; values can be set by item, as in series[0] = 1."
        )
        raise RuntimeError(msg)

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._store(state["_t"], state["_support"])

    # ---- attributes ------------------------------------------------------------------------------------------------

    @property
    def nap_class(self) -> str:
        """Name of the class."""
        return type(self).__name__

    @property
    def t(self) -> FloatArray:
        """Times, s, shape (time,); read-only."""
        return self._t

    @property
    def index(self) -> TsIndex:
        """Times, s, with unit conversion."""
        return TsIndex._trusted(self._t)

    @property
    def time_support(self) -> IntervalSet:
        """The epochs over which the series is defined."""
        return self._support

    @property
    def rate(self) -> np.float64:
        """Samples per second of time support (Hz)."""
        return rate_of(len(self), self._support)

    @property
    def start(self) -> np.float64 | None:
        """First time, s; None if there is none."""
        return self.start_time()

    @property
    def end(self) -> np.float64 | None:
        """Last time, s; None if there is none."""
        return self.end_time()

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n_times,)``."""
        return (self._t.size,)

    def __len__(self) -> int:
        return self._t.size

    def __repr__(self) -> str:
        from ._repr import series_table

        return series_table(self).text()

    def _repr_html_(self) -> str:
        from ._repr import series_table

        return series_table(self).html()

    # ---- times -----------------------------------------------------------------------------------------------------

    def times(self, units: str = "s") -> FloatArray:
        """Times in `units` ("s", "ms" or "us"), shape (time,)."""
        return from_seconds(self._t, units)

    def start_time(self, units: str = "s") -> np.float64 | None:
        """First time in `units`; None if the series is empty."""
        return from_seconds(self._t[0], units) if len(self) else None

    def end_time(self, units: str = "s") -> np.float64 | None:
        """Last time in `units`; None if the series is empty."""
        return from_seconds(self._t[-1], units) if len(self) else None
