"""Classifiers against NeMoS and scikit-learn on random inputs."""

from __future__ import annotations

import warnings

import jax
import numpy as np
import pytest

import rheobase
from helpers import ROUNDING, SOLVER
from rheobase import glm

nmo = pytest.importorskip("nemos")
pytestmark = pytest.mark.rivals
with warnings.catch_warnings():  # its solvers import jaxopt, which warns
    warnings.simplefilter("ignore")
    nmo.glm.GLM()

SCORES = ["log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen"]
TIGHT = {"solver_name": "LBFGS", "solver_kwargs": {"tol": 1e-14, "maxiter": 5000}}
NAMES = np.array(["left", "middle", "right", "stay"])
ABSOLUTE = 1e-6
"""Of coefficients of order one: where NeMoS's LBFGS ends."""


@pytest.fixture
def x64():
    """Double precision for NeMoS, and the setting of before afterwards."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def choices(seed, n_neurons=1, n_classes=3):
    """Features (time, feature) and classes (time, neuron)."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(192, 3))
    eta = np.tensordot(X, 0.5 * rng.normal(size=(3, n_neurons, n_classes)), 1)
    return X, (eta + rng.gumbel(size=eta.shape)).argmax(axis=-1)


def theirs(kind, X, y, n_classes, **options):
    """A NeMoS model at its optimum."""
    model = getattr(nmo.glm, kind)(n_classes, **TIGHT, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its remarks on its own tolerance
        return model.fit(X, y)


PENALTIES = {
    "none": {"regularizer": "UnRegularized"},
    "default": {},
    "weak": {"regularizer": "Ridge", "regularizer_strength": 0.01},
}


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("penalty", "n_classes"), [("none", 4), ("default", 3), ("weak", 2)])
def test_one_neuron(penalty, n_classes):
    X, y = choices(n_classes, n_classes=n_classes)
    X[5], labels = np.nan, NAMES[y[:, 0]]
    ours = glm.ClassifierGLM(n_classes, **PENALTIES[penalty]).fit(X, labels)
    other = theirs("ClassifierGLM", X, labels, n_classes, **PENALTIES[penalty])
    np.testing.assert_array_equal(ours.classes_, other.classes_)
    np.testing.assert_allclose(ours.coef_, other.coef_, rtol=0, atol=ABSOLUTE)
    np.testing.assert_allclose(ours.intercept_, other.intercept_, rtol=0, atol=ABSOLUTE)
    seen = np.delete(X, 5, 0)
    np.testing.assert_array_equal(ours.predict(seen), other.predict(seen))
    for kind in ("log-proba", "proba"):
        np.testing.assert_allclose(ours.predict_proba(X, kind), other.predict_proba(X, kind), rtol=0, atol=ABSOLUTE)
    for score in SCORES:
        np.testing.assert_allclose(ours.score(X, labels, score), other.score(X, labels, score), rtol=SOLVER)
    total = other.score(X, labels, aggregate_sample_scores=jax.numpy.sum)
    np.testing.assert_allclose(ours.score(X, labels, aggregate_sample_scores=np.sum), total, rtol=SOLVER)
    params = (np.asarray(other.coef_), np.asarray(other.intercept_))
    loss = other.compute_loss(params, X, labels)
    np.testing.assert_allclose(ours.compute_loss(params, X, labels), loss, rtol=ROUNDING)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("masked", [False, True])
def test_a_population(masked):
    X, y = choices(1, n_neurons=3)
    options = {}
    if masked:
        mask = np.random.default_rng(0).integers(0, 2, (3, 3, 3))
        mask[:, 0] = 1
        options = {"feature_mask": mask, "regularizer_strength": 0.1}
    ours = glm.ClassifierPopulationGLM(3, **options).fit(X, y)
    other = theirs("ClassifierPopulationGLM", X, y, 3, **options)
    assert ours.coef_.shape == other.coef_.shape
    assert ours.intercept_.shape == other.intercept_.shape
    np.testing.assert_allclose(ours.coef_, other.coef_, rtol=0, atol=ABSOLUTE)
    np.testing.assert_allclose(ours.intercept_, other.intercept_, rtol=0, atol=ABSOLUTE)
    np.testing.assert_array_equal(ours.predict(X), other.predict(X))
    np.testing.assert_allclose(ours.predict_proba(X), other.predict_proba(X), rtol=0, atol=ABSOLUTE)
    for score in SCORES:
        np.testing.assert_allclose(ours.score(X, y, score), other.score(X, y, score), rtol=SOLVER)
    if not masked:  # they do not count the mask
        np.testing.assert_allclose(ours.dof_resid_, other.dof_resid_)


@pytest.mark.usefixtures("x64")
def test_a_strength_for_each_coefficient():
    X, y = choices(2)
    strength = np.random.default_rng(2).uniform(0.01, 1.0, (3, 3))
    ours = glm.ClassifierGLM(3, regularizer_strength=strength).fit(X, y[:, 0])
    other = theirs("ClassifierGLM", X, y[:, 0], 3, regularizer_strength=strength)
    np.testing.assert_allclose(ours.coef_, other.coef_, rtol=0, atol=ABSOLUTE)


@pytest.mark.usefixtures("x64")
def test_draws_of_one_key():
    X, y = choices(3)
    ours = glm.ClassifierGLM(3).fit(X, y[:, 0])
    other = theirs("ClassifierGLM", X, y[:, 0], 3)
    one, log = ours.simulate(jax.random.key(4), X)
    two, their_log = other.simulate(jax.random.key(4), X)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(log, their_log, rtol=0, atol=ABSOLUTE)


@pytest.mark.usefixtures("x64")
def test_a_class_that_a_neuron_never_shows():
    X, y = choices(5, n_neurons=2)
    y[:, 1] = np.where(y[:, 1] == 2, 0, y[:, 1])
    with pytest.warns(UserWarning, match="smallest probability"):
        ours = glm.ClassifierPopulationGLM(3).fit(X, y)
    other = theirs("ClassifierPopulationGLM", X, y, 3)
    np.testing.assert_allclose(ours.coef_, other.coef_, rtol=0, atol=ABSOLUTE)
    np.testing.assert_allclose(ours.intercept_, other.intercept_, rtol=0, atol=ABSOLUTE)


def test_arguments_and_their_defaults():
    import inspect

    for kind in ("ClassifierGLM", "ClassifierPopulationGLM"):
        ours, other = (inspect.signature(getattr(module, kind)).parameters for module in (glm, nmo.glm))
        assert list(ours) == list(other)
        assert [p.default for p in ours.values()] == [p.default for p in other.values()]
        model = getattr(glm, kind)()
        assert type(model.regularizer).__name__ == "Ridge"
        assert model.regularizer_strength == 1.0


@pytest.mark.usefixtures("x64")
def test_errors_of_the_same_type():
    X, y = choices(6)
    y = y[:, 0]
    cases = {
        "too few classes": lambda m: m.glm.ClassifierGLM(4).fit(X, y),
        "too many classes": lambda m: m.glm.ClassifierGLM(2).fit(X, y),
        "one class": lambda m: m.glm.ClassifierGLM(1),
        "unknown class": lambda m: (
            m.glm.ClassifierGLM(3).set_classes(NAMES[:3]).fit(X, NAMES[y + 1]).score(X, NAMES[y])
        ),
        "no classes": lambda m: m.glm.ClassifierGLM(3).predict(X),
        "no coefficients": lambda m: m.glm.ClassifierGLM(3).set_classes(y).predict(X),
        "two dimensions": lambda m: m.glm.ClassifierGLM(3).fit(X, y[:, None]),
        "one dimension": lambda m: m.glm.ClassifierPopulationGLM(3).fit(X, y),
        "return type": lambda m: m.glm.ClassifierGLM(3).fit(X, y).predict_proba(X, "logit"),
        "mask": lambda m: m.glm.ClassifierPopulationGLM(3, feature_mask=np.ones((3, 1))).fit(X, y[:, None]),
    }
    for name, case in cases.items():
        assert refusal(case, rheobase) is refusal(case, nmo), name


def refusal(case, module):
    """The type of error with which a package refuses a case."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            case(module)
        except ValueError:
            return ValueError
        except RuntimeError:
            return RuntimeError
    return None


@pytest.mark.usefixtures("x64")
def test_known_differences():
    X, y = choices(7)
    y = y[:, 0]
    ours, other = glm.ClassifierGLM(3).fit(X, y), theirs("ClassifierGLM", X, y, 3)
    gap = X.copy()
    gap[3] = np.nan
    assert np.isnan(ours.predict(gap)[3])  # they answer with the first class
    assert other.predict(gap)[3] == 0
    holes = y.astype(float)
    holes[3] = np.nan
    assert glm.ClassifierGLM(3).fit(X, holes).solution_.converged.all()  # they count NaN as a class
    with pytest.raises(ValueError, match="4 unique class labels"):
        nmo.glm.ClassifierGLM(3).fit(X, holes)
    with pytest.raises(ValueError, match="y holds 5"):  # they score a label that does not exist as zero
        ours.score(X, np.full(len(y), 5))
    assert float(other.score(X, np.full(len(y), 5))) == 0.0


@pytest.mark.parametrize("strength", [None, 1.0, 1e-3])
@pytest.mark.parametrize("seed", [0, 1])
def test_scikit_learn(seed, strength):
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = choices(seed, n_classes=4)
    X, y = X * [1.0, 30.0, 0.1] + [0.0, 50.0, 1.0], y[:, 0]
    weight = np.random.default_rng(seed).uniform(0.5, 2.0, len(y))
    C = np.inf if strength is None else 1 / (weight.sum() * strength)
    other = linear_model.LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the line search at its last digit
        other.fit(X, y, sample_weight=weight)
    kind = "UnRegularized" if strength is None else "Ridge"
    ours = glm.ClassifierGLM(4, regularizer=kind, regularizer_strength=strength).fit(X, y, sample_weight=weight)
    spread = X.std(axis=0)
    np.testing.assert_allclose((ours.coef_.T - other.coef_) * spread, 0.0, atol=1e-7)
    np.testing.assert_allclose(ours.predict_proba(X), other.predict_log_proba(X), rtol=0, atol=1e-7)
