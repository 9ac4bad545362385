"""One model of all neurons, the uncertainty of its coefficients, and what it predicts of parts it was not fitted to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays.threads import products_for_each
from .._types import BoolArray, FloatArray, IntArray
from ..design import BuiltDesign
from ..glm import CV, PopulationGLM
from ..regularizer import GroupLasso, Smoothness
from ..scores import Folds
from ..solvers._core import Result, Solution
from ._covariance import Covariances, term_covariances
from ._newton import Neuron, Rows, fit_neuron
from .settings import Settings

__all__ = ["Found", "fit_population", "is_quick"]

_KINKED = ("Lasso", "ElasticNet", "GroupLasso")
"""Penalties that select coefficients, after which standard errors would be too small."""

_MOST_ENTRIES = 1 << 22
"""Features that are made together, where they are not a matrix (32 MB)."""

Tell = Callable[[int, str], None]
"""Told how many neurons are done, and what is being done."""


@dataclass(frozen=True)
class Found:
    """A fitted model and what judges it."""

    model: PopulationGLM
    standard_errors: FloatArray
    """Of coefficients, then of the intercept, shape (column + 1, neuron); NaN where not known."""
    held_out: FloatArray
    """Expected spikes in the rows used, shape (row used, neuron)."""
    strength: FloatArray
    """Shape (neuron,)."""
    converged: BoolArray
    covariances: Covariances


def is_quick(settings: Settings) -> bool:
    """Whether neurons can be fitted one by one on their own columns: Poisson counts with a ridge, on the CPU."""
    return (
        settings.observation_model == "Poisson"
        and settings.penalty == "Ridge"
        and settings.strength != "reml"
        and settings.solver == "auto"
        and settings.device != "gpu"
    )


def fit_population(built: BuiltDesign, settings: Settings, free: BoolArray, folds: Folds, tell: Tell) -> Found:
    """Fit all neurons.

    Parameters
    ----------
    built
        Design and counts.
    settings
        Observation model, penalty, strength, solver, device.
    free
        Which coefficients may differ from zero, shape (column, neuron).
    folds
        Of the rows used.
    tell
        Hears of the progress.
    """
    if is_quick(settings):
        return _one_by_one(built, settings, free, folds, tell)
    if settings.device == "auto":
        return _together(built, settings, free, folds, tell)
    import jax

    try:
        device = jax.devices(settings.device)[0]
    except RuntimeError as error:
        msg = f"device {settings.device!r} is not there: JAX sees {jax.default_backend()} only. Use device='auto'."
        raise ValueError(msg) from error
    with jax.default_device(device):
        return _together(built, settings, free, folds, tell)


def _one_by_one(built: BuiltDesign, settings: Settings, free: BoolArray, folds: Folds, tell: Tell) -> Found:
    """Every neuron on its own columns, side by side on all cores; the optimum is that of the population model."""
    began = time.perf_counter()
    used = np.flatnonzero(built.mask)
    y = np.asarray(built.y.values)[used]
    n_features, n_neurons = free.shape
    rows = Rows.of(folds.fold_of_row, [train for train, _ in folds.split()])
    strength = None if settings.strength == "cv" else float(settings.strength)
    found: list[Neuron | None] = [None] * n_neurons
    features = _Columns(built, used)
    lock = threading.Lock()

    def one(n: int) -> None:
        columns = np.flatnonzero(free[:, n])
        counts = y[:, n].astype(np.float64)
        found[n] = fit_neuron(features.of(columns), counts, rows, strength)
        with lock:
            tell(1, "fit")

    products_for_each(one, range(n_neurons))
    coef, known = np.zeros((n_features, n_neurons)), Covariances.blank(built, n_neurons)
    for n, neuron in enumerate(found):
        columns = np.flatnonzero(free[:, n])
        coef[columns, n] = neuron.params[:-1]
        known.put(built, n, columns, neuron.covariance)
    strengths = np.array([neuron.strength for neuron in found])
    converged = np.array([neuron.converged for neuron in found])
    model = PopulationGLM(
        "Poisson",
        regularizer="Ridge",
        regularizer_strength=strengths[None],
        feature_mask=free.astype(np.int64),
    )
    stats = {
        "solver": "Newton, neuron by neuron",
        "reason": "a ridge on each neuron's own columns",
        "n_parameters": free.sum(axis=0) + 1,
        "dispersion": np.ones(n_neurons),
        "n_rows_used": np.full(n_neurons, used.size),
        "weight_used": np.full(n_neurons, float(used.size)),
        "seconds": time.perf_counter() - began,
    }
    result = np.where(converged, int(Result.CONVERGED), int(Result.MAX_ITERATIONS))
    intercept = np.array([neuron.params[-1] for neuron in found])
    model._check_data(built.X, built.y, keep_counts=True)
    model._store(Solution(coef, intercept, np.full(n_neurons, np.nan), result, 0 * result, stats), built.y)
    model.strength_, model.cv_, model.reml_ = model.regularizer_strength, None, None
    held_out = np.stack([neuron.held_out for neuron in found], axis=1)
    return Found(model, known.standard_errors, held_out, strengths, converged, known)


class _Columns:
    """Columns of the rows used, with ones at the end; what most neurons share is cut out once."""

    def __init__(self, built: BuiltDesign, used: IntArray):
        self._built, self._used = built, used
        self._whole = built.X.to_dense() if built.kind == "dense" else None
        contiguous = used.size and used[-1] - used[0] + 1 == used.size
        self._rows: Any = slice(int(used[0]), int(used[-1]) + 1) if contiguous else used

    def of(self, columns: IntArray) -> FloatArray:
        out = np.ones((self._used.size, columns.size + 1))
        if self._whole is not None:
            block = 1 << 14  # rows that are picked and put down together
            for start in range(0, self._used.size, block):
                rows = self._used[start : start + block]
                out[start : start + block, :-1] = self._whole[rows[:, None], columns]
            return out
        block = max(_MOST_ENTRIES // max(self._built.X.n_features, 1), 1)
        for start in range(0, self._used.size, block):
            rows = self._used[start : start + block]
            first, last = int(rows[0]), int(rows[-1]) + 1
            out[start : start + block, :-1] = self._built.X.take(first, last)[rows - first][:, columns]
        return out


def _together(built: BuiltDesign, settings: Settings, free: BoolArray, folds: Folds, tell: Tell) -> Found:
    """By the general solvers; strengths that are found by cross-validation hold for the folds too, those of
    ``"reml"`` are found in each.
    """
    used = np.flatnonzero(built.mask)
    n_neurons = free.shape[1]
    splits = list(folds.split())
    strength: Any = settings.strength
    if strength == "cv":
        strength = CV(cv=[(used[train], used[test]) for train, test in splits])
    model = built.fit(_model(built, settings, free, strength))
    if isinstance(strength, CV):
        strength = model.strength_[None]
    known = term_covariances(model, built, built.y)
    errors = known.standard_errors
    if known.reason and settings.penalty not in _KINKED:
        errors = np.where(np.vstack([free, np.ones(n_neurons, bool)]), model.inference(*built).standard_errors, np.nan)
    tell(n_neurons // (len(splits) + 1), "fit")
    held_out = np.empty((used.size, n_neurons))
    for train, test in splits:
        response = np.full(built.y.shape, np.nan)
        response[used[train]] = np.asarray(built.y.values)[used[train]]
        part = _model(built, settings, free, strength)
        part.fit(built.X, built.y._like(built.t, response, built.time_support))
        held_out[test] = np.asarray(part.predict(built.X))[used[test]]
        tell(n_neurons // (len(splits) + 1), "held-out parts")
    strength = np.broadcast_to(np.asarray(_one_strength(model), dtype=float), (n_neurons,)).copy()
    return Found(model, errors, held_out, strength, np.asarray(model.solution_.converged), known)


def _model(built: BuiltDesign, settings: Settings, free: BoolArray, strength: Any) -> PopulationGLM:
    if settings.penalty == "UnRegularized":
        strength = None
    regularizer: Any = settings.penalty
    if settings.penalty == "GroupLasso":
        regularizer = GroupLasso(mask=built.groups)
    elif settings.penalty == "Smoothness":
        regularizer = Smoothness(penalty=built.penalty_matrices())
    return PopulationGLM(
        settings.observation_model,
        regularizer=regularizer,
        regularizer_strength=strength,
        solver_name=settings.solver,
        feature_mask=free.astype(np.int64),
    )


def _one_strength(model: PopulationGLM) -> Any:
    """A number for each neuron: the search's choice, the first of several, or NaN."""
    strength = model.strength_
    if strength is None:
        return np.nan
    if isinstance(strength, tuple | list):
        strength = strength[0]
    values = np.asarray(strength, dtype=float)
    return values[0] if values.ndim == 2 else values
