"""Numbers as JSON that is short and safe inside a page."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

__all__ = ["as_json", "rounded"]

_FORBIDDEN = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What could end the script element, or a line of it."""


def as_json(content: Any, digits: int = 4) -> str:
    """JSON of dicts, lists, text, numbers and arrays, to be put into a ``<script>`` element.

    Parameters
    ----------
    content
        Arrays lose what is beyond `digits` significant digits, single numbers nothing; NaN and infinity become null.
    digits
        See `content`.
    """
    text = json.dumps(_plain(content, digits), ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for character, escaped in _FORBIDDEN.items():
        text = text.replace(character, escaped)
    return text


def rounded(values: np.ndarray, digits: int = 4) -> list:
    """An array as lists of numbers with so many significant digits; None for what is not finite."""
    x = np.asarray(values, dtype=np.float64)
    known = np.isfinite(x)
    safe = np.where(known & (x != 0), x, 1.0)
    power = digits - 1 - np.floor(np.log10(np.abs(safe)))
    # a whole number over a power of ten is the double closest to the decimal, so that it is written with few digits
    up, down = 10.0 ** np.clip(power, 0, 22), 10.0 ** np.clip(-power, 0, 22)
    short = np.where(x == 0, 0.0, np.round(safe * up / down) * down / up)
    out = np.where(known, short, np.nan).astype(object)
    whole = known & (short == np.floor(short)) & (np.abs(short) < 1e15)
    out[whole] = short[whole].astype(np.int64)
    out[~known] = None
    return out.tolist()


def _plain(item: Any, digits: int) -> Any:
    if isinstance(item, dict):
        return {str(name): _plain(value, digits) for name, value in item.items()}
    if isinstance(item, list | tuple):
        return [_plain(value, digits) for value in item]
    if isinstance(item, np.ndarray) and item.dtype.kind in "biuf":
        return rounded(item, digits)
    if isinstance(item, np.generic):
        return _plain(item.item(), digits)
    if isinstance(item, float) and not math.isfinite(item):
        return None
    return item if isinstance(item, bool | int | float | str) or item is None else str(item)
