"""CRCNS AA2: the ascending auditory system of zebra finches."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from ._cells import add_cell
from ._folder import Fetch, locate, one_of
from ._recording import Recording, SoundOptions
from .aa1 import cell_parts
from .neural_dataset import NeuralDataset

__all__ = ["CRCNSAA2Dataset"]

TYPES = ("conspecific", "flatrip", "songrip")
FIELD_L = ("L", "L1", "L2a", "L2b", "L3")


class CRCNSAA2Dataset(NeuralDataset):
    """Cells in MLd, OV, Field L and CM that heard songs, ripples and song ripples.

    Parameters
    ----------
    path : path, optional
        Folder with ``all_cells``, ``all_stims`` and ``cell_regions.csv``. Default: ``AA2`` in ``$RHEOBASE_DATA_DIR``,
        ``$DEEPSTRF_DATA_DIR`` or ``~/.cache/rheobase``.
    areas : "all", str or sequence of str
        Regions as the table names them; "Field_L" is L with its parts L1, L2a, L2b and L3.
    stimuli : "all", str or sequence of str
        Of "conspecific", "flatrip" and "songrip".
    dt_ms, smooth, n_mels, compression, window_ms, download, username, password, fetch
        As in `CRCNSAA4Dataset`.

    Raises
    ------
    FileNotFoundError
        If the folder or a sound is missing.
    ValueError
        If there is no cell with such stimuli, a region is unknown, or an option is wrong.

    References
    ----------
    Theunissen et al. (2012), CRCNS.org, doi 10.6080/K0JW8BSC.
    """

    species = "zebra finch"
    hearing_range_hz = (250.0, 8000.0)

    def __init__(
        self,
        path: Any = None,
        areas: Any = "all",
        stimuli: Any = "all",
        dt_ms: float = 1.0,
        smooth: bool = True,
        n_mels: int = 32,
        compression: str = "cubic",
        window_ms: float = 10.0,
        download: bool = False,
        username: str | None = None,
        password: str | None = None,
        *,
        fetch: Fetch | None = None,
    ) -> None:
        options, types = SoundOptions(dt_ms, n_mels, compression, window_ms), one_of(stimuli, TYPES, "stimuli")
        needed = ["all_cells", "all_stims", "cell_regions.csv"]
        login = {"username": username, "password": password}
        root = locate("aa-2", path, needed, download=download, fetch=fetch, files=["crcns-aa2.zip"], **login)  # type: ignore[arg-type]
        regions = read_regions(root / "cell_regions.csv")
        known = sorted({region for region in regions.values() if region is not None})
        asked = [areas] if isinstance(areas, str) and areas != "all" else areas
        if not isinstance(asked, str):
            asked = [one for area in asked for one in (FIELD_L if area == "Field_L" else (area,))]
        chosen = one_of(asked, [*known, *(area for area in FIELD_L if area not in known)], "areas")
        recording = Recording(options)
        for cell in sorted(folder for folder in (root / "all_cells").iterdir() if folder.is_dir()):
            area = regions.get(cell.name)
            if (isinstance(areas, str) and areas == "all") or area in chosen:
                meta = {"cell_id": cell.name, "area": area, **cell_parts(cell.name)}
                add_cell(recording, cell, types, meta, lambda kind, name: root / "all_stims" / name)
        if not recording.nrn_meta:
            msg = f"no cell in {', '.join(chosen)} with stimuli of type {', '.join(types)} in {root}."
            raise ValueError(msg)
        recording.fill(self, smooth=smooth, path=root)


def read_regions(path: Path) -> dict[str, str | None]:
    """Region of each cell by its name, from the first two columns of a table with or without a header."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [[entry.strip() for entry in row] for row in csv.reader(file) if len(row) >= 2]
    if rows and rows[0][1].lower() in ("region", "area"):
        rows = rows[1:]
    return {row[0]: row[1] if row[1].lower() not in ("", "none") else None for row in rows}
