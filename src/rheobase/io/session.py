"""`load_session`: what a spike sorter or a calcium pipeline left in a folder.

Each kind of session is one class with the attributes that scripts know: ``epochs``, ``position``, ``time_support``,
``spikes``, ``C``, ``A``, … They come from the NWB file in ``pynapplenwb`` where there is one, and what that lacks from
the files that the pipeline itself wrote.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._errors import did_you_mean
from . import cnmfe
from ._session_core import Session
from ._session_imaging import CalciumSession, Suite2P
from ._session_sorted import NeuroSuite, Phy

if TYPE_CHECKING:
    pass

__all__ = ["load_session"]


def load_session(path: str | os.PathLike, session_type: str | None = None) -> Any:
    """Load the folder of a recording session.

    Parameters
    ----------
    path : str or path
    session_type : {"neurosuite", "phy", "suite2p", "cnmfe-matlab", "inscopix-cnmfe", "minian"}, optional
        What made it. By default only epochs and tracking of its NWB file are read.

    Returns
    -------
    session
        With ``epochs``, ``position`` and ``time_support``, and: ``spikes`` and ``load_lfp`` (neurosuite, phy); ``F``,
        ``Fneu``, ``spks``, ``iscell``, ``stats``, ``ops``, ``plane_info`` (suite2p); ``C``, ``A``, ``sampling_rate``
        (the others).

    Raises
    ------
    AssertionError
        If there is no such folder.
    ValueError
        If the type is unknown.
    RuntimeError
        If the folder holds neither an NWB file in ``pynapplenwb`` nor what such a session has.

    Examples
    --------
    >>> from rheobase.io import load_session
    >>> session = load_session("A2929-200711", "neurosuite")  # doctest: +SKIP
    >>> session.spikes, session.epochs["wake"]  # doctest: +SKIP
    """
    path = Path(path)
    if not path.exists():
        msg = f"Folder {path} does not exist."
        raise AssertionError(msg)
    if session_type is None:
        return Session(path)
    kind = str(session_type).lower()
    if kind not in _SESSIONS:
        msg = f"session_type {session_type!r} is not known; one of {sorted(_SESSIONS)}.{did_you_mean(kind, _SESSIONS)}"
        raise ValueError(msg)
    return _SESSIONS[kind](path)


_SESSIONS: dict[str, Any] = {
    "neurosuite": NeuroSuite,
    "phy": Phy,
    "suite2p": Suite2P,
    "cnmfe-matlab": lambda path: CalciumSession(path, cnmfe.read_matlab),
    "inscopix-cnmfe": lambda path: CalciumSession(path, cnmfe.read_inscopix),
    "minian": lambda path: CalciumSession(path, cnmfe.read_minian),
}
