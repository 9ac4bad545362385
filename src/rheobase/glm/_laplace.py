r"""Restricted likelihood of one neuron as a function of its strengths, where the loss is a quadratic.

With the mean loss :math:`L_0 - b^\top\beta + \tfrac12\beta^\top H\beta`, the penalty
:math:`\tfrac12\beta^\top P\beta`, :math:`P = R + \sum_j s_j S_j`, and the number :math:`\kappa` that turns a mean loss
into a log-likelihood, minus the logarithm of the restricted likelihood is, constants apart,

.. math:: V(s) = \kappa \min_\beta J(\beta) + \tfrac12 \log|H + P| - \tfrac12 \log|P|_+ + \tfrac{m}{2} \log\kappa

where :math:`|P|_+` is the product of the eigenvalues that are not zero and m the dimension of what the penalty does not
see. Around the optimum of a GLM this is Laplace's approximation. Derivatives are taken in :math:`\rho = \log s`.

References
----------
Wood (2011), *Fast stable restricted maximum likelihood and marginal likelihood estimation of semiparametric generalized
linear models*, sections 2 and 3, appendix B.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._types import FloatArray, IntArray

__all__ = ["AbstractModel", "Factor", "Jet", "Prior", "Roots", "model_of"]

_RANK = 1e-10
"""Eigenvalues of a penalty below this share of its largest are zero."""


class Jet(NamedTuple):
    """A value with its gradient (term,) and its Hessian (term, term)."""

    value: float
    gradient: FloatArray
    hessian: FloatArray


class Prior:
    r"""The term :math:`\log|P|_+` of some penalties, by blocks of coefficients that they couple.

    A block that one term alone sees is a sum over its eigenvalues; where terms overlap, their common range is found
    once, and determinants are taken inside it.

    Parameters
    ----------
    matrices
        :math:`S`, positive semidefinite, shape (term, n, n).
    fixed
        Diagonal of :math:`R`, shape (n,).

    Attributes
    ----------
    rank : int
        Dimension of what the penalty sees.
    """

    def __init__(self, matrices: FloatArray, fixed: FloatArray):
        self._alone: list[tuple[int, FloatArray, float]] = []
        self._mixed: list[tuple[IntArray, FloatArray, FloatArray]] = []
        self._n_terms, self.rank, self._constant = len(matrices), 0, 0.0
        for rows in _coupled(matrices):
            block = matrices[:, rows[:, None], rows]
            terms = np.flatnonzero(block.any(axis=(1, 2)))
            ridge = fixed[rows]
            if len(terms) == 0:
                self.rank += int(np.count_nonzero(ridge))
                self._constant += float(np.sum(np.log(ridge[ridge > 0])))
            elif len(terms) == 1 and np.all(ridge == ridge[0]):
                values = np.linalg.eigvalsh(block[terms[0]])
                values = np.where(values > _RANK * values[-1], values, 0.0)
                values = values if ridge[0] > 0 else values[values > 0]
                self.rank += len(values)
                self._alone.append((int(terms[0]), values, float(ridge[0])))
            else:
                self._add_mixed(block[terms], terms, ridge)

    def _add_mixed(self, block: FloatArray, terms: IntArray, ridge: FloatArray) -> None:
        sizes = np.trace(block, axis1=1, axis2=2)
        total = np.sum(block / sizes[:, None, None], axis=0) + np.diag(ridge / max(ridge.max(), 1e-300))
        values, vectors = np.linalg.eigh(total)
        seen = vectors[:, values > _RANK * values[-1]]
        self.rank += seen.shape[1]
        inside = seen.T @ block @ seen
        self._mixed.append((terms, inside, seen.T @ (ridge[:, None] * seen)))

    def __call__(self, rho: FloatArray) -> Jet:
        """The logarithm of the determinant at log-strengths `rho`, shape (term,)."""
        value, slope, bend = self._constant, np.zeros(self._n_terms), np.zeros((self._n_terms, self._n_terms))
        for term, values, ridge in self._alone:
            size = np.exp(rho[term]) * values
            share = size / (size + ridge)
            value += float(np.sum(np.log(size + ridge)))
            slope[term] += share.sum()
            bend[term, term] += np.sum(share * (1.0 - share))
        for terms, inside, ridge in self._mixed:
            size = np.exp(rho[terms])[:, None, None] * inside
            factor = Factor(size.sum(axis=0) + ridge)
            shares = factor.inverse @ size
            trace = np.trace(shares, axis1=1, axis2=2)
            value += factor.logdet
            slope[terms] += trace
            bend[np.ix_(terms, terms)] += np.diag(trace) - np.einsum("jab,kba->jk", shares, shares)
        return Jet(value, slope, bend)


def _coupled(matrices: FloatArray) -> list[IntArray]:
    """Numbers of the coefficients of each block; coefficients on their own under the same terms are one block."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    pattern = matrices != 0
    _, label = connected_components(csr_array(pattern.any(axis=0)), directed=False)
    lonely = np.bincount(label)[label] == 1
    blocks = [np.flatnonzero(label == one) for one in np.unique(label[~lonely])]
    if lonely.any():  # a ridge: a block for each set of terms, not for each coefficient
        seen = np.diagonal(pattern, axis1=1, axis2=2).T
        _, kind = np.unique(seen[lonely], axis=0, return_inverse=True)
        blocks += [np.flatnonzero(lonely)[kind.ravel() == one] for one in range(kind.max() + 1)]
    return blocks


class Factor:
    """A positive definite matrix by its Cholesky factor, scaled to a unit diagonal first.

    Attributes
    ----------
    logdet : float
    root : FloatArray
        R with ``R R' = `` the inverse, upper triangular.
    """

    def __init__(self, matrix: FloatArray):
        from scipy.linalg import lapack

        scale = 1.0 / np.sqrt(np.maximum(np.diagonal(matrix), 1e-300))
        scaled = matrix * np.outer(scale, scale)
        lower, info = lapack.dpotrf(scaled, lower=1)
        if info:  # rounding: a direction that data and penalty hardly see
            lower, _ = lapack.dpotrf(scaled + 1e-12 * len(scaled) * np.eye(len(scaled)), lower=1)
        self._lower, self._scale = lower, scale
        self.logdet = float(2.0 * np.sum(np.log(np.diagonal(lower)) - np.log(scale)))

    @property
    def root(self) -> FloatArray:
        """R with ``R R'`` the inverse, shape (n, n)."""
        from scipy.linalg import lapack

        inverse, _ = lapack.dtrtri(self._lower, lower=1)
        return self._scale[:, None] * np.tril(inverse).T

    @property
    def inverse(self) -> FloatArray:
        """Shape (n, n)."""
        root = self.root
        return root @ root.T

    def solve(self, rhs: FloatArray) -> FloatArray:
        """Inverse times `rhs`, shape (n,) or (n, some)."""
        from scipy.linalg import lapack

        scale = self._scale if rhs.ndim == 1 else self._scale[:, None]
        return scale * lapack.dpotrs(self._lower, scale * rhs, lower=1)[0]


@dataclass(frozen=True)
class Roots:
    r"""Penalties by thin factors, :math:`S_j = L_j L_j^\top`, side by side.

    Attributes
    ----------
    columns : FloatArray
        Shape (n, column).
    starts : IntArray
        First column of each term, shape (term,); every term has one at least.
    """

    columns: FloatArray
    starts: IntArray

    @classmethod
    def of(cls, matrices: FloatArray) -> Roots:
        """Factors of matrices, shape (term, n, n), found where they are not zero."""
        columns = []
        for matrix in matrices:
            rows = np.flatnonzero(matrix.any(axis=1))
            root = np.zeros((len(matrix), max(rows.size, 1)))
            if rows.size:
                values, vectors = np.linalg.eigh(matrix[np.ix_(rows, rows)])
                seen = values > _RANK * values[-1]
                root = np.zeros((len(matrix), int(seen.sum())))
                root[rows] = vectors[:, seen] * np.sqrt(values[seen])
            columns.append(root)
        starts = np.cumsum([0, *(root.shape[1] for root in columns[:-1])])
        return cls(np.hstack(columns), starts)

    def inside(self, basis: FloatArray, rows: IntArray) -> Roots:
        """The same for coefficients `rows` in other coordinates."""
        return Roots(basis.T @ self.columns[rows], self.starts)

    def scaled(self, strengths: FloatArray) -> Roots:
        """Those of the penalties times their strengths, shape (term,)."""
        ends = np.append(self.starts[1:], self.columns.shape[1])
        return Roots(self.columns * np.sqrt(np.repeat(strengths, ends - self.starts)), self.starts)

    def matrix(self, strengths: FloatArray) -> FloatArray:
        """Sum of the penalties times their strengths, shape (n, n)."""
        columns = self.scaled(strengths).columns
        return columns @ columns.T

    def by_term(self, values: FloatArray, axis: int) -> FloatArray:
        """Sums over the columns of each term."""
        return np.add.reduceat(values, self.starts, axis=axis)


class AbstractModel(abc.ABC):
    r"""V as above, for a dispersion that is known or for the best one.

    Parameters
    ----------
    linear, constant
        :math:`b`, shape (n,), and :math:`L_0`.
    prior
        Determinants of the penalty.
    kappa
        :math:`\kappa`, or None to take the best one, where the loss is a sum of squares.
    dof
        Rows (or the sum of their weights) minus m.
    """

    def __init__(self, linear: FloatArray, constant: float, prior: Prior, kappa: float | None, dof: float):
        self.linear, self.constant, self.prior = linear, constant, prior
        self._kappa, self._dof = kappa, dof

    @abc.abstractmethod
    def parts(self, rho: FloatArray) -> tuple[float, FloatArray, FloatArray, Jet]:
        r"""Minimum of J, its gradient and Hessian, and :math:`\log|H + P|`."""

    @abc.abstractmethod
    def heights(self, rho: FloatArray) -> tuple[float, float]:
        r"""Minimum of J, and :math:`\log|H + P|`: the values alone."""

    def kappa_at(self, least: float) -> float:
        """The number between mean loss and log-likelihood, if the smallest J is `least`."""
        return 0.5 * self._dof / max(least, 1e-300) if self._kappa is None else self._kappa

    def value(self, rho: FloatArray) -> float:
        """V, constants apart."""
        least, logdet = self.heights(rho)
        return self._assemble(least, logdet, self.prior(rho).value)

    def _assemble(self, least: float, logdet: float, prior: float) -> float:
        kappa = self.kappa_at(least)
        fit = -0.5 * self._dof * np.log(kappa) if self._kappa is None else kappa * least
        return float(fit + 0.5 * (logdet - prior))

    def __call__(self, rho: FloatArray) -> Jet:
        """V with its derivatives."""
        least, slope, bend, logdet = self.parts(rho)
        prior, kappa = self.prior(rho), self.kappa_at(least)
        hessian = kappa * bend + 0.5 * (logdet.hessian - prior.hessian)
        if self._kappa is None:
            hessian -= kappa / max(least, 1e-300) * np.outer(slope, slope)
        gradient = kappa * slope + 0.5 * (logdet.gradient - prior.gradient)
        return Jet(self._assemble(least, logdet.value, prior.value), gradient, hessian)


class _OneTerm(AbstractModel):
    """One strength: loss and penalty are diagonal in the same coordinates, so that an evaluation is a sum."""

    def __init__(self, hessian: FloatArray, roots: Roots, start: float, *rest):
        super().__init__(*rest)
        matrix = roots.matrix(np.ones(1))
        factor = Factor(hessian + start * matrix)
        root = factor.root
        size, vectors = np.linalg.eigh(root.T @ matrix @ root)
        self._size = np.maximum(size, 0.0)
        self._data = np.maximum(1.0 - start * self._size, 0.0)
        self._square = (vectors.T @ (root.T @ self.linear)) ** 2
        self._logdet = factor.logdet

    def _curvature(self, rho: FloatArray) -> tuple[FloatArray, FloatArray]:
        penalty = np.exp(rho[0]) * self._size
        return penalty, np.maximum(self._data + penalty, 1e-300)

    def heights(self, rho):
        _, whole = self._curvature(rho)
        return self.constant - 0.5 * np.sum(self._square / whole), self._logdet + np.sum(np.log(whole))

    def parts(self, rho):
        penalty, whole = self._curvature(rho)
        share, gain = penalty / whole, self._square / whole
        slope = 0.5 * np.sum(gain * share)
        bend = 0.5 * np.sum(gain * share * (1.0 - 2.0 * share))
        logdet = Jet(
            self._logdet + float(np.sum(np.log(whole))),
            np.array([share.sum()]),
            np.array([[np.sum(share * (1.0 - share))]]),
        )
        return self.constant - 0.5 * float(gain.sum()), np.array([slope]), np.array([[bend]]), logdet


class _ManyTerms(AbstractModel):
    """Any number of strengths, with a factorisation for each evaluation."""

    def __init__(self, hessian: FloatArray, roots: Roots, *rest):
        super().__init__(*rest)
        self._hessian, self._roots = hessian, roots

    def heights(self, rho):
        factor = Factor(self._hessian + self._roots.matrix(np.exp(rho)))
        return self.constant - 0.5 * float(self.linear @ factor.solve(self.linear)), factor.logdet

    def parts(self, rho):
        roots = self._roots.scaled(np.exp(rho))
        factor = Factor(self._hessian + roots.columns @ roots.columns.T)
        beta = factor.solve(self.linear)
        inner = roots.columns.T @ beta
        pulls = roots.by_term(roots.columns * inner, axis=1)
        slope = 0.5 * roots.by_term(inner**2, axis=0)
        bend = np.diag(slope) - pulls.T @ factor.solve(pulls)
        spread = factor.root.T @ roots.columns
        shares = spread.T @ spread
        trace = roots.by_term(np.diagonal(shares), axis=0)
        mixed = roots.by_term(roots.by_term(shares**2, axis=0), axis=1)
        logdet = Jet(factor.logdet, trace, np.diag(trace) - mixed)
        return self.constant - 0.5 * float(self.linear @ beta), slope, bend, logdet


def model_of(
    hessian: FloatArray,
    roots: Roots,
    start: FloatArray,
    linear: FloatArray,
    constant: float,
    prior: Prior,
    kappa: float | None,
    dof: float,
) -> AbstractModel:
    """The restricted likelihood around a point.

    Parameters
    ----------
    hessian
        H plus the part of the penalty that is fixed, shape (n, n).
    roots
        Of the penalties, in the coordinates of `hessian`.
    start
        Strengths near which it will be evaluated, shape (term,).
    linear, constant, prior, kappa, dof
        As in `AbstractModel`.
    """
    rest = (linear, constant, prior, kappa, dof)
    if len(roots.starts) == 1:
        return _OneTerm(hessian, roots, float(start[0]), *rest)
    return _ManyTerms(hessian, roots, *rest)
