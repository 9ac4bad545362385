"""What people get wrong, what they are told, and what to do: one table for the tests and for the page of the docs.

`python tests/mistakes.py` writes the page, docs/when_something_goes_wrong.md, with the messages that the calls give.
"""

from __future__ import annotations

import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from rheobase import MissingDependencyError, NotConvergedWarning, NotFittedError, SilentNeuronWarning, TimeSupportError
from rheobase._errors import SuspiciousDataWarning

PAGE = Path(__file__).resolve().parents[1] / "docs" / "when_something_goes_wrong.md"

SETUP = """\
import numpy as np
import rheobase as rb
from rheobase.basis import BSplineEval, CyclicBSplineEval, RaisedCosineLogConv
from rheobase.design import build
from rheobase.glm import GLM, ClassifierGLM, PopulationGLM

rng = np.random.default_rng(0)
spikes = rb.datasets.simulate_recording(n_neurons=3, duration=60).spikes
times = np.arange(0, 60, 0.02)
position = rb.Tsd(times, times % 1.0)  # m
X = rng.normal(size=(100, 3))
y = rng.poisson(1.0, size=100)
"""
"""What every call below starts from."""


class Mistake(NamedTuple):
    """One row: what was meant, what was written, what comes of it, and what to do."""

    title: str
    code: str
    outcome: type[Exception]
    """The error, or the warning after which the call goes on."""
    says: str
    """A part of the message, as it stands."""
    advice: str
    without: str = ""
    """A package that is not installed."""


TIMES = (
    Mistake(
        "Spike times in milliseconds",
        "rb.TsGroup({0: rb.Ts(spikes[0].t * 1000)}, time_support=rb.IntervalSet(0, 60))",
        SuspiciousDataWarning,
        "Are they in milliseconds? Then pass time_units='ms'",
        "Times are seconds everywhere. Say what they are where they come in: `rb.Ts(t, time_units='ms')`.",
    ),
    Mistake(
        "Spike times as sample numbers, met by a covariate in seconds",
        "rb.compute_tuning_curves(rb.Ts(np.round(spikes[0].t * 30_000)), position, bins=10)",
        SuspiciousDataWarning,
        "Are they sample numbers of a recording at 20 to 30 kHz?",
        "Divide by the sampling rate: `rb.Ts(samples / 30_000)`.",
    ),
    Mistake(
        "The name of a unit of time",
        'rb.Ts([100, 200], time_units="milliseconds")',
        ValueError,
        "expected one of 's', 'ms', 'us'. Did you mean 'ms'?",
        "The three units have one spelling each.",
    ),
    Mistake(
        "Unsorted spikes",
        "rb.Ts([3.0, 1.0, 2.0])",
        UserWarning,
        "timestamps are not sorted",
        "Nothing is lost: they are sorted, and values travel along. If that surprises you, look at where they come "
        "from: two files joined, a clock that was reset.",
    ),
    Mistake(
        "Unsorted trials that have metadata",
        'rb.IntervalSet([5, 0], [6, 1], metadata={"side": ["left", "right"]})',
        UserWarning,
        "dropping metadata, which cannot follow unsorted times",
        "Sort the table of trials by its start column before making epochs of it.",
    ),
    Mistake(
        "Starts and ends swapped",
        "rb.IntervalSet(start=[1, 6], end=[0, 5])",
        UserWarning,
        "Were starts and ends given in this order?",
        "Check the order of the two arrays; the result here is empty.",
    ),
    Mistake(
        "Trials that overlap",
        "rb.IntervalSet([0, 1, 2], [1.5, 2.5, 3])",
        UserWarning,
        "Pass overlap='keep' for trials that may overlap.",
        "Epochs that are a mask of time may be joined. Trials that must stay apart: "
        "`rb.IntervalSet(start, end, overlap='keep')`.",
    ),
    Mistake(
        "Epochs in which there is nothing",
        'build({"position": (BSplineEval(5), position)}, response=spikes, bin_size=0.02, ep=rb.IntervalSet([], []))',
        ValueError,
        "ep (it is empty)",
        "Print the epochs before using them; an intersection or a threshold may have left none.",
    ),
    Mistake(
        "Clocks with different zeros",
        "late = rb.Tsd(times + 1000, times)\n"
        'build({"position": (BSplineEval(5), late)}, response=spikes, bin_size=0.02)',
        ValueError,
        "Are all times in seconds of the same clock?",
        "Subtract the offset between the two clocks when the data are read.",
    ),
)

NAMES = (
    Mistake(
        "A key of metadata that is not there",
        'rb.TsGroup({0: spikes[0]}, metadata={"location": ["adn"]})["locaton"]',
        KeyError,
        "Did you mean 'location'?",
        "`group.metadata_columns` lists them.",
    ),
    Mistake(
        "A unit that is not there",
        "spikes[17]",
        KeyError,
        "Key 17 not in group index. Keys are [0, 1, 2].",
        "Units are asked for by key, not by position: `spikes.index` lists the keys.",
    ),
    Mistake(
        "The key of a unit as text",
        'spikes["0"]',
        KeyError,
        "Keys of units are integers: write group[0].",
        "Text names metadata, integers name units.",
    ),
    Mistake(
        "A column in other letters",
        'rb.TsdFrame(np.arange(100), X, columns=["x", "y", "z"])["Y"]',
        KeyError,
        "Did you mean 'y'?",
        "`frame.columns` lists them.",
    ),
    Mistake(
        "A solver misspelled",
        'GLM(solver_name="LFBGS")',
        ValueError,
        "Did you mean 'LBFGS'?",
        "The default, `'auto'`, chooses by size and penalty; see [how to choose a solver](how_to_choose_a_solver.md).",
    ),
    Mistake(
        "A regulariser that does not exist",
        'GLM(regularizer="L2")',
        ValueError,
        "unknown regularizer 'L2'",
        "Names are those of the classes in `rheobase.regularizer`.",
    ),
    Mistake(
        "A basis without parentheses",
        'build({"position": (BSplineEval, position)}, response=spikes, bin_size=0.02)',
        TypeError,
        "the class BSplineEval (an instance is needed: add parentheses)",
        "A basis is made with its number of functions: `BSplineEval(10)`.",
    ),
    Mistake(
        "A file that is not there",
        'rb.load_file("sesion.nwb")',
        FileNotFoundError,
        "sesion.nwb does not exist",
        "Paths start from the folder Python runs in: `pathlib.Path.cwd()`.",
    ),
)

SHAPES = (
    Mistake(
        "A design on its side",
        "GLM().fit(X.T, y)",
        ValueError,
        "X of shape (3, 100) looks transposed: rows are time bins. Try X.T.",
        "Time is the first axis of everything.",
    ),
    Mistake(
        "Bins of different size",
        "counts = spikes.count(0.02)\nGLM().fit(spikes.count(0.01), counts[:, 0])",
        ValueError,
        "Samples come every 10 ms in X and every 20 ms in y.",
        "Make both with one bin size, or let `rheobase.design.build` bring all inputs to common bins.",
    ),
    Mistake(
        "The same number of rows at other times",
        "GLM().fit(rb.TsdFrame(np.arange(100), X), rb.Tsd(np.arange(100) + 0.5, y))",
        TimeSupportError,
        "row 0 is at 0 s in X and at 0.5 s in y",
        "Restrict both to the same epochs before binning; `X.value_from` and `X.interpolate` bring one to the other.",
    ),
    Mistake(
        "Supports that differ",
        "half = rb.IntervalSet([0, 50], [49, 99])\n"
        "GLM().fit(rb.TsdFrame(np.arange(100), X), rb.Tsd(np.arange(100), y, time_support=half))",
        TimeSupportError,
        "X and y must share their time support, got 1 epoch(s) for X and 2 for y.",
        "Convolutions must know where epochs end, so the supports count: `restrict` both to the same epochs.",
    ),
    Mistake(
        "Many neurons for a model of one",
        "GLM().fit(X, rng.poisson(1.0, size=(100, 5)))",
        ValueError,
        "For several neurons use PopulationGLM.",
        "`PopulationGLM` fits all of them at once, and faster than one by one.",
    ),
    Mistake(
        "Spikes that were not counted",
        "PopulationGLM().fit(X, spikes)",
        TypeError,
        "Count events in bins first: spikes.count(bin_size, ep).",
        "Or hand them to `rheobase.design.build(..., response=spikes, bin_size=0.01)`, which counts.",
    ),
    Mistake(
        "One input for a basis of two",
        'build({"place": (BSplineEval(5) * BSplineEval(5), position)}, response=spikes, bin_size=0.02)',
        TypeError,
        "Give (basis, input1, input2).",
        "A product of bases takes one input for each factor.",
    ),
    Mistake(
        "A window in seconds",
        "RaisedCosineLogConv(5, window_size=0.2)",
        ValueError,
        "It counts samples, not seconds",
        "Divide the seconds by the bin size.",
    ),
    Mistake(
        "A window longer than the epochs",
        'build({"history": (RaisedCosineLogConv(5, window_size=5000), spikes)}, response=spikes, bin_size=0.02)',
        ValueError,
        "Its window has 5000 bins, and the longest epoch has",
        "The first bins of an epoch have no whole past and are left out; here that is all of them.",
    ),
    Mistake(
        "A bin in milliseconds",
        'build({"history": (RaisedCosineLogConv(5, window_size=20), spikes)}, response=spikes, bin_size=100)',
        ValueError,
        "Did you mean milliseconds, bin_size=0.1?",
        "Bin sizes are seconds.",
    ),
)

VALUES = (
    Mistake(
        "Rates where counts belong",
        "GLM().fit(X, y / 0.01)",
        SuspiciousDataWarning,
        "every value of y is a multiple of 100",
        "Fit counts; ask for rates when predicting: `model.predict(X, bin_size=0.01)`.",
    ),
    Mistake(
        "Smoothed counts",
        'GLM().fit(X, np.convolve(y, [0.25, 0.5, 0.25], "same"))',
        SuspiciousDataWarning,
        "y holds values that are no whole numbers",
        "Smoothing before the fit makes neighbours alike and standard errors too small; the basis does the smoothing. "
        "For calcium traces there are Gamma and Gaussian observations.",
    ),
    Mistake(
        "Counts below zero",
        "GLM().fit(X, y - y.mean())",
        ValueError,
        "y must hold counts >= 0",
        "Do not centre or z-score the response of a count model.",
    ),
    Mistake(
        "Counts for a model of zeros and ones",
        'GLM("Bernoulli").fit(X, y)',
        ValueError,
        "y must hold zeros and ones for Bernoulli observations",
        "`y > 0`, smaller bins, or Poisson observations.",
    ),
    Mistake(
        "A column of ones",
        "GLM().fit(np.column_stack([X, np.ones(100)]), y)",
        SuspiciousDataWarning,
        "feature 'x3' has the same value in every row used",
        "Every model has an intercept. If it was a covariate: it never changed in these epochs.",
    ),
    Mistake(
        "A covariate that was never measured",
        "X[:, 1] = np.nan\nGLM().fit(X, y)",
        ValueError,
        "There is no number at all in feature 'x1'",
        "A row is used if all of its features are known. Leave the covariate out.",
    ),
    Mistake(
        "A covariate with long gaps",
        "X[:70, 1] = np.nan\nGLM().fit(X, y)",
        SuspiciousDataWarning,
        "70 of 100 rows were left out",
        "Few NaN are no trouble; this many change what the model is about. Restrict to epochs of good tracking.",
    ),
    Mistake(
        "Degrees where the bounds are radians",
        "heading = rb.Tsd(times, times * 6 % 360)\n"
        "CyclicBSplineEval(8, bounds=(0, 2 * np.pi)).compute_features(heading)",
        SuspiciousDataWarning,
        "Are the samples in another unit (degrees for radians, cm for m)?",
        "`np.deg2rad`, or bounds of (0, 360).",
    ),
    Mistake(
        "A neuron that does not fire",
        "GLM().fit(X, np.zeros(100))",
        SilentNeuronWarning,
        "1 neuron(s) have no spikes in the rows used and were fitted as silent",
        "It predicts nearly no spikes. Leave out neurons with few spikes: `spikes.getby_threshold('rate', 0.1)`.",
    ),
    Mistake(
        "More features than rows",
        "GLM().fit(rng.normal(size=(20, 50)), y[:20])",
        NotConvergedWarning,
        "for unique coefficients use regularizer='Ridge'",
        "A penalty, and its strength by cross-validation: see [how to choose a strength](how_to_choose_a_strength.md).",
    ),
    Mistake(
        "Measurements for labels",
        "ClassifierGLM(n_classes=2).fit(X, X[:, 0])",
        ValueError,
        "labels in y must be whole numbers or text",
        "`GLM('Gaussian')` fits measurements; `np.digitize` cuts them into classes.",
    ),
    Mistake(
        "More classes than were announced",
        "ClassifierGLM(n_classes=2).fit(X, np.arange(100) % 4)",
        ValueError,
        "y holds 4 different class label(s) (0, 1, 2, 3), but n_classes=2",
        "`n_classes=len(np.unique(y))`.",
    ),
)

MODELS = (
    Mistake(
        "Predicting before fitting",
        "GLM().predict(X)",
        NotFittedError,
        "this GLM is not fitted: call fit(X, y) first",
        "A saved model comes back fitted: `rb.load_model(path)`.",
    ),
    Mistake(
        "Other features at prediction",
        "GLM().fit(X, y).predict(X[:, :2])",
        ValueError,
        "X has 2 features, but GLM is expecting 3 features as input, those of fit.",
        "Make the second design with `like=`: `build(terms, ..., like=first)` keeps bases and their ranges.",
    ),
    Mistake(
        "Features in another order",
        'frame = rb.TsdFrame(np.arange(100), X, columns=["speed", "heading", "theta"])\n'
        'GLM().fit(frame, y).predict(frame[["heading", "speed", "theta"]])',
        ValueError,
        "They are the same in another order: X[list(model.feature_names_in_)].",
        "Names are compared where both have them.",
    ),
    Mistake(
        "A package that is not installed",
        'rb.to_nwb({"units": spikes}, "session.nwb")',
        MissingDependencyError,
        "writing NWB files needs the package 'pynwb', which is not installed. Try: pip install pynwb",
        "Only what a call needs is asked for, when it is needed.",
        without="pynwb",
    ),
)

TABLE = {
    "Times and epochs": TIMES,
    "Names and keys": NAMES,
    "Shapes and bins": SHAPES,
    "Values": VALUES,
    "Models and packages": MODELS,
}
"""Heading → rows."""


def start() -> dict[str, Any]:
    """What SETUP makes."""
    names: dict[str, Any] = {}
    exec(SETUP, names)
    return names


class Outcome(NamedTuple):
    """The error, or the last warning, that a row gives, its message, and the file that a warning points at."""

    kind: type[Any]
    message: str
    place: str = ""


def outcomes() -> dict[str, Outcome]:
    """Title → what comes of the row."""
    names = start()
    return {row.title: outcome_of(row, names) for rows in TABLE.values() for row in rows}


def outcome_of(mistake: Mistake, names: dict[str, Any]) -> Outcome:
    """Run a row."""
    names = names | {"X": names["X"].copy()}
    hidden = [name for name in sys.modules if name.partition(".")[0] == mistake.without]
    kept = {name: sys.modules.pop(name) for name in hidden}
    if mistake.without:
        sys.modules[mistake.without] = None  # type: ignore[assignment]  # as if it were not there
    try:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            exec(mistake.code, names)
    except Exception as error:  # whichever it is, it is compared
        return Outcome(type(error), str(error.args[0]) if isinstance(error, KeyError) else str(error))
    finally:
        if mistake.without:
            del sys.modules[mistake.without]
            sys.modules.update(kept)
    if not seen:
        return Outcome(type(None), "nothing is said")
    return Outcome(seen[-1].category, str(seen[-1].message), seen[-1].filename)


def page(found: dict[str, Outcome]) -> str:
    """The page of the docs, in Markdown."""
    parts = [INTRODUCTION.format(n=sum(map(len, TABLE.values())), setup=SETUP.rstrip())]
    for heading, rows in TABLE.items():
        parts.append(f"## {heading}")
        for row in rows:
            kind, message, _ = found[row.title]
            comes = "The call goes on, with a warning" if issubclass(kind, Warning) else "The call is refused"
            parts += [
                f"### {row.title}",
                f"```python\n{row.code}\n```",
                f"{comes}:",
                f"```text\n{_wrapped(f'{kind.__name__}: {message}')}\n```",
                row.advice,
            ]
    return "\n\n".join(parts) + "\n"


def _wrapped(message: str) -> str:
    """Lines that fit the page."""
    return "\n".join(textwrap.wrap(message, 100, break_long_words=False, break_on_hyphens=False))


INTRODUCTION = """\
# When something goes wrong

Frequent slips, what the library says to each, and what to do. Every row is a test, and the messages are those that \
the calls give: this page is written by `python tests/mistakes.py`.

A message says what was given, what was expected and what to try. Errors are those of Python (`ValueError`, \
`TypeError`, `KeyError`) and a few of their own kind, which all derive from them (`TimeSupportError` and \
`NotFittedError` are `ValueError`s too). `SuspiciousDataWarning` says that data can be used, but look like a slip; if \
they are what you mean, switch it off: `warnings.simplefilter("ignore", rb.SuspiciousDataWarning)`.

The {n} calls below start from

```python
{setup}
```"""


if __name__ == "__main__":
    PAGE.write_text(page(outcomes()), encoding="utf-8")
