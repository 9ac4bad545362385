"""What only designs side by side do: whose rows and products they use, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import ROUNDING, SOLVER
from rheobase.design import Chunked, Convolved, Dense, SideBySide, _blockwise
from rheobase.glm import GLM, PopulationGLM


@pytest.fixture
def parts():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.5, size=(300, 3)).astype(np.uint8)
    return Dense(rng.normal(size=(300, 2))), Convolved(counts, np.exp(-np.arange(10)[:, None] / [2.0, 5.0]))


@pytest.mark.parametrize("standard", [False, True])
def test_each_part_makes_its_own_products(parts, standard, monkeypatch):
    """No block of all columns is made for a product with coefficients: a part may have a faster way."""
    design = SideBySide(*parts)
    design = design.standardized() if standard else design
    monkeypatch.setattr(type(design), "take", lambda *_: pytest.fail("columns of all parts were made"))
    assert design.matvec(np.ones((8, 2))).shape == (design.n_rows, 2)
    assert design.rmatvec(np.ones((design.n_rows, 2))).shape == (8, 2)


@pytest.mark.parametrize("n_bytes", [1, 2000, 10_000])
def test_blocks_of_any_size_give_the_same_moments(parts, n_bytes, monkeypatch):
    design = SideBySide(*parts).standardized()
    weights = np.random.default_rng(1).random((design.n_rows, 2))
    whole = design.gram(weights)
    monkeypatch.setattr(_blockwise, "_BLOCK_BYTES", n_bytes)
    np.testing.assert_allclose(design.gram(weights), whole, rtol=0, atol=1000 * ROUNDING)
    np.testing.assert_array_equal(design.gram_of(weights[:, :1], [1, 5]), design.gram(weights[:, :1])[0][1::4, 1::4])


def test_some_features_only(parts):
    design = SideBySide(*parts).standardized()
    weights = np.random.default_rng(1).random((design.n_rows, 1))
    some = np.array([1, 5, 7])
    expected = design.gram(weights)[0][np.ix_(some, some)]
    np.testing.assert_allclose(design.gram_of(weights, some), expected, rtol=0, atol=1000 * ROUNDING)


def test_a_row_is_used_where_every_part_allows_it(parts):
    dense, convolved = parts
    holes = dense.to_dense()
    holes[50] = np.nan
    design = SideBySide(holes, convolved)
    expected = convolved.row_mask[:300].copy()
    expected[50] = False
    np.testing.assert_array_equal(design.row_mask[:300], expected)
    np.testing.assert_array_equal(design.standardized().row_mask[:300], expected)


@pytest.mark.parametrize("solver", ["Newton", "GramLBFGS"])
def test_a_fit_is_that_of_the_matrix(parts, solver):
    design = SideBySide(*parts)
    X = design.to_dense()
    y = np.random.default_rng(4).poisson(np.exp(0.1 * np.nan_to_num(X).sum(axis=1))).astype(float)
    y = np.stack([y, y[::-1]], axis=1)
    options = {"solver_name": solver, "regularizer": "Ridge", "regularizer_strength": 0.01}
    ours, theirs = (PopulationGLM(**options).fit(x, y) for x in (design, X))
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.predict(design), theirs.predict(X), rtol=1e-9)
    assert "Dense 2 + Convolved 6" in ours.solution_.stats["design"]
    assert ours.score(design, y) == pytest.approx(theirs.score(X, y), rel=1e-10)


def test_sparse_penalties_run_too(parts):
    design = SideBySide(*parts)
    X = design.to_dense()
    y = np.random.default_rng(5).poisson(1.0, size=300)
    options = {"regularizer": "Lasso", "regularizer_strength": 0.05}
    np.testing.assert_allclose(GLM(**options).fit(design, y).coef_, GLM(**options).fit(X, y).coef_, rtol=0, atol=1e-7)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("window", [10, 90])
def test_a_walk_gives_the_same_products(window, large, monkeypatch):
    """Whether the convolution goes through its features or through the Fourier transform."""
    from rheobase.design import _convolved

    if large:
        monkeypatch.setattr(_convolved, "_LARGE", 1)
    rng = np.random.default_rng(2)
    signals, kernel = rng.normal(size=(3000, 3)), rng.normal(size=(window, 2))
    conv = Convolved(signals, kernel, first=[0, 1500], last=[1490, 3000])
    video = Chunked(rng.normal(size=(3000, 2)) + 3.0)
    design = SideBySide(rng.normal(size=(3000, 2)), conv, video)
    standard = design.standardized()
    coef = rng.normal(size=(10, 4))
    residual = np.where(standard.row_mask[:3000, None], rng.normal(size=(3000, 4)), 0.0)
    walk = standard.walk(4)
    walk.block_rows = min(walk.block_rows, 1100)  # some blocks and a rest
    plan, eta = walk.plan(coef), np.zeros((3000, 4))

    def work(start, stop):
        block = walk.open(start, stop)
        eta[start:stop] = walk.predictor(block, plan)[: stop - start]
        return (walk.collect(block, residual[start:stop]),)

    (total,) = walk.each(work)
    x = standard.to_array()[:3000]
    used = standard.row_mask[:3000]
    np.testing.assert_allclose(eta[used], (x @ coef)[used], rtol=0, atol=1e4 * ROUNDING)
    np.testing.assert_allclose(walk.finish(total), x.T @ residual, rtol=0, atol=1e6 * ROUNDING)
    moments = standard.second_moments()
    np.testing.assert_array_equal(moments, moments.T)
    exact = x.T @ x / used.sum()
    # a large convolution counts the edges of epochs too, a window or two of 3,000 rows
    np.testing.assert_allclose(moments, exact, rtol=0, atol=0.15 if large else 1e3 * ROUNDING)


@pytest.mark.parametrize("large", [False, True])
def test_a_fit_that_keeps_no_rows_is_that_of_the_matrix(large, monkeypatch):
    """As for an hour of a hundred neurons: a walk over blocks, convolutions through the Fourier transform."""
    from rheobase.design import _convolved
    from rheobase.glm import _fit

    monkeypatch.setattr(_fit, "_MANY_ROWS", 1)
    monkeypatch.setattr(_convolved, "_LARGE", 1 if large else 1 << 40)
    rng = np.random.default_rng(6)
    counts = rng.poisson(0.5, size=(4000, 4)).astype(np.uint8)
    kernel = np.exp(-np.arange(30)[:, None] / [3.0, 9.0])
    stimulus = rng.normal(size=(4000, 2)) + 1.0
    design = SideBySide(Dense(stimulus), Convolved(counts, kernel, first=[0, 2000], last=[1990, 4000]))
    X, y = design.to_dense(), np.minimum(counts + (stimulus[:, :1] > 1.5), 255).astype(np.uint8)
    options = {"regularizer": "Ridge", "regularizer_strength": 1e-3, "solver_name": "GramLBFGS"}
    ours, theirs = PopulationGLM(**options).fit(design, y), PopulationGLM(**options).fit(X, y)
    assert ours.solution_.stats["streamed"]
    assert not theirs.solution_.stats["streamed"]
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=SOLVER)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=0, atol=SOLVER)


def test_sides_must_have_the_same_rows():
    with pytest.raises(ValueError, match=r"same rows, got 10, 11 rows. Count and average in the same bins"):
        SideBySide(np.ones((10, 1)), np.ones((11, 2)))
    with pytest.raises(ValueError, match="at least one design"):
        SideBySide()
