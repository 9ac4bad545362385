"""Wavelets give pynapple's numbers, but for what divergences say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase import analysis
from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor

nap = pytest.importorskip("pynapple")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

OPTIONS = st.fixed_dictionaries(
    {
        "gaussian_width": st.sampled_from([1.5, 0.7, 4]),
        "window_length": st.sampled_from([1.0, 2, 0.4]),
        "precision": st.sampled_from([16, 10]),
    }
)
FREQS = st.lists(st.floats(2, 600), min_size=1, max_size=6).map(np.array) | st.just(np.arange(10, 60, 10))


@given(FREQS, st.sampled_from([1000, 250.0]), OPTIONS)
@settings(max_examples=40)
def test_bank(freqs, fs, options):
    ours, theirs = (home.generate_morlet_filterbank(freqs, fs, **options) for home in (analysis, nap))
    np.testing.assert_allclose(ours.t, theirs.t, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(ours.values, theirs.values, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(ours.columns, theirs.columns)


@given(
    FREQS,
    OPTIONS,
    st.sampled_from(["l1", "l2", None]),
    st.integers(1, 3),
    st.sampled_from([None, 1000.0]),
    st.sampled_from([np.float64, np.float32, np.int32]),
    st.integers(0, 2**31),
)
@settings(max_examples=40)
def test_transform(freqs, options, norm, ndim, fs, dtype, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(50, 1500))
    values = (rng.normal(size=(n, 2, 2)[:ndim]) * 10).astype(dtype)
    t = np.arange(n) / 1000
    places = np.sort(rng.choice(n, 4, replace=False))
    bounds = t[places[::2]], t[places[1::2]]
    ours, theirs = (
        home.compute_wavelet_transform(
            kinds[ndim - 1](t=t, d=values, time_support=interval(*bounds)), freqs, fs, norm=norm, **options
        )
        for home, kinds, interval in (
            (analysis, (Tsd, TsdFrame, TsdTensor), IntervalSet),
            (nap, (nap.Tsd, nap.TsdFrame, nap.TsdTensor), nap.IntervalSet),
        )
    )
    assert type(ours).__name__ == type(theirs).__name__
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    np.testing.assert_array_equal(ours.t, theirs.t)
    scale = max(float(np.abs(theirs.values).max(initial=0)), 1e-300)
    np.testing.assert_allclose(ours.values / scale, theirs.values / scale, rtol=0, atol=1e-11)
    if ndim == 1:
        np.testing.assert_array_equal(ours.columns, theirs.columns)


def test_one_nan_spreads_over_its_epoch_there_when_it_goes_through_an_fft():
    x = np.random.default_rng(0).normal(size=200_000)
    x[5000] = np.nan
    t, freqs = np.arange(x.size) / 1000, np.array([5.0])
    ours = analysis.compute_wavelet_transform(Tsd(t, x), freqs).values
    theirs = nap.compute_wavelet_transform(nap.Tsd(t, x), freqs).values
    assert np.isnan(ours).sum() <= 16 * 1000 / 5 + 1
    assert np.isnan(theirs).all()


def test_imaginary_parts_are_dropped_there():
    x = 1j * np.random.default_rng(0).normal(size=2000)
    t, freqs = np.arange(x.size) / 1000, np.array([50.0])
    assert np.abs(analysis.compute_wavelet_transform(Tsd(t, x), freqs).values).max() > 0.01
    assert not nap.compute_wavelet_transform(nap.Tsd(t, x), freqs).values.any()
