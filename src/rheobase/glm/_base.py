"""The estimator shell: everything that models of one neuron and of many share.

scikit-learn's manners outside; inside, `check, solve, store`. Numbers come from `_fit.solve` and from the observation
model.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import links, observation_models
from .. import regularizer as regularizers
from .._errors import NotConvergedWarning, NotFittedError, SilentNeuronWarning
from .._types import FloatArray
from .._x64 import enable_x64
from ..observation_models._core import SCORE_TYPES, aggregate, unknown_score
from ..solvers._core import Result, Solution
from ..solvers.registry import check_options, get_solver
from ._estimator import AbstractEstimator
from ._fit import solve
from ._inputs import as_design, as_response, check_same_rows, clock_of

__all__ = ["AbstractGLM"]

_OLD_PARAMS = {
    "observation_model__inverse_link_function": "inverse_link_function",
    "regularizer__regularizer_strength": "regularizer_strength",
    "regularizer__solver_kwargs": "solver_kwargs",
    "regularizer__solver_name": "solver_name",
}
"""Parameters that once belonged to a part of the model."""


class AbstractGLM(AbstractEstimator):
    """What `GLM` and `PopulationGLM` share; see there for the parameters."""

    def __init__(
        self,
        observation_model="Poisson",
        inverse_link_function=None,
        regularizer=None,
        regularizer_strength=None,
        solver_name=None,
        solver_kwargs=None,
    ):
        self.observation_model = observation_model
        self.inverse_link_function = inverse_link_function
        self._strength = None
        self._solver_name = None
        self.regularizer = regularizer
        self.regularizer_strength = regularizer_strength
        self.solver_name = solver_name
        self.solver_kwargs = solver_kwargs
        self._forget()

    def _forget(self) -> None:
        self.coef_ = self.intercept_ = self.scale_ = self.solution_ = self.silent_ = None
        self._clock = None

    # --- constructor arguments, checked where they are set -------------------------------------------------------

    @property
    def observation_model(self):
        """Distribution of the response; set by name or instance."""
        return self._observation_model

    @observation_model.setter
    def observation_model(self, value):
        self._observation_model = observation_models.resolve(value)

    @property
    def inverse_link_function(self):
        """From linear predictor to mean; set by name, JAX function or instance, None for the model's default."""
        return self._inverse_link

    @inverse_link_function.setter
    def inverse_link_function(self, value):
        self._inverse_link = links.resolve(value, self._observation_model.default_inverse_link_function)

    @property
    def regularizer(self):
        """Penalty; set by name, instance or None. Setting it clears the strength."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value):
        self._regularizer = regularizers.resolve(value)
        self._strength = None

    @property
    def regularizer_strength(self):
        """Strength of the penalty; None for an unregularised model."""
        if self._strength is not None:
            return self._strength
        return self._regularizer.check_strength(getattr(self._regularizer, "regularizer_strength", None))

    @regularizer_strength.setter
    def regularizer_strength(self, value):
        self._strength = None if value is None else self._regularizer.check_strength(value)

    @property
    def solver_name(self) -> str:
        """Name of the solver, ``"auto"`` if it is chosen by size."""
        return self._solver_name or self._regularizer.solver_name or "auto"

    @solver_name.setter
    def solver_name(self, value):
        if value is not None:
            get_solver(value)
        self._solver_name = value

    @property
    def solver_kwargs(self) -> dict[str, Any]:
        """Options of the solver."""
        return self._solver_kwargs or self._regularizer.solver_kwargs or {}

    @solver_kwargs.setter
    def solver_kwargs(self, value):
        if value is not None and not isinstance(value, dict):
            msg = f"solver_kwargs must be a dict of options, got {type(value).__name__}."
            raise TypeError(msg)
        check_options(self.solver_name, value or {})
        self._solver_kwargs = value or {}

    def set_params(self, **params):
        """Set constructor arguments; a new regulariser brings its own default strength.

        Parameters
        ----------
        **params
            By name. Older spellings that went through the parts are read too: ``regularizer__regularizer_strength``,
            ``regularizer__solver_name``, ``regularizer__solver_kwargs``, ``observation_model__inverse_link_function``.

        Returns
        -------
        self
        """
        params = {_OLD_PARAMS.get(name, name): value for name, value in params.items()}
        # what is checked against another argument comes after it, whatever the order of the call
        first = {name: params.pop(name) for name in ("regularizer", "solver_name") if name in params}
        return super().set_params(**first, **params)

    def _given(self) -> dict[str, Any]:
        """Constructor arguments as the user set them: what was left to a default stays so."""
        params = self.get_params(deep=False)
        params["regularizer_strength"], params["solver_name"] = self._strength, self._solver_name
        return params

    # --- fit -----------------------------------------------------------------------------------------------------

    def fit(self, X, y, init_params=None):
        """Find the coefficients that make the response most likely under the penalty.

        Rows in which a feature is NaN or infinite are left out, and so is, for each neuron, a row in which its own
        response is.

        Parameters
        ----------
        X : array-like, time series or design
            Features, shape (time, feature).
        y : array-like or time series
            Response: counts per bin, shape (time,) for `GLM`, (time, neuron) for `PopulationGLM`.
        init_params : tuple of (coef, intercept), optional
            Where to start; the null model by default. The optimum does not depend on it.

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
        design, response = self._check_data(X, y)
        shape = (design.n_features, response.shape[1])
        solution = solve(
            design,
            response,
            self.observation_model,
            self.inverse_link_function,
            self.regularizer.curvature(self._strength_array(), shape),
            solver_name=self.solver_name,
            solver_kwargs=self.solver_kwargs,
            feature_mask=self._mask(shape),
            start=None if init_params is None else self._check_start(init_params, shape),
        )
        self._store(solution, y)
        self._tell(solution)
        return self

    def _check_data(self, X, y):
        design = as_design(X)
        response = as_response(y, self._response_ndim)
        check_same_rows(X, y, design.n_samples, len(response))
        known = np.isfinite(response)
        self.observation_model.check_response(np.where(known, response, np.nan))
        if not (known.any(axis=1) & design.row_mask[: design.n_samples]).any():
            msg = (
                f"every one of the {len(response)} rows has a NaN or infinite value in X or y, so nothing is left to "
                f"fit. "
                "Is a convolution window longer than the epochs?"
            )
            raise ValueError(msg)
        return design, response

    def _strength_array(self):
        strength = self.regularizer_strength
        return 0.0 if strength is None else strength

    def _mask(self, shape):
        return None

    def _check_start(self, init_params, shape, name="init_params") -> tuple[FloatArray, FloatArray]:
        try:
            coef, intercept = init_params
        except (TypeError, ValueError) as error:
            size = f" of length {len(init_params)}" if isinstance(init_params, tuple | list) else ""
            msg = f"{name} must be a pair (coef, intercept), got {type(init_params).__name__}{size}."
            raise ValueError(msg) from error
        coef, intercept = np.asarray(coef, dtype=np.float64), np.asarray(intercept, dtype=np.float64)
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
        single = self._response_ndim == 1
        self.solution_ = solution
        self.coef_ = solution.coef[:, 0] if single else solution.coef
        self.intercept_ = solution.intercept
        self.silent_ = solution.result == Result.SILENT
        self.scale_ = np.ones(1 if single else solution.coef.shape[1])
        self.n_features_in_ = solution.coef.shape[0]
        self._clock = clock_of(y)

    def _tell(self, solution: Solution) -> None:
        """One warning for silent neurons, one for those without an optimum."""
        if self.silent_.any():
            names = ", ".join(map(str, self._names()[self.silent_][:10]))
            msg = (
                f"{int(self.silent_.sum())} neuron(s) have no spikes in the rows used and were fitted as silent: "
                f"{names}."
            )
            warnings.warn(msg, SilentNeuronWarning, stacklevel=3)
        if not solution.converged.all():
            warnings.warn(f"the fit did not converge. {solution.message}", NotConvergedWarning, stacklevel=3)

    def _names(self):
        columns = None if self._clock is None else self._clock.columns
        return np.arange(len(self.intercept_)) if columns is None else np.asarray(columns)

    @property
    def dof_resid_(self) -> FloatArray | None:
        """Rows used minus parameters (rank for an unregularised fit, features otherwise, and the intercept), shape
        (neuron,).
        """
        if self.solution_ is None:
            return None
        rows, stats = self.solution_.stats["n_rows_used"], self.solution_.stats
        return np.asarray(rows - stats["n_parameters"], dtype=np.float64)

    # --- after a fit ---------------------------------------------------------------------------------------------

    def _parameters(self) -> tuple[FloatArray, FloatArray]:
        if self.coef_ is None or self.intercept_ is None:
            msg = f"this {type(self).__name__} is not fitted: call fit(X, y) first, or set coef_ and intercept_."
            raise NotFittedError(msg)
        coef = np.asarray(self.coef_, dtype=np.float64)
        coef = coef[:, None] if self._response_ndim == 1 else coef
        return coef, np.atleast_1d(np.asarray(self.intercept_, dtype=np.float64))

    def _mean(self, design) -> FloatArray:
        """Mean response, shape (n_samples, neuron); NaN on masked rows."""
        coef, intercept = self._parameters()
        if coef.shape[0] != design.n_features:
            msg = f"X has {design.n_features} features, but the model was fitted with {coef.shape[0]}."
            raise ValueError(msg)
        n, kept = design.n_samples, self._mask(coef.shape)
        eta = design.matvec(coef if kept is None else coef * kept)[:n] + intercept
        with enable_x64():
            mean = np.asarray(self.inverse_link_function(eta), dtype=np.float64)
        mask = design.row_mask[:n]
        if not mask.all():
            mean[~mask] = np.nan
        return mean

    def predict(self, X):
        """Mean response at each row.

        Parameters
        ----------
        X : array-like, time series or design
            Features, shape (time, feature).

        Returns
        -------
        array, Tsd or TsdFrame
            Expected counts per bin (divide by the bin size for Hz), shape (time,) or (time, neuron), float64; a series
            if `X` is one, with the columns and metadata of the `y` that was fitted. NaN where a feature is.

        Raises
        ------
        NotFittedError
            If the model has no coefficients yet.
        ValueError
            If `X` has another number of features.
        """
        mean = self._mean(as_design(X))
        mean = mean[:, 0] if self._response_ndim == 1 else mean
        clock = clock_of(X)
        return mean if clock is None else clock.wrap(mean, self._clock)

    def score(
        self,
        X,
        y,
        score_type: str = "log-likelihood",
        aggregate_sample_scores: Callable[[Any], Any] = np.mean,
    ):
        """Judge the predictions of `X` against `y`; rows with NaN in either are left out.

        Parameters
        ----------
        X, y
            As in `fit`.
        score_type : {"log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen"}
            Log-likelihood in nats with all its constants, or one minus the ratio of log-likelihoods (McFadden) or
            deviances (Cohen) to those of the null model, which is the mean of the `y` given here.
        aggregate_sample_scores : callable
            From the scores of samples, shape (time,) or (time, neuron), to the result. The default averages over both;
            ``lambda s: s.mean(axis=0)`` gives one score a neuron, ``np.sum`` the total.

        Returns
        -------
        float or array
            What `aggregate_sample_scores` makes of it.

        Raises
        ------
        NotImplementedError
            For another `score_type`.
        """
        if score_type not in SCORE_TYPES:
            raise NotImplementedError(unknown_score(score_type))
        self._parameters()
        design, response = self._check_data(X, y)
        mean = self._mean(design)
        rows = np.isfinite(mean).all(axis=1) & np.isfinite(response).all(axis=1)
        response, mean = response[rows], mean[rows]
        if self._response_ndim == 1:
            response, mean = response[:, 0], mean[:, 0]
        model = self.observation_model
        if score_type == "log-likelihood":
            return aggregate(model.log_likelihood_per_sample(response, mean, self.scale_), aggregate_sample_scores)
        return model.pseudo_r2(response, mean, score_type, self.scale_, aggregate_sample_scores)

    def simulate(self, random_key, feedforward_input):
        """Draw responses from the fitted model.

        Parameters
        ----------
        random_key : jax.Array or int
            JAX random key, or a seed.
        feedforward_input
            Features, as `X` in `predict`.

        Returns
        -------
        counts, rate
            A draw and its mean, shape (time,) or (time, neuron); series if the input is one. Where a feature is NaN,
            the rate is NaN and the draw is -1 for arrays of integers.
        """
        import jax

        rate = self.predict(feedforward_input)
        clock = clock_of(feedforward_input)
        mean = np.asarray(rate if clock is None else rate.values)
        if not isinstance(random_key, int | np.integer | jax.Array | np.ndarray):
            msg = f"random_key must be a seed (int) or a JAX random key, got {type(random_key).__name__}."
            raise TypeError(msg)
        key = jax.random.key(int(random_key)) if isinstance(random_key, int | np.integer) else random_key
        with enable_x64():
            drawn = np.asarray(self.observation_model.sample_generator(key, mean, self.scale_))
        return (drawn, rate) if clock is None else (clock.wrap(drawn, self._clock), rate)

    def compute_loss(self, params, X, y) -> float:
        """Loss without penalty at `params` = (coef, intercept): sum over neurons of the mean over rows, constants left
        out.

        Parameters
        ----------
        params
            Pair (coef, intercept) of the shapes of `coef_` and `intercept_`.
        X, y
            As in `fit`.
        """
        from ._problem import RowLoss

        design, response = self._check_data(X, y)
        coef, intercept = self._check_start(params, (design.n_features, response.shape[1]), "params")
        rows = design.row_mask[: design.n_samples] & np.isfinite(response).all(axis=1)
        eta = (design.matvec(coef)[: design.n_samples] + intercept)[rows]
        with enable_x64():
            loss = RowLoss(self.observation_model, self.inverse_link_function)(response[rows], eta)
        return float(np.asarray(loss).mean(axis=0).sum())

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        given = {
            "observation_model": self.observation_model,
            "inverse_link_function": self.inverse_link_function.name,
            "regularizer": self.regularizer,
            "regularizer_strength": self.regularizer_strength,
            "solver_name": self.solver_name,
            "solver_kwargs": self.solver_kwargs,
        }
        shown = {key: value for key, value in given.items() if value is not None and not _is_empty(value)}
        body = ",\n".join(f"    {key}={_short(value)}" for key, value in shown.items())
        return f"{type(self).__name__}(\n{body},\n)"


def _is_empty(value: Any) -> bool:
    return isinstance(value, dict) and not value


def _short(value: Any) -> str:
    return f"<array of shape {value.shape}>" if isinstance(value, np.ndarray) else repr(value)
