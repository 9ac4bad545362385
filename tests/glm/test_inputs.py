"""What a user may hand to a model: every kind of array, series and design gives the same fit, or a clear refusal."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from glm_helpers import N_TIME, population
from helpers import ROUNDING
from rheobase import IntervalSet, TimeSupportError, Tsd, TsdFrame
from rheobase.design import Convolved, Dense
from rheobase.glm import GLM, PopulationGLM

TIMES = np.arange(N_TIME) * 0.01
SUPPORT = IntervalSet([0.0, 1.0], [0.955, 10.0])


@pytest.fixture
def data():
    """Small whole numbers, which every dtype holds exactly, and counts of one neuron."""
    X, y = population()
    return np.clip(np.round(2 * X), -3, 3) + 3, y[:, 0]


FORMS = {
    "float32": lambda X: X.astype(np.float32),
    "float16": lambda X: X.astype(np.float16),
    "int8": lambda X: X.astype(np.int8),
    "uint8": lambda X: X.astype(np.uint8),
    "int64": lambda X: X.astype(np.int64),
    "fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    "backwards twice": lambda X: np.ascontiguousarray(X[::-1])[::-1],
    "big endian": lambda X: X.astype(">f8"),
    "nested lists": lambda X: X.tolist(),
    "pandas": lambda X: pd.DataFrame(X, columns=["a", "b", "c"]),
    "jax": jnp.asarray,
    "TsdFrame": lambda X: TsdFrame(TIMES, X),
    "Dense": Dense,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_kind_of_features_gives_the_same_fit(form, data):
    X, y = data
    plain, other = GLM().fit(X, y), GLM().fit(FORMS[form](X), y)
    np.testing.assert_allclose(other.coef_, plain.coef_, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(np.asarray(other.predict(FORMS[form](X))), plain.predict(X), rtol=1e-10)
    assert other.score(FORMS[form](X), y) == pytest.approx(plain.score(X, y), rel=1e-10)
    assert other.coef_.dtype == np.float64


@pytest.mark.parametrize(
    "form", [np.int32, np.uint8, np.float32, list, pd.Series, jnp.asarray, lambda y: Tsd(TIMES, y)]
)
def test_every_kind_of_counts_gives_the_same_fit(form, data):
    X, y = data
    counts = y.astype(form) if isinstance(form, type) and issubclass(form, np.generic) else form(y)
    np.testing.assert_allclose(GLM().fit(X, counts).coef_, GLM().fit(X, y).coef_, rtol=ROUNDING)


def test_booleans_on_both_sides(data):
    X, y = data
    ours = GLM().fit(X > 3, y > 0)
    np.testing.assert_allclose(ours.coef_, GLM().fit((X > 3) * 1.0, (y > 0) * 1.0).coef_, rtol=ROUNDING)


def test_nothing_the_user_gave_is_changed(data):
    X, y = data
    X[4], y[7] = np.nan, np.nan
    before = X.copy(), y.copy()
    X.flags.writeable = y.flags.writeable = False
    model = GLM().fit(X, y)
    model.predict(X)
    model.score(X, y)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


# --- series --------------------------------------------------------------------------------------------------------


def test_series_in_series_out(data):
    """Times and support of X, not those of the fit."""
    X, y = data
    features, counts = TsdFrame(TIMES, X, time_support=SUPPORT), Tsd(TIMES, y, time_support=SUPPORT)
    model = GLM().fit(features.restrict(SUPPORT), counts.restrict(SUPPORT))
    rate = model.predict(features)
    assert isinstance(rate, Tsd)
    np.testing.assert_array_equal(rate.t, features.t)
    np.testing.assert_array_equal(rate.time_support.values, features.time_support.values)
    drawn, mean = model.simulate(0, features)
    assert isinstance(drawn, Tsd)
    np.testing.assert_array_equal(mean.values, rate.values)
    assert isinstance(model.predict(X), np.ndarray)


def test_a_population_keeps_the_names_of_its_neurons(data):
    X, _ = data
    y = population()[1]
    counts = TsdFrame(TIMES, y, columns=["a", "b", "c", "d"], metadata={"area": ["x", "x", "z", "z"]})
    rate = PopulationGLM().fit(TsdFrame(TIMES, X), counts).predict(TsdFrame(TIMES, X))
    assert isinstance(rate, TsdFrame)
    np.testing.assert_array_equal(rate.columns, ["a", "b", "c", "d"])
    np.testing.assert_array_equal(rate["area"], ["x", "x", "z", "z"])
    np.testing.assert_array_equal(PopulationGLM().fit(X, y).predict(TsdFrame(TIMES, X)).columns, np.arange(4))


def test_silent_neurons_are_named_by_their_column(data):
    X, _ = data
    y = population()[1]
    y[:, 2] = 0.0
    with pytest.warns(UserWarning, match=r"silent: cell-7\."):
        PopulationGLM().fit(X, TsdFrame(TIMES, y, columns=["p", "q", "cell-7", "r"]))


@pytest.mark.parametrize(
    ("times", "support", "message"),
    [
        (TIMES + 0.005, None, r"row 0 is at 0 s in X and at 0.005 s in y"),
        (np.where(np.arange(N_TIME) > 100, TIMES + 0.002, TIMES), None, r"row 101 is at 1.01 s in X"),
        (TIMES, IntervalSet(0, 60.0), "share their time support"),
        (TIMES, IntervalSet([0.0, 1.196], [1.194, 2.0]), r"got 1 epoch\(s\) for X and 2 for y"),
    ],
)
def test_series_at_other_times_are_refused(times, support, message, data):
    X, y = data
    with pytest.raises(TimeSupportError, match=message):
        GLM().fit(TsdFrame(TIMES, X), Tsd(times, y, time_support=support))
    model = GLM().fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.score(TsdFrame(TIMES, X), Tsd(times, y, time_support=support))


# --- missing rows --------------------------------------------------------------------------------------------------


def test_missing_rows_stay_missing_in_predictions_and_out_of_scores(data):
    X, y = data
    X[3, 1], X[9, 0], y[20] = np.nan, np.inf, np.nan
    model = GLM().fit(X, y)
    rate = model.predict(X)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(rate)), [3, 9])
    good = np.isfinite(rate) & np.isfinite(y)
    for kind in ("log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen"):
        assert model.score(X, y, kind) == pytest.approx(model.score(X[good], y[good], kind), rel=ROUNDING)
    assert model.dof_resid_[0] == good.sum() - 4


# --- designs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["Newton", "GramLBFGS"])
@pytest.mark.parametrize("link", ["exp", "softplus"])
def test_a_convolution_on_the_fly_is_its_features(solver, link):
    """fit, predict, score, simulate: from counts and a bank of kernels as from the matrix, epochs and all."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.7, size=(N_TIME, 4)).astype(np.uint8)
    bank = np.exp(-np.arange(8)[:, None] / [1.0, 4.0])
    design = Convolved(counts, bank, first=[0, 100], last=[100, N_TIME])
    X = design.to_dense()
    assert np.isnan(X).any()
    y = counts.astype(float)
    options = {"inverse_link_function": link, "solver_name": solver, "regularizer": "Ridge"}
    mask = np.repeat(1 - np.eye(4), 2, axis=0)
    fly, dense = (PopulationGLM(**options, feature_mask=mask).fit(x, y) for x in (design, X))
    np.testing.assert_allclose(fly.coef_, dense.coef_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(fly.predict(design), dense.predict(X), rtol=1e-9)
    assert fly.score(design, y) == pytest.approx(dense.score(X, y), rel=1e-10)
    np.testing.assert_array_equal(fly.dof_resid_, dense.dof_resid_)
    one, other = GLM(**options).fit(design, y[:, 0]), GLM(**options).fit(X, y[:, 0])
    np.testing.assert_allclose(one.coef_, other.coef_, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(one.simulate(3, design)[0].shape, (N_TIME,))


def test_a_design_has_no_row_axis_to_guess():
    design = Convolved(np.ones(50), np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"50 rows in X and 49 in y"):
        GLM().fit(design, np.ones(49))
