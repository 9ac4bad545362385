"""The real recordings and the archives, read by pynapple and by us: same keys, kinds, times and values."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from helpers import data_file
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from rheobase.io import load_file

nap = pytest.importorskip("pynapple")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

FILES = ["head_direction", "grasshopper_noise", "human_mtl", "calcium", "linear_track", "patch_clamp_steps"]

OURS_ALONE = {"head_direction": ["intervals/sleep_ripples"]}
"""A table that shares its path with a series, which pynapple leaves out."""

UNSORTED = {("human_mtl", "events"), ("human_mtl", "experiment_ids")}
"""Series with unsorted times: our values travel with them."""

OVERLAPPING = {("human_mtl", "recognition_table"), ("human_mtl", "timediscrimination_table")}
"""Trials that overlap: 180 with metadata here, 177 without there."""


@pytest.mark.parametrize("name", FILES)
def test_recordings(name):
    path = data_file(f"{name}.nwb")
    with load_file(path) as ours:
        theirs = nap.load_file(path)
        assert [key for key in ours.keys() if key not in OURS_ALONE.get(name, [])] == theirs.keys()  # noqa: SIM118
        for key in theirs.keys():  # noqa: SIM118
            if (name, key) in OVERLAPPING:
                assert (len(ours[key]), len(theirs[key])) == (180, 177)
                assert ours[key].metadata_columns
                assert not theirs[key].metadata_columns
                continue
            same(ours[key], theirs[key], values=(name, key) not in UNSORTED)
            assert ours[theirs.key_to_full_path[key]] is ours[key]
        theirs.close()


def same(mine, his, values=True):
    assert type(mine).__name__ == type(his).__name__
    if isinstance(mine, IntervalSet):
        np.testing.assert_array_equal(mine.values, his.values)
    elif isinstance(mine, TsGroup):
        assert list(mine.keys()) == list(his.keys())
        np.testing.assert_array_equal(mine.time_support.values, his.time_support.values)
        for key in his.keys():  # noqa: SIM118
            np.testing.assert_array_equal(mine[key].t, his[key].t)
    elif isinstance(mine, Ts | Tsd | TsdFrame | TsdTensor):
        np.testing.assert_array_equal(mine.t, his.t)
        np.testing.assert_array_equal(mine.time_support.values, his.time_support.values)
        if not isinstance(mine, Ts) and values:
            np.testing.assert_array_equal(np.asarray(mine.values), np.asarray(his.values))
    if isinstance(mine, TsdFrame):
        np.testing.assert_array_equal(mine.columns, his.columns)
    for column in getattr(his, "metadata_columns", []):
        for a, b in zip(mine.get_info(column), his.get_info(column), strict=True):
            b = b.decode() if isinstance(b, bytes) else b
            assert np.array_equal(a, b) or a == b or (a != a and b != b)


def examples():
    t = np.array([0.5, 1.0, 2.25, 7.0])
    support = nap.IntervalSet([0, 5], [3, 8])
    metadata = {"depth": [1.0, 2.0], "area": ["V1", "CA1"]}
    return {
        "Ts": nap.Ts(t, time_support=support),
        "Tsd": nap.Tsd(t, np.arange(4), time_support=support),
        "TsdFrame": nap.TsdFrame(t, np.eye(4, 2), time_support=support, columns=["a", "b"], metadata=metadata),
        "TsdTensor": nap.TsdTensor(t, np.arange(16.0).reshape(4, 2, 2), time_support=support),
        "TsGroup": nap.TsGroup({3: nap.Ts(t), 1: nap.Ts(t[1:])}, time_support=support, metadata=metadata),
        "IntervalSet": nap.IntervalSet([0, 5], [3, 8], metadata=metadata),
    }


@pytest.mark.parametrize("kind", examples())
def test_their_archives_are_read_with_metadata(tmp_path, kind):
    obj = examples()[kind]
    obj.save(tmp_path / "x.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mine = load_file(tmp_path / "x.npz")
    same(mine, obj)


@pytest.mark.parametrize("kind", examples())
def test_they_read_our_archives_without_metadata(tmp_path, kind):
    examples()[kind].save(tmp_path / "x.npz")
    mine = load_file(tmp_path / "x.npz")
    if kind in ("TsdFrame", "TsGroup", "IntervalSet"):
        mine.drop_info(["depth", "area"])
    mine.save(tmp_path / "y.npz")
    same(mine, nap.load_file(tmp_path / "y.npz"))
