"""What a user of neuroglia may rely on: twelve points, with numbers from version 0.2.9 run once under pandas 2.3."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from helpers import ROUNDING
from rheobase import IntervalSet, Ts, Tsd, TsdFrame, TsGroup
from rheobase.transformers import (
    Binarizer,
    Binner,
    CalciumDeconvolver,
    EdgeDetector,
    EpochTraceReducer,
    EventRescaler,
    MedianFilterDetrender,
    Normalize,
    PeriEventSpikeSampler,
    PeriEventTraceReducer,
    PeriEventTraceSampler,
    ResponseReducer,
    SavGolFilterDetrender,
    Smoother,
    SpikeTablizer,
    WhenTrueFinder,
)

TRIO = pd.DataFrame({"time": [0.01, 0.2, 0.83], "neuron": [0, 0, 1]})
EVENTS = pd.DataFrame({"time": [0.1, 0.2, 0.5], "image_id": [7, 8, 9]})
SQUARES = pd.DataFrame({"n": np.arange(10.0) ** 2}, index=np.arange(10.0))
SEED_BINS = np.arange(0.1, 0.35, 0.01)


def two_tuned_neurons(n_events: int = 40, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Spikes of two neurons, each with 8 expected spikes after one kind of event and 1 after the other; events."""
    rng = np.random.default_rng(seed)
    events = pd.DataFrame({"time": 2.0 * np.arange(1, n_events + 1), "image_id": np.arange(n_events) % 2})
    times, neurons = [], []
    for time, kind in zip(events["time"], events["image_id"]):
        for neuron, label in enumerate(("a", "b")):
            n = rng.poisson(8 if neuron == kind else 1)
            times.append(time + rng.uniform(0.1, 0.33, n))
            neurons += [label] * n
    return pd.DataFrame({"time": np.concatenate(times), "neuron": neurons}), events


def decoder(spikes) -> Pipeline:
    """From events to their kind, as the introduction of neuroglia has it."""
    steps = [
        ("spike_sampler", PeriEventSpikeSampler(spikes=spikes, sample_times=SEED_BINS)),
        ("extract", ResponseReducer(func=np.sum)),
        ("rescale", StandardScaler()),
        ("classify", LinearDiscriminantAnalysis()),
    ]
    return Pipeline(steps)


@pytest.mark.parametrize("method", ["transform", "fit_transform"])
def test_01_spike_tablizer(method):
    """Neurons and times in order of time, as columns `neuron`, `time`, with a fresh index."""
    table = getattr(SpikeTablizer(), method)({"a": [1.1, 2, 3], "b": [1, 2.5, 6]})
    assert list(table.columns) == ["neuron", "time"]
    assert table["neuron"].tolist() == ["b", "a", "a", "b", "a", "b"]
    assert table["time"].tolist() == [1, 1.1, 2, 2.5, 3, 6]
    assert table.index.tolist() == [0, 1, 2, 3, 4, 5]


def test_02_binner():
    """Counts in half-open bins whose last one is closed."""
    edges = [0, 0.25, 0.5, 0.75, 1]
    binner = Binner(edges)
    table = binner.fit_transform(TRIO)
    assert table[0].tolist() == [2, 0, 0, 0]
    assert table[1].tolist() == [0, 0, 0, 1]
    assert table.index.tolist() == edges[:-1]
    assert table.columns.name == "neuron"
    assert set(table.dtypes) == {np.dtype(np.int64)}
    ones = pd.DataFrame({"time": [0.0, 1.0, 2.0], "neuron": "x"})
    assert Binner([0, 1, 2]).fit_transform(ones)["x"].tolist() == [1, 2]
    assert clone(binner).sample_times is edges
    assert binner.fit(TRIO) is binner


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        ("gaussian", [10.798193, 48.394145, 79.788456, 48.394145]),
        ("exponential", [0, 0, 200, 73.575888]),
        ("boxcar", [0, 0, 200, 200, 0]),
    ],
)
def test_03_smoother(kernel, expected):
    """Densities of one spike; they sum to the number of spikes, and are zero far away and without spikes."""
    samples = [0, 0.005, 0.01, 0.015, 0.02][: len(expected)]
    spike = pd.DataFrame({"time": [0.01], "neuron": [0]})
    table = Smoother(samples, kernel=kernel, tau=0.005).fit_transform(spike)
    np.testing.assert_allclose(table[0], expected, atol=1e-6)
    fine = np.arange(-1, 2, 1e-4)
    table = Smoother(fine, kernel=kernel, tau=0.005).fit_transform(TRIO)
    np.testing.assert_allclose(table.sum() * 1e-4, [2, 1], rtol=0.03)  # a boxcar of 50 samples has 51 of them
    assert (table.loc[1.5:] == 0).all(axis=None)
    nothing = Smoother(samples, kernel=kernel).fit_transform(TRIO[:0])
    assert nothing.index.tolist() == samples
    assert nothing.shape[1] == 0


def test_04_peri_event_spike_sampler():
    """Counts by event, time and neuron; metadata and labels of the events stay."""
    tensor = PeriEventSpikeSampler(TRIO, sample_times=[0, 0.1, 0.2, 0.4]).fit_transform(EVENTS)
    assert tensor.dims == ("event", "sample_times", "neuron")
    assert tensor.dtype == np.float64
    expected = np.zeros((3, 3, 2))
    expected[0, 1, 0] = expected[1, 0, 0] = expected[2, 2, 1] = 1
    np.testing.assert_array_equal(tensor, expected)
    assert tensor["image_id"].values.tolist() == [7, 8, 9]
    assert tensor["time"].values.tolist() == [0.1, 0.2, 0.5]
    tens = EVENTS.set_index(pd.Index([30, 10, 20]))
    tensor = PeriEventSpikeSampler(TRIO, SEED_BINS).fit_transform(tens)
    assert tensor["event"].values.tolist() == [30, 10, 20]
    np.testing.assert_allclose(tensor["sample_times"], np.arange(10, 34) / 100, rtol=ROUNDING)


def test_05_fillna_changes_nothing():
    """With a fixed neuron axis there is nothing to fill."""
    filled, plain = (PeriEventSpikeSampler(TRIO, [0, 0.1], fillna=f).fit_transform(EVENTS) for f in (True, False))
    xr.testing.assert_identical(filled, plain)
    assert not plain.isnull().any()


def test_06_response_reducer():
    """The sum over time keeps events and neurons, in whatever order the axes are."""
    tensor = PeriEventSpikeSampler(TRIO, sample_times=[0, 0.1, 0.2, 0.4]).fit_transform(EVENTS)
    response = ResponseReducer(func=np.sum).fit_transform(tensor)
    np.testing.assert_array_equal(response, [[1, 0], [1, 0], [0, 1]])
    assert response["image_id"].values.tolist() == [7, 8, 9]
    turned = ResponseReducer(func=np.sum).fit_transform(tensor.transpose("neuron", "sample_times", "event"))
    xr.testing.assert_identical(turned.transpose("event", "neuron"), response)
    small = xr.DataArray(np.arange(12).reshape(2, 3, 2), dims=("event", "sample_times", "neuron"))
    np.testing.assert_array_equal(ResponseReducer(np.sum, dim="neuron").transform(small), [[1, 5, 9], [13, 17, 21]])


def test_07_pipeline_decodes_and_is_a_citizen_of_scikit_learn():
    """Perfect on held-out events; folds, clones, grids, pickles and pictures of it work."""
    spikes, events = two_tuned_neurons()
    X, y = events[["time"]], events["image_id"]
    pipeline = decoder(spikes)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=10, random_state=0)
    assert pipeline.fit(X_train, y_train).score(X_test, y_test) == 1.0
    assert cross_val_score(pipeline, X, y, cv=4).min() >= 0.9
    copy = clone(pipeline)
    assert copy.named_steps["spike_sampler"].spikes is spikes
    assert "PeriEventSpikeSampler(spikes=<DataFrame of" in repr(pipeline)
    assert "PeriEventSpikeSampler" in pipeline._repr_html_()
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict(X_test), pipeline.predict(X_test))
    search = GridSearchCV(pipeline, {"spike_sampler__sample_times": [SEED_BINS, SEED_BINS[:3]]}, cv=3).fit(X, y)
    assert search.best_params_["spike_sampler__sample_times"] is SEED_BINS


def test_08_neurons_silent_in_the_test_events_keep_their_place():
    """Test tensors have the columns of training tensors."""
    spikes, events = two_tuned_neurons()
    late = events["time"].iloc[-4]
    spikes = spikes[(spikes["neuron"] == "a") | (spikes["time"] < late)]
    X, y = events[["time"]], events["image_id"]
    pipeline = decoder(spikes).fit(X[:-4], y[:-4])
    assert 0 <= pipeline.score(X[-4:], y[-4:]) <= 1
    assert pipeline[:2].transform(X[-1:])["neuron"].values.tolist() == ["a", "b"]


@pytest.mark.parametrize("traces", [SQUARES, Tsd(np.arange(10.0), np.arange(10.0) ** 2)], ids=["table", "series"])
def test_09_trace_samplers_and_reducers(traces):
    """Splines, bins and epochs of t squared."""
    events = pd.DataFrame({"time": [2, 3.25], "duration": [2.0, 1.0]})
    sampled = PeriEventTraceSampler(traces, [0, 0.5, 1]).fit_transform(events)
    np.testing.assert_allclose(sampled[..., 0], [[4, 6.25, 9], [10.5625, 14.0625, 18.0625]], rtol=ROUNDING)
    assert sampled["duration"].values.tolist() == [2, 1]
    reduced = PeriEventTraceReducer(traces, [0, 2, 4]).fit_transform(events)
    np.testing.assert_array_equal(reduced[..., 0], [[6.5, 20.5], [20.5, 42.5]])
    assert reduced["sample_times"].values.tolist() == [0, 2]
    epochs = EpochTraceReducer(traces, func=np.mean).fit_transform(events)
    assert epochs.dims == ("event", "neuron")
    np.testing.assert_array_equal(epochs[:, 0], [6.5, 16])


def test_10_edges_thresholds_and_times():
    """Rising and falling edges, ones above a threshold, and when they are; tables and arrays."""
    table = pd.DataFrame({"n1": [0, 1, 0], "n2": [0, 1, 1], "n3": [1, 0, 1]}, index=[0.1, 0.2, 0.3])
    rising, falling = [[0, 0, 0], [1, 1, 0], [0, 0, 1]], [[0, 0, 0], [0, 0, 1], [1, 0, 0]]
    for given in (table, table.to_numpy()):
        np.testing.assert_array_equal(EdgeDetector().fit_transform(given), rising)
        np.testing.assert_array_equal(EdgeDetector(falling=True).fit_transform(given), falling)
    edges = EdgeDetector().fit_transform(table)
    assert edges.index.equals(table.index)
    assert edges.columns.equals(table.columns)
    found = WhenTrueFinder().fit_transform(edges)
    assert found["time"].tolist() == [0.2, 0.2, 0.3]
    assert found["neuron"].tolist() == ["n1", "n2", "n3"]
    assert found.index.tolist() == [0, 1, 2]
    assert WhenTrueFinder().fit_transform(np.array(rising))["neuron"].tolist() == [0, 1, 2]
    above = Binarizer(threshold=0.5).fit_transform(np.array([0.5, 0.6]))
    assert above.tolist() == [0, 1]
    assert set(Binarizer().fit_transform(table).dtypes) == {np.dtype(np.int64)}


def test_11_rescaler_and_detrenders():
    """Numbers of the rescaler; drifts go, shapes and labels stay."""
    np.testing.assert_allclose(EventRescaler().fit_transform([0, 1, 2]), [0, 1.791759, 2.397895], atol=1e-6)
    assert EventRescaler(log_transform=False, scale=2).fit_transform([0, 1, 2]).tolist() == [0, 2, 4]
    t = np.arange(3000) / 30
    noise = np.random.default_rng(0).normal(0, 0.3, (3000, 2))
    table = pd.DataFrame(noise + 5 * np.sin(0.05 * t)[:, None], index=t, columns=["a", "b"])
    for detrender in (MedianFilterDetrender(), SavGolFilterDetrender()):
        rest = detrender.fit_transform(table)
        assert rest.index.equals(table.index)
        assert rest.columns.equals(table.columns)
        assert (rest.mean().abs() < 0.1).all()
    relative = Normalize(window=3, percentile=50).fit_transform(np.arange(1.0, 11))
    np.testing.assert_allclose(relative, [-0.5, *[0] * 8, 1 / 9], rtol=ROUNDING)


def test_12_deconvolution():
    """Calcium and spikes are found again: 3000 samples at 30 Hz, decay 0.95, noise 0.3."""
    rng = np.random.default_rng(13)
    rate = 0.5 * np.clip(np.sin(np.arange(3000) // 50) ** 3 * 4, 0, None)
    spikes = (rng.random((3000, 3)) < rate[:, None] / 30).astype(float)
    calcium = np.zeros_like(spikes)
    for i in range(3000):
        calcium[i] = spikes[i] + (0.95 * calcium[i - 1] if i else 0)
    table = pd.DataFrame(calcium + rng.normal(0, 0.3, calcium.shape), index=np.arange(3000) / 30, columns=list("abc"))
    for penalty in ("l0", "l1"):
        deconvolver = CalciumDeconvolver(penalty=penalty)
        found = deconvolver.fit_transform(table)
        assert set(deconvolver.fit_params) == {"a", "b", "c"}
        for i, name in enumerate("abc"):
            g = deconvolver.fit_params[name]["g"][0]
            fitted = found[name].to_numpy().copy()
            for k in range(1, 3000):
                fitted[k] += g * fitted[k - 1]
            assert np.corrcoef(fitted, calcium[:, i])[0, 1] > 0.9
            least = {"l0": 0.5, "l1": 0.8}[penalty]
            assert np.corrcoef(found[name], spikes[:, i])[0, 1] > least


def test_containers_of_ours_give_the_same_tensor():
    """Groups, epochs and frames in place of tables."""
    group = TsGroup({0: Ts([0.01, 0.2]), 1: Ts([0.83], time_support=IntervalSet(0, 1))}, time_support=IntervalSet(0, 1))
    epochs = IntervalSet([0.1, 0.2, 0.5], [0.15, 0.25, 0.6], metadata={"image_id": [7, 8, 9]})
    ours = PeriEventSpikeSampler(group, [0, 0.1, 0.2, 0.4]).fit_transform(epochs)
    theirs = PeriEventSpikeSampler(TRIO, [0, 0.1, 0.2, 0.4]).fit_transform(EVENTS)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(ours["image_id"], theirs["image_id"])
    np.testing.assert_allclose(ours["duration"], [0.05, 0.05, 0.1], rtol=1e-9)
    frame = Binner([0, 0.5, 1]).fit_transform(group)
    assert isinstance(frame, TsdFrame)
    assert frame.values.tolist() == [[2, 0], [0, 1]]
