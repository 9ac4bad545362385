"""The models of the demo: features, fits, held-out scores and the filters found."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._types import FloatArray
from ..basis import RaisedCosineLogConv
from ..containers import IntervalSet, TsdFrame
from ..glm import PopulationGLM
from ._recording import Covariate, Recording, elapsed_to_time

FOLD = 5
"""One part in so many is held out: no model sees it when it is fitted."""

RIDGE = 1e-4
"""Strength of the ridge penalty: weak, only there to settle what the data leave open."""


@dataclass(frozen=True)
class Features:
    """Design matrices and counts on one set of time bins."""

    counts: TsdFrame
    """Shape (time, neuron)."""
    present: TsdFrame | None
    """What drives the neurons in the same bin; None for spikes alone. Shape (time, covariate feature)."""
    full: TsdFrame
    """Driver (filtered past, or present), then history and coupling, shape (time, feature)."""
    n_driver: int
    """How many of the first columns of `full` belong to the driver."""
    driver_basis: RaisedCosineLogConv | None
    spike_basis: RaisedCosineLogConv


@dataclass(frozen=True)
class Fitted:
    """One model on training data, judged on held-out data."""

    name: str
    model: Any
    seconds: float
    n_bins: int
    n_features: int
    pseudo_r2: FloatArray
    """Held out, share of the deviance explained, shape (neuron,)."""
    log_likelihood: FloatArray
    """Held out, nats per spike, shape (neuron,)."""
    predicted: TsdFrame
    """Held out, spikes per bin, shape (time, neuron)."""


def split(epochs: IntervalSet) -> tuple[IntervalSet, IntervalSet, str]:
    """Training epochs, held-out epochs, and what is held out in words.

    Of recordings in many epochs every fifth epoch, so that each kind of trial is seen; of others the last fifth of
    the time.
    """
    if len(epochs) >= 2 * FOLD:
        held = np.arange(len(epochs)) % FOLD == FOLD - 1
        return epochs[~held], epochs[held], "every fifth epoch"
    at = elapsed_to_time(epochs, (1 - 1 / FOLD) * float(epochs.tot_length()))
    first, last = float(epochs.start[0]), float(epochs.end[-1])
    return epochs.intersect(IntervalSet(first, at)), epochs.intersect(IntervalSet(at, last)), "the last fifth"


def build_features(recording: Recording) -> Features:
    """Counts in bins, and what each model may use to predict them."""
    size = recording.bin_size
    counts = recording.spikes.count(size, recording.epochs)
    window = round(0.1 / size) if size < 5e-3 else round(0.25 / size)
    spike_basis = RaisedCosineLogConv(8 if size < 5e-3 else 5, window_size=window, label="spikes")
    spikes_past = spike_basis.compute_features(counts)
    if recording.covariate is None:
        return Features(counts, None, spikes_past, 0, None, spike_basis)
    present, driver_basis = _present(recording.covariate, counts, size), None
    driver = present
    if recording.covariate.kind == "stimulus":
        driver_basis = RaisedCosineLogConv(12, window_size=window, time_scaling=20, label="stimulus")
        driver = driver_basis.compute_features(present)
    full = np.concatenate([driver, spikes_past], axis=1)
    known = np.isfinite(np.asarray(full.values)).all(axis=1)  # every model is fitted and judged on the same bins
    present = np.where(known[:, None], present, np.nan)
    return Features(counts, present, full, driver.shape[1], driver_basis, spike_basis)


def own_history(features: Features) -> FloatArray:
    """Mask that leaves each neuron its driver and its own past, shape (feature, neuron), 1 where allowed."""
    n_neurons, n_functions = features.counts.shape[1], features.spike_basis.n_basis_funcs
    own = np.repeat(np.eye(n_neurons), n_functions, axis=0)
    return np.concatenate([np.ones((features.n_driver, n_neurons)), own])


def _present(covariate: Covariate, counts: TsdFrame, size: float) -> TsdFrame:
    """The covariate in each bin, in a form to which the log rate may be linear, shape (time, feature)."""
    series = covariate.series
    values = np.asarray(series.values, dtype=float).reshape(len(series), -1)
    if covariate.kind == "angle":
        columns = [function(k * values[:, 0]) for k in (1, 2) for function in (np.cos, np.sin)]
    elif covariate.kind == "signal":
        scaled = (values - np.nanmean(values, axis=0)) / np.where((sd := np.nanstd(values, axis=0)) > 0, sd, 1.0)
        upper = np.triu_indices(scaled.shape[1])
        columns = [*scaled.T, *(scaled[:, upper[0]] * scaled[:, upper[1]]).T]  # a Gaussian bump: quadratic log rate
    else:
        columns = list(values.T)
    frame = TsdFrame(t=series.t, d=np.stack(columns, axis=1), time_support=series.time_support)
    sampled_faster = len(series) / float(series.time_support.tot_length()) >= 1 / size * 0.99
    averaged = frame.bin_average(size, counts.time_support) if sampled_faster else None
    if averaged is not None and len(averaged) == len(counts):
        return averaged
    return counts.value_from(frame, counts.time_support)


def fit(
    name: str,
    features: TsdFrame,
    counts: TsdFrame,
    train: IntervalSet,
    test: IntervalSet,
    mask: FloatArray | None = None,
) -> Fitted:
    """Fit a population GLM on `train` and judge it on `test`; the time is that of `fit` alone."""
    model = PopulationGLM(regularizer="Ridge", regularizer_strength=RIDGE, feature_mask=mask)
    X, y = features.restrict(train), counts.restrict(train)
    started = time.perf_counter()
    model.fit(X, y)
    coef = np.asarray(model.coef_)  # waits for the device
    seconds = time.perf_counter() - started
    held_X, held_y = features.restrict(test), counts.restrict(test)
    pseudo_r2 = _score(model, held_X, held_y, "pseudo-r2-Cohen", lambda score: score.mean(axis=0))
    total = _score(model, held_X, held_y, "log-likelihood", lambda score: score.sum(axis=0))
    spikes = _spikes_scored(held_X, held_y)
    per_spike = np.divide(total, spikes, out=np.full(spikes.shape, np.nan), where=spikes > 0)
    return Fitted(name, model, seconds, len(X), coef.shape[0], pseudo_r2, per_spike, model.predict(held_X))


def _score(model: Any, X: TsdFrame, y: TsdFrame, score_type: str, aggregate: Callable) -> FloatArray:
    return np.asarray(model.score(X, y, score_type=score_type, aggregate_sample_scores=aggregate), dtype=float)


def _spikes_scored(X: TsdFrame, y: TsdFrame) -> FloatArray:
    """Spikes in the rows whose features are all known, shape (neuron,)."""
    known = np.isfinite(np.asarray(X.values)).all(axis=1)
    return np.asarray(y.values)[known].sum(axis=0).astype(float)


def null_log_likelihood(features: TsdFrame, counts: TsdFrame, test: IntervalSet) -> FloatArray:
    """Held-out log likelihood of a constant rate, nats per spike, shape (neuron,)."""
    from scipy.special import gammaln

    X, y = features.restrict(test), np.asarray(counts.restrict(test).values, dtype=float)
    y = y[np.isfinite(np.asarray(X.values)).all(axis=1)]
    mean, spikes = y.mean(axis=0), y.sum(axis=0)
    safe = np.where(mean > 0, mean, 1.0)
    total = (y * np.log(safe) - mean - gammaln(y + 1)).sum(axis=0)
    return np.divide(total, spikes, out=np.full(spikes.shape, np.nan), where=spikes > 0)


def filters_of(features: Features, fitted: Fitted) -> tuple[FloatArray | None, FloatArray]:
    """Filters of the full model: of the stimulus, shape (lag, neuron), and couplings, shape (lag, receiver, sender)."""
    coef = np.asarray(fitted.model.coef_, dtype=float)
    n_neurons = coef.shape[1]
    kernels = _kernels(features.spike_basis)
    spikes = coef[features.n_driver :].reshape(n_neurons, kernels.shape[1], n_neurons)  # sender, function, receiver
    couplings = np.einsum("wb,jbi->wij", kernels, spikes)
    if features.driver_basis is None:
        return None, couplings
    driver_kernels = _kernels(features.driver_basis)
    per_channel = coef[: features.n_driver].reshape(-1, driver_kernels.shape[1], n_neurons)
    return driver_kernels @ per_channel[0], couplings


def _kernels(basis: RaisedCosineLogConv) -> FloatArray:
    """Basis functions over the window, shape (lag, basis)."""
    return np.asarray(basis.evaluate_on_grid(int(basis.window_size))[-1], dtype=float)
