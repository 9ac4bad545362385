"""What came of a batch: one tidy table, the sessions that failed, and the models."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._errors import did_you_mean
from ..containers._repr import Table, shown_rows
from ._store import TRACEBACK, Store
from ._values import as_plain, differences, digest, fingerprint, settings_as_dict
from .plan import Job

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Entry", "Results", "why_again"]

_FIXED = ("key", "path", "variant", "status", "message", "seconds", "worker", "first_in_worker")
"""Columns that no score may stand for."""

_MESSAGE_WIDTH = 45
"""Letters of a message that are shown beside a key; `Results.failed` has the rest."""


@dataclass(frozen=True)
class Entry:
    """How one session stands: ``done``, ``failed`` or ``waiting``, and what was noted about it."""

    key: str
    status: str
    message: str = ""
    note: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, key: str, job: Job | None = None, fit: str = "") -> Entry:
        """The session called `key`; of another fit's, settings' or recording's result `job` must say if it counts."""
        failed, done = store.failed(key), store.done(key)
        if failed is not None and (job is None or not why_again(failed, job, fit)):
            return cls(key, "failed", failed.get("message", ""), failed)
        if done is None:
            return cls(key, "waiting", "", _of_plan(job))
        reason = why_again(done, job, fit) if job else ""
        return cls(key, "waiting", reason, _of_plan(job)) if reason else cls(key, "done", "", done)


def why_again(note: Mapping[str, Any], job: Job, fit: str) -> str:
    """Why the result that `note` speaks of is not that of `job`; empty where it is."""
    settings = as_plain(settings_as_dict(job.settings))
    if note.get("digest") != digest(settings):
        return f"its settings changed ({differences(note.get('settings', {}), settings)})"
    if note.get("recording") != fingerprint(job.path):
        return f"its recording changed ({note.get('path')}, now {job.path})"
    if fit and note.get("fit") != fit:
        return f"it was fitted by {note.get('fit')}, now by {fit}"
    return ""


def _of_plan(job: Job | None) -> dict[str, Any]:
    if job is None:
        return {}
    return {"path": str(job.path), "variant": job.variant, "settings": settings_as_dict(job.settings)}


@dataclass(frozen=True, repr=False)
class Results:
    """The sessions of a batch, as they lie in its folder; every session is in it once.

    Attributes
    ----------
    folder : Path
        Where the sessions are.
    entries : tuple of Entry
        One for each session, in the order of the plan.

    Examples
    --------
    >>> import pathlib, tempfile, rheobase
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "m1.txt").write_text("3 spikes")
    8
    >>> def count(job, folder):
    ...     return {"n_spikes": int(job.path.read_text().split()[0])}
    >>> plan = rheobase.batch.Plan.of(folder / "*.txt", read_settings=dict)
    >>> results = rheobase.batch.run(plan, folder / "fits", fit=count, progress=False)
    >>> results.sessions()[["key", "status", "n_spikes"]]
      key status  n_spikes
    0  m1   done         3
    """

    folder: Path
    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, folder: str | os.PathLike[str], plan: Iterable[Job] | None = None) -> Results:
        """Results that lie in `folder`, also while a run is still at it.

        Parameters
        ----------
        folder : path-like
        plan : Plan, optional
            Take the sessions of this plan, fitted with these settings; all that is there otherwise.

        Returns
        -------
        Results

        Raises
        ------
        FileNotFoundError
            If there is no such folder.
        """
        folder = Path(folder).expanduser().absolute()
        if not folder.is_dir():
            msg = f"There is no folder {folder}."
            raise FileNotFoundError(msg)
        store = Store(folder)
        if plan is None:
            return cls(folder, tuple(Entry.of(store, key) for key in store.finished_or_failed()))
        return cls(folder, tuple(Entry.of(store, job.key, job) for job in plan))

    # ---- how it went -----------------------------------------------------------------------------------------------

    @property
    def done(self) -> tuple[str, ...]:
        """Keys of the sessions that are finished."""
        return tuple(entry.key for entry in self.entries if entry.status == "done")

    @property
    def failed(self) -> dict[str, str]:
        """Key → message of each session that failed; ``traceback.txt`` in its folder tells the whole story."""
        return {entry.key: entry.message for entry in self.entries if entry.status == "failed"}

    @property
    def waiting(self) -> tuple[str, ...]:
        """Keys of the sessions that have no result yet."""
        return tuple(entry.key for entry in self.entries if entry.status == "waiting")

    @property
    def exit_code(self) -> int:
        """What a command should end with: 0 if every session is finished, 1 otherwise."""
        return 0 if len(self.done) == len(self.entries) else 1

    def __len__(self) -> int:
        return len(self.entries)

    # ---- what came of it -------------------------------------------------------------------------------------------

    def sessions(self) -> pd.DataFrame:
        """One row for each session.

        Returns
        -------
        DataFrame
            ``key``, ``path``, ``variant`` if there are any, ``status``, ``message``, ``seconds`` (of the job),
            ``worker``, ``first_in_worker`` (its seconds include importing and compiling), then what the fit returned,
            and ``settings.NAME`` for each setting in which sessions differ.
        """
        return _frame(self._rows())

    def table(self) -> pd.DataFrame:
        """One row for each neuron of each session, if the fits return scores; one for each session that has none.

        A fit returns scores as ``scores`` in its dictionary: a list of rows, or the name of a CSV file in its folder.

        Returns
        -------
        DataFrame
            The columns of `sessions`, then those of the scores; where both have one (a number of spikes, say), that of
            the neuron.
        """
        rows = [{"key": entry.key} | row for entry in self.entries for row in self._scores(entry)]
        sessions = self.sessions()
        if not rows:
            return sessions
        scores = _frame(rows)
        shared = [name for name in scores if name in sessions and name != "key"]
        fixed = [name for name in shared if name in _FIXED]
        own = sessions.drop(columns=[name for name in shared if name not in fixed])
        table = own.merge(scores.drop(columns=fixed), on="key", how="left", validate="one_to_many")
        whole = [name for name in scores.select_dtypes("integer") if name in table]
        return table.astype(dict.fromkeys((name for name in whole if table[name].isna().any()), "Int64"))

    def load(self, key: str) -> Any:
        """The fitted model of a session.

        Parameters
        ----------
        key : str

        Returns
        -------
        PopulationGLM or GLM
            As `rheobase.load_model` reads it.

        Raises
        ------
        KeyError
            If there is no such session; the nearest is suggested.
        ValueError
            If the session is not finished; the message says why.
        FileNotFoundError
            If its fit left no ``model.npz``.
        """
        entry = next((entry for entry in self.entries if entry.key == key), None)
        if entry is None:
            msg = f"There is no session {key!r}.{did_you_mean(key, [entry.key for entry in self.entries])}"
            raise KeyError(msg)
        if entry.status != "done":
            told = f" {entry.message}. See {self.folder / key / TRACEBACK}." if entry.status == "failed" else ""
            msg = f"Session {key!r} is not finished: it is {entry.status}.{told}"
            raise ValueError(msg)
        path = self.folder / key / "model.npz"
        if not path.is_file():
            msg = f"Session {key!r} has no model.npz; its folder {path.parent} holds what its fit wrote."
            raise FileNotFoundError(msg)
        from ..glm import load_model

        return load_model(path)

    def _rows(self) -> list[dict[str, Any]]:
        told = [dict(entry.note.get("settings", {})) for entry in self.entries]
        names = dict.fromkeys(name for settings in told for name in settings)
        varying = [name for name in names if any(one.get(name) != told[0].get(name) for one in told[1:])]
        any_variant = any(entry.note.get("variant") for entry in self.entries)
        rows = []
        for entry, settings in zip(self.entries, told, strict=True):
            note = entry.note
            row = {"key": entry.key, "path": note.get("path", "")}
            row |= {"variant": note.get("variant", "")} if any_variant else {}
            row |= {"status": entry.status, "message": entry.message, "seconds": note.get("seconds")}
            row |= {"worker": note.get("worker", ""), "first_in_worker": note.get("first_in_worker")}
            record = {name: value for name, value in note.get("record", {}).items() if name != "scores"}
            rows.append(row | {name: value for name, value in record.items() if name not in row})
            rows[-1] |= {f"settings.{name}": settings.get(name) for name in varying}
        return rows

    def _scores(self, entry: Entry) -> list[dict[str, Any]]:
        """Rows by neuron of one session."""
        scores = entry.note.get("record", {}).get("scores") or [] if entry.status == "done" else []
        return _read_rows(self.folder / entry.key / scores) if isinstance(scores, str) else scores

    # ---- shown -----------------------------------------------------------------------------------------------------

    def _summary(self) -> str:
        counts = {"failed": len(self.failed), "waiting": len(self.waiting)}
        rest = "".join(f", {n} {status}" for status, n in counts.items() if n)
        return f"{len(self.done)} of {len(self)} sessions done{rest}, in {self.folder}"

    def _table(self) -> Table:
        first, last = shown_rows(len(self))
        shown = [*self.entries[:first], *self.entries[len(self) - last :]] if last else list(self.entries)
        rows = [[entry.key, entry.status, _seconds(entry), _short(entry.message)] for entry in shown]
        if last:
            rows.insert(first, ["..."] * 4)
        return Table(["key", "status", "seconds", "message"], rows, self._summary(), [False, False, True, False])

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        table = self._table()
        table.title = type(self).__name__
        return table.html()


def _read_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a CSV file, with the numbers that were written: older pandas are off by a last digit."""
    import pandas as pd

    table, text = pd.read_csv(path), pd.read_csv(path, dtype=str)
    for name in table.select_dtypes("float"):
        table[name] = text[name].to_numpy(dtype=object).astype(float)
    return table.to_dict("records")


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A table of `rows`, in which whole numbers stay whole where some rows have none."""
    import pandas as pd

    table = pd.DataFrame(rows)
    for name in table.select_dtypes("float"):
        told = [row[name] for row in rows if row.get(name) is not None]
        if told and all(isinstance(value, int) and not isinstance(value, bool) for value in told):
            table[name] = pd.array([row.get(name) for row in rows], dtype="Int64")
    return table


def _short(message: str) -> str:
    """As much of `message` as a terminal has room for."""
    line = message.partition("\n")[0]
    return line if len(line) <= _MESSAGE_WIDTH else f"{line[: _MESSAGE_WIDTH - 3]}..."


def _seconds(entry: Entry) -> str:
    seconds = entry.note.get("seconds")
    return "" if seconds is None else f"{seconds:.1f}"
