"""Closed forms and brute force for each formula."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import ROUNDING
from rheobase import basis as bases


def cox_de_boor(u, knots, i, order):
    """The textbook recursion, one function at one sample."""
    if order == 1:
        last = knots[i + 1] == knots[-1] and u == knots[-1]
        return float(knots[i] <= u < knots[i + 1] or (last and knots[i] < knots[i + 1]))
    left = knots[i + order - 1] - knots[i]
    right = knots[i + order] - knots[i + 1]
    value = 0.0
    if left > 0:
        value += (u - knots[i]) / left * cox_de_boor(u, knots, i, order - 1)
    if right > 0:
        value += (knots[i + order] - u) / right * cox_de_boor(u, knots, i + 1, order - 1)
    return value


@pytest.mark.parametrize(("n", "order"), [(4, 4), (7, 4), (5, 2), (6, 3), (4, 1), (3, 1)])
def test_b_splines_are_the_textbook_recursion(n, order):
    inner = np.linspace(0, 1, n - order + 2)
    knots = np.concatenate([np.zeros(order - 1), inner, np.ones(order - 1)])
    u = np.linspace(0, 1, 40)
    expected = [[cox_de_boor(x, knots, i, order) for i in range(n)] for x in u]
    np.testing.assert_allclose(bases.BSplineEval(n, order).evaluate(u), expected, atol=1e-14)


@pytest.mark.parametrize("n", [2, 5, 9])
@pytest.mark.parametrize("width", [1.5, 2.0, 3.0])
def test_raised_cosines_peak_at_one_at_equal_distances(n, width):
    peaks = np.linspace(0, 1, n)
    np.testing.assert_allclose(np.diag(bases.RaisedCosineLinearEval(n, width).evaluate(peaks)), 1, rtol=ROUNDING)
    stretched = (51 ** (peaks * (1 - width / (n + width - 1))) - 1) / 50
    values = bases.RaisedCosineLogEval(n, width, bounds=(0, 1)).evaluate(stretched)
    np.testing.assert_allclose(np.diag(values), 1, rtol=ROUNDING)


def test_log_raised_cosines_decay_to_zero_only_if_asked():
    end = np.array([0.0, 1.0])
    np.testing.assert_allclose(bases.RaisedCosineLogEval(5).evaluate(end)[1], 0, atol=1e-15)
    assert bases.RaisedCosineLogEval(5, enforce_decay_to_zero=False).evaluate(end)[1, -1] == pytest.approx(1)


def test_inner_linear_raised_cosines_of_width_two_sum_to_two():
    u = np.linspace(1 / 7, 6 / 7, 50)
    values = bases.RaisedCosineLinearEval(8, bounds=(0, 1)).evaluate(u)
    np.testing.assert_allclose(values.sum(axis=1), 2, rtol=ROUNDING)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_m_splines_have_unit_integral_over_any_range(order):
    x = np.linspace(-3, 7, 20001)
    values = bases.MSplineEval(6, order=order).evaluate(x)
    np.testing.assert_allclose(np.trapezoid(values, x, axis=0), 1, atol=2e-3)  # jumps of order 1 cost half a step


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", [bases.BSplineEval, bases.MSplineEval])
def test_the_right_edge_belongs_to_the_splines_in_every_precision(make, dtype):
    jnp = pytest.importorskip("jax.numpy")
    x = np.linspace(0, 1, 11).astype(dtype)
    for values in (make(5).evaluate(x), make(5).evaluate(jnp.asarray(x))):
        assert float(values[-1, -1]) > 0.99
        assert float(np.abs(np.asarray(values[-1, :-1])).max()) < 1e-5


@pytest.mark.parametrize("order", [2, 3, 4])
def test_cyclic_splines_are_one_bump_moved_around_the_circle(order):
    n = 6
    _, values = bases.CyclicBSplineEval(n, order=order).evaluate_on_grid(10 * n + 1)
    np.testing.assert_allclose(values[0], values[-1], atol=1e-14)
    moved = np.roll(values[:-1, 0], 10)
    np.testing.assert_allclose(values[:-1, 1], moved, atol=1e-14)


def test_fourier_columns_are_orthogonal_on_a_full_period():
    basis = bases.FourierEval(5, frequency_mask="all")
    u = np.arange(64) / 64
    values = basis.evaluate(np.append(u, 1.0))[:-1]
    gram = values.T @ values
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-10)
    np.testing.assert_allclose(values[:, 2], np.cos(2 * np.pi * 2 * u), atol=1e-13)
    np.testing.assert_allclose(values[:, 5], np.sin(2 * np.pi * u), atol=1e-13)


def test_two_dimensional_fourier_columns_are_plane_waves(rng):
    x, y = rng.random((2, 30))
    basis = bases.FourierEval([2, (1, 3)], ndim=2, bounds=(0, 1))
    np.testing.assert_array_equal(basis.masked_frequencies, [[0, 0, 1, 1], [1, 2, 1, 2]])
    phase = 2 * np.pi * (np.outer(x, [0, 0, 1, 1]) + np.outer(y, [1, 2, 1, 2]))
    np.testing.assert_allclose(basis.evaluate(x, y), np.hstack([np.cos(phase), np.sin(phase)]), atol=1e-12)


def test_fourier_samples_beyond_the_bounds_wrap_around():
    basis = bases.FourierEval(3, bounds=(0, 2 * np.pi))
    x = np.linspace(0, 6, 9)
    np.testing.assert_allclose(basis.compute_features(x), basis.compute_features(x + 2 * np.pi), atol=1e-12)


@pytest.mark.parametrize(
    ("mask", "kept"),
    [("no-intercept", 3), ("all", 4), (None, 4), ([0, 1, 0, 1], 2), (lambda f: f > 1, 2)],
)
def test_fourier_masks_choose_frequencies(mask, kept):
    basis = bases.FourierEval(4, frequency_mask=mask)
    assert basis.masked_frequencies.shape == (1, kept)
    assert basis.n_basis_funcs == 2 * kept - (0.0 in basis.masked_frequencies)


def test_orthogonal_exponentials_are_an_orthonormal_basis_of_the_decays(rng):
    rates = [1.0, 2.0, 5.0]
    x = rng.random(40)
    values = bases.OrthExponentialEval(3, rates).evaluate(x)
    np.testing.assert_allclose(values.T @ values, np.eye(3), atol=1e-12)
    u = (x - x.min()) / np.ptp(x)
    decays = np.exp(-np.outer(u, rates))
    np.testing.assert_allclose(values @ (values.T @ decays), decays, atol=1e-12)


def test_orthogonal_exponentials_leave_nan_rows_alone(rng):
    x = rng.random(20)
    with_nan = np.append(x, np.nan)
    values = bases.OrthExponentialEval(2, [1.0, 3.0]).evaluate(with_nan)
    np.testing.assert_allclose(values[:-1], bases.OrthExponentialEval(2, [1.0, 3.0]).evaluate(x), atol=1e-13)
    assert np.isnan(values[-1]).all()


def test_history_features_are_the_lagged_samples():
    features = bases.HistoryConv(3).compute_features(np.arange(6.0))
    np.testing.assert_array_equal(features[3:], [[2, 1, 0], [3, 2, 1], [4, 3, 2]])
    assert np.isnan(features[:3]).all()


def test_identity_is_the_value():
    x = np.array([3.0, -1.0, np.nan])
    np.testing.assert_array_equal(bases.IdentityEval().compute_features(x)[:, 0], x)


def test_categories_are_one_hot_in_sorted_order():
    basis = bases.Category(["right", "left"])
    features = basis.compute_features(np.array(["left", "right", "nowhere"]))
    np.testing.assert_array_equal(features, [[1, 0], [0, 1], [0, 0]])
    grid, values = basis.evaluate_on_grid(2)
    assert list(grid) == ["left", "right"]
    np.testing.assert_array_equal(values, np.eye(2))
    np.testing.assert_array_equal(bases.Category(3).compute_features([2, 0])[:, 2], [1, 0])


def test_a_sum_of_categories_and_numbers_takes_both(rng):
    basis = bases.Category(["a", "b"]) + bases.IdentityEval()
    np.testing.assert_array_equal(basis.compute_features(np.array(["b", "a"]), [1.0, 2.0]), [[0, 1, 1], [1, 0, 2]])


def test_custom_functions_of_two_inputs_with_keywords(rng):
    x, y = rng.random((2, 10))
    basis = bases.CustomBasis([lambda a, b, p: a * b**p, lambda a, b, p: a + p * b], basis_kwargs={"p": 3})
    assert basis.n_inputs == 2
    np.testing.assert_allclose(basis.compute_features(x, y), np.stack([x * y**3, x + 3 * y], axis=1))


def test_custom_functions_of_movies_with_vector_output(rng):
    movie = rng.random((8, 4, 5))
    basis = bases.CustomBasis(lambda v: v.mean(axis=1), ndim_input=3, output_shape=5)
    np.testing.assert_allclose(basis.compute_features(movie), movie.mean(axis=1))
    assert basis.n_output_features == 5
    assert basis.split_by_feature(np.ones((2, 5)))["CustomBasis"].shape == (2, 5, 1)


def test_custom_functions_multiply_with_other_bases(rng):
    movie, x = rng.random((8, 4, 5)), rng.random(8)
    basis = bases.CustomBasis(lambda v: v.mean(axis=(1, 2)), ndim_input=3) * bases.BSplineEval(4)
    expected = movie.mean(axis=(1, 2))[:, None] * bases.BSplineEval(4).compute_features(x)
    np.testing.assert_allclose(basis.compute_features(movie, x), expected)
