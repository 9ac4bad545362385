"""A recording file, its units and its terms, as `Settings` ask for them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import did_you_mean
from .._types import BoolArray
from ..basis import AbstractConvBasis, RaisedCosineLogConv
from ..containers import IntervalSet, TsdFrame, TsGroup
from ..design import BuiltDesign, build
from ..io import NWBFile, load_file
from ._choose import choose
from ._covariates import Signal, parse, term_of
from ._epochs import read_epochs
from ._where import select
from .settings import Settings

__all__ = ["Prepared", "open_recording", "prepare"]

_VISITED = 1.0
"""Seconds for which a function of a covariate must have been visited to have a coefficient."""

_BINS_OF_WINDOW = 2
"""A window must span so many bins at least."""


@dataclass(frozen=True)
class Prepared:
    """A design with everything that the fit and the report need to know about it."""

    built: BuiltDesign
    units: TsGroup
    free: BoolArray
    """Which coefficients may differ from zero, shape (column, neuron)."""
    signals: dict[str, list[Signal]]
    """By name of the term, the columns that it is made of."""
    window: float
    """Longest memory of the model, s."""
    settings: Settings
    """With the covariates that were chosen."""


def open_recording(path: str | Path) -> NWBFile:
    """An NWB file, addressed by key.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no NWB file, or is damaged.
    """
    path = Path(path)
    if not path.exists():
        near = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        msg = f"{path} does not exist.{did_you_mean(path.name, near)}"
        raise FileNotFoundError(msg)
    if path.is_dir() or path.suffix.lower() != ".nwb":
        msg = f"{path} is not an NWB file: its name should end in .nwb. Other formats can be converted with to_nwb."
        raise ValueError(msg)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pynwb|hdmf")  # what a file lacks of its standard is not our theme
            return load_file(path)
    except (OSError, RuntimeError) as error:
        msg = f"{path} cannot be read as NWB; is it complete? ({type(error).__name__}: {error})"
        raise ValueError(msg) from error


def prepare(file: Mapping[str, Any], settings: Settings) -> Prepared:
    """Select units, choose covariates, and build the design.

    Raises
    ------
    ValueError
        If there are no units, none is left by the filter or has enough spikes, or there is nothing to fit.
    KeyError
        If a key or column is not there.
    """
    kinds = _kinds(file)
    units = _select(_units(file, kinds, settings), settings)
    if settings.covariates == ("auto",):
        settings = settings.with_(covariates=choose(file, kinds, units))
    terms, signals = {}, {}
    for covariate in map(parse, settings.covariates):
        if covariate.name in terms:
            msg = f"covariate {covariate.name!r} was given twice."
            raise ValueError(msg)
        terms[covariate.name], signals[covariate.name] = term_of(covariate, file, settings.bin_seconds)
    support = units.time_support
    for own in signals.values():
        for signal in own:
            support = support.intersect(signal.series.time_support)
    if len(support) == 0:
        msg = f"units and covariates ({', '.join(signals)}) were not recorded at the same time."
        raise ValueError(msg)
    epochs = read_epochs(settings.epochs, file, support)
    units = _with_enough_spikes(units, epochs, settings)
    terms |= _spike_terms(units, settings)
    if not terms:
        msg = "there is nothing to fit: no covariate was found or given, and history and coupling are off."
        raise ValueError(msg)
    built = build(terms, response=units, bin_size=settings.bin_seconds, ep=epochs, memory=settings.memory)
    if settings.observation_model == "Bernoulli":
        built = _spike_or_none(built)
    window = max(settings.history_seconds or 0.0, settings.coupling_seconds or 0.0)
    window = max([window, *(parse(text).window or 0.0 for text in settings.covariates)])
    return Prepared(built, units, _free(built, signals), signals, window, settings)


def _kinds(file: Mapping[str, Any]) -> dict[str, str]:
    """Type of each key, without reading anything."""
    if isinstance(file, NWBFile):
        return {key: value["type"] if isinstance(value, dict) else type(value).__name__ for key, value in file.items()}
    return {key: type(value).__name__ for key, value in file.items()}


def _units(file: Mapping[str, Any], kinds: dict[str, str], settings: Settings) -> TsGroup:
    groups = [key for key, kind in kinds.items() if kind == "TsGroup"]
    if settings.units is not None:
        if settings.units not in groups:
            held = ", ".join(groups) or "none"
            msg = f"units: the file holds no spike trains {settings.units!r}; it holds {held}."
            raise KeyError(msg + did_you_mean(settings.units, groups))
        return file[settings.units]
    if not groups:
        held = ", ".join(kinds) or "nothing"
        msg = f"the file holds no units (spike times), only {held}. A fit needs spiking neurons."
        raise ValueError(msg)
    return file["units" if "units" in groups else groups[0]]


def _select(units: TsGroup, settings: Settings) -> TsGroup:
    if settings.where is None:
        return units
    columns: dict[str, Any] = {str(key): np.asarray(units.get_info(key)) for key in units.metadata_columns}
    columns = {"unit": np.asarray(units.index)} | columns
    kept = select(settings.where, columns, len(units))
    if not kept.any():
        shown = {key: sorted({str(value) for value in values}) for key, values in columns.items() if key != "unit"}
        named = [f"{key} is {' or '.join(values)}" for key, values in shown.items() if len(values) <= 6]
        msg = f"where={settings.where!r} leaves none of {len(units)} units."
        raise ValueError(f"{msg} In the file {', '.join(named)}." if named else msg)
    return units[np.asarray(units.index)[kept]]


def _with_enough_spikes(units: TsGroup, epochs: IntervalSet, settings: Settings) -> TsGroup:
    inside = units.restrict(epochs)
    n_spikes = np.array([len(inside[key]) for key in inside.index])
    kept = n_spikes >= settings.min_spikes
    if not kept.any():
        msg = (
            f"none of {len(units)} units has {settings.min_spikes} spikes (min_spikes) in the {len(epochs)} epoch(s) "
            f"fitted, {float(epochs.tot_length()):.4g} s in all; the busiest has {n_spikes.max(initial=0)}."
        )
        raise ValueError(msg)
    if not kept.all():
        left = ", ".join(map(str, np.asarray(inside.index)[~kept][:10]))
        more = ", ..." if (~kept).sum() > 10 else ""
        warnings.warn(
            f"{int((~kept).sum())} of {len(units)} units have fewer than {settings.min_spikes} spikes in the epochs "
            f"fitted and were left out: {left}{more}.",
            UserWarning,
            stacklevel=4,
        )
        inside = inside[np.asarray(inside.index)[kept]]
    return inside


def _spike_terms(units: TsGroup, settings: Settings) -> dict[str, tuple[RaisedCosineLogConv, TsGroup]]:
    windows = {
        "history": (settings.history_seconds, settings.history_functions),
        "coupling": (settings.coupling_seconds if len(units) > 1 else None, settings.coupling_functions),
    }
    out = {}
    for name, (seconds, n_functions) in windows.items():
        if seconds is None:
            continue
        window = round(seconds / settings.bin_seconds)
        if window < _BINS_OF_WINDOW:
            msg = (
                f"{name} of {seconds:g} s spans {window} bin(s) of {settings.bin_seconds:g} s; use smaller bins or a "
                f"longer window (at least {_BINS_OF_WINDOW} bins)."
            )
            raise ValueError(msg)
        out[name] = (RaisedCosineLogConv(max(2, min(n_functions, window)), window_size=window, label=name), units)
    return out


def _spike_or_none(built: BuiltDesign) -> BuiltDesign:
    """With a one for every bin with spikes, for models of a spike or none."""
    counts = np.asarray(built.y.values)
    several = float(np.mean(counts > 1))
    if not several:
        return built
    warnings.warn(
        f"Bernoulli models a spike or none: {100 * several:.2g} % of the counts are several spikes in one bin, and "
        "were taken as one. Smaller bins, or the Poisson model, lose nothing.",
        UserWarning,
        stacklevel=4,
    )
    return replace(built, y=built.y._like(built.t, np.minimum(counts, 1), built.time_support))


def _free(built: BuiltDesign, signals: dict[str, list[Signal]]) -> BoolArray:
    """Own history, the past of the others, and those functions of covariates that were visited."""
    free = np.ones((built.X.n_features, built.y.shape[1]), dtype=bool)
    labels = [term.label for term in built.terms]
    if "history" in labels:
        free &= built.coupling_mask(other_connections=False, terms=["history"]).astype(bool)
    if "coupling" in labels:
        free &= built.coupling_mask(self_connections=False, terms=["coupling"]).astype(bool)
    total = _column_totals(built)
    for term in built.terms:
        if term.basis is not None and not term.are_events and not _has_past(term.basis):
            free[term.columns] &= (total[term.columns] * built.bin_size >= _VISITED)[:, None]
    return free


def _has_past(basis: Any) -> bool:
    return isinstance(basis, AbstractConvBasis) or any(map(_has_past, basis.children))


def _column_totals(built: BuiltDesign) -> np.ndarray:
    """Sum of each column over the rows used."""
    total = np.zeros(built.X.n_features)
    block = max((1 << 22) // built.X.n_features, 1)
    for start in range(0, built.X.n_samples, block):
        stop = min(start + block, built.X.n_samples)
        used = built.mask[start:stop]
        if used.any():
            total += np.asarray(built.X.take(start, stop))[used].sum(axis=0)
    return total


def at_bins(built: BuiltDesign, signals: list[Signal]) -> Any:
    """Signals in every bin: the closest sample of each."""
    columns = []
    for signal in signals:
        moved = np.full(len(built.t), np.nan)
        near = built.y[:, 0].value_from(signal.series, built.time_support)
        moved[np.searchsorted(built.t, near.t - 1e-9)] = near.values
        columns.append(moved)
    values = np.stack(columns, axis=1)
    names = np.array([signal.name for signal in signals])
    frame = TsdFrame(t=built.t, d=values, time_support=built.time_support, columns=names)
    return frame[:, 0] if len(signals) == 1 else frame
