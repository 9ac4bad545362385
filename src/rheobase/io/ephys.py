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
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

from .._errors import did_you_mean
from .._optional import optional_import
from ..containers._repr import Table
from ._neo_build import bounds_of, epochs_of, most, series_of, times_of, units_of
from ._neo_signal import NeoSignalInterface, class_of
from ._neuroscope_xml import find_xml
from .neurosuite import NeuroSuiteIO

__all__ = ["EphysReader", "NeoSignalInterface"]

_BINARY = (".dat", ".eeg", ".lfp")


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
        support = bounds_of(segments)
        for i, signal in enumerate(most(segments, "analogsignals")):
            key = f"{prefix}{i}:{signal.name or f'signal{i}'}"
            self._add(key, class_of(signal).__name__, partial(series_of, signal, block, support, i))
        for i, signal in enumerate(most(segments, "irregularlysampledsignals")):
            key = f"{prefix}(irregular){i}:{signal.name or f'irregular{i}'}"
            self._add(key, class_of(signal).__name__, partial(series_of, signal, block, support, i))
        trains = most(segments, "spiketrains")
        if len(trains) == 1:
            load = partial(times_of, segments, "spiketrains", 0, support)
            self._add(f"{prefix}Ts:{trains[0].name or 'spikes'}", "Ts", load)
        elif len(trains) > 1:
            self._add(f"{prefix}TsGroup", "TsGroup", partial(units_of, segments, support))
        for i, epoch in enumerate(most(segments, "epochs")):
            key = f"{prefix}{i}:{epoch.name or f'epoch{i}'}"
            self._add(key, "IntervalSet", partial(epochs_of, segments, i))
        for i, event in enumerate(most(segments, "events")):
            key = f"{prefix}{i}:{event.name or f'event{i}'}"
            self._add(key, "Ts", partial(times_of, segments, "events", i, support))

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
    for reader in neo.io.iolist:  # several may share a name; the first is meant
        if format is reader or (isinstance(format, str) and _bare(format) == _bare(reader.__name__)):
            return reader(str(path))
    readers = sorted({reader.__name__ for reader in neo.io.iolist})
    given = format if isinstance(format, str) else format.__name__
    near = did_you_mean(given, readers)
    msg = f"Format {given!r} not found in neo.io.iolist.{near} Available formats: {readers}"
    raise ValueError(msg)
