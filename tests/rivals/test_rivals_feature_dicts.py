"""Trees of features against NeMoS' FeaturePytree, and `design.build` against the same steps in pynapple and NeMoS."""

from __future__ import annotations

import warnings

import jax
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from glm_helpers import population
from helpers import SOLVER
from rheobase import IntervalSet, Ts, Tsd, TsGroup, basis, design, glm

nmo = pytest.importorskip("nemos")
nap = pytest.importorskip("pynapple")
pytestmark = pytest.mark.rivals
with warnings.catch_warnings():  # its solvers import jaxopt, which warns
    warnings.simplefilter("ignore")
    nmo.glm.GLM()

TIGHT = {"solver_name": "LBFGS", "solver_kwargs": {"tol": 1e-13, "maxiter": 5000}}
X, Y = population(n_features=6)
TREE = {"speed": X[:, :1], "position": X[:, 1:4], "history": X[:, 4:]}


@pytest.fixture
def x64():
    """Double precision for NeMoS, and the setting of before afterwards."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def same_tree(ours, theirs):
    assert set(ours) == set(theirs)
    for key in ours:
        np.testing.assert_allclose(ours[key], np.asarray(theirs[key]), rtol=0, atol=SOLVER)


@pytest.mark.usefixtures("x64")
@pytest.mark.filterwarnings("ignore")
def test_one_neuron():
    tree = nmo.pytrees.FeaturePytree(**TREE)
    theirs = nmo.glm.GLM(**TIGHT).fit(tree, Y[:, 0])
    for given_tree in (TREE, tree):
        ours = glm.GLM().fit(given_tree, Y[:, 0])
        same_tree(ours.coef_, dict(theirs.coef_))
        np.testing.assert_allclose(ours.predict(given_tree), theirs.predict(tree), rtol=10 * SOLVER)
        assert ours.score(given_tree, Y[:, 0]) == pytest.approx(float(theirs.score(tree, Y[:, 0])), rel=SOLVER)


@pytest.mark.usefixtures("x64")
@pytest.mark.filterwarnings("ignore")
def test_a_population_with_a_mask_of_blocks():
    tree = nmo.pytrees.FeaturePytree(**TREE)
    mask = {"speed": [1, 0, 1, 1], "position": [0, 1, 1, 1], "history": [1, 1, 1, 0]}
    given_mask = nmo.pytrees.FeaturePytree(**{key: np.array(value) for key, value in mask.items()})
    theirs = nmo.glm.PopulationGLM(feature_mask=given_mask, **TIGHT).fit(tree, Y)
    same_tree(glm.PopulationGLM(feature_mask=mask).fit(TREE, Y).coef_, dict(theirs.coef_))


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.integers(0, 2**31),
    st.lists(st.floats(2.0, 9.0), min_size=1, max_size=3),
    st.sampled_from([0.01, 0.02, 0.05]),
    st.booleans(),
)
def test_build_is_the_same_steps_by_hand(seed, lengths, bin_size, from_theirs):
    """Count, average, evaluate and convolve epoch by epoch; pynapple's objects are taken as ours."""
    rng = np.random.default_rng(seed)
    starts = np.cumsum([0.0, *(length + 1.0 for length in lengths[:-1])])
    ends = starts + lengths
    t = np.sort(rng.uniform(0, ends[-1], int(400 * ends[-1])))
    values = np.cos(t)
    times = {key: np.sort(rng.uniform(0, ends[-1], rng.integers(1, 200))) for key in (2, 5)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ep = nap.IntervalSet(starts, ends)
        signal = nap.Tsd(t, values).restrict(ep)
        group = nap.TsGroup({key: nap.Ts(x) for key, x in times.items()}, time_support=ep)
        counts = group.count(bin_size, ep)
        average = signal.bin_average(bin_size, ep)
        place, past = nmo.basis.BSplineEval(5, bounds=(-1, 1)), nmo.basis.RaisedCosineLogConv(3, window_size=15)
        expected = np.hstack([place.compute_features(average.values), past.compute_features(counts).values])
    expected[~np.isfinite(expected).all(axis=1)] = np.nan
    ours = IntervalSet(starts, ends)
    inputs = (signal, group)
    if not from_theirs:
        units = {key: Ts(x, time_support=IntervalSet(0, ends[-1])) for key, x in times.items()}
        inputs = (Tsd(t, values).restrict(ours), TsGroup(units, time_support=ours))
    given_terms = {
        "place": (basis.BSplineEval(5, bounds=(-1, 1)), inputs[0]),
        "past": (basis.RaisedCosineLogConv(3, window_size=15), inputs[1]),
    }
    d = design.build(given_terms, response=inputs[1], bin_size=bin_size, ep=ours)
    np.testing.assert_allclose(d.t, counts.t, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(d.y.values, counts.values)
    found = d.X.to_dense()
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=10 * SOLVER, atol=SOLVER)  # NeMoS computes in float32
