"""Pictures of trials show the trials: rows, rates, z-scores, counts and means are those of the data."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers import ROUNDING
from rheobase import IntervalSet, Ts, TsdFrame, TsGroup, compute_perievent, plot

WINDOW = (0.5, 1.0)


@pytest.fixture
def ax():
    return plt.subplots()[1]


@pytest.fixture
def trials():
    starts = np.arange(1.0, 61.0, 2.0)
    table = {"kind": np.resize(["old", "new", "old"], 30), "RT": np.linspace(0.9, 0.1, 30)}
    return IntervalSet(starts, starts + 1, metadata=table)


@pytest.fixture
def spikes(rng):
    return TsGroup(
        {n: Ts(np.sort(rng.uniform(0, 63, 60 * (n + 1)))) for n in (3, 0, 5)}, time_support=IntervalSet(0, 63)
    )


def ticks(collection):
    """Times and rows of the ticks of a raster, in the order of times."""
    ends = np.concatenate([*collection.get_segments(), np.empty((0, 2))])
    middles = ends.reshape(-1, 2, 2).mean(axis=1)
    return middles[np.argsort(middles[:, 0])]


def test_raster_has_each_spike_in_the_row_of_its_trial(ax, spikes, trials):
    aligned = compute_perievent(spikes[3], trials, WINDOW)
    (all_ticks,) = plot.plot_perievent_raster(aligned, event="frame", ax=ax)
    assert all_ticks.axes is ax
    expected = np.concatenate([np.column_stack([aligned[k].t, np.full(len(aligned[k]), k)]) for k in range(30)])
    np.testing.assert_allclose(ticks(all_ticks), expected[np.argsort(expected[:, 0])], atol=1e-9)  # rows of float32
    assert ax.get_xlim() == (-0.5, 1.0)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Time from frame (s)", "Trial")


def test_raster_puts_groups_together_and_sorts_inside(ax, spikes, trials):
    aligned = compute_perievent(spikes[3], trials, WINDOW)
    new, old = plot.plot_perievent_raster(aligned, group_by="kind", sort_by="RT", marks="RT", ax=ax)
    kind, reaction = np.asarray(trials["kind"]), np.asarray(trials["RT"])
    rows = np.lexsort([reaction, kind == "old"])
    assert {int(row) for row in ticks(new)[:, 1].round()} == {r for r in range(10) if len(aligned[rows[r]])}
    assert {int(row) for row in ticks(old)[:, 1].round()} == {r for r in range(10, 30) if len(aligned[rows[r]])}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["new\n(10)", "old\n(20)"]
    assert ax.get_ylabel() == "Trial, by kind"
    marks = next(line for line in ax.lines if line.get_marker() == ".")
    np.testing.assert_array_equal(marks.get_xdata(), reaction[rows])
    assert not np.array_equal(new.get_color(), old.get_color())


def test_raster_of_arrays_of_silence_and_what_it_refuses(ax, spikes, trials):
    (drawn,) = plot.plot_perievent_raster([np.array([0.1]), np.empty(0), np.array([-0.2, 0.3])], ax=ax)
    np.testing.assert_allclose(ticks(drawn), [[-0.2, 2], [0.1, 0], [0.3, 2]])
    (nothing,) = plot.plot_perievent_raster([np.empty(0), np.empty(0)], window=(-1, 1))
    assert nothing.get_segments() == []
    no_trials = compute_perievent(spikes[3], Ts([]), WINDOW)
    (none,) = plot.plot_perievent_raster(no_trials, group_by=[])
    assert none.get_segments() == []
    with pytest.raises(ValueError, match="aligned holds no events"):
        plot.plot_psth(no_trials)
    several = compute_perievent(spikes, trials, WINDOW)
    with pytest.raises(TypeError, match=r"holds several groups of events \(0, 3, 5, \.\.\.\): give one"):
        plot.plot_perievent_raster(several, ax=ax)
    with pytest.raises(ValueError, match=r"group_by='kin' is no column .* Did you mean 'kind'\?"):
        plot.plot_perievent_raster(several[3], group_by="kin", ax=ax)
    with pytest.raises(ValueError, match=r"sort_by must have one entry for each of the 30 rows, got shape \(3,\)"):
        plot.plot_perievent_raster(several[3], sort_by=[1, 2, 3], ax=ax)


def test_psth_is_the_mean_over_trials_and_its_error(ax, spikes, trials):
    aligned = compute_perievent(spikes[5], trials, WINDOW)
    (line,) = plot.plot_psth(aligned, bin_size=0.1, ax=ax)
    edges = np.linspace(-0.5, 1.0, 16)
    counts = np.array([np.histogram(aligned[k].t, edges)[0] for k in range(30)])
    np.testing.assert_allclose(line.get_xdata(), edges[:-1] + 0.05, atol=ROUNDING)
    np.testing.assert_allclose(line.get_ydata(), counts.mean(axis=0) / 0.1, rtol=ROUNDING)
    band = ax.collections[0].get_paths()[0].vertices
    top = counts.mean(axis=0) / 0.1 + counts.std(axis=0, ddof=1) / np.sqrt(30) / 0.1
    assert band[:, 1].max() == pytest.approx(top.max())
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylabel() == "Firing rate (Hz)"
    assert any(np.array_equal(one.get_xdata(), [0.0, 0.0]) for one in ax.lines)  # the event


def test_psth_of_conditions_is_that_of_each(ax, spikes, trials):
    aligned = compute_perievent(spikes[5], trials, WINDOW)
    lines = plot.plot_psth(aligned, bin_size=0.25, group_by="kind", ax=ax)
    assert [line.get_label() for line in lines] == ["new (n = 10)", "old (n = 20)"]
    kind = np.asarray(trials["kind"])
    apart = {name: [aligned[k].t for k in np.flatnonzero(kind == name)] for name in ("new", "old")}
    again = plot.plot_psth(apart, bin_size=0.25, window=(-0.5, 1.0))
    for one, other in zip(lines, again, strict=True):
        np.testing.assert_array_equal(one.get_ydata(), other.get_ydata())
    units = plot.plot_psth(compute_perievent(spikes, trials, WINDOW), bin_size=0.25)
    assert [line.get_label() for line in units] == ["0 (n = 30)", "3 (n = 30)", "5 (n = 30)"]


def test_psth_takes_the_bins_that_fit(ax):
    one = [np.array([-0.07, 0.0, 0.1, 0.2])]
    (line,) = plot.plot_psth(one, bin_size=0.1, window=(-0.15, 0.25), ax=ax)
    np.testing.assert_allclose(line.get_xdata(), [-0.05, 0.05, 0.15], atol=ROUNDING)
    np.testing.assert_allclose(line.get_ydata(), [10, 10, 10])  # a spike on an edge is in the later bin
    assert not ax.collections  # a single trial has no error
    with pytest.raises(ValueError, match="no bin of 1 s fits into the window from"):
        plot.plot_psth(one, bin_size=1.0, window=(-0.15, 0.25))
    with pytest.raises(ValueError, match="bin_size must be > 0 s, got 0"):
        plot.plot_psth(one, bin_size=0, window=(-1, 1))
    with pytest.raises(ValueError, match="its window is unknown: give window="):
        plot.plot_psth(one)
    with pytest.raises(ValueError, match="group_by splits the events of one unit"):
        plot.plot_psth({"a": one}, group_by=[1], window=(-1, 1))


def test_psth_map_is_the_psths_of_units(ax, spikes, trials):
    aligned = compute_perievent(spikes, trials, WINDOW)
    image = plot.plot_psth_map(aligned, bin_size=0.1, normalize="Hz", order=None, ax=ax)
    lines = plot.plot_psth(aligned, bin_size=0.1)
    for row, line in zip(image.get_array(), lines, strict=True):
        np.testing.assert_array_equal(row, line.get_ydata())
    np.testing.assert_allclose(image.get_extent(), (-0.5, 1.0, -0.5, 2.5))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "3", "5"]
    assert image.colorbar.ax.get_ylabel() == "Rate (Hz)"


def test_psth_map_sorts_by_peak_and_scores_against_the_baseline(ax):
    times = np.arange(-0.45, 0.5, 0.1)
    rates = np.array([[1, 3, 1, 3, 2, 2, 2, 9, 2, 2], [4] * 10, [1, 3, 1, 3, 2, 8, 2, 2, 2, 2]], dtype=float)
    image = plot.plot_psth_map(rates, times=times, labels=["late", "same", "early"], limit=3, ax=ax)
    rows = image.get_array()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["early", "late", "same"]
    assert rows.mask[2].all()  # a constant baseline has no z-score
    sd = np.std([1, 3, 1, 3, 2], ddof=1)
    np.testing.assert_allclose(rows[0, 5], (8 - 2) / sd)
    np.testing.assert_allclose(rows[1, 7], (9 - 2) / sd)
    assert image.get_clim() == (-3, 3)
    assert image.colorbar.extend == "max"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["no z-score: constant baseline (1)"]
    part = plot.plot_psth_map(rates, times=times, baseline=(-0.2, 0.0), order=[2, 0])
    np.testing.assert_allclose(part.get_array()[0, 5], (8 - 2.5) / np.std([3, 2], ddof=1))


def test_psth_map_takes_what_holds_rates():
    xr = pytest.importorskip("xarray")
    times, rates = np.arange(4) / 10, np.arange(8.0).reshape(2, 4)
    frame = TsdFrame(times, rates.T, columns=["a", "b"])
    axes = {"sample_times": times, "neuron": [7, 8]}
    tensor = xr.DataArray(rates.T, dims=("sample_times", "neuron"), coords=axes)
    for given, names in ((frame, ["a", "b"]), (tensor, ["7", "8"])):
        image = plot.plot_psth_map(given, normalize="Hz", order=None)
        np.testing.assert_array_equal(image.get_array(), rates)
        assert [label.get_text() for label in image.axes.get_yticklabels()] == names
    with pytest.raises(ValueError, match="must have two axes, one of them of time"):
        plot.plot_psth_map(tensor.expand_dims("event"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": None}, "its times are unknown: give times="),
        ({"times": [0.0, 1.0]}, "with one time for each bin"),
        ({"times": [0.0, 1.0, 4.0]}, "rise and be evenly spaced"),
        ({"normalize": "zscor"}, "Did you mean 'zscore'"),
        ({"order": "peek"}, "Did you mean 'peak'"),
        ({"order": [0, 9]}, r"units that are not there: \[9\]"),
        ({"labels": ["a"]}, "labels must name each of the 2 units, got 1"),
        ({"baseline": (0.0, 0.5)}, "baseline must hold at least two bins, got 1"),
    ],
)
def test_psth_map_says_what_is_wrong(options, message):
    with pytest.raises(ValueError, match=message):
        plot.plot_psth_map(np.ones((2, 3)), **{"times": [0.0, 1.0, 2.0]} | options)


def test_confusion_is_that_of_sklearn(ax, rng):
    metrics = pytest.importorskip("sklearn.metrics")
    truth = rng.choice(["a", "b", "c"], 200, p=[0.6, 0.3, 0.1])
    decoded = np.where(rng.random(200) < 0.5, truth, "a")
    image = plot.plot_confusion_matrix(truth, decoded, title="Words", ax=ax)
    np.testing.assert_allclose(image.get_array(), metrics.confusion_matrix(truth, decoded, normalize="true"))
    accuracy, kappa = metrics.accuracy_score(truth, decoded), metrics.cohen_kappa_score(truth, decoded)
    chance = (accuracy - kappa) / (1 - kappa)
    assert ax.get_title(loc="left") == f"Words: accuracy {accuracy:.2f} (chance {chance:.2f})"
    assert ax.get_ylim() == (-0.5, 2.5)  # the first class below, as time and neurons go
    assert [text.get_text() for text in ax.texts] == [f"{value:.2f}" for value in image.get_array().ravel()]
    counts = plot.plot_confusion_matrix(metrics.confusion_matrix(truth, decoded), labels=list("abc"), normalize=False)
    assert counts.get_array().sum() == 200
    assert counts.colorbar.ax.get_ylabel() == "Trials"
    other = plot.plot_confusion_matrix(truth, decoded, labels=["never", "c", "b", "a"])
    assert np.ma.getmaskarray(np.ma.masked_invalid(other.get_array()))[0].all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [1]), "one class for each trial, got shapes"),
        (([], []), "there are no trials"),
        ((np.ones((2, 3)),), "truth alone must be counts"),
    ],
)
def test_confusion_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.plot_confusion_matrix(*arguments)


def test_confusion_needs_every_class():
    with pytest.raises(ValueError, match=r"labels must hold every class that occurs; \['c'\] are missing"):
        plot.plot_confusion_matrix(["a", "c"], ["a", "a"], labels=["a", "b"])
    with pytest.raises(ValueError, match="labels must name each of the 2 classes, got 1"):
        plot.plot_confusion_matrix(np.eye(2), labels=["a"])


def test_tuning_by_condition_is_that_of_pandas(ax, rng):
    values = rng.poisson(5.0, 60).astype(float)
    values[7] = np.nan
    table = pd.DataFrame({"angle": np.resize([0, 90, 180], 60), "contrast": np.repeat(["low", "high"], 30)})
    trials = IntervalSet(np.arange(60.0), np.arange(60) + 0.5, metadata=table)
    drawn = plot.plot_tuning_by_condition(values, "angle", group_by="contrast", trials=trials, unit="deg", ax=ax)
    assert [one.get_label() for one in drawn] == ["high", "low"]
    expected = table.assign(rate=values).groupby(["contrast", "angle"])["rate"].agg(["mean", "sem"])
    for bars in drawn:
        line, _, (errors,) = bars
        part = expected.loc[bars.get_label()]
        np.testing.assert_array_equal(line.get_xdata(), [0, 90, 180])
        np.testing.assert_allclose(line.get_ydata(), part["mean"])
        heights = [segment[1, 1] - segment[0, 1] for segment in errors.get_segments()]
        np.testing.assert_allclose(heights, 2 * part["sem"])
    assert ax.get_xlabel() == "angle (deg)"
    assert ax.get_legend().get_title().get_text() == "contrast"


def test_tuning_by_names_and_what_it_refuses(ax):
    (bars,) = plot.plot_tuning_by_condition([1.0, 3.0, 7.0], ["song", "song", None], ax=ax)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["song", "None"]
    np.testing.assert_array_equal(bars.lines[0].get_ydata(), [2.0, 7.0])
    with pytest.raises(ValueError, match=r"responses must have shape \(trial,\), got \(3, 2\): take one unit"):
        plot.plot_tuning_by_condition(np.ones((3, 2)), [0, 1, 2])
    with pytest.raises(ValueError, match="condition='angle' is no column of the metadata, which has none"):
        plot.plot_tuning_by_condition([1.0], "angle")
