"""The quick start of the Neuropixels recordings, from the cache to the picture of the most decodable image.

Its lines are those of its users, import lines aside; the warehouse is a stand-in on this machine.
"""

from __future__ import annotations

import os
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from allen_server import serve, tables_of, warehouse
from sklearn import svm
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import KFold

from rheobase.datasets import simulate_session
from rheobase.datasets.allen import EcephysProjectCache

IMAGES = {number: np.arange(48, dtype=np.uint8).reshape(6, 8) * (number + 1) // 2 for number in range(8)}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    return simulate_session(folder / "s.nwb", n_units=60, n_repeats=12, session_id=791319847)


@pytest.fixture
def host(path):
    with serve(warehouse(path.read_bytes(), scenes=IMAGES, tables=tables_of(path))) as server:
        yield server.host


def written(fig, folder, name):
    """Write a figure; whether there is something on it."""
    fig.savefig(folder / name, dpi=50)
    drawn = plt.imread(folder / name)
    plt.close(fig)
    return drawn.std() > 0.01


def test_point_13_the_quick_start_decodes_images(host, tmp_path):
    """Sessions, histograms, a design, a classifier, best and worst image."""
    manifest_path = os.path.join(tmp_path, "example_ecephys_project_cache", "manifest.json")
    cache = EcephysProjectCache.from_warehouse("http", host, manifest=manifest_path)
    assert cache.get_all_session_types() == ["brain_observatory_1.1", "functional_connectivity"]
    sessions = cache.get_sessions()
    brain_observatory_type_sessions = sessions[sessions["session_type"] == "brain_observatory_1.1"]
    shown = brain_observatory_type_sessions.tail()
    assert shown.index.tolist() == [791319847]
    assert shown["unit_count"].tolist() == [60]

    # peristimulus time histograms
    session_id = 791319847
    session = cache.get_session_data(session_id)
    assert session.stimulus_names == ["spontaneous", "flashes", "drifting_gratings", "natural_scenes"]
    unit_counts = session.units["manual_structure_acronym"].value_counts()
    assert unit_counts.sum() == 60

    presentations = session.get_presentations_for_stimulus("flashes")
    units = session.units[session.units["manual_structure_acronym"] == "VISp"]
    time_step = 0.01
    time_bins = np.arange(-0.1, 0.5 + time_step, time_step)
    histograms = session.presentationwise_spike_counts(
        stimulus_presentation_ids=presentations.index.values, bin_edges=time_bins, unit_ids=units.index.values
    )
    assert list(histograms.coords) == ["stimulus_presentation_id", "time_relative_to_stimulus_onset", "unit_id"]
    assert histograms.shape == (24, 60, unit_counts["VISp"])

    mean_histograms = histograms.mean(dim="stimulus_presentation_id")
    fig, ax = plt.subplots(figsize=(8, 8))
    ax.pcolormesh(
        mean_histograms["time_relative_to_stimulus_onset"],
        np.arange(mean_histograms["unit_id"].size),
        mean_histograms.T,
        vmin=0,
        vmax=1,
    )
    ax.set_ylabel("unit", fontsize=24)
    ax.set_xlabel("time relative to stimulus onset (s)", fontsize=24)
    assert written(fig, tmp_path, "histograms.png")
    during = mean_histograms.sel(time_relative_to_stimulus_onset=slice(0, 0.25)).mean()
    assert during > 1.3 * mean_histograms.sel(time_relative_to_stimulus_onset=slice(-0.1, 0)).mean()

    # image classification
    scene_presentations = session.get_presentations_for_stimulus("natural_scenes")
    visp_units = session.units[session.units["manual_structure_acronym"] == "VISp"]
    spikes = session.presentationwise_spike_times(
        stimulus_presentation_ids=scene_presentations.index.values, unit_ids=visp_units.index.values[:]
    )
    assert spikes.index.name == "spike_time"
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
    labels = np.unique(targets_arr)
    whole = session.presentationwise_spike_counts([0, 0.25], design.index.values, design.columns.values)
    np.testing.assert_array_equal(design_arr, whole.values[:, 0])
    assert (design_arr == 0).any()

    accuracies = []
    confusions = []
    for train_indices, test_indices in KFold(n_splits=5).split(design_arr):
        clf = svm.SVC(gamma="scale", kernel="rbf")
        clf.fit(design_arr[train_indices], targets_arr[train_indices])

        test_targets = targets_arr[test_indices]
        test_predictions = clf.predict(design_arr[test_indices])

        accuracy = 1 - (np.count_nonzero(test_predictions - test_targets) / test_predictions.size)
        accuracies.append(accuracy)
        confusions.append(confusion_matrix(test_targets, test_predictions, labels=labels))  # a keyword by now
    assert np.mean(accuracies) > 4 / labels.size

    # imagewise performance
    mean_confusion = np.mean(confusions, axis=0)
    fig, ax = plt.subplots(figsize=(8, 8))
    img = ax.imshow(mean_confusion)
    fig.colorbar(img)
    assert written(fig, tmp_path, "confusion.png")

    best = labels[1:][np.argmax(np.diag(mean_confusion)[1:])]  # the first is a blank screen, which has no image
    worst = labels[1:][np.argmin(np.diag(mean_confusion)[1:])]
    fig, ax = plt.subplots(1, 2, figsize=(16, 8))
    best_image = cache.get_natural_scene_template(best)
    ax[0].imshow(best_image, cmap=plt.cm.gray)
    worst_image = cache.get_natural_scene_template(worst)
    ax[1].imshow(worst_image, cmap=plt.cm.gray)
    assert written(fig, tmp_path, "images.png")
    np.testing.assert_array_equal(best_image, IMAGES[best])
    np.testing.assert_array_equal(worst_image, IMAGES[worst])
