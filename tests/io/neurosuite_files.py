"""A small Neurosuite session: parameters, recordings, sorted spikes and events."""

from __future__ import annotations

from pathlib import Path

import numpy as np

XML = """<?xml version='1.0'?>
<parameters>
 <generalInfo><date>2020-01-01</date></generalInfo>
 <acquisitionSystem><nBits>16</nBits><nChannels>4</nChannels><samplingRate>20000</samplingRate>
  <voltageRange>20</voltageRange><amplification>1000</amplification><offset>0</offset></acquisitionSystem>
 <fieldPotentials><lfpSamplingRate>1250</lfpSamplingRate></fieldPotentials>
 <anatomicalDescription><channelGroups>
  <group><channel skip="0">2</channel><channel skip="1">0</channel></group>
  <group><channel skip="0">1</channel><channel skip="0">3</channel></group>
 </channelGroups></anatomicalDescription>
 <spikeDetection><channelGroups>
  <group><channels><channel>2</channel><channel>0</channel></channels></group>
  <group><channels><channel>1</channel><channel>3</channel></channels></group>
 </channelGroups></spikeDetection>
 <neuroscope><channels>
  <channelColors><channel>0</channel><color>#0080ff</color></channelColors>
  <channelOffset><channel>0</channel><defaultOffset>0</defaultOffset></channelOffset>
 </channels></neuroscope>
</parameters>
"""

N = 2500
"""Samples of the field potentials: 2 s."""

LFP = np.arange(N * 4, dtype=np.int16).reshape(N, 4)

EVENTS = (
    "1000.000\tripple start\n1050.000\tripple peak\n1100.000\tripple end\n1500.0\tripple start\n1600.0\tripple end\n"
)


def write(folder: Path, name: str = "session") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.xml").write_text(XML)
    LFP.tofile(folder / f"{name}.eeg")
    for shank, clusters in ((1, [0, 2, 1, 3, 2]), (2, [5, 5, 2, 0, 1])):
        times = [4000, 8000, 12000, 20000, 30000]
        (folder / f"{name}.res.{shank}").write_text("\n".join(map(str, times)) + "\n")
        (folder / f"{name}.clu.{shank}").write_text("\n".join(map(str, [4, *clusters])) + "\n")
    (folder / f"{name}.evt").write_text(EVENTS)
    return folder
