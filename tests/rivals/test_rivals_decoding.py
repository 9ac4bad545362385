"""Decoding gives pynapple's numbers."""

from __future__ import annotations

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


def both(call):
    """The result of one call in both libraries, or the type of what it raised."""
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
                out.append(type(error))
    return out


def same(ours, theirs, rtol=TIGHT, atol=1e-12, epochs_without_bins=False):
    """Their sliding window fails where an epoch is too short to hold a bin; ours leaves it empty."""
    if isinstance(theirs, type):
        assert ours is theirs or (epochs_without_bins and not isinstance(ours, type))
        return
    for a, b in zip(ours, theirs):
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

    same(*both(call), epochs_without_bins=window is not None)


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
    same(*both(call), rtol=1e-5 if metric == "mahalanobis" else TIGHT, epochs_without_bins=window is not None)


@LAWFUL
@given(
    st.integers(0, 10**6),
    st.sampled_from(["bayes", "correlation", "euclidean", "cosine", "seuclidean", "cityblock", "sqeuclidean"]),
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
