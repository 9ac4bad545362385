"""Transformers take pynapple's objects as they take ours."""

from __future__ import annotations

import numpy as np
import pytest

import rheobase
from rheobase.transformers import Binner, EdgeDetector, EpochTraceReducer, PeriEventSpikeSampler

nap = pytest.importorskip("pynapple")
pytestmark = pytest.mark.rivals

RNG = np.random.default_rng(0)
TRAINS = {key: np.sort(RNG.uniform(0, 50, 80)) for key in (1, 4)}
VALUES = RNG.normal(size=(500, 2))


def made(library):
    """Units, trials and signals of one library, with the same numbers."""
    whole = library.IntervalSet(0, 50)
    units = library.TsGroup({k: library.Ts(t, time_support=whole) for k, t in TRAINS.items()}, time_support=whole)
    trials = library.IntervalSet(np.arange(0.0, 40, 5), np.arange(2.0, 42, 5), metadata={"kind": np.arange(8) % 2})
    return units, trials, library.TsdFrame(np.arange(500) / 10, VALUES, columns=["x", "y"])


def test_tensors_are_the_same():
    """Counts around events, means of epochs, and what is known of the trials."""
    edges = np.linspace(-1, 1, 9)
    results = []
    for library in (nap, rheobase):
        units, trials, frame = made(library)
        results.append(
            (PeriEventSpikeSampler(units, edges).transform(trials), EpochTraceReducer(frame).transform(trials))
        )
    for theirs, ours in zip(*results):
        assert theirs.identical(ours)
        assert ours["kind"].values.tolist() == [0, 1] * 4


def test_traces_become_ours():
    """Series in, series of rheobase out."""
    for library in (nap, rheobase):
        units, _, frame = made(library)
        counts, edges = Binner(np.arange(0, 51.0)).transform(units), EdgeDetector().transform(frame)
        assert isinstance(counts, rheobase.TsdFrame)
        assert isinstance(edges, rheobase.TsdFrame)
        np.testing.assert_array_equal(
            counts.values, np.stack([np.histogram(t, np.arange(51))[0] for t in TRAINS.values()], 1)
        )
        np.testing.assert_array_equal(edges.values[1:], np.diff(VALUES, axis=0) > 0)
        one = EdgeDetector(falling=True).transform(frame[:, 0])
        assert isinstance(one, rheobase.Tsd)
