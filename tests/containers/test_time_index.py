"""Times at the door: units, order, and the array that holds them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.containers import TsIndex
from rheobase.containers._time import as_numbers, as_times, sort_order

some_times = st.lists(st.floats(-1e6, 1e6), max_size=30).map(lambda t: np.array(t, dtype=float))


@given(some_times)
@pytest.mark.filterwarnings("ignore:timestamps are not sorted")
def test_times_are_sorted_by_the_order_that_is_returned(t):
    times, order = as_times(t)
    np.testing.assert_array_equal(times, np.sort(t))
    np.testing.assert_array_equal(times, t if order is None else t[order])
    assert not np.shares_memory(times, t)


def test_order_is_stable_and_none_where_nothing_moves():
    assert sort_order(np.array([1.0, 1.0, 2.0])) is None
    assert sort_order(np.array([])) is None
    np.testing.assert_array_equal(sort_order(np.array([2.0, 1.0, 1.0])), [1, 2, 0])
    np.testing.assert_array_equal(sort_order(np.array([np.nan, 1.0])), [1, 0])


def test_unsorted_times_warn():
    with pytest.warns(UserWarning, match="timestamps are not sorted") as caught:
        np.testing.assert_array_equal(TsIndex([3, 1, 2]), [1, 2, 3])
    assert caught[0].filename == __file__
    as_times([3, 1, 2], warn=False)


@pytest.mark.parametrize(("unit", "factor"), [("s", 1.0), ("ms", 1e-3), ("us", 1e-6)])
def test_units(unit, factor):
    index = TsIndex([100, 200], time_units=unit)
    np.testing.assert_allclose(index.values, np.array([100, 200]) * factor, rtol=1e-15)
    np.testing.assert_array_equal(index.in_units(unit), [100, 200])


def test_milliseconds_and_microseconds_are_rounded_alike():
    assert TsIndex([1.1], "ms")[0] == TsIndex([1100], "us")[0]


@pytest.mark.parametrize("t", [3, 3.0, np.float32(3), (3,), [3], range(3, 4), np.array(3), np.array([3])], ids=repr)
def test_what_may_be_times(t):
    np.testing.assert_array_equal(as_numbers(t), [3.0])


def test_an_index_stays_one_while_it_is_sorted():
    index = TsIndex([1.0, 2.0, 3.0])
    assert TsIndex(index) is index
    for part in (index[1:], index[::2], index[np.array([True, False, True])], index[[0, 2]], index.copy()):
        assert type(part) is TsIndex
    for part in (index[::-1], index[[2, 0]], index + 1, index.values, index.to_numpy(), index.in_units("ms")):
        assert type(part) is np.ndarray
    assert isinstance(index[1], np.float64)
    assert isinstance(index.max(), np.float64)
    assert np.shares_memory(index.values, index)


def test_index_travels():
    index = TsIndex([1.0, 2.0])
    for other in (pickle.loads(pickle.dumps(index)), copy.deepcopy(index)):
        assert type(other) is TsIndex
        np.testing.assert_array_equal(other, index)


def test_errors():
    with pytest.raises(RuntimeError, match="TsIndex object is not mutable"):
        TsIndex([1.0, 2.0])[0] = 3
    with pytest.raises(RuntimeError, match="Unknown format for 't': got str"):
        TsIndex("abc")
    with pytest.raises(RuntimeError, match="Unknown format for 't': got NoneType"):
        TsIndex(None)
    with pytest.raises(RuntimeError, match="Unknown format for 't': got object"):
        TsIndex(object())
    with pytest.raises(ValueError, match="'t' must hold numbers"):
        TsIndex(["a"])
    with pytest.raises(ValueError, match=r"one-dimensional, got an array of shape \(2, 2\)"):
        TsIndex(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="unrecognized time units type"):
        TsIndex([1], "h")
    with pytest.raises(ValueError, match="unrecognized time units type"):
        TsIndex([1]).in_units("h")


def test_static_methods_convert_and_sort():
    times = np.array([0.1, 0.25])
    np.testing.assert_array_equal(TsIndex.format_timestamps(times * 1e3, "ms"), times)
    np.testing.assert_array_equal(TsIndex.format_timestamps(times * 1e6, "us"), times)
    np.testing.assert_array_equal(TsIndex.return_timestamps(times, "ms"), [100, 250])
    np.testing.assert_array_equal(TsIndex.return_timestamps(times), times)
    assert TsIndex.sort_timestamps(times) is times
    with pytest.warns(UserWarning, match="timestamps are not sorted"):
        assert TsIndex.sort_timestamps(times[::-1]).tolist() == times.tolist()
    assert TsIndex.sort_timestamps(times[::-1], give_warning=False).tolist() == times.tolist()
    with pytest.raises(ValueError, match="unit"):
        TsIndex.format_timestamps(times, "min")
