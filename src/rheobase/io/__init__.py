"""Files → containers: `load_file` chooses the reader by suffix."""

from __future__ import annotations

from ._registry import load_file
from .npz import NPZFile
from .nwb import NWBFile
from .to_nwb import to_nwb

__all__ = ["NPZFile", "NWBFile", "load_file", "to_nwb"]
