"""scikit-learn's own checks of an estimator, and those that cannot apply, each with its reason."""

from __future__ import annotations

import pickle
import sys

import pytest

from rheobase import NotFittedError
from rheobase.basis import RaisedCosineLinearEval
from rheobase.glm import GLM, ClassifierGLM, PopulationGLM
from rheobase.glm._estimator import not_fitted

checks = pytest.importorskip("sklearn.utils.estimator_checks", reason="scikit-learn is an optional dependency")
sklearn = pytest.importorskip("sklearn")

ARGUMENTS = {
    "check_no_attributes_set_in_init": "coef_ and its kin are None before a fit, as scripts for NeMoS expect",
    "check_do_not_raise_errors_in_init_or_set_params": "a wrong argument is refused where it is set, not at the fit",
    "check_parameters_default_constructible": "names of models, links and penalties become objects where they are set",
    "check_set_params": "so what is read back is the object, not its name",
}
"""Checks of constructor arguments that no model can pass."""

MODEL = ARGUMENTS | {
    "check_fit_score_takes_y": "partial_fit after fit is refused: fit keeps no curvature to go on from",
}

CLASSIFIER = ARGUMENTS | {
    "check_estimators_unfitted": "labels that are not known are a RuntimeError, as in NeMoS",
    "check_classifiers_train": "predict_proba gives logarithms unless asked otherwise, as in NeMoS",
    "check_classifier_not_supporting_multiclass": "n_classes says how many classes there are",
    "check_supervised_y_2d": "a column of labels is refused; it may have been meant for ClassifierPopulationGLM",
    "check_fit2d_1sample": "one class is refused in words of our own",
}
if sklearn.__version__.startswith("1.6."):
    why = "its checker gives the two fits different labels, which 1.7 mended"
    CLASSIFIER["check_sample_weight_equivalence_on_dense_data"] = why

MODELS = {
    "GLM": (
        GLM(regularizer="Ridge"),
        MODEL | {"check_supervised_y_2d": "a column is refused; it may have been meant for PopulationGLM"},
    ),
    "PopulationGLM": (PopulationGLM("Gaussian", regularizer="Ridge"), MODEL),
    "ClassifierGLM": (ClassifierGLM(n_classes=2), CLASSIFIER),
}

STATELESS = (
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_get_tags_default_keys",
)
"""What applies to a basis as a transformer: all others hand over several columns, but it takes those of its inputs."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_the_contract_holds_but_for_what_is_named(name):
    """Every check passes, and every exception is still one."""
    model, exceptions = MODELS[name]
    results = checks.check_estimator(model, expected_failed_checks=exceptions, on_skip=None, on_fail=None)
    by_status = {status: [r for r in results if r["status"] == status] for status in ("failed", "xfail", "passed")}
    assert {result["check_name"]: str(result["exception"])[:300] for result in by_status["failed"]} == {}
    assert {result["check_name"] for result in by_status["xfail"]} == set(exceptions)
    assert len(by_status["passed"]) > 45


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("check", STATELESS)
def test_a_basis_is_a_transformer(check):
    run = getattr(checks, check, None)
    if run is None:
        pytest.skip("this version of scikit-learn has no such check")
    run("TransformerBasis", RaisedCosineLinearEval(4).to_transformer())


def test_an_unfitted_model_raises_what_both_libraries_catch():
    """Ours always; scikit-learn's too where it is loaded; and it survives a process pool."""
    from sklearn.exceptions import NotFittedError as Theirs

    with pytest.raises(Theirs, match="this GLM is not fitted") as caught:
        GLM().predict([[1.0]])
    assert isinstance(caught.value, NotFittedError)
    back = pickle.loads(pickle.dumps(caught.value))
    assert str(back) == str(caught.value)
    assert isinstance(back, NotFittedError)


def test_without_scikit_learn_it_is_ours(monkeypatch):
    monkeypatch.delitem(sys.modules, "sklearn.exceptions", raising=False)
    assert type(not_fitted("x")) is NotFittedError
