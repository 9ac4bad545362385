"""Work on this machine: here, one job after the other, or in processes of its own.

Processes are started afresh, never forked: JAX's threads do not survive a fork. Each gets its share of the cores,
before it loads anything that starts threads. A process that dies (killed, out of memory, a crash in a library) costs
the job it had, which is tried again, and is replaced.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from ._work import Outcome, Task, give_up, name_of, work

__all__ = ["here", "in_processes", "refuse_unguarded_main", "share_cores"]

_THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC")
"""Read by linear algebra, and by JAX (the last), when they are loaded."""

_GUARD = 'In a script, start the run under `if __name__ == "__main__":`, because each process imports the script.'


def here(tasks: Sequence[Task]) -> Generator[Outcome]:
    """One task after the other, in this process."""
    for task in tasks:
        yield work(task)


def in_processes(tasks: Sequence[Task], n_workers: int, retries: int) -> Generator[Outcome]:
    """Tasks side by side, each outcome as it comes; a task whose process dies is tried `retries` more times."""
    if not tasks:
        return
    _check_travels(tasks[0])
    pool = _Pool(deque(tasks), retries)
    try:
        for cores in share_cores(min(n_workers, len(tasks))):
            pool.workers.append(_start(cores))
        while pool.workers:
            for ready in wait([worker.pipe for worker in pool.workers]):
                outcome = pool.attend(next(worker for worker in pool.workers if worker.pipe is ready))
                if outcome is not None:
                    yield outcome
    finally:
        for worker in pool.workers:
            worker.kill()


# ---- in the process that started them ------------------------------------------------------------------------------


@dataclass
class _Worker:
    """A process, the pipe to it, the cores it may use, and what it is at."""

    process: BaseProcess
    pipe: Connection
    cores: list[int]
    task: Task | None = None

    def give(self, task: Task) -> None:
        """Hand it a task; if it has died meanwhile, reading from its pipe will tell."""
        self.task = task
        with suppress(BrokenPipeError):
            self.pipe.send_bytes(pickle.dumps(task))

    def end(self) -> int:
        """Let it go: it finds its pipe closed; returns its exit code."""
        self.pipe.close()
        self.process.join()
        code = self.process.exitcode or 0
        self.process.close()
        return code

    def kill(self) -> None:
        """End it at once; what it was making is swept away."""
        self.process.kill()
        self.end()


@dataclass
class _Pool:
    """Tasks that wait, the processes at work, and what has gone wrong so far."""

    waiting: deque[Task]
    retries: int
    workers: list[_Worker] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    any_came_up: bool = False

    def attend(self, worker: _Worker) -> Outcome | None:
        """Hear what `worker` has to say, and give it the next task or let it go."""
        kind, message = _heard(worker.pipe)
        if kind == "gone":
            return self._mourn(worker)
        if kind == "unreadable":
            name = name_of(worker.task.fit) if worker.task else "fit"
            msg = f"A worker process could not load {name!r}; define it in a module that can be imported.\n{message}"
            raise RuntimeError(msg)
        self.any_came_up, worker.task = True, None
        if self.waiting:
            worker.give(self.waiting.popleft())
        else:
            self.workers.remove(worker)
            worker.end()
        return message

    def _mourn(self, worker: _Worker) -> Outcome | None:
        """Put the task of a process that died back, or give it up; start another process."""
        self.workers.remove(worker)
        code, task = worker.end(), worker.task
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        name = task.job.key if task else ""
        self.deaths[name] += 1
        given_up = self.deaths[name] > self.retries
        if not self.any_came_up or (task is None and given_up):
            msg = f"A worker process ended before it was ready ({how}). {_GUARD}"
            raise RuntimeError(msg)
        if task is not None and not given_up:
            self.waiting.append(task)
        if self.waiting:
            self.workers.append(_start(worker.cores))
        if task is None or not given_up:
            return None
        message = f"its worker process died {self.deaths[name]} times (the last: {how}). Was there enough memory?"
        return give_up(task, message, f"{message}\n")


def _heard(pipe: Connection) -> tuple[str, Any]:
    """What kind of message is in the pipe, and the message; ``gone`` if there is nobody at the other end."""
    try:
        return pipe.recv()
    except (EOFError, ConnectionResetError):
        return "gone", None


def _start(cores: list[int]) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, cores), name="rheobase-batch")
    with _environment({name: _at_most(len(cores), name) for name in _THREAD_SETTINGS} | {"MPLBACKEND": "Agg"}):
        process.start()
    theirs.close()  # so that the process holds the only other end, and its death is heard
    return _Worker(process, ours, cores)


def share_cores(n_workers: int) -> list[list[int]]:
    """The cores that this process may use, dealt out in runs; one for each worker at least."""
    cores = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else list(range(os.cpu_count() or 1))
    if n_workers >= len(cores):
        return [[cores[k % len(cores)]] for k in range(n_workers)]
    edges = [k * len(cores) // n_workers for k in range(n_workers + 1)]
    return [cores[start:stop] for start, stop in pairwise(edges)]


def _at_most(n_threads: int, name: str) -> str:
    """`n_threads`, or fewer if the environment asks for fewer."""
    asked = os.environ.get(name, "")
    return str(min(n_threads, int(asked)) if asked.isdigit() and int(asked) > 0 else n_threads)


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    """`changes` in the environment that a new process inherits."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _check_travels(task: Task) -> None:
    """The function must be one that another process can import."""
    try:
        pickle.dumps(task)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        msg = f"fit {name_of(task.fit)!r} cannot be sent to another process ({error}). Define it in a module."
        raise TypeError(msg) from error


def refuse_unguarded_main() -> None:
    """Say what is missing when a script that starts processes is imported by one of them."""
    current: Any = multiprocessing.current_process()
    if getattr(current, "_inheriting", False):
        raise RuntimeError(_GUARD)


# ---- in each process -----------------------------------------------------------------------------------------------


def _serve(pipe: Connection, cores: list[int]) -> None:
    """What a process does: tasks, until its pipe is closed or the process that started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches everybody; the parent decides
    if sys.platform == "linux":
        os.sched_setaffinity(0, cores)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pipe.send(("up", None))
    while True:
        try:
            data = pipe.recv_bytes()
        except (EOFError, ConnectionResetError):
            return
        try:
            task = pickle.loads(data)
        except Exception:  # whatever importing the user's function raises
            pipe.send(("unreadable", traceback.format_exc()))
            return
        pipe.send(("outcome", work(task)))


def _end_with_parent() -> None:
    """A parent that was killed cannot say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
