"""Seconds inside, ``s``, ``ms`` or ``us`` at the door.

Every public argument called ``time_units`` or ``units`` passes through here, so that the accepted names, the
rounding rule and the error message are the same everywhere.
"""

from __future__ import annotations

import numpy as np

PER_SECOND: dict[str, float] = {"s": 1.0, "ms": 1e3, "us": 1e6}
"""How many of each unit make one second."""

PRECISION = 9
"""Decimals kept when a time is converted between units (1 ns)."""

_WORDS = {
    "s": ("sec", "secs", "second", "seconds"),
    "ms": ("msec", "msecs", "millisecond", "milliseconds", "milli"),
    "us": ("µs", "μs", "usec", "usecs", "microsecond", "microseconds", "micro"),
}
_ALIASES = {word: unit for unit, words in _WORDS.items() for word in (unit, *words)}
"""What people write instead; they are told, not guessed."""


def check_units(units: str, argument: str = "time_units") -> str:
    """Return `units` if it is a known time unit.

    Raises
    ------
    ValueError
        If it is none of ``"s"``, ``"ms"``, ``"us"``; the message names `argument`.
    """
    if not isinstance(units, str) or units not in PER_SECOND:
        meant = _ALIASES.get(str(units).strip().lower())
        hint = f" Did you mean {meant!r}?" if meant else ""
        msg = f"unrecognized time units type for {argument!r}: got {units!r}, expected one of 's', 'ms', 'us'.{hint}"
        raise ValueError(msg)
    return units


def to_seconds(times, units: str = "s", argument: str = "time_units"):
    """Times given in `units`, in seconds.

    Seconds pass untouched; ``ms`` and ``us`` are divided and rounded to 9 decimals, so that 1.1 ms and 1100 us are the
    same float. Scalars stay scalars, arrays come back as float64 arrays.
    """
    check_units(units, argument)
    if units == "s":
        return times
    return np.around(np.asarray(times, dtype=np.float64) / PER_SECOND[units], PRECISION)[()]


def from_seconds(times, units: str = "s", argument: str = "units"):
    """Times given in seconds, in `units`; the inverse of `to_seconds` with the same rounding."""
    check_units(units, argument)
    if units == "s":
        return times
    return np.around(np.asarray(times, dtype=np.float64) * PER_SECOND[units], PRECISION)[()]
