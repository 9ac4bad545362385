"""Tuning curves give pynapple's numbers, but for what divergences say."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import ROUNDING
from rheobase import analysis
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup

nap = pytest.importorskip("pynapple")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

SEEDS = range(8)


def same(ours, theirs):
    assert ours.dims == theirs.dims
    np.testing.assert_allclose(ours.values, theirs.values, rtol=ROUNDING, atol=1e-14)
    for name in theirs.coords:
        np.testing.assert_array_equal(ours.coords[name].values, theirs.coords[name].values)
        assert ours.coords[name].dtype == theirs.coords[name].dtype
    assert set(ours.attrs) == set(theirs.attrs)
    for name in ("occupancy", "fs", "rates"):
        if name in theirs.attrs:
            np.testing.assert_allclose(ours.attrs[name], theirs.attrs[name], rtol=ROUNDING)
    for a, b in zip(ours.attrs.get("bin_edges", ()), theirs.attrs.get("bin_edges", ())):
        np.testing.assert_array_equal(a, b)


def both(seed):
    """Units, signals, features and epochs in both libraries; features on a grid, so that ties with edges happen."""
    rng = np.random.default_rng(seed)
    t = np.arange(0, 60, 0.05)
    x = np.round(np.cumsum(rng.normal(size=(t.size, 3)), axis=0), 1)
    signal = rng.normal(size=(t.size, 2))
    ts = np.sort(rng.uniform(0, 60, t.size)) if seed % 2 else t
    spikes = {k: np.sort(np.round(rng.uniform(0, 60, 300), 2)) for k in (3, 1, 7)}
    points = np.sort(rng.choice(np.arange(0, 60, 0.25), 6, replace=False))
    out = []
    for interval, one, tsd, frame, group in (
        (IntervalSet, Ts, Tsd, TsdFrame, TsGroup),
        (nap.IntervalSet, nap.Ts, nap.Tsd, nap.TsdFrame, nap.TsGroup),
    ):
        out.append(
            {
                "group": group({k: one(v) for k, v in spikes.items()}, time_support=interval(0, 60)),
                "ts": one(spikes[1]),
                "x": tsd(t, x[:, 0]),
                "xy": frame(t, x[:, :2], columns=["x", "y"]),
                "xyz": frame(t, x),
                "tsd": tsd(ts, signal[:, 0]),
                "frame": frame(ts, signal, columns=["a", "b"]),
                "ep": interval(points[::2], points[1::2]),
                "eps": {"p": interval(0, 20), "q": interval([25, 40], [30, 50.5])},
            }
        )
    return out


CALLS = [
    "compute_tuning_curves(group, x)",
    "compute_tuning_curves(group, x, 7, epochs=ep)",
    "compute_tuning_curves(ts, x, [5])",
    "compute_tuning_curves(group, x, bins=5, range=(-2.0, 2.0))",
    "compute_tuning_curves(group, x, bins=5, range=[(-2, 2)], epochs=ep)",
    "compute_tuning_curves(group, x, bins=np.linspace(-3, 3, 7))",
    "compute_tuning_curves(group, x, bins=[np.array([-3, -1, 0.5, 4])])",
    "compute_tuning_curves(group, xy, bins=4)",
    "compute_tuning_curves(group, xy, bins=[4, 6], epochs=ep)",
    "compute_tuning_curves(group, xyz, bins=3)",
    "compute_tuning_curves(group, xy, bins=(3, 4), range=[(-1, 1), (-2, 5)])",
    "compute_tuning_curves(group, x, fs=3.0)",
    "compute_tuning_curves(group, xy, bins=[np.arange(-3, 3), np.arange(-2, 2, 0.5)])",
    "compute_tuning_curves(group, x, return_counts=True)",
    "compute_tuning_curves(group, xy, feature_names=['u', 'v'])",
    "compute_tuning_curves(tsd, x, 6)",
    "compute_tuning_curves(frame, x, 6, epochs=ep)",
    "compute_tuning_curves(frame, xy, 5)",
    "compute_tuning_curves(frame, xyz, 3, range=[(-1, 1)] * 3)",
    "compute_response_per_epoch(group, eps)",
    "compute_response_per_epoch(ts, eps)",
    "compute_response_per_epoch(frame, eps)",
    "compute_response_per_epoch(tsd, eps)",
]

FRAMES = [
    "compute_tuning_curves(group, x, 6, return_pandas=True)",
    "compute_1d_tuning_curves(group, x, 15)",
    "compute_1d_tuning_curves(group, x, 5, ep, (-2, 2))",
    "compute_1d_tuning_curves(group, x, nb_bins=5, minmax=[-1, 3])",
    "compute_1d_tuning_curves_continuous(tsd, x, 15)",
    "compute_1d_tuning_curves_continuous(frame, x, 5, ep, (-2, 2))",
    "compute_1d_tuning_curves(group, xyz[:, 1:2], 5)",
    "compute_discrete_tuning_curves(group, eps)",
    "compute_response_per_epoch(group, eps, return_pandas=True)",
]

DICTIONARIES = [
    "compute_2d_tuning_curves(group, xy, 4)",
    "compute_2d_tuning_curves(group, xy, (3, 5), ep, (-1, 1, -2, 2))",
    "compute_2d_tuning_curves_continuous(frame, xy, 4)",
    "compute_2d_tuning_curves_continuous(tsd, xy, 4, ep)",
]


def run(call, seed):
    ours, theirs = both(seed)
    return eval(f"analysis.{call}", {"analysis": analysis, "np": np, **ours}), eval(
        f"nap.{call}", {"nap": nap, "np": np, **theirs}
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("call", CALLS)
def test_arrays(call, seed):
    same(*run(call, seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("call", FRAMES)
def test_frames(call, seed):
    pandas = pytest.importorskip("pandas")
    ours, theirs = run(call, seed)
    pandas.testing.assert_frame_equal(ours, theirs, rtol=ROUNDING, atol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("call", DICTIONARIES)
def test_dictionaries(call, seed):
    (ours, centres), (theirs, expected) = run(call, seed)
    assert list(ours) == list(theirs)
    for key in theirs:
        np.testing.assert_allclose(ours[key], theirs[key], rtol=ROUNDING, atol=1e-14)
    np.testing.assert_array_equal(np.concatenate(centres), np.concatenate(expected))
