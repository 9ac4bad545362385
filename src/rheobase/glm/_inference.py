r"""How sure a fit is of its coefficients: covariances, intervals, tests, effective degrees of freedom.

With the Fisher information :math:`J = X^\top \mathrm{diag}(w) X`, :math:`w_t = a_t (d\mu/d\eta)^2 / V(\mu)`, and the
curvature :math:`P` of the penalty, the covariance of the parameters is :math:`(J + P)^{-1}`: the inverse information
without a penalty, and the posterior covariance under the prior that the penalty stands for with one. Intervals built on
it include the truth as often as they should on average over the covariates (Nychka 1988; Wood 2017, section 6.10);
``kind="sandwich"`` gives :math:`(J + P)^{-1} J (J + P)^{-1}`, the scatter of the estimate around its own mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import did_you_mean
from .._manners import Plotted
from .._types import FloatArray
from ._html import inference_html
from ._penalty import penalty_of

if TYPE_CHECKING:
    from ._base import AbstractGLM

__all__ = ["Inference", "infer", "likelihood_ratio_test", "with_ones"]

KINDS = ("bayesian", "sandwich")


@dataclass(frozen=True, repr=False)
class Inference(Plotted):
    """Uncertainty of the parameters of a fitted model, neuron by neuron; intercepts come last.

    Attributes
    ----------
    params : FloatArray
        Coefficients, then the intercept, shape (n_features + 1, neuron).
    covariance : FloatArray
        Shape (neuron, n_features + 1, n_features + 1).
    effective_dof : FloatArray
        Trace of the matrix that turns unpenalised estimates into penalised ones, with the intercept, shape (neuron,).
    log_likelihood : FloatArray
        Of the rows fitted, nats, sum over them, shape (neuron,).
    n_rows : FloatArray
        Rows fitted, or the sum of their weights, shape (neuron,).
    dof_resid : FloatArray
        `n_rows` minus effective degrees of freedom, shape (neuron,).
    estimated_scale : bool
        Whether a dispersion was estimated, so that tests use Student's t instead of the normal distribution.
    names : tuple of str
        Of the parameters.
    neurons : tuple
        Labels of the neurons.
    """

    params: FloatArray
    covariance: FloatArray
    effective_dof: FloatArray
    log_likelihood: FloatArray
    n_rows: FloatArray
    dof_resid: FloatArray
    estimated_scale: bool
    names: tuple[str, ...]
    neurons: tuple[Any, ...]

    @property
    def standard_errors(self) -> FloatArray:
        """Shape (n_features + 1, neuron); NaN for a coefficient that the data say nothing about."""
        variance = np.diagonal(self.covariance, axis1=1, axis2=2).T
        return np.sqrt(np.where(variance > 0, variance, np.nan))

    @property
    def z_values(self) -> FloatArray:
        """Parameters over their standard errors, shape (n_features + 1, neuron)."""
        return self.params / self.standard_errors

    @property
    def p_values(self) -> FloatArray:
        """Two-sided, of Wald's test that a parameter is zero, shape (n_features + 1, neuron)."""
        return 2.0 * self._distribution().sf(np.abs(self.z_values))

    def confidence_interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Lower and upper ends of Wald's intervals, each of shape (n_features + 1, neuron).

        Raises
        ------
        ValueError
            If `level` does not lie between 0 and 1.
        """
        if not 0 < level < 1:
            msg = f"level must lie between 0 and 1, such as 0.95, got {level!r}."
            raise ValueError(msg)
        half = self._distribution().ppf(0.5 + level / 2) * self.standard_errors
        return self.params - half, self.params + half

    @property
    def aic(self) -> FloatArray:
        """Akaike's criterion, by the effective degrees of freedom, shape (neuron,)."""
        return -2.0 * self.log_likelihood + 2.0 * (self.effective_dof + self.estimated_scale)

    @property
    def bic(self) -> FloatArray:
        """Schwarz's criterion, by the effective degrees of freedom, shape (neuron,)."""
        return -2.0 * self.log_likelihood + np.log(self.n_rows) * (self.effective_dof + self.estimated_scale)

    def wald_test(self, which) -> tuple[FloatArray, FloatArray]:
        """Test that several parameters are zero at once.

        Parameters
        ----------
        which : array-like
            Numbers (or a mask) of the parameters; the intercept is the last one.

        Returns
        -------
        statistic, p_value : FloatArray
            Of a chi-square distribution with as many degrees of freedom as parameters, shape (neuron,).
        """
        from scipy import stats

        rows = np.atleast_1d(np.arange(len(self.params))[which])
        if rows.size == 0:
            msg = "which names no parameter."
            raise ValueError(msg)
        inside = self.covariance[:, rows[:, None], rows]
        values = self.params[rows].T
        statistic = np.array([v @ np.linalg.pinv(c, hermitian=True) @ v for v, c in zip(values, inside)])
        return statistic, stats.chi2.sf(statistic, rows.size)

    def of_predictor(self, X) -> FloatArray:
        """Standard error of the linear predictor at each row of `X`, shape (time, neuron).

        Parameters
        ----------
        X : array-like
            Features, shape (time, feature).
        """
        ones = with_ones(X)
        return np.sqrt(np.stack([np.einsum("ti,ti->t", ones @ c, ones) for c in self.covariance], axis=1))

    def of_combination(self, weights) -> tuple[FloatArray, FloatArray]:
        """Linear combinations of coefficients, such as a filter at its lags, and their standard errors.

        Parameters
        ----------
        weights : array-like
            Shape (combination, n_features), or (combination, n_features + 1) if the intercept is part of them; or
            (n_features,) for one. The filter of a convolution with the kernel of a basis, shape (window, function), is
            ``weights = basis.kernel_``, in the columns that belong to it.

        Returns
        -------
        estimate, standard_error : FloatArray
            Shape (combination, neuron).

        Raises
        ------
        ValueError
            If `weights` have another number of columns.

        Examples
        --------
        >>> import numpy as np
        >>> from rheobase.glm import GLM
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(500, 2))
        >>> y = rng.poisson(np.exp(X @ [0.5, 0.3]))
        >>> difference, error = GLM().fit(X, y).inference(X, y).of_combination([1, -1])
        >>> difference.shape, bool(error[0, 0] > 0)
        ((1, 1), True)
        """
        rows = np.atleast_2d(np.asarray(weights, dtype=np.float64))
        n = len(self.params)
        if rows.ndim != 2 or rows.shape[1] not in (n - 1, n):
            msg = (
                f"weights must have one column for each of the {n - 1} coefficients (and one more for the intercept, "
                f"if it is part of the combination), got shape {np.shape(weights)}."
            )
            raise ValueError(msg)
        rows = np.pad(rows, ((0, 0), (0, n - rows.shape[1])))
        variance = np.stack([np.einsum("ci,ci->c", rows @ c, rows) for c in self.covariance], axis=1)
        return rows @ self.params, np.sqrt(np.maximum(variance, 0.0))

    def summary(self, level: float = 0.95):
        """A row for each parameter and neuron, as a pandas.DataFrame.

        Parameters
        ----------
        level
            Of the intervals.
        """
        import pandas as pd

        low, high = self.confidence_interval(level)
        index = pd.MultiIndex.from_product([self.neurons, self.names], names=["neuron", "parameter"])
        columns = {
            "estimate": self.params,
            "std_error": self.standard_errors,
            "t" if self.estimated_scale else "z": self.z_values,
            "p": self.p_values,
            f"{50 * (1 - level):.4g}%": low,
            f"{50 * (1 + level):.4g}%": high,
        }
        return pd.DataFrame({name: values.T.ravel() for name, values in columns.items()}, index=index)

    def _distribution(self):
        from scipy import stats

        return stats.t(self.dof_resid) if self.estimated_scale else stats.norm()

    def __repr__(self) -> str:
        n_params, n_neurons = self.params.shape
        return (
            f"{type(self).__name__}({n_params} parameters x {n_neurons} neurons, effective degrees of freedom "
            f"{self.effective_dof.min():.1f} to {self.effective_dof.max():.1f}); .summary() gives the table"
        )

    def _repr_html_(self) -> str:
        return inference_html(self)


def with_ones(X: Any) -> FloatArray:
    """Features and a column of ones for the intercept, shape (time, feature + 1)."""
    rows = np.asarray(getattr(X, "values", X), dtype=np.float64)
    return np.column_stack([rows, np.ones(len(rows))])


def likelihood_ratio_test(full: Inference, reduced: Inference) -> tuple[FloatArray, FloatArray]:
    """Whether a larger model predicts more than chance over one that it contains.

    Parameters
    ----------
    full, reduced
        Of two fits without a penalty to the same rows.

    Returns
    -------
    statistic : FloatArray
        Twice the log-likelihood gained, shape (neuron,).
    p_value : FloatArray
        Of a chi-square distribution with the difference in parameters as degrees of freedom (Wilks 1938).

    Raises
    ------
    ValueError
        If the fits are of other rows or neurons, or the full model has no more parameters than the reduced one.
    """
    from scipy import stats

    if full.n_rows.shape != reduced.n_rows.shape or not np.allclose(full.n_rows, reduced.n_rows):
        msg = (
            f"both models must be fitted to the same rows, got {full.n_rows.tolist()} rows in full and "
            f"{reduced.n_rows.tolist()} in reduced. Convolution windows of other lengths leave out other rows."
        )
        raise ValueError(msg)
    apart = full.effective_dof - reduced.effective_dof
    if np.any(apart <= 0):
        msg = f"full must have more parameters than reduced, got {apart.min():.3g} more. Are they the wrong way round?"
        raise ValueError(msg)
    statistic = 2.0 * (full.log_likelihood - reduced.log_likelihood)
    return statistic, stats.chi2.sf(statistic, apart)


def infer(model: AbstractGLM, design, response: FloatArray, terms, names: tuple[str, ...], kind: str) -> Inference:
    """Uncertainty of a fitted model at the data it was fitted to.

    Parameters
    ----------
    model
        Fitted, with a penalty that has no kinks.
    design, response, terms
        The data, as `AbstractGLM._check_data` and `_terms` give them.
    names
        Of the features.
    kind
        ``"bayesian"`` or ``"sandwich"``.

    Raises
    ------
    ValueError
        If `kind` is neither, or the penalty has kinks.
    """
    if kind not in KINDS:
        msg = f"kind must be one of {', '.join(map(repr, KINDS))}, got {kind!r}.{did_you_mean(kind, KINDS)}"
        raise ValueError(msg)
    coef, intercept = model._parameters()
    strength, factor = _strength(model)
    standard = design.standardized(np.isfinite(response).any(axis=1))
    penalty = penalty_of(model.regularizer, strength, coef.shape, standard.scale, factor=factor)
    if penalty.norms is not None:
        msg = (
            f"standard errors after selection by {type(model.regularizer).__name__} would be too small; refit the "
            "coefficients that are not zero without a penalty, on other data, and judge those."
        )
        raise ValueError(msg)
    mean = model._mean(design, terms.offset)
    weight = np.ones((1, 1)) if terms.weight is None else terms.weight
    known = np.isfinite(response) & np.isfinite(mean) & (weight > 0)
    weight = np.where(known, weight, 0.0)
    information = _information(model, standard, np.where(known, mean, 0.5), weight)
    total = weight.sum(axis=0)
    bend = np.zeros_like(information)
    penalty.add_to(bend, np.arange(len(bend)))
    # the penalty stands beside a mean of losses, the information is a sum of log-likelihoods
    bend *= (total * model.observation_model.loss_scale / model.scale_)[:, None, None]
    free, bounds = model._mask(coef.shape), model._bounds(coef.shape)
    if bounds is not None:  # a coefficient at its bound is taken as known
        free = ~bounds.active(coef) if free is None else free & ~bounds.active(coef)
    covariance, dof = _invert(information, bend, free, kind)
    to_user = np.diag(np.append(1.0 / standard.scale, 1.0))
    to_user[-1, :-1] = -standard.center / standard.scale
    scores = model.observation_model.log_likelihood_per_sample(
        np.where(known, response, 0.0), np.where(known, mean, 0.5), model.scale_
    )
    return Inference(
        params=np.vstack([coef, intercept]),
        covariance=to_user @ covariance @ to_user.T,
        effective_dof=dof,
        log_likelihood=np.where(known, weight * scores, 0.0).sum(axis=0),
        n_rows=total,
        dof_resid=total - dof,
        estimated_scale=model.observation_model.has_dispersion,
        names=(*names, "intercept"),
        neurons=tuple(model._names().tolist()),
    )


def _strength(model: AbstractGLM) -> tuple[Any, FloatArray | None]:
    """Strength that the fit used, and a factor for each neuron if it was searched for."""
    if model.cv_ is not None:
        return 1.0, model.cv_.best_strength
    return (model.strength_ if model.reml_ is None else model.reml_.strengths), None


def _information(model: AbstractGLM, standard, mean: FloatArray, weight: FloatArray) -> FloatArray:
    """Fisher information in standardised units, shape (neuron, n_features + 1, n_features + 1)."""
    n_rows, n_neurons, n = len(mean), mean.shape[1], standard.n_features
    rows = np.zeros((standard.n_rows, n_neurons))
    link = model.inverse_link_function
    with np.errstate(divide="ignore"):  # a mean of zero is at the end of the domain, with a slope of zero
        slope = link.derivative(link.link(mean))
    rows[:n_rows] = weight * slope**2 / np.maximum(model.observation_model.variance(mean, model.scale_), 1e-300)
    out = np.empty((n_neurons, n + 1, n + 1))
    out[:, :n, :n] = standard.gram(rows)
    out[:, n, :n] = out[:, :n, n] = standard.rmatvec(rows).T
    out[:, n, n] = rows.sum(axis=0)
    return out


def _invert(information: FloatArray, bend: FloatArray, free, kind: str) -> tuple[FloatArray, FloatArray]:
    """Covariances and effective degrees of freedom; a held coefficient has variance zero."""
    covariance, dof = np.zeros_like(information), np.empty(len(information))
    for n, (inside, penalty) in enumerate(zip(information, bend)):
        rows = np.arange(len(inside))
        if free is not None:
            rows = np.append(np.flatnonzero(free[:, n]), len(inside) - 1)
        part, whole = inside[np.ix_(rows, rows)], (inside + penalty)[np.ix_(rows, rows)]
        scale = 1.0 / np.sqrt(np.maximum(np.diagonal(whole), 1e-300))
        inverse = np.linalg.pinv(whole * np.outer(scale, scale), rcond=1e-12, hermitian=True) * np.outer(scale, scale)
        shrink = inverse @ part
        dof[n] = np.trace(shrink)
        covariance[n][np.ix_(rows, rows)] = inverse if kind == "bayesian" else shrink @ inverse
    return covariance, dof
