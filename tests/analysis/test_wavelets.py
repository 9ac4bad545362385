"""Wavelets: the bank, sinusoids at their frequency, laws, epochs on their own."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase import analysis
from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor

FS = 1000.0
FREQS = np.geomspace(5, 200, 8)


def noise(n, seed=0, shape=()):
    return np.random.default_rng(seed).normal(size=(n, *shape))


def transform(x, freqs=FREQS, **options):
    return analysis.compute_wavelet_transform(x, freqs, FS, **options)


def test_bank_holds_sampled_morlet_wavelets():
    freqs = np.array([10.0, 25.0])
    bank = analysis.generate_morlet_filterbank(freqs, FS, gaussian_width=1.2, window_length=1.5)
    assert bank.dtype == np.complex128
    assert bank.t[0] == -bank.t[-1]
    x = np.outer(bank.t, freqs / 1.5)
    expected = (np.pi * 1.2) ** -0.25 * np.exp(-(x**2) / 1.2) * np.exp(2j * np.pi * 1.5 * x)
    np.testing.assert_allclose(bank.values, expected, atol=0.1)  # taken from the nearest of the mother's samples


@pytest.mark.parametrize("frequency", FREQS[1:-1])
def test_a_sinusoid_is_strongest_at_its_frequency(frequency):
    t = np.arange(6000) / FS
    power = np.abs(transform(Tsd(t, np.sin(2 * np.pi * frequency * t))).values[2000:4000])
    assert np.all(np.argmax(power, axis=1) == np.flatnonzero(frequency == FREQS)[0])


def test_l1_shows_equal_amplitudes_equally_strong():
    t = np.arange(8000) / FS
    peaks = [np.abs(transform(Tsd(t, np.sin(2 * np.pi * f * t)), np.array([f])).values[4000, 0]) for f in (10.0, 40.0)]
    assert peaks[0] == pytest.approx(peaks[1], rel=1e-2)


@pytest.mark.parametrize("norm", ["l1", "l2", None])
def test_it_is_a_convolution_with_the_bank(norm):
    x = noise(4000)
    bank = analysis.generate_morlet_filterbank(FREQS, FS).values
    divisor = {"l1": FS / FREQS, "l2": FS / np.sqrt(FREQS), None: np.ones(FREQS.size)}[norm]
    out = transform(Tsd(np.arange(4000) / FS, x), norm=norm)
    np.testing.assert_array_equal(out.columns, FREQS)
    begin = (len(bank) - 1) // 2
    for i in range(FREQS.size):
        expected = np.convolve(x, bank[:, i])[begin : begin + 4000] / divisor[i]
        np.testing.assert_allclose(out.values[:, i], expected, atol=1e-12 * np.abs(expected).max())


@pytest.mark.filterwarnings("ignore:Kernel size")
def test_every_epoch_is_transformed_on_its_own():
    ep = IntervalSet([0, 1.0, 5.0], [0.5, 4.9, 5.001])
    x = TsdFrame(np.arange(6000) / FS, noise(6000, shape=(2,))).restrict(ep)
    whole = transform(x)
    assert isinstance(whole, TsdTensor)
    assert whole.shape == (len(x), 2, FREQS.size)
    for i in range(len(ep)):
        np.testing.assert_allclose(whole.restrict(ep[i]).values, transform(x.restrict(ep[i])).values, atol=1e-13)


def test_shapes_linearity_and_types():
    t = np.arange(4000) / FS
    tensor = TsdTensor(t, noise(4000, shape=(2, 2)))
    out = transform(tensor)
    assert out.shape == (4000, 2, 2, FREQS.size)
    np.testing.assert_allclose(out.values[:, 1, 0], transform(tensor[:, 1, 0]).values, atol=1e-13)
    x, y = noise(4000, 1), noise(4000, 2)
    one, two = (transform(Tsd(t, part)).values for part in (x, y))
    np.testing.assert_allclose(transform(Tsd(t, 2 * x - y)).values, 2 * one - two, atol=1e-12)
    np.testing.assert_allclose(transform(Tsd(t, x + 1j * y)).values, one + 1j * two, atol=1e-12)
    counts = np.arange(4000) % 7
    np.testing.assert_array_equal(transform(Tsd(t, counts)).values, transform(Tsd(t, counts.astype(float))).values)


def test_nan_reaches_no_further_than_the_wavelet():
    x = noise(8000)
    x[4000] = np.nan
    missing = np.isnan(transform(Tsd(np.arange(8000) / FS, x)).values)
    half = 8 * FS / FREQS
    np.testing.assert_allclose(missing.sum(axis=0), 2 * half, atol=3)
    assert missing[4000].all()


def test_a_short_epoch_warns_once():
    with pytest.warns(UserWarning, match=r"Kernel size .* in 1 of 1 epoch") as seen:
        transform(Tsd(np.arange(100) / FS, noise(100)))
    assert len(seen) == 1


X = Tsd(np.arange(4000) / FS, np.zeros(4000))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sig": X.values}, TypeError, "`sig` must be instance of Tsd"),
        ({"freqs": [10.0]}, TypeError, "`freqs` must be a ndarray, got list"),
        ({"freqs": np.empty(0)}, ValueError, "cannot be empty"),
        ({"freqs": np.ones((2, 2))}, ValueError, "one dimension"),
        ({"freqs": np.array([10.0, 0.0])}, ValueError, "strictly positive"),
        ({"freqs": np.array([10.0, np.nan])}, ValueError, "strictly positive"),
        ({"fs": "a"}, TypeError, "fs"),
        ({"fs": 0}, ValueError, "fs should be finite"),
        ({"norm": "l3"}, ValueError, "norm parameter must be"),
        ({"gaussian_width": 0}, ValueError, "gaussian_width must be a positive number"),
        ({"gaussian_width": "a"}, TypeError, "gaussian_width must be a float or int"),
        ({"window_length": -1}, ValueError, "window_length must be a positive number"),
        ({"window_length": None}, TypeError, "window_length must be a float or int"),
        ({"precision": 0}, ValueError, "precision must be a positive number"),
        ({"precision": 3.5}, TypeError, "precision must be an int"),
    ],
)
def test_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        analysis.compute_wavelet_transform(**({"sig": X, "freqs": FREQS} | arguments))


def test_bank_refuses_no_rate():
    with pytest.raises(TypeError, match="`fs` must be of type float or int"):
        analysis.generate_morlet_filterbank(FREQS, None)
