"""Models come back from files as they were, and files that hold something else are refused."""

from __future__ import annotations

import json
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pytest

import rheobase as rb
from glm_helpers import population
from rheobase.glm import CV, GLM, PopulationGLM, inspect_npz, load_model
from rheobase.observation_models import NegativeBinomialObservations, PoissonObservations
from rheobase.regularizer import ElasticNet, GroupLasso, Smoothness

SECOND = np.diff(np.eye(3), n=2, axis=0)
MODELS = {
    "plain": {},
    "ridge": {"regularizer": "Ridge", "regularizer_strength": np.array([0.1, 0.2, 0.3])},
    "elastic net": {"regularizer": ElasticNet(), "regularizer_strength": (0.01, 0.3)},
    "group lasso": {"regularizer": GroupLasso([[1, 1, 0], [0, 0, 1]]), "regularizer_strength": 0.01},
    "smoothness": {"regularizer": Smoothness(SECOND.T @ SECOND, ridge=0.1), "regularizer_strength": 0.5},
    "searched": {"regularizer": "Ridge", "regularizer_strength": CV(np.array([0.1, 0.01]), 3, "1se")},
    "negative binomial": {"observation_model": NegativeBinomialObservations(scale=0.5)},
    "softplus, solver": {
        "inverse_link_function": "softplus",
        "solver_name": "LBFGS",
        "solver_kwargs": {"maxiter": 50, "tol": 1e-9},
    },
}


@pytest.mark.parametrize("kind", [GLM, PopulationGLM])
@pytest.mark.parametrize("name", MODELS)
def test_round_trip(tmp_path, name, kind):
    X, y = population()
    y = y if kind is PopulationGLM else y[:, 0]
    model = kind(**MODELS[name])
    again = load_model(model.save_params(tmp_path / "empty"))
    assert again.coef_ is None
    assert repr(again) == repr(model)
    model.fit(X, y)
    path = model.save_params(tmp_path / "fitted.npz")
    again = load_model(path)
    assert type(again) is kind
    assert repr(again) == repr(model)
    for attribute in ("coef_", "intercept_", "scale_", "silent_", "strength_"):
        np.testing.assert_array_equal(getattr(again, attribute), getattr(model, attribute))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.score(X, y) == model.score(X, y)
    np.testing.assert_array_equal(again.fit(X, y).coef_, model.coef_)
    assert inspect_npz(path)["class"] == kind.__name__
    assert inspect_npz(path)["shapes"]["coef_"] == model.coef_.shape
    assert list(tmp_path.glob("*.part")) == []


def test_a_feature_mask_and_labels_of_neurons(tmp_path):
    X, y = population(n_neurons=2)
    t = np.arange(len(y)) * 0.01
    model = PopulationGLM(feature_mask=np.array([[1, 0], [1, 1], [0, 1]]))
    model.fit(rb.TsdFrame(t, X), rb.TsdFrame(t, y, columns=["a", "b"]))
    again = load_model(model.save_params(tmp_path / "model"))
    np.testing.assert_array_equal(again.feature_mask, model.feature_mask)
    predicted = again.predict(rb.TsdFrame(t, X))
    assert list(predicted.columns) == ["a", "b"]
    np.testing.assert_array_equal(predicted.values, model.predict(X))


def squareplus(eta):
    return 0.5 * (eta + jnp.sqrt(eta**2 + 4.0))


@dataclass(frozen=True)
class Mine(PoissonObservations):
    """A user's own."""


def test_code_of_the_users_own_is_handed_over_again(tmp_path):
    X, y = population()
    model = GLM(Mine(), squareplus).fit(X, y[:, 0])
    path = model.save_params(tmp_path / "mine")
    with pytest.raises(ValueError, match=r"inverse_link_function is code of the user's own \(squareplus\)"):
        load_model(path)
    with pytest.raises(ValueError, match=r"observation_model is code of the user's own \(Mine\)"):
        load_model(path, {"inverse_link_function": squareplus})
    again = load_model(path, {"observation_model": Mine(), "inverse_link_function": squareplus})
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    with pytest.raises(ValueError, match="mapping_dict names 'observation', but the model has"):
        load_model(path, {"observation": Mine()})


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "nothing.npz")
    plain = tmp_path / "plain.npz"
    np.savez(plain, a=np.arange(3))
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(GLM().save_params(tmp_path / "model").read_bytes()[:-30])
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, header=np.array({"format": "rheobase model"}, dtype=object))
    for path in (plain, damaged, pickled):
        with pytest.raises(ValueError, match="is not a model that rheobase has saved, or is damaged"):
            load_model(path)
    stranger = tmp_path / "stranger.npz"
    np.savez(stranger, header=np.array(json.dumps({"format": "rheobase model", "class": "os.system"})))
    with pytest.raises(ValueError, match=r"holds a os.system, which this version cannot read"):
        load_model(stranger)


def test_what_cannot_be_written_is_told(tmp_path):
    model = GLM(regularizer="Ridge", regularizer_strength=CV(cv=rb.scores.blocked(192, n_folds=3)))
    with pytest.raises(ValueError, match="cannot be written to a file"):
        model.save_params(tmp_path / "model")
