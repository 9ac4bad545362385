"""One recording fitted in one call: the same numbers as by hand, and a folder that is whole or not there."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest

import rheobase as rb
from helpers import SOLVER, data_file
from rheobase.batch import FittedSession, Settings, _population, fit_session, save_session
from rheobase.batch._newton import Rows, fit_neuron
from rheobase.batch.report._content import report_content
from rheobase.datasets import simulate_recording
from rheobase.design import build
from rheobase.scores import bits_per_spike, blocked, pseudo_r2

STRENGTH = 1e-3
PLAIN = Settings(
    covariates=("stimulus:raised-cosine-log:4:60ms",),
    history="60ms",
    coupling="40ms",
    history_functions=3,
    coupling_functions=2,
    strength=STRENGTH,
    folds=3,
)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    made = simulate_recording(4, 60, seed=3)
    made.spikes.set_info(area=["a", "a", "b", "b"])
    return rb.to_nwb(dict(made), tmp_path_factory.mktemp("session") / "made.nwb")


@pytest.fixture(scope="module")
def fitted(recording):
    return fit_session(recording, PLAIN)


@pytest.fixture(scope="module")
def by_hand(fitted):
    """The same model through the public API."""
    file = rb.load_file(fitted.path)
    spikes, log = file["units"], rb.basis.RaisedCosineLogConv
    drive = np.asarray(file["stimulus"].values)
    stimulus = rb.Tsd(
        file["stimulus"].t, (drive - drive.mean()) / drive.std(), time_support=file["stimulus"].time_support
    )
    terms = {
        "stimulus": (log(4, window_size=6), stimulus),
        "history": (log(3, window_size=6), spikes),
        "coupling": (log(2, window_size=4), spikes),
    }
    built = build(terms, response=spikes, bin_size=0.01)
    mask = built.coupling_mask(other_connections=False, terms=["history"])
    mask = mask * built.coupling_mask(self_connections=False, terms=["coupling"])
    model = rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=STRENGTH, feature_mask=mask)
    return built, built.fit(model)


def test_coefficients_are_those_of_the_model_by_hand(fitted, by_hand):
    built, model = by_hand
    assert fitted.built.names == built.names
    np.testing.assert_allclose(fitted.model.coef_, model.coef_, atol=2e-4)
    np.testing.assert_allclose(fitted.model.intercept_, model.intercept_, atol=2e-4)
    assert fitted.scores["converged"].all()


def test_intervals_are_those_of_the_model_by_hand(fitted, by_hand):
    built, model = by_hand
    table = fitted.coefficients
    inference = model.inference(*built)
    free = np.vstack([model.feature_mask, np.ones(4, dtype=int)]).astype(bool)
    np.testing.assert_allclose(table["standard_error"], inference.standard_errors.T[free.T], rtol=2e-3)
    assert len(table) == free.sum()
    assert set(table["term"]) == {"stimulus", "history", "coupling", "intercept"}
    assert ((table["lower"] < table["value"]) & (table["value"] < table["upper"])).all()
    again = fitted.model.inference(*fitted.built)  # the model answers for itself
    np.testing.assert_allclose(again.standard_errors[free], inference.standard_errors[free], rtol=2e-3)


def test_held_out_parts_are_predicted_by_fits_to_the_others(fitted, by_hand):
    built, model = by_hand
    used = np.flatnonzero(built.mask)
    folds = blocked(rb.Tsd(built.t[used], np.zeros(used.size)), 3, gap=0.06, n_blocks=1)
    train, test = next(folds.split())
    response = np.full(built.y.shape, np.nan)
    response[used[train]] = built.y.values[used[train]]
    part = rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=STRENGTH, feature_mask=model.feature_mask)
    part.fit(built.X, rb.TsdFrame(built.t, response, time_support=built.time_support))
    expected = np.asarray(part.predict(built.X))[used[test]]
    np.testing.assert_allclose(fitted.predicted.values[used[test]], expected, rtol=2e-3)
    assert np.isnan(fitted.predicted.values[~built.mask]).all()


def test_scores_are_those_of_the_held_out_predictions(fitted):
    used = fitted.built.mask
    y, mean = fitted.counts.values[used], fitted.predicted.values[used]
    np.testing.assert_allclose(fitted.scores["pseudo_r2"], pseudo_r2(y, mean))
    np.testing.assert_allclose(fitted.scores["bits_per_spike"], bits_per_spike(y, mean))
    assert (fitted.scores["pseudo_r2_train"] > fitted.scores["pseudo_r2"]).all()
    assert (fitted.scores["pseudo_r2"] > 0.02).all()
    assert fitted.scores["n_spikes"].tolist() == y.sum(axis=0).tolist()
    assert fitted.scores["area"].tolist() == ["a", "a", "b", "b"]
    held = fitted.held_out
    assert float(held.tot_length()) == pytest.approx(used.sum() * 0.01, rel=1e-3)
    assert fitted.counts.restrict(held).shape[0] == used.sum()


def test_what_else_it_holds(fitted):
    assert isinstance(fitted, FittedSession)
    assert fitted.terms == ("stimulus", "history", "coupling")
    assert fitted.covariates["stimulus"].shape == (fitted.built.X.n_samples,)
    assert fitted.summary()["n_neurons"] == 4
    assert "4 neurons" in repr(fitted)
    assert fitted.versions["rheobase"]
    assert "--coupling 40ms" in fitted.command


def test_a_search_finds_a_strength_and_the_general_solvers_agree(recording):
    settings = PLAIN.with_(coupling=None, strength="cv", where="area == 'a'")
    quick = fit_session(recording, settings)
    assert len(quick.scores) == 2
    strengths = quick.scores["strength"].to_numpy()
    slow = fit_session(recording, settings.with_(solver="Newton", strength=float(strengths[0])))
    np.testing.assert_allclose(slow.model.coef_[:, 0], quick.model.coef_[:, 0], atol=2e-4)
    np.testing.assert_allclose(slow.predicted.values[:, 0], quick.predicted.values[:, 0], rtol=2e-3)
    np.testing.assert_allclose(slow.scores["pseudo_r2"][0], quick.scores["pseudo_r2"][0], rtol=1e-3)
    weak = fit_session(recording, settings.with_(strength=1e3))
    assert (quick.scores["pseudo_r2"] > weak.scores["pseudo_r2"]).all()


def test_other_penalties_and_models(recording):
    small = PLAIN.with_(coupling=None, covariates=(), epochs="0:20", folds=2)
    lasso = fit_session(recording, small.with_(penalty="Lasso"))
    assert lasso.coefficients["standard_error"].isna().all()
    smooth = fit_session(recording, small.with_(penalty="Smoothness", observation_model="Bernoulli", bin="5ms"))
    assert smooth.scores["pseudo_r2"].notna().all()
    assert any("several spikes in one bin" in text for text in smooth.warnings)


def test_neurons_by_newton_with_a_search():
    random = np.random.default_rng(0)
    features = np.ones((3000, 4))
    features[:, :3] = random.normal(size=(3000, 3))
    y = random.poisson(np.exp(features @ [0.5, -0.3, 0.0, -1.0])).astype(float)
    folds = blocked(3000, 5)
    rows = Rows.of(folds.fold_of_row, [train for train, _ in folds.split()])
    found = fit_neuron(features, y, rows, None)
    exact = rb.glm.GLM(regularizer="Ridge", regularizer_strength=found.strength).fit(features[:, :3], y)
    np.testing.assert_allclose(found.params, [*exact.coef_, exact.intercept_[0]], atol=1e-5)
    np.testing.assert_allclose(found.params, [0.5, -0.3, 0.0, -1.0], atol=0.15)


def test_the_folder(fitted, tmp_path):
    folder = save_session(fitted, tmp_path / "a" / "made")
    names = sorted(path.name for path in folder.iterdir())
    assert [path.name for path in folder.parent.iterdir()] == ["made"]  # nothing half is left beside it
    assert {"command.txt", "model.npz", "report.html", "scores.csv", "settings.json"} < set(names)
    model = rb.glm.load_model(folder / "model.npz")
    np.testing.assert_array_equal(model.coef_, fitted.model.coef_)
    np.testing.assert_allclose(
        np.asarray(model.predict(fitted.built.X)), np.asarray(fitted.model.predict(fitted.built.X))
    )
    about = json.loads((folder / "settings.json").read_text())
    assert Settings.from_dict(about["settings"]) == fitted.settings
    assert about["command"] == fitted.command
    assert len(pd.read_csv(folder / "scores.csv")) == 4
    pytest.importorskip("pyarrow", reason="parquet needs pyarrow")
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "coefficients.parquet"), fitted.coefficients)
    with pytest.raises(FileExistsError, match="exists already; name another folder, or replace it"):
        save_session(fitted, folder)
    assert save_session(fitted, folder, overwrite=True) == folder
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious.txt").write_text("x")
    with pytest.raises(FileExistsError, match="holds something that is no fitted session"):
        save_session(fitted, other, overwrite=True)
    with pytest.raises(FileExistsError, match="is a file; name a folder"):
        save_session(fitted, other / "precious.txt")


def test_nothing_half_is_written(fitted, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("rheobase.batch.report.write_report", fail)
    with pytest.raises(OSError, match="disk full"):
        save_session(fitted, tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"where": "area == 'c'"}, ValueError, "leaves none of 4 units. In the file .*area is a or b"),
        ({"where": "are == 'a'"}, KeyError, "Did you mean 'area'"),
        ({"units": "unit"}, KeyError, "no spike trains 'unit'; it holds units.*Did you mean"),
        ({"min_spikes": 10**6}, ValueError, "none of 4 units has 1000000 spikes .*the busiest has"),
        ({"covariates": ("stimulos",)}, KeyError, "Did you mean 'stimulus'"),
        ({"covariates": ("stimulus", "stimulus:bspline")}, ValueError, "'stimulus' was given twice"),
        ({"covariates": (), "history": None, "coupling": None}, ValueError, "there is nothing to fit"),
        ({"history": "10ms"}, ValueError, r"history of 0.01 s spans 1 bin\(s\) of 0.01 s"),
        ({"epochs": "0:0.4", "min_spikes": 1, "folds": 50}, ValueError, "too few for 50 folds|rows cannot be cut"),
        ({"device": "gpu"}, ValueError, "device 'gpu' is not there"),
    ],
)
def test_wrong_requests(changes, error, message, recording):
    if changes.get("device") == "gpu":
        jax = pytest.importorskip("jax")
        if jax.default_backend() != "cpu":
            pytest.skip("there is a GPU")
    with pytest.raises(error, match=message):
        fit_session(recording, PLAIN.with_(**changes))


def test_wrong_files(tmp_path, recording):
    with pytest.raises(FileNotFoundError, match=r"mode.nwb does not exist. Did you mean 'made.nwb'"):
        fit_session(recording.with_name("mode.nwb"))
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ValueError, match="is not an NWB file"):
        fit_session(tmp_path / "a.txt")
    (tmp_path / "a.nwb").write_text("x")
    with pytest.raises(ValueError, match="cannot be read as NWB"):
        fit_session(tmp_path / "a.nwb")
    only = rb.to_nwb({"lfp": rb.Tsd(np.arange(9.0), np.zeros(9))}, tmp_path / "b.nwb")
    with pytest.raises(ValueError, match=r"holds no units .spike times., only lfp"):
        fit_session(only)


def test_warnings_are_kept_not_shown(recording):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = fit_session(recording, PLAIN.with_(min_spikes=400, coupling=None, epochs="0:30").to_dict())
    assert fitted.settings.min_spikes == 400
    assert any("were left out" in text for text in fitted.warnings)


def test_head_direction():
    settings = Settings(where="location == 'adn'", covariates=("ry:cyclic",), epochs="700:900", strength=1e-5)
    fitted = fit_session(data_file("head_direction.nwb"), settings)
    assert len(fitted.scores) == 7
    assert (fitted.scores["pseudo_r2"] > 0.1).all()
    assert fitted.covariate_units == {"ry": "radian"}


def test_a_signal_as_it_is(recording):
    """``key:linear`` is one column, in standard deviations, and its report can be drawn."""
    settings = PLAIN.with_(coupling=None, history=None, covariates=("stimulus:linear",), epochs="0:20", folds=2)
    fitted = fit_session(recording, settings)
    assert fitted.model.coef_.shape[0] == 1
    column = fitted.built.X.to_dense()[fitted.built.mask, 0]
    assert abs(column.mean()) < 0.2
    assert 0.5 < column.std() < 2.0


def test_the_report_of_a_signal_as_it_is(recording, tmp_path):
    from rheobase.batch import write_report

    settings = PLAIN.with_(coupling=None, covariates=("stimulus:linear",), epochs="0:20", folds=2)
    write_report(fit_session(recording, settings), tmp_path / "report.html")
    assert "stimulus" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("how", [{}, {"penalty": "Smoothness", "strength": 1e-3}])
def test_features_that_do_not_fit_in_memory_change_nothing(recording, how, monkeypatch):
    """Beyond the limit no matrix is made, and each neuron's columns are cut out block by block; the numbers stay."""
    monkeypatch.setattr(_population, "_MOST_ENTRIES", 30_000)
    asked = {"history": "50ms", "coupling": "50ms", "covariates": ("stimulus",), "folds": 3} | how
    whole, pieces = (fit_session(recording, Settings(**asked, memory=memory)) for memory in (1e9, 1.0))
    assert (whole.built.kind, pieces.built.kind) == ("dense", "on the fly")
    for name in ("coefficients", "scores"):
        one, other = getattr(whole, name), getattr(pieces, name)
        pd.testing.assert_frame_equal(one, other, rtol=SOLVER)
    np.testing.assert_allclose(pieces.predicted.values, whole.predicted.values, rtol=SOLVER)
    assert report_content(pieces)["neurons"][0]["terms"][0]["curves"][0]["half"] is not None
    assert "--memory 1" in pieces.command
