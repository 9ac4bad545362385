"""Bases and convolution against NeMoS 0.2.8 in float64, on random input; where we differ on purpose is in `docs`."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


LEAVES = [
    lambda m: m.BSplineEval(5),
    lambda m: m.BSplineEval(4, order=3, bounds=(-1.0, 2.0)),
    lambda m: m.CyclicBSplineEval(4),
    lambda m: m.MSplineConv(4, 6),
    lambda m: m.RaisedCosineLinearEval(3, width=1.5),
    lambda m: m.RaisedCosineLogConv(3, 8, conv_kwargs={"shift": False}),
    lambda m: m.HistoryConv(3),
    lambda m: m.IdentityEval(),
    lambda m: m.FourierEval(3),
]


def build(m, shape):
    """A basis of either library from a tree: the number of a leaf, or (sign, left, right)."""
    if isinstance(shape, int):
        return LEAVES[shape](m)
    sign, left, right = shape
    first, second = build(m, left), build(m, right)
    return first + second if sign == "+" else first * second


trees = st.recursive(
    st.integers(0, len(LEAVES) - 1), lambda part: st.tuples(st.sampled_from("+*"), part, part), max_leaves=4
)


@given(trees, st.lists(st.sampled_from([(), (2,)]), min_size=4, max_size=4), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_any_composition(tree, channels, seed):
    rng = np.random.default_rng(seed)
    try:
        other = build(theirs, tree)
    except ValueError:  # a product of two Fourier bases
        with pytest.raises(ValueError, match="complex"):
            build(ours, tree)
        return
    mine = build(ours, tree)
    if "*" in str(tree):  # a product wants inputs of one shape; theirs mixes the channels of sums, see below
        channels = [()] * 4 if "+" in str(tree) else channels[:1] * 4
    xs = [rng.normal(size=(30, *shape)) for shape in channels[: mine.n_inputs]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(mine.compute_features(*xs), other.compute_features(*xs))
    assert mine.label == other.label
    assert mine.n_basis_funcs == other.n_basis_funcs
    assert mine.n_output_features == other.n_output_features
    assert sorted(mine.get_params()) == sorted(other.get_params())
    if mine.n_inputs > 1:
        assert mine.bounds == other.bounds
        assert mine.input_shape == other.input_shape
    weights = rng.normal(size=(mine.n_output_features, 3))
    parts, their_parts = mine.split_by_feature(weights, axis=0), other.split_by_feature(weights, axis=0)
    assert list(parts) == list(their_parts)
    for label in parts:
        same(parts[label], their_parts[label])
        assert mine[label].n_basis_funcs == other[label].n_basis_funcs


@pytest.mark.parametrize("shape", [3, 1, (2, 3), (), np.zeros((7, 2))], ids=str)
def test_input_shapes(shape):
    mine, other = (m.BSplineEval(5).set_input_shape(shape) for m in (ours, theirs))
    assert mine.input_shape == other.input_shape
    assert mine.n_output_features == other.n_output_features


def test_parameters_set_by_label(rng):
    def changed(m):
        basis = (m.BSplineEval(5, label="pos") + m.MSplineEval(4)) * m.BSplineEval(4)
        return basis.set_params(pos__n_basis_funcs=7, MSplineEval__order=2, BSplineEval=m.CyclicBSplineEval(5))

    mine, other = changed(ours), changed(theirs)
    xs = [rng.normal(size=40) for _ in range(3)]
    same(mine.compute_features(*xs), other.compute_features(*xs))
    assert mine.label == other.label


def test_a_step_of_a_pipeline(rng):
    """Transformers compose, are cloned and searched over as theirs; columns are cut by `set_input_shape`."""
    from sklearn.base import clone
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline

    X, y = rng.normal(size=(90, 3)), rng.normal(size=90)

    def searched(m):
        basis = (m.BSplineEval(5, bounds=(-4, 4)) + m.RaisedCosineLinearEval(4, bounds=(-4, 4))).set_input_shape(2, 1)
        pipeline = clone(Pipeline([("basis", basis.to_transformer()), ("glm", LinearRegression())]))
        grid = {"basis__BSplineEval__n_basis_funcs": [4, 6], "basis__RaisedCosineLinearEval__width": [1.5, 2.0]}
        return pipeline, GridSearchCV(pipeline, grid, cv=3).fit(X, y)

    (mine, my_search), (other, their_search) = searched(ours), searched(theirs)
    same(mine["basis"].fit_transform(X), other["basis"].fit_transform(X))
    assert my_search.best_params_ == their_search.best_params_
    # least squares without a unique solution: predictions agree, to the accuracy of LAPACK
    same(my_search.cv_results_["mean_test_score"], their_search.cv_results_["mean_test_score"], rtol=1e-6)


X40 = np.linspace(0, 1, 40)
REFUSED = {
    "no function": lambda m: m.BSplineEval(0),
    "order above n": lambda m: m.BSplineEval(3, order=4),
    "order 0": lambda m: m.BSplineEval(3, order=0),
    "one bump": lambda m: m.RaisedCosineLinearEval(1),
    "narrow": lambda m: m.RaisedCosineLinearEval(4, width=1.0),
    "odd width": lambda m: m.RaisedCosineLinearEval(4, width=1.3),
    "no stretch": lambda m: m.RaisedCosineLogEval(4, time_scaling=0.0),
    "window 0": lambda m: m.BSplineConv(5, 0),
    "window None": lambda m: m.BSplineConv(5, None),
    "window 2.5": lambda m: m.BSplineConv(5, 2.5),
    "no window": lambda m: m.BSplineConv(5),
    "bounds turned": lambda m: m.BSplineEval(5, bounds=(1, 0)),
    "bounds equal": lambda m: m.BSplineEval(5, bounds=(1, 1)),
    "bounds words": lambda m: m.BSplineEval(5, bounds=("a", 1)),
    "bounds number": lambda m: m.BSplineEval(5, bounds=3),
    "axis": lambda m: m.BSplineConv(5, 10, conv_kwargs={"axis": 0}),
    "unknown option": lambda m: m.BSplineConv(5, 10, conv_kwargs={"shft": 0}),
    "label number": lambda m: m.BSplineEval(5, label=3),
    "label of a class": lambda m: m.BSplineEval(5, label="MSplineEval"),
    "label twice": lambda m: m.BSplineEval(5, label="a") + m.BSplineEval(5, label="a"),
    "sum of labelled": lambda m: 2 * m.BSplineEval(5, label="a"),
    "power of labelled": lambda m: m.BSplineEval(5, label="a") ** 2,
    "zero times": lambda m: 0 * m.BSplineEval(5),
    "half": lambda m: 1.5 * m.BSplineEval(5),
    "power 0": lambda m: m.BSplineEval(5) ** 0,
    "power 1.5": lambda m: m.BSplineEval(5) ** 1.5,
    "unknown label": lambda m: (m.BSplineEval(5) + m.MSplineEval(5))["x"],
    "number as label": lambda m: (m.BSplineEval(5) + m.MSplineEval(5))[0],
    "slice as label": lambda m: (m.BSplineEval(5) + m.MSplineEval(5))[:1],
    "two inputs for one": lambda m: m.BSplineEval(5).compute_features(X40, X40),
    "no input": lambda m: m.BSplineEval(5).compute_features(),
    "lengths": lambda m: (m.BSplineEval(5) + m.BSplineEval(5)).compute_features(X40, X40[:-1]),
    "nothing": lambda m: m.BSplineEval(5).compute_features(np.array([])),
    "words": lambda m: m.BSplineEval(5).compute_features("abc"),
    "grid of 0": lambda m: m.BSplineEval(5).evaluate_on_grid(0),
    "grid of 2.5": lambda m: m.BSplineEval(5).evaluate_on_grid(2.5),
    "two grids": lambda m: m.BSplineEval(5).evaluate_on_grid(2, 3),
    "shape 1.5": lambda m: m.BSplineEval(5).set_input_shape(1.5),
    "shape of 1.5": lambda m: m.BSplineEval(5).set_input_shape((1.5,)),
    "shape word": lambda m: m.BSplineEval(5).set_input_shape("a"),
    "shapes of a sum": lambda m: (m.BSplineEval(5) + m.BSplineEval(5)).set_input_shape(1),
    "split too early": lambda m: m.BSplineEval(5).split_by_feature(np.zeros((3, 5))),
    "split of 6": lambda m: m.BSplineEval(5).set_input_shape(1).split_by_feature(np.zeros((3, 6))),
    "channels": lambda m: (m.BSplineEval(5) * m.BSplineEval(5)).compute_features(np.zeros((9, 2)), np.zeros((9, 3))),
    "waves of waves": lambda m: m.FourierEval(3) * m.FourierEval(3),
    "frequency -1": lambda m: m.FourierEval((-1, 3)),
    "frequency 1.5": lambda m: m.FourierEval(1.5),
    "mask word": lambda m: m.FourierEval(3, frequency_mask="x"),
    "mask shape": lambda m: m.FourierEval(3, frequency_mask=np.ones(4)),
    "rates": lambda m: m.OrthExponentialEval(3, np.array([1.0, 2.0])),
    "rates twice": lambda m: m.OrthExponentialEval(2, np.array([1.0, 1.0])),
    "few samples": lambda m: m.OrthExponentialEval(3, np.array([1.0, 2, 3])).compute_features(X40[:2]),
    "no functions": lambda m: m.CustomBasis(3),
    "unknown parameter": lambda m: m.BSplineEval(5).set_params(n=3),
    "unknown part": lambda m: (m.BSplineEval(5) + m.MSplineEval(4)).set_params(zzz=8),
    "vector to a transformer": lambda m: m.BSplineEval(5).to_transformer().fit(X40),
    "columns": lambda m: m.BSplineEval(5).to_transformer().fit(np.zeros((4, 2))),
    "new attribute": lambda m: setattr(m.BSplineEval(5).to_transformer(), "zzz", 3),
    "transformer of 3": lambda m: m.TransformerBasis(3),
    "too few for the order": lambda m: setattr(m.BSplineEval(5), "n_basis_funcs", 2),
    "bounds set turned": lambda m: setattr(m.BSplineEval(5), "bounds", (2, 1)),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_they_refuse_is_refused_with_the_same_type(call):
    with pytest.raises(Exception) as their_error:
        call(theirs)
    with pytest.raises(type(their_error.value)):
        call(ours)


def test_every_class_and_method_of_theirs_is_here():
    missing = [name for name in theirs.__all__ if name not in ours.__all__]
    assert missing == []
    knows_nothing_of = {"get_metadata_routing", "update_default_label_id"}  # bookkeeping of scikit-learn, and of labels
    for mine, other in [
        (ours.BSplineEval(5), theirs.BSplineEval(5)),
        (ours.BSplineConv(5, 9), theirs.BSplineConv(5, 9)),
        (ours.FourierEval(3), theirs.FourierEval(3)),
        (ours.CustomBasis([np.sin]), theirs.CustomBasis([np.sin])),
        (ours.BSplineEval(5) + ours.BSplineEval(5), theirs.BSplineEval(5) + theirs.BSplineEval(5)),
        (ours.BSplineEval(5).to_transformer(), theirs.BSplineEval(5).to_transformer()),
    ]:
        lacking = {name for name in dir(other) if not name.startswith("_")} - set(dir(mine)) - knows_nothing_of
        assert lacking == set(), type(mine).__name__


class TestDifferencesOnPurpose:
    """One test each; docs/coming_from_nemos.md lists them."""

    def test_equal_bases_are_equal(self):
        assert ours.BSplineEval(5) == ours.BSplineEval(5)
        assert theirs.BSplineEval(5) != theirs.BSplineEval(5)

    def test_a_basis_can_be_called(self):
        assert ours.BSplineEval(5)(X40).shape == (40, 5)
        with pytest.raises(TypeError):
            theirs.BSplineEval(5)(X40)

    def test_samples_that_are_all_out_of_bounds_are_filled(self):
        with pytest.warns(match="only 0 of 40 samples"):
            assert np.isnan(ours.BSplineEval(5, bounds=(3, 4)).compute_features(X40)).all()
        with pytest.raises(ValueError, match="Invalid input data"):
            theirs.BSplineEval(5, bounds=(3, 4)).compute_features(X40)

    def test_adding_a_number_is_a_type_error(self):
        with pytest.raises(TypeError):
            ours.BSplineEval(5) + 1
        with pytest.raises(RecursionError):
            theirs.BSplineEval(5) + 1

    def test_a_part_does_not_know_its_number_in_the_whole(self):
        basis = ours.BSplineEval(5) + ours.BSplineEval(4)
        assert [part.label for part in basis] == ["BSplineEval", "BSplineEval"]
        assert [part.label for part in basis.components()] == ["BSplineEval", "BSplineEval_1"]
        assert [part.label for part in theirs.BSplineEval(5) + theirs.BSplineEval(4)] == [
            "BSplineEval",
            "BSplineEval_1",
        ]

    def test_a_product_with_a_sum_goes_channel_by_channel(self, rng):
        """Theirs multiplies channel 0 of one part with channel 1 of another, and leaves other products out."""

        def make(m):
            return m.BSplineEval(4) * (m.MSplineEval(3, order=2) + m.BSplineEval(2, order=2))

        xs = [rng.normal(size=(30, 2)) for _ in range(3)]
        one_by_one = np.hstack([make(theirs).compute_features(*(x[:, c] for x in xs)) for c in range(2)])
        same(make(ours).compute_features(*xs), one_by_one)
        assert not np.allclose(make(theirs).compute_features(*xs), one_by_one)

    def test_kernels_are_there_before_they_are_used(self):
        assert ours.BSplineConv(5, 9).kernel_.shape == (9, 5)
        assert theirs.BSplineConv(5, 9).kernel_ is None

    def test_lists_are_samples_for_a_transformer(self):
        assert ours.BSplineEval(4).to_transformer().fit([[0.0], [1.0]]) is not None
        with pytest.raises(ValueError, match="2-dimensional"):
            theirs.BSplineEval(4).to_transformer().fit([[0.0], [1.0]])

    def test_wrong_types_of_parameters_are_refused_at_once(self):
        theirs.BSplineEval(5.5)
        theirs.BSplineEval(5, fill_value="a")
        with pytest.raises(ValueError, match="positive integer"):
            ours.BSplineEval(5.5)
        with pytest.raises(TypeError, match="must be a number"):
            ours.BSplineEval(5, fill_value="a")
