"""Settings and records as plain values, and what tells two of them apart."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import kind_of

__all__ = ["as_plain", "differences", "digest", "fingerprint", "settings_as_dict"]

_BLOCK = 16_384
"""Bytes read at each of `_BLOCKS` places of a recording."""

_BLOCKS = 64


def settings_as_dict(settings: Any) -> dict[str, Any]:
    """Settings by name, from a mapping or from anything with a ``to_dict``."""
    if settings is None:
        return {}
    return dict(settings) if isinstance(settings, Mapping) else settings.to_dict()


def as_plain(value: Any) -> Any:
    """`value` as JSON has it: NumPy's numbers and arrays as Python's, paths as text, what is not finite as None.

    Raises
    ------
    TypeError
        If something is none of these.
    """
    if isinstance(value, Mapping):
        return {str(name): as_plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(part) for part in value]
    if isinstance(value, np.ndarray | np.generic):
        return as_plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    msg = f"Settings and records hold numbers, text, lists and dictionaries, got {kind_of(value)}: {value!r}."
    raise TypeError(msg)


def digest(settings: Any) -> str:
    """A few letters that change whenever a setting changes, on every machine and in every release."""
    text = json.dumps(as_plain(settings_as_dict(settings)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What changed, in words: ``bin: 0.01, now 0.02``."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return ", ".join(f"{name}: {before.get(name)!r}, now {now.get(name)!r}" for name in names)


def fingerprint(path: Path) -> str:
    """A few letters that follow a recording's content, not its place or date: its size, and a megabyte of it.

    Of a folder, the names and sizes of its files; empty where there is nothing at `path`.
    """
    found = hashlib.sha256()
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            found.update(f"{file.relative_to(path).as_posix()} {file.stat().st_size}\n".encode())
    elif path.is_file():
        size = path.stat().st_size
        found.update(str(size).encode())
        with path.open("rb") as stream:
            for start in sorted({(size - _BLOCK) * n // (_BLOCKS - 1) for n in range(_BLOCKS)}) if size else []:
                stream.seek(max(start, 0))
                found.update(stream.read(_BLOCK))
    else:
        return ""
    return found.hexdigest()[:16]
