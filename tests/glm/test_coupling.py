"""Masks of couplings say who listens to whom."""

from __future__ import annotations

import numpy as np
import pytest

import rheobase as rb
from rheobase.glm import GLM, PopulationGLM, coupling_mask


@pytest.fixture(scope="module")
def recording():
    counts = rb.datasets.simulate_recording(n_neurons=3, duration=20).spikes.count(0.005)
    basis = rb.basis.RaisedCosineLogConv(4, window_size=20)
    return basis.compute_features(counts).values, counts.values


def test_masks_add_up():
    own, others = (coupling_mask(4, 3, keep, before=2, after=1)[2:-1] for keep in ("self", "others"))
    np.testing.assert_array_equal(own + others, 1)
    np.testing.assert_array_equal(own.sum(axis=0), 3)
    np.testing.assert_array_equal(coupling_mask(4, 3), 1)
    assert coupling_mask(np.int64(4), 3, before=2, after=1).shape == (15, 4)


@pytest.mark.parametrize("keep", ["self", "others"])
def test_a_masked_population_is_a_model_for_each_neuron(recording, keep):
    X, y = recording
    mask = coupling_mask(3, 4, keep)
    both = PopulationGLM(regularizer="Ridge", regularizer_strength=1e-3, feature_mask=mask).fit(X, y)
    for n in range(3):
        kept = mask[:, n].astype(bool)
        alone = GLM(regularizer="Ridge", regularizer_strength=1e-3).fit(X[:, kept], y[:, n])
        np.testing.assert_allclose(both.coef_[kept, n], alone.coef_, rtol=1e-5, atol=1e-7)
        assert not both.coef_[~kept, n].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, 3, "other"), "keep must be one of 'all', 'self', 'others', got 'other'"),
        ((0, 3), "n_neurons must be an integer >= 1, got 0"),
        ((2, 2.5), "n_basis_funcs must be an integer >= 1, got 2.5"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        coupling_mask(*arguments)


def test_wrong_rows_beside():
    with pytest.raises(ValueError, match="before must be an integer >= 0, got -1"):
        coupling_mask(2, 3, before=-1)
