"""What neo holds → containers: segments are joined, and their bounds are the time support."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import numpy as np

from ..containers import IntervalSet, Ts, TsGroup
from ._groups import group_of
from ._neo_signal import NeoSignalInterface, is_proxy, loaded, parts_of, seconds

__all__ = ["bounds_of", "epochs_of", "most", "series_of", "times_of", "units_of"]

RENAMED = {"rate": "neo_rate"}
"""Annotations whose name a group has for something that it computes."""


def most(segments: list[Any], kind: str) -> Any:
    """What the segment with most objects of a kind has of it; the first of equals."""
    return max((getattr(segment, kind) for segment in segments), key=len, default=[])


def bounds_of(segments: list[Any]) -> IntervalSet:
    """Bounds of the segments that hold anything; those that touch or overlap are one."""
    held = [segment for segment in segments if segment.t_start is not None and segment.t_stop is not None]
    bounds = np.array([(seconds(segment.t_start), seconds(segment.t_stop)) for segment in held]).reshape(-1, 2)
    starts, ends = bounds[np.argsort(bounds[:, 0], kind="stable")].T
    ends = np.maximum.accumulate(ends)
    apart = starts[1:] > ends[:-1]
    return IntervalSet(starts[np.append(True, apart)[: starts.size]], ends[np.append(apart, True)[: ends.size]])


def series_of(signal: Any, block: Any, support: IntervalSet, number: int) -> Any:
    """Series of a signal: samples that are in memory as they are, others left in the file."""
    values = NeoSignalInterface(signal, block, support, number)
    in_memory = not is_proxy(signal)
    samples = np.asarray(values) if in_memory else values
    return values.nap_type(t=values.times, d=samples, time_support=support, load_array=in_memory, unit=values.unit)


def times_of(segments: list[Any], kind: str, number: int, support: IntervalSet) -> Ts:
    """Times of one train of spikes, or of one kind of event."""
    times = [loaded(part).times.rescale("s").magnitude for part in parts_of(segments, kind, number)]
    return Ts(t=np.sort(np.concatenate([np.empty(0), *times])), time_support=support)


def units_of(segments: list[Any], support: IntervalSet) -> TsGroup:
    """Units in the order of neo, with the annotations that neo has of them."""
    units = list(zip_longest(*(segment.spiketrains for segment in segments)))
    trains = [[loaded(train) for train in unit if train is not None] for unit in units]
    parts = [[train.times.rescale("s").magnitude for train in unit] for unit in trains]
    flat = np.concatenate([part for unit in parts for part in unit])
    offsets = np.cumsum([0, *(sum(map(len, unit)) for unit in parts)])
    keys = np.arange(len(units))
    info = _annotations([unit[0] for unit in trains])
    if not np.isin(np.flatnonzero(flat[1:] < flat[:-1]) + 1, offsets).all():
        return group_of(flat, np.repeat(keys, np.diff(offsets)), keys, support, info)
    group = TsGroup._trusted(flat, offsets, keys, support, None)
    group.set_info(info)
    return group.restrict(support)


def _annotations(trains: list[Any]) -> dict[str, np.ndarray]:
    """Columns of metadata, None where a unit lacks what another has; a rate that was noted is ``neo_rate``."""
    texts = (("neo_name", "name"), ("neo_description", "description"))
    found = [
        {**train.annotations, **{key: text for key, name in texts if (text := getattr(train, name))}}
        for train in trains
    ]
    return {
        RENAMED.get(name, name): _column([notes.get(name) for notes in found])
        for name in dict.fromkeys(k for f in found for k in f)
    }


def _column(items: list[Any]) -> np.ndarray:
    if all(isinstance(item, str) for item in items) or all(isinstance(item, int | float | np.number) for item in items):
        return np.array(items)
    column = np.empty(len(items), dtype=object)
    column[:] = items
    return column


def epochs_of(segments: list[Any], number: int) -> IntervalSet:
    """Epochs in order of their starts, with their labels; those that overlap stay as they are."""
    parts = [loaded(part) for part in parts_of(segments, "epochs", number)]
    starts = np.concatenate([part.times.rescale("s").magnitude for part in parts])
    ends = starts + np.concatenate([part.durations.rescale("s").magnitude for part in parts])
    labels = [part.labels if len(part.labels) else np.full(len(part.times), "") for part in parts]
    named = any(len(part.labels) for part in parts)
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], ends[order]
    metadata = {"label": np.concatenate(labels)[order].astype(str)} if named else None
    apart = bool((ends > starts).all() and (starts[1:] >= ends[:-1]).all())
    return IntervalSet(starts, ends, metadata=metadata, overlap="merge" if apart else "keep")
