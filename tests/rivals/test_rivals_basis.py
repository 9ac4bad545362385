"""Bases and convolution against NeMoS 0.2.8 in float64, on random input; where we differ on purpose is in `docs`."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from rheobase import basis as ours
from rheobase.convolve import create_convolutional_predictor

theirs = pytest.importorskip("nemos").basis
nemos = pytest.importorskip("nemos")
nap = pytest.importorskip("pynapple")
jax = pytest.importorskip("jax")

pytestmark = pytest.mark.rivals

CLOSE = {"rtol": 1e-9, "atol": 1e-9}


@pytest.fixture(autouse=True)
def _their_precision():
    """NeMoS computes in JAX's global precision: float64 here, and put back afterwards."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


EVAL = [
    ("RaisedCosineLinearEval", (6,), {}),
    ("RaisedCosineLinearEval", (5,), {"width": 1.5}),
    ("RaisedCosineLogEval", (6,), {}),
    ("RaisedCosineLogEval", (4,), {"width": 2.5, "time_scaling": 10.0, "enforce_decay_to_zero": False}),
    ("BSplineEval", (7,), {}),
    ("BSplineEval", (5,), {"order": 2}),
    ("BSplineEval", (4,), {"order": 4}),
    ("BSplineEval", (6,), {"order": 1}),
    ("CyclicBSplineEval", (8,), {}),
    ("CyclicBSplineEval", (5,), {"order": 3}),
    ("CyclicBSplineEval", (4,), {"order": 2}),
    ("MSplineEval", (7,), {}),
    ("MSplineEval", (5,), {"order": 2}),
    ("IdentityEval", (), {}),
    ("OrthExponentialEval", (3,), {"decay_rates": [1.0, 2.0, 3.5]}),
]
CONV = [(name.replace("Eval", "Conv"), args, kwargs) for name, args, kwargs in EVAL if name != "IdentityEval"]
FOURIER = [
    {"frequencies": 4},
    {"frequencies": (2, 5), "frequency_mask": "all"},
    {"frequencies": np.array([1, 4]), "bounds": (-1, 2)},
    {"frequencies": [3, (1, 4)], "ndim": 2},
    {"frequencies": 3, "ndim": 2, "frequency_mask": None},
    {"frequencies": 3, "ndim": 2, "frequency_mask": lambda f, g: f + g < 3, "bounds": ((-2, 2), (-1, 3))},
]


def both(name, *args, **kwargs):
    return getattr(ours, name)(*args, **kwargs), getattr(theirs, name)(*args, **kwargs)


def same(mine, other, **tolerance):
    np.testing.assert_allclose(np.asarray(mine), np.asarray(other), **(tolerance or CLOSE))


@pytest.mark.parametrize(("name", "args", "kwargs"), EVAL)
@pytest.mark.parametrize("bounds", [None, (-1.0, 1.5)])
@pytest.mark.parametrize("fill", [np.nan, 3.0])
def test_eval_features(name, args, kwargs, bounds, fill, rng):
    mine, other = both(name, *args, **kwargs, bounds=bounds, fill_value=fill)
    x = rng.normal(size=200)
    with_nan = np.append(x, np.nan)
    for samples in (x, with_nan, np.stack([x, 3 * x + 1], axis=1)):
        same(mine.compute_features(samples), other.compute_features(samples))
    assert mine.n_output_features == other.n_output_features


@pytest.mark.parametrize(("name", "args", "kwargs"), EVAL)
@pytest.mark.parametrize("bounds", [None, (-3.0, 5.0)])
def test_grids(name, args, kwargs, bounds):
    mine, other = both(name, *args, **kwargs, bounds=bounds)
    for a, b in zip(mine.evaluate_on_grid(18), other.evaluate_on_grid(18)):  # 18: no sample on a knot of order 1
        same(a, b)


@pytest.mark.parametrize(("name", "args", "kwargs"), EVAL)
def test_evaluation_out_of_bounds(name, args, kwargs, rng):
    mine, other = both(name, *args, **kwargs, bounds=(-1.0, 1.5))
    x = rng.normal(size=200)
    expected = np.array(other.evaluate(x))
    if name.startswith("Cyclic"):  # theirs are leftovers of the recursion within one reach below the lower bound
        expected[(x < -1) | (x > 1.5)] = np.nan
    same(mine.evaluate(x), expected)


@pytest.mark.parametrize(("name", "args", "kwargs"), [*CONV, ("HistoryConv", (), {})])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"shift": False},
        {"predictor_causality": "anti-causal"},
        {"predictor_causality": "anti-causal", "shift": False},
        {"predictor_causality": "acausal"},
    ],
    ids=str,
)
def test_conv_features(name, args, kwargs, options, rng):
    mine, other = both(name, *args, window_size=21 if "order" not in kwargs else 20, conv_kwargs=options, **kwargs)
    x = rng.normal(size=150)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # even windows
        for samples in (x, np.stack([x, 3 * x + 1], axis=1), rng.poisson(0.1, size=(150, 3))):
            same(mine.compute_features(samples), other.compute_features(samples))
    same(mine.kernel_, other.kernel_)


@pytest.mark.parametrize("options", FOURIER, ids=range(len(FOURIER)))
def test_fourier(options, rng):
    mine, other = both("FourierEval", **options)
    ndim = options.get("ndim", 1)
    for channels in ((), (2,)):
        xs = [rng.normal(size=(40, *channels)) for _ in range(ndim)]
        same(mine.compute_features(*xs), other.compute_features(*xs))
    same(mine.masked_frequencies, other.masked_frequencies)
    assert mine.n_basis_funcs == other.n_basis_funcs
    for a, b in zip(mine.evaluate_on_grid(*range(4, 4 + ndim)), other.evaluate_on_grid(*range(4, 4 + ndim))):
        same(a, b)


COMPOSED = [
    lambda m: m.BSplineEval(5) + m.RaisedCosineLogConv(4, 12),
    lambda m: m.BSplineEval(5) * m.RaisedCosineLogConv(4, 12),
    lambda m: (m.BSplineEval(5) + m.IdentityEval()) * m.MSplineEval(4) + m.MSplineConv(6, 8),
    lambda m: 3 * m.RaisedCosineLinearEval(4),
    lambda m: m.BSplineEval(4) ** 2,
    lambda m: m.FourierEval(2, ndim=2) * m.BSplineEval(4),
]


@pytest.mark.parametrize("make", COMPOSED, ids=range(len(COMPOSED)))
def test_compositions(make, rng):
    mine, other = make(ours), make(theirs)
    xs = [rng.normal(size=50) for _ in range(mine.n_inputs)]
    same(mine.compute_features(*xs), other.compute_features(*xs))
    assert mine.label == other.label
    assert mine.n_basis_funcs == other.n_basis_funcs
    assert len(mine) == len(other)
    n = [3 + i for i in range(mine.n_inputs)]
    for a, b in zip(mine.evaluate_on_grid(*n), other.evaluate_on_grid(*n)):
        same(a, b)
    features = rng.normal(size=(6, mine.n_output_features))
    parts, their_parts = mine.split_by_feature(features), other.split_by_feature(features)
    assert list(parts) == list(their_parts)
    for label, part in parts.items():
        same(part, their_parts[label])
    assert list(mine.get_params()) == list(other.get_params())


def test_custom_functions(rng):
    functions = [lambda x: np.stack([x, 2 * x], 1), lambda x: np.stack([3 * x, 4 * x], 1)]
    mine, other = both("CustomBasis", functions, output_shape=2)
    x = rng.normal(size=(20, 2))
    # theirs vectorises through JAX's defaults, in float32
    same(mine.compute_features(x), other.compute_features(x), rtol=1e-5, atol=1e-6)
    same(mine.evaluate(x), other.evaluate(x), rtol=1e-5, atol=1e-6)
    assert mine.n_output_features == other.n_output_features


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"shift": False},
        {"predictor_causality": "anti-causal"},
        {"predictor_causality": "anti-causal", "shift": False},
        {"predictor_causality": "acausal"},
    ],
    ids=str,
)
def test_convolution_by_epoch(options, rng):
    epochs = nap.IntervalSet([0, 100, 200], [29.5, 116.5, 260])
    t = np.concatenate([np.arange(30.0), 100 + np.arange(17.0), 200 + np.arange(60.0)])
    frame = nap.TsdFrame(t, rng.normal(size=(107, 2)), time_support=epochs)
    kernel = rng.normal(size=(9, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = nemos.convolve.create_convolutional_predictor(kernel, frame, **options)
    mine = create_convolutional_predictor(kernel, frame, **options)
    same(mine.values, other.values)
    same(mine.t, other.t)
    same(mine.time_support.values, other.time_support.values)


def test_conv_features_of_their_series(rng):
    epochs = nap.IntervalSet([0, 100], [29.5, 140])
    t = np.concatenate([np.arange(30.0), 100 + np.arange(40.0)])
    tsd = nap.Tsd(t, rng.normal(size=70), time_support=epochs)
    mine, other = both("RaisedCosineLogConv", 5, 12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = other.compute_features(tsd)
    same(mine.compute_features(tsd).values, expected.values)
