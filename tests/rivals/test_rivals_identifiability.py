"""Columns that are left out, beside NeMoS's."""

from __future__ import annotations

import numpy as np
import pytest

import rheobase as rb

pytestmark = pytest.mark.rivals
theirs = pytest.importorskip("nemos.identifiability_constraints")


@pytest.fixture
def double():
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_columns_kept(seed, intercept):
    import nemos

    rng = np.random.default_rng(seed)
    sizes = [int(n) for n in rng.integers(4, 7, 2)]
    ours = rb.basis.BSplineEval(sizes[0]) + rb.basis.CyclicBSplineEval(sizes[1])
    other = nemos.basis.BSplineEval(sizes[0]) + nemos.basis.CyclicBSplineEval(sizes[1])
    inputs = rng.random((2, 80))
    X = np.array(other.compute_features(*inputs))
    ours.compute_features(*inputs)
    X = np.column_stack([X, X[:, 0] + 2 * X[:, 5]]) if seed % 2 else X
    X[3] = np.nan
    found, kept = rb.identifiability_constraints.apply_identifiability_constraints(X, intercept)
    expected, columns = theirs.apply_identifiability_constraints(X, intercept)
    np.testing.assert_array_equal(kept, columns)
    np.testing.assert_array_equal(found, expected)
    if not seed % 2:
        by_part = rb.identifiability_constraints.apply_identifiability_constraints_by_basis_component
        _, kept = by_part(ours, X, intercept)
        _, columns = theirs.apply_identifiability_constraints_by_basis_component(other, X, intercept)
        np.testing.assert_array_equal(kept, columns)
