"""What only features in a file do: how much is read, in which pieces, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.containers._lazy import LazyArray
from rheobase.design import Chunked, Dense, SideBySide, _blockwise
from rheobase.glm import GLM, PopulationGLM

RNG = np.random.default_rng(0)
X = RNG.normal(size=(500, 6))
COUNTS = RNG.poisson(np.exp(0.3 * X[:, :2])).astype(np.uint8)


class Source:
    """Something sliceable that notes which rows it was asked for."""

    def __init__(self, values, chunks=None):
        self.values, self.shape, self.dtype, self.chunks = values, values.shape, values.dtype, chunks
        self.read = []

    def __getitem__(self, rows):
        assert isinstance(rows, slice)
        self.read.append((rows.start, rows.stop))
        return self.values[rows]


@pytest.fixture
def small_blocks(monkeypatch):
    """About 20 rows of 6 features at a time."""
    monkeypatch.setattr(_blockwise, "_BLOCK_BYTES", 1000)


def test_take_reads_what_it_returns():
    lazy = LazyArray(X)
    design = Chunked(lazy)
    assert lazy.bytes_read == 0
    np.testing.assert_array_equal(design.take(100, 130), X[100:130])
    assert lazy.bytes_read == 30 * 6 * 8
    chosen = Chunked(lazy, first=[10, 200], last=[20, 260])
    np.testing.assert_array_equal(chosen.take(5, 15), np.concatenate([X[15:20], X[200:205]]))
    assert lazy.bytes_read == 40 * 6 * 8


def test_integers_are_not_read_to_look_for_nan():
    source = Source(COUNTS)
    assert Chunked(source).row_mask[:500].all()
    assert source.read == []


@pytest.mark.usefixtures("small_blocks")
def test_reads_are_whole_chunks_of_the_file():
    source = Source(X, chunks=(8, 6))
    design = Chunked(source)
    assert design.block_rows == 16
    design.rmatvec(np.ones((design.n_rows, 1)))
    assert all(start % 8 == 0 and stop - start <= 16 for start, stop in source.read)
    large = Chunked(Source(X, chunks=(100, 6)))
    assert large.block_rows == 100
    assert SideBySide(np.ones((500, 1)), large).block_rows == 100
    assert SideBySide(np.ones((500, 1)), large).standardized().block_rows == 100


@pytest.mark.usefixtures("small_blocks")
def test_a_pass_reads_every_row_once():
    source = Source(X)
    design = Chunked(source)
    assert design.row_mask.all() or design.n_rows > 500
    source.read.clear()
    design.gram(np.ones((design.n_rows, 3)))
    assert sum(stop - start for start, stop in source.read) == 500


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", ["memmap", "h5py", "zarr", "lazy"])
def test_a_fit_from_a_file_is_that_of_the_array(kind, tmp_path):
    expected = PopulationGLM(regularizer="Ridge").fit(X, COUNTS)
    design = Chunked(_stored(kind, tmp_path))
    model = PopulationGLM(regularizer="Ridge").fit(design, COUNTS)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(model.predict(design), expected.predict(X), rtol=1e-9)


def test_epochs_are_rows():
    first, last = [20, 300], [220, 500]
    rows = np.concatenate([np.arange(20, 220), np.arange(300, 500)])
    y = COUNTS[rows, 0]
    ours, theirs = GLM().fit(Chunked(X, first=first, last=last), y), GLM().fit(X[rows], y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=1e-9)


def test_the_source_is_never_written():
    source = X.copy()
    source.flags.writeable = False
    design = Chunked(source)
    design.take(0, 10)[:] = -1.0
    design.standardized().gram(np.ones((design.n_rows, 1)))
    np.testing.assert_array_equal(design.to_dense(), Dense(X).to_dense())


@pytest.mark.parametrize(
    ("source", "options", "error", "message"),
    [
        ([[1.0, 2.0]], {}, TypeError, "source must have a shape, a dtype and slices of rows .* got list"),
        (np.ones((3, 2, 2)), {}, ValueError, r"source must have shape \(time, feature\) or \(time,\), got \(3, 2, 2\)"),
        (np.array(["a"]), {}, TypeError, "source must hold real numbers, got dtype <U1"),
        (np.ones((9, 2)), {"first": [0], "last": [10]}, ValueError, "epochs must lie within the 9 rows"),
        (np.ones((9, 2)), {"first": [4, 0], "last": [9, 4]}, ValueError, "sorted and disjoint"),
    ],
)
def test_wrong_arguments(source, options, error, message):
    with pytest.raises(error, match=message):
        Chunked(source, **options)


def _stored(kind, folder):
    if kind == "memmap":
        on_disk = np.memmap(folder / "x.dat", dtype=np.float64, mode="w+", shape=X.shape)
        on_disk[:] = X
        return on_disk
    if kind == "lazy":
        return LazyArray(X / 2, conversion=2.0)
    library = pytest.importorskip(kind)
    if kind == "zarr":
        return library.array(X, chunks=(64, 6))
    return library.File(folder / "x.h5", "w").create_dataset("x", data=X, chunks=(64, 6), compression="gzip")
