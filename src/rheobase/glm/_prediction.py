"""What a fitted GLM answers: means, scores, draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._types import FloatArray
from .._x64 import enable_x64
from ..design import AbstractDesign, Dense
from ..design._blockwise import AbstractBlockwise
from ..observation_models._core import SCORE_TYPES, aggregate, unknown_score
from ..regularizer import Ridge
from ._arguments import AbstractArguments
from ._by_blocks import BlockMean, Summed, mean_by_blocks, sums_by_blocks, total_of
from ._estimator import not_fitted
from ._fit import solve
from ._inputs import as_design, check_columns, clock_of
from ._trees import check_blocks, joined

__all__ = ["AbstractPredictor"]


class AbstractPredictor(AbstractArguments):
    """Predictions and their scores; `AbstractGLM` adds the fit."""

    def _parameters(self) -> tuple[FloatArray, FloatArray]:
        if self.coef_ is None or self.intercept_ is None:
            msg = f"this {type(self).__name__} is not fitted: call fit(X, y) first, or set coef_ and intercept_."
            raise not_fitted(msg)
        coef = joined(self.coef_)
        coef = coef[:, None] if self._response_ndim == 1 else coef
        return coef, np.atleast_1d(np.asarray(self.intercept_, dtype=np.float64))

    def _mean(self, design, offset: FloatArray | None = None) -> FloatArray:
        """Mean response, shape (n_samples, neuron); NaN on masked rows."""
        coef, intercept = self._parameters()
        check_blocks(self.coef_, design)
        check_n_features(design, coef, type(self).__name__)
        n, kept = design.n_samples, self._mask(coef.shape)
        coef = coef if kept is None else coef * kept
        if isinstance(design, AbstractBlockwise):
            return mean_by_blocks(design, BlockMean(coef, intercept, offset, self.inverse_link_function))
        eta = design.matvec(coef)[:n] + intercept
        eta = eta if offset is None else eta + offset
        with enable_x64():
            mean = np.asarray(self.inverse_link_function(eta), dtype=np.float64)
        mask = design.row_mask[:n]
        if not mask.all():
            mean[~mask] = np.nan
        return mean

    def predict(self, X, *, offset=None, exposure=None, bin_size: float | None = None):
        """Mean response at each row.

        Parameters
        ----------
        X : array-like, time series or design
            Features, shape (time, feature).
        offset, exposure
            As in `fit`.
        bin_size
            Width of the bins, s; if given, means are divided by it, so that counts become rates in Hz.

        Returns
        -------
        array, Tsd or TsdFrame
            Expected counts per bin, or rates in Hz if a `bin_size` is given; shape (time,) or (time, neuron), float64;
            a series if `X` is one, with the columns and metadata of the `y` that was fitted. NaN where a feature is.

        Raises
        ------
        NotFittedError
            If the model has no coefficients yet.
        ValueError
            If `X` has another number of features.
        """
        self._parameters()
        design = as_design(X)
        check_columns(X, design.n_features, getattr(self, "feature_names_in_", None))
        terms = self._terms(X, (design.n_samples, len(self._parameters()[1])), offset, exposure, None)
        mean = self._mean(design, terms.offset)
        if bin_size is not None:
            mean /= _seconds(bin_size)
        mean = mean[:, 0] if self._response_ndim == 1 else mean
        clock = clock_of(X)
        return mean if clock is None else clock.wrap(mean, self._clock)

    def score(
        self,
        X,
        y,
        score_type: str = "log-likelihood",
        aggregate_sample_scores: Callable[[Any], Any] = np.mean,
        *,
        offset=None,
        exposure=None,
        sample_weight=None,
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
        offset, exposure, sample_weight
            As in `fit`. Weights are scaled to a mean of one. With an offset, the null model is the offset and the
            intercept that suits `y` best.

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
        kind = total_of(aggregate_sample_scores)
        design, response = self._check_data(X, y, keep_counts=kind is not None)
        check_columns(X, design.n_features, getattr(self, "feature_names_in_", None))
        terms = self._terms(X, response.shape, offset, exposure, sample_weight)
        plain_null = terms.offset is None or score_type == "log-likelihood"
        if kind is not None and plain_null and isinstance(design, AbstractBlockwise):
            return self._score_by_blocks(design, response, terms, score_type, kind)
        response = response.astype(np.float64, copy=False)
        mean = self._mean(design, terms.offset)
        rows = np.isfinite(mean).all(axis=1) & np.isfinite(response).all(axis=1)
        weight = None
        if terms.weight is not None:
            rows &= (terms.weight > 0).any(axis=1)
            weight = terms.weight[rows] / terms.weight[rows].mean(axis=0)
        response, mean = response[rows], mean[rows]
        null = self._null_mean(response, None if terms.offset is None else terms.offset[rows], weight)

        def total(scores):
            scores = scores if weight is None else scores * weight
            return aggregate(scores[:, 0] if self._response_ndim == 1 else scores, aggregate_sample_scores)

        model, scale = self.observation_model, self.scale_
        if score_type == "pseudo-r2-Cohen":
            return 1.0 - total(model.deviance(response, mean)) / total(model.deviance(response, null))
        found = total(model.log_likelihood_per_sample(response, mean, scale))
        if score_type == "log-likelihood":
            return found
        return 1.0 - found / total(model.log_likelihood_per_sample(response, null, scale))

    def _score_by_blocks(self, design, response, terms, score_type: str, kind: str) -> float:
        """The same from sums over blocks of rows, so that nothing of shape (row, neuron) is made."""
        model, scale = self.observation_model, self.scale_
        coef, intercept = self._parameters()
        check_n_features(design, coef, type(self).__name__)
        kept = self._mask(coef.shape)
        mean = BlockMean(coef if kept is None else coef * kept, intercept, terms.offset, self.inverse_link_function)
        score = model.deviance if score_type == "pseudo-r2-Cohen" else model.log_likelihood_per_sample
        sums = sums_by_blocks(design, Summed(response, terms.weight), mean, lambda y, mean: score(y, mean, scale))
        found, null = (part.result(kind) for part in sums)
        return found if score_type == "log-likelihood" else 1.0 - found / null

    def _null_mean(self, response: FloatArray, offset: FloatArray | None, weight: FloatArray | None) -> FloatArray:
        """Mean of the best model without features, shape (row, neuron)."""
        if offset is None:
            return np.broadcast_to(np.average(response, axis=0, weights=_like(weight, response)), response.shape)
        model, link = self.observation_model, self.inverse_link_function
        nothing = Dense(np.zeros((len(response), 1)))
        null = solve(
            nothing, response, model, link, Ridge(), 1.0, offset=offset, sample_weight=weight, scale=self.scale_
        )
        with enable_x64():
            return np.asarray(link(null.intercept + offset), dtype=np.float64)

    def simulate(self, random_key, feedforward_input, *, offset=None, exposure=None):
        """Draw responses from the fitted model.

        Parameters
        ----------
        random_key : jax.Array or int
            JAX random key, or a seed.
        feedforward_input
            Features, as `X` in `predict`.
        offset, exposure
            As in `fit`.

        Returns
        -------
        counts, rate
            A draw and its mean, shape (time,) or (time, neuron); series if the input is one. Where a feature is NaN,
            the rate is NaN and the draw is -1 for arrays of integers.
        """
        import jax

        rate = self.predict(feedforward_input, offset=offset, exposure=exposure)
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
        from ._row_problem import RowLoss

        design, response = self._check_data(X, y)
        coef, intercept = self._check_start(params, (design.n_features, response.shape[1]), "params")
        rows = design.row_mask[: design.n_samples] & np.isfinite(response).all(axis=1)
        eta = (design.matvec(coef)[: design.n_samples] + intercept)[rows]
        with enable_x64():
            loss = RowLoss(self.observation_model, self.inverse_link_function)(response[rows], eta)
        return float(np.asarray(loss).mean(axis=0).sum())


def check_n_features(design: AbstractDesign, coef: FloatArray, model: str) -> None:
    """Raise a ValueError if the design has another number of features than the model."""
    if coef.shape[0] != design.n_features:
        msg = (
            f"X has {design.n_features} features, but {model} is expecting {coef.shape[0]} features as input, "
            "those of fit. Make X in the same way: same bases, same inputs, same order."
        )
        raise ValueError(msg)


def _like(weight: FloatArray | None, rows: FloatArray) -> FloatArray | None:
    return None if weight is None else np.broadcast_to(weight, rows.shape)


def _seconds(bin_size: Any) -> float:
    """A bin size, s; a ValueError if it is none."""
    try:
        size = float(bin_size)
    except (TypeError, ValueError) as error:
        msg = f"bin_size must be a number of seconds, got {bin_size!r}."
        raise TypeError(msg) from error
    if not (np.isfinite(size) and size > 0):
        msg = f"bin_size must be finite and > 0 (seconds), got {bin_size!r}."
        raise ValueError(msg)
    return size
