"""Fits in pieces: batches of a stream (`partial_fit`), and the solver step by step (`update`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..solvers._core import Solution
from ..solvers.registry import get_solver
from ._cv import CV
from ._first_order import FIRST_ORDER, FirstOrderState, batch_problem, begin, first_order_step
from ._penalty import penalty_of
from ._reml import REML
from ._rules import Rules
from ._stream import Stream
from ._trees import check_blocks

if TYPE_CHECKING:
    from ._base import AbstractGLM

__all__ = ["Stepwise"]


class Stepwise:
    """What a GLM does with rows that come in batches."""

    _stream: Stream | None = None
    solver_state_: Any = None
    """State after the last `update`."""

    def partial_fit(
        self: AbstractGLM, X, y, *, offset=None, exposure=None, sample_weight=None, half_life: float | None = None
    ):
        """Learn from a batch of rows; call it again with the next batch.

        Rows are not kept. What they said stays as one parabola a neuron (the curvature of its loss), so that memory
        does not grow, and one pass is enough: for Gaussian responses with the identity link the result is that of `fit`
        on all rows, for others it differs from it by a part of a standard error, the smaller the more spikes a batch
        holds (0.05 in the mean at a hundred a batch). Each further pass over the same rows brings it closer to `fit`.
        Penalties, masks, weights and offsets act as they do there; `solver_name` does not.

        Parameters
        ----------
        X, y, offset, exposure, sample_weight
            As in `fit`. A weight of 2 counts as two rows.
        half_life
            Number of rows after which a row counts half, for neurons that drift: the estimate then follows the last few
            half-lives. By default no row is forgotten.

        Returns
        -------
        self
            `solution_.result` is ``COLLINEAR`` as long as the rows do not determine the coefficients.

        Raises
        ------
        ValueError
            As `fit`; if the model was fitted by `fit`, which keeps no curvature; if the number of features or neurons
            changes between batches, or the strength is to be searched for.

        References
        ----------
        Ljung & Söderström (1983), *Theory and Practice of Recursive Identification*, section 3.

        Examples
        --------
        >>> import numpy as np
        >>> import rheobase
        >>> rng = np.random.default_rng(0)
        >>> model = rheobase.glm.GLM()
        >>> for _ in range(10):  # rows may come from a file, or from a running experiment
        ...     X = rng.normal(size=(500, 2))
        ...     model = model.partial_fit(X, rng.poisson(np.exp(X @ [0.5, -0.3] - 1.0)))
        >>> model.coef_.round(1), model.solution_.stats["n_rows_used"]
        (array([ 0.5, -0.3]), array([5000]))
        """
        design, response = self._check_data(X, y)
        if self.coef_ is not None:
            check_blocks(self.coef_, design)
        terms = self._terms(X, response.shape, offset, exposure, sample_weight)
        shape = (design.n_features, response.shape[1])
        stream, rules = self._running_stream(*shape), self._rules(*shape)
        self._publish(stream, stream.absorb(design, response, terms, rules, _half_life(half_life)), y)
        return self

    # --- the solver step by step ---------------------------------------------------------------------------------

    def initialize_params(self: AbstractGLM, X, y, init_params=None):
        """Parameters to begin with: coefficients of zero and the intercepts of the null model.

        Parameters
        ----------
        X, y
            As in `fit`.
        init_params
            Pair (coef, intercept); if given it is checked and returned.

        Returns
        -------
        coef, intercept
            Of the shapes of `coef_` and `intercept_`.
        """
        design, response = self._check_data(X, y)
        shape = (design.n_features, response.shape[1])
        if init_params is not None:
            return self._public(*self._check_start(init_params, shape))
        with np.errstate(invalid="ignore"):
            mean = np.nanmean(np.where(np.isfinite(response), response, np.nan), axis=0)
        link = self.inverse_link_function
        return self._public(np.zeros(shape), link.link(link.inside(mean)))

    def initialize_solver_and_state(self: AbstractGLM, X, y, init_params=None):
        """State of the solver before its first `update`.

        Parameters
        ----------
        X, y
            Rows to begin with, all of them or some: features and response as in `fit`. Step sizes are chosen by them,
            and SVRG takes its full gradient there; otherwise they do not count until they are given to `update`.
        init_params
            Pair (coef, intercept) to begin with.

        Returns
        -------
        state
            To be given to `update`.
        """
        self._check_solver()
        design, response = self._check_data(X, y)
        shape = (design.n_features, response.shape[1])
        start = self._check_start(self.initialize_params(X, y) if init_params is None else init_params, shape)
        self._stream = None
        if self.solver_name not in FIRST_ORDER:
            self.solver_state_ = Stream(*shape)
        else:
            rules, defaults = self._rules(*shape), get_solver(self.solver_name).options
            problem = batch_problem(design, response, self._terms(X, response.shape, None, None, None), rules)
            self.solver_state_ = begin(self.solver_name, self.solver_kwargs, defaults, problem, rules.penalty, start)
        return self.solver_state_

    def initialize_optimizer_and_state(self: AbstractGLM, init_params, X, y):
        """The same as `initialize_solver_and_state`, its arguments in another order."""
        return self.initialize_solver_and_state(X, y, init_params)

    def initialize_state(self: AbstractGLM, X, y, init_params=None):
        """The same as `initialize_solver_and_state`, by an older name."""
        return self.initialize_solver_and_state(X, y, init_params)

    def initialize_solver(self: AbstractGLM, X, y, init_params=None):
        """Parameters and state to begin with, by a still older name."""
        params = self.initialize_params(X, y, init_params)
        return params, self.initialize_solver_and_state(X, y, params)

    def update(self: AbstractGLM, params, opt_state, X, y, n_samples: int | None = None):
        """One step of the solver on a batch of rows.

        What a step is depends on `solver_name`. ``"GradientDescent"``, ``"ProximalGradient[jaxopt]"``, ``"SVRG"``,
        ``"ProxSVRG"`` and ``"Adam"`` go one step down the gradient of the batch, with the `stepsize` given among
        `solver_kwargs` (in the units of the features) or one chosen from the curvature of the rows at the
        initialisation. All other solvers look at all rows at once and have no such step; for them, and by default, an
        update is that of `partial_fit`: a recursive Newton step, which remembers the curvature of the batches before.

        Parameters
        ----------
        params
            Pair (coef, intercept) to step from.
        opt_state
            State that `initialize_solver_and_state` or the last `update` returned; it is changed.
        X, y
            Rows of the batch.
        n_samples
            Number of rows of the whole data, for `dof_resid_` and `scale_`; the rows seen so far by default (those of
            the batch for the first-order solvers).

        Returns
        -------
        params, state
            After the step. `coef_`, `intercept_`, `solver_state_`, `scale_`, `solution_` and `dof_resid_` follow.

        Raises
        ------
        ValueError
            If the step led to NaN or infinity, or shapes do not fit.
        TypeError
            If `n_samples` is no whole number, or `opt_state` is no such state.
        """
        if n_samples is not None and not isinstance(n_samples, int | np.integer):
            msg = f"n_samples must be a whole number or None, got {type(n_samples).__name__}."
            raise TypeError(msg)
        if not isinstance(opt_state, Stream | FirstOrderState):
            msg = (
                f"opt_state must come from initialize_solver_and_state or update, got {type(opt_state).__name__}. "
                "update returns a pair (params, state)."
            )
            raise TypeError(msg)
        design, response = self._check_data(X, y)
        shape = (design.n_features, response.shape[1])
        start, rules = self._check_start(params, shape, "params"), self._rules(*shape)
        terms = self._terms(X, response.shape, None, None, None)
        if isinstance(opt_state, Stream):
            opt_state.check(*shape)
            opt_state.given = start
            solution = opt_state.absorb(design, response, terms, rules, None)
        else:
            solution = first_order_step(opt_state, design, response, terms, rules, start)
        if n_samples is not None:
            solution.stats["weight_used"] = np.full(shape[1], float(n_samples))
        self._publish(opt_state if isinstance(opt_state, Stream) else None, solution, y)
        self.solver_state_ = opt_state
        return (self.coef_, self.intercept_), opt_state

    def _public(self: AbstractGLM, coef, intercept):
        """Parameters in the form of `coef_` and `intercept_`."""
        coef = coef[:, 0] if self._response_ndim == 1 else coef
        return coef if self._blocks is None else self._blocks.split(coef), intercept

    # --- what both need ------------------------------------------------------------------------------------------

    def _running_stream(self: AbstractGLM, n_features: int, n_neurons: int) -> Stream:
        """The stream this model is on, or a new one."""
        stream = self._stream
        if stream is None or stream.solution is not self.solution_:
            if self.coef_ is not None:
                msg = (
                    "partial_fit continues what partial_fit began, but this model has coefficients from elsewhere "
                    "(fit, a file, or set by hand), without the curvature that says how much they weigh. Give the "
                    "first rows to partial_fit too (it finds the optimum that fit finds), or begin with a new model."
                )
                raise ValueError(msg)
            return Stream(n_features, n_neurons)
        stream.check(n_features, n_neurons)
        return stream

    def _rules(self: AbstractGLM, n_features: int, n_neurons: int) -> Rules:
        strength, shape = self.regularizer_strength, (n_features, n_neurons)
        if isinstance(strength, CV | REML):
            msg = "a strength cannot be searched for on a stream, which never sees rows again. Give a number."
            raise ValueError(msg)
        if self.coef_bounds is not None:
            msg = "a stream cannot keep coefficients in coef_bounds; use fit, or a model without bounds."
            raise ValueError(msg)
        return Rules(
            self.observation_model,
            self.inverse_link_function,
            lambda scale: penalty_of(self.regularizer, strength, shape, scale),
            self._mask(shape),
        )

    def _publish(self: AbstractGLM, stream: Stream | None, solution: Solution, y) -> None:
        """Take the estimate of a stream, or of a step, as that of the model."""
        self._stream = stream
        if stream is not None:
            stream.solution = solution
        self.cv_, self.reml_, self.strength_ = None, None, self.regularizer_strength
        self._store(solution, y)


def _half_life(value: float | None) -> float | None:
    if value is None:
        return None
    if not (np.isscalar(value) and np.isreal(value) and value > 0):
        msg = f"half_life must be a number of rows > 0, or None to forget nothing, got {value!r}."
        raise ValueError(msg)
    return float(value)
