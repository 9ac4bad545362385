"""A signal of neo as an array that is read where it is indexed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._optional import optional_import
from .._types import FloatArray
from ..containers import IntervalSet, Tsd, TsdFrame, TsdTensor
from ..containers._lazy import LazyArray

__all__ = ["NeoSignalInterface", "class_of", "is_proxy", "loaded", "parts_of", "seconds"]

SERIES: dict[int, type] = {1: Tsd, 2: TsdFrame}


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
        parts = parts_of(block.segments, "analogsignals" if self.is_analog else "irregularlysampledsignals", sig_num)
        super().__init__(_Joined(parts), unit=str(signal.units.dimensionality))
        self.time_support = time_support
        self.nap_type = class_of(signal)
        self.times: FloatArray = np.concatenate([_sample_times(part) for part in parts])
        self.start_time, self.end_time = seconds(signal.t_start), seconds(signal.t_stop)
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
        # neo scales to float32 what is not float64; its readers state the type as a text of several kinds
        kept = [np.dtype(str(part.dtype)) for part in parts]
        self.dtype = np.result_type(
            *(t if not is_proxy(p) or t == np.float64 else np.float32 for p, t in zip(parts, kept))
        )

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
    if not is_proxy(part):
        return part.magnitude[(slice(first, stop, step), *rest)]
    channels = np.arange(part.shape[1])[rest[0]] if rest else np.arange(part.shape[1])
    if not channels.size:
        return np.empty((len(range(first, stop, step)), 0))
    bounds = (part.t_start + first * part.sampling_period, part.t_start + stop * part.sampling_period)
    chosen = None if channels.size == part.shape[1] else channels
    return part.load(time_slice=bounds, strict_slicing=False, channel_indexes=chosen).magnitude[::step]


def _sample_times(part: Any) -> FloatArray:
    if not is_proxy(part):
        return part.times.rescale("s").magnitude
    return seconds(part.t_start) + np.arange(part.shape[0]) / float(part.sampling_rate.rescale("Hz").magnitude)


def is_proxy(part: Any) -> bool:
    """Whether `part` has still to be loaded."""
    return isinstance(part, optional_import("neo.io.proxyobjects", needed_for="EphysReader").BaseProxy)


def loaded(part: Any) -> Any:
    return part.load() if is_proxy(part) else part


def seconds(quantity: Any) -> float:
    return float(quantity.rescale("s").magnitude)


def class_of(signal: Any) -> type:
    return SERIES.get(len(signal.shape), TsdTensor)


def parts_of(segments: list[Any], kind: str, number: int) -> list[Any]:
    """An object of a kind in every segment that has it."""
    return [getattr(segment, kind)[number] for segment in segments if number < len(getattr(segment, kind))]
