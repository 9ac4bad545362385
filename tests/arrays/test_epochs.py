"""Set algebra on epochs: the vectorised rules against sequential ones, and the laws of sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase._arrays import epochs

# a coarse grid makes equal starts, touching epochs and empty ones common
grid = st.integers(0, 40).map(lambda k: k / 4)
raw_bounds = st.lists(st.tuples(grid, grid), max_size=12).map(lambda pairs: np.array(pairs, dtype=float).reshape(-1, 2))


def make_clean(bounds):
    """Clean epochs, apart by more than the microsecond that touching ones lose."""
    result = epochs.clean(bounds[:, 0], bounds[:, 1])
    return result.starts, result.ends


clean_sets = raw_bounds.map(make_clean)


def sequential_clean(starts, ends):
    """The rule as it is told: one pass over sorted pairs."""
    starts, ends = sorted(starts), sorted(ends)
    out = []
    k, n = 0, len(starts)
    while k < n:
        if ends[k] <= starts[k]:
            k += 1
            continue
        first = starts[k]
        while k < n - 1 and starts[k + 1] < ends[k]:
            k += 1
        last = ends[k]
        if k < n - 1 and starts[k + 1] == last:
            last -= 1e-6
        if last > first:
            out.append((first, last))
        k += 1
    return np.array(out, dtype=float).reshape(-1, 2)


def members(starts, ends, instants):
    """Which instants lie inside, edges excluded."""
    return np.any((starts[:, None] < instants) & (instants < ends[:, None]), axis=0)


INSTANTS = np.arange(-0.125, 10.5, 0.25) + 0.03125
"""Between the points of the grid, so that no instant is an edge."""


@given(raw_bounds)
def test_clean_equals_the_sequential_rule(bounds):
    result = epochs.clean(bounds[:, 0], bounds[:, 1])
    expected = sequential_clean(bounds[:, 0], bounds[:, 1])
    np.testing.assert_array_equal(np.column_stack((result.starts, result.ends)), expected)


@given(raw_bounds)
def test_clean_epochs_are_sorted_disjoint_and_positive(bounds):
    starts, ends = make_clean(bounds)
    assert np.all(ends > starts)
    assert np.all(starts[1:] > ends[:-1])


@given(raw_bounds)
def test_clean_twice_equals_once(bounds):
    starts, ends = make_clean(bounds)
    again = epochs.clean(starts, ends)
    np.testing.assert_array_equal(again.starts, starts)
    np.testing.assert_array_equal(again.ends, ends)
    assert again.messages == ()
    np.testing.assert_array_equal(again.kept, np.arange(len(starts)))


@pytest.mark.parametrize(
    ("starts", "ends", "expected", "messages"),
    [
        ([0, 5], [5, 8], [[0, 4.999999], [5, 8]], (epochs.TOUCHING,)),
        ([0, 3], [5, 8], [[0, 8]], (epochs.OVERLAP,)),
        ([0, 5], [0, 8], [[5, 8]], (epochs.NO_DURATION,)),
        ([1], [1], [], (epochs.NO_DURATION,)),
        ([5], [4], [], (epochs.END_FIRST,)),
        ([0, 1, 2], [10, 3, 4], [[0, 10]], (epochs.OVERLAP,)),
        ([0, 0], [5, 8], [[0, 8]], (epochs.OVERLAP,)),
        ([2, 5], [1, 5], [], (epochs.NO_DURATION, epochs.END_FIRST)),
        ([0, 1e-7], [1e-7, 1], [[1e-7, 1]], (epochs.NO_DURATION, epochs.TOUCHING)),
        ([], [], [], ()),
    ],
)
def test_clean_says_what_it_did(starts, ends, expected, messages):
    result = epochs.clean(np.array(starts, dtype=float), np.array(ends, dtype=float))
    np.testing.assert_allclose(np.column_stack((result.starts, result.ends)), np.reshape(expected, (-1, 2)), rtol=1e-15)
    assert result.messages == messages


def test_clean_knows_which_rows_are_left():
    touching = epochs.clean(np.array([0.0, 5.0]), np.array([5.0, 8.0]))
    np.testing.assert_array_equal(touching.kept, [0, 1])
    assert epochs.clean(np.array([0.0, 3.0]), np.array([5.0, 8.0])).kept is None
    assert epochs.clean(np.array([3.0, 0.0]), np.array([4.0, 1.0])).kept is None


@given(clean_sets, clean_sets)
def test_union_intersection_and_difference_hold_the_right_instants(a, b):
    in_a, in_b = members(*a, INSTANTS), members(*b, INSTANTS)
    np.testing.assert_array_equal(members(*epochs.union([a, b]), INSTANTS), in_a | in_b)
    np.testing.assert_array_equal(members(*epochs.intersect(*a, *b)[:2], INSTANTS), in_a & in_b)
    np.testing.assert_array_equal(members(*epochs.difference(*a, *b)[:2], INSTANTS), in_a & ~in_b)


@given(clean_sets, clean_sets)
def test_lattice_laws(a, b):
    """Commutative, idempotent, absorbing; a part and its complement make the whole."""
    both, either = epochs.intersect(*a, *b)[:2], epochs.union([a, b])
    equal(both, epochs.intersect(*b, *a)[:2])
    equal(either, epochs.union([b, a]))
    equal(a, epochs.intersect(*a, *a)[:2])
    equal(a, epochs.union([a, a]))
    equal(a, epochs.intersect(*a, *either)[:2])
    outside = epochs.difference(*a, *b)[:2]
    length = epochs.total(*both) + epochs.total(*outside)
    np.testing.assert_allclose(length, epochs.total(*a), atol=1e-9)


@given(clean_sets, clean_sets, clean_sets)
def test_union_and_intersection_are_associative_and_distribute(a, b, c):
    def meet(x, y):
        return epochs.intersect(*x, *y)[:2]

    equal(epochs.union([epochs.union([a, b]), c]), epochs.union([a, b, c]))
    equal(meet(meet(a, b), c), meet(a, meet(b, c)))
    equal(epochs.union([meet(a, c), meet(b, c)]), epochs.union([meet(epochs.union([a, b]), c)]))


def equal(a, b):
    np.testing.assert_array_equal(a[0], b[0])
    np.testing.assert_array_equal(a[1], b[1])


@given(clean_sets, clean_sets)
def test_pieces_name_the_epochs_they_come_from(a, b):
    starts, ends, row, other_row = epochs.intersect(*a, *b)
    assert np.all((a[0][row] <= starts) & (ends <= a[1][row]))
    assert np.all((b[0][other_row] <= starts) & (ends <= b[1][other_row]))
    starts, ends, row = epochs.difference(*a, *b)
    assert np.all((a[0][row] <= starts) & (ends <= a[1][row]))
    assert np.all(ends > starts)


def test_touching_epochs_share_nothing():
    one, two = (np.array([0.0]), np.array([1.0])), (np.array([1.0]), np.array([2.0]))
    assert epochs.intersect(*one, *two)[0].size == 0
    equal(epochs.difference(*one, *two)[:2], one)
    equal(epochs.union([one, two]), (np.array([0.0]), np.array([2.0])))


def test_union_of_nothing():
    starts, ends = epochs.union([])
    assert starts.size == ends.size == 0


@given(clean_sets, grid)
def test_merge_close_leaves_gaps_wider_than_the_threshold(a, gap):
    starts, ends = epochs.merge_close(*a, gap)
    assert np.all(starts[1:] - ends[:-1] > gap)
    np.testing.assert_array_equal(
        members(starts, ends, INSTANTS) | members(*a, INSTANTS), members(starts, ends, INSTANTS)
    )


@given(clean_sets, st.integers(1, 12).map(lambda k: k / 8))
def test_split_gives_full_pieces_of_long_epochs(a, size):
    starts, ends, row = epochs.split(*a, size)
    np.testing.assert_allclose(ends - starts, size - epochs.TOUCH_GAP, atol=2e-9)
    assert np.all(a[0][row] <= starts + 1e-9)
    assert np.all(ends <= a[1][row])
    expected = [int(np.floor((e - s) / size + 1e-9)) if e - s > size else 0 for s, e in zip(*a, strict=True)]
    np.testing.assert_array_equal(np.bincount(row, minlength=len(a[0])), expected)


@given(clean_sets, st.lists(grid, max_size=8))
def test_epoch_number_is_closed_at_both_edges(a, times):
    times = np.sort(np.array(times, dtype=float))
    expected = [next((k for k, (s, e) in enumerate(zip(*a, strict=True)) if s <= t <= e), np.nan) for t in times]
    np.testing.assert_array_equal(epochs.epoch_number(times, *a), expected)


def test_ranges_are_concatenated():
    np.testing.assert_array_equal(epochs.ranges(np.array([3, 0, 7]), np.array([2, 0, 3])), [3, 4, 7, 8, 9])
    assert epochs.ranges(np.array([], dtype=int), np.array([], dtype=int)).size == 0
