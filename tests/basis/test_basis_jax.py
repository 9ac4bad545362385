"""Bases inside compiled code: jit, vmap and gradients of `evaluate` with fixed bounds."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from helpers import ROUNDING
from rheobase import basis as bases
from rheobase._x64 import enable_x64

BASES = {
    "b-spline": bases.BSplineEval(6, bounds=(0, 2)),
    "cyclic": bases.CyclicBSplineEval(6, bounds=(0, 2)),
    "m-spline": bases.MSplineEval(6, bounds=(0, 2)),
    "linear": bases.RaisedCosineLinearEval(5, bounds=(0, 2)),
    "logarithmic": bases.RaisedCosineLogEval(5, bounds=(0, 2)),
    "fourier": bases.FourierEval(3, bounds=(0, 2)),
    "identity": bases.IdentityEval(bounds=(0, 2)),
    "sum": bases.BSplineEval(6, bounds=(0, 2)) + bases.FourierEval(3, bounds=(0, 2)),
    "product": bases.BSplineEval(5, bounds=(0, 2)) * bases.RaisedCosineLinearEval(4, bounds=(0, 2)),
}

DIFFERENCES = 1e-4
"""Of a central difference with steps of 1e-6, of slopes of order ten."""


@pytest.mark.parametrize("name", BASES)
def test_compiled_and_mapped_values_are_the_same(name):
    basis = BASES[name]
    x = [np.random.default_rng(n).uniform(0.01, 1.99, 7) for n in range(basis.n_inputs)]
    expected = basis.evaluate(*x)
    with enable_x64():
        compiled = jax.jit(basis.evaluate)(*map(jnp.asarray, x))
        mapped = jax.vmap(lambda *point: basis.evaluate(*(value[None] for value in point))[0])(*map(jnp.asarray, x))
    np.testing.assert_allclose(compiled, expected, atol=100 * ROUNDING)
    np.testing.assert_allclose(mapped, expected, atol=100 * ROUNDING)


@pytest.mark.parametrize("name", BASES)
def test_gradients_are_slopes(name):
    basis, step = BASES[name], 1e-6
    x = np.array([0.013, 0.4, 2 / 3, 1.001, 1.9])
    rest = [0.9 * x] * (basis.n_inputs - 1)
    expected = (basis.evaluate(x + step, *rest) - basis.evaluate(x - step, *rest)) / (2 * step)
    weights = np.cos(np.arange(expected.size)).reshape(expected.shape)
    with enable_x64():
        forward = jax.jvp(lambda x: basis.evaluate(x, *rest), (jnp.asarray(x),), (jnp.ones(5),))[1]
        backward = jax.grad(lambda x: jnp.sum(weights * basis.evaluate(x, *rest)))(jnp.asarray(x))
    np.testing.assert_allclose(forward, expected, atol=DIFFERENCES)
    np.testing.assert_allclose(backward, np.sum(weights * expected, axis=1), atol=DIFFERENCES)


@pytest.mark.parametrize("name", [name for name in BASES if BASES[name].n_inputs == 1])
def test_gradients_at_the_bounds_are_finite(name):
    with enable_x64():
        slope = jax.grad(lambda x: jnp.sum(BASES[name].evaluate(x) ** 2))(jnp.array([0.0, 2.0]))
    assert np.isfinite(slope).all()
