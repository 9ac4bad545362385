"""Spectra give pynapple's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase import analysis
from rheobase.containers import IntervalSet, Tsd, TsdFrame

nap = pytest.importorskip("pynapple")
pandas = pytest.importorskip("pandas")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]


@st.composite
def cases(draw):
    """Times, values and bounds of epochs, for both libraries."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    n = draw(st.integers(20, 2000))
    fs = draw(st.sampled_from([100.0, 1000.0, 312.5]))
    t = np.arange(n) / fs + draw(st.sampled_from([0.0, 77.7]))
    values = rng.normal(size=(n, 3)[: draw(st.integers(1, 2))])
    values = values * 1j + values[::-1] if draw(st.booleans()) else values
    edges = np.sort(rng.choice(np.arange(n), 4, replace=False))
    return t, values, fs, t[edges]


def pair(case):
    t, values, _, _ = case
    kind = (Tsd, nap.Tsd) if values.ndim == 1 else (TsdFrame, nap.TsdFrame)
    return kind[0](t, values), kind[1](t=t, d=values)


def same(ours, theirs):
    scale = float(np.abs(theirs.values).max(initial=1e-300))
    pandas.testing.assert_frame_equal(ours / scale, theirs / scale, rtol=0, atol=1e-12)


@given(cases(), st.booleans(), st.booleans(), st.sampled_from([None, 16, 333, 2048]), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_one_epoch(case, full_range, norm, n, with_ep, with_fs):
    x, y = pair(case)
    options = [{"full_range": full_range}, {"full_range": full_range}]
    for given_options, kind in zip(options, (IntervalSet, nap.IntervalSet)):
        given_options |= {"ep": kind(case[3][0], case[3][3])} if with_ep else {}
        given_options |= {"fs": case[2]} if with_fs else {}
        given_options |= {"n": n} if n else {}
    same(analysis.compute_fft(x, norm=norm, **options[0]), nap.compute_fft(y, norm=norm, **options[1]))
    same(
        analysis.compute_power_spectral_density(x, **options[0]),
        nap.compute_power_spectral_density(y, **options[1]),
    )


@given(
    cases(), st.sampled_from([0.0, 0.25, 0.6, 0.9]), st.sampled_from([5, 10, 33, 50.5]), st.booleans(), st.booleans()
)
@settings(max_examples=60)
def test_mean(case, overlap, samples, full_range, with_ep):
    x, y = pair(case)
    starts, ends = case[3][::2], case[3][1::2]
    size = samples / case[2]
    longest = np.max(ends - starts) if with_ep else case[0][-1] - case[0][0]
    if longest <= size:
        with pytest.raises(RuntimeError, match="empty IntervalSet"):
            analysis.compute_mean_power_spectral_density(x, size, ep=IntervalSet(starts, ends) if with_ep else None)
        return
    ours, theirs = (
        home.compute_mean_power_spectral_density(
            series,
            1000 * size,
            overlap=overlap,
            full_range=full_range,
            time_unit="ms",
            **({"ep": kind(starts, ends)} if with_ep else {}),
        )
        for home, series, kind in ((analysis, x, IntervalSet), (nap, y, nap.IntervalSet))
    )
    same(ours, theirs)


def test_none_and_integers_are_refused_there():
    t, x = np.arange(500) / 100, np.zeros(500)
    analysis.compute_mean_power_spectral_density(Tsd(t, x), 1, fs=None, overlap=0)
    with pytest.raises(TypeError):
        nap.compute_mean_power_spectral_density(nap.Tsd(t, x), 1, fs=None)
    with pytest.raises(TypeError):
        nap.compute_mean_power_spectral_density(nap.Tsd(t, x), 1, overlap=0)
