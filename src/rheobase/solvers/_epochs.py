"""One pass over the rows in small batches, for all neurons at once: the compiled part of the stochastic solvers.

Programs are made once in a process and kept by JAX for each size, so a refit compiles nothing.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .._types import FloatArray
from ._core import AbstractProblem

__all__ = ["Moving", "Still", "adam_epoch", "svrg_epoch"]


class Still(NamedTuple):
    """What does not change during a fit, on the device; None where a penalty has no such part."""

    x: Any
    offset: Any
    y: Any
    weights: Any
    scale: Any
    metric: Any
    height: Any
    ridge: Any
    matrices: Any
    matrix_weights: Any
    member: Any
    strength: Any
    unit: Any

    @classmethod
    def of(cls, problem: AbstractProblem, metric: FloatArray, height: FloatArray) -> Still:
        """Gather it from a problem; call with float64 enabled."""
        import jax.numpy as jnp

        penalty, norms = problem.penalty, problem.penalty.norms
        weights = jnp.asarray(problem.weights)
        parts = (
            problem.features(),
            problem.start(),
            problem.y,
            weights,
            problem.scale,
            metric,
            height,
            penalty.ridge,
            penalty.matrices,
            penalty.weights,
            None if norms is None else norms.member,
            None if norms is None else norms.strength,
            None if norms is None else norms.scale,
        )
        return cls(*(None if part is None else jnp.asarray(part) for part in parts))


class Moving(NamedTuple):
    """Parameters and moments of their gradients, shape (n_features + 1, neuron), and the number of steps so far."""

    params: Any
    first: Any
    second: Any
    count: Any

    @classmethod
    def at(cls, params: FloatArray) -> Moving:
        """Before the first step."""
        return cls(params, np.zeros_like(params), np.zeros_like(params), np.zeros(params.shape[1]))


def _batches(jax, still: Still, key, batch_size: int):
    """Numbers of the rows of each batch, every row once, shape (batch, row)."""
    n_rows = still.x.shape[0]
    n_batches = -(-n_rows // batch_size)
    order = jax.random.permutation(key, n_rows)
    return jax.numpy.resize(order, (n_batches, batch_size))


def _residual(jax, still: Still, rows, params, row_loss):
    """Weighted derivative of the loss of some rows in their predictor, shape (row, neuron)."""
    y, weights = still.y[rows], still.weights[rows]
    eta = still.offset[rows] + still.x[rows] @ params[:-1] + params[-1]
    _, pullback = jax.vjp(lambda eta: row_loss(y, eta, still.scale), eta)
    return jax.numpy.where(weights > 0, weights * pullback(jax.numpy.ones_like(eta))[0], 0.0)


def _gradient(jax, still: Still, rows, residual):
    """Of the loss, from the residual of a batch, shape (n_features + 1, neuron)."""
    share = still.x.shape[0] / rows.shape[0]
    return share * jax.numpy.vstack([still.x[rows].T @ residual, residual.sum(axis=0)])


def _bent(still: Still, params):
    """Gradient of the smooth part of the penalty."""
    out = still.ridge * params
    if still.matrices is not None:
        for number in range(still.matrices.shape[0]):
            out = out + still.matrix_weights[number] * (still.matrices[number] @ params)
    return out


def _applied(jax, metric, gradient):
    """A metric, or one of its roots, times a gradient."""
    if metric.ndim == 2:
        return metric * gradient
    if metric.shape[0] == 1:
        return metric[0] @ gradient
    return jax.numpy.einsum("njk,kn->jn", metric, gradient)


def _shrunk(jax, still: Still, params, steps):
    """The proximal step: norms of groups become smaller by their strength times the step, and zero at zero.

    `steps` holds the step of each parameter; members of a group have the same one in the units of their norm.
    """
    jnp = jax.numpy
    n_groups, n_neurons = still.strength.shape
    inside = still.member >= 0
    cells = jnp.where(inside, still.member * n_neurons + jnp.arange(n_neurons), n_groups * n_neurons).ravel()
    scaled = params / still.unit[:, None]
    squares = jax.ops.segment_sum((scaled**2).ravel(), cells, n_groups * n_neurons + 1)
    norm = jnp.sqrt(squares)[cells].reshape(params.shape)
    strength = still.strength[jnp.maximum(still.member, 0), jnp.arange(n_neurons)]
    threshold = strength * steps / still.unit[:, None] ** 2
    factor = jnp.maximum(1.0 - threshold / jnp.where(norm > 0, norm, 1.0), 0.0)
    return jnp.where(inside, params * factor, params)


@cache
def svrg_epoch():
    """The compiled pass of SVRG: steps along a batch's gradient, corrected by how it differs from the full one at the
    reference point.
    """
    import jax

    def epoch(still, params, stepsize, full, residual, key, *, row_loss, batch_size):
        reference, steps = residual, stepsize / still.height

        def step(params, rows):
            change = _residual(jax, still, rows, params, row_loss) - reference[rows]
            gradient = _gradient(jax, still, rows, change) + full + _bent(still, params)
            params = params - steps * _applied(jax, still.metric, gradient)
            if still.member is not None:
                params = _shrunk(jax, still, params, steps * still.metric)
            return params, None

        return jax.lax.scan(step, params, _batches(jax, still, key, batch_size))[0]

    return jax.jit(epoch, static_argnames=("row_loss", "batch_size"))


@cache
def adam_epoch():
    """The compiled pass of Adam, in coordinates in which the null model's curvature is the identity."""
    import jax

    jnp = jax.numpy

    def epoch(still, moving, stepsize, key, beta1, beta2, *, row_loss, batch_size):
        back = still.metric if still.metric.ndim == 2 else still.metric.transpose(0, 2, 1)

        def step(moving, rows):
            params, first, second, count = moving
            gradient = _gradient(jax, still, rows, _residual(jax, still, rows, params, row_loss))
            gradient = _applied(jax, back, gradient + _bent(still, params)) / still.height
            first, second = beta1 * first + (1 - beta1) * gradient, beta2 * second + (1 - beta2) * gradient**2
            count = count + 1
            mean, square = first / (1 - beta1**count), second / (1 - beta2**count)
            move = stepsize * mean / (jnp.sqrt(square) + 1e-8)
            return Moving(params - _applied(jax, still.metric, move), first, second, count), None

        return jax.lax.scan(step, Moving(*moving), _batches(jax, still, key, batch_size))[0]

    return jax.jit(epoch, static_argnames=("row_loss", "batch_size"))
