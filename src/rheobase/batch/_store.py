"""Folders of sessions: each is there whole, under its final name, or not at all.

::

    FOLDER/
    ├── mouse1/            a finished session: what the fit wrote, and done.json
    ├── mouse2/            a failed one: failed.json and traceback.txt
    ├── results.csv        the table, written when a run ends
    ├── .run.json          who works here, or did last
    ├── .lock
    └── .working/RUN/      sessions in the making; swept by the next run

A session is made in `.working` and renamed when it is complete, which no reader can see half of. Where the folder of an
earlier fit is in the way, that is moved aside first, and back if the process is killed between the two renames.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ._lock import Busy, locked

__all__ = ["DONE", "FAILED", "TRACEBACK", "Store", "Superseded", "write_whole"]

DONE = "done.json"
FAILED = "failed.json"
TRACEBACK = "traceback.txt"

_ASIDE = ".before"
"""End of the name of a finished session that is being replaced."""


class Superseded(Exception):
    """Another run has taken over the folder; what this one still makes is not wanted."""


class Store:
    """The folder of a batch.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def session(self, key: str) -> Path:
        """Where the session called `key` lies when it is finished, or has failed."""
        return self.folder / key

    def done(self, key: str) -> dict[str, Any] | None:
        """What was noted when `key` was finished."""
        return _read(self.session(key) / DONE)

    def failed(self, key: str) -> dict[str, Any] | None:
        """What was noted when `key` failed."""
        return _read(self.session(key) / FAILED)

    def finished_or_failed(self) -> list[str]:
        """All sessions that are finished or have failed."""
        folders = (path for path in self.folder.iterdir() if path.is_dir()) if self.folder.is_dir() else ()
        return sorted(path.name for path in folders if (path / DONE).is_file() or (path / FAILED).is_file())

    # ---- one run at a time -----------------------------------------------------------------------------------------

    @contextmanager
    def claimed(self) -> Iterator[str]:
        """The folder for one run, which gets a name; leftovers of runs that were killed are cleared away.

        Raises
        ------
        RuntimeError
            If another run works here.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        run = uuid.uuid4().hex[:12]
        try:
            with locked(self.folder / ".lock") as alone:
                if alone:
                    self._sweep()
                owner = {"run": run, "process": os.getpid(), "machine": socket.gethostname(), "since": now()}
                write_whole(self.folder / ".run.json", json.dumps(owner))
                try:
                    yield run
                finally:
                    shutil.rmtree(self._working(run), ignore_errors=True)
        except Busy as error:
            owner = _read(self.folder / ".run.json") or {}
            who = f"process {owner.get('process')} on {owner.get('machine')} since {owner.get('since')}"
            msg = f"Another run works in {self.folder} ({who}). Wait for it or stop it, or choose another folder."
            raise RuntimeError(msg) from error

    def check_run(self, run: str) -> None:
        """Raise `Superseded` unless `run` is the one that works here."""
        if (_read(self.folder / ".run.json") or {}).get("run") != run:
            raise Superseded

    def _working(self, run: str) -> Path:
        return self.folder / ".working" / run

    def _sweep(self) -> None:
        """Bring back finished sessions that were moved aside, and remove everything half-made."""
        for aside in (self.folder / ".working").glob(f"*/*{_ASIDE}"):
            final = self.session(aside.name.removesuffix(_ASIDE).rpartition(".")[0])
            if not final.exists():
                os.rename(aside, final)
        shutil.rmtree(self.folder / ".working", ignore_errors=True)

    # ---- a session -------------------------------------------------------------------------------------------------

    @contextmanager
    def making(self, run: str, key: str) -> Iterator[Path]:
        """An empty folder to make `key` in; what is left of it at the end is removed."""
        path = self._working(run) / f"{key}.{uuid.uuid4().hex[:8]}"
        path.mkdir(parents=True)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def finish(self, made: Path, run: str, key: str, note: Mapping[str, Any]) -> None:
        """Give the complete folder `made` its final name, with `note` in it.

        Raises
        ------
        Superseded
            If another run has taken over.
        """
        write_whole(made / DONE, json.dumps(note, indent=1))
        _flush(made)
        final, aside = self.session(key), made.with_name(f"{made.name}{_ASIDE}")
        self.check_run(run)
        while True:
            try:
                os.rename(made, final)
            except OSError:
                if not final.exists() or not made.exists():
                    raise
                with suppress(FileNotFoundError):  # somebody else has just moved it
                    os.rename(final, aside)
            else:
                break
        shutil.rmtree(aside, ignore_errors=True)

    def fail(self, run: str, key: str, note: Mapping[str, Any], traceback: str) -> None:
        """Note that `key` failed; an earlier result in its folder, under other settings, is left alone.

        Raises
        ------
        Superseded
            If another run has taken over.
        """
        self.check_run(run)
        folder = self.session(key)
        folder.mkdir(exist_ok=True)
        write_whole(folder / TRACEBACK, traceback)
        write_whole(folder / FAILED, json.dumps(note, indent=1))


def now() -> str:
    """Date and time, in words that sort."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z")


def write_whole(path: Path, text: str) -> None:
    """Write a file that no reader sees half of."""
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with draft.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any] | None:
    """What a note says; None where there is none, or somebody has spoilt it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _flush(folder: Path) -> None:
    """Have the disk hold what was written, before a name says that it is finished."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb+" if os.name == "nt" else "rb") as stream:
                os.fsync(stream.fileno())
