"""Auditory data sets in memory and on disk, beside the acceptance points."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from strf_files import ANIMAL, write_aa1, write_aa2, write_aa4

from rheobase.datasets.strf import (
    CRCNSAA1Dataset,
    CRCNSAA2Dataset,
    CRCNSAA4Dataset,
    NeuralDataset,
    bin_spikes,
    concat_neural_datasets,
    hann_window,
    mel_filters,
    mel_spectrogram,
    neural_collate,
    psth,
)

SINGLE = 1e-6
"""Relative; stimuli and responses are float32."""


@pytest.fixture
def ds():
    rng = np.random.default_rng(0)
    sounds = [rng.normal(3.0, 2.0, size=(1, 4, n)) for n in (50, 80, 60)]
    rows = [[rng.poisson(2.0, (3, 50)), None], [rng.poisson(1.0, (2, 80)), rng.poisson(3.0, (5, 80))]]
    rows.append([None, np.zeros((4, 60))])
    kinds, areas = ["song", "call", "song"], ["L", "MLd"]
    return NeuralDataset(sounds, rows, [{"type": k} for k in kinds], [{"area": a} for a in areas], dt_ms=5)


# files ----------------------------------------------------------------------------------------------------------------


def test_aa1_loads_songs_and_ripples(tmp_path):
    ds = CRCNSAA1Dataset(write_aa1(tmp_path), dt_ms=1.0, smooth=False)
    assert [meta["cell_id"] for meta in ds.nrn_meta] == ["pipu1018_2_B", "gr0869_4"]
    assert ds.nrn_meta[0] == {
        "cell_id": "pipu1018_2_B",
        "area": "Field_L",
        "animal_id": "pipu1018",
        "cell_seq": "2",
        "rig": "B",
    }
    assert ds.nrn_meta[1]["rig"] is None
    np.testing.assert_array_equal(ds.nrn_masks, [[True, False], [True, True]])
    song = ds.responses[0][0]
    assert song.shape == (3, 501)
    np.testing.assert_array_equal(song.sum(axis=1), [2, 0, 1])  # before onset, silent, past the end
    assert ds.responses[1][0].shape[0] == 2
    expected = {"name": "AA.wav", "type": "conspecific", "sample_rate": 32000, "n_samples": 16000, "duration_s": 0.5}
    assert ds.stim_meta[0] == expected
    assert CRCNSAA1Dataset(tmp_path, areas="MLd").N_neurons == 1
    with pytest.raises(ValueError, match="no cell with stimuli of type conspecific"):
        CRCNSAA1Dataset(tmp_path, areas="MLd", stimuli="conspecific")
    with pytest.raises(ValueError, match="areas must be 'all'"):
        CRCNSAA1Dataset(tmp_path, areas="CM")


def test_aa2_areas_and_missing_spike_files(tmp_path):
    ds = CRCNSAA2Dataset(write_aa2(tmp_path), dt_ms=5.0, smooth=False)
    assert [meta["area"] for meta in ds.nrn_meta] == ["L2a", "OV", None]
    np.testing.assert_array_equal(ds.nrn_masks, [[True, False, False], [False, True, True]])
    assert ds.responses[1][1].shape == (3, 51)
    assert ds.responses[1][1].sum() == 0  # three silent repeats are data
    assert CRCNSAA2Dataset(tmp_path, areas="Field_L").N_neurons == 1
    assert CRCNSAA2Dataset(tmp_path, areas=["OV", "L2a"]).N_neurons == 2
    with pytest.raises(ValueError, match="areas must be 'all'"):
        CRCNSAA2Dataset(tmp_path, areas="nowhere")


def test_a_line_that_is_no_spike_train_is_named(tmp_path):
    root = write_aa1(tmp_path)
    (root / "MLd_cells" / "gr0869_4" / "flatrip" / "spike1").write_text("1.0\nx 2\n")
    with pytest.raises(ValueError, match=r"line 2 of .*spike1"):
        CRCNSAA1Dataset(root)


def test_waveforms_have_whole_bins(tmp_path):
    ds = CRCNSAA4Dataset(write_aa4(tmp_path), dt_ms=5, return_waveform=True, smooth=False)
    for stim, row, known in zip(ds.stims, ds.responses, ds.nrn_masks, strict=True):
        n_bins = next(one.shape[1] for one, k in zip(row, known, strict=True) if k)
        assert stim.shape == (1, n_bins * 120)
    assert ds.get_F() == 1
    assert neural_collate([ds[1], ds[2]]).stims.shape[1] == 1
    with pytest.raises(ValueError, match="whole number of samples"):
        CRCNSAA4Dataset(tmp_path, dt_ms=5, return_waveform=True, audio_fs=22050)


def test_a_missing_folder_says_what_to_do(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"LblBlu2028M missing in .*download=True"):
        CRCNSAA4Dataset(tmp_path, animals=ANIMAL)
    monkeypatch.setenv("RHEOBASE_DATA_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="AA1"):
        CRCNSAA1Dataset()
    with pytest.raises(ValueError, match="no unit with stimuli"):
        CRCNSAA4Dataset(tmp_path)
    write_aa4(tmp_path / "AA4")
    assert CRCNSAA4Dataset().N_neurons == 2


def test_a_missing_sound_and_a_broken_file_are_named(tmp_path):
    root = write_aa4(tmp_path)
    (root / ANIMAL / "Site3_L1R1_e1_s0.h5").write_bytes(b"no HDF5")
    with pytest.raises(ValueError, match=r"Site3_L1R1_e1_s0\.h5 cannot be read as an HDF5 file"):
        CRCNSAA4Dataset(root)
    (root / ANIMAL / "Site3_L1R1_e1_s0.h5").unlink()
    (root / ANIMAL / "wavfiles" / "stim9.wav").unlink()
    with pytest.raises(FileNotFoundError, match=r"stim9\.wav is missing"):
        CRCNSAA4Dataset(root)


def test_a_download_gets_credentials_and_nothing_keeps_them(tmp_path, monkeypatch, caplog):
    calls = []

    def fetch(dataset, files, folder, username, password):
        calls.append((dataset, files, username, password))
        write_aa4(folder)

    monkeypatch.delenv("CRCNS_USERNAME", raising=False)
    monkeypatch.delenv("CRCNS_PASSWORD", raising=False)
    options = {"path": tmp_path / "new", "animals": (ANIMAL,), "download": True}
    with pytest.raises(ValueError, match="no built-in way to fetch it"):
        CRCNSAA4Dataset(**options)
    with pytest.raises(ValueError, match=r"pass username= and password="):
        CRCNSAA4Dataset(**options, fetch=fetch)
    monkeypatch.setenv("CRCNS_USERNAME", "me")
    monkeypatch.setenv("CRCNS_PASSWORD", "sesame")
    with caplog.at_level(logging.DEBUG):
        ds = CRCNSAA4Dataset(**options, fetch=fetch)
        CRCNSAA4Dataset(**options, fetch=fetch)  # it is there: nothing is fetched
    assert calls == [("aa-4", [f"{ANIMAL}.tar.gz"], "me", "sesame")]
    assert "sesame" not in caplog.text
    assert "sesame" not in repr(vars(ds))


def test_the_same_sound_under_two_classes_is_one_stimulus(tmp_path):
    import h5py

    root = write_aa4(tmp_path)
    with h5py.File(root / ANIMAL / "Site1_L1400R1400_e20_s1.h5", "a") as file:
        file.create_group("again")
        file.copy("song/85", "again/85")
        file["again/85"].attrs["stim_class"] = "again"
    ds = CRCNSAA4Dataset(root, smooth=False)
    song = next(s for s, meta in enumerate(ds.stim_meta) if meta["name"][0] == "a")
    assert sorted(ds.stim_meta[song]["classes"]) == ["again", "song"]
    assert ds.responses[song][1].shape[0] == 4


# memory ---------------------------------------------------------------------------------------------------------------


def test_bands_are_standardised_with_the_numbers_of_some_stimuli(ds):
    whole = ds.copy()
    ds.standardize_stims([0, 1])
    pooled = np.concatenate([ds.stims[0][0], ds.stims[1][0]], axis=1)
    np.testing.assert_allclose(pooled.mean(axis=1), 0, atol=1e-5)  # float32
    np.testing.assert_allclose(pooled.std(axis=1, ddof=1), 1, rtol=1e-5)
    whole.standardize_stims(per_band=False)
    pooled = np.concatenate([stim[0] for stim in whole.stims], axis=1)
    assert pooled.std(ddof=1) == pytest.approx(1.0, rel=1e-5)


def test_responses_are_normalised_neuron_by_neuron(ds):
    other = ds.copy()
    ds.normalize_responses()
    assert max(ds.responses[s][0].max() for s in (0, 1)) == 1.0
    other.normalize_responses("zscore")
    values = np.concatenate([other.responses[s][0].ravel() for s in (0, 1)])
    assert values.mean() == pytest.approx(0, abs=1e-6)
    assert values.std(ddof=1) == pytest.approx(1, rel=1e-5)
    assert np.isnan(other.responses[0][1]).all()
    with pytest.raises(ValueError, match="method must be"):
        ds.normalize_responses("median")


def test_quality_is_written_to_metadata(ds):
    ds.compute_neuron_quality()
    assert {"snr", "ccmax"} <= set(ds.nrn_meta[0])


def test_visible_numbers_and_metadata(ds):
    assert (ds.get_N(), ds.get_S(), ds.get_F(), ds.N_neurons) == (2, 3, 4, 2)
    assert ds.select_pop_by_nrn_attr("area", "MLd") == [1]
    assert ds.get_nrn_meta() == [{"area": "MLd"}]
    assert ds.select_pop_by_nrn_predicate(lambda meta: meta["missing"] > 1) == []
    assert ds.get_nrn_meta() == []
    assert "0 selected, 3 stimuli, 0 visible" in repr(ds)
    ds.I = []
    ds.S_sel = [1]
    assert ds.visible() == ([1], [0, 1])
    ds.S_sel = None
    ds.select_population([1, 0])
    assert ds.I == [1, 0]
    assert len(ds) == 3


@pytest.mark.parametrize("method", ["select_population", "select_stims"])
def test_numbers_that_do_not_exist_are_refused(ds, method):
    with pytest.raises(IndexError, match="number 7 is out of range"):
        getattr(ds, method)([7])
    with pytest.raises(TypeError, match="must be integers"):
        getattr(ds, method)([0.5])
    with pytest.raises(TypeError, match="a list of"):
        getattr(ds, method)("01")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dt_ms": 0.0}, "dt_ms must be a number > 0"),
        ({"stims": []}, "at least one stimulus"),
        ({"stims": [np.full((1, 4, 5), np.nan)]}, "without NaN"),
        ({"stims": [np.ones((1, 4, 5)), np.ones((1, 4, 5))]}, "as many rows of responses"),
        ({"responses": [[np.zeros((2, 6))]]}, r"must have shape \(repeat, 5\)"),
        ({"nrn_meta": [{}, {}]}, "are of 1 neurons, not of 2"),
        ({"frequencies": [1.0]}, "one entry for each of 4 bands"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, message):
    parts = {"stims": [np.ones((1, 4, 5))], "responses": [[np.zeros((2, 5))]]} | change
    with pytest.raises(ValueError, match=message):
        NeuralDataset(**parts)


def test_concatenation_of_one_and_of_none(ds):
    assert concat_neural_datasets([ds]) is ds
    with pytest.raises(ValueError, match="at least one data set"):
        concat_neural_datasets([])
    with pytest.raises(ValueError, match="one entry for each of 2"):
        concat_neural_datasets([ds, ds], names=["one"])
    named = concat_neural_datasets([ds, ds], names=["one", "two"])
    assert [meta["dataset"] for meta in named.nrn_meta] == ["one", "one", "two", "two"]
    assert "dataset" not in ds.nrn_meta[0]


def test_batches_need_items_that_fit(ds):
    with pytest.raises(ValueError, match="at least one item"):
        neural_collate([])
    one = ds[0]
    ds.select_neuron(0)
    with pytest.raises(ValueError, match="same neurons and bands"):
        neural_collate([one, ds[0]])


def test_mean_over_repeats_knows_what_is_missing():
    np.testing.assert_array_equal(psth(np.full((1, 2, 3), np.nan)), np.full((1, 1, 3), np.nan))


# sound ----------------------------------------------------------------------------------------------------------------


def test_spectrogram_is_that_of_the_frames_one_by_one():
    """Brute force: reflect, window, transform, sum triangles."""
    sound, hop, n_fft = np.random.default_rng(0).normal(size=1000), 122, 244
    padded = np.pad(sound, n_fft // 2, mode="reflect")
    window = np.hanning(n_fft + 1)[:-1]
    frames = [padded[k : k + n_fft] * window for k in range(0, len(sound) + 1, hop)]
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2 @ mel_filters(24414, n_fft)
    found = mel_spectrogram(sound, 24414, 5.0, hop=hop, compression="none")
    np.testing.assert_allclose(found[0], power.T, rtol=SINGLE, atol=SINGLE)
    logged = mel_spectrogram(sound, 24414, 5.0, hop=hop, compression="log1p")
    np.testing.assert_allclose(logged, np.log1p(found), rtol=1e-5)


def test_bad_sounds_and_widths_are_refused():
    with pytest.raises(ValueError, match="audio must be finite"):
        mel_spectrogram([[1.0, 2.0]], 24000)
    with pytest.raises(ValueError, match="Did you mean 'cubic'"):
        mel_spectrogram([1.0, 2.0], 24000, compression="cubc")
    with pytest.raises(ValueError, match="at least one sample apart"):
        mel_spectrogram([1.0, 2.0], 100, 1.0)
    with pytest.raises(ValueError, match="dt_ms must be > 0"):
        bin_spikes([1.0], 0)
    with pytest.raises(ValueError, match="window_ms and dt_ms"):
        hann_window(0, 1)


def test_short_sounds_have_frames():
    assert mel_spectrogram([0.5], 24000, 5.0).shape == (1, 32, 1)
    assert mel_spectrogram(np.ones(100), 24000, 5.0).shape == (1, 32, 1)


@pytest.mark.parametrize("n", [0, 3])
def test_no_spikes_are_zeros(n):
    np.testing.assert_array_equal(bin_spikes([], 5.0, n), np.zeros(n))
