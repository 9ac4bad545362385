"""Time series, groups of them, and the epochs over which they are defined."""

from __future__ import annotations

from ._time import TsIndex
from .interval_set import IntervalSet
from .ts import Ts
from .ts_group import TsGroup
from .tsd import Tsd
from .tsd_frame import TsdFrame
from .tsd_tensor import TsdTensor

__all__ = ["IntervalSet", "Ts", "TsGroup", "TsIndex", "Tsd", "TsdFrame", "TsdTensor"]


def __dir__() -> list[str]:
    return sorted(__all__)
