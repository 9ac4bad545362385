r"""What a solver may ask of a problem, and what it gives back.

A problem minimises, for each neuron n on its own,

.. math:: J_n(w, b) = \frac{\sum_t a_{tn}\, \ell(y_{tn}, o_{tn} + x_t^\top w + b)}{\sum_t a_{tn}} + P_n(w)

over the parameters of all neurons side by side: an array of shape (n_features + 1, neuron) whose last row holds the
intercepts. Work that grows with the number of rows is compiled or BLAS and belongs to the problem; what grows with
features only is plain NumPy and belongs to the solver. That is why one loop in Python can keep a line search, a
stopping test and a flag for every neuron, at no cost.
"""

from __future__ import annotations

import abc
import enum
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._manners import PublicNames, progress_bar
from .._types import BoolArray, FloatArray, IntArray
from ..containers._repr import Table
from ._penalty import Penalty

__all__ = ["AbstractProblem", "AbstractSolver", "Evaluation", "Progress", "Result", "Solution", "Trace"]


_MOST_ROWS = 20
"""Neurons that a table shows."""


class Result(enum.IntEnum):
    """How the fit of one neuron ended; each value has a sentence with a remedy."""

    CONVERGED = 0
    FLAT = 1
    MAX_ITERATIONS = 2
    STALLED = 3
    INTERRUPTED = 4
    SILENT = 5
    COLLINEAR = 6

    @property
    def sentence(self) -> str:
        """What happened and what to try."""
        return _SENTENCES[self]


_SENTENCES = {
    Result.CONVERGED: "The optimum was found.",
    Result.FLAT: (
        "The loss no longer changes but coefficients still move: features are collinear, or some of them predict "
        "silence perfectly, so "
        "the optimum lies at infinity or is not unique. Predictions are right; for unique coefficients use "
        "regularizer='Ridge'."
    ),
    Result.MAX_ITERATIONS: (
        "The largest number of iterations was reached before the optimum. Raise solver_kwargs={'maxiter': ...}, let "
        "the solver be chosen "
        "(solver_name=None), or add a ridge."
    ),
    Result.STALLED: (
        "The line search found no better point although the gradient is not zero: the loss is at the limit of its "
        "precision, or the "
        "inverse link or observation model is not smooth. Check for extreme feature values, or add a ridge."
    ),
    Result.INTERRUPTED: "The fit was interrupted; the best parameters so far were kept.",
    Result.COLLINEAR: (
        "An optimum was found, but features are collinear: many coefficients are equally good, and the smallest (in "
        "units of the "
        "features' spread) were taken. Predictions are unique; for unique coefficients drop features or use "
        "regularizer='Ridge'."
    ),
    Result.SILENT: "The neuron has no spikes in the rows that were used: its coefficients are zero and its rate is "
    "at the floor.",
}


@dataclass(frozen=True)
class Evaluation:
    """The loss at one point, by neuron, with what its derivatives need; row arrays stay where they were computed.

    Attributes
    ----------
    eta, residual, curvature
        Linear predictor, first and second derivative of the weighted loss in it, shape (n_rows, neuron).
    loss
        Mean loss, without penalty, shape (neuron,).
    slope
        Derivative of the loss along the direction that led here, shape (neuron,).
    """

    eta: Any
    loss: FloatArray
    residual: Any
    curvature: Any
    slope: FloatArray


class AbstractProblem(abc.ABC):
    """A set of neurons that share features, as a solver sees it.

    Attributes
    ----------
    n_rows, n_features, n_neurons : int
    y, weights
        Response, shape (n_rows, neuron), and row weights, shape (n_rows, 1 or neuron).
    row_loss : callable
        ``row_loss(y, eta, scale)``, elementwise, JAX arrays; hashable.
    scale : FloatArray
        Dispersion of each neuron, shape (neuron,), for losses that depend on it.
    penalty : Penalty
        What is added to the loss of each neuron.
    free : BoolArray or None
        Shape (n_features + 1, neuron); False where a coefficient is held at its start. None: all free.
    """

    n_rows: int
    n_features: int
    n_neurons: int
    y: Any
    weights: Any
    row_loss: Callable[[Any, Any], Any]
    penalty: Penalty
    scale: FloatArray
    free: BoolArray | None

    @abc.abstractmethod
    def predictor(self, params: FloatArray) -> Any:
        """Linear predictor of `params` without any offset, shape (n_rows, neuron)."""

    @abc.abstractmethod
    def evaluate(self, eta: Any, direction: Any, step: FloatArray) -> Evaluation:
        """Evaluate at ``eta + step * direction``; `step` has shape (neuron,)."""

    @abc.abstractmethod
    def gradient(self, residual: Any) -> FloatArray:
        """Gradient of the loss from an evaluation's residual, shape (n_features + 1, neuron)."""

    @abc.abstractmethod
    def hessian(self, curvature: Any, columns: IntArray) -> FloatArray:
        """Second derivatives of the loss for some columns, shape (column, n_features + 1, n_features + 1)."""

    @abc.abstractmethod
    def hessian_of(self, curvature: Any, column: int, rows: IntArray, side: FloatArray) -> FloatArray:
        """Second derivatives of the loss for one column and some of its parameters, ascending, shape (some, some).

        `side` is `gradient` of the curvature's column: the intercept's row of the Hessian.
        """

    def hessians_of(self, curvature: Any, columns: IntArray, rows: list[IntArray]) -> list[FloatArray]:
        """Second derivatives of the loss for some columns, each in some parameters of its own, ascending."""
        return [hessian[np.ix_(some, some)] for hessian, some in zip(self.hessian(curvature, columns), rows)]

    @abc.abstractmethod
    def null_gram(self) -> FloatArray:
        """Mean of x x' over used rows, shape (n_features + 1, n_features + 1), intercept last."""

    @abc.abstractmethod
    def relative_curvature(self, curvature: Any) -> FloatArray:
        """Diagonal of the Hessian of the loss, relative to that of the null Gram matrix times the mean curvature, shape
        (n_features, neuron). May be read from a sample of rows.
        """

    def narrowed(self, features: IntArray) -> AbstractProblem | None:
        """The same where all but some features (ascending) count as zero; None if that would save no time."""
        return None

    def thinned(self, n_rows: int) -> AbstractProblem | None:
        """The same with second derivatives estimated from about `n_rows` rows; None if that would save no time."""
        return None

    kin: IntArray | None = None
    """Columns with the same number, shape (neuron,), hardly differ in their Hessians: folds of one neuron."""

    thin_rows: int = 0
    """Rows from which Hessians are estimated at about the cost of a pass; 0 if they would tell too little."""

    def rough_hessians(
        self, curvature: Any, columns: IntArray, rows: Sequence[IntArray | slice], n_rows: int
    ) -> list[FloatArray] | None:
        """`hessians_of` to about six digits, estimated from `n_rows` rows; a slice stands for all parameters. None if
        that would save no time.
        """
        return None

    rounding: float = 0.0
    """Relative error of the loss beyond that of float64."""

    def sharpen(self, params: FloatArray | None = None, who: BoolArray | None = None) -> Evaluation | None:
        """Compute exactly from now on, or near `params` for the neurons `who`; the evaluation there, or None if that
        was so already (or no `params` are given).
        """
        return None

    @property
    @abc.abstractmethod
    def constant_start(self) -> bool:
        """True if rows differ by their features only: no offset, no weights of their own."""

    @property
    @abc.abstractmethod
    def constant_curvature(self) -> bool:
        """True if the Hessian of the loss is the null Gram matrix times a number, whatever the parameters."""

    @abc.abstractmethod
    def column_means(self, rows: Any) -> FloatArray:
        """Sum over rows of a (weighted) row array, shape (neuron,)."""

    @abc.abstractmethod
    def start(self) -> Any:
        """Predictor before any parameter counts (zeros or the offset), shape (n_rows, neuron)."""

    @abc.abstractmethod
    def level(self, intercept: FloatArray) -> Any:
        """Predictor of intercepts (neuron,) alone, shape (n_rows, neuron)."""

    @abc.abstractmethod
    def features(self) -> Any:
        """The features as one array, shape (n_rows, n_features), for solvers that need it whole."""

    @abc.abstractmethod
    def select(self, columns: IntArray) -> AbstractProblem:
        """The same problem for some of its neurons."""

    @abc.abstractmethod
    def take(self, rows: Any, columns: IntArray) -> Any:
        """Some columns of a row array, where it lives."""


@dataclass
class Trace:
    """What a solver leaves behind, one entry for each neuron, in the coordinates of the problem."""

    params: FloatArray
    loss: FloatArray
    result: IntArray
    n_iter: IntArray
    stats: dict[str, Any] = field(default_factory=dict)


class AbstractSolver(abc.ABC):
    """Minimises an `AbstractProblem` from a start."""

    @abc.abstractmethod
    def run(self, problem: AbstractProblem, params: FloatArray, progress: Progress) -> Trace:
        """Minimise from `params`, shape (n_features + 1, neuron)."""


@dataclass
class Solution(PublicNames):
    """A finished fit, in the units of the user's features.

    Attributes
    ----------
    coef : FloatArray
        Shape (n_features, neuron).
    intercept : FloatArray
        Shape (neuron,).
    loss : FloatArray
        Penalised objective, mean over rows, without constants, shape (neuron,).
    result : IntArray
        `Result` code of each neuron.
    n_iter : IntArray
        Iterations of each neuron.
    stats : dict
        Which solver ran and why, seconds, products over the rows, Hessians, rows used.
    """

    coef: FloatArray
    intercept: FloatArray
    loss: FloatArray
    result: IntArray
    n_iter: IntArray
    stats: dict[str, Any]

    @property
    def converged(self) -> BoolArray:
        """True for the neurons whose optimum was found (or that have none to find), shape (neuron,)."""
        return np.isin(self.result, (Result.CONVERGED, Result.COLLINEAR, Result.SILENT))

    @property
    def message(self) -> str:
        """One sentence for each way the neurons ended, with their numbers."""
        lines = []
        for code in np.unique(self.result):
            which = np.flatnonzero(self.result == code)
            whom = "" if len(self.result) == 1 else f"{len(which)} of {len(self.result)} neurons: "
            lines.append(whom + Result(code).sentence)
        return "\n".join(lines)

    def __repr__(self) -> str:
        stats = self.stats
        return (
            f"Solution({self.coef.shape[0]} features x {self.coef.shape[1]} neurons, solver={stats.get('solver')!r}, "
            f"{int(self.n_iter.max(initial=0))} iterations, {stats.get('seconds', float('nan')):.3g} s)\n{self.message}"
        )

    def _repr_html_(self) -> str:
        rows = [
            [str(neuron), f"{loss:.6g}", str(steps), Result(code).name.lower()]
            for neuron, (loss, steps, code) in enumerate(zip(self.loss, self.n_iter, self.result, strict=True))
        ]
        shown = rows if len(rows) <= _MOST_ROWS else [*rows[:_MOST_ROWS], ["..."] * 4]
        headers = ["neuron", "loss", "iterations", "result"]
        return Table(headers, shown, repr(self).replace("\n", ": "), [True, True, True, False], title="Solution").html()


class Progress:
    """A progress bar that appears only when a fit takes longer than `delay` seconds.

    Parameters
    ----------
    n_neurons
        How many neurons are fitted.
    delay
        Seconds before the bar shows.
    """

    def __init__(self, n_neurons: int, delay: float = 2.0):
        self._start, self._delay, self._total = time.perf_counter(), delay, n_neurons
        self._bar = None

    def update(self, n_moving: int, passes: int) -> None:
        """Say how many neurons still move after `passes` passes over the rows."""
        if self._bar is None:
            if time.perf_counter() - self._start < self._delay:
                return
            self._bar = progress_bar()(total=self._total, desc="fit", unit="neuron", leave=False, disable=None)
        self._bar.n = self._total - n_moving
        self._bar.set_postfix(moving=n_moving, passes=passes)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
