"""Names of sessions that are folder names on every system, and stay the same when a plan grows."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

__all__ = ["check_key", "names_of", "safe_key"]

LONGEST = 100
"""Characters of a key; Windows allows 260 in a whole path."""

_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
"""Devices that Windows sees instead of files of that name, whatever their suffix."""


def safe_key(text: str) -> str:
    """`text` with what some file system would refuse or change replaced: letters, digits, ``.``, ``_`` and ``-`` stay.

    Where letters are lost beyond an accent, or the name is too long, a few digits of its digest keep it distinct.
    """
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    key = re.sub(r"[^A-Za-z0-9._-]+", "_", kept).strip("._- ")
    if not kept.isascii() or not key or len(key) > LONGEST:
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        key = f"{key[: LONGEST - 9].rstrip('._-')}-{digest}".lstrip("-")
    return f"{key}_" if key.partition(".")[0].lower() in _RESERVED else key


def check_key(key: str) -> str:
    """`key`, which must be the name of a folder on every system.

    Raises
    ------
    ValueError
        With a key that would do.
    """
    if safe_key(key) != key:
        msg = f"key must be a folder name on every system, got {key!r}. Try {safe_key(key)!r}."
        raise ValueError(msg)
    return key


def names_of(paths: Sequence[Path], roots: Sequence[Path | None]) -> list[str]:
    """A name for each recording: its file's, without the suffix.

    Files found by a pattern also carry the folders between the pattern's fixed beginning (`roots`) and the file; files
    that were named carry the folders in which they differ, where their own names are equal.
    """
    parts = [_parts(path, path.parent if root is None else root) for path, root in zip(paths, roots, strict=True)]
    alike: dict[str, list[int]] = defaultdict(list)
    for number, own in enumerate(parts):
        alike["-".join(own).casefold()].append(number)
    for group in alike.values():
        if len(group) > 1 and len({paths[number].anchor for number in group}) == 1:
            shared = Path(os.path.commonpath([paths[number].parent for number in group]))
            for number in group:
                parts[number] = _parts(paths[number], shared)
    return [safe_key("-".join(own)) for own in parts]


def _parts(path: Path, root: Path) -> tuple[str, ...]:
    name = path.name if path.is_dir() else path.stem
    return (*path.parent.relative_to(root).parts, name)
