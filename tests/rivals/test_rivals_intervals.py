"""IntervalSet against pynapple's, on random and on awkward input."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.containers import IntervalSet

nap = pytest.importorskip("pynapple")
pytestmark = pytest.mark.rivals

grid = st.integers(0, 40).map(lambda k: k / 4)
pairs = st.lists(st.tuples(grid, grid), min_size=1, max_size=10)
ordered = st.lists(grid, min_size=2, max_size=16, unique=True).map(sorted).map(lambda v: v[: len(v) // 2 * 2])


def quiet(call, *args, **kwargs):
    """What a call returns, and the texts of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call(*args, **kwargs)
    return result, [str(w.message) for w in caught if issubclass(w.category, UserWarning)]


def both(bounds, **kwargs):
    starts, ends = np.reshape(bounds, (-1, 2)).T
    return quiet(IntervalSet, starts, ends, **kwargs)[0], quiet(nap.IntervalSet, starts, ends, **kwargs)[0]


def same(ours, theirs, atol=0.0):
    np.testing.assert_allclose(ours.values, theirs.values, rtol=0, atol=atol)
    assert ours.metadata_columns == theirs.metadata_columns
    for name in ours.metadata_columns:
        assert list(ours.get_info(name)) == list(theirs.get_info(name))


def keeps_a_defect(starts, ends):
    """Whether pynapple keeps an epoch without duration: one after an epoch that was dropped for ending too early."""
    starts, ends = np.sort(starts), np.sort(ends)
    return bool(np.any((ends[1:] == starts[1:]) & (ends[:-1] < starts[:-1])))


@given(pairs)
def test_cleaning(bounds):
    starts, ends = np.array(bounds).T
    ours, our_warnings = quiet(IntervalSet, starts, ends)
    theirs, their_warnings = quiet(nap.IntervalSet, starts, ends)
    if keeps_a_defect(starts, ends):
        positive = theirs.values[:, 1] > theirs.values[:, 0]
        np.testing.assert_array_equal(ours.values, theirs.values[positive])
        return
    np.testing.assert_array_equal(ours.values, theirs.values)
    told, expected = sorted("\n".join(our_warnings).split("\n")), sorted("\n".join(their_warnings).split("\n"))
    assert len(told) == len(expected)
    assert all(ours.startswith(theirs) for ours, theirs in zip(told, expected))  # a hint may follow their words


@given(pairs)
def test_cleaning_keeps_or_drops_the_same_metadata(bounds):
    starts, ends = np.array(bounds).T
    if keeps_a_defect(starts, ends):
        return
    metadata = {"number": np.arange(len(starts)), "name": [f"n{k}" for k in range(len(starts))]}
    ours, _ = quiet(IntervalSet, starts, ends, metadata=metadata)
    theirs, _ = quiet(nap.IntervalSet, starts, ends, metadata=metadata)
    same(ours, theirs)


@pytest.mark.parametrize("method", ["union", "intersect", "set_diff"])
@given(a=ordered, b=ordered)
def test_set_algebra(method, a, b):
    ours_a, theirs_a = both(a)
    ours_b, theirs_b = both(b)
    for ours, theirs in ((ours_a, theirs_a), (ours_b, theirs_b)):
        ours.set_info(shared=np.arange(len(ours)))
        theirs.set_info(shared=np.arange(len(theirs)))
    ours_b.set_info(own=np.arange(len(ours_b)) * 10)
    theirs_b.set_info(own=np.arange(len(theirs_b)) * 10)
    ours, our_warnings = quiet(getattr(ours_a, method), ours_b)
    theirs, their_warnings = quiet(getattr(theirs_a, method), theirs_b)
    if method == "union" and (np.isin(ours_b.end, ours_a.start).any() or np.isin(ours_a.end, ours_b.start).any()):
        # theirs joins some touching epochs and keeps others 1 microsecond apart, by the order of the arguments
        ours, theirs = ours.merge_close_intervals(1.1e-6), theirs.merge_close_intervals(1.1e-6)
        our_warnings = their_warnings = []
    same(ours, theirs)
    assert our_warnings == their_warnings


@given(ordered, grid)
def test_thresholds(bounds, threshold):
    ours, theirs = both(bounds)
    for method in ("drop_short_intervals", "drop_long_intervals", "merge_close_intervals"):
        same(getattr(ours, method)(threshold), getattr(theirs, method)(threshold))
        same(getattr(ours, method)(threshold * 1e3, "ms"), getattr(theirs, method)(threshold * 1e3, "ms"))


@given(ordered, st.floats(0.05, 5.0))
def test_split(bounds, size):
    ours, theirs = both(bounds, metadata=None)
    mine, his = ours.split(size), quiet(theirs.split, size)[0]
    # theirs drops a piece whose edges, each rounded to a nanosecond, lie a nanosecond too close
    assert np.isin(his.start, mine.start).all()
    np.testing.assert_array_equal(mine.values[np.isin(mine.start, his.start)], his.values)
    dropped = mine.values[~np.isin(mine.start, his.start)]
    assert np.all(dropped[:, 1] - dropped[:, 0] + 1e-6 < size)


@given(ordered, st.lists(grid, max_size=10))
def test_in_interval_and_lengths(bounds, times):
    ours, theirs = both(bounds)
    series = quiet(nap.Ts, np.sort(np.array(times, dtype=float)))[0]
    np.testing.assert_array_equal(ours.in_interval(series), theirs.in_interval(series))
    for unit in ("s", "ms", "us"):
        assert ours.tot_length(unit) == theirs.tot_length(unit)
        assert ours.as_units(unit).equals(theirs.as_units(unit))
    same(ours.time_span(), theirs.time_span())


FORMS = {
    "numbers": (1, 3),
    "lists": ([0, 5], [3, 8]),
    "pair": ((1, 2),),
    "pairs": ([(1, 2), (3, 4)],),
    "flat": ([1, 2, 3, 4],),
    "array": (np.array([[0.0, 1], [2, 3]]),),
    "empty": (np.empty((0, 2)),),
    "empty lists": ([], []),
    "nan": ([0, np.nan, 3], [1, 2, 4]),
    "infinite": (-np.inf, np.inf),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_forms_of_input(form, unit):
    ours, our_warnings = quiet(IntervalSet, *FORMS[form], time_units=unit)
    theirs, their_warnings = quiet(nap.IntervalSet, *FORMS[form], time_units=unit)
    same(ours, theirs)
    assert our_warnings == their_warnings


INDICES = [
    0, -1, slice(None), slice(1, None), slice(None, None, 2), slice(0, 0), slice(None, None, -1), [0, 2], [2, 0],
    [0, 0], [True, False, True], np.array([False, False, False]), np.int64(1), "start", "end", "label", ["label", "n"],
    (slice(None), 0), (0, 0), (slice(0, 2), slice(None)), (0, slice(None)), ([0, 1], 0), ([0, 1], [0, 1]),
]  # fmt: skip


@pytest.mark.parametrize("key", INDICES, ids=str)
def test_indexing(key):
    ours, theirs = both([0, 3, 5, 8, 10, 12], metadata={"label": ["a", "b", "a"], "n": [1, 2, 3]})
    mine, his = quiet(ours.__getitem__, key)[0], quiet(theirs.__getitem__, key)[0]
    if isinstance(mine, IntervalSet):
        same(mine, his)
    else:
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(his))


@pytest.mark.parametrize("key", [5, 1.0, "zz", (0, 1, 2), np.array([True, False]), ["zz"], (slice(None), 5)], ids=str)
def test_wrong_indices_raise_the_same_type(key):
    ours, theirs = both([0, 3, 5, 8, 10, 12], metadata={"label": ["a", "b", "a"], "n": [1, 2, 3]})
    with pytest.raises(Exception) as error:
        theirs[key]
    with pytest.raises(error.type):
        ours[key]


LABELS = [0, [0, 2], (0, "start"), "start", "label", (0, "label"), ([0, 1], "label"), (slice(None), "label")]


@pytest.mark.parametrize("key", LABELS, ids=str)
def test_loc(key):
    ours, theirs = both([0, 3, 5, 8, 10, 12], metadata={"label": ["a", "b", "a"], "n": [1, 2, 3]})
    mine, his = ours.loc[key], theirs.loc[key]
    if isinstance(mine, IntervalSet):
        same(mine, his)
    else:
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(his))


@pytest.mark.parametrize("by", ["label", "n", ["label", "n"]], ids=str)
def test_groupby(by):
    ours, theirs = both([0, 3, 5, 8, 10, 12], metadata={"label": ["b", "a", "b"], "n": [1, 2, 1]})
    mine, his = ours.groupby(by), theirs.groupby(by)
    assert list(mine) == list(his)
    for key in mine:
        np.testing.assert_array_equal(mine[key], his[key])
    assert ours.groupby_apply(by, len) == theirs.groupby_apply(by, len)


def test_numpy_functions_give_the_same_arrays():
    ours, theirs = both([0, 3, 5, 8, 10, 12])
    for call in (np.sum, np.diff, lambda e: e * 2, lambda e: e == e, lambda e: np.vstack([e, e]), lambda e: e < 4):
        mine, our_warnings = quiet(call, ours)
        his, their_warnings = quiet(call, theirs)
        np.testing.assert_array_equal(mine, his)
        assert set(our_warnings) == set(their_warnings)
