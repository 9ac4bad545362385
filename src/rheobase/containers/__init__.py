"""Time series, groups of them, and the epochs over which they are defined."""

from __future__ import annotations

from ._time import TsIndex
from .interval_set import IntervalSet

__all__ = ["IntervalSet", "TsIndex"]
