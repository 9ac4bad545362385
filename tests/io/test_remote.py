"""NWB behind a URL, in the Zarr layout or open already: only what is used is read."""

from __future__ import annotations

import builtins

import h5py
import numpy as np
import pytest

pynwb = pytest.importorskip("pynwb")

import nwb_files as files  # noqa: E402
import range_server  # noqa: E402

from rheobase._errors import MissingDependencyError  # noqa: E402
from rheobase.containers import IntervalSet  # noqa: E402
from rheobase.containers._lazy import LazyArray  # noqa: E402
from rheobase.io import NWBFile, load_file, to_nwb  # noqa: E402
from rheobase.io._remote import BLOCK, RemoteFile, is_url, name_of  # noqa: E402

N = 2_000_000


def add_long(nwb):
    nwb.add_acquisition(pynwb.TimeSeries(name="long", data=np.arange(float(N)), unit="V", rate=1000.0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    files.write(folder / "long.nwb", files.add_units, add_long)
    return folder


def check_long(data, count=None):
    long = data["long"]
    assert isinstance(long.values, LazyArray)
    part = long.restrict(IntervalSet(1000.0, 1001.0))
    np.testing.assert_array_equal(part.values, np.arange(1_000_000.0, 1_001_001.0))
    np.testing.assert_array_equal(data["units"][5].t, files.SPIKES[5])


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("package", ["fsspec", "remfile"])
def test_a_slice_of_a_file_behind_a_url_reads_that_slice(folder, monkeypatch, package):
    pytest.importorskip(package)
    if package == "fsspec":
        pytest.importorskip("aiohttp")
    else:
        without(monkeypatch, "fsspec")
    with range_server.serve(folder) as (address, log), load_file(address + "long.nwb") as data:
        assert data.path == address + "long.nwb"
        assert data.name == "long"
        check_long(data)
        # remfile reads ahead in threads of its own: how far depends on how fast it is answered
        assert log.served < (0.25 if package == "fsspec" else 0.5) * 8 * N


@pytest.fixture
def bucket(folder, monkeypatch):
    """A bucket in memory: what fsspec hands out for s3:// here, and the ranges that were asked of it."""
    memory = pytest.importorskip("fsspec.implementations.memory").MemoryFileSystem
    asked = []

    class Bucket(memory):
        protocol, store, pseudo_dirs = ("s3",), {}, [""]

        @classmethod
        def _strip_protocol(cls, path):
            return "/" + str(path).removeprefix("s3://").strip("/")

        def cat_file(self, path, start=None, end=None, **kwargs):
            asked.append((start, end))
            return super().cat_file(path, start=start, end=end, **kwargs)

    monkeypatch.setitem(pytest.importorskip("fsspec.registry")._registry, "s3", Bucket)
    Bucket().pipe_file("s3://bucket/data/long.nwb", (folder / "long.nwb").read_bytes())
    return asked


def test_a_slice_of_a_file_in_a_bucket_reads_that_slice(bucket):
    with load_file("s3://bucket/data/long.nwb") as data:
        assert data.path == "s3://bucket/data/long.nwb"
        assert data.name == "long"
        check_long(data)
    assert 0 < sum(stop - start for start, stop in bucket) < 0.25 * 8 * N


def test_what_is_not_in_a_bucket(bucket):
    with pytest.raises(FileNotFoundError, match="nothing"):
        load_file("s3://bucket/nothing.nwb")


def test_a_url_that_is_not_there(folder):
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    with range_server.serve(folder) as (address, _), pytest.raises(FileNotFoundError):
        load_file(address + "no.nwb")


def test_a_server_that_serves_whole_files_only(folder):
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    with (
        range_server.serve(folder, ranges=False) as (address, _),
        pytest.raises(OSError, match="does not serve parts of files; download it first"),
    ):
        load_file(address + "long.nwb")


def without(monkeypatch, *missing):
    """As if these packages were not installed."""
    importer = builtins.__import__

    def find(name, *args, **kwargs):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(name, name=name)
        return importer(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", find)


def test_what_to_install_for_urls(monkeypatch):
    without(monkeypatch, "fsspec", "remfile")
    with pytest.raises(MissingDependencyError, match="pip install fsspec aiohttp, or: pip install remfile"):
        load_file("https://example.org/a.nwb")
    with pytest.raises(MissingDependencyError, match=r"s3:// files needs .* pip install fsspec s3fs$"):
        load_file("s3://bucket/a.nwb")


def test_unknown_kinds_of_url():
    pytest.importorskip("fsspec")
    with pytest.raises(OSError, match=r"nokind://x/a\.nwb cannot be opened"):
        load_file("nokind://x/a.nwb")
    with pytest.raises(RuntimeError, match="archives are not read from URLs"):
        load_file("https://example.org/a.npz?x=1")


def test_names_of_urls():
    assert name_of("https://example.org/a/b.nwb?signature=/x#y") == "b.nwb"
    assert is_url("s3://bucket/a.nwb")
    assert not is_url("C:\\data\\a.nwb")
    assert not is_url(3)


def test_remote_files_fetch_neighbouring_blocks_at_once_and_keep_them():
    content = np.random.default_rng(0).integers(0, 256, 5 * BLOCK + 17, dtype=np.uint8).tobytes()
    asked = []

    def fetch(start, stop):
        asked.append((start, stop))
        return content[start:stop]

    file = RemoteFile(fetch, len(content), "x")
    assert file.readable()
    assert file.seekable()
    file.seek(BLOCK + 5)
    assert file.read(3 * BLOCK) == content[BLOCK + 5 :][: 3 * BLOCK]
    assert asked == [(BLOCK, 5 * BLOCK)]
    file.seek(0)
    assert file.read() == content
    assert asked[1:] == [(0, BLOCK), (5 * BLOCK, len(content))]
    assert file.read(5) == b""
    file.seek(-3, 2)
    assert file.read(10) == content[-3:]
    assert (file.requests, file.bytes_fetched, file.tell()) == (3, len(content), len(content))


def test_open_files(folder):
    with h5py.File(folder / "long.nwb") as file:
        with load_file(file) as data:
            check_long(data)
            assert data.name == "long"
        assert not file  # closing the one closes the other, as pynwb has it
    with pynwb.NWBHDF5IO(folder / "long.nwb", "r") as io:
        check_long(load_file(io.read()))
    with pytest.raises(TypeError, match=r"open .* or .*, got int"):
        load_file(3)
    with pytest.raises(TypeError, match=r"an open .*, got int"):
        NWBFile(3)


def test_what_comes_from_a_file_goes_to_another_in_blocks(folder, tmp_path):
    with load_file(folder / "long.nwb") as data:
        copied = to_nwb({"long": data["long"]}, tmp_path / "a")
    with load_file(copied) as data:
        assert data["long"].values.bytes_read == 0
        assert float(data["long"].values[N - 1]) == N - 1


def test_chunked_data_are_read_by_the_chunks_that_are_asked_for(tmp_path):
    """A counting source stands for a dataset: what a restricted, sliced or indexed series reads."""

    class Counted:
        shape, dtype, read = (N, 4), np.dtype("f4"), 0

        def __getitem__(self, key):
            rows = range(*key[0].indices(N))
            block = np.broadcast_to(np.arange(rows.start, rows.stop, rows.step, dtype="f4")[:, None], (len(rows), 4))
            block = block[:, key[1]]
            self.read += block.size * 4
            return block

    from rheobase.containers import TsdFrame

    source = Counted()
    frame = TsdFrame._trusted(np.arange(N) / 1000, LazyArray(source), IntervalSet(0, N / 1000), np.arange(4), None)
    repr(frame)
    assert source.read < 50_000
    before = source.read
    for part in (frame.restrict(IntervalSet([5, 100], [6, 101])), frame[10:1000], frame[:100, 1], frame.get(3, 4)):
        np.asarray(part.values[:])
    assert source.read - before < 200_000
    assert len(frame.restrict(IntervalSet(0, 0.5)).values) == 501


def test_nwb_in_the_zarr_layout(tmp_path):
    hdmf_zarr = pytest.importorskip("hdmf_zarr")
    nwb = files.new_file()
    files.add_units(nwb)
    add_long(nwb)
    with hdmf_zarr.NWBZarrIO(str(tmp_path / "a.nwb.zarr"), mode="w") as io:
        io.write(nwb)
    with load_file(tmp_path / "a.nwb.zarr") as data:
        check_long(data)
        assert data["long"].values.bytes_read < 1_000_000


def test_what_to_install_for_zarr(tmp_path, monkeypatch):
    (tmp_path / "a.zarr").mkdir()
    with pytest.raises(RuntimeError, match=r"a\.zarr is a folder; try load_folder"):
        load_file(tmp_path / "a.zarr")
    with pytest.raises(RuntimeError, match="not one in the Zarr layout"):
        NWBFile(tmp_path / "a.zarr")
    (tmp_path / "a.zarr" / ".zgroup").write_text("{}")
    monkeypatch.setitem(__import__("sys").modules, "hdmf_zarr", None)
    with pytest.raises(MissingDependencyError, match="pip install hdmf-zarr"):
        load_file(tmp_path / "a.zarr")
