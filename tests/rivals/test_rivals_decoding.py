"""Decoding gives pynapple's numbers."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rheobase import analysis
from rheobase.containers import IntervalSet, Ts, TsdFrame, TsGroup

nap = pytest.importorskip("pynapple")
xr = pytest.importorskip("xarray")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

TIGHT = 1e-9
"""Relative: log posteriors of some hundred are exponentiated."""

LAWFUL = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

METRICS = [
    "braycurtis",
    "canberra",
    "chebyshev",
    "cityblock",
    "correlation",
    "cosine",
    "dice",
    "euclidean",
    "hamming",
    "jaccard",
    "jensenshannon",
    "mahalanobis",
    "matching",
    "minkowski",
    "rogerstanimoto",
    "russellrao",
    "seuclidean",
    "sokalsneath",
    "sqeuclidean",
    "yule",
]


WINDOW_WITHOUT_BINS = "zero-size array to reduction operation|cannot reshape array of size 0"
"""What their sliding window says where one epoch, or none, holds a bin."""


def both(call):
    """The result of one call in both libraries, or the error that it raised."""
    out = []
    for library, classes in (
        (analysis, (IntervalSet, Ts, TsdFrame, TsGroup)),
        (nap, (nap.IntervalSet, nap.Ts, nap.TsdFrame, nap.TsGroup)),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                out.append(call(library, *classes))
            except (TypeError, ValueError, RuntimeError, np.linalg.LinAlgError) as error:
                out.append(error)
    return out


def same(ours, theirs, rtol=TIGHT, atol=1e-12, window=None):
    """Their sliding window fails where an epoch is too short to hold a bin; ours leaves that epoch empty."""
    if isinstance(theirs, Exception):
        if window is not None and re.match(WINDOW_WITHOUT_BINS, str(theirs)):
            assert isinstance(theirs, ValueError)
            assert not isinstance(ours, Exception), ours
            decoded = ours[0]
            assert any(len(decoded.get(a, b)) == 0 for a, b in decoded.time_support.values)
        else:
            assert type(ours) is type(theirs), (ours, theirs)
        return
    assert not isinstance(ours, Exception), ours
    for a, b in zip(ours, theirs, strict=True):
        assert type(a).__name__ == type(b).__name__
        np.testing.assert_array_equal(a.t, b.t)
        np.testing.assert_array_equal(a.time_support.values, b.time_support.values)
        np.testing.assert_allclose(a.values, b.values, rtol=rtol, atol=atol)
        if hasattr(b, "columns"):
            assert a.columns.tolist() == b.columns.tolist()


def population(seed, shape, holes, grid):
    """Spikes, epochs and tuning curves; rates on a coarse grid tie, and NaN stands where nobody was."""
    rng = np.random.default_rng(seed)
    n_units = int(rng.integers(1, 7))
    keys = np.sort(rng.choice(20, n_units, replace=False))
    spikes = {int(k): np.sort(np.round(rng.uniform(0, 20, rng.integers(0, 80)), 2)) for k in keys}
    curves = rng.choice([0.0, 1.0, 5.0], (n_units, *shape)) if grid else rng.uniform(0, 20, (n_units, *shape))
    if holes:
        curves[:, rng.random(shape) < 0.3] = np.nan
        curves[rng.random(curves.shape) < 0.1] = np.nan
    points = np.sort(rng.choice(np.arange(0, 20, 0.25), 4, replace=False))
    coords = {"unit": keys} | {f"f{i}": np.arange(n) + 0.5 for i, n in enumerate(shape)}
    occupancy = rng.integers(0, 4, shape).astype(float)
    occupancy.flat[0] += 1
    array = xr.DataArray(curves, coords=coords, dims=list(coords), attrs={"occupancy": occupancy})
    return spikes, points, array


@LAWFUL
@given(
    st.integers(0, 10**6),
    st.sampled_from([(1,), (7,), (3, 4), (2, 3, 2)]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0.1, 0.5, 1, 30.0]),
    st.sampled_from([None, 1, 2, 5]),
    st.booleans(),
)
def test_bayes(seed, shape, holes, grid, bin_size, window, uniform):
    spikes, points, curves = population(seed, shape, holes, grid)

    def call(library, interval, ts, frame, group):
        units = group({k: ts(v) for k, v in spikes.items()}, time_support=interval(0, 20))
        epochs = interval(points[::2], points[1::2])
        return library.decode_bayes(curves, units, epochs, bin_size, window, "s", uniform)

    same(*both(call), window=window)


@LAWFUL
@given(
    st.integers(0, 10**6),
    st.sampled_from(METRICS),
    st.booleans(),
    st.sampled_from([None, 3]),
    st.sampled_from([(6,), (2, 3)]),
)
def test_template(seed, metric, holes, window, shape):
    spikes, points, curves = population(seed, shape, holes, grid=False)

    def call(library, interval, ts, frame, group):
        units = group({k: ts(v) for k, v in spikes.items()}, time_support=interval(0, 20))
        epochs = interval(points[::2], points[1::2])
        return library.decode_template(curves, units, epochs, 500, metric, window, "ms")

    # an inverse covariance loses digits
    same(*both(call), rtol=1e-5 if metric == "mahalanobis" else TIGHT, window=window)


@LAWFUL
@given(
    st.integers(0, 10**6),
    st.sampled_from(
        ["bayes", "correlation", "euclidean", "cosine", "seuclidean", "mahalanobis", "cityblock", "sqeuclidean"]
    ),
    st.booleans(),
    st.sampled_from([None, 2, 3]),
    st.sampled_from([np.float64, np.float32, np.int64]),
)
def test_frames_of_counts(seed, how, missing, window, dtype):
    _, points, curves = population(seed, (5,), False, False)
    rng = np.random.default_rng(seed)
    t = np.arange(0, 20, 0.1)
    values = rng.choice([0.0, 1.0, 2.5, 2.5], (t.size, curves.shape[0])).astype(dtype)
    if missing and dtype is not np.int64 and window is None:
        values[rng.random(values.shape) < 0.1] = np.nan
        values[::17] = np.nan
        if how == "bayes":
            values[5, 0] = np.inf

    def call(library, interval, ts, frame, group):
        data = frame(t, values, columns=curves.coords["unit"].values)
        epochs = interval(points[::2], points[1::2])
        if how == "bayes":
            return library.decode_bayes(curves, data, epochs, 0.1, window)
        return library.decode_template(curves, data, epochs, 0.1, how, window)

    same(*both(call), rtol=1e-5 if how == "mahalanobis" else TIGHT, window=window)


@pytest.mark.parametrize("metric", ["seuclidean", "mahalanobis"])
@pytest.mark.parametrize("window", [None, 1])
def test_scales_come_from_all_rows_of_a_frame_but_with_a_window_from_the_epochs(metric, window):
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 5, (200, 4)) * np.where(np.arange(200) < 60, 1, 40)[:, None]
    curves = xr.DataArray(rng.uniform(0, 5, (4, 6)), coords={"unit": range(4), "x": np.arange(6.0)}, dims=["unit", "x"])

    def call(library, interval, ts, frame, group):
        return library.decode_template(curves, frame(np.arange(200), values), interval(0, 50), 1, metric, window)

    same(*both(call), rtol=1e-8)


@pytest.mark.parametrize("window", [1, 3])
@pytest.mark.parametrize(("start", "end"), [([0, 5], [0.2, 9]), ([0, 5], [4, 5.2]), ([0], [0.2])])
@pytest.mark.parametrize("decoder", ["decode_bayes", "decode_template"])
def test_a_window_over_an_epoch_without_bins(decoder, start, end, window):
    """An error there; here that epoch stays empty, and the others are as if it were not there."""
    spikes, _, curves = population(0, (4,), False, False)

    def call(library, interval, ts, frame, group):
        units = group({k: ts(v) for k, v in spikes.items()}, time_support=interval(0, 20))
        return getattr(library, decoder)(curves, units, interval(start, end), 0.5, sliding_window_size=window)

    ours, theirs = both(call)
    assert isinstance(theirs, ValueError)
    assert re.match(WINDOW_WITHOUT_BINS, str(theirs))
    long = [(a, b) for a, b in zip(start, end) if b - a > 1]

    def without(library, interval, ts, frame, group):
        units = group({k: ts(v) for k, v in spikes.items()}, time_support=interval(0, 20))
        epochs = interval([a for a, _ in long], [b for _, b in long])
        return getattr(library, decoder)(curves, units, epochs, 0.5, sliding_window_size=window)

    if not long:
        assert len(ours[0]) == len(ours[1]) == 0
        return
    _, expected = both(without)
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(a.t, b.t)
        np.testing.assert_allclose(a.values, b.values, rtol=TIGHT, atol=1e-12)


@LAWFUL
@given(
    st.integers(0, 10**6),
    st.integers(2, 8),
    st.booleans(),
    st.sampled_from([("s", 0.25), ("ms", 500), ("us", 1e6), ("s", 30.0)]),
    st.booleans(),
    st.booleans(),
)
def test_decode_1d(seed, n_bins, holes, units_and_size, as_dict, with_prior):
    pandas = pytest.importorskip("pandas")
    spikes, points, curves = population(seed, (n_bins,), holes, grid=False)
    rng = np.random.default_rng(seed)
    # steps that are not equal, and values on edges
    table = pandas.DataFrame(
        curves.values.T, index=np.cumsum(rng.choice([0.5, 1.0], n_bins)), columns=curves.coords["unit"].values
    )
    times, values = np.arange(0, 20, 0.1), np.round(rng.uniform(0, n_bins, 200) * 4) / 4
    units, size = units_and_size

    def call(library, interval, ts, frame, group):
        data = {k: ts(v, time_support=interval(0, 20)) for k, v in spikes.items()}
        if not as_dict:
            data = group(data, time_support=interval(0, 20))
        feature = frame(times, values[:, None])[:, 0] if with_prior else None
        return library.decode_1d(table, data, interval(points[::2], points[1::2]), size, units, feature)

    same(*both(call))


@LAWFUL
@given(
    st.integers(0, 10**6),
    st.tuples(st.integers(2, 4), st.integers(2, 4)),
    st.booleans(),
    st.sampled_from([("s", 0.25), ("ms", 500), ("s", 30.0)]),
    st.booleans(),
    st.booleans(),
)
def test_decode_2d(seed, shape, holes, units_and_size, as_dict, with_prior):
    spikes, points, curves = population(seed, shape, holes, grid=False)
    rng = np.random.default_rng(seed)
    maps = dict(zip(curves.coords["unit"].values.tolist(), curves.values))
    xy = [np.cumsum(rng.choice([0.5, 1.0], n)) for n in shape]
    times, values = np.arange(0, 20, 0.1), np.round(rng.uniform(0, 4, (200, 2)) * 4) / 4
    units, size = units_and_size

    def call(library, interval, ts, frame, group):
        data = {k: ts(v, time_support=interval(0, 20)) for k, v in spikes.items()}
        if not as_dict:
            data = group(data, time_support=interval(0, 20))
        features = frame(times, values) if with_prior else None
        return library.decode_2d(maps, data, interval(points[::2], points[1::2]), size, xy, units, features)

    same(*both(call))


def test_ties_go_to_the_first_bin():
    """Rows of equal sums, and equal sums in another order."""
    rates = np.array([[1.0, 7.0, 3.0], [7.0, 3.0, 1.0], [3.0, 1.0, 7.0]]) * 0.3
    curves = xr.DataArray(np.tile(rates, 3), coords={"unit": [0, 1, 2], "x": np.arange(9.0)}, dims=["unit", "x"])

    def call(library, interval, ts, frame, group):
        units = group({i: ts(np.arange(0, 10, 0.37 + 0.1 * i)) for i in range(3)}, time_support=interval(0, 10))
        return library.decode_bayes(curves, units, interval(0, 10), 0.1)

    same(*both(call))

    def template(library, interval, ts, frame, group):
        units = group({i: ts(np.arange(0, 10, 0.37 + 0.1 * i)) for i in range(3)}, time_support=interval(0, 10))
        return library.decode_template(curves, units, interval(0, 10), 0.1, "euclidean")

    same(*both(template))


def test_a_function_as_metric():
    spikes, _, curves = population(3, (4,), False, False)

    def call(library, interval, ts, frame, group):
        units = group({k: ts(v) for k, v in spikes.items()}, time_support=interval(0, 20))
        return library.decode_template(curves, units, interval(0, 20), 0.5, lambda u, v: np.abs(u - v).max())

    same(*both(call))
