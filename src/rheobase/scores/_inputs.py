"""What every score takes: a response and the mean that a model gave it, row by row, with the rows that count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import kind_of
from .._types import ArrayLike, BoolArray, FloatArray, TimeSeriesLike
from ..containers._from_others import has_no_samples
from ..convolve._predictor import Clock
from ..observation_models import AbstractObservationModel, CategoricalObservations, resolve

__all__ = ["Pair", "as_numbers", "log_probability", "read_model", "read_pair"]

_BLOCK = 2**19
"""Numbers of one block of rows (4 MB in float64): what a score holds at once apart from what it was given."""

Score = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class Pair:
    """Response and predicted mean, shape (time, neuron), as they were given: converted only block by block."""

    y: np.ndarray
    mean: np.ndarray
    weight: np.ndarray | None
    one_neuron: bool
    clock: Clock | None

    @property
    def n_time(self) -> int:
        return self.y.shape[0]

    @property
    def n_neurons(self) -> int:
        return self.y.shape[1]

    def known(self, rows: slice = slice(None)) -> BoolArray:
        """Where both response and mean are finite, shape (time, neuron)."""
        return np.isfinite(self.y[rows]) & np.isfinite(self.mean[rows])

    def blocks(self) -> Iterator[slice]:
        """Slices of rows that cover all of them."""
        step = max(1, _BLOCK // max(self.n_neurons, 1))
        return (slice(start, start + step) for start in range(0, self.n_time, step))

    def total(self, score: Score, mean: np.ndarray | None = None) -> FloatArray:
        """Weighted sum over known rows of an elementwise `score` of (response, mean), shape (neuron,).

        `mean` replaces the predicted mean, not the choice of rows; it may be a row of one number a neuron.
        """
        instead = None if mean is None else np.broadcast_to(mean, self.y.shape)
        out = np.zeros(self.n_neurons)
        for rows in self.blocks():
            known = self.known(rows)
            predicted = np.asarray((self.mean if instead is None else instead)[rows], dtype=np.float64)
            observed = np.asarray(self.y[rows], dtype=np.float64)
            # numbers that every model can take stand in for the unknown ones, which then weigh nothing
            values = score(np.where(known, observed, 1.0), np.where(known, predicted, 0.5))
            if self.weight is not None:
                values = values * self.weight[rows]
            out += np.where(known, values, 0.0).sum(axis=0)
        return out

    def n_rows(self) -> FloatArray:
        """Number of known rows of positive weight, shape (neuron,)."""
        out = np.zeros(self.n_neurons)
        for rows in self.blocks():
            used = self.known(rows)
            out += (used if self.weight is None else used & (self.weight[rows] > 0)).sum(axis=0)
        return out

    def mean_response(self) -> FloatArray:
        """Weighted mean of the response over known rows, shape (neuron,); NaN without any."""
        weight = self.total(lambda y, mean: np.ones_like(y))
        with np.errstate(invalid="ignore"):
            return self.total(lambda y, mean: y) / weight

    def public(self, values: np.ndarray) -> Any:
        """One number a neuron as users see it: a float for a response of shape (time,)."""
        return float(values[0]) if self.one_neuron else values


def read_pair(y: Any, mean: Any, sample_weight: Any = None, *, mean_name: str = "mean") -> Pair:
    """Check response, mean and weights, and give them two dimensions.

    Raises
    ------
    TypeError
        If one of them is not numeric.
    ValueError
        If shapes differ, there is no row, or a weight is negative or not finite.
    TimeSupportError
        If both are series whose times or supports differ.
    """
    observed, predicted = as_numbers(y, "y"), as_numbers(mean, mean_name)
    if observed.ndim not in (1, 2) or observed.size == 0:
        msg = f"y must have shape (time,) or (time, neuron) with at least one entry, got {observed.shape}."
        raise ValueError(msg)
    if predicted.shape != observed.shape:
        msg = (
            f"{mean_name} must have the shape of y, one expected response for each, got {predicted.shape} and "
            f"{observed.shape}. Take it from model.predict(X)."
        )
        raise ValueError(msg)
    clock = Clock.common((y, mean))
    one = observed.ndim == 1
    weight = None if sample_weight is None else _read_weight(sample_weight, observed.shape)
    if one:
        observed, predicted = observed[:, None], predicted[:, None]
    return Pair(observed, predicted, weight, one, clock)


def read_model(observation_model: str | AbstractObservationModel) -> AbstractObservationModel:
    """An observation model from its name or itself.

    Raises
    ------
    ValueError
        For an unknown name, or a model of classes, whose means have an axis more than its responses.
    TypeError
        For anything else.
    """
    model = resolve(observation_model)
    if isinstance(model, CategoricalObservations):
        msg = "scores here are of responses with one mean each; judge a classifier with its own score(X, y)."
        raise ValueError(msg)
    return model


def log_probability(model: AbstractObservationModel, scale: ArrayLike | None) -> Score:
    """The log-probability of responses given their means, elementwise, nats."""
    return lambda y, mean: model.log_likelihood_per_sample(y, mean, scale)


def as_numbers(values: Any, name: str) -> np.ndarray:
    """The numbers of an array or series, in the dtype that they have."""
    if has_no_samples(values):
        msg = f"{name} must be an array or a series, got {kind_of(values)}. Count events first: "
        msg += "spikes.count(bin_size, ep)."
        raise TypeError(msg)
    array = np.asarray(values.values if isinstance(values, TimeSeriesLike) else values)
    if array.dtype.kind not in "biuf":
        msg = f"{name} must be numeric, got {type(values).__name__} with dtype {array.dtype}."
        raise TypeError(msg)
    return array


def _read_weight(sample_weight: Any, shape: tuple[int, ...]) -> FloatArray:
    weight = np.asarray(as_numbers(sample_weight, "sample_weight"), dtype=np.float64)
    if weight.shape not in (shape[:1], shape):
        msg = f"sample_weight must have shape {shape[:1]} or that of y, {shape}, got {weight.shape}."
        raise ValueError(msg)
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        msg = "sample_weight must be finite and >= 0 everywhere; weigh rows to leave out with 0."
        raise ValueError(msg)
    return weight[:, None] if weight.ndim == 1 else weight
