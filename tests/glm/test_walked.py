"""Fits that walk through features in memory, in single precision around an anchor, find what whole arrays find."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rheobase import links
from rheobase._arrays.space import Space
from rheobase._x64 import enable_x64
from rheobase.design import Dense
from rheobase.glm import GLM, PopulationGLM, _fit
from rheobase.glm._block_rows import block_rows
from rheobase.glm._row_problem import RowLoss
from rheobase.glm._search import _Starts
from rheobase.glm._used_rows import row_weights
from rheobase.glm._walked import WalkedProblem, rows_of_an_estimate
from rheobase.observation_models import BernoulliObservations, PoissonObservations
from rheobase.solvers._penalty import Penalty
from rheobase.solvers._state import Batch

SAME_OPTIMUM = 1e-6
"""Relative accuracy that every fit promises for its coefficients."""


def data(n_rows=6000, n_features=8, n_neurons=4, seed=0):
    """Correlated features far from zero, and counts that depend on them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_rows, n_features)) @ (np.eye(n_features) + 0.4 * rng.normal(size=(n_features,) * 2))
    eta = x @ rng.normal(0, 0.2, (n_features, n_neurons)) - 0.5
    return x + 50.0, rng.poisson(np.exp(np.minimum(eta, 3.0))).astype(float)


def both(monkeypatch, x, y, terms=(), **options):
    """The same fit, walked and not."""
    models = []
    for much in (0.0, np.inf):
        monkeypatch.setattr(_fit, "_MUCH_WORK", much)
        models.append(PopulationGLM(**options).fit(x, y, **dict(terms)))
    return models


def same(walked, whole):
    size = np.abs(whole.coef_).max()
    np.testing.assert_allclose(walked.coef_, whole.coef_, rtol=0, atol=SAME_OPTIMUM * size)
    # intercepts lie where features are zero, fifty of their spreads away
    np.testing.assert_allclose(walked.intercept_, whole.intercept_, rtol=0, atol=SAME_OPTIMUM * size * 400)
    np.testing.assert_array_equal(walked.solution_.result, whole.solution_.result)


@pytest.mark.parametrize("solver", ["GramLBFGS", "Newton"])
@pytest.mark.parametrize(
    "model", ["Poisson", "Bernoulli", PoissonObservations(inverse_link_function="softplus"), "NegativeBinomial"]
)
def test_same_optimum(monkeypatch, solver, model):
    x, y = data()
    y = np.minimum(y, 1.0) if model == "Bernoulli" else y
    kept = {"solver_name": solver, "observation_model": model}
    same(*both(monkeypatch, x, y, regularizer="Ridge", regularizer_strength=1e-3, **kept))


@pytest.mark.parametrize("solver", ["GramLBFGS", "Newton"])
def test_rows_that_do_not_count(monkeypatch, solver):
    """Weights, an offset, masked rows, and neurons whose responses are missing in rows of their own."""
    x, y = data()
    rng = np.random.default_rng(1)
    y[rng.random(y.shape) < 0.1] = np.nan
    x[300:400] = np.nan
    terms = {"offset": rng.normal(size=y.shape) * 0.1, "sample_weight": rng.random(len(y)) * (rng.random(len(y)) < 0.9)}
    same(*both(monkeypatch, x, y, terms, regularizer="Ridge", regularizer_strength=1e-4, solver_name=solver))


@pytest.mark.parametrize("solver", ["GramLBFGS", "Newton"])
def test_columns_of_ones_own(monkeypatch, solver):
    """Neurons that use a few of the features each: their Hessians have no others."""
    x, y = data(n_features=12, n_neurons=6)
    mask = np.zeros((12, 6), dtype=int)
    mask[:2] = 1
    for neuron in range(6):
        mask[2 + neuron : 5 + neuron, neuron] = 1
    walked, whole = both(
        monkeypatch, x, y, feature_mask=mask, solver_name=solver, regularizer="Ridge", regularizer_strength=1e-4
    )
    same(walked, whole)
    assert not np.any(walked.coef_[mask == 0])
    alone = GLM(regularizer="Ridge", regularizer_strength=1e-4).fit(x[:, mask[:, 3] == 1], y[:, 3])
    np.testing.assert_allclose(walked.coef_[mask[:, 3] == 1, 3], alone.coef_, atol=SAME_OPTIMUM)


@pytest.mark.parametrize("smooth", [False, True])
def test_collinear_features_are_still_told(monkeypatch, smooth):
    x, y = data()
    x = np.column_stack([x, x[:, 0] + x[:, 1]])
    walked, whole = both(monkeypatch, x, y, solver_name="GramLBFGS" if smooth else "Newton")
    np.testing.assert_array_equal(walked.solution_.result, whole.solution_.result)
    np.testing.assert_allclose(walked.predict(x), whole.predict(x), rtol=1e-5)


def test_gradient_is_that_of_double_precision(monkeypatch):
    """What single precision leaves out is in the anchor: the gradient at the answer is zero to the last digits."""
    monkeypatch.setattr(_fit, "_MUCH_WORK", 0.0)
    x, y = data(n_rows=20_000, n_features=30, n_neurons=5)
    x -= 50.0
    model = PopulationGLM(solver_name="GramLBFGS", solver_kwargs={"tol": 1e-10}).fit(x, y)
    residual = np.exp(x @ model.coef_ + model.intercept_) - y
    gradient = x.T @ residual / len(x)
    at_null = x.T @ (y.mean(axis=0) - y) / len(x)
    assert np.abs(gradient).max() < 1e-8 * np.abs(at_null).max()  # tolerance 1e-10 of coefficients that correlate


def test_a_fit_can_be_repeated_to_the_last_digit(monkeypatch):
    monkeypatch.setattr(_fit, "_MUCH_WORK", 0.0)
    x, y = data(n_rows=30_000)
    first, second = (PopulationGLM(solver_name="GramLBFGS").fit(x, y) for _ in range(2))
    np.testing.assert_array_equal(first.coef_, second.coef_)


@pytest.mark.parametrize(
    ("model", "link"),
    [(PoissonObservations(), links.Exp()), (BernoulliObservations(), links.Logistic())],
    ids=["Poisson", "Bernoulli"],
)
def test_written_derivatives_are_those_that_jax_finds(model, link):
    import jax
    import jax.numpy as jnp

    rng = np.random.default_rng(0)
    eta = np.concatenate([rng.normal(0, 3, (200, 2)), [[-700.0, -30.0], [30.0, 0.0]]])
    y = rng.integers(0, 2, eta.shape).astype(float)
    found = tuple(np.empty_like(eta) for _ in range(3))
    assert model.derivatives(y, eta, link, found)
    with enable_x64():
        loss = lambda value, y: model.negative_log_likelihood(y, value, link)  # noqa: E731
        flat, responses = jnp.asarray(eta.ravel()), jnp.asarray(y.ravel())
        orders = [jax.vmap(f)(flat, responses) for f in (loss, jax.grad(loss), jax.grad(jax.grad(loss)))]
    for ours, theirs in zip(found, orders, strict=True):
        np.testing.assert_allclose(ours.ravel(), theirs, rtol=1e-12, atol=1e-12)


def test_a_subclass_with_another_loss_is_asked_for_its_own():
    from dataclasses import dataclass

    @dataclass(frozen=True, repr=False)
    class Halved(PoissonObservations):
        def negative_log_likelihood(self, y, eta, link, scale=None):
            return 0.5 * super().negative_log_likelihood(y, eta, link, scale)

    y, eta, weights = np.ones((5, 1)), np.full((5, 1), 0.3), np.full((5, 1), 0.2)
    halved = block_rows(RowLoss(Halved(), links.Exp()), y, eta.copy(), weights, np.ones(1), 8, Space())
    plain = block_rows(RowLoss(PoissonObservations(), links.Exp()), y, eta.copy(), weights, np.ones(1), 8, Space())
    for half, whole in zip(halved, plain, strict=True):
        np.testing.assert_allclose(2 * half, whole, rtol=1e-12)


def walked(n_rows=3000, n_features=6, n_neurons=9, **options):
    """A problem to walk through, and a point and a direction in it."""
    rng = np.random.default_rng(2)
    x, y = data(n_rows, n_features, n_neurons)
    design, row_loss = Dense(x).standardized(), RowLoss(PoissonObservations(), links.Exp())
    weights = row_weights(design, np.ones((n_rows, 1), dtype=bool), None)
    penalty = Penalty(ridge=np.zeros((n_features + 1, n_neurons)))
    problem = WalkedProblem(design, y, weights, row_loss, penalty, **options)
    return problem, *(rng.normal(0, 0.1, (n_features + 1, n_neurons)) for _ in range(2))


@pytest.mark.parametrize("collects", [True, False])
def test_other_steps_of_a_few_are_what_a_new_evaluation_gives(collects):
    """Only the columns whose step is another are computed again."""
    problem, start, direction = walked()
    problem._is_hopeful = collects
    steps = np.ones(9)
    here = problem.evaluate(problem.start(), problem.predictor(start), steps).eta.copy()
    change = problem.predictor(direction)
    problem.evaluate(here, change, steps)
    steps = np.where(np.arange(9) == 4, 0.3, 1.0)
    again = problem.evaluate(here, change, steps)
    assert (again.residual.gradient is None) == (not collects)
    fresh, *_ = walked(sharp=True)
    params = start + steps * direction
    whole = fresh.evaluate(fresh.start(), fresh.predictor(params), np.ones(9))
    np.testing.assert_allclose(again.loss, whole.loss, rtol=3e-7)  # single precision
    np.testing.assert_allclose(again.eta, whole.eta, atol=2e-6)  # six products below 1, in single precision
    found, exact = problem.gradient(again.residual), fresh.gradient(whole.residual)
    np.testing.assert_allclose(found, exact, atol=3e-6 * np.abs(exact).max())  # the same, averaged over rows


@pytest.mark.parametrize("mask", [False, True])
def test_rough_hessians_are_right_to_six_digits_from_all_rows(mask):
    problem, start, _ = walked()
    curvature = problem.evaluate(problem.start(), problem.predictor(start), np.ones(9)).curvature
    columns, everything = np.array([1, 5]), np.arange(7)
    rows = [np.array([0, 2, 3, 6]), everything] if mask else [slice(None), slice(None)]
    rough = problem.rough_hessians(curvature, columns, rows, problem.n_rows)
    for found, exact, some in zip(rough, problem.hessian(curvature, columns), rows, strict=True):
        whole = np.arange(7)[some]
        np.testing.assert_allclose(found, exact[np.ix_(whole, whole)], atol=1e-5 * exact.max())


def test_weights_of_rows_that_straddle_two_blocks():
    """A block whose rows all weigh the same is a short cut; rows from elsewhere must not take it."""
    problem, *_ = walked(n_rows=40_000, n_features=2, n_neurons=2)
    problem.weights[20_000:] = 0.0
    problem = WalkedProblem(problem.design, problem.y, problem.weights, problem.row_loss, problem.penalty)
    assert problem._walk.block_rows < 40_000
    bent = problem._bend(np.zeros((40_000, 2)), 10_000, 40_000, slice(None))
    np.testing.assert_allclose(bent, np.broadcast_to(problem.weights[10_000:40_000], bent.shape))


def test_columns_that_are_kin_share_an_estimate():
    problem, start, _ = walked()
    problem.kin = np.arange(9) // 3
    batch = Batch(problem, start)
    found = batch.thin_hessians(np.arange(9))
    assert len({id(hessian) for _, hessian in found}) == 3


def test_high_rates_and_large_counts(monkeypatch):
    """Whose sums would drown in single precision."""
    x, y = data(n_features=4, n_neurons=3)
    y = np.random.default_rng(0).poisson(1e5 * np.exp(0.2 * (x[:, :3] - 50.0))).astype(float)
    same(*both(monkeypatch, x, y, {"offset": np.full(len(y), 8.0)}, solver_name="GramLBFGS"))


def test_estimates_are_counted_on_only_where_there_are_rows_enough(monkeypatch):
    """The reason that is told is what happens."""
    monkeypatch.setattr(_fit, "_MUCH_WORK", 0.0)
    assert rows_of_an_estimate(200_000, 60) == 20_000
    assert rows_of_an_estimate(6_000, 60) == 0
    x, y = data(n_rows=3000, n_features=40, n_neurons=1)
    assert PopulationGLM(regularizer="Ridge").fit(x, y).solution_.stats["solver"] == "Newton"


def test_a_search_starts_where_strengths_point_to():
    """Coefficients that come nearer and nearer by halves are met at once."""
    starts = _Starts(is_smooth=True)
    assert starts.next() is None
    for value in (1.0, 1.5, 1.75):
        starts.note(SimpleNamespace(coef=np.full((2, 3), value), intercept=np.full(3, value)))
    coef, intercept = starts.next()
    np.testing.assert_allclose(coef, 1.875)
    np.testing.assert_allclose(intercept, 1.875)
