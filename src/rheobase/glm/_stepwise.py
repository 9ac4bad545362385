"""Fits in pieces: batches of a stream (`partial_fit`), and the solver step by step (`update`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..solvers._core import Solution
from ._cv import CV
from ._penalty import penalty_of
from ._stream import Rules, Stream
from ._trees import check_blocks

if TYPE_CHECKING:
    from ._base import AbstractGLM

__all__ = ["Stepwise"]


class Stepwise:
    """What a GLM does with rows that come in batches."""

    _stream: Stream | None = None
    solver_state_: Any = None

    def partial_fit(
        self: AbstractGLM, X, y, *, offset=None, exposure=None, sample_weight=None, half_life: float | None = None
    ):
        """Learn from a batch of rows; call it again with the next batch.

        Rows are not kept. What they said stays as one parabola a neuron (the curvature of its loss), so that memory
        does not grow, and one pass is enough: for Gaussian responses with the identity link the result is that of `fit`
        on all rows, for others it differs from it by a small part of a standard error. Each further pass over the same
        rows brings it closer to `fit`. Penalties, masks, weights and offsets act as they do there; `solver_name` does
        not.

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
        known = stream.params.shape[0] - 1, stream.params.shape[1]
        if known != (n_features, n_neurons):
            msg = (
                f"a batch must have the {known[0]} features and {known[1]} neuron(s) of those before it, got "
                f"{n_features} and {n_neurons}."
            )
            raise ValueError(msg)
        return stream

    def _rules(self: AbstractGLM, n_features: int, n_neurons: int) -> Rules:
        strength, shape = self.regularizer_strength, (n_features, n_neurons)
        if isinstance(strength, CV):
            msg = "partial_fit cannot search for a strength, for it never sees rows again. Give a number."
            raise ValueError(msg)
        return Rules(
            self.observation_model,
            self.inverse_link_function,
            lambda scale: penalty_of(self.regularizer, strength, shape, scale),
            self._mask(shape),
        )

    def _publish(self: AbstractGLM, stream: Stream, solution: Solution, y) -> None:
        """Take the estimate of a stream as that of the model."""
        self._stream, stream.solution = stream, solution
        self.cv_, self.strength_ = None, self.regularizer_strength
        self._store(solution, y)


def _half_life(value: float | None) -> float | None:
    if value is None:
        return None
    if not (np.isscalar(value) and np.isreal(value) and value > 0):
        msg = f"half_life must be a number of rows > 0, or None to forget nothing, got {value!r}."
        raise ValueError(msg)
    return float(value)
