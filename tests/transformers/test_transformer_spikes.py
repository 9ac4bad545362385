"""`SpikeTablizer`, `Binner`, `Smoother`: against sums written out, and on odd inputs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import ROUNDING
from rheobase import IntervalSet, Ts, TsdFrame, TsGroup
from rheobase.transformers import Binner, Smoother, SpikeTablizer

WHOLE = IntervalSet(-100, 100)

quarters = st.integers(-8, 40).map(lambda k: k / 4)
"""Times that coincide often, and are exact."""

tables = st.lists(st.tuples(quarters, st.sampled_from("abc")), max_size=40).map(
    lambda rows: pd.DataFrame({"time": [t for t, _ in rows], "neuron": [n for _, n in rows]}).astype({"time": float})
)


@settings(max_examples=40, deadline=None)
@given(table=tables, edges=st.lists(quarters, min_size=2, max_size=8, unique=True).map(sorted))
def test_binner_is_a_histogram_per_neuron(table, edges):
    """Ties on edges included."""
    counts = Binner(edges).fit_transform(table)
    assert list(counts.columns) == sorted(set(table["neuron"]))
    for name in counts:
        np.testing.assert_array_equal(counts[name], np.histogram(table["time"][table["neuron"] == name], edges)[0])


@settings(max_examples=30, deadline=None)
@given(table=tables, kernel=st.sampled_from(["gaussian", "exponential", "boxcar"]), tau=st.sampled_from([0.25, 1.5]))
def test_smoother_is_a_sum_of_kernels(table, kernel, tau):
    """Every spike at every sample, written out."""
    samples = np.arange(-2, 11, 0.25)
    densities = {
        "gaussian": lambda x: np.exp(-0.5 * (x / tau) ** 2) / tau / np.sqrt(2 * np.pi),
        "exponential": lambda x: (x >= 0) * np.exp(-np.abs(x) / tau) / tau,
        "boxcar": lambda x: ((x >= 0) & (x <= tau)) / tau,
    }
    found = Smoother(samples, kernel=kernel, tau=tau).fit_transform(table)
    for name in found:
        t = table["time"][table["neuron"] == name].to_numpy()
        expected = densities[kernel](samples[:, None] - t).sum(axis=1)
        np.testing.assert_allclose(found[name], expected, rtol=ROUNDING, atol=1e-15 * t.size / tau)


def test_smoother_in_pieces_equals_the_whole(monkeypatch):
    """However few pairs of spike and sample are worked on at a time."""
    rng = np.random.default_rng(0)
    spikes = {k: rng.uniform(0, 1, 50) for k in range(3)}
    smoother = Smoother(np.arange(0, 1, 0.01), tau=0.02)
    whole = smoother.fit_transform(spikes)
    monkeypatch.setattr("rheobase.transformers._kernels.PAIRS", 7)
    np.testing.assert_allclose(smoother.fit_transform(spikes), whole, rtol=ROUNDING)


def test_groups_give_frames_and_silent_units_stay():
    """A unit without a spike is a column of zeros."""
    group = TsGroup({2: Ts([0.5, 1.0], time_support=WHOLE), 7: Ts([], time_support=WHOLE)}, time_support=WHOLE)
    frame = Binner([0, 1, 2]).fit_transform(group)
    assert isinstance(frame, TsdFrame)
    assert frame.values.tolist() == [[1, 0], [1, 0]]
    assert frame.columns.tolist() == [2, 7]
    assert Smoother([0.5]).fit_transform(group).values[0, 1] == 0


def test_categories_keep_their_order_and_silent_neurons():
    """A categorical column says which neurons there are."""
    neuron = pd.Categorical(["x", "x"], categories=["z", "x", "y"])
    counts = Binner([0, 1]).fit_transform(pd.DataFrame({"time": [0.1, 0.2], "neuron": neuron}))
    assert list(counts.columns) == ["z", "x", "y"]
    assert counts.to_numpy().tolist() == [[0, 2, 0]]


def test_missing_times_and_labels_are_no_spikes():
    """NaN is dropped, mixed labels keep the order in which they come."""
    table = pd.DataFrame({"time": [0.1, np.nan, 0.3, 0.4], "neuron": ["b", "b", None, "a"]})
    assert Binner([0, 1]).fit_transform(table).to_numpy().tolist() == [[1, 1]]
    mixed = pd.DataFrame({"time": [0.1, 0.2], "neuron": pd.Series(["b", 1], dtype=object)})
    assert list(Binner([0, 1]).fit_transform(mixed).columns) == ["b", 1]


def test_tablizer_and_back():
    """Empty in, empty out; ties in order of neuron; a group as well as a dict."""
    empty = SpikeTablizer().fit_transform({})
    assert list(empty.columns) == ["neuron", "time"]
    assert len(empty) == 0
    tie = SpikeTablizer().fit_transform({"b": [1.0], "a": [1.0], "silent": []})
    assert tie["neuron"].tolist() == ["a", "b"]
    group = TsGroup({3: Ts([2.0, 5.0], time_support=WHOLE), 1: Ts([4.0], time_support=WHOLE)}, time_support=WHOLE)
    table = SpikeTablizer().fit_transform(group)
    assert table["neuron"].tolist() == [3, 1, 3]
    assert table["time"].dtype == np.float64


def test_wrong_arguments_are_named():
    """What was given, and what was expected."""
    with pytest.raises(ValueError, match="sample_times should be at least 2 finite times"):
        Binner([0.0]).fit_transform({})
    with pytest.raises(ValueError, match="ascending"):
        Binner([1.0, 0.0]).fit_transform({})
    with pytest.raises(ValueError, match="kernel should be one of"):
        Smoother([0.0], kernel="gausian").fit_transform({})
    with pytest.raises(ValueError, match="tau should be a finite number > 0"):
        Smoother([0.0], tau=0).fit_transform({})
    with pytest.raises(TypeError, match="spikes should be a table"):
        Binner([0, 1]).fit_transform(3)
    with pytest.raises(ValueError, match=r"\['neuron'\] not found among \['time'\]"):
        Binner([0, 1]).fit_transform(pd.DataFrame({"time": [1.0]}))
    with pytest.raises(ValueError, match=r"has no parameter 'tua'.*Did you mean 'tau'"):
        Smoother([0.0]).set_params(tua=1)
