"""An array at each time."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor


@pytest.fixture
def movie():
    return TsdTensor(np.arange(10.0), np.arange(60.0).reshape(10, 2, 3))


def test_dimensions_choose_the_class(movie):
    assert isinstance(movie[2:4], TsdTensor)
    assert isinstance(movie[:, 0], TsdFrame)
    assert isinstance(movie[:, 0, 1], Tsd)
    assert isinstance(movie[3], np.ndarray)
    assert movie[3, 1, 2] == 23
    assert isinstance(movie[:, [0, 1], 0], TsdFrame)
    assert isinstance(movie[:, 0, :, None], TsdTensor)
    assert movie[None].shape == (1, 10, 2, 3)


def test_arrays_apart_put_their_axis_first_and_lose_time(movie):
    tensor = TsdTensor(np.arange(2.0), np.zeros((2, 2, 3, 2)))
    assert isinstance(tensor[:, [0, 1], :, [0, 1]], np.ndarray)


def test_methods_work_on_every_cell(movie):
    assert movie.bin_average(2.0).shape == (5, 2, 3)
    np.testing.assert_array_equal(movie.bin_average(2.0).values[0], movie.values[:2].mean(axis=0))
    np.testing.assert_allclose(movie.derivative().values, 6.0)
    np.testing.assert_allclose(movie.interpolate(movie.time_diff()).values, movie.values[:-1] + 3)
    assert movie.restrict(IntervalSet(2, 4)).shape == (3, 2, 3)
    assert movie.to_trial_tensor(IntervalSet([0, 5], [1, 7])).shape == (2, 3, 2, 3)
    assert (movie * 2).shape == (10, 2, 3)
    assert movie.convolve(np.ones((2, 4))).shape == (10, 2, 3, 4)
    assert isinstance(np.mean(movie, axis=2), TsdFrame)
    assert isinstance(np.mean(movie, axis=(1, 2)), Tsd)
    assert "shape: (10, 2, 3)" in repr(movie)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(movie)).values, movie.values)


def test_too_few_dimensions():
    with pytest.raises(RuntimeError, match="more than 2 dimensions, got shape"):
        TsdTensor([0, 1], np.ones((2, 2)))
    with pytest.warns(UserWarning, match="TsdTensor has no use for"):
        TsdTensor([0, 1], np.ones((2, 2, 2)), columns=[1])
