"""Offset, exposure and sample weights mean the same in a fit, a prediction and a score."""

from __future__ import annotations

import numpy as np
import pytest

import rheobase as rb
from glm_helpers import population
from rheobase.glm import GLM, PopulationGLM

SOLVERS = [None, "Newton", "GramLBFGS", "LBFGS[jaxopt]"]


@pytest.fixture
def data():
    X, y = population(n_features=3)
    return X, y, np.random.default_rng(4)


@pytest.mark.parametrize("link", ["exp", "softplus"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_weight_of_two_is_the_row_twice(data, solver, link):
    X, y, rng = data
    times = rng.integers(0, 4, len(y))
    options = {"inverse_link_function": link, "solver_name": solver}
    weighted = PopulationGLM(**options).fit(X, y, sample_weight=times)
    repeated = PopulationGLM(**options).fit(np.repeat(X, times, axis=0), np.repeat(y, times, axis=0))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-7)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, atol=1e-7)
    for score_type in ("log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen"):
        one = weighted.score(X, y, score_type, sample_weight=times)
        other = weighted.score(np.repeat(X, times, axis=0), np.repeat(y, times, axis=0), score_type)
        np.testing.assert_allclose(one, other, rtol=1e-10)


def test_only_ratios_of_weights_matter_and_zero_leaves_out(data):
    X, y, rng = data
    weight = rng.uniform(0.5, 2.0, y.shape)
    weight[:20] = 0
    first = PopulationGLM().fit(X, y, sample_weight=weight)
    second = PopulationGLM().fit(X[20:], y[20:], sample_weight=1e3 * weight[20:])
    np.testing.assert_allclose(first.coef_, second.coef_, atol=1e-8)
    np.testing.assert_array_equal(first.solution_.stats["n_rows_used"], len(y) - 20)


@pytest.mark.parametrize("regularizer", ["UnRegularized", "Ridge", "Lasso"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_an_offset_is_a_feature_whose_coefficient_is_known(data, solver, regularizer):
    X, y, rng = data
    if regularizer == "Lasso" and solver not in (None, "Newton"):
        pytest.skip("a solver for smooth penalties")
    shift = rng.normal(size=y.shape)
    options = {"regularizer": regularizer, "solver_name": solver}
    options |= {} if regularizer == "UnRegularized" else {"regularizer_strength": 0.01}
    model = PopulationGLM(**options).fit(X, y, offset=shift)
    mean = model.predict(X, offset=shift)
    np.testing.assert_allclose(mean, np.exp(X @ model.coef_ + model.intercept_ + shift), rtol=1e-12)
    centred = X - X.mean(axis=0)
    gradient = centred.T @ (mean - y) / len(y)
    penalty = {"UnRegularized": 0.0, "Ridge": 0.01 * model.coef_, "Lasso": 0.01 * np.sign(model.coef_)}[regularizer]
    assert (model.coef_ != 0).all()
    np.testing.assert_allclose(gradient + penalty, 0.0, atol=1e-7)
    np.testing.assert_allclose(mean.sum(axis=0), y.sum(axis=0), rtol=1e-7)


def test_a_constant_offset_moves_the_intercept_only(data):
    X, y, _ = data
    plain, moved = PopulationGLM().fit(X, y), PopulationGLM().fit(X, y, offset=0.7)
    np.testing.assert_allclose(moved.coef_, plain.coef_, atol=1e-8)
    np.testing.assert_allclose(moved.intercept_, plain.intercept_ - 0.7, atol=1e-8)
    np.testing.assert_allclose(moved.score(X, y, "pseudo-r2-Cohen", offset=0.7), plain.score(X, y, "pseudo-r2-Cohen"))


def test_exposure_is_an_offset_by_its_logarithm(data):
    X, y, rng = data
    shown = rng.uniform(0.5, 2.0, len(y))
    one = PopulationGLM().fit(X, y, exposure=shown)
    other = PopulationGLM().fit(X, y, offset=np.log(shown))
    np.testing.assert_array_equal(one.coef_, other.coef_)
    np.testing.assert_allclose(one.predict(X, exposure=shown), other.predict(X, offset=np.log(shown)))


def test_null_model_of_a_score_knows_the_offset(data):
    """A model without features explains nothing beyond an offset that explains everything."""
    _, y, rng = data
    shift = rng.normal(size=len(y))
    counts = rng.poisson(np.exp(shift)).astype(float)
    model = GLM().fit(np.zeros((len(y), 1)), counts, offset=shift)
    assert abs(model.score(np.zeros((len(y), 1)), counts, "pseudo-r2-Cohen", offset=shift)) < 1e-9


def test_missing_offsets_and_weights_leave_rows_out(data):
    X, y, rng = data
    shift, weight = rng.normal(size=len(y)), rng.uniform(1, 2, len(y))
    shift[3], weight[7] = np.nan, np.nan
    model = GLM().fit(X, y[:, 0], offset=shift, sample_weight=weight)
    kept = np.delete(np.arange(len(y)), [3, 7])
    other = GLM().fit(X[kept], y[kept, 0], offset=shift[kept], sample_weight=weight[kept])
    np.testing.assert_allclose(model.coef_, other.coef_, atol=1e-9)
    assert np.isnan(model.predict(X, offset=shift)[3])


def test_rates_in_hertz(data):
    X, y, _ = data
    model = PopulationGLM().fit(X, y)
    np.testing.assert_allclose(model.predict(X, bin_size=0.01), 100 * model.predict(X))
    with pytest.raises(ValueError, match="bin_size must be finite and > 0"):
        model.predict(X, bin_size=0)
    with pytest.raises(TypeError, match="bin_size must be a number of seconds"):
        model.predict(X, bin_size="10ms")


def test_draws_follow_the_offset(data):
    X, y, _ = data
    model = GLM().fit(X, y[:, 0])
    _, rate = model.simulate(0, X, offset=1.0)
    np.testing.assert_allclose(rate, np.e * model.predict(X))


def test_series_as_terms(data):
    X, y, rng = data
    t, weight = np.arange(len(y)) * 0.01, rng.uniform(1, 2, len(y))
    one = GLM().fit(rb.TsdFrame(t, X), rb.Tsd(t, y[:, 0]), sample_weight=rb.Tsd(t, weight))
    np.testing.assert_array_equal(one.coef_, GLM().fit(X, y[:, 0], sample_weight=weight).coef_)
    with pytest.raises(
        ValueError,
        match="X and offset must share their times",
    ):
        GLM().fit(rb.TsdFrame(t, X), rb.Tsd(t, y[:, 0]), offset=rb.Tsd(t + 1, weight))


@pytest.mark.parametrize(
    ("terms", "error", "message"),
    [
        ({"offset": np.zeros(5)}, ValueError, "X and offset must have the same number of time points"),
        (
            {"offset": np.zeros((192, 3))},
            ValueError,
            r"offset must have shape \(time,\) or \(time, 4\), got \(192, 3\)",
        ),
        ({"offset": "a"}, TypeError, "offset must be numeric"),
        ({"exposure": np.zeros(192)}, ValueError, "exposure must be > 0 .* smallest value is 0"),
        (
            {"sample_weight": -np.ones(192)},
            ValueError,
            "sample_weight must be finite and >= 0, but ranges from -1 to -1",
        ),
        ({"sample_weight": np.full(192, np.inf)}, ValueError, "sample_weight must be finite"),
        ({"sample_weight": np.zeros(192)}, ValueError, "sample_weight is zero"),
    ],
)
def test_wrong_terms(data, terms, error, message):
    X, y, _ = data
    with pytest.raises(error, match=message):
        PopulationGLM().fit(X, y, **terms)


def test_exposure_needs_an_exponential_link(data):
    X, y, _ = data
    with pytest.raises(ValueError, match="exposure multiplies the mean under an exponential link"):
        PopulationGLM(inverse_link_function="softplus").fit(X, y, exposure=np.ones(len(y)))
