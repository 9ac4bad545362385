"""Features in a dict are its blocks side by side; coefficients come back in a dict of the same form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from glm_helpers import N_TIME, population
from helpers import ROUNDING
from rheobase.design import Convolved
from rheobase.glm import GLM, ClassifierGLM, PopulationGLM

X, Y = population(n_features=6)
TREE = {"speed": X[:, :1], "position": X[:, 1:4], "history": X[:, 4:]}
FLAT = np.hstack([TREE["history"], TREE["position"], TREE["speed"]])
TIMES = np.arange(N_TIME) * 0.01


def test_one_neuron():
    model, flat = GLM().fit(TREE, Y[:, 0]), GLM().fit(FLAT, Y[:, 0])
    assert {key: part.shape for key, part in model.coef_.items()} == {"history": (2,), "position": (3,), "speed": (1,)}
    np.testing.assert_array_equal(np.concatenate(list(model.coef_.values())), flat.coef_)
    np.testing.assert_array_equal(model.predict(TREE), flat.predict(FLAT))
    assert model.score(TREE, Y[:, 0]) == flat.score(FLAT, Y[:, 0])
    np.testing.assert_array_equal(model.simulate(3, TREE)[0], flat.simulate(3, FLAT)[0])


def test_a_population():
    model, flat = PopulationGLM("Poisson").fit(TREE, Y), PopulationGLM().fit(FLAT, Y)
    assert model.coef_["position"].shape == (3, 4)
    np.testing.assert_array_equal(model.coef_["position"], flat.coef_[2:5])
    np.testing.assert_array_equal(model.predict(TREE), flat.predict(FLAT))
    np.testing.assert_array_equal(model.predict(FLAT), flat.predict(FLAT))


@settings(max_examples=10, deadline=None)
@given(st.permutations(["speed", "position", "history"]))
def test_the_order_of_keys_does_not_matter(keys):
    model = GLM().fit(TREE, Y[:, 0])
    other = {key: TREE[key] for key in keys}
    np.testing.assert_array_equal(model.predict(other), model.predict(TREE))
    again = GLM().fit(other, Y[:, 0])
    assert list(again.coef_) == list(model.coef_)


def test_dicts_may_be_nested():
    nested = {"stimulus": {"speed": TREE["speed"], "position": TREE["position"]}, "history": TREE["history"]}
    model = GLM().fit(nested, Y[:, 0])
    np.testing.assert_array_equal(model.coef_["stimulus"]["speed"], GLM().fit(TREE, Y[:, 0]).coef_["speed"])
    with pytest.raises(ValueError, match=r"lacks X\['stimulus'\]\['speed'\]"):
        model.predict({"stimulus": {"position": TREE["position"]}, "history": TREE["history"]})


def test_series_and_designs_are_blocks_too():
    series = {key: rb.TsdFrame(TIMES, block) for key, block in TREE.items()}
    y = rb.Tsd(TIMES, Y[:, 0])
    model = GLM().fit(series, y)
    rate = model.predict(series)
    assert isinstance(rate, rb.Tsd)
    np.testing.assert_array_equal(rate.t, TIMES)
    counts = np.random.default_rng(0).poisson(1.0, size=(N_TIME, 2))
    conv = Convolved(counts, np.ones((5, 1)))
    mixed = GLM().fit({"a": conv, "b": TREE["speed"]}, Y[:, 0])
    dense = GLM().fit({"a": conv.to_dense(), "b": TREE["speed"]}, Y[:, 0])
    np.testing.assert_allclose(mixed.coef_["a"], dense.coef_["a"], rtol=0, atol=1e-9)
    assert mixed.coef_["b"].shape == (1,)


def test_tables_name_the_blocks():
    series = TREE | {"position": rb.TsdFrame(TIMES, TREE["position"], columns=["x", "y", "z"])}
    model = GLM().fit(series, Y[:, 0])
    names = model.inference(series, Y[:, 0]).summary().index
    wanted = ["history[0]", "history[1]", "position[x]", "position[y]", "position[z]", "speed"]
    assert [name for _, name in names if name in wanted] == wanted


def test_rows_with_nan_in_any_block_are_left_out():
    holes = {key: block.copy() for key, block in TREE.items()}
    holes["speed"][5], holes["history"][9, 1] = np.nan, np.inf
    model, kept = GLM().fit(holes, Y[:, 0]), np.delete(np.arange(N_TIME), [5, 9])
    plain = GLM().fit({key: block[kept] for key, block in TREE.items()}, Y[kept, 0])
    np.testing.assert_allclose(model.coef_["position"], plain.coef_["position"], rtol=1e-9)
    assert np.isnan(model.predict(holes)[[5, 9]]).all()


def test_a_start_may_be_a_dict():
    model = GLM().fit(TREE, Y[:, 0])
    again = GLM().fit(TREE, Y[:, 0], init_params=(model.coef_, model.intercept_))
    np.testing.assert_allclose(again.coef_["position"], model.coef_["position"], rtol=1e-7)
    assert model.compute_loss((model.coef_, model.intercept_), TREE, Y[:, 0]) > 0


def test_masks_may_be_dicts():
    """One entry for each neuron and block, or one for each coefficient."""
    per_block = {"speed": [1, 0, 1, 1], "position": [0, 1, 1, 1], "history": [1, 1, 1, 0]}
    full = {key: np.tile(per_block[key], (TREE[key].shape[1], 1)) for key in TREE}
    models = [PopulationGLM(feature_mask=mask).fit(TREE, Y) for mask in (per_block, full)]
    flat_mask = np.vstack([full["history"], full["position"], full["speed"]])
    flat = PopulationGLM(feature_mask=flat_mask).fit(FLAT, Y)
    for model in models:
        np.testing.assert_array_equal(model.coef_["position"], flat.coef_[2:5])
        np.testing.assert_array_equal(model.predict(TREE), flat.predict(FLAT))
        assert not model.coef_["position"][:, 0].any()


def test_a_mask_must_have_the_keys_of_the_features():
    with pytest.raises(ValueError, match=r"feature_mask lacks feature_mask\['speed'\]"):
        PopulationGLM(feature_mask={"position": np.ones(4), "history": np.ones(4)}).fit(TREE, Y)
    with pytest.raises(ValueError, match="feature_mask is a dict, but X is not"):
        PopulationGLM(feature_mask={"position": np.ones(4)}).fit(FLAT, Y)
    with pytest.raises(ValueError, match="feature_mask must be an array of 0 and 1"):
        PopulationGLM(feature_mask={"position": [0, 2]})


def test_a_saved_model_keeps_its_blocks(tmp_path):
    model = PopulationGLM().fit(TREE, Y)
    loaded = rb.load_model(model.save_params(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict(TREE), model.predict(TREE))
    assert loaded.coef_["speed"].shape == (1, 4)


def test_streams_and_classifiers():
    model = GLM()
    for rows in (slice(0, 96), slice(96, None)):
        model = model.partial_fit({key: block[rows] for key, block in TREE.items()}, Y[rows, 0])
    assert model.coef_["position"].shape == (3,)
    with pytest.raises(ValueError, match=r"X lacks X\['position'\] and has X\['place'\]"):
        model.partial_fit({"place": TREE["position"], "speed": TREE["speed"], "history": TREE["history"]}, Y[:, 0])
    labels = (Y[:, 0] > 1).astype(int)
    classes, flat = ClassifierGLM(2).fit(TREE, labels), ClassifierGLM(2).fit(FLAT, labels)
    assert classes.coef_["position"].shape == (3, 2)
    np.testing.assert_array_equal(classes.predict(TREE), flat.predict(FLAT))


def test_refitting_takes_other_blocks():
    model = GLM().fit(TREE, Y[:, 0])
    assert set(model.fit({"a": X}, Y[:, 0]).coef_) == {"a"}
    assert model.fit(X, Y[:, 0]).coef_.shape == (6,)


def test_nemos_feature_trees():
    """The older class that other libraries have for this is read as the dict that it is."""
    from collections import UserDict

    class FeaturePytree(UserDict):
        def __len__(self):
            return N_TIME

    model = GLM().fit(FeaturePytree(TREE), Y[:, 0])
    np.testing.assert_allclose(model.coef_["speed"], GLM().fit(TREE, Y[:, 0]).coef_["speed"], rtol=ROUNDING)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: {"speeed": t.pop("speed"), **t},
            r"X lacks X\['speed'\] and has X\['speeed'\].* Did you mean 'speed'",
        ),
        (
            lambda t: {"position": t["position"]},
            r"X lacks X\['history'\], X\['speed'\], unlike the features of the fit",
        ),
        (lambda t: {**t, "more": t["speed"]}, r"X has X\['more'\]"),
        (lambda t: {**t, "speed": t["position"]}, r"X\['speed'\] has 3 features, but the model was fitted with 1"),
    ],
)
def test_other_blocks_are_refused(change, message):
    model = GLM().fit(TREE, Y[:, 0])
    other = change(dict(TREE))
    with pytest.raises(ValueError, match=message):
        model.predict(other)
    with pytest.raises(ValueError, match=message):
        model.score(other, Y[:, 0])


@pytest.mark.parametrize(
    ("tree", "error", "message"),
    [
        ({}, ValueError, "X must hold at least one block of features, got an empty dict"),
        ({"a": X[:, 0]}, ValueError, r"X\['a'\] must have shape \(time, feature\), got 1 dimension.*expand_dims"),
        ({"a": X, "b": X[1:]}, ValueError, r"X\['a'\] and X\['b'\] must have the same number of time points"),
        ({"a": np.array([["x"]])}, TypeError, r"X\['a'\] must be numeric"),
        (
            {"a": rb.TsdFrame(TIMES, X), "b": rb.TsdFrame(TIMES + 1.0, X)},
            rb.TimeSupportError,
            r"X\['a'\] and X\['b'\] must share their times",
        ),
    ],
)
def test_wrong_blocks(tree, error, message):
    with pytest.raises(error, match=message):
        GLM().fit(tree, Y[:, 0])


def test_a_dict_for_a_model_of_an_array():
    with pytest.raises(ValueError, match="X is a dict, but the model was fitted with an array"):
        GLM().fit(FLAT, Y[:, 0]).predict(TREE)
