"""One job, wherever it runs: fit, write, give the folder its name; what goes wrong is noted and reported."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import kind_of
from .._version import __version__
from ._store import Store, Superseded, now
from ._values import as_plain, digest, fingerprint, settings_as_dict
from .plan import Job

__all__ = ["Fit", "Outcome", "Task", "give_up", "name_of", "stamp", "work"]

Fit = Callable[[Job, Path], Mapping[str, Any] | None]
"""Fits a job, writes what it likes into an empty folder, and returns what the table should say."""

_one_at_a_time = threading.Lock()
_tasks_before = 0
"""How many jobs this process has had; the first also pays for importing and compiling."""


@dataclass(frozen=True)
class Task:
    """A job, and all that a worker needs to know of the run."""

    job: Job
    folder: Path
    run: str
    fit: Fit


@dataclass(frozen=True)
class Outcome:
    """How a task ended: ``done``, ``failed``, or ``superseded``."""

    key: str
    status: str
    message: str = ""


def work(task: Task) -> Outcome:
    """Do one task. Whatever the fit of a session raises is reported, and does not stop the others."""
    global _tasks_before
    store, job = Store(task.folder), task.job
    with _one_at_a_time:
        first, _tasks_before = _tasks_before == 0, _tasks_before + 1
        about = {"worker": f"{socket.gethostname()}:{os.getpid()}", "first_in_worker": first}
        start = time.perf_counter()
        try:
            note = stamp(job, task.fit) | about | {"run": task.run}
            with store.making(task.run, job.key) as made:
                with _interrupts_noticed():
                    record = _checked(task.fit(job, made))
                note |= {"seconds": round(time.perf_counter() - start, 3), "finished": now(), "record": record}
                store.finish(made, task.run, job.key, note)
        except Superseded:
            return Outcome(job.key, "superseded")
        except (Exception, SystemExit) as error:
            text = error.args[0] if isinstance(error, KeyError) and error.args else error  # a KeyError quotes its text
            return give_up(task, f"{type(error).__name__}: {text}", traceback.format_exc(), about)
    return Outcome(job.key, "done")


def give_up(task: Task, message: str, story: str, about: Mapping[str, Any] | None = None) -> Outcome:
    """Note that `task` failed, and say so."""
    job = task.job
    note = stamp(job, task.fit) | dict(about or {}) | {"finished": now(), "message": message}
    try:
        Store(task.folder).fail(task.run, job.key, note, story)
    except Superseded:
        return Outcome(job.key, "superseded")
    return Outcome(job.key, "failed", message)


def stamp(job: Job, fit: Fit) -> dict[str, Any]:
    """What a result belongs to: a recording, settings, and the function that fitted it."""
    settings = as_plain(settings_as_dict(job.settings))
    return {
        "key": job.key,
        "path": str(job.path),
        "variant": job.variant,
        "recording": fingerprint(job.path),
        "settings": settings,
        "digest": digest(settings),
        "fit": name_of(fit),
        "rheobase": __version__,
    }


def name_of(fit: Fit) -> str:
    """Name of a function, also inside a ``functools.partial``."""
    return getattr(getattr(fit, "func", fit), "__qualname__", type(fit).__qualname__)


def _checked(record: Mapping[str, Any] | None) -> dict[str, Any]:
    if record is not None and not isinstance(record, Mapping):
        msg = f"fit must return a dictionary for the table, or None, got {kind_of(record)}."
        raise TypeError(msg)
    return as_plain(record or {})


@contextmanager
def _interrupts_noticed() -> Iterator[None]:
    """A Ctrl-C that a fit answers itself (solvers stop and keep what they have) still stops the batch."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    noticed = []

    def notice(number: int, frame: Any) -> None:
        noticed.append(number)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, notice)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if noticed:
        raise KeyboardInterrupt
