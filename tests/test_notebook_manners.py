"""What a notebook asks of objects: HTML, a quick picture, names to complete, and silence."""

from __future__ import annotations

import dataclasses
import sys
import types
import warnings
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rheobase as rb
from rheobase import basis, design, regularizer
from rheobase.glm import GLM, REML, ClassifierGLM, ClassifierPopulationGLM, PopulationGLM

T = np.arange(100) * 0.1
TSD = rb.Tsd(T, np.sin(T))
FRAME = rb.TsdFrame(T, np.random.default_rng(0).normal(size=(100, 3)), columns=["a", "b", "c"])
GROUP = rb.TsGroup({0: rb.Ts(T), 3: rb.Ts(T[::2])}, metadata={"area": ["V1", "CA1"]})
EPOCHS = rb.IntervalSet([0.0, 6.0], [5.0, 9.9])
TRIALS = rb.IntervalSet([0.0, 1.0, 4.0], [2.0, 3.0, 5.0], overlap="keep")
Y = np.random.default_rng(1).poisson(1.0, size=(100, 2))
CONV = basis.RaisedCosineLogConv(5, 20)
EVAL = basis.BSplineEval(6, bounds=(0, 1))


def fitted(model, y=Y):
    return model.fit(FRAME, y)


@pytest.fixture(scope="module")
def things():
    """One of each kind."""
    one, many = fitted(GLM(), Y[:, 0]), fitted(PopulationGLM(regularizer="Ridge"))
    labels = np.arange(100) % 3
    return {
        "Ts": rb.Ts(T),
        "Tsd": TSD,
        "TsdFrame": FRAME,
        "TsdTensor": rb.TsdTensor(T, np.ones((100, 2, 3))),
        "TsGroup": GROUP,
        "IntervalSet": EPOCHS,
        "overlapping epochs": TRIALS,
        "conv basis": CONV,
        "eval basis": EVAL,
        "sum of bases": CONV + EVAL,
        "unfitted model": GLM(),
        "fitted model": one,
        "fitted population": many,
        "fitted classifier": fitted(ClassifierGLM(n_classes=3), labels),
        "fitted classifiers": fitted(ClassifierPopulationGLM(n_classes=3), np.stack([labels, labels[::-1]], axis=1)),
        "solution": many.solution_,
        "inference": many.inference(FRAME, Y),
        "inference of classes": fitted(ClassifierGLM(n_classes=3), labels).inference(FRAME, labels),
        "search": fitted(GLM(regularizer="Ridge", regularizer_strength="cv"), Y[:, 0]).cv_,
        "searches": fitted(PopulationGLM(regularizer="Ridge", regularizer_strength="cv")).cv_,
        "restricted likelihood": fitted(PopulationGLM(regularizer="Ridge", regularizer_strength=REML())).reml_,
        "regulariser": regularizer.GroupLasso(mask=np.eye(3)),
        "built design": design.build({"f": FRAME}, response=rb.Tsd(T, Y[:, 0])),
    }


class Balanced(HTMLParser):
    """Checks that every tag that is opened is closed, and that nothing is loaded from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag not in {"script", "link", "img", "iframe"}
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_things_are_shown_as_html(things):
    for name, thing in things.items():
        html = thing._repr_html_()
        Balanced(html)
        assert "rheobase" in html or "<svg" in html, name


def test_a_model_shows_its_structure_then_what_was_found(things):
    assert "not fitted: call fit(X, y)" in things["unfitted model"]._repr_html_()
    html = things["fitted model"]._repr_html_()
    assert "not fitted" not in html
    assert all(text in html for text in ("intercept", ">b<", "3 features; fitted by", "The optimum was found."))
    assert "3 features, 2 neurons" in things["fitted population"]._repr_html_()
    assert "3 features, 3 classes" in things["fitted classifier"]._repr_html_()


def test_results_are_shown_as_tables(things):
    """Numbers of the table, at most twenty rows of it, and text that is not read as HTML."""
    html = things["inference"]._repr_html_()
    assert all(text in html for text in ("std. error", "97.5%", ">intercept<", f"{Y.shape[1]} neurons"))
    assert "ClassInference(12 parameters" in things["inference of classes"]._repr_html_()
    search, searches = things["search"], things["searches"]
    assert search._repr_html_().count("<tr>") == len(search.strengths) + 1
    assert search._repr_html_().count(">taken<") == 1
    assert f"{searches.best_strength[1]:.4g}" in searches._repr_html_()
    assert f"{things['restricted likelihood'].strengths[0, 1]:.4g}" in things["restricted likelihood"]._repr_html_()
    wide = dataclasses.replace(things["inference"], names=("<b>", "b", "c", "intercept"))
    assert "&lt;b&gt;" in wide._repr_html_()
    many = PopulationGLM(regularizer="Ridge").fit(FRAME, np.tile(Y, 6)).inference(FRAME, np.tile(Y, 6))
    assert many._repr_html_().count("<tr>") == 22  # headers, twenty rows, dots


def test_completion_lists_public_names_only(things):
    for name, thing in things.items():
        assert not [attribute for attribute in dir(thing) if attribute.startswith("_")], name
        assert len(dir(thing)) > 3
    assert "area" in dir(GROUP)
    assert "coef_" in dir(things["fitted model"])


def test_rooms_list_public_names_only():
    rooms = [getattr(rb, name) for name in rb.__all__ if isinstance(getattr(rb, name), types.ModuleType)]
    assert len(rooms) > 10
    for room in rooms:
        assert dir(room) == sorted(room.__all__), room.__name__


@pytest.mark.parametrize("text", ["rb.", "rb.glm.", "tsd.", "model.", "group.", "epochs."])
def test_ipython_completes_public_names_only(text, things):
    completer = pytest.importorskip("IPython.core.completer", reason="IPython is part of the test extra (ipykernel)")
    names = {"rb": rb, "tsd": TSD, "model": things["fitted model"], "group": GROUP, "epochs": EPOCHS}
    complete = completer.IPCompleter(namespace=names)
    complete.use_jedi = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with completer.provisionalcompleter():
            found = [one.text for one in complete.completions(text, len(text))]
    assert len(found) > 5
    assert [name for name in found if name.lstrip(".").startswith("_") and name != "__version__"] == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Ts", list),
        ("Tsd", list),
        ("TsdFrame", list),
        ("TsGroup", list),
        ("IntervalSet", object),
        ("overlapping epochs", object),
        ("conv basis", list),
        ("eval basis", list),
        ("fitted model", object),
        ("fitted population", object),
        ("TsdTensor", object),
        ("built design", list),
        ("inference", list),
        ("inference of classes", list),
        ("search", list),
        ("searches", list),
    ],
)
def test_things_draw_themselves(name, kind, things):
    """On new axes with labels, or on those that are given."""
    assert isinstance(things[name].plot(), kind)
    ax = plt.gcf().axes[0]
    assert ax.get_xlabel() or ax.get_ylabel()
    figure, ax = plt.subplots()
    things[name].plot(ax=ax)
    assert ax.has_data()
    assert figure.axes[0] is ax


def test_many_columns_become_an_image():
    image = rb.TsdFrame(T, np.zeros((100, 30))).plot()
    assert image.get_array().shape == (30, 100)


def test_pictures_hold_the_numbers(things):
    """The mean of frames; a gain at its strength, folds behind one alone; intervals; standardised features."""
    frames = np.random.default_rng(2).normal(size=(100, 4, 5))
    frames[3] = np.nan
    np.testing.assert_allclose(rb.TsdTensor(T, frames).plot().get_array(), np.nanmean(frames, axis=0))
    search = things["search"]
    (line,) = search.plot()
    np.testing.assert_allclose(line.get_xydata(), np.column_stack([search.strengths, search.gain]))
    assert len(line.axes.lines) == search.log_likelihood.shape[1] + 3  # folds, zero, the mean, the one taken
    found = things["inference"]
    lines = found.plot(intercept=True)
    np.testing.assert_allclose([one.get_ydata() for one in lines], found.params.T)
    wide = PopulationGLM(regularizer="Ridge").fit(FRAME, np.tile(Y, 4)).inference(FRAME, np.tile(Y, 4))
    np.testing.assert_allclose(wide.plot().get_array(), wide.z_values[:-1])
    built = design.build({"f": FRAME, "g": TSD}, response=rb.Tsd(T, Y[:, 0]), ep=rb.IntervalSet([0, 6], [2, 9]))
    blocks = [image.get_array() for image in built.plot(window=(0, 20))]
    assert [block.shape for block in blocks] == [(3, 91), (1, 91)]  # from 0 to 9, ends included
    values = np.ma.filled(blocks[1][0], np.nan)
    assert 30 < np.isnan(values).sum() < 50  # between the epochs
    np.testing.assert_allclose([np.nanmean(values), np.nanstd(values)], [0.0, 1.0], atol=1e-12)


def test_overlapping_epochs_stand_on_rows_of_their_own():
    corners = [path.vertices[0, 1] for path in TRIALS.plot().get_paths()]
    assert corners == [-0.4, 0.6, -0.4]


def test_what_has_no_picture_says_what_to_do(things):
    with pytest.raises(TypeError, match=r"shape \(100, 2, 2, 2\) has no quick picture: .* such as tensor\[:, 0\]"):
        rb.TsdTensor(T, np.zeros((100, 2, 2, 2))).plot()
    with pytest.raises(ValueError, match=r"neurons must be numbers from 0 to 1, got \[2\]"):
        things["inference"].plot(neurons=[2])
    with pytest.raises(ValueError, match=r"window must hold bins of the design \(0 to 9\.9\), got \(20, 30\)"):
        things["built design"].plot(window=(20, 30))
    with pytest.raises(TypeError, match=r"its parts have: \[part\.plot\(\) for part in basis\]"):
        things["sum of bases"].plot()
    with pytest.raises(ValueError, match=r"this GLM is not fitted, so there is nothing to draw: call fit"):
        GLM().plot()
    assert plt.get_fignums() == []


def test_a_bar_says_nothing_about_missing_widgets(monkeypatch):
    from rheobase._manners import progress_bar

    for name in [name for name in sys.modules if name.partition(".")[0] in {"tqdm", "ipywidgets"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with progress_bar()(total=1, disable=True) as bar:
        bar.update(1)
