"""One unit of the CRCNS data set AA4, as its HDF5 file holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .._types import FloatArray

__all__ = ["Presentation", "UnitFile", "read_unit"]

SKIPPED = ("class_info", "extra_info")
"""Groups beside those of the classes."""

SILENT = -999.0
"""What stands for a repeat without a spike."""


@dataclass(frozen=True)
class Presentation:
    """One sound as one unit heard it: its number, attributes, and spike times of each repeat (s from onset)."""

    number: str
    attributes: dict[str, Any]
    trials: list[FloatArray] = field(repr=False)


@dataclass(frozen=True)
class UnitFile:
    """Attributes of a unit, and what it heard, by class and number in the order of their text."""

    attributes: dict[str, Any]
    presentations: list[Presentation]


def read_unit(path: Path) -> UnitFile:
    """Read one unit.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ValueError
        If the file is not HDF5.
    """
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        msg = f"{path} cannot be read as an HDF5 file: {error}"
        raise ValueError(msg) from error
    with file:
        found = []
        for name in sorted(file):
            group = file[name]
            if name in SKIPPED or not isinstance(group, h5py.Group):
                continue
            for number in sorted(group):
                if isinstance(group[number], h5py.Group):
                    found.append(_presentation(number, group[number]))
        return UnitFile(_attributes(file), found)


def _presentation(number: str, group: Any) -> Presentation:
    repeats = sorted((name for name in group if "spike_times" in group[name]), key=_as_number)
    trials = []
    for name in repeats:
        times = np.atleast_1d(np.asarray(group[name]["spike_times"][()], dtype=np.float64)).ravel()
        trials.append(times[times != SILENT])
    return Presentation(number, _attributes(group), trials)


def _as_number(name: str) -> tuple[int, int | str]:
    return (0, int(name)) if name.isdigit() else (1, name)


def _attributes(group: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in group.attrs.items()}


def _plain(value: Any) -> Any:
    """Text, or a Python number, out of arrays of one and of bytes."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace").strip("\x00 ")
    if isinstance(value, np.generic):
        value = value.item()
        return _plain(value) if isinstance(value, bytes) else value
    return value
