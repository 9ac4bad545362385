"""Correlograms and ISI distributions give pynapple's numbers, but for what divergences say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rheobase.analysis as ours
from rheobase.containers import IntervalSet, Ts, TsdFrame, TsGroup

nap = pytest.importorskip("pynapple")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]


def same(result, expected):
    assert result.shape == expected.shape
    assert list(result.columns) == list(expected.columns)
    np.testing.assert_allclose(result.to_numpy(), expected.to_numpy(), rtol=1e-12)
    np.testing.assert_allclose(result.index, expected.index, atol=1e-6)  # theirs are rounded, or not


def drawn(seed, smallest=0):
    """A group on a grid (ties on edges) or off it, in both libraries; bins, window and epochs."""
    rng = np.random.default_rng(seed)
    grid, late = rng.choice([0.001, 0.01, 1 / 30, 0.0005]), rng.choice([0, 123.456])
    units = {int(k): rng.integers(0, 2000, rng.integers(smallest, 120)) for k in rng.choice(20, 4, replace=False)}
    if seed % 2:
        units = {k: t + rng.uniform(0, 1, t.size) for k, t in units.items()}
    units = {k: np.sort(t) * grid + late for k, t in units.items()}
    bounds = late, late + 2001 * grid
    group = TsGroup({k: Ts(t) for k, t in units.items()}, time_support=IntervalSet(*bounds))
    theirs = nap.TsGroup({k: nap.Ts(t) for k, t in units.items()}, time_support=nap.IntervalSet(*bounds))
    size = grid * rng.choice([1, 2, 3, 10, 2.5])
    epochs = np.sort(rng.choice(2000, 4, replace=False)) * grid + late
    epochs = (epochs[::2], epochs[1::2])
    return (
        rng,
        group,
        theirs,
        size,
        size * rng.integers(0, 12),
        IntervalSet(*epochs),
        nap.IntervalSet(*epochs),
        grid,
        late,
    )


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_correlograms(seed, norm):
    rng, group, theirs, size, window, ep, nep, grid, late = drawn(seed)
    events = np.sort(rng.integers(0, 2000, 30)) * grid + late
    for here, there in (({}, {}), ({"ep": ep}, {"ep": nep})):
        args = (size, window)
        same(
            ours.compute_autocorrelogram(group, *args, norm=norm, **here),
            nap.compute_autocorrelogram(theirs, *args, norm=norm, **there),
        )
        for reverse in (False, True):
            same(
                ours.compute_crosscorrelogram(group, *args, norm=norm, reverse=reverse, **here),
                nap.compute_crosscorrelogram(theirs, *args, norm=norm, reverse=reverse, **there),
            )
        same(
            ours.compute_crosscorrelogram((group, group), *args, norm=norm, **here),
            nap.compute_crosscorrelogram((theirs, theirs), *args, norm=norm, **there),
        )
        same(
            ours.compute_eventcorrelogram(group, Ts(events), *args, norm=norm, **here),
            nap.compute_eventcorrelogram(theirs, nap.Ts(events), *args, norm=norm, **there),
        )


@given(st.integers(0, 2**32 - 1))
def test_other_units_of_time(seed):
    _, group, theirs, size, window, *_ = drawn(seed)
    for unit, factor in (("ms", 1e3), ("us", 1e6)):
        same(
            ours.compute_crosscorrelogram(group, size * factor, window * factor, time_units=unit),
            nap.compute_crosscorrelogram(theirs, float(size * factor), float(window * factor), time_units=unit),
        )


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.booleans())
def test_interspike_intervals(seed, bins, log_scale):
    _, group, theirs, _, _, _, _, grid, _ = drawn(seed | 1, smallest=3)
    same(ours.compute_isi_distribution(group, bins, log_scale), nap.compute_isi_distribution(theirs, bins, log_scale))
    edges = np.array([0, 1, 3, 10, 11]) * grid
    same(ours.compute_isi_distribution(group, edges), nap.compute_isi_distribution(theirs, edges))
    key = group.keys()[0]
    same(ours.compute_isi_distribution(group[key], bins), nap.compute_isi_distribution(theirs[key], bins))
    frame, nframe = (
        TsdFrame(group[key].t, np.zeros((len(group[key]), 2))),
        nap.TsdFrame(group[key].t, np.zeros((len(group[key]), 2))),
    )
    same(ours.compute_isi_distribution(frame, bins), nap.compute_isi_distribution(nframe, bins))


@given(st.integers(0, 2**32 - 1))
def test_interspike_intervals_within_epochs(seed):
    _, group, theirs, _, _, ep, nep, grid, _ = drawn(seed | 1, smallest=40)
    if not all(
        (np.array([len(unit.restrict(ep[i : i + 1])) for i in range(len(ep))]) > 1).all() for unit in group.values()
    ):
        return  # pynapple may fail
    edges = np.array([0, 1, 3, 10, 11, 100]) * grid
    same(
        ours.compute_isi_distribution(group, edges, epochs=ep), nap.compute_isi_distribution(theirs, edges, epochs=nep)
    )


def test_lag_axes_are_identical_here_and_not_there():
    spikes, bounds = np.arange(30.0), (0, 30)
    theirs = nap.TsGroup({0: nap.Ts(spikes), 1: nap.Ts(spikes)}, time_support=nap.IntervalSet(*bounds))
    group = TsGroup({0: Ts(spikes), 1: Ts(spikes)}, time_support=IntervalSet(*bounds))
    args = (0.003, 0.1)
    assert not (
        nap.compute_autocorrelogram(theirs, *args).index == nap.compute_crosscorrelogram(theirs, *args).index
    ).all()
    assert (ours.compute_autocorrelogram(group, *args).index == ours.compute_crosscorrelogram(group, *args).index).all()


def test_silent_units_have_no_intervals():
    group = TsGroup({0: Ts([]), 1: Ts([0.0, 1.0, 3.0])}, time_support=IntervalSet(0, 9))
    theirs = nap.TsGroup({0: nap.Ts([]), 1: nap.Ts([0.0, 1.0, 3.0])}, time_support=nap.IntervalSet(0, 9))
    with pytest.raises(IndexError):
        nap.compute_isi_distribution(theirs, 2)
    assert ours.compute_isi_distribution(group, 2).sum().tolist() == [0, 2]
