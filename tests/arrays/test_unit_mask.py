"""Events of a population inside epochs, against each unit on its own."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase._arrays import edges, events, unit_mask


@given(st.integers(0, 10_000), st.integers(0, 4), st.integers(1, 30))
@settings(max_examples=80, deadline=None)
def test_every_unit_keeps_and_counts_what_it_has_inside(seed, n_units, n_epochs):
    rng = np.random.default_rng(seed)
    bounds = np.sort(rng.choice(np.arange(0, 50, 0.25), 2 * n_epochs, replace=False))
    starts, ends = bounds[::2], bounds[1::2]
    units = [np.sort(rng.choice(np.arange(0, 50, 0.125), rng.integers(0, 60))) for _ in range(n_units)]
    times = np.concatenate([*units, np.empty(0)])
    offsets = np.concatenate(([0], np.cumsum([unit.size for unit in units]))).astype(np.int64)
    mask, kept = unit_mask.unit_mask(times, offsets, starts, ends)
    taken = unit_mask.take_masked(np.column_stack((times, -times)), mask, offsets, kept)
    counts = edges.count_epochs(times, offsets, starts, ends, np.dtype(np.uint8))
    assert counts.shape == (n_epochs, n_units)
    for i, unit in enumerate(units):
        inside = unit[events.inside(unit, starts, ends)]
        np.testing.assert_array_equal(taken[kept[i] : kept[i + 1], 0], inside)
        expected = [np.count_nonzero((unit >= a) & (unit <= b)) for a, b in zip(starts, ends)]
        np.testing.assert_array_equal(counts[:, i], expected)


@given(st.lists(st.integers(0, 3 * events.PART), min_size=0, max_size=8))
@settings(max_examples=50, deadline=None)
def test_parts_hold_every_unit_once(sizes):
    parts = events.unit_parts(np.array(sizes, dtype=np.int64))
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(len(sizes)))
    assert all(sum(sizes[part]) <= events.PART + max(sizes[part]) for part in parts if part.stop - part.start > 1)
