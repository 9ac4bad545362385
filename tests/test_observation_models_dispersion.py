"""Negative binomial counts: their dispersion by maximum likelihood, and what happens at its ends."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from rheobase._x64 import enable_x64
from rheobase.links import Exp
from rheobase.observation_models import NegativeBinomialObservations, PoissonObservations
from rheobase.observation_models import _dispersion as inside

MODEL = NegativeBinomialObservations()


def counts(alpha, n_time=3_000, seed=0):
    """Overdispersed counts (time, neuron) and their means."""
    rng = np.random.default_rng(seed)
    alpha = np.atleast_1d(alpha)
    mean = rng.gamma(2.0, 1.0, size=(n_time, len(alpha))) + 0.05
    return rng.poisson(mean * rng.gamma(1 / alpha, alpha, size=mean.shape)).astype(float), mean


def by_search(y, mean, weights=1.0):
    """The same maximum from SciPy's likelihood and a scalar search."""

    def loss(log_alpha):
        alpha = np.exp(log_alpha)
        return -(weights * stats.nbinom.logpmf(y, 1 / alpha, 1 / (1 + alpha * mean))).sum()

    return np.exp(optimize.minimize_scalar(loss, bounds=(-7, 5), method="bounded", options={"xatol": 1e-10}).x)


@pytest.mark.parametrize("alpha", [0.05, 0.5, 3.0])
def test_the_estimate_is_the_maximum(alpha):
    y, mean = counts(alpha)
    found = MODEL.estimate_dispersion(y, mean)
    assert found.shape == (1,)
    np.testing.assert_allclose(found[0], by_search(y, mean), rtol=1e-6)  # of the scalar search
    np.testing.assert_allclose(found, alpha, rtol=0.3)


def test_every_neuron_has_its_own():
    """The same, to rounding, as alone, from any start."""
    y, mean = counts(np.array([0.01, 0.2, 1.0, 8.0]))
    together = MODEL.estimate_dispersion(y, mean)
    alone = [MODEL.estimate_dispersion(y[:, n], mean[:, n]) for n in range(4)]
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    for start in (together, 1e-5, np.full(4, 50.0)):
        np.testing.assert_allclose(MODEL.estimate_dispersion(y, mean, start=start), together, rtol=1e-9)


def test_blocks_and_tables_change_nothing(monkeypatch):
    y, mean = counts(np.array([0.2, 1.0]))
    expected = MODEL.estimate_dispersion(y, mean)
    monkeypatch.setattr(inside, "BLOCK", 7)
    np.testing.assert_allclose(MODEL.estimate_dispersion(y[:100], mean[:100]).shape, (2,))
    monkeypatch.setattr(inside, "BLOCK", 1 << 16)
    monkeypatch.setattr(inside, "TABLE_UP_TO", -1)
    np.testing.assert_allclose(MODEL.estimate_dispersion(y, mean), expected, rtol=1e-8)


def test_weights_are_repeats_and_gaps_are_absences():
    y, mean = counts(np.array([0.3, 1.0]))
    weights = np.random.default_rng(1).integers(0, 4, size=len(y))
    repeated = MODEL.estimate_dispersion(np.repeat(y, weights, axis=0), np.repeat(mean, weights, axis=0))
    np.testing.assert_allclose(MODEL.estimate_dispersion(y, mean, weights[:, None].astype(float)), repeated, rtol=1e-9)
    one = MODEL.estimate_dispersion(y[:, 0], mean[:, 0], weights.astype(float))
    np.testing.assert_allclose(one, repeated[0], rtol=1e-9)
    gaps = y.copy()
    gaps[::3, 0] = np.nan
    kept = np.arange(len(y)) % 3 != 0
    found = MODEL.estimate_dispersion(gaps, mean)
    np.testing.assert_allclose(found[0], MODEL.estimate_dispersion(y[kept, 0], mean[kept, 0]), rtol=1e-9)
    np.testing.assert_allclose(found[1], MODEL.estimate_dispersion(y, mean)[1], rtol=1e-9)


def test_ends():
    """Counts that scatter like Poisson's or less have none; a silent neuron says nothing."""
    mean = np.full((200, 3), 4.0)
    y = np.stack([np.full(200, 4.0), np.tile([3.0, 5.0], 100), np.zeros(200)], axis=1)
    np.testing.assert_array_equal(MODEL.estimate_dispersion(y, mean), [1e-8, 1e-8, 1.0])
    lone = np.zeros((100, 1))
    lone[3] = 50_000.0
    assert 1 < MODEL.estimate_dispersion(lone, np.full((100, 1), 500.0))[0] <= 1e8


@given(st.integers(0, 10_000), st.floats(0.02, 5.0), st.floats(0.2, 50.0))
def test_no_other_dispersion_is_likelier(seed, alpha, level):
    rng = np.random.default_rng(seed)
    y = rng.poisson(level * rng.gamma(1 / alpha, alpha, size=60)).astype(float)
    found = float(MODEL.estimate_dispersion(y, np.full(60, level)))
    best = MODEL.log_likelihood(y, np.full(60, level), found)
    for other in (found * 1.05, found / 1.05, 1e-4, 0.1, 1.0, 10.0):
        if y.any() and found < 1e7:
            assert MODEL.log_likelihood(y, np.full(60, level), other) <= best + 1e-9


def test_scale_is_estimated_unless_given():
    y, mean = counts(np.array([0.2, 1.0]))
    dof = np.array([2990.0, 2990.0])
    np.testing.assert_array_equal(MODEL.estimate_scale(y, mean, dof), MODEL.estimate_dispersion(y, mean))
    np.testing.assert_array_equal(NegativeBinomialObservations(scale=0.3).estimate_scale(y, mean, dof), [0.3, 0.3])
    assert MODEL.estimate_scale(y[:, 0], mean[:, 0], np.array([2990.0])).shape == (1,)


def test_the_given_scale_is_the_default_of_every_method():
    y, mean = counts(0.5, 50)
    given, free = NegativeBinomialObservations(scale=0.3), MODEL
    np.testing.assert_array_equal(given.variance(mean), free.variance(mean, 0.3))
    np.testing.assert_array_equal(given.deviance(y, mean), free.deviance(y, mean, 0.3))
    assert given.log_likelihood(y, mean) == free.log_likelihood(y, mean, 0.3)
    assert free.log_likelihood(y, mean) == free.log_likelihood(y, mean, 1.0)
    for kind in ("pseudo-r2-McFadden", "pseudo-r2-Cohen"):
        assert given.pseudo_r2(y, mean, kind) == free.pseudo_r2(y, mean, kind, 0.3)


def test_dispersion_travels_as_data():
    """One model, hence one compiled program, serves neurons of any dispersion."""
    y, mean = counts(np.array([0.2, 1.0]), 30)
    alpha = np.array([0.2, 1.5])
    with enable_x64():
        both = MODEL.negative_log_likelihood(jnp.asarray(y), jnp.log(mean), Exp(), alpha)
        for n in range(2):
            one = NegativeBinomialObservations(scale=alpha[n])
            alone = one.negative_log_likelihood(jnp.asarray(y[:, n]), jnp.log(mean[:, n]), Exp())
            np.testing.assert_allclose(both[:, n], alone, rtol=1e-12)


def test_without_dispersion_it_is_poisson():
    y, mean = counts(0.5, 100)
    poisson = PoissonObservations()
    ours, theirs = MODEL.log_likelihood_per_sample(y, mean, 1e-8), poisson.log_likelihood_per_sample(y, mean)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)  # of a dispersion of 1e-8
    np.testing.assert_allclose(MODEL.deviance(y, mean, 1e-8), poisson.deviance(y, mean), rtol=1e-5, atol=1e-5)


def test_large_r_keeps_its_digits():
    """Either side of the switch to Stirling's series, against sums of logarithms."""
    y = np.arange(30.0)
    for r in (999.0, 1000.0, 1e5, 1e8):
        exact = np.array([np.log(r + np.arange(k)).sum() for k in range(30)])
        mean = np.full(30, 3.0)
        expected = exact - np.array([np.log(np.arange(1, k + 1)).sum() for k in range(30)])
        expected += y * (np.log(mean) - np.log(mean + r)) - r * np.log1p(mean / r)
        ours = NegativeBinomialObservations(scale=1 / r).log_likelihood_per_sample(y, mean)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=3e-11)


@pytest.mark.parametrize(
    ("scale", "error"),
    [
        (0.0, ValueError),
        (-1.0, ValueError),
        (np.nan, ValueError),
        (np.inf, ValueError),
        ("0.3", TypeError),
        (True, TypeError),
    ],
)
def test_scales_that_are_none(scale, error):
    with pytest.raises(error, match="scale must be a number > 0, or None to have it estimated, got"):
        NegativeBinomialObservations(scale=scale)


def test_scales_that_are_the_same():
    assert NegativeBinomialObservations(np.float32(0.5)) == NegativeBinomialObservations(scale=0.5)
    assert NegativeBinomialObservations(1) == NegativeBinomialObservations(1.0)
    assert repr(MODEL) == "NegativeBinomialObservations(scale=None)"
