"""Every picture draws on the axes it is given, returns what it drew, and says its units."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from rheobase import IntervalSet, Ts, Tsd, TsdFrame, TsGroup, plot, scores, styles
from rheobase.basis import RaisedCosineLogConv

EPOCHS = IntervalSet([0.0, 10.0], [4.0, 14.0])
TIMES = np.concatenate([np.arange(0, 4, 0.01), np.arange(10, 14, 0.01)])


@pytest.fixture
def ax():
    return plt.subplots()[1]


@pytest.fixture
def signal():
    return Tsd(t=TIMES, d=np.sin(TIMES), time_support=EPOCHS)


@pytest.fixture
def rate():
    return Tsd(t=TIMES, d=10 + 5 * np.cos(TIMES), time_support=EPOCHS)


@pytest.fixture
def spikes():
    rng = np.random.default_rng(0)
    return TsGroup({n: Ts(t=np.sort(rng.uniform(0, 4, 10 * (n + 1)))) for n in (0, 3)}, time_support=EPOCHS)


def test_trace_breaks_between_epochs(ax, signal):
    (line,) = plot.plot_trace(signal, label="Current", unit="pA", ax=ax)
    assert line.axes is ax
    assert ax.get_ylabel() == "Current (pA)"
    assert ax.get_xlabel() == "Time (s)"
    assert np.isnan(line.get_ydata()).sum() == 1
    np.testing.assert_array_equal(line.get_ydata()[np.isfinite(line.get_ydata())], signal.values)


def test_trace_of_a_frame_and_of_an_array(ax):
    assert len(plot.plot_trace(TsdFrame(t=TIMES, d=np.ones((800, 3))), color=None, ax=ax)) == 3
    assert len(plot.plot_trace(np.ones(800), times=TIMES, ax=ax)) == 1
    with pytest.raises(ValueError, match="its times are unknown: give times="):
        plot.plot_trace(np.ones(800), ax=ax)
    with pytest.raises(ValueError, match="one entry for each of the 800 samples"):
        plot.plot_trace(np.ones(800), times=TIMES[1:], ax=ax)


def test_raster_has_a_row_per_neuron(ax, spikes):
    rows = plot.plot_raster(spikes, ax=ax)
    assert [len(row.get_positions()) for row in rows] == [10, 40]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "3"]
    assert ax.get_xlabel() == "Time (s)"
    assert ax.get_ylabel() == "Neuron"


@pytest.mark.parametrize(
    ("given", "n_rows"),
    [(Ts(t=np.arange(5.0)), 1), (np.arange(5.0), 1), ([np.arange(5.0), np.array([])], 2), ({4: np.arange(5.0)}, 1)],
)
def test_raster_takes_what_holds_spikes(ax, given, n_rows):
    assert len(plot.plot_raster(given, ax=ax)) == n_rows


def test_firing_rate_with_models(ax, rate):
    lines = plot.plot_firing_rate(rate, rate * 0.9, rate * 1.1, labels=["a", "b"], ax=ax)
    assert [line.get_label() for line in lines] == ["measured", "a", "b"]
    assert ax.get_ylabel() == "Firing rate (Hz)"
    assert ax.get_ylim()[0] == 0
    with pytest.raises(ValueError, match="labels must name each of the 1 models"):
        plot.plot_firing_rate(rate, rate, labels=["a", "b"], ax=ax)


def test_tuning_curve_from_frames_and_arrays(ax):
    centres = np.linspace(0, 100, 15)
    curve = pd.DataFrame({0: centres / 10}, index=centres)
    measured, model = plot.plot_tuning_curve(curve, curve * 2, label="Current", unit="pA", labels=["glm"], ax=ax)
    np.testing.assert_array_equal(model.get_ydata(), 2 * measured.get_ydata())
    assert ax.get_xlabel() == "Current (pA)"
    assert ax.get_ylabel() == "Firing rate (Hz)"
    assert len(plot.plot_tuning_curve(np.ones((15, 2)), feature=centres, ax=ax)) == 2
    with pytest.raises(ValueError, match="its bins are unknown: give feature="):
        plot.plot_tuning_curve(np.ones(15), ax=ax)


def test_tuning_curve_from_xarray(ax):
    xr = pytest.importorskip("xarray")
    curve = xr.DataArray(np.ones((2, 15)), dims=("unit", "angle"), coords={"angle": np.arange(15.0)})
    lines = plot.plot_tuning_curve(curve, ax=ax)
    assert [line.get_xdata().shape for line in lines] == [(15,), (15,)]


def test_panels_that_share_an_axis_cut_nothing_off(rate):
    centres = np.arange(5.0)
    _, (low, high, again) = plt.subplots(3, sharey=True)
    plot.plot_tuning_curve(np.arange(5.0), feature=centres, ax=low)
    plot.plot_tuning_curve(10 * np.arange(5.0), feature=centres, ax=high)
    plot.plot_firing_rate(rate * 4, ax=again)
    bottom, top = low.get_ylim()
    assert bottom == 0
    assert 60 < top < 70
    _, ax = plt.subplots()
    plot.plot_tuning_curve(np.zeros(5), feature=centres, ax=ax)
    assert ax.get_ylim()[0] == 0


def test_basis_of_any_size_and_by_default(ax):
    basis = RaisedCosineLogConv(6, window_size=50)
    lines = plot.plot_basis(basis, bin_size=2e-3, ax=ax)
    assert len(lines) == 6
    assert lines[0].get_xdata()[-1] == pytest.approx(100.0)  # ms
    assert "(ms)" in ax.get_xlabel()
    assert len(plot.plot_basis()) == 10


def test_filter_with_truth_and_error(ax):
    lags = np.arange(1, 51) * 1e-3
    fitted, truth = plot.plot_filter(np.exp(-lags), lags=lags, truth=np.exp(-lags), error=0.1 * lags, ax=ax)
    np.testing.assert_allclose(fitted.get_xdata(), lags * 1e3)
    assert truth.get_label() == "true"
    assert ax.get_xlabel() == "Lag (ms)"
    for name in ("truth", "error"):
        with pytest.raises(ValueError, match=rf"{name} must have one entry per lag, shape \(50,\)"):
            plot.plot_filter(lags, lags=lags, ax=ax, **{name: np.ones(3)})


def test_coupling_map_is_centred_on_zero(ax):
    strength = np.array([[100.0, 0.2], [-0.5, 100.0]])
    image = plot.plot_coupling_map(strength, labels=["a", "b"], ax=ax)
    assert image.axes is ax
    assert image.get_clim() == (-0.5, 0.5)  # the diagonal does not count
    assert image.colorbar.ax.get_ylabel()
    assert strength[0, 0] == 100.0  # the input is left alone
    with pytest.raises(ValueError, match="as many receivers as senders"):
        plot.plot_coupling_map(np.ones((2, 3)), ax=ax)


def test_scores_have_a_bar_per_model_and_neuron(ax):
    bars = plot.plot_scores({"null": np.zeros(4), "full": np.arange(4) / 10}, ax=ax)
    assert [len(container) for container in bars] == [4, 4]
    assert ax.get_ylabel().startswith("Pseudo-R²")
    for wrong in ({}, {"a": np.ones(2), "b": np.ones(3)}):
        with pytest.raises(ValueError, match="each with one score per neuron"):
            plot.plot_scores(wrong, ax=ax)


def test_ks_plot_of_one_model_and_of_several(ax):
    mean = np.full((4000, 2), 0.1)
    counts = np.random.default_rng(0).poisson(mean)
    both = scores.ks_test(counts, mean, seed=1)
    one = scores.ks_test(counts[:, 1], mean[:, 1], seed=1)
    lines = plot.plot_ks({"right": one, "too low": scores.ks_test(counts[:, 1], 0.05 + 0 * mean[:, 1], seed=1)}, ax=ax)
    assert [line.get_label() for line in lines] == ["right", "too low"]
    distance = [(line.get_ydata() - line.get_xdata()) for line in lines]
    assert np.abs(distance[0]).max() == pytest.approx(one.statistic, abs=0.5 / one.n_intervals)
    assert distance[1].max() > one.band > np.abs(distance[0]).max()
    assert distance[1].max() > -distance[1].min()  # intervals shorter than the model expects lie above
    (line,) = plot.plot_ks(both, neuron=1)
    assert len(line.get_xdata()) == both.n_intervals[1]
    for wrong in ({}, {"a": one.rescaled}):
        with pytest.raises(TypeError, match=r"expected what rheobase\.scores\.ks_test returns"):
            plot.plot_ks(wrong, ax=ax)


def test_autocorrelation_of_residuals(ax):
    mean = np.full((4000, 2), 0.1)
    counts = np.random.default_rng(0).poisson(mean)
    result = scores.residual_autocorrelation(counts, mean, 0.02, bin_size=0.001)
    (line,) = plot.plot_residual_autocorrelation({"right": result}, neuron=1, ax=ax)
    np.testing.assert_allclose(line.get_xdata(), np.arange(1, 21))  # ms
    np.testing.assert_array_equal(line.get_ydata(), result.values[:, 1])
    assert ax.get_xlabel() == "Lag (ms)"
    alone = scores.residual_autocorrelation(counts[:, 0], mean[:, 0], 0.02, bin_size=0.001)
    (line,) = plot.plot_residual_autocorrelation(alone)
    np.testing.assert_array_equal(line.get_ydata(), alone.values)
    with pytest.raises(TypeError, match=r"expected what rheobase\.scores\.residual_autocorrelation returns"):
        plot.plot_residual_autocorrelation(np.zeros(3), ax=ax)


def test_tutorial_figures(signal, rate, spikes):
    figure = plot.current_injection_plot(signal, spikes[[0]], rate, rate * 0.9)
    assert isinstance(figure, Figure)
    assert [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()] == ["Current\n(pA)", "Firing rate (Hz)"]
    curve = pd.DataFrame({0: np.ones(5)}, index=np.arange(5.0))
    tuning = plot.tuning_curve_plot(curve)
    tuning.axes[0].plot(curve, color="tomato", label="glm")
    assert tuning.axes[0].get_xlabel() == "Injected current (pA)"
    with pytest.raises(ValueError, match="axes must be four"):
        plot.current_injection_plot(signal, spikes, rate, axes=[tuning.axes[0]])


def test_tutorial_figures_draw_on_given_axes(signal, rate, spikes):
    given, axes = plt.subplots(4)
    assert plot.current_injection_plot(signal, spikes, rate, axes=axes) is given
    assert all(panel.lines or panel.collections for panel in axes)


def test_history_features(signal):
    basis = RaisedCosineLogConv(5, window_size=50)
    features = basis.compute_features(signal)
    figure = plot.plot_current_history_features(signal, features, basis, 0.5, unit="mV")
    assert {axes.get_xlabel() for axes in figure.axes} >= {"Time (s)", "Time before the bin (s)"}
    assert "Current\n(mV)" in {axes.get_ylabel() for axes in figure.axes}
    with pytest.raises(ValueError, match=r"features must have shape \(time, 5\)"):
        plot.plot_current_history_features(signal, signal, basis, 0.5)
    with pytest.raises(ValueError, match="axes must be three"):
        plot.plot_current_history_features(signal, features, basis, 0.5, axes=figure.axes[:2])


@pytest.mark.parametrize("n_neurons", [1, 2])
@pytest.mark.parametrize("driver", ["stimulus", "behaviour", "none"])
def test_population_fit_shows_what_there_is(n_neurons, driver, signal, rate):
    lags = np.arange(1, 21) * 1e-3
    couplings = np.zeros((20, n_neurons, n_neurons))
    known = {}
    if driver == "stimulus":
        known = {"stimulus": signal, "stimulus_filters": plot.FilterSet(lags, np.ones((20, n_neurons)))}
    if driver == "behaviour":
        rates = np.ones((12, n_neurons))
        known = {"stimulus": signal, "tuning": plot.Tuning(np.arange(12.0), rates, rates), "stimulus_unit": "rad"}
    figure = plot.plot_population_fit(
        spikes=[np.arange(1.0, 4.0)] * n_neurons,
        window=(0.5, 3.5),
        rate=rate,
        predicted={"full": rate},
        rate_of=0,
        scores={"full": np.ones(n_neurons)},
        couplings=plot.FilterSet(lags, couplings, couplings),
        strength=couplings.sum(axis=0),
        shown=range(n_neurons),
        **known,
    )
    figure.canvas.draw()
    panels = {axes.get_label() for axes in figure.axes}
    assert {"spikes", "rate", "scores", "history"} <= panels
    assert ("stimulus" in panels) == ("driver" in panels) == (driver != "none")
    assert ("map" in panels) == ("pairs" in panels) == (n_neurons > 1)


def test_style_sheet_is_valid_and_changes_nothing_by_itself():
    before = dict(mpl.rcParams)
    with plt.style.context(styles.plot_style):
        assert not mpl.rcParams["axes.spines.top"]
    assert dict(mpl.rcParams) == before
    assert styles.plot_style.endswith(".mplstyle")
