"""`EphysReader`: the many file formats of electrophysiology that the package neo reads, as a dictionary.

=====================================  ==========================  ==============================
neo                                    key                         container
=====================================  ==========================  ==============================
AnalogSignal                           ``{i}:{name}``              `TsdFrame` (`Tsd` of one axis)
IrregularlySampledSignal               ``(irregular){i}:{name}``   the same
SpikeTrain, several per segment        ``TsGroup``                 `TsGroup`
SpikeTrain, one per segment            ``Ts:{name}``               `Ts`
Epoch                                  ``{i}:{name}``              `IntervalSet` (column ``label``)
Event                                  ``{i}:{name}``              `Ts`
=====================================  ==========================  ==============================

Segments are joined in time, and their bounds are the time support.
"""

from __future__ import annotations

import os
from collections import UserDict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from .._errors import did_you_mean
from .._optional import optional_import
from .._types import FloatArray
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._lazy import LazyArray
from ..containers._repr import Table
from ._groups import group_of
from ._neuroscope_xml import find_xml
from .neurosuite import NeuroSuiteIO

__all__ = ["EphysReader", "NeoSignalInterface"]

_BINARY = (".dat", ".eeg", ".lfp")
_SERIES: dict[int, type] = {1: Tsd, 2: TsdFrame}


class _Entry(NamedTuple):
    """What is made when a key is asked for."""

    kind: str
    load: Callable[[], Any]


class EphysReader(UserDict):
    """What a file or folder of recordings holds, as a dictionary; read by neo (``pip install neo``).

    Objects are built when they are asked for, and kept. Folders of Neurosuite (``.dat``, ``.eeg`` or ``.lfp`` with an
    ``.xml``) are read without neo, as `NeuroSuiteIO` does.

    Parameters
    ----------
    path : str or path
    lazy : bool
        Whether samples stay in the file until they are used, where neo can do so for the format.
    format : str or type, optional
        Class of `neo.io` or its name, in any case, with or without "IO"; by default found from the name of the file.

    Attributes
    ----------
    path : Path
    name : str

    Raises
    ------
    FileNotFoundError
        If `path` is not there.
    MissingDependencyError
        If neo is needed and not installed.
    ValueError
        If neo has no such format, or it is a pickle, which can run any code and is read only when `format` says so.
    TypeError
        If `format` is neither text nor class.

    Examples
    --------
    >>> from rheobase.io import EphysReader
    >>> data = EphysReader("recording.plx")  # doctest: +SKIP
    >>> spikes = data["TsGroup"]  # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike, lazy: bool = True, format: str | type | None = None) -> None:
        super().__init__()
        self.path = Path(path)
        self.name = self.path.stem
        if not self.path.exists():
            msg = f"Files not found: {path}"
            raise FileNotFoundError(msg)
        self._reader: Any = None
        if _is_neuroscope(self.path, format):
            self._add_neurosuite(NeuroSuiteIO(self.path))
            return
        neo = optional_import("neo", needed_for="EphysReader")
        self._reader = _open(neo, self.path, format)
        blocks = self._reader.read(lazy=lazy and self._reader.support_lazy)
        for number, block in enumerate(blocks):
            self._add_block(block, f"block{number}/" if len(blocks) > 1 else "")

    def _add_neurosuite(self, session: NeuroSuiteIO) -> None:
        for file in (*session.dat_files[:1], *session.lfp_files[:1]):
            self._add(file.name, "TsdFrame", partial(session.load_binary, file))
        for shank, (clu, _) in session.spike_groups.items():
            self._add(clu.name, "TsGroup", partial(session.load_spikes, shank))
        for file in session.evt_files:
            self.data.update(session.load_events(file))

    def _add_block(self, block: Any, prefix: str) -> None:
        segments = block.segments
        support = _bounds(segments)
        for i, signal in enumerate(_most(segments, "analogsignals")):
            key = f"{prefix}{i}:{signal.name or f'signal{i}'}"
            self._add(key, _class_of(signal).__name__, partial(_signal, signal, block, support, i))
        for i, signal in enumerate(_most(segments, "irregularlysampledsignals")):
            key = f"{prefix}(irregular){i}:{signal.name or f'irregular{i}'}"
            self._add(key, _class_of(signal).__name__, partial(_signal, signal, block, support, i))
        trains = _most(segments, "spiketrains")
        if len(trains) == 1:
            load = partial(_times, segments, "spiketrains", 0, support)
            self._add(f"{prefix}Ts:{trains[0].name or 'spikes'}", "Ts", load)
        elif len(trains) > 1:
            self._add(f"{prefix}TsGroup", "TsGroup", partial(_group, segments, support))
        for i, epoch in enumerate(_most(segments, "epochs")):
            key = f"{prefix}{i}:{epoch.name or f'epoch{i}'}"
            self._add(key, "IntervalSet", partial(_epochs, segments, i))
        for i, event in enumerate(_most(segments, "events")):
            key = f"{prefix}{i}:{event.name or f'event{i}'}"
            self._add(key, "Ts", partial(_times, segments, "events", i, support))

    def _add(self, key: str, kind: str, load: Callable[[], Any]) -> None:
        """Keep an entry; of two with one key the later has it, and the earlier gets its kind in front."""
        if key in self.data:
            earlier = self.data.pop(key)
            self.data[f"({earlier.kind}){key}"] = earlier
        self.data[key] = _Entry(kind, load)

    def __getitem__(self, key: str) -> Any:
        """The object called `key`, built on first access.

        Raises
        ------
        KeyError
            If there is none.
        """
        if key not in self.data:
            msg = f"Key {key!r} not found in {self.name}. Available keys: {self.keys()}.{did_you_mean(key, self.data)}"
            raise KeyError(msg)
        found = self.data[key]
        if isinstance(found, _Entry):
            found = self.data[key] = found.load()
        return found

    def keys(self) -> list[str]:  # type: ignore[override]
        """Names of all objects."""
        return list(self.data)

    def values(self) -> list[Any]:  # type: ignore[override]
        """All objects; all are built."""
        return [self[key] for key in self.data]

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        """Names and objects; all are built."""
        return [(key, self[key]) for key in self.data]

    def close(self) -> None:
        """Close the file, where neo keeps it open."""
        close = getattr(self._reader, "close", None)  # only some of neo's readers have it
        if close is not None:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        kinds = (item.kind if isinstance(item, _Entry) else type(item).__name__ for item in self.data.values())
        rows = [list(row) for row in zip(self.data, kinds, strict=True)]
        return f"{self.name}\n{Table(['Keys', 'Type'], rows, '', [False, False]).text()}"

    __str__ = __repr__


class NeoSignalInterface(LazyArray):
    """A signal of neo, with its segments one after another, as an array that is read where it is indexed.

    Values are in the unit that neo states. Only the samples and channels asked for are read.

    Parameters
    ----------
    signal : AnalogSignal, AnalogSignalProxy or IrregularlySampledSignal
        The signal in one of the segments.
    block : neo.Block
    time_support : IntervalSet, optional
        Kept as an attribute.
    sig_num : int
        Number of the signal in each segment.

    Attributes
    ----------
    nap_type : type
        `Tsd`, `TsdFrame` or `TsdTensor`.
    is_analog : bool
        Whether sampled regularly.
    times : ndarray
        Shape (time,), s.
    start_time, end_time : float
        Bounds of `signal`, s.
    dt : float or None
        Time between samples, s.

    Raises
    ------
    TypeError
        If `signal` is no signal of neo.
    """

    def __init__(self, signal: Any, block: Any, time_support: IntervalSet | None = None, sig_num: int = 0) -> None:
        neo = optional_import("neo", needed_for="NeoSignalInterface")
        proxies = optional_import("neo.io.proxyobjects", needed_for="NeoSignalInterface")
        if not isinstance(signal, neo.AnalogSignal | proxies.AnalogSignalProxy | neo.IrregularlySampledSignal):
            msg = (
                f"Signal type {type(signal)} not recognized: expected an AnalogSignal, its proxy, or an irregular one."
            )
            raise TypeError(msg)
        self.is_analog = not isinstance(signal, neo.IrregularlySampledSignal)
        parts = _parts(block.segments, "analogsignals" if self.is_analog else "irregularlysampledsignals", sig_num)
        super().__init__(_Joined(parts), unit=str(signal.units.dimensionality))
        self.time_support = time_support
        self.nap_type = _class_of(signal)
        self.times: FloatArray = np.concatenate([_sample_times(part) for part in parts])
        self.start_time, self.end_time = _seconds(signal.t_start), _seconds(signal.t_stop)
        self.dt = 1 / float(signal.sampling_rate.rescale("Hz").magnitude) if self.is_analog else None

    def __iter__(self) -> Iterator[Any]:
        return (self[row] for row in range(len(self)))

    def __repr__(self) -> str:
        return f"<NeoSignalInterface: {self.nap_type.__name__}, shape={self.shape}, dtype={self.dtype}>"


class _Joined:
    """Signals of several segments as one source for `LazyArray`, which asks for ascending slices."""

    def __init__(self, parts: list[Any]) -> None:
        self._parts = parts
        self._ends = np.cumsum([part.shape[0] for part in parts])
        self.shape = (int(self._ends[-1]), *parts[0].shape[1:])
        kept = [part.dtype if not _is_proxy(part) or part.dtype == "float64" else "float32" for part in parts]
        self.dtype = np.result_type(*kept)

    def __getitem__(self, key: tuple) -> np.ndarray:
        rows, *rest = key
        start, stop, step = rows.indices(self.shape[0])
        blocks = [np.empty((0, *self.shape[1:]), dtype=self.dtype)[(slice(None), *rest)]]
        for part, end in zip(self._parts, self._ends.tolist(), strict=True):
            begin = end - part.shape[0]
            first = start if start >= begin else begin + (start - begin) % step
            if first < min(stop, end):
                blocks.append(_read(part, first - begin, min(stop, end) - begin, step, rest))
        return blocks[1] if len(blocks) == 2 else np.concatenate(blocks)


def _read(part: Any, first: int, stop: int, step: int, rest: list) -> np.ndarray:
    """Samples of a segment; from a file neo is asked for a time slice, which it rounds to samples."""
    if not _is_proxy(part):
        return part.magnitude[(slice(first, stop, step), *rest)]
    channels = np.arange(part.shape[1])[rest[0]] if rest else np.arange(part.shape[1])
    if not channels.size:
        return np.empty((len(range(first, stop, step)), 0))
    bounds = (part.t_start + first * part.sampling_period, part.t_start + stop * part.sampling_period)
    chosen = None if channels.size == part.shape[1] else channels
    return part.load(time_slice=bounds, strict_slicing=False, channel_indexes=chosen).magnitude[::step]


def _sample_times(part: Any) -> FloatArray:
    if not _is_proxy(part):
        return part.times.rescale("s").magnitude
    return _seconds(part.t_start) + np.arange(part.shape[0]) / float(part.sampling_rate.rescale("Hz").magnitude)


def _is_neuroscope(path: Path, format: str | type | None) -> bool:
    """Whether Neurosuite's own reader is asked for, or the files look like a session of it."""
    if format is not None:
        return _bare(format if isinstance(format, str) else getattr(format, "__name__", "")) == "neuroscope"
    if path.is_dir():
        return any(entry.suffix in _BINARY for entry in path.iterdir()) and any(path.glob("*.xml"))
    return path.suffix.lower() in _BINARY and find_xml(path) is not None


def _bare(name: str) -> str:
    return name.lower().removesuffix("io")


def _open(neo: Any, path: Path, format: Any) -> Any:
    """Reader of neo for a file."""
    if format is None:
        reader = neo.io.get_io(str(path))
        if isinstance(reader, neo.io.PickleIO):
            msg = f"{path.name} is a pickle, and loading one can run any code. If you trust it, say format='PickleIO'."
            raise ValueError(msg)
        return reader
    if not isinstance(format, str | type):
        msg = f"format must be None, a string, or a class from neo.io.iolist, not {type(format).__name__}"
        raise TypeError(msg)
    readers = {reader.__name__: reader for reader in neo.io.iolist}
    for name, reader in readers.items():
        if format is reader or (isinstance(format, str) and _bare(format) == _bare(name)):
            return reader(str(path))
    given = format if isinstance(format, str) else format.__name__
    near = did_you_mean(given, readers)
    msg = f"Format {given!r} not found in neo.io.iolist.{near} Available formats: {list(readers)}"
    raise ValueError(msg)


def _is_proxy(part: Any) -> bool:
    """Whether `part` has still to be loaded."""
    return isinstance(part, optional_import("neo.io.proxyobjects", needed_for="EphysReader").BaseProxy)


def _loaded(part: Any) -> Any:
    return part.load() if _is_proxy(part) else part


def _seconds(quantity: Any) -> float:
    return float(quantity.rescale("s").magnitude)


def _class_of(signal: Any) -> type:
    return _SERIES.get(len(signal.shape), TsdTensor)


def _most(segments: list[Any], kind: str) -> Any:
    """What the segment with most objects of a kind has of it; the first of equals."""
    return max((getattr(segment, kind) for segment in segments), key=len, default=[])


def _parts(segments: list[Any], kind: str, number: int) -> list[Any]:
    """An object of a kind in every segment that has it."""
    return [getattr(segment, kind)[number] for segment in segments if number < len(getattr(segment, kind))]


def _bounds(segments: list[Any]) -> IntervalSet:
    """Bounds of the segments that hold anything; those that touch or overlap are one."""
    held = [segment for segment in segments if segment.t_start is not None and segment.t_stop is not None]
    bounds = np.array([(_seconds(segment.t_start), _seconds(segment.t_stop)) for segment in held]).reshape(-1, 2)
    starts, ends = bounds[np.argsort(bounds[:, 0], kind="stable")].T
    ends = np.maximum.accumulate(ends)
    apart = starts[1:] > ends[:-1]
    return IntervalSet(starts[np.append(True, apart)[: starts.size]], ends[np.append(apart, True)[: ends.size]])


def _signal(signal: Any, block: Any, support: IntervalSet, number: int) -> Any:
    """Series of a signal: samples that are in memory as they are, others left in the file."""
    values = NeoSignalInterface(signal, block, support, number)
    in_memory = not _is_proxy(signal)
    samples = np.asarray(values) if in_memory else values
    return values.nap_type(t=values.times, d=samples, time_support=support, load_array=in_memory, unit=values.unit)


def _times(segments: list[Any], kind: str, number: int, support: IntervalSet) -> Ts:
    """Times of one train of spikes, or of one kind of event."""
    times = [_loaded(part).times.rescale("s").magnitude for part in _parts(segments, kind, number)]
    return Ts(t=np.sort(np.concatenate([np.empty(0), *times])), time_support=support)


def _group(segments: list[Any], support: IntervalSet) -> TsGroup:
    """Units in the order of neo, with the annotations that neo has of them."""
    units = list(zip_longest(*(segment.spiketrains for segment in segments)))
    trains = [[_loaded(train) for train in unit if train is not None] for unit in units]
    times = [train.times.rescale("s").magnitude for unit in trains for train in unit]
    keys = np.arange(len(units))
    unit_of_train = np.repeat(keys, [len(unit) for unit in trains])
    labels = np.repeat(unit_of_train, [len(part) for part in times])
    return group_of(np.concatenate(times), labels, keys, support, _annotations([unit[0] for unit in trains]))


def _annotations(trains: list[Any]) -> dict[str, np.ndarray]:
    """Columns of metadata; None where a unit lacks what another has."""
    texts = (("neo_name", "name"), ("neo_description", "description"))
    found = [
        {**train.annotations, **{key: text for key, name in texts if (text := getattr(train, name))}}
        for train in trains
    ]
    return {name: _column([notes.get(name) for notes in found]) for name in dict.fromkeys(k for f in found for k in f)}


def _column(items: list[Any]) -> np.ndarray:
    if all(isinstance(item, str) for item in items) or all(isinstance(item, int | float | np.number) for item in items):
        return np.array(items)
    column = np.empty(len(items), dtype=object)
    column[:] = items
    return column


def _epochs(segments: list[Any], number: int) -> IntervalSet:
    """Epochs in order of their starts, with their labels; those that overlap stay as they are."""
    parts = [_loaded(part) for part in _parts(segments, "epochs", number)]
    starts = np.concatenate([part.times.rescale("s").magnitude for part in parts])
    ends = starts + np.concatenate([part.durations.rescale("s").magnitude for part in parts])
    labels = [part.labels if len(part.labels) else np.full(len(part.times), "") for part in parts]
    named = any(len(part.labels) for part in parts)
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], ends[order]
    metadata = {"label": np.concatenate(labels)[order].astype(str)} if named else None
    apart = bool((ends > starts).all() and (starts[1:] >= ends[:-1]).all())
    return IntervalSet(starts, ends, metadata=metadata, overlap="merge" if apart else "keep")
