"""Trials side by side and warped give pynapple's numbers."""

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
    rng = np.random.default_rng(seed)
    grid = rng.choice([0.001, 0.01, 0.1])
    points = np.sort(rng.choice(np.arange(0, 501, 10), 8, replace=False)) * grid
    if seed % 4 == 0:
        points = np.sort(rng.uniform(0, 500 * grid, 8))
    return rng, grid, IntervalSet(points[::2], points[1::2]), nap.IntervalSet(points[::2], points[1::2])


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_events_in_trials(seed, n_bins):
    rng, grid, trials, ntrials = drawn(seed)
    units = {
        int(k): np.sort(rng.integers(0, 500, rng.integers(2, 200))) * grid for k in rng.choice(9, 3, replace=False)
    }
    if seed % 3 == 0:
        units = {k: np.sort(rng.uniform(0, 500 * grid, t.size)) for k, t in units.items()}
    group = TsGroup({k: Ts(t) for k, t in units.items()}, time_support=IntervalSet(0, 500 * grid))
    theirs = nap.TsGroup({k: nap.Ts(t) for k, t in units.items()}, time_support=nap.IntervalSet(0, 500 * grid))
    key = next(iter(units))
    for data, ndata in ((group, theirs), (group[key], theirs[key])):
        np.testing.assert_array_equal(ours.warp_tensor(data, trials, n_bins), nap.warp_tensor(ndata, ntrials, n_bins))
        for align in ("start", "end"):
            size = float(grid * rng.choice([1, 3, 7]))
            if np.min(trials.end - trials.start) < size:
                continue  # pynapple cannot put a trial without bins at the end
            args = (size, align, 0)
            np.testing.assert_array_equal(
                ours.build_tensor(data, trials, *args), nap.build_tensor(ndata, ntrials, *args)
            )


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([1, 2, 3]), st.sampled_from(["f8", "i8"]))
def test_signals_in_trials(seed, n_bins, ndim, dtype):
    rng, grid, trials, ntrials = drawn(seed)
    values = (rng.normal(size=(500, 2, 3)[:ndim]) * 9).astype(dtype)
    t = np.arange(500) * grid
    if seed % 5 == 0:
        kept = np.sort(rng.choice(500, 60, replace=False))
        t, values = t[kept], values[kept]
    mine, other = CLASSES[ndim]
    data, theirs = mine(t, values), other(t, values)
    # means of a few samples, summed in another order
    np.testing.assert_allclose(
        ours.warp_tensor(data, trials, n_bins), nap.warp_tensor(theirs, ntrials, n_bins), rtol=1e-10, atol=1e-12
    )
    for align in ("start", "end"):
        args = {"align": align, "padding_value": -1.0}
        np.testing.assert_array_equal(
            ours.build_tensor(data, trials, **args), nap.build_tensor(theirs, ntrials, **args)
        )
