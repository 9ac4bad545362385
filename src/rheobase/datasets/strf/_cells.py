"""Folders of cells as AA1 and AA2 hold them: ``stim<i>`` names a sound, ``spike<i>`` has a line for each repeat."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..._types import FloatArray
from ._folder import read_wav
from ._recording import Recording

__all__ = ["add_cell", "read_spikes"]

STIM_NAME = re.compile(r"stim(\d+)(?:\.\w+)?$")


def read_spikes(path: Path) -> list[FloatArray]:
    """Spike times of each repeat, ms from onset: one line each, an empty one where there was no spike.

    Raises
    ------
    ValueError
        If a line holds anything else than numbers.
    """
    trials = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            trials.append(np.array(line.split(), dtype=np.float64))
        except ValueError as error:
            msg = f"line {number} of {path} does not hold spike times: {line[:60]!r}."
            raise ValueError(msg) from error
    return trials


def add_cell(
    recording: Recording, cell: Path, types: tuple[str, ...], meta: dict[str, Any], sound_of: Callable[[str, str], Path]
) -> None:
    """Add one cell, and the sounds it heard; nothing if it heard none of these types.

    Parameters
    ----------
    recording : Recording
    cell : Path
        Folder of the cell, with one for each type.
    types : tuple of str
    meta : dict
        What is known of the cell.
    sound_of : callable
        Path of a sound, from its type and name.
    """
    files = [(kind, file) for kind in types for file in _stims(cell / kind)]
    if not files:
        return
    n = recording.add_neuron(meta)
    for kind, file in files:
        name = next(iter(file.read_text(encoding="utf-8").split("\n")), "").strip()
        s = recording.known(name)
        if s is None:
            sound, rate = read_wav(sound_of(kind, name))
            known = {"name": name, "type": kind, "sample_rate": rate, "n_samples": sound.size}
            s = recording.add_sound(name, sound, rate, known | {"duration_s": sound.size / rate})
        spikes = file.with_name(file.name.replace("stim", "spike", 1))
        if spikes.exists():
            recording.add_trials(s, n, read_spikes(spikes))


def _stims(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [(int(match[1]), file) for file in folder.iterdir() if (match := STIM_NAME.match(file.name))]
    return [file for _, file in sorted(found)]
