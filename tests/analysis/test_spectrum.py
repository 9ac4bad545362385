"""Spectra: sinusoids in their bin, Parseval, the level of white noise, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import SAMPLING
from rheobase import analysis
from rheobase._arrays.periodogram import window_bounds
from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor

FS = 500.0


def noise(n, seed=0, channels=None):
    shape = n if channels is None else (n, channels)
    values = np.random.default_rng(seed).normal(size=shape)
    t = np.arange(n) / FS
    return Tsd(t, values) if channels is None else TsdFrame(t, values)


@given(st.integers(1, 300), st.integers(0, 2**31), st.booleans(), st.one_of(st.none(), st.integers(1, 400)))
@settings(max_examples=40)
def test_fft_is_that_of_numpy(n, seed, is_complex, length):
    x = np.random.default_rng(seed).normal(size=(n, 2)) * (1 + 1j if is_complex else 1)
    frame = TsdFrame(np.arange(n) / FS, x, time_support=IntervalSet(-1, n))
    m = n if length is None else length
    full = analysis.compute_fft(frame, FS, full_range=True, n=length)
    order = np.argsort(np.fft.fftfreq(m, 1 / FS), kind="stable")
    np.testing.assert_array_equal(full.index, np.fft.fftfreq(m, 1 / FS)[order])
    np.testing.assert_allclose(full.values, np.fft.fft(x, m, axis=0)[order], atol=1e-11)
    half = analysis.compute_fft(frame, FS, n=length, norm=True)
    np.testing.assert_allclose(half.values * m, full[full.index >= 0].values, atol=1e-11)


@pytest.mark.parametrize("n", [1000, 1001])
@pytest.mark.parametrize("full_range", [True, False])
def test_parseval(n, full_range):
    x = noise(n, channels=2)
    x = x - x.values.mean(axis=0)
    density = analysis.compute_power_spectral_density(x, FS, full_range=full_range)
    if n % 2 == 0 and not full_range:  # -fs/2 is left out, as the frequencies are those of an FFT
        edge = analysis.compute_power_spectral_density(x, FS, full_range=True).iloc[0].values
    else:
        edge = 0
    np.testing.assert_allclose((density.sum().values + edge) * FS / n, np.mean(x.values**2, axis=0), rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"method": "multitaper"}, {"method": "multitaper", "time_bandwidth": 2.5}])
def test_power_of_a_sinusoid_is_at_its_frequency(options):
    t = np.arange(5000) / FS
    x = Tsd(t, 3 * np.cos(2 * np.pi * 60 * t))
    density = analysis.compute_power_spectral_density(x, FS, **options)[0]
    assert density.idxmax() == pytest.approx(60, abs=0.5)
    around = density[(density.index > 59) & (density.index < 61)]
    assert around.sum() * FS / 5000 == pytest.approx(4.5, rel=1e-2)  # the last tapers leak a little


def test_level_of_white_noise():
    """A multitaper spectrum has the true level, a Hamming window its mean square of it."""
    x = noise(100_000)
    n, tapers = 1000, 7
    multi = analysis.compute_mean_power_spectral_density(x, 1.999, FS, method="multitaper", overlap=0.0)[0].values[10:]
    expected = 2 / FS  # variance 1 over fs / 2
    spread = expected / np.sqrt(100_000 / n * tapers * multi.size / (2 * 4))  # neighbours within the bandwidth agree
    assert abs(multi.mean() - expected) < SAMPLING * spread
    window = analysis.compute_mean_power_spectral_density(x, 1.999, FS)[0].values[10:]
    expected *= np.mean(np.hamming(n) ** 2)
    assert abs(window.mean() - expected) < SAMPLING * spread


def test_mean_is_that_of_its_windows():
    x = noise(5001, channels=2)
    density = analysis.compute_mean_power_spectral_density(x, 1000, FS, overlap=0.5, time_unit="ms")
    n = 501
    total = np.zeros((n, 2))
    starts = np.arange(0, 9.0, 0.5)
    for start in starts:
        total += np.abs(np.fft.fft(x.get(start, start + 1).values * np.hamming(n)[:, None], axis=0)) ** 2
    expected = total[: (n + 1) // 2] / starts.size / (FS * n)
    expected[1:] *= 2
    np.testing.assert_allclose(density.values, expected, rtol=1e-10)


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 30)), min_size=1, max_size=20),
    st.floats(0.1, 3),
    st.floats(0, 0.95),
)
@settings(max_examples=40)
def test_windows_step_through_every_epoch(parts, size, overlap):
    lengths = np.array(parts).ravel()
    edges = np.cumsum(lengths + 0.01)
    starts, ends = edges[::2], edges[1::2]
    expected = []
    for start, end in zip(starts, ends):
        t = start
        while t + size < end:
            expected.append(t)
            t += (1 - overlap) * size
    np.testing.assert_array_equal(window_bounds(starts, ends, size, overlap), expected)


def test_no_window_crosses_a_gap():
    ep = IntervalSet([0, 6], [4, 10])
    x = noise(5001)
    there = analysis.compute_mean_power_spectral_density(x, 1.0, FS, ep=ep)
    x.values[2001:3000] = 1e6
    here = analysis.compute_mean_power_spectral_density(x, 1.0, FS, ep=ep)
    np.testing.assert_array_equal(here.values, there.values)


def test_tapers_pad_and_crop():
    x = noise(300)
    padded = analysis.compute_power_spectral_density(x, FS, n=1000, method="multitaper", full_range=True)
    assert padded.shape == (1000, 1)
    plain = analysis.compute_power_spectral_density(x, FS, method="multitaper", full_range=True)
    assert padded.values.sum() / 1000 == pytest.approx(plain.values.sum() / 300, rel=1e-12)  # Parseval, both
    assert analysis.compute_power_spectral_density(x, FS, n=100, method="multitaper", n_tapers=3).shape == (50, 1)


X = noise(1000)
TWO = X.restrict(IntervalSet([0, 1], [0.5, 1.5]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: analysis.compute_fft(X.values), TypeError, "sig must be of type Tsd or TsdFrame"),
        (lambda: analysis.compute_fft(TsdTensor([0, 1], np.zeros((2, 2, 2)))), TypeError, "got TsdTensor"),
        (lambda: analysis.compute_fft(X, fs="a"), TypeError, "fs"),
        (lambda: analysis.compute_fft(X, ep=(0, 1)), TypeError, "ep must be of type IntervalSet"),
        (lambda: analysis.compute_fft(X, full_range=1), TypeError, "full_range must be of type bool"),
        (lambda: analysis.compute_fft(X, norm="yes"), TypeError, "norm must be of type bool"),
        (lambda: analysis.compute_fft(X, n=10.5), TypeError, "n must be of type int"),
        (lambda: analysis.compute_fft(X, n=0), ValueError, "number of samples to transform must be > 0"),
        (lambda: analysis.compute_fft(X, ep=IntervalSet(50, 60)), ValueError, "the epoch has 0"),
        (lambda: analysis.compute_power_spectral_density(TWO), ValueError, "must have length 1, got 2"),
        (lambda: analysis.compute_power_spectral_density(X, method="welch"), ValueError, "method"),
        (
            lambda: analysis.compute_power_spectral_density(X, method="multitaper", time_bandwidth=0.2),
            ValueError,
            "time_bandwidth should be at least 1",
        ),
        (
            lambda: analysis.compute_power_spectral_density(X, method="multitaper", time_bandwidth="4"),
            TypeError,
            "time_bandwidth should be a number",
        ),
        (
            lambda: analysis.compute_power_spectral_density(X, method="multitaper", n_tapers=0),
            ValueError,
            "n_tapers should be from 1",
        ),
        (
            lambda: analysis.compute_power_spectral_density(X, method="multitaper", n_tapers=2.5),
            TypeError,
            "n_tapers should be an int",
        ),
        (lambda: analysis.compute_mean_power_spectral_density(X, "1"), TypeError, "interval_size"),
        (
            lambda: analysis.compute_mean_power_spectral_density(X, 0),
            ValueError,
            "interval_size must be finite and > 0",
        ),
        (lambda: analysis.compute_mean_power_spectral_density(X, 1, time_unit=3), TypeError, "time_unit"),
        (lambda: analysis.compute_mean_power_spectral_density(X, 1, time_unit="min"), ValueError, "min"),
        (lambda: analysis.compute_mean_power_spectral_density(X, 1, overlap="a"), TypeError, "overlap"),
        (lambda: analysis.compute_mean_power_spectral_density(X, 1, overlap=1.0), ValueError, "Overlap should be"),
        (lambda: analysis.compute_mean_power_spectral_density(X, 9), RuntimeError, "Try decreasing interval_size"),
        (
            lambda: analysis.compute_mean_power_spectral_density(X, 1, ep=IntervalSet(0, 20)),
            RuntimeError,
            "doesn't have any signal",
        ),
    ],
)
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
