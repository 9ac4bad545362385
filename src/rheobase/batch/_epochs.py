"""Epochs as text: ``100:400`` (s), a key of the file, or a key with a filter of its metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._errors import did_you_mean
from ..containers import IntervalSet
from ._where import select

__all__ = ["read_epochs"]

_RANGE = re.compile(r"\s*(-?[0-9.]*)\s*:\s*(-?[0-9.]*)\s*")


def read_epochs(text: str | None, file: Mapping[str, Any], support: IntervalSet) -> IntervalSet:
    """Epochs to fit, within `support`.

    Raises
    ------
    ValueError
        If the text cannot be read, or no time is left.
    KeyError
        If there are no such epochs, or no such column of their metadata.
    """
    if text is None:
        return support
    match = _RANGE.fullmatch(text)
    if match:
        first, last = (float(edge) if edge else None for edge in match.groups())
        start = float(support.start[0]) if first is None else first
        end = float(support.end[-1]) if last is None else last
        if not start < end:
            msg = f"epochs {text!r} end before they start."
            raise ValueError(msg)
        found = IntervalSet(start, end)
    else:
        found = _by_key(text, file)
    kept = support.intersect(found)
    if len(kept) == 0:
        msg = f"epochs {text!r} hold no time of the recording, which runs from {support.start[0]:g} to "
        msg += f"{support.end[-1]:g} s."
        raise ValueError(msg)
    return kept


def _by_key(text: str, file: Mapping[str, Any]) -> IntervalSet:
    key, _, rest = text.strip().partition("[")
    key = key.strip()
    if key not in file or not isinstance(file[key], IntervalSet):
        known = [name for name in file if isinstance(_peek(file, name), IntervalSet)]
        held = ", ".join(known) or "no epochs"
        msg = f"epochs: the file holds no epochs {key!r}; it holds {held}. A range is written 100:400 (s)."
        raise KeyError(msg + did_you_mean(key, known))
    epochs = file[key]
    if not rest:
        return epochs
    columns = {str(name): epochs.get_info(name) for name in epochs.metadata_columns}
    columns |= {"start": epochs.start, "end": epochs.end}
    kept = select(rest.rstrip().removesuffix("]"), columns, len(epochs), f"epochs {text!r}")
    if not kept.any():
        msg = f"epochs {text!r}: none of the {len(epochs)} epochs is left."
        raise ValueError(msg)
    return epochs[kept]


def _peek(file: Mapping[str, Any], key: str) -> Any:
    """The value of a key; None if it is of no kind that we read."""
    try:
        return file[key]
    except (KeyError, TypeError, ValueError):
        return None
