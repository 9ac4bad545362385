"""Laws that every basis keeps, whatever its formula."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import ROUNDING
from rheobase import basis as bases
from rheobase.containers import IntervalSet, Tsd, TsdFrame


def square(x):
    return x**2


def cube(x):
    return x**3


LEAVES = {
    "raised cosine, linear": lambda: bases.RaisedCosineLinearEval(5),
    "raised cosine, log": lambda: bases.RaisedCosineLogEval(5, width=1.5, time_scaling=20),
    "B-spline": lambda: bases.BSplineEval(6),
    "B-spline, order 1": lambda: bases.BSplineEval(4, order=1),
    "M-spline": lambda: bases.MSplineEval(6, order=3),
    "cyclic B-spline": lambda: bases.CyclicBSplineEval(5),
    "Fourier": lambda: bases.FourierEval(4),
    "exponential": lambda: bases.OrthExponentialEval(3, decay_rates=[1.0, 2.0, 5.0]),
    "identity": lambda: bases.IdentityEval(),
    "custom": lambda: bases.CustomBasis([cube, square]),
    "zero": lambda: bases.Zero(),
    "raised cosine, linear, conv": lambda: bases.RaisedCosineLinearConv(5, 12),
    "raised cosine, log, conv": lambda: bases.RaisedCosineLogConv(5, 12, enforce_decay_to_zero=False),
    "B-spline, conv": lambda: bases.BSplineConv(6, 12),
    "M-spline, conv": lambda: bases.MSplineConv(6, 12),
    "cyclic B-spline, conv": lambda: bases.CyclicBSplineConv(5, 12),
    "exponential, conv": lambda: bases.OrthExponentialConv(3, 12, decay_rates=[1.0, 2.0, 5.0]),
    "history": lambda: bases.HistoryConv(7),
}
BOUNDED = {
    "raised cosine, linear": lambda **kw: bases.RaisedCosineLinearEval(5, **kw),
    "raised cosine, log": lambda **kw: bases.RaisedCosineLogEval(5, **kw),
    "B-spline": lambda **kw: bases.BSplineEval(6, **kw),
    "M-spline": lambda **kw: bases.MSplineEval(6, **kw),
    "cyclic B-spline": lambda **kw: bases.CyclicBSplineEval(6, **kw),
    "exponential": lambda **kw: bases.OrthExponentialEval(2, [1.0, 2.0], **kw),
    "identity": lambda **kw: bases.IdentityEval(**kw),
    "custom": lambda **kw: bases.CustomBasis([np.sin, square], **kw),
}
COMPOSED = {
    "sum": lambda: bases.BSplineEval(5) + bases.HistoryConv(4),
    "product": lambda: bases.BSplineEval(5) * bases.RaisedCosineLogConv(3, 8),
    "sum with a product": lambda: bases.IdentityEval() + bases.BSplineEval(5) * bases.MSplineEval(4),
    "product of a sum": lambda: (bases.IdentityEval() + bases.BSplineEval(5)) * bases.MSplineEval(4),
    "copies": lambda: 3 * bases.BSplineEval(4),
    "power": lambda: bases.BSplineEval(4) ** 2,
    "two-dimensional Fourier": lambda: bases.FourierEval(3, ndim=2),
    "Fourier times spline": lambda: bases.FourierEval(2, ndim=2) * bases.BSplineEval(4),
    "labelled": lambda: bases.BSplineEval(5, label="position") + bases.HistoryConv(3, label="history"),
    "with nothing": lambda: bases.BSplineEval(5) + bases.Zero(),
}
ALL = LEAVES | COMPOSED
NOT_EVAL = {"history", "sum", "product", "labelled"}
EVAL = {name: make for name, make in ALL.items() if "conv" not in name and name not in NOT_EVAL}
CONV = {name: make for name, make in LEAVES.items() if isinstance(make(), bases.AbstractConvBasis)}

every = pytest.mark.parametrize("make", ALL.values(), ids=ALL)
every_leaf = pytest.mark.parametrize("make", LEAVES.values(), ids=LEAVES)
every_conv = pytest.mark.parametrize("make", CONV.values(), ids=CONV)


def samples(rng, basis, n_time=60, *channels):
    return [rng.normal(size=(n_time, *channels)) for _ in range(basis.n_inputs)]


@every
@pytest.mark.parametrize("channels", [(), (3,), (2, 2)], ids=str)
def test_shapes_are_as_announced(make, channels, rng):
    basis = make()
    features = basis.compute_features(*samples(rng, basis, 60, *channels))
    assert features.shape == (60, basis.n_basis_funcs * int(np.prod(channels)))
    assert features.dtype == np.float64
    assert basis.n_output_features == features.shape[1]
    assert basis.input_shape == [channels] * basis.n_inputs
    other = make().set_input_shape(*[channels] * basis.n_inputs)
    assert other.n_output_features == features.shape[1]


@every
def test_output_features_are_unknown_before_the_input_is(make):
    basis = make()
    assert basis.n_output_features is None
    assert basis.input_shape == [None] * basis.n_inputs


@every_leaf
def test_columns_run_channel_by_channel(make, rng):
    basis = make()
    (x,) = samples(rng, basis, 60, 3)
    one_by_one = np.hstack([basis.compute_features(x[:, c]) for c in range(3)])
    np.testing.assert_allclose(basis.compute_features(x), one_by_one, rtol=ROUNDING, atol=1e-13)


@every
def test_a_series_comes_back_as_a_series(make, rng):
    basis = make()
    epochs = IntervalSet([0, 100], [29.5, 200])
    t = np.concatenate([np.arange(30.0), 100 + np.arange(30.0)])
    xs = samples(rng, basis)
    features = basis.compute_features(*(Tsd(t, x, time_support=epochs) for x in xs))
    assert isinstance(features, TsdFrame)
    np.testing.assert_array_equal(features.t, t)
    np.testing.assert_array_equal(features.time_support.values, epochs.values)
    assert list(features.columns) == list(range(features.shape[1]))


@every
def test_evaluation_of_a_series_keeps_its_times(make, rng):
    basis = make()
    xs = samples(rng, basis)
    values = basis.evaluate(*(Tsd(np.arange(60.0), x) for x in xs))
    np.testing.assert_array_equal(values.values, basis.evaluate(*xs))
    np.testing.assert_array_equal(values.t, np.arange(60.0))


@pytest.mark.parametrize("make", EVAL.values(), ids=EVAL)
def test_eval_features_are_the_functions_at_the_samples(make, rng):
    basis = make()
    xs = samples(rng, basis)
    np.testing.assert_array_equal(basis.compute_features(*xs), basis.evaluate(*xs))


@every_conv
def test_conv_features_are_the_sum_over_the_window(make, rng):
    basis = make()
    (x,) = samples(rng, basis, 40, 2)
    kernel = basis.kernel_matrix()
    window = basis.window_size
    assert kernel.shape == (window, basis.n_basis_funcs)
    expected = np.full((40, 2, basis.n_basis_funcs), np.nan)
    for t in range(window, 40):
        expected[t] = sum(x[t - 1 - i][:, None] * kernel[i] for i in range(window))
    np.testing.assert_allclose(basis.compute_features(x), expected.reshape(40, -1), rtol=1e-10, atol=1e-12)


@every_conv
def test_conv_features_of_epochs_are_those_of_each_epoch(make, rng):
    basis = make()
    starts, lengths = np.array([0.0, 100.0, 200.0]), np.array([25, 14, 30])
    t = np.concatenate([start + np.arange(n) for start, n in zip(starts, lengths)])
    x = rng.normal(size=t.size)
    epochs = IntervalSet(starts, starts + lengths - 0.5)
    whole = basis.compute_features(Tsd(t, x, time_support=epochs)).values
    parts = np.split(x, np.cumsum(lengths)[:-1])
    np.testing.assert_allclose(whole, np.vstack([basis.compute_features(part) for part in parts]), atol=1e-12)


@every_conv
def test_kernels_are_the_functions_over_the_window(make):
    basis = make()
    np.testing.assert_array_equal(basis.kernel_, basis.evaluate(np.linspace(0, 1, basis.window_size)))
    np.testing.assert_array_equal(basis.kernel_, basis.evaluate_on_grid(basis.window_size)[1])


def test_a_sum_lays_features_side_by_side(rng):
    first, second = bases.BSplineEval(5), bases.RaisedCosineLogConv(4, 8)
    x, y = rng.normal(size=(50, 2)), rng.normal(size=50)
    whole = (first + second).compute_features(x, y)
    np.testing.assert_array_equal(whole, np.hstack([first.compute_features(x), second.compute_features(y)]))


def test_a_product_is_the_row_wise_kronecker_product(rng):
    first, second = bases.BSplineEval(5), bases.RaisedCosineLogConv(4, 8)
    x, y = rng.normal(size=(2, 50))
    a, b = first.compute_features(x), second.compute_features(y)
    expected = np.stack([np.kron(p, q) for p, q in zip(a, b)])
    np.testing.assert_array_equal((first * second).compute_features(x, y), expected)


def test_a_product_of_several_channels_is_taken_channel_by_channel(rng):
    product = (bases.IdentityEval() + bases.BSplineEval(4)) * bases.IdentityEval()
    xs = [rng.normal(size=(20, 3)) for _ in range(3)]
    one_by_one = np.hstack([product.compute_features(*(x[:, c] for x in xs)) for c in range(3)])
    np.testing.assert_allclose(product.compute_features(*xs), one_by_one, atol=1e-14)


@every
def test_grid_values_are_the_functions_at_the_grid(make):
    basis = make()
    n = [5 + i for i in range(basis.n_inputs)]
    *grids, values = basis.evaluate_on_grid(*n)
    assert all(grid.shape == tuple(n) for grid in grids)
    assert values.shape == (*n, basis.n_basis_funcs)
    if "Exponential" not in basis.label:  # whose functions depend on all the samples of a call
        flat = basis.evaluate(*(grid.ravel() for grid in grids))
        np.testing.assert_allclose(values.reshape(flat.shape), flat, atol=1e-14)


@pytest.mark.parametrize("make", BOUNDED.values(), ids=BOUNDED)
@pytest.mark.parametrize("fill", [np.nan, -7.0])
def test_rows_out_of_bounds_are_filled(make, fill):
    basis = make(bounds=(0, 1), fill_value=fill)
    x = np.array([[0.0, 0.5], [1.0, 0.2], [-0.1, 0.5], [0.5, 1.1], [np.nan, 0.3]])
    features = basis.compute_features(x)
    assert np.isfinite(features[:2]).all()
    np.testing.assert_array_equal(features[2:4], fill)
    assert np.isnan(features[4, : basis.n_basis_funcs]).all()


@pytest.mark.parametrize("make", BOUNDED.values(), ids=BOUNDED)
def test_bounds_set_the_scale(make):
    x = np.linspace(2, 4, 11)
    free, bounded = make(), make(bounds=(2, 4))
    np.testing.assert_array_equal(free.compute_features(x), bounded.compute_features(x))


@every
def test_without_finite_samples_every_feature_is_nan(make):
    basis = make()
    if "OrthExponential" in basis.label:
        return
    features = basis.compute_features(*[np.full(30, np.nan)] * basis.n_inputs)
    assert np.isnan(features).all()


@every
def test_pickle_copy_and_clone_give_equal_bases(make):
    sklearn_base = pytest.importorskip("sklearn.base")
    basis = make()
    for other in (pickle.loads(pickle.dumps(basis)), copy.deepcopy(basis), sklearn_base.clone(basis)):
        assert other == basis
        assert other is not basis
        assert repr(other) == repr(basis)


@every_leaf
def test_parameters_make_the_basis_again(make):
    basis = make()
    assert type(basis)(**basis.get_params()) == basis
    assert make().set_params(**basis.get_params()) == basis


@every
def test_parameters_can_be_set_to_themselves(make):
    basis = make()
    params = {name: value for name, value in basis.get_params().items() if "__" in name}
    assert make().set_params(**params) == basis


@every
def test_evaluation_under_jit_is_the_same(make, rng):
    jax = pytest.importorskip("jax")
    basis = make()
    xs = [x.astype(np.float32) for x in samples(rng, basis, 50)]
    if "OrthExponential" in basis.label:
        basis = bases.RaisedCosineLogEval(4) if basis.n_inputs == 1 else basis  # signs of singular vectors are free
    eager = basis.evaluate(*xs)
    traced = jax.jit(basis.evaluate)(*xs)
    assert isinstance(traced, jax.Array)
    np.testing.assert_allclose(traced, eager, atol=2e-4)  # float32, and M-splines reach 10


@every
def test_an_equal_basis_is_equal_and_a_changed_one_is_not(make):
    assert make() == make()
    assert make() != bases.BSplineEval(17)
    assert make() != "a basis"


@every
def test_components_cover_all_inputs_and_features(make, rng):
    basis = make()
    xs = samples(rng, basis, 40)
    features = basis.compute_features(*xs)
    blocks, next_input = [], 0
    for component in basis.components():
        assert component.inputs.start == next_input
        next_input = component.inputs.stop
        blocks.append(component.basis.compute_features(*xs[component.inputs]))
    assert next_input == basis.n_inputs
    np.testing.assert_array_equal(np.hstack(blocks), features)


@every
def test_splitting_and_joining_gives_the_features_back(make, rng):
    basis = make()
    features = basis.compute_features(*samples(rng, basis, 30, 2))
    parts = basis.split_by_feature(features, axis=1)
    assert list(parts) == [component.label for component in basis.components()]
    np.testing.assert_array_equal(np.hstack([part.reshape(30, -1) for part in parts.values()]), features)
    by_coefficient = basis.split_by_feature(features.T, axis=0)
    for label, part in parts.items():
        np.testing.assert_array_equal(np.moveaxis(by_coefficient[label], -1, 0), part)


@pytest.mark.parametrize("make", [BOUNDED[name] for name in ("B-spline", "cyclic B-spline")])
@given(x=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), order=st.integers(1, 5))
def test_splines_sum_to_one_everywhere(make, x, order):
    basis = make().set_params(order=max(order, 2) if "Cyclic" in make().label else order)
    np.testing.assert_allclose(basis.evaluate(np.array(x)).sum(axis=1), 1, atol=1e-10)


@given(x=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30), scale=st.floats(0.1, 10), shift=st.floats(-10, 10))
def test_features_do_not_depend_on_the_unit_of_the_input(x, scale, shift):
    x = np.array(x)
    basis = bases.RaisedCosineLinearEval(5)
    if np.ptp(x) < 1e-3:
        return
    np.testing.assert_allclose(basis.evaluate(scale * x + shift), basis.evaluate(x), atol=1e-6)  # x/ptp loses digits
