"""Columns that others make up are left out, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from rheobase.identifiability_constraints import (
    apply_identifiability_constraints,
    apply_identifiability_constraints_by_basis_component,
)


def rank(values, intercept):
    ones = [np.ones((len(values), 1))] if intercept else []
    whole = np.hstack([*ones, values])
    return np.linalg.matrix_rank(whole) if whole.size else 0  # NumPy 2.0 refuses no columns


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.booleans(), st.integers(1, 4), st.integers(0, 4))
def test_as_leaving_out_one_by_one(seed, intercept, n_free, n_made_up):
    """From the left, a column is left out if the rank stays; by brute force."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, n_free))
    X = np.hstack([X, X @ rng.integers(-2, 3, (n_free, n_made_up)) + rng.integers(0, 2)])
    X = X[:, rng.permutation(X.shape[1])] * 10.0 ** rng.integers(-3, 4)
    left = list(range(X.shape[1]))
    for column in range(X.shape[1]):
        others = [number for number in left if number != column]
        if rank(X[:, others], intercept) == rank(X[:, left], intercept):
            left = others
    out, kept = apply_identifiability_constraints(X, add_intercept=intercept)
    np.testing.assert_array_equal(kept, left)
    np.testing.assert_array_equal(out, X[:, left])


def test_rows_with_gaps_stay():
    basis = rb.basis.BSplineEval(5) + rb.basis.CyclicBSplineEval(6)
    rng = np.random.default_rng(0)
    X = basis.compute_features(rng.random(100), rng.random(100))
    X[3] = np.nan
    out, kept = apply_identifiability_constraints(X)
    np.testing.assert_array_equal(kept, [1, 2, 3, 4, 6, 7, 8, 9, 10])
    assert np.isnan(out[3]).all()
    _, kept = apply_identifiability_constraints(X, add_intercept=False)
    np.testing.assert_array_equal(kept, np.arange(1, 11))
    _, by_part = apply_identifiability_constraints_by_basis_component(basis, X)
    np.testing.assert_array_equal(by_part, [1, 2, 3, 4, 6, 7, 8, 9, 10])


def test_each_channel_by_itself():
    """Two inputs that are the same are two channels: within each, nothing is made up."""
    x = np.random.default_rng(1).random(200)
    basis = rb.basis.BSplineEval(4)
    X = basis.compute_features(np.column_stack([x, x]))
    _, kept = apply_identifiability_constraints_by_basis_component(basis, X)
    np.testing.assert_array_equal(kept, [1, 2, 3, 5, 6, 7])
    _, kept = apply_identifiability_constraints(X)
    np.testing.assert_array_equal(kept, [5, 6, 7])


def test_series_keep_their_times():
    X = rb.TsdFrame(t=np.arange(50.0), d=rb.basis.BSplineEval(4).compute_features(np.linspace(0, 1, 50)))
    out, kept = apply_identifiability_constraints(X)
    assert isinstance(out, rb.TsdFrame)
    np.testing.assert_array_equal(out.columns, kept)


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"must have shape \(time, feature\), got \(4,\)"):
        apply_identifiability_constraints(np.ones(4))
    with pytest.raises(ValueError, match="every one of the 4 rows of feature_matrix has a NaN"):
        apply_identifiability_constraints(np.full((4, 2), np.nan))
    with pytest.raises(TypeError, match="feature_matrix must be numeric"):
        apply_identifiability_constraints(np.array([["a"]]))
    with pytest.raises(TypeError, match="basis must be a basis"):
        apply_identifiability_constraints_by_basis_component("BSplineEval", np.ones((4, 2)))
    with pytest.warns(UserWarning, match="feature_matrix is float32"):
        apply_identifiability_constraints(np.eye(4, dtype=np.float32))
