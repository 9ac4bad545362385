"""The strength of a classifier's penalty by held-out rows, and how sure its coefficients are."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.glm import CV, ClassifierGLM, ClassifierPopulationGLM, load_model


def labelled(n_rows=600, n_features=5, n_classes=3, seed=0):
    """Features and classes drawn from a softmax of two of them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_features)) * np.logspace(0, 1, n_features) + 0.5
    weights = rng.normal(size=(n_features, n_classes)) / np.logspace(0, 1, n_features)[:, None]
    weights[2:] = 0.0
    eta = X @ weights + rng.gumbel(size=(n_rows, n_classes))
    return X, eta.argmax(axis=1)


def test_held_out_scores_are_those_of_separate_fits():
    X, y = labelled()
    weight = np.random.default_rng(1).random(len(y))
    strengths = [1.0, 0.01]
    model = ClassifierGLM(3, regularizer_strength=CV(strengths, cv=3)).fit(X, y, sample_weight=weight)
    for k, test in enumerate(np.array_split(np.arange(len(y)), 3)):
        train = np.setdiff1d(np.arange(len(y)), test)
        for i, strength in enumerate(strengths):
            one = ClassifierGLM(3, regularizer_strength=strength).fit(X[train], y[train], sample_weight=weight[train])
            score = one.score(X[test], y[test], sample_weight=weight[test])
            # the search fits to five digits
            assert model.cv_.log_likelihood[i, k, 0] == pytest.approx(score, abs=1e-6)
    assert model.strength_[0] == model.cv_.best_strength[0] in strengths
    same = ClassifierGLM(3, regularizer_strength=float(model.strength_[0])).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(model.coef_, same.coef_, atol=1e-7 * np.abs(same.coef_).max())


def test_every_neuron_takes_its_own(tmp_path):
    X, y = labelled()
    both = np.column_stack([y, np.random.default_rng(0).permutation(y)])
    model = ClassifierPopulationGLM(3, regularizer_strength="cv").fit(X, both)
    assert model.strength_[1] > 10 * model.strength_[0]  # labels without rhyme are best shrunk
    loaded = load_model(model.save_params(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.cv_.log_likelihood, model.cv_.log_likelihood)


def test_no_penalty_no_search():
    X, y = labelled(60)
    model = ClassifierGLM(3, regularizer="UnRegularized")
    model.regularizer_strength = "cv"
    with pytest.raises(ValueError, match="a model without a penalty has no strength to choose"):
        model.fit(X, y)


@pytest.mark.parametrize("strength", [0.0, 0.02])
@pytest.mark.parametrize("weighted", [False, True])
def test_covariance_is_the_inverse_curvature(strength, weighted):
    """Of the penalised log-likelihood by finite differences, with the last class as reference."""
    X, y = labelled(400, 3)
    weight = np.random.default_rng(3).integers(1, 4, len(y)).astype(float) if weighted else np.ones(len(y))
    options = {"regularizer_strength": strength} if strength else {"regularizer": "UnRegularized"}
    model = ClassifierGLM(3, **options).fit(X, y, sample_weight=weight)
    found = model.inference(X, y, sample_weight=weight, feature_names=["a", "b", "c"])
    size = X.shape[1] + 1
    ones = np.column_stack([X, np.ones(len(X))])

    def objective(flat):  # coefficients that sum to zero over classes
        params = flat.reshape(2, size)
        params = np.vstack([params, -params.sum(axis=0)])
        eta = ones @ params.T
        loss = weight @ (np.log(np.exp(eta).sum(axis=1)) - eta[np.arange(len(y)), y])
        return loss + weight.sum() * strength / 2 * np.sum(params[:, :-1] ** 2)

    center = np.concatenate([np.append(model.coef_[:, k], model.intercept_[k]) for k in range(2)])
    step, n = 1e-4, 2 * size
    eye = np.eye(n) * step
    curvature = np.array(
        [
            [
                objective(center + eye[i] + eye[j])
                - objective(center + eye[i] - eye[j])
                - objective(center - eye[i] + eye[j])
                + objective(center - eye[i] - eye[j])
                for j in range(n)
            ]
            for i in range(n)
        ]
    ) / (4 * step**2)
    expected = np.linalg.inv(curvature)
    # finite differences of a loss of some hundreds are good to 1e-5
    np.testing.assert_allclose(found.covariance[0][:n, :n], expected, rtol=2e-3, atol=1e-4 * np.abs(expected).max())
    assert (found.names[0], found.names[-1]) == ("a (0)", "intercept (2)")
    likelihood = weight.sum() * strength / 2 * np.sum(model.coef_**2) - objective(center)
    assert found.log_likelihood[0] == pytest.approx(likelihood)
    assert found.effective_dof[0] == pytest.approx(2 * size, abs=1e-6 if strength == 0 else 2.0)


def test_differences_of_two_classes_do_not_depend_on_the_third():
    """With two classes the difference is a logistic regression."""
    from rheobase.glm import GLM

    X, y = labelled(500, 4, 2)
    two = ClassifierGLM(2, regularizer="UnRegularized").fit(X, y)
    logistic = GLM("Bernoulli").fit(X, y)
    table, other = two.inference(X, y).relative_to(0), logistic.inference(X, y)
    np.testing.assert_allclose(table.params, other.params, rtol=1e-5)
    np.testing.assert_allclose(table.standard_errors, other.standard_errors, rtol=1e-5)
    np.testing.assert_allclose(table.of_predictor(X[:5])[..., 0], other.of_predictor(X[:5]), rtol=1e-5)
    assert table.summary().index.get_level_values("parameter")[0] == "x0 (1)"
    with pytest.raises(ValueError, match="label must be one of the classes 0, 1, got 7"):
        two.inference(X, y).relative_to(7)


def test_a_class_that_one_neuron_never_shows():
    X, y = labelled()
    both = np.column_stack([y, np.where(y == 2, 0, y)])
    with pytest.warns(match="given the smallest probability"):
        model = ClassifierPopulationGLM(3, regularizer_strength=0.1).fit(X, both)
    found = model.inference(X, both)
    size = X.shape[1] + 1
    assert np.isnan(found.standard_errors[2 * size :, 1]).all()
    assert np.isfinite(found.standard_errors[: 2 * size]).all()
