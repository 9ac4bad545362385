"""Penalty matrices measure roughness, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase import basis as bases
from rheobase._x64 import enable_x64

SMOOTH = {
    "B-spline": lambda: bases.BSplineEval(7, bounds=(0, 1)),
    "quadratic B-spline": lambda: bases.BSplineEval(6, order=3, bounds=(0, 1)),
    "M-spline": lambda: bases.MSplineEval(6, bounds=(0, 1)),
    "cyclic B-spline": lambda: bases.CyclicBSplineEval(6, bounds=(0, 1)),
    "Fourier": lambda: bases.FourierEval(4, bounds=(0, 1), frequency_mask="all"),
    "raised cosine": lambda: bases.RaisedCosineLinearEval(5, bounds=(0, 1)),
    "wide raised cosine": lambda: bases.RaisedCosineLinearEval(2, width=2.5, bounds=(0, 1)),
    "log raised cosine": lambda: bases.RaisedCosineLogEval(5, bounds=(0, 1)),
    "stretched raised cosine": lambda: bases.RaisedCosineLogEval(
        4, width=1.5, time_scaling=500.0, enforce_decay_to_zero=False, bounds=(0, 1)
    ),
    "identity": lambda: bases.IdentityEval(),
    "custom": lambda: bases.CustomBasis([np.sin, np.cos]),
}
OTHERS = {
    "B-spline, conv": lambda: bases.BSplineConv(7, 30),
    "log raised cosine, conv": lambda: bases.RaisedCosineLogConv(5, 30),
    "history": lambda: bases.HistoryConv(9),
    "zero": lambda: bases.Zero(),
    "sum": lambda: bases.BSplineEval(5) + bases.CyclicBSplineEval(6),
    "product": lambda: bases.BSplineEval(5) * bases.CyclicBSplineEval(6),
    "two-dimensional Fourier": lambda: bases.FourierEval(3, ndim=2),
}
every = pytest.mark.parametrize("make", (SMOOTH | OTHERS).values(), ids=SMOOTH | OTHERS)


SELDOM_EXACT = {"custom": 1e-2}
"""Relative error that is allowed: custom functions are differentiated on a grid, all others are exact."""


def midpoints(n):
    return (np.arange(n) + 0.5) / n


def derivative(functions, order):
    """The `order`-th derivative of a function of one array, by JAX."""
    import jax
    import jax.numpy as jnp

    if order == 0:
        return functions
    return lambda u: jax.jvp(derivative(functions, order - 1), (u,), (jnp.ones_like(u),))[1]


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("order", [1, 2])
def test_it_is_the_integral_of_the_squared_derivative(name, order, rng):
    import jax.numpy as jnp

    basis = SMOOTH[name]() if name != "custom" else bases.CustomBasis([jnp.sin, jnp.cos])
    coef = rng.normal(size=basis.n_basis_funcs)
    with enable_x64():
        t = midpoints(200_000)  # denser in u near 0, where logarithmic bumps are steep
        slopes = np.asarray(derivative(basis.evaluate, order)(jnp.asarray((501.0**t - 1) / 500)))
    integral = np.mean((slopes @ coef) ** 2 * np.log(501) * 501.0**t / 500)
    # the sum here is off by the share of cells in which a derivative jumps
    expected = pytest.approx(integral, rel=SELDOM_EXACT.get(name, 3e-4), abs=1e-6)
    assert coef @ basis.penalty_matrix(order) @ coef == expected


@pytest.mark.parametrize("order", [1, 2])
def test_of_a_product_it_is_the_sum_of_integrals_over_a_square(order, rng):
    import jax.numpy as jnp

    first, second = bases.BSplineEval(5, bounds=(0, 1)), bases.CyclicBSplineEval(6, bounds=(0, 1))
    u = midpoints(1000)
    values = [np.asarray(part.evaluate(u)) for part in (first, second)]
    with enable_x64():
        slopes = [np.asarray(derivative(part.evaluate, order)(jnp.asarray(u))) for part in (first, second)]
    coef = rng.normal(size=(5, 6))
    along_first = np.mean((slopes[0] @ coef @ values[1].T) ** 2)
    along_second = np.mean((values[0] @ coef @ slopes[1].T) ** 2)
    penalty = (first * second).penalty_matrix(order)
    assert coef.ravel() @ penalty @ coef.ravel() == pytest.approx(along_first + along_second, rel=1e-3)


@every
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("kind", ["derivative", "difference"])
def test_it_is_symmetric_and_never_negative(make, order, kind):
    basis = make()
    if kind == "difference" and basis.is_complex:
        pytest.skip("waves have no neighbours")
    penalty = basis.penalty_matrix(order, kind)
    assert penalty.shape == (basis.n_basis_funcs,) * 2
    np.testing.assert_allclose(penalty, penalty.T, rtol=1e-10, atol=1e-8)
    if len(penalty):
        values = np.linalg.eigvalsh(penalty)
        assert values[0] >= -1e-9 * max(values[-1], 1)


@pytest.mark.parametrize("kind", ["derivative", "difference"])
@pytest.mark.parametrize("make", [bases.BSplineEval, bases.CyclicBSplineEval])
def test_constants_are_not_rough(make, kind):
    penalty = make(7).penalty_matrix(2, kind)
    np.testing.assert_allclose(penalty @ np.ones(7), 0, atol=1e-9 * np.abs(penalty).max())


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    "make",
    [
        bases.BSplineEval,
        lambda n: bases.MSplineConv(n, 30),
        bases.RaisedCosineLogEval,
        lambda n: bases.RaisedCosineLinearConv(n, 30),
        bases.HistoryConv,
    ],
    ids=["B-spline", "M-spline", "log raised cosine", "raised cosine", "history"],
)
def test_differences_leave_polynomials_of_the_coefficients_alone_and_nothing_else(make, order):
    n = 8
    penalty = make(n).penalty_matrix(order, "difference")
    powers = np.vander(np.arange(n), order)
    np.testing.assert_allclose(penalty @ powers, 0, atol=1e-9)
    assert np.linalg.matrix_rank(penalty) == n - order


def test_differences_around_a_circle_leave_only_constants_alone():
    for order in (1, 2, 3):
        penalty = bases.CyclicBSplineEval(8).penalty_matrix(order, "difference")
        np.testing.assert_allclose(penalty @ np.ones(8), 0, atol=1e-12)
        assert np.linalg.matrix_rank(penalty) == 7


def test_differences_of_a_product_go_along_each_input(rng):
    product = bases.BSplineEval(5) * bases.CyclicBSplineEval(6)
    coef = rng.normal(size=(5, 6))
    along_first = (np.diff(coef, 2, axis=0) ** 2).sum()
    around_second = (np.roll(coef, -2, axis=1) - 2 * np.roll(coef, -1, axis=1) + coef) ** 2
    expected = along_first + around_second.sum()
    penalty = product.penalty_matrix(2, "difference")
    assert coef.ravel() @ penalty @ coef.ravel() == pytest.approx(expected)


def test_custom_functions_are_differentiated_in_float64_whatever_library_they_use():
    import jax.numpy as jnp

    one, other = (bases.CustomBasis([lambda x, xp=xp: xp.exp(2 * x)]) for xp in (np, jnp))
    for order in (1, 2, 3, 4):
        exact = 4.0**order * (np.exp(4) - 1) / 4
        assert one.penalty_matrix(order) == pytest.approx(exact, rel=2e-2)
        assert other.penalty_matrix(order) == pytest.approx(one.penalty_matrix(order), rel=1e-2)


def test_straight_lines_have_no_curvature():
    basis = bases.BSplineEval(8, bounds=(0, 1))
    u = np.linspace(0, 1, 50)
    coef = np.linalg.lstsq(basis.evaluate(u), 3 * u - 1, rcond=None)[0]
    penalty = basis.penalty_matrix(2)
    assert abs(coef @ penalty @ coef) < 1e-9 * np.abs(penalty).max()


@pytest.mark.parametrize("name", ["BSpline", "CyclicBSpline", "MSpline", "RaisedCosineLinear", "RaisedCosineLog"])
@pytest.mark.parametrize("kind", ["derivative", "difference"])
def test_eval_and_conv_twins_have_the_same_penalty(name, kind):
    first, second = getattr(bases, f"{name}Eval")(6), getattr(bases, f"{name}Conv")(6, 20)
    np.testing.assert_array_equal(first.penalty_matrix(2, kind), second.penalty_matrix(2, kind))


def test_a_sum_is_penalised_block_by_block_and_a_product_along_each_input():
    first, second = bases.BSplineEval(5), bases.CyclicBSplineEval(6)
    p, q = first.penalty_matrix(), second.penalty_matrix()
    whole = (first + second).penalty_matrix()
    np.testing.assert_array_equal(whole[:5, :5], p)
    np.testing.assert_array_equal(whole[5:, 5:], q)
    assert not whole[:5, 5:].any()
    constant_in_first = np.kron(np.ones(5), np.arange(6.0))
    bent = np.arange(6.0)
    product = (first * second).penalty_matrix()
    assert constant_in_first @ product @ constant_in_first == pytest.approx(bent @ q @ bent)


def test_differences_of_a_circle_wrap_around():
    straight = bases.BSplineEval(5).penalty_matrix(1, "difference")
    around = bases.CyclicBSplineEval(5).penalty_matrix(1, "difference")
    coef = np.arange(5.0)
    assert coef @ straight @ coef == pytest.approx(4)
    assert coef @ around @ coef == pytest.approx(4 + 16)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: bases.BSplineEval(5, order=2).penalty_matrix(2), "no square-integrable derivative"),
        (lambda: bases.BSplineEval(5).penalty_matrix(0), "`order`"),
        (lambda: bases.BSplineEval(5).penalty_matrix(2, "diference"), "Did you mean 'difference'"),
        (lambda: bases.FourierEval(5).penalty_matrix(2, "difference"), "no neighbours"),
        (lambda: bases.Category(5).penalty_matrix(), "have no order"),
        (lambda: bases.OrthExponentialEval(2, [1.0, 2.0]).penalty_matrix(), "depend on the samples"),
        (lambda: bases.OrthExponentialConv(2, 9, [1.0, 2.0]).penalty_matrix(2, "difference"), "depend on the samples"),
        (lambda: bases.Category(5).penalty_matrix(2, "difference"), "have no order"),
        (lambda: bases.RaisedCosineLinearEval(5).penalty_matrix(3), "no square-integrable derivative of order 3"),
        (lambda: bases.RaisedCosineLogConv(5, 9).penalty_matrix(3), "no square-integrable derivative of order 3"),
        (lambda: bases.CustomBasis(np.add).penalty_matrix(), "not functions of one number"),
    ],
)
def test_what_has_no_roughness_says_so(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_a_notebook_shows_the_functions():
    basis = bases.BSplineEval(5, label="a < b") + bases.BSplineEval(4) * bases.HistoryConv(3) + bases.Category(3)
    drawn = basis._repr_html_()
    assert drawn.count("<polyline") == 5 + 4 + 3
    assert "a &lt; b" in drawn
    assert "a < b" not in drawn
