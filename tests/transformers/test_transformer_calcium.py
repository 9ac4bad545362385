"""Detrenders, `Normalize`, `EventRescaler`, `CalciumDeconvolver`: against SciPy and a general solver."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls
from scipy.signal import lfilter, medfilt, savgol_filter

from helpers import ROUNDING
from rheobase import Tsd, TsdFrame
from rheobase.transformers import (
    CalciumDeconvolver,
    EventRescaler,
    MedianFilterDetrender,
    Normalize,
    SavGolFilterDetrender,
    deconvolution,
)
from rheobase.transformers._oasis import _first_order, _windowed, pools
from rheobase.transformers._oasis_compiled import pools_compiled

RNG = np.random.default_rng(5)
WALKS = RNG.normal(size=(300, 3)).cumsum(axis=0)
ALL = [EventRescaler(False), MedianFilterDetrender(31), SavGolFilterDetrender(31), Normalize(20), CalciumDeconvolver()]


@pytest.mark.parametrize("transformer", ALL, ids=lambda each: type(each).__name__)
def test_what_comes_out_is_what_went_in(transformer):
    """Arrays, tables, series and frames of ours: same type, labels and numbers; one column or several."""
    values = np.exp(WALKS / 10)
    expected = transformer.transform(values)
    assert isinstance(expected, np.ndarray)
    table = pd.DataFrame(values, columns=list("abc"))
    found = transformer.transform(table)
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, columns=list("abc")))
    frame = transformer.transform(TsdFrame(np.arange(300.0), values, columns=list("abc")))
    assert isinstance(frame, TsdFrame)
    assert frame.columns.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(frame.values, expected)
    one = transformer.transform(Tsd(np.arange(300.0), values[:, 1]))
    assert isinstance(one, Tsd)
    np.testing.assert_allclose(one.values, expected[:, 1], rtol=ROUNDING)


def test_detrenders_are_scipys_filters():
    """`medfilt` column by column, cut off above; `savgol_filter`."""
    found = MedianFilterDetrender(window=21, peak_std_threshold=0.5).transform(WALKS)
    for column, walk in zip(found.T, WALKS.T):
        median = medfilt(walk, 21)
        spread = 1.4826 * np.median(np.abs(median - np.median(median)))
        np.testing.assert_allclose(column, walk - np.minimum(median, 0.5 * spread), rtol=ROUNDING)
    found = SavGolFilterDetrender(window=21, order=2).transform(WALKS)
    np.testing.assert_allclose(found, WALKS - savgol_filter(WALKS, 21, 2, axis=0), atol=1e-12)


def test_baseline_is_a_percentile_of_the_window():
    """In the unit of the index; the nearest whole window at the ends; nothing longer than the traces."""
    values = np.exp(WALKS / 10)
    found = Normalize(window=0.5, percentile=8).transform(pd.DataFrame(values, index=np.arange(300) / 10))
    baseline = np.percentile(values[98:103], 8, axis=0)
    np.testing.assert_allclose(found.iloc[100], values[100] / baseline - 1, rtol=1e-9)
    whole = Normalize(window=1e6, percentile=8).transform(values)
    np.testing.assert_allclose(whole, values / np.percentile(values, 8, axis=0) - 1, rtol=1e-9)
    assert Normalize().transform(np.array([3.0])).tolist() == [0]


def test_pools_solve_the_constrained_least_squares():
    """First order: the same calcium as a general non-negative solver finds; the trace begins anywhere."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        y, g, lam = rng.normal(0.3, 1, 60), 0.9, 0.4
        responses = lfilter([1.0], [1.0, -g], np.eye(60), axis=0)
        pull = np.full(60, lam * (1 - g))  # of a penalty on the sum of spikes, the last sample having no successor
        pull[-1] = lam
        spikes, _ = nnls(responses, y - pull)
        np.testing.assert_allclose(_first_order(y, g, lam, 0.0, pools), responses @ spikes, atol=1e-9)


def test_windows_find_what_one_solution_finds():
    """Second order: windows that overlap, against all samples at once, where there is no noise."""
    g = np.array([1.7, -0.712])
    spikes = (np.random.default_rng(1).random(700) < 0.02).astype(float)
    h = lfilter([1.0], [1.0, *-g], np.eye(1, 700)[0])
    found = _windowed(lfilter([1.0], [1.0, *-g], spikes), h, np.ones(700, dtype=bool))
    np.testing.assert_allclose(found, spikes, atol=1e-6)


@pytest.mark.parametrize("penalty", ["l0", "l1"])
@pytest.mark.parametrize(("model", "g"), [("exponential", [0.95]), ("double_exponential", [1.7, -0.712])])
def test_calcium_is_found_with_its_baseline(penalty, model, g):
    """Both models; the residual is no smaller than the noise."""
    rng = np.random.default_rng(13)
    calcium = lfilter([1.0], [1.0, *(-np.array(g))], (rng.random(1500) < 0.02).astype(float))
    deconvolver = CalciumDeconvolver(penalty=penalty, model=model)
    events = deconvolver.fit_transform(calcium + 5 + rng.normal(0, 0.3, 1500))
    params = deconvolver.fit_params[0]
    assert params["b"] == pytest.approx(5, abs=0.25)
    assert params["g"].shape == (len(g),)
    assert np.corrcoef(lfilter([1.0], [1.0, *-params["g"]], events), calcium)[0, 1] > 0.9
    assert events.min() >= 0


def test_predict_and_score():
    """Ones where there is an event; the share of samples in which all columns agree."""
    rng = np.random.default_rng(0)
    trace = rng.normal(0, 0.05, 400)
    trace[100:] += 0.9 ** np.arange(300)
    truth = np.zeros(400, dtype=int)
    truth[100] = 1
    deconvolver = CalciumDeconvolver(threshold=0.5)
    found = deconvolver.predict(trace)
    assert found.dtype == np.int64
    assert found.tolist() == truth.tolist()
    assert deconvolver.score(trace, truth) == 1.0
    assert deconvolver.score(trace[:, None], truth[:, None]) == 1.0


def test_constant_traces_have_no_events():
    """No noise, no decay, no event, no warning."""
    assert CalciumDeconvolver().transform(np.full(50, 3.0)).sum() == 0


def test_wrong_arguments_are_named():
    """What was given, and what was expected."""
    with pytest.raises(ValueError, match=r"odd number of samples, got 10. Try 11"):
        MedianFilterDetrender(10).transform(WALKS)
    with pytest.raises(ValueError, match="window should be at most the number of samples, 300; got 301"):
        SavGolFilterDetrender(301).transform(WALKS)
    with pytest.raises(ValueError, match="percentile in"):
        Normalize(percentile=101).transform(WALKS)
    with pytest.raises(ValueError, match="penalty should be one of"):
        CalciumDeconvolver(penalty="l2").transform(WALKS)
    with pytest.raises(ValueError, match="model should be one of"):
        CalciumDeconvolver(model="exponentail").transform(WALKS)
    with pytest.raises(ValueError, match="at least 16 samples, all finite"):
        CalciumDeconvolver().transform(np.full(50, np.nan))


@pytest.mark.parametrize("kind", ["noise", "ties", "falling", "rising", "one sample"])
def test_the_compiled_loop_finds_the_same_pools(kind):
    rng = np.random.default_rng(0)
    y = {
        "noise": rng.normal(size=200),
        "ties": rng.integers(0, 3, 200).astype(float),
        "falling": -np.arange(200.0),
        "rising": np.arange(200.0),
        "one sample": np.array([0.5]),
    }[kind]
    for g, size in ((0.95, 0.0), (0.95, 0.7), (0.5, 0.1), (1.0, 0.0)):
        power = g ** np.arange(y.size + 1)
        value, length = pools(y, power, size)
        again, lengths = pools_compiled(y, power, size)
        np.testing.assert_array_equal(lengths, length)
        np.testing.assert_allclose(again, value, rtol=ROUNDING, atol=ROUNDING)
        assert length.sum() == y.size


@pytest.mark.parametrize("penalty", ["l0", "l1"])
def test_long_recordings_are_deconvolved_like_short_ones(monkeypatch, penalty):
    rng = np.random.default_rng(1)
    traces = np.stack([lfilter([1], [1, -0.9], rng.random(300) < 0.03) for _ in range(3)], axis=1)
    traces += rng.normal(0, 0.1, traces.shape)
    short, long = CalciumDeconvolver(penalty), CalciumDeconvolver(penalty)
    expected = short.fit_transform(traces)
    monkeypatch.setattr(deconvolution, "COMPILED", 0)
    np.testing.assert_allclose(long.fit_transform(traces), expected, atol=1e-9)
    assert list(long.fit_params) == list(short.fit_params) == [0, 1, 2]
    assert [p["lam"] for p in long.fit_params.values()] == [p["lam"] for p in short.fit_params.values()]
