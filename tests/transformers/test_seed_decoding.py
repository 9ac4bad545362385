"""The introduction of neuroglia: images are decoded from spikes in a pipeline.

Its lines are those of its users, import lines aside; spikes and events are those of a simulated session.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from rheobase.datasets import simulate_session
from rheobase.datasets.allen import EcephysSession
from rheobase.transformers import PeriEventSpikeSampler, ResponseReducer, SpikeTablizer


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Spike times by unit, and presentations with their images."""
    path = simulate_session(tmp_path_factory.mktemp("simulated") / "s.nwb", n_units=40, n_repeats=15)
    session = EcephysSession.from_nwb_path(path)
    nwb_spikes = {str(unit): times for unit, times in session.spike_times.items()}
    shown = session.get_stimulus_table("natural_scenes")
    events = pd.DataFrame(
        {"time": shown["start_time"], "end_time": shown["stop_time"], "image_id": shown["frame"].astype(int)}
    ).reset_index(drop=True)
    events["duration"] = events["end_time"] - events["time"]
    return nwb_spikes, events


def test_the_introduction_decodes_images(recording):
    nwb_spikes, events = recording
    spikes = SpikeTablizer().fit_transform(nwb_spikes)
    assert list(spikes.columns) == ["neuron", "time"]
    assert spikes["time"].is_monotonic_increasing

    bins = np.arange(0.1, 0.35, 0.01)
    spike_sampler = PeriEventSpikeSampler(
        spikes=spikes,
        sample_times=bins,
    )
    tensor = spike_sampler.fit_transform(events)
    assert tensor.dims == ("event", "sample_times", "neuron")
    assert tensor.shape == (135, 24, 40)
    np.testing.assert_allclose(tensor["sample_times"], np.arange(10, 34) / 100)
    for name in ("time", "end_time", "image_id", "duration"):
        np.testing.assert_array_equal(tensor[name], events[name])

    reducer = ResponseReducer(func=np.sum)
    population_response = reducer.fit_transform(tensor)
    assert population_response.dims == ("event", "neuron")
    onset = events["time"].to_numpy()[7]
    train = nwb_spikes[str(tensor["neuron"].values[3])]
    assert population_response.values[7, 3] == np.sum((train >= onset + bins[0]) & (train <= onset + bins[-1]))

    pipeline = Pipeline(
        [
            ("spike_sampler", PeriEventSpikeSampler(spikes=spikes, sample_times=bins)),
            ("extract", ResponseReducer(func=np.sum)),
            ("rescale", StandardScaler()),
            ("classify", LinearDiscriminantAnalysis()),
        ]
    )
    X = events[["time", "duration"]]
    y = events["image_id"]
    chance = 1.0 / len(y.unique())
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.33, random_state=0)
    pipeline.fit(X_train, y_train)
    score = pipeline.score(X_test, y_test)
    assert score > 4 * chance, score
