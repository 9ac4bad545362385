"""Metadata: the table, and the face that all three containers show of it."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from rheobase.containers import IntervalSet, Ts, TsdFrame, TsGroup
from rheobase.containers._metadata import Metadata


def epochs(**metadata):
    return IntervalSet([0, 10, 20], [5, 15, 25], metadata=metadata or None)


def frame(**metadata):
    return TsdFrame(np.arange(4.0), np.eye(4, 3), columns=["a", "b", "c"], metadata=metadata or None)


def group(**metadata):
    return TsGroup({k: Ts([0.0, k + 1.0]) for k in (2, 5, 9)}, metadata=metadata or None)


LABELS = {epochs: [0, 1, 2], frame: ["a", "b", "c"], group: [2, 5, 9]}
every_holder = pytest.mark.parametrize("make", LABELS)


@every_holder
def test_columns_keep_their_types(make):
    given = {
        "small": np.array([1, 2, 3], dtype=np.int8),
        "ratio": [0.5, 1.0, np.nan],
        "flag": [True, False, True],
        "text": ["x", "y", "z"],
    }
    obj = make(**given)
    assert obj.get_info("small").dtype == np.int8
    assert obj.get_info("ratio").dtype == np.float64
    assert obj.get_info("flag").dtype == bool
    assert list(obj.get_info("text")) == ["x", "y", "z"]
    assert [name for name in obj.metadata_columns if name != "rate"] == list(given)


@every_holder
def test_three_ways_to_read_and_to_write(make):
    obj = make(depth=[1, 2, 3])
    for read in (obj.depth, obj["depth"], obj.get_info("depth"), obj.metadata["depth"]):
        assert isinstance(read, pd.Series)
        assert list(read) == [1, 2, 3]
        assert list(read.index) == LABELS[make]
    obj.depth = [4, 5, 6]
    assert list(obj.depth) == [4, 5, 6]
    obj["depth"] = (7, 8, 9)
    assert list(obj.depth) == [7, 8, 9]
    obj.set_info({"area": ["a", "b", "c"]}, layer=pd.Series([1, 2, 3], index=LABELS[make]))
    assert list(obj.get_info(["layer", "area"]).columns) == ["layer", "area"]


@every_holder
def test_what_is_read_is_a_copy(make):
    obj = make(depth=[1, 2, 3])
    column = obj.depth
    column.iloc[0] = 100
    table = obj.metadata
    table.loc[:, "depth"] = 100
    assert list(obj.depth) == [1, 2, 3]


def test_what_is_given_is_copied():
    depth = np.array([1, 2, 3])
    obj = epochs(depth=depth)
    depth[0] = 100
    assert list(obj.depth) == [1, 2, 3]


@every_holder
def test_data_frames_with_the_right_index(make):
    table = pd.DataFrame({"n": [1, 2, 3], "s": ["x", "y", "z"]}, index=LABELS[make])
    obj = make()
    obj.set_info(table)
    assert list(obj.n) == [1, 2, 3]
    with pytest.raises(ValueError, match="Metadata index does not match"):
        obj.set_info(pd.DataFrame({"n": [1, 2, 3]}, index=[7, 8, 9]))


@every_holder
def test_drop_and_restrict(make):
    obj = make(a1=[1, 2, 3], b1=[1, 2, 3], c1=[1, 2, 3], d1=[1, 2, 3])
    obj.drop_info("a1")
    obj.drop_info(["b1"])
    assert obj.metadata_columns[-2:] == ["c1", "d1"]
    obj.restrict_info("d1")
    assert [name for name in obj.metadata_columns if name != "rate"] == ["d1"]


@every_holder
def test_groups(make):
    obj = make(side=["l", "r", "l"], n=[1, 1, 2])
    labels = np.array(LABELS[make])
    groups = obj.groupby("side")
    assert list(groups) == ["l", "r"]
    np.testing.assert_array_equal(groups["l"], labels[[0, 2]])
    assert list(obj.groupby(["side", "n"])) == [("l", 1), ("l", 2), ("r", 1)]
    part = obj.groupby("side", get_group="l")
    assert type(part) is type(obj)
    np.testing.assert_array_equal(part.metadata_index, [0, 1] if make is epochs else labels[[0, 2]])
    assert list(part.n) == [1, 2]


@every_holder
def test_apply_to_groups(make):
    obj = make(side=["l", "r", "l"])
    assert obj.groupby_apply("side", lambda part: part.shape if make is not group else len(part))["l"] is not None
    named = obj.groupby_apply("side", lambda factor, part: factor * len(part.side), input_key="part", factor=10)
    assert named == {"l": 20, "r": 10}


@every_holder
def test_objects_travel_with_their_metadata(make):
    obj = make(depth=[1, 2, 3])
    for other in (pickle.loads(pickle.dumps(obj)), copy.deepcopy(obj), copy.copy(obj)):
        assert list(other.depth) == [1, 2, 3]
    assert "depth" in dir(obj)


@every_holder
def test_wrong_names(make):
    obj = make()
    with pytest.raises(TypeError, match="column names must be strings, got 1"):
        obj.set_info({1: [1, 2, 3]})
    with pytest.warns(UserWarning, match="'metadata' overlaps with an existing attribute"):
        obj.set_info(metadata={"metadata": [1, 2, 3]})
    assert list(obj.get_info("metadata")) == [1, 2, 3]
    with pytest.warns(UserWarning, match="'a b' contains a special character"):
        obj.set_info({"a b": [1, 2, 3]})
    assert list(obj["a b"]) == [1, 2, 3]
    with pytest.warns(UserWarning, match="'1a' starts with a number"):
        obj.set_info({"1a": [1, 2, 3]})


def test_names_that_are_taken():
    with pytest.raises(ValueError, match="'rate': TsGroup computes it"):
        group().set_info(rate=[1, 2, 3])
    with pytest.raises(ValueError, match="Cannot drop 'rate'"):
        group().drop_info("rate")
    with pytest.raises(ValueError, match="'a' is the name of a data column"):
        frame().set_info(a=[1, 2, 3])


@every_holder
def test_wrong_values(make):
    obj = make(depth=[1, 2, 3])
    with pytest.raises(ValueError, match="array length 2 of metadata 'n' does not match metadata length 3"):
        obj.set_info(n=[1, 2])
    with pytest.raises(ValueError, match="Metadata index does not match for argument n"):
        obj.set_info(n=pd.Series([1, 2, 3], index=[3, 4, 6]))
    for value in (5, "text", None, {1: 2}, len):
        with pytest.raises(TypeError, match="Cannot set the following metadata: 'n'"):
            obj.set_info(n=value)
    with pytest.raises(TypeError, match="should be passed as a keyword argument"):
        obj.set_info([1, 2, 3])
    with pytest.raises(ValueError, match="does not match"):
        obj.set_info(good=[1, 2, 3], bad=[1])
    assert "good" not in obj.metadata_columns  # all or nothing


@every_holder
def test_wrong_requests(make):
    obj = make(depth=[1, 2, 3])
    with pytest.raises(KeyError, match=r"\['dept'\] not found.*Did you mean 'depth'"):
        obj.get_info("dept")
    with pytest.raises(KeyError, match="not found"):
        obj.drop_info(["depth", "nothing"])
    with pytest.raises(KeyError, match="not found"):
        obj.restrict_info("nothing")
    for method in (obj.get_info, obj.drop_info, obj.restrict_info):
        with pytest.raises(TypeError, match="named by strings"):
            method(3)
    with pytest.raises(ValueError, match=r"column 'dept' not found.*Did you mean 'depth'"):
        obj.groupby("dept")
    with pytest.raises(ValueError, match="Group 7 not found"):
        obj.groupby("depth", get_group=7)
    with pytest.raises(TypeError, match="input_key must be a string"):
        obj.groupby_apply("depth", len, input_key=3)
    with pytest.raises(KeyError, match="does not have input parameter part"):
        obj.groupby_apply("depth", lambda x: x, input_key="part")
    with pytest.raises(AttributeError, match=r"has no attribute 'dept'.*Did you mean 'depth'"):
        obj.dept  # noqa: B018


@every_holder
def test_attributes_of_the_class_cannot_be_set(make):
    with pytest.raises(AttributeError, match="Cannot set attribute 'metadata'"):
        make().metadata = 3


def test_one_row_takes_scalars():
    obj = IntervalSet(0, 1, metadata={"label": "left", "n": 3})
    assert obj.label[0] == "left"
    assert obj.n[0] == 3


def test_ragged_and_mixed_columns_stay_what_they_are():
    obj = epochs(tags=[["a"], ["a", "b"], []], mixed=["a", 1, None], wide=np.zeros((3, 2)))
    assert list(obj.tags) == [["a"], ["a", "b"], []]
    assert list(obj.mixed) == ["a", 1, None]
    assert obj.wide[0].shape == (2,)
    assert obj.metadata.shape == (3, 3)
    with pytest.raises(TypeError, match="'tags' holds lists or arrays, which cannot name groups"):
        obj.groupby("tags")
    with pytest.raises(TypeError, match="'wide' has 2 dimensions"):
        obj.groupby("wide")
    assert list(obj.groupby("mixed")) == [None, 1, "a"]


def test_tables_join_but_for_shared_names():
    a = Metadata(np.arange(2), {"x": [1, 2], "shared": [0, 0]})
    b = Metadata(np.arange(2), {"y": [3, 4], "shared": [1, 1]})
    assert list(a.join(b).columns) == ["x", "y"]
    assert repr(a) == "Metadata(2 rows, columns: ['x', 'shared'])"
    assert list(a.take([1]).columns["x"]) == [2]
    other = a.copy()
    other.columns["x"][0] = 100
    assert a.columns["x"][0] == 1
