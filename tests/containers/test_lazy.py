"""LazyArray indexes like the array it stands for, and reads only what it is asked for."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rheobase.containers._lazy import LazyArray

STORED = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
FACTORS = np.array([1.0, 2.0, 3.0, 4.0])
SCALED = STORED * FACTORS[:, None] + 0.5


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as opened:
        opened["cube"] = STORED
        opened["line"] = np.arange(100_000.0)
        yield opened


mask = np.random.default_rng(0).random((5, 4)) > 0.5
KEYS = [
    0, -1, np.int64(2), slice(None), slice(None, None, -1), slice(4, 0, -2), slice(1, 4, 2), slice(3, 1), [3, 1, 1],
    [], np.array([True, False, True, False, False]), np.zeros(5, bool), mask, STORED > 20, (slice(None), 2),
    (slice(None), [2, 0]), ([0, 1], [2, 3]), (..., 0), (None, 1), (1, None, slice(1, 3)),
    (2, [3, 3], slice(None, None, -1)), np.array([[0, 1], [2, 2]]), (slice(None), mask[0]), (2, -1, -1), (), ...,
    ([4, 0], slice(None), [2, 0]),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_indexing_equals_numpy(file, key):
    for lazy, array in (
        (LazyArray(file["cube"]), STORED),
        (LazyArray(file["cube"], conversion=FACTORS, offset=0.5), SCALED),
    ):
        np.testing.assert_array_equal(lazy[key], array[key])
        assert np.shape(lazy[key]) == array[key].shape
        assert np.asarray(lazy[key]).dtype == array.dtype


def test_another_type_is_read():
    lazy = LazyArray(STORED, conversion=FACTORS, offset=0.5)
    assert lazy.astype("int32").dtype == np.int32
    np.testing.assert_array_equal(lazy.astype("int32"), SCALED.astype("int32"))
    assert LazyArray(STORED).astype(STORED.dtype, copy=False).dtype == STORED.dtype


@given(key=hnp.basic_indices((5, 4, 3), allow_newaxis=True) | hnp.integer_array_indices((5, 4, 3)))
def test_any_index_equals_numpy(key):
    np.testing.assert_array_equal(LazyArray(STORED)[key], STORED[key])


@given(st.lists(st.integers(0, 9_999), max_size=30))
def test_scattered_rows(rows):
    values = np.arange(10_000.0)
    lazy = LazyArray(values)
    np.testing.assert_array_equal(lazy[rows], values[np.array(rows, dtype=int)])
    assert lazy.bytes_read <= 8 * (len(set(rows)) + 512 * max(len(set(rows)) - 1, 0))


def test_only_what_is_asked_for_is_read(file):
    lazy = LazyArray(file["line"])
    assert (lazy.shape, lazy.dtype, lazy.ndim, lazy.size, len(lazy)) == ((100_000,), np.float64, 1, 100_000, 100_000)
    assert lazy.bytes_read == 0
    lazy[500:600]
    assert lazy.bytes_read == 800
    lazy[[5, 99_999, 7]]
    assert lazy.bytes_read == 800 + 8 * 4


def test_conversion_gives_the_unit():
    lazy = LazyArray(np.array([0, 10], dtype=np.int16), conversion=1e-12, offset=1.0, unit="A")
    assert lazy.unit == "A"
    assert lazy.dtype == np.float64
    np.testing.assert_array_equal(lazy[:], [1.0, 1.0 + 1e-11])
    np.testing.assert_array_equal(lazy.raw[:], [0, 10])
    assert lazy.raw.dtype == np.int16
    assert "unit='A'" in repr(lazy)


def test_one_factor_for_all_channels_leaves_the_type():
    assert LazyArray(STORED[..., 0], conversion=np.ones(4)).dtype == np.int16


def test_it_is_an_array_to_numpy():
    lazy = LazyArray(STORED)
    np.testing.assert_array_equal(np.asarray(lazy), STORED)
    np.testing.assert_array_equal(np.array(lazy, dtype=float), STORED)
    np.testing.assert_array_equal(lazy * 2 + lazy, STORED * 3)
    np.testing.assert_array_equal(np.mean(lazy, axis=0), STORED.mean(axis=0))
    np.testing.assert_array_equal(list(lazy), STORED)


def test_errors(file):
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size 5"):
        LazyArray(STORED)[7]
    with pytest.raises(IndexError, match="axis 0 has length 5, the mask 2"):
        LazyArray(STORED)[np.array([True, False])]
    with pytest.raises(IndexError, match="too many indices for an array with 3 axes: 4"):
        LazyArray(STORED)[0, 0, 0, 0]
    with pytest.raises(IndexError, match="must be of integer or boolean type"):
        LazyArray(STORED)[1.5]
    with pytest.raises(ValueError, match="expected one factor per channel"):
        LazyArray(STORED, conversion=[1.0, 2.0])
    with pytest.raises(ValueError, match="which makes a copy"):
        np.array(LazyArray(STORED), copy=False)
    with pytest.raises(TypeError, match="has no length"):
        len(LazyArray(np.array(1.0)))
    lazy = LazyArray(file["line"])
    file.close()
    with pytest.raises(ValueError, match="has been closed"):
        lazy[0]
