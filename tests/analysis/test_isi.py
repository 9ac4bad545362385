"""Interspike intervals, counted within epochs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase._arrays import search
from rheobase.analysis import compute_isi_distribution, isi
from rheobase.containers import IntervalSet, Ts, TsGroup


@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, 12))
def test_counts_are_those_of_numpy(seed, log_scale, bins):
    rng = np.random.default_rng(seed)
    support = IntervalSet([0, 12], [10, 20])
    units = {k: Ts(np.unique(rng.integers(0, 2000, 80)) / 100, time_support=support) for k in (3, 8)}
    table = compute_isi_distribution(TsGroup(units, time_support=support), bins, log_scale)
    isis = {
        k: np.concatenate([np.diff(u.t[(u.t >= a) & (u.t <= b)]) for a, b in support.values]) for k, u in units.items()
    }
    isis = {k: np.log(v) for k, v in isis.items()} if log_scale else isis
    pooled = np.concatenate(list(isis.values()))
    edges = np.linspace(pooled.min(), pooled.max(), bins + 1)
    for key, values in isis.items():
        np.testing.assert_array_equal(table[key], np.histogram(values, edges)[0])
    np.testing.assert_allclose(table.index, (edges[:-1] + edges[1:]) / 2)


def test_blocks_do_not_show(monkeypatch):
    rng = np.random.default_rng(0)
    group = TsGroup({k: Ts(np.sort(rng.uniform(0, 9, 50))) for k in range(5)}, time_support=IntervalSet(0, 9))
    whole = compute_isi_distribution(group, 7)
    monkeypatch.setattr(isi, "BLOCK", 13)
    assert search.BLOCK != isi.BLOCK
    np.testing.assert_array_equal(compute_isi_distribution(group, 7), whole)


def test_silent_units_and_given_edges():
    support = IntervalSet(0, 9)
    units = {k: Ts(t, time_support=support) for k, t in enumerate(([], [0.0, 1.0, 3.0, 6.0], [1.0]))}
    group = TsGroup(units, time_support=support)
    table = compute_isi_distribution(group, np.array([1, 2, 3]))
    np.testing.assert_array_equal(table.to_numpy(), [[0, 1, 0], [0, 2, 0]])
    assert compute_isi_distribution(Ts([0.0, 1.0, 3.0]), [0, 5]).columns.tolist() == [0]


@pytest.mark.parametrize(
    ("args", "error", "match"),
    [
        (([1.0, 2.0],), TypeError, "data should be a Ts"),
        ((Ts([0.0, 1.0]), "many"), TypeError, "bins should be either int"),
        ((Ts([0.0, 1.0]), 0), ValueError, "must be positive"),
        ((Ts([0.0, 1.0]), [2, 1]), ValueError, "increase monotonically"),
        ((Ts([0.0, 1.0]), [[1, 2], [3, 4]]), ValueError, "1d"),
        ((Ts([0.0, 1.0]), 10, 1), TypeError, "log_scale should be of type bool"),
        ((Ts([0.0, 1.0]), 10, False, 3), TypeError, "epochs argument"),
        ((Ts([0.0, 1.0]), 10, False, IntervalSet(2, 3)), ValueError, "no unit has two spikes"),
        ((Ts([0.0, 0.0, 1.0]), 10, True), ValueError, "no logarithm"),
    ],
)
def test_wrong_calls_are_refused(args, error, match):
    with pytest.raises(error, match=match):
        compute_isi_distribution(*args)
