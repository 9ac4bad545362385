"""The recordings that paths and patterns stand for."""

from __future__ import annotations

import glob
import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Found", "Recording", "find_recordings"]


@dataclass(frozen=True)
class Recording:
    """One line of a plan: a path or a pattern, and what is special about it."""

    path: str
    key: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """One file, and the fixed beginning of the pattern that found it (None where it was named)."""

    path: Path
    root: Path | None
    key: str
    settings: dict[str, Any]


def find_recordings(recordings: list[Recording], folder: Path) -> list[Found]:
    """Files of all recordings, in order; those that are named take precedence over patterns that find them too."""
    found = [(recording, _files(recording, folder)) for recording in recordings]
    lost = [recording.path for recording, files in found if not files]
    if lost:
        msg = f"No recording is found for {', '.join(map(repr, lost))}, looking from {folder}."
        raise FileNotFoundError(msg)
    for recording, files in found:
        if recording.key and len(files) > 1:
            msg = f"key {recording.key!r} names one recording, but {recording.path!r} finds {len(files)}."
            raise ValueError(msg)
    named = [file.path for _, files in found for file in files if file.root is None]
    _check_named_once(named)
    kept: dict[Path, Found] = {}
    for _, files in found:
        for file in files:
            if file.root is None or (file.path not in named and file.path not in kept):
                kept[file.path] = file
    return list(kept.values())


def _files(recording: Recording, folder: Path) -> list[Found]:
    path = Path(os.path.abspath(folder / os.path.expanduser(recording.path)))
    if path.exists() or not glob.has_magic(recording.path):  # a name may hold brackets of its own
        return [Found(path, None, recording.key, recording.settings)]
    root = next(parent for parent in path.parents if not glob.has_magic(str(parent)))
    matches = sorted(map(Path, glob.glob(str(path), recursive=True)))
    return [Found(match, root, recording.key, recording.settings) for match in matches]


def _check_named_once(named: list[Path]) -> None:
    counts: dict[Path, int] = defaultdict(int)
    for path in named:
        counts[path] += 1
    twice = [str(path) for path, count in counts.items() if count > 1]
    if twice:
        msg = (
            f"{len(twice)} recordings are named more than once: {', '.join(twice)}. For several settings use variants."
        )
        raise ValueError(msg)
