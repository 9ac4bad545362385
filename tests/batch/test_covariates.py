"""Covariates as text, the choice of behaviour, and epochs as text."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.batch._choose import choose
from rheobase.batch._covariates import Signal, circle_of, parse, term_of, wraps
from rheobase.batch._epochs import read_epochs
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup

T = np.arange(0, 100, 0.02)
TURNS = np.mod(0.9 * T, 2 * np.pi)


def recording(**more):
    """A file of which everything may be asked by key."""
    place = np.stack([np.sin(T), np.cos(0.7 * T), 0.01 * np.sin(3 * T)], axis=1)
    return {
        "units": TsGroup({0: Ts(np.arange(0, 100, 0.5))}, time_support=IntervalSet(0, 100)),
        "ry": Tsd(T, TURNS),
        "position": TsdFrame(T, place[:, :2], columns=["x", "y"]),
        "place3": TsdFrame(T, place, columns=["a", "b", "c"]),
        "stimulus": Tsd(T, np.sin(5 * T)),
        "constant": Tsd(T, np.ones(T.size)),
        "epochs": IntervalSet([0, 51], [50, 100], metadata={"tags": ["sleep", "wake"]}),
        **more,
    }


@pytest.mark.parametrize(
    ("text", "kind", "n_functions"),
    [
        ("ry:cyclic:12", "CyclicBSplineEval", 12),
        ("ry:cyclic", "CyclicBSplineEval", 12),
        ("ry", "CyclicBSplineEval", 12),
        ("stimulus", "RaisedCosineLinearEval", 12),
        ("position", "MultiplicativeBasis", 64),
        ("position:bspline:6x5", "MultiplicativeBasis", 30),
        ("position:raised-cosine:6+5", "AdditiveBasis", 11),
        ("position:raised-cosine:7", "AdditiveBasis", 14),
        ("position[x]:raised-cosine:7", "RaisedCosineLinearEval", 7),
        ("position[x],ry:raised-cosine:4x4", "MultiplicativeBasis", 16),
        ("stimulus:raised-cosine-log:8:200ms", "RaisedCosineLogConv", 8),
    ],
)
def test_terms(text, kind, n_functions):
    term, signals = term_of(parse(text), recording(), 0.01)
    assert type(term[0]).__name__ == kind
    assert term[0].n_basis_funcs == n_functions
    assert len(signals) == term[0].n_inputs or kind.endswith("Conv")


def test_a_window_in_bins_and_the_value_itself():
    term, _ = term_of(parse("stimulus:bspline:8:200ms"), recording(), 0.01)
    assert term[0].window_size == 20
    series, signals = term_of(parse("position:linear"), recording(), 0.01)
    assert series.shape == (T.size, 2)
    assert [signal.name for signal in signals] == ["position[x]", "position[y]"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ry:cyclc:12", "there is no basis 'cyclc'; there are cyclic, .*Did you mean 'cyclic'"),
        ("ry:cyclic:8:200ms", "there is no basis 'cyclic' over a window"),
        ("ry:cyclic:twelve", "the number of functions must be like 12, 15x15 or 10.10, got 'twelve'"),
        ("ry:cyclic:1", "at least 2 functions are needed"),
        ("ry:cyclic:12:1s:2", "must have the form key, key:basis"),
        (":cyclic", "must have the form"),
        ("x,,z", "must have the form"),
        ("ry:raised-cosine:8:3parsec", "'parsec' in '3parsec' is no unit of time"),
    ],
)
def test_texts_that_are_no_covariate(text, message):
    with pytest.raises(ValueError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("rz", KeyError, "the file holds no 'rz'; it holds units, ry"),
        ("positon", KeyError, "Did you mean 'position'"),
        ("position[z]", KeyError, "position has no column 'z'; it has x, y"),
        ("ry[x]", ValueError, r"ry has one column only; leave out \[x\]"),
        ("units", ValueError, "units is a TsGroup, not a signal"),
        ("ry:cyclic:6x6", ValueError, "has 2 numbers of functions, but 1 column.s.: ry"),
        ("ry:cyclic:2", ValueError, "covariate 'ry:cyclic:2': "),
        ("constant", ValueError, "constant has one value only"),
        ("stimulus:bspline:8:10ms", ValueError, "shorter than two bins"),
    ],
)
def test_covariates_that_do_not_fit_the_file(text, error, message):
    with pytest.raises(error, match=message):
        term_of(parse(text), recording(), 0.01)


def test_circles():
    def circle(values, unit=None):
        return circle_of(Signal("a", Tsd(T, values), unit), "a:cyclic")

    assert circle(TURNS) == (0.0, 2 * np.pi)
    assert circle(TURNS - np.pi) == (-np.pi, np.pi)
    assert circle(np.degrees(TURNS)) == (0.0, 360.0)
    assert circle(TURNS, "deg") == (0.0, 360.0)
    with pytest.raises(ValueError, match="which is no circle of radians"):
        circle(500 * T)
    with pytest.raises(ValueError, match="radian, which is no circle"):
        circle(np.degrees(TURNS), "radian")


def test_angles_are_told_from_positions():
    assert wraps(TURNS)
    assert wraps(np.degrees(TURNS))
    assert wraps(TURNS - np.pi)
    assert not wraps(np.sin(T))
    assert not wraps(np.array([1.0]))


def test_the_choice_of_behaviour():
    file = recording(response=Tsd(T, np.sin(T)), lfp=Tsd(T, np.cos(T)), speed=Tsd(T, 1 + np.sin(T)), rx=Tsd(T, 0.1 * T))
    file |= {"position_late": Tsd(T + 1e4, np.sin(T)), "pupil_events": Tsd(T[::100], np.arange(50.0))}
    kinds = {key: type(value).__name__ for key, value in file.items()}
    found = choose(file, kinds, file["units"])
    assert found == (
        "stimulus:raised-cosine-log:8:200ms",
        "ry:cyclic:12",
        "position:raised-cosine:8x8",
        "speed:raised-cosine:6",
    )
    axes = {
        name: Tsd(T, scale * np.sin((k + 1) * T)) for k, (name, scale) in enumerate({"x": 3, "y": 0.1, "z": 2}.items())
    }
    assert choose(axes, dict.fromkeys(axes, "Tsd"), file["units"]) == ("x,z:raised-cosine:8x8",)
    assert choose({}, {}, file["units"]) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, [[0, 100]]),
        ("10:20", [[10, 20]]),
        (":20", [[0, 20]]),
        ("90:", [[90, 100]]),
        ("epochs", [[0, 50], [51, 100]]),
        ("epochs[tags == 'wake']", [[51, 100]]),
        ("epochs[start < 10]", [[0, 50]]),
    ],
)
def test_epochs(text, expected):
    found = read_epochs(text, recording(), IntervalSet(0, 100))
    np.testing.assert_allclose(np.asarray(found.values), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("20:10", ValueError, "end before they start"),
        ("200:300", ValueError, "hold no time of the recording, which runs from 0 to 100 s"),
        ("epoch", KeyError, "no epochs 'epoch'; it holds epochs.*Did you mean 'epochs'"),
        ("ry", KeyError, "no epochs 'ry'"),
        ("epochs[tag == 'wake']", KeyError, "there is no column .*tags, start, end. Did you mean"),
        ("epochs[tags == 'run']", ValueError, "none of the 2 epochs is left"),
    ],
)
def test_wrong_epochs(text, error, message):
    with pytest.raises(error, match=message):
        read_epochs(text, recording(), IntervalSet(0, 100))
