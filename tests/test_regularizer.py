"""Penalties: strengths that are taken and refused, curvatures, 2024 constructors."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase import regularizer
from rheobase.regularizer import Ridge, UnRegularized

SHAPE = (3, 4)


@pytest.mark.parametrize("strength", [0, 2, 0.5, np.float32(0.5), np.int64(3), True])
def test_one_number_is_every_coefficients(strength):
    checked = Ridge().check_strength(strength)
    assert isinstance(checked, float)
    np.testing.assert_array_equal(Ridge().curvature(checked, SHAPE), np.full(SHAPE, float(strength)))


@pytest.mark.parametrize(
    ("strength", "expected"),
    [
        (np.arange(3.0), np.repeat(np.arange(3.0)[:, None], 4, axis=1)),
        ([0.0, 1.0, 2.0], np.repeat(np.arange(3.0)[:, None], 4, axis=1)),
        (np.arange(3.0)[:, None], np.repeat(np.arange(3.0)[:, None], 4, axis=1)),
        (np.arange(4.0)[None], np.repeat(np.arange(4.0)[None], 3, axis=0)),
        (np.arange(12.0).reshape(3, 4), np.arange(12.0).reshape(3, 4)),
    ],
)
def test_arrays_are_spread_over_features_and_neurons(strength, expected):
    ridge = Ridge()
    np.testing.assert_array_equal(ridge.curvature(ridge.check_strength(strength), SHAPE), expected)


def test_no_strength_is_the_default():
    assert Ridge().check_strength(None) == 1.0
    assert UnRegularized().check_strength(None) is None
    assert UnRegularized().check_strength(5.0) is None
    np.testing.assert_array_equal(UnRegularized().curvature(None, SHAPE), np.zeros(SHAPE))


@pytest.mark.parametrize(
    ("strength", "error", "message"),
    [
        (-0.1, ValueError, r"regularizer_strength must be finite and >= 0, got -0.1\. Use 'UnRegularized'"),
        (np.nan, ValueError, "must be finite and >= 0, got nan"),
        (np.inf, ValueError, "must be finite and >= 0, got inf"),
        ([1.0, -1.0], ValueError, "must be finite and >= 0"),
        ("strong", TypeError, "regularizer_strength must be a number >= 0 or an array of them, got 'strong'"),
        ({"a": 1}, TypeError, "regularizer_strength must be a number"),
    ],
)
def test_wrong_strengths(strength, error, message):
    with pytest.raises(error, match=message):
        Ridge().check_strength(strength)
    with pytest.raises(error, match=message):
        Ridge(regularizer_strength=strength)


@pytest.mark.parametrize("strength", [np.ones(5), np.ones((4, 3)), np.ones((3, 4, 1))])
def test_a_strength_of_another_shape(strength):
    with pytest.raises(ValueError, match=r"regularizer_strength has shape .* match the coefficients' \(3, 4\)"):
        Ridge().curvature(strength, SHAPE)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (None, UnRegularized()),
        ("UnRegularized", UnRegularized()),
        ("Ridge", Ridge()),
        ("nemos.regularizer.Ridge", Ridge()),
        (Ridge(regularizer_strength=2.0), Ridge(regularizer_strength=2.0)),
    ],
)
def test_what_may_be_written(written, expected):
    assert regularizer.resolve(written) == expected


@pytest.mark.parametrize(
    ("written", "error", "message"),
    [
        ("ridge", ValueError, r"unknown regularizer 'ridge'; known are .*Did you mean 'Ridge'"),
        ("L3", ValueError, "unknown regularizer 'L3'"),
        (Ridge, TypeError, r"instance of a class .* got the class Ridge \(an instance is needed: add parentheses\)"),
        (1.0, TypeError, "regularizer must be a name .* got float"),
    ],
)
def test_what_may_not(written, error, message):
    with pytest.raises(error, match=message):
        regularizer.resolve(written)


def test_equality_and_representation():
    assert Ridge() == Ridge()
    assert Ridge() != UnRegularized()
    assert Ridge(regularizer_strength=2.0) != Ridge()
    assert Ridge(solver_name="LBFGS") != Ridge()
    assert hash(Ridge()) == hash(Ridge(regularizer_strength=2.0))
    assert Ridge(regularizer_strength=np.ones(3)) == Ridge(regularizer_strength=np.ones(3))
    assert repr(Ridge()) == "Ridge()"
    assert repr(UnRegularized()) == "UnRegularized()"
    assert repr(Ridge(regularizer_strength=2.0, solver_name="LBFGS")) == (
        "Ridge(solver_name='LBFGS', regularizer_strength=2.0)"
    )


def test_2024_constructors_by_position():
    ridge = Ridge("GradientDescent", {"tol": 1e-3}, 0.5)
    assert (ridge.solver_name, ridge.solver_kwargs, ridge.regularizer_strength) == (
        "GradientDescent",
        {"tol": 1e-3},
        0.5,
    )
    assert UnRegularized("LBFGS", None).solver_name == "LBFGS"
