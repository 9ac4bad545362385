"""Labels, look-up, parameters of compositions, old spellings, and the scikit-learn door."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase import basis as bases


def test_leaves_of_one_class_are_numbered_from_left_to_right():
    basis = 3 * bases.BSplineEval(5)
    assert basis.label == "((BSplineEval + BSplineEval_1) + BSplineEval_2)"
    assert list(basis.set_input_shape(1, 1, 2).split_by_feature(np.ones((3, 20)))) == [
        "BSplineEval",
        "BSplineEval_1",
        "BSplineEval_2",
    ]


def test_labels_given_by_the_user_are_kept_and_found():
    basis = bases.BSplineEval(5, label="position") + bases.MSplineEval(4) * bases.HistoryConv(3, label="history")
    assert basis.label == "(position + (MSplineEval * history))"
    assert basis["history"] == bases.HistoryConv(3, label="history")
    assert basis["(MSplineEval * history)"].n_basis_funcs == 12
    assert basis[basis.label] is basis
    basis["MSplineEval"].label = "speed"
    assert basis.label == "(position + (speed * history))"
    basis.label = "everything"
    assert basis["everything"] is basis


def test_numbers_step_around_labels_that_are_taken():
    basis = bases.BSplineEval(5) + bases.BSplineEval(4, label="BSplineEval_1") + bases.BSplineEval(6)
    assert basis["BSplineEval_1"].n_basis_funcs == 4
    assert basis["BSplineEval_2"].n_basis_funcs == 6


def test_a_label_equal_to_the_formula_is_no_label():
    basis = bases.BSplineEval(5) + bases.MSplineEval(4)
    basis.set_params(**{"label": basis.label, "BSplineEval__label": "x"})
    assert basis.label == "(x + MSplineEval)"


def test_a_composition_holds_copies():
    part = bases.BSplineEval(5)
    basis = part + part
    part.n_basis_funcs = 9
    basis["BSplineEval_1"].n_basis_funcs = 7
    assert basis.n_basis_funcs == 12


def test_iteration_goes_over_summands():
    basis = bases.BSplineEval(5) + bases.MSplineEval(4) * bases.IdentityEval() + bases.HistoryConv(3)
    assert [type(part).__name__ for part in basis] == ["BSplineEval", "MultiplicativeBasis", "HistoryConv"]
    assert len(basis) == 3
    assert len(bases.IdentityEval()) == 1


def test_parameters_of_parts_are_set_by_label():
    basis = bases.BSplineEval(5, label="position") + bases.MSplineConv(5, 10)
    basis.set_params(position__n_basis_funcs=8, MSplineConv__window_size=12)
    assert basis["position"].n_basis_funcs == 8
    assert basis["MSplineConv"].window_size == 12
    basis.set_params(position=bases.IdentityEval(label="speed"))
    assert basis.label == "(speed + MSplineConv)"
    basis.set_params(basis2=bases.HistoryConv(3))
    assert basis.n_basis_funcs == 4
    assert basis.get_params()["speed__label"] == "speed"
    assert set(basis.get_params(deep=False)) == {"speed", "HistoryConv", "label"}


def test_input_shapes_survive_composition():
    first = bases.BSplineEval(5).set_input_shape(3)
    assert (first + bases.IdentityEval()).input_shape == [(3,), None]
    second = bases.IdentityEval().set_input_shape(np.ones((7, 2)))
    assert (first + second).n_output_features == 17


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (lambda: bases.RaisedCosineBasisLog(10, "eval"), bases.RaisedCosineLogEval(10)),
        (lambda: bases.RaisedCosineBasisLog(10), bases.RaisedCosineLogEval(10)),
        (
            lambda: bases.RaisedCosineBasisLog(n_basis_funcs=10, mode="conv", window_size=200),
            bases.RaisedCosineLogConv(10, 200),
        ),
        (
            lambda: bases.RaisedCosineBasisLog(n_basis_funcs=10, shift=False, mode="conv", window_size=200),
            bases.RaisedCosineLogConv(10, 200, conv_kwargs={"shift": False}),
        ),
        (
            lambda: bases.RaisedCosineBasisLinear(8, mode="conv", window_size=9, predictor_causality="acausal", axis=0),
            bases.RaisedCosineLinearConv(8, 9, conv_kwargs={"predictor_causality": "acausal"}),
        ),
        (lambda: bases.BSplineBasis(8, bounds=(0, 3)), bases.BSplineEval(8, bounds=(0, 3))),
        (lambda: bases.CyclicBSplineBasis(8, "eval", order=3), bases.CyclicBSplineEval(8, order=3)),
        (lambda: bases.MSplineBasis(8), bases.MSplineEval(8, order=2)),
        (
            lambda: bases.OrthExponentialBasis(2, [1.0, 2.0], mode="conv", window_size=20, label="decay"),
            bases.OrthExponentialConv(2, 20, [1.0, 2.0], label="decay"),
        ),
        (
            lambda: bases.RaisedCosineLogConv(np.int64(5), np.int32(20)),
            bases.RaisedCosineLogConv(5, 20),
        ),
    ],
)
def test_old_spellings_make_the_new_bases(old, new):
    assert old() == new


def test_a_basis_can_be_called():
    basis = bases.RaisedCosineBasisLog(8, mode="conv", window_size=20)
    u = np.linspace(0, 1, 20)
    np.testing.assert_array_equal(basis(u), basis.evaluate(u))


def test_repr_says_what_was_set():
    basis = bases.BSplineEval(5) + bases.MSplineConv(5, 10, label="x")
    assert repr(basis) == (
        "'(BSplineEval + x)': AdditiveBasis(\n"
        "    basis1=BSplineEval(n_basis_funcs=5, order=4),\n"
        "    basis2='x': MSplineConv(n_basis_funcs=5, window_size=10, order=4),\n"
        ")"
    )


def test_splitting_a_series_gives_series():
    from rheobase.containers import TsdFrame, TsdTensor

    basis = (bases.BSplineEval(5) + bases.BSplineEval(4)).set_input_shape(1, 2)
    parts = basis.split_by_feature(TsdFrame(np.arange(6.0), np.ones((6, 13))))
    assert isinstance(parts["BSplineEval"], TsdFrame)
    assert isinstance(parts["BSplineEval_1"], TsdTensor)
    assert parts["BSplineEval_1"].shape == (6, 2, 4)


def test_a_transformer_is_a_step_of_a_pipeline(rng):
    pipeline = pytest.importorskip("sklearn.pipeline")
    from sklearn.base import clone
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV

    x = rng.random((80, 1))
    y = np.sin(6 * x[:, 0])
    pipe = pipeline.Pipeline([("basis", bases.BSplineEval(5, bounds=(0, 1)).to_transformer()), ("ridge", Ridge(1e-6))])
    by_size = GridSearchCV(pipe, {"basis__n_basis_funcs": [4, 9]}).fit(x, y)
    assert by_size.best_params_ == {"basis__n_basis_funcs": 9}
    whole = [bases.IdentityEval(), bases.BSplineEval(8, bounds=(0, 1))]
    by_basis = GridSearchCV(pipe, {"basis__basis": whole}).fit(x, y)
    assert by_basis.best_params_["basis__basis"] == whole[1]
    assert clone(pipe).named_steps["basis"] == pipe.named_steps["basis"]


def test_a_transformer_cuts_columns_into_inputs(rng):
    basis = bases.BSplineEval(5) + bases.RaisedCosineLogEval(4)
    X = rng.random((30, 3))
    transformer = basis.set_input_shape(2, 1).to_transformer()
    expected = basis.compute_features(X[:, :2], X[:, 2])
    np.testing.assert_array_equal(transformer.fit_transform(X), expected)
    assert transformer.n_output_features == 14
    transformer.label = "both"
    assert transformer.basis.label == "both"


def test_transformers_compose_like_bases():
    transformer = bases.BSplineEval(5).to_transformer()
    for made, n in (
        (transformer + bases.MSplineEval(4), 9),
        (bases.MSplineEval(4) + transformer, 9),
        (transformer * transformer, 25),
        (2 * transformer, 10),
        (transformer**2, 25),
    ):
        assert isinstance(made, bases.TransformerBasis)
        assert made.n_basis_funcs == n


def test_bounds_of_a_composition_are_those_of_its_inputs():
    fourier = bases.FourierEval(2, ndim=2, bounds=((0, 1), (2, 3)))
    basis = (bases.BSplineEval(5, bounds=(0, 1)) + bases.Zero()) * bases.BSplineConv(5, 9) + fourier
    assert basis.bounds == [(0.0, 1.0), None, None, (0.0, 1.0), (2.0, 3.0)]


def test_a_transformer_lists_what_its_basis_has():
    transformer = bases.BSplineEval(5).to_transformer()
    assert {"fit", "transform", "n_basis_funcs", "split_by_feature", "bounds"} <= set(dir(transformer))
