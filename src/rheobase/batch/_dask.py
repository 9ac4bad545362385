"""Work on a Dask cluster, through a client that the user has connected.

A worker that dies is the scheduler's business: it hands the worker's tasks to another, and gives a task up that has
cost several workers (``distributed.scheduler.allowed-failures``, three). Sessions are written by the workers, under
the name of this run, so a task that was handed out twice is still one folder.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from .._errors import kind_of
from .._optional import optional_import
from ._store import Store
from ._work import Outcome, Task, give_up, work

__all__ = ["check_client", "on_dask"]

_PATIENCE = 30.0
"""Seconds that a shared file system may take to show what another machine has written."""


def check_client(client: Any) -> None:
    """`client` must be a connected, synchronous `distributed.Client`."""
    distributed = optional_import("distributed", needed_for="run(client=...)", install="rheobase[dask]")
    if not isinstance(client, distributed.Client):
        msg = (
            f"client must be a dask.distributed.Client, got {kind_of(client)}. Try Client(cluster) or Client(address)."
        )
        raise TypeError(msg)
    if client.asynchronous:
        msg = "client must be a synchronous dask.distributed.Client, got one with asynchronous=True."
        raise TypeError(msg)
    if client.status != "running":
        msg = f"client must be connected to a scheduler, got one that is {client.status}."
        raise ValueError(msg)


def on_dask(tasks: Sequence[Task], client: Any, resources: Mapping[str, float] | None) -> Generator[Outcome]:
    """Tasks on the workers of `client`, each outcome as it comes."""
    distributed = optional_import("distributed", needed_for="run(client=...)", install="rheobase[dask]")
    options = {"pure": False, "resources": dict(resources) if resources else None}
    started = {client.submit(work, task, key=f"{task.job.key}-{task.run}", **options): task for task in tasks}
    finished = distributed.as_completed(list(started), raise_errors=False)
    try:
        for future in finished:
            yield _outcome(future, started.pop(future))
    finally:
        if started:
            client.cancel(list(started), force=True)


def _outcome(future: Any, task: Task) -> Outcome:
    if future.status == "finished":
        return _seen_from_here(future.result(), task)
    if future.status == "error":
        error = future.exception()
        message = f"the cluster could not run it: {type(error).__name__}: {error}"
        return give_up(task, message, f"{message}\n")
    msg = f"The Dask scheduler has dropped {task.job.key!r} ({future.status}); is it still there? Run again to go on."
    raise RuntimeError(msg)


def _seen_from_here(outcome: Outcome, task: Task) -> Outcome:
    """`outcome`, if this machine finds the folder that the worker wrote."""
    store, limit = Store(task.folder), time.monotonic() + _PATIENCE
    while outcome.status == "done" and (store.done(outcome.key) or {}).get("run") != task.run:
        if time.monotonic() > limit:
            message = f"its worker finished it, but nothing is at {store.session(outcome.key)} here. "
            message += "Workers and client must see the same folder."
            return give_up(task, message, f"{message}\n")
        time.sleep(0.2)
        store.finished_or_failed()  # lists the folder, so that a network file system looks again
    return outcome
