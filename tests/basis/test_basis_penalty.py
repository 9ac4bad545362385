"""Penalty matrices measure roughness, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase import basis as bases

SMOOTH = {
    "B-spline": lambda: bases.BSplineEval(7, bounds=(0, 1)),
    "quadratic B-spline": lambda: bases.BSplineEval(6, order=3, bounds=(0, 1)),
    "M-spline": lambda: bases.MSplineEval(6, bounds=(0, 1)),
    "cyclic B-spline": lambda: bases.CyclicBSplineEval(6, bounds=(0, 1)),
    "Fourier": lambda: bases.FourierEval(4, bounds=(0, 1), frequency_mask="all"),
    "raised cosine": lambda: bases.RaisedCosineLinearEval(5, bounds=(0, 1)),
    "log raised cosine": lambda: bases.RaisedCosineLogEval(5, bounds=(0, 1)),
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
smooth = pytest.mark.parametrize("make", SMOOTH.values(), ids=SMOOTH)
every = pytest.mark.parametrize("make", (SMOOTH | OTHERS).values(), ids=SMOOTH | OTHERS)


@smooth
@pytest.mark.parametrize("order", [1, 2])
def test_it_is_the_integral_of_the_squared_derivative(make, order, rng):
    basis = make()
    coef = rng.normal(size=basis.n_basis_funcs)
    n = 80_000
    slope = np.diff(basis.evaluate(np.linspace(0, 1, n + 1)) @ coef, n=order) * float(n) ** order
    # grids on both sides, second derivatives that jump, and an integral here that misses both ends
    assert coef @ basis.penalty_matrix(order) @ coef == pytest.approx(np.mean(slope**2), rel=5e-3, abs=1e-3)


@every
@pytest.mark.parametrize("order", [1, 2])
def test_it_is_symmetric_and_never_negative(make, order):
    basis = make()
    penalty = basis.penalty_matrix(order)
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


def test_straight_lines_have_no_curvature():
    basis = bases.BSplineEval(8, bounds=(0, 1))
    u = np.linspace(0, 1, 50)
    coef = np.linalg.lstsq(basis.evaluate(u), 3 * u - 1, rcond=None)[0]
    penalty = basis.penalty_matrix(2)
    assert abs(coef @ penalty @ coef) < 1e-9 * np.abs(penalty).max()


def test_eval_and_conv_twins_have_the_same_penalty():
    np.testing.assert_array_equal(bases.BSplineEval(6).penalty_matrix(), bases.BSplineConv(6, 20).penalty_matrix())


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
