"""Symmetric solves: the right answer, in any units, and the truth about singular matrices."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import ROUNDING
from rheobase.solvers._linear import equilibrated_eigh, solve_spd


def spd(rng, n):
    """A symmetric positive definite matrix with condition number about 100."""
    vectors = np.linalg.qr(rng.normal(size=(n, n)))[0]
    return (vectors * np.geomspace(1.0, 100.0, n)) @ vectors.T


@pytest.mark.parametrize("n", [1, 2, 7])
def test_solves_what_it_is_given(rng, n):
    matrix, x = spd(rng, n), rng.normal(size=n)
    solved, singular = solve_spd(matrix, matrix @ x)
    np.testing.assert_allclose(solved, x, rtol=0, atol=100 * ROUNDING)
    assert not singular


def test_units_do_not_matter(rng):
    """Features from 1e-12 to 1e12 are as well conditioned as features of one size."""
    matrix, x, units = spd(rng, 5), rng.normal(size=5), np.array([1e-12, 1e-6, 1.0, 1e6, 1e12])
    scaled = matrix * np.outer(units, units)
    solved, singular = solve_spd(scaled, units * (matrix @ x))
    np.testing.assert_allclose(solved * units, x, rtol=0, atol=1000 * ROUNDING)
    assert not singular


def test_singular_matrices_get_the_smallest_solution(rng):
    a = rng.normal(size=(6, 3))
    matrix = a @ a.T
    matrix /= np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))  # unit diagonal: smallest in these units
    rhs = matrix @ rng.normal(size=6)
    solved, singular = solve_spd(matrix, rhs)
    assert singular
    np.testing.assert_allclose(matrix @ solved, rhs, rtol=0, atol=1e-10)
    np.testing.assert_allclose(solved, np.linalg.lstsq(matrix, rhs, rcond=1e-10)[0], rtol=0, atol=1e-8)


def test_a_column_of_zeros_gets_zero(rng):
    """A constant feature, or a held coefficient."""
    matrix = np.zeros((4, 4))
    matrix[np.ix_([0, 2, 3], [0, 2, 3])] = spd(rng, 3)
    rhs = np.array([1.0, 0.0, 2.0, 3.0])
    solved, singular = solve_spd(matrix, rhs)
    assert singular
    assert solved[1] == 0.0
    np.testing.assert_allclose(matrix @ solved, rhs, rtol=0, atol=100 * ROUNDING)


def test_all_zeros_is_no_crash():
    solved, singular = solve_spd(np.zeros((3, 3)), np.zeros(3))
    assert singular
    np.testing.assert_array_equal(solved, 0.0)


@pytest.mark.parametrize("penalised", [True, False])
def test_one_decomposition_serves_every_height_and_strength(rng, penalised):
    """The inverse of h C + c P is V diag(1 / (h s + c)) V' for every h and c."""
    gram = spd(rng, 5)
    penalty = rng.uniform(0.1, 3.0, size=5) if penalised else None
    vectors, values = equilibrated_eigh(gram, penalty)
    for height, strength in [(0.3, 0.01), (10.0, 1.0), (1e-3, 100.0)]:
        whole = height * gram + strength * np.diag(np.ones(5) if penalty is None else penalty)
        inverse = (vectors / (height * values + strength)) @ vectors.T
        np.testing.assert_allclose(inverse @ whole, np.eye(5), rtol=0, atol=1e-9)


def test_rounding_never_makes_a_negative_eigenvalue():
    one = np.ones((30, 1)) / 3.0
    assert (equilibrated_eigh(one @ one.T, None)[1] >= 0.0).all()
