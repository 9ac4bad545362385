"""Convolutional predictors: every causality, padding, epochs, and the three ways to compute them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase._arrays import windows
from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor
from rheobase.convolve import create_convolutional_predictor

CASES = [("causal", True), ("causal", False), ("anti-causal", True), ("anti-causal", False), ("acausal", False)]
every_case = pytest.mark.parametrize(("causality", "shift"), CASES)


def from_the_table(x, kernel, causality, shift):
    """Sample by sample, as the docstring has it; `x` is one epoch, (time, channel)."""
    window = len(kernel)
    reach = window - 1 - (window - 1) // 2
    ahead = {
        ("causal", True): -1,
        ("causal", False): 0,
        ("anti-causal", True): window,
        ("anti-causal", False): window - 1,
        ("acausal", False): reach,
    }[causality, shift]
    first = {"causal": window - (not shift), "anti-causal": 0, "acausal": window - 1 - reach}[causality]
    last = {"causal": 0, "anti-causal": window - (not shift), "acausal": reach}[causality]
    out = np.full((*x.shape, kernel.shape[1]), np.nan)
    for t in range(first, len(x) - last):
        out[t] = sum(x[t + ahead - i][:, None] * kernel[i] for i in range(window))
    return out


def epochs_of(lengths):
    starts = 1000.0 * np.arange(len(lengths))
    t = np.concatenate([start + np.arange(n) for start, n in zip(starts, lengths)])
    return t, IntervalSet(starts, starts + np.array(lengths) - 0.5)


@every_case
@pytest.mark.parametrize("window", [1, 3, 5, 11])
def test_rows_are_as_in_the_table(causality, shift, window, rng):
    x, kernel = rng.normal(size=(30, 2)), rng.normal(size=(window, 3))
    out = create_convolutional_predictor(kernel, x, causality, shift)
    np.testing.assert_allclose(out, from_the_table(x, kernel, causality, shift), atol=1e-12)


@every_case
@given(
    lengths=st.lists(st.integers(1, 25), min_size=1, max_size=6),
    window=st.sampled_from([1, 3, 5]),
    long=st.booleans(),
    seed=st.integers(0, 10),
)
@pytest.mark.filterwarnings("ignore:One or more epochs are shorter")
def test_epochs_do_not_leak(causality, shift, lengths, window, long, seed):
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(window, 2))
    t, epochs = epochs_of(lengths)
    x = rng.normal(size=(len(t), 2))
    threshold = windows.FFT_WINDOW
    windows.FFT_WINDOW = 1 if long else threshold  # both ways to compute
    try:
        out = create_convolutional_predictor(kernel, TsdFrame(t, x, time_support=epochs), causality, shift)
    finally:
        windows.FFT_WINDOW = threshold
    expected = [from_the_table(part, kernel, causality, shift) for part in np.split(x, np.cumsum(lengths)[:-1])]
    np.testing.assert_allclose(out.values, np.concatenate(expected), atol=1e-12)


@pytest.mark.parametrize("window", [7, 401, 900])
def test_all_ways_to_compute_agree(window, rng):
    x, kernel = rng.normal(size=(5000, 3)), rng.normal(size=(window, 4))
    out = create_convolutional_predictor(kernel, x)
    for c in range(3):
        expected = np.stack([np.convolve(x[:, c], k, mode="valid")[:-1] for k in kernel.T], axis=1)
        np.testing.assert_allclose(out[window:, c], expected, rtol=1e-9, atol=1e-10)
    assert np.isnan(out[:window]).all()


def test_the_identity_kernel_copies_samples(rng):
    x = rng.normal(size=50)
    out = create_convolutional_predictor(np.eye(6), x)
    np.testing.assert_array_equal(out[6:], [x[t - 6 : t][::-1] for t in range(6, 50)])


@pytest.mark.parametrize("sizes", [(10, 1, 1), (17, 2, 3), (1000, 100, 100), (None, 1, None)])
def test_batches_change_nothing(sizes, rng):
    x, kernel = rng.normal(size=(200, 5)), rng.normal(size=(10, 4))
    names = ("batch_size_samples", "batch_size_channels", "batch_size_basis")
    out = create_convolutional_predictor(kernel, x, **dict(zip(names, sizes)))
    np.testing.assert_allclose(out, create_convolutional_predictor(kernel, x), atol=1e-12)


@pytest.mark.parametrize("window", [4, 500])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_sample_that_is_not_finite_blanks_its_windows_only(window, bad, rng):
    x, kernel = rng.normal(size=(1500, 2)), rng.normal(size=(window, 3))
    clean = create_convolutional_predictor(kernel, x)
    x[700, 1] = bad
    out = create_convolutional_predictor(kernel, x)
    hit = np.zeros((1500, 2, 3), dtype=bool)
    hit[701 : 701 + window, 1] = True
    assert np.isnan(out[hit]).all()
    np.testing.assert_allclose(out[~hit], clean[~hit], atol=1e-10)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.float32])
def test_any_real_type_gives_float64(dtype, rng):
    x, kernel = (rng.random((60, 2)) < 0.4).astype(dtype), rng.normal(size=(5, 3))
    out = create_convolutional_predictor(kernel, x)
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out, create_convolutional_predictor(kernel, x.astype(float)))


def test_a_series_comes_back_with_its_times(rng):
    t, epochs = epochs_of([20, 15])
    kernel = rng.normal(size=(4, 3))
    one = create_convolutional_predictor(kernel, Tsd(t, rng.normal(size=35), time_support=epochs))
    many = create_convolutional_predictor(kernel, TsdFrame(t, rng.normal(size=(35, 2)), time_support=epochs))
    assert isinstance(one, TsdFrame)
    assert isinstance(many, TsdTensor)
    for out, shape in ((one, (35, 3)), (many, (35, 2, 3))):
        assert out.shape == shape
        np.testing.assert_array_equal(out.t, t)
        np.testing.assert_array_equal(out.time_support.values, epochs.values)


def test_time_may_be_another_axis_of_an_array(rng):
    x, kernel = rng.normal(size=(3, 40, 2)), rng.normal(size=(4, 5))
    out = create_convolutional_predictor(kernel, x, axis=1)
    assert out.shape == (3, 40, 2, 5)
    expected = np.moveaxis(create_convolutional_predictor(kernel, np.moveaxis(x, 1, 0)), 0, 1)
    np.testing.assert_array_equal(out, expected)


def test_dicts_and_lists_are_walked(rng):
    x, y, kernel = rng.normal(size=40), rng.normal(size=(30, 2)), rng.normal(size=(4, 5))
    expected = [create_convolutional_predictor(kernel, leaf) for leaf in (x, y)]
    by_name = create_convolutional_predictor(kernel, {"x": x, "more": {"y": y}})
    np.testing.assert_array_equal(by_name["x"], expected[0])
    np.testing.assert_array_equal(by_name["more"]["y"], expected[1])
    for made, given_ in zip(create_convolutional_predictor(kernel, [x, y]), expected):
        np.testing.assert_array_equal(made, given_)


def test_a_plain_list_of_numbers_is_one_series():
    np.testing.assert_array_equal(create_convolutional_predictor([[1.0]], [1, 2, 3])[:, 0], [np.nan, 1, 2])


def test_short_epochs_are_blank_and_warned_of(rng):
    t, epochs = epochs_of([20, 3])
    x, kernel = rng.normal(size=23), rng.normal(size=(4, 2))
    with pytest.warns(UserWarning, match="shorter than the convolution window"):
        out = create_convolutional_predictor(kernel, Tsd(t, x, time_support=epochs))
    assert np.isnan(out.values[20:]).all()
    assert np.isfinite(out.values[4:20]).all()
    with pytest.warns(UserWarning, match="shorter than the convolution window"):
        assert np.isnan(create_convolutional_predictor(kernel, x[:3])).all()


def test_an_even_window_is_warned_of_when_acausal(rng):
    with pytest.warns(UserWarning, match="should be odd"):
        out = create_convolutional_predictor(np.ones((4, 1)), np.arange(9.0), "acausal")
    np.testing.assert_array_equal(out[:, 0], [np.nan, 6, 10, 14, 18, 22, 26, np.nan, np.nan])


K = np.ones((3, 2))
X = np.ones(9)
WRONG = [
    (lambda: create_convolutional_predictor(np.ones(3), X), ValueError, "2 dimensional"),
    (lambda: create_convolutional_predictor(np.ones((0, 2)), X), ValueError, "Empty array"),
    (lambda: create_convolutional_predictor(K, np.ones(0)), ValueError, "Empty array"),
    (lambda: create_convolutional_predictor(K, 3.0), ValueError, "at least one dimension"),
    (lambda: create_convolutional_predictor(K, "abc"), TypeError, "real numbers"),
    (lambda: create_convolutional_predictor(K, X + 1j), TypeError, "real numbers"),
    (lambda: create_convolutional_predictor(K, X, "casual"), ValueError, "Did you mean 'causal'"),
    (lambda: create_convolutional_predictor(K, X, "acausal", True), ValueError, "Cannot shift"),
    (lambda: create_convolutional_predictor(K, X, shift="x"), ValueError, "shift must be"),
    (lambda: create_convolutional_predictor(K, X, axis=1), ValueError, "axis must be in"),
    (
        lambda: create_convolutional_predictor(K, TsdFrame(np.arange(9.0), np.ones((9, 2))), axis=1),
        ValueError,
        "axis must be 0",
    ),
    (lambda: create_convolutional_predictor(K, X, batch_size_samples=2), ValueError, "Batch size too small"),
    (lambda: create_convolutional_predictor(K, X, batch_size_samples=0), ValueError, "strictly positive integer"),
    (lambda: create_convolutional_predictor(K, X, batch_size_channels=2.5), ValueError, "strictly positive integer"),
]


@pytest.mark.parametrize(("call", "error", "match"), WRONG)
def test_wrong_calls_are_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()
