"""Output folders of suite2p, read as they are; of pickled parameters only arrays and built-in containers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._types import IntArray
from ..containers import TsdFrame
from ._arrays_in import load_npy

__all__ = ["Suite2PData", "find_planes", "read_suite2p"]

TRACES = ("F", "Fneu", "spks")


@dataclass
class Suite2PData:
    """What suite2p found, of all planes; traces hold the regions that were classified as cells.

    Attributes
    ----------
    F, Fneu, spks : TsdFrame or None
        Fluorescence, neuropil and deconvolved traces, shape (time, cell).
    iscell : ndarray
        Shape (region, 2): whether it is a cell, and how probably.
    stats : dict
        Plane → region → what suite2p says of it, for cells.
    ops : dict
        Parameters, of the first plane.
    plane : ndarray
        Plane of each cell.
    rate : float
        Frames per second.
    """

    F: TsdFrame | None
    Fneu: TsdFrame | None
    spks: TsdFrame | None
    iscell: np.ndarray
    stats: dict[int, dict[int, Any]]
    ops: dict[str, Any]
    plane: IntArray
    rate: float


def find_planes(folder: Path) -> dict[int, Path]:
    """Folders of the planes of a session, by number."""
    for parent in (folder / "suite2p", folder):
        numbered = ((path.name.removeprefix("plane"), path) for path in parent.glob("plane*"))
        planes = {
            int(number): path for number, path in numbered if number.isdigit() and (path / "iscell.npy").is_file()
        }
        if planes:
            return dict(sorted(planes.items()))
    return {0: folder} if (folder / "iscell.npy").is_file() else {}


def read_suite2p(folder: Path) -> Suite2PData:
    """Read all planes of a session.

    Raises
    ------
    RuntimeError
        If there are none, a file is damaged, or the frame rate is not stated.
    """
    planes = find_planes(folder)
    if not planes:
        msg = f"{folder} holds no folders plane0, plane1, … with iscell.npy."
        raise RuntimeError(msg)
    ops = {number: _read_ops(path) for number, path in planes.items()}
    rate = next((float(o["fs"]) for o in ops.values() if isinstance(o.get("fs"), int | float | np.number)), 0.0)
    if not rate > 0:
        msg = f"{folder}: ops.npy of no plane states the frame rate (fs)."
        raise RuntimeError(msg)
    iscell = {number: np.atleast_2d(load_npy(path / "iscell.npy")) for number, path in planes.items()}
    cells = {number: np.flatnonzero(table[:, 0] == 1) for number, table in iscell.items()}
    traces = {name: _read_traces(planes, cells, name, rate) for name in TRACES}
    return Suite2PData(
        **traces,
        iscell=np.concatenate(list(iscell.values())),
        stats={number: _read_stats(path, cells[number]) for number, path in planes.items()},
        ops=next(iter(ops.values())),
        plane=np.repeat(list(cells), [len(rows) for rows in cells.values()]),
        rate=rate,
    )


def _read_ops(folder: Path) -> dict[str, Any]:
    path = folder / "ops.npy"
    if not path.is_file():
        return {}
    ops = load_npy(path, lenient=True)
    ops = ops.item() if ops.size == 1 else None
    if not isinstance(ops, dict):
        msg = f"{path} holds no dictionary of parameters."
        raise RuntimeError(msg)
    return ops


def _read_stats(folder: Path, cells: IntArray) -> dict[int, Any]:
    path = folder / "stat.npy"
    if not path.is_file():
        return {}
    stat = load_npy(path, lenient=True)
    return {int(row): stat[row] for row in cells if row < len(stat)}


def _read_traces(planes: dict[int, Path], cells: dict[int, IntArray], name: str, rate: float) -> TsdFrame | None:
    """Traces of the cells of all planes side by side; those of shorter planes decide how long."""
    if not all((path / f"{name}.npy").is_file() for path in planes.values()):
        return None
    parts = []
    for number, path in planes.items():
        table = load_npy(path / f"{name}.npy")
        if table.ndim != 2 or (cells[number].size and cells[number].max() >= len(table)):
            msg = f"{path / f'{name}.npy'} has shape {table.shape}, which does not fit iscell.npy."
            raise RuntimeError(msg)
        parts.append(table[cells[number]])
    n = min(part.shape[1] for part in parts)
    values = np.concatenate([part[:, :n] for part in parts]).T
    return TsdFrame(t=np.arange(n) / rate, d=np.ascontiguousarray(values))
