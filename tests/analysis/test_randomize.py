"""Surrogates keep what they say they keep, and are uniform in what they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.analysis import jitter_timestamps, resample_timestamps, shift_timestamps, shuffle_ts_intervals
from rheobase.containers import IntervalSet, Ts, Tsd, TsGroup

stats = pytest.importorskip("scipy.stats")

WHOLE = IntervalSet(0, 100)
SEEDS = st.integers(0, 10**6)
LAW = settings(max_examples=40, deadline=None)

EVERY = [
    lambda data, **rng: shift_timestamps(data, **rng),
    lambda data, **rng: shift_timestamps(data, mode="wrap", **rng),
    lambda data, **rng: shuffle_ts_intervals(data, **rng),
    lambda data, **rng: jitter_timestamps(data, max_jitter=0.5, **rng),
    lambda data, **rng: jitter_timestamps(data, max_jitter=0.5, keep_tsupport=True, **rng),
    lambda data, **rng: resample_timestamps(data, **rng),
]


def group_of(seed, support=WHOLE):
    rng = np.random.default_rng(seed)
    units = {k: Ts(np.sort(rng.uniform(0, 100, n)), time_support=support) for k, n in ((1, 30), (4, 2), (9, 200))}
    return TsGroup({**units, 6: Ts([], time_support=support)}, support, metadata={"area": ["a", "b", "c", "d"]})


def units_of(data):
    return [data[k].t for k in data.index] if isinstance(data, TsGroup) else [data.t]


@pytest.mark.parametrize("surrogate", EVERY)
@pytest.mark.parametrize("one", [True, False])
def test_the_same_seed_gives_the_same_surrogate(surrogate, one):
    data = group_of(0)[9] if one else group_of(0)
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - it must stay as it is
    first = units_of(surrogate(data, seed=3))
    for again in ({"rng": 3}, {"rng": np.int64(3)}, {"rng": np.random.default_rng(3)}):
        for a, b in zip(first, units_of(surrogate(data, **again)), strict=True):
            np.testing.assert_array_equal(a, b)
    assert any(a.size != b.size or (a != b).any() for a, b in zip(first, units_of(surrogate(data, seed=4))))
    assert any(a.size != b.size or (a != b).any() for a, b in zip(first, units_of(surrogate(data))))
    generator = np.random.default_rng(3)
    surrogate(data, rng=generator)
    assert generator.random() != np.random.default_rng(3).random()  # the caller's generator moves on
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize("surrogate", EVERY)
def test_units_are_sorted_inside_the_support_and_keep_their_metadata(surrogate):
    data = group_of(1, IntervalSet([0, 60], [40, 100]))
    result = surrogate(data, seed=0)
    assert result.index.tolist() == [1, 4, 6, 9]
    assert result["area"].tolist() == data["area"].tolist()
    for key in result.index:
        t = result[key].t
        assert (np.diff(t) >= 0).all()
        assert len(result[key].restrict(result.time_support)) == t.size
    np.testing.assert_allclose(
        result["rate"], [len(result[k]) / result.time_support.tot_length() for k in result.index]
    )


@LAW
@given(SEEDS, st.floats(-50, 150), st.booleans())
def test_wrapping_is_a_bijection(seed, shift, one):
    data = group_of(seed)[9] if one else group_of(seed)
    there = shift_timestamps(data, shift, shift, "wrap")
    back = shift_timestamps(there, -shift, -shift, "wrap")
    np.testing.assert_array_equal(there.time_support.values, WHOLE.values)
    for a, b, c in zip(units_of(data), units_of(there), units_of(back)):
        assert a.size == b.size
        np.testing.assert_allclose(np.sort((a + shift) % 100), b, atol=1e-9)
        np.testing.assert_allclose(a, c, atol=1e-9)


@LAW
@given(SEEDS, st.floats(0, 100))
def test_dropping_keeps_what_stays_inside(seed, shift):
    data = group_of(seed, IntervalSet([0, 60], [40, 100]))
    shifted = shift_timestamps(data, shift, shift)
    for key in data.index:
        expected = data[key].t + shift
        expected = expected[(expected <= 40) | ((expected >= 60) & (expected <= 100))]
        np.testing.assert_array_equal(shifted[key].t, expected)


def test_shifts_differ_between_units_and_are_uniform():
    units = TsGroup({i: Ts([1.0], time_support=WHOLE) for i in range(4000)}, WHOLE)
    times = shift_timestamps(units, 2, 42, seed=0)._times
    assert stats.kstest(times, stats.uniform(3, 40).cdf).pvalue > 1e-3
    times = shift_timestamps(units, mode="wrap", seed=0)._times
    assert stats.kstest(times, stats.uniform(0, 100).cdf).pvalue > 1e-3


@LAW
@given(SEEDS, st.booleans())
def test_shuffling_keeps_the_intervals(seed, one):
    data = group_of(seed)[9] if one else group_of(seed)
    shuffled = shuffle_ts_intervals(data, seed=seed)
    assert [t.size for t in units_of(shuffled)] == [t.size for t in units_of(data)]
    for a, b in zip(units_of(data), units_of(shuffled)):
        if a.size:
            assert a[0] == b[0]
            np.testing.assert_allclose(np.sort(np.diff(a)), np.sort(np.diff(b)), atol=1e-12)
            assert one or b[-1] == pytest.approx(a[-1])


def test_every_order_of_intervals_is_equally_likely():
    data = TsGroup({i: Ts([0.0, 1.0, 3.0, 7.0]) for i in range(6000)})
    shuffled = shuffle_ts_intervals(data, seed=0)
    orders = np.diff(shuffled._times.reshape(-1, 4)) @ [1, 10, 100]
    numbers = np.unique(orders, return_counts=True)[1]
    assert numbers.size == 6
    assert stats.chisquare(numbers).pvalue > 1e-3


@LAW
@given(SEEDS, st.floats(0, 5), st.booleans())
def test_jitter_moves_no_event_further_than_asked(seed, jitter, one):
    data = group_of(seed)[9] if one else group_of(seed)
    moved = jitter_timestamps(data, jitter, seed=seed)
    for a, b in zip(units_of(data), units_of(moved)):
        assert a.size == b.size
        # sorting two sequences cannot bring their elements further apart
        np.testing.assert_array_less(np.abs(a - b), jitter + 1e-9)
    kept = jitter_timestamps(data, jitter, keep_tsupport=True, seed=seed)
    np.testing.assert_array_equal(kept.time_support.values, WHOLE.values)


def test_jitter_is_uniform():
    t = np.arange(0, 5000.0)
    moved = jitter_timestamps(Ts(t), 0.25, seed=0).t - t
    assert stats.kstest(moved, stats.uniform(-0.25, 0.5).cdf).pvalue > 1e-3


@pytest.mark.parametrize("one", [True, False])
def test_resampling_is_uniform_over_the_whole_support_and_keeps_rates(one):
    support = IntervalSet([0, 50, 90], [10, 80, 91])
    data = Ts(np.linspace(0, 10, 8000), time_support=support)
    data = data if one else TsGroup({3: data, 7: data[::2]}, support)
    drawn = resample_timestamps(data, seed=0)
    np.testing.assert_array_equal(drawn.time_support.values, support.values)
    assert [t.size for t in units_of(drawn)] == [t.size for t in units_of(data)]
    for t in units_of(drawn):
        passed = np.interp(t, support.values.ravel(), [0, 10, 10, 40, 40, 41])
        assert len(Ts(t).restrict(support)) == t.size
        assert stats.kstest(passed, stats.uniform(0, 41).cdf).pvalue > 1e-3


def test_little_or_nothing():
    empty = Ts([], time_support=WHOLE)
    for surrogate in EVERY:
        assert len(surrogate(TsGroup({}, WHOLE), seed=0)) == 0 if surrogate not in EVERY[2:4] else True
    assert len(shift_timestamps(empty)) == len(resample_timestamps(empty)) == len(shuffle_ts_intervals(empty)) == 0
    assert len(jitter_timestamps(empty, 1)) == 0
    lone = Ts([5.0], time_support=WHOLE)
    assert len(shift_timestamps(lone, mode="wrap")) == len(resample_timestamps(lone)) == 1
    with pytest.warns(UserWarning, match="no duration"):
        assert shuffle_ts_intervals(lone).t.tolist() == [5.0]
    with pytest.raises(RuntimeError, match="Union of time supports is empty"):
        shuffle_ts_intervals(TsGroup({0: lone, 1: empty}, WHOLE))
    with pytest.raises(RuntimeError, match="Union of time supports is empty"):
        jitter_timestamps(TsGroup({0: lone}, WHOLE), 1)


def test_inputs_stay_as_they_are():
    data = group_of(0)
    before = data._times.copy()
    for surrogate in EVERY:
        surrogate(data)
        surrogate(data[9])
    np.testing.assert_array_equal(data._times, before)


def test_groups_of_signals_are_taken_as_events():
    data = TsGroup({0: Tsd([1.0, 2.0], [3.0, 4.0])}, WHOLE)
    with pytest.warns(UserWarning, match="only the times of their samples are shifted"):
        assert shift_timestamps(data, 1, 1)[0].t.tolist() == [2.0, 3.0]


@pytest.mark.parametrize("one", [True, False])
def test_the_largest_shift_is_not_below_the_smallest(one):
    data = group_of(0)[9] if one else group_of(0)
    for mode in ("drop", "wrap"):
        with pytest.raises(ValueError, match=r"be >= min_shift \(s\), got max_shift=1 and min_shift=2"):
            shift_timestamps(data, 2, 1, mode)
        with pytest.raises(ValueError, match=r"max_shift=100.0 \(by default, the length .*\) and min_shift=100.5"):
            shift_timestamps(data, 100.5, mode=mode)
        with pytest.raises(ValueError, match=r"got max_shift=-0\.5 and min_shift=0\.0"):
            shift_timestamps(data, max_shift=-0.5, mode=mode)
    same = shift_timestamps(data, np.float32(0), np.int64(0))
    for a, b in zip(units_of(same), units_of(data), strict=True):
        np.testing.assert_array_equal(a, b)
    shift_timestamps(TsGroup({}, WHOLE), 1, 1)


TS = Ts([1.0, 2.0])
WRONG = [
    (shift_timestamps, (Tsd([1], [1], time_support=WHOLE),), {}, TypeError, "should be Ts or TsGroup, got Tsd"),
    (shuffle_ts_intervals, ([1, 2],), {}, TypeError, "Invalid input type, should be Ts or TsGroup, got list"),
    (jitter_timestamps, (None, 1), {}, TypeError, "Invalid input type"),
    (resample_timestamps, (WHOLE,), {}, TypeError, "Invalid input type"),
    (shift_timestamps, (TS, "a"), {}, TypeError, "min_shift should be a number"),
    (shift_timestamps, (TS, 0, "a"), {}, TypeError, "max_shift should be a number"),
    (shift_timestamps, (TS, 0, np.inf), {}, ValueError, "max_shift should be finite"),
    (shift_timestamps, (TS, 0, 1, "warp"), {}, ValueError, "mode should be one of .* 'warp' provided.*'wrap'"),
    (jitter_timestamps, (TS,), {}, TypeError, "missing required argument: max_jitter"),
    (jitter_timestamps, (TS, "a"), {}, TypeError, "max_jitter should be a number"),
    (shuffle_ts_intervals, (TS,), {"rng": 1, "seed": 1}, ValueError, "rng or seed, not both"),
    (shuffle_ts_intervals, (TS,), {"rng": "a"}, TypeError, "whole number or a numpy.random.Generator"),
    (shuffle_ts_intervals, (TS,), {"seed": np.random.default_rng(0)}, TypeError, "seed a whole number"),
    (shuffle_ts_intervals, (TS,), {"rng": np.random.RandomState(0)}, TypeError, "numpy.random.Generator"),
    (resample_timestamps, (TS,), {"seed": -1}, ValueError, "a seed must be >= 0"),
]


@pytest.mark.parametrize(("function", "arguments", "options", "error", "message"), WRONG)
def test_arguments_say_what_they_need(function, arguments, options, error, message):
    with pytest.raises(error, match=message):
        function(*arguments, **options)
