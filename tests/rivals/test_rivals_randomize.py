"""Surrogates do what pynapple's do: exactly where nothing is random, in distribution where something is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase import analysis
from rheobase.containers import IntervalSet, Ts, TsGroup

nap = pytest.importorskip("pynapple")
stats = pytest.importorskip("scipy.stats")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]


def both(seed, n=60):
    """A group and a unit of it in both libraries, some units empty or with a lone event."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, n, 4)
    sizes[0] = n
    spikes = {int(k): np.sort(np.round(rng.uniform(0, 40, size), 2)) for k, size in zip((2, 3, 5, 8), sizes)}
    points = np.concatenate(([0.0], np.sort(rng.choice(np.arange(1, 39, 0.25), 2, replace=False)), [40.0]))
    out = []
    for interval, one, group in ((IntervalSet, Ts, TsGroup), (nap.IntervalSet, nap.Ts, nap.TsGroup)):
        support = interval(points[::2], points[1::2]) if seed % 2 else interval(0, 40)
        units = {k: one(v, time_support=support) for k, v in spikes.items()}
        out.append((units[2], group(units, time_support=support)))
    return out


def same(ours, theirs):
    np.testing.assert_allclose(ours.time_support.values, theirs.time_support.values)
    if hasattr(theirs, "keys"):
        assert list(ours.keys()) == list(theirs.keys())
        np.testing.assert_allclose(ours["rate"].values, theirs["rate"].values)
    pairs = [(ours[k], theirs[k]) for k in theirs] if hasattr(theirs, "keys") else [(ours, theirs)]
    for a, b in pairs:
        np.testing.assert_allclose(a.t, b.t, rtol=0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.25, 7.5, -3.0, 55.0]), st.sampled_from(["drop", "wrap"]))
def test_a_known_shift(seed, shift, mode):
    for ours, theirs in zip(*both(seed)):
        same(
            analysis.shift_timestamps(ours, shift, shift, mode=mode),
            nap.shift_timestamps(theirs, shift, shift, mode=mode),
        )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_no_jitter(seed, keep):
    for ours, theirs in zip(*both(seed)):
        same(analysis.jitter_timestamps(ours, 0.0, keep), nap.jitter_timestamps(theirs, 0.0, keep))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_equal_intervals_cannot_be_shuffled(seed):
    rng = np.random.default_rng(seed)
    spikes = {int(k): rng.integers(0, 30) + np.arange(rng.integers(1, 9)) * 0.5 for k in range(4)}
    spikes[9] = np.arange(5.0)
    ours = TsGroup({k: Ts(v, time_support=IntervalSet(0, 60)) for k, v in spikes.items()}, IntervalSet(0, 60))
    theirs = nap.TsGroup(
        {k: nap.Ts(v, time_support=nap.IntervalSet(0, 60)) for k, v in spikes.items()}, nap.IntervalSet(0, 60)
    )
    same(analysis.shuffle_ts_intervals(ours), nap.shuffle_ts_intervals(theirs))
    same(analysis.shuffle_ts_intervals(ours[9]), nap.shuffle_ts_intervals(theirs[9]))


CALLS = [
    ("shift_timestamps", {}),
    ("shift_timestamps", {"mode": "wrap"}),
    ("shift_timestamps", {"min_shift": 3.0, "max_shift": 9.0, "mode": "wrap"}),
    ("shuffle_ts_intervals", {}),
    ("jitter_timestamps", {"max_jitter": 2.0}),
    ("jitter_timestamps", {"max_jitter": 2.0, "keep_tsupport": True}),
    ("resample_timestamps", {}),
]


@pytest.mark.parametrize(("name", "options"), CALLS)
@pytest.mark.parametrize("one", [True, False])
def test_the_same_distribution(name, options, one):
    """Uneven events, many surrogates: pooled times cannot be told apart."""
    np.random.seed(0)  # noqa: NPY002 - theirs reads it
    rng = np.random.default_rng(0)
    t = np.sort(20 * rng.beta(0.5, 2.0, 40) + 20 * rng.beta(2.0, 2.0, 40))
    t[[0, -1]] = 0.0, 40.0
    ours = [Ts(t), TsGroup({0: Ts(t), 1: Ts(t)})]
    theirs = [nap.Ts(t), nap.TsGroup({0: nap.Ts(t), 1: nap.Ts(t)})]

    def pooled(function, data, **more):
        results = [function(data, **options, **more) for _ in range(150)]
        # one time of each surrogate, as times of one surrogate depend on each other
        units = [r[k].t for r in results for k in r] if not one else [r.t for r in results]
        return np.array([u[len(u) // 3] for u in units if len(u)]), [len(u) for u in units]

    generator = np.random.default_rng(5)
    a, sizes = pooled(getattr(analysis, name), ours[not one], rng=generator)
    b, expected = pooled(getattr(nap, name), theirs[not one])
    assert stats.ks_2samp(a, b).pvalue > 1e-3
    assert stats.ks_2samp(sizes, expected).pvalue > 1e-3


# ---- differences on purpose ------------------------------------------------------------------------------------------


def test_resampling_covers_all_epochs():
    """pynapple: a group goes into its first epoch, and what a Ts has drawn between epochs is lost."""
    t = np.linspace(0, 30, 400)
    group = TsGroup({0: Ts(t)}, IntervalSet([0, 20], [10, 30]))
    theirs = nap.TsGroup({0: nap.Ts(t)}, nap.IntervalSet([0, 20], [10, 30]))
    assert nap.resample_timestamps(theirs)[0].t.max() <= 10
    assert analysis.resample_timestamps(group)[0].t.max() > 20
    assert len(nap.resample_timestamps(theirs[0])) < len(theirs[0])
    assert len(analysis.resample_timestamps(group[0])) == len(group[0])


def test_metadata_stays():
    """pynapple drops it."""
    spikes = {0: [1.0, 2.0], 1: [3.0, 4.0]}
    ours = TsGroup({k: Ts(v) for k, v in spikes.items()}, metadata={"area": ["a", "b"]})
    theirs = nap.TsGroup({k: nap.Ts(np.array(v)) for k, v in spikes.items()}, metadata={"area": ["a", "b"]})
    assert "area" not in nap.shift_timestamps(theirs).metadata_columns
    assert "area" in analysis.shift_timestamps(ours).metadata_columns


def test_nothing_to_shuffle():
    """pynapple: IndexError."""
    with pytest.raises(IndexError):
        nap.shuffle_ts_intervals(nap.Ts(np.array([]), time_support=nap.IntervalSet(0, 1)))
    assert len(analysis.shuffle_ts_intervals(Ts([], time_support=IntervalSet(0, 1)))) == 0


def test_the_global_random_state_is_not_read():
    """pynapple takes its numbers from `numpy.random.seed`."""
    ts = Ts(np.arange(100.0))
    np.random.seed(1)  # noqa: NPY002 - theirs reads it
    first = analysis.shuffle_ts_intervals(Ts(np.arange(100.0) ** 2)).t
    np.random.seed(1)  # noqa: NPY002 - theirs reads it
    assert (analysis.shuffle_ts_intervals(Ts(np.arange(100.0) ** 2)).t != first).any()
    np.testing.assert_array_equal(
        analysis.jitter_timestamps(ts, 1, seed=1).t, analysis.jitter_timestamps(ts, 1, rng=1).t
    )
