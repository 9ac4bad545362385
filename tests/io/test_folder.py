"""Folders as dictionaries: what is found, loaded once, saved with a description and shown."""

from __future__ import annotations

import json

import numpy as np
import nwb_files
import pytest

from rheobase.containers import IntervalSet, Ts, Tsd
from rheobase.io import Folder, NPZFile, NWBFile, load_folder

TIMES = np.array([0.5, 1.0, 4.0])


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "project"
    (root / "A1" / "derivatives").mkdir(parents=True)
    (root / ".hidden").mkdir()
    Ts(TIMES).save(root / "events")
    Tsd(TIMES, d=TIMES).save(root / "A1" / "my signal")
    IntervalSet(0, 1).save(root / "A1" / "derivatives" / "rem")
    (root / "notes.txt").write_text("nothing")
    return root


def test_a_folder_is_a_dictionary_of_what_it_holds(tree):
    folder = load_folder(str(tree))
    assert set(folder) == {"events", "A1"}
    assert isinstance(folder["A1"], Folder)
    assert isinstance(folder["A1"]["derivatives"]["rem"], IntervalSet)
    np.testing.assert_array_equal(folder["A1"]["mysignal"].values, TIMES)
    assert len(folder) == 2
    assert [type(value).__name__ for value in folder.values()] == ["Ts", "Folder"]


def test_archives_are_loaded_on_first_access_and_kept(tree):
    folder = load_folder(tree)
    assert isinstance(folder.data["events"], NPZFile)
    assert folder["events"] is folder["events"]
    other = load_folder(tree)
    other.load()
    assert isinstance(other.data["events"], Ts)


def test_nwb_files_are_opened_on_first_access(tree):
    pytest.importorskip("pynwb")
    nwb_files.write(tree / "session.nwb", nwb_files.add_units)
    folder = load_folder(tree)
    assert list(folder.nwb_files) == ["session"]
    with folder["session"] as data:
        assert isinstance(data, NWBFile)
        assert folder["session"] is data
        np.testing.assert_array_equal(data["units"][5].t, nwb_files.SPIKES[5])


def test_saving_with_a_description(tree, capsys):
    folder = load_folder(tree)
    epochs = IntervalSet([0, 2], [1, 3])
    folder["A1"].save("rem", epochs, description="by hand")
    folder["A1"].save("rem", epochs, description="by hand, twice")
    assert folder["A1"]["rem"] is epochs
    np.testing.assert_array_equal(load_folder(tree)["A1"]["rem"].values, epochs.values)
    assert json.loads((tree / "A1" / "rem.json").read_text())["info"] == "by hand, twice"
    for show in (folder["A1"].doc, folder["A1"].info, folder["A1"].metadata):
        assert show("rem") is None
        assert "info : by hand, twice" in capsys.readouterr().out
    folder.doc("events")
    assert "No metadata" in capsys.readouterr().out
    (tree / "A1" / "rem.json").write_text("{")
    folder["A1"].doc("rem")
    assert "is damaged" in capsys.readouterr().out
    for name in ("", "../x", "a/b", 3):
        with pytest.raises(ValueError, match="name must be"):
            folder.save(name, epochs)


def test_the_tree_is_shown(tree, capsys):
    folder = load_folder(tree)
    assert repr(folder) == str(folder) == "project\n├── A1/\n└── events\t|\tTs"
    folder.expand()
    whole = capsys.readouterr().out
    assert folder.view is None
    assert capsys.readouterr().out == whole
    assert "│   ├── derivatives/\n│   │   └── rem\t|\tIntervalSet\n" in whole


def test_what_cannot_be_read_is_left_out(tree):
    (tree / "broken.npz").write_text("no archive")
    with pytest.warns(UserWarning, match=r"broken\.npz is left out: .* is no NumPy archive"):
        assert "broken" not in load_folder(tree)


def test_links_to_parents_end(tree):
    (tree / "A1" / "back").symlink_to(tree, target_is_directory=True)
    assert "back" not in load_folder(tree)["A1"]


def test_no_folder_and_no_such_key(tree):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_folder(tree / "B")
    with pytest.raises(NotADirectoryError):
        load_folder(tree / "notes.txt")
    with pytest.raises(KeyError, match=r"Can't find key 'event' .* Did you mean 'events'"):
        load_folder(tree)["event"]
