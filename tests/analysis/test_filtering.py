"""Filters: closed forms, laws, epochs on their own, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from helpers import ROUNDING
from rheobase import analysis
from rheobase._arrays import recursive
from rheobase._arrays.block_fft import convolve_bank
from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor

FS = 1000.0
FILTERS = {
    "lowpass": (analysis.apply_lowpass_filter, 40.0),
    "highpass": (analysis.apply_highpass_filter, 40.0),
    "bandpass": (analysis.apply_bandpass_filter, (20.0, 80.0)),
    "bandstop": (analysis.apply_bandstop_filter, (20.0, 80.0)),
}
EVERY = pytest.mark.parametrize(
    ("name", "mode"), [(name, mode) for name in FILTERS for mode in ("butter", "sinc")], ids="-".join
)


def noise(n, seed=0, shape=()):
    return np.random.default_rng(seed).normal(size=(n, *shape))


def run(name, data, mode, **options):
    function, cutoff = FILTERS[name]
    return function(data, cutoff, fs=FS, mode=mode, **options)


def gain(name, frequency, mode):
    """Amplitude of a filtered sinusoid in the middle of a long signal."""
    t = np.arange(8000) / FS
    wave = np.exp(2j * np.pi * frequency * t)
    both = [run(name, Tsd(t, part), mode).values[3000:5000] for part in (wave.real, wave.imag)]
    return np.hypot(*both).mean()


@pytest.mark.parametrize("frequency", [3.0, 30.0, 200.0])
@EVERY
def test_sinusoids_are_scaled_by_the_frequency_response(name, mode, frequency):
    response = analysis.get_filter_frequency_response(FILTERS[name][1], FS, name, mode)
    one_pass = np.interp(frequency, response.index, response.values)
    expected = one_pass**2 if mode == "butter" else one_pass  # the Butterworth filter runs twice
    assert gain(name, frequency, mode) == pytest.approx(expected, abs=5e-3)  # between the points of the response


def test_butterworth_halves_the_power_at_the_cutoff():
    response = analysis.get_filter_frequency_response(125.0, FS, "lowpass", "butter", order=3)
    assert response.loc[125.0] == pytest.approx(np.sqrt(0.5), rel=ROUNDING)
    assert len(response) == 1024


@EVERY
def test_filters_are_linear_and_do_not_care_about_time(name, mode):
    x, y = noise(3000, 1), noise(3000, 2)
    t = np.arange(3000) / FS
    one, two = (run(name, Tsd(t, part), mode).values for part in (x, y))
    both = run(name, Tsd(t + 50, 2 * x - 3 * y), mode).values
    np.testing.assert_allclose(both, 2 * one - 3 * two, atol=1e-11)


@EVERY
def test_zero_phase_a_mirrored_signal_gives_the_mirrored_result(name, mode):
    x = noise(2000) * np.hanning(2000) ** 8  # silent at the edges, where the start of the recursion shows
    t = np.arange(2000) / FS
    there, back = run(name, Tsd(t, x), mode).values, run(name, Tsd(t, x[::-1].copy()), mode).values
    np.testing.assert_allclose(back[::-1], there, atol=1e-5 if mode == "butter" else 1e-12)


@EVERY
def test_every_epoch_is_filtered_on_its_own(name, mode):
    t = np.arange(6000) / FS
    ep = IntervalSet([0, 1.0, 3.0], [0.5, 2.2, 5.9])
    frame = TsdFrame(t, noise(6000, shape=(2,))).restrict(ep)
    whole = run(name, frame, mode)
    for i in range(len(ep)):
        part = run(name, frame.restrict(ep[i]), mode)
        np.testing.assert_allclose(whole.restrict(ep[i]).values, part.values, atol=1e-13)


@EVERY
def test_complements_sum_to_the_signal(name, mode):
    if mode == "butter":
        pytest.skip("true of the sinc kernels only")
    x = Tsd(np.arange(3000) / FS, noise(3000))
    other = {"lowpass": "highpass", "highpass": "lowpass", "bandpass": "bandstop", "bandstop": "bandpass"}[name]
    np.testing.assert_allclose((run(name, x, mode) + run(other, x, mode)).values, x.values, atol=1e-13)


@pytest.mark.parametrize("mode", ["butter", "sinc"])
def test_class_columns_metadata_and_support_are_kept(mode):
    t = np.arange(1000) / FS
    frame = TsdFrame(t, noise(1000, shape=(2,)), columns=["a", "b"], metadata={"depth": [1, 2]})
    out = run("bandpass", frame, mode)
    assert isinstance(out, TsdFrame)
    assert list(out.columns) == ["a", "b"]
    np.testing.assert_array_equal(out.depth, [1, 2])
    assert out.time_support is frame.time_support
    tensor = TsdTensor(t, noise(1000, shape=(2, 3)))
    out = run("bandpass", tensor, mode)
    assert isinstance(out, TsdTensor)
    np.testing.assert_allclose(out[:, 1, 2].values, run("bandpass", tensor[:, 1, 2], mode).values, atol=1e-13)


def test_types():
    t = np.arange(500) / FS
    counts = (noise(500) * 10).astype(np.int16)
    out = run("lowpass", Tsd(t, counts), "butter")
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out.values, run("lowpass", Tsd(t, counts.astype(float)), "butter").values)
    assert run("lowpass", Tsd(t, noise(500).astype(np.float32)), "butter").dtype == np.float32
    assert run("lowpass", Tsd(t, noise(500).astype(np.float32)), "sinc").dtype == np.float64


def test_awkward_memory_and_numpy_numbers():
    values = np.asfortranarray(noise(1200, shape=(4,)))[::2, ::-1]
    values.flags.writeable = False
    frame = TsdFrame(np.arange(600) / FS, values)
    for mode in ("butter", "sinc"):
        there = analysis.apply_bandpass_filter(
            frame, np.array([20, 80]), np.int64(1000), mode, np.int64(4), np.float32(0.05)
        )
        again = TsdFrame(frame.t, values.copy())
        here = analysis.apply_bandpass_filter(again, (20, 80), 1000, mode, 4, float(np.float32(0.05)))
        np.testing.assert_allclose(there.values, here.values, atol=1e-13)


def test_values_on_disk_are_filtered_block_by_block(tmp_path):
    h5py = pytest.importorskip("h5py")
    values = noise(90_000, shape=(2,))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = values
        t = np.arange(len(values)) / FS
        for mode in ("butter", "sinc"):
            lazy = TsdFrame(t, file["x"], load_array=False)
            here = run("bandpass", lazy, mode).values
            np.testing.assert_allclose(here, run("bandpass", TsdFrame(t, values), mode).values, atol=1e-13)


# ---- the recursion ------------------------------------------------------------------------------------------------

SOS = signal.butter(4, (10, 100), btype="bandpass", fs=FS, output="sos")


@given(st.lists(st.integers(28, 400), min_size=1, max_size=12), st.integers(1, 3), st.integers(0, 2**31))
@settings(max_examples=20)
def test_epochs_side_by_side_are_filtered_as_one_by_one(sizes, channels, seed):
    stops = np.cumsum(np.array(sizes) + 3)
    first = stops - sizes
    x = noise(int(stops[-1]) + 2, seed, (channels,))
    out = np.zeros_like(x)
    recursive.filter_both_ways(SOS, x, first, stops, out)
    for a, b in zip(first, stops):
        np.testing.assert_allclose(out[a:b], signal.sosfiltfilt(SOS, x[a:b], axis=0), atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
@pytest.mark.parametrize("threads", [1, 3])
def test_long_epochs_in_pieces(monkeypatch, threads, dtype):
    monkeypatch.setattr(recursive, "BLOCK", 2000)
    monkeypatch.setattr(recursive, "BATCH", 1000)
    monkeypatch.setattr(recursive, "n_threads", lambda: threads)
    x = (noise(40_000, shape=(2,)) + 100).astype(dtype)
    out = np.zeros_like(x)
    recursive.filter_both_ways(SOS, x, np.array([5]), np.array([39_990]), out)
    expected = signal.sosfiltfilt(SOS, x[5:39_990].astype(np.result_type(dtype, np.float64)), axis=0)
    rounding = {"rtol": 1e-6, "atol": 1e-5} if dtype == np.float32 else {"rtol": 0, "atol": 1e-12}
    np.testing.assert_allclose(out[5:39_990], expected, **rounding)
    assert not out[:5].any()


# ---- the bank of kernels ------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=8),
    st.integers(1, 60),
    st.booleans(),
    st.integers(0, 2**31),
    st.integers(0, 4),
)
@settings(max_examples=40)
def test_bank_is_the_sum_it_says(sizes, taps, is_complex, seed, n_bad):
    rng = np.random.default_rng(seed)
    stops = np.cumsum(np.array(sizes) + 2)
    first = stops - sizes
    x = rng.normal(size=(int(stops[-1]), 2))
    x[rng.integers(0, len(x), n_bad), 0] = rng.choice([np.nan, np.inf, -np.inf], n_bad)
    kernels = rng.normal(size=(taps, 3)) + (1j * rng.normal(size=(taps, 3)) if is_complex else 0)
    kernels[: taps // 2, 1] = 0
    kernels[:, 2] = 0
    shift = int(rng.integers(0, taps))
    out = np.zeros((*x.shape, 3), dtype=kernels.dtype)
    convolve_bank(x, first, stops, kernels, shift, out)
    expected = np.zeros_like(out)
    for a, b in zip(first, stops):
        for c in range(2):
            for k in range(3):
                used = np.flatnonzero(kernels[:, k])
                for tap in used:
                    moved = np.zeros(b - a, dtype=out.dtype)
                    rows = np.arange(b - a) + shift - tap
                    ok = (rows >= 0) & (rows < b - a)
                    moved[ok] = np.where(
                        np.isfinite(x[a:b, c][rows[ok]]), x[a:b, c][rows[ok]] * kernels[tap, k], np.nan
                    )
                    expected[a:b, c, k] += moved
    np.testing.assert_array_equal(np.isnan(out), np.isnan(expected))
    np.testing.assert_allclose(out, expected, atol=1e-12)


# ---- what is refused ----------------------------------------------------------------------------------------------

X = Tsd(np.arange(500) / FS, np.zeros(500))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.apply_lowpass_filter(np.zeros(9), 10), "should be of type Tsd, TsdFrame or TsdTensor"),
        (lambda: analysis.apply_lowpass_filter(X, (10, 20)), "lowpass filter require a single number"),
        (lambda: analysis.apply_highpass_filter(X, "10"), "highpass filter require a single number"),
        (lambda: analysis.apply_bandpass_filter(X, 10), "bandpass filter require a tuple of two numbers"),
        (lambda: analysis.apply_bandstop_filter(X, (10, 20, 30)), "bandstop filter require a tuple of two numbers"),
        (lambda: analysis.apply_bandstop_filter(X, ("10", 20)), "bandstop filter require a tuple of two numbers"),
        (lambda: analysis.apply_lowpass_filter(X, 10, fs="1000"), "'fs' should be of type float or int"),
        (lambda: analysis.apply_lowpass_filter(X, 10, fs=-3), "fs should be finite and > 0"),
        (lambda: analysis.apply_lowpass_filter(X, 600), "half the sampling rate"),
        (lambda: analysis.apply_lowpass_filter(X, np.nan), "half the sampling rate"),
        (lambda: analysis.apply_bandpass_filter(X, (20, 10)), r"cutoff should be \(lower, upper\)"),
        (lambda: analysis.apply_lowpass_filter(X, 10, order=2.5), "'order' should be of type int"),
        (lambda: analysis.apply_lowpass_filter(X, 10, order=0), "'order' should be of type int and > 0"),
        (lambda: analysis.apply_lowpass_filter(X, 10, mode="sinc", transition_bandwidth="a"), "'transition_bandwidth'"),
        (lambda: analysis.apply_lowpass_filter(X, 10, mode="sinc", transition_bandwidth=0), "'transition_bandwidth'"),
        (lambda: analysis.apply_lowpass_filter(X, 10, mode="buter"), "Did you mean 'butter'"),
        (lambda: analysis.get_filter_frequency_response(10, 1000, "low", "butter"), "filter_type"),
        (lambda: analysis.get_filter_frequency_response(10, 1000, "lowpass", "fir"), "mode"),
        (lambda: analysis.get_filter_frequency_response(10, None, "lowpass", "sinc"), "fs should be finite"),
        (
            lambda: analysis.apply_lowpass_filter(Tsd([0], [1.0], time_support=IntervalSet(0, 0.001)), 10),
            "too short|half",
        ),
        (lambda: analysis.apply_lowpass_filter(X[:0], 10), "Set fs|half the sampling rate|has nothing|rate"),
    ],
)
def test_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("mode", ["butter", "sinc"])
@pytest.mark.parametrize("n", [300, 300_000])
def test_nan_is_refused(n, mode):
    values = np.zeros(n)
    values[n // 2] = np.nan
    with pytest.raises(ValueError, match="contains NaN values"):
        run("lowpass", Tsd(np.arange(n) / FS, values), mode)


def test_a_short_epoch_is_named():
    x = X.restrict(IntervalSet([0, 0.2, 0.4], [0.1, 0.21, 0.45]))
    with pytest.raises(
        ValueError, match=r"1 epoch\(s\) are too short.*16 samples: epoch 1, from 0.2 to 0.21 s, has 11"
    ):
        run("lowpass", x, "butter")


def test_an_epoch_shorter_than_the_kernel_warns():
    with pytest.warns(UserWarning, match=r"Kernel size \(201 samples\).* in 1 of 1 epoch"):
        run("lowpass", X[:150], "sinc")


def test_an_epoch_without_samples_is_no_obstacle():
    ep = IntervalSet([0, 0.30001], [0.2, 0.30002])
    x = X.restrict(ep)
    assert len(run("lowpass", x, "butter")) == len(x)
