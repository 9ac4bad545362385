"""Receptive fields as GLMs, and scores against repeats: laws and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from helpers import ROUNDING, SOLVER
from rheobase.datasets.strf import STRF, NeuralDataset, metrics, strf_design

F, N_BINS = 4, 300
KERNEL = np.array([[0.0, 0.0, 0.0], [0.0, 0.6, 0.3], [0.0, 0.0, -0.4], [0.0, 0.0, 0.0]])


def recording(n_stims=5, n_trials=6, *, missing=True, seed=0):
    """Two neurons with one field; the second missed the first stimulus, and heard fewer repeats."""
    rng = np.random.default_rng(seed)
    sounds, rows = [], []
    for number in range(n_stims):
        sound = rng.normal(size=(F, N_BINS + 10 * number))
        drive = sum(KERNEL[f, k] * np.concatenate([np.zeros(k), sound[f][: len(sound[f]) - k]]) for f, k in CELLS)
        mean = np.exp(drive - 0.5)
        second = None if missing and number == 0 else rng.poisson(mean, (n_trials - 2, len(mean)))
        sounds.append(sound[None])
        rows.append([rng.poisson(mean, (n_trials, len(mean))), second])
    meta = [{"type": "song" if s % 2 else "call"} for s in range(n_stims)]
    return NeuralDataset(sounds, rows, meta, dt_ms=5, frequencies=[100, 200, 400, 800])


CELLS = list(zip(*np.nonzero(KERNEL), strict=True))


def test_lags_are_rounded_outward_and_may_be_negative():
    ds = recording()
    design = strf_design(ds, -0.008, 0.011)
    np.testing.assert_array_equal(design.lags_ms, [-10, -5, 0, 5, 10, 15])
    x = design.X.reshape(-1, F, 6)
    sound = ds.stims[0][0]
    np.testing.assert_allclose(x[: N_BINS - 2, :, 0], sound.T[2:])  # the future
    np.testing.assert_allclose(x[3:N_BINS, :, 5], sound.T[: N_BINS - 3])  # the past
    assert (x[N_BINS - 2 : N_BINS, :, 0] == 0).all()
    assert (x[:3, :, 5] == 0).all()


@pytest.mark.parametrize(("tmin", "tmax"), [(0.0, 0.02), (-0.01, 0.01), (0.01, 0.03), (-0.03, -0.01)])
def test_features_made_block_by_block_are_the_same(tmin, tmax):
    ds = recording()
    dense, flying = (strf_design(ds, tmin, tmax, kind=kind) for kind in ("dense", "on the fly"))
    rows = np.isfinite(flying.stimulus)
    np.testing.assert_allclose(flying.X.to_dense()[: len(rows)][rows], dense.X)
    np.testing.assert_array_equal(flying.y[rows], dense.y)
    np.testing.assert_array_equal(flying.weight[rows], dense.weight)
    assert np.isnan(flying.y[~rows]).all()


def test_repeats_are_weights():
    """Means with their number of repeats give the fit of every repeat as rows of its own."""
    ds = recording(3, missing=False)
    single = NeuralDataset(
        [ds.stims[s] for s in range(3) for _ in range(6)],
        [[ds.responses[s][0][[r]]] for s in range(3) for r in range(6)],
        dt_ms=5,
    )
    ds.select_neuron(0)
    one, other = (STRF(tmax=0.01, strength=0.01).fit(data) for data in (ds, single))
    np.testing.assert_allclose(one.weights_, other.weights_, rtol=SOLVER, atol=SOLVER)


def test_a_neuron_is_fitted_as_it_is_alone():
    ds = recording()
    both = STRF(tmax=0.01, strength=0.01).fit(ds)
    ds.select_neuron(1)
    ds.select_stims(range(1, 5))
    alone = STRF(tmax=0.01, strength=0.01)
    alone.fit(ds)
    scale = both.scale_ / alone.scale_  # bands are scaled by what is visible
    assert alone.neurons_ == [1]
    np.testing.assert_allclose(both.weights_[1], alone.weights_[0] * scale[:, None], rtol=0.02, atol=0.005)


@pytest.mark.parametrize(("penalty", "strength"), [("ridge", "cv"), ("smooth", "cv"), ("smooth", "reml")])
def test_strengths_are_found(penalty, strength):
    ds = recording()
    strf = STRF(tmax=0.02, penalty=penalty, strength=strength, n_folds=3).fit(ds)
    assert strf.weights_.shape == (2, F, 5)
    for weights in strf.weights_:
        assert np.corrcoef(weights[:, :3].ravel(), KERNEL.ravel())[0, 1] > 0.9
    assert strf.peak(0) == (200.0, 5.0)


@pytest.mark.parametrize("model", ["poisson", "gaussian"])
def test_a_field_of_low_rank(model):
    ds = recording()
    full, one, two = (STRF(tmax=0.02, strength=0.01, model=model, rank=rank).fit(ds) for rank in (None, 1, min(F, 5)))
    values = np.linalg.svd(one.weights_, compute_uv=False)
    assert (values[:, 1] < 1e-9 * values[:, 0]).all()
    np.testing.assert_allclose(two.weights_, full.weights_, rtol=1e-4, atol=1e-4)  # no limit at all
    np.testing.assert_allclose(two.intercept_, full.intercept_, rtol=1e-4, atol=1e-4)  # turns stop at 1e-6
    assert one.peak(0) == full.peak(0) == (200.0, 5.0)
    assert np.isfinite(one.held_out(ds).cc).all()
    with pytest.raises(ValueError, match="rank must be at least 1"):
        STRF(rank=0)
    with pytest.raises(ValueError, match="goes with penalty='ridge'"):
        STRF(rank=1, penalty="smooth")


def test_weights_have_axes():
    strf = STRF(tmax=0.01, strength=0.01).fit(recording())
    labelled = strf.to_xarray()
    assert labelled.dims == ("neuron", "frequency", "lag")
    np.testing.assert_array_equal(labelled.lag, [0, 5, 10])
    np.testing.assert_array_equal(labelled.frequency, [100, 200, 400, 800])


def test_held_out_stimuli_are_compared_where_they_were_heard():
    ds = recording()
    held = STRF(tmax=0.01, strength=0.01).cross_validate(ds, n_folds=5)
    assert held.prediction.shape == (5, 2, 1, N_BINS + 40)
    assert np.isnan(held.responses[0, 1]).all()
    assert (held.ccnorm > 0.9).all()
    assert (held.cc < held.ceiling * 1.1).all()
    ds.select_stims_by_attr("type", "song")
    strf = STRF(tmax=0.01, strength=0.01).fit(ds)
    ds.select_stims_by_attr("type", "call")
    assert (strf.held_out(ds).ccnorm > 0.9).all()
    assert [mean.shape for mean in strf.predict(ds)] == [(2, N_BINS), (2, N_BINS + 20), (2, N_BINS + 40)]


def test_what_cannot_be_fitted_is_refused():
    ds = recording()
    with pytest.raises(ValueError, match="model must be"):
        STRF(model="binomial")
    with pytest.raises(ValueError, match="penalty must be"):
        STRF(penalty="lasso")
    with pytest.raises(ValueError, match="no weights yet"):
        STRF().predict(ds)
    with pytest.raises(ValueError, match="tmin <= tmax"):
        STRF(0.1, 0.0).fit(ds)
    with pytest.raises(ValueError, match="kind must be"):
        strf_design(ds, kind="sparse")
    ds.smooth_responses()
    with pytest.raises(ValueError, match="smooth=False"):
        STRF().fit(ds)
    assert STRF(tmax=0.01, model="gaussian", strength=0.1).fit(ds).weights_.shape == (2, F, 3)
    ds.select_stims([])
    with pytest.raises(ValueError, match="no stimulus is visible"):
        strf_design(ds)


def test_waveforms_have_no_fields():
    ds = NeuralDataset([np.ones((1, 50))], [[np.zeros((1, 5))]])
    with pytest.raises(ValueError, match="return_waveform=False"):
        strf_design(ds)


# scores ---------------------------------------------------------------------------------------------------------------

shapes = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(2, 5), st.integers(4, 12))


@settings(max_examples=30, deadline=None)
@given(shapes, st.integers(0, 1000))
def test_padding_changes_no_score(shape, seed):
    rng = np.random.default_rng(seed)
    y, p = rng.normal(size=shape), rng.normal(size=(*shape[:2], 1, shape[3]))
    wide = np.full((shape[0] + 1, shape[1], shape[2] + 2, shape[3] + 3), np.nan)
    wide[: shape[0], :, : shape[2], : shape[3]] = y
    guess = np.zeros((*wide.shape[:2], 1, wide.shape[3]))
    guess[: shape[0], :, :, : shape[3]] = p
    for name in ("correlation", "normalized_correlation", "predictive_power", "pennington_score"):
        function = getattr(metrics, name)
        np.testing.assert_allclose(function(p, y), function(guess, wide), rtol=1e-9, atol=1e-9)  # sums in other orders
    for name in ("signal_power", "noise_power", "noise_ceiling", "trial_correlation"):
        function = getattr(metrics, name)
        np.testing.assert_allclose(function(y), function(wide), rtol=1e-9, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8), st.integers(3, 30), st.integers(0, 1000))
def test_powers_are_those_of_the_formula(n_repeats, n_bins, seed):
    y = np.random.default_rng(seed).normal(size=(n_repeats, n_bins))
    total, mean = y.var(axis=1, ddof=1).mean(), y.mean(axis=0)
    signal_power = (n_repeats * mean.var(ddof=1) - total) / (n_repeats - 1)
    assert metrics.signal_power(y) == pytest.approx(signal_power, rel=1e-9, abs=ROUNDING)
    assert metrics.noise_power(y) == pytest.approx(total - signal_power, rel=1e-9, abs=ROUNDING)


def test_a_mask_stands_for_missing_values():
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=(2, 2, 3, 20)), rng.normal(size=(2, 2, 1, 20))
    mask = np.ones(y.shape, dtype=bool)
    mask[1, :, 2], mask[..., 15:] = False, False
    for function in (metrics.correlation, metrics.normalized_correlation):
        np.testing.assert_allclose(function(p, y, mask=mask), function(p, np.where(mask, y, np.nan)))
    assert metrics.correlation(p, y, reduction="mean") == pytest.approx(metrics.correlation(p, y).mean())
    assert metrics.correlation(p, y, reduction="sum") == pytest.approx(metrics.correlation(p, y).sum())
    constant = np.broadcast_to([[1.0], [np.nan]], (2, 1)).reshape(1, 2, 1, 1) * np.ones((2, 2, 1, 20))
    assert np.isnan(metrics.correlation(constant, y)).all()
    assert np.isnan(metrics.correlation(constant, y, reduction="mean"))


def test_coherence_is_that_of_scipy():
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    y = np.convolve(x, [1, 0.5], mode="same") + rng.normal(size=(4, 2000))
    frequencies, found = metrics.coherence(x, y, 5.0, window_ms=500)
    taper = np.hanning(102)[1:-1]
    known, expected = signal.coherence(x, y.mean(axis=0), fs=200, window=taper, nperseg=100, detrend="constant")
    np.testing.assert_allclose(frequencies, known[1:])
    np.testing.assert_allclose(found, expected[1:], rtol=1e-9)
    bits = -2.0 * np.log2(1 - expected[1:]).sum()
    assert metrics.information(x, y, 5.0, window_ms=500) == pytest.approx(bits)
    assert metrics.information(x, y, 5.0, window_ms=500) > 5 * metrics.information(rng.normal(size=2000), y, 5.0)


def test_coherence_pools_stimuli_and_needs_windows():
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=(3, 2, 2, 300)), rng.normal(size=(3, 2, 1, 300))
    y[:, 1] = np.nan
    _, found = metrics.coherence(p, y, 5.0)
    assert found.shape == (2, 50)
    assert ((found[0] >= 0) & (found[0] <= 1)).all()
    assert np.isnan(found[1]).all()
    assert np.isnan(metrics.information(p, y, 5.0)[1])
    with pytest.raises(ValueError, match="at least 4 bins"):
        metrics.coherence(p, y, 5.0, window_ms=10)


def test_more_halves_than_wanted_are_drawn():
    y = np.random.default_rng(0).poisson(2.0 + 2 * np.sin(np.arange(200) / 5), size=(14, 200))
    few, many = (metrics.noise_ceiling(y, method="hsu", max_splits=n) for n in (50, 126))
    assert few == pytest.approx(many, rel=0.01)  # two draws of the same halves
    assert many == pytest.approx(metrics.noise_ceiling(y), rel=0.02)  # two estimates of one number


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.correlation([1.0, 2], [[1.0, 2, 3]]), "prediction must have shape"),
        (lambda: metrics.signal_power([1.0, 2]), "responses must have shape"),
        (lambda: metrics.noise_ceiling([[1.0, 2]], method="hsy"), "Did you mean 'hsu'"),
        (lambda: metrics.noise_ceiling([[1.0, 2], [2, 1]], method="hsu", max_splits=0), "at least 1"),
        (lambda: metrics.correlation([1.0, 2], [[1.0, 2]], reduction="None"), "reduction must be"),
        (lambda: metrics.correlation([1.0, 2], [[1.0, 2]], mask=[True]), "mask must have"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
