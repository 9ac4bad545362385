"""Damaged and hostile files: the right object or a clear error, never code that runs, a hang or all the memory."""

from __future__ import annotations

import faulthandler
import io
import os
import pickle
import struct
import warnings
import zipfile

import numpy as np
import pytest

from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from rheobase.io import NPZFile, load_file
from rheobase.io._arrays_in import UnsafePickleError, read_npy, unpickle

SUPPORT = IntervalSet([0.0, 20.0], [10.0, 30.0])
TIMES = np.array([0.5, 3.25, 22.0, 29.125])
INFO = {"depth": [1.5, 2.5], "area": ["V1", "CA1"], "tags": [["x", "y"], []]}
CLEAR = (ValueError, RuntimeError, OSError)
LIMIT = 4 << 30
"""Bytes of address space that a damaged file may cost on top of what is in use."""


def archives(folder):
    """Archives of every kind, by us and with a pickled dictionary of metadata."""
    objects = [
        Ts(TIMES, time_support=SUPPORT),
        Tsd(TIMES, d=TIMES, time_support=SUPPORT),
        TsdFrame(TIMES, np.eye(4, 2), time_support=SUPPORT, columns=["a", "b"], metadata=INFO),
        TsdTensor(TIMES, d=np.arange(24.0).reshape(4, 3, 2), time_support=SUPPORT),
        IntervalSet([0.0, 20.0], [10.0, 30.0], metadata=INFO),
        TsGroup({7: Ts(TIMES), 2: Ts(TIMES[1:] + 0.5)}, time_support=SUPPORT, metadata=INFO),
    ]
    for number, obj in enumerate(objects):
        obj.save(folder / f"{number}.npz")
    columns = {"n": np.array([1, 2]), "label": np.array(["a", "b"]), "o": np.array(["a", None], dtype=object)}
    bounds = {"start": [0.0, 2.0], "end": [1.0, 3.0], "type": np.array(["IntervalSet"])}
    np.savez(folder / "6.npz", **bounds, _metadata=np.array(columns, dtype=object))
    np.savez_compressed(folder / "7.npz", **bounds, _metadata=np.array(columns, dtype=object))
    return sorted(folder.glob("*.npz"))


@pytest.fixture
def little_memory():
    """Let what takes memory without bound fail, where the system can."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def mutated(data, rng):
    """Bytes changed, cut out, repeated or cut off; or a run set to zeros or ones."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(data)))
        kind = rng.integers(6)
        if kind == 0:
            data[at] = rng.integers(256)
        elif kind == 1:
            data[at] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            del data[at : at + int(rng.integers(1, 20))]
        elif kind == 3:
            data[at:at] = data[at : at + int(rng.integers(1, 20))]
        elif kind == 4:
            data[at : at + 4] = bytes([int(rng.choice([0, 255]))]) * len(data[at : at + 4])
        else:
            del data[max(at, 1) :]
        if not data:
            data = bytearray(b"\0")
    return bytes(data)


def outcome(path):
    """The object a file gives, or the error; anything unclear is raised."""
    found = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = load_file(path)
        except CLEAR as error:
            found = error
    assert not isinstance(found, Exception) or "bad.npz" in str(found), found
    return found


@pytest.fixture(autouse=True)
def _never_a_hang():
    """A reader that does not come back, in Python or in the library beneath, ends the run and says where it is."""
    faulthandler.dump_traceback_later(300, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("number", range(8))
def test_mutated_archives(tmp_path, little_memory, number):
    """Damage to the zip itself, which mostly its checksums find."""
    data = archives(tmp_path)[number].read_bytes()
    rng = np.random.default_rng(number)
    for _ in range(40):
        (tmp_path / "bad.npz").write_bytes(mutated(data, rng))
        outcome(tmp_path / "bad.npz")


@pytest.mark.parametrize("number", range(8))
def test_archives_of_mutated_arrays(tmp_path, little_memory, number):
    """Damage that checksums do not find: arrays are changed, and the zip is right."""
    with zipfile.ZipFile(archives(tmp_path)[number]) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    rng = np.random.default_rng(number)
    for _ in range(40):
        name = str(rng.choice(list(members)))
        with zipfile.ZipFile(tmp_path / "bad.npz", "w") as archive:
            for other, data in members.items():
                archive.writestr(other, mutated(data, rng) if other == name else data)
        outcome(tmp_path / "bad.npz")


@pytest.mark.parametrize("number", range(8))
def test_archives_cut_short(tmp_path, number):
    data = archives(tmp_path)[number].read_bytes()
    for n in np.linspace(0, len(data) - 1, 15).astype(int):
        (tmp_path / "bad.npz").write_bytes(data[:n])
        assert isinstance(outcome(tmp_path / "bad.npz"), RuntimeError)


def test_an_archive_without_an_array(tmp_path):
    np.savez(tmp_path / "bad.npz", type=np.array(["Tsd"]), t=TIMES, start=[0.0], end=[30.0])
    with pytest.raises(RuntimeError, match="does not hold a whole Tsd: it lacks the array 'd'"):
        load_file(tmp_path / "bad.npz")
    np.savez(tmp_path / "bad.npz", type=np.array(["Tsd"]), t=TIMES, d=TIMES[:2], start=[0.0], end=[30.0])
    with pytest.raises(RuntimeError, match="does not hold a whole Tsd"):
        load_file(tmp_path / "bad.npz")


# ---- promises that are not kept


def npy(header, content=b""):
    text = repr(header).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def read(data):
    return read_npy(io.BytesIO(data), len(data))


@pytest.mark.parametrize(
    "header",
    [
        {"descr": "<f8", "fortran_order": False, "shape": (10**12,)},
        {"descr": "<f8", "fortran_order": False, "shape": (2**62, 8)},
        {"descr": "<f8", "fortran_order": False, "shape": (-1,)},
        {"descr": "|V2000000000", "fortran_order": False, "shape": (1,)},
        {"descr": "|O", "fortran_order": False, "shape": (10**12,)},
        {"descr": "<f8", "fortran_order": False, "shape": (1,) * 100},
        {"descr": "no type", "fortran_order": False, "shape": (1,)},
        {"descr": "<f8", "shape": (1,)},
        "text",
    ],
)
def test_headers_that_promise_too_much(header, little_memory):
    with pytest.raises((ValueError, TypeError)):
        read(npy(header, b"\0" * 16))


def test_members_that_claim_a_size(tmp_path, little_memory):
    """A zip whose directory says that a member of some bytes is huge."""
    big = npy({"descr": "<f8", "fortran_order": False, "shape": (10**12,)}, b"\0" * 8)
    with zipfile.ZipFile(tmp_path / "bad.npz", "w") as archive:
        archive.writestr(
            "type.npy", npy({"descr": "<U2", "fortran_order": False, "shape": (1,)}, "Ts".encode("utf-32-le"))
        )
        archive.writestr("t.npy", big)
        archive.writestr("start.npy", npy({"descr": "<f8", "fortran_order": False, "shape": (0,)}))
        archive.writestr("end.npy", npy({"descr": "<f8", "fortran_order": False, "shape": (0,)}))
    with pytest.raises(RuntimeError, match=r"array 't' cannot be read .* needs 8000000000000 bytes"):
        load_file(tmp_path / "bad.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_compression_that_numpy_does_not_use(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "bad.npz", "w", compression=method) as archive:
        archive.writestr("type.npy", npy({"descr": "<f8", "fortran_order": False, "shape": (1,)}, b"\0" * 8))
    with pytest.raises(RuntimeError, match="compressed in a way"):
        NPZFile(tmp_path / "bad.npz")


# ---- hostile pickles


class Call:
    """Pickled as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def ndarray_state(shape, dtype, content):
    """A pickle of an array with a state of our choice."""
    made = np.empty(0)
    function, arguments, _ = made.__reduce__()

    class Array:
        def __reduce__(self):
            return function, arguments, (1, shape, dtype, False, content)

    return pickle.dumps(Array())


HOSTILE = {
    "system": lambda: pickle.dumps(Call(os.system, "touch evil")),
    "eval": lambda: pickle.dumps(Call(eval, "open('evil', 'w')")),
    "getattr": lambda: pickle.dumps(Call(getattr, "a", "upper")),
    "numpy function": lambda: pickle.dumps(Call(np.zeros, (10**6,))),
    "numpy dotted name": lambda: b"\x80\x04\x8c\x05numpy\x8c\x0etesting.runner\x93.",
    "large bytearray": lambda: pickle.dumps(Call(bytearray, 10**12)),
    "large array": lambda: pickle.dumps(Call(np.ndarray, (10**9,))),
    "large array in two steps": lambda: ndarray_state((10**9,), np.dtype("f8"), b"\0" * 8),
    "large array of objects": lambda: ndarray_state((10**9,), np.dtype(object), [None]),
    "type of a structure": lambda: pickle.dumps(Call(np.dtype, [("a", "V1000000000")])),
    "set of a number": lambda: pickle.dumps(Call(set, 3)),
    "far memo": lambda: b"\x80\x04Nr\xff\xff\xff\x7f.",
    "far memo, in text": lambda: b"\x80\x04Np2147483647\n.",
    "long text": lambda: b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"abc.",
    "long bytes": lambda: b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"abc.",
    "tuples of tuples": lambda: b"\x80\x04K\x00" + b"2\x86" * 60 + b".",
    "encoding again and again": lambda: pickle.dumps(Call(__import__("_codecs").encode, "ab", "hex")),
    "persistent": lambda: b"\x80\x04Pabc\n.",
    "extension": lambda: b"\x80\x04\x82\x01.",
    "nothing": lambda: b"",
    "no end": lambda: b"\x80\x04N",
    "stack runs out": lambda: b"\x80\x04aaa.",
    "class of a name": lambda: b"\x80\x02cbuiltins\nexec\nX\x04\x00\x00\x00passq\x00\x85q\x01R.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles(tmp_path, monkeypatch, little_memory, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((UnsafePickleError, ValueError)):
        unpickle(HOSTILE[name]())
    assert not list(tmp_path.iterdir())


def test_mutated_pickles(tmp_path, monkeypatch, little_memory):
    monkeypatch.chdir(tmp_path)
    columns = {"n": np.array([1, 2]), "o": np.array(["a", None, {1, 2}], dtype=object), "l": [np.float64(3), 1j, b"x"]}
    rng = np.random.default_rng(0)
    right = [pickle.dumps(columns, protocol=p) for p in range(2, 6)] + [pickle.dumps(Call(os.mkdir, "evil"))]
    for k in range(1000):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                unpickle(mutated(right[k % len(right)], rng))
            except (UnsafePickleError, ValueError):
                continue
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("protocol", range(2, 6))
def test_honest_pickles(protocol):
    columns = {
        "f": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "text": np.array(["a", "bc"]),
        "empty": np.empty((0, 3), dtype=np.int16),
        "objects": np.array(["a", None, 3.5, {"x": "y"}], dtype=object),
        "times": np.array(["2020-01-01"], dtype="datetime64[D]"),
        "list": [np.float64(3), 1j, b"x", {1, 2}, frozenset([3]), (1, (2,)), None, True],
    }
    found = unpickle(pickle.dumps(columns, protocol=protocol))
    np.testing.assert_equal(found, columns)
    assert all(type(found[name]) is type(columns[name]) for name in columns)
    inner = np.empty(1, dtype=object)
    inner[0] = np.arange(2)
    assert type(unpickle(pickle.dumps(inner, protocol=protocol))[0]) is np.ndarray


# ---- NWB


@pytest.fixture(scope="module")
def nwb(tmp_path_factory):
    pytest.importorskip("pynwb")
    from rheobase.io import to_nwb

    objects = {
        "units": TsGroup({7: Ts(TIMES), 2: Ts(TIMES[1:] + 0.5)}, time_support=SUPPORT, metadata=INFO),
        "epochs": IntervalSet([0.0, 20.0], [10.0, 30.0], metadata=INFO),
        "x": TsdFrame(TIMES, np.eye(4, 2), time_support=SUPPORT, columns=["a", "b"], metadata=INFO),
    }
    return to_nwb(objects, tmp_path_factory.mktemp("nwb") / "a").read_bytes()


def open_all(path):
    """Open a file and build what it holds; errors must be clear and name the file."""
    problem = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with load_file(path, lazy_loading=False) as data:
                for key in data:
                    data[key]
        except CLEAR as error:
            problem = error
    assert problem is None or "bad.nwb" in str(problem), problem


def test_nwb_files_cut_short(tmp_path, nwb):
    for n in np.linspace(0, len(nwb) - 1, 12).astype(int):
        (tmp_path / "bad.nwb").write_bytes(nwb[:n])
        with pytest.raises((OSError, RuntimeError), match=r"bad\.nwb"):
            load_file(tmp_path / "bad.nwb")


def test_mutated_nwb_files(tmp_path, nwb):
    """The cached specification, which is most of a file, is text that pynwb checks; so the changes go elsewhere too."""
    rng = np.random.default_rng(1)
    for _ in range(25):
        data = bytearray(nwb)
        for at in rng.integers(0, len(data), 10):
            data[at] = rng.integers(256)
        (tmp_path / "bad.nwb").write_bytes(data)
        open_all(tmp_path / "bad.nwb")


def test_nwb_files_with_parts_missing(tmp_path, nwb):
    import h5py

    (tmp_path / "whole.nwb").write_bytes(nwb)
    names = []
    with h5py.File(tmp_path / "whole.nwb") as file:
        file.visit(lambda name: names.append(name) if not name.startswith("specifications") else None)
    for name in names[::3]:
        (tmp_path / "bad.nwb").write_bytes(nwb)
        with h5py.File(tmp_path / "bad.nwb", "a") as file:
            del file[name]
        open_all(tmp_path / "bad.nwb")
