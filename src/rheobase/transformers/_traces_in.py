"""Traces as users have them, as plain arrays; and results in the clothes of what came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import kind_of
from ..containers import IntervalSet, Tsd, TsdFrame

__all__ = ["Traces", "dressed_like", "plain", "read_traces"]


@dataclass(frozen=True)
class Traces:
    """Values of shape (time, neuron) at ascending times, one label per neuron."""

    t: np.ndarray
    values: np.ndarray
    labels: np.ndarray


def read_traces(traces: Any) -> Traces:
    """Traces from a table (index: times), a `TsdFrame`, a `Tsd`, or an array (times 0, 1, ...); in order of time.

    Raises
    ------
    TypeError
        If `traces` is none of them.
    """
    values = plain(traces)
    if type(traces).__name__ in ("DataFrame", "Series"):
        t = np.asarray(traces.index, dtype=np.float64)
    else:
        t = np.asarray(getattr(traces, "t", np.arange(len(values))), dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    columns = getattr(traces, "columns", None)
    labels = np.arange(values.shape[1]) if columns is None else np.asarray(columns)
    if (np.diff(t) < 0).any():
        order = np.argsort(t, kind="stable")
        t, values = t[order], values[order]
    return Traces(t, values, labels)


def plain(traces: Any) -> np.ndarray:
    """Values of traces, shape (time,) or (time, neuron).

    Raises
    ------
    TypeError
        If `traces` holds no traces.
    """
    held = traces if isinstance(traces, np.ndarray | list | tuple) else getattr(traces, "values", None)
    if held is None or callable(held) or np.ndim(held) not in (1, 2):
        msg = f"traces should be a table or array of shape (time, neuron), a TsdFrame or a Tsd, got {kind_of(traces)}."
        raise TypeError(msg)
    return np.asarray(held)


def dressed_like(traces: Any, values: np.ndarray) -> Any:
    """`values` with the times, labels and type of `traces`, whose shape they have."""
    kind = type(traces).__name__
    if kind == "DataFrame":
        return type(traces)(values, index=traces.index, columns=traces.columns)
    if kind == "Series":
        return type(traces)(values, index=traces.index, name=traces.name)
    if isinstance(traces, TsdFrame):
        return TsdFrame._trusted(traces.t, values, traces.time_support, traces.columns, traces._metadata)
    if isinstance(traces, Tsd):
        return Tsd._trusted(traces.t, values, traces.time_support)
    if kind in ("Tsd", "TsdFrame"):  # pynapple's
        support = IntervalSet(np.asarray(traces.time_support.start), np.asarray(traces.time_support.end))
        if values.ndim == 1:
            return Tsd(np.asarray(traces.t), values, time_support=support)
        return TsdFrame(np.asarray(traces.t), values, time_support=support, columns=np.asarray(traces.columns))
    return values
