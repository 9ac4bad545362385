"""Pictures of auditory recordings: sounds, responses and receptive fields as the data set holds them."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import ROUNDING
from rheobase import plot
from rheobase.datasets.strf import STRF, NeuralDataset

DT_MS = 5.0
BANDS = np.array([200.0, 500.0, 1100.0, 2300.0, 4700.0])


@pytest.fixture
def ds(rng):
    """Three neurons and two sounds; the second neuron missed the first sound, the third was silent."""
    sounds = [rng.uniform(size=(1, 5, n)) for n in (20, 30)]
    quiet = [np.zeros((2, 20)), np.zeros((2, 30))]
    counts = [rng.poisson(0.5, (4, 20)), rng.poisson(0.5, (4, 30)), rng.poisson(0.5, (3, 30))]
    responses = [[counts[0], None, quiet[0]], [counts[1], counts[2], quiet[1]]]
    stims = [{"type": "call", "class": "DC"}, {"type": "song", "class": "song"}]
    neurons = [{"electrode": 9, "sub": None}, {"electrode": 4, "sub": 1}, {"electrode": 4, "sub": None}]
    return NeuralDataset(sounds, responses, stims, neurons, dt_ms=DT_MS, frequencies=BANDS)


def test_stimulus_and_response_share_their_time(ds):
    figure = plot.plot_stimulus_response(ds, 0, 0)
    sound, repeats, rate = figure.axes
    mesh = sound.collections[0]
    np.testing.assert_array_equal(mesh.get_array(), ds.stims[0][0])
    assert sound.get_ylabel() == "Frequency (kHz)"
    assert sound.get_title(loc="left") == "Stimulus 0: call, DC"
    rows, bins = np.nonzero(ds.responses[0][0])
    middles = np.array([segment.mean(axis=0) for segment in repeats.collections[0].get_segments()])
    np.testing.assert_allclose(middles, np.column_stack([(bins + 0.5) * DT_MS / 1000, rows]), atol=1e-9)
    np.testing.assert_allclose(rate.lines[0].get_ydata(), ds.responses[0][0].mean(axis=0) * 200, rtol=1e-6)  # float32
    assert {ax.get_xlim() for ax in figure.axes} == {(0.0, 0.1)}
    assert rate.get_xlabel() == "Time (s)"


def test_smoothed_responses_are_shades_on_given_axes(ds):
    ds.smooth_responses()
    figure, axes = plt.subplots(3)
    assert plot.plot_stimulus_response(ds, 1, 1, axes=axes, title="") is figure
    np.testing.assert_array_equal(axes[1].collections[0].get_array(), ds.responses[1][1])
    wave = NeuralDataset([np.sin(np.arange(480.0))[None]], [[np.ones((2, 20))]], dt_ms=1)
    (line,) = plot.plot_stimulus_response(wave, 0, 0).axes[0].lines
    np.testing.assert_allclose(line.get_xdata()[[0, 24]], [0, 0.001], atol=ROUNDING)


def test_stimulus_response_says_what_is_wrong(ds):
    with pytest.raises(ValueError, match=r"neuron 1 did not hear stimulus 0; it heard \[1\]"):
        plot.plot_stimulus_response(ds, 0, 1)
    with pytest.raises(IndexError, match="stim must be a number from 0 to 1, got 7"):
        plot.plot_stimulus_response(ds, 7, 1)
    with pytest.raises(ValueError, match="axes must be three"):
        plot.plot_stimulus_response(ds, 0, 0, axes=plt.subplots(2)[1])


def test_bands_are_equally_high_where_their_frequencies_are(ds):
    (mesh,) = plot.plot_strf(np.ones((5, 3)), frequencies=BANDS, lags_ms=[0, 5, 10])
    ax = mesh.axes
    edges = ax.transData.transform(np.column_stack([np.zeros(6), mesh.get_coordinates()[:, 0, 1]]))[:, 1]
    np.testing.assert_allclose(np.diff(edges), np.diff(edges).mean())
    inverse = ax.yaxis.get_transform().inverted()
    np.testing.assert_allclose(inverse.transform(ax.yaxis.get_transform().transform(BANDS / 1e3)), BANDS / 1e3)
    assert ax.get_ylim() == (pytest.approx(0.05), pytest.approx(5.9))
    assert {0.5, 1.0, 2.0, 4.0} <= set(ax.get_yticks())
    (low,) = plot.plot_strf(np.ones((3, 1)), frequencies=[20, 40, 80], lags_ms=[0.0])
    assert low.axes.get_ylabel() == "Frequency (Hz)"


def test_population_is_masked_where_nothing_was_recorded(ds):
    image = plot.plot_population_raster(ds, 0)
    rows = image.get_array()
    np.testing.assert_array_equal(np.ma.getmaskarray(rows).all(axis=1), [False, True, False])
    psth = ds.responses[0][0].mean(axis=0)
    np.testing.assert_allclose(rows[0], psth / psth.max(), rtol=1e-6)  # float32
    assert not rows[2].any()  # heard, and silent
    np.testing.assert_allclose(image.get_extent(), (0, 0.1, -0.5, 2.5))
    assert [text.get_text() for text in image.axes.get_legend().get_texts()] == ["not recorded (1 of 3 neurons)"]
    everyone = plot.plot_population_raster(ds, 1, normalize=False)
    assert everyone.axes.get_legend() is None
    np.testing.assert_allclose(everyone.get_array()[1], ds.responses[1][1].mean(axis=0) * 200, rtol=1e-6)


def test_population_sorted_by_metadata(ds):
    image = plot.plot_population_raster(ds, 1, normalize=False, sort_by=("electrode", "sub"))
    assert [label.get_text() for label in image.axes.get_yticklabels()] == ["4", "4", "9"]
    assert image.axes.get_ylabel() == "Neuron, by electrode, sub"
    np.testing.assert_allclose(image.get_array().sum(axis=1) > 0, [False, True, True])  # no sub comes first


def test_population_against_stimuli_and_repeats(ds):
    image = plot.plot_population_raster(ds, normalize=False)
    expected = [[np.mean(one) * 200 for one in column] for column in zip(*ds.responses, strict=True)]
    np.testing.assert_allclose(image.get_array().filled(np.nan), expected, rtol=1e-6)
    assert [text.get_text() for text in image.axes.get_legend().get_texts()] == ["not recorded (17 % of pairs)"]
    repeats = plot.plot_population_raster(ds, 1, against="repeats", normalize=False, neurons=[1, 0])
    assert np.ma.getmaskarray(repeats.get_array()).tolist() == [[False] * 3 + [True], [False] * 4]
    ds.select_stims([1])
    ds.select_population([0])
    assert plot.plot_population_raster(ds).get_array().shape == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stim": 9}, "stim must be a number from 0 to 1, got 9"),
        ({"against": "time"}, "against='time' needs stim="),
        ({"stim": 0, "against": "stimuli"}, "leave out stim"),
        ({"stim": 0, "against": "tim"}, "Did you mean 'time'"),
        ({"sort_by": "electrodes"}, "in no neuron's metadata, which has electrode, sub.* Did you mean 'electrode'"),
        ({"neurons": [5]}, "neurons must be numbers from 0 to 2"),
    ],
)
def test_population_says_what_is_wrong(ds, arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.plot_population_raster(ds, **arguments)


def test_fields_of_a_fit_of_xarray_and_of_an_array_are_the_same(ds):
    pytest.importorskip("xarray")
    ds.select_population([0, 1])
    strf = STRF(tmax=0.02, strength=0.1).fit(ds)
    fitted = plot.plot_strf(strf)
    labelled = plot.plot_strf(strf.to_xarray())
    plain = plot.plot_strf(strf.weights_, frequencies=BANDS, lags_ms=strf.lags_ms_)
    for mesh, other, third, field in zip(fitted, labelled, plain, strf.weights_, strict=True):
        for one in (mesh, other, third):
            np.testing.assert_array_equal(one.get_array(), field)
            limit = np.abs(field).max() or 1.0
            assert one.get_clim() == (-limit, limit)
            np.testing.assert_array_equal(one.get_coordinates(), mesh.get_coordinates())
        assert mesh.axes.get_xlabel() == "Lag (ms)"
    np.testing.assert_allclose(fitted[0].get_coordinates()[0, :, 0], np.arange(6) * 5 - 2.5)
    assert fitted[-1].colorbar.ax.get_ylabel() == "Log rate per SD"
    shared = plot.plot_strf(strf, neurons=[0, 1], shared=True, titles=["a", "b"])
    assert len({mesh.get_clim() for mesh in shared}) == 1
    assert [mesh.axes.get_title(loc="left") for mesh in shared] == ["a", "b"]
    (alone,) = plot.plot_strf(strf.to_xarray().sel(neuron=1), limit=2, ax=plt.subplots()[1])
    assert alone.get_clim() == (-2, 2)


def test_fields_say_what_is_wrong(ds):
    with pytest.raises(ValueError, match="this STRF has no weights yet; call fit first"):
        plot.plot_strf(STRF())
    field = np.ones((2, 5, 3))
    for options, message in (
        ({}, "with lags_ms for each lag"),
        ({"lags_ms": [0, 5, 10], "frequencies": [1.0]}, "one entry for each of 5 bands"),
        ({"lags_ms": [0, 5, 10], "neurons": [4]}, r"neurons must be some of \[0, 1\], got \[4\]"),
        ({"lags_ms": [0, 5, 10], "titles": ["a"]}, "titles must name each of the 2 neurons"),
        ({"lags_ms": [0, 5, 10], "ax": plt.subplots()[1]}, "as many axes as neurons, 2; got 1"),
    ):
        with pytest.raises(ValueError, match=message):
            plot.plot_strf(field, **options)
    xr = pytest.importorskip("xarray")
    with pytest.raises(ValueError, match="must have the axes neuron, frequency and lag"):
        plot.plot_strf(xr.DataArray(field, dims=("unit", "frequency", "lag")))
