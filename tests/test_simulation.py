"""Simulators: right in the mean, the same for the same seed, and clear about bad input."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from helpers import ROUNDING, SAMPLING
from rheobase.simulation import difference_of_gammas, regress_filter, simulate_population, simulate_recurrent

N_TIME, N_NEURONS, N_LAGS = 20_000, 3, 40


def own_history():
    """Refractory filters and one excitatory coupling, 0 -> 1; shape (lag, receiver, sender)."""
    lags = np.arange(N_LAGS)
    filters = np.zeros((N_LAGS, N_NEURONS, N_NEURONS))
    filters[:, np.arange(N_NEURONS), np.arange(N_NEURONS)] = -4 * np.exp(-lags / 3)[:, None]
    filters[:, 1, 0] = np.exp(-lags / 8)
    return filters


def recurrent_input(n_time=200, n_basis=3, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "coupling_coef": 0.1 * rng.normal(size=(2, 2, n_basis)),
        "feedforward_coef": rng.normal(size=(2, 1)),
        "intercepts": np.array([-1.0, -2.0]),
        "random_key": jax.random.key(seed),
        "feedforward_input": rng.normal(size=(n_time, 2, 1)),
        "coupling_basis_matrix": rng.random((5, n_basis)),
        "init_y": np.zeros((5, 2)),
    }


def test_population_without_filters_is_poisson():
    rate = np.array([0.01, 0.05, 2.0])
    counts, rates = simulate_population(np.log(np.tile(rate, (N_TIME, 1))), np.zeros((5, 3, 3)), seed=3)
    np.testing.assert_allclose(rates, np.tile(rate, (N_TIME, 1)), rtol=ROUNDING)
    assert (np.abs(counts.mean(axis=0) - rate) < SAMPLING * np.sqrt(rate / N_TIME)).all()
    variance_error = np.sqrt((rate + 2 * rate**2) / N_TIME)  # of a Poisson sample's variance
    assert (np.abs(counts.var(axis=0) - rate) < SAMPLING * variance_error).all()


def test_population_counts_follow_their_own_rates():
    """Counts minus rates sum to a martingale whose variance is the sum of the rates, whatever the filters."""
    counts, rates = simulate_population(np.full((N_TIME, N_NEURONS), np.log(0.03)), own_history(), seed=1)
    error = (counts - rates).sum(axis=0)
    assert (np.abs(error) < SAMPLING * np.sqrt(rates.sum(axis=0))).all()


def test_population_rates_are_those_of_its_formula():
    """Oracle: the double sum over senders and lags, written out."""
    rng = np.random.default_rng(0)
    drive, filters = rng.normal(-2.0, 0.5, size=(120, N_NEURONS)), own_history()
    counts, rates = simulate_population(drive, filters, seed=5)
    assert counts.sum() > 20
    eta = drive.copy()
    for t in range(len(drive)):
        for lag in range(min(N_LAGS, t)):
            eta[t] += filters[lag] @ counts[t - 1 - lag]
    np.testing.assert_allclose(rates, np.exp(eta), rtol=1e3 * ROUNDING)  # sums of up to 100 terms of size 5


def test_population_is_reproducible_by_seed():
    drive = np.full((500, N_NEURONS), np.log(0.05))
    first, again, other = (simulate_population(drive, own_history(), seed=seed)[0] for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_population_spikes_act_from_the_next_bin_on():
    filters = np.zeros((2, 2, 2))
    filters[0, 1, 0] = -50.0  # a spike of 0 silences 1 in the next bin
    drive = np.full((2_000, 2), np.log(0.5))
    counts, rates = simulate_population(drive, filters, seed=0)
    after = np.flatnonzero(counts[:-1, 0] == 1) + 1
    assert (rates[after, 1] < 1e-10).all()
    assert not counts[after, 1].any()


@pytest.mark.parametrize(
    ("drive", "filters", "message"),
    [
        (np.zeros(5), np.zeros((2, 1, 1)), r"log_drive must be a 2 dimensional array"),
        (np.zeros((5, 2)), np.zeros((2, 3, 3)), r"shape \(lag, 2, 2\)"),
        (np.full((5, 1), np.nan), np.zeros((2, 1, 1)), "log_drive contains NaN"),
        (np.zeros((500, 1)), np.full((20, 1, 1), 3.0), "runs away: neuron 0"),
    ],
)
def test_population_refuses(drive, filters, message):
    with pytest.raises(ValueError, match=message):
        simulate_population(drive, filters, seed=0)


def test_recurrent_rates_are_those_of_its_formula():
    given = recurrent_input()
    counts, rates = simulate_recurrent(**given)
    counts = np.asarray(counts)
    eta = (given["feedforward_coef"] * given["feedforward_input"]).sum(axis=2) + given["intercepts"]
    for t in range(len(eta)):
        for lag in range(min(5, t)):
            weights = given["coupling_coef"] @ given["coupling_basis_matrix"][lag]
            eta[t] += weights @ counts[t - 1 - lag]
    np.testing.assert_allclose(rates, np.logaddexp(0, eta), rtol=1e-4)  # float32 unless JAX is told otherwise


def test_recurrent_is_reproducible_by_key_and_takes_a_link():
    given = recurrent_input()
    first, again = simulate_recurrent(**given)[0], simulate_recurrent(**given)[0]
    np.testing.assert_array_equal(first, again)
    given["coupling_coef"] = np.zeros((2, 2, 3))
    _, rates = simulate_recurrent(**given, inverse_link_function=jnp.exp)
    eta = (given["feedforward_coef"] * given["feedforward_input"]).sum(axis=2) + given["intercepts"]
    np.testing.assert_allclose(rates, np.exp(eta), rtol=1e-5)  # float32


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"intercepts": np.zeros(1)}, "number of neurons is inconsistent"),
        ({"init_y": np.zeros((4, 2))}, r"lags \(window size\): init_y has 4"),
        ({"coupling_coef": np.zeros((2, 2, 2))}, "basis functions: coupling_coef has 2"),
        ({"feedforward_coef": np.zeros((2, 2))}, "features: feedforward_coef has 2"),
        ({"feedforward_input": np.full((9, 2, 1), np.nan)}, "feedforward_input contains NaN"),
        ({"coupling_coef": np.zeros((2, 3))}, r"coupling_coef must be a 3 dimensional array"),
    ],
)
def test_recurrent_refuses(changed, message):
    with pytest.raises(ValueError, match=message):
        simulate_recurrent(**(recurrent_input() | changed))


def test_difference_of_gammas_has_unit_length_and_two_lobes():
    kernel = difference_of_gammas(100)
    assert kernel.shape == (100,)
    np.testing.assert_allclose(np.linalg.norm(kernel), 1.0, rtol=ROUNDING)
    assert kernel[0] < 0 < kernel[20:].max()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"upper_percentile": 1.0}, r"\[0, 1\) interval"),
        ({"inhib_a": 0.0}, "Gamma parameter inhib_a must be >0"),
        ({"excit_b": -1.0}, "Gamma parameter excit_b must be >0"),
        ({"inhib_a": 2.0, "inhib_b": 2.0}, "density are the same"),
    ],
)
def test_difference_of_gammas_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        difference_of_gammas(10, **arguments)


def test_regress_filter_recovers_coefficients():
    rng = np.random.default_rng(2)
    basis, coef = rng.random((30, 4)), rng.normal(size=(2, 3, 4))
    filters = np.einsum("wb,ijb->wij", basis, coef)
    np.testing.assert_allclose(regress_filter(filters, basis), coef, rtol=1e3 * ROUNDING)  # condition number of basis


@pytest.mark.parametrize(
    ("filters", "basis", "message"),
    [
        (np.zeros((5, 2)), np.zeros((5, 3)), "coupling_filters must be a 3 dimensional"),
        (np.zeros((5, 2, 2)), np.zeros(5), "eval_basis must be a 2 dimensional"),
        (np.zeros((5, 2, 2)), np.zeros((4, 3)), "window_size mismatch"),
    ],
)
def test_regress_filter_refuses(filters, basis, message):
    with pytest.raises(ValueError, match=message):
        regress_filter(filters, basis)
