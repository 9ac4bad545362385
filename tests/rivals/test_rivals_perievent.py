"""Perievent alignment and triggered averages give pynapple's numbers, but for what divergences say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rheobase.analysis as ours
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup

nap = pytest.importorskip("pynapple")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

CLASSES = {1: (Tsd, nap.Tsd), 2: (TsdFrame, nap.TsdFrame), 3: (TsdTensor, nap.TsdTensor)}


def drawn(seed):
    """Times on a grid (ties on edges) or off it, epochs with gaps, in both libraries."""
    rng = np.random.default_rng(seed)
    grid = rng.choice([0.1, 0.05, 1.0])
    points = np.sort(rng.choice(np.arange(0, 400), 4, replace=False)) * grid
    epochs = (points[::2], points[1::2]) if seed % 2 else (np.zeros(1), np.array([400 * grid]))
    events = np.sort(np.r_[rng.uniform(0, 400 * grid, 8), rng.choice(400, 5) * grid])
    return rng, grid, IntervalSet(*epochs), nap.IntervalSet(*epochs), events


@given(st.integers(0, 2**32 - 1))
def test_spikes_around_events(seed):
    rng, grid, ep, nep, events = drawn(seed)
    support = (0, 400 * grid)
    units = {int(k): np.sort(rng.integers(0, 400, rng.integers(0, 80))) * grid for k in rng.choice(9, 3, replace=False)}
    group = TsGroup({k: Ts(t) for k, t in units.items()}, time_support=IntervalSet(*support))
    theirs = nap.TsGroup({k: nap.Ts(t) for k, t in units.items()}, time_support=nap.IntervalSet(*support))
    window = tuple(grid * rng.choice([1, 2, 2.5, 7], 2))
    for epochs, nepochs in ((ep, nep), (None, None)):
        result = ours.compute_perievent(group, Ts(events), window, epochs=epochs)
        expected = nap.compute_perievent(theirs, nap.Ts(events), window, epochs=nepochs)
        assert list(result) == list(expected)
        for key in expected:
            assert result[key].keys() == list(expected[key].keys())
            assert result[key].metadata_columns == expected[key].metadata_columns
            np.testing.assert_array_equal(result[key]["events"], expected[key]["events"])
            np.testing.assert_allclose(result[key].rates, expected[key].rates, rtol=1e-12)
            for event in expected[key]:
                np.testing.assert_array_equal(result[key][event].t, expected[key][event].t)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3]), st.sampled_from(["f8", "f4", "i8"]))
def test_signals_around_events(seed, ndim, dtype):
    rng, grid, ep, nep, events = drawn(seed)
    values = (rng.normal(size=(400, 2, 2)[:ndim]) * 9).astype(dtype)
    mine, other = CLASSES[ndim]
    # windows half a sample wider than their last lag: where that is on the edge, rounding may cost pynapple a lag
    window = tuple((rng.integers(0, 6, 2) + 0.5) * grid)
    inside = events[Ts(events).in_interval(ep).values & (events <= 399 * grid)]
    if not inside.size:
        return
    data, theirs = mine(np.arange(400) * grid, values), other(np.arange(400) * grid, values)
    cut, ncut = data.restrict(ep), theirs.restrict(nep)
    for signal, nsignal in ((data, theirs), (cut, ncut)):
        result = ours.compute_perievent(signal, Ts(inside), window, epochs=ep)
        expected = nap.compute_perievent(nsignal, nap.Ts(inside), window, epochs=nep)
        assert type(result).__name__ == type(expected).__name__
        np.testing.assert_allclose(result.t, expected.t, atol=1e-9)
        np.testing.assert_array_equal(result.values, expected.values)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3]))
def test_triggered_averages(seed, ndim):
    rng, grid, ep, nep, events = drawn(seed)
    size = grid * rng.choice([1, 2, 0.5, 3.3])
    lags = rng.integers(0, 5, 2)
    counts = Ts([0.0, 1e6]).count(size, ep)
    if min((counts.restrict(ep[i : i + 1])).shape[0] for i in range(len(ep))) <= lags[1]:
        return  # a named difference, below
    values = rng.normal(size=(400, 2, 2)[:ndim])
    if seed % 3 == 0:
        values[rng.integers(0, 400, 3)] = np.nan
    mine, other = CLASSES[ndim]
    data, theirs = mine(np.arange(400) * grid, values), other(np.arange(400) * grid, values)
    group = TsGroup({2: Ts(events), 5: Ts(events[::2])}, time_support=IntervalSet(0, 400 * grid))
    ngroup = nap.TsGroup({2: nap.Ts(events), 5: nap.Ts(events[::2])}, time_support=nap.IntervalSet(0, 400 * grid))
    for what, nwhat in ((Ts(events), nap.Ts(events)), (group, ngroup)):
        result = ours.compute_event_triggered_average(data, what, size, tuple(lags * size), epochs=ep)
        expected = nap.compute_event_triggered_average(theirs, nwhat, size, tuple(lags * size), epochs=nep)
        assert type(result).__name__ == type(expected).__name__
        known = np.isin(np.rint(expected.t / size), np.rint(result.t / size))  # theirs may have a lag too many
        assert known.sum() == len(result)
        np.testing.assert_allclose(result.t, expected.t[known], atol=1e-9)
        # sums of values around zero, in another order
        np.testing.assert_allclose(result.values, expected.values[known], rtol=1e-9, atol=1e-12)


def test_lag_axis_of_triggered_averages_is_exact():
    t, events = np.arange(100) / 10, [3.0, 5.0]
    theirs = nap.compute_event_triggered_average(nap.Tsd(t, t), nap.Ts(events), 0.1, 0.2)
    mine = ours.compute_event_triggered_average(Tsd(t, t), Ts(events), 0.1, 0.2)
    assert (len(theirs), len(mine)) == (7, 5)


def test_outermost_lags_of_signals_are_kept():
    t, events = np.arange(100) / 10, [3.0, 5.0]
    theirs = nap.compute_perievent(nap.Tsd(t, t), nap.Ts(events), 0.3)
    mine = ours.compute_perievent(Tsd(t, t), Ts(events), 0.3)
    assert (len(theirs), len(mine)) == (5, 7)


def test_events_of_short_epochs_are_averaged():
    t, events, bounds = np.arange(100) / 10, [0.1, 5.0], ([0, 5], [0.3, 9])
    theirs = nap.compute_event_triggered_average(
        nap.Tsd(t, t), nap.Ts(events), 0.1, (0, 0.5), epochs=nap.IntervalSet(*bounds)
    )
    mine = ours.compute_event_triggered_average(Tsd(t, t), Ts(events), 0.1, (0, 0.5), epochs=IntervalSet(*bounds))
    assert theirs.values[0, 0] == pytest.approx(2.5)  # the event at 0.1 s is counted, its signal is not
    assert mine.values[0, 0] == pytest.approx(2.55)


def test_nothing_of_an_earlier_epoch_leaks():
    """Events before the first sample of their epoch."""
    t = np.r_[np.arange(0, 1, 0.1), np.arange(6, 9, 0.1)]
    recorded, bounds = ([0, 6], [1.05, 9]), ([0, 5], [1.05, 9])
    results = []
    for lib, tsd, ts, interval in ((nap, nap.Tsd, nap.Ts, nap.IntervalSet), (ours, Tsd, Ts, IntervalSet)):
        data, events = tsd(t, t + 1, time_support=interval(*recorded)), ts([5.2, 5.3])
        average = lib.compute_event_triggered_average(data, events, 0.1, (0, 0), epochs=interval(*bounds))
        results.append(average.values[0, 0])
    assert results == [pytest.approx(1.9), 0]
