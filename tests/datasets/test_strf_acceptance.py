"""What an auditory data set must do at least, point by point."""

from __future__ import annotations

import numpy as np
import pytest
from strf_files import ANIMAL, SOUNDS, write_aa4, write_aa4_population

from helpers import SOLVER
from rheobase.datasets.strf import (
    STRF,
    CRCNSAA4Dataset,
    NeuralDataset,
    bin_spikes,
    hann_window,
    mel_centers,
    mel_spectrogram,
    metrics,
    neural_collate,
    strf_design,
)

TRIALS = np.array([[0.0, 2, 1, 3], [1, 2, 0, 4]])
PREDICTED = np.array([0.5, 2, 1, 3])
MICRO = 1e-6
"""The digits that the numbers were published with."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_aa4(tmp_path_factory.mktemp("aa4"))


def dataset(masks, types, n_bins=4):
    """A data set with these masks (stimulus, neuron) and types of stimuli."""
    rng = np.random.default_rng(0)
    responses = [[rng.poisson(1.0, (2, n_bins)) if known else None for known in row] for row in masks]
    meta = [{"type": kind} for kind in types]
    return NeuralDataset(np.ones((len(masks), 1, 3, n_bins)), responses, meta, dt_ms=5)


@pytest.fixture
def worked():
    return dataset([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]], ["song", "call", "song", "call"])


def test_point_01_a_folder_loads_as_it_was_written(folder):
    ds = CRCNSAA4Dataset(folder, animals=(ANIMAL,), dt_ms=5, smooth=False)
    assert ds.N_neurons == 2
    assert [meta["name"][0] for meta in ds.stim_meta] == ["b", "c", "a"]  # call first: classes in the order of text
    np.testing.assert_array_equal(ds.nrn_masks, [[True, False], [True, True], [True, True]])
    assert ds.responses[0][1].shape == (1, 1)
    assert np.isnan(ds.responses[0][1]).all()
    assert [ds.responses[s][0].shape[0] for s in range(3)] == [3, 2, 12]  # silent ones too
    assert ds.responses[0][0].sum() == 0
    first, second = ds.nrn_meta
    assert (first["sort_type"], first["subsort_id"], first["electrode"]) == ("single", 1, 10)
    assert (second["sort_type"], second["subsort_id"], second["sort_id"]) == ("single", None, 0)
    assert (first["animal_id"], first["sex"], first["cell_id"]) == (ANIMAL, "M", "Site1_L1400R1400_e10_s0_ss1")


def test_point_02_spikes_land_in_their_bins(folder):
    ds = CRCNSAA4Dataset(folder, dt_ms=5, smooth=False)
    song = ds.responses[2][0]
    np.testing.assert_array_equal(np.flatnonzero(song[0]), [2, 100])  # 12.3 ms; the one before onset is left out
    np.testing.assert_array_equal(np.flatnonzero(song[2]), [2])  # the one at 5 s is past the sound
    np.testing.assert_array_equal(bin_spikes([0, 4.99, 5, 12.3, 12.4], 5), [2, 1, 2])


@pytest.mark.parametrize(
    ("dt", "taps", "total"), [(1, 21, 10), (2, 11, 5), (3, 7, 3), (5, 5, 2), (7, 3, 1), (10, 3, 1), (20, 1, 1)]
)
def test_point_03_smoothing(dt, taps, total):
    raw = hann_window(21.0, dt, normalized=False)
    assert len(raw) == taps
    assert raw.sum() == pytest.approx(total)
    assert hann_window(21.0, dt).sum() == pytest.approx(1.0)
    impulse = np.zeros((1, 61))
    impulse[0, 30] = 1.0
    ds = NeuralDataset([np.ones((1, 2, 61))], [[impulse, None]], dt_ms=dt)
    other = ds.copy()
    ds.smooth_responses(21.0, normalized=False)
    np.testing.assert_allclose(ds.responses[0][0][0, 30 - taps // 2 : 31 + taps // 2], raw, atol=1e-7)  # float32
    assert ds.responses[0][1].shape == (1, 1)
    assert np.isnan(ds.responses[0][1]).all()
    other.smooth_responses(21.0)
    assert other.responses[0][0].sum() == pytest.approx(1.0)


def test_point_03_the_left_half_is_lost_at_the_edge():
    counts = np.zeros((1, 9))
    counts[0, [0, 4]] = 2, 1
    ds = NeuralDataset([np.ones((1, 2, 9))], [[counts]], dt_ms=5)
    ds.smooth_responses(21.0, normalized=False)
    np.testing.assert_allclose(ds.responses[0][0][0], [2, 1, 0, 0.5, 1, 0.5, 0, 0, 0], atol=1e-6)


@pytest.mark.parametrize(("rate", "hop"), [(24414, 122), (24414, 24), (32000, 160)])
def test_point_04_spectrogram(rate, hop):
    tone = np.sin(2 * np.pi * 2000 * np.arange(rate) / rate)
    dt = 1.0 if hop == 24 else 5.0
    plain = mel_spectrogram(tone, rate, dt, hop=hop, compression="none")
    assert plain.shape == (1, 32, rate // hop + 1)
    centers = mel_centers(rate)
    mel = 2595 * np.log10(1 + np.append(centers, 2000) / 700)
    assert plain[0].mean(axis=1).argmax() == np.abs(mel[:-1] - mel[-1]).argmin()
    np.testing.assert_allclose(mel_spectrogram(tone, rate, dt, hop=hop), np.cbrt(plain), rtol=1e-5)  # float32
    known = {24414: [64.63, 135.24, 212.36, 2175.97, 11115.99], 32000: [70.63, 148.38, 233.98, 2558.62, 14469.47]}
    np.testing.assert_allclose(centers[[0, 1, 2, 15, 31]], known[rate], atol=0.01)


@pytest.mark.parametrize("dt", [1.0, 5.0])
def test_point_05_frames_and_bins_stay_together(folder, dt):
    ds = CRCNSAA4Dataset(folder, dt_ms=dt, smooth=False)
    for s, stim in enumerate(ds.stims):
        assert {r.shape[1] for r, known in zip(ds.responses[s], ds.nrn_masks[s], strict=True) if known} == {
            stim.shape[2]
        }
    rate, n = 24414, 3 * 24414
    click = np.zeros(n)
    for seconds in (0.5, 1.5, 2.9):
        click[:] = 0
        click[round(seconds * rate)] = 1.0
        frames = mel_spectrogram(click, rate, dt, compression="none")[0].sum(axis=0)
        heard = (np.arange(len(frames)) * frames).sum() / frames.sum()  # centre of the window that saw it
        spike = np.flatnonzero(bin_spikes([1000 * seconds], dt, len(frames)))[0]
        assert abs(heard - spike) < 0.5


def test_point_06_the_table_of_selections(worked):
    def state():
        stims, neurons = worked.visible()
        return neurons, stims, len(worked)

    def clean():
        worked.reset_pop_selection()
        worked.reset_stim_selection()
        return worked

    everything = ([0, 1, 2], [0, 1, 2], 3)
    assert state() == everything
    assert clean().select_stims_by_attr("type", "song") == [0, 2]
    assert state() == ([0, 1, 2], [0, 2], 2)
    assert clean().select_stims_by_attr("type", "call") == [1, 3]
    assert state() == ([0], [1], 1)
    clean().select_neuron(2)
    assert state() == ([2], [2], 1)
    assert worked.select_stims_by_attr("type", "call") == [1, 3]
    assert state() == ([], [], 0)
    assert clean().select_pop_by_stim_attr("type", "song") == [0, 1, 2]
    assert state() == everything
    assert clean().select_pop_by_stim_attr("type", "call") == [0]
    assert state() == ([0], [0, 1], 2)
    assert clean().select_stims_by_attr("type", "nothing") == []
    assert state() == ([], [], 0)
    assert clean().select_pop_by_nrn_attr("area", "nowhere") == []
    assert state() == ([], [], 0)  # on purpose: deepSTRF shows all neurons


def test_point_07_items_and_resets(worked):
    stim, responses, mask, meta = worked[1]
    assert stim.shape == (1, 3, 4)
    assert [one.shape for one in responses] == [(2, 4), (1, 1), (1, 1)]
    np.testing.assert_array_equal(mask, [True, False, False])
    assert meta == {"type": "call"}
    assert worked[-1][3] == worked[2][3]
    four = worked[0:2]
    assert [len(part) for part in four] == [2, 2, 2, 2]
    assert [m["type"] for m in worked[[2, 1]][3]] == ["song", "call"]
    with pytest.raises(IndexError, match="3 stimuli are visible"):
        worked[3]
    with pytest.raises(TypeError, match="a number, a slice or a list"):
        worked["song"]
    worked.select_neuron(2)
    worked.select_stim(2)
    assert len(worked) == 1
    worked.reset_stim_selection()
    worked.reset_pop_selection()
    assert len(worked) == 3


def test_point_08_a_batch_is_padded():
    stims = [np.ones((1, 3, 4)), np.ones((1, 3, 6))]
    ds = NeuralDataset(stims, [[np.ones((2, 4)), None], [np.ones((3, 6)), np.ones((1, 6))]])
    batch = neural_collate([ds[0], ds[1]])
    assert batch.stims.shape == (2, 1, 3, 6)
    assert (batch.stims[0, ..., 4:] == 0).all()
    assert batch.responses.shape == (2, 2, 3, 6)
    expected = np.zeros((2, 2, 3, 6), dtype=bool)
    expected[0, 0, :2, :4] = expected[1, 0] = expected[1, 1, :1] = True
    np.testing.assert_array_equal(batch.valid_mask, expected)
    np.testing.assert_array_equal(np.isnan(batch.responses), ~expected)


def test_point_09_concatenation():
    a, b = dataset(np.ones((2, 2)), "ab"), dataset(np.ones((3, 1)), "abc")
    both = a + b
    assert both.nrn_masks.shape == (5, 3)
    assert both.nrn_masks.sum() == 7
    assert {meta["dataset"] for meta in both.stim_meta} == {"NeuralDataset"}
    b.dt = 1.0
    with pytest.raises(ValueError, match="same dt"):
        a + b


def test_point_10_the_worked_numbers():
    known = {
        metrics.signal_power: 1.8333333333,
        metrics.noise_power: 0.4583333333,
        metrics.signal_to_noise: 4.0,
        metrics.noise_ceiling: 0.9428090416,
        metrics.trial_correlation: 0.8315218406,
    }
    for function, value in known.items():
        assert function(TRIALS) == pytest.approx(value, abs=MICRO)
    assert metrics.noise_ceiling(TRIALS, method="hsu") == pytest.approx(0.9528966, abs=MICRO)
    known = {
        metrics.correlation: 0.9813358,
        metrics.normalized_correlation: 1.0408638,
        metrics.fraction_of_variance_explained: 0.9191919,
        metrics.mean_squared_error: 0.125,
        metrics.pennington_score: 1.0374313,
        metrics.predictive_power: 1.0340909,
    }
    for function, value in known.items():
        assert function(PREDICTED, TRIALS) == pytest.approx(value, abs=MICRO)
    assert metrics.normalized_correlation(PREDICTED, TRIALS, method="hsu") == pytest.approx(1.0298450, abs=MICRO)
    four = np.vstack([TRIALS, [[0, 3, 1, 2], [1, 1, 1, 3]]])
    assert metrics.signal_power(four) == pytest.approx(1.1944444, abs=MICRO)
    assert metrics.noise_power(four) == pytest.approx(0.6180556, abs=MICRO)
    assert metrics.noise_ceiling(four, method="hsu") == pytest.approx(0.9541064, abs=MICRO)
    for p, log in (([1, 2, 0.5], False), (np.log([1, 2, 0.5]), True)):
        assert metrics.poisson_loss(p, [[1, 3, 0]], log=log) == pytest.approx(0.4735195, abs=MICRO)


def test_point_10_powers_are_weighted_by_duration():
    rng = np.random.default_rng(1)
    long, short = rng.normal(size=(3, 500)), rng.normal(size=(2, 50))
    both = np.full((2, 1, 3, 500), np.nan)
    both[0, 0], both[1, 0, :2, :50] = long, short
    expected = (500 * metrics.signal_power(long) + 50 * metrics.signal_power(short)) / 550
    assert metrics.signal_power(both)[0] == pytest.approx(expected)


def test_point_10_pure_noise_has_no_signal_power():
    noise = np.random.default_rng(0).normal(size=(1, 400, 5, 100))
    power = metrics.signal_power(noise)
    assert abs(power.mean()) < 4 * power.std() / np.sqrt(400)  # four standard errors


def test_point_10_missing_constant_and_single():
    padded = np.full((2, 2, 3, 7), np.nan)
    padded[0, 0, :2, :4] = TRIALS
    p = np.zeros((2, 2, 1, 7))
    p[0, 0, 0, :4] = PREDICTED
    for function in (metrics.correlation, metrics.normalized_correlation, metrics.predictive_power):
        found = function(p, padded)
        assert found[0] == pytest.approx(function(PREDICTED, TRIALS))
        assert np.isnan(found[1])
        assert np.isnan(function(np.ones(4), TRIALS)) or function is metrics.predictive_power
    for method in ("schoppe", "hsu"):
        once = metrics.normalized_correlation(PREDICTED, TRIALS[:1], method=method)
        assert once == pytest.approx(metrics.correlation(PREDICTED, TRIALS[:1]))


F, K = 8, 5
TRUE = np.zeros((F, K))
TRUE[3, 2], TRUE[4, 2], TRUE[3, 3], TRUE[5, 1] = 0.5, 0.3, 0.2, -0.3


def recovery(n_stims=10, n_bins=2000, n_trials=1, seed=0, kernel=TRUE):
    """White-noise spectrograms and Poisson counts from a known kernel, and the expected counts."""
    rng = np.random.default_rng(seed)
    sounds = [rng.normal(size=(F, n_bins)).astype(np.float32) for _ in range(n_stims)]
    means = []
    for sound in sounds:
        padded = np.pad(sound, ((0, 0), (K - 1, 0)))
        lagged = np.stack([padded[:, K - 1 - k : K - 1 - k + n_bins] for k in range(K)], axis=1)
        means.append(np.exp(np.tensordot(kernel, lagged, axes=2) - 0.7))
    counts = [[rng.poisson(mean, size=(n_trials, n_bins))] for mean in means]
    return NeuralDataset([sound[None] for sound in sounds], counts, dt_ms=5, frequencies=np.arange(F)), means


def test_point_11_a_known_field_is_recovered():
    ds, _ = recovery()
    strf = STRF(tmax=0.02, strength=1e-4).fit(ds)
    assert strf.weights_.shape == (1, F, K)
    assert np.corrcoef(strf.weights_[0].ravel(), TRUE.ravel())[0, 1] > 0.95
    assert strf.peak(0) == (3.0, 10.0)
    smooth = STRF(tmax=0.02, penalty="smooth", strength=1e-4).fit(ds)
    assert np.corrcoef(smooth.weights_[0].ravel(), TRUE.ravel())[0, 1] > 0.95


def test_point_11_ridge_agrees_with_its_closed_form():
    ds, _ = recovery(n_stims=3, n_bins=500, n_trials=4)
    strength = 0.3
    strf = STRF(tmax=0.02, model="gaussian", strength=strength).fit(ds)
    design = strf_design(ds, 0.0, 0.02, scale=strf.scale_)
    x, y = design.X - design.X.mean(axis=0), design.y[:, 0] - design.y.mean()
    half = strength / 2  # the Gaussian loss is the squared error, the penalty half the strength times squares
    expected = np.linalg.solve(x.T @ x / len(x) + half * np.eye(F * K), x.T @ y / len(x))
    np.testing.assert_allclose(strf.weights_[0].ravel(), expected, rtol=SOLVER, atol=SOLVER)


def test_point_11_nothing_leaks_across_stimuli():
    ds, _ = recovery(n_stims=4, n_bins=300)
    order = [2, 0, 3, 1]
    turned = NeuralDataset([ds.stims[s] for s in order], [ds.responses[s] for s in order], dt_ms=5)
    one, other = (STRF(tmax=0.02, strength=1e-2).fit(data) for data in (ds, turned))
    np.testing.assert_allclose(one.weights_, other.weights_, rtol=SOLVER, atol=SOLVER)
    design = strf_design(ds, 0.0, 0.02)
    starts = np.flatnonzero(np.diff(design.stimulus, prepend=-1))
    assert (design.X[starts].reshape(4, F, K)[:, :, 1:] == 0).all()


def test_point_11_the_design_is_the_published_one():
    sound = np.array([[[1, 0, 0, 2, 0, 0], [0, 1, 0, 0, 0, 1]]])
    design = strf_design(NeuralDataset([sound], [[np.zeros((1, 6))]], dt_ms=5), 0.0, 0.01)
    assert design.X.shape == (6, 6)
    np.testing.assert_array_equal(design.X @ [1, 0.5, 0, 0, 2, -1], [1, 0.5, 2, 1, 1, 0])


def test_point_12_the_true_model_reaches_the_ceiling():
    ds, means = recovery(n_stims=6, n_bins=1500, n_trials=10, seed=3)
    batch = neural_collate(list(ds))
    truth = np.stack(means)[:, None, None]
    assert 0.9 < metrics.normalized_correlation(truth, batch.responses)[0] < 1.1
    held = STRF(tmax=0.02, strength=1e-4).cross_validate(ds, n_folds=3)
    assert 0.9 < held.ccnorm[0] < 1.1
    rng, design = np.random.default_rng(5), strf_design(ds, 0.0, 0.02)
    found = []
    for _ in range(40):
        wrong = np.exp(design.X @ rng.permutation(TRUE.ravel())).reshape(6, 1, 1, 1500)
        found.append(metrics.normalized_correlation(wrong, batch.responses)[0])
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(40)  # four standard errors
    assert np.median(np.abs(found)) < 0.1


def test_point_13_the_flow_of_the_inspection_notebook(tmp_path):
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    write_aa4_population(tmp_path)
    ds = CRCNSAA4Dataset(tmp_path, animals=(ANIMAL,), dt_ms=5, smooth=True)
    assert str(ds).startswith("CRCNSAA4Dataset(8 neurons")
    m = ds.nrn_masks
    n_idx = int(m.sum(axis=0).argmax())
    valid_s = [s for s in range(m.shape[0]) if m[s, n_idx]]
    assert len(valid_s) == 3
    fig, axes = plt.subplots(3, len(valid_s), sharex="col")
    for col, s in enumerate(valid_s):
        spec, resp = ds.stims[s][0], ds.responses[s][n_idx]
        psth = resp.mean(axis=0)
        t_axis = np.arange(resp.shape[1]) * 5 / 1000.0
        axes[0, col].imshow(spec, origin="lower", aspect="auto", extent=[t_axis[0], t_axis[-1], 0, spec.shape[0]])
        axes[1, col].imshow(resp, origin="lower", aspect="auto", extent=[t_axis[0], t_axis[-1], 0, resp.shape[0]])
        axes[2, col].plot(t_axis, psth)
        assert resp.shape == (10, spec.shape[1])
    fig.savefig(tmp_path / "cell.png")
    plt.close(fig)

    ds_few = m.sum(axis=1)
    s_idx = int(np.argmin(ds_few))
    psth_pop = np.full((ds.N_neurons, ds.stims[s_idx].shape[-1]), np.nan, dtype=np.float32)
    for n in range(ds.N_neurons):
        if m[s_idx, n]:
            psth_pop[n] = ds.responses[s_idx][n].mean(axis=0)
    row_max = np.array([row.max() if known else np.nan for row, known in zip(psth_pop, m[s_idx], strict=True)])
    row_max[row_max == 0] = 1.0
    normed = psth_pop / row_max[:, None]
    assert np.isnan(normed).all(axis=1).sum() == (~m[s_idx]).sum() > 0
    assert np.nanmax(normed) == 1.0

    assert len(ds.select_pop_by_nrn_attr("animal_id", ANIMAL)) == 8
    assert len(ds.select_pop_by_stim_attr("type", "song")) == 8
    ds.reset_pop_selection()
    assert len(ds) == 3
    assert len(ds.select_stims_by_attr("type", "song")) == len(ds) == 2
    ds.reset_stim_selection()
    assert len(ds) == len(SOUNDS)

    order = sorted(range(8), key=lambda i: (ds.nrn_meta[i]["electrode"], ds.nrn_meta[i].get("subsort_id") or 0))
    electrodes = [ds.nrn_meta[i]["electrode"] for i in order]
    assert electrodes == sorted(electrodes)
    boundary = next(y for y, e in enumerate(electrodes) if e > 16)
    assert electrodes[boundary - 1] <= 16 < electrodes[boundary]
