"""Categorical responses: one-hot classes and log-probabilities along the last axis."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from helpers import ROUNDING
from rheobase._x64 import enable_x64
from rheobase.links import LogSoftmax
from rheobase.observation_models import CategoricalObservations

MODEL = CategoricalObservations(n_categories=4)


@pytest.fixture
def drawn(rng):
    """Labels (time, neuron), one-hot classes and log-probabilities (time, neuron, category)."""
    labels = rng.integers(0, 4, size=(50, 2)).astype(float)
    return labels, MODEL.one_hot(labels), special.log_softmax(rng.normal(size=(50, 2, 4)), axis=-1)


def test_log_likelihood_is_the_probability_of_the_label(drawn):
    labels, y, mean = drawn
    expected = np.take_along_axis(mean, labels.astype(int)[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(MODEL.log_likelihood_per_sample(y, mean), expected, rtol=ROUNDING)
    np.testing.assert_allclose(expected[3, 1], stats.multinomial.logpmf(y[3, 1], 1, np.exp(mean[3, 1])), rtol=1e-12)
    np.testing.assert_allclose(MODEL.deviance(y, mean), -2 * expected, rtol=ROUNDING)
    assert MODEL.log_likelihood(y, mean) == pytest.approx(expected.mean(axis=0).sum())


def test_probabilities_sum_to_one(drawn):
    mean = drawn[2]
    each = [MODEL.log_likelihood_per_sample(np.broadcast_to(row, mean.shape), mean) for row in np.eye(4)]
    np.testing.assert_allclose(np.exp(each).sum(axis=0), 1.0, rtol=ROUNDING)


def test_a_sure_model_loses_nothing(drawn):
    y = drawn[1]
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(MODEL.deviance(y, np.log(y)), 0.0)


def test_loss_and_slope(drawn, rng):
    """Minus the log-likelihood; its slope is the probability less the response (Bishop 2006, equation 4.109)."""
    _, y, _ = drawn
    eta = rng.normal(size=y.shape)
    with enable_x64():
        link = LogSoftmax()
        loss = MODEL.negative_log_likelihood(jnp.asarray(y), jnp.asarray(eta), link)
        slope = jax.grad(lambda e: MODEL.negative_log_likelihood(jnp.asarray(y), e, link).sum())(jnp.asarray(eta))
    np.testing.assert_allclose(loss, -MODEL.log_likelihood_per_sample(y, link(eta)), rtol=1e-12)
    np.testing.assert_allclose(slope, special.softmax(eta, axis=-1) - y, rtol=0, atol=1e-14)


def test_far_predictors():
    y, eta = np.eye(4), np.array([[700.0, -700.0, 0.0, 1.0]] * 4)
    with enable_x64():

        def loss(e):
            return MODEL.negative_log_likelihood(jnp.asarray(y), e, LogSoftmax()).sum()

        slope = np.asarray(jax.jit(jax.grad(loss))(jnp.asarray(eta)))
    assert np.isfinite(slope).all()
    np.testing.assert_allclose(slope.sum(axis=-1), 0.0, atol=1e-12)


def test_draws_have_the_probabilities():
    """Within five standard errors; the variance of an indicator is what the model says."""
    probability = np.array([0.1, 0.2, 0.3, 0.4])
    mean = np.log(np.repeat(probability[None], 20_000, axis=0))
    draw = np.asarray(MODEL.sample_generator(jax.random.key(0), mean), dtype=float)
    MODEL.check_response(draw)
    assert draw.shape == mean.shape
    variance = MODEL.variance(np.log(probability))
    np.testing.assert_allclose(variance, probability * (1 - probability), rtol=1e-14)
    assert (np.abs(draw.mean(axis=0) - probability) < 5 * np.sqrt(variance / 20_000)).all()


def test_pseudo_r2_is_against_the_frequencies(drawn):
    labels, y, mean = drawn
    null = np.log(y.mean(axis=0))
    ours = MODEL.pseudo_r2(y, mean)
    expected = 1 - (y * mean).sum(axis=-1).mean(axis=0).sum() / (y * null).sum(axis=-1).mean(axis=0).sum()
    assert ours == pytest.approx(expected)
    assert MODEL.pseudo_r2(y, mean, "pseudo-r2-Cohen") == pytest.approx(expected)
    assert MODEL.pseudo_r2(y, np.broadcast_to(null, y.shape)) == pytest.approx(0.0, abs=ROUNDING)
    never = CategoricalObservations(n_categories=5).one_hot(labels)
    assert np.isfinite(CategoricalObservations().null_mean(never)).all()


def test_one_hot():
    np.testing.assert_array_equal(MODEL.one_hot([3, 0]), [[0, 0, 0, 1], [1, 0, 0, 0]])
    np.testing.assert_array_equal(CategoricalObservations().one_hot([[1, 0]]), [[[0, 1], [1, 0]]])
    np.testing.assert_array_equal(MODEL.one_hot([np.nan, 1])[0], np.full(4, np.nan))
    assert MODEL.one_hot([]).shape == (0, 4)


@pytest.mark.parametrize(
    ("y", "holds"),
    [([0.0, 4.0], "4"), ([0.0, -1.0], "-1"), ([0.5, 1.0], "0.5"), ([[0.0, 1.0], [2.0, 7.0]], "7")],
)
def test_labels_that_are_none(y, holds):
    with pytest.raises(ValueError, match=rf"integer labels from 0 to 3 .*Categorical observations, but holds {holds}"):
        MODEL.check_response(np.array(y))
    with pytest.raises(ValueError, match="integer labels"):
        MODEL.one_hot(y)


@pytest.mark.parametrize(
    "y",
    [[0.0, 3.0, np.nan], [[0.0, 2.0], [3.0, 1.0]], np.eye(4), [[0.0, 0.0, 0.0, 1.0], [np.nan] * 4], np.zeros((3, 4))],
)
def test_labels_and_one_hot_classes_are_welcome(y):
    MODEL.check_response(np.asarray(y))


def test_without_a_number_of_classes():
    CategoricalObservations().check_response(np.array([0.0, 17.0]))
    with pytest.raises(ValueError, match=r"integer labels from 0 \(or be one-hot\)"):
        CategoricalObservations().check_response(np.array([0.5]))


def test_what_a_fit_asks():
    assert MODEL.n_categories == 4
    assert not MODEL.needs_silent_check
    assert MODEL.default_inverse_link_function == LogSoftmax()
    assert hash(MODEL) == hash(CategoricalObservations(4))
    np.testing.assert_array_equal(MODEL.estimate_scale(None, None, np.zeros(2)), np.ones(2))
