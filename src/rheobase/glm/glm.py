"""GLM of one neuron."""

from __future__ import annotations

from ._base import AbstractGLM

__all__ = ["GLM"]


class GLM(AbstractGLM):
    r"""Generalised linear model of one neuron: :math:`\mu_t = g(x_t^\top w + b)`.

    Parameters
    ----------
    observation_model : str or observation model, default "Poisson"
        Distribution of the response given its mean.
    inverse_link_function : str, callable or None
        :math:`g`: ``"exp"``, ``"softplus"``, ``"logistic"`` and others, a JAX function, or None for the
        observation model's default.
    regularizer : str, regularizer or None
        ``"UnRegularized"`` (default), ``"Ridge"``, ``"Lasso"``, ``"ElasticNet"``, ``"GroupLasso"``, or an
        instance, such as ``Smoothness(basis)``; see `rheobase.regularizer`.
    regularizer_strength : float, array, "cv", "reml", CV or REML, optional
        Strength of the penalty (1.0 by default): the fit minimises the mean negative log-likelihood plus the strength
        times the penalty. ``"cv"`` lets held-out rows decide, neuron by neuron; ``"reml"`` takes the strength under
        which the responses are most likely, term by term, for a ridge or smoothness. The intercept is never penalised.
    solver_name : str, optional
        Chosen by size if not given; see `rheobase.solvers.list_available_solvers`. Every solver finds the same optimum.
    solver_kwargs : dict, optional
        Options of the solver, such as ``tol`` and ``maxiter``.
    coef_bounds : pair, "nonnegative", "nonpositive" or None
        Smallest and largest value of each coefficient, kept exactly: numbers or arrays of shape (feature,), None where
        there is no bound, such as ``(0, None)``. For features in a dict, a bound may be a dict with the same keys. The
        intercept has no bounds. Goes with every regulariser.

    Attributes
    ----------
    coef_ : numpy.ndarray
        Shape (feature,), float64 whatever JAX's precision.
    intercept_ : numpy.ndarray
        Shape (1,).
    solution_ : rheobase.solvers.Solution
        How the optimum was found: result, iterations, solver and why, seconds.
    silent_ : numpy.ndarray
        Shape (1,): True if there was no spike to fit.
    scale_ : numpy.ndarray
        Dispersion, shape (1,): variance of Gaussian, squared coefficient of variation of Gamma responses, extra
        variance of the negative binomial; 1 for the others.
    strength_ : float or numpy.ndarray
        Strength that was used; shape (1,) if it was searched for, (term, 1) if there were several. After
        cross-validation ``regularizer_strength=model.strength_[None]`` repeats the fit.
    cv_, reml_ : CrossValidation, RestrictedLikelihood or None
        The search, if there was one.
    dof_resid_ : numpy.ndarray
        Rows used minus parameters, shape (1,).

    Examples
    --------
    >>> import numpy as np
    >>> import rheobase
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5000, 2))
    >>> counts = rng.poisson(np.exp(X @ [0.5, -0.3] - 1.0))
    >>> model = rheobase.glm.GLM().fit(X, counts)
    >>> model.coef_.round(1), model.intercept_.round(1)
    (array([ 0.5, -0.3]), array([-1.]))
    """

    _response_ndim = 1
