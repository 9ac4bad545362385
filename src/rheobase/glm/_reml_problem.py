"""Data and quadratic penalty as a choice of strengths by restricted likelihood sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from .._types import FloatArray, IntArray
from .._x64 import enable_x64
from ..design import AbstractDesign
from ..regularizer import UnRegularized
from ..solvers._core import Evaluation, Solution
from ._fit import solve
from ._laplace import AbstractModel, Factor, Prior, Roots, model_of
from ._penalty import penalty_of
from ._problem import GLMProblem
from ._row_problem import RowLoss
from ._rows import RowTerms
from ._used_rows import row_weights

if TYPE_CHECKING:
    from ._base import AbstractGLM

__all__ = ["RemlProblem", "Sight"]

_FIT_TOL = 1e-7
"""Relative accuracy of the coefficients between two choices."""

_BYTES = 1 << 26
"""Size of the temporaries of one block."""

_NULL = 1e-11
"""Directions of which data and penalty know less than this share are left out."""


@dataclass(frozen=True)
class Sight:
    r"""What one neuron knows at its coefficients, in coordinates in which curvature and penalty are regular.

    Attributes
    ----------
    model : AbstractModel
        Restricted likelihood of the quadratic there.
    basis : FloatArray
        These coordinates, shape (free, seen).
    hessian, fixed : FloatArray
        Of the mean loss, and of the penalty that has no strength, shape (seen, seen).
    roots : Roots
        Of :math:`S_j`.
    point : FloatArray
        :math:`\hat\beta`, shape (seen,).
    strengths : FloatArray
        Of the fit, shape (term,).
    least, total : float
        Mean loss plus penalty, and the weight of the rows.
    """

    model: AbstractModel
    basis: FloatArray
    hessian: FloatArray
    fixed: FloatArray
    roots: Roots
    point: FloatArray
    strengths: FloatArray
    least: float
    total: float

    @cached_property
    def factor(self) -> Factor:
        """Of the curvature of loss and penalty."""
        return Factor(self.hessian + self.fixed + self.roots.matrix(self.strengths))

    @property
    def penalty(self) -> float:
        """Value of the penalty."""
        inner = self.roots.scaled(self.strengths).columns.T @ self.point
        return 0.5 * float(self.point @ self.fixed @ self.point + inner @ inner)

    @property
    def kappa(self) -> float:
        """Log-likelihood for a unit of mean loss."""
        return self.model.kappa_at(self.least)

    def shares(self) -> FloatArray:
        """How much of each parameter the data decide, shape (free,)."""
        root = self.basis @ self.factor.root
        return np.einsum("ij,ij->i", root @ (self.factor.root.T @ self.hessian), self.basis)

    def step_to(self, strengths: FloatArray) -> FloatArray:
        """From here to the optimum of the quadratic at other strengths, shape (free,)."""
        factor = Factor(self.hessian + self.fixed + self.roots.matrix(strengths))
        return self.basis @ (factor.solve(self.model.linear) - self.point)

    def unseen(self) -> int:
        """Dimension of what the penalty does not see."""
        return self.basis.shape[1] - self.model.prior.rank


class RemlProblem:
    """Data and penalty, read once.

    Parameters
    ----------
    model
        Observation model, link, quadratic penalty, solver.
    design, response, terms
        The data, as `AbstractGLM._check_data` and `_terms` give them.

    Attributes
    ----------
    middle : FloatArray
        Log-strengths at which penalty and data have curvatures of one size, shape (term, neuron).
    dof : FloatArray
        Effective degrees of freedom, as far as they are known, shape (neuron,).

    Raises
    ------
    ValueError
        If the model has no penalty, or one with kinks.
    """

    def __init__(self, model: AbstractGLM, design: AbstractDesign, response: FloatArray, terms: RowTerms):
        self.model, self.terms, self.y = model, terms, response
        shape = (design.n_features, response.shape[1])
        self.matrices, self.fixed = _read_terms(model, shape)
        self.known = np.isfinite(response) & design.row_mask[: len(response), None]
        if terms.offset is not None:
            self.known = self.known & np.isfinite(terms.offset)
        if terms.weight is not None:
            self.known = self.known & (terms.weight > 0)
        self.design = design.standardized(self.known.any(axis=1))
        self.mask = model._mask(shape)
        self._standard = self.matrices / np.outer(self.design.scale, self.design.scale)
        self._roots = Roots.of(self._standard)
        self._priors: dict[bytes, Prior] = {}
        self._bases: dict[bytes, FloatArray] = {}
        self._problem = self._make_problem(shape)
        self.middle = self._balance()
        self.dof = np.full(shape[1], 0.5 * (1 + shape[0]))

    def _make_problem(self, shape: tuple[int, int]) -> GLMProblem:
        model, standard, terms = self.model, self.design, self.terms
        weights = row_weights(standard, self.known, terms.weight)
        y = np.zeros((standard.n_rows, shape[1]))
        y[: len(self.y)] = np.where(self.known, self.y, 0.0)
        offset = None
        if terms.offset is not None:
            offset = np.zeros((standard.n_rows, terms.offset.shape[1]))
            offset[: len(self.y)] = np.nan_to_num(terms.offset)
        penalty = penalty_of(UnRegularized(), None, shape, standard.scale)
        row_loss = RowLoss(model.observation_model, model.inverse_link_function)
        return GLMProblem(standard, y, weights, row_loss, penalty, None, offset)

    def _balance(self) -> FloatArray:
        problem, link = self._problem, self.model.inverse_link_function
        mean = link.inside(problem.column_means(problem.weights * problem.y))
        null = np.broadcast_to(link.link(mean), problem.y.shape)
        bend = problem.column_means(problem.evaluate(null, np.zeros_like(null), np.ones(len(mean))).curvature)
        data = np.diagonal(problem.null_gram())[:-1]
        ratio = np.ones(len(self._standard))
        for j, matrix in enumerate(self._standard):
            seen = np.diagonal(matrix) > 0
            if seen.any():
                ratio[j] = np.median(data[seen] / np.diagonal(matrix)[seen])
        return np.log(np.maximum(ratio, 1e-12))[:, None] + np.log(np.maximum(bend, 1e-12))

    def fit(self, strengths: FloatArray, start) -> Solution:
        """Coefficients at strengths (term, neuron)."""
        model = self.model
        return solve(
            self.design,
            self.y,
            model.observation_model,
            model.inverse_link_function,
            model.regularizer,
            strengths,
            solver_name=model.solver_name,
            solver_kwargs={"tol": _FIT_TOL, **model.solver_kwargs},
            feature_mask=self.mask,
            start=start,
            offset=self.terms.offset,
            sample_weight=self.terms.weight,
        )

    def mean(self, solution: Solution) -> FloatArray:
        """Mean response, shape (time, neuron)."""
        return self._problem.mean(self.standard(solution))[: len(self.y)]

    def standard(self, solution: Solution) -> FloatArray:
        """Parameters of standardised features, intercept last, shape (n_features + 1, neuron)."""
        return np.vstack(self.design.convert(solution.coef, solution.intercept))

    def sights(
        self, solution: Solution, strengths: FloatArray, neurons: IntArray, *, tilted: bool
    ) -> Iterator[tuple[int, Sight, FloatArray]]:
        """For each of `neurons` its number, what it sees at the solution, and the slope (term,) in the log-strengths
        that its quadratic misses (zero unless `tilted`).
        """
        problem = self._problem.with_scale(solution.stats["dispersion"])
        params = self.standard(solution)
        now = problem.evaluate(problem.start(), problem.predictor(params), np.ones(params.shape[1]))
        gradient, third = problem.gradient(now.residual), None
        if tilted and not problem.constant_curvature:
            with enable_x64():
                weights, loss = problem.weights, problem.row_loss
                third = np.asarray(_third()(now.eta, problem.y, weights, problem.scale, row_loss=loss))
        kappa, total = self._kappa(problem, params, solution), solution.stats["weight_used"]
        size = max(_BYTES // (8 * len(params) ** 2), 1)
        for first in range(0, len(neurons), size):
            some = neurons[first : first + size]
            for n, hessian in zip(some, _hessians(problem, now, some)):
                quadratic = params[:, n], now.loss[n], gradient[:, n], hessian
                sight = self._sight(n, quadratic, strengths[:, n], None if kappa is None else kappa[n], total[n])
                tilt = np.zeros(len(strengths)) if third is None else self._tilt(n, sight, third[:, n])
                yield int(n), sight, tilt

    def _kappa(self, problem: GLMProblem, params: FloatArray, solution: Solution) -> FloatArray | None:
        """What turns mean losses into log-likelihoods, shape (neuron,); None where it is profiled."""
        family, total = self.model.observation_model, solution.stats["weight_used"]
        if not family.has_dispersion:
            return total * family.loss_scale
        if family.curvature_is_constant(self.model.inverse_link_function):
            return None
        mean = np.where(self.known, problem.mean(params)[: len(self.y)], 1.0)
        weight = np.where(self.known, 1.0 if self.terms.weight is None else self.terms.weight, 0.0)
        dof = np.maximum(total - self.dof, 1.0)
        dispersion = family.estimate_scale(np.where(self.known, self.y, 1.0), mean, dof, weight)
        return total * family.loss_scale / np.maximum(dispersion, 1e-300)

    def _sight(self, n: int, quadratic, strengths: FloatArray, kappa: float | None, total: float) -> Sight:
        params, loss, gradient, hessian = quadratic
        rows = self.rows(n)
        features, basis = rows[:-1], self._basis(n, rows)
        ridge = np.append(self.fixed[features, n] / self.design.scale[features] ** 2, 0.0)
        roots = self._roots.inside(basis[:-1], features)
        hessian, fixed = basis.T @ hessian[np.ix_(rows, rows)] @ basis, basis.T @ (ridge[:, None] * basis)
        slope, point = basis.T @ gradient[rows], basis.T @ params[rows]
        linear = hessian @ point - slope
        constant = float(loss - slope @ point + 0.5 * point @ hessian @ point)
        prior = self._prior(n, features)
        dof = max(float(total) - (basis.shape[1] - prior.rank), 1.0)
        model = model_of(hessian + fixed, roots, strengths, linear, constant, prior, kappa, dof)
        least = float(loss + 0.5 * point @ (fixed + roots.matrix(strengths)) @ point)
        return Sight(model, basis, hessian, fixed, roots, point, strengths, least, float(total))

    def rows(self, n: int) -> IntArray:
        """Free parameters of a neuron, intercept last."""
        n_features = self.design.n_features
        free = np.arange(n_features) if self.mask is None else np.flatnonzero(self.mask[:, n])
        return np.append(free, n_features)

    def _key(self, n: int) -> bytes:
        return self.fixed[:, n].tobytes() + (b"" if self.mask is None else self.mask[:, n].tobytes())

    def _basis(self, n: int, rows: IntArray) -> FloatArray:
        """Orthonormal directions of the free parameters that data or penalty see; as they are if that is all."""
        key = self._key(n)
        if key not in self._bases:
            whole = self._problem.null_gram() + np.diag(np.append(self.fixed[:, n] > 0, 0.0))
            for matrix in self._standard:
                whole[:-1, :-1] += matrix / max(np.diagonal(matrix).max(), 1e-300)
            values, vectors = np.linalg.eigh(whole[np.ix_(rows, rows)])
            seen = values > _NULL * values[-1]
            self._bases[key] = np.eye(len(rows)) if seen.all() else vectors[:, seen]
        return self._bases[key]

    def _prior(self, n: int, features: IntArray) -> Prior:
        key = self._key(n)
        if key not in self._priors:
            self._priors[key] = Prior(self.matrices[:, features[:, None], features], self.fixed[features, n])
        return self._priors[key]

    def _tilt(self, n: int, sight: Sight, third: FloatArray) -> FloatArray:
        """Slope of half the log-determinant through the curvature of the loss, shape (term,)."""
        rows, n_params = self.rows(n), self.design.n_features + 1
        root = np.zeros((n_params, sight.basis.shape[1]))
        root[rows] = sight.basis @ sight.factor.root
        leverage = np.zeros(self.design.n_rows)
        size = max(_BYTES // (8 * self.design.n_rows), 1)
        for first in range(0, root.shape[1], size):
            part = np.ascontiguousarray(root[:, first : first + size])
            leverage += np.square(np.asarray(self._problem.predictor(part))).sum(axis=1)
        pull = sight.basis.T @ self._problem.gradient((leverage * third)[:, None])[rows, 0]
        roots = sight.roots.scaled(sight.strengths)
        inner = (roots.columns.T @ sight.point) * (roots.columns.T @ sight.factor.solve(pull))
        return -0.5 * roots.by_term(inner, axis=0)


def _read_terms(model: AbstractGLM, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Quadratic forms with a strength each, (term, feature, feature), and the curvature that has none (feature,
    neuron).
    """
    regularizer = model.regularizer
    if isinstance(regularizer, UnRegularized):
        msg = "a model without a penalty has no strength to choose; use regularizer='Ridge' or Smoothness(...)."
        raise ValueError(msg)
    found = regularizer.terms(shape)
    if found is None:
        msg = (
            f"regularizer_strength='reml' integrates over coefficients under a quadratic penalty, and "
            f"{type(regularizer).__name__} is none; use regularizer='Ridge' or Smoothness(...), or "
            "regularizer_strength='cv'."
        )
        raise ValueError(msg)
    return found


def _hessians(problem: GLMProblem, now: Evaluation, neurons: IntArray) -> FloatArray:
    """Second derivatives of the mean loss, shape (neuron, n_features + 1, n_features + 1)."""
    if problem.constant_curvature:
        return problem.column_means(now.curvature)[neurons, None, None] * problem.null_gram()
    return problem.hessian(now.curvature, neurons)


@cache
def _third():
    """The compiled third derivative of the loss in the linear predictor, times the weights of the rows."""
    import jax
    import jax.numpy as jnp

    def third(eta, y, weights, scale, *, row_loss):
        def derivative(function):
            return lambda eta: jax.jvp(function, (eta,), (jnp.ones_like(eta),))[1]

        def loss(eta):
            return row_loss(y, eta, scale)

        second = derivative(derivative(loss))
        return jnp.where(weights > 0, weights * derivative(second)(eta), 0.0)

    return jax.jit(third, static_argnames=("row_loss",))
