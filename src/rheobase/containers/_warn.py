"""Warn at the line of the user's script, however deep in the package the cause lies."""

from __future__ import annotations

import sys
import warnings

from .._config import nap_config

__all__ = ["warn_converting", "warn_unsorted", "warn_user"]

_PACKAGE = __name__.partition(".")[0]


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, with the first caller outside this package as the place."""
    level = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def warn_unsorted(message: str) -> None:
    """Warn that times were sorted, unless the user has switched that off."""
    if not nap_config.suppress_time_index_sorting_warnings:
        warn_user(message)


def warn_converting() -> None:
    """Warn that an `IntervalSet` becomes a plain array, unless the user has switched that off."""
    if not nap_config.suppress_conversion_warnings:
        warn_user("Converting IntervalSet to numpy.array")
