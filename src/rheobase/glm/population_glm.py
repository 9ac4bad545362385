"""GLMs of many neurons that share their features."""

from __future__ import annotations

import numpy as np

from ._base import AbstractGLM

__all__ = ["PopulationGLM"]


class PopulationGLM(AbstractGLM):
    r"""Generalised linear models of many neurons over the same features: :math:`\mu_{tn} = g(x_t^\top w_n + b_n)`.

    Every neuron is fitted to its own optimum, with its own line search and stopping test, but they share the products
    over the rows; the answer for one does not depend on the others.

    Parameters
    ----------
    observation_model, inverse_link_function, regularizer, regularizer_strength, solver_name, solver_kwargs
        As in `GLM`; a strength may also be an array of shape (feature, neuron).
    feature_mask : array of 0 and 1, optional
        Shape (feature, neuron); a coefficient whose entry is 0 stays 0.

    Attributes
    ----------
    coef_ : numpy.ndarray
        Shape (feature, neuron), float64 whatever JAX's precision.
    intercept_ : numpy.ndarray
        Shape (neuron,).
    solution_, silent_, scale_, dof_resid_
        As in `GLM`, one entry a neuron.
    """

    _response_ndim = 2

    def __init__(
        self,
        observation_model="Poisson",
        inverse_link_function=None,
        regularizer="UnRegularized",
        regularizer_strength=None,
        solver_name=None,
        solver_kwargs=None,
        feature_mask=None,
    ):
        super().__init__(
            observation_model, inverse_link_function, regularizer, regularizer_strength, solver_name, solver_kwargs
        )
        self.feature_mask = feature_mask

    @property
    def feature_mask(self):
        """Which coefficients are free, shape (feature, neuron), or None."""
        return self._feature_mask

    @feature_mask.setter
    def feature_mask(self, value):
        if getattr(self, "coef_", None) is not None:
            msg = "feature_mask cannot be changed after a fit; make a new model, or clone this one."
            raise AttributeError(msg)
        if value is not None:
            mask = np.asarray(value)
            if mask.dtype.kind not in "biuf" or not np.isin(mask, (0, 1)).all():
                got = f"values such as {mask[~np.isin(mask, (0, 1))].flat[0]!r}" if mask.size else "nothing"
                msg = f"feature_mask must be an array of 0 and 1, shape (feature, neuron), got {got}."
                raise ValueError(msg)
        self._feature_mask = value

    def _mask(self, shape):
        if self._feature_mask is None:
            return None
        mask = np.asarray(self._feature_mask).astype(bool)
        if mask.shape != shape:
            msg = f"feature_mask must have shape (feature, neuron) = {shape}, got {mask.shape}."
            raise ValueError(msg)
        return mask
