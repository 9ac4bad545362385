"""Many neurons at once: each is its own fit, masks hold, nobody disturbs anybody."""

from __future__ import annotations

import numpy as np
import pytest

from glm_helpers import N_TIME, gradient, population
from helpers import ROUNDING, SOLVER
from rheobase import NotConvergedWarning, NotFittedError, SilentNeuronWarning
from rheobase.glm import GLM, PopulationGLM
from rheobase.solvers import Result

MASK = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 0, 1]])


@pytest.fixture(scope="module")
def data():
    return population()


def test_shapes(data):
    X, y = data
    model = PopulationGLM().fit(X, y)
    assert model.coef_.shape == (3, 4)
    for name in ("intercept_", "scale_", "silent_", "dof_resid_"):
        assert getattr(model, name).shape == (4,)
    assert model.predict(X).shape == y.shape
    drawn, rate = model.simulate(0, X)
    assert drawn.shape == rate.shape == y.shape


@pytest.mark.parametrize("ridge", [None, 0.2, "per coefficient"])
def test_columns_are_the_fits_of_single_neurons(data, ridge):
    X, y = data
    strength = np.random.default_rng(0).uniform(0.0, 1.0, size=(3, 4)) if ridge == "per coefficient" else ridge
    kind = "UnRegularized" if ridge is None else "Ridge"
    model = PopulationGLM(regularizer=kind, regularizer_strength=strength).fit(X, y)
    for n in range(4):
        own = strength[:, n] if ridge == "per coefficient" else strength
        single = GLM(regularizer=kind, regularizer_strength=own).fit(X, y[:, n])
        np.testing.assert_allclose(model.coef_[:, n], single.coef_, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(model.intercept_[n], single.intercept_[0], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(model.predict(X)[:, n], single.predict(X), rtol=1e-9)


@pytest.mark.parametrize("solver", ["Newton", "GramLBFGS"])
def test_the_order_of_neurons_does_not_matter(data, solver):
    X, y = data
    there, back = (PopulationGLM(solver_name=solver).fit(X, counts) for counts in (y, y[:, ::-1]))
    np.testing.assert_allclose(there.coef_, back.coef_[:, ::-1], rtol=1e-9, atol=1e-9)


def test_one_neuron_is_a_population(data):
    X, y = data
    np.testing.assert_allclose(PopulationGLM().fit(X, y[:, :1]).coef_[:, 0], GLM().fit(X, y[:, 0]).coef_, rtol=1e-9)


@pytest.mark.parametrize("solver", ["Newton", "GramLBFGS"])
def test_a_stubborn_neuron_holds_back_no_other(data, solver):
    """One neuron's optimum lies at infinity, one is silent; the other two are exact and converged."""
    X, y = data[0], data[1].copy()
    features = np.column_stack([X, X[:, 0] > 0.8])
    y[features[:, 3] > 0, 1] = 0.0
    y[:, 3] = 0.0
    with (
        pytest.warns(SilentNeuronWarning, match=r"1 neuron\(s\) .* silent: 3\."),
        pytest.warns(NotConvergedWarning, match="1 of 4 neurons: The loss no longer changes"),
    ):
        model = PopulationGLM(solver_name=solver).fit(features, y)
    assert model.solution_.result.tolist() == [Result.CONVERGED, Result.FLAT, Result.CONVERGED, Result.SILENT]
    np.testing.assert_array_equal(model.solution_.converged, [True, False, True, True])
    for n in (0, 2):
        single = GLM(solver_name=solver).fit(features, y[:, n])
        np.testing.assert_allclose(model.coef_[:, n], single.coef_, rtol=1e-8, atol=1e-8)


def test_every_neuron_silent(data):
    X, y = data
    with pytest.warns(SilentNeuronWarning, match=r"4 neuron\(s\) .* silent: 0, 1, 2, 3\."):
        model = PopulationGLM().fit(X, np.zeros_like(y))
    assert model.silent_.all()
    assert (model.predict(X) > 0).all()
    assert model.solution_.stats["reason"] == "no neuron has spikes"
    assert "4 neurons" in repr(model.solution_)


def test_a_missing_response_leaves_out_that_row_for_that_neuron(data):
    X, y = data[0], data[1].copy()
    y[10:40, 1] = np.nan
    y[100, 2] = np.inf
    model = PopulationGLM().fit(X, y)
    for n in range(4):
        rows = np.isfinite(y[:, n])
        single = GLM().fit(X[rows], y[rows, n])
        np.testing.assert_allclose(model.coef_[:, n], single.coef_, rtol=0, atol=SOLVER)
        assert model.dof_resid_[n] == single.dof_resid_[0]
    assert np.abs(gradient(X, np.where(np.isinf(y), np.nan, y), model.coef_, model.intercept_)).max() < 1e-7


# --- masks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [int, float, bool, list])
def test_masked_coefficients_are_zero(data, kind):
    X, y = data
    mask = MASK.tolist() if kind is list else MASK.astype(kind)
    model = PopulationGLM(feature_mask=mask).fit(X, y)
    np.testing.assert_array_equal(model.coef_[MASK == 0], 0.0)
    assert (model.coef_[MASK == 1] != 0.0).all()
    np.testing.assert_array_equal(model.dof_resid_, N_TIME - 1 - MASK.sum(axis=0))


def test_a_mask_of_ones_is_no_mask(data):
    X, y = data
    masked, free = PopulationGLM(feature_mask=np.ones((3, 4))).fit(X, y), PopulationGLM().fit(X, y)
    np.testing.assert_allclose(masked.coef_, free.coef_, rtol=1e-10)


def test_a_neuron_without_features_has_its_mean(data):
    X, y = data
    mask = np.ones((3, 4))
    mask[:, 2] = 0
    for solver in ("Newton", "GramLBFGS"):
        model = PopulationGLM(solver_name=solver, feature_mask=mask).fit(X, y)
        np.testing.assert_allclose(model.predict(X)[:, 2], y[:, 2].mean(), rtol=1e-9)
        assert model.solution_.converged.all()


def test_a_mask_counts_in_predictions_of_parameters_set_by_hand(data):
    X, _ = data
    model = PopulationGLM(feature_mask=MASK)
    model.coef_, model.intercept_ = np.ones((3, 4)), np.zeros(4)
    np.testing.assert_allclose(model.predict(X), np.exp(X @ MASK), rtol=ROUNDING)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones((4, 3)), r"feature_mask must have shape \(feature, neuron\) = \(3, 4\), got \(4, 3\)"),
        (np.ones(3), r"feature_mask must have shape .*, got \(3,\)"),
    ],
)
def test_a_mask_of_another_shape(data, mask, message):
    with pytest.raises(ValueError, match=message):
        PopulationGLM(feature_mask=mask).fit(*data)


@pytest.mark.parametrize("mask", [np.full((3, 4), 0.5), np.full((3, 4), "a"), np.full((3, 4), np.nan)])
def test_a_mask_of_other_values(mask):
    with pytest.raises(ValueError, match="feature_mask must be an array of 0 and 1"):
        PopulationGLM(feature_mask=mask)


def test_a_mask_belongs_to_its_fit(data):
    model = PopulationGLM(feature_mask=MASK).fit(*data)
    with pytest.raises(AttributeError, match="feature_mask cannot be changed after a fit"):
        model.feature_mask = None


def test_an_unfitted_population_says_so(data):
    with pytest.raises(NotFittedError, match="this PopulationGLM is not fitted"):
        PopulationGLM().predict(data[0])


def test_compute_loss_sums_over_neurons(data):
    X, y = data
    model = PopulationGLM().fit(X, y)
    total = model.compute_loss((model.coef_, model.intercept_), X, y)
    assert total == pytest.approx(model.solution_.loss.sum(), rel=ROUNDING)
