"""The shell of classifiers: fits, probabilities, scores, draws; numbers come from `_classify.solve_classes`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import NotConvergedWarning, SilentNeuronWarning
from .._types import BoolArray, FloatArray, IntArray
from .._x64 import enable_x64
from ..containers import TsdTensor
from ..observation_models._core import EPS, SCORE_TYPES, aggregate, unknown_score
from ..solvers.registry import check_options, get_solver
from ._class_inference import ClassInference, infer_classes
from ._class_search import search_classes
from ._classifier_arguments import AbstractClassifierArguments
from ._classify import solve_classes
from ._cv import CV
from ._estimator import not_fitted
from ._inputs import Clock, as_design, check_same_rows, clock_of, names_of_features
from ._labels import decode, encode, read_labels
from ._prediction import check_n_features
from ._rows import read_rows
from ._trees import check_blocks, is_tree, joined
from .saving import save_model

__all__ = ["AbstractClassifier"]


class AbstractClassifier(AbstractClassifierArguments):
    """What `ClassifierGLM` and `ClassifierPopulationGLM` share; see there for the parameters."""

    def fit(self, X, y, init_params=None, *, sample_weight=None):
        """Find the coefficients that make the labels most likely under the penalty.

        Rows in which a feature is NaN or infinite are left out, and so is, for each neuron, a row without a label (NaN
        or None).

        Parameters
        ----------
        X : array-like, time series or design
            Features, shape (time, feature).
        y : array-like or time series
            Labels of any type that sorts, shape (time,) for `ClassifierGLM`, (time, neuron) for
            `ClassifierPopulationGLM`; `n_classes` different ones.
        init_params : tuple of (coef, intercept), optional
            Where to start; the frequencies of the classes by default. The optimum does not depend on it.
        sample_weight : array-like or time series, optional
            How much each row counts, >= 0, shape (time,) or (time, neuron); a weight of 2 is the row given twice. Only
            ratios matter to the fit.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If shapes do not fit, times differ, no row is valid, or `y` does not hold `n_classes` labels.
        TypeError
            If `X` is not numeric, or labels do not sort.
        """
        check_options(self.solver_name, self.solver_kwargs)
        self._check_solver()
        labels = read_labels(y, self._response_ndim)
        self.set_classes(labels)
        design, index = self._check_data(X, y)
        shape = (design.n_features, index.shape[1], self.n_classes)
        weight = read_rows(X, *index.shape, sample_weight=sample_weight).weight
        strength, factor, self.cv_ = self.regularizer_strength, None, None
        if isinstance(strength, CV):
            self.cv_ = search_classes(self, X, design, index, weight, strength)
            strength, factor = 1.0, self.cv_.best_strength
        solution = solve_classes(
            design,
            index,
            self.n_classes,
            self.regularizer,
            strength,
            strength_factor=factor,
            feature_mask=self._mask(shape),
            start=None if init_params is None else self._check_start(init_params, shape),
            sample_weight=weight,
            **self._newton_options(),
        )
        self.strength_ = strength if factor is None else factor
        self._store(solution, y)
        self._tell(solution)
        return self

    def _newton_options(self) -> dict[str, Any]:
        """Options of the exact steps; those of other solvers mean something else and are not used."""
        if get_solver(self.solver_name).algo_name not in ("auto", "Newton"):
            return {}
        return {key: value for key, value in self.solver_kwargs.items() if value is not None}

    def _check_data(self, X, y) -> tuple[Any, IntArray]:
        """The design, and the class of each row, shape (time, neuron), -1 where there is none."""
        design, labels = as_design(X), read_labels(y, self._response_ndim)
        self._blocks = design.named_blocks
        check_same_rows(X, y, design.n_samples, len(labels))
        index = encode(labels, self._classes("score"))
        index = index[:, None] if index.ndim == 1 else index
        if not ((index >= 0).any(axis=1) & design.row_mask[: design.n_samples]).any():
            msg = (
                f"every one of the {len(index)} rows has a NaN or infinite feature or no label, so nothing is left to "
                "use. Is a convolution window longer than the epochs?"
            )
            raise ValueError(msg)
        return design, index

    def _mask(self, shape) -> BoolArray | None:
        return None

    def _check_start(self, init_params, shape, name="init_params") -> tuple[FloatArray, FloatArray]:
        """A pair (coef, intercept), shapes (feature, neuron, class) and (neuron, class)."""
        if not isinstance(init_params, tuple | list) or len(init_params) != 2:
            msg = f"{name} must be a pair (coef, intercept), got {type(init_params).__name__}."
            raise ValueError(msg)
        coef, intercept = joined(init_params[0]), np.asarray(init_params[1], dtype=np.float64)
        wanted = shape if self._response_ndim == 2 else (shape[0], shape[2])
        if coef.shape != wanted or intercept.shape != wanted[1:]:
            msg = (
                f"{name} must hold a coef of shape {wanted} and an intercept of shape {wanted[1:]}, got {coef.shape} "
                f"and {intercept.shape}."
            )
            raise ValueError(msg)
        return coef.reshape(shape), intercept.reshape(shape[1:])

    def _store(self, solution, y) -> None:
        one = self._response_ndim == 1
        self.solution_ = solution
        coef = solution.coef[:, 0] if one else solution.coef
        self.coef_ = coef if self._blocks is None else self._blocks.split(coef)
        self.intercept_ = solution.intercept[0] if one else solution.intercept
        self.silent_ = solution.stats["absent"].any(axis=1)
        self.scale_ = solution.stats["dispersion"]
        self.n_features_in_ = solution.coef.shape[0]
        self._clock = clock_of(y)

    def _tell(self, solution) -> None:
        """One warning for classes that a neuron never showed, one for neurons without an optimum."""
        absent = solution.stats["absent"]
        if absent.any():
            neurons, classes = np.nonzero(absent)
            some = [f"{self.classes_[k]} of neuron {n}" for n, k in zip(neurons[:10].tolist(), classes[:10].tolist())]
            msg = (
                f"{len(neurons)} class(es) have no row among those used and were given the smallest probability: "
                f"{', '.join(some)}."
            )
            warnings.warn(msg, SilentNeuronWarning, stacklevel=3)
        if not solution.converged.all():
            warnings.warn(f"the fit did not converge. {solution.message}", NotConvergedWarning, stacklevel=3)

    @property
    def dof_resid_(self) -> FloatArray | None:
        """Rows used (or the sum of their weights) minus parameters, shape (neuron,); one class is the reference."""
        if self.solution_ is None:
            return None
        stats = self.solution_.stats
        return np.asarray(stats["weight_used"] - stats["n_parameters"], dtype=np.float64)

    # --- what a fitted model answers ----------------------------------------------------------------------------

    def _log_proba(self, design) -> FloatArray:
        """Log-probabilities, shape (time, neuron, class); NaN on masked rows."""
        if self.coef_ is None or self.intercept_ is None:
            msg = f"this {type(self).__name__} is not fitted: call fit(X, y) first, or set coef_ and intercept_."
            raise not_fitted(msg)
        coef = joined(self.coef_)
        check_blocks(self.coef_, design)
        check_n_features(design, coef, type(self).__name__)
        kept, n = self._mask(coef.shape), design.n_samples
        flat = (coef if kept is None else coef * kept).reshape(coef.shape[0], -1)
        eta = np.asarray(design.matvec(flat))[:n].reshape(n, -1, self.n_classes)
        log = self.inverse_link_function(eta + np.asarray(self.intercept_, dtype=np.float64))
        log[~design.row_mask[:n]] = np.nan
        return log

    def predict(self, X):
        """The likeliest class of each row.

        Parameters
        ----------
        X : array-like, time series or design
            Features, shape (time, feature).

        Returns
        -------
        array, Tsd or TsdFrame
            Labels, shape (time,) or (time, neuron); a series if `X` is one and labels are numbers. Where a feature is
            NaN, NaN for numbers and None for other labels.

        Raises
        ------
        RuntimeError
            If the labels of the classes are not known.
        NotFittedError
            If the model has no coefficients yet.
        """
        classes = self._classes("predict")
        log = self._log_proba(as_design(X))
        known = ~np.isnan(log[..., 0])
        return self._labelled(np.where(known, log.argmax(axis=-1), -1), classes, X)

    def _labelled(self, index: IntArray, classes: np.ndarray, X):
        labels = decode(index[:, 0] if self._response_ndim == 1 else index, classes)
        clock = clock_of(X)
        return labels if clock is None or classes.dtype.kind not in "biuf" else clock.wrap(labels, self._clock)

    def predict_proba(self, X, return_type: str = "log-proba"):
        """Probability of each class.

        Parameters
        ----------
        X : array-like, time series or design
            Features, shape (time, feature).
        return_type : {"log-proba", "proba"}
            Logarithms of the probabilities (which never underflow), or the probabilities.

        Returns
        -------
        array, TsdFrame or TsdTensor
            Shape (time, class) or (time, neuron, class), in the order of `classes_`; a series if `X` is one, with the
            labels as its columns.

        Raises
        ------
        ValueError
            For another `return_type`.
        """
        if return_type not in ("log-proba", "proba"):
            msg = f"return_type must be 'log-proba' or 'proba', got {return_type!r}."
            raise ValueError(msg)
        classes = self._classes("predict_proba")
        log = self._log_proba(as_design(X))
        values = log if return_type == "log-proba" else np.exp(log)
        clock = clock_of(X)
        if self._response_ndim == 2:
            return values if clock is None else TsdTensor._trusted(clock.t, values, clock.time_support)
        values = values[:, 0]
        return values if clock is None else clock.wrap(values, Clock(clock.t, clock.time_support, classes))

    def score(
        self,
        X,
        y,
        score_type: str = "log-likelihood",
        aggregate_sample_scores: Callable[[Any], Any] = np.mean,
        *,
        sample_weight=None,
    ):
        """Judge the probabilities that `X` gives to the labels `y`; rows with NaN in either are left out.

        Parameters
        ----------
        X, y
            As in `fit`.
        score_type : {"log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen"}
            Log-probability of the label in nats, or one minus its ratio (McFadden), or that of deviances (Cohen), to
            that of the null model, which is the frequencies of the labels given here.
        aggregate_sample_scores : callable
            From the scores of samples, shape (time,) or (time, neuron), to the result.
        sample_weight
            As in `fit`. Weights are scaled to a mean of one.

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
        design, index = self._check_data(X, y)
        log = self._log_proba(design)
        weight = read_rows(X, *index.shape, sample_weight=sample_weight).weight
        rows = (index >= 0).all(axis=1) & design.row_mask[: design.n_samples]
        rows &= True if weight is None else (weight > 0).any(axis=1)
        weight = np.ones((1, 1)) if weight is None else weight[rows] / weight[rows].mean(axis=0)
        index, log = index[rows], log[rows]
        null = np.stack([np.sum(weight * (index == k), axis=0) for k in range(self.n_classes)], axis=-1)
        null = np.log(np.maximum(null / len(index), EPS))

        def total(found):
            scores = weight * np.take_along_axis(found, index[..., None], axis=-1)[..., 0]
            return aggregate(scores[:, 0] if self._response_ndim == 1 else scores, aggregate_sample_scores)

        if score_type == "log-likelihood":
            return total(log)
        sign = -2.0 if score_type == "pseudo-r2-Cohen" else 1.0  # deviances, so that any aggregation sees them
        return 1.0 - total(sign * log) / total(sign * np.broadcast_to(null, log.shape))

    def simulate(self, random_key, feedforward_input):
        """Draw labels from the fitted model.

        Parameters
        ----------
        random_key : jax.Array or int
            JAX random key, or a seed.
        feedforward_input
            Features, as `X` in `predict`.

        Returns
        -------
        labels, log_proba
            As `predict` and `predict_proba` give them.
        """
        import jax

        classes = self._classes("simulate")
        if not isinstance(random_key, int | np.integer | jax.Array | np.ndarray):
            msg = f"random_key must be a seed (int) or a JAX random key, got {type(random_key).__name__}."
            raise TypeError(msg)
        key = jax.random.key(int(random_key)) if isinstance(random_key, int | np.integer) else random_key
        log = self._log_proba(as_design(feedforward_input))
        one = self._response_ndim == 1
        with enable_x64():
            drawn = np.asarray(jax.random.categorical(key, log[:, 0] if one else log, axis=-1))
        drawn = np.where(np.isnan(log[..., 0]), -1, drawn[:, None] if one else drawn)
        return self._labelled(drawn, classes, feedforward_input), self.predict_proba(feedforward_input)

    def compute_loss(self, params, X, y) -> float:
        """Loss without penalty at `params` = (coef, intercept): sum over neurons of the mean over rows.

        Parameters
        ----------
        params
            Pair (coef, intercept) of the shapes of `coef_` and `intercept_`.
        X, y
            As in `fit`.
        """
        self._classes("compute_loss")
        design, index = self._check_data(X, y)
        shape = (design.n_features, index.shape[1], self.n_classes)
        coef, intercept = self._check_start(params, shape, "params")
        rows = design.row_mask[: design.n_samples] & (index >= 0).all(axis=1)
        eta = np.asarray(design.matvec(coef.reshape(shape[0], -1)))[: design.n_samples][rows]
        log = self.inverse_link_function(eta.reshape(-1, *shape[1:]) + intercept)
        return float(-np.take_along_axis(log, index[rows][..., None], axis=-1)[..., 0].mean(axis=0).sum())

    def inference(self, X, y, *, kind: str = "bayesian", feature_names=None, sample_weight=None) -> ClassInference:
        """Standard errors, intervals and tests of the fitted coefficients, at the data they were fitted to.

        Parameters
        ----------
        X, y, sample_weight
            As they were given to `fit`.
        kind : {"bayesian", "sandwich"}
            Covariance of a penalised fit: with the penalty as a prior, whose intervals cover the truth, or of the
            estimate around its own (biased) mean. The same without a penalty.
        feature_names : sequence of str, optional
            For the table; the columns of `X` by default.

        Returns
        -------
        ClassInference
            As `GLM.inference` gives, of coefficients that sum to zero over classes; ``relative_to(label)`` is the table
            of differences from one class.

        Raises
        ------
        NotFittedError
            If the model has no coefficients yet.
        ValueError
            If `kind` is neither, or names do not fit.
        """
        if self.coef_ is None or self.intercept_ is None:
            msg = f"this {type(self).__name__} is not fitted: call fit(X, y) first."
            raise not_fitted(msg)
        self._classes("inference")
        design, index = self._check_data(X, y)
        weight = read_rows(X, *index.shape, sample_weight=sample_weight).weight
        names = names_of_features(design if is_tree(X) else X, design.n_features, feature_names)
        columns = getattr(y, "columns", None) if self._response_ndim == 2 else None
        neurons = tuple(range(index.shape[1]) if columns is None else columns)
        return infer_classes(self, design, index, weight, names, neurons, kind)

    def save_params(self, path) -> Path:
        """Write the model to an ``.npz`` archive, without pickle; `rheobase.load_model` reads it.

        Parameters
        ----------
        path : str or path
            Where to; the suffix ``.npz`` is added if it is missing.

        Returns
        -------
        Path
            The file that was written.
        """
        return save_model(self, path)
