"""Time rescaling: exact under the true model, in any bins and epochs, and merciless with a wrong one.

``pytest tests/scores/test_rescaling.py -k rejects -rP`` prints the rejection rates.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, kstest

from rheobase import IntervalSet, Tsd, TsdFrame
from rheobase.scores import ks_test, time_rescaling

N_SETS = 500
"""Data sets per simulation, each a column."""


def drive(n_time, level):
    """A rate that varies about sixfold, per bin."""
    return level * np.exp(0.9 * np.sin(np.arange(n_time) / 37.0))


def in_epochs(values, length):
    """A frame whose rows are cut into epochs of `length`, far apart."""
    n = len(values)
    t = np.arange(n) * 1e-3 + np.arange(n) // length
    starts = t[::length]
    return TsdFrame(t, values, time_support=IntervalSet(starts - 5e-4, starts + 1e-3 * length - 5e-4))


def refractory(mean, window, rng):
    """Bernoulli spikes (time, data set) that keep silent for `window` bins after each, and their probability."""
    spikes, probability = np.zeros(mean.shape), np.array(mean)
    rest = np.zeros(mean.shape[1], dtype=int)
    for t in range(len(mean)):
        probability[t, rest > 0] *= 0.02
        spikes[t] = rng.random(mean.shape[1]) < probability[t]
        rest = np.where(spikes[t] > 0, window, rest - 1)
    return spikes, probability


def check_size(rejected, name):
    """About 5 %: inside the central 99.99 % of the binomial distribution of rejections."""
    low, high = binom.ppf([5e-5, 1 - 5e-5], rejected.size, 0.05)
    print(f"{name}: {rejected.mean():.3f} of {rejected.size} rejected")
    assert low <= rejected.sum() <= high


@pytest.mark.parametrize(
    ("several", "level", "length"),
    [("merge", 0.07, None), ("spread", 0.07, 100), ("merge", 0.8, 100), ("spread", 0.8, None)],
)
def test_the_true_poisson_model_is_rejected_in_5_percent(rng, several, level, length):
    mean = np.broadcast_to(drive(3000, level)[:, None], (3000, N_SETS))
    counts = rng.poisson(mean)
    counts = counts if length is None else in_epochs(counts, length)
    check_size(ks_test(counts, mean, seed=1, several=several).rejected, f"true, {several}, {level}, epochs {length}")


def test_the_true_model_with_history_is_rejected_in_5_percent(rng):
    """Given the past, bins are Bernoulli; a chance of 0.1 to 0.5 is far from continuous time."""
    mean = np.broadcast_to(drive(3000, 0.2)[:, None], (3000, N_SETS))
    spikes, probability = refractory(mean, 3, rng)
    result = ks_test(spikes, probability, seed=2, observation_model="Bernoulli")
    check_size(result.rejected, "true, with history")


def test_without_adjustment_short_epochs_reject_the_true_model(rng):
    mean = np.broadcast_to(drive(3000, 0.07)[:, None], (3000, N_SETS))
    counts = in_epochs(rng.poisson(mean), 60)
    rejected = {adjust: ks_test(counts, mean, seed=1, adjust=adjust).rejected for adjust in (True, False)}
    check_size(rejected[True], "short epochs, adjusted")
    print(f"short epochs, not adjusted: {rejected[False].mean():.3f} rejected")
    assert rejected[False].mean() > 0.5


@pytest.mark.parametrize("length", [None, 100])
def test_a_wrong_model_rejects(rng, length):
    mean = np.broadcast_to(drive(3000, 0.2)[:, None], (3000, 200))
    spikes, _ = refractory(mean, 3, rng)
    share = spikes.mean()
    spikes = spikes if length is None else in_epochs(spikes, length)
    without_history = ks_test(spikes, mean * share / mean.mean(), seed=0).rejected.mean()
    counts = rng.poisson(mean)
    constant = ks_test(counts, np.full(counts.shape, mean.mean()), seed=0).rejected.mean()
    print(f"wrong, epochs {length}: without history {without_history:.3f}, constant rate {constant:.3f} rejected")
    assert without_history > 0.99
    assert constant > 0.8


@pytest.mark.parametrize("several", ["merge", "spread"])
def test_intervals_are_exponential_and_independent(rng, several):
    mean = drive(60_000, 0.7)
    intervals = time_rescaling(rng.poisson(mean), mean, seed=0, several=several).intervals
    assert kstest(intervals, "expon").pvalue > 1e-4
    assert abs(np.corrcoef(intervals[:-1], intervals[1:])[0, 1]) < 4 / np.sqrt(len(intervals))


def test_one_epoch_by_hand():
    """Spikes in bins 1 and 4 of 6: each interval is the whole bins before it, and a draw inside its own bin."""
    mean = np.array([0.5, 0.4, 0.3, 0.2, 0.6, 1.0])
    draws = np.random.default_rng(5).random(2)
    inside = -np.log(1 - draws * (1 - np.exp(-mean[[1, 4]])))
    intervals = np.array([0.5, 0.3 + 0.2]) + inside
    room = np.array([3.0, 0.3 + 0.2 + 0.6 + 1.0])
    rescaled = time_rescaling([0, 1, 0, 0, 3, 0], mean, seed=5)
    np.testing.assert_allclose(rescaled.intervals, intervals, rtol=1e-12)
    np.testing.assert_allclose(rescaled.uniforms, (1 - np.exp(-intervals)) / (1 - np.exp(-room)), rtol=1e-12)
    plain = time_rescaling([0, 1, 0, 0, 3, 0], mean, seed=5, adjust=False)
    np.testing.assert_allclose(plain.uniforms, 1 - np.exp(-intervals), rtol=1e-12)


def test_several_spikes_are_spread_over_their_bin():
    rescaled = time_rescaling([0, 3, 0, 1], [1.0, 2.0, 0.5, 1.0], seed=0, several="spread")
    places = np.cumsum(rescaled.intervals)
    assert len(places) == 4
    assert (np.diff(places) >= 0).all()
    assert ((places[:3] > 1) & (places[:3] < 3)).all()
    assert 3.5 < places[3] < 4.5


def test_no_interval_bridges_epochs():
    counts = np.array([0, 1, 0, 0, 0, 1, 0, 0, 1.0])
    t = np.array([0, 1, 2, 10, 11, 12, 20, 21, 22.0])
    apart = Tsd(t, counts, time_support=IntervalSet([0, 10, 20], [2.5, 12.5, 22.5]))
    intervals = time_rescaling(apart, np.ones(9), seed=0).intervals
    for epoch, (begin, inside) in enumerate([(1, 1), (2, 1), (2, 1)]):
        assert begin <= intervals[epoch] <= begin + inside
    together = time_rescaling(counts, np.ones(9), seed=0).intervals
    assert 3 <= together[1] <= 4


def test_an_unknown_bin_ends_its_epoch(rng):
    mean = drive(300, 0.3)
    counts = rng.poisson(mean).astype(float)
    parts = [slice(0, 100), slice(101, 300)]
    counts[100] = np.nan
    whole = time_rescaling(counts, mean, seed=np.random.default_rng(0))
    generator = np.random.default_rng(0)
    apart = [time_rescaling(counts[part], mean[part], seed=generator) for part in parts]
    np.testing.assert_allclose(whole.intervals, np.concatenate([r.intervals for r in apart]), rtol=1e-10)
    np.testing.assert_allclose(whole.uniforms, np.concatenate([r.uniforms for r in apart]), rtol=1e-10)
    counts[100], mean[100] = 1.0, np.nan
    again = time_rescaling(counts, mean, seed=0)
    np.testing.assert_array_equal(again.intervals, whole.intervals)


def test_the_seed_decides(rng):
    mean = drive(500, 0.2)
    counts = rng.poisson(mean)
    first, again, other = (ks_test(counts, mean, seed=seed) for seed in (1, 1, 2))
    assert first.statistic == again.statistic
    assert first.statistic != other.statistic


def test_the_test_is_that_of_scipy(rng):
    mean = np.repeat(drive(800, 0.2)[:, None], 3, axis=1)
    counts = rng.poisson(mean)
    result = ks_test(counts, mean, seed=3, confidence=0.9)
    assert result.statistic.shape == result.p_value.shape == result.band.shape == (3,)
    for n in range(3):
        expected = kstest(result.rescaled.uniforms[n], "uniform", mode="exact")
        assert result.statistic[n] == pytest.approx(expected.statistic, rel=1e-12)
        assert result.p_value[n] == pytest.approx(expected.pvalue, rel=1e-9)
        assert result.n_intervals[n] == (counts[:, n] > 0).sum()
    np.testing.assert_array_equal(result.rejected, result.statistic > result.band)


def test_one_neuron_gives_numbers_and_silence_gives_nan():
    result = ks_test([0, 1, 0, 1], np.full(4, 0.5), seed=0)
    assert type(result.statistic) is float
    assert type(result.n_intervals) is int
    silent = ks_test(np.zeros((5, 2)), np.ones((5, 2)), seed=0)
    assert np.isnan(silent.statistic).all()
    assert np.isnan(silent.p_value).all()
    assert np.isnan(silent.band).all()
    np.testing.assert_array_equal(silent.n_intervals, 0)
    assert not silent.rejected.any()
    unknown = ks_test(np.full(3, np.nan), np.ones(3), seed=0)
    assert unknown.n_intervals == 0


def test_a_spike_where_none_can_be_is_an_interval_of_no_length():
    rescaled = time_rescaling([1, 1], [0.0, 0.0], seed=0)
    assert rescaled.intervals == pytest.approx([0, 0], abs=1e-12)
    assert np.isfinite(rescaled.uniforms).all()


def test_other_models_of_counts(rng):
    """Negative-binomial counts and Bernoulli spikes are right under their own model and wrong under Poisson's."""
    mean = np.broadcast_to(drive(1500, 0.6)[:, None], (1500, N_SETS))
    scale = np.linspace(0.5, 1.5, N_SETS)
    counts = rng.poisson(mean * rng.gamma(1 / scale, scale, size=mean.shape))
    check_size(ks_test(counts, mean, seed=0, observation_model="NegativeBinomial", scale=scale).rejected, "own model")
    assert ks_test(counts, mean, seed=0).rejected.mean() > 0.9
    chance = np.minimum(mean, 0.9)
    spikes = rng.random(mean.shape) < chance
    check_size(ks_test(spikes, chance, seed=0, observation_model="Bernoulli").rejected, "Bernoulli spikes")
    assert ks_test(spikes, chance, seed=0).rejected.mean() > 0.9


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: time_rescaling([0.5, 1], [1.0, 1.0], seed=0), "y must hold counts"),
        (lambda: time_rescaling([-1, 1], [1.0, 1.0], seed=0), "y must hold counts"),
        (lambda: time_rescaling([0, 1], [-1.0, 1.0], seed=0), "mean must be >= 0"),
        (lambda: time_rescaling([0, 1], [1.0, 1.0], seed=0, several="sprad"), "Did you mean 'spread'"),
        (lambda: time_rescaling([0, 1], [1.0, 1.0], seed=0, observation_model="Gamma"), "needs a model of counts"),
        (
            lambda: time_rescaling([0, 1], [0.5, 0.5], seed=0, several="spread", observation_model="Bernoulli"),
            "right for Poisson counts alone",
        ),
        (lambda: ks_test([0, 1], [1.0, 1.0], seed=0, confidence=95), "confidence must be between 0 and 1"),
        (lambda: ks_test([0, 1], [1.0], seed=0), "mean must have the shape of y"),
    ],
)
def test_what_cannot_be_rescaled_says_so(call, match):
    with pytest.raises(ValueError, match=match):
        call()
