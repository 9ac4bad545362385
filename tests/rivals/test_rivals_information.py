"""Mutual information is pynapple's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import ROUNDING
from rheobase import analysis
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup

nap = pytest.importorskip("pynapple")
pd = pytest.importorskip("pandas")
xr = pytest.importorskip("xarray")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

LAWFUL = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
SHAPES = [(1,), (2,), (9,), (3, 4), (1, 5), (2, 3, 2)]


def both(call):
    """The result of one call in both libraries, or the type of what it raised, and the kinds of its warnings."""
    out = []
    for library, classes in (
        (analysis, (IntervalSet, Ts, Tsd, TsdFrame, TsGroup)),
        (nap, (nap.IntervalSet, nap.Ts, nap.Tsd, nap.TsdFrame, nap.TsGroup)),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = call(library, *classes)
            except (TypeError, ValueError, RuntimeError) as error:
                result = type(error)
        out.append((result, {w.category for w in caught if w.category in (UserWarning, FutureWarning)}))
    return out


def same(ours, theirs, rtol=ROUNDING, atol=1e-12):
    """Tables alike; sums of terms of both signs are compared to within rounding of the rates."""
    (table, said), (expected, they_said) = ours, theirs
    if isinstance(expected, type):
        assert table is expected
        return
    assert not isinstance(table, type), table
    pd.testing.assert_frame_equal(table, expected, rtol=rtol, atol=atol)
    assert said == they_said


def curves_of(seed, shape, holes, dtype=np.float64):
    """Curves on a coarse grid of rates, so that silent bins and units occur; and an occupancy with empty bins."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    table = rng.choice([0.0, 0.5, 1.0, 20.0], (n, *shape)) if seed % 2 else rng.uniform(0, 30, (n, *shape))
    table[rng.integers(0, n)] *= rng.integers(0, 2)
    table = table.astype(dtype)
    occupancy = rng.integers(0, 5, shape).astype(np.float64)
    occupancy.flat[0] += 1
    if holes:
        table[:, occupancy == 0] = np.nan
        table[rng.random(table.shape) < 0.1] = np.nan
    return np.sort(rng.choice(30, n, replace=False)), table, occupancy


@LAWFUL
@given(
    st.integers(0, 10**6),
    st.sampled_from(SHAPES),
    st.booleans(),
    st.sampled_from(["attribute", "list", "array", "none"]),
    st.booleans(),
    st.sampled_from([np.float64, np.float32]),
)
def test_n_dimensions(seed, shape, holes, source, text, dtype):
    units, table, occupancy = curves_of(seed, shape, holes, dtype)
    rng = np.random.default_rng(seed)
    mean = rng.choice([0.0, 1.0, 5.5], len(units)) if seed % 3 else rng.uniform(0, 20, len(units))
    coords = {"unit": [f"u{k}" for k in units] if text else units}
    array = xr.DataArray(
        table,
        coords=coords | {f"f{i}": np.arange(n) + 0.5 for i, n in enumerate(shape)},
        dims=["unit", *(f"f{i}" for i in range(len(shape)))],
        attrs={"occupancy": occupancy} | ({"rates": mean} if source == "attribute" else {}),
    )
    given_rates = {"list": mean.tolist(), "array": mean}.get(source)
    # rates of curves in single precision are divided and their logarithms taken in it
    rtol, atol = (ROUNDING, 1e-12) if dtype is np.float64 else (1e-5, 1e-4)
    same(*both(lambda library, *_: library.compute_mutual_information(array, given_rates)), rtol, atol)


@LAWFUL
@given(st.integers(0, 10**6), st.sampled_from([1, 2]), st.booleans())
def test_after_computing_tuning_curves(seed, n_features, chosen):
    """Each library on its own curves."""
    rng = np.random.default_rng(seed)
    t = np.arange(0, 20, 0.1)
    values = np.round(rng.uniform(0, 3, (t.size, n_features)), 1)
    spikes = {k: np.sort(rng.uniform(0, 20, rng.integers(0, 100))) for k in (4, 2, 9)}
    points = np.sort(rng.choice(np.arange(0, 20, 0.5), 4, replace=False))

    def call(library, interval, ts, tsd, frame, group):
        units = group({k: ts(v) for k, v in spikes.items()}, time_support=interval(0, 20))
        features = tsd(t, values[:, 0]) if n_features == 1 else frame(t, values)
        epochs = interval(points[::2], points[1::2]) if chosen else None
        return library.compute_mutual_information(library.compute_tuning_curves(units, features, 4, epochs=epochs))

    same(*both(call))


@LAWFUL
@given(
    st.integers(0, 10**6),
    st.sampled_from([1, 2, 7]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, (0.0, 5.0), (1, 3), [-2.0, 9.0]]),
    st.sampled_from([None, False, True]),
    st.booleans(),
)
def test_one_feature(seed, n_bins, holes, as_table, as_frame, minmax, bitssec, chosen):
    units, table, _ = curves_of(seed, (n_bins,), holes)
    rng = np.random.default_rng(seed)
    t, values = np.arange(0, 20, 0.1), np.round(rng.uniform(0, 5, 200), 1)  # on a grid, so on edges, too
    tc = pd.DataFrame(table.T, index=np.arange(n_bins) + 0.5, columns=units) if as_table else table.T
    points = np.sort(rng.choice(np.arange(0, 20, 0.5), 4, replace=False))
    options = {} if bitssec is None else {"bitssec": bitssec}
    options |= {} if minmax is None else {"minmax": minmax}

    def call(library, interval, ts, tsd, frame, group):
        feature = frame(t, values[:, None]) if as_frame else tsd(t, values)
        epochs = {"ep": interval(points[::2], points[1::2])} if chosen else {}
        return library.compute_1d_mutual_info(tc, feature, **epochs, **options)

    same(*both(call))


@LAWFUL
@given(
    st.integers(0, 10**6),
    st.sampled_from([(1, 1), (2, 5), (4, 3)]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, (0.0, 5.0, 0.0, 5.0), [1, 3, -2, 9]]),
    st.sampled_from([None, False, True]),
    st.booleans(),
)
def test_two_features(seed, shape, holes, as_dict, minmax, bitssec, chosen):
    units, table, _ = curves_of(seed, shape, holes)
    rng = np.random.default_rng(seed)
    t, values = np.arange(0, 20, 0.1), np.round(rng.uniform(0, 5, (200, 2)), 1)
    curves = dict(zip(units.tolist(), table)) if as_dict else table
    points = np.sort(rng.choice(np.arange(0, 20, 0.5), 4, replace=False))
    options = {} if bitssec is None else {"bitssec": bitssec}
    options |= {} if minmax is None else {"minmax": minmax}

    def call(library, interval, ts, tsd, frame, group):
        epochs = {"ep": interval(points[::2], points[1::2])} if chosen else {}
        return library.compute_2d_mutual_info(curves, frame(t, values), **epochs, **options)

    same(*both(call))


ARRAY = xr.DataArray(np.ones((2, 3)), coords={"unit": [0, 1]}, dims=["unit", "x"], attrs={"occupancy": np.ones(3)})

WRONG = {
    "no array": lambda library, *_: library.compute_mutual_information(np.ones((2, 3))),
    "rates that are a number": lambda library, *_: library.compute_mutual_information(ARRAY, 3.0),
    "rates of other units": lambda library, *_: library.compute_mutual_information(ARRAY, [1.0]),
    "no occupancy": lambda library, *_: library.compute_mutual_information(xr.DataArray(ARRAY, attrs={})),
    "curves in a list": lambda library, i, ts, tsd, *_: library.compute_1d_mutual_info([1], tsd([0, 1], [0.0, 1.0])),
    "a feature in an array": lambda library, *_: library.compute_1d_mutual_info(np.ones((3, 2)), np.ones(3)),
    "two columns for one feature": lambda library, i, ts, tsd, frame, g: library.compute_1d_mutual_info(
        np.ones((3, 2)), frame([0, 1], np.eye(2))
    ),
    "a number as limits": lambda library, i, ts, tsd, *_: library.compute_1d_mutual_info(
        np.ones((3, 2)), tsd([0, 1], [0.0, 1.0]), minmax=1
    ),
    "a list as epochs": lambda library, i, ts, tsd, *_: library.compute_1d_mutual_info(
        np.ones((3, 2)), tsd([0, 1], [0.0, 1.0]), ep=[0, 1]
    ),
    "text as bitssec": lambda library, i, ts, tsd, *_: library.compute_1d_mutual_info(
        np.ones((3, 2)), tsd([0, 1], [0.0, 1.0]), bitssec="a"
    ),
    "a list of maps": lambda library, i, ts, tsd, frame, g: library.compute_2d_mutual_info(
        [np.eye(2)], frame([0, 1], np.eye(2))
    ),
    "one feature for two": lambda library, i, ts, tsd, *_: library.compute_2d_mutual_info(
        np.ones((1, 2, 2)), tsd([0, 1], [0.0, 1.0])
    ),
    "three features for two": lambda library, i, ts, tsd, frame, g: library.compute_2d_mutual_info(
        np.ones((1, 2, 2)), frame([0, 1], np.ones((2, 3)))
    ),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_errors_are_of_the_same_type(case):
    (ours, _), (theirs, _) = both(WRONG[case])
    assert isinstance(theirs, type)
    assert ours is theirs
