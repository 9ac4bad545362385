"""`PeriEventSpikeSampler`: against one histogram per event and neuron, and on odd events."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from helpers import ROUNDING
from rheobase import IntervalSet, Ts
from rheobase.transformers import Binner, PeriEventSpikeSampler, ResponseReducer, Smoother

times = st.lists(st.integers(0, 100).map(lambda k: k / 10), max_size=30)
"""Tenths, so that sums fall on edges, rounded one way or the other."""


def one_histogram_each(spikes, events, edges):
    """Counts of shape (event, bin, neuron), the slow way."""
    return np.array([[np.histogram(spikes[k], e + edges)[0] for k in sorted(spikes)] for e in events]).swapaxes(1, 2)


@settings(max_examples=60, deadline=None)
@given(
    trains=st.lists(times, min_size=1, max_size=3),
    events=times.filter(len),
    edges=st.lists(st.integers(-20, 20), min_size=2, max_size=6, unique=True).map(lambda k: np.sort(k) / 10),
)
def test_counts_are_one_histogram_each(trains, events, edges):
    """Events in any order, overlapping, many at once; spikes on edges."""
    spikes = dict(enumerate(trains))
    tensor = PeriEventSpikeSampler(spikes, edges).fit_transform(events)
    np.testing.assert_array_equal(tensor, one_histogram_each(spikes, np.array(events), edges))


def test_pieces_equal_the_whole(monkeypatch):
    """However few cells are worked on at a time."""
    rng = np.random.default_rng(1)
    spikes = {k: rng.uniform(0, 50, 400) for k in range(5)}
    events, edges = rng.uniform(0, 50, 60), np.linspace(-1, 2, 7)
    expected = one_histogram_each(spikes, events, edges)
    for sampler in (PeriEventSpikeSampler(spikes, edges), PeriEventSpikeSampler(spikes, edges, sampler=Smoother)):
        whole = sampler.fit_transform(events)
        with monkeypatch.context() as patch:
            patch.setattr("rheobase.transformers._windows.CELLS", 64)
            np.testing.assert_allclose(sampler.fit_transform(events), whole, rtol=ROUNDING, atol=1e-12)
    np.testing.assert_array_equal(PeriEventSpikeSampler(spikes, edges).fit_transform(events), expected)


@pytest.mark.parametrize("kernel", ["gaussian", "exponential", "boxcar"])
def test_smoother_around_events_is_the_smoother_moved(kernel):
    """Also where the kernel is wide: spikes far outside the window count."""
    rng = np.random.default_rng(2)
    spikes, samples = {0: rng.uniform(0, 20, 100), 1: rng.uniform(0, 20, 10)}, np.linspace(-0.5, 0.5, 11)
    events = [3.0, 12.5, 7.25]
    kwargs = {"kernel": kernel, "tau": 0.7}
    tensor = PeriEventSpikeSampler(spikes, samples, sampler=Smoother, sampler_kwargs=kwargs).fit_transform(events)
    assert tensor.shape == (3, 11, 2)
    for row, event in zip(tensor, events):
        expected = Smoother(event + samples, **kwargs).fit_transform(spikes)
        np.testing.assert_allclose(row, expected, rtol=1e-9)  # a kernel of a difference of differences
    given_object = PeriEventSpikeSampler(spikes, samples, sampler=Smoother(samples, **kwargs)).fit_transform(events)
    np.testing.assert_array_equal(given_object, tensor)


def test_parameters_of_a_sampler_are_reached_from_outside():
    """`sampler__tau`, through clones that share the recording but not the sampler."""
    spikes = {0: [0.1]}
    sampler = PeriEventSpikeSampler(spikes, [0, 1], sampler=Smoother([0]))
    copy = clone(sampler).set_params(sampler__tau=0.5)
    assert copy.spikes is spikes
    assert (sampler.sampler.tau, copy.sampler.tau) == (0.005, 0.5)
    assert sampler.get_params()["sampler__kernel"] == "gaussian"
    before = dict(vars(sampler))
    sampler.fit_transform([0.0])
    assert vars(sampler) == before


def test_memory_is_that_of_the_tensor():
    """Work beside it does not grow with the number of events."""
    rng = np.random.default_rng(4)
    spikes = {k: rng.uniform(0, 1000, 2000) for k in range(40)}
    beside = []
    for n_events in (5_000, 20_000):
        sampler, events = PeriEventSpikeSampler(spikes, np.linspace(0, 0.25, 11)), rng.uniform(0, 1000, n_events)
        tracemalloc.start()
        tensor = sampler.transform(events)
        beside.append(tracemalloc.get_traced_memory()[1] - tensor.nbytes)
        tracemalloc.stop()
    assert beside[1] < 1.2 * beside[0] < 100e6


def test_odd_events():
    """No events, no spikes, events at NaN, repeated events, lists, other spellings of a start."""
    sampler = PeriEventSpikeSampler({0: [0.5, 1.5]}, [0, 1])
    assert sampler.fit_transform(pd.DataFrame({"time": []})).shape == (0, 1, 1)
    np.testing.assert_array_equal(sampler.fit_transform([1.0, np.nan, 1.0, 50.0]).values.ravel(), [1, np.nan, 1, 0])
    for name in ("start", "start_time"):
        assert sampler.fit_transform(pd.DataFrame({name: [1.0], "lbl": ["q"]})).sum() == 1
    assert sampler.fit_transform(Ts([0.0, 1.0])).values.ravel().tolist() == [1, 1]
    silent = PeriEventSpikeSampler(pd.DataFrame({"time": [], "neuron": []}), [0, 1]).fit_transform([1.0])
    assert silent.shape == (1, 1, 0)
    named = sampler.fit_transform(pd.DataFrame({"time": [1.0], "neuron": ["n1"]}))
    assert named["event_neuron"].values.tolist() == ["n1"]


def test_epochs_can_be_cross_validated():
    """Trials as an IntervalSet are samples like the rows of a table."""
    rng = np.random.default_rng(3)
    trials = IntervalSet(np.arange(20.0), np.arange(20.0) + 0.5, metadata={"kind": np.arange(20) % 2})
    spikes = {0: np.repeat(np.arange(0, 20, 2), 5) + rng.uniform(0.01, 0.4, 50), 1: [3.1]}
    pipeline = make_pipeline(PeriEventSpikeSampler(spikes, [0, 0.5]), ResponseReducer("sum"), GaussianNB())
    kind = np.asarray(trials["kind"])
    for folds in (4, StratifiedKFold(4, shuffle=True, random_state=0)):
        assert cross_val_score(pipeline, trials, kind, cv=folds).mean() == 1.0
    first, _, label, _ = train_test_split(trials, kind, random_state=1)
    assert pipeline[:2].transform(first)["time"].values.tolist() == first[:, 0].tolist()
    assert (first[:, 0] % 2 == label).all()


def test_wrong_arguments_are_named():
    """What was given, and what was expected."""
    with pytest.raises(TypeError, match="sampler should be Binner or Smoother"):
        PeriEventSpikeSampler({}, [0, 1], sampler="binner").fit_transform([0.0])
    with pytest.raises(ValueError, match="sample_times should be at least 2"):
        PeriEventSpikeSampler({}, 0.5, sampler=Binner).fit_transform([0.0])
    with pytest.raises(TypeError, match="events should be a table"):
        PeriEventSpikeSampler({}, [0, 1]).fit_transform(None)
    with pytest.raises(ValueError, match="events needs a column 'time'"):
        PeriEventSpikeSampler({}, [0, 1]).fit_transform(pd.DataFrame({"when": [1]}))
