"""CRCNS AA1: midbrain and Field L of zebra finches that heard songs and ripples."""

from __future__ import annotations

import re
from typing import Any

from ._cells import add_cell
from ._folder import Fetch, locate, one_of
from ._recording import Recording, SoundOptions
from .neural_dataset import NeuralDataset

__all__ = ["CRCNSAA1Dataset"]

AREAS = ("Field_L", "MLd")
TYPES = ("conspecific", "flatrip")
CELL_NAME = re.compile(r"(?P<animal>[^_]+)_(?P<seq>[^_]+)(?:_(?P<rig>[A-Za-z]))?$")


class CRCNSAA1Dataset(NeuralDataset):
    """Fifty cells each in Field L and MLd that heard ten songs and twenty ripples.

    Parameters
    ----------
    path : path, optional
        Folder with ``all_stims``, ``Field_L_cells`` and ``MLd_cells``. Default: ``AA1`` in ``$RHEOBASE_DATA_DIR``,
        ``$DEEPSTRF_DATA_DIR`` or ``~/.cache/rheobase``.
    areas : "all", str or sequence of str
        Of "Field_L" and "MLd".
    stimuli : "all", str or sequence of str
        Of "conspecific" and "flatrip".
    dt_ms, smooth, n_mels, compression, window_ms, download, username, password, fetch
        As in `CRCNSAA4Dataset`.

    Raises
    ------
    FileNotFoundError
        If the folder or a sound is missing.
    ValueError
        If there is no cell with such stimuli, or an option is wrong.

    References
    ----------
    Theunissen et al. (2011), CRCNS.org, doi 10.6080/K0F769GP.
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
        options = SoundOptions(dt_ms, n_mels, compression, window_ms)
        chosen, types = one_of(areas, AREAS, "areas"), one_of(stimuli, TYPES, "stimuli")
        needed = ["all_stims", *(f"{area}_cells" for area in chosen)]
        login = {"username": username, "password": password}
        root = locate("aa-1", path, needed, download=download, fetch=fetch, files=["crcns-aa1.zip"], **login)  # type: ignore[arg-type]
        recording = Recording(options)
        for area in chosen:
            for cell in sorted(folder for folder in (root / f"{area}_cells").iterdir() if folder.is_dir()):
                meta = {"cell_id": cell.name, "area": area, **cell_parts(cell.name)}
                add_cell(recording, cell, types, meta, lambda kind, name: root / "all_stims" / kind / name)
        if not recording.nrn_meta:
            msg = f"no cell with stimuli of type {', '.join(types)} in {root}."
            raise ValueError(msg)
        recording.fill(self, smooth=smooth, path=root)


def cell_parts(name: str) -> dict[str, str | None]:
    """Animal, number and rig in the name of a cell."""
    match = CELL_NAME.match(name)
    parts = {} if match is None else match.groupdict()
    return {"animal_id": parts.get("animal", name), "cell_seq": parts.get("seq"), "rig": parts.get("rig")}
