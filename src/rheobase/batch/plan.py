"""What to fit: recordings x settings, each with a key of its own."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._errors import did_you_mean, kind_of
from ..containers._repr import Table, shown_rows
from ._keys import check_key, names_of, safe_key
from ._plan_file import read_plan_file
from ._recordings import Recording, find_recordings
from ._values import as_plain, settings_as_dict

__all__ = ["Job", "Plan"]

ReadSettings = Callable[[dict[str, Any]], Any]
"""Makes settings of a dictionary, and complains about names that it does not know."""


@dataclass(frozen=True)
class Job:
    """One recording to be fitted with one set of settings.

    Attributes
    ----------
    key : str
        Name of the session, and of its folder; letters, digits, ``.``, ``_`` and ``-``.
    path : Path
        The recording; made absolute.
    settings : Settings or mapping
        What to fit. Anything with a ``to_dict`` that returns plain values will do.
    variant : str
        Name of the settings, where a plan has several.

    Examples
    --------
    >>> from rheobase.batch import Job
    >>> Job("mouse1", "data/mouse1.nwb", {"bin": "10ms"}).key
    'mouse1'
    """

    key: str
    path: Path
    settings: Any = field(default_factory=dict)
    variant: str = ""

    def __post_init__(self) -> None:
        check_key(self.key)
        object.__setattr__(self, "path", Path(os.path.abspath(os.path.expanduser(self.path))))


@dataclass(frozen=True, repr=False)
class Plan:
    """Jobs with keys of their own: what `run` works through.

    Attributes
    ----------
    jobs : tuple of Job

    Raises
    ------
    ValueError
        If there is no job, two jobs share a key (capitals do not count: some file systems ignore them), or a recording
        is to be fitted twice with the same settings. The message names all of them.
    FileNotFoundError
        If recordings are missing; the message names all of them.

    Examples
    --------
    >>> import pathlib, tempfile, rheobase
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("m1.nwb", "m2.nwb"):
    ...     (folder / name).touch()
    >>> windows = {"short": {"history": "50ms"}, "long": {"history": "500ms"}}
    >>> plan = rheobase.batch.Plan.of(folder / "*.nwb", {"bin": "10ms"}, variants=windows, read_settings=dict)
    >>> plan.keys
    ('m1--short', 'm1--long', 'm2--short', 'm2--long')
    >>> plan["m1--long"].settings
    {'bin': '10ms', 'history': '500ms'}
    """

    jobs: tuple[Job, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "jobs", tuple(self.jobs))
        for job in self.jobs:
            if not isinstance(job, Job):
                msg = f"jobs must be Job objects, got {kind_of(job)}. Plan.of makes them from paths and settings."
                raise TypeError(msg)
        if not self.jobs:
            msg = "A plan needs at least one job, got none."
            raise ValueError(msg)
        _check_keys(self.jobs)
        _check_files(self.jobs)
        _check_repeats(self.jobs)

    @classmethod
    def of(
        cls,
        paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        settings: Any = None,
        *,
        variants: Mapping[str, Any] | None = None,
        read_settings: ReadSettings | None = None,
    ) -> Plan:
        """Every recording with every set of settings.

        A session's key is its file's name without the suffix. Files that a pattern such as ``"data/*/s.nwb"`` finds
        carry the folders under the pattern's fixed beginning (``m1-s``, ``m2-s``), so that keys stay when recordings
        are added; files that were named carry the folders in which they differ where their names are equal.
        With `variants`, ``--`` and the variant's name follow.

        Parameters
        ----------
        paths : path-like or iterable of path-like
            Files, or patterns with ``*``, ``?``, ``[...]`` and ``**``. A file that is both named and found by a pattern
            is taken once.
        settings : Settings or mapping, optional
            For all of them; the defaults of `Settings` otherwise.
        variants : mapping of str to Settings or mapping, optional
            Several sets of settings by name. A mapping changes `settings`, a `Settings` replaces them.
        read_settings : callable, optional
            Makes settings of a dictionary: ``Settings.from_dict``, unless you fit with a function of your own and want
            ``dict``.

        Returns
        -------
        Plan

        Raises
        ------
        FileNotFoundError
            If a file is missing or a pattern finds nothing; the message names all of them.
        ValueError
            If a recording is named twice, or two recordings would have one key.
        """
        one = isinstance(paths, str | os.PathLike)
        recordings = [Recording(os.fspath(path)) for path in ([paths] if one else paths)]
        return cls(_jobs(recordings, Path.cwd(), settings, variants or {}, read_settings, ""))

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str], *, read_settings: ReadSettings | None = None) -> Plan:
        """The plan in a TOML file; its relative paths start from the file's own folder.

        ``recordings`` lists paths and patterns, or tables with ``path`` and, if wanted, ``key`` and ``settings``. The
        table ``settings`` holds for all recordings, each table ``variants.NAME`` changes it for one set of settings,
        and the ``settings`` of a recording change both. A recording that is named takes precedence over a pattern.

        Parameters
        ----------
        path : path-like
        read_settings : callable, optional
            As for `Plan.of`.

        Returns
        -------
        Plan

        Raises
        ------
        FileNotFoundError
            If the file, or a recording, is missing.
        ValueError
            If the file is no TOML, has a name that is not known (with the nearest that is), a recording twice, or two
            recordings with one key.
        """
        path = Path(path).expanduser().absolute()
        text = read_plan_file(path)
        return cls(_jobs(text.recordings, path.parent, text.settings, text.variants, read_settings, f"{path.name}: "))

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all jobs, in order."""
        return tuple(job.key for job in self.jobs)

    def __len__(self) -> int:
        return len(self.jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self.jobs)

    def __getitem__(self, key: str) -> Job:
        for job in self.jobs:
            if job.key == key:
                return job
        msg = f"The plan has no session {key!r}.{did_you_mean(key, self.keys)}"
        raise KeyError(msg)

    def __repr__(self) -> str:
        n_files, n_variants = len({job.path for job in self.jobs}), len({job.variant for job in self.jobs})
        by = f" x {n_variants} sets of settings" if n_variants > 1 else ""
        shown = ", ".join(self.keys[:4]) + (", ..." if len(self) > 4 else "")
        return f"Plan({n_files} recording{'s' * (n_files != 1)}{by}: {shown})"

    def _repr_html_(self) -> str:
        first, last = shown_rows(len(self))
        rows = [[job.key, str(job.path), job.variant] for job in self.jobs]
        rows = [*rows[:first], ["..."] * 3, *rows[len(self) - last :]] if last else rows
        foot = f"{len(self)} session{'s' * (len(self) != 1)}"
        return Table(["key", "recording", "variant"], rows, foot, [False] * 3, title=type(self).__name__).html()


def _jobs(
    recordings: list[Recording],
    folder: Path,
    settings: Any,
    variants: Mapping[str, Any],
    read_settings: ReadSettings | None,
    where: str,
) -> list[Job]:
    """Jobs of all recordings with all settings; relative paths start from `folder`."""
    found = find_recordings(recordings, folder)
    names = names_of([one.path for one in found], [one.root for one in found])
    jobs = []
    for one, name in zip(found, names, strict=True):
        for variant, changes in variants.items() if variants else [("", {})]:
            key = (one.key or name) + (f"--{safe_key(variant)}" if variant else "")
            merged = _merged([settings, changes, one.settings], read_settings, f"{where}settings of {key!r}")
            jobs.append(Job(key, one.path, merged, variant))
    return jobs


def _merged(layers: list[Any], read_settings: ReadSettings | None, where: str) -> Any:
    """Settings made of `layers`, each over those before it."""
    if read_settings is None:
        from .settings import Settings

        read_settings = Settings.from_dict
    layers = [layer for layer in layers if layer is not None and layer != {}]
    if layers and not isinstance(layers[-1], Mapping):
        return layers[-1]
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = merged | settings_as_dict(layer) if isinstance(layer, Mapping) else settings_as_dict(layer)
    try:
        return read_settings(merged)
    except TypeError as error:
        msg = f"{where}: {error}"
        raise TypeError(msg) from error
    except ValueError as error:
        msg = f"{where}: {error}"
        raise ValueError(msg) from error


# ---- what a plan must satisfy --------------------------------------------------------------------------------------


def _check_keys(jobs: tuple[Job, ...]) -> None:
    alike: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        alike[job.key.casefold()].append(job)
    shared = [f"{group[0].key!r}: {', '.join(str(job.path) for job in group)}" for group in alike.values() if group[1:]]
    if shared:
        msg = (
            f"Every session needs a key of its own. Shared: {'; '.join(shared)}. Give `key` in the plan, or a Job each."
        )
        raise ValueError(msg)


def _check_files(jobs: tuple[Job, ...]) -> None:
    missing = sorted({str(job.path) for job in jobs if not job.path.exists()})
    if missing:
        msg = f"{len(missing)} of the plan's recordings cannot be found: {', '.join(missing)}."
        raise FileNotFoundError(msg)


def _check_repeats(jobs: tuple[Job, ...]) -> None:
    alike: dict[tuple[Path, str], list[str]] = defaultdict(list)
    for job in jobs:
        alike[job.path, repr(as_plain(settings_as_dict(job.settings)))].append(job.key)
    twice = [f"{path} ({', '.join(keys)})" for (path, _), keys in alike.items() if keys[1:]]
    if twice:
        msg = f"These recordings would be fitted more than once with the same settings: {'; '.join(twice)}."
        raise ValueError(msg)
