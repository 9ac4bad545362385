"""NumPy archives: every container comes back as it was, pynapple's files are read, and no pickle is trusted."""

from __future__ import annotations

import os
import pickle
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from rheobase.io import NPZFile, load_file

SUPPORT = IntervalSet([0.0, 20.0], [10.0, 30.0])
TIMES = np.array([0.5, 3.25, 22.0, 29.125])


def containers():
    metadata = {"depth": [1.5, 2.5], "area": ["V1", "CA1"], "good": [True, False]}
    return {
        "Ts": Ts(TIMES, time_support=SUPPORT),
        "Tsd": Tsd(TIMES, d=np.array([1, 2, 3, 4], dtype=np.int16), time_support=SUPPORT),
        "TsdFrame": TsdFrame(TIMES, np.eye(4, 2), time_support=SUPPORT, columns=["a", "b"], metadata=metadata),
        "TsdTensor": TsdTensor(TIMES, d=np.arange(24.0).reshape(4, 3, 2), time_support=SUPPORT),
        "IntervalSet": IntervalSet([0.0, 20.0], [10.0, 30.0], metadata=metadata | {"tags": [["x", "y"], []]}),
        "TsGroup": TsGroup({7: Ts(TIMES), 2: Ts(TIMES[1:] + 0.5)}, time_support=SUPPORT, metadata=metadata),
        "TsGroup of Tsd": TsGroup({0: Tsd(TIMES, d=TIMES * 2), 1: Tsd(TIMES[:2], d=TIMES[:2])}, time_support=SUPPORT),
    }


def same(a, b):
    assert type(a) is type(b)
    if isinstance(a, IntervalSet):
        np.testing.assert_array_equal(a.values, b.values)
    elif isinstance(a, TsGroup):
        assert list(a.keys()) == list(b.keys())
        for key in a.keys():  # noqa: SIM118
            same(a[key], b[key])
    else:
        np.testing.assert_array_equal(a.t, b.t)
        np.testing.assert_array_equal(a.time_support.values, b.time_support.values)
        if not isinstance(a, Ts):
            np.testing.assert_array_equal(a.values, b.values)
            assert a.values.dtype == b.values.dtype
    if isinstance(a, TsdFrame):
        np.testing.assert_array_equal(a.columns, b.columns)
    if isinstance(a, IntervalSet | TsdFrame | TsGroup):
        assert a.metadata_columns == b.metadata_columns
        for name in a.metadata_columns:
            assert list(a.get_info(name)) == list(b.get_info(name))
            assert a.get_info(name).dtype == b.get_info(name).dtype


@pytest.mark.parametrize("kind", containers())
def test_what_is_saved_comes_back(tmp_path, kind):
    obj = containers()[kind]
    obj.save(tmp_path / "x")
    assert NPZFile(tmp_path / "x.npz").type == type(obj).__name__
    same(load_file(tmp_path / "x.npz"), obj)


@pytest.mark.parametrize("kind", containers())
def test_archives_hold_no_pickle(tmp_path, kind):
    containers()[kind].save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as archive:
        assert all(archive[key].dtype != object for key in archive.files)


@pytest.mark.parametrize("kind", [kind for kind in containers() if "of" not in kind])
def test_archives_without_type_are_known_by_their_arrays(tmp_path, kind):
    containers()[kind].save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as archive:
        arrays = {key: archive[key] for key in archive.files if key != "type"}
    np.savez(tmp_path / "y.npz", **arrays)
    same(load_file(tmp_path / "y.npz"), containers()[kind])


times = st.lists(st.floats(0, 100, width=32), min_size=2, max_size=20, unique=True).map(np.sort)


@given(st.lists(times, min_size=1, max_size=4), st.integers(0, 5))
def test_groups_come_back(tmp_path_factory, units, first):
    path = tmp_path_factory.mktemp("npz") / "g.npz"
    group = TsGroup({first + 3 * k: Ts(t) for k, t in enumerate(units)}, metadata={"n": np.arange(len(units))})
    group.save(path)
    same(load_file(path), group)


def test_suffix_is_appended_not_replaced(tmp_path):
    Ts(TIMES).save(tmp_path / "a.b")
    assert (tmp_path / "a.b.npz").exists()
    Ts(TIMES).save(str(tmp_path / "c.npz"))
    assert (tmp_path / "c.npz").exists()


def test_where_nothing_can_be_saved(tmp_path):
    with pytest.raises(RuntimeError, match="is directory"):
        Ts(TIMES).save(tmp_path)
    (tmp_path / "results").mkdir()
    with pytest.raises(RuntimeError, match=r"does not exist; make the folder first. Did you mean 'results'"):
        Ts(TIMES).save(tmp_path / "result" / "a")
    with pytest.raises(TypeError, match="int"):
        Ts(TIMES).save(3)


def test_metadata_that_no_archive_can_hold_are_named(tmp_path):
    epochs = IntervalSet(0, 1, metadata={"ok": [1], "odd": np.array([object()], dtype=object)})
    with pytest.warns(UserWarning, match="Metadata column 'odd'"):
        epochs.save(tmp_path / "x")
    assert load_file(tmp_path / "x.npz").metadata_columns == ["ok"]


def test_any_other_archive_is_handed_back(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.arange(3))
    with load_file(tmp_path / "x.npz") as archive:
        np.testing.assert_array_equal(archive["a"], np.arange(3))


def test_lazy_loading_is_refused_with_a_warning(tmp_path):
    Ts(TIMES).save(tmp_path / "x")
    with pytest.warns(UserWarning, match="Lazy loading is not supported"):
        load_file(tmp_path / "x.npz", lazy_loading=True)


def test_a_broken_archive(tmp_path):
    (tmp_path / "x.npz").write_text("no zip")
    with pytest.raises(RuntimeError, match="is no NumPy archive"):
        load_file(tmp_path / "x.npz")


# ---- the layout of other libraries, with metadata in a pickled dictionary

Point = namedtuple("Point", "x")


class Evil:
    def __reduce__(self):
        return os.mkdir, (os.environ["RHEOBASE_TEST_EVIL"],)


def write_epochs(path, metadata):
    np.savez(
        path,
        start=[0.0, 2.0],
        end=[1.0, 3.0],
        type=np.array(["IntervalSet"]),
        _metadata=np.array(metadata, dtype=object),
    )


def test_pickled_metadata_of_arrays_are_read(tmp_path):
    write_epochs(tmp_path / "x.npz", {"n": np.array([1, 2]), "label": np.array(["a", "b"]), "o": np.array(["a", None])})
    epochs = load_file(tmp_path / "x.npz")
    np.testing.assert_array_equal(epochs.n, [1, 2])
    assert list(epochs["a"].values[0]) == [0.0, 1.0]
    assert list(epochs.o) == ["a", None]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol_of_arrays_is_read(tmp_path, protocol, monkeypatch):
    dump = pickle.dump
    monkeypatch.setattr(pickle, "dump", lambda obj, file, **kwargs: dump(obj, file, protocol=protocol))
    write_epochs(tmp_path / "x.npz", {"n": np.array([1.5, 2.0]), "o": np.array(["a", 3], dtype=object)})
    assert list(load_file(tmp_path / "x.npz").o) == ["a", 3]


def test_a_hostile_pickle_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setenv("RHEOBASE_TEST_EVIL", str(tmp_path / "evil"))
    write_epochs(tmp_path / "x.npz", {"n": np.array([Evil(), Evil()], dtype=object)})
    with pytest.warns(UserWarning, match=r"Metadata of x.npz are left out: they hold a pickled posix.mkdir"):
        epochs = load_file(tmp_path / "x.npz")
    assert not (tmp_path / "evil").exists()
    assert len(epochs) == 2


def test_classes_are_not_unpickled(tmp_path):
    write_epochs(
        tmp_path / "x.npz", {"n": np.array([Point(1), Point(2)], dtype=object)[:, 0], "p": [Point(1), Point(2)]}
    )
    with pytest.warns(UserWarning, match="pickled test_npz.Point"):
        load_file(tmp_path / "x.npz")


def test_groups_of_the_older_layout_are_read(tmp_path):
    """Metadata as arrays of their own, and no keys."""
    np.savez(
        tmp_path / "x.npz",
        t=[0.0, 1.0, 2.0, 3.0],
        index=[5, 3, 5, 3],
        start=[0.0],
        end=[4.0],
        depth=np.array([10.0, 20.0]),
    )
    group = load_file(tmp_path / "x.npz")
    assert list(group.keys()) == [3, 5]
    np.testing.assert_array_equal(group[5].t, [0.0, 2.0])
    np.testing.assert_array_equal(group.depth, [10.0, 20.0])
