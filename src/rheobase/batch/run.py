"""Work through a plan: here, in processes, or on a cluster; go on where the last run stopped."""

from __future__ import annotations

import operator
import os
import sys
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from .._errors import kind_of
from ._dask import check_client, on_dask
from ._local import here, in_processes, refuse_unguarded_main
from ._results import Entry, Results
from ._store import Store, write_whole
from ._work import Fit, Outcome, Task, name_of
from .plan import Job, Plan

__all__ = ["run"]


def run(
    plan: Plan,
    folder: str | os.PathLike[str],
    *,
    workers: int = 0,
    client: Any = None,
    resume: bool = True,
    progress: bool = True,
    fit: Callable[[Job, Path], Mapping[str, Any] | None] | None = None,
    retries: int = 2,
    resources: Mapping[str, float] | None = None,
) -> Results:
    """Fit every session of a plan, and keep each as soon as it is finished.

    A session's folder, named by its key, appears when the session is complete. Sessions that are finished are kept when
    the run is repeated, unless their settings, their recording or the fitting function changed. A session that fails
    leaves its traceback in its folder and a row in the table, does not stop the others, and is tried again next time.
    Ctrl-C, or the death of a worker or of everything, loses only the sessions that were being fitted.

    Parameters
    ----------
    plan : Plan
    folder : path-like
        Where to write; made if needed. One run at a time may work in it.
    workers : int
        0 works here, one session after the other. Otherwise so many processes, which share the cores of this machine;
        scripts must then start the run under ``if __name__ == "__main__":``.
    client : distributed.Client, optional
        Work on the Dask cluster that this is connected to instead. Its workers must see `folder` and the recordings
        under the same paths, and fit one session at a time however many threads they have.
    resume : bool
        Keep sessions that are finished. False fits them again; each is replaced when its new fit is complete.
    progress : bool
        Show a bar on a terminal or in a notebook, and a line for each session that is fitted again or fails.
    fit : callable, optional
        ``fit(job, folder) -> dict``: fits a `Job`, writes what it likes into the empty `folder`, and returns
        numbers and texts for the table, with ``scores`` for rows by neuron (see `Results.table`). By default the
        command line's: a model, its scores and a report. With `workers` it must be importable.
    retries : int
        How often a session is tried again when its process dies. On Dask the scheduler decides
        (``distributed.scheduler.allowed-failures``).
    resources : mapping of str to float, optional
        What a session takes of a Dask worker's resources, ``{"GPU": 1}`` for workers started with
        ``--resources GPU=1``.

    Returns
    -------
    Results
        In the order of the plan; its table is also written to ``results.csv`` in `folder`.

    Raises
    ------
    RuntimeError
        If another run works in `folder`, worker processes cannot start, or the cluster is lost.
    ValueError
        If `workers` or `retries` is negative, or both `workers` and `client` are given.
    TypeError
        If `plan` is no `Plan`, `client` no Dask client, or `fit` cannot be sent to a process.
    KeyboardInterrupt
        On Ctrl-C, when processes have been stopped.

    Examples
    --------
    >>> import pathlib, tempfile, rheobase
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name, n in (("m1", 3), ("m2", 5)):
    ...     _ = (folder / f"{name}.txt").write_text(str(n))
    >>> def count(job, folder):
    ...     return {"n_spikes": int(job.path.read_text())}
    >>> plan = rheobase.batch.Plan.of(folder / "*.txt", read_settings=dict)
    >>> results = rheobase.batch.run(plan, folder / "fits", fit=count, progress=False)
    >>> results.done
    ('m1', 'm2')
    >>> results.exit_code
    0
    """
    refuse_unguarded_main()
    workers, retries = _check(plan, workers, client, retries)
    fit = fit_and_save if fit is None else fit
    store = Store(Path(folder).expanduser().absolute())
    with store.claimed() as name:
        jobs = _unfinished(plan, store, fit, resume)
        tasks = [Task(job, store.folder, name, fit) for job, _ in jobs]
        with closing(_Told(len(plan), len(plan) - len(jobs), progress)) as told:
            for job, reason in jobs:
                told.say(f"{job.key}: fitted again, {reason}" if reason else "")
            try:
                with closing(_backend(tasks, workers, client, retries, resources)) as outcomes:
                    for outcome in outcomes:
                        told.hear(outcome)
            except KeyboardInterrupt:
                told.say(f"stopped: {told.n_done} of {len(plan)} sessions are finished and kept; the same run goes on")
                raise
        results = Results(store.folder, tuple(Entry.of(store, job.key, job, name_of(fit)) for job in plan))
        write_whole(store.folder / "results.csv", results.table().to_csv(index=False))
    return results


def fit_and_save(job: Job, folder: Path) -> dict[str, Any]:
    """Fit a session with its `Settings`, write it into `folder`, and sum it up."""
    from .session import fit_session, save_session

    fitted = fit_session(job.path, job.settings)
    with warnings.catch_warnings():  # of pictures: they are no matter of the model
        warnings.simplefilter("ignore")
        save_session(fitted, folder)
    return fitted.summary() | {"warnings": len(fitted.warnings), "scores": "scores.csv"}


def _check(plan: Any, workers: Any, client: Any, retries: Any) -> tuple[int, int]:
    if not isinstance(plan, Plan):
        msg = f"plan must be a Plan, got {kind_of(plan)}. Plan.of(paths, settings) or Plan.from_toml(path) makes one."
        raise TypeError(msg)
    if client is not None:
        check_client(client)
    workers, retries = operator.index(workers), operator.index(retries)
    for name, value in (("workers", workers), ("retries", retries)):
        if value < 0:
            msg = f"{name} must be 0 or more, got {value}."
            raise ValueError(msg)
    if workers and client is not None:
        msg = f"Give workers (processes here, got {workers}) or client (a Dask cluster), not both."
        raise ValueError(msg)
    return workers, retries


def _unfinished(plan: Plan, store: Store, fit: Fit, resume: bool) -> list[tuple[Job, str]]:
    """Jobs to do, each with the reason if there is a result already."""
    found = []
    for job in plan:
        entry = Entry.of(store, job.key, job, name_of(fit))
        if entry.status == "done" and not resume:
            found.append((job, ""))
        elif entry.status != "done":
            found.append((job, "because it failed" if entry.status == "failed" else entry.message))
    return found


def _backend(
    tasks: list[Task], workers: int, client: Any, retries: int, resources: Mapping[str, float] | None
) -> Generator[Outcome]:
    if client is not None:
        return on_dask(tasks, client, resources)
    return in_processes(tasks, workers, retries) if workers else here(tasks)


class _Told:
    """A bar over the sessions, and lines above it."""

    def __init__(self, n_jobs: int, n_kept: int, progress: bool) -> None:
        self.progress, self.n_done, self.n_failed = progress, n_kept, 0
        if progress:
            from .._manners import progress_bar

            self._bar = progress_bar()(total=n_jobs, initial=n_kept, desc="sessions", unit="session", disable=None)
            self.say(f"{n_kept} of {n_jobs} sessions are finished and kept" if n_kept else "")

    def say(self, line: str) -> None:
        """Print a line, if there is one, without disturbing the bar."""
        if self.progress and line:
            self._bar.write(line, file=sys.stderr)

    def hear(self, outcome: Outcome) -> None:
        """Count a session that has ended, and tell what went wrong."""
        self.n_done += outcome.status == "done"
        self.n_failed += outcome.status == "failed"
        if outcome.status == "failed":
            self.say(f"{outcome.key}: failed, {outcome.message}")
        if self.progress:
            self._bar.set_postfix({"failed": self.n_failed} if self.n_failed else {}, refresh=False)
            self._bar.update()

    def close(self) -> None:
        if self.progress:
            self._bar.close()
