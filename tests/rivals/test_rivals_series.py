"""Ts, Tsd, TsdFrame and TsdTensor give pynapple's numbers, but for what divergences say."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from helpers import ROUNDING
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor

nap = pytest.importorskip("pynapple")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

SEEDS = range(12)


def same_support(ours, theirs):
    np.testing.assert_allclose(ours.values, theirs.values, rtol=0, atol=1e-12)


def same(ours, theirs, rtol=ROUNDING, atol=1e-12):
    """Same class, times, values, columns and support."""
    assert type(ours).__name__ == type(theirs).__name__
    if not hasattr(theirs, "time_support"):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)
        return
    np.testing.assert_array_equal(ours.t, theirs.t)
    same_support(ours.time_support, theirs.time_support)
    assert ours.rate == pytest.approx(theirs.rate, rel=1e-12, nan_ok=True)
    if hasattr(theirs, "values"):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours.values, theirs.values, rtol=rtol, atol=atol)
    if hasattr(theirs, "columns"):
        assert list(ours.columns) == list(theirs.columns)


def epochs(rng, n=3, span=20.0):
    """Epochs with some edges on a grid, so that ties happen."""
    points = np.sort(rng.choice(np.arange(0, span, 0.25), 2 * n, replace=False))
    if rng.random() < 0.5:
        points = points + np.sort(rng.uniform(0, 0.1, 2 * n))
    return points[::2], points[1::2]


def both(rng, kind, dtype=float, regular=False, repeats=False):
    """The same series and epochs in both libraries.

    Times repeat only where asked for: `get`, slices of trials and differences drop repeated times at the end of a range
    in pynapple.
    """
    t = np.arange(0, 20, 0.05) if regular else np.sort(np.round(rng.uniform(0, 20, 300), rng.integers(1, 4)))
    t = t if repeats else np.unique(t)
    shape = {"Ts": None, "Tsd": (), "TsdFrame": (3,), "TsdTensor": (2, 3)}[kind]
    bounds = (np.array([0.0, 12.0]), np.array([11.0, 20.0]))
    made = []
    d = None if shape is None else (rng.normal(size=(t.size, *shape)) * 10).astype(dtype)
    for library in (None, nap):
        classes = {"Ts": Ts, "Tsd": Tsd, "TsdFrame": TsdFrame, "TsdTensor": TsdTensor}
        interval = IntervalSet if library is None else nap.IntervalSet
        cls = classes[kind] if library is None else getattr(nap, kind)
        kwargs = {"time_support": interval(*bounds)}
        if kind == "TsdFrame":
            kwargs |= {"columns": ["a", "b", "c"], "metadata": {"depth": [1, 2, 3]}}
        made.append(cls(t, **kwargs) if d is None else cls(t, d, **kwargs))
    s, e = epochs(rng)
    return (*made, IntervalSet(s, e), nap.IntervalSet(s, e))


ALL = ("Ts", "Tsd", "TsdFrame", "TsdTensor")
SAMPLED = ALL[1:]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("seed", SEEDS)
def test_selection_in_time(seed, kind):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng, kind)
    same(ours, theirs)
    same(ours.restrict(ep), theirs.restrict(nep))
    same(ours.in_interval(ep), theirs.in_interval(nep))
    for _ in range(10):
        a, b = np.sort(np.round(rng.uniform(-1, 21, 2), 1))
        same(ours.get(a, b), theirs.get(a, b))
        same(ours.get(a), theirs.get(a))
        assert ours.get_slice(a, b) == theirs.get_slice(a, b)
        assert ours.get_slice(a) == theirs.get_slice(a)
        same(ours.get(a * 1e3, b * 1e3, time_units="ms"), theirs.get(a * 1e3, b * 1e3, time_units="ms"))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("seed", SEEDS)
def test_counts(seed, kind):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng, kind, repeats=True)
    same(ours.count(), theirs.count())
    same(ours.count(ep=ep), theirs.count(ep=nep))
    for bin_size in (0.1, 0.25, 1.0, 0.05, 1 / 30, 1 / 1024, 3.0, 7.0, float(rng.uniform(0.01, 2))):
        same(ours.count(bin_size, ep), theirs.count(bin_size, nep))
        same(ours.count(bin_size), theirs.count(bin_size))
    same(ours.count(100, time_units="ms"), theirs.count(100, time_units="ms"))
    same(ours.count(0.5, dtype=np.int16), theirs.count(0.5, dtype=np.int16))
    same(ours.count(0.5, dtype=float), theirs.count(0.5, dtype=float))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("seed", SEEDS)
def test_gaps_and_differences(seed, kind):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng, kind)
    for align in ("start", "center", "end"):
        same(ours.time_diff(align, ep), theirs.time_diff(align, nep))
        same(ours.time_diff(align), theirs.time_diff(align))
    for gap in (0.05, 0.1, 1.0):
        same_support(ours.find_support(gap), theirs.find_support(gap))
    same_support(ours.find_support(100, "ms"), theirs.find_support(100, "ms"))


@pytest.mark.parametrize("mode", ["closest", "before", "after"])
@pytest.mark.parametrize("kind", SAMPLED)
@pytest.mark.parametrize("seed", SEEDS)
def test_value_from(seed, kind, mode):
    rng = np.random.default_rng(seed)
    data, ndata, ep, nep = both(rng, kind, dtype=int if seed % 2 else float, repeats=True)
    ours, theirs, _, _ = both(rng, "Ts", repeats=True)
    same(ours.value_from(data, mode=mode), theirs.value_from(ndata, mode=mode))
    same(ours.value_from(data, ep, mode), theirs.value_from(ndata, nep, mode))


@pytest.mark.parametrize("kind", SAMPLED)
@pytest.mark.parametrize("seed", SEEDS)
def test_resampling(seed, kind):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng, kind, dtype=int if seed % 2 else float, regular=bool(seed % 3))
    for bin_size in (0.1, 0.25, 1 / 30, 3.0):
        same(ours.bin_average(bin_size, ep), theirs.bin_average(bin_size, nep))
        same(ours.bin_average(bin_size), theirs.bin_average(bin_size))
    query = np.sort(rng.uniform(-1, 21, 200))
    for limits in ({}, {"left": 0.0}, {"right": -3}, {"left": 1, "right": 2}):
        same(ours.interpolate(Ts(query), ep, **limits), theirs.interpolate(nap.Ts(query), nep, **limits), rtol=1e-9)


@pytest.mark.parametrize("kind", SAMPLED)
@pytest.mark.parametrize("seed", SEEDS)
def test_filters(seed, kind):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng, kind, dtype=int if seed % 2 else float, regular=True)
    for size in (1, 2, 3, 10, 11, 60, 301):
        kernel = rng.normal(size=size)
        for trim in ("both", "left", "right"):
            same(ours.convolve(kernel, ep, trim), theirs.convolve(kernel, nep, trim), rtol=1e-9, atol=1e-10)
    if kind != "TsdTensor":
        kernels = rng.normal(size=(7, 4))
        same(ours.convolve(kernels), theirs.convolve(kernels), rtol=1e-9, atol=1e-10)
    for kwargs in (
        {"std": 0.2},
        {"std": 200, "time_units": "ms", "size_factor": 10},
        {"std": 0.1, "windowsize": 1.0, "norm": False},
        {"std": 1, "size_factor": 4},
    ):
        same(ours.smooth(**kwargs), theirs.smooth(**kwargs), rtol=1e-9, atol=1e-10)
    same(ours.derivative(ep), theirs.derivative(nep), rtol=1e-9, atol=1e-9)
    same(ours.derivative(), theirs.derivative(), rtol=1e-9, atol=1e-9)
    if not seed % 2:
        same(ours.decimate(4), theirs.decimate(4))
        same(ours.decimate(2, 4, "fir"), theirs.decimate(2, 4, "fir"))


@pytest.mark.parametrize("kind", SAMPLED)
@pytest.mark.parametrize("seed", SEEDS)
def test_trials_and_missing(seed, kind):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng, kind)
    for kwargs in ({}, {"align": "end"}, {"align": "end", "padding_value": -1.0}):
        np.testing.assert_array_equal(ours.to_trial_tensor(ep, **kwargs), theirs.to_trial_tensor(nep, **kwargs))
    d = np.array(ours.values)
    flat = d.reshape(len(d), -1)
    flat[rng.integers(0, len(d), 20), 0] = np.nan
    flat[ours.t > 11.9, 0] = np.nan  # one epoch only: across gaps we keep epochs apart
    one, other = type(ours)(ours.t, d), type(theirs)(theirs.t, d)
    same(one.dropna(False), other.dropna(False))
    same(one.dropna(), other.dropna())


@pytest.mark.parametrize("method", ["above", "below", "aboveequal", "belowequal"])
@pytest.mark.parametrize("seed", SEEDS)
def test_threshold(seed, method):
    rng = np.random.default_rng(seed)
    ours, theirs, _, _ = both(rng, "Tsd", regular=True)
    for thr in (-5, 0.0, 5, 100):
        same(ours.threshold(thr, method), theirs.threshold(thr, method))


@pytest.mark.parametrize("seed", SEEDS)
def test_events_as_trials_and_tables(seed):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng, "Ts")
    for kwargs in ({}, {"align": "end", "padding_value": 0}):
        np.testing.assert_array_equal(
            ours.trial_count(ep, 0.3, **kwargs), theirs.trial_count(nep, 0.3, **kwargs), strict=True
        )
    np.testing.assert_array_equal(
        ours.trial_count(ep, 300, time_unit="ms"), theirs.trial_count(nep, 300, time_unit="ms")
    )
    assert ours.as_series().equals(theirs.as_series())
    for units in ("s", "ms", "us"):
        np.testing.assert_array_equal(ours.times(units), theirs.times(units))
        assert ours.as_units(units).index.equals(theirs.as_units(units).index)
        assert ours.as_units(units).index.name == theirs.as_units(units).index.name
        assert ours.start_time(units) == theirs.start_time(units)
        assert ours.end_time(units) == theirs.end_time(units)
    same(ours.fillna(3), theirs.fillna(3))


@pytest.mark.parametrize("seed", SEEDS)
def test_tables(seed):
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(seed)
    ours, theirs, _, _ = both(rng, "Tsd", dtype=int)
    pandas.testing.assert_series_equal(ours.as_series(), theirs.as_series())
    frame, nframe, _, _ = both(rng, "TsdFrame")
    pandas.testing.assert_frame_equal(frame.as_dataframe(), nframe.as_dataframe())
    for units in ("s", "ms", "us"):
        pandas.testing.assert_series_equal(ours.as_units(units), theirs.as_units(units))
        pandas.testing.assert_frame_equal(frame.as_units(units), nframe.as_units(units))


@pytest.mark.parametrize("seed", SEEDS)
def test_peaks_and_groups_of_values(seed):
    rng = np.random.default_rng(seed)
    ours, theirs, ep, nep = both(rng, "Tsd")
    same(ours.find_peaks(), theirs.find_peaks())
    same(ours.find_peaks(ep, height=3), theirs.find_peaks(nep, height=3))
    same(ours.find_peaks(ep, True, height=3), theirs.find_peaks(nep, True, height=3))
    labels = rng.integers(0, 4, len(ours))
    group = Tsd(ours.t, labels, time_support=ours.time_support).to_tsgroup()
    ngroup = nap.Tsd(theirs.t, labels, time_support=theirs.time_support).to_tsgroup()
    assert group.keys() == ngroup.keys()
    for key in group:
        same(group[key], ngroup[key])
    frame, nframe, _, _ = both(rng, "TsdFrame")
    peaks, npeaks = frame.find_peaks(), nframe.find_peaks()
    for key in npeaks:
        same(peaks[key], npeaks[key])
    assert list(peaks["columns"]) == list(npeaks["columns"])


KEYS = [
    "0",
    "-1",
    "3:10",
    "::2",
    "[1, 5, 9]",
    "np.arange(5)",
    "x.t > 5",
    "slice(2, 4)",
    "..., 0",
    "None",
    ":, None",
    "0, 0",
    ":, 0",
    ":, [0]",
    ":, 0:1",
    "[0, 1], [0, 1]",
    "2:5, 1",
    "2:5, 1:",
    "0, [0, 1]",
    "x.t > 5, 1",
    "...",
    ":, :, 0",
    ":, 0, 0",
    ":, [0, 1], 0",
    "5, 0, 0",
    "np.array([], int)",
    ":0",
    "np.int64(3)",
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("kind", SAMPLED)
def test_items(kind, key):
    ours, theirs, _, _ = both(np.random.default_rng(0), kind)
    results = []
    for x in (ours, theirs):
        try:
            results.append(
                x[eval(f"np.index_exp[{key}]", {"np": np, "x": x, "slice": slice})]
                if "," in key or ":" in key
                else x[eval(key, {"np": np, "x": x, "slice": slice})]
            )
        except (IndexError, TypeError, RuntimeError, ValueError) as error:
            results.append(error)
    if isinstance(results[1], Exception):
        pytest.skip(f"pynapple raises {results[1]!r}")
    same(*results)


FUNCTIONS = [
    "np.mean(x)",
    "np.mean(x, 0)",
    "np.sum(x, axis=-1)",
    "np.abs(x)",
    "-x",
    "x * 2",
    "2 ** x",
    "x > 0",
    "~(x > 0)",
    "np.nanmean(x)",
    "np.cumsum(x, 0)",
    "np.exp(x)",
    "np.sqrt(np.abs(x))",
    "np.where(x > 0, x, 0)",
    "np.clip(x, -1, 1)",
    "np.expand_dims(x, 1)",
    "np.expand_dims(x, 0)",
    "np.expand_dims(x, -1)",
    "np.squeeze(x)",
    "x.mean()",
    "x.max()",
    "x.min(axis=0)",
    "np.isnan(x)",
    "np.round(x, 1)",
    "np.diff(x, axis=0)",
    "np.nan_to_num(x)",
    "np.argmax(x)",
    "np.median(x, axis=0)",
    "np.percentile(x, 50)",
    "np.std(x)",
    "np.zeros_like(x)",
    "np.flip(x, 0)",
    "np.roll(x, 1, 0)",
    "np.histogram(x)[0]",
    "x % 3",
    "x // 2",
    "np.full_like(x, 3)",
    "np.ones_like(x)",
    "np.unwrap(x)",
    "x.values + x",
    "x + x.values",
    "np.real(x)",
    "np.floor(x)",
    "np.sign(x)",
    "np.ravel(x)",
    "np.logical_and(x > 0, (x < 5).values)",
    "np.var(x)",
    "np.minimum(x, 0)",
    "np.copy(x)",
    "np.all(x > 0)",
    "np.any(x > 0, axis=0)",
    "x == 3",
    "np.split(x[:50], 5)[1]",
    "np.array_split(x[:50], 5)[1]",
]

WIDE = [
    "np.mean(x, 1)",
    "np.sum(x, axis=1)",
    "np.max(x, axis=1, keepdims=True)",
    "np.diff(x, axis=1)",
    "np.cumsum(x, axis=1)",
    "np.argmax(x, axis=1)",
    "np.linalg.norm(x, axis=1)",
    "np.flip(x, 1)",
    "np.nanstd(x, axis=1)",
    "np.transpose(x)",
    "np.median(x, axis=1)",
    "np.mean(x, (0, 1))",
    "np.std(x, axis=-1)",
    "np.sort",
    "np.apply_along_axis(np.sum, 1, x)",
    "np.swapaxes(x, 0, 1)",
    "np.vsplit(x[:50], 5)[0]",
    "np.hsplit(x, [1])[0].values",
    "np.roll(x, 1, axis=1)",
    "np.any(x > 0, axis=1)",
]

FRAMES = [
    "np.dot(x, np.ones(3))",
    "x @ np.ones((3, 2))",
    "np.dot(x, np.ones((3, 2)))",
    "np.column_stack((x, x))",
    "np.hstack((x, x))",
    "np.concatenate((x, x), 1)",
    "np.vstack((x.get(0, 5), x.get(6, 9)))",
    "np.concatenate((x.get(0, 5), x.get(6, 9)))",
    "np.dstack((x, x))",
    "np.stack((x, x))",
    "x * np.arange(3)",
    "x - np.mean(x, 0)",
    "x['a']",
    "x[['a', 'b']]",
    "x.loc['b']",
    "x.loc[['c', 'a']]",
    "x[['c', 'a']]",
    "x[x['a'] > 0]",
    "x[(x > 0)]",
    "x[:, x.depth > 1]",
]

LINES = [
    "np.column_stack((x, x))",
    "np.vstack((x, x))",
    "np.hstack((x.get(0, 5), x.get(6, 9)))",
    "np.stack((x, x), axis=1)",
    "np.dstack((x, x))",
    "np.concatenate((x.get(0, 5), x.get(6, 9)))",
    "np.concatenate((x, x.values))",
    "np.diff(x)",
    "np.dot(x, np.ones(len(x)))",
    "x[x > 0]",
    "x.reshape(-1, 1)",
    "np.argsort(x)",
    "np.gradient(x)",
]


def evaluate(expression, x):
    try:
        return eval(expression, {"np": np, "x": x})
    except Exception as error:
        return error


@pytest.mark.parametrize(
    ("kind", "expression"),
    [
        *((kind, e) for kind in SAMPLED for e in FUNCTIONS),
        *((kind, e) for kind in SAMPLED[1:] for e in WIDE if e != "np.sort"),
        *(("TsdFrame", e) for e in FRAMES),
        *(("Tsd", e) for e in LINES),
    ],
)
def test_numpy(kind, expression):
    ours, theirs, _, _ = both(np.random.default_rng(0), kind)
    result, expected = evaluate(expression, ours), evaluate(expression, theirs)
    if isinstance(expected, Exception):
        pytest.skip(f"pynapple raises {expected!r}")
    same(result, expected)


def test_constructors_agree():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for args in ([1.0], [], [3.0, 3.0], 5.0, (1, 2, 3)):
            same(Ts(args), nap.Ts(args))
            assert str(Ts(args).rate) == str(nap.Ts(args).rate)
    for units in ("s", "ms", "us"):
        same(Ts([100, 1100.5, 2000], units), nap.Ts([100, 1100.5, 2000], units))
