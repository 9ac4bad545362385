"""Values on disk are read when, and as far as, they are needed."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor
from rheobase.containers._lazy import LazyArray

N = 100_000
TIMES = np.arange(N) / 1000.0
SHAPES = [(), (4,), (2, 3)]
CLASSES = {0: Tsd, 1: TsdFrame, 2: TsdTensor}


def lazy(shape=(), dtype=np.float32):
    values = np.random.default_rng(0).normal(size=(N, *shape)).astype(dtype)
    return CLASSES[len(shape)](TIMES, LazyArray(values), load_array=False), values


@pytest.mark.parametrize("shape", SHAPES)
def test_making_and_showing_reads_next_to_nothing(shape):
    series, values = lazy(shape)
    assert not isinstance(series.values, np.ndarray)
    assert (series.shape, series.dtype, series.ndim) == (values.shape, values.dtype, values.ndim)
    whole = type(series)(TIMES, series.values, load_array=False, time_support=IntervalSet(-1, 1000))
    assert whole.values is series.values
    repr(series)
    assert series.values.bytes_read < 1000 * values[0].nbytes


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "part",
    [
        lambda x: x.restrict(IntervalSet(10, 11)),
        lambda x: x.restrict(IntervalSet([10, 50], [10.5, 50.5])),
        lambda x: x.get(10, 11),
        lambda x: x[10_000:11_000],
        lambda x: x[np.arange(10_000, 11_000)],
        lambda x: x[(x.t > 10) & (x.t < 11)],
        lambda x: x.bin_average(0.1, IntervalSet(10, 11)),
        lambda x: x.interpolate(Ts([10.0, 10.5])),
        lambda x: x.derivative(IntervalSet(10, 11)),
        lambda x: x.convolve(np.ones(5), IntervalSet(10, 11)),
        lambda x: x.decimate(2, ep=IntervalSet(10, 11)),
        lambda x: Ts([10.0, 10.9]).value_from(x),
    ],
)
def test_a_part_is_read_as_a_part(shape, part):
    series, values = lazy(shape)
    in_memory = type(series)(TIMES, values)
    if "interpolate" in str(part.__code__.co_names):  # its epoch is the whole support
        part = lambda x: x.interpolate(Ts([10.0, 10.5]), IntervalSet(10, 11))  # noqa: E731
    result = part(series)
    assert isinstance(result.values, np.ndarray)
    np.testing.assert_array_equal(result.values, part(in_memory).values)
    assert series.values.bytes_read <= 1100 * values[0].nbytes + 2**16


def test_far_apart_epochs_are_read_one_by_one():
    series, values = lazy((4,))
    series.restrict(IntervalSet([0, 50, 99], [0.5, 50.5, 99.5]))
    assert series.values.bytes_read == 3 * 501 * values[0].nbytes


def test_a_support_that_cuts_reads_what_it_keeps():
    source = LazyArray(np.arange(N))
    tsd = Tsd(TIMES, source, time_support=IntervalSet(1, 2), load_array=False)
    assert tsd.shape == (1001,)
    assert source.bytes_read == 1001 * 8


def test_reordered_and_repeated_items():
    series, values = lazy()
    with pytest.warns(UserWarning, match="sorting them together"):
        np.testing.assert_array_equal(series[[9, 3, 5]].values, values[[3, 5, 9]])
    assert series[7] == values[7]
    assert series.get(0.007) == values[7]
    frame, values = lazy((4,))
    np.testing.assert_array_equal(frame[5], values[5])
    np.testing.assert_array_equal(frame[2:5, [0, 2]].values, values[2:5, [0, 2]])
    np.testing.assert_array_equal(frame[:, 1].values, values[:, 1])
    np.testing.assert_array_equal(frame[[1, 2], 3].values, values[[1, 2], 3])
    assert frame.values.bytes_read < 3 * values.nbytes


def test_the_whole_is_read_when_it_is_meant():
    series, values = lazy()
    np.testing.assert_array_equal((series + 1).values, values + 1)
    np.testing.assert_array_equal(np.asarray(series), values)
    assert np.mean(series) == values.mean()
    np.testing.assert_array_equal(series.threshold(2.0).values, values[values > 2])
    np.testing.assert_array_equal(series.copy().values, values)
    with pytest.raises(TypeError, match="cannot be changed in place"):
        series += 1


def test_an_open_hdf5_file(tmp_path):
    h5py = pytest.importorskip("h5py")
    values = np.arange(1000.0).reshape(500, 2)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        data = file.create_dataset("x", data=values)
        frame = TsdFrame(np.arange(500), data, load_array=False, columns=["a", "b"])
        assert frame.values is data
        np.testing.assert_array_equal(frame[3:7].values, values[3:7])
        np.testing.assert_array_equal(frame["b"].values, values[:, 1])
        np.testing.assert_array_equal(frame[[4, 9]].values, values[[4, 9]])
        np.testing.assert_array_equal(frame[frame.t > 490].values, values[491:])
        np.testing.assert_array_equal(
            frame.restrict(IntervalSet([0, 100], [2, 101])).values, values[[0, 1, 2, 100, 101]]
        )
        np.testing.assert_array_equal((frame * 2).values, values * 2)
        with pytest.warns(UserWarning, match="Converting 'd' to numpy.array"):
            assert isinstance(TsdFrame(np.arange(500), data).values, np.ndarray)
