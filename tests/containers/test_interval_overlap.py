"""Epochs that overlap, touch, nest or stand twice: rows for themselves, or the time that they cover."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup
from rheobase.io import load_file

LAWS = settings(max_examples=60, deadline=None)

TRIALS = IntervalSet(
    [0, 2, 2, 8, 20], [10, 4, 4, 20, 25], metadata={"label": list("abcde"), "side": [0, 1, 0, 1, 0]}, overlap="keep"
)


@st.composite
def any_intervals(draw: st.DrawFn, max_size: int = 8) -> IntervalSet:
    """Intervals on a coarse grid, so that many overlap, touch, nest and stand twice."""
    rows = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=max_size))
    starts = np.array([start for start, _ in rows], dtype=float)
    lengths = np.array([length for _, length in rows], dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return IntervalSet(starts / 2, (starts + lengths) / 2, metadata={"row": np.arange(len(rows))}, overlap="keep")


def covered(epochs: IntervalSet, instants: np.ndarray) -> np.ndarray:
    """By definition: whether an instant lies in any epoch."""
    return ((instants[:, None] >= epochs.start) & (instants[:, None] <= epochs.end)).any(axis=1)


INSTANTS = np.arange(0, 27, 0.25)
EVENTS = Ts(INSTANTS)


def test_all_rows_stay_with_their_metadata() -> None:
    assert len(TRIALS) == 5
    assert TRIALS.has_overlap
    assert TRIALS.label.tolist() == list("abcde")
    assert TRIALS["b"].values.tolist() == [[2, 4]]


def test_rows_are_sorted_by_start_then_end_with_their_metadata() -> None:
    with pytest.warns(UserWarning, match="each with its end and its metadata"):
        epochs = IntervalSet([5, 1, 1], [6, 9, 3], metadata={"name": ["c", "b", "a"]}, overlap="keep")
    assert epochs.name.tolist() == ["a", "b", "c"]
    assert epochs.values.tolist() == [[1, 3], [1, 9], [5, 6]]


def test_only_rows_without_duration_and_with_nan_are_dropped_and_nobody_elses_metadata() -> None:
    with (
        pytest.warns(UserWarning, match="NaN start/end"),
        pytest.warns(UserWarning, match=r"no duration\n.* precede"),
    ):
        epochs = IntervalSet([0, 1, 2, np.nan, 3], [4, 1, 0, 5, 9], metadata={"name": list("abcde")}, overlap="keep")
    assert epochs.name.tolist() == ["a", "e"]


@pytest.mark.parametrize("overlap", ["kep", "", None, 1])
def test_unknown_overlap_is_refused(overlap: object) -> None:
    with pytest.raises(ValueError, match='overlap should be "merge" or "keep"'):
        IntervalSet(0, 1, overlap=overlap)


def test_merging_is_the_default_also_for_a_set_that_overlaps() -> None:
    with pytest.warns(UserWarning, match="Joining"):
        merged = IntervalSet(IntervalSet([0, 3], [4, 6], overlap="keep"))
    assert merged.values.tolist() == [[0, 6]]
    kept = IntervalSet(TRIALS, overlap="keep")
    np.testing.assert_array_equal(kept.values, TRIALS.values)


def test_union_of_touching_epochs_of_one_set_has_no_gap() -> None:
    epochs = IntervalSet([0, 5], [5, 8], overlap="keep")
    assert epochs.has_overlap
    assert epochs.union().values.tolist() == [[0, 8]]
    assert epochs.tot_length() == 8


def test_a_disjoint_set_is_its_own_union() -> None:
    epochs = IntervalSet([0, 5], [3, 8], overlap="keep")
    assert not epochs.has_overlap
    np.testing.assert_array_equal(epochs.union().values, epochs.values)


def test_selecting_out_of_order_keeps_rows_whole() -> None:
    with pytest.warns(UserWarning, match="not sorted"):
        some = TRIALS[[3, 0, 1]]
    assert some.label.tolist() == ["a", "b", "d"]
    assert TRIALS[[1, 1]].label.tolist() == ["b", "b"]
    assert TRIALS[0].values.tolist() == [[0, 10]]
    assert [len(trial) for trial in TRIALS] == [1] * 5
    assert TRIALS[0:3, :].values.tolist() == TRIALS.values[:3].tolist()


def test_count_of_whole_epochs_has_one_row_per_epoch_in_their_order() -> None:
    counts = EVENTS.count(ep=TRIALS)
    expected = [np.sum((start <= INSTANTS) & (end >= INSTANTS)) for start, end in TRIALS.values]
    assert counts.values.tolist() == expected
    assert counts.t.tolist() == TRIALS.start.tolist()
    assert not counts.time_support.has_overlap
    group = TsGroup({0: EVENTS, 1: Ts([1.0, 3.0])}, time_support=EVENTS.time_support).count(ep=TRIALS)
    assert group.values[:, 0].tolist() == expected
    assert group.values[:, 1].tolist() == [2, 1, 1, 0, 0]


def test_trials_side_by_side_overlap_freely() -> None:
    tensor = Tsd(INSTANTS, INSTANTS).to_trial_tensor(TRIALS)
    for row, (start, end) in zip(tensor, TRIALS.values):
        inside = INSTANTS[(start <= INSTANTS) & (end >= INSTANTS)]
        np.testing.assert_array_equal(row[: inside.size], inside)
        assert np.isnan(row[inside.size :]).all()
    counts = EVENTS.trial_count(TRIALS, 1.0)
    for row, (start, end) in zip(counts, TRIALS.values):
        alone = EVENTS.count(1.0, IntervalSet(start, end)).values
        np.testing.assert_array_equal(row[: alone.size], alone)
    np.testing.assert_array_equal(TsGroup({0: EVENTS}).trial_count(TRIALS, 1.0)[0], counts)


@pytest.mark.parametrize("bin_size", [None, 1.0])
def test_groups_of_epochs(bin_size: float | None) -> None:
    parts = TRIALS.groupby_apply("side", lambda part: EVENTS.count(bin_size, part).values.sum())
    assert set(parts) == {0, 1}
    assert TRIALS.groupby("side", get_group=1).label.tolist() == ["b", "d"]


def test_repr_says_that_epochs_overlap() -> None:
    assert repr(TRIALS).endswith("time unit: sec, overlapping.")
    assert "overlapping" not in repr(TRIALS.union())


def test_pickle_and_archive_keep_every_row(tmp_path) -> None:
    TRIALS.save(tmp_path / "trials.npz")
    for again in (pickle.loads(pickle.dumps(TRIALS)), load_file(tmp_path / "trials.npz"), TRIALS.copy()):
        np.testing.assert_array_equal(again.values, TRIALS.values)
        assert again.label.tolist() == TRIALS.label.tolist()
        assert again.has_overlap


def test_shapes_of_rows_and_of_the_time_covered() -> None:
    assert TRIALS.drop_short_intervals(5).label.tolist() == ["a", "d"]
    assert TRIALS.drop_long_intervals(5).label.tolist() == ["b", "c"]
    pieces = TRIALS.split(4)
    assert pieces.label.tolist() == ["a", "a", "d", "d", "d", "e"]
    assert np.all(np.diff(pieces.start) >= 0)
    with pytest.warns(UserWarning, match="metadata"):
        assert TRIALS.merge_close_intervals(1).values.tolist() == [[0, 25]]
    nested = IntervalSet([0, 1], [9, 2], overlap="keep")
    assert nested.time_span().values.tolist() == [[0, 9]]
    assert nested.get_intervals_center().t.tolist() == [1.5, 4.5]


@LAWS
@given(any_intervals())
def test_as_time_a_set_is_its_union(epochs: IntervalSet) -> None:
    union = IntervalSet._trusted(epochs.start, epochs.end).union()
    assert not union.has_overlap
    inside = covered(epochs, INSTANTS)
    np.testing.assert_array_equal(covered(union, INSTANTS), inside)
    assert epochs.tot_length() == union.tot_length() <= np.sum(epochs.end - epochs.start)
    np.testing.assert_array_equal(EVENTS.in_interval(epochs).values, inside)
    np.testing.assert_array_equal(EVENTS.restrict(epochs).t, INSTANTS[inside])
    np.testing.assert_array_equal(Ts(INSTANTS, time_support=epochs).t, INSTANTS[inside])
    np.testing.assert_array_equal(Tsd(INSTANTS, INSTANTS, time_support=epochs).values, INSTANTS[inside])
    group = TsGroup({3: EVENTS, 7: EVENTS[::3]}, time_support=epochs)
    np.testing.assert_array_equal(group[3].t, INSTANTS[inside])
    assert not group.time_support.has_overlap
    frame = TsdFrame(INSTANTS, np.column_stack((INSTANTS, -INSTANTS)))
    for method in ("bin_average", "count"):
        series = frame if method == "bin_average" else EVENTS
        one, two = (getattr(series, method)(0.75, ep) for ep in (epochs, union))
        np.testing.assert_array_equal(one.t, two.t)
        np.testing.assert_array_equal(one.values, two.values)
    np.testing.assert_array_equal(EVENTS.value_from(frame, epochs).values, EVENTS.value_from(frame, union).values)
    np.testing.assert_array_equal(frame.interpolate(EVENTS, epochs).values, frame.interpolate(EVENTS, union).values)
    np.testing.assert_array_equal(EVENTS.time_diff(epochs=epochs).values, EVENTS.time_diff(epochs=union).values)


@LAWS
@given(any_intervals())
def test_in_interval_names_the_first_epoch_that_holds_a_time(epochs: IntervalSet) -> None:
    expected = [next((i for i, (a, b) in enumerate(epochs.values) if a <= t <= b), np.nan) for t in INSTANTS]
    np.testing.assert_array_equal(epochs.in_interval(EVENTS), expected)


@LAWS
@given(any_intervals(), any_intervals())
def test_pieces_of_overlapping_sets_cover_what_the_algebra_of_time_says(a: IntervalSet, b: IntervalSet) -> None:
    # halves between the grid points: no instant is an edge
    instants = INSTANTS + 0.1
    in_a, in_b = covered(a, instants), covered(b, instants)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        union = a.union(b)
        many = a.union(b, b, a)
    np.testing.assert_array_equal(covered(union, instants), in_a | in_b)
    np.testing.assert_array_equal(many.values, union.values)
    for result, expected in ((a.intersect(b), in_a & in_b), (a.set_diff(b), in_a & ~in_b)):
        np.testing.assert_array_equal(covered(result, instants), expected)
        assert np.all(result.end > result.start)
        order = np.lexsort((result.end, result.start))
        np.testing.assert_array_equal(order, np.arange(len(result)))


@LAWS
@given(any_intervals(), st.tuples(st.integers(0, 20), st.integers(1, 12)))
def test_each_epoch_is_cut_on_its_own(epochs: IntervalSet, window: tuple[int, int]) -> None:
    window = IntervalSet(window[0], window[0] + window[1])
    pieces = epochs.intersect(window)
    alone = [
        (row, *epoch.intersect(window).values[0])
        for row, epoch in zip(epochs.row, epochs)
        if len(epoch.intersect(window))
    ]
    found = list(zip(pieces.row, pieces.start, pieces.end)) if len(pieces) else []
    assert sorted(found) == sorted(alone)
    for row, epoch in zip(epochs.row, epochs):
        rest = epochs.set_diff(window)
        np.testing.assert_array_equal(rest.values[rest.row == row], epoch.set_diff(window).values)


@LAWS
@given(any_intervals())
def test_a_merged_set_differs_only_in_rows(epochs: IntervalSet) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        merged = IntervalSet(epochs)
    assert len(merged) <= len(epochs)
    assert abs(merged.tot_length() - epochs.tot_length()) <= 1e-6 * (len(epochs) + 1)


def test_expanded_epochs_keep_their_metadata_and_may_overlap() -> None:
    epochs = IntervalSet([10, 20], [15, 25], metadata={"name": ["a", "b"]})
    longer = epochs.expand(3, 2)
    assert longer.values.tolist() == [[7, 17], [17, 27]]
    assert longer.has_overlap
    assert longer.name.tolist() == ["a", "b"]
    assert epochs.expand(1000, time_units="ms").values.tolist() == [[9, 16], [19, 26]]
    with pytest.warns(UserWarning, match="Joining"), pytest.warns(UserWarning, match="metadata"):
        assert epochs.expand(5, overlap="merge").values.tolist() == [[5, 30]]
    longer.set_info(name=["x", "y"])
    assert epochs.name.tolist() == ["a", "b"]


def test_shrunk_epochs_that_vanish_take_only_their_own_metadata() -> None:
    epochs = IntervalSet([0, 20], [1, 25], metadata={"name": ["a", "b"]})
    with pytest.warns(UserWarning, match=r"1 epoch\(s\) are not longer"):
        shorter = epochs.shrink(0.5)
    assert shorter.values.tolist() == [[20.5, 24.5]]
    assert shorter.name.tolist() == ["b"]
    assert TRIALS.shrink(0.25).label.tolist() == TRIALS.label.tolist()


@LAWS
@given(any_intervals(), st.integers(0, 8), st.integers(0, 8))
def test_shrinking_undoes_expanding(epochs: IntervalSet, before: int, after: int) -> None:
    again = epochs.expand(before / 4, after / 4).shrink(before / 4, after / 4)
    np.testing.assert_array_equal(again.values, epochs.values)
    np.testing.assert_array_equal(again.row, epochs.row)


@pytest.mark.parametrize("method", ["expand", "shrink"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [((-1,), ">= 0"), ((1, -1), ">= 0"), (("1",), "number"), ((np.inf,), "finite"), ((1, 1, "min"), "unit")],
)
def test_bad_margins_are_refused(method: str, arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(TRIALS, method)(*arguments)
    with pytest.raises(ValueError, match="overlap should be"):
        getattr(TRIALS, method)(0.1, overlap="joins")


@LAWS
@given(any_intervals())
def test_each_sample_is_either_in_epochs_or_excluded(epochs: IntervalSet) -> None:
    inside = covered(epochs, INSTANTS)
    frame = TsdFrame(INSTANTS, np.column_stack((INSTANTS, -INSTANTS)), columns=["a", "b"])
    group = TsGroup({1: EVENTS, 4: EVENTS[::5]}, metadata={"area": ["V1", "CA1"]})
    for series in (EVENTS, frame, frame["a"], group[1]):
        rest = series.exclude(epochs)
        np.testing.assert_array_equal(rest.t, INSTANTS[~inside])
        assert covered(rest.time_support, rest.t).all()
    parts = group.exclude(epochs)
    for key in group:
        np.testing.assert_array_equal(parts[key].t, group[key].exclude(epochs).t)
    assert parts.area.tolist() == ["V1", "CA1"]
    valued = TsGroup({0: frame["a"], 1: frame["b"]}).exclude(epochs)
    np.testing.assert_array_equal(valued[1].values, -INSTANTS[~inside])
    left = group.time_support.tot_length() - group.time_support.intersect(epochs.union()).tot_length()
    assert abs(parts.time_support.tot_length() - left) < 1e-9


def test_exclude_takes_epochs() -> None:
    for series in (EVENTS, TsGroup({0: EVENTS})):
        with pytest.raises(TypeError, match="IntervalSet"):
            series.exclude([0, 1])
