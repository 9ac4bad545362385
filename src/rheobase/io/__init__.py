"""Files → containers: `load_file` chooses the reader by suffix."""

from __future__ import annotations

from ..containers._from_others import as_container
from ._registry import load_file
from .append import append_NWB_LFP
from .binary import load_binary_file, load_eeg
from .ephys import EphysReader, NeoSignalInterface
from .folder import Folder, load_folder
from .npz import NPZFile
from .nwb import NWBFile
from .session import load_session
from .to_nwb import to_nwb

__all__ = [
    "EphysReader",
    "Folder",
    "NPZFile",
    "NWBFile",
    "NeoSignalInterface",
    "append_NWB_LFP",
    "as_container",
    "load_binary_file",
    "load_eeg",
    "load_file",
    "load_folder",
    "load_session",
    "to_nwb",
]


def __dir__() -> list[str]:
    return sorted(__all__)
