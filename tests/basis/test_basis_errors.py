"""Wrong parameters and wrong samples: the type of error that scripts expect, and a message that says what to do."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase import basis as bases
from rheobase._errors import TimeSupportError
from rheobase.containers import Tsd

B = bases

CONSTRUCTION = [
    (lambda: B.RaisedCosineLogEval(1), ValueError, "integer >= 2"),
    (lambda: B.RaisedCosineLinearEval(2.5), ValueError, "`n_basis_funcs` of RaisedCosineLinearEval"),
    (lambda: B.RaisedCosineLinearEval("3"), TypeError, "n_basis_funcs"),
    (lambda: B.BSplineEval(True), ValueError, "positive integer"),
    (lambda: B.RaisedCosineLinearConv(4), TypeError, "window_size"),
    (lambda: B.RaisedCosineLinearConv(4, None), ValueError, "You must provide window_size"),
    (lambda: B.RaisedCosineLinearConv(4, -1), ValueError, "`window_size` .* positive integer"),
    (lambda: B.HistoryConv(1.5), ValueError, "`window_size` .* positive integer"),
    (lambda: B.RaisedCosineLinearEval(4, width=1), ValueError, "Invalid raised cosine width"),
    (lambda: B.RaisedCosineLinearEval(4, width=1.3), ValueError, "2\\*width"),
    (lambda: B.RaisedCosineLinearEval(4, width="2"), TypeError, "`width`"),
    (lambda: B.RaisedCosineLogEval(4, time_scaling=-1), ValueError, "strictly positive time_scaling"),
    (lambda: B.RaisedCosineLogEval(4, time_scaling=np.inf), ValueError, "finite"),
    (lambda: B.BSplineEval(5, order=0), ValueError, "`order`"),
    (lambda: B.BSplineEval(5, order=1.5), ValueError, "`order`"),
    (lambda: B.BSplineEval(5, order=6), ValueError, "cannot be larger than `n_basis_funcs`"),
    (lambda: B.CyclicBSplineEval(5, order=1), ValueError, "integer >= 2"),
    (lambda: B.BSplineEval(5, bounds=(1, 0)), ValueError, "lower bound is greater"),
    (lambda: B.BSplineEval(5, bounds=(0, 1, 2)), ValueError, "two numbers"),
    (lambda: B.BSplineEval(5, bounds=("a", "b")), TypeError, "Could not convert `bounds`"),
    (lambda: B.BSplineEval(5, bounds=(0, None)), TypeError, "Could not convert `bounds`"),
    (lambda: B.BSplineEval(5, bounds=(0, np.nan)), ValueError, "finite"),
    (lambda: B.BSplineEval(5, bounds=1), TypeError, "two numbers"),
    (lambda: B.BSplineEval(5, fill_value="x"), TypeError, "`fill_value`"),
    (lambda: B.BSplineEval(5, label=3), TypeError, "'label' must be a string"),
    (lambda: B.BSplineEval(5, label="MSplineEval"), ValueError, "Cannot assign 'MSplineEval'"),
    (lambda: B.HistoryConv(5, conv_kwargs={"axis": 0}), ValueError, "Setting the `axis` parameter is not allowed"),
    (lambda: B.HistoryConv(5, conv_kwargs={"shfit": 0}), ValueError, "Unrecognized.*Did you mean 'shift'"),
    (lambda: B.HistoryConv(5, conv_kwargs=[1]), TypeError, "must be a dict"),
    (lambda: B.HistoryConv(5, conv_kwargs={"predictor_causality": "x"}), ValueError, "predictor_causality must be"),
    (lambda: B.HistoryConv(5, conv_kwargs={"batch_size_basis": 0}), ValueError, "strictly positive integer"),
    (lambda: B.OrthExponentialEval(3, [1, 1, 2]), ValueError, "repeated"),
    (lambda: B.OrthExponentialEval(3, [1, 2]), ValueError, "must match the number of decay rates"),
    (lambda: B.OrthExponentialEval(2, [[1, 2]]), ValueError, "vector of finite numbers"),
    (lambda: B.OrthExponentialConv(3, 2, [1, 2, 3]), ValueError, "at least a window_size"),
    (lambda: B.FourierEval(0), ValueError, "must be > 0"),
    (lambda: B.FourierEval(1.5), TypeError, "Unrecognized type"),
    (lambda: B.FourierEval((5, 2)), ValueError, "0 <= start < stop"),
    (lambda: B.FourierEval([2, 3]), ValueError, "must match input dimensionality"),
    (lambda: B.FourierEval(np.array([-3, 3])), ValueError, "non-negative integers"),
    (lambda: B.FourierEval(np.array([1.5, 3])), ValueError, "non-negative integers"),
    (lambda: B.FourierEval(3, frequency_mask="x"), ValueError, "frequency_mask"),
    (lambda: B.FourierEval(3, frequency_mask=np.ones(2)), ValueError, "Invalid shape for ``frequency_mask``"),
    (lambda: B.FourierEval(3, frequency_mask=2 * np.ones(3)), ValueError, "0s and 1s"),
    (lambda: B.FourierEval(3, ndim=0), ValueError, "`ndim`"),
    (lambda: B.FourierEval(3, ndim=3, bounds=((0, 1), (0, 1))), ValueError, "one for each of 3"),
    (lambda: B.CustomBasis(3), TypeError, "callable"),
    (lambda: B.CustomBasis([3]), ValueError, "iterable of callable"),
    (lambda: B.CustomBasis([np.sin, np.add]), ValueError, "same number of inputs"),
    (lambda: B.CustomBasis(np.sin, basis_kwargs=3), ValueError, "must be a dictionary"),
    (lambda: B.CustomBasis(np.sin, output_shape="a"), ValueError, "`output_shape`"),
    (lambda: B.CustomBasis(np.sin, ndim_input=0), ValueError, "`ndim_input`"),
    (lambda: B.Category([1, 1]), ValueError, "distinct labels"),
    (lambda: B.Category(0), ValueError, "positive integer"),
    (lambda: B.AdditiveBasis(B.BSplineEval(4), 3), TypeError, "basis2 of AdditiveBasis must be a basis"),
    (lambda: B.BSplineEval(4) + 3, TypeError, "unsupported operand"),
    (lambda: 1.5 * B.BSplineEval(4), TypeError, "Basis object or a positive integer"),
    (lambda: 0 * B.BSplineEval(4), ValueError, "must be positive"),
    (lambda: B.BSplineEval(4) ** 0, ValueError, "positive integer"),
    (lambda: B.BSplineEval(4) ** 1.5, TypeError, "should be an integer"),
    (lambda: 2 * B.BSplineEval(4, label="x"), ValueError, "user-defined labels"),
    (lambda: B.BSplineEval(4, label="x") ** 2, ValueError, "user-defined labels"),
    (lambda: B.BSplineEval(4, label="x") + B.BSplineEval(4, label="x"), ValueError, "must be distinct"),
    (lambda: B.FourierEval(3) * B.FourierEval(3), ValueError, "two complex bases"),
    (lambda: (B.FourierEval(3) + B.BSplineEval(4)) * B.FourierEval(3), ValueError, "two complex bases"),
    (lambda: B.TransformerBasis(3), TypeError, "accepts only a basis"),
    (lambda: B.RaisedCosineBasisLog(5, mode="conf"), ValueError, "Did you mean 'conv'"),
    (lambda: B.RaisedCosineBasisLog(5, window_size=10), ValueError, "Did you mean mode='conv'"),
    (lambda: B.RaisedCosineBasisLog(5, "conv"), ValueError, "You must provide window_size"),
    (lambda: B.BSplineBasis(5, "conv", window_size=9, bounds=(0, 1)), ValueError, "bounds should only be set"),
    (lambda: B.MSplineBasis(5, "conv", window_size=9, shfit=True), ValueError, "Did you mean 'shift'"),
]


@pytest.mark.parametrize(("make", "error", "match"), CONSTRUCTION)
def test_wrong_parameters_are_refused(make, error, match):
    with pytest.raises(error, match=match):
        make()


x = np.linspace(0, 1, 20)
SAMPLES = [
    (lambda: B.BSplineEval(5).compute_features(x, x), TypeError, "takes 1 input"),
    (lambda: B.BSplineEval(5).compute_features(), TypeError, "takes 1 input"),
    (lambda: B.BSplineEval(5).compute_features([]), ValueError, "non empty"),
    (lambda: B.BSplineEval(5).compute_features("abc"), TypeError, "real numbers"),
    (lambda: B.BSplineEval(5).compute_features(x + 1j), TypeError, "real numbers"),
    (lambda: B.BSplineEval(5).compute_features(object()), TypeError, "real numbers"),
    (lambda: (B.BSplineEval(5) + B.HistoryConv(3)).compute_features(x, x[1:]), ValueError, "Sample size mismatch"),
    (lambda: (B.BSplineEval(5) * B.BSplineEval(5)).evaluate(x, x[1:]), ValueError, "Sample size mismatch"),
    (lambda: (B.BSplineEval(5) * B.BSplineEval(5)).compute_features(x, np.c_[x, x]), ValueError, "same shape"),
    (lambda: B.FourierEval(3, ndim=2).compute_features(x, np.c_[x, x]), ValueError, "same shape"),
    (lambda: B.BSplineEval(5).evaluate_on_grid(0), ValueError, "greater than zero"),
    (lambda: B.BSplineEval(5).evaluate_on_grid(2.5), TypeError, "must be integers"),
    (lambda: B.BSplineEval(5).evaluate_on_grid(), TypeError, "takes 1 input"),
    (lambda: B.BSplineEval(5)[0], IndexError, "only index basis using labels"),
    (lambda: B.BSplineEval(5)[0:1], IndexError, "Slicing is invalid"),
    (lambda: B.BSplineEval(5)["BSplineEvall"], IndexError, "Did you mean 'BSplineEval'"),
    (lambda: B.BSplineEval(5).set_input_shape(1, 2), ValueError, "expects 1 inputs, but 2"),
    (lambda: B.BSplineEval(5).set_input_shape("a"), ValueError, "Cannot convert"),
    (lambda: B.BSplineEval(5).set_input_shape((1, 1.5)), ValueError, "non integer"),
    (lambda: B.BSplineEval(5).set_params(nbasis=3), ValueError, "Invalid parameter 'nbasis'"),
    (lambda: (2 * B.BSplineEval(5)).set_params(nope__order=3), ValueError, "Invalid parameter 'nope__order'"),
    (lambda: B.BSplineEval(5).split_by_feature(np.ones((2, 5))), ValueError, "set_input_shape"),
    (
        lambda: B.BSplineEval(5).set_input_shape(1).split_by_feature(np.ones((2, 6))),
        ValueError,
        "expected number of features",
    ),
    (lambda: B.OrthExponentialEval(3, [1, 2, 3]).compute_features([1, 2]), ValueError, "as many samples"),
    (lambda: B.CustomBasis(lambda v: v[:3]).compute_features(x), ValueError, "returned an array of shape"),
    (lambda: B.CustomBasis(np.sin, ndim_input=2).compute_features(x), ValueError, "at least 2 dimensions"),
    (lambda: B.Category(3, out_of_category=False).compute_features([0, 7]), ValueError, r"\[7\] are in no category"),
    (lambda: B.Category(3).evaluate_on_grid(5), ValueError, "one point per category"),
    (lambda: B.BSplineEval(5).to_transformer().fit(np.ones((9, 2))), ValueError, "expected 1 inputs, but got 2"),
    (lambda: B.BSplineEval(5).to_transformer().fit(x), ValueError, "X must be 2-dimensional"),
    (lambda: setattr(B.BSplineEval(5).to_transformer(), "foo", 1), ValueError, "Attempt to set `foo`"),
    (lambda: B.BSplineEval(5).to_transformer().foo, AttributeError, "foo"),
    (
        lambda: B.BSplineEval(5).to_transformer().set_params(basis=B.BSplineEval(4), order=3),
        ValueError,
        "not both",
    ),
]


@pytest.mark.parametrize(("call", "error", "match"), SAMPLES)
def test_wrong_calls_are_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_series_at_different_times_are_refused():
    basis = B.BSplineEval(5) + B.HistoryConv(3)
    with pytest.raises(TimeSupportError, match="different times"):
        basis.compute_features(Tsd(np.arange(20.0), x), Tsd(np.arange(20.0) + 0.5, x))


def test_a_wrong_value_leaves_the_basis_as_it_was():
    basis = B.BSplineEval(5, order=4)
    for name, value in (("n_basis_funcs", 3), ("order", 6), ("bounds", (1, 0)), ("label", 3)):
        with pytest.raises((ValueError, TypeError)):
            setattr(basis, name, value)
    with pytest.raises(ValueError, match="cannot be larger"):
        basis.set_params(label="x", n_basis_funcs=2)
    assert basis == B.BSplineEval(5, order=4)


def test_parameters_that_fit_only_together_are_set_together():
    basis = B.BSplineEval(5, order=4).set_params(n_basis_funcs=3, order=3)
    assert (basis.n_basis_funcs, basis.order) == (3, 3)


def test_a_composition_with_a_wrong_parameter_stays_as_it_was():
    basis = B.BSplineEval(5) + B.MSplineEval(6)
    with pytest.raises(ValueError, match="cannot be larger"):
        basis.set_params(BSplineEval__n_basis_funcs=8, MSplineEval__order=9)
    assert basis == B.BSplineEval(5) + B.MSplineEval(6)


def test_unsorted_frequencies_are_sorted_with_one_warning():
    with pytest.warns(UserWarning, match="will be sorted") as caught:
        basis = B.FourierEval(np.array([3, 1]))
    assert len(caught) == 1
    np.testing.assert_array_equal(basis.masked_frequencies, [[1, 3]])
