"""From a session to a decoder, and to a GLM in five lines."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from allen_server import serve, warehouse
from sklearn import svm
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import KFold

import rheobase.datasets
from rheobase import basis, glm
from rheobase.datasets import simulate_session
from rheobase.datasets.allen import EcephysProjectCache, EcephysSession


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return simulate_session(tmp_path_factory.mktemp("simulated") / "session_1001.nwb", n_repeats=20)


@pytest.fixture
def quick_start(path, tmp_path):
    scenes = {number: np.full((3, 4), number, dtype=np.uint8) for number in range(8)}
    with serve(warehouse(path.read_bytes(), scenes=scenes)) as server:
        manifest_path = os.path.join(tmp_path, "example_ecephys_project_cache", "manifest.json")
        yield EcephysProjectCache.from_warehouse("http", server.host, manifest=manifest_path)


def test_point_13_the_quick_start_decodes_images(quick_start):
    """The published quick start in its old spellings: histograms, a design, a classifier, best and worst image."""
    cache = quick_start
    sessions = cache.get_sessions()
    session_id = sessions[sessions["session_type"] == "brain_observatory_1.1"].index[0]
    session = cache.get_session_data(session_id)
    # the stand-in's channels are not those of the simulated file, which then knows its structures itself
    session.api.external_channel_columns = None
    assert session.units["manual_structure_acronym"].value_counts().sum() == 40

    presentations = session.get_presentations_for_stimulus("flashes")
    units = session.units[session.units["manual_structure_acronym"] == "VISp"]
    time_step = 0.01
    time_bins = np.arange(-0.1, 0.5 + time_step, time_step)
    histograms = session.presentationwise_spike_counts(
        stimulus_presentation_ids=presentations.index.values, bin_edges=time_bins, unit_ids=units.index.values
    )
    mean_histograms = histograms.mean(dim="stimulus_presentation_id")
    assert mean_histograms.dims == ("time_relative_to_stimulus_onset", "unit_id")
    during = mean_histograms.sel(time_relative_to_stimulus_onset=slice(0, 0.25)).mean()
    assert during > 1.3 * mean_histograms.sel(time_relative_to_stimulus_onset=slice(-0.1, 0)).mean()

    scene_presentations = session.get_presentations_for_stimulus("natural_scenes")
    spikes = session.presentationwise_spike_times(
        stimulus_presentation_ids=scene_presentations.index.values, unit_ids=session.units.index.values
    )
    spikes["count"] = np.zeros(spikes.shape[0])
    spikes = spikes.groupby(["stimulus_presentation_id", "unit_id"]).count()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas has opinions about these arguments by now
        design = pd.pivot_table(
            spikes, values="count", index="stimulus_presentation_id", columns="unit_id", fill_value=0.0, aggfunc=np.sum
        )
    targets = scene_presentations.loc[design.index.values, "frame"]
    design_arr = design.values.astype(float)
    targets_arr = targets.values.astype(int)
    assert (design_arr == 0).any()
    whole = session.presentationwise_spike_counts([0, 0.25], design.index.values, design.columns.values)
    np.testing.assert_array_equal(design_arr, whole.values[:, 0])

    labels = np.unique(targets_arr)
    accuracies, confusions = [], []
    for train_indices, test_indices in KFold(n_splits=5).split(design_arr):
        clf = svm.SVC(gamma="scale", kernel="rbf")
        clf.fit(design_arr[train_indices], targets_arr[train_indices])
        test_targets = targets_arr[test_indices]
        test_predictions = clf.predict(design_arr[test_indices])
        accuracies.append(1 - (np.count_nonzero(test_predictions - test_targets) / test_predictions.size))
        confusions.append(confusion_matrix(test_targets, test_predictions, labels=labels))
    assert np.mean(accuracies) > 4 / labels.size
    mean_confusion = np.mean(confusions, axis=0)
    assert mean_confusion.shape == (9, 9)
    scenes = labels >= 0
    rates = np.diag(mean_confusion)
    for chosen in (labels[scenes][np.argmax(rates[scenes])], labels[scenes][np.argmin(rates[scenes])]):
        assert (cache.get_natural_scene_template(chosen) == chosen).all()


def test_a_glm_on_a_session_is_five_lines(path):
    session = EcephysSession.from_nwb_path(path)
    trials = session.trials("drifting_gratings")
    counts = session.to_tsgroup().count(ep=trials)
    X = basis.CyclicBSplineEval(6, bounds=(0, 360)).compute_features(trials["orientation"])
    model = glm.PopulationGLM().fit(X, counts)

    assert model.coef_.shape == (6, 40)
    assert model.score(X, counts, score_type="pseudo-r2-McFadden") > 0.3


def test_a_simulated_session_is_what_it_says(path, tmp_path):
    session = EcephysSession.from_nwb_path(path)
    assert session.num_units == 40
    assert EcephysSession.from_nwb_path(path, api_kwargs={"filter_by_validity": False}).num_units == 42
    assert session.stimulus_names == ["spontaneous", "flashes", "drifting_gratings", "natural_scenes"]
    frames = session.get_stimulus_table("natural_scenes")["frame"]
    assert frames.value_counts().to_dict() == dict.fromkeys(np.arange(-1.0, 8.0), 20)
    small = {"n_units": 2, "n_repeats": 1, "session_id": 7, "seed": 3}
    one, two = (simulate_session(tmp_path / name / "s.nwb", **small, lfp=name == "a") for name in "ab")
    sessions = [EcephysSession.from_nwb_path(found) for found in (one, two)]
    assert [s.ecephys_session_id for s in sessions] == [7, 7]
    assert sorted(item.name for item in one.parent.iterdir()) == [
        "probe_810755797_lfp.nwb",
        "probe_810755799_lfp.nwb",
        "s.nwb",
    ]
    for unit, times in sessions[0].spike_times.items():
        np.testing.assert_array_equal(times, sessions[1].spike_times[unit])


@pytest.mark.parametrize("name", ["n_units", "n_repeats"])
def test_an_empty_simulation_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        simulate_session(tmp_path / "s.nwb", **{name: 0})


def test_pynwb_reads_a_simulated_session(path):
    """The file is NWB for others too."""
    from rheobase.io import NWBFile

    data = NWBFile(path)
    assert len(data["units"]) == 48
    assert "running_speed" in list(data.keys())


def test_data_sets_are_looked_at_without_a_compiler():
    """Importing the room, and opening a cache, loads neither JAX nor pandas; what needs them does."""
    code = """
import sys, rheobase.datasets.allen
print([name for name in ("jax", "pandas", "pynwb", "h5py", "matplotlib") if name in sys.modules])
from rheobase.datasets import simulate_recording
print(simulate_recording.__name__, "nothing" in dir(rheobase.datasets))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "simulate_recording False"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rheobase.datasets.nothing  # noqa: B018
