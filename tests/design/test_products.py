"""Every design, raw or standardised, gives the three products of the matrix that it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from design_families import chunked_cases, convolved_cases, dense_cases, side_by_side_cases

from helpers import ROUNDING
from rheobase.design import _products
from rheobase.design._core import bucket
from rheobase.design._products import HostProducts, device_products, weighted_gram

CASES = {f"Dense, {name}": case for name, case in dense_cases().items()}
CASES |= {f"Convolved, {name}": case for name, case in convolved_cases().items()}
CASES |= {f"Chunked, {name}": case for name, case in chunked_cases().items()}
CASES |= {f"SideBySide, {name}": case for name, case in side_by_side_cases().items()}


def plain(matrix, n_rows):
    """The matrix with masked and padded rows of zeros."""
    out = np.zeros((n_rows, matrix.shape[1]))
    out[: len(matrix)] = np.where(np.isnan(matrix), 0.0, matrix)
    return out


def standard_matrix(matrix, mask=None):
    """Columns centred and scaled over the valid rows, by the textbook, in extended precision."""
    valid = ~np.isnan(matrix).any(axis=1)
    if mask is not None:
        valid &= mask
    used = matrix[valid].astype(np.longdouble)
    center = used.mean(axis=0)
    scale = np.sqrt(((used - center) ** 2).mean(axis=0))
    constant = used.max(axis=0) == used.min(axis=0)
    scale = np.where(constant, 1.0, scale)
    out = np.full(matrix.shape, np.nan)
    out[valid] = np.where(constant, 0.0, (used - center) / scale)
    return out, center.astype(float), scale.astype(float)


def check_products(design, matrix, n_neurons, tolerance):
    """The three products, and that the first two are each other's adjoint."""
    rng = np.random.default_rng(3)
    x = plain(matrix, design.n_rows)
    size = np.abs(x).max(axis=0, initial=0.0)
    coef = rng.normal(size=(design.n_features, n_neurons)) / np.where(size > 0, size, 1.0)[:, None]
    residual = rng.normal(size=(design.n_rows, n_neurons))
    weights = rng.random((design.n_rows, n_neurons))
    eta = np.asarray(design.matvec(coef))
    back = design.rmatvec(residual)
    gram = design.gram(weights)
    assert eta.shape == residual.shape
    assert back.shape == coef.shape
    assert gram.shape == (n_neurons, design.n_features, design.n_features)
    scale = np.where(size > 0, size, 1.0)
    np.testing.assert_allclose(eta, x @ coef, rtol=0, atol=tolerance * design.n_features)
    np.testing.assert_allclose(back / scale[:, None], x.T @ residual / scale[:, None], rtol=0, atol=tolerance * len(x))
    brute = np.einsum("ti,tn,tj->nij", x, weights, x)
    np.testing.assert_allclose(
        gram / np.outer(scale, scale), brute / np.outer(scale, scale), rtol=0, atol=tolerance * len(x)
    )
    np.testing.assert_array_equal(gram, gram.transpose(0, 2, 1))
    left, right = np.sum(eta * residual, axis=0), np.sum(coef * back, axis=0)
    np.testing.assert_allclose(left, right, rtol=0, atol=tolerance * len(x) * design.n_features)


@pytest.mark.parametrize("n_neurons", [1, 5])
@pytest.mark.parametrize("name", CASES)
def test_raw_products(name, n_neurons):
    design, matrix = CASES[name]
    check_products(design, matrix, n_neurons, ROUNDING)


@pytest.mark.parametrize("with_mask", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_standardized_products(name, with_mask):
    design, matrix = CASES[name]
    mask = np.random.default_rng(5).random(len(matrix)) < 0.8 if with_mask else None
    if with_mask and len(matrix) < 4:
        mask[:] = True
    standard = design.standardized(mask)
    expected, center, scale = standard_matrix(matrix, mask)
    # a column's digits after centring: what is left of 16 when its offset is 1e8 times its spread
    kept = 1.0 + np.max(np.abs(center) / scale, initial=0.0, where=scale != 1.0)
    check_products(standard, expected, 3, ROUNDING * kept)
    np.testing.assert_allclose(standard.center, center, rtol=ROUNDING, atol=ROUNDING * scale.max())
    np.testing.assert_allclose(standard.scale, scale, rtol=ROUNDING * kept)
    np.testing.assert_allclose(standard.to_array(), plain(expected, standard.n_rows), rtol=0, atol=ROUNDING * kept * 10)
    np.testing.assert_allclose(standard.to_dense(), expected, rtol=0, atol=ROUNDING * kept * 10)
    assert standard.standardized() is standard


@pytest.mark.parametrize("name", CASES)
def test_masks_and_sizes(name):
    design, matrix = CASES[name]
    standard = design.standardized()
    valid = ~np.isnan(matrix).any(axis=1)
    for one in (design, standard):
        assert one.shape == matrix.shape
        assert one.n_valid == valid.sum()
        assert one.row_mask.shape == (one.n_rows,)
        np.testing.assert_array_equal(one.row_mask[: len(matrix)], valid)
        assert not one.row_mask[len(matrix) :].any()
        assert f"{len(matrix) - valid.sum():,} rows masked" in repr(one)
    assert standard.n_rows == bucket(len(matrix))
    np.testing.assert_allclose(design.to_dense(), matrix, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("name", CASES)
def test_restore_undoes_convert(name):
    design = CASES[name][0]
    standard = design.standardized()
    rng = np.random.default_rng(7)
    coef, intercept = rng.normal(size=(design.n_features, 3)) / standard.scale[:, None], rng.normal(size=3)
    again, offset = standard.restore(*standard.convert(coef, intercept))
    np.testing.assert_allclose(again, coef, rtol=ROUNDING)
    reach = np.abs(standard.center) @ np.abs(coef) + 1.0
    np.testing.assert_allclose(offset / reach, intercept / reach, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("name", CASES)
def test_both_units_give_the_same_predictor(name):
    """`convert` is what makes standardised features times coefficients the user's linear predictor."""
    design, matrix = CASES[name]
    standard = design.standardized()
    rng = np.random.default_rng(8)
    coef, intercept = rng.normal(size=(design.n_features, 2)) / standard.scale[:, None], rng.normal(size=2)
    new_coef, new_intercept = standard.convert(coef, intercept)
    rows = standard.row_mask[: len(matrix)]
    ours = (np.asarray(standard.matvec(new_coef))[: len(matrix)] + new_intercept)[rows]
    theirs = matrix[rows] @ coef + intercept
    reach = np.abs(matrix[rows]) @ np.abs(coef) + 1.0
    np.testing.assert_allclose(ours / reach, theirs / reach, rtol=0, atol=10 * ROUNDING)


def test_weighted_gram_by_blocks_equals_at_once(monkeypatch):
    """More than one block of rows, with a rest, on BLAS's symmetric product."""
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(1000, 7)), rng.random(1000)
    weights[::3] = 0.0
    at_once = weighted_gram(x, weights)
    monkeypatch.setattr(_products, "_BLOCK", 64)
    by_blocks = weighted_gram(x, weights)
    np.testing.assert_allclose(by_blocks, at_once, rtol=0, atol=1000 * ROUNDING)
    np.testing.assert_allclose(by_blocks, x.T @ (weights[:, None] * x), rtol=0, atol=1000 * ROUNDING)
    np.testing.assert_array_equal(by_blocks, by_blocks.T)


def test_device_products_equal_host_products():
    """The compiled products, which an accelerator runs, give the same float64 numbers; JAX's setting is untouched."""
    import jax

    before = jax.config.jax_enable_x64
    rng = np.random.default_rng(1)
    x = rng.normal(size=(64, 3))
    host, device = HostProducts(x), device_products(x)
    coef, rows, weights = rng.normal(size=(3, 2)), rng.normal(size=(64, 2)), rng.random((64, 2))
    eta = np.asarray(device.matvec(coef))
    assert eta.dtype == np.float64
    np.testing.assert_allclose(eta, host.matvec(coef), rtol=0, atol=10 * ROUNDING)
    np.testing.assert_allclose(device.rmatvec(rows), host.rmatvec(rows), rtol=0, atol=10 * ROUNDING)
    np.testing.assert_allclose(device.gram(weights), host.gram(weights), rtol=0, atol=100 * ROUNDING)
    assert device.gram(weights).dtype == np.float64
    assert jax.config.jax_enable_x64 == before


def test_bucket_pads_at_most_an_eighth_and_has_eight_sizes_an_octave():
    sizes = np.array([bucket(int(n)) for n in range(1, 40_000)])
    n = np.arange(1, 40_000)
    assert (sizes >= n).all()
    assert (sizes[64:] <= n[64:] * 1.125 + 1).all()
    assert (np.diff(sizes) >= 0).all()
    assert all(bucket(int(size)) == size for size in np.unique(sizes))
    assert len(np.unique(sizes[(n > 1024) & (n <= 2048)])) == 8
