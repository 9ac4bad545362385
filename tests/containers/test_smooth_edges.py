"""Smoothing and convolution without loss at the edges of epochs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import ROUNDING
from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor

LAWS = settings(max_examples=40, deadline=None)


def brute(values: np.ndarray, kernel: np.ndarray, trim: str) -> np.ndarray:
    """One epoch, by definition: the weight of the taps that meet a sample is scaled to that of all taps."""
    n, taps = len(values), kernel.size
    shift = {"right": 0, "left": taps - 1, "both": (taps - 1) // 2}[trim]
    out = np.full(n, np.nan)
    for row in range(n):
        pairs = [(kernel[k], values[row + shift - k]) for k in range(taps) if 0 <= row + shift - k < n]
        weight = sum(w for w, _ in pairs)
        if weight > 0:
            out[row] = sum(w * x for w, x in pairs) / weight * kernel.sum()
    return out


@LAWS
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=4),
    st.lists(st.integers(0, 5), min_size=1, max_size=40).filter(any),
    st.sampled_from(("both", "left", "right")),
    st.integers(0, 2**32 - 1),
)
def test_renormalised_convolution_by_definition(sizes, taps, trim, seed) -> None:
    kernel = np.array(taps, dtype=float)
    starts = np.cumsum([0, *sizes[:-1]]) + 10.0 * np.arange(len(sizes))
    epochs = IntervalSet(starts - 0.5, starts + np.array(sizes) - 0.5)
    times = np.concatenate([start + np.arange(n) for start, n in zip(starts, sizes)])
    values = np.random.default_rng(seed).normal(size=(times.size, 2))
    frame = TsdFrame(times, values, time_support=epochs)
    if max(sizes) < kernel.size or min(sizes) < kernel.size:
        with pytest.warns(UserWarning, match="Kernel size"):
            result = frame.convolve(kernel, trim=trim, edge="renormalize")
    else:
        result = frame.convolve(kernel, trim=trim, edge="renormalize")
    parts = np.split(values, np.cumsum(sizes)[:-1])
    expected = np.concatenate([np.stack([brute(part[:, c], kernel, trim) for c in range(2)], axis=1) for part in parts])
    np.testing.assert_allclose(result.values, expected, rtol=1e-9, atol=ROUNDING)  # sums that nearly cancel


@pytest.mark.parametrize("n_columns", [0, 1, 3, 20])
@pytest.mark.parametrize("std", [0.03, 1.0, 1.8])
def test_a_constant_stays_constant_up_to_the_edges(n_columns: int, std: float) -> None:
    times = np.arange(0, 60, 0.01)
    values = np.full((times.size, n_columns) if n_columns else times.size, 3.0)
    support = IntervalSet([0, 20], [19.995, 61])
    series = (TsdFrame if n_columns else Tsd)(times, values, time_support=support)
    np.testing.assert_allclose(
        series.smooth(std, size_factor=10, edge="renormalize").values, 3, rtol=1e-11
    )  # an FFT rounds relative to the largest value, then a weight of a half doubles that
    lost = series.smooth(std, size_factor=10).values
    assert np.all(lost[0] < 2)
    inside = np.abs(times - 10) < 10 - 8 * std
    np.testing.assert_allclose(lost[inside], 3, rtol=1e-6)  # 5 standard deviations of a Gaussian


@pytest.mark.parametrize("taps", [1, 2, 31, 64, 65, 191, 300, 2001])
@pytest.mark.parametrize("layout", ["C", "F", "one", "tensor"])
def test_blocks_leave_no_trace(taps: int, layout: str) -> None:
    """Long signals are worked off in blocks; the result is that of one plain convolution."""
    rng = np.random.default_rng(taps)
    n = 300_000 if layout == "one" else 40_000
    values = rng.poisson(0.05, (n, 1 if layout == "one" else 8)).astype(float)
    if layout == "F":
        values = np.asfortranarray(values)
    times = np.arange(n) / 100
    kernel = rng.random(taps)
    if layout == "one":
        result = Tsd(times, values[:, 0]).convolve(kernel).values[:, None]
    elif layout == "tensor":
        result = TsdTensor(times, values.reshape(n, 2, 4)).convolve(kernel).values.reshape(n, 8)
    else:
        result = TsdFrame(times, values).convolve(kernel).values
        assert result.flags.f_contiguous == (layout == "F")
    for column in range(0, values.shape[1], 5):
        full = np.convolve(values[:, column], kernel)[(taps - 1) // 2 :][:n]
        np.testing.assert_allclose(result[:, column], full, rtol=0, atol=ROUNDING * kernel.sum())
    assert result.min() >= 0


def test_zeros_and_holes_stay_what_they_are_in_blocks() -> None:
    values = np.zeros((50_000, 3))
    values[25_000] = [1, np.nan, np.inf]
    for taps in (51, 1001):
        result = TsdFrame(np.arange(50_000.0), values).convolve(np.ones(taps)).values
        reached = np.abs(np.arange(50_000) - 25_000) <= taps // 2
        assert np.all(result[~reached] == 0)
        np.testing.assert_allclose(result[reached, 0], 1, rtol=ROUNDING)
        assert np.isnan(result[reached, 1]).all()
        assert np.isposinf(result[reached, 2]).all()


def test_several_kernels_are_renormalised_each() -> None:
    series = Tsd(np.arange(20.0), np.ones(20))
    result = series.convolve(np.array([[1.0, 0], [1, 2], [1, 1]]), edge="renormalize")
    np.testing.assert_allclose(result.values, [[3, 3]] * 20, rtol=ROUNDING)


def test_bad_edges_are_refused() -> None:
    series = Tsd(np.arange(20.0), np.ones(20))
    with pytest.raises(ValueError, match=r"edge should be one of .*Did you mean"):
        series.smooth(1.0, edge="renormalise")
    for kernel in (np.array([1.0, -1]), np.zeros(3), np.array([1j, 1])):
        with pytest.raises(ValueError, match="weight of taps"):
            series.convolve(kernel, edge="renormalize")
