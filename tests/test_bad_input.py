"""Wrong calls over the whole public face: each is refused where it is made, in words that help.

One row is one call, the type that scripts may catch, and what the message must say: which argument, what was given,
what was expected.
"""

from __future__ import annotations

import contextlib
import io as streams
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rheobase as rb
from rheobase import basis, convolve, links, observation_models, plot, simulation, solvers
from rheobase.cli.main import main
from rheobase.design import Convolved, Dense
from rheobase.glm import GLM, PopulationGLM
from rheobase.regularizer import Ridge

T = np.arange(100) * 0.1
EPOCHS = rb.IntervalSet([0.0, 6.0], [5.0, 9.9])
TS = rb.Ts(T)
TSD = rb.Tsd(T, np.sin(T))
FRAME = rb.TsdFrame(T, np.zeros((100, 3)))
GROUP = rb.TsGroup({0: TS, 3: rb.Ts(T[::2])})
X = np.random.default_rng(0).normal(size=(100, 3))
Y = np.random.default_rng(1).poisson(1.0, size=100)
FITTED = GLM()
FITTED.coef_, FITTED.intercept_ = np.zeros(3), np.zeros(1)
CONV = basis.RaisedCosineLogConv(5, 20)
EVAL = basis.RaisedCosineLinearEval(5)


def cli(*arguments):
    """Run the command line; what it prints on failure is the message."""
    errors = streams.StringIO()
    with contextlib.redirect_stderr(errors):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
    if code:
        raise SystemExit(errors.getvalue())


CONTAINERS = [
    (lambda: rb.IntervalSet("a", "b"), RuntimeError, "Unknown format for 'start': got str. Give a number, a list"),
    (lambda: rb.IntervalSet([0, 1], [2]), AssertionError, "Starts and ends are not of the same length: got 2 and 1"),
    (lambda: rb.IntervalSet(0), ValueError, r"Unable to interpret the input .* list of start-end pairs"),
    (lambda: rb.IntervalSet([[0, 1, 2]]), ValueError, r"input of shape \(1, 3\).* shape \(n, 2\)"),
    (lambda: rb.IntervalSet(0, 1, time_units="min"), ValueError, "'time_units': got 'min', expected one of 's'"),
    (lambda: EPOCHS[3], IndexError, "index 3 is out of bounds .* size 2"),
    (lambda: EPOCHS["Noise"], IndexError, r"Unknown string argument 'Noise'\. Should be in \['start', 'end'\]"),
    (lambda: EPOCHS.intersect(TSD), TypeError, "intersect takes an IntervalSet, got Tsd"),
    (lambda: EPOCHS.union(3), TypeError, r"union takes an IntervalSet, got int\. Wrap starts and ends"),
    (lambda: EPOCHS.split(-1), OSError, "interval_size should be strictly larger than 0, got -1"),
    (lambda: EPOCHS.split("1"), OSError, "interval_size should be of type float or int, got str"),
    (lambda: EPOCHS.drop_short_intervals("a"), ValueError, "threshold must be a number, got 'a'"),
    (lambda: rb.Ts("abc"), RuntimeError, "Unknown format for 't': got str"),
    (lambda: rb.Ts([[1, 2], [3, 4]]), ValueError, r"'t' must be one-dimensional, got an array of shape \(2, 2\)"),
    (lambda: rb.Ts(T, time_units="h"), ValueError, "'time_units': got 'h', expected one of 's', 'ms', 'us'"),
    (lambda: rb.Ts(T, time_support=(0, 1)), AssertionError, "time_support .* type IntervalSet, got tuple"),
    (lambda: rb.Tsd(T, np.zeros(99)), AssertionError, "values 99 does not match length of index 100"),
    (lambda: rb.Tsd(T), AssertionError, "Missing argument d when initializing Tsd"),
    (lambda: rb.Tsd(T, np.zeros((100, 2))), AssertionError, r"1 dimensional, got shape \(100, 2\)\. Use TsdFrame"),
    (lambda: rb.TsdFrame(T, np.zeros((99, 2))), AssertionError, "values 99 does not match length of index 100"),
    (lambda: rb.TsdFrame(T, np.zeros((100, 2, 2))), AssertionError, r"got shape \(100, 2, 2\)\. Use TsdTensor"),
    (lambda: rb.TsdTensor(T, np.zeros((100, 2))), RuntimeError, r"more than 2 dimensions, got shape \(100, 2\)"),
    (lambda: rb.TsGroup({"a": TS}), ValueError, r"keys must have integer value! Got 'a'"),
    (
        lambda: rb.TsGroup({0: TS}, metadata={"area": ["x", "y"]}),
        ValueError,
        "length 2 of metadata 'area' does not match .* length 1",
    ),
    (lambda: GROUP[7], KeyError, r"Key 7 not in group index\. Keys are \[0, 3\]"),
    (lambda: GROUP["area"], KeyError, r"Key area not in group index or metadata \['rate'\]"),
    (lambda: GROUP[[0, 9]], KeyError, r"Key \[9\] not in group index"),
    (lambda: GROUP.count("1"), TypeError, "bin_size argument should be float or int, got str"),
    (lambda: GROUP.count(-1.0), ValueError, r"bin_size must be a finite number > 0, got -1\.0"),
    (lambda: GROUP.count(0.1, 3), TypeError, "ep argument should be of type IntervalSet, got int"),
    (lambda: GROUP.getby_threshold("depth", 1), KeyError, r"\['depth'\] not found\. Metadata columns are \['rate'\]"),
    (lambda: GROUP.getby_threshold("rate", 1, op="=>"), RuntimeError, r"Operation => not recognized\. Use one of"),
    (lambda: GROUP.set_info(area=["x"]), ValueError, "length 1 of metadata 'area' does not match metadata length 2"),
    (lambda: TS.count(0), ValueError, "bin_size must be a finite number > 0, got 0"),
    (lambda: TS.count(0.1, time_units="ss"), ValueError, "'time_units': got 'ss', expected one of"),
    (lambda: TS.value_from(3), TypeError, "First argument should be an instance of Tsd, .* got int"),
    (lambda: TS.restrict((0, 1)), TypeError, "iset argument should be of type IntervalSet, got tuple"),
    (lambda: TSD.restrict(None), TypeError, "iset argument should be of type IntervalSet, got NoneType"),
    (lambda: TSD.bin_average("a"), TypeError, "bin_size argument should be float or int, got str"),
    (lambda: TSD.interpolate(3), OSError, "First argument should be an instance of Ts, .* got int"),
    (lambda: TSD.threshold("a"), TypeError, "thr should be a number, got 'a'"),
    (lambda: TSD.threshold(0.5, method="over"), ValueError, r"'over' provided instead\. Did you mean 'above'"),
    (lambda: TSD.smooth("a"), OSError, "std should be type int or float, and > 0, got 'a'"),
    (lambda: TSD.smooth(-1.0), OSError, r"std should be .* > 0, got -1\.0"),
    (lambda: TSD.convolve("a"), OSError, r"Input should be a numpy array, got str"),
    (lambda: TSD.convolve(np.zeros((3, 3, 3))), OSError, r"1 or 2-dimensional array .* got shape \(3, 3, 3\)"),
    (lambda: TSD + rb.Tsd(T + 1, TSD.d), rb.TimeSupportError, "different times .* value_from or interpolate"),
    (lambda: TSD[200], IndexError, "index 200 is out of bounds .* size 100"),
    (lambda: FRAME["zz"], KeyError, r"'zz' is neither a column \(\[0, 1, 2\]\) nor metadata"),
    (lambda: TSD.get(5, 1), ValueError, "'start' should not precede 'end': got start=5 > end=1"),
    (lambda: TSD.get("a"), ValueError, "'start' must be an int or a float"),
    (lambda: TSD.save(3), TypeError, "filename: give a string or a path, got int"),
]

FILES = [
    (lambda p: rb.load_file(p / "b.nwb"), FileNotFoundError, r"b\.nwb does not exist.*a\.nwb"),
    (lambda p: rb.load_file(p / "a.txt"), RuntimeError, r"suffix '\.txt'\. Known suffixes: \.nwb, \.npz"),
    (lambda p: rb.load_file(p), RuntimeError, "File format not supported: .* is a folder"),
    (lambda p: rb.load_file(3), TypeError, "path must be a string or a path, or an open .*, got int"),
    (lambda p: rb.load_file(p / "a.nwb"), OSError, r"a\.nwb cannot be read: it is no HDF5 file"),
    (lambda p: rb.NWBFile(p / "b.nwb"), FileNotFoundError, r"b\.nwb does not exist"),
    (lambda p: TSD.save(p / "nowhere" / "a"), RuntimeError, "nowhere does not exist; make the folder first"),
    (lambda p: TSD.save(p), RuntimeError, "is directory; give the name of a file in it"),
    (lambda p: cli("demo", p / "b.nwb"), SystemExit, r"rheobase: error: File .*b\.nwb does not exist"),
    (lambda p: cli("demo", p / "a.nwb"), SystemExit, r"rheobase: error: .*a\.nwb cannot be read: it is no HDF5"),
    (lambda p: cli("demo", "--bin-ms", "0"), SystemExit, "Invalid value for '--bin-ms': 0.0 is not in the range x>0"),
    (
        lambda p: cli("demo", "--neurons", "few"),
        SystemExit,
        "Invalid value for '--neurons': 'few' is not a valid integer",
    ),
    (lambda p: cli("dmo"), SystemExit, "there is no command 'dmo'; .* Did you mean 'demo'"),
]

ANALYSIS = [
    (lambda: rb.compute_tuning_curves(3, TSD, bins=5), TypeError, "data should be a TsdFrame, TsGroup, .* got int"),
    (lambda: rb.compute_tuning_curves(GROUP, 3, bins=5), TypeError, "features should be a Tsd or TsdFrame, got int"),
    (lambda: rb.compute_tuning_curves(GROUP, TSD, bins="a"), TypeError, "bins should be a number, edges, .* got 'a'"),
    (lambda: rb.compute_tuning_curves(GROUP, TSD, bins=0), ValueError, r"`bins\[0\]` must be positive.* got 0"),
    (
        lambda: rb.compute_tuning_curves(GROUP, TSD, bins=5, range=(1, 0)),
        ValueError,
        r"max must be larger than min in range parameter.* got \(1\.0, 0\.0\)",
    ),
    (lambda: rb.compute_tuning_curves(GROUP, TSD, 5, epochs=3), TypeError, "epochs should be an IntervalSet, got int"),
    (lambda: rb.compute_1d_tuning_curves(GROUP, FRAME, 5), ValueError, "feature should be a Tsd .* 3 columns"),
    (lambda: rb.compute_1d_tuning_curves_continuous(3, TSD, 5), TypeError, "tsdframe should be of type Tsd .* got int"),
    (lambda: basis.RaisedCosineLogConv(0, 10), ValueError, "`n_basis_funcs` of .* must be an integer >= 2, got 0"),
    (lambda: basis.RaisedCosineLogConv(5, "a"), TypeError, "`window_size` of .* positive integer, got 'a'"),
    (lambda: basis.RaisedCosineBasisLog(10, mode="convolve"), ValueError, "mode must be 'eval' or 'conv', got 'conv"),
    (lambda: basis.RaisedCosineBasisLog(10, mode="conv"), ValueError, "You must provide window_size"),
    (lambda: CONV.compute_features(), TypeError, r"compute_features takes 1 input\(s\), got 0"),
    (lambda: CONV.compute_features("abc"), TypeError, "must be a series or an array-like of real numbers, got str"),
    (lambda: CONV.compute_features(GROUP), TypeError, r"got TsGroup\. Events \(Ts, TsGroup\): count them first"),
    (lambda: CONV.evaluate_on_grid(0), ValueError, "sample counts provided must be greater than zero, got 0"),
    (
        lambda: basis.RaisedCosineLogConv(5, 20, conv_kwargs={"shifty": 1}),
        ValueError,
        r"'shifty'\. Allowed are .*Did you mean 'shift'",
    ),
    (lambda: basis.BSplineEval(3, order=5), ValueError, "got order=5 and n_basis_funcs=3"),
    (lambda: basis.RaisedCosineLinearEval(5, bounds=(1, 0)), ValueError, r"Invalid bounds \(1\.0, 0\.0\)"),
    (lambda: EVAL + 3, TypeError, r"unsupported operand .* 'RaisedCosineLinearEval' and 'int'"),
    (lambda: EVAL.to_transformer().fit(X), ValueError, "expected 1 inputs, but got 3 columns in X.*set_input_shape"),
    (lambda: convolve.create_convolutional_predictor(T, T), ValueError, r"basis_matrix must be a 2 dim.* got 1"),
    (
        lambda: convolve.create_convolutional_predictor(X, T, "future"),
        ValueError,
        r"predictor_causality must be one of .* got 'future'",
    ),
    (
        lambda: convolve.create_convolutional_predictor(X, T, "acausal", shift=True),
        ValueError,
        "Cannot shift .*`acausal`: use shift=False or None",
    ),
]

MODELS = [
    (lambda: Dense(np.zeros(3)), ValueError, r"x must have shape \(time, feature\), got 1 dimension"),
    (lambda: Dense(X).standardized([True]), ValueError, r"mask must have shape \(100,\), got \(1,\)"),
    (lambda: Convolved(T, np.zeros(3)), ValueError, r"kernel must have shape \(window, basis\), got \(3,\)"),
    (lambda: Convolved(T, X, causality="past"), ValueError, "causality must be 'causal', .* got 'past'"),
    (
        lambda: Convolved(T, X, first=[0], last=[101]),
        ValueError,
        "epochs must lie within the 100 rows, got rows 0 to 101",
    ),
    (lambda: GLM("Poison"), ValueError, r"unknown observation_model 'Poison'.*Did you mean 'Poisson'"),
    (lambda: observation_models.resolve(None), TypeError, "observation_model must be a name .* got NoneType"),
    (lambda: GLM(inverse_link_function="expp"), ValueError, "unknown inverse_link_function 'expp'.*Did you mean 'exp'"),
    (lambda: links.resolve(3, links.Exp()), TypeError, "inverse_link_function must be a name .* got int"),
    (lambda: GLM(inverse_link_function=np.sum), TypeError, "inverse_link_function 'sum' must"),
    (lambda: GLM(regularizer="ridge"), ValueError, r"unknown regularizer 'ridge'.*Did you mean 'Ridge'"),
    (lambda: GLM(regularizer=Ridge), TypeError, r"got the class Ridge \(an instance is needed: add parentheses\)"),
    (lambda: GLM(None, None, "Ridge", 1.0), TypeError, "observation_model must be a name"),
    (lambda: GLM(regularizer="Ridge", regularizer_strength=-1), ValueError, "must be finite and >= 0, got -1"),
    (lambda: GLM(regularizer="Ridge", regularizer_strength="a"), TypeError, "must be a number >= 0 .* got 'a'"),
    (lambda: GLM(solver_name="LBGFS"), ValueError, r"unknown solver_name 'LBGFS'; known are .*Did you mean 'LBFGS'"),
    (lambda: GLM(solver_name="SAGA"), ValueError, "unknown solver_name 'SAGA'; known are 'auto'"),
    (lambda: solvers.get_solver(3), TypeError, r"solver_name must be a string, got int\. Known: auto"),
    (lambda: GLM(solver_kwargs={"tols": 1}), NameError, r"no option 'tols'; it takes .*Did you mean 'tol'"),
    (lambda: GLM(solver_kwargs={"maxiter": 0}), ValueError, r"solver_kwargs\['maxiter'\] must be a number > 0, got 0"),
    (lambda: GLM(solver_kwargs=3), TypeError, "solver_kwargs must be a dict of options, got int"),
    (lambda: GLM().set_params(alpha=3), ValueError, "GLM has no parameter 'alpha'; it has 'coef_bounds', 'inverse"),
    (lambda: GLM().predict(X), rb.NotFittedError, r"this GLM is not fitted: call fit\(X, y\) first, or set coef_"),
    (lambda: GLM().fit(X[:, 0], Y), ValueError, r"X must have shape \(time, feature\), got 1 dim.*np\.expand_dims"),
    (lambda: GLM().fit(X[:, :, None], Y), ValueError, r"X must have shape .*got 3 dim.*Flatten the trailing axes"),
    (
        lambda: GLM().fit(X, Y[:, None]),
        ValueError,
        r"y must have shape \(time,\).*For several neurons use PopulationGLM",
    ),
    (
        lambda: PopulationGLM().fit(X, Y),
        ValueError,
        r"y must have shape \(time, neuron\), got 1 .*For one neuron use GLM",
    ),
    (lambda: GLM().fit(X, Y[:50]), ValueError, "same number of time points, got 100 rows in X and 50 in y"),
    (
        lambda: GLM().fit(rb.TsdFrame(T, X), rb.Tsd(T + 1, Y)),
        rb.TimeSupportError,
        "row 0 is at 0 s in X and at 1 s",
    ),
    (lambda: GLM().fit(X, -1 - Y), ValueError, r"y must hold counts >= 0 .* smallest value is -\d+\. Were rates"),
    (lambda: GLM().fit(X * np.nan, Y), ValueError, "every one of the 100 rows has a NaN or infinite value"),
    (lambda: GLM().fit(X[:, :0], Y), ValueError, r"at least one row and one feature, got shape \(100, 0\)"),
    (lambda: GLM().fit(X[:0], Y[:0]), ValueError, r"at least one row and one feature, got shape \(0, 3\)"),
    (lambda: GLM().fit({}, Y), ValueError, "X must hold at least one block of features, got an empty dict"),
    (
        lambda: GLM().fit({"a": X, "b": X[:9]}, Y),
        ValueError,
        r"X\['a'\] and X\['b'\] must have the same number of time",
    ),
    (lambda: GLM().fit(X.astype(str), Y), TypeError, "X must be numeric, got ndarray with dtype <U"),
    (lambda: GLM().fit(X, ["a"] * 100), TypeError, "y must be numeric, got list"),
    (lambda: GLM().fit(X, GROUP), TypeError, r"y must be .*, got TsGroup\. Count events in bins first"),
    (lambda: GLM().fit(X, TS), TypeError, r"y must be .*, got Ts\. Count events in bins first"),
    (lambda: GLM().fit(EPOCHS, [1.0, 2.0]), TypeError, "X must be an array or a time series, got IntervalSet"),
    (lambda: GLM().fit(X, Y, init_params=3), ValueError, r"init_params must be a pair \(coef, intercept\), got int"),
    (
        lambda: GLM().fit(X, Y, init_params=(np.zeros(2), np.zeros(1))),
        ValueError,
        r"init_params must hold a coef of shape \(3,\) and an intercept of shape \(1,\), got \(2,\) and \(1,\)",
    ),
    (
        lambda: GLM(regularizer="Ridge", regularizer_strength=np.ones(7)).fit(X, Y),
        ValueError,
        r"regularizer_strength has shape \(7,\), which does not match the coefficients' \(3, 1\)",
    ),
    (lambda: FITTED.predict(X[:, :2]), ValueError, "X has 2 features, but GLM is expecting 3 features as input"),
    (lambda: FITTED.score(X, Y, score_type="r2"), NotImplementedError, "score_type must be one of .* got 'r2'"),
    (lambda: FITTED.simulate("a", X), TypeError, r"random_key must be a seed \(int\) or a JAX random key, got str"),
    (lambda: FITTED.compute_loss((np.zeros(3),), X, Y), ValueError, "^params must be a pair .* got tuple of length 1"),
    (
        lambda: PopulationGLM(feature_mask=X),
        ValueError,
        r"feature_mask must be an array of 0 and 1.* got values such",
    ),
    (
        lambda: PopulationGLM(feature_mask=np.ones((2, 2))).fit(X, Y[:, None]),
        ValueError,
        r"feature_mask must have shape \(feature, neuron\) = \(3, 1\), got \(2, 2\)",
    ),
]

PICTURES = [
    (lambda: plot.plot_trace(3), ValueError, r"series is a plain array.* give times= \(seconds\), or a Tsd"),
    (lambda: plot.plot_firing_rate(T), ValueError, "rate is a plain array, so its times are unknown"),
    (lambda: plot.plot_tuning_curve(T), ValueError, r"tuning_curve is a plain array.* give feature="),
    (lambda: plot.plot_basis(3), TypeError, "basis must be a convolution basis with a window_size, got int"),
    (lambda: plot.plot_basis(EVAL), TypeError, "with a window_size, got RaisedCosineLinearEval"),
    (lambda: plot.plot_coupling_map(T), ValueError, r"strength must have shape \(receiver, sender\).* got \(100,\)"),
    (lambda: plot.plot_scores(3), TypeError, "scores must map each model's name to its scores, got int"),
    (lambda: plot.plot_scores({}), ValueError, "scores must hold at least one model"),
    (
        lambda: simulation.simulate_recurrent(
            np.zeros((2, 2, 3)),
            np.zeros((2, 1)),
            np.zeros(3),
            0,
            np.zeros((10, 2, 1)),
            np.zeros((5, 3)),
            np.zeros((5, 2)),
        ),
        ValueError,
        "number of neurons is inconsistent: intercepts has 3",
    ),
    (lambda: simulation.regress_filter(X, X), ValueError, r"coupling_filters must be a 3 dim.* got shape \(100, 3\)"),
    (lambda: rb.TsGruop, AttributeError, r"no attribute 'TsGruop'.* Did you mean 'TsGroup'"),
]


def named(rows):
    """Rows with the message as their name."""
    return [pytest.param(*row, id=row[2][:60]) for row in rows]


PLAIN = (IndexError, SystemExit)
"""Kinds whose message may be NumPy's or argparse's own."""


def check(call, error, message):
    """`call` fails with exactly this kind of error and no warning on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=message) as caught:
            call()
    text = str(caught.value).rstrip("\"' \n")
    if error not in PLAIN and not text.startswith("unsupported operand"):  # Python's own
        assert text.endswith((".", "?", "!")), f"not a sentence: {text}"


@pytest.mark.parametrize(("call", "error", "message"), named(CONTAINERS + ANALYSIS + MODELS))
def test_wrong_calls(call, error, message):
    check(call, error, message)


@pytest.mark.parametrize(("call", "error", "message"), named(FILES))
def test_wrong_files_and_command_lines(call, error, message, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "a.nwb").write_text("no recording")
    check(lambda: call(tmp_path), error, message)


@pytest.mark.parametrize(("call", "error", "message"), named(PICTURES))
def test_wrong_pictures(call, error, message):
    """And no empty figure is left behind."""
    check(call, error, message)
    assert plt.get_fignums() == []


def test_the_table_is_long_enough():
    assert len(CONTAINERS + FILES + ANALYSIS + MODELS + PICTURES) >= 100
