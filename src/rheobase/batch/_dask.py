"""Work on a Dask cluster, through a client that the user has connected.

A worker that dies is the scheduler's business: it hands the worker's tasks to another, and gives up those that were
there when several died (``distributed.scheduler.allowed-failures``, three). One of these killed the workers, the others
were beside it: at the end each is tried once more, alone. Sessions are written by the workers, under the name of this
run, so a task that was handed out twice is still one folder.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
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
    suspects = []
    with closing(_ended(tasks, client, resources, "fit")) as ended:
        for future, task in ended:
            if future.status == "error" and isinstance(future.exception(), distributed.KilledWorker):
                suspects.append(task)
            else:
                yield _outcome(future, task)
    for suspect in suspects:
        with closing(_ended([suspect], client, resources, "fit-alone")) as ended:
            for future, task in ended:
                yield _outcome(future, task)


def _ended(
    tasks: Sequence[Task], client: Any, resources: Mapping[str, float] | None, name: str
) -> Generator[tuple[Any, Task]]:
    """Futures of `tasks` as they end; those that are left when nobody asks any more are cancelled."""
    distributed = optional_import("distributed", needed_for="run(client=...)", install="rheobase[dask]")
    # keys that share their beginning are one group, which the scheduler deals out as workers become free
    keys = [(f"{name}-{task.run}", task.job.key) for task in tasks]
    options = {"pure": False, "resources": dict(resources) if resources else None}
    left = dict(zip(client.map(work, tasks, key=keys, **options), tasks, strict=True))
    try:
        for future in distributed.as_completed(list(left), raise_errors=False):
            yield future, left.pop(future)
    finally:
        if left and client.status == "running":
            client.cancel(list(left), force=True)


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
