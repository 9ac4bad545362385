"""The report's numbers are those of the model, and its text is text."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from report_sessions import MARKUP, fitted_session

from helpers import ROUNDING
from rheobase import TsdFrame
from rheobase.batch._covariance import term_covariances
from rheobase.batch.report import write_report
from rheobase.batch.report._content import headline, report_content
from rheobase.batch.report._numbers import as_json, rounded
from rheobase.batch.report._page import page_of
from rheobase.regularizer import Lasso
from rheobase.scores import ks_test

Z95 = 1.959963984540054

FEWER_DIGITS = 6e-4
"""Relative; the page keeps four significant digits."""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    return fitted_session(tmp_path_factory.mktemp("recording"))


@pytest.fixture(scope="module")
def content(fitted):
    return report_content(fitted)


@pytest.fixture(scope="module")
def page(fitted):
    return page_of(fitted)


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def term_of(content, label):
    return [shared["label"] for shared in content["terms"]].index(label)


def test_terms_in_their_order(fitted, content):
    assert [shared["label"] for shared in content["terms"]] == list(fitted.terms)
    assert [shared["kind"] for shared in content["terms"]] == ["curve", "map", "filter", "filter"]


@pytest.mark.parametrize("neuron", [0, 3])
def test_history_is_the_models_filter_with_its_interval(fitted, content, neuron):
    place = term_of(content, "history")
    curve = content["neurons"][neuron]["terms"][place]["curves"]
    assert [one["name"] for one in curve] == ["own spikes"]
    lags, values = fitted.built.curves(fitted.model.coef_)["history"]
    np.testing.assert_allclose(content["terms"][place]["axes"][0]["values"], lags * 1e3)
    np.testing.assert_allclose(curve[0]["value"], values[:, neuron, neuron], rtol=1e-10)
    term = fitted.built["history"]
    rows = term.columns.start + neuron * term.n_functions + np.arange(term.n_functions)
    inside = fitted.model.inference(fitted.built.X, fitted.counts).covariance[neuron][np.ix_(rows, rows)]
    functions = term.basis.kernel_matrix()
    np.testing.assert_allclose(curve[0]["half"], Z95 * np.sqrt(np.diag(functions @ inside @ functions.T)), rtol=1e-6)


def test_intervals_of_single_coefficients_are_those_of_the_table(fitted):
    """Newton's method kept them on the way; here they are made from the model once more."""
    known = term_covariances(fitted.model, fitted.built, fitted.counts)
    assert known.reason == ""
    np.testing.assert_allclose(fitted._covariances.standard_errors, known.standard_errors, rtol=1e-4)
    covariances, table = known.terms, fitted.coefficients
    for neuron, unit in enumerate(fitted.scores["unit"]):
        own = table[(table["unit"] == unit) & (table["term"] == "angle")]
        variance = np.diagonal(covariances["angle"][neuron, 0])
        np.testing.assert_allclose(np.sqrt(variance), own["standard_error"], rtol=1e-4)


def test_a_curve_is_zero_on_average_and_its_shape_the_models(fitted, content):
    place = term_of(content, "angle")
    angle, values = fitted.built.curves(fitted.model.coef_, 96)["angle"]
    np.testing.assert_allclose(content["terms"][place]["axes"][0]["values"], angle)
    features = fitted.built.X.to_dense()[fitted.built.mask][:, fitted.built["angle"].columns]
    for neuron in range(len(fitted.scores)):
        curve = content["neurons"][neuron]["terms"][place]["curves"][0]
        mean = (features @ fitted.model.coef_[fitted.built["angle"].columns, neuron]).mean()
        np.testing.assert_allclose(curve["value"], values[:, neuron] - mean, atol=1e-10)
    assert content["gain"]


def test_a_map_has_both_axes(fitted, content):
    place = term_of(content, "place")
    axes, values = fitted.built.curves(fitted.model.coef_, 28)["place"]
    shared = content["terms"][place]
    assert [axis["label"] for axis in shared["axes"]] == ["x", "y"]
    for axis, expected in zip(shared["axes"], axes):
        np.testing.assert_allclose(axis["values"], expected)
    curve = content["neurons"][1]["terms"][place]["curves"][0]["value"]
    difference = curve - values[:, :, 1].ravel()
    np.testing.assert_allclose(difference, difference[0], atol=1e-10)


def test_couplings_are_the_models_means_over_lags(fitted, content):
    (coupling,) = content["coupling"]
    assert coupling["senders"] == ["0", "1", "2", "3"]
    _, values = fitted.built.curves(fitted.model.coef_)["coupling"]
    expected = values.mean(axis=0).T  # (lag, sender, receiver) to (receiver, sender)
    np.fill_diagonal(expected, np.nan)
    np.testing.assert_allclose(coupling["values"], expected, rtol=1e-10)
    shown = content["neurons"][2]["terms"][term_of(content, "coupling")]["curves"]
    strongest = np.argsort(-np.abs(np.nan_to_num(expected[2])))[:3]
    assert [curve["name"] for curve in shown] == [str(n) for n in strongest]


def test_tuning_is_spikes_over_seconds(fitted, content):
    (curve,) = [shared for shared in content["tuning"] if shared["label"] == "angle"]
    centres = curve["axes"][0]["values"]
    width = centres[1] - centres[0]
    angle, known = fitted.covariates["angle"].values, np.isfinite(fitted.predicted.values).all(axis=1)
    place = content["tuning"].index(curve)
    for i in (0, 5, len(centres) - 1):
        here = known & (np.abs(angle - centres[i]) < width / 2)
        seconds = here.sum() * fitted.built.bin_size
        np.testing.assert_allclose(curve["occupancy"][i], seconds)
        for neuron in (0, 2):
            tuning = content["neurons"][neuron]["tuning"][place]
            np.testing.assert_allclose(tuning["measured"][i], fitted.counts.values[here, neuron].sum() / seconds)
            np.testing.assert_allclose(tuning["predicted"][i], fitted.predicted.values[here, neuron].sum() / seconds)


def test_tuning_keeps_all_spikes(fitted, content):
    known = np.isfinite(fitted.predicted.values).all(axis=1)
    for number, shared in enumerate(content["tuning"]):
        measured = np.nan_to_num(content["neurons"][0]["tuning"][number]["measured"])
        np.testing.assert_allclose((measured * shared["occupancy"]).sum(), fitted.counts.values[known, 0].sum())


def test_the_timing_curve_has_the_distance_of_the_table(fitted, content):
    pair = fitted.counts.restrict(fitted.held_out), fitted.predicted.restrict(fitted.held_out)
    test = ks_test(*pair, seed=0)
    np.testing.assert_allclose(test.statistic, fitted.scores["ks_distance"], rtol=ROUNDING)
    for neuron, curve in enumerate(entry["ks"] for entry in content["neurons"]):
        assert curve[-1] == 1
        uniforms = test.rescaled.uniforms[neuron]
        np.testing.assert_allclose(curve[50], np.mean(uniforms <= content["ks"][50]))
        seen = np.abs(curve - content["ks"]).max()  # on a grid of 101 places
        assert test.statistic[neuron] - 0.02 < seen <= test.statistic[neuron] + 1e-12


def test_a_stretch_shows_the_rates_of_its_time(fitted, content):
    trace = content["neurons"][0]["trace"]
    window = content["windows"][trace["window"]]
    assert window["end"] - window["start"] == pytest.approx(60.0)
    inside = (fitted.built.t > window["start"]) & (fitted.built.t < window["end"])
    for what, series in (("measured", fitted.counts), ("predicted", fitted.predicted)):
        # smoothing keeps the mean, but for what it loses at both ends
        assert np.nanmean(trace[what]) == pytest.approx(np.nanmean(series.values[inside, 0]) / 0.05, rel=0.02)
    spikes = fitted.units[0].t - window["start"]
    assert np.isin(np.round(trace["spikes"], 9), np.round(spikes, 9)).all()
    assert len(trace["spikes"]) == pytest.approx(np.sum((spikes > 0) & (spikes < 60)), rel=0.02)


def test_scores_in_the_page_are_those_of_the_table(fitted, page):
    data = data_of(page)
    for record, entry in zip(fitted.scores.to_dict("records"), data["neurons"], strict=True):
        assert entry["name"] == str(record["unit"])
        for name in ("pseudo_r2", "bits_per_spike", "ks_distance", "rate", "strength"):
            assert entry["scores"][name] == record[name]
        assert entry["scores"]["n_spikes"] == record["n_spikes"]
    shown = re.findall(r'<tr data-neuron="\d+">.*?</tr>', page)
    assert [float(re.findall(r'data-value="(.*?)"', row)[1]) for row in shown] == fitted.scores["pseudo_r2"].tolist()


def test_curves_in_the_page_are_the_contents(content, page):
    data = data_of(page)
    for entry, made in zip(data["neurons"], content["neurons"], strict=True):
        for term, expected in zip(entry["terms"], made["terms"], strict=True):
            for curve, own in zip(term["curves"], expected["curves"], strict=True):
                np.testing.assert_allclose(curve["value"], own["value"], rtol=FEWER_DIGITS)
                np.testing.assert_allclose(curve["half"], own["half"], rtol=FEWER_DIGITS)
        np.testing.assert_allclose(entry["ks"], made["ks"], rtol=FEWER_DIGITS)


def test_markup_in_metadata_stays_text(fitted, page):
    assert MARKUP not in page
    assert html.escape(MARKUP) in page
    assert page.count("<script") == page.count("</script>") == 2
    assert data_of(page)["neurons"][0]["scores"]["area"] == MARKUP
    odd = replace(fitted, name="</title><script>", command=MARKUP, warnings=(MARKUP,))
    assert page_of(odd).count("<script") == 2


class Tags(HTMLParser):
    """Opened and closed elements, and every attribute."""

    def __init__(self):
        super().__init__()
        self.open, self.attributes, self.wrong = [], [], []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_page_is_well_formed_and_asks_for_nothing(page):
    tags = Tags()
    tags.feed(page)
    assert tags.wrong == tags.open == []
    asked = [
        value for _, name, value in tags.attributes if name in ("src", "href", "srcset", "action", "data", "poster")
    ]
    assert all(value.startswith(("#", "data:")) for value in asked)
    assert not re.search(r"url\(\s*['\"]?(?!#)", page)
    assert "@import" not in page
    assert set(re.findall(r"https?://[^\s\"'<)]+", page)) <= {"http://www.w3.org/2000/svg"}  # a name


def test_the_file_is_small_and_complete(fitted, tmp_path):
    path = tmp_path / "report.html"
    write_report(fitted, path)
    text = path.read_text(encoding="utf-8")
    assert len(text) < 1e6
    assert html.escape(fitted.command) in text
    assert f"rheobase {fitted.versions['rheobase']}" in text
    assert "$" not in re.sub(r"<(script|style).*?</\1>", "", text, flags=re.DOTALL)  # no placeholder is left


def test_unknown_numbers_are_dashes(fitted):
    scores = fitted.scores.copy()
    scores.loc[1, ["pseudo_r2", "ks_distance", "ks_band"]] = np.nan
    predicted = np.array(fitted.predicted.values)
    predicted[:, 1] = np.nan
    unknown = TsdFrame(t=fitted.built.t, d=predicted, time_support=fitted.built.time_support)
    page = page_of(replace(fitted, scores=scores, predicted=unknown))
    row = re.findall(r'<tr data-neuron="1">.*?</tr>', page)[0]
    assert '<td class="num" data-value="">\N{EN DASH}</td>' in row
    assert "nan" not in row.lower()
    data = data_of(page)
    assert data["neurons"][1]["scores"]["pseudo_r2"] is None
    assert set(data["neurons"][1]["ks"]) == {None}
    assert "3 of 4" in page


def test_a_single_neuron_without_metadata_or_behaviour(tmp_path):
    one = fitted_session(tmp_path, n_neurons=1, covariates=())
    content = report_content(one)
    assert len(content["neurons"]) == 1
    assert content["tuning"] == content["coupling"] == []
    assert content["windows"][0]["covariates"] == []
    assert "1 of 1" in page_of(one)


def test_no_intervals_after_selection(fitted):
    model = fitted.model
    before = model.regularizer
    try:
        model.regularizer = Lasso()
        content = report_content(replace(fitted, _covariances=None))
    finally:
        model.regularizer = before
    assert "Lasso" in content["no_intervals"]
    assert content["neurons"][0]["terms"][0]["curves"][0]["half"] is None


def test_less_detail_is_smaller(fitted, content):
    assert len(as_json(report_content(fitted, 0.3))) < 0.5 * len(as_json(content))


def test_headline():
    known = headline(np.array([0.2, -0.1, np.nan, 0.4]), np.array([0.1, 0.3, np.nan, 0.2]), np.full(4, 0.2))
    assert known["better"] == 2
    assert known["median"] == pytest.approx(0.2)
    assert known["quartiles"] == pytest.approx((0.05, 0.3))
    assert (known["inside"], known["tested"], known["n"]) == (2, 3, 4)
    assert np.isnan(headline(np.array([np.nan]), np.array([np.nan]), np.array([np.nan]))["median"])


def test_rounded_numbers_are_short():
    values = np.array([0.1 + 0.2, -1234567.0, np.nan, 0.0, np.inf, 3.0, 1.23456e-9, 99999.0])
    assert rounded(values) == [0.3, -1235000, None, 0, None, 3, 1.235e-09, 100000]
    assert rounded(np.zeros((0,))) == []
    assert as_json({"a": np.array([[1, 2]]), "b": float("nan"), "c": pd.NA, "d": "</script>\u2028"}) == (
        '{"a":[[1,2]],"b":null,"c":"\\u003cNA\\u003e","d":"\\u003c/script\\u003e\\u2028"}'
    )
