"""Named columns with metadata."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup

EPOCHS = IntervalSet([0, 10], [5, 15])


@pytest.fixture
def frame():
    t = np.arange(0, 20, 0.5)
    d = t[:, None] * np.array([1.0, 10.0, 100.0])
    return TsdFrame(
        t, d, time_support=EPOCHS, columns=["a", "b", "c"], metadata={"depth": [3, 1, 2], "area": list("xyx")}
    )


def labels(frame):
    return list(frame.columns), list(frame.depth), list(frame.area)


# ---- construction ----------------------------------------------------------------------------------------------------


def test_columns_are_numbered_unless_named():
    assert list(TsdFrame([0, 1], np.ones((2, 3))).columns) == [0, 1, 2]
    assert list(TsdFrame([0, 1], np.ones((2, 2)), columns=[7, 3]).columns) == [7, 3]
    assert list(TsdFrame([0, 1], np.ones((2, 2)), columns=["a", 3]).columns) == ["a", 3]
    assert TsdFrame([0, 1], [1, 2]).shape == (2, 1)


def test_a_dataframe_gives_times_values_and_columns():
    pd = pytest.importorskip("pandas")
    frame = TsdFrame(pd.DataFrame({"x": [1, 2], "y": [3, 4]}, index=[0.5, 1.5]))
    assert list(frame.columns) == ["x", "y"]
    np.testing.assert_array_equal(frame["y"].values, [3, 4])
    np.testing.assert_array_equal(frame.t, [0.5, 1.5])
    again = frame.as_dataframe()
    pd.testing.assert_frame_equal(again, pd.DataFrame({"x": [1, 2], "y": [3, 4]}, index=[0.5, 1.5]))
    assert frame.as_units("ms").index.name == "Time (ms)"


def test_rows_travel_with_unsorted_times():
    with pytest.warns(UserWarning, match="not sorted"):
        frame = TsdFrame([2, 1], [[20, 21], [10, 11]])
    assert frame.values.tolist() == [[10, 11], [20, 21]]


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"t": [0, 1], "d": np.ones((2, 2, 2))}, AssertionError, "1 or 2 dimensional, got shape"),
        ({"t": [0, 1]}, AssertionError, "Missing argument d when initializing TsdFrame"),
        ({"t": [0, 1], "d": np.ones((3, 2))}, AssertionError, "Length of values 3 does not match length of index 2"),
        ({"t": [0, 1], "d": np.ones((2, 2)), "metadata": {"m": [1]}}, ValueError, "length 1 of metadata 'm'"),
        ({"t": [0, 1], "d": np.ones((2, 2)), "metadata": 3}, TypeError, "Metadata with type"),
        ({"t": [0, 1], "d": np.ones((2, 2)), "columns": ["a"]}, ValueError, "1 names, but values have 2 columns"),
        ({"t": [0, 1], "d": np.ones((2, 2)), "columns": list("abc")}, ValueError, "3 names, but values have 2"),
        (
            {"t": [0, 1], "d": np.ones((2, 2)), "columns": ["a", "b"], "metadata": {"a": [1, 2]}},
            ValueError,
            "is the name of a data column",
        ),
    ],
)
def test_the_constructor_says_what_it_needs(kwargs, error, message):
    with pytest.raises(error, match=message):
        TsdFrame(**kwargs)


# ---- items -----------------------------------------------------------------------------------------------------------


def test_columns_by_name(frame):
    assert isinstance(frame["b"], Tsd)
    np.testing.assert_array_equal(frame["b"].values, 10 * frame.t)
    np.testing.assert_array_equal(frame.loc["b"].values, 10 * frame.t)
    part = frame[["c", "a"]]
    assert labels(part) == (["c", "a"], [2, 3], ["x", "x"])
    np.testing.assert_array_equal(part.values[1], [50, 0.5])
    assert labels(frame.loc[["c", "a"]]) == labels(part)
    assert labels(frame[np.array(["c", "a"])]) == labels(part)
    assert labels(frame[frame.columns[[2, 0]]]) == labels(part)


@pytest.mark.parametrize("pick", [lambda f: f[["a"]], lambda f: f.loc[["a"]], lambda f: f[:, [0]], lambda f: f[:, 0:1]])
def test_one_column_in_a_list_stays_a_frame(frame, pick):
    part = pick(frame)
    assert isinstance(part, TsdFrame)
    assert labels(part) == (["a"], [3], ["x"])


def test_numbered_columns_by_loc():
    frame = TsdFrame([0, 1], [[1, 2], [3, 4]], columns=[5, 3])
    np.testing.assert_array_equal(frame.loc[3].values, [2, 4])
    np.testing.assert_array_equal(frame.loc[[3, 5]].values, [[2, 1], [4, 3]])
    np.testing.assert_array_equal(frame.loc[np.int64(5)].values, [1, 3])
    with pytest.raises(IndexError, match=r"4 is neither a column \(\[5, 3\]\)"):
        frame.loc[4]


def test_positions_give_rows_cells_and_columns(frame):
    np.testing.assert_array_equal(frame[1], [0.5, 5, 50])
    assert frame[1, 2] == 50
    assert isinstance(frame[:, 1], Tsd)
    assert labels(frame[2:5, 1:]) == (["b", "c"], [1, 2], ["y", "x"])
    assert labels(frame[3:]) == labels(frame)
    assert isinstance(frame[[0, 1], [0, 1]], Tsd)
    assert isinstance(frame[:, None], TsdTensor)
    assert labels(frame[:, frame.depth > 1]) == (["a", "c"], [3, 2], ["x", "x"])
    assert labels(frame[frame["a"] > 3]) == labels(frame)
    assert frame[frame > 300].ndim == 1
    assert frame[..., 0].shape == (len(frame),)
    assert labels(frame[:, -1:]) == (["c"], [2], ["x"])


def test_rows_out_of_order_are_sorted(frame):
    with pytest.warns(UserWarning, match="sorting them together"):
        part = frame[::-1]
    np.testing.assert_array_equal(part.values, frame.values)
    assert labels(part) == labels(frame)


def test_unknown_names_are_named(frame):
    with pytest.raises(KeyError, match=r"'dept' is neither a column .* Did you mean 'depth'"):
        frame["dept"]
    with pytest.raises(KeyError, match="'z' is neither"):
        frame[["a", "z"]]
    with pytest.raises(IndexError, match="'z' is neither"):
        frame.loc["z"]


def test_metadata_by_name(frame):
    assert list(frame["depth"]) == [3, 1, 2]
    assert list(frame.depth) == [3, 1, 2]
    assert frame[["depth", "area"]].shape == (3, 2)
    assert list(frame.metadata.index) == ["a", "b", "c"]
    assert {k: list(v) for k, v in frame.groupby("area").items()} == {"x": ["a", "c"], "y": ["b"]}
    assert labels(frame.groupby("area", get_group="x")) == (["a", "c"], [3, 2], ["x", "x"])
    assert frame.groupby_apply("area", lambda part: part.shape[1]) == {"x": 2, "y": 1}


def test_columns_and_metadata_are_set_by_name(frame):
    frame["b"] = 0
    assert not frame["b"].values.any()
    frame[["a", "c"]] = 1.0
    assert (frame.values[:, [0, 2]] == 1).all()
    frame["layer"] = [1, 2, 3]
    assert list(frame.layer) == [1, 2, 3]
    frame.unit = ["V", "V", "A"]
    assert list(frame["unit"]) == ["V", "V", "A"]
    frame[0] = [7, 8, 9]
    frame.loc["a"] = frame["c"] * 3
    frame.loc[["b"]] = 4
    assert frame.values[1].tolist() == [3, 4, 1]
    with pytest.raises(AttributeError, match="Cannot set attribute 'values'"):
        frame.values = 3


def test_metadata_of_a_part_is_its_own(frame):
    part = frame[1:5]
    part["depth"] = [0, 0, 0]
    assert list(frame.depth) == [3, 1, 2]


# ---- what keeps columns and metadata ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    [
        lambda f: f.restrict(IntervalSet(1, 4)),
        lambda f: f.get(1, 4),
        lambda f: f * 2 + 1,
        lambda f: np.sqrt(f),
        lambda f: f > 3,
        lambda f: np.cumsum(f, 0),
        lambda f: f.bin_average(1.0),
        lambda f: f.interpolate(Ts([1.2, 3.4])),
        lambda f: f.convolve(np.ones(3)),
        lambda f: f.smooth(0.5, size_factor=4),
        lambda f: f.derivative(),
        lambda f: f.decimate(2, order=1),
        lambda f: f.dropna(),
        lambda f: f.copy(),
        lambda f: copy.deepcopy(f),
        lambda f: pickle.loads(pickle.dumps(f)),
        lambda f: f.astype(np.float32),
        lambda f: Ts([1, 2, 3]).value_from(f),
        lambda f: f + f["a"],
        lambda f: np.where(f > 3, f, 0),
    ],
)
def test_same_columns_keep_names_and_metadata(frame, operation):
    result = operation(frame)
    assert isinstance(result, TsdFrame)
    assert labels(result) == labels(frame)


def test_another_number_of_columns_starts_anew(frame):
    result = np.diff(frame, axis=1)
    assert isinstance(result, TsdFrame)
    assert list(result.columns) == [0, 1]
    assert result.metadata_columns == []


def test_many_kernels_make_a_tensor(frame):
    result = frame.convolve(np.ones((3, 2)))
    assert isinstance(result, TsdTensor)
    assert result.shape == (len(frame), 3, 2)


def test_peaks_of_each_column():
    t = np.arange(0, 3, 0.01)
    frame = TsdFrame(t, np.stack((np.sin(2 * np.pi * t), np.sin(4 * np.pi * t)), axis=1), columns=["slow", "fast"])
    peaks = frame.find_peaks()
    assert isinstance(peaks, TsGroup)
    assert list(peaks["columns"]) == ["slow", "fast"]
    assert [len(unit) for unit in peaks.values()] == [3, 6]


def test_trials_have_columns_first(frame):
    tensor = frame.to_trial_tensor(IntervalSet([0, 10], [1, 12]))
    assert tensor.shape == (3, 2, 5)
    np.testing.assert_array_equal(tensor[1, 0], [0, 5, 10, np.nan, np.nan])


def test_dropna_drops_rows_with_any_nan(frame):
    frame["b"] = np.where(frame.t == 2, np.nan, 1)
    assert len(frame.dropna()) == len(frame) - 1
    np.testing.assert_array_equal(frame.dropna().time_support.values, [[0, 1.5], [2.5, 5], [10, 15]])


def test_repr_shows_columns_and_metadata(frame):
    text = repr(frame)
    assert "Metadata" in text
    assert text.endswith("shape: (22, 3)")
    assert "<table" in frame._repr_html_()


def test_no_rows_and_no_columns():
    empty = TsdFrame([], np.empty((0, 2)))
    assert empty.bin_average(1.0).shape == (0, 2)
    assert empty.dropna().shape == (0, 2)
    assert empty.restrict(EPOCHS).shape == (0, 2)
    narrow = TsdFrame([0, 1, 2], np.empty((3, 0)))
    assert narrow[1:].shape == (2, 0)
