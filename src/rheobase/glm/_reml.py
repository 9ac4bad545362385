"""Settings of a choice of strengths by restricted likelihood, and what it found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._manners import PublicNames
from .._types import BoolArray, FloatArray, IntArray
from ._html import reml_html

__all__ = ["REML", "RestrictedLikelihood"]


@dataclass(frozen=True)
class REML:
    """Settings of a choice of strengths by restricted likelihood, to be passed as ``regularizer_strength``.

    The penalty is read as a Gaussian prior of the coefficients, and its strengths are those under which the responses
    are most likely once the coefficients are integrated out (by Laplace's approximation; exactly for Gaussian
    responses). Nothing is held out, and every term of a penalty and every neuron has a strength of its own.

    Parameters
    ----------
    maxiter : int, default 50
        Turns between coefficients and strengths, at most.
    tol : float, default 1e-4
        A strength is found when e times as much of it would change the logarithm of the restricted likelihood by less
        than this, nats.

    References
    ----------
    :cite:`wood_2011`

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.glm import GLM, REML
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 10))
    >>> y = rng.poisson(np.exp(0.5 * X[:, 0]))
    >>> model = GLM(regularizer="Ridge", regularizer_strength=REML()).fit(X, y)
    >>> bool(model.reml_.converged.all()), model.strength_.round(3)
    (True, array([0.077]))
    """

    maxiter: int = 50
    tol: float = 1e-4

    def __post_init__(self):
        for name, value in (("maxiter", self.maxiter), ("tol", self.tol)):
            if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not value > 0:
                msg = f"{name} of REML must be a number > 0, got {value!r}."
                raise ValueError(msg)


@dataclass(frozen=True, repr=False)
class RestrictedLikelihood(PublicNames):
    """Strengths chosen by restricted likelihood.

    Attributes
    ----------
    strengths : FloatArray
        Of each term of the penalty, shape (term, neuron); ``regularizer_strength=found.strengths`` gives the same fit.
    score : FloatArray
        Minus the logarithm of the restricted likelihood, nats, shape (neuron,); the smaller of two penalties on the
        same rows is the better one.
    effective_dof : FloatArray
        Trace of the matrix that turns unpenalised estimates into penalised ones, with the intercept, shape (neuron,).
    term_dof : FloatArray
        The part of it that belongs to the coefficients of each term, shape (term, neuron).
    dispersion : FloatArray
        Of Gaussian and Gamma responses; one for the others. Shape (neuron,).
    gradient : FloatArray
        Of `score` in the logarithms of the strengths, shape (term, neuron); near zero at an optimum.
    n_iter : IntArray
        Turns between coefficients and strengths, shape (neuron,).
    converged : BoolArray
        Shape (neuron,).

    A neuron without spikes has NaN for its numbers, and counts as converged.
    """

    strengths: FloatArray
    score: FloatArray
    effective_dof: FloatArray
    term_dof: FloatArray
    dispersion: FloatArray
    gradient: FloatArray
    n_iter: IntArray
    converged: BoolArray

    def to_frame(self):
        """One row for each term and neuron, as a pandas.DataFrame."""
        import pandas as pd

        n_terms, n_neurons = self.strengths.shape
        return pd.DataFrame(
            {
                "neuron": np.tile(np.arange(n_neurons), n_terms),
                "term": np.repeat(np.arange(n_terms), n_neurons),
                "strength": self.strengths.ravel(),
                "term_dof": self.term_dof.ravel(),
                "effective_dof": np.tile(self.effective_dof, n_terms),
                "score": np.tile(self.score, n_terms),
                "converged": np.tile(self.converged, n_terms),
            }
        )

    def __repr__(self) -> str:
        n_terms, n_neurons = self.strengths.shape
        known = self.effective_dof[np.isfinite(self.effective_dof)]
        dof = f", effective degrees of freedom {known.min():.1f} to {known.max():.1f}" if known.size else ""
        moving = int(np.count_nonzero(~self.converged))
        note = f"\n{moving} did not converge" if moving else ""
        return f"RestrictedLikelihood({n_terms} terms x {n_neurons} neurons{dof}){note}"

    def _repr_html_(self) -> str:
        return reml_html(self)
