"""Lengths of time as people write them: ``10ms``, ``0.2 s``, ``250 us``, ``2min``, or a number of seconds."""

from __future__ import annotations

import re
from typing import Any

from ..containers._checks import is_number

__all__ = ["OFF", "duration_text", "optional_seconds", "seconds_of"]

OFF = frozenset({"none", "off", "no", "0"})
"""What switches a window off."""

_SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}
"""How long each unit is."""

_TEXT = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*([a-zA-Zµ]*)\s*")


def seconds_of(value: Any, argument: str) -> float:
    """A length of time in seconds.

    Parameters
    ----------
    value : float or str
        Seconds, or text with a unit; text without one is in seconds.
    argument : str
        For messages.

    Raises
    ------
    ValueError
        If it cannot be read, or is not positive and finite.
    TypeError
        If it is neither a number nor text.

    Examples
    --------
    >>> seconds_of("10ms", "bin"), seconds_of(0.2, "history"), seconds_of("2 min", "epochs")
    (0.01, 0.2, 120.0)
    """
    if isinstance(value, str):
        found = _parse(value, argument)
    elif is_number(value):
        found = float(value)
    else:
        msg = f"{argument} must be a length of time such as '10ms' or 0.01 (seconds), got {type(value).__name__}."
        raise TypeError(msg)
    if not 0 < found < float("inf"):
        msg = f"{argument} must be a positive length of time such as '10ms' or 0.01 (seconds), got {value!r}."
        raise ValueError(msg)
    return found


def optional_seconds(value: Any, argument: str) -> float | None:
    """As `seconds_of`; None for None, 0, "none" and "off"."""
    if value is None or (isinstance(value, str) and value.strip().lower() in OFF):
        return None
    if is_number(value) and value == 0:
        return None
    return seconds_of(value, argument)


def duration_text(seconds: float) -> str:
    """A length of time for people.

    >>> duration_text(0.01), duration_text(2.5), duration_text(600)
    ('10 ms', '2.5 s', '10 min')
    """
    for unit, size, least in (("min", 60.0, 120.0), ("s", 1.0, 1.0), ("ms", 1e-3, 1e-3)):
        if seconds >= least:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds * 1e6:.4g} µs"


def _parse(text: str, argument: str) -> float:
    match = _TEXT.fullmatch(text)
    if match is None:
        msg = f"{argument} must be a length of time such as '10ms', '0.2s' or '2min', got {text!r}."
        raise ValueError(msg)
    number, unit = match.groups()
    if unit and unit not in _SECONDS:
        msg = f"{argument}: {unit!r} in {text!r} is no unit of time; use us, ms, s, min or h."
        raise ValueError(msg)
    factor = _SECONDS[unit or "s"]
    return round(float(number) * factor, 12) if factor < 1 else float(number) * factor
