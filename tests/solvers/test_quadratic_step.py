"""The step of proximal Newton methods: optimality conditions of a quadratic with norms of groups between bounds."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.solvers._kinks import GroupedQuadratic
from rheobase.solvers._penalty import Box

REACHED = 1e-8
"""Relative to the largest slope at the start, in units of the curvature."""


def problem(seed, *, bounded, grouped, harsh):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 20)
    root = rng.normal(size=(n + rng.integers(0, 20), n))
    if harsh:
        root = root @ (0.9 + 0.1 * np.eye(n)) * 10 ** rng.uniform(-1, 1, n)
    hessian = root.T @ root
    hessian += 1e-5 * np.diag(np.diagonal(hessian))
    size = np.sqrt(np.diagonal(hessian))
    lower, upper = -rng.exponential(size=n) * (rng.random(n) < 0.7), rng.exponential(size=n)
    lower[rng.random(n) < 0.2], upper[rng.random(n) < 0.3] = -np.inf, np.inf
    if not bounded:
        lower, upper = np.full(n, -np.inf), np.full(n, np.inf)
    point, gradient = np.clip(rng.normal(size=n), lower, upper), 3 * rng.normal(size=n) * size
    member, strength = np.full(n, -1), np.zeros(0)
    if grouped:
        strength = rng.exponential(size=max(n // 2, 1)) * size.mean()
        member = rng.integers(-1, strength.size, n)
    return gradient, hessian, point, member, strength, lower, upper


def violation(x, gradient, hessian, point, member, strength, lower, upper):
    """Of the optimality conditions, in units of the curvature."""
    slope = gradient + hessian @ (x - point)
    open_at_zero = np.where(((lower >= 0) & (slope > 0)) | ((upper <= 0) & (slope < 0)), 0.0, slope)
    asleep = np.zeros(x.size, dtype=bool)
    out = np.zeros(x.size)
    for g in range(strength.size):
        rows = np.flatnonzero(member == g)
        length = np.sqrt(np.sum(x[rows] ** 2))
        if length > 0:
            slope[rows] += strength[g] * x[rows] / length
        elif rows.size:
            asleep[rows] = True
            out[rows] = max(np.sqrt(np.sum(open_at_zero[rows] ** 2)) - strength[g], 0.0)
    held = ((x <= lower) & (slope > 0)) | ((x >= upper) & (slope < 0))
    out[~asleep] = np.where(held, 0.0, np.abs(slope))[~asleep]
    size = np.sqrt(np.diagonal(hessian))
    return np.max(out / size) / max(np.max(np.abs(gradient) / size), 1.0)


@pytest.mark.parametrize("harsh", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("bounded", [False, True])
def test_the_minimum_meets_its_conditions(bounded, grouped, harsh):
    for seed in range(20 if harsh and bounded and grouped else 60):
        parts = problem(seed, bounded=bounded, grouped=grouped, harsh=harsh)
        found = GroupedQuadratic(*parts).solve()
        assert np.all((found >= parts[-2]) & (found <= parts[-1]))
        assert violation(found, *parts) < REACHED, seed


def test_groups_near_their_kink():
    """The minimum of a group so near to zero that Newton's steps jump over it."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        hessian = np.eye(6) + 0.5
        pull = rng.normal(size=6)
        pull *= np.repeat([1.001, 1.02], 3) / np.repeat([np.linalg.norm(pull[:3]), np.linalg.norm(pull[3:])], 3)
        parts = (-pull, hessian, 1e-3 * rng.normal(size=6), np.repeat([0, 1], 3), np.ones(2))
        assert violation(GroupedQuadratic(*parts).solve(), *parts, -np.inf, np.inf) < REACHED


def test_a_box_holds_what_would_leave():
    box = Box(np.zeros((3, 1)), np.full((3, 1), 2.0))
    params = np.array([[0.0], [1.0], [2.0]])
    np.testing.assert_array_equal(box.pinned(params, np.ones((3, 1)))[:, 0], [True, False, False])
    np.testing.assert_array_equal(box.pinned(params, -np.ones((3, 1)))[:, 0], [False, False, True])
    np.testing.assert_array_equal(box.clip(params - 1.5)[:, 0], [0.0, 0.0, 0.5])
    near = np.array([[1e-17], [1.0], [2.0 - 4e-16]])
    np.testing.assert_array_equal(box.snap(near, params + 1)[:, 0], [0.0, 1.0, 2.0])
