"""The solvers of jaxopt behind our interface; the only file that names it.

Each neuron is solved on its own (own line search, own stopping test), in coordinates in which its Hessian at the null
model is the identity (for penalties with kinks, in which its diagonal is). The algorithm is the one that was asked for;
the coordinates only spare it the conditioning of the features.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np

from .._types import FloatArray
from .._x64 import enable_x64
from ._core import AbstractProblem, AbstractSolver, Progress, Result, Trace
from ._metric import diagonal_metric

__all__ = ["ALGORITHMS", "Jaxopt"]

ALGORITHMS: dict[str, dict[str, object]] = {
    "LBFGS": {"maxiter": 500, "tol": 1e-8, "stepsize": 0.0, "history_size": 10, "linesearch": "zoom", "maxls": 30},
    "GradientDescent": {
        "maxiter": 2000,
        "tol": 1e-8,
        "stepsize": 0.0,
        "acceleration": True,
        "maxls": 30,
        "decrease_factor": 0.5,
    },
    "BFGS": {"maxiter": 500, "tol": 1e-8, "stepsize": 0.0, "linesearch": "zoom", "maxls": 30},
    "NonlinearCG": {"maxiter": 1000, "tol": 1e-8, "method": "polak-ribiere", "linesearch": "zoom", "maxls": 30},
    "ProximalGradient": {
        "maxiter": 5000,
        "tol": 1e-8,
        "stepsize": 0.0,
        "acceleration": True,
        "maxls": 30,
        "decrease_factor": 0.5,
    },
}
"""Algorithm → the options that it takes, with our defaults. `tol` bounds the gradient in whitened coordinates."""

_REACHABLE = 1e-9
"""Asking for a smaller gradient asks for digits that a sum over rows does not have."""

_PROMISED = 1e-6
"""A neuron whose gradient is below this counts as converged even where the algorithm could not meet its own `tol`."""


@dataclass(frozen=True)
class Jaxopt(AbstractSolver):
    """One of jaxopt's algorithms.

    Parameters
    ----------
    algorithm
        Key of `ALGORITHMS`.
    options
        Pairs of option and value.
    """

    algorithm: str
    options: tuple[tuple[str, object], ...] = ()

    def run(self, problem: AbstractProblem, params: FloatArray, progress: Progress) -> Trace:
        """Minimise from `params`, shape (n_features + 1, neuron)."""
        options = {**ALGORITHMS[self.algorithm], **dict(self.options)}
        options["tol"] = max(float(options["tol"]), _REACHABLE)
        norms = problem.penalty.norms
        transform, height = whitening(problem, params) if norms is None else scaling(problem, params)
        with enable_x64():
            run = _runner(self.algorithm, tuple(sorted(options.items())))
            found, error, n_iter, loss = run(
                problem.features(),
                problem.start(),
                problem.y,
                problem.weights,
                problem.scale,
                transform,
                height,
                params,
                _quadratic(problem.penalty),
                None if norms is None else (norms.member.T, norms.strength.T, norms.scale),
                row_loss=problem.row_loss,
            )
            found, error, n_iter, loss = (np.asarray(part) for part in (found, error, n_iter, loss))
        result = np.where(error <= max(options["tol"], _PROMISED), Result.CONVERGED, Result.MAX_ITERATIONS)
        result[~np.isfinite(error)] = Result.STALLED
        return Trace(
            found.T.copy(),
            loss.copy(),
            result,
            n_iter.astype(np.int64),
            {"passes": int(2 * n_iter.max()), "hessians": 0},
        )


def whitening(problem: AbstractProblem, params: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Matrices that turn whitened coordinates into parameters, and the loss' mean curvature, for each neuron.

    Returns
    -------
    transform, height
        Shapes (neuron, n_features + 1, n_features + 1) and (neuron,). Directions without curvature, and held
        coefficients, have columns of zeros.
    """
    start = problem.evaluate(problem.start(), problem.predictor(params), np.ones(problem.n_neurons))
    height = np.maximum(problem.column_means(start.curvature), 1e-300)
    gram = problem.null_gram()
    transform = np.empty((problem.n_neurons, *gram.shape))
    for n in range(problem.n_neurons):
        penalty = np.zeros((1, *gram.shape))
        problem.penalty.add_to(penalty, [n])
        curvature = gram + penalty[0] / height[n]
        if problem.free is not None:
            curvature *= np.outer(problem.free[:, n], problem.free[:, n])
        values, vectors = np.linalg.eigh(curvature)
        kept = values > 1e-13 * len(values) * values[-1]
        transform[n] = vectors * np.where(kept, 1.0 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
        if problem.free is not None:  # eigenvectors are zero there to rounding only
            transform[n] *= problem.free[:, n, None]
    return transform, height


def scaling(problem: AbstractProblem, params: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same for penalties with kinks: coordinates are only scaled, alike within a group, shape (neuron, n)."""
    metric = diagonal_metric(problem, params)
    return metric.root.T, metric.height


def _quadratic(penalty) -> FloatArray:
    """Curvature of the penalty, neuron by neuron: a diagonal (neuron, n), or matrices (neuron, n, n)."""
    if penalty.matrices is None:
        return np.ascontiguousarray(penalty.ridge.T)
    n, n_neurons = penalty.ridge.shape
    out = np.zeros((n_neurons, n, n))
    penalty.add_to(out, np.arange(n_neurons))
    return out


class _NoKinks:
    """A penalty without kinks: its proximal step goes nowhere."""

    def prox(self, point, _hyperparams, scaling=1.0):
        return point

    def value(self, point):
        return 0.0


_no_kinks = _NoKinks()


class _Kinks:
    """Norms of groups of one neuron, in scaled coordinates, over the height of its loss."""

    def __init__(self, member, strength, unit, *, scale, height):
        import jax.numpy as jnp

        self.n_groups = len(strength)
        self.inside = (member >= 0) & (scale > 0)
        self.cells = jnp.where(self.inside, member, self.n_groups)
        self.ratio = scale / unit  # from a point to the coefficients whose norm is taken; one number for each group
        self.strength = strength / height

    def _norms(self, values):
        """Norm of each group, and of what is in none, shape (group + 1,)."""
        import jax

        return jax.numpy.sqrt(jax.ops.segment_sum(values**2, self.cells, self.n_groups + 1))

    def prox(self, point, _hyperparams, scaling=1.0):
        import jax.numpy as jnp

        norm = self._norms(point)[self.cells]
        threshold = scaling * self.strength[jnp.minimum(self.cells, self.n_groups - 1)] * self.ratio
        factor = jnp.maximum(1.0 - threshold / jnp.where(norm > 0, norm, 1.0), 0.0)
        return jnp.where(self.inside, point * factor, point)

    def value(self, point):
        import jax.numpy as jnp

        norm = self._norms(jnp.where(self.inside, point * self.ratio, 0.0))
        return (self.strength * norm[:-1]).sum()


@cache
def _runner(algorithm: str, options: tuple[tuple[str, object], ...]):
    """The compiled solver of all neurons; one for each algorithm and set of options, so that a refit compiles
    nothing.
    """
    import jax

    with warnings.catch_warnings():  # jaxopt warns at import that it is no longer developed; that is our concern
        warnings.simplefilter("ignore", DeprecationWarning)
        import jaxopt

    settings = dict(options)
    if "stepsize" in settings and not settings["stepsize"]:
        settings.pop("stepsize")

    def one(x, offset, y, weights, scale, transform, height, start, quadratic, norms, row_loss):
        diagonal = transform.ndim == 1

        def params_at(point):
            return transform * point if diagonal else start + transform @ point

        def objective(point, *_):
            params = params_at(point)
            eta = offset + x @ params[:-1] + params[-1]
            used = weights > 0
            loss = jax.numpy.where(used, weights * row_loss(y, eta, scale), 0.0).sum()
            bent = quadratic * params if quadratic.ndim == 1 else quadratic @ params
            return (loss + 0.5 * (params * bent).sum()) / height

        first = jax.numpy.zeros_like(start)
        if algorithm == "ProximalGradient":
            kinks = _no_kinks if norms is None else _Kinks(*norms, scale=transform, height=height)
            solver = jaxopt.ProximalGradient(objective, kinks.prox, implicit_diff=False, **settings)
            if diagonal:
                first = jax.numpy.where(transform > 0, start / jax.numpy.where(transform > 0, transform, 1.0), 0.0)
            point, state = solver.run(first, None)
            return params_at(point), state.error, state.iter_num, (objective(point) + kinks.value(point)) * height
        solver = getattr(jaxopt, algorithm)(objective, implicit_diff=False, **settings)
        point, state = solver.run(first)
        return params_at(point), state.error, state.iter_num, objective(point) * height

    def every(x, offset, y, weights, scale, transform, height, params, quadratic, norms, *, row_loss):
        # one neuron after the other, not vmap: under vmap both branches of every line search run for every neuron
        weights = jax.numpy.broadcast_to(weights, y.shape)
        groups = None if norms is None else norms[:2]

        def neuron(parts):
            *rest, groups = parts
            return one(x, *rest, None if groups is None else (*groups, norms[2]), row_loss)

        rows = (offset.T, y.T, weights.T, scale, transform, height, params.T, quadratic, groups)
        return jax.lax.map(neuron, rows)

    return jax.jit(every, static_argnames=("row_loss",))
