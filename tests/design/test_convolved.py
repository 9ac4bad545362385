"""What only a convolution applied on the fly does: epochs, block boundaries, memory, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from design_families import CAUSALITIES, convolved_by_hand

from helpers import ROUNDING
from rheobase import convolve
from rheobase.containers import IntervalSet, TsdFrame
from rheobase.design import Convolved, Dense, _blockwise


@pytest.fixture(params=[1, 300, 5000])
def block_bytes(request, monkeypatch):
    """From one window of rows at a time to a few blocks."""
    monkeypatch.setattr(_blockwise, "_BLOCK_BYTES", request.param)


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize(("causality", "shift"), CAUSALITIES)
def test_block_boundaries_do_not_show(causality, shift):
    """Features, products and moments by tiny blocks equal those of the whole matrix, with epochs that end anywhere."""
    rng = np.random.default_rng(2)
    signals, kernel = rng.normal(size=(131, 2)), rng.normal(size=(7, 3))
    first, last = np.array([0, 40, 48, 90]), np.array([40, 46, 77, 131])
    design = Convolved(signals, kernel, causality=causality, shift=shift, first=first, last=last)
    assert sum(1 for _ in design.blocks()) > 1
    matrix = convolved_by_hand(signals, kernel, causality, shift, zip(first, last))
    np.testing.assert_allclose(design.to_dense(), matrix, rtol=0, atol=10 * ROUNDING)
    mask = rng.random(131) < 0.7
    ours, dense = design.standardized(mask), Dense(matrix).standardized(mask)
    np.testing.assert_allclose(ours.center, dense.center, rtol=0, atol=10 * ROUNDING)
    np.testing.assert_allclose(ours.scale, dense.scale, rtol=10 * ROUNDING)
    np.testing.assert_array_equal(ours.row_mask, dense.row_mask)
    np.testing.assert_allclose(ours.to_array(), dense.to_array(), rtol=0, atol=100 * ROUNDING)
    weights = rng.random((ours.n_rows, 2))
    np.testing.assert_allclose(ours.gram(weights), dense.gram(weights), rtol=0, atol=1000 * ROUNDING)


@pytest.mark.parametrize(("causality", "shift"), [*CAUSALITIES, ("causal", None), ("acausal", None)])
def test_same_features_as_create_convolutional_predictor(causality, shift):
    """Same rows, same NaN, same order of columns as the features a user makes by hand."""
    rng = np.random.default_rng(3)
    support = IntervalSet([0.0, 60.0], [49.5, 99.5])
    times = np.concatenate([np.arange(50.0), np.arange(60.0, 100.0)])
    counts = TsdFrame(times, rng.poisson(1.0, size=(90, 2)), time_support=support)
    kernel = rng.normal(size=(5, 3))
    made = convolve.create_convolutional_predictor(kernel, counts, causality, shift)
    design = Convolved(counts.values, kernel, causality=causality, shift=shift, first=[0, 50], last=[50, 90])
    np.testing.assert_allclose(design.to_dense(), made.values.reshape(90, 6), rtol=0, atol=ROUNDING)


def test_signals_keep_their_dtype():
    counts = np.random.default_rng(0).poisson(1.0, size=(50, 2)).astype(np.uint8)
    assert Convolved(counts, np.ones((3, 1))).signals.dtype == np.uint8
    assert Convolved(counts > 0, np.ones((3, 1))).signals.dtype == bool


def test_one_channel_may_be_a_vector():
    x, kernel = np.random.default_rng(0).normal(size=60), np.ones((3, 2))
    np.testing.assert_array_equal(Convolved(x, kernel).to_dense(), Convolved(x[:, None], kernel).to_dense())


def test_walking_twice_gives_the_same():
    """The caller may overwrite a block that it was given."""
    design = Convolved(np.arange(30.0), np.ones((3, 1)))
    before = design.to_dense()
    for _, block in design.blocks():
        block[:] = -1.0
    np.testing.assert_array_equal(design.to_dense(), before)


def test_an_epoch_shorter_than_the_window_is_masked():
    design = Convolved(np.ones(20), np.ones((8, 1)), first=[0, 5], last=[5, 20])
    assert not design.row_mask[:13].any()
    assert design.row_mask[13:20].all()


def test_a_constant_signal_is_a_constant_feature():
    standard = Convolved(np.full(200, 0.1), np.full((3, 1), 0.1)).standardized()
    np.testing.assert_array_equal(standard.scale, 1.0)
    np.testing.assert_array_equal(standard.to_array(), 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel": np.ones(3)}, r"kernel must have shape \(window, basis\), got \(3,\)"),
        ({"kernel": np.ones((0, 2))}, r"kernel must have shape \(window, basis\), got \(0, 2\)"),
        ({"kernel": [[np.nan]]}, "kernel must be finite"),
        ({"causality": "past"}, "causality must be 'causal', 'acausal' or 'anti-causal', got 'past'"),
        ({"causality": "acausal", "shift": True}, r"shift=True .*acausal"),
        ({"signals": np.ones((5, 2, 2))}, r"signals must be real numbers of shape \(time, channel\), got shape"),
        ({"signals": np.array(["a", "b"])}, r"signals must be real numbers .* dtype <U1"),
        ({"first": [0, 10]}, r"first and last must have the same length, got 2 and 1"),
        ({"first": [0, 10], "last": [12, 30]}, r"epochs .*sorted and disjoint"),
        ({"first": [0], "last": [31]}, r"epochs .*within the 30 rows"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Convolved(**{"signals": np.ones(30), "kernel": np.ones((3, 1)), **arguments})
