"""Trace samplers and reducers, `Binarizer`, `EdgeDetector`, `WhenTrueFinder` on ordinary and odd inputs."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import InterpolatedUnivariateSpline

from helpers import ROUNDING
from rheobase import IntervalSet, Tsd, TsdFrame
from rheobase.transformers import (
    Binarizer,
    EdgeDetector,
    EpochTraceReducer,
    PeriEventTraceReducer,
    PeriEventTraceSampler,
    ResponseReducer,
    WhenTrueFinder,
)

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(RNG.normal(size=(50, 3)), index=np.sort(RNG.uniform(0, 10, 50)), columns=["a", "b", "c"])


@settings(max_examples=30, deadline=None)
@given(
    events=st.lists(st.floats(-2, 12), min_size=1, max_size=10),
    func=st.sampled_from([np.mean, np.median, "max", lambda x: x[0] - x[-1], functools.partial(np.percentile, q=30)]),
)
def test_reducers_are_a_loop_over_windows(events, func):
    """Whatever the function, with an argument `axis` or without; NaN where a bin is empty."""
    plain = getattr(np, func) if isinstance(func, str) else func
    edges = np.array([-0.5, 0, 0.75])
    tensor = PeriEventTraceReducer(TABLE, edges, func=func).fit_transform(events)
    epochs = pd.DataFrame({"time": events, "duration": 0.75})
    response = EpochTraceReducer(TABLE, func).fit_transform(epochs)
    for i, event in enumerate(events):
        for k in range(2):
            inside = (TABLE.index >= event + edges[k]) & (TABLE.index < event + edges[k + 1])
            for column in TABLE:
                values = TABLE[column].to_numpy()[inside]
                expected = plain(values) if values.size else np.nan
                np.testing.assert_allclose(tensor[i, k].sel(neuron=column), expected, rtol=ROUNDING)
                if k == 1:
                    np.testing.assert_allclose(response[i].sel(neuron=column), expected, rtol=ROUNDING)


def test_sampler_is_the_interpolating_spline():
    """That of SciPy's FITPACK, also beyond the ends; rows of a table in any order."""
    samples = np.linspace(-1, 1, 9)
    tensor = PeriEventTraceSampler(TABLE.sample(frac=1, random_state=0), samples).fit_transform([0.5, 9.5, 4.0])
    for column in TABLE:
        spline = InterpolatedUnivariateSpline(TABLE.index, TABLE[column])
        expected = spline(np.array([0.5, 9.5, 4.0])[:, None] + samples)
        # far beyond the ends a cubic amplifies rounding
        np.testing.assert_allclose(tensor.sel(neuron=column), expected, rtol=1e-6, atol=1e-6)


def test_sampler_next_to_missing_samples():
    """NaN where a neighbour is NaN, a spline through the others elsewhere; few samples make a lower degree."""
    t = np.arange(10.0)
    values = np.where(t == 5, np.nan, t**2)
    tensor = PeriEventTraceSampler(Tsd(t, values), [0.0]).fit_transform([2.5, 4.0, 4.5, 5.0, 5.5, 6.0])
    np.testing.assert_allclose(tensor.values.ravel(), [6.25, 16, np.nan, np.nan, np.nan, 36], rtol=1e-9)
    line = PeriEventTraceSampler(pd.DataFrame({"n": [0.0, 2.0]}, index=[0.0, 1.0]), [0.25]).fit_transform([0.0, np.nan])
    np.testing.assert_allclose(line.values.ravel(), [0.5, np.nan], rtol=ROUNDING)


def test_frames_of_ours_are_traces():
    """Columns of a `TsdFrame` are the neurons; epochs of an `IntervalSet` are events with a duration."""
    frame = TsdFrame(np.arange(10.0), np.arange(20.0).reshape(10, 2), columns=["x", "y"])
    response = EpochTraceReducer(frame, "sum").fit_transform(IntervalSet([1, 5], [3, 6], metadata={"lbl": ["p", "q"]}))
    assert response["neuron"].values.tolist() == ["x", "y"]
    assert response["lbl"].values.tolist() == ["p", "q"]
    assert response.values.tolist() == [[6, 8], [10, 11]]
    stops = pd.DataFrame({"start_time": [1.0], "stop_time": [3.0]})
    assert EpochTraceReducer(frame, "sum").fit_transform(stops).values.tolist() == [[6, 8]]


def test_reducers_of_a_tensor():
    """Names, functions without `axis`, attributes."""
    tensor = xr.DataArray(np.arange(6.0).reshape(1, 3, 2), dims=("event", "sample_times", "neuron"), attrs={"u": "Hz"})
    assert ResponseReducer("max").transform(tensor).values.tolist() == [[4, 5]]
    assert ResponseReducer(lambda x: x[-1] - x[0]).transform(tensor).values.tolist() == [[4, 4]]
    assert ResponseReducer(np.mean).transform(tensor).attrs == {"u": "Hz"}


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, bool])
def test_edges_of_every_dtype(dtype):
    """A fall of an unsigned number is a fall."""
    x = np.array([[0, 1], [1, 0], [1, 0]], dtype=dtype)
    assert EdgeDetector().transform(x).tolist() == [[0, 0], [1, 0], [0, 0]]
    assert EdgeDetector(falling=True).transform(x).tolist() == [[0, 0], [0, 1], [0, 0]]
    assert Binarizer().transform(x).dtype == dtype


def test_edges_do_not_cross_epochs():
    """The first sample of an epoch has none before it."""
    series = Tsd(np.arange(6.0), [0, 1, 2, 3, 3, 4], time_support=IntervalSet([0, 3], [2, 5]))
    edges = EdgeDetector().transform(series)
    assert isinstance(edges, Tsd)
    assert edges.values.tolist() == [0, 1, 1, 0, 0, 1]


def test_missing_values_are_no_edges_and_not_above():
    """NaN gives zeros."""
    x = np.array([np.nan, 1, np.nan, 2])
    assert EdgeDetector().transform(x).tolist() == [0, 0, 0, 0]
    assert Binarizer().transform(x).tolist() == [0, 1, 0, 1]
    assert WhenTrueFinder().transform(x)["time"].tolist() == [1, 3]
    assert EdgeDetector().transform(np.empty((0, 2))).shape == (0, 2)


def test_binarizer_in_place():
    """`copy=False` changes an array and nothing else."""
    x = np.array([0.2, 0.8])
    assert Binarizer(0.5, copy=False).transform(x) is x
    assert x.tolist() == [0, 1]


def test_named_axes_do_not_matter():
    """A table whose index and columns have names is a table."""
    table = pd.DataFrame({"n1": [0, 1]}, index=pd.Index([0.1, 0.2], name="t")).rename_axis(columns="neuron")
    found = WhenTrueFinder().transform(table)
    assert found.to_dict("list") == {"time": [0.2], "neuron": ["n1"]}
    frame = TsdFrame([0.5, 1.5], np.array([[0, 2], [0, 0]]), columns=["x", "y"])
    assert WhenTrueFinder().transform(frame).to_dict("list") == {"time": [0.5], "neuron": ["y"]}


def test_wrong_arguments_are_named():
    """What was given, and what was expected."""
    with pytest.raises(ValueError, match=r"func should be a function or one of .* Did you mean 'mean'"):
        EpochTraceReducer(TABLE, "maen").transform(IntervalSet(0, 1))
    with pytest.raises(TypeError, match="func should be a function such as"):
        EpochTraceReducer(TABLE, 3).transform(IntervalSet(0, 1))
    with pytest.raises(ValueError, match="events need a column 'duration'"):
        EpochTraceReducer(TABLE, "mean").transform([0.0])
    with pytest.raises(ValueError, match="dim 'time' is not among the axes"):
        ResponseReducer("sum", dim="time").transform(xr.DataArray([1.0], dims="event"))
    with pytest.raises(TypeError, match=r"X should be an xarray.DataArray"):
        ResponseReducer("sum").transform(np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match="no two at the same time"):
        PeriEventTraceSampler(pd.DataFrame({"n": [1.0, 2.0]}, index=[0.0, 0.0]), [0.0]).transform([0.0])
    with pytest.raises(TypeError, match="traces should be a table or array"):
        EdgeDetector().transform(IntervalSet)
