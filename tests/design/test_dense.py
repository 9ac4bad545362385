"""What only a design in memory does: which rows it masks, what it copies, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.design import AbstractDesign, Dense
from rheobase.design._dense import finite_rows


def test_every_way_a_row_can_be_bad_is_found():
    x = np.ones((6, 3))
    x[1, 2], x[2, 0], x[3, 1] = np.nan, np.inf, -np.inf
    x[4, :2] = np.inf, -np.inf
    np.testing.assert_array_equal(finite_rows(x), [True, False, False, False, False, True])
    np.testing.assert_array_equal(Dense(x).row_mask, [True, False, False, False, False, True])


def test_a_sum_that_overflows_costs_no_row():
    """Half the largest float32 four times over is a fine row, in float16 too."""
    for dtype in (np.float16, np.float32, np.float64):
        x = np.full((2, 4), np.finfo(dtype).max / 2, dtype=dtype)
        assert finite_rows(x).all()


def test_good_float64_is_not_copied():
    x = np.random.default_rng(0).normal(size=(10, 2))
    design = Dense(x)
    design.matvec(np.ones((2, 1)))
    assert np.shares_memory(design._host.x, x)


def test_the_users_array_is_never_written():
    x = np.random.default_rng(0).normal(size=(10, 2))
    x[3] = np.nan
    before = x.copy()
    x.flags.writeable = False
    design = Dense(x)
    design.standardized(np.arange(10) > 4)
    design.gram(np.ones((10, 1)))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("n_rows", [100_000, 1_000_001])
def test_a_constant_column_stays_constant_however_long(n_rows):
    """The mean of a million times 0.1 is not 0.1 by plain summation; the column must still come out as zeros."""
    x = np.column_stack([np.full(n_rows, 0.1), np.full(n_rows, 1e8 / 3), np.arange(n_rows) % 2])
    standard = Dense(x).standardized()
    np.testing.assert_array_equal(standard.scale[:2], 1.0)
    np.testing.assert_array_equal(standard.to_array()[:, :2], 0.0)
    assert standard.scale[2] == pytest.approx(0.5, rel=1e-9)


def test_a_step_of_one_on_an_offset_of_1e8_keeps_its_spread():
    rng = np.random.default_rng(0)
    x = 1e8 + (rng.random((20_000, 1)) < 0.3)
    standard = Dense(x).standardized()
    p = (x - 1e8).mean()
    np.testing.assert_allclose(standard.scale, np.sqrt(p * (1 - p)), rtol=1e-10)
    assert abs(standard.to_array().sum()) < 1e-3


def test_no_row_left_is_no_crash():
    """A design without a valid row can be made and asked; refusing it is the estimator's business."""
    design = Dense(np.full((5, 2), np.nan))
    standard = design.standardized()
    assert design.n_valid == standard.n_valid == 0
    np.testing.assert_array_equal(standard.to_array(), 0.0)
    np.testing.assert_array_equal(design.matvec(np.ones((2, 1))), 0.0)


@pytest.mark.parametrize("shape", [(5,), (5, 2, 2), ()])
def test_features_have_two_axes(shape):
    with pytest.raises(ValueError, match=r"x must have shape \(time, feature\), got \d dimension"):
        Dense(np.ones(shape))


def test_text_is_refused():
    with pytest.raises(ValueError, match=r"x must be real numbers, got dtype <U1"):
        Dense(np.array([["a", "b"]]))


def test_complex_is_refused():
    with pytest.raises(ValueError, match=r"x must be real numbers, got dtype complex128"):
        Dense(np.ones((3, 1), dtype=complex))


def test_a_design_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        AbstractDesign()


def test_a_mask_must_fit():
    with pytest.raises(ValueError, match=r"mask must have shape \(10,\), got \(9,\)"):
        Dense(np.ones((10, 1))).standardized(np.ones(9, dtype=bool))
