"""TsGroup gives pynapple's numbers, but for what divergences say."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import ROUNDING
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup

nap = pytest.importorskip("pynapple")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

SEEDS = range(12)


def same_series(ours, theirs):
    assert type(ours).__name__ == type(theirs).__name__
    np.testing.assert_array_equal(ours.t, theirs.t)
    np.testing.assert_allclose(ours.time_support.values, theirs.time_support.values, rtol=0, atol=1e-12)
    if hasattr(theirs, "values"):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours.values, theirs.values, rtol=ROUNDING)


def same(ours, theirs):
    """Same keys, units, support, rates and metadata."""
    assert ours.keys() == theirs.keys()
    np.testing.assert_allclose(ours.time_support.values, theirs.time_support.values, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.rates, theirs.rates, rtol=1e-12)
    assert sorted(ours.metadata_columns) == sorted(theirs.metadata_columns)
    for name in theirs.metadata_columns:
        assert list(ours.get_info(name)) == pytest.approx(list(theirs.get_info(name)))
    for key in theirs:
        same_series(ours[key], theirs[key])


def both(rng, n=5, support=True):
    """The same group and epochs in both libraries."""
    units = {}
    for key in rng.permutation(20)[:n]:
        units[int(key)] = np.unique(np.round(rng.uniform(0, 20, rng.integers(2, 200)), rng.integers(1, 4)))
    info = {"area": list("xyxyz")[:n], "depth": rng.integers(0, 100, n)}
    bounds = (np.array([0.0, 12.0]), np.array([11.0, 20.0]))
    made = []
    for ts, group, interval in ((Ts, TsGroup, IntervalSet), (nap.Ts, nap.TsGroup, nap.IntervalSet)):
        kwargs = {"time_support": interval(*bounds)} if support else {}
        made.append(group({k: ts(t) for k, t in units.items()}, metadata=info, **kwargs))
    points = np.sort(rng.choice(np.arange(0, 20, 0.25), 6, replace=False))
    return (*made, IntervalSet(points[::2], points[1::2]), nap.IntervalSet(points[::2], points[1::2]))


@pytest.mark.parametrize("seed", SEEDS)
def test_construction_and_selection(seed):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng, support=bool(seed % 2))
    same(ours, theirs)
    same(ours.restrict(ep), theirs.restrict(nep))
    keys = ours.keys()
    same(ours[[keys[2], keys[0]]], theirs[[keys[2], keys[0]]])
    same(ours[np.array(keys[1:])], theirs[np.array(keys[1:])])
    same(ours[ours.depth > 50], theirs[theirs.depth > 50]) if (ours.depth > 50).any() else None
    same(ours[ours.area == "x"], theirs[theirs.area == "x"])
    a, b = np.sort(rng.uniform(0, 20, 2))
    same(ours.get(a, b), theirs.get(a, b))
    for threshold, op in ((2.0, ">"), (2.0, "<"), (3.0, ">="), (3.0, "<=")):
        if (np.array([eval(f"{r} {op} {threshold}") for r in ours.rates])).any():
            same(ours.getby_threshold("rate", threshold, op), theirs.getby_threshold("rate", threshold, op))
    groups, ngroups = ours.getby_category("area"), theirs.getby_category("area")
    assert list(groups) == list(ngroups)
    for value in groups:
        same(groups[value], ngroups[value])
    parts, centres = ours.getby_intervals("depth", [0, 30, 60, 100])
    nparts, ncentres = theirs.getby_intervals("depth", [0, 30, 60, 100])
    np.testing.assert_allclose(centres, ncentres)
    for part, npart in zip(parts, nparts):
        same(part, npart)


@pytest.mark.parametrize("seed", SEEDS)
def test_counts(seed):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng)
    for args in ((), (0.1,), (0.25,), (1 / 30,), (1 / 1024,), (3.0,), (7,), (float(rng.uniform(0.01, 2)),)):
        for epochs, nepochs in ((ep, nep), (None, None)):
            counts = ours.count(*args, ep=epochs)
            expected = theirs.count(*args, ep=nepochs)
            same_series(counts, expected)
            assert list(counts.columns) == list(expected.columns)
            assert counts.metadata_columns == expected.metadata_columns
    same_series(ours.count(100, time_units="ms", dtype="uint8"), theirs.count(100, time_units="ms", dtype="uint8"))
    for kwargs in ({}, {"align": "end", "padding_value": 0}):
        np.testing.assert_array_equal(
            ours.trial_count(ep, 0.3, **kwargs), theirs.trial_count(nep, 0.3, **kwargs), strict=True
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_values_and_differences(seed):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng)
    t, d = np.arange(0, 20, 0.1), rng.normal(size=(200, 2))
    for mode in ("closest", "before", "after"):
        same(ours.value_from(Tsd(t, d[:, 0]), ep, mode), theirs.value_from(nap.Tsd(t, d[:, 0]), nep, mode))
        same(ours.value_from(Tsd(t, d[:, 0]), mode=mode), theirs.value_from(nap.Tsd(t, d[:, 0]), mode=mode))
        same(ours.value_from(TsdFrame(t, d), ep, mode), theirs.value_from(nap.TsdFrame(t, d), nep, mode))
    for align in ("start", "center", "end"):
        result, expected = ours.time_diff(align, ep), theirs.time_diff(align, nep)
        assert list(result) == list(expected)
        for key in result:
            same_series(result[key], expected[key])


@pytest.mark.parametrize("seed", SEEDS)
def test_one_signal_from_all(seed):
    rng = np.random.default_rng(seed)
    ours, theirs, _, _ = both(rng)
    values = rng.normal(size=len(ours))
    calls = [((), ()), ((values,), (values,)), ((list(values),), (list(values),)), (("rate",), ("rate",))]
    for args, nargs in [*calls, ((ours.depth,), (theirs.depth,)), (("depth",), ("depth",))]:
        result, expected = ours.to_tsd(*args), theirs.to_tsd(*nargs)
        np.testing.assert_array_equal(result.t, expected.t)
        assert result.dtype == expected.dtype
        order = [np.lexsort((x.values, x.t)) for x in (result, expected)]  # pynapple leaves ties in no order
        np.testing.assert_array_equal(result.values[order[0]], expected.values[order[1]])


@pytest.mark.parametrize("seed", SEEDS)
def test_subsample_draws_the_same(seed):
    rng = np.random.default_rng(seed)
    ours, theirs, _, _ = both(rng)
    for fraction in (0.0, 0.1, 0.5, 0.999, 1.0):
        same(ours.subsample(fraction, seed), theirs.subsample(fraction, seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_merging(seed):
    rng = np.random.default_rng(seed)
    ours, theirs, _, _ = both(rng)
    keys = ours.keys()
    same(ours[keys[1:3]].merge(ours[[keys[0]]]), theirs[keys[1:3]].merge(theirs[[keys[0]]]))
    same(ours.merge(ours, reset_index=True), theirs.merge(theirs, reset_index=True))
    other, nother, _, _ = both(rng, support=False)
    flags = {"reset_index": True, "reset_time_support": True, "ignore_metadata": True}
    same(TsGroup.merge_group(ours, other, **flags), nap.TsGroup.merge_group(theirs, nother, **flags))
