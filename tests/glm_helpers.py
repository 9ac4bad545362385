"""What tests of solvers and models share: data with a known origin, and the objective written in NumPy alone."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

MEAN = {"exp": np.exp, "softplus": lambda eta: np.logaddexp(0.0, eta)}
"""Inverse links by their formula."""

N_TIME = 192
"""Rows of most test problems: one size, so that few programs compile."""


def counts_for(X, coef, intercept, *, link="exp", seed=0):
    """Poisson counts of the model with these parameters; `coef` (feature,) or (feature, neuron)."""
    return np.random.default_rng(seed).poisson(MEAN[link](X @ coef + intercept)).astype(float)


def population(n_time=N_TIME, n_features=3, n_neurons=4, *, link="exp", seed=0):
    """Features (time, feature) and counts (time, neuron)."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_time, n_features))
    coef = 0.4 * rng.normal(size=(n_features, n_neurons))
    return X, counts_for(X, coef, rng.uniform(-0.5, 1.0, size=n_neurons), link=link, seed=seed + 1)


def gradient(X, y, coef, intercept, link="exp", strength=0.0, free=None):
    """Gradient of the mean negative log-likelihood plus half the strength times the squared coefficients.

    Every column in units of its feature's spread, so that one tolerance serves all. Shape (feature + 1, neuron).
    """
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    y = y[:, None] if y.ndim == 1 else y
    coef = coef[:, None] if np.ndim(coef) == 1 else coef
    strength = np.asarray(strength, dtype=float)
    strength = strength[:, None] if strength.ndim == 1 else strength
    out = np.empty((X.shape[1] + 1, y.shape[1]))
    for n in range(y.shape[1]):
        rows = np.isfinite(X).all(axis=1) & np.isfinite(y[:, n])
        used, counts = X[rows], y[rows, n]
        eta = used @ coef[:, n] + intercept[n]
        mean = MEAN[link](eta)
        residual = mean - counts if link == "exp" else (1.0 - counts / mean) * expit(eta)
        penalty = np.broadcast_to(strength, coef.shape)[:, n] * coef[:, n]
        centred = used - used.mean(axis=0)
        spread = np.where(centred.std(axis=0) > 0, centred.std(axis=0), 1.0)
        out[:-1, n] = (centred.T @ residual / len(counts) + penalty) / spread
        out[-1, n] = residual.mean()
    if free is not None:
        out[:-1][~np.asarray(free, dtype=bool)] = 0.0
    return out
