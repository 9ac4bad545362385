"""Analytic signal, envelope and phase: closed forms, laws, epochs on their own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from rheobase import analysis
from rheobase._arrays import quadrature as _quadrature
from rheobase._arrays.quadrature import quadrature
from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor

FUNCTIONS = [
    analysis.apply_hilbert_transform,
    analysis.compute_hilbert_envelope,
    analysis.compute_hilbert_phase,
]


def test_a_modulated_cosine():
    t = np.arange(1000) / 1000
    amplitude = 2 + np.cos(2 * np.pi * 3 * t)
    angle = 2 * np.pi * 50 * t + 0.3
    x = Tsd(t, amplitude * np.cos(angle))
    np.testing.assert_allclose(analysis.compute_hilbert_envelope(x).values, amplitude, atol=1e-12)
    phase = analysis.compute_hilbert_phase(x).values
    np.testing.assert_allclose(np.exp(1j * phase), np.exp(1j * angle), atol=1e-12)
    assert phase.min() >= 0
    assert phase.max() < 2 * np.pi


@given(st.integers(1, 3000), st.integers(0, 2**31))
@settings(max_examples=40)
def test_numbers_are_those_of_scipy(n, seed):
    x = np.random.default_rng(seed).normal(size=(n, 2)) + 3
    np.testing.assert_allclose(quadrature(x, np.array([0]), np.array([n])), signal.hilbert(x, axis=0).imag, atol=1e-12)


@pytest.mark.parametrize("n", [1021, 2 * 1031, 3 * 2003, 100_003])
def test_lengths_with_large_factors_take_the_detour(n):
    assert not _quadrature._is_smooth(n)
    x = np.random.default_rng(n).normal(size=(n, 1)) + 1e3  # an offset costs no digits
    expected = signal.hilbert(x - x.mean(axis=0), axis=0).imag
    np.testing.assert_allclose(quadrature(x, np.array([0]), np.array([n])), expected, atol=1e-11)


def test_linear_and_shifts_around_the_epoch():
    x, y = np.random.default_rng(0).normal(size=(2, 1200))
    t = np.arange(1200.0)
    one, two = (analysis.apply_hilbert_transform(Tsd(t, part)).values for part in (x, y))
    both = analysis.apply_hilbert_transform(Tsd(t, 2 * x - y)).values
    np.testing.assert_allclose(both, 2 * one - two, atol=1e-12)
    rolled = analysis.apply_hilbert_transform(Tsd(t, np.roll(x, 77))).values
    np.testing.assert_allclose(rolled, np.roll(one, 77), atol=1e-12)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_epoch_is_transformed_on_its_own(function):
    t = np.arange(5000) / 1000
    ep = IntervalSet([0, 0.6, 1.5, 2.5], [0.4, 1.0, 1.501, 4.9])
    frame = TsdFrame(t, np.random.default_rng(0).normal(size=(5000, 2)), columns=["a", "b"]).restrict(ep)
    whole = function(frame)
    assert list(whole.columns) == ["a", "b"]
    for i in range(len(ep)):
        part = function(frame.restrict(ep[i]))
        np.testing.assert_allclose(whole.restrict(ep[i]).values, part.values, atol=1e-9)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nan_stays_in_its_epoch_and_column(function):
    x = np.random.default_rng(0).normal(size=(300, 2))
    x[40, 0] = np.nan
    out = function(TsdFrame(np.arange(300.0), x, time_support=IntervalSet([0, 150], [149.5, 299])))
    missing = np.isnan(out.values)
    assert missing[:150, 0].all()
    assert not missing[150:, 0].any()
    assert not missing[:, 1].any()


def test_types_metadata_and_extremes():
    t = np.arange(100.0)
    frame = TsdFrame(t, np.ones((100, 2), dtype=np.float32), metadata={"depth": [1, 2]})
    out = analysis.apply_hilbert_transform(frame)
    assert out.dtype == np.complex64
    np.testing.assert_array_equal(out.depth, [1, 2])
    assert analysis.apply_hilbert_transform(Tsd(t, np.arange(100))).dtype == np.complex128
    huge = Tsd(t, 1e200 * np.cos(2 * np.pi * t / 10))
    np.testing.assert_allclose(analysis.compute_hilbert_envelope(huge).values, 1e200, rtol=1e-12)
    assert len(analysis.compute_hilbert_phase(Tsd(t, t)[:0])) == 0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_refused(function):
    with pytest.raises(TypeError, match="data should be a Tsd or TsdFrame, got TsdTensor"):
        function(TsdTensor(np.arange(4.0), np.zeros((4, 2, 2))))
    with pytest.raises(ValueError, match="must be real"):
        function(Tsd(np.arange(4.0), np.zeros(4, dtype=complex)))
