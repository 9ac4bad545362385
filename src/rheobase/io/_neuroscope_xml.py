"""Parameters of a Neurosuite session: the ``.xml`` file of Neuroscope and ndManager."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._types import IntArray

__all__ = ["SessionParameters", "find_xml", "read_xml"]

LFP_SUFFIXES = (".lfp", ".eeg")


@dataclass(frozen=True)
class SessionParameters:
    """What the readers need of a session's parameters.

    Attributes
    ----------
    n_channels : int
    fs_dat, fs_lfp : float or None
        Sampling rates of the wideband (``.dat``) and field potential (``.lfp``, ``.eeg``) files, Hz.
    anatomical_groups : list of list of int
        Channels of each anatomical group, from the top.
    spike_groups : list of list of int
        Channels of each group in which spikes were sorted; the first belongs to ``.clu.1``.
    skipped : list of int
        Channels that are marked as not to be used.
    """

    n_channels: int
    fs_dat: float | None
    fs_lfp: float | None
    anatomical_groups: list[list[int]]
    spike_groups: list[list[int]]
    skipped: list[int]

    def frequency(self, path: Path) -> float | None:
        """Sampling rate (Hz) of a binary file, by its suffix."""
        return self.fs_lfp if path.suffix.lower() in LFP_SUFFIXES else self.fs_dat

    def channel_info(self) -> dict[str, np.ndarray]:
        """Metadata of the channels: order on the probes, whether to skip them, and anatomical group."""
        n = self.n_channels
        order: IntArray = np.zeros(n, dtype=np.int64)
        listed = [channel for group in self.anatomical_groups for channel in group]
        order[: len(listed)] = listed[:n]
        group = np.zeros(n, dtype=np.int64)
        for number, channels in enumerate(self.anatomical_groups):
            group[[channel for channel in channels if channel < n]] = number
        skip = np.isin(np.arange(n), self.skipped)
        return {"anatomy": np.argsort(order, kind="stable"), "skip": skip, "group": group}


def find_xml(path: Path) -> Path | None:
    """The parameters of the session that a file or folder belongs to.

    That is the ``.xml`` with the longest name that the name of the file starts with; otherwise the only one there is.
    """
    folder = path if path.is_dir() else path.parent
    found = sorted(folder.glob("*.xml"))
    named = [xml for xml in found if path.name == xml.stem or path.name.startswith(f"{xml.stem}.")]
    if named:
        return max(named, key=lambda xml: len(xml.name))
    return found[0] if len(found) == 1 else None


def read_xml(path: Path) -> SessionParameters:
    """Read a parameter file.

    Raises
    ------
    RuntimeError
        If it is no XML, or lacks the number of channels.
    """
    try:
        root = ElementTree.parse(path).getroot()
        n_channels = _number(root, "acquisitionSystem/nChannels")
        anatomy = [
            [(int(channel.text or ""), channel.get("skip", "0").strip() == "1") for channel in group.iter("channel")]
            for group in root.findall("anatomicalDescription/channelGroups/group")
        ]
        spikes = [
            [int(channel.text or "") for channel in group.findall("channels/channel")]
            for group in root.findall("spikeDetection/channelGroups/group")
        ]
        fs_dat, fs_lfp = (
            _number(root, place) for place in ("acquisitionSystem/samplingRate", "fieldPotentials/lfpSamplingRate")
        )
    except (ElementTree.ParseError, ValueError) as error:
        msg = f"{path} is no Neurosuite parameter file ({error})."
        raise RuntimeError(msg) from error
    if n_channels is None or n_channels < 1 or n_channels != int(n_channels):
        msg = f"{path} does not say how many channels there are (acquisitionSystem/nChannels)."
        raise RuntimeError(msg)
    return SessionParameters(
        n_channels=int(n_channels),
        fs_dat=fs_dat,
        fs_lfp=fs_lfp,
        anatomical_groups=[[channel for channel, _ in group] for group in anatomy],
        spike_groups=spikes,
        skipped=[channel for group in anatomy for channel, skip in group if skip],
    )


def _number(root: ElementTree.Element, place: str) -> float | None:
    text = root.findtext(place)
    return None if text is None or not text.strip() else float(text)
