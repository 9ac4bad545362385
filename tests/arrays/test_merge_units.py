"""Events of all units in order of time, against one stable sort."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase._arrays import merge_units


@pytest.mark.parametrize("stretch", [1, 7, 1 << 16])
@pytest.mark.parametrize("sizes", [(), (0,), (5,), (40, 0, 300, 1), (2000, 3)])
def test_as_one_stable_sort(monkeypatch, sizes, stretch):
    monkeypatch.setattr(merge_units, "STRETCH", stretch)
    rng = np.random.default_rng(len(sizes))
    units = [np.sort(rng.integers(0, 100, size) / 4) for size in sizes]  # many events at the same time
    times = np.concatenate([*units, np.empty(0)])
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    labels = np.arange(len(sizes), dtype=np.float64) * 2
    order = np.argsort(times, kind="stable")
    merged, of_unit = merge_units.merge_units(times, offsets, labels)
    np.testing.assert_array_equal(merged, times[order])
    np.testing.assert_array_equal(of_unit, np.repeat(labels, sizes)[order])
