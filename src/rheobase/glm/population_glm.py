"""GLMs of many neurons that share their features."""

from __future__ import annotations

from ._base import AbstractGLM
from ._masked import MaskedFeatures

__all__ = ["PopulationGLM"]


class PopulationGLM(MaskedFeatures, AbstractGLM):
    r"""Generalised linear models of many neurons over the same features: :math:`\mu_{tn} = g(x_t^\top w_n + b_n)`.

    Every neuron is fitted to its own optimum, with its own line search and stopping test, but they share the products
    over the rows; the answer for one does not depend on the others.

    Parameters
    ----------
    observation_model, inverse_link_function, regularizer, regularizer_strength, solver_name, solver_kwargs
        As in `GLM`; a strength may also be an array of shape (feature, neuron).
    feature_mask : array of 0 and 1, optional
        Shape (feature, neuron); a coefficient whose entry is 0 stays 0.
    coef_bounds : pair, "nonnegative", "nonpositive" or None
        As in `GLM`; a bound may also have shape (feature, neuron).

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
        *,
        coef_bounds=None,
    ):
        super().__init__(
            observation_model,
            inverse_link_function,
            regularizer,
            regularizer_strength,
            solver_name,
            solver_kwargs,
            coef_bounds=coef_bounds,
        )
        self.feature_mask = feature_mask
