"""Settings of a search for the strength of a penalty, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import did_you_mean
from .._manners import Plotted
from .._types import FloatArray, IntArray
from ._html import search_html

__all__ = ["CV", "CrossValidation", "all_past_best", "read_strengths"]

RULES = ("best", "1se")

_WORSE = 4
"""Strengths in a row that did worse than the best, after which a neuron's search has nothing more to find."""


@dataclass(frozen=True)
class CV:
    """Settings of a search for the strength, to be passed as ``regularizer_strength``.

    Parameters
    ----------
    strengths : array-like, optional
        Strengths to try, > 0, shape (strength,) or (strength, neuron). If not given, up to 15 of them for each neuron,
        from one that leaves next to nothing down by seven decades (a lasso and its kin: three decades); the search ends
        before that once the last four did worse than the best, for every neuron.
    cv : int or iterable, default 5
        Number of folds (contiguous blocks of time), or pairs of rows to train on and rows to test, such as
        `rheobase.scores.by_epoch` gives.
    rule : {"best", "1se"}
        Take the strength that predicts held-out rows best, or the largest within one standard error of it.
    """

    strengths: Any = None
    cv: Any = 5
    rule: str = "best"

    def __post_init__(self):
        if self.rule not in RULES:
            msg = (
                f"rule must be one of {', '.join(map(repr, RULES))}, got {self.rule!r}.{did_you_mean(self.rule, RULES)}"
            )
            raise ValueError(msg)


@dataclass(frozen=True, repr=False)
class CrossValidation(Plotted):
    """What a search for the strength found.

    Attributes
    ----------
    strengths : FloatArray
        Descending, shape (strength, neuron).
    log_likelihood : FloatArray
        Of held-out rows, mean over them, nats, shape (strength, fold, neuron).
    null_log_likelihood : FloatArray
        Of the mean of the rows trained on, shape (fold, neuron).
    n_test : FloatArray
        Held-out rows (or their weights), shape (fold, neuron).
    n_parameters : FloatArray
        Coefficients that are not zero, mean over folds, shape (strength, neuron).
    rule : str
        How `best` was taken.
    """

    strengths: FloatArray
    log_likelihood: FloatArray
    null_log_likelihood: FloatArray
    n_test: FloatArray
    n_parameters: FloatArray
    rule: str = "best"

    @property
    def mean(self) -> FloatArray:
        """Held-out log-likelihood over all folds, shape (strength, neuron)."""
        return _weighted_mean(self.log_likelihood, self.n_test)

    @property
    def standard_error(self) -> FloatArray:
        """Of `gain`, from its scatter between folds, shape (strength, neuron)."""
        gain = self.log_likelihood - self.null_log_likelihood
        return gain.std(axis=1, ddof=1) / np.sqrt(gain.shape[1])

    @property
    def gain(self) -> FloatArray:
        """Held-out log-likelihood gained over a constant rate, mean over rows, nats, shape (strength, neuron)."""
        return self.mean - _weighted_mean(self.null_log_likelihood[None], self.n_test)

    @property
    def best(self) -> IntArray:
        """Number of the strength taken for each neuron, shape (neuron,)."""
        mean = self.mean
        found = mean.argmax(axis=0)
        if self.rule == "best":
            return found
        columns = np.arange(mean.shape[1])
        enough = mean[found, columns] - self.standard_error[found, columns]
        return np.argmax(mean >= enough, axis=0)  # strengths descend: the first is the largest

    @property
    def best_strength(self) -> FloatArray:
        """Strength taken for each neuron, shape (neuron,)."""
        return self.strengths[self.best, np.arange(self.strengths.shape[1])]

    def to_frame(self):
        """One row for each strength and neuron, as a pandas.DataFrame."""
        import pandas as pd

        n_strengths, n_neurons = self.strengths.shape
        return pd.DataFrame(
            {
                "neuron": np.tile(np.arange(n_neurons), n_strengths),
                "strength": self.strengths.ravel(),
                "log_likelihood": self.mean.ravel(),
                "standard_error": self.standard_error.ravel(),
                "gain": self.gain.ravel(),
                "n_parameters": self.n_parameters.ravel(),
                "best": (np.arange(n_strengths)[:, None] == self.best).ravel(),
            }
        )

    def __repr__(self) -> str:
        n_strengths, n_folds, n_neurons = self.log_likelihood.shape
        taken = self.best_strength
        edges = int(np.count_nonzero((self.best == 0) | (self.best == n_strengths - 1)))
        note = f"\n{edges} at an end of the range that was tried" if edges else ""
        return (
            f"CrossValidation({n_strengths} strengths x {n_folds} folds x {n_neurons} neurons, best strengths "
            f"{taken.min():.3g} to {taken.max():.3g}){note}"
        )

    def _repr_html_(self) -> str:
        return search_html(self)


def read_strengths(given: Any, n_neurons: int) -> FloatArray | None:
    """Strengths to try, descending, shape (strength, neuron); None if none were given.

    Raises
    ------
    ValueError
        If they have another shape, or one is not finite and > 0.
    """
    if given is None:
        return None
    values = np.atleast_1d(np.asarray(given, dtype=np.float64))
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or values.size == 0 or values.shape[1] not in (1, n_neurons):
        msg = f"strengths must have shape (strength,) or (strength, {n_neurons}), got {np.shape(given)}."
        raise ValueError(msg)
    if not (np.isfinite(values).all() and np.all(values > 0)):
        msg = f"strengths must be finite and > 0, but their smallest is {np.nanmin(values):g}."
        raise ValueError(msg)
    return -np.sort(-np.broadcast_to(values, (len(values), n_neurons)), axis=0)


def all_past_best(scores: list[FloatArray], n_test: FloatArray) -> bool:
    """Whether every neuron's last strengths did worse than one before them.

    Parameters
    ----------
    scores
        Held-out scores of the strengths tried so far, in descending order of strength, each (fold, neuron).
    n_test
        Held-out rows, shape (fold, neuron).
    """
    if len(scores) <= _WORSE:
        return False
    mean = _weighted_mean(np.array(scores), n_test)
    return bool(np.all(mean[-_WORSE:].max(axis=0) < mean[:-_WORSE].max(axis=0)))


def _weighted_mean(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Mean over folds of scores (strength, fold, neuron); folds without a row do not count."""
    some = np.where(weights > 0, weights, 0.0)
    return np.sum(np.where(some > 0, scores * some, 0.0), axis=1) / some.sum(axis=0)
