"""Fits that keep nothing of every row find what ordinary fits find."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.design import Convolved, Dense, SideBySide, _convolved
from rheobase.glm import GLM, PopulationGLM, _fit, _inputs

SAME_OPTIMUM = 1e-6
"""Relative accuracy that every fit promises for its coefficients."""


@pytest.fixture
def streams(monkeypatch):
    """Every design that makes its features block by block counts as large."""
    monkeypatch.setattr(_fit, "_MANY_ROWS", 0)
    monkeypatch.setattr(_convolved, "_LARGE", 0)
    monkeypatch.setattr(_inputs, "_LARGE", 0)


def recording(n_samples=3000, n_neurons=3, seed=0):
    """Counts of coupled neurons (uint8), and a bank of kernels."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((n_samples, n_neurons), dtype=np.uint8)
    weights, trace = rng.normal(0, 0.4, (n_neurons, n_neurons)), np.zeros(n_neurons)
    for row in range(n_samples):
        counts[row] = np.minimum(rng.poisson(np.exp(np.minimum(trace @ weights - 1.0, 2.0))), 9)
        trace = 0.7 * trace + counts[row]
    lags = np.arange(12)[:, None]
    return counts, np.exp(-0.5 * (lags - [0.0, 4.0, 9.0]) ** 2 / 4.0)


def same(model, other):
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=0, atol=SAME_OPTIMUM * np.abs(other.coef_).max())
    np.testing.assert_allclose(model.intercept_, other.intercept_, rtol=0, atol=SAME_OPTIMUM * 10)
    assert model.solution_.stats["streamed"]


@pytest.mark.usefixtures("streams")
@pytest.mark.parametrize("solver", ["GramLBFGS", "Newton", None])
@pytest.mark.parametrize("model", ["Poisson", "Gaussian", "Bernoulli"])
def test_same_optimum_as_the_matrix(solver, model):
    counts, kernel = recording()
    y = np.minimum(counts, 1) if model == "Bernoulli" else counts
    design = Convolved(counts, kernel)
    options = {
        "observation_model": model,
        "regularizer": "Ridge",
        "regularizer_strength": 1e-3,
        "solver_name": solver or "auto",
    }
    same(PopulationGLM(**options).fit(design, y), PopulationGLM(**options).fit(design.to_dense(), y.astype(float)))


@pytest.mark.usefixtures("streams")
@pytest.mark.parametrize("causality", ["causal", "acausal", "anti-causal"])
def test_epochs_and_both_sides(causality):
    counts, kernel = recording()
    design = Convolved(counts, kernel, causality=causality, first=[0, 700, 1500], last=[650, 1500, 2900])
    same(PopulationGLM().fit(design, counts), PopulationGLM().fit(design.to_dense(), counts.astype(float)))


@pytest.mark.usefixtures("streams")
def test_rows_that_do_not_count():
    """Weights, an offset, and neurons whose responses are missing in rows of their own."""
    counts, kernel = recording()
    rng = np.random.default_rng(1)
    y = counts.astype(float)
    y[rng.random(y.shape) < 0.1] = np.nan
    y[500:600] = np.nan
    design = Convolved(counts, kernel)
    terms = {"offset": rng.normal(size=y.shape) * 0.1, "sample_weight": rng.random(len(y)) * (rng.random(len(y)) < 0.9)}
    same(PopulationGLM().fit(design, y, **terms), PopulationGLM().fit(design.to_dense(), y, **terms))


@pytest.mark.usefixtures("streams")
@pytest.mark.parametrize("regularizer", ["Lasso", "ElasticNet", "GroupLasso"])
def test_penalties_with_kinks(regularizer):
    counts, kernel = recording(1200)
    design = Convolved(counts, kernel)
    options = {"regularizer": regularizer, "regularizer_strength": 0.01}
    if regularizer == "GroupLasso":
        from rheobase.regularizer import GroupLasso

        options["regularizer"] = GroupLasso(mask=np.kron(np.eye(3), np.ones(3)))
    elif regularizer == "ElasticNet":
        options["regularizer_strength"] = (0.01, 0.5)
    ours = PopulationGLM(**options).fit(design, counts)
    other = PopulationGLM(**options).fit(design.to_dense(), counts.astype(float))
    same(ours, other)
    np.testing.assert_array_equal(ours.coef_ == 0, other.coef_ == 0)


@pytest.mark.usefixtures("streams")
def test_feature_mask_and_silent_neuron():
    counts, kernel = recording()
    y = counts.copy()
    y[:, 1] = 0
    mask = np.ones((9, 3))
    mask[:3, 0] = 0
    with pytest.warns(match="no spikes"):
        ours = PopulationGLM(feature_mask=mask).fit(Convolved(counts, kernel), y)
    with pytest.warns(match="no spikes"):
        other = PopulationGLM(feature_mask=mask).fit(Convolved(counts, kernel).to_dense(), y.astype(float))
    same(ours, other)


@pytest.mark.usefixtures("streams")
def test_one_neuron_and_a_signal_with_holes():
    rng = np.random.default_rng(3)
    signal = rng.normal(size=2000) + 100.0
    signal[[100, 900]] = np.nan
    kernel = np.eye(8)[:, :5]
    design = Convolved(signal, kernel)
    y = rng.poisson(1.0, 2000)
    same(GLM().fit(design, y), GLM().fit(design.to_dense(), y.astype(float)))


@pytest.mark.usefixtures("streams")
def test_side_by_side_with_a_matrix():
    counts, kernel = recording()
    rng = np.random.default_rng(4)
    x = rng.normal(size=(len(counts), 2))
    design = SideBySide(Dense(x), Convolved(counts, kernel))
    matrix = np.hstack([x, Convolved(counts, kernel).to_dense()])
    same(PopulationGLM().fit(design, counts), PopulationGLM().fit(matrix, counts.astype(float)))


@pytest.mark.usefixtures("streams")
def test_solvers_that_need_the_matrix_say_so():
    counts, kernel = recording(500)
    with pytest.raises(MemoryError, match="features as one array"):
        PopulationGLM(solver_name="BFGS").fit(Convolved(counts, kernel), counts)


def test_small_fits_keep_their_rows():
    counts, kernel = recording(500)
    assert not PopulationGLM().fit(Convolved(counts, kernel), counts).solution_.stats["streamed"]


@pytest.mark.parametrize("aggregate", [np.mean, np.sum])
@pytest.mark.parametrize("score_type", ["log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen"])
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_and_predictions_by_blocks(score_type, aggregate, weighted, monkeypatch):
    """Sums over blocks of rows are what the matrix of all features gives, rows without values left out."""
    counts, kernel = recording()
    y = counts.astype(float)
    y[40:60, 1] = np.nan
    monkeypatch.setattr(Convolved, "block_rows", 700)
    design = Convolved(counts, kernel, first=[0, 1500], last=[1400, 3000])
    terms = {"sample_weight": np.random.default_rng(2).random(y.shape)} if weighted else {}
    model = PopulationGLM().fit(design, y)
    np.testing.assert_allclose(model.predict(design), model.predict(design.to_dense()), rtol=1e-12)
    one_by_one = model.score(design, y, score_type, lambda s: aggregate(s), **terms)
    np.testing.assert_allclose(model.score(design, y, score_type, aggregate, **terms), one_by_one, rtol=1e-10)
    whole = model.score(design.to_dense(), y, score_type, aggregate, **terms)
    np.testing.assert_allclose(one_by_one, whole, rtol=1e-10)
