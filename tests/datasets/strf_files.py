"""Folders in the layouts of CRCNS AA1, AA2 and AA4, small and made up."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from scipy.io import wavfile

ANIMAL = "LblBlu2028M"
RATE = 24414
SILENT = -999.0

SOUNDS = {"85": ("song", "a" * 32, 1.0), "9": ("call", "b" * 32, 0.3), "12": ("song", "c" * 32, 3.0)}
"""Number → type, MD5 sum, seconds."""


def write_tone(path: Path, rate: int, seconds: float, hertz: float = 2000.0) -> None:
    """A tone as a 16-bit WAV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(seconds * rate)) / rate
    wavfile.write(path, rate, (8000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16))


def write_unit(path: Path, heard: dict[str, list], *, sort_type="single", electrode=5) -> None:
    """One unit of AA4; `heard` has the repeats of each sound by its number: spike times in s, or -999."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        site = path.stem.split("_")[0].removeprefix("Site")
        attributes = {"site": site, "ldepth": 1400.0, "rdepth": 1400.0, "electrode": electrode, "sortid": 0}
        file.attrs.update(attributes | {"sortType": np.bytes_(sort_type), "tank_name": "made up"})
        file.create_group("class_info")
        file.create_group("extra_info")
        for number, trials in heard.items():
            kind, md5, seconds = SOUNDS[number]
            group = file.require_group(kind).create_group(number)
            text = np.array([kind.encode()])
            group.attrs.update({"stim_md5": md5, "stim_duration": seconds, "stim_type": text, "stim_class": kind})
            for repeat, times in enumerate(trials, start=1):
                trial = group.create_group(str(repeat))
                trial.attrs.update({"bg_rate": 1.0, "pre_time": 2.0, "post_time": 2.0})
                trial["spike_times"] = SILENT if np.ndim(times) == 0 else np.array(times, dtype=float)
                trial["spike_ids"] = np.arange(np.size(times))


def write_aa4(root: Path) -> Path:
    """Two units and one of noise; the second did not hear the call."""
    folder = root / ANIMAL
    for number, (_, _, seconds) in SOUNDS.items():
        write_tone(folder / "wavfiles" / f"stim{number}.wav", RATE, seconds, hertz=1000.0 + 10 * int(number))
    one = {
        "85": [[-0.5, 0.0123, 0.5], SILENT, [0.0124, 5.0], SILENT, *[[0.1 * k] for k in range(1, 9)]],
        "9": [SILENT, SILENT, SILENT],
        "12": [[2.999], [0.0, 1.5]],
    }
    two = {"85": [[0.2], [0.21]], "12": [[0.3, 0.301], SILENT]}
    write_unit(folder / "Site1_L1400R1400_e10_s0_ss1.h5", one, electrode=10)
    write_unit(folder / "Site1_L1400R1400_e20_s1.h5", two, sort_type="singl", electrode=20)
    write_unit(folder / "Site1_L1400R1400_e3_s0.h5", two, sort_type="noise", electrode=3)
    return root


def write_aa4_population(root: Path, n_units: int = 8) -> Path:
    """More units on electrodes of both arrays, with random spikes and coverage."""
    folder, rng = root / ANIMAL, np.random.default_rng(0)
    for number in SOUNDS:
        write_tone(folder / "wavfiles" / f"stim{number}.wav", RATE, SOUNDS[number][2])
    for unit in range(n_units):
        numbers = [number for k, number in enumerate(SOUNDS) if k == 0 or (unit + k) % 3]
        heard: dict[str, list] = {}
        for number in numbers:
            n_spikes = rng.poisson(4, size=10)
            heard[number] = [np.sort(rng.uniform(-0.1, SOUNDS[number][2], n)) if n else SILENT for n in n_spikes]
        electrode = (unit * 7) % 32 + 1
        sub = f"_ss{unit % 3}" if unit % 3 else ""
        write_unit(folder / f"Site2_L1200R1300_e{electrode}_s{unit}{sub}.h5", heard, electrode=electrode)
    return root


def write_cell(folder: Path, kind: str, stims: dict[int, tuple[str, str | None]]) -> None:
    """One cell of AA1 or AA2: name of the sound and text of the spike file by number; None for no spike file."""
    (folder / kind).mkdir(parents=True, exist_ok=True)
    for number, (name, spikes) in stims.items():
        (folder / kind / f"stim{number}").write_text(f"{name}\n")
        if spikes is not None:
            (folder / kind / f"spike{number}").write_text(spikes)


def write_aa1(root: Path) -> Path:
    """A cell in each area; the one in MLd heard no songs."""
    write_tone(root / "all_stims" / "conspecific" / "AA.wav", 32000, 0.5)
    write_tone(root / "all_stims" / "flatrip" / "BB.wav", 32000, 0.25)
    song, ripple = {1: ("AA.wav", "-5.0 1.5 2.5 \n\n10.0 700.0 \n")}, {1: ("BB.wav", "3.0 \n\n")}
    write_cell(root / "Field_L_cells" / "pipu1018_2_B", "conspecific", song)
    write_cell(root / "Field_L_cells" / "pipu1018_2_B", "flatrip", ripple)
    write_cell(root / "MLd_cells" / "gr0869_4", "flatrip", ripple)
    return root


def write_aa2(root: Path) -> Path:
    """Cells in L2a and OV, one of them without the spikes of a sound, and one without a region."""
    for name, seconds in (("AA.wav", 0.5), ("BB.wav", 0.25)):
        write_tone(root / "all_stims" / name, 32000, seconds)
    cells = root / "all_cells"
    write_cell(cells / "aa0001_1_A", "conspecific", {1: ("AA.wav", "1.0 \n2.0 \n"), 2: ("BB.wav", None)})
    write_cell(cells / "bb0002_1", "songrip", {1: ("BB.wav", "\n\n\n")})
    write_cell(cells / "cc0003_1", "songrip", {1: ("BB.wav", "1.0 \n")})
    (root / "cell_regions.csv").write_text("cell,region\naa0001_1_A,L2a\nbb0002_1,OV\ncc0003_1,None\n")
    return root
