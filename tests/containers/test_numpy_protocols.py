"""Which NumPy results are series again, and which are plain arrays."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import ROUNDING
from rheobase import TimeSupportError
from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor
from rheobase.containers._numpy import METHODS

N = 12
SUPPORT = IntervalSet([0, 6], [5, 20])
TIMES = np.array([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 20.0])


def make(kind):
    values = np.random.default_rng(0).normal(size=(N, 3, 4))
    return {
        "Tsd": Tsd(TIMES, values[:, 0, 0], time_support=SUPPORT),
        "TsdFrame": TsdFrame(TIMES, values[:, :, 0], time_support=SUPPORT, columns=list("abc")),
        "TsdTensor": TsdTensor(TIMES, values, time_support=SUPPORT),
    }[kind]


@pytest.fixture(params=["Tsd", "TsdFrame", "TsdTensor"])
def series(request):
    return make(request.param)


def is_series(result, like, values):
    np.testing.assert_allclose(result.values, values, rtol=ROUNDING, atol=ROUNDING)  # NumPy rounds by memory layout
    np.testing.assert_array_equal(result.t, like.t)
    assert result.time_support is like.time_support


ELEMENTWISE = {
    "negative": lambda x: -x,
    "power": lambda x: x**2,
    "right": lambda x: 1 - x,
    "compare": lambda x: x > 0,
    "scalar": lambda x: x * np.float32(2),
    "abs": lambda x: np.abs(x),
    "exp": np.exp,
    "where": lambda x: np.where(x > 0, x, 0),
    "clip": lambda x: np.clip(x, -1, 1),
    "nan_to_num": np.nan_to_num,
    "round": lambda x: np.round(x, 1),
    "zeros_like": np.zeros_like,
    "full_like": lambda x: np.full_like(x, 3),
    "copy": np.copy,
    "cumsum": lambda x: np.cumsum(x, axis=0),
    "isin": lambda x: np.isin(x, [1, 2]),
    "isclose": lambda x: np.isclose(x, 0),
    "maximum": lambda x: np.maximum(x, 0),
    "accumulate": np.maximum.accumulate,
    "reshape": lambda x: np.reshape(x, x.shape),
    "astype": lambda x: x.astype(np.float32),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_results_keep_class_and_times(series, name):
    result = ELEMENTWISE[name](series)
    assert type(result) is type(series)
    is_series(result, series, ELEMENTWISE[name](series.values))


REDUCTIONS = {
    "mean": np.mean,
    "sum": lambda x: np.sum(x, axis=0),
    "max": lambda x: np.max(x, axis=-x.ndim),
    "nanmean": np.nanmean,
    "std": lambda x: np.std(x, axis=(0, -1) if x.ndim > 1 else 0),
    "reduce": np.add.reduce,
    "median": lambda x: np.median(x, axis=0),
    "percentile": lambda x: np.percentile(x, [10, 50], axis=0),
    "argmax": np.argmax,
    "flip": lambda x: np.flip(x, 0),
    "roll": lambda x: np.roll(x, 1),
    "transpose": lambda x: np.transpose(x) if x.ndim > 1 else np.flip(x),
    "histogram": lambda x: np.histogram(x)[0],
    "diff": lambda x: np.diff(x, axis=0),
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "stack": lambda x: np.stack((x, x)),
    "corrcoef": lambda x: np.corrcoef(x.reshape(x.shape[0] // 2, -1)),
    "outer": lambda x: np.add.outer(x, x),
    "unique": np.unique,
    "array_equal": lambda x: np.array_equal(x, x),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_results_across_time_are_plain(series, name):
    result = REDUCTIONS[name](series)
    assert isinstance(result, np.ndarray | np.generic | bool)
    np.testing.assert_array_equal(result, REDUCTIONS[name](series.values))


@pytest.mark.parametrize("shape", [(N, N), (N, 3)])
def test_a_first_axis_of_the_right_length_by_chance_is_no_time(shape):
    """pynapple wraps whatever has as many rows as there are samples."""
    frame = TsdFrame(TIMES, np.random.default_rng(0).normal(size=shape), time_support=SUPPORT)
    for result in (
        np.corrcoef(frame),
        np.ones((N, N)) @ frame,
        np.cov(frame),
        np.linalg.svd(frame, full_matrices=False)[0],
    ):
        assert isinstance(result, np.ndarray)


WIDE = {
    "mean": (lambda x: np.mean(x, axis=1), -1),
    "max": (lambda x: np.max(x, axis=-1, keepdims=True), 0),
    "sum_method": (lambda x: x.sum(axis=1), -1),
    "norm": (lambda x: np.linalg.norm(x, axis=1), -1),
    "argmin": (lambda x: np.argmin(x, axis=1), -1),
    "diff": (lambda x: np.diff(x, axis=1), 0),
    "flip": (lambda x: np.flip(x, axis=1), 0),
    "quantile": (lambda x: np.quantile(x, 0.5, axis=1), -1),
    "reduce": (lambda x: np.add.reduce(x, axis=1), -1),
    "apply": (lambda x: np.apply_along_axis(np.sum, 1, x), -1),
    "cumsum": (lambda x: np.cumsum(x, axis=1), 0),
    "expand": (lambda x: np.expand_dims(x, -1), 1),
    "tile": (lambda x: np.tile(x, 2), 0),
    "swap": (lambda x: np.swapaxes(x, 1, -1), 0),
}


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("kind", ["TsdFrame", "TsdTensor"])
def test_results_along_other_axes_keep_times(kind, name):
    series = make(kind)
    function, more = WIDE[name]
    result = function(series)
    assert type(result).__name__ == ["Tsd", "TsdFrame", "TsdTensor"][min(series.ndim + more, 3) - 1]
    is_series(result, series, function(series.values))


@pytest.mark.parametrize(
    "name", [m for m in METHODS if m not in ("clip", "dot", "reshape", "repeat", "swapaxes", "expand_dims")]
)
def test_methods_are_functions(series, name):
    args = {"percentile": (30,), "quantile": (0.3,), "round": (1,)}.get(name, ())
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(
            np.asarray(getattr(series, name)(*args)), np.asarray(getattr(np, name)(series.values, *args))
        )


# ---- several series --------------------------------------------------------------------------------------------------


def test_aligned_series_combine(series):
    other = series.copy()
    is_series(series + other, series, 2 * series.values)
    is_series(series == other, series, np.ones(series.shape, dtype=bool))
    is_series((series > 0) & (other < 1), series, (series.values > 0) & (series.values < 1))
    is_series(np.where(series > 0, series, -other), series, np.abs(series.values))


def test_a_signal_goes_with_every_column():
    frame, tensor = make("TsdFrame"), make("TsdTensor")
    signal = frame["a"]
    is_series(frame - signal, frame, frame.values - frame.values[:, :1])
    is_series(signal * tensor, tensor, signal.values[:, None, None] * tensor.values)
    assert list((signal + frame).columns) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "other",
    [
        Tsd(TIMES + 0.1, np.ones(N)),
        Tsd(TIMES, np.ones(N)),
        Tsd(TIMES[:5], np.ones(5)),
        TsdFrame(TIMES[1:], np.ones((N - 1, N))),
    ],
    ids=["times", "support", "length", "frame"],
)
def test_series_that_are_not_aligned_do_not(other):
    with pytest.raises(TimeSupportError, match="Bring one to the times of the other with value_from or interpolate"):
        make("Tsd") + other
    with pytest.raises(ValueError, match="cannot combine a Tsd and a Tsd"):
        np.where(make("Tsd") > 0, other, 0)


def test_arrays_stand_on_either_side(series):
    is_series(series.values + series, series, 2 * series.values)
    is_series(series - series.values, series, 0 * series.values)
    assert isinstance(np.ones((2, 1) if series.ndim == 1 else (2, 1, 1, 1)) * series, np.ndarray)


def test_in_place_operators_change_values(series):
    same, before = series, series.values.copy()
    series += 1
    series *= 2
    assert series is same
    np.testing.assert_array_equal(series.values, (before + 1) * 2)
    series -= series
    assert not series.values.any()
    plain = np.zeros(series.shape)
    np.add(plain, series, out=series)
    counts = Tsd([0, 1], [1, 2])
    with pytest.raises(TypeError, match="Cannot cast"):
        counts += 0.5


def test_several_results_are_all_series():
    tsd = make("Tsd")
    fraction, whole = np.modf(tsd)
    is_series(fraction, tsd, np.modf(tsd.values)[0])
    is_series(whole, tsd, np.modf(tsd.values)[1])


def test_matrix_products_keep_rows():
    frame = make("TsdFrame")
    weights = np.random.default_rng(1).normal(size=(3, 2))
    is_series(frame @ weights, frame, frame.values @ weights)
    is_series(np.dot(frame, weights), frame, frame.values @ weights)
    is_series(frame @ weights[:, 0], frame, frame.values @ weights[:, 0])
    assert isinstance(frame.values.T @ frame, np.ndarray)
    assert np.isscalar(np.dot(frame["a"], frame["b"]))


# ---- arrays ----------------------------------------------------------------------------------------------------------


def test_arrays_of_a_series(series):
    assert np.asarray(series) is series.values
    assert np.array(series) is not series.values
    assert np.array(series, copy=False) is series.values
    assert np.asarray(series, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="cannot become float32 without a copy"):
        np.array(series, dtype=np.float32, copy=False)
    with pytest.raises(TypeError, match="unhashable"):
        hash(series)


@pytest.mark.parametrize("function", [np.sort, np.fft.fft, lambda x: np.take(x, [0]), lambda x: np.delete(x, 0)])
def test_what_would_tear_values_from_their_times_is_refused(series, function):
    with pytest.raises(TypeError, match=r"would tear values from their times; give it series\.values"):
        function(series)


# ---- joining and splitting -------------------------------------------------------------------------------------------


def test_joining_in_time(series):
    early, late = series.get(0, 4), series.get(5, 30)
    joined = np.concatenate((early, late))
    assert type(joined) is type(series)
    np.testing.assert_array_equal(joined.values, series.values)
    np.testing.assert_array_equal(joined.time_support.values, series.time_support.values)
    with pytest.warns(UserWarning, match="sorting them together"):
        again = np.concatenate((late, early))
    np.testing.assert_array_equal(again.t, series.t)
    np.testing.assert_array_equal(again.values, series.values)
    assert isinstance(np.concatenate((early, late.values)), np.ndarray)
    separate = np.concatenate((series.restrict(IntervalSet(0, 2)), series.restrict(IntervalSet(6, 8))))
    assert separate.time_support.values.tolist() == [[0, 2], [6, 8]]


def test_joining_in_columns():
    frame, signal = make("TsdFrame"), make("Tsd")
    wide = np.hstack((frame, frame))
    assert list(wide.columns) == [*"abcabc"]
    assert np.concatenate((frame, frame), axis=-1).shape == (N, 6)
    pair = np.column_stack((signal, signal))
    assert isinstance(pair, TsdFrame)
    assert isinstance(np.stack((signal, signal), axis=1), TsdFrame)
    assert isinstance(np.column_stack((signal, np.ones(N))), TsdFrame)
    assert isinstance(np.dstack((frame, frame)), TsdTensor)
    assert isinstance(np.vstack((signal, signal)), np.ndarray)
    assert isinstance(np.concatenate((frame, frame), axis=None), np.ndarray)
    with pytest.warns(UserWarning, match="Returning numpy array"):
        assert isinstance(np.column_stack((signal, Tsd(TIMES, np.ones(N)))), np.ndarray)


def test_splitting_in_time(series):
    for pieces in (np.split(series, 3), np.array_split(series, 5), np.split(series, [2, 9])):
        assert all(type(piece) is type(series) for piece in pieces)
        np.testing.assert_array_equal(np.concatenate([piece.values for piece in pieces]), series.values)
        assert all(piece.time_support is series.time_support for piece in pieces)
    assert [len(piece) for piece in np.array_split(series, 5)] == [3, 3, 2, 2, 2]


def test_splitting_in_columns():
    frame = make("TsdFrame")
    left, right = np.hsplit(frame, [1])
    assert list(left.columns) == ["a"]
    assert list(right.columns) == ["b", "c"]
    assert [piece.shape for piece in np.split(frame, 3, axis=1)] == [(N, 1)] * 3
    assert len(np.dsplit(make("TsdTensor"), 2)) == 2
    assert [len(piece) for piece in np.vsplit(frame, 2)] == [6, 6]
