"""Simulated recordings: the layout of a loaded file, realistic rates, and a truth that explains the spikes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from helpers import ROUNDING, SAMPLING
from rheobase.datasets import simulate_recording, simulated_injected_current


@pytest.fixture(scope="module")
def recording():
    return simulate_recording(4, 40.0, seed=1)


@pytest.fixture(scope="module")
def injected():
    return simulated_injected_current(10.0, seed=1)


def expected_counts(recording, stimulus, counts):
    """Expected counts per bin of one epoch from the truth alone, shape (time, neuron)."""
    truth = recording.truth
    n_lags = truth.lags.size
    padded = np.concatenate([np.full(n_lags, stimulus[0]), stimulus])[:-1]
    log_rate = np.log(truth.baseline * truth.bin_size) + np.zeros(counts.shape)
    for i in range(counts.shape[1]):
        log_rate[:, i] += np.convolve(padded, truth.stimulus_filters[:, i], mode="valid")
        for j in range(counts.shape[1]):
            log_rate[1:, i] += np.convolve(counts[:, j], truth.coupling_filters[:, i, j])[: len(counts) - 1]
    return np.exp(log_rate)


def test_layout_of_a_loaded_file(recording, injected):
    assert list(recording) == ["units", "epochs", "stimulus"]
    assert list(injected) == ["units", "epochs", "stimulus", "response"]
    assert recording["units"] is recording.spikes
    assert "4 neurons" in repr(recording)
    assert "stimulus  Tsd" in repr(recording)
    for made in (recording, injected):
        assert list(made["epochs"]["tags"]) == ["Noise 1", "Noise 2"]


def test_rates_are_realistic():
    for seed in (0, 1):
        rates = np.asarray(simulate_recording(seed=seed).spikes.rates)
        assert rates.shape == (8,)
        assert ((rates > 4) & (rates < 45)).all()


def test_one_stimulus_sample_per_bin(recording):
    counts, stimulus = recording.spikes.count(1e-3), recording.stimulus
    assert counts.shape == (40_000, 4)
    np.testing.assert_allclose(counts.t, stimulus.t, rtol=0, atol=1e-9)
    assert abs(np.std(stimulus.values) - 1) < 0.1


def test_truth_explains_the_spikes(recording):
    """Counts minus the rates of the truth sum to a martingale, in each epoch and weighted by what the truth says."""
    for epoch in recording.epochs:
        counts = np.asarray(recording.spikes.restrict(epoch).count(1e-3, epoch).values)
        rates = expected_counts(recording, np.asarray(recording.stimulus.restrict(epoch).values), counts)
        for weight in (np.ones_like(rates), np.log(rates)):
            error = (weight * (counts - rates)).sum(axis=0)
            assert (np.abs(error) < SAMPLING * np.sqrt((weight**2 * rates).sum(axis=0))).all()


def test_injected_current_has_the_units_of_its_truth(injected):
    assert injected.unit == "A"
    assert injected.truth.stimulus_unit == "pA"
    epoch = injected.epochs[0]
    counts = np.asarray(injected.spikes.restrict(epoch).count(1e-3, epoch).values)
    current = np.asarray(injected.stimulus.restrict(epoch).values).reshape(-1, 20).mean(axis=1) * 1e12
    rates = expected_counts(injected, current, counts)
    error = (counts - rates).sum(axis=0)
    assert (np.abs(error) < SAMPLING * np.sqrt(rates.sum(axis=0))).all()


def test_membrane_potential_peaks_at_the_spikes(injected):
    voltage = injected["response"]
    at_spikes = np.asarray(voltage.values)[np.searchsorted(voltage.t, injected.spikes[0].t)]
    assert (at_spikes > -20e-3).all()
    assert -0.1 < np.median(voltage.values) < -0.05


def test_same_seed_same_recording():
    first, again, other = (simulate_recording(2, 4.0, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.spikes[1].t, again.spikes[1].t)
    np.testing.assert_array_equal(first.stimulus.values, again.stimulus.values)
    np.testing.assert_allclose(first.truth.coupling_filters, again.truth.coupling_filters, rtol=ROUNDING)
    assert first.spikes[1].t.shape != other.spikes[1].t.shape or (first.spikes[1].t != other.spikes[1].t).any()


def test_one_neuron_and_two():
    for n_neurons in (1, 2):
        made = simulate_recording(n_neurons, 4.0)
        assert len(made.spikes) == n_neurons
        assert made.truth.coupling_filters.shape == (100, n_neurons, n_neurons)


def test_quick():
    started = time.perf_counter()
    simulate_recording()
    assert time.perf_counter() - started < 5  # about 0.5 s on an idle core


def test_refuses():
    with pytest.raises(ValueError, match="n_neurons must be at least 1, got 0"):
        simulate_recording(0)
    with pytest.raises(ValueError, match="duration must be at least 2 s"):
        simulate_recording(duration=1.0)
    with pytest.raises(ValueError, match="duration must be at least 2 s"):
        simulated_injected_current(float("nan"))
    with pytest.raises(KeyError, match="no 'spikes' in this recording; it holds units, epochs, stimulus"):
        simulate_recording(1, 2.0)["spikes"]
