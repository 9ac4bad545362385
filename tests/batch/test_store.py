"""Folders of sessions: whole or not there, whoever is killed when."""

from __future__ import annotations

import contextlib
import os
import shutil

import pytest

from rheobase.batch._store import Store, Superseded, write_whole


class Killed(BaseException):
    """Stands for the end of the process: nothing in its way is run."""


def make(store, run, text):
    """Finish session ``s`` with one file that says `text`."""
    with store.making(run, "s") as made:
        (made / "result.txt").write_text(text)
        store.finish(made, run, "s", {"says": text})


def content(store):
    """What session ``s`` says, in its note and in its file."""
    note = store.done("s")
    return None if note is None else (note["says"], (store.session("s") / "result.txt").read_text())


@pytest.mark.parametrize("first", [None, "old"])
@pytest.mark.parametrize("step", range(9))
def test_killed_at_any_step_leaves_the_old_or_the_new(tmp_path, monkeypatch, first, step):
    """Every call that changes the disk is the last one, in turn; the next run finds one whole session, or none."""
    store = Store(tmp_path / "fits")
    with store.claimed() as run:
        if first:
            make(store, run, first)
    steps = iter(range(100))

    def until_killed(function):
        def call(*args, **kwargs):
            if next(steps) >= step:
                raise Killed
            return function(*args, **kwargs)

        return call

    with monkeypatch.context() as patch, contextlib.suppress(Killed), store.claimed() as run:
        for module, name in ((os, "rename"), (os, "replace"), (os, "fsync"), (os, "unlink"), (shutil, "rmtree")):
            patch.setattr(module, name, until_killed(getattr(module, name)))
        make(store, run, "new")
    assert next(steps) > step  # it was killed
    whole = {None if first is None else (first, first), ("new", "new")}
    with store.claimed():
        assert content(store) in whole
        assert not list((store.folder / ".working").glob("*/s*"))
    assert content(store) in whole


def test_one_run_at_a_time(tmp_path):
    store = Store(tmp_path)
    with (
        store.claimed(),
        pytest.raises(RuntimeError, match=rf"Another run works in .* \(process {os.getpid()} on .*Wait for it or stop"),
        Store(tmp_path).claimed(),
    ):
        pass
    with store.claimed():
        pass


def test_what_an_earlier_run_still_makes_is_not_wanted(tmp_path):
    """A worker that outlived its run must not replace a session of the run that took over."""
    store = Store(tmp_path)
    with store.claimed() as earlier:
        pass
    with store.claimed() as later:
        make(store, later, "new")
        with pytest.raises(Superseded):
            make(store, earlier, "old")
        with pytest.raises(Superseded):
            store.fail(earlier, "s", {}, "no")
    assert content(store) == ("new", "new")
    assert store.failed("s") is None


def test_a_failure_keeps_an_earlier_result_and_a_result_ends_a_failure(tmp_path):
    store = Store(tmp_path)
    with store.claimed() as run:
        make(store, run, "old")
        store.fail(run, "s", {"message": "no"}, "story")
        assert content(store) == ("old", "old")
        assert store.failed("s") == {"message": "no"}
        make(store, run, "new")
    assert content(store) == ("new", "new")
    assert sorted(os.listdir(store.session("s"))) == ["done.json", "result.txt"]
    assert store.finished_or_failed() == ["s"]


def test_a_note_that_was_spoilt_counts_as_none(tmp_path):
    store = Store(tmp_path)
    store.session("s").mkdir()
    for text in ("", "{", "3"):
        (store.session("s") / "done.json").write_text(text)
        assert store.done("s") is None


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(TypeError):
        write_whole(tmp_path / "a.json", 3)
    assert list(tmp_path.iterdir()) == []
