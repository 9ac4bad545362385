"""Objects of pynapple, pandas and xarray where ours are expected: taken as they are, or refused with what to do."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import rheobase as rb
from rheobase import basis, glm, scores

T = np.arange(0, 60, 0.1)
RNG = np.random.default_rng(0)
SINE, CIRCLE = np.sin(T), np.stack([np.sin(T), np.cos(T)], axis=1)
COUNTS = RNG.poisson(1.0, (T.size, 3))
SPIKES = [np.sort(RNG.uniform(0, 59, 200)) for _ in range(3)]


def objects(library):
    """The same recording, as containers of a library that names them as we do."""
    return {
        "events": library.Ts(SPIKES[0]),
        "group": library.TsGroup({number: library.Ts(times) for number, times in enumerate(SPIKES)}),
        "signal": library.Tsd(t=T, d=SINE),
        "frame": library.TsdFrame(t=T, d=CIRCLE, columns=["a", "b"]),
        "counts": library.TsdFrame(t=T, d=COUNTS),
        "labels": library.Tsd(t=T, d=(T > 30).astype(int)),
        "epochs": library.IntervalSet([0.0, 30.0], [29.0, 59.0]),
        "onsets": library.Ts(np.arange(5.0, 55.0, 5.0)),
    }


OURS = objects(rb)
CURVES = rb.compute_tuning_curves(OURS["group"], OURS["signal"], bins=6)
CURVES_2D = rb.compute_tuning_curves(OURS["group"], OURS["frame"], bins=4)
CURVES_OF_SIGNALS = rb.compute_tuning_curves(OURS["frame"], OURS["signal"], bins=6)
MAPS = dict(enumerate(CURVES_2D.values))
CENTRES = (np.arange(4.0), np.arange(4.0))
EVALUATED, CONVOLVED = basis.BSplineEval(5, bounds=(-1, 1)), basis.RaisedCosineLogConv(3, 10)
MODEL = glm.PopulationGLM().fit(OURS["frame"], OURS["counts"])
MEAN = MODEL.predict(OURS["frame"])

CALLS = {
    "compute_tuning_curves": lambda o: rb.compute_tuning_curves(o["group"], o["signal"], bins=6, epochs=o["epochs"]),
    "compute_tuning_curves of signals": lambda o: rb.compute_tuning_curves(o["frame"], o["signal"], bins=6),
    "compute_response_per_epoch": lambda o: rb.compute_response_per_epoch(o["group"], {"a": o["epochs"]}),
    "compute_1d_tuning_curves": lambda o: rb.compute_1d_tuning_curves(o["group"], o["signal"], 6, o["epochs"]),
    "compute_1d_tuning_curves_continuous": lambda o: rb.compute_1d_tuning_curves_continuous(o["frame"], o["signal"], 6),
    "compute_2d_tuning_curves": lambda o: rb.compute_2d_tuning_curves(o["group"], o["frame"], 4),
    "compute_2d_tuning_curves_continuous": lambda o: rb.compute_2d_tuning_curves_continuous(o["counts"], o["frame"], 4),
    "compute_discrete_tuning_curves": lambda o: rb.compute_discrete_tuning_curves(o["group"], {"a": o["epochs"]}),
    "compute_1d_mutual_info": lambda o: rb.compute_1d_mutual_info(CURVES.to_pandas().T, o["signal"]),
    "compute_2d_mutual_info": lambda o: rb.compute_2d_mutual_info(MAPS, o["frame"]),
    "decode_bayes": lambda o: rb.decode_bayes(CURVES, o["group"], o["epochs"], 0.5),
    "decode_bayes of counts": lambda o: rb.decode_bayes(CURVES, o["counts"], o["epochs"], 0.1),
    "decode_template": lambda o: rb.decode_template(CURVES_OF_SIGNALS, o["frame"], o["epochs"], 0.5),
    "decode_1d": lambda o: rb.decode_1d(CURVES.to_pandas().T, o["group"], o["epochs"], 0.5),
    "decode_2d": lambda o: rb.decode_2d(MAPS, o["group"], o["epochs"], 0.5, CENTRES),
    "compute_perievent": lambda o: rb.compute_perievent(o["group"], o["onsets"], (1, 1)),
    "compute_perievent of signals": lambda o: rb.compute_perievent(o["signal"], o["onsets"], (1, 1)),
    "compute_event_triggered_average": lambda o: rb.compute_event_triggered_average(
        o["frame"], o["group"], 0.1, (1, 1), epochs=o["epochs"]
    ),
    "compute_spike_triggered_average": lambda o: rb.compute_spike_triggered_average(
        o["signal"], o["group"], 0.1, (1, 1)
    ),
    "compute_autocorrelogram": lambda o: rb.compute_autocorrelogram(o["group"], 0.1, 1, ep=o["epochs"]),
    "compute_crosscorrelogram": lambda o: rb.compute_crosscorrelogram(o["group"], 0.1, 1, ep=o["epochs"]),
    "compute_eventcorrelogram": lambda o: rb.compute_eventcorrelogram(o["group"], o["onsets"], 0.1, 1),
    "compute_isi_distribution": lambda o: rb.compute_isi_distribution(o["events"], epochs=o["epochs"]),
    "apply_bandpass_filter": lambda o: rb.apply_bandpass_filter(o["signal"], (0.5, 2)),
    "apply_bandstop_filter": lambda o: rb.apply_bandstop_filter(o["frame"], (0.5, 2)),
    "apply_highpass_filter": lambda o: rb.apply_highpass_filter(o["signal"], 1),
    "apply_lowpass_filter": lambda o: rb.apply_lowpass_filter(o["frame"], 1),
    "apply_hilbert_transform": lambda o: rb.apply_hilbert_transform(o["signal"]),
    "compute_hilbert_phase": lambda o: rb.compute_hilbert_phase(o["signal"]),
    "compute_hilbert_envelope": lambda o: rb.compute_hilbert_envelope(o["frame"]),
    "compute_fft": lambda o: rb.compute_fft(o["signal"]),
    "compute_power_spectral_density": lambda o: rb.compute_power_spectral_density(o["signal"]),
    "compute_mean_power_spectral_density": lambda o: rb.compute_mean_power_spectral_density(
        o["signal"], 5.0, ep=o["epochs"]
    ),
    "compute_wavelet_transform": lambda o: rb.compute_wavelet_transform(o["signal"], np.array([1.0, 2.0])),
    "detect_oscillatory_events": lambda o: rb.detect_oscillatory_events(
        o["signal"], o["epochs"], (0.1, 1.0), (-5, 5), (0.1, 5), 0.1
    ),
    "jitter_timestamps": lambda o: rb.jitter_timestamps(o["group"], 0.1),
    "resample_timestamps": lambda o: rb.resample_timestamps(o["events"]),
    "shift_timestamps": lambda o: rb.shift_timestamps(o["events"]),
    "shuffle_ts_intervals": lambda o: rb.shuffle_ts_intervals(o["group"]),
    "warp_tensor": lambda o: rb.warp_tensor(o["group"], o["epochs"], num_bins=5),
    "build_tensor": lambda o: rb.build_tensor(o["signal"], o["epochs"]),
    "compute_features, evaluated": lambda o: EVALUATED.compute_features(o["signal"]),
    "compute_features, convolved": lambda o: CONVOLVED.compute_features(o["counts"]),
    "create_convolutional_predictor": lambda o: rb.convolve.create_convolutional_predictor(
        np.ones((5, 1)), o["counts"]
    ),
    "build": lambda o: rb.design.build(
        {"a": (o["signal"], EVALUATED), "b": (o["group"], CONVOLVED)}, response=o["group"], bin_size=0.1, ep=o["epochs"]
    ),
    "fit": lambda o: glm.PopulationGLM().fit(o["frame"], o["counts"]),
    "fit, classes": lambda o: glm.ClassifierGLM(n_classes=2).fit(o["frame"], o["labels"]),
    "partial_fit": lambda o: glm.PopulationGLM().partial_fit(o["frame"], o["counts"]),
    "predict": lambda o: MODEL.predict(o["frame"]),
    "score": lambda o: MODEL.score(o["frame"], o["counts"]),
    "inference": lambda o: MODEL.inference(o["frame"], o["counts"]),
    "by_epoch": lambda o: list(scores.by_epoch(o["counts"], o["epochs"])),
    "log_likelihood": lambda o: scores.log_likelihood(o["counts"], MEAN),
    "ks_test": lambda o: scores.ks_test(o["counts"], MEAN, seed=0),
    "pearson_residuals": lambda o: scores.pearson_residuals(o["counts"], MEAN),
    "residual_autocorrelation": lambda o: scores.residual_autocorrelation(o["counts"], MEAN, 5),
}
"""Calls that work with our containers."""

EVENTS_FOR_NUMBERS = {
    "compute_features": lambda o: CONVOLVED.compute_features(o["group"]),
    "compute_features of one": lambda o: EVALUATED.compute_features(o["events"]),
    "fit, features": lambda o: glm.PopulationGLM().fit(o["group"], OURS["counts"]),
    "fit, one train": lambda o: glm.GLM().fit(o["events"], OURS["labels"]),
    "fit, response": lambda o: glm.PopulationGLM().fit(OURS["frame"], o["group"]),
    "score": lambda o: MODEL.score(OURS["frame"], o["group"]),
    "log_likelihood": lambda o: scores.log_likelihood(o["group"], MEAN),
}
"""Events where numbers are needed: refused, whoever made them."""


class Noting(dict):
    """Notes which of its entries a call asks for."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = set()

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)


def trouble(call, given):
    """What a user is told, or an empty text if it works."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call(given)
        except (TypeError, ValueError) as error:
            return str(error) or "nothing"
    return ""


@pytest.mark.parametrize("name", CALLS)
def test_pynapple_is_taken_or_told_what_to_do(name):
    """Each argument in turn, the others ours, then all of them."""
    theirs = objects(pytest.importorskip("pynapple"))
    noting = Noting(OURS)
    assert trouble(CALLS[name], noting) == ""
    mixed = [dict(OURS, **{key: theirs[key]}) for key in sorted(noting.asked)]
    for given in [*mixed, theirs]:
        told = trouble(CALLS[name], given)
        assert not told or "rheobase.io.as_container" in told, told


@pytest.mark.parametrize("name", EVENTS_FOR_NUMBERS)
def test_events_are_no_numbers(name):
    for library in (rb, pytest.importorskip("pynapple")):
        told = trouble(EVENTS_FOR_NUMBERS[name], objects(library))
        assert "ount " in told, told
        assert library is rb or "of pynapple" in told, told


@pytest.mark.parametrize("name", CALLS)
def test_signals_of_pandas_and_xarray_are_taken_or_told_what_to_do(name):
    pd, xr = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    arrays = {"signal": SINE, "frame": CIRCLE, "counts": COUNTS, "labels": (T > 30).astype(int)}
    tables = {key: (pd.Series if array.ndim == 1 else pd.DataFrame)(array, index=T) for key, array in arrays.items()}
    labelled = {
        key: xr.DataArray(array, dims=("time", "column")[: array.ndim], coords={"time": T})
        for key, array in arrays.items()
    }
    for theirs in (tables, labelled):
        noting = Noting(OURS | theirs)
        told = trouble(CALLS[name], noting)
        assert not told or "rheobase.io.as_container" in told or "(Tsd or TsdFrame)" in told, told
