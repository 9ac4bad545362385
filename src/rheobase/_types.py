"""Types shared by all layers: array aliases and what counts as a time series.

Axis words in shapes, here and in docstrings: ``time``, ``neuron``, ``feature``, ``basis``, ``channel``, ``event``,
``lag``.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
ArrayLike = npt.ArrayLike


@runtime_checkable
class TimeSeriesLike(Protocol):
    """A series with times, as the gates accept it: ours, pynapple's, or anything with the same three attributes."""

    @property
    def t(self) -> FloatArray:
        """Sample times, seconds, shape (time,)."""

    @property
    def values(self) -> Any:
        """Samples, shape (time, ...)."""

    @property
    def time_support(self) -> Any:
        """The epochs over which the series is defined."""
