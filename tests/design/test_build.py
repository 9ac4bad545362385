"""One call from containers and bases to a design: the same features as by hand, whatever the kind; clear refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from helpers import ROUNDING
from rheobase import IntervalSet, Ts, Tsd, TsdFrame, TsGroup
from rheobase.basis import BSplineEval, CyclicBSplineEval, HistoryConv, IdentityEval, RaisedCosineLogConv
from rheobase.containers._lazy import LazyArray
from rheobase.design import BuiltDesign, Chunked, Convolved, Dense, SideBySide, build
from rheobase.glm import GLM, PopulationGLM
from rheobase.regularizer import GroupLasso, Smoothness

SUPPORT = IntervalSet([0.0, 60.0], [40.0, 100.0])
BIN = 0.02
CONV = RaisedCosineLogConv(3, window_size=12)


@pytest.fixture(scope="module")
def recording():
    """Spikes of three units (keys 4, 7, 9), a position at 50 Hz, a slow temperature, an angle."""
    rng = np.random.default_rng(0)
    t = np.arange(0.0, 100.0, 0.005)
    position = Tsd(t, np.sin(t / 3.0), time_support=IntervalSet(0.0, 100.0))
    angle = Tsd(t, np.mod(t, 2 * np.pi), time_support=IntervalSet(0.0, 100.0))
    slow = Tsd(np.arange(0.0, 100.5, 0.5), np.cos(np.arange(0.0, 100.5, 0.5) / 10.0))
    times = {key: Ts(np.sort(rng.uniform(0, 100, 900))) for key in (4, 7, 9)}
    spikes = TsGroup(times, time_support=SUPPORT, metadata={"area": ["a", "b", "a"]})
    return {"position": position, "angle": angle, "slow": slow, "spikes": spikes}


def terms(r):
    return {
        "position": (BSplineEval(5), r["position"]),
        "heading": (CyclicBSplineEval(6, bounds=(0, 2 * np.pi)), r["angle"]),
        "temperature": r["slow"],
        "history": (CONV, r["spikes"]),
    }


# --- what comes out ------------------------------------------------------------------------------------------------


def test_features_are_those_made_by_hand(recording):
    spikes = recording["spikes"]
    d = build(terms(recording), response=spikes, bin_size=BIN)
    counts = spikes.count(BIN)
    position = recording["position"].bin_average(BIN, SUPPORT)
    angle = counts.value_from(recording["angle"], SUPPORT)
    slow = recording["slow"].interpolate(counts, SUPPORT)
    by_hand = [
        BSplineEval(5).compute_features(position).values,
        CyclicBSplineEval(6, bounds=(0, 2 * np.pi)).compute_features(angle).values,
        slow.values[:, None],
        CONV.compute_features(counts).values,
    ]
    X = np.hstack(by_hand)
    bad = ~np.isfinite(X).all(axis=1)
    X[bad] = np.nan
    np.testing.assert_array_equal(d.X.to_dense(), X)
    np.testing.assert_array_equal(d.mask, ~bad)
    np.testing.assert_array_equal(d.t, counts.t)
    np.testing.assert_array_equal(d.time_support.values, SUPPORT.values)
    np.testing.assert_array_equal(d.y.values, counts.values)
    np.testing.assert_array_equal(d.y.columns, [4, 7, 9])
    np.testing.assert_array_equal(d.y["area"], ["a", "b", "a"])
    assert d.shape == X.shape
    assert d.bin_size == BIN


def test_names_and_terms(recording):
    d = build(terms(recording), response=recording["spikes"], bin_size=BIN)
    assert d.names[:2] == ("position[0]", "position[1]")
    assert d.names[11] == "temperature"
    assert d.names[12:16] == ("history[4, 0]", "history[4, 1]", "history[4, 2]", "history[7, 0]")
    assert len(d.names) == len(set(d.names)) == d.X.n_features
    assert d["history"].channels == (4, 7, 9)
    assert d["history"].are_events
    assert not d["position"].are_events
    np.testing.assert_array_equal(d.features.columns, d.names)
    X, y = d
    assert X is d.X
    assert y is d.y


def test_text(recording):
    text = repr(build(terms(recording), response=recording["spikes"], bin_size=BIN))
    for part in ("position", "BSplineEval(5)", "Tsd, averaged", "Tsd, closest sample", "Tsd, interpolated"):
        assert part in text
    assert "4,000 bins of 20 ms, 21 columns, 3 neurons; 3,976 rows used, 24 masked" in text
    assert "dense: 672.0 kB of features fit in 1.0 GB" in text
    assert "TsGroup, counted" in build(terms(recording), bin_size=BIN)._repr_html_()
    assert "no response" in repr(build(terms(recording), bin_size=BIN))


def test_a_model_takes_it_as_it_is(recording):
    d = build(terms(recording), response=recording["spikes"], bin_size=BIN)
    options = {"regularizer": "Ridge", "regularizer_strength": 1e-3}
    model = PopulationGLM(**options).fit(*d)
    np.testing.assert_array_equal(d.fit(PopulationGLM(**options)).coef_, model.coef_)
    rate = model.predict(d.X)
    assert isinstance(rate, TsdFrame)
    np.testing.assert_array_equal(rate.t, d.t)
    np.testing.assert_array_equal(rate.columns, [4, 7, 9])
    assert "Dense" in model.solution_.stats["design"]
    index = model.inference(d.X, d.y).summary().index
    assert "history[7, 2]" in {name for _, name in index}
    drawn, _ = model.simulate(0, d.X)
    np.testing.assert_array_equal(drawn.time_support.values, SUPPORT.values)


def test_coefficients_are_cut_into_terms(recording):
    d = build(terms(recording), response=recording["spikes"], bin_size=BIN)
    coef = np.arange(d.X.n_features * 3.0).reshape(-1, 3)
    parts = d.split(coef)
    assert {name: part.shape for name, part in parts.items()} == {
        "position": (5, 3),
        "heading": (6, 3),
        "temperature": (3,),
        "history": (3, 3, 3),
    }
    np.testing.assert_array_equal(parts["history"][1, 2], coef[d.names.index("history[7, 2]")])
    assert d.split(coef[:, 0])["history"].shape == (3, 3)
    with pytest.raises(ValueError, match=r"coef must have one row for each of the 21 columns, got shape \(3,\)"):
        d.split(np.ones(3))


def test_groups_for_a_group_lasso(recording):
    d = build(terms(recording), response=recording["spikes"], bin_size=BIN)
    assert d.groups.sum(axis=1).tolist() == [5, 6, 1, 9]
    assert d.group_mask("channel").sum(axis=1).tolist() == [5, 6, 1, 3, 3, 3]
    np.testing.assert_array_equal(d.group_mask("channel").sum(axis=0), 1)
    model = d.fit(PopulationGLM(regularizer=GroupLasso(mask=d.groups), regularizer_strength=10.0))
    assert not model.coef_.any()
    with pytest.raises(ValueError, match="by must be 'term' or 'channel', got 'chanel'"):
        d.group_mask("chanel")


def test_penalties_for_smoothness(recording):
    d = build(terms(recording), response=recording["spikes"], bin_size=BIN)
    penalties = d.penalty_matrices()
    assert len(penalties) == 3
    np.testing.assert_array_equal(penalties[0][:5, :5], BSplineEval(5).penalty_matrix(2, "difference"))
    assert not penalties[0][5:].any()
    np.testing.assert_array_equal(penalties[2][12:15, 12:15], penalties[2][18:, 18:])
    d.fit(PopulationGLM(regularizer=Smoothness(penalties, ridge=1e-3), regularizer_strength=0.1))


@pytest.mark.parametrize(("own", "others"), [(True, True), (False, True), (True, False)])
def test_who_listens_to_whom(recording, own, others):
    """By the names of units, in whatever order senders and receivers stand."""
    spikes = recording["spikes"]
    d = build(terms(recording), response=spikes[[9, 4]], bin_size=BIN)
    mask = d.coupling_mask(self_connections=own, other_connections=others)
    assert mask.shape == (21, 2)
    assert mask[:12].all()
    wanted = [[own if s == r else others for r in d.y.columns] for s in (4, 7, 9) for _ in range(3)]
    np.testing.assert_array_equal(mask[12:], wanted)
    PopulationGLM(feature_mask=mask).fit(*d)


def test_coupling_of_a_population_is_that_of_coupling_mask(recording):
    d = build({"c": (CONV, recording["spikes"])}, response=recording["spikes"], bin_size=BIN)
    np.testing.assert_array_equal(d.coupling_mask(self_connections=False), rb.glm.coupling_mask(3, 3, "others"))
    np.testing.assert_array_equal(d.coupling_mask(other_connections=False), rb.glm.coupling_mask(3, 3, "self"))


def test_a_basis_with_its_inputs(recording):
    basis = BSplineEval(4, label="place") * BSplineEval(4, label="temperature") + CONV
    d = build(basis, recording["position"], recording["slow"], recording["spikes"], bin_size=BIN)
    assert [term.label for term in d.terms] == ["(place * temperature)", "RaisedCosineLogConv"]
    assert d["(place * temperature)"].shape == (16,)
    assert d.names[16] == "RaisedCosineLogConv[4, 0]"
    assert d.y is None
    named = build({"both": (basis, recording["position"], recording["slow"], recording["spikes"])}, bin_size=BIN)
    assert [term.label for term in named.terms] == ["both.(place * temperature)", "both.RaisedCosineLogConv"]
    np.testing.assert_array_equal(named.X.to_dense(), d.X.to_dense())


# --- bins ----------------------------------------------------------------------------------------------------------


def test_counts_that_are_given_define_the_bins(recording):
    counts = recording["spikes"].count(BIN)
    d = build({"position": (BSplineEval(5), recording["position"]), "own": (CONV, counts)}, response=counts)
    np.testing.assert_array_equal(d.t, counts.t)
    np.testing.assert_array_equal(d.y.values, counts.values)
    assert d["own"].source == "TsdFrame, as it is"
    assert d.bin_size == pytest.approx(BIN)
    other = build(
        {"position": (BSplineEval(5), recording["position"]), "own": (CONV, recording["spikes"])}, response=counts
    )
    np.testing.assert_array_equal(other.X.to_dense(), d.X.to_dense())


def test_epochs_and_supports_are_intersected(recording):
    ep = IntervalSet([5.0, 70.0], [20.0, 130.0])
    d = build({"p": (BSplineEval(4), recording["position"])}, response=recording["spikes"], bin_size=BIN, ep=ep)
    np.testing.assert_array_equal(d.time_support.values, [[5.0, 20.0], [70.0, 100.0]])
    np.testing.assert_array_equal(d.y.values, recording["spikes"].count(BIN, d.time_support).values)


def test_one_unit_and_ts(recording):
    unit = recording["spikes"][4]
    d = build({"history": (CONV, unit)}, response=unit, bin_size=BIN)
    assert isinstance(d.y, Tsd)
    assert d.names == ("history[0]", "history[1]", "history[2]")
    assert d.y.dtype == np.int64
    d.fit(GLM())


def test_arrays_alone_have_no_times():
    rng = np.random.default_rng(1)
    counts, x = rng.poisson(1.0, size=(200, 2)), rng.normal(size=200)
    d = build({"x": (BSplineEval(4), x), "h": (CONV, counts), "raw": x}, response=counts)
    assert d.t is None
    assert isinstance(d.features, np.ndarray)
    assert isinstance(d.fit(PopulationGLM(regularizer="Ridge")).predict(d.X), np.ndarray)
    assert d["h"].names()[:2] == ["h[0, 0]", "h[0, 1]"]


def test_counts_take_a_byte_where_they_can(recording):
    spikes = recording["spikes"]
    d = build({"h": (CONV, spikes)}, response=spikes, bin_size=BIN, kind="on the fly")
    assert d.X.signals.dtype == np.uint8
    busy = Ts(np.sort(np.random.default_rng(0).uniform(0, 10, 20_000)), time_support=IntervalSet(0, 10))
    assert build({"h": (CONV, busy)}, bin_size=0.5, kind="on the fly").X.signals.dtype == np.uint16


def test_labels_are_not_averaged():
    t = np.arange(0.0, 20.0, 0.001)
    state = Tsd(t, np.where(t % 1.003 < 0.5, 3, 8))
    d = build({"state": (rb.basis.Category([3, 8]), state)}, bin_size=0.01)
    X = d.X.to_dense()
    assert set(np.unique(X)) <= {0.0, 1.0}


def test_part_of_the_response_for_training(recording):
    d = build(terms(recording), response=recording["spikes"], bin_size=BIN)
    train = d.response_in(IntervalSet(0, 30))
    inside = d.t <= 30
    np.testing.assert_array_equal(np.isfinite(train.values[:, 0]), inside)
    np.testing.assert_array_equal(train.columns, d.y.columns)
    model = PopulationGLM(regularizer="Ridge").fit(d.X, train)
    expected = PopulationGLM(regularizer="Ridge").fit(d.X.to_dense()[inside], d.y.values[inside])
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=0, atol=1e-9)


@pytest.mark.parametrize("memory", [0, 1e9])
def test_other_data_with_the_same_ranges(recording, memory):
    """The range of a signal is that of the data that were fitted, in either kind of design."""
    first, second = IntervalSet(0, 30), IntervalSet(60, 70)
    train = build(terms(recording), response=recording["spikes"], bin_size=BIN, ep=first)
    test = build(terms(recording), bin_size=BIN, ep=second, like=train, memory=memory)
    low, high = train["position"].basis.bounds
    position = recording["position"].bin_average(BIN, first)
    assert (low, high) == (position.values.min(), position.values.max())
    expected = BSplineEval(5, bounds=(low, high)).compute_features(recording["position"].bin_average(BIN, second))
    rows = test.mask
    np.testing.assert_allclose(test.X.to_dense()[rows, :5], expected.values[rows], rtol=0, atol=10 * ROUNDING)
    alone = build(terms(recording), bin_size=BIN, ep=second)
    assert np.nanmax(np.abs(alone.X.to_dense()[rows, :5] - expected.values[rows])) > 0.01
    model = train.fit(PopulationGLM(regularizer="Ridge"))
    assert np.isfinite(model.predict(test.X).values[rows]).all()


def test_like_must_be_alike(recording):
    d = build(terms(recording), bin_size=BIN)
    other = terms(recording) | {"history": (CONV, recording["spikes"][[4, 7]])}
    with pytest.raises(ValueError, match=r"term 'history' has channels 4, 7 .* in `like` it has 4, 7, 9"):
        build(other, bin_size=BIN, like=d)
    with pytest.raises(ValueError, match="the terms must be those of `like`, position, heading, temperature, history"):
        build({"position": recording["position"]}, bin_size=BIN, like=d)


def test_coefficients_as_curves(recording):
    product = BSplineEval(4, bounds=(-1, 1)) * BSplineEval(5, bounds=(0, 6))
    given_terms = terms(recording) | {"both": (product, recording["position"], recording["angle"])}
    d = build(given_terms, response=recording["spikes"], bin_size=BIN)
    coef = np.random.default_rng(0).normal(size=(d.X.n_features, 3))
    curves, parts = d.curves(coef, 50), d.split(coef)
    assert set(curves) == {"position", "heading", "history", "both"}
    lags, filters = curves["history"]
    np.testing.assert_allclose(lags, np.arange(1, 13) * BIN)
    np.testing.assert_allclose(filters[:, 1, 2], CONV.kernel_matrix() @ parts["history"][1, :, 2])
    angle, tuning = curves["heading"]
    assert (angle[0], angle[-1], tuning.shape) == (0.0, 2 * np.pi, (50, 3))
    by_hand = CyclicBSplineEval(6, bounds=(0, 2 * np.pi)).evaluate(angle) @ parts["heading"]
    np.testing.assert_allclose(tuning, by_hand, atol=10 * ROUNDING)
    (x, y), surface = curves["both"]
    assert (x[0], y[-1], surface.shape) == (-1.0, 6.0, (50, 50, 3))
    np.testing.assert_allclose(surface[3, 7], product.evaluate(x[[3]], y[[7]])[0] @ parts["both"], atol=10 * ROUNDING)
    assert d.curves(coef[:, 0])["history"][1].shape == (12, 3)


# --- kinds ---------------------------------------------------------------------------------------------------------


def test_the_kind_is_chosen_by_size_and_says_so(recording):
    small, large = (build(terms(recording), response=recording["spikes"], bin_size=BIN, memory=m) for m in (1e6, 1e5))
    assert (small.kind, large.kind) == ("dense", "on the fly")
    assert small.reason == "672.0 kB of features fit in 1.0 MB"
    assert large.reason == "672.0 kB of features do not fit in 100.0 kB"
    assert isinstance(small.X, Dense)
    assert isinstance(large.X, SideBySide)
    assert [type(part).__name__ for part in large.X.parts] == ["Evaluated", "Evaluated", "Dense", "Convolved"]
    model = large.fit(PopulationGLM(regularizer="Ridge"))
    assert "Convolved 9" in model.solution_.stats["design"]
    assert isinstance(build({"h": (CONV, recording["spikes"])}, bin_size=BIN, kind="on the fly").X, Convolved)
    forced = build(terms(recording), bin_size=BIN, kind="on the fly").X
    assert [type(part).__name__ for part in forced.parts] == ["Dense", "Dense", "Dense", "Convolved"]


BASES = {
    "spline": (BSplineEval(5), 1),
    "bounded": (BSplineEval(4, bounds=(-0.9, 0.8)), 1),
    "cyclic": (CyclicBSplineEval(5), 1),
    "fourier": (rb.basis.FourierEval(3), 1),
    "identity": (IdentityEval(), 1),
    "product": (BSplineEval(4) * rb.basis.RaisedCosineLinearEval(4), 2),
    "conv": (CONV, 1),
    "future": (RaisedCosineLogConv(3, window_size=6, conv_kwargs={"predictor_causality": "anti-causal"}), 1),
    "lags": (HistoryConv(4), 1),
    "conv times eval": (CONV * BSplineEval(4), 2),
    "custom": (rb.basis.CustomBasis([lambda x: x, lambda x: x**2]), 1),
    "raw": (None, 1),
}


@pytest.mark.filterwarnings("ignore:One or more epochs are shorter")
@pytest.mark.filterwarnings("ignore:.*rows were left out:rheobase.SuspiciousDataWarning")
@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(BASES)), min_size=1, max_size=4, unique=True),
    st.integers(0, 2**31),
    st.lists(st.integers(1, 120), max_size=2),
    st.booleans(),
)
def test_every_kind_is_the_same_design_and_the_same_fit(names, seed, lengths, holes):
    rng = np.random.default_rng(seed)
    lengths = [*lengths, 100]
    starts = np.cumsum([0, *(n + 3 for n in lengths)])[:-1] * 0.1
    epochs = IntervalSet(starts, starts + np.array(lengths) * 0.1)
    t = np.arange(0.0, epochs.end[-1], 0.01)
    given_terms = {}
    for name in names:
        basis, n_inputs = BASES[name]
        signals = [Tsd(t, np.sin(t * rng.uniform(0.3, 2.0)) + rng.normal(size=t.size)) for _ in range(n_inputs)]
        if holes:
            signals[0].values[rng.integers(t.size - 100) :][:40] = np.nan
        given_terms[name] = signals[0] if basis is None else (basis, *signals)
    unit = Ts(np.sort(rng.uniform(0, t[-1], 2 * t.size // 10)))
    given_to = {"response": unit, "bin_size": 0.1, "ep": epochs}
    dense = build(given_terms, kind="dense", **given_to)
    fly = build(given_terms, kind="on the fly", memory=0, **given_to)
    np.testing.assert_array_equal(dense.mask, fly.mask)
    assert dense.names == fly.names
    scale = np.nanmax(np.abs(dense.X.to_dense()), initial=1.0)
    np.testing.assert_allclose(dense.X.to_dense(), fly.X.to_dense(), rtol=0, atol=10 * ROUNDING * scale)
    coef, n = rng.normal(size=(dense.X.n_features, 2)), dense.X.n_samples
    np.testing.assert_allclose(dense.X.matvec(coef)[:n], fly.X.matvec(coef)[:n], rtol=0, atol=1000 * ROUNDING * scale)
    rows = rng.random((fly.X.n_rows, 2))
    ours, theirs = dense.X.rmatvec(rows[:n]), fly.X.rmatvec(rows)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1000 * ROUNDING * scale * n)
    gram, other = dense.X.gram(rows[:n]), fly.X.gram(rows)
    np.testing.assert_allclose(gram, other, rtol=0, atol=1000 * ROUNDING * scale**2 * n)
    options = {"regularizer": "Ridge", "regularizer_strength": 0.1}
    one, two = (d.fit(GLM(**options)) for d in (dense, fly))
    np.testing.assert_allclose(one.coef_, two.coef_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(one.intercept_, two.intercept_, rtol=0, atol=1e-9)


def test_columns_in_a_file_stay_there(tmp_path):
    rng = np.random.default_rng(2)
    lazy = LazyArray(rng.normal(size=(3000, 8)))
    support = IntervalSet(0, 30)
    t = np.arange(3000) * 0.01 + 0.005
    frame = TsdFrame(t, lazy, time_support=support, load_array=False)
    counts = Tsd(t, rng.poisson(1.0, 3000), time_support=support)
    d = build({"pixels": frame, "own": (CONV, counts)}, response=counts, memory=1e3)
    assert [type(part) for part in d.X.parts] == [Chunked, Convolved]
    dense = build({"pixels": frame, "own": (CONV, counts)}, response=counts)
    options = {"regularizer": "Ridge", "regularizer_strength": 0.1}
    np.testing.assert_allclose(d.fit(GLM(**options)).coef_, dense.fit(GLM(**options)).coef_, rtol=0, atol=1e-9)


# --- refusals ------------------------------------------------------------------------------------------------------

SPIKES = Ts(np.arange(0.0, 50.0, 0.3), time_support=IntervalSet(0, 50))
SIGNAL = Tsd(np.arange(0.0, 50.0, 0.1), np.ones(500))


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (("place", SIGNAL), {}, TypeError, "first argument of build must be a basis, .* or a dict of terms .* got str"),
        ((SIGNAL,), {}, TypeError, "got Tsd"),
        (({},), {}, ValueError, "at least one term, got an empty dict"),
        (({"p": SIGNAL}, SIGNAL), {}, TypeError, "a dict of terms holds its inputs"),
        (({"p": BSplineEval(4)},), {}, TypeError, r"term 'p' is a basis without inputs; give \(BSplineEval"),
        (({"p": (SIGNAL, SIGNAL)},), {}, TypeError, "tuple without basis"),
        (({"p": "speed"},), {}, TypeError, r"term 'p' must be \(basis, input\), or a series or array, got 'speed'"),
        (({"p": (BSplineEval(4), BSplineEval(4), SIGNAL)},), {}, TypeError, "has 2 bases; multiply or add them"),
        (({"p": (BSplineEval(4), SIGNAL, SIGNAL)},), {}, TypeError, r"term 'p' takes 1 input\(s\).*got 2"),
        (
            (BSplineEval(4) * BSplineEval(4), SIGNAL),
            {},
            TypeError,
            r"takes 2 input\(s\).*Give \(basis, input1, input2\)",
        ),
        (
            ({"p": SIGNAL},),
            {"kind": "fast"},
            ValueError,
            "kind must be one of 'auto', 'dense', 'on the fly', got 'fast'",
        ),
        (({"h": (CONV, SPIKES)},), {}, ValueError, "bin_size is needed to count events"),
        (({"p": SIGNAL},), {"bin_size": 200.0}, ValueError, r"no bin of bin_size=200 s .*milliseconds, bin_size=0.2"),
        (({"p": SIGNAL},), {"bin_size": "10"}, TypeError, "bin_size"),
        (({"p": SIGNAL},), {"bin_size": -1.0}, ValueError, "bin_size"),
        (({"p": SIGNAL},), {"ep": [0, 1]}, TypeError, "IntervalSet"),
        (
            ({"p": SIGNAL},),
            {"ep": IntervalSet(60, 70)},
            ValueError,
            r"no time in common: p 0 to 49.9 s, ep 60 to 70 s.*same clock",
        ),
        (
            ({"h": (CONV, SPIKES)},),
            {"response": SIGNAL},
            rb.TimeSupportError,
            r"h holds events, which cannot be counted .* Give bin_size, in seconds \(bin_size=0.1\)",
        ),
        (
            ({"h": (CONV, SPIKES)},),
            {"bin_size": 10.0},
            ValueError,
            "term 'h' has no row without NaN. Its window has 12",
        ),
        (({"p": SIGNAL * np.nan},), {"bin_size": 1.0}, ValueError, "term 'p' has no row without NaN. Is its input NaN"),
        (
            ({"p": (BSplineEval(4, bounds=(5, 6)), SIGNAL)},),
            {"kind": "on the fly"},
            ValueError,
            "term 'p' has no row without NaN.*out of the bounds",
        ),
        (({"a": np.ones(4), "b": np.ones(5)},), {}, ValueError, "same number of rows, got a 4, b 5"),
        (({"a": np.ones(4)},), {"response": np.ones(5)}, ValueError, "response has 5 rows, but the inputs have 4"),
        (({"a": np.ones(4)},), {"bin_size": 1.0}, ValueError, "bin_size needs inputs with times"),
        (({"a": np.ones(4), "p": SIGNAL},), {}, ValueError, "a is an array of 4 rows, but there are 500 bins"),
        (({"z": (rb.basis.Zero(), SIGNAL)},), {}, ValueError, "no columns at all"),
        (
            ({"p": SIGNAL},),
            {"response": Tsd(SIGNAL.t, np.ones(500, dtype=int)), "bin_size": 0.3},
            ValueError,
            "counts cannot be averaged. Give the spikes themselves",
        ),
        (
            (
                {
                    "a": Tsd(SIGNAL.t, np.where(SIGNAL.t < 25, 1.0, np.nan)),
                    "b": Tsd(SIGNAL.t, np.where(SIGNAL.t < 25, np.nan, 1)),
                },
            ),
            {},
            ValueError,
            "no row has known values in all terms at once",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:One or more epochs are shorter")
def test_wrong_arguments(arguments, options, error, message):
    with pytest.raises(error, match=message):
        build(*arguments, **options)


def test_short_epochs_are_announced(recording):
    ep = IntervalSet([0.0, 20.0], [0.1, 30.0])
    for kind in ("dense", "on the fly"):
        with pytest.warns(UserWarning, match="epochs are shorter than the convolution window"):
            build({"h": (CONV, recording["spikes"])}, bin_size=BIN, ep=ep, kind=kind)


def test_what_needs_a_response_says_so(recording):
    d = build(terms(recording), bin_size=BIN)
    for ask in (lambda: d.fit(GLM()), d.coupling_mask, lambda: d.response_in(SUPPORT)):
        with pytest.raises(ValueError, match="needs a response, but the design was built without one"):
            ask()
    one = build({"p": recording["position"]}, response=recording["spikes"], bin_size=BIN)
    with pytest.raises(ValueError, match="no term is made of counted events"):
        one.coupling_mask()
    with pytest.raises(ValueError, match="no channel of term 'p'"):
        one.coupling_mask(terms="p")
    with pytest.raises(KeyError, match="no term is called 'q'; there are 'p'"):
        one.coupling_mask(terms=["q"])
    single = build({"h": (CONV, recording["spikes"])}, response=recording["spikes"][4], bin_size=BIN)
    with pytest.raises(ValueError, match="needs a response of several neurons"):
        single.coupling_mask()
    assert isinstance(single, BuiltDesign)
