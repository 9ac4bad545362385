"""Simulated sessions, and a GLM on one in five lines."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import rheobase.datasets
from rheobase import basis, glm
from rheobase.datasets import simulate_session
from rheobase.datasets.allen import EcephysSession


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return simulate_session(tmp_path_factory.mktemp("simulated") / "session_1001.nwb", n_repeats=20)


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
