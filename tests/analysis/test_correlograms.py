"""Correlograms count pairs; their lag axes are identical and whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase._arrays import pair_tables, pairs
from rheobase.analysis import compute_autocorrelogram, compute_crosscorrelogram, compute_eventcorrelogram
from rheobase.containers import IntervalSet, Ts, Tsd, TsGroup


def a_group(seed, n=4, n_max=60):
    rng = np.random.default_rng(seed)
    units = {k: Ts(np.sort(rng.integers(0, 500, rng.integers(0, n_max))) / 100, time_support=SUPPORT) for k in range(n)}
    return TsGroup(units, time_support=SUPPORT)


SUPPORT = IntervalSet(0, 5)


def brute(refs, times, size, n):
    """Counts with edges added up one by one, as the text of `pairs` says."""
    counts = np.zeros(n)
    for t in refs:
        edges = np.add.accumulate(np.r_[t - n / 2 * size, np.full(n, size)])
        place = np.searchsorted(edges, times, side="right") - 1
        counts += np.bincount(place[(place >= 0) & (place < n)], minlength=n)
    return counts


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.02, 0.03, 0.1, 0.025]))
def test_counts_are_those_of_the_edges_around_each_spike(seed, size):
    group = a_group(seed)
    table = compute_crosscorrelogram(group, size, 0.2, norm=False)
    n = len(table)
    for i, j in table.columns:
        if len(group[i]):
            expected = brute(group[i].t, group[j].t, size, n) / (len(group[i]) * size)
            np.testing.assert_allclose(table[i, j], expected, rtol=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_a_group_with_itself_holds_auto_and_cross(seed):
    group = a_group(seed)
    both = compute_crosscorrelogram((group, group), 0.03, 0.3)
    pairs_of_one = compute_crosscorrelogram(group, 0.03, 0.3)
    swapped = compute_crosscorrelogram(group, 0.03, 0.3, reverse=True)
    auto = compute_autocorrelogram(group, 0.03, 0.3)
    for i, j in pairs_of_one.columns:
        np.testing.assert_array_equal(pairs_of_one[i, j], both[i, j])
        np.testing.assert_array_equal(swapped[j, i], both[j, i])
    middle = len(auto) // 2
    for k in group:
        expected = both[k, k].to_numpy().copy()
        expected[middle] = 0
        np.testing.assert_allclose(auto[k], expected, rtol=1e-12)


def test_all_lag_axes_are_identical():
    group = a_group(0)
    axes = [
        compute_autocorrelogram(group, 0.01, 0.25).index,
        compute_crosscorrelogram(group, 10, 250, time_units="ms").index,
        compute_eventcorrelogram(group, Ts([1.0, 2.0]), 0.01, 0.25).index,
    ]
    for axis in axes:
        np.testing.assert_array_equal(axis, axes[0])
        assert axis[len(axis) // 2] == 0


def test_blocks_and_chunks_do_not_show(monkeypatch):
    group = a_group(3, n=7, n_max=200)
    events = Ts(np.linspace(0.5, 4.5, 9))

    def tables():
        return [
            compute_autocorrelogram(group, 0.02, 0.5),
            compute_crosscorrelogram(group, 0.02, 0.5),
            compute_crosscorrelogram(group, 0.02, 0.5, reverse=True),
            compute_crosscorrelogram((group, group), 0.02, 0.5),
            compute_eventcorrelogram(group, events, 0.02, 0.5),
        ]

    whole = tables()
    monkeypatch.setattr(pair_tables, "BLOCK", 50)
    monkeypatch.setattr(pair_tables, "STRETCH", 64)
    for a, b in zip(whole, tables(), strict=True):
        np.testing.assert_array_equal(a, b)
    monkeypatch.setattr(pair_tables, "CELLS", 110)
    monkeypatch.setattr(pairs, "BLOCK", 100)
    monkeypatch.setattr(pairs, "NEAR_ROWS", 16)
    for a, b in zip(whole, tables(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_event_correlograms_over_several_epochs():
    group = a_group(5)
    epochs = IntervalSet([0, 3], [2, 5])
    events = Tsd([1.0, 2.5, 4.0], [0, 0, 0])
    table = compute_eventcorrelogram(group, events, 0.1, 1.0, epochs)
    inside = compute_eventcorrelogram(group.restrict(epochs), events.restrict(epochs), 0.1, 1.0, epochs)
    np.testing.assert_array_equal(table, inside)


def test_silent_units_and_no_pairs():
    group = TsGroup({0: Ts([1.0, 2.0]), 1: Ts([])}, time_support=SUPPORT)
    table = compute_crosscorrelogram(group, 0.1, 1.0, norm=False)
    assert not table[0, 1].any()
    assert np.isnan(compute_crosscorrelogram(group, 0.1, 1.0, norm=False, reverse=True)[1, 0]).all()
    assert compute_crosscorrelogram(group[[0]], 0.1, 1.0).shape == (19, 0)


@pytest.mark.parametrize(
    ("args", "error", "match"),
    [
        ((3, 0.1, 1.0), TypeError, "Parameter group must be of type TsGroup"),
        ((a_group(0), "x", 1.0), TypeError, "binsize"),
        ((a_group(0), 0.1, None), TypeError, "windowsize"),
        ((a_group(0), 0.0, 1.0), ValueError, "binsize must be a finite number > 0"),
        ((a_group(0), 0.1, -1.0), ValueError, "windowsize must be"),
        ((a_group(0), 0.1, 1.0, 3), TypeError, "ep argument should be"),
        ((a_group(0), 0.1, 1.0, None, 3), TypeError, "norm must be"),
        ((a_group(0), 0.1, 1.0, None, True, 3), TypeError, "time_units must be"),
        ((a_group(0), 0.1, 1.0, None, True, "h"), ValueError, "unrecognized time units"),
    ],
)
def test_wrong_calls_are_refused(args, error, match):
    for function in (compute_autocorrelogram, compute_crosscorrelogram):
        with pytest.raises(error, match=match):
            function(*args)
    with pytest.raises(error, match=match):
        compute_eventcorrelogram(args[0], Ts([1.0, 2.0]), *args[1:])


def test_wrong_groups_and_events_are_refused():
    group = a_group(0)
    for wrong in ((group,), [group, 3], (group, group, group)):
        with pytest.raises(TypeError, match="tuple/list of"):
            compute_crosscorrelogram(wrong, 0.1, 1.0)
    with pytest.raises(TypeError, match="reverse must be"):
        compute_crosscorrelogram(group, 0.1, 1.0, reverse=1)
    with pytest.raises(TypeError, match="event must be of type Ts or Tsd"):
        compute_eventcorrelogram(group, [1.0], 0.1, 1.0)
