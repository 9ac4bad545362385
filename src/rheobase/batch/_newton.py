r"""Poisson fits of one neuron on its own columns: a strength that predicts best, and the fits without each fold.

Newton's method on :math:`\sum_t \mu_t - y_t \eta_t + \tfrac n2 w^\top P w` with :math:`\mu = e^\eta`. One pass over the
rows gives gradient and curvature of every fold apart, so that the fits without each fold are known in very good
approximation, one Newton step away from the fit to all (Rad and Maleki 2020); strengths are compared by these. The fits
that are reported are then iterated to their optimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._types import FloatArray, IntArray

__all__ = ["Neuron", "Rows", "fit_neuron"]

_BLOCK = 4096
"""Rows that are worked on together, small enough to stay in cache."""

_STRENGTHS = 7
"""Strengths that are tried, a decade apart."""

_TOL, _MAX_ITERATIONS = 1e-9, 40
"""Newton's decrement, over the number of spikes, at which it ends, and steps at most."""

_NEAR = 1e-4
"""The same for fits that are compared or only predict: the last step, which is taken yet, squares what is left."""

_HALVINGS = 25


@dataclass(frozen=True)
class Rows:
    """Rows of a design in blocks that belong to one fold each."""

    blocks: list[tuple[int, int, int]]
    """First row, one past the last, fold."""
    train: list[list[tuple[int, int, int]]]
    """For each fold, the blocks that its fit may see: not its own, and not those within the gap."""
    n_folds: int

    @classmethod
    def of(cls, fold_of_row: IntArray, train_rows: list[IntArray]) -> Rows:
        """From the fold of each row and the rows that each fold is fitted to."""
        n_folds = len(train_rows)
        train = []
        for rows in train_rows:
            seen = np.zeros(len(fold_of_row), dtype=np.int64)
            seen[rows] = 1
            train.append([(start, stop, 0) for start, stop, is_seen in _blocks(seen) if is_seen])
        return cls(_blocks(fold_of_row), train, n_folds)


@dataclass(frozen=True)
class Neuron:
    """What was found for one neuron; the intercept comes last."""

    params: FloatArray
    """Shape (column + 1,)."""
    covariance: FloatArray
    strength: float
    held_out: FloatArray
    """Expected spikes per row, by the fit without the row's fold, shape (time,)."""
    converged: bool


def fit_neuron(
    features: FloatArray, y: FloatArray, rows: Rows, strength: float | None, penalty: FloatArray | None = None
) -> Neuron:
    """Fit one neuron.

    Parameters
    ----------
    features : FloatArray
        With a last column of ones, finite, C order, shape (time, column + 1).
    y : FloatArray
        Spikes per row, shape (time,), at least one.
    rows : Rows
        Folds.
    strength : float or None
        Of the penalty; None searches for it.
    penalty : FloatArray, optional
        Matrix that the strength multiplies, shape (column, column); the identity (ridge) by default.
    """
    n, k = features.shape
    bend = np.zeros((k, k))
    bend[:-1, :-1] = np.eye(k - 1) if penalty is None else penalty
    start = np.zeros(k)
    start[-1] = np.log(y.mean())
    if strength is None:
        strength, start = _search(features.astype(np.float32), y, rows, n * bend, start)
    bend = n * strength * bend
    params, at, converged = _newton(features, y, rows.blocks, rows.n_folds, bend, start)
    whole = at.curvature.sum(axis=0) + bend
    held_out = np.empty(n)
    done = [converged]
    for fold in range(rows.n_folds):
        near = params + _solve(whole - at.curvature[fold], at.gradient[fold])
        part_bend = bend * (sum(stop - start for start, stop, _ in rows.train[fold]) / n)
        without, _, good = _newton(features, y, rows.train[fold], 1, part_bend, near, _NEAR, last_step=True)
        done.append(good)
        for first, last, own in rows.blocks:
            if own == fold:
                held_out[first:last] = _exp(features[first:last] @ without)
    return Neuron(params, np.linalg.pinv(whole, hermitian=True), float(strength), held_out, all(done))


@dataclass(frozen=True)
class _At:
    """The loss at some parameters, with gradient and curvature of each fold; without penalty."""

    loss: float
    gradient: FloatArray
    curvature: FloatArray


def _search(features: FloatArray, y: FloatArray, rows: Rows, bend: FloatArray, start: FloatArray):
    """Strength that predicts held-out rows best, and the fit with it; single precision is enough to compare."""
    spread = np.maximum(features[:, :-1].var(axis=0, dtype=np.float64), 1e-12)
    top = y.mean() * np.median(spread / np.maximum(np.diagonal(bend)[:-1] / len(y), 1e-12))
    best, found, params, at = -np.inf, (top, start), start, None
    worse = 0
    for strength in top * np.logspace(0, 1 - _STRENGTHS, _STRENGTHS):
        params, at, _ = _newton(features, y, rows.blocks, rows.n_folds, strength * bend, params, _NEAR, at=at)
        whole, score = at.curvature.sum(axis=0) + strength * bend, 0.0
        slope = at.gradient.sum(axis=0) + strength * bend @ params
        for fold in range(rows.n_folds):
            without = params - _solve(whole - at.curvature[fold], slope - at.gradient[fold])
            score += sum(_score(features[a:b], y[a:b], without) for a, b, own in rows.blocks if own == fold)
        if score > best:
            best, found, worse = score, (strength, params), 0
        else:
            worse += 1
        if worse == 2:
            break
    return found


def _newton(
    features: FloatArray,
    y: FloatArray,
    blocks: list[tuple[int, int, int]],
    n_folds: int,
    bend: FloatArray,
    start: FloatArray,
    tol: float = _TOL,
    *,
    at: _At | None = None,
    last_step: bool = False,
) -> tuple[FloatArray, _At, bool]:
    """Optimum from `start`, what is known there, and whether it was reached; `at` is known of the start."""
    params = start
    at = _pass(features, y, blocks, n_folds, params) if at is None else at
    enough = tol * max(sum(float(y[a:b].sum()) for a, b, _ in blocks), 1.0)
    rounding = 1e-12 if features.dtype == np.float64 else 1e-6
    for _ in range(_MAX_ITERATIONS):
        slope = at.gradient.sum(axis=0) + bend @ params
        step = -_solve(at.curvature.sum(axis=0) + bend, slope)
        if -float(slope @ step) <= enough:
            return (params + step if last_step else params), at, True
        loss = at.loss + 0.5 * params @ bend @ params
        for _ in range(_HALVINGS):
            tried = params + step
            there = _pass(features, y, blocks, n_folds, tried)
            if there.loss + 0.5 * tried @ bend @ tried <= loss + rounding * abs(loss):
                break
            step = 0.5 * step
        else:
            return params, at, False
        params, at = tried, there
    return params, at, False


def _pass(features: FloatArray, y: FloatArray, blocks: list[tuple[int, int, int]], n_folds: int, params) -> _At:
    """One look at all rows."""
    k = features.shape[1]
    loss, gradient, curvature = 0.0, np.zeros((n_folds, k)), np.zeros((n_folds, k, k))
    params = params.astype(features.dtype)
    for first, last, fold in blocks:
        rows, counts = features[first:last], y[first:last].astype(features.dtype)
        eta = rows @ params
        mean = _exp(eta)
        loss += float(mean.sum() - counts @ eta)
        gradient[fold] += (mean - counts) @ rows
        weighted = rows * np.sqrt(mean)[:, None]
        curvature[fold] += weighted.T @ weighted
    return _At(loss, gradient, curvature)


def _score(rows: FloatArray, counts: FloatArray, params: FloatArray) -> float:
    """Log-likelihood without the terms of the counts alone."""
    eta = np.minimum(rows @ params.astype(rows.dtype), 50.0)
    return float(counts @ eta - np.exp(eta).sum())


def _exp(eta: FloatArray) -> FloatArray:
    return np.exp(np.minimum(eta, 50.0))


def _solve(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Of a symmetric system that may be singular: a column without any spread moves nothing."""
    scale = 1.0 / np.sqrt(np.maximum(np.diagonal(matrix), 1e-300))
    balanced = matrix * np.outer(scale, scale)
    try:
        found = np.linalg.solve(balanced + 1e-10 * np.eye(len(matrix)), vector * scale)
    except np.linalg.LinAlgError:
        found = np.linalg.lstsq(balanced, vector * scale, rcond=1e-10)[0]
    return found * scale


def _blocks(label: IntArray) -> list[tuple[int, int, int]]:
    """Runs of one label, cut into blocks."""
    edges = np.flatnonzero(np.diff(label)) + 1
    starts, stops = np.concatenate([[0], edges]), np.concatenate([edges, [len(label)]])
    return [
        (int(first), int(min(first + _BLOCK, stop)), int(label[start]))
        for start, stop in zip(starts, stops, strict=True)
        for first in range(start, stop, _BLOCK)
    ]
