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
from rheobase.links import CustomInverseLink, Exp, Identity, Logistic, LogSoftmax, Probit, Reciprocal, Softplus
from rheobase.links._resolve import BY_NAME

LINKS = {
    "identity": Identity(),
    "exp": Exp(),
    "softplus": Softplus(),
    "one_over_x": Reciprocal(),
    "logistic": Logistic(),
    "norm_cdf": Probit(),
    "custom": CustomInverseLink(jax.nn.softplus),
    "custom cubic": CustomInverseLink(lambda x: jnp.logaddexp(x, 0.0) ** 3),
    "custom decreasing": CustomInverseLink(lambda x: 1.0 / x),
}
ETA = np.linspace(-30.0, 30.0, 242)  # never zero, where a reciprocal has its pole
MODERATE = np.linspace(-8.0, 8.0, 34)


def domain(link, eta):
    """Predictors with a mean in the link's range."""
    return eta[eta > 0] if link.name in ("one_over_x", "<lambda>") and float(link(2.0)) == 0.5 else eta


@functools.cache
def compiled(name):
    """Mean, logarithm and its first two derivatives, logarithm of the complement: one program for each link."""
    link = LINKS[name]

    def slope(eta):
        return jax.jvp(link.log, (eta,), (jnp.ones_like(eta),))[1]

    def everything(eta):
        return link(eta), link.log(eta), *jax.jvp(slope, (eta,), (jnp.ones_like(eta),)), link.log_complement(eta)

    return jax.jit(everything)


def in_jax(name, eta):
    with enable_x64():
        return [np.asarray(part)[: len(eta)] for part in compiled(name)(np.resize(eta, len(ETA)))]


@pytest.mark.parametrize("name", LINKS)
def test_host_and_jax_agree_in_float64(name):
    link = LINKS[name]
    on_host = link(ETA)
    assert isinstance(on_host, np.ndarray)
    assert on_host.dtype == np.float64
    mean, log, *_, log_complement = in_jax(name, ETA)
    np.testing.assert_allclose(mean, on_host, rtol=1e-12)
    np.testing.assert_allclose(log, link.log(ETA), rtol=1e-12, atol=1e-12)
    # of a mean near one, whose complement has lost digits, where a link has no formula of its own
    tolerance = (
        {"rtol": 1e-11, "atol": 1e-16} if link.bounds == (0, 1) or name == "exp" else {"rtol": 1e-9, "atol": 1e-9}
    )
    np.testing.assert_allclose(log_complement, link.log_complement(ETA), **tolerance)


@pytest.mark.parametrize("name", LINKS)
def test_logarithms_are_those_of_the_mean(name):
    """And minus infinity where there is none."""
    link = LINKS[name]
    mean = link(MODERATE)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(mean > 0, np.log(mean), -np.inf)
        complement = np.where(mean < 1, np.log1p(-mean), -np.inf)
    np.testing.assert_allclose(link.log(MODERATE), expected, rtol=1e-12, atol=1e-12)
    apart = np.abs(1 - mean) > 1e-9  # elsewhere the difference from one has no digits left to compare with
    np.testing.assert_allclose(link.log_complement(MODERATE)[apart], complement[apart], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", LINKS)
def test_monotone_and_within_its_bounds(name):
    link = LINKS[name]
    mean = link(domain(link, ETA[np.abs(ETA) < 5]))
    steps = np.diff(mean)
    assert (steps > 0).all() or (steps < 0).all()
    low, high = link.bounds
    assert ((mean > low) & (mean < high)).all()
    if link.positive:
        assert np.isfinite(link.log(ETA)).all()
        assert low >= 0


@pytest.mark.parametrize("name", LINKS)
def test_link_undoes_the_inverse_link(name):
    link = LINKS[name]
    eta = domain(link, MODERATE)
    tolerance = 1e-9 if link.bounds[1] > 1 else 1e-2 if name == "norm_cdf" else 1e-9  # a probability near one
    np.testing.assert_allclose(link.link(link(eta)), eta, rtol=0, atol=tolerance)
    means = np.array([np.finfo(float).eps, 1e-6, 0.3, 1.0, 7.0, 1e4])
    means = means[(means > link.bounds[0]) & (means < link.bounds[1])]
    np.testing.assert_allclose(link(link.link(means)), means, rtol=1e-9)


@pytest.mark.parametrize("name", LINKS)
def test_shapes_and_scalars(name):
    link = LINKS[name]
    assert link(np.ones((3, 2))).shape == (3, 2)
    assert float(link(1.0)) == pytest.approx(float(link(np.ones(1))[0]))
    assert np.shape(link.link(np.float64(0.5))) == ()


@pytest.mark.parametrize("name", LINKS)
def test_any_mean_has_a_predictor_to_start_from(name):
    link = LINKS[name]
    means = np.array([-3.0, 0.0, np.finfo(float).eps, 0.4, 1.0, 7.0])
    moved = link.inside(means)
    within = (means > link.bounds[0]) & (means < link.bounds[1])
    np.testing.assert_array_equal(moved[within], means[within])
    if not name.startswith("custom"):  # nobody knows their bounds
        assert np.isfinite(link.link(moved)).all()


@pytest.mark.parametrize("name", LINKS)
def test_derivative_is_the_slope_of_the_mean(name):
    link = LINKS[name]
    eta = np.array([0.3, 1.0, 2.5])
    numeric = (link(eta + 1e-6) - link(eta - 1e-6)) / 2e-6
    ours = link.derivative(eta)
    assert isinstance(ours, np.ndarray)
    assert ours.dtype == np.float64
    np.testing.assert_allclose(ours, numeric, rtol=1e-7)  # of central differences
    np.testing.assert_allclose(link.derivative(jnp.asarray(eta)), ours, rtol=1e-4)  # float32, as the argument


@pytest.mark.parametrize("name", ["exp", "softplus", "logistic", "norm_cdf"])
def test_no_end_of_the_line_breaks_the_logarithm(name):
    """Where the mean underflows to zero its logarithm keeps its digits, and its derivatives are no NaN."""
    eta = np.array([-1e6, -800.0, -40.0, -36.0, -35.9, -20.1, -20.0, -19.9, 0.0, 40.0, 600.0])
    _, logs, slope, bend, _ = in_jax(name, eta)
    assert np.isfinite(logs).all()
    assert np.isfinite(slope).all()
    assert np.isfinite(bend).all()
    if name == "norm_cdf":  # Mills' ratio: Abramowitz & Stegun 1964, 26.2.12
        np.testing.assert_allclose(slope[1:3], -eta[1:3] - 1 / eta[1:3], rtol=1e-5)
    else:
        np.testing.assert_allclose(logs[:3], eta[:3], rtol=ROUNDING)
        np.testing.assert_allclose(slope[:3], 1.0, rtol=ROUNDING)


@pytest.mark.parametrize("name", ["identity", "one_over_x", "custom decreasing"])
def test_outside_the_domain_the_logarithm_is_a_wall(name):
    _, logs, slope, bend, _ = in_jax(name, np.array([-5.0, -1e-3]))
    np.testing.assert_array_equal(logs, -np.inf)
    np.testing.assert_array_equal([slope, bend], 0.0)


def test_probit_is_continuous_where_the_series_of_its_tail_begins():
    around = -20.0 + np.array([-1e-9, 1e-9])
    logs = in_jax("norm_cdf", around)[1]
    np.testing.assert_allclose(np.diff(logs), 2e-9 * 20.05, rtol=1e-3)


def test_reciprocal_at_its_pole():
    assert Reciprocal()(np.zeros(1))[0] == np.inf
    assert Reciprocal().log(np.zeros(1))[0] == -np.inf


def test_log_softmax_is_along_the_last_axis():
    eta = np.random.default_rng(0).normal(size=(5, 2, 3))
    log_probability = LogSoftmax()(eta)
    np.testing.assert_allclose(np.exp(log_probability).sum(axis=-1), 1.0, rtol=ROUNDING)
    np.testing.assert_allclose(LogSoftmax().link(log_probability), eta - eta.mean(axis=-1, keepdims=True), atol=1e-13)
    np.testing.assert_array_equal(LogSoftmax().log(eta), log_probability)
    with enable_x64():
        np.testing.assert_allclose(LogSoftmax()(jnp.asarray(eta)), log_probability, rtol=1e-12)


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
        ("identity", Identity()),
        ("logistic", Logistic()),
        ("expit", Logistic()),
        ("jax.lax.logistic", Logistic()),
        ("jax.scipy.special.expit", Logistic()),
        ("norm.cdf", Probit()),
        ("jax.scipy.stats.norm.cdf", Probit()),
        ("nemos.inverse_link_function_utils.norm_cdf", Probit()),
        ("probit", Probit()),
        ("one_over_x", Reciprocal()),
        ("nemos.utils.one_over_x", Reciprocal()),
        ("inverse", Reciprocal()),
        ("log_softmax", LogSoftmax()),
        ("jax.nn.log_softmax", LogSoftmax()),
        (jnp.exp, Exp()),
        (np.exp, Exp()),
        (jax.lax.exp, Exp()),
        (jax.nn.softplus, Softplus()),
        (jax.nn.sigmoid, Logistic()),
        (jax.lax.logistic, Logistic()),
        (jax.scipy.special.expit, Logistic()),
        (jax.scipy.stats.norm.cdf, Probit()),
        (jnp.reciprocal, Reciprocal()),
        (jax.nn.log_softmax, LogSoftmax()),
        (Exp(), Exp()),
    ],
)
def test_what_may_be_written(written, link):
    assert links.resolve(written, Softplus()) == link


@pytest.mark.parametrize("name", BY_NAME)
def test_a_link_is_found_by_its_own_name(name):
    link = BY_NAME[name]
    assert link.name == name
    assert links.resolve(link.name, Exp()) == link


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
        (
            "expp",
            ValueError,
            r"unknown inverse_link_function 'expp'; known are 'exp', 'softplus', .*Did you mean 'exp'",
        ),
        ("", ValueError, "unknown inverse_link_function ''"),
        (3, TypeError, "inverse_link_function must be a name .* got int"),
        (lambda x: np.exp(x), TypeError, "must map JAX arrays elementwise and be differentiable"),
        (lambda x: x.sum(), TypeError, "must return a JAX array of the shape it was given"),
        (lambda x: [x], TypeError, "inverse_link_function '<lambda>' must"),
        (lambda: 1.0, TypeError, "must map JAX arrays elementwise"),
        (lambda x: x - jnp.mean(x), TypeError, "must map JAX arrays elementwise: its value at 1.5 depends"),
        (lambda x: jnp.log(x - 1.0), ValueError, "must be finite and have a finite slope, but maps"),
        (Exp, TypeError, "got the class Exp .*add parentheses"),
        ("norm", ValueError, "unknown inverse_link_function 'norm'"),
    ],
)
def test_what_may_not(written, error, message):
    with pytest.raises(error, match=message):
        links.resolve(written, Exp())
