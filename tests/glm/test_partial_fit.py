"""Fits to streams: what batches tell one by one is what they tell together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_helpers import population
from helpers import ROUNDING, SAMPLING, SOLVER
from rheobase.design import Convolved
from rheobase.glm import GLM, PopulationGLM
from rheobase.regularizer import GroupLasso
from rheobase.solvers import Result

FAMILIES = {
    "Poisson": {},
    "Poisson softplus": {"inverse_link_function": "softplus"},
    "Gaussian": {},
    "Bernoulli": {},
    "Gamma": {"inverse_link_function": "exp"},
    "NegativeBinomial": {},
}
PENALTIES = {
    "none": {},
    "ridge": {"regularizer": "Ridge", "regularizer_strength": 0.1},
    "lasso": {"regularizer": "Lasso", "regularizer_strength": 0.05},
    "group lasso": {"regularizer": GroupLasso(np.array([[1, 1, 0], [0, 0, 1]])), "regularizer_strength": 0.05},
}
MASK = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 0, 1]])

HALF_AN_ERROR = 0.5
"""Standard errors that one pass over small batches may end from the full fit: the parabolas of the first batches were
drawn before the estimate was good. Measured 0.05 to 0.35 over families and batches."""


def responses(family, X, n_neurons=4, seed=0):
    """Responses (time, neuron) with known coefficients."""
    rng = np.random.default_rng(seed)
    eta = X @ (0.4 * rng.normal(size=(X.shape[1], n_neurons))) - 0.3
    if family == "Gaussian":
        return eta + 0.5 * rng.normal(size=eta.shape)
    if family == "Bernoulli":
        return (rng.uniform(size=eta.shape) < 1 / (1 + np.exp(-eta))).astype(float)
    if family == "Gamma":
        return rng.gamma(2.0, np.exp(eta) / 2.0)
    if family == "NegativeBinomial":
        return rng.poisson(np.exp(eta) * rng.gamma(2.0, 0.5, size=eta.shape)).astype(float)
    return rng.poisson(np.log1p(np.exp(eta)) if "softplus" in family else np.exp(eta)).astype(float)


def streamed(model, X, y, n_batches, passes=1, **terms):
    """`model` after so many passes over so many batches."""
    for _ in range(passes):
        for rows in np.array_split(np.arange(len(X)), n_batches):
            model.partial_fit(X[rows], y[rows], **{name: values[rows] for name, values in terms.items()})
    return model


def model_of(family, **options):
    return PopulationGLM(family.partition(" ")[0], **{**FAMILIES[family], **options})


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_one_batch_is_the_full_fit(family, penalty):
    X = population()[0]
    y = responses(family, X)
    full = model_of(family, **PENALTIES[penalty]).fit(X, y)
    model = model_of(family, **PENALTIES[penalty]).partial_fit(X, y)
    size = np.abs(full.coef_).max()
    np.testing.assert_allclose(model.coef_, full.coef_, rtol=0, atol=SOLVER * size)
    np.testing.assert_allclose(model.intercept_, full.intercept_, rtol=0, atol=SOLVER * size)
    np.testing.assert_array_equal(model.coef_ == 0, full.coef_ == 0)
    np.testing.assert_allclose(model.solution_.loss, full.solution_.loss, rtol=SOLVER)
    np.testing.assert_allclose(model.dof_resid_, full.dof_resid_)
    # both estimate a dispersion around means that differ by SOLVER; tiny dispersions are flat
    np.testing.assert_allclose(model.scale_, full.scale_, rtol=1e-4, atol=1e-6)
    assert (model.solution_.result == Result.CONVERGED).all()


@pytest.mark.parametrize("n_batches", [2, 7, 48])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_gaussian_responses_are_exact_whatever_the_batches(penalty, n_batches):
    """The loss is its own parabola: no row is forgotten, also in batches of four rows."""
    X = population()[0] * [1e-6, 1.0, 1e6] + [0.0, 50.0, -1e7]
    y = responses("Gaussian", population()[0])
    options = dict(PENALTIES[penalty])
    if options:  # strengths are in the user's units
        X = population()[0] + [0.0, 50.0, -10.0]
    full = model_of("Gaussian", **options).fit(X, y)
    model = streamed(model_of("Gaussian", **options), X, y, n_batches)
    spread = X.std(axis=0)[:, None]
    np.testing.assert_allclose(model.coef_ * spread, full.coef_ * spread, rtol=0, atol=1e-8)
    np.testing.assert_allclose(model.scale_, full.scale_, rtol=1e-7)
    np.testing.assert_allclose(model.solution_.loss, full.solution_.loss, rtol=1e-8)
    np.testing.assert_array_equal(model.solution_.stats["n_rows_used"], len(X))


@pytest.mark.parametrize("n_batches", [10, 100])
@pytest.mark.parametrize("family", FAMILIES)
def test_one_pass_ends_within_the_standard_error(family, n_batches):
    X = population(4000)[0]
    y = responses(family, X)
    full = model_of(family).fit(X, y)
    model = streamed(model_of(family), X, y, n_batches)
    errors = full.inference(X, y).standard_errors
    errors = errors[-len(full.coef_) :] if len(errors) > len(full.coef_) else errors
    assert np.abs((model.coef_ - full.coef_) / errors[: len(full.coef_)]).max() < HALF_AN_ERROR
    assert (model.solution_.result == Result.CONVERGED).all()


def test_more_passes_come_closer():
    """Parabolas of the first pass are outnumbered: the error falls as one over the number of passes."""
    X, y = population(2000)
    full = PopulationGLM().fit(X, y)
    error = [np.abs(streamed(PopulationGLM(), X, y, 20, passes).coef_ - full.coef_).max() for passes in (1, 4, 16)]
    assert error[1] < 0.35 * error[0]
    assert error[2] < 0.35 * error[1]


def test_a_half_life_forgets_the_first_pass():
    """With a memory of a few passes the early parabolas fade, and the error with them."""
    X, y = population(2000)
    full = PopulationGLM().fit(X, y)
    model = PopulationGLM()
    for _ in range(20):
        for rows in np.array_split(np.arange(len(X)), 20):
            model.partial_fit(X[rows], y[rows], half_life=2000)
    remembering = streamed(PopulationGLM(), X, y, 20, 20)
    far, near = (np.abs(m.predict(X) / full.predict(X) - 1).mean() for m in (remembering, model))
    assert near < 0.1  # recent rows count more than others, so it is another fit, of the same size of error
    assert far < 0.1
    assert model.solution_.stats["weight_used"].max() < 2000 / np.log(2) + 200


def test_a_half_life_follows_a_drift():
    """A coefficient that turns its sign half way: the recent one is found, in the mean over all rows it is lost."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(6000, 1))
    sign = np.where(np.arange(6000) < 3000, 1.0, -1.0)
    y = rng.poisson(np.exp(0.6 * sign * X[:, 0])).astype(float)
    following, mean = GLM(), GLM()
    for rows in np.array_split(np.arange(6000), 60):
        following.partial_fit(X[rows], y[rows], half_life=300)
        mean.partial_fit(X[rows], y[rows])
    np.testing.assert_allclose(following.coef_, -0.6, atol=SAMPLING / np.sqrt(300))
    assert abs(mean.coef_[0]) < 0.3


def test_offset_exposure_weights_and_missing_responses():
    rng = np.random.default_rng(1)
    X, y = population(600)
    y[rng.uniform(size=y.shape) < 0.1] = np.nan
    X[5, 1] = np.nan
    terms = {
        "offset": 0.1 * rng.normal(size=y.shape),
        "exposure": rng.uniform(0.5, 2.0, size=len(X)),
        "sample_weight": rng.integers(0, 3, size=len(X)).astype(float),
    }
    full = PopulationGLM().fit(X, y, **terms)
    np.testing.assert_allclose(PopulationGLM().partial_fit(X, y, **terms).coef_, full.coef_, atol=SOLVER)
    model = streamed(PopulationGLM(), X, y, 5, **terms)
    np.testing.assert_allclose(model.coef_, full.coef_, atol=0.02)
    np.testing.assert_array_equal(model.solution_.stats["n_rows_used"], full.solution_.stats["n_rows_used"])
    np.testing.assert_allclose(model.dof_resid_, full.dof_resid_)
    noisy = streamed(
        PopulationGLM("Gaussian"), X, np.log1p(y), 5, **{k: v for k, v in terms.items() if k != "exposure"}
    )
    whole = PopulationGLM("Gaussian").fit(X, np.log1p(y), offset=terms["offset"], sample_weight=terms["sample_weight"])
    np.testing.assert_allclose(noisy.coef_, whole.coef_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(noisy.scale_, whole.scale_, rtol=1e-9)


def test_masked_coefficients_stay_zero():
    X = population()[0]
    y = responses("Gaussian", X)
    full = PopulationGLM("Gaussian", feature_mask=MASK).fit(X, y)
    model = streamed(PopulationGLM("Gaussian", feature_mask=MASK), X, y, 6)
    np.testing.assert_allclose(model.coef_, full.coef_, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(model.coef_[MASK == 0], 0.0)
    np.testing.assert_allclose(model.dof_resid_, full.dof_resid_)


def test_each_neuron_learns_alone():
    """A neuron's answer does not depend on its neighbours, nor on batches in which only they responded."""
    X, y = population(800)
    y[:200, 2] = np.nan
    together = streamed(PopulationGLM(), X, y, 8)
    for n in (0, 2):
        alone = PopulationGLM()
        for rows in np.array_split(np.arange(800), 8):
            if np.isfinite(y[rows, n]).any():
                alone.partial_fit(X[rows], y[rows, n : n + 1])
        np.testing.assert_allclose(together.coef_[:, n], alone.coef_[:, 0], rtol=0, atol=1e-6)
        assert together.solution_.stats["n_rows_used"][n] == alone.solution_.stats["n_rows_used"][0]


@pytest.mark.parametrize("size", [1, 3])
def test_batches_of_one_row(size):
    """Fewer rows than features: a prior holds until the rows do; nothing runs away, and the end is the same."""
    X, y = population(400)
    model = GLM()
    for rows in np.array_split(np.arange(400), 400 // size):
        model.partial_fit(X[rows], y[rows, 0])
        assert np.abs(model.coef_).max() < (5.0 if rows[-1] > 10 else 100.0)  # two rows may be close together
        assert np.isfinite(model.predict(X)).all()
    full = GLM().fit(X, y[:, 0])
    np.testing.assert_allclose(model.coef_, full.coef_, atol=0.1)  # a third of the standard error
    assert model.solution_.result[0] == Result.CONVERGED


def test_silence_is_remembered():
    """A neuron that seldom speaks: rows before its first spike count, and until then its rate is the floor."""
    rng, rate = np.random.default_rng(2), 0.02
    X = rng.normal(size=(8000, 2))
    y = rng.poisson(rate * np.exp(X @ [0.3, 0.2])).astype(float)
    y[:60] = 0.0
    model = GLM()
    for rows in np.array_split(np.arange(8000), 200):
        model.partial_fit(X[rows], y[rows])
        if not y[: rows[-1] + 1].any():
            assert model.silent_[0]
            assert model.predict(X[:1])[0] < 1e-10
            assert model.solution_.result[0] == Result.SILENT
    full = GLM().fit(X, y)
    assert not model.silent_[0]
    # with less than a spike a batch the estimate is poor when most early parabolas are drawn: one standard error
    error = 1.0 / np.sqrt(y.sum())  # of the logarithm of the rate, and of each coefficient
    np.testing.assert_allclose(model.intercept_, full.intercept_, rtol=0, atol=1.5 * error)
    np.testing.assert_allclose(model.coef_, full.coef_, rtol=0, atol=1.5 * error)


def test_features_without_information():
    """A constant feature, and a copy of another one: predictions of the fit without them, and a result that says so."""
    X, y = population(1000)
    more = np.column_stack([X, np.full(1000, 7.0), 2.0 * X[:, 0] + 1.0])
    plain, model = streamed(PopulationGLM(), X, y, 10), streamed(PopulationGLM(), more, y, 10)
    np.testing.assert_allclose(model.predict(more), plain.predict(X), rtol=0.02)
    assert (model.solution_.result == Result.COLLINEAR).all()
    np.testing.assert_array_equal(model.coef_[3], 0.0)
    np.testing.assert_allclose(model.coef_[4], 0.2 * plain.coef_[0] * 2, rtol=0.5, atol=0.05)
    constant = streamed(PopulationGLM(), more[:, :4], y, 10)
    np.testing.assert_allclose(constant.coef_[:3], plain.coef_, rtol=0, atol=1e-9)
    assert (constant.solution_.result == Result.CONVERGED).all()


def test_a_feature_that_begins_to_vary_late():
    """A trial's flag that is down in the first batches, in units of its own."""
    X, y = population(1200)
    flag = 1e5 * (np.arange(1200) >= 600) * (X[:, 2] > 0)
    features = np.column_stack([X, flag])
    full = PopulationGLM("Gaussian").fit(features, y)
    model = streamed(PopulationGLM("Gaussian"), features, y, 12)
    np.testing.assert_allclose(
        model.coef_ * features.std(axis=0)[:, None], full.coef_ * features.std(axis=0)[:, None], rtol=0, atol=1e-8
    )


def test_a_row_of_overflow_does_not_break_the_stream():
    """After good rows one comes at which the old estimate predicts more than there are numbers."""
    X, y = population(500)
    model = streamed(GLM(), X, y[:, 0], 5)
    model.partial_fit(np.array([[1e4, 0.0, 0.0], [0.1, 0.2, 0.3]]), np.array([1.0, 0.0]))
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.solution_.loss).all()


def test_convolved_designs():
    """Batches may be designs; the first bins of each, before the window, are left out."""
    rng = np.random.default_rng(3)
    counts = rng.poisson(0.5, size=(600, 2)).astype(float)
    kernel = rng.normal(size=(5, 2))
    y = rng.poisson(0.7, size=600).astype(float)
    model, rows = GLM(), [slice(0, 300), slice(300, 600)]
    dense = GLM()
    for part in rows:
        design = Convolved(counts[part], kernel)
        model.partial_fit(design, y[part])
        dense.partial_fit(design.to_dense(), y[part])
    np.testing.assert_allclose(model.coef_, dense.coef_, rtol=1e-9)
    assert model.solution_.stats["n_rows_used"][0] < 600


def test_the_order_of_batches_hardly_matters():
    X, y = population(2000)
    forth = streamed(PopulationGLM(), X, y, 20)
    back = streamed(PopulationGLM(), X[::-1], y[::-1], 20)
    np.testing.assert_allclose(forth.coef_, back.coef_, atol=0.02)  # half a standard error


def test_predictions_and_scores_follow():
    X, y = population(400)
    model = streamed(PopulationGLM(), X, y, 4)
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > PopulationGLM().partial_fit(X[:20], y[:20]).score(X, y)
    assert model.inference(X, y).standard_errors.shape[1] == 4
    assert model.solution_.stats["reason"] == "recursive Newton steps over 4 batches"


def test_wrong_batches():
    X, y = population()
    model = PopulationGLM().partial_fit(X, y)
    with pytest.raises(ValueError, match=r"a batch must have the 3 features and 4 neuron\(s\) .* got 2 and 4"):
        model.partial_fit(X[:, :2], y)
    with pytest.raises(ValueError, match=r"got 3 and 2"):
        model.partial_fit(X, y[:, :2])
    with pytest.raises(ValueError, match="partial_fit continues what partial_fit began"):
        PopulationGLM().fit(X, y).partial_fit(X, y)
    with pytest.raises(ValueError, match="partial_fit continues what partial_fit began"):
        model.fit(X, y).partial_fit(X, y)
    with pytest.raises(ValueError, match="a strength cannot be searched for on a stream"):
        PopulationGLM(regularizer="Ridge", regularizer_strength="cv").partial_fit(X, y)
    with pytest.raises(ValueError, match="a stream cannot keep coefficients in coef_bounds"):
        PopulationGLM(coef_bounds="nonnegative").partial_fit(X, y)
    for value in (0, -1.0, np.nan, "long"):
        with pytest.raises(ValueError, match=r"half_life must be a number of rows > 0"):
            PopulationGLM().partial_fit(X, y, half_life=value)
    with pytest.raises(ValueError, match="every one of the 192 rows"):
        PopulationGLM().partial_fit(np.full_like(X, np.nan), y)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 191), max_size=4, unique=True), st.integers(0, 3))
def test_any_cut_of_gaussian_rows_is_the_same_fit(cuts, seed):
    X = population(seed=seed)[0]
    y = responses("Gaussian", X, seed=seed)
    full = PopulationGLM("Gaussian").fit(X, y)
    model = PopulationGLM("Gaussian")
    for rows in np.split(np.arange(192), sorted(cuts)):
        model.partial_fit(X[rows], y[rows])
    np.testing.assert_allclose(
        model.coef_, full.coef_, rtol=0, atol=1e3 * ROUNDING
    )  # batches of one row are ill-conditioned
    np.testing.assert_allclose(model.intercept_, full.intercept_, rtol=0, atol=1e3 * ROUNDING)
