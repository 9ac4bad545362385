"""Laws that every series and every group obeys."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from rheobase.io import load_file, to_nwb

GRID = st.integers(0, 80).map(lambda i: i / 4)
TIMES = st.lists(GRID, min_size=2, max_size=40).map(lambda values: np.sort(np.array(values)))
WORLD = IntervalSet(0, 20)
KINDS = ("Ts", "Tsd", "TsdFrame", "TsdTensor", "TsGroup")


def epochs(values):
    values = np.sort(np.array(values))[: len(values) // 2 * 2]
    return IntervalSet(values[::2], values[1::2])


EPOCHS = st.lists(GRID, min_size=2, max_size=8, unique=True).map(epochs)


def dealt(values, hands):
    """Epochs without contact, dealt to two sets."""
    whole = epochs(values)
    hands = np.resize(hands, len(whole))
    return whole, whole[hands], whole[~hands]


DISJOINT = st.builds(
    dealt, st.lists(GRID, min_size=2, max_size=12, unique=True), st.lists(st.booleans(), min_size=1, max_size=6)
)
"""A set of epochs, and two sets that share nothing and are that set together."""
laws = settings(max_examples=20, deadline=None)


def make(kind, times):
    if kind == "Ts":
        return Ts(times, time_support=WORLD)
    if kind == "TsGroup":
        return TsGroup(
            {3: Ts(times, "s", WORLD), 1: Ts(times[::2], "s", WORLD), 8: Ts([])},
            time_support=WORLD,
            metadata={"m": [1, 2, 3]},
        )
    shape = {"Tsd": (), "TsdFrame": (2,), "TsdTensor": (2, 2)}[kind]
    values = np.arange(times.size * 2 ** len(shape), dtype=float).reshape(times.size, *shape)
    return {"Tsd": Tsd, "TsdFrame": TsdFrame, "TsdTensor": TsdTensor}[kind](times, values, time_support=WORLD)


def content(obj):
    """Times and values, unit by unit."""
    if isinstance(obj, TsGroup):
        return [(key, *content(unit)) for key, unit in obj.items()]
    return [obj.t.tolist(), obj.values.tolist()] if not isinstance(obj, Ts) else [obj.t.tolist()]


@pytest.mark.parametrize("kind", KINDS)
@given(times=TIMES, ep=EPOCHS)
@laws
def test_restrict_twice_equals_once(kind, times, ep):
    once = make(kind, times).restrict(ep)
    assert content(once.restrict(ep)) == content(once)
    assert once.time_support is ep


@pytest.mark.parametrize("kind", KINDS)
@given(times=TIMES, a=EPOCHS, b=EPOCHS)
@laws
def test_restrict_of_an_intersection_is_both_restrictions(kind, times, a, b):
    series = make(kind, np.unique(times) + 0.1)  # off the grid: contacts of no length are no intersection
    assert content(series.restrict(a).restrict(b)) == content(series.restrict(a.intersect(b)))


@pytest.mark.parametrize("kind", ["Ts", "Tsd", "TsdFrame"])
@given(times=TIMES, ep=EPOCHS)
@laws
def test_restrict_of_a_union_is_the_union_of_restrictions(kind, times, ep):
    series = make(kind, times)
    parts = np.concatenate([series.restrict(epoch).t for epoch in ep])
    np.testing.assert_array_equal(series.restrict(ep).t, parts)


def joined(one, two):
    """The samples of both, in order of time."""
    if isinstance(one, Tsd | TsdFrame | TsdTensor):
        return np.concatenate((one, two))
    support = one.time_support.union(two.time_support)
    if isinstance(one, Ts):
        return Ts(np.sort(np.concatenate((one.t, two.t))), time_support=support)
    return TsGroup({key: joined(one[key], two[key]) for key in one}, time_support=support)


@pytest.mark.filterwarnings("ignore:timestamps are not sorted")
@pytest.mark.parametrize("kind", KINDS)
@given(times=TIMES, sets=DISJOINT)
@laws
def test_restrict_of_a_union_is_the_merge_of_restrictions(kind, times, sets):
    whole, a, b = sets
    series = make(kind, np.unique(times))
    both = series.restrict(a.union(b))
    np.testing.assert_array_equal(both.time_support.values, whole.values)
    merged = joined(series.restrict(a), series.restrict(b))
    assert content(merged) == content(both)
    np.testing.assert_array_equal(merged.time_support.values, whole.values)


@pytest.mark.parametrize("kind", KINDS)
@given(times=TIMES, ep=EPOCHS)
@laws
def test_each_sample_is_kept_or_excluded(kind, times, ep):
    series = make(kind, times)
    sizes = [
        [len(u) for u in part.values()] if kind == "TsGroup" else len(part)
        for part in (series, series.restrict(ep), series.exclude(ep))
    ]
    np.testing.assert_array_equal(sizes[0], np.add(sizes[1], sizes[2]))


@pytest.mark.parametrize("kind", KINDS)
@given(times=TIMES, ep=EPOCHS, size=st.sampled_from([0.25, 0.5, 1 / 3, 2.0]))
@laws
def test_counts_add_up_over_epochs(kind, times, ep, size):
    """Counting in all epochs is counting in each of them, laid end to end."""
    series = make(kind, times)
    whole = series.count(size, ep)
    parts = [series.count(size, epoch) for epoch in ep]
    np.testing.assert_array_equal(whole.values, np.concatenate([part.values for part in parts]))
    np.testing.assert_array_equal(whole.t, np.concatenate([part.t for part in parts]))
    assert whole.time_support is ep


@pytest.mark.parametrize("kind", KINDS)
@given(times=TIMES, ep=EPOCHS)
@laws
def test_counts_of_epochs_are_numbers_of_events(kind, times, ep):
    series = make(kind, times)
    counts = series.count(ep=ep)
    restricted = series.restrict(ep)
    expected = [len(u) for u in restricted.values()] if kind == "TsGroup" else len(restricted)
    np.testing.assert_array_equal(counts.values.sum(axis=0), expected)


@pytest.mark.parametrize("kind", KINDS)
@given(times=TIMES, n=st.sampled_from([2, 4, 5, 8, 16, 20]))
@laws
def test_counts_add_up_over_a_split_of_epochs(kind, times, n):
    series = make(kind, times[times < 20] + 0.1)  # off the grid, where no sample lies on a cut
    pieces = WORLD.split(20 / n)
    assert len(pieces) == n
    np.testing.assert_array_equal(series.count(ep=pieces).values.sum(axis=0), series.count(ep=WORLD).values.sum(axis=0))


@pytest.mark.parametrize("kind", KINDS)
@given(times=TIMES)
@laws
def test_fine_bins_add_up_to_coarse_bins(kind, times):
    series = make(kind, times)
    fine, coarse = series.count(0.5).values, series.count(2.0).values
    np.testing.assert_array_equal(fine.reshape(len(coarse), 4, *fine.shape[1:]).sum(axis=1), coarse)


@pytest.mark.parametrize("mode", ["closest", "before", "after"])
@given(times=TIMES, target=TIMES, ep=EPOCHS)
@laws
def test_a_value_comes_from_its_own_epoch(mode, times, target, ep):
    """Let the value be the time: it must lie in the epoch, on the right side, and no other may be closer."""
    target = np.unique(target)
    found = Ts(times, time_support=WORLD).value_from(Tsd(target, target, time_support=WORLD), ep, mode)
    np.testing.assert_array_equal(found.t, Ts(times, time_support=WORLD).restrict(ep).t)
    for t, value in zip(found.t, found.values):
        epoch = np.flatnonzero((ep.start <= t) & (t <= ep.end))[0]
        near = target[(target >= ep.start[epoch]) & (target <= ep.end[epoch])]
        near = near[{"closest": near == near, "before": near <= t, "after": near >= t}[mode]]
        if not near.size:
            assert np.isnan(value)
            continue
        assert value in near
        assert abs(value - t) == np.abs(near - t).min()


def epoch_of(t, ep):
    return [int(np.flatnonzero((ep.start <= x) & (x <= ep.end))[0]) for x in t]


@pytest.mark.parametrize("kind", ["Tsd", "TsdFrame", "TsdTensor"])
@pytest.mark.parametrize("mode", ["closest", "before", "after"])
@given(times=TIMES, target=TIMES, ep=EPOCHS)
@settings(max_examples=10, deadline=None)
def test_values_of_every_shape_come_from_one_sample_of_the_epoch(kind, mode, times, target, ep):
    """All numbers of a sample travel together; a group finds for each unit what the unit finds alone."""
    target = np.unique(target)
    source = make(kind, target)
    source.values[:] = target.reshape(-1, *(1,) * (source.ndim - 1))
    group = make("TsGroup", times)
    found = group.value_from(make("Tsd", target) * 0 + target, ep, mode)
    for key, unit in group.items():
        values = unit.value_from(source, ep, mode)
        assert type(values) is type(source)
        first = values.values.reshape(len(values), source.values[0].size)[:, :1]
        np.testing.assert_array_equal(
            values.values, np.broadcast_to(first.reshape(-1, *(1,) * (source.ndim - 1)), values.shape)
        )
        np.testing.assert_array_equal(found[key].values, first[:, 0])
        known = ~np.isnan(first[:, 0])
        np.testing.assert_array_equal(epoch_of(first[known, 0], ep), epoch_of(values.t[known], ep))


@pytest.mark.parametrize("kind", KINDS[:4])
@given(times=TIMES, a=st.integers(-50, 50), b=st.integers(-50, 50), step=st.integers(1, 4))
@laws
def test_slices_are_slices_of_times_and_values(kind, times, a, b, step):
    series = make(kind, times)
    part = series[a:b:step]
    np.testing.assert_array_equal(part.t, series.t[a:b:step])
    if kind != "Ts":
        np.testing.assert_array_equal(part.values, series.values[a:b:step])
    assert part.time_support is series.time_support
    assert content(series[a:b][:3]) == content(series[a:b][0:3])


@given(times=TIMES, size=st.sampled_from([0.5, 1.0, 3.0]))
@laws
def test_means_times_counts_are_sums(times, size):
    series = make("Tsd", times)
    means, counts = series.bin_average(size), series.count(size)
    np.testing.assert_array_equal(means.t, counts.t)
    inside = series.values[series.t < counts.t[-1] + size / 2]
    np.testing.assert_allclose(np.nansum(means.values * counts.values), inside.sum())
    np.testing.assert_array_equal(np.isnan(means.values), counts.values == 0)


@given(times=TIMES, ep=EPOCHS)
@laws
def test_differences_and_times_agree(times, ep):
    series = make("Ts", times)
    for start, end, diff in zip(
        series.time_diff("start", ep).t, series.time_diff("end", ep).t, series.time_diff(epochs=ep)
    ):
        assert end - start == diff
    lone = sum(len(series.restrict(epoch)) > 0 for epoch in ep)
    assert len(series.time_diff(epochs=ep)) == len(series.restrict(ep)) - lone


@given(times=TIMES, thr=st.floats(-1, 45))
@laws
def test_threshold_and_its_complement_share_the_samples(times, thr):
    series = make("Tsd", np.unique(np.append(times, [5, 5.5])))
    series.values[:] = np.random.default_rng(len(times)).permutation(len(series))
    above, below = series.threshold(thr), series.threshold(thr, "belowequal")
    np.testing.assert_array_equal(np.sort(np.concatenate((above.t, below.t))), series.t)
    assert (above.values > thr).all()
    assert (below.values <= thr).all()
    assert len(above.time_support.intersect(below.time_support)) == 0


@given(times=TIMES, ep=EPOCHS, scale=st.floats(-3, 3))
@laws
def test_filters_are_linear_and_local_to_epochs(times, ep, scale):
    series = make("Tsd", np.arange(0, 20, 0.25))
    kernel = np.array([0.2, 0.5, 0.3])
    ep = ep[ep.end - ep.start > 1]
    if not len(ep):
        return
    whole = (scale * series).convolve(kernel, ep)
    parts = [scale * series.restrict(epoch).convolve(kernel).values for epoch in ep]
    np.testing.assert_allclose(whole.values, np.concatenate(parts), atol=1e-12)


@given(times=TIMES)
@laws
def test_a_group_is_its_units(times):
    group = make("TsGroup", times)
    again = TsGroup(dict(group.items()), time_support=group.time_support, metadata={"m": list(group.m)})
    assert content(again) == content(group)
    np.testing.assert_array_equal(group.to_tsd().t, np.sort(np.concatenate([unit.t for unit in group.values()])))
    assert {k: v.t.tolist() for k, v in group.to_tsd().to_tsgroup().items()} == {
        k: v.t.tolist() for k, v in group.items() if len(v)
    }


# ---- round trips


def full(kind, times, ep):
    """An object of that kind with all that it may carry: labels, metadata, a unit and several epochs."""
    series = make(kind, times).restrict(ep)
    if kind == "TsdFrame":
        return TsdFrame(series.t, series.values, time_support=ep, columns=["a", "b"], metadata={"side": ["l", "r"]})
    return Tsd(series.t, series.values, time_support=ep, unit="mV") if kind == "Tsd" else series


def same(one, two):
    """Whether two objects have the same class, content, support, labels, metadata and unit."""
    assert type(one) is type(two)
    if isinstance(one, IntervalSet):
        np.testing.assert_array_equal(one.values, two.values)
    else:
        assert content(one) == content(two)
        np.testing.assert_array_equal(one.time_support.values, two.time_support.values)
    if isinstance(one, TsdFrame):
        np.testing.assert_array_equal(one.columns, two.columns)
    if isinstance(one, TsdFrame | TsGroup | IntervalSet):
        assert {k: list(one.get_info(k)) for k in one.metadata_columns} == {
            k: list(two.get_info(k)) for k in two.metadata_columns
        }
    assert getattr(one, "unit", None) == getattr(two, "unit", None)


@pytest.mark.parametrize("kind", KINDS)
@given(times=TIMES, ep=EPOCHS)
@laws
def test_pickles_and_copies_are_equal(kind, times, ep):
    series = full(kind, times, ep)
    for again in (pickle.loads(pickle.dumps(series)), copy.deepcopy(series), series.copy()):
        same(again, series)


@pytest.mark.parametrize("kind", [*KINDS, "IntervalSet"])
@given(times=TIMES, ep=EPOCHS)
@settings(max_examples=15, deadline=None)
def test_archives_are_equal(kind, times, ep, tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "x.npz"
    series = IntervalSet(ep, metadata={"n": range(len(ep))}) if kind == "IntervalSet" else full(kind, times, ep)
    series.save(path)
    same(load_file(path), series)


@given(times=TIMES, ep=EPOCHS)
@settings(max_examples=3, deadline=None)
def test_nwb_files_are_equal(times, ep, tmp_path_factory):
    objects = {kind.lower(): full(kind, times, ep) for kind in KINDS} | {
        "epochs": IntervalSet(ep, metadata={"n": range(len(ep))})
    }
    path = to_nwb(objects, tmp_path_factory.mktemp("nwb") / "x.nwb")
    with load_file(path, lazy_loading=False) as data:
        for name, obj in objects.items():
            same(data[name], obj)
