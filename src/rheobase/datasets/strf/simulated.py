"""A synthetic recording in the layout of CRCNS AA4, of neurons whose receptive fields are known."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..._types import FloatArray
from ...io._crcns_aa4 import Presentation
from ...io._crcns_aa4_write import write_unit
from ._folder import read_wav
from ._simulated_sounds import call, modulated_noise, song
from .spectrogram import mel_centers, mel_spectrogram

__all__ = ["SimulatedAA4", "simulate_aa4"]

RATE = 24414
"""Sampling rate of sounds, Hz."""

_BANDS, _LAGS = 32, 12
"""Size of receptive fields."""


@dataclass(frozen=True)
class SimulatedAA4:
    """A synthetic recording and what it was made of.

    Attributes
    ----------
    path : Path
        What `CRCNSAA4Dataset` takes as its folder.
    fields : FloatArray
        Receptive fields: effect on the log rate per standard deviation of a band over all sounds, shape (neuron, band,
        lag), in the order in which `CRCNSAA4Dataset` numbers neurons.
    frequencies, lags_ms : FloatArray
        Centres of bands, Hz, and lags, ms.
    cell_ids : list of str
        Names of the neurons.
    """

    path: Path
    fields: FloatArray = field(repr=False)
    frequencies: FloatArray = field(repr=False)
    lags_ms: FloatArray = field(repr=False)
    cell_ids: list[str] = field(repr=False)


@dataclass(frozen=True)
class _Sound:
    number: str
    attributes: dict[str, Any]
    spectrogram: FloatArray


def simulate_aa4(
    path: str | os.PathLike,
    *,
    animal: str = "LblBlu2028M",
    n_units: int = 20,
    n_songs: int = 5,
    n_calls: int = 5,
    n_noises: int = 6,
    n_repeats: int = 10,
    coverage: float = 0.75,
    dt_ms: float = 5.0,
    seed: int = 0,
) -> SimulatedAA4:
    """Write the sounds and units of one animal, as CRCNS AA4 has them.

    Each unit is excited by a band of frequencies some 10 to 25 ms before, and suppressed by a broader one somewhat
    earlier; its log rate is the sum over both of what the mel spectrogram holds, and spikes are Poisson. Best
    frequencies rise along both arrays of 16 electrodes. One more unit is written that is noise, and is not loaded.

    Parameters
    ----------
    path : path-like
        Folder; that of the animal is made in it, and must not hold units yet.
    animal : str
    n_units : int
    n_songs, n_calls, n_noises : int
        Sounds of each type, of 2 s, about 0.4 s and 2 s.
    n_repeats : int
        Mean number of repeats; units differ by up to two.
    coverage : float
        Fraction of the sounds that a unit heard. Each heard at least one, and each sound was heard.
    dt_ms : float
        Bins in which rates are constant, ms.
    seed : int

    Returns
    -------
    SimulatedAA4

    Raises
    ------
    ValueError
        If there is no unit, sound or repeat, or `coverage` is no fraction.
    FileExistsError
        If there are units of this animal already: none is deleted, nor mixed with others.

    Examples
    --------
    >>> import tempfile
    >>> from rheobase.datasets.strf import CRCNSAA4Dataset, simulate_aa4
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simulated = simulate_aa4(folder, n_units=3, n_songs=1, n_calls=1, n_noises=0)
    ...     CRCNSAA4Dataset(simulated.path, dt_ms=5)
    CRCNSAA4Dataset(3 neurons, 3 selected, 2 stimuli, 2 visible, dt=5 ms)
    """
    numbers = {"n_units": n_units, "n_songs + n_calls + n_noises": n_songs + n_calls + n_noises, "n_repeats": n_repeats}
    for name, value in numbers.items():
        if value < 1:
            msg = f"{name} must be at least 1, got {value}."
            raise ValueError(msg)
    if not 0 <= coverage <= 1:
        msg = f"coverage must be a fraction from 0 to 1, got {coverage!r}."
        raise ValueError(msg)
    rng = np.random.default_rng(seed)
    folder = Path(path) / animal
    if any(folder.glob("*.h5")):
        msg = f"{folder} holds units already: give another path or animal."
        raise FileExistsError(msg)
    (folder / "wavfiles").mkdir(parents=True, exist_ok=True)
    makers = [("song", song)] * n_songs + [("call", call)] * n_calls + [("mlnoise", modulated_noise)] * n_noises
    sounds = [
        _write_sound(folder / "wavfiles", number, kind, make(rng, RATE), dt_ms)
        for number, (kind, make) in enumerate(makers, start=1)
    ]
    units = _units(n_units, rng)
    heard = rng.random((len(units), len(sounds))) < coverage
    for row, column in zip(range(len(units)), range(max(len(units), len(sounds))), strict=False):
        heard[row, column % len(sounds)] = True
    for column in np.flatnonzero(~heard.any(axis=0)):
        heard[rng.integers(n_units), column] = True
    scale = np.concatenate([sound.spectrogram for sound in sounds], axis=1).std(axis=1)
    fields = {}
    for unit, row in zip(units, heard, strict=True):
        own = _field(unit["place"], rng)
        own *= 0.7 / np.std(np.concatenate([_drive(own, sound, scale) for sound in sounds]))
        trials = max(n_repeats + int(rng.integers(-2, 3)), 1)
        presentations = _present(own, sounds, row, scale, trials, dt_ms, rng)
        write_unit(folder / f"{unit['name']}.h5", unit["attributes"], presentations)
        fields[unit["name"]] = own
    names = sorted(unit["name"] for unit in units if unit["attributes"]["sortType"] != "noise")
    truth = np.array([fields[name] for name in names])
    return SimulatedAA4(Path(path), truth, mel_centers(RATE, _BANDS), dt_ms * np.arange(_LAGS), names)


def _write_sound(folder: Path, number: int, kind: str, sound: FloatArray, dt_ms: float) -> _Sound:
    from scipy.io import wavfile

    file = folder / f"stim{number}.wav"
    wavfile.write(file, RATE, np.round(16000 * sound).astype(np.int16))
    attributes = {
        "stim_md5": hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest(),
        "stim_duration": sound.size / RATE,
        "stim_type": kind,
        "stim_class": {"song": "song", "call": "DC", "mlnoise": "mlnoise"}[kind],
        "original_wavfile": f"simulated_{kind}_{number}.wav",
    }
    return _Sound(str(number), attributes, mel_spectrogram(*read_wav(file), dt_ms, n_mels=_BANDS)[0].astype(float))


def _units(n_good: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Names, attributes and best bands (from 0 to 1) of units, the last of which is noise."""
    arrays = np.arange(n_good + 1) % 2  # of 16 electrodes each
    electrodes = np.sort(16 * arrays + rng.integers(1, 17, arrays.size))
    units = []
    for k, electrode in enumerate(electrodes.tolist()):
        before = int((electrodes[:k] == electrode).sum())
        name = f"Site1_L1400R1300_e{electrode}_s0" + (f"_ss{before}" if (electrodes == electrode).sum() > 1 else "")
        attributes = {"site": "1", "ldepth": 1400.0, "rdepth": 1300.0, "electrode": electrode, "sortid": 0}
        attributes |= {"sortType": "single", "tank_name": "simulated"}
        units.append({"name": name, "attributes": attributes, "place": (electrode - 1) % 16 / 15})
    units[int(rng.integers(n_good + 1))]["attributes"]["sortType"] = "noise"
    return units


def _field(place: float, rng: np.random.Generator) -> FloatArray:
    """Excitation by a few bands, and later, broader inhibition, shape (band, lag)."""
    band, lag = np.arange(_BANDS)[:, None], np.arange(_LAGS)
    best, latency = 4 + 22 * place + rng.normal(0, 1), rng.uniform(2.0, 4.5)
    excite = np.exp(-0.5 * (((band - best) / 1.8) ** 2 + ((lag - latency) / 0.9) ** 2))
    inhibit = np.exp(-0.5 * (((band - best - rng.normal(0, 2)) / 3.0) ** 2 + ((lag - latency - 3) / 1.4) ** 2))
    return excite - rng.uniform(0.3, 0.7) * inhibit


def _drive(own: FloatArray, sound: _Sound, scale: FloatArray) -> FloatArray:
    """What a field makes of a sound, bin by bin; before the sound there is silence."""
    spectrogram = sound.spectrogram / scale[:, None]
    n = spectrogram.shape[1]
    return np.sum([np.convolve(bands, course)[:n] for bands, course in zip(spectrogram, own, strict=True)], axis=0)


def _present(
    own: FloatArray,
    sounds: list[_Sound],
    heard: np.ndarray,
    scale: FloatArray,
    n_repeats: int,
    dt_ms: float,
    rng: np.random.Generator,
) -> list[Presentation]:
    """Spike times, s from onset, of each repeat of each sound that was heard, from half a second before it."""
    rest = rng.uniform(2.0, 15.0)
    drives = [_drive(own, sound, scale) for sound in sounds]
    center = np.concatenate(drives).mean()
    found = []
    for sound, drive, there in zip(sounds, drives, heard, strict=True):
        if not there:
            continue
        hertz = np.concatenate((np.full(int(500 / dt_ms), rest), np.minimum(rest * np.exp(drive - center), 250.0)))
        counts = rng.poisson(hertz * dt_ms / 1000, (n_repeats, hertz.size))
        trials = []
        for count in counts:
            bins = np.repeat(np.arange(hertz.size) - int(500 / dt_ms), count)
            trials.append(np.sort(bins + rng.uniform(size=bins.size)) * dt_ms / 1000)
        found.append(Presentation(sound.number, sound.attributes, trials))
    return found
