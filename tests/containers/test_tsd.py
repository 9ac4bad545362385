"""A signal: construction, items, thresholds, resampling and filters."""

from __future__ import annotations

import copy
import pickle
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup

EPOCHS = IntervalSet([0, 10], [5, 15])


@pytest.fixture
def tsd():
    t = np.arange(0, 20, 0.5)
    return Tsd(t, np.arange(t.size), time_support=EPOCHS)


def sine(n=2000, fs=100.0):
    t = np.arange(n) / fs
    return Tsd(t, np.sin(2 * np.pi * t))


# ---- construction ----------------------------------------------------------------------------------------------------


def test_values_keep_their_type_and_are_not_copied():
    d = np.arange(3, dtype=np.int16)
    tsd = Tsd([0, 1, 2], d)
    assert tsd.values is d
    assert tsd.d is d
    assert tsd.data() is d
    assert tsd.as_array() is d
    assert (tsd.shape, tsd.ndim, tsd.size, tsd.dtype) == ((3,), 1, 3, np.int16)


def test_values_travel_with_unsorted_times():
    with pytest.warns(UserWarning, match="not sorted"):
        tsd = Tsd([2, 1, 3], [20, 10, 30])
    assert tsd.values.tolist() == [10, 20, 30]


def test_samples_outside_the_support_are_dropped(tsd):
    np.testing.assert_array_equal(tsd.t, [*np.arange(0, 5.5, 0.5), *np.arange(10, 15.5, 0.5)])
    np.testing.assert_array_equal(tsd.values, 2 * tsd.t)


def test_a_pandas_series_gives_times_and_values():
    pd = pytest.importorskip("pandas")
    tsd = Tsd(pd.Series([5, 6], index=[100, 200]), time_units="ms")
    assert tsd.t.tolist() == [0.1, 0.2]
    assert tsd.values.tolist() == [5, 6]


def test_other_arrays_are_converted_with_a_warning():
    pd = pytest.importorskip("pandas")
    with pytest.warns(UserWarning, match="Converting 'd' to numpy.array. The provided array was of type 'Series'"):
        assert isinstance(Tsd([0, 1], pd.Series([1, 2])).values, np.ndarray)
    jnp = pytest.importorskip("jax.numpy")
    with pytest.warns(UserWarning, match="Converting 'd'"):
        assert isinstance(Tsd([0, 1], jnp.arange(2)).values, np.ndarray)
    kept = Tsd([0, 1], jnp.arange(2), load_array=False)
    assert not isinstance(kept.values, np.ndarray)
    assert kept.to_numpy().tolist() == [0, 1]
    assert (kept + 1).values.tolist() == [1, 2]


def test_a_memory_map_is_used_as_it_is(tmp_path):
    values = np.memmap(tmp_path / "d.dat", dtype=np.int16, mode="w+", shape=(10,))
    tsd = Tsd(np.arange(10), values)
    assert tsd.values is values


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"t": [0, 1]}, AssertionError, "Missing argument d when initializing Tsd"),
        ({"t": [0, 1], "d": [1, 2, 3]}, AssertionError, "Length of values 3 does not match length of index 2"),
        ({"t": [0, 1], "d": [[1, 2], [3, 4]]}, AssertionError, "should be 1 dimensional, got shape"),
        ({"t": [0, 1], "d": {1, 2}}, RuntimeError, "Unknown format for d: got set"),
        ({"t": [0, 1], "d": [1, 2], "load_array": False}, TypeError, "should be array-like"),
        ({"t": [0, 1], "d": [1, 2], "time_support": 3}, AssertionError, "time_support argument should be"),
        ({"t": "ab", "d": [1, 2]}, RuntimeError, "Unknown format for 't'"),
        ({"t": [0, 1], "d": [1, 2], "time_units": "m"}, ValueError, "expected one of"),
    ],
)
def test_the_constructor_says_what_it_needs(kwargs, error, message):
    with pytest.raises(error, match=message):
        Tsd(**kwargs)


def test_useless_arguments_are_named():
    with pytest.warns(UserWarning, match=r"Tsd has no use for the argument\(s\) \['colums'\]"):
        Tsd([0, 1], [1, 2], colums=["a"])


def test_attributes_cannot_be_set(tsd):
    with pytest.raises(RuntimeError, match="not permitted for Tsd"):
        tsd.d = 3
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        _ = tsd.colour


# ---- items -----------------------------------------------------------------------------------------------------------


def test_an_item_is_a_number_and_a_slice_a_view(tsd):
    assert isinstance(tsd[3], np.integer)
    part = tsd[2:6]
    assert isinstance(part, Tsd)
    assert np.shares_memory(part.values, tsd.values)
    assert part.time_support is tsd.time_support
    assert list(tsd) == tsd.values.tolist()
    assert 4 in tsd
    assert 99 not in tsd


def test_items_keep_their_times(tsd):
    for key in ([0, 3, 5], tsd.t > 3, tsd > 20, slice(None, None, 3), np.array([], dtype=int), []):
        part = tsd[key]
        assert isinstance(part, Tsd)
        np.testing.assert_array_equal(part.values, 2 * part.t)


@pytest.mark.parametrize("key", [[5, 3], slice(None, None, -1)])
def test_items_out_of_order_are_sorted_with_their_values(tsd, key):
    with pytest.warns(UserWarning, match="sorting them together with their values"):
        part = tsd[key]
    assert (np.diff(part.t) > 0).all()
    np.testing.assert_array_equal(part.values, 2 * part.t)


def test_a_signal_is_no_index(tsd):
    with pytest.raises(ValueError, match="When indexing with a Tsd, it must contain boolean values"):
        tsd[tsd]
    with pytest.raises(IndexError, match="out of bounds"):
        tsd[1000]


def test_items_can_be_set(tsd):
    tsd[tsd > 20] = 0
    tsd[0] = -1
    tsd[1:3] = tsd[3:5]
    assert tsd.values[:5].tolist() == [-1, 3, 4, 3, 4]
    assert tsd.values[-1] == 0


def test_restrict_copies(tsd):
    part = tsd.restrict(IntervalSet(1, 3))
    part[0] = 100
    assert tsd[2] == 2
    whole = tsd.restrict(EPOCHS)
    assert not np.shares_memory(whole.values, tsd.values)


def test_closest_item(tsd):
    assert tsd.get(3.2) == 6
    assert tsd.get(3.25) == 7
    assert isinstance(tsd.get(1, 2), Tsd)


# ---- threshold -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "edges", "values"),
    [
        ("above", [[2.5, 4]], [5, 6]),
        ("below", [[0, 1.5]], [1, 2]),
        ("aboveequal", [[1.5, 4]], [3, 5, 6]),
        ("belowequal", [[0, 2.5]], [1, 2, 3]),
    ],
)
def test_threshold_edges_lie_midway(method, edges, values):
    tsd = Tsd([0, 1, 2, 3, 4], [1, 2, 3, 5, 6])
    part = tsd.threshold(3, method)
    np.testing.assert_array_equal(part.time_support.values, edges)
    assert part.values.tolist() == values


def test_threshold_after_an_empty_epoch_and_in_a_lone_last_sample():
    """Both go wrong in pynapple: a sample is lost, or the gap before the last epoch is bridged."""
    empty = Tsd([0, 1, 2, 10, 11], np.ones(5), time_support=IntervalSet([0, 5, 9], [3, 6, 12]))
    part = empty.threshold(0)
    np.testing.assert_array_equal(part.t, [0, 1, 2, 10, 11])
    np.testing.assert_array_equal(part.time_support.values, [[0, 2], [10, 11]])
    lone = Tsd([0, 1, 2, 10], np.ones(4), time_support=IntervalSet([0, 9], [3, 11]))
    with pytest.warns(UserWarning, match=r"1 sample\(s\) alone in an epoch"):
        part = lone.threshold(0)
    np.testing.assert_array_equal(part.time_support.values, [[0, 2]])
    np.testing.assert_array_equal(part.t, [0, 1, 2])


def test_threshold_of_nothing_and_of_nan():
    tsd = Tsd([0, 1, 2], [1.0, np.nan, 3.0])
    assert len(tsd.threshold(10)) == 0
    assert len(tsd.threshold(10).time_support) == 0
    np.testing.assert_array_equal(tsd.threshold(0).time_support.values, [[0, 0.5], [1.5, 2]])
    assert len(Tsd([], []).threshold(0)) == 0
    with pytest.raises(ValueError, match="over"):
        tsd.threshold(1, "over")
    with pytest.raises(TypeError, match="thr should be a number, got 'x'"):
        tsd.threshold("x")


# ---- resampling ------------------------------------------------------------------------------------------------------


def test_bin_average_has_the_bins_of_count(tsd):
    means = tsd.bin_average(2.0)
    np.testing.assert_array_equal(means.t, tsd.count(2.0).t)
    np.testing.assert_array_equal(means.values, [1.5, 5.5, 9, 21.5, 25.5, 29])
    assert means.dtype == np.float64


def test_empty_bins_are_nan():
    tsd = Tsd([0, 0.1, 3.5], [1, 3, 5], time_support=IntervalSet(0, 4))
    np.testing.assert_array_equal(tsd.bin_average(1.0).values, [2, np.nan, np.nan, 5])
    assert np.isnan(Tsd([], [], time_support=IntervalSet(0, 2)).bin_average(1.0).values).all()


def test_bin_average_says_what_it_needs(tsd):
    with pytest.raises(TypeError, match="bin_size argument"):
        tsd.bin_average("1")
    with pytest.raises(TypeError, match="ep argument"):
        tsd.bin_average(1.0, ep=3)


def test_interpolation_is_linear_within_epochs(tsd):
    query = Ts([0.25, 4.9, 7, 10.25, 14.75])
    result = tsd.interpolate(query)
    np.testing.assert_array_equal(result.t, [0.25, 4.9, 10.25, 14.75])
    np.testing.assert_allclose(result.values, 2 * result.t)
    assert result.time_support is tsd.time_support
    signal = Tsd([1, 2], [10, 20], time_support=IntervalSet(0, 3))
    np.testing.assert_array_equal(signal.interpolate(Ts([0, 1.5, 3])).values, [10, 15, 20])
    np.testing.assert_array_equal(signal.interpolate(Ts([0, 1.5, 3]), left=0, right=-1).values, [0, 15, -1])
    far = signal.interpolate(Ts([0, 5, 6]), ep=IntervalSet([0, 4], [3, 7]))
    np.testing.assert_array_equal(far.values, [10, np.nan, np.nan])


@pytest.mark.parametrize(
    ("args", "message"), [(([1, 2],), "First argument should be"), ((Ts([1, 2]), None, "a"), "left should be a number")]
)
def test_interpolate_says_what_it_needs(tsd, args, message):
    with pytest.raises(OSError, match=message):
        tsd.interpolate(*args)


def test_derivative_of_a_line_is_its_slope(tsd):
    np.testing.assert_allclose(tsd.derivative().values, 2.0)
    short = Tsd([0, 1, 5], [1.0, 3.0, 9.0], time_support=IntervalSet([0, 4], [2, 6]))
    np.testing.assert_array_equal(short.derivative().values, [2, 2, np.nan])


def test_decimate_keeps_every_nth_sample_of_each_epoch():
    signal = sine()
    part = signal.decimate(5)
    np.testing.assert_array_equal(part.t, signal.t[::5])
    middle = slice(50, -50)
    np.testing.assert_allclose(part.values[middle], np.sin(2 * np.pi * part.t[middle]), atol=2e-2)  # filter ripple
    epochs = IntervalSet([0, 10.003], [9, 19])
    np.testing.assert_array_equal(signal.decimate(np.int64(4), ep=epochs).t[226:228], [10.01, 10.05])
    for args, message in ((("4",), "'down'"), ((0,), "'down'"), ((2, 1.5), "'order'"), ((2, 8, "x"), "filter_type")):
        with pytest.raises(OSError, match=message):
            signal.decimate(*args)


def test_short_epochs_cannot_be_filtered():
    with pytest.raises(ValueError, match="an epoch of 10 samples is too short for a filter of order 8"):
        sine(10).decimate(2)


def test_dropna_splits_the_support_where_samples_are_missing():
    tsd = Tsd(np.arange(8.0), [1, np.nan, 3, 4, np.nan, 6, 7, np.nan])
    part = tsd.dropna()
    np.testing.assert_array_equal(part.t, [0, 2, 3, 5, 6])
    np.testing.assert_array_equal(part.time_support.values, [[0, 1e-6], [2, 3], [5, 6]])
    assert tsd.dropna(False).time_support is tsd.time_support


def test_dropna_does_not_bridge_gaps_between_epochs():
    """pynapple joins epochs between which no sample was dropped."""
    tsd = Tsd([0, 1, 2, 10, 11, 12], [np.nan, 1, 2, 3, 4, 5], time_support=IntervalSet([0, 10], [3, 12]))
    np.testing.assert_array_equal(tsd.dropna().time_support.values, [[1, 2], [10, 12]])


def test_dropna_of_all_and_of_nothing(tsd):
    whole = tsd.dropna()
    assert whole.time_support is tsd.time_support
    np.testing.assert_array_equal(whole.values, tsd.values)
    nothing = Tsd([0, 1, 2], [np.nan] * 3)
    assert len(nothing.dropna()) == 0
    assert len(nothing.dropna().time_support) == 0
    assert len(nothing.dropna(False).time_support) == 1
    with pytest.raises(TypeError, match="should be of type bool, got 3"):
        tsd.dropna(3)


# ---- filters ---------------------------------------------------------------------------------------------------------


def test_convolution_with_an_impulse_is_the_signal(tsd):
    for trim, kernel in (("both", [0, 1, 0]), ("right", [1, 0, 0]), ("left", [0, 0, 1])):
        result = tsd.convolve(np.array(kernel), trim=trim)
        np.testing.assert_array_equal(result.values, tsd.values)
        assert result.dtype == np.float64
    delayed = tsd.convolve(np.array([0, 1]), trim="right")
    np.testing.assert_array_equal(delayed.values[:3], [0, 0, 1])
    np.testing.assert_array_equal(delayed.values[11:13], [0, 20])  # nothing comes from the epoch before


def test_several_kernels_make_columns(tsd):
    result = tsd.convolve(np.eye(3)[:, :2])
    assert isinstance(result, TsdFrame)
    assert result.shape == (len(tsd), 2)


def test_long_kernels_are_noticed(tsd):
    with pytest.warns(UserWarning, match=r"Kernel size \(100 samples\) is larger than .* in 2 epoch"):
        tsd.convolve(np.ones(100))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (([1, 2],), "Input should be a numpy array, got list"),
        ((3.0,), "Input should be a numpy array, got float"),
        ((np.ones((2, 2, 2)),), "1 or 2-dimensional array"),
        ((np.ones(0),), "1 or 2-dimensional array that is not empty"),
        ((np.ones(3), 4), "ep argument"),
        ((np.ones(3), None, "centre"), "trim"),
    ],
)
def test_convolve_says_what_it_needs(tsd, args, message):
    with pytest.raises(OSError, match=message):
        tsd.convolve(*args)


def test_smoothing_keeps_sums_and_widens():
    impulse = Tsd(np.arange(1001) * 0.001, np.eye(1001)[500])
    smooth = impulse.smooth(0.01)
    np.testing.assert_allclose(smooth.values.sum(), 1)
    spread = np.sqrt(np.sum(smooth.values * (smooth.t - 0.5) ** 2))
    np.testing.assert_allclose(spread, 0.01, rtol=2e-3)  # std counts samples at rate n / (n - 1)
    assert impulse.smooth(0.01, norm=False).values.max() == pytest.approx(1)


def test_smoothing_arguments_agree():
    signal = sine()
    expected = signal.smooth(0.05, size_factor=20).values
    np.testing.assert_array_equal(signal.smooth(50, size_factor=20, time_units="ms").values, expected)
    np.testing.assert_array_equal(signal.smooth(0.05, windowsize=1.0).values, expected)
    np.testing.assert_array_equal(signal.smooth(np.float64(0.05), size_factor=np.int64(20)).values, expected)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"std": "a"}, "std should be type int or float"),
        ({"std": 0}, "and > 0"),
        ({"std": 1, "windowsize": "a"}, "windowsize should be type int or float"),
        ({"std": 1, "size_factor": 2.5}, "size_factor should be of type int"),
        ({"std": 1, "norm": 1}, "norm should be type bool"),
        ({"std": 1, "time_units": 3}, "time_units should be type str"),
    ],
)
def test_smooth_says_what_it_needs(kwargs, message):
    with pytest.raises(OSError, match=message):
        sine().smooth(**kwargs)


def test_a_signal_without_duration_cannot_be_smoothed():
    with pytest.warns(UserWarning, match="no duration"):
        lone = Tsd([1.0], [2.0])
    with pytest.raises(OSError, match="rate is inf Hz cannot be smoothed"):
        lone.smooth(0.1)


# ---- other shapes ----------------------------------------------------------------------------------------------------


def test_trial_tensor(tsd):
    trials = IntervalSet([0, 10], [1, 12])
    np.testing.assert_array_equal(tsd.to_trial_tensor(trials), [[0, 1, 2, np.nan, np.nan], [20, 21, 22, 23, 24]])
    np.testing.assert_array_equal(tsd.to_trial_tensor(trials, "end", -1)[0], [-1, -1, 0, 1, 2])
    for args in ((1,), (trials, "middle"), (trials, "start", "x")):
        with pytest.raises(RuntimeError, match=r"ep argument|align|padding_value"):
            tsd.to_trial_tensor(*args)
    with pytest.raises(RuntimeError, match="ep argument"):
        tsd.to_trial_tensor(None)


def test_groups_by_value_and_back():
    tsd = Tsd([0, 1, 2, 3], [2, 0, 2, 5.7])
    group = tsd.to_tsgroup()
    assert isinstance(group, TsGroup)
    assert group.keys() == [0, 2, 5]
    np.testing.assert_array_equal(group[2].t, [0, 2])
    np.testing.assert_array_equal(group.to_tsd().values, [2, 0, 2, 5])


def test_peaks():
    signal = sine(500)
    peaks = signal.find_peaks(height=0.5)
    np.testing.assert_allclose(peaks.t, np.arange(5) + 0.25)
    table = signal.find_peaks(IntervalSet(0, 2), True, height=0.5)
    assert list(table.columns) == ["peak_value", "peak_heights"]
    assert len(table) == 2
    with pytest.raises(TypeError, match="epochs argument"):
        signal.find_peaks(epochs=3)


def test_tables(tsd):
    pd = pytest.importorskip("pandas")
    assert tsd.as_series().dtype == np.float64
    assert tsd.as_units("ms").index.name == "Time (ms)"
    assert tsd.as_units("us").index.dtype == np.int64
    assert isinstance(tsd.as_series(), pd.Series)


def test_plotting_is_against_time(tsd):
    _, ax = plt.subplots()
    for args in ((tsd,), (tsd, "grey"), (tsd, "|")):
        (line,) = ax.plot(*args)
        np.testing.assert_array_equal(line.get_xdata(), tsd.t)
        np.testing.assert_array_equal(line.get_ydata(), tsd.values)
    (line,) = ax.plot(tsd.t, tsd)
    np.testing.assert_array_equal(line.get_ydata(), tsd.values)


def test_a_column_axis_makes_a_frame(tsd):
    frame = np.expand_dims(tsd, 1)
    assert isinstance(frame, TsdFrame)
    assert frame.shape == (len(tsd), 1)
    assert isinstance(tsd[:, None], TsdFrame)
    assert isinstance(tsd[:, None, None], TsdTensor)


def test_copies_and_pickles(tsd):
    for twin in (tsd.copy(), copy.deepcopy(tsd), pickle.loads(pickle.dumps(tsd))):
        assert isinstance(twin, Tsd)
        np.testing.assert_array_equal(twin.values, tsd.values)
        np.testing.assert_array_equal(twin.time_support.values, tsd.time_support.values)
        assert not np.shares_memory(twin.values, tsd.values)
    shallow = copy.copy(tsd)
    assert shallow.values is tsd.values


def test_non_contiguous_values_work():
    d = np.arange(40.0).reshape(20, 2)[:, 1]
    tsd = Tsd(np.arange(20.0), d)
    np.testing.assert_array_equal(
        tsd.bin_average(2.0).values, [2, 6, 10, 14, 18, 22, 26, 30, 34, 38][: len(tsd.bin_average(2.0))]
    )
    np.testing.assert_allclose(tsd.convolve(np.ones(3)).values, np.convolve(d, np.ones(3), "same"))


def test_no_warning_on_the_common_path():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        signal = sine()
        signal.restrict(IntervalSet(1, 5)).bin_average(0.1).smooth(0.2, size_factor=4).threshold(0.1).dropna()
