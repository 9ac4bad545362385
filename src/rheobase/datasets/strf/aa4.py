"""CRCNS AA4: auditory forebrain of anaesthetised zebra finches that heard songs, calls and noise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ...io._crcns_aa4 import Presentation, read_unit
from ._folder import Fetch, locate, one_of, read_wav
from ._recording import Recording, SoundOptions
from .neural_dataset import NeuralDataset

__all__ = ["CRCNSAA4Dataset"]

ANIMALS = ("BlaBro09xxF", "GreBlu9508M", "LblBlu2028M", "WhiBlu5396M", "WhiWhi4522M", "YelBlu6903F")
TYPES = ("song", "call", "mlnoise")
UNSORTED = ("tdt", "noise")
UNIT_NAME = re.compile(
    r"Site(?P<site>[^_]+?)_L(?P<ldepth>[-\d.]+)R(?P<rdepth>[-\d.]+)_e(?P<electrode>\d+)_s(?P<sort>\d+)(?:_ss(?P<sub>\d+))?$"
)


class CRCNSAA4Dataset(NeuralDataset):
    """Units in Field L, CLM, CMM and NCM of six zebra finches, about ten repeats of each of 170 sounds.

    A repeat without a spike is a row of zeros. Stimuli are the same if their MD5 sums are, whatever the animal; they
    stand in the order in which units, sorted by animal and file name, name them.

    Parameters
    ----------
    path : path, optional
        Folder with one folder for each animal. Default: ``AA4`` in ``$RHEOBASE_DATA_DIR``, ``$DEEPSTRF_DATA_DIR`` or
        ``~/.cache/rheobase``.
    animals : "all", str or sequence of str
        Which animals; "all" are those of which there is a folder.
    stimuli : sequence of str
        Types of sounds, of "song", "call" and "mlnoise".
    dt_ms : float
        Width of bins, ms.
    smooth : bool
        Smooth responses with a Hann window of 21 ms that adds up to one. For GLMs, which need counts, False.
    n_mels, compression, window_ms
        As in `mel_spectrogram`.
    return_waveform : bool
        Stimuli are sounds, shape (1, time), at `audio_fs` Hz, not spectrograms.
    audio_fs : int
        Hz; a bin must be a whole number of samples.
    download : bool
        Fetch animals whose folder is missing.
    username, password : str, optional
        Of a CRCNS account; ``$CRCNS_USERNAME`` and ``$CRCNS_PASSWORD`` by default. They are not kept.
    fetch : callable, optional
        How to download: ``fetch(dataset, files, folder, username, password)``.

    Raises
    ------
    FileNotFoundError
        If the folder, an animal's folder or a sound is missing.
    ValueError
        If there is no unit with such stimuli, or an option is wrong.

    References
    ----------
    Elie & Theunissen (2019), CRCNS.org, doi 10.6080/K00C4T06.
    """

    species = "zebra finch"
    hearing_range_hz = (250.0, 8000.0)

    def __init__(
        self,
        path: Any = None,
        animals: Any = "all",
        stimuli: Any = TYPES,
        dt_ms: float = 1.0,
        smooth: bool = True,
        n_mels: int = 32,
        compression: str = "cubic",
        window_ms: float = 10.0,
        return_waveform: bool = False,
        audio_fs: int = 24000,
        download: bool = False,
        username: str | None = None,
        password: str | None = None,
        *,
        fetch: Fetch | None = None,
    ) -> None:
        options = SoundOptions(dt_ms, n_mels, compression, window_ms, return_waveform, audio_fs)
        types = one_of(stimuli, TYPES, "stimuli")
        every = isinstance(animals, str) and animals == "all"
        asked = ANIMALS if every else ((animals,) if isinstance(animals, str) else tuple(animals))
        needed = () if every and not download else asked
        files = [f"{animal}.tar.gz" for animal in asked]
        login = {"username": username, "password": password}
        root = locate("aa-4", path, needed or ["."], download=download, fetch=fetch, files=files, **login)  # type: ignore[arg-type]
        if every:
            asked = tuple(sorted(folder.name for folder in root.iterdir() if (folder / "wavfiles").is_dir()))
        recording = Recording(options)
        for animal in asked:
            for file in sorted((root / animal).glob("*.h5")):
                _add_unit(recording, file, animal, types)
        if not recording.nrn_meta:
            msg = f"no unit with stimuli of type {', '.join(types)} in {root} (animals: {', '.join(asked) or 'none'})."
            raise ValueError(msg)
        recording.fill(self, smooth=smooth, path=root)


def _add_unit(recording: Recording, file: Path, animal: str, types: tuple[str, ...]) -> None:
    unit = read_unit(file)
    sort_type = str(unit.attributes.get("sortType", "")).lower()
    sort_type = "single" if sort_type == "singl" else sort_type
    heard = [one for one in unit.presentations if one.trials and one.attributes.get("stim_type") in types]
    if sort_type in UNSORTED or not heard:
        return
    n = recording.add_neuron(_unit_meta(file, animal, unit.attributes, sort_type))
    for one in heard:
        s = _stimulus(recording, one, file.parent / "wavfiles")
        recording.add_trials(s, n, [1000.0 * times for times in one.trials])


def _stimulus(recording: Recording, one: Presentation, sounds: Path) -> int:
    """Number of the sound of a presentation, which is read when it is first met."""
    wav = sounds / f"stim{one.number}.wav"
    name = str(one.attributes.get("stim_md5", wav))
    s = recording.known(name)
    label = one.attributes.get("stim_class")
    if s is None:
        sound, rate = read_wav(wav)
        meta = {"name": name, "type": one.attributes["stim_type"], "class": label, "classes": []}
        duration = one.attributes.get("stim_duration")
        meta |= {"duration_s": sound.size / rate if duration is None else float(duration), "sample_rate": rate}
        s = recording.add_sound(name, sound, rate, meta)
    classes = recording.stim_meta[s]["classes"]
    if label not in classes:
        classes.append(label)
    return s


def _unit_meta(file: Path, animal: str, attributes: dict[str, Any], sort_type: str) -> dict[str, Any]:
    match = UNIT_NAME.match(file.stem)
    parts = {} if match is None else match.groupdict()
    return {
        "cell_id": file.stem,
        "animal_id": animal,
        "sex": animal[-1] if animal[-1:] in ("F", "M") else None,
        "site": attributes.get("site", parts.get("site")),
        "electrode": _whole(attributes.get("electrode", parts.get("electrode"))),
        "ldepth": _number(attributes.get("ldepth")),
        "rdepth": _number(attributes.get("rdepth")),
        "sort_type": sort_type,
        "sort_id": _whole(attributes.get("sortid", parts.get("sort"))),
        "subsort_id": _whole(parts.get("sub")),
    }


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
