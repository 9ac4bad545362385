"""From a recording to a judged model in one call, and to a folder in another."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import time
import uuid
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import MissingDependencyError
from .._optional import optional_import
from ..containers import IntervalSet, Tsd, TsdFrame
from ..design import BuiltDesign
from ..scores import Folds, blocked
from ._command import command_of
from ._population import Tell, fit_population
from ._recording import Prepared, at_bins, open_recording, prepare
from ._tables import coefficient_table, score_table
from .fitted import FittedSession
from .settings import Settings

__all__ = ["fit_session", "save_session"]

_PACKAGES = ("rheobase", "numpy", "scipy", "jax", "pandas", "pynwb", "h5py")

_BLOCK = 20.0
"""Seconds that a block of a fold should last, at least."""

_MOST_BLOCKS = 10
"""Blocks of a fold, at most."""


def fit_session(
    path: str | Path, settings: Settings | Mapping[str, Any] | None = None, *, progress: bool = False
) -> FittedSession:
    """Fit one recording and judge the fit on parts of it that were held out.

    Units are selected, covariates chosen (or those of `settings` read), spikes counted in bins, and every neuron is
    fitted with its own past (and that of the others, if there is a coupling window). The recording is cut into
    ``settings.folds`` folds of blocks of 20 s and more that take turns; each fold is predicted by a model that was
    fitted to the others, without what lies within the longest window of it. The scores are those of these predictions;
    the model that is returned was fitted to everything. With ``strength="cv"`` each neuron has the strength, of seven a
    decade apart, whose held-out predictions are best; the same number is used in all folds, so that what the scores
    know of the parts held out is that one number.

    Functions of a covariate that were visited for less than a second keep a coefficient of zero.

    Parameters
    ----------
    path : str or path
        An NWB file.
    settings : Settings or mapping, optional
        Or a dictionary of some of them. Defaults fit 10 ms bins, 200 ms of history and the behaviour that is found.
    progress : bool
        Show a bar on a terminal or in a notebook.

    Returns
    -------
    FittedSession

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no NWB file, holds no units, or nothing is left to fit; or if a setting does not suit it.
    KeyError
        If it does not hold a key or column that was asked for.

    Examples
    --------
    >>> import tempfile, rheobase as rb
    >>> from rheobase.batch import Settings, fit_session
    >>> made = rb.datasets.simulate_recording(n_neurons=2, duration=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = rb.to_nwb({"units": made.spikes}, f"{folder}/made.nwb")
    ...     fitted = fit_session(file, Settings(history="100ms"))
    >>> fitted.terms, len(fitted.scores)
    (('history',), 2)
    """
    began = time.perf_counter()
    if not isinstance(settings, Settings):
        settings = Settings.from_dict({} if settings is None else settings)
    bar = _Bar(progress)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            bar.say("read")
            prepared = prepare(open_recording(path), settings)
            fitted = _fit(Path(path), prepared, bar)
        finally:
            bar.close()
    said = (str(one.message) for one in heard if issubclass(one.category, UserWarning | RuntimeWarning))
    seconds = time.perf_counter() - began
    return replace(fitted, warnings=tuple(dict.fromkeys(said)), seconds=seconds)


def save_session(fitted: FittedSession, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a fitted session as a folder, which appears when it is complete.

    It holds ``model.npz`` (`rheobase.load_model` reads it), ``scores.csv``, ``coefficients.parquet`` (``.csv`` where
    pyarrow is not installed), ``settings.json`` (with the command, versions and warnings), ``command.txt`` and
    ``report.html``.

    Parameters
    ----------
    fitted : FittedSession
        What `fit_session` returned.
    folder : str or path
        Where to; made with its parents.
    overwrite : bool
        Replace an earlier session that is there. Without it, the folder must be new or empty.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileExistsError
        If the folder holds something and `overwrite` is False, or holds what is no session.
    """
    from .report import write_report

    target = Path(folder).expanduser().absolute()
    check_target(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    part.mkdir()
    try:
        fitted.model.save_params(part / "model.npz")
        fitted.scores.to_csv(part / "scores.csv", index=False)
        _write_coefficients(fitted, part)
        (part / "settings.json").write_text(json.dumps(_about(fitted), indent=2, default=str) + "\n", encoding="utf-8")
        (part / "command.txt").write_text(fitted.command + "\n", encoding="utf-8")
        write_report(fitted, part / "report.html")
        if target.is_dir() and any(target.iterdir()):
            old = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.old")
            target.rename(old)
            part.rename(target)
            shutil.rmtree(old)
        else:
            if target.is_dir():
                target.rmdir()
            os.replace(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def check_target(target: Path, overwrite: bool) -> None:
    """Raise unless a session may be written to `target`."""
    if target.exists() and not target.is_dir():
        msg = f"{target} is a file; name a folder to write to."
        raise FileExistsError(msg)
    if not target.is_dir() or not any(target.iterdir()):
        return
    is_session = (target / "model.npz").exists() and (target / "settings.json").exists()
    if not overwrite:
        msg = f"{target} exists already; name another folder, or replace it (overwrite=True, --overwrite)."
        raise FileExistsError(msg)
    if not is_session:
        msg = f"{target} holds something that is no fitted session, and is not replaced; name another folder."
        raise FileExistsError(msg)


def _fit(path: Path, prepared: Prepared, bar: _Bar) -> FittedSession:
    built, settings = prepared.built, prepared.settings
    folds = _folds(built, settings, prepared.window)
    bar.start(built.y.shape[1])
    found = fit_population(built, settings, prepared.free, folds, bar.update)
    bar.say("judge")
    used = built.mask
    values = np.full(built.y.shape, np.nan)
    values[used] = found.held_out
    predicted = TsdFrame(t=built.t, d=values, time_support=built.time_support, columns=built.y.columns)
    held_out = _epochs_of(built)
    return FittedSession(
        name=path.stem,
        path=str(path),
        settings=settings,
        model=found.model,
        built=built,
        scores=score_table(built, found, predicted, held_out, prepared.units, settings),
        coefficients=coefficient_table(built, found, prepared.free, prepared.units),
        units=prepared.units,
        counts=built.y,
        predicted=predicted,
        held_out=held_out,
        covariates={name: at_bins(built, signals) for name, signals in prepared.signals.items()},
        covariate_units={name: own[0].unit for name, own in prepared.signals.items() if own[0].unit},
        command=command_of(str(path), settings),
        versions=_versions(),
        _covariances=found.covariances,
    )


def _folds(built: BuiltDesign, settings: Settings, window: float) -> Folds:
    """Folds of the rows used: blocks of time that take turns, apart by the longest window."""
    t = built.t[built.mask]
    seconds = t.size * float(built.bin_size)
    n_blocks = int(np.clip(seconds / (settings.folds * max(_BLOCK, 10 * window)), 1, _MOST_BLOCKS))
    if t.size < 2 * settings.folds:
        msg = f"{t.size} bins are left, too few for {settings.folds} folds; use longer epochs or fewer folds."
        raise ValueError(msg)
    return blocked(Tsd(t=t, d=np.zeros(t.size)), settings.folds, gap=window, n_blocks=n_blocks)


def _epochs_of(built: BuiltDesign) -> IntervalSet:
    """Where bins are used."""
    step = np.diff(built.mask.astype(np.int8), prepend=0, append=0)
    first, last = np.flatnonzero(step == 1), np.flatnonzero(step == -1) - 1
    half = float(built.bin_size) / 2
    return IntervalSet(built.t[first] - half, built.t[last] + half).intersect(built.time_support)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _about(fitted: FittedSession) -> dict[str, Any]:
    return {
        "name": fitted.name,
        "path": fitted.path,
        "command": fitted.command,
        "settings": fitted.settings.to_dict(),
        "summary": fitted.summary(),
        "versions": fitted.versions,
        "warnings": list(fitted.warnings),
    }


def _write_coefficients(fitted: FittedSession, folder: Path) -> None:
    try:
        optional_import("pyarrow", needed_for="coefficients.parquet", install="pyarrow")
    except MissingDependencyError:
        fitted.coefficients.to_csv(folder / "coefficients.csv", index=False)
    else:
        fitted.coefficients.to_parquet(folder / "coefficients.parquet", index=False)


class _Bar:
    """A bar that counts neurons, with those still moving and the time left."""

    def __init__(self, shown: bool):
        self._shown, self._bar, self._total = shown, None, 0
        if shown:
            from .._manners import progress_bar

            form = "{desc:<6}|{bar:24}| {n:.0f}/{total:.0f} neurons [{elapsed}<{remaining}{postfix}]"
            self._bar = progress_bar()(total=1, bar_format=form, leave=False, disable=None)

    def say(self, what: str) -> None:
        if self._bar is not None:
            self._bar.set_description_str(what)

    def start(self, n_neurons: int) -> None:
        self._total = n_neurons
        if self._bar is not None:
            self._bar.reset(total=n_neurons)
            self._bar.set_description_str("fit")
            self._bar.set_postfix(moving=n_neurons)

    @property
    def update(self) -> Tell:
        return self._update

    def _update(self, n: int, what: str) -> None:
        if self._bar is not None:
            self._bar.set_description_str(what)
            self._bar.set_postfix(moving=max(self._total - int(self._bar.n) - n, 0), refresh=False)
            self._bar.update(n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
