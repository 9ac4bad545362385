"""One of several classes: which port a mouse chose, which syllable a bird sings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..links import LogSoftmax
from ._core import EPS, AbstractObservationModel

__all__ = ["CategoricalObservations"]


@dataclass(frozen=True)
class CategoricalObservations(AbstractObservationModel):
    r"""One of :math:`K` classes: :math:`\log p(y) = \sum_k y_k \log\mu_k` for a one-hot `y`.

    Responses are one-hot and means are log-probabilities, both with the classes along the last axis; `one_hot` makes
    the first from labels 0 .. K - 1. Sums run over classes, so losses and scores have one axis less.

    Parameters
    ----------
    n_categories : int, optional
        Number of classes; read from the response if not given.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.observation_models import CategoricalObservations
    >>> model = CategoricalObservations(n_categories=3)
    >>> model.one_hot(np.array([2, 0]))
    array([[0., 0., 1.],
           [1., 0., 0.]])
    >>> round(float(model.log_likelihood(model.one_hot(np.array([2, 0])), np.log(np.full((2, 3), 1 / 3)))), 4)
    -1.0986

    References
    ----------
    McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., chapter 5.
    """

    n_categories: int | None = None

    canonical = LogSoftmax()

    @property
    def default_inverse_link_function(self):
        """The logarithm of the softmax."""
        return self.canonical

    def negative_log_likelihood(self, y, eta, link, scale=None):
        """Minus the log-probability of each sample's class: `y` and `eta` (..., category), loss (...)."""
        return -(y * link(eta)).sum(axis=-1)

    def log_likelihood_per_sample(self, y, mean, scale=None):
        """Log-probability of one-hot `y` at log-probabilities `mean`, shape (..., category) to (...), nats."""
        return np.sum(y * np.where(y == 0, 0.0, mean), axis=-1)

    def deviance(self, y, mean, scale=None):
        """Twice minus the log-probability: a model that is sure of `y` loses nothing. Shape (...)."""
        return -2.0 * self.log_likelihood_per_sample(y, mean)

    def variance(self, mean, scale=None):
        """Variance of each class's indicator at log-probabilities `mean`."""
        return -np.exp(mean) * np.expm1(mean)

    def null_mean(self, y):
        """Logarithm of each class's frequency over time, floored at 2.2e-16."""
        frequency = np.maximum(y.mean(axis=0), EPS)
        return np.broadcast_to(np.log(frequency), y.shape)

    def sample_generator(self, key, predicted_rate, scale=None):
        """Draw one-hot classes from log-probabilities `predicted_rate` (..., category)."""
        import jax

        label = jax.random.categorical(key, predicted_rate, axis=-1)
        return jax.nn.one_hot(label, predicted_rate.shape[-1])

    def one_hot(self, y) -> np.ndarray:
        """Indicator of each class, shape (..., category), from labels 0 .. K - 1 (...); NaN gives NaN.

        Raises
        ------
        ValueError
            If a label is not one of these.
        """
        y = np.asarray(y, dtype=np.float64)
        self._check_labels(y)
        classes = np.arange(self.n_categories or int(np.nanmax(y, initial=0.0)) + 1)
        return np.where(np.isnan(y)[..., None], np.nan, y[..., None] == classes)

    def check_response(self, y):
        """Labels 0 .. K - 1 (...), or one-hot classes (..., category)."""
        if not self._is_one_hot(y):
            self._check_labels(y)

    def _is_one_hot(self, y: np.ndarray) -> bool:
        """Whether the last axis holds the classes, one of them one and the others zero, wherever it is not NaN."""
        if y.ndim < 2 or y.shape[-1] != (self.n_categories or y.shape[-1]):
            return False
        known = ~np.isnan(y).any(axis=-1)
        return bool((((y == 0) | (y == 1)).all(axis=-1) & (y.sum(axis=-1) == 1))[known].all())

    def _check_labels(self, y: np.ndarray) -> None:
        n_categories = self.n_categories or np.inf
        strange = ~np.isnan(y) & ((y < 0) | (y >= n_categories) | (y != np.floor(y)))
        if strange.any():
            last = "" if self.n_categories is None else f" to {self.n_categories - 1}"
            msg = (
                f"y must hold integer labels from 0{last} (or be one-hot) for Categorical observations, but holds "
                f"{y[strange][0]:g}. ClassifierGLM takes labels of any kind and numbers them."
            )
            raise ValueError(msg)
