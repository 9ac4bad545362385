"""`append_NWB_LFP`: field potentials into an NWB file that is there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .._errors import kind_of
from .._optional import optional_import
from ..containers import Tsd, TsdFrame
from ._nwb_write import Writer, clock, stored
from .to_nwb import replaced

__all__ = ["append_NWB_LFP", "find_nwb"]


def append_NWB_LFP(path: str | os.PathLike, lfp: Tsd | TsdFrame, channel: int | None = None) -> None:
    """Add field potentials to an NWB file, as an ElectricalSeries in ``/processing/ecephys/LFP``.

    The file is replaced by a new one when that is complete, so that there is always one whole file.

    Parameters
    ----------
    path : str or path
        NWB file; or a folder with one in it or in ``pynapplenwb`` inside it.
    lfp : Tsd or TsdFrame
        Columns of a frame are rows of the file's table of electrodes.
    channel : int, optional
        Row of the table of electrodes for a Tsd, which needs it.

    Raises
    ------
    RuntimeError
        If there is no NWB file, it has no table of electrodes or holds field potentials already, or `channel` is
        missing for a Tsd.
    ValueError
        If a channel is no row of the table of electrodes.
    TypeError
        If `lfp` is no Tsd or TsdFrame.
    """
    pynwb = optional_import("pynwb", needed_for="writing NWB files")
    channels = _channels(lfp, channel)
    target = find_nwb(Path(path))
    with replaced(target) as temporary, pynwb.NWBHDF5IO(temporary, "r+", load_namespaces=True) as io:
        nwb = io.read()
        n_electrodes = 0 if nwb.electrodes is None else len(nwb.electrodes)
        if not n_electrodes:
            msg = f"{target} has no table of electrodes, which field potentials point to; add it with pynwb."
            raise RuntimeError(msg)
        if any(not 0 <= row < n_electrodes for row in channels):
            msg = f"channels {channels} are not all rows of the table of {n_electrodes} electrodes of {target.name}."
            raise ValueError(msg)
        if "ecephys" not in nwb.processing:
            nwb.create_processing_module("ecephys", "processed extracellular electrophysiology data")
        module = nwb.processing["ecephys"]
        if "LFP" in module.data_interfaces:
            msg = f"{target.name} holds field potentials already (/processing/ecephys/LFP)."
            raise RuntimeError(msg)
        region = nwb.create_electrode_table_region(
            region=channels, description="channels of the LFP", name="electrodes"
        )
        data, conversion, offset, _ = stored(lfp.values)
        samples = Writer(nwb, "ecephys", None, lambda _: None).samples(data)
        series = pynwb.ecephys.ElectricalSeries(
            name="ElectricalSeries",
            data=samples,
            electrodes=region,
            conversion=conversion,
            offset=offset,
            **clock(lfp.t),
        )
        module.add(pynwb.ecephys.LFP(electrical_series=series))
        io.write(nwb)


def _channels(lfp: Tsd | TsdFrame, channel: int | None) -> list[int]:
    if isinstance(lfp, TsdFrame):
        columns = np.asarray(lfp.columns)
        if columns.dtype.kind not in "iu":
            msg = f"columns of the frame must be rows of the table of electrodes, got {columns.tolist()}."
            raise ValueError(msg)
        return columns.tolist()
    if not isinstance(lfp, Tsd):
        msg = f"lfp must be a Tsd or a TsdFrame, got {kind_of(lfp)}."
        raise TypeError(msg)
    if isinstance(channel, bool) or not isinstance(channel, int | np.integer):
        msg = "Please specify which channel it is: channel=<row of the table of electrodes>."
        raise RuntimeError(msg)
    return [int(channel)]


def find_nwb(path: Path) -> Path:
    """The NWB file that `path` is, or that lies in ``pynapplenwb`` inside it, or in it.

    Raises
    ------
    RuntimeError
        If there is none, or more than one to choose from.
    """
    if path.is_file():
        return path
    for folder in (path / "pynapplenwb", path):
        found = sorted(folder.glob("*.nwb"))
        if len(found) == 1:
            return found[0]
        if found:
            msg = f"{folder} holds {len(found)} NWB files ({', '.join(f.name for f in found[:5])}); give one of them."
            raise RuntimeError(msg)
    msg = f"Can't find nwb file in {path}, nor in {path / 'pynapplenwb'}."
    raise RuntimeError(msg)
