"""The estimator shell: everything that models of one neuron and of many share.

scikit-learn's manners outside; inside, `check, solve, store`. Numbers come from `_fit.solve` and from the observation
model.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from .._errors import NotConvergedWarning, SilentNeuronWarning
from .._types import FloatArray
from ..links import Exp
from ..solvers._core import Result, Solution
from ..solvers.registry import check_options
from ._cv import CV
from ._doubts import columns_without_values, warn_of_constant_features, warn_of_lost_rows, warn_of_no_counts
from ._fit import solve
from ._inference import infer
from ._inputs import as_design, as_response, check_same_rows, clock_of, names_of_features, text_columns
from ._prediction import AbstractPredictor
from ._reml import REML
from ._reml_search import choose_strengths
from ._rows import RowTerms, read_rows
from ._search import Search
from ._stepwise import Stepwise
from ._trees import is_tree, joined
from .saving import save_model

__all__ = ["AbstractGLM"]


class AbstractGLM(Stepwise, AbstractPredictor):
    """What `GLM` and `PopulationGLM` share; see there for the parameters."""

    def fit(self, X, y, init_params=None, *, offset=None, exposure=None, sample_weight=None):
        """Find the coefficients that make the response most likely under the penalty.

        Rows in which a feature is NaN or infinite are left out, and so is, for each neuron, a row in which its own
        response is.

        Parameters
        ----------
        X : array-like, time series, design or dict of these
            Features, shape (time, feature). The blocks of a dict stand side by side, and `coef_` is a dict of the same
            form.
        y : array-like or time series
            Response: counts per bin, shape (time,) for `GLM`, (time, neuron) for `PopulationGLM`.
        init_params : tuple of (coef, intercept), optional
            Where to start; the null model by default. The optimum does not depend on it.
        offset : array-like or time series, optional
            Added to the linear predictor with a coefficient of one, shape (time,) or (time, neuron).
        exposure : array-like or time series, optional
            How long, or how much, each row was observed; its logarithm is added to the offset. For an exponential link
            only, where it multiplies the mean.
        sample_weight : array-like or time series, optional
            How much each row counts, >= 0, shape (time,) or (time, neuron); a weight of 2 is the row given twice. Only
            ratios matter to the fit.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If shapes do not fit, times differ, no row is valid, or `y` cannot come from the observation model.
        TypeError
            If `X` or `y` is not numeric.
        """
        check_options(self.solver_name, self.solver_kwargs)  # a new name may not take the old options
        self._check_solver()
        plain = self._penalty_is_given()
        design, response = self._check_data(X, y, keep_counts=plain)
        shape = (design.n_features, response.shape[1])
        names = self._feature_names(design if is_tree(X) else X, design.n_features, None)
        warn_of_lost_rows(design, names)
        if sample_weight is None:  # rates with the time they were seen as weights are counts in disguise
            warn_of_no_counts(response, self.observation_model)
        terms = self._terms(X, response.shape, offset, exposure, sample_weight)
        start = None if init_params is None else self._check_start(init_params, shape)
        strength, factor = self.regularizer_strength, None
        self.cv_ = self.reml_ = None
        if isinstance(strength, CV):
            search = Search(self, X, design, response, terms)
            self.cv_ = search.run(strength)
            strength, factor = search.unit, self.cv_.best_strength
        elif isinstance(strength, REML):
            if self.coef_bounds is not None:
                msg = (
                    "regularizer_strength='reml' integrates over all coefficients, which bounds do not allow; with "
                    "coef_bounds use regularizer_strength='cv' or a number."
                )
                raise ValueError(msg)
            self.reml_, start = choose_strengths(self, design, response, terms, strength, start)
            strength = self.reml_.strengths
        solution = solve(
            design,
            response,
            self.observation_model,
            self.inverse_link_function,
            self.regularizer,
            strength,
            solver_name="Newton" if self.reml_ is not None and self.solver_name == "auto" else self.solver_name,
            solver_kwargs=self.solver_kwargs,
            feature_mask=self._mask(shape),
            start=start,
            offset=terms.offset,
            sample_weight=terms.weight,
            strength_factor=factor,
            bounds=self._bounds(shape),
        )
        self.strength_ = strength if factor is None else factor
        if self.reml_ is not None and len(strength) == 1:
            self.strength_ = strength[0]
        self._store(solution, y)
        self._store_scale(design, response, terms)
        self._store_names(X, design.n_features)
        warn_of_constant_features(solution.stats["constant_features"], names)
        self._tell(solution)
        return self

    def _penalty_is_given(self) -> bool:
        """Whether no strength is searched for, so that a fit goes over the rows as they came."""
        return not isinstance(self.regularizer_strength, CV | REML)

    def _check_data(self, X, y, *, keep_counts: bool = False):
        design = as_design(X)
        self._blocks = design.named_blocks
        response = as_response(y, self._response_ndim, keep_counts=keep_counts)
        check_same_rows(X, y, design.n_samples, len(response))
        if response.dtype.kind == "f":
            known = np.isfinite(response)
            self.observation_model.check_response(np.where(known, response, np.nan))
        else:
            known = np.ones((len(response), 1), dtype=bool)
            self.observation_model.check_response(response)
        if not (known.any(axis=1) & design.row_mask[: design.n_samples]).any():
            reason = columns_without_values(design, self._feature_names(X, design.n_features, None))
            msg = (
                f"every one of the {len(response)} rows has a NaN or infinite value in X or y, so nothing is left to "
                f"fit.{reason or ' Is a convolution window longer than the epochs?'}"
            )
            raise ValueError(msg)
        return design, response

    def _terms(self, X, shape, offset, exposure, sample_weight) -> RowTerms:
        if exposure is not None and self.inverse_link_function != Exp():
            msg = (
                f"exposure multiplies the mean under an exponential link, but inverse_link_function is "
                f"{self.inverse_link_function.name!r}. Pass offset= in units of the linear predictor instead."
            )
            raise ValueError(msg)
        return read_rows(X, *shape, offset=offset, exposure=exposure, sample_weight=sample_weight)

    def _check_start(self, init_params, shape, name="init_params") -> tuple[FloatArray, FloatArray]:
        try:
            coef, intercept = init_params
        except (TypeError, ValueError) as error:
            size = f" of length {len(init_params)}" if isinstance(init_params, tuple | list) else ""
            msg = f"{name} must be a pair (coef, intercept), got {type(init_params).__name__}{size}."
            raise ValueError(msg) from error
        coef, intercept = joined(coef), np.asarray(intercept, dtype=np.float64)
        coef = coef[:, None] if coef.ndim == 1 and self._response_ndim == 1 else coef
        if coef.shape != shape or intercept.shape != (shape[1],):
            msg = (
                f"{name} must hold a coef of shape {self._public_shape(shape)} and an intercept of shape "
                f"({shape[1]},), got {np.shape(init_params[0])} and {intercept.shape}."
            )
            raise ValueError(msg)
        return coef, intercept

    def _public_shape(self, shape):
        return shape[:1] if self._response_ndim == 1 else shape

    def _store(self, solution: Solution, y) -> None:
        self.solution_ = solution
        coef = solution.coef[:, 0] if self._response_ndim == 1 else solution.coef
        self.coef_ = coef if self._blocks is None else self._blocks.split(coef)
        self.intercept_ = solution.intercept
        self.silent_ = solution.result == Result.SILENT
        self.scale_ = solution.stats["dispersion"]
        self.n_features_in_ = solution.coef.shape[0]
        self._clock = clock_of(y)

    def _store_names(self, X, n_features: int) -> None:
        """Keep the names of the features, so that `predict` can tell others apart."""
        self.__dict__.pop("feature_names_in_", None)
        names = text_columns(X, n_features)
        if names is not None:
            self.feature_names_in_ = names

    def _store_scale(self, design, response: FloatArray, terms: RowTerms) -> None:
        """Measure the dispersion around the fitted means, if the model has one."""
        if self.observation_model.has_dispersion:
            mean = self._mean(design, terms.offset)
            dof = np.maximum(self.dof_resid_, 1.0)
            self.scale_ = np.asarray(self.observation_model.estimate_scale(response, mean, dof, terms.weight))

    def _tell(self, solution: Solution) -> None:
        """One warning for silent neurons, one for those without an optimum."""
        if self.silent_.any():
            names = ", ".join(map(str, self._names()[self.silent_][:10]))
            msg = (
                f"{int(self.silent_.sum())} neuron(s) have {self._silence()} in the rows used and were fitted as silent"
                f": {names}."
            )
            warnings.warn(msg, SilentNeuronWarning, stacklevel=3)
        if not solution.converged.all():
            warnings.warn(f"the fit did not converge. {solution.message}", NotConvergedWarning, stacklevel=3)
        if self.reml_ is not None and not self.reml_.converged.all():
            names = ", ".join(map(str, self._names()[~self.reml_.converged][:10]))
            msg = (
                f"the strengths of {int(np.sum(~self.reml_.converged))} neuron(s) were still moving after "
                f"{self.regularizer_strength.maxiter} turns: {names}. Pass regularizer_strength=REML(maxiter=...) with "
                "a larger number; model.reml_.gradient says how far they are."
            )
            warnings.warn(msg, NotConvergedWarning, stacklevel=3)

    def _silence(self) -> str:
        return "no spikes" if self.observation_model.silent_values == (0.0,) else "the same response"

    def _names(self):
        columns = None if self._clock is None else self._clock.columns
        return np.arange(len(self.intercept_)) if columns is None else np.asarray(columns)

    @property
    def dof_resid_(self) -> FloatArray | None:
        """Rows used (or the sum of their weights) minus parameters, shape (neuron,).

        Parameters are the intercept and the features: their rank without a penalty, those that are not zero under a
        lasso and its kin.
        """
        if self.solution_ is None:
            return None
        stats = self.solution_.stats
        return np.asarray(stats["weight_used"] - stats["n_parameters"], dtype=np.float64)

    def save_params(self, path) -> Path:
        """Write the model to an ``.npz`` archive, without pickle; `rheobase.load_model` reads it.

        Parameters
        ----------
        path : str or path
            Where to; the suffix ``.npz`` is added if it is missing. An older file is replaced when the new one is
            complete.

        Returns
        -------
        Path
            The file that was written.

        Raises
        ------
        ValueError
            If an option is neither a number, text nor an array.
        """
        return save_model(self, path)

    def inference(
        self, X, y, *, kind: str = "bayesian", feature_names=None, offset=None, exposure=None, sample_weight=None
    ):
        """Standard errors, intervals and tests of the fitted coefficients, at the data they were fitted to.

        Parameters
        ----------
        X, y, offset, exposure, sample_weight
            As they were given to `fit`.
        kind : {"bayesian", "sandwich"}
            Covariance of a penalised fit: with the penalty as a prior, whose intervals cover the truth, or of the
            estimate around its own (biased) mean. The same without a penalty. A coefficient at a bound is taken as
            known: it has no standard error (NaN), and those of the others are as if it were held there.
        feature_names : sequence of str, optional
            For the table; the columns of `X` by default.

        Returns
        -------
        Inference
            With ``standard_errors``, ``p_values``, ``confidence_interval()``, ``effective_dof``, ``aic``, ``bic``,
            ``covariance`` and ``summary()``.

        Raises
        ------
        NotFittedError
            If the model has no coefficients yet.
        ValueError
            If the penalty selects coefficients (lasso and its kin), or names do not fit.
        """
        self._parameters()
        design, response = self._check_data(X, y)
        terms = self._terms(X, response.shape, offset, exposure, sample_weight)
        names = self._feature_names(design if is_tree(X) else X, design.n_features, feature_names)
        return infer(self, design, response, terms, names, kind)

    def _feature_names(self, X, n_features: int, given) -> tuple[str, ...]:
        return names_of_features(X, n_features, given)
