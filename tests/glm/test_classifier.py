"""Classifiers: the optimum, its symmetries, labels of every kind, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from helpers import ROUNDING, SAMPLING, SOLVER
from rheobase._errors import NotConvergedWarning, NotFittedError, SilentNeuronWarning
from rheobase.design import Convolved
from rheobase.glm import GLM, ClassifierGLM, ClassifierPopulationGLM, load_model
from rheobase.observation_models import CategoricalObservations
from rheobase.regularizer import Smoothness
from rheobase.solvers._core import Result

NAMES = np.array(["left", "middle", "right", "stay"])


def choices(n_time=240, n_features=3, n_classes=3, n_neurons=None, seed=0):
    """Features (time, feature) and classes 0 .. K - 1, shape (time,) or (time, neuron), each class at least once."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_time, n_features))
    coef = 0.5 * rng.normal(size=(n_features, n_neurons or 1, n_classes))
    eta = np.tensordot(X, coef, 1)
    y = (eta + rng.gumbel(size=eta.shape)).argmax(axis=-1)
    y[:n_classes] = np.arange(n_classes)[:, None]
    return X, y[:, 0] if n_neurons is None else y


def gradient(X, y, coef, intercept, strength=0.0, weight=None):
    """Of the objective, shape (feature + 1, class), written down anew."""
    p = np.exp(X @ coef + intercept)
    p /= p.sum(axis=1, keepdims=True)
    weight = np.ones(len(y)) if weight is None else weight
    residual = (p - (y[:, None] == np.arange(coef.shape[1]))) * (weight / weight.sum())[:, None]
    return np.vstack([X.T @ residual + strength * coef, residual.sum(axis=0)])


# --- the optimum ------------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10**6),
    n_classes=st.integers(2, 5),
    n_features=st.integers(1, 4),
    strength=st.sampled_from([None, 1e-3, 0.1, 1.0]),
    weighted=st.booleans(),
)
def test_the_gradient_is_zero_and_columns_sum_to_zero(seed, n_classes, n_features, strength, weighted):
    X, y = choices(n_classes=n_classes, n_features=n_features, seed=seed)
    X = X * np.array([1.0, 1e4, 1e-3, 1.0])[:n_features] + np.array([0.0, 1e4, 0.0, 1.0])[:n_features]
    weight = np.random.default_rng(seed).uniform(0, 2, len(y)) if weighted else None
    regularizer = "UnRegularized" if strength is None else "Ridge"
    model = ClassifierGLM(n_classes, None, regularizer, strength).fit(X, y, sample_weight=weight)
    assert model.solution_.converged.all()
    found = gradient(X, y, model.coef_, model.intercept_, strength or 0.0, weight)
    spread = np.append(X.std(axis=0), 1.0)[:, None]
    found[:-1] -= X.mean(axis=0)[:, None] * found[-1]
    np.testing.assert_allclose(found / spread, 0.0, atol=1e-9)
    size = np.abs(np.vstack([model.coef_, model.intercept_])).max(axis=1)
    totals = np.append(model.coef_.sum(axis=1), model.intercept_.sum())
    np.testing.assert_array_less(np.abs(totals), 1e-10 * size + 1e-300)


@pytest.mark.parametrize("strength", [1.0, 0.01])
def test_two_classes_are_a_bernoulli_model_with_half_the_ridge(strength):
    X, y = choices(n_classes=2)
    two = ClassifierGLM(2, regularizer_strength=strength).fit(X, y)
    one = GLM("Bernoulli", regularizer="Ridge", regularizer_strength=strength / 2).fit(X, y)
    np.testing.assert_allclose(two.coef_[:, 1] - two.coef_[:, 0], one.coef_, rtol=SOLVER)
    np.testing.assert_allclose(two.intercept_[1] - two.intercept_[0], one.intercept_[0], rtol=SOLVER)
    np.testing.assert_allclose(two.predict_proba(X, "proba")[:, 1], one.predict(X), rtol=SOLVER)
    np.testing.assert_allclose(two.score(X, y), one.score(X, y), rtol=SOLVER)


def test_smoothness_of_two_classes_is_that_of_a_bernoulli_model():
    X, y = choices(n_classes=2, n_features=6)
    second = np.diff(np.eye(6), n=2, axis=0)
    penalty = Smoothness(second.T @ second, ridge=0.02)
    half = Smoothness(second.T @ second, ridge=0.01)
    two = ClassifierGLM(2, regularizer=penalty, regularizer_strength=3.0).fit(X, y)
    one = GLM("Bernoulli", regularizer=half, regularizer_strength=1.5).fit(X, y)
    np.testing.assert_allclose(two.coef_[:, 1] - two.coef_[:, 0], one.coef_, rtol=SOLVER)


def test_a_strength_for_each_coefficient():
    X, y = choices(n_features=2)
    strength = np.array([[0.5, 0.0, 0.1], [0.0, 0.0, 0.0]])
    model = ClassifierGLM(3, regularizer_strength=strength).fit(X, y)
    assert model.solution_.converged.all()
    np.testing.assert_allclose(gradient(X, y, model.coef_, model.intercept_, strength), 0.0, atol=1e-9)
    np.testing.assert_allclose([model.coef_[1].sum(), model.intercept_.sum()], 0.0, atol=ROUNDING)


def test_the_start_does_not_matter():
    X, y = choices()
    model = ClassifierGLM(3).fit(X, y)
    rng = np.random.default_rng(1)
    again = ClassifierGLM(3).fit(X, y, (rng.normal(size=(3, 3)), 3 + rng.normal(size=3)))
    np.testing.assert_allclose(again.coef_, model.coef_, rtol=SOLVER)
    np.testing.assert_allclose(again.intercept_, model.intercept_, rtol=SOLVER)
    far = ClassifierGLM(3).fit(X, y, (np.full((3, 3), 1e308), np.zeros(3)))
    np.testing.assert_allclose(far.coef_, model.coef_, rtol=SOLVER)


def test_weights_are_repetitions():
    X, y = choices()
    count = np.random.default_rng(3).integers(0, 4, len(y))
    weighted = ClassifierGLM(3, regularizer_strength=0.1).fit(X, y, sample_weight=count)
    repeated = ClassifierGLM(3, regularizer_strength=0.1).fit(np.repeat(X, count, axis=0), np.repeat(y, count))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=SOLVER)
    np.testing.assert_allclose(weighted.dof_resid_, repeated.dof_resid_)
    score = ("pseudo-r2-McFadden", np.mean)
    rows = np.repeat(X, count, axis=0), np.repeat(y, count)
    kept = count > 0
    np.testing.assert_allclose(
        weighted.score(X[kept], y[kept], *score, sample_weight=count[kept]),
        weighted.score(*rows, *score),
        rtol=ROUNDING * 100,
    )


def test_neurons_do_not_depend_on_their_neighbours():
    X, y = choices(n_neurons=3)
    together = ClassifierPopulationGLM(3, regularizer_strength=0.1).fit(X, y)
    assert together.coef_.shape == (3, 3, 3)
    assert together.intercept_.shape == (3, 3)
    for n in range(3):
        alone = ClassifierGLM(3, regularizer_strength=0.1).fit(X, y[:, n])
        np.testing.assert_allclose(together.coef_[:, n], alone.coef_, rtol=SOLVER)
        np.testing.assert_allclose(together.intercept_[n], alone.intercept_, rtol=SOLVER)
        np.testing.assert_array_equal(together.predict(X)[:, n], alone.predict(X))
    np.testing.assert_array_equal(together.dof_resid_, 240 - 3 * 2 - 2)


def test_missing_rows_are_left_out():
    X, y = choices(n_neurons=2)
    labels = y.astype(float)
    labels[5, 0] = labels[9, 1] = np.nan
    X[20] = np.nan
    model = ClassifierPopulationGLM(3, regularizer_strength=0.1).fit(X, labels)
    for n, gone in enumerate([[5, 20], [9, 20]]):
        alone = ClassifierGLM(3, regularizer_strength=0.1).fit(np.delete(X, gone, 0), np.delete(y[:, n], gone))
        np.testing.assert_allclose(model.coef_[:, n], alone.coef_, rtol=SOLVER)
    np.testing.assert_array_equal(model.dof_resid_, 238 - 8)
    assert np.isnan(model.predict(X)[20]).all()
    assert np.isnan(model.predict_proba(X)[20]).all()
    assert np.isfinite(model.score(X, labels))
    drawn, _ = model.simulate(0, X)
    assert np.isnan(drawn[20]).all()


def test_a_feature_mask_holds_coefficients_at_zero():
    X, y = choices(n_neurons=2)
    mask = np.ones((3, 2, 3))
    mask[0, 0] = 0
    mask[1, 1, 2] = 0
    for regularizer in ("Ridge", "UnRegularized"):
        model = ClassifierPopulationGLM(3, regularizer=regularizer, feature_mask=mask).fit(X, y)
        assert model.solution_.converged.all()
        np.testing.assert_array_equal(model.coef_[mask == 0], 0.0)
        strength = 1.0 if regularizer == "Ridge" else 0.0
        for n in range(2):
            found = gradient(X, y[:, n], model.coef_[:, n], model.intercept_[n], strength)
            np.testing.assert_allclose(found[:-1] * mask[:, n], 0.0, atol=1e-9)
            np.testing.assert_allclose(found[-1], 0.0, atol=1e-9)
    np.testing.assert_array_equal(model.dof_resid_, [240 - 2 * 2 - 2, 240 - (2 * 2 + 2) - 2])
    with pytest.raises(AttributeError, match="cannot be changed after a fit"):
        model.feature_mask = None


def test_separable_classes_without_a_penalty():
    X, _ = choices()
    y = np.digitize(X[:, 0], [-0.5, 0.5])
    with pytest.warns(NotConvergedWarning, match="the optimum lies at infinity"):
        model = ClassifierGLM(3, regularizer="UnRegularized").fit(X, y)
    assert model.solution_.result[0] == Result.FLAT
    assert (model.predict(X) == y).all()
    assert ClassifierGLM(3, regularizer_strength=1e-3).fit(X, y).solution_.converged.all()


def test_collinear_features():
    X, y = choices()
    twice = np.hstack([X, X[:, :1]])
    plain = ClassifierGLM(3, regularizer="UnRegularized").fit(X, y)
    model = ClassifierGLM(3, regularizer="UnRegularized").fit(twice, y)
    assert model.solution_.result[0] == Result.COLLINEAR
    np.testing.assert_allclose(model.predict_proba(twice), plain.predict_proba(X), rtol=SOLVER)
    np.testing.assert_allclose(model.coef_.sum(axis=1), 0.0, atol=SOLVER)
    np.testing.assert_array_equal(model.dof_resid_, plain.dof_resid_)


def test_a_class_that_one_neuron_never_shows():
    X, y = choices(n_neurons=2)
    y[:, 1] = np.where(y[:, 1] == 2, 0, y[:, 1])
    with pytest.warns(SilentNeuronWarning, match="2 of neuron 1"):
        model = ClassifierPopulationGLM(3, regularizer_strength=0.1).fit(X, y)
    np.testing.assert_array_equal(model.silent_, [False, True])
    assert model.solution_.converged.all()
    np.testing.assert_array_equal(model.coef_[:, 1, 2], 0.0)
    two = ClassifierGLM(2, regularizer_strength=0.1).fit(X, y[:, 1])
    np.testing.assert_allclose(model.coef_[:, 1, :2], two.coef_, rtol=SOLVER)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1, :2], two.predict_proba(X), rtol=SOLVER)
    assert model.predict_proba(X, "proba")[:, 1, 2].max() < 1e-13
    y[:, 1] = 1
    with pytest.warns(SilentNeuronWarning, match="0 of neuron 1, 2 of neuron 1"):
        model = ClassifierPopulationGLM(3).fit(X, y)
    assert (model.predict(X)[:, 1] == 1).all()
    assert model.solution_.result[1] == Result.SILENT


def test_an_iteration_is_not_enough():
    X, y = choices()
    with pytest.warns(NotConvergedWarning, match="largest number of iterations"):
        ClassifierGLM(3, regularizer_strength=0.01, solver_kwargs={"maxiter": 1}).fit(X, y)
    ClassifierGLM(3, solver_name="LBFGS", solver_kwargs={"maxiter": 1}).fit(X, y)  # exact steps all the same
    with pytest.raises(NameError, match="takes no option 'maxitr'"):
        ClassifierGLM(3, solver_kwargs={"maxitr": 1})


def test_an_interrupt_keeps_what_there_is(monkeypatch):
    from rheobase.glm import _softmax

    def interrupt(*_):
        raise KeyboardInterrupt

    X, y = choices(n_neurons=2)
    monkeypatch.setattr(_softmax, "_direction", interrupt)
    with pytest.warns(NotConvergedWarning, match="interrupted"):
        model = ClassifierPopulationGLM(3).fit(X, y)
    np.testing.assert_array_equal(model.solution_.result, Result.INTERRUPTED)
    share = np.bincount(y[:, 1], minlength=3) / len(y)
    np.testing.assert_allclose(model.predict_proba(X, "proba")[0, 1], share, rtol=ROUNDING)


def test_a_convolved_design():
    rng = np.random.default_rng(0)
    counts, kernel = rng.poisson(0.5, (300, 2)), rng.normal(size=(5, 2))
    design = Convolved(counts, kernel)
    y = np.tile(np.arange(3), 100)
    model = ClassifierGLM(3, regularizer_strength=0.01).fit(design, y)
    dense = ClassifierGLM(3, regularizer_strength=0.01).fit(design.to_dense(), y)
    np.testing.assert_allclose(model.coef_, dense.coef_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(model.predict_proba(design), dense.predict_proba(design.to_dense()), rtol=0, atol=1e-9)


# --- labels and answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [NAMES[:3], NAMES[:3].astype(object), np.array([-1.0, 0.0, 7.0]), np.array([10, 20, 30], dtype=np.uint8)],
    ids=["text", "objects", "floats", "bytes"],
)
def test_labels_of_any_kind(labels):
    X, y = choices()
    plain = ClassifierGLM(3).fit(X, y)
    model = ClassifierGLM(n_classes=np.int64(3)).fit(X, labels[y])
    np.testing.assert_array_equal(model.classes_, labels)
    np.testing.assert_array_equal(model.coef_, plain.coef_)
    np.testing.assert_array_equal(model.predict(X), labels[plain.predict(X)])
    for score in ("log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen"):
        assert model.score(X, labels[y], score) == plain.score(X, y, score)
    np.testing.assert_array_equal(model.simulate(3, X)[0], labels[plain.simulate(3, X)[0]])


def test_missing_labels_and_features_of_text():
    X, y = choices()
    labels = NAMES[y].astype(object)
    labels[4] = None
    X[7] = np.nan
    model = ClassifierGLM(3).fit(X, labels)
    assert model.predict(X)[7] is None
    assert model.dof_resid_[0] == 238 - 8
    bools = ClassifierGLM(2).fit(X, y > 0)
    assert bools.predict(X[:3]).dtype == bool


def test_probabilities_sum_to_one_and_scores_are_their_logarithms():
    X, y = choices()
    model = ClassifierGLM(3, regularizer_strength=0.01).fit(X, y)
    log = model.predict_proba(X)
    np.testing.assert_allclose(np.exp(log).sum(axis=1), 1.0, rtol=ROUNDING)
    np.testing.assert_allclose(model.predict_proba(X, return_type="proba"), np.exp(log), rtol=ROUNDING)
    own = log[np.arange(len(y)), y]
    np.testing.assert_allclose(model.score(X, y), own.mean(), rtol=ROUNDING)
    np.testing.assert_allclose(model.score(X, y, aggregate_sample_scores=np.sum), own.sum(), rtol=ROUNDING)
    family, hot = CategoricalObservations(3), CategoricalObservations(3).one_hot(y)
    for kind in ("pseudo-r2-McFadden", "pseudo-r2-Cohen"):
        np.testing.assert_allclose(model.score(X, y, kind), family.pseudo_r2(hot, log, kind, None, np.mean), rtol=1e-10)
    params = (model.coef_, model.intercept_)
    np.testing.assert_allclose(model.compute_loss(params, X, y), -own.mean(), rtol=ROUNDING)
    assert np.isfinite(model.predict_proba(1e6 * X)).all()


def test_draws_follow_the_probabilities():
    X, y = choices()
    model = ClassifierGLM(3).fit(X, y)
    many = np.repeat(X[:1], 20_000, axis=0)
    drawn, log = model.simulate(1, many)
    p = np.exp(log[0])
    share = np.bincount(drawn, minlength=3) / len(drawn)
    np.testing.assert_array_less(np.abs(share - p), SAMPLING * np.sqrt(p * (1 - p) / len(drawn)))


def test_series_in_series_out():
    X, y = choices(n_neurons=2)
    t = np.arange(len(y)) * 0.1
    features, labels = rb.TsdFrame(t, X), rb.TsdFrame(t, y, columns=["a", "b"])
    model = ClassifierPopulationGLM(3).fit(features, labels)
    assert list(model.predict(features).columns) == ["a", "b"]
    assert isinstance(model.predict_proba(features), rb.TsdTensor)
    one = ClassifierGLM(3).fit(features, rb.Tsd(t, y[:, 0] * 10))
    assert isinstance(one.predict(features), rb.Tsd)
    assert list(one.predict_proba(features).columns) == [0, 10, 20]
    text = ClassifierGLM(3).fit(features, NAMES[y[:, 0]])
    assert isinstance(text.predict(features), np.ndarray)
    with pytest.raises(ValueError, match="share their times"):
        one.fit(features, rb.Tsd(t + 1, y[:, 0]))


def test_scikit_learn_manners():
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, KFold

    X, y = choices()
    model = ClassifierGLM(3).fit(X, y)
    copy = clone(model)
    assert copy.coef_ is None
    assert copy.get_params()["n_classes"] == 3
    assert "regularizer_strength=1.0" in repr(copy)
    assert "observation_model" not in repr(copy)
    search = GridSearchCV(ClassifierGLM(3), {"regularizer_strength": [0.01, 1.0]}, cv=KFold(3)).fit(X, NAMES[y])
    assert search.best_params_["regularizer_strength"] in (0.01, 1.0)
    model.set_params(n_classes=2, regularizer="UnRegularized")
    assert model.classes_ is None
    assert model.regularizer_strength is None


@pytest.mark.parametrize("labels", [np.arange(3), NAMES[:3]], ids=["numbers", "text"])
@pytest.mark.parametrize("kind", [ClassifierGLM, ClassifierPopulationGLM])
def test_round_trip_through_a_file(tmp_path, kind, labels):
    X, y = choices(n_neurons=2)
    y = labels[y if kind is ClassifierPopulationGLM else y[:, 0]]
    empty = load_model(kind(3, regularizer_strength=0.2).save_params(tmp_path / "empty"))
    assert empty.classes_ is None
    model = empty.fit(X, y)
    again = load_model(model.save_params(tmp_path / "fitted"))
    assert type(again) is kind
    assert repr(again) == repr(model)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.score(X, y) == model.score(X, y)
    np.testing.assert_array_equal(again.fit(X, y).coef_, model.coef_)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [1, 2.5, "a", True, None, [2, 3], np.nan])
def test_a_number_of_classes_that_is_none(n_classes):
    with pytest.raises(ValueError, match="n_classes must be an integer of at least 2"):
        ClassifierGLM(n_classes)


def test_arguments_that_do_not_fit():
    for penalty in ("Lasso", "ElasticNet", "GroupLasso"):
        with pytest.raises(ValueError, match="penalties that select coefficients are not there"):
            ClassifierGLM(3, regularizer=penalty)
    with pytest.raises(ValueError, match="no restricted likelihood to choose its strength by"):
        ClassifierGLM(3, regularizer_strength="reml")
    with pytest.raises(ValueError, match="must be 'log_softmax'"):
        ClassifierGLM(3, inverse_link_function="exp")
    with pytest.raises(TypeError, match="models classes"):
        ClassifierGLM(3).observation_model = "Poisson"
    with pytest.raises(TypeError, match=r"there is ClassifierGLM\(n_classes"):
        GLM(observation_model="Categorical")
    with pytest.raises(ValueError, match="array of 0 and 1"):
        ClassifierPopulationGLM(3, feature_mask=np.full((3, 2, 3), 2))


def test_data_that_do_not_fit():
    X, y = choices()
    with pytest.raises(ValueError, match=r"holds 3 different class label\(s\) \(0, 1, 2\), but n_classes=4"):
        ClassifierGLM(4).fit(X, y)
    with pytest.raises(ValueError, match="holds 3 different"):
        ClassifierGLM(2).set_classes(y)
    with pytest.raises(ValueError, match="one label for each row"):
        ClassifierGLM(3).fit(X, y[:, None])
    with pytest.raises(ValueError, match=r"shape \(time, neuron\), got 1"):
        ClassifierPopulationGLM(3).fit(X, y)
    with pytest.raises(ValueError, match="same number of time points"):
        ClassifierGLM(3).fit(X[:-1], y)
    with pytest.raises(ValueError, match="nothing is left"):
        ClassifierGLM(3).fit(np.full_like(X, np.nan), y)
    with pytest.raises(TypeError, match="one type that sorts"):
        ClassifierGLM(3).set_classes(np.array(["a", 1, 2.0], dtype=object))
    with pytest.raises(ValueError, match="must hold a coef of shape"):
        ClassifierGLM(3).fit(X, y, (np.zeros((3, 2)), np.zeros(3)))
    with pytest.raises(ValueError, match="must be a pair"):
        ClassifierGLM(3).fit(X, y, np.zeros(3))
    with pytest.raises(ValueError, match="feature_mask must have shape"):
        ClassifierPopulationGLM(3, feature_mask=np.ones((3, 1))).fit(X, y[:, None])
    with pytest.raises(ValueError, match="sample_weight must be finite"):
        ClassifierGLM(3).fit(X, y, sample_weight=-np.ones(len(y)))


def test_questions_before_there_are_answers():
    X, y = choices()
    for method in ("predict", "predict_proba", "score", "simulate", "compute_loss"):
        arguments = {"score": (X, y), "simulate": (0, X), "compute_loss": ((0, 0), X, y)}.get(method, (X,))
        with pytest.raises(RuntimeError, match=f"call set_classes.* before {method}"):
            getattr(ClassifierGLM(3), method)(*arguments)
    known = ClassifierGLM(3).set_classes(y)
    with pytest.raises(NotFittedError, match="not fitted"):
        known.predict(X)
    model = known.fit(X, y)
    with pytest.raises(ValueError, match="X has 2 features"):
        model.predict(X[:, :2])
    with pytest.raises(ValueError, match="return_type must be"):
        model.predict_proba(X, "logit")
    with pytest.raises(NotImplementedError, match="score_type must be one of"):
        model.score(X, y, "accuracy")
    with pytest.raises(ValueError, match="y holds 5, but the classes are 0, 1, 2"):
        model.score(X, np.where(y == 0, 5, y))
    with pytest.raises(ValueError, match="but the classes are"):
        model.score(X, NAMES[y])
    with pytest.raises(TypeError, match="random_key must be"):
        model.simulate("a", X)
    assert model.dof_resid_ is not None
    assert ClassifierGLM().dof_resid_ is None
