"""Inverse links: formulas, inverses, derivatives, extremes, and everything a user may write for one."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from helpers import ROUNDING
from rheobase import links
from rheobase._x64 import enable_x64
from rheobase.links import CustomInverseLink, Exp, Softplus

LINKS = {
    "exp": Exp(),
    "softplus": Softplus(),
    "custom": CustomInverseLink(jax.nn.softplus),
    "custom cubic": CustomInverseLink(lambda x: jnp.logaddexp(x, 0.0) ** 3),
}
ETA = np.linspace(-30.0, 30.0, 241)
MODERATE = np.linspace(-8.0, 8.0, 33)


@pytest.mark.parametrize("name", LINKS)
def test_host_and_jax_agree_in_float64(name):
    link = LINKS[name]
    on_host = link(ETA)
    assert isinstance(on_host, np.ndarray)
    assert on_host.dtype == np.float64
    with enable_x64():
        compiled = jax.jit(link)(jnp.asarray(ETA))
        logs = jax.jit(link.log)(jnp.asarray(ETA))
        np.testing.assert_allclose(compiled, on_host, rtol=1e-13)
        np.testing.assert_allclose(logs, np.log(on_host), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", LINKS)
def test_positive_and_strictly_increasing(name):
    mean = LINKS[name](ETA[ETA < 20])
    assert (mean > 0).all()
    assert (np.diff(mean) > 0).all()


@pytest.mark.parametrize("name", LINKS)
def test_link_undoes_the_inverse_link(name):
    link = LINKS[name]
    np.testing.assert_allclose(link.link(link(MODERATE)), MODERATE, rtol=0, atol=1e-9)
    means = np.array([np.finfo(float).eps, 1e-6, 0.3, 1.0, 7.0, 1e4])
    np.testing.assert_allclose(link(link.link(means)), means, rtol=1e-9)


@pytest.mark.parametrize("name", LINKS)
def test_shapes_and_scalars(name):
    link = LINKS[name]
    assert link(np.zeros((3, 2))).shape == (3, 2)
    assert float(link(0.0)) == pytest.approx(float(link(np.zeros(1))[0]))
    assert np.shape(link.link(np.float64(1.0))) == ()


@pytest.mark.parametrize("link", [Exp(), Softplus()])
def test_no_end_of_the_line_breaks_the_logarithm(link):
    """Where the mean underflows to zero its logarithm is still the predictor, with slope one and no NaN."""
    eta = np.array([-1e6, -800.0, -40.0, -36.0, -35.9, 0.0, 600.0])
    logs = link.log(eta)
    assert np.isfinite(logs).all()
    np.testing.assert_allclose(logs[:3], eta[:3], rtol=ROUNDING)
    with enable_x64():
        slope = jax.vmap(jax.grad(link.log))(jnp.asarray(eta))
        bend = jax.vmap(jax.grad(jax.grad(link.log)))(jnp.asarray(eta))
    assert np.isfinite(slope).all()
    assert np.isfinite(bend).all()
    np.testing.assert_allclose(slope[:3], 1.0, rtol=ROUNDING)


def test_softplus_is_continuous_where_its_formula_changes():
    around = -36.0 + np.array([-1e-9, 0.0, 1e-9])
    np.testing.assert_allclose(np.diff(Softplus().log(around)), 1e-9, rtol=1e-4)


def test_softplus_at_its_ends():
    assert Softplus()(np.array([1e300]))[0] == 1e300
    assert Softplus()(np.array([-745.0]))[0] > 0
    np.testing.assert_allclose(Softplus().link(np.array([1e-300, 1e300])), [np.log(1e-300), 1e300])


def test_a_link_with_a_floor_has_no_inverse_below_it():
    link = CustomInverseLink(lambda x: jnp.exp(x) + 0.5)
    assert float(link.link(np.float64(1.5))) == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(ValueError, match=r"inverse_link_function '<lambda>' never reaches the mean 0.1"):
        link.link(np.float64(0.1))


@pytest.mark.parametrize(
    ("written", "link"),
    [
        (None, Softplus()),
        ("exp", Exp()),
        ("softplus", Softplus()),
        ("jax.numpy.exp", Exp()),
        ("jax.nn.softplus", Softplus()),
        (jnp.exp, Exp()),
        (np.exp, Exp()),
        (jax.lax.exp, Exp()),
        (jax.nn.softplus, Softplus()),
        (Exp(), Exp()),
    ],
)
def test_what_may_be_written(written, link):
    assert links.resolve(written, Softplus()) == link


@pytest.mark.parametrize(
    "function", [jax.jit(jax.nn.softplus), lambda x: jnp.log1p(jnp.exp(x)), functools.partial(jnp.logaddexp, 0.0)]
)
def test_any_differentiable_function(function):
    link = links.resolve(function, Exp())
    np.testing.assert_allclose(link(MODERATE), np.logaddexp(0.0, MODERATE), rtol=1e-12)
    assert isinstance(link.name, str)
    assert hash(link) == hash(links.resolve(function, Exp()))


@pytest.mark.parametrize(
    ("written", "error", "message"),
    [
        ("expp", ValueError, r"unknown inverse_link_function 'expp'; known are 'exp', 'softplus', .*Did you mean 'exp'"),
        ("", ValueError, "unknown inverse_link_function ''"),
        (3, TypeError, "inverse_link_function must be a name .* got int"),
        (lambda x: np.exp(x), TypeError, "must map JAX arrays elementwise and be differentiable"),
        (lambda x: x.sum(), TypeError, "must return a JAX array of the shape it was given"),
        (lambda x: [x], TypeError, "inverse_link_function '<lambda>' must"),
        (lambda: 1.0, TypeError, "must map JAX arrays elementwise"),
    ],
)
def test_what_may_not(written, error, message):
    with pytest.raises(error, match=message):
        links.resolve(written, Exp())
