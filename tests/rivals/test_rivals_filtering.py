"""Filters, analytic signal and oscillatory events give pynapple's numbers, but for what divergences say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import ROUNDING
from rheobase import analysis
from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor

nap = pytest.importorskip("pynapple")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

FS = 1000.0
OURS = {"ep": IntervalSet, 1: Tsd, 2: TsdFrame, 3: TsdTensor}
THEIRS = {"ep": nap.IntervalSet, 1: nap.Tsd, 2: nap.TsdFrame, 3: nap.TsdTensor}


@st.composite
def signals(draw, most_dimensions=3, one_epoch=False, dtypes=(np.float64, np.float32)):
    """The same series in both libraries: long and short epochs, bounds on samples and between them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    n = draw(st.integers(300, 3000))
    ndim = draw(st.integers(1, most_dimensions))
    values = (rng.normal(size=(n, 2, 3)[:ndim]) * draw(st.sampled_from([1e-4, 1.0, 1e3]))).astype(
        draw(st.sampled_from(dtypes))
    )
    t = np.arange(n) / FS + draw(st.sampled_from([0.0, 123.4, -2.0]))
    if one_epoch:
        bounds = np.array([t[0], t[-1]])
    else:
        places = np.sort(rng.choice(np.arange(0, n, 60), 2 * draw(st.integers(1, 2)), replace=False))
        bounds = t[places] + draw(st.sampled_from([0.0, 0.0003]))
    return tuple(
        names[ndim](t=t, d=values, time_support=names["ep"](bounds[::2], bounds[1::2])) for names in (OURS, THEIRS)
    )


def same(ours, theirs, scale=1.0):
    assert type(ours).__name__ == type(theirs).__name__
    np.testing.assert_array_equal(ours.t, theirs.t)
    np.testing.assert_array_equal(ours.time_support.values, theirs.time_support.values)
    assert ours.dtype == theirs.dtype
    single = ours.dtype in (np.float32, np.complex64)
    np.testing.assert_allclose(ours.values, theirs.values, rtol=0, atol=(1e-6 if single else ROUNDING) * scale)


def largest(series):
    return float(np.max(np.abs(series.values), initial=1e-30))


CUTOFFS = {"lowpass": 30.0, "highpass": 45, "bandpass": (20.0, 80), "bandstop": [15, 150.0]}


@given(
    signals(),
    st.sampled_from(sorted(CUTOFFS)),
    st.sampled_from(["butter", "sinc"]),
    st.integers(1, 5),
    st.sampled_from([0.02, 0.1, 0.013]),
    st.sampled_from([None, FS]),
)
@settings(max_examples=60)
def test_filters(both, name, mode, order, bandwidth, fs):
    x, y = both
    if x.rate < 400 and fs is None:
        return
    results = [
        getattr(home, f"apply_{name}_filter")(data, CUTOFFS[name], fs, mode, order, bandwidth)
        for home, data in ((analysis, x), (nap, y))
    ]
    same(*results, scale=100 * largest(x))


@given(
    st.sampled_from(sorted(CUTOFFS)),
    st.sampled_from(["butter", "sinc"]),
    st.integers(1, 5),
    st.sampled_from([0.02, 0.1, 0.013]),
    st.sampled_from([1000, 1250.5]),
)
@settings(max_examples=40)
def test_frequency_response(name, mode, order, bandwidth, fs):
    ours, theirs = (
        home.get_filter_frequency_response(CUTOFFS[name], fs, name, mode, order, bandwidth) for home in (analysis, nap)
    )
    np.testing.assert_array_equal(ours.index, theirs.index)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)  # near 1, from a denominator that almost vanishes


@given(signals(most_dimensions=2, one_epoch=True))
def test_analytic_signal_of_one_epoch(both):
    x, y = both
    scale = 10 * largest(x)
    same(analysis.apply_hilbert_transform(x), nap.apply_hilbert_transform(y), scale)
    ours, theirs = analysis.compute_hilbert_envelope(x), nap.compute_hilbert_envelope(y)
    same(ours, theirs, scale)
    # a phase is as sharp as its amplitude is large: compare what it points at
    point = [np.exp(1j * home.compute_hilbert_phase(z).values) for home, z in ((analysis, x), (nap, y))]
    # unwrapped there, so that it grows and loses digits before it is wrapped again: 4 of float32's 7
    atol = (1e-2 if x.dtype == np.float32 else 1e-10) * largest(x)
    np.testing.assert_allclose(point[0] * ours.values, point[1] * ours.values, rtol=0, atol=atol)


@given(
    st.integers(0, 2**31),
    st.tuples(st.floats(0.2, 1.0), st.floats(1.5, 5.0)),
    st.sampled_from([0.0, 0.01, 0.03]),
    st.sampled_from([51, 10]),
)
@settings(max_examples=20)
def test_oscillatory_events_of_one_epoch(seed, thresholds, gap, window):
    x = np.random.default_rng(seed).normal(size=20_000)
    t = np.arange(x.size) / FS
    ours, theirs = (
        home.detect_oscillatory_events(
            names[1](t, x), names["ep"](1.0, 18.5), (80, 180), thresholds, (0.01, 0.3), gap, FS, window
        )
        for home, names in ((analysis, OURS), (nap, THEIRS))
    )
    np.testing.assert_array_equal(ours.values, theirs.values)
    assert list(ours.metadata_columns) == list(theirs.metadata_columns)
    np.testing.assert_allclose(ours.metadata.values, theirs.metadata.values, rtol=1e-9)


# ---- differences on purpose ---------------------------------------------------------------------------------------


def test_integers_are_truncated_there():
    t, counts = np.arange(500) / FS, np.arange(500) % 7
    assert analysis.apply_lowpass_filter(Tsd(t, counts), 40).dtype == np.float64
    assert nap.apply_lowpass_filter(nap.Tsd(t, counts), 40).dtype.kind == "i"


def test_the_analytic_signal_leaks_across_gaps_there():
    t, x = np.arange(1000) / FS, np.random.default_rng(0).normal(size=1000)
    bounds = ([0.0, 0.6], [0.4, 0.999])
    ours = analysis.apply_hilbert_transform(Tsd(t, x, time_support=IntervalSet(*bounds)))
    theirs = nap.apply_hilbert_transform(nap.Tsd(t, x, time_support=nap.IntervalSet(*bounds)))
    apart = [nap.apply_hilbert_transform(nap.Tsd(t, x).restrict(nap.IntervalSet(a, b))).values for a, b in zip(*bounds)]
    np.testing.assert_allclose(ours.values, np.concatenate(apart), atol=1e-12)
    assert np.abs(theirs.values - ours.values).max() > 1e-3


def test_metadata_is_lost_by_the_analytic_signal_there():
    t, x = np.arange(100) / FS, np.zeros((100, 2))
    assert list(analysis.apply_hilbert_transform(TsdFrame(t, x, metadata={"a": [1, 2]})).metadata_columns) == ["a"]
    assert not list(nap.apply_hilbert_transform(nap.TsdFrame(t=t, d=x, metadata={"a": [1, 2]})).metadata_columns)


def test_an_impossible_sinc_cutoff_is_accepted_there():
    t, x = np.arange(500) / FS, np.zeros(500)
    nap.apply_lowpass_filter(nap.Tsd(t, x), 700, FS, "sinc")
    with pytest.raises(ValueError, match="half the sampling rate"):
        analysis.apply_lowpass_filter(Tsd(t, x), 700, FS, "sinc")


def test_an_epoch_without_samples_is_an_error_there():
    t, x, bounds = np.arange(500) / FS, np.zeros(500), ([0, 0.30001], [0.2, 0.30002])
    assert len(analysis.apply_lowpass_filter(Tsd(t, x, time_support=IntervalSet(*bounds)), 40, FS)) == 201
    with pytest.raises(ValueError):
        nap.apply_lowpass_filter(nap.Tsd(t, x, time_support=nap.IntervalSet(*bounds)), 40, FS)
