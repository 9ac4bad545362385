"""Labels of instants are those of the samples that `Lookup` finds, one instant at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rheobase._arrays.labels import MODES, TimeLabels
from rheobase._arrays.nearest import Lookup

GRID = 0.125
"""Exact in binary, so that ties happen."""


@st.composite
def recordings(draw):
    """Epochs, sample times in them (several at one time, epochs without any), labels, and sorted instants."""
    bounds = sorted(draw(st.lists(st.integers(0, 80), min_size=2, max_size=8, unique=True)))
    bounds = np.array(bounds[: len(bounds) // 2 * 2]) * GRID
    starts, ends = bounds[::2], bounds[1::2]
    times = np.sort(np.array(draw(st.lists(st.integers(0, 80), max_size=40)), dtype=float)) * GRID
    times = times[((times[:, None] >= starts) & (times[:, None] <= ends)).any(axis=1)]
    labels = np.array(draw(st.lists(st.integers(-1, 3), min_size=times.size, max_size=times.size)), dtype=np.int64)
    instants = np.sort(np.array(draw(st.lists(st.integers(0, 320), max_size=60)), dtype=float)) * GRID / 4
    instants = instants[((instants[:, None] >= starts) & (instants[:, None] <= ends)).any(axis=1)]
    return starts, ends, times, labels, instants


def by_lookup(starts, ends, times, labels, instants, mode, reach):
    first, last = np.searchsorted(times, starts), np.searchsorted(times, ends, side="right")
    rows = Lookup(times, first, last, mode).find(instants, np.searchsorted(starts, instants, side="right") - 1)
    if times.size == 0:
        return np.full(instants.size, -1)
    near = (rows >= 0) & (np.abs(times[rows] - instants) <= reach)
    return np.where(near, labels[rows], -1)


ONE_SAMPLE = (*np.zeros((3, 1)), np.array([0]), np.array([0.0]))
TWICE = (np.array([0.0]), np.array([1.0]), np.array([0.5, 0.5]), np.array([0, 0]), np.array([0.53125]))


@example(ONE_SAMPLE, "closest", 0.0)  # breaks one denormal number apart
@example(TWICE, "before", 0.0)  # the second of two at one time speaks for nothing
@settings(max_examples=150, deadline=None)
@given(recordings(), st.sampled_from(MODES), st.sampled_from([np.inf, 0.0, GRID / 4, GRID, 1.0]))
def test_labels_are_those_of_the_sample_that_is_looked_up(recording, mode, reach):
    starts, ends, times, labels, instants = recording
    first, last = np.searchsorted(times, starts), np.searchsorted(times, ends, side="right")
    found = TimeLabels(times, labels, first, last, starts, mode, reach)
    expected = by_lookup(*recording, mode, reach)
    np.testing.assert_array_equal(found.find(instants), expected)
    for copies in (1, 40):  # few events are looked up among the breaks, many the other way round
        units = np.concatenate([np.repeat(instants, copies), instants])
        offsets = np.array([0, copies * instants.size, units.size])
        counts = found.count(units, offsets, 4)
        one = np.bincount(expected + 1, minlength=5)[1:]
        np.testing.assert_array_equal(counts, [copies * one, one])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("spread", [0.0, 1e-3, 0.3])
def test_uneven_samples(seed, spread):
    rng = np.random.default_rng(seed)
    times = np.sort(np.arange(0, 100, 0.05) + rng.normal(0, 0.05 * spread, 2000) + 5)
    labels = rng.integers(-1, 50, times.size)
    instants = np.concatenate([times, (times[1:] + times[:-1]) / 2, rng.uniform(0, 110, 3000)])
    whole = np.array([0]), np.array([times.size])
    for mode in MODES:
        found = TimeLabels(times, labels, *whole, np.array([0.0]), mode)
        rows = Lookup(times, *whole, mode).find(instants, 0)
        np.testing.assert_array_equal(found.find(instants), np.where(rows >= 0, labels[rows], -1))


def test_nothing_to_look_up():
    empty = np.empty(0)
    found = TimeLabels(empty, empty.astype(np.int64), np.zeros(1, int), np.zeros(1, int), np.zeros(1))
    np.testing.assert_array_equal(found.find(np.array([0.5])), [-1])
    np.testing.assert_array_equal(found.count(np.array([0.5]), np.array([0, 1]), 3), [[0, 0, 0]])
