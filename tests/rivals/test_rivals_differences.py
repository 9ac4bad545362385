"""The differences from pynapple that no other comparison meets: what it does, and what we do.

Each test belongs to a row of the tables in `rheobase.compat`, which name it.
"""

from __future__ import annotations

import contextlib
import importlib

import numpy as np
import pandas as pd
import pytest

import rheobase as rb

nap = pytest.importorskip("pynapple")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]

T = np.arange(100) * 0.1
D = np.sin(T)
BOTH = (nap, rb)


def frames():
    return [lib.TsdFrame(T, np.stack((D, 2 * D), 1), columns=["a", "b"]) for lib in BOTH]


def signals():
    return [lib.Tsd(T, D.copy()) for lib in BOTH]


def groups():
    return [lib.TsGroup({0: lib.Ts(T), 3: lib.Ts(T[::2])}) for lib in BOTH]


def epochs(*bounds):
    return [lib.IntervalSet(list(bounds[::2]), list(bounds[1::2])) for lib in BOTH]


# ---- what a script may meet


def test_unsorted_times_with_data():
    theirs, ours = (lib.Tsd([2.0, 1.0, 3.0], [20, 10, 30]) for lib in BOTH)
    assert theirs.values.tolist() == [20, 10, 30]
    assert ours.values.tolist() == [10, 20, 30]


def test_rows_out_of_order():
    theirs, ours = signals()
    assert theirs[[5, 3]].t.tolist() == [T[5], T[3]]
    assert theirs[::-1].t[0] > theirs[::-1].t[-1]
    assert ours[[5, 3]].t.tolist() == [T[3], T[5]]
    assert ours[::-1].t[0] < ours[::-1].t[-1]


def test_one_column_in_a_list():
    theirs, ours = frames()
    for part in (lambda x: x[["a"]], lambda x: x.loc[["a"]]):
        assert type(part(theirs)).__name__ == "Tsd"
        assert type(part(ours)).__name__ == "TsdFrame"


def test_sums_of_series():
    theirs, ours = signals()
    for operation in (lambda x: x + x, lambda x: x > x):
        with pytest.raises(TypeError):
            operation(theirs)
    np.testing.assert_array_equal((ours + ours).values, 2 * D)
    assert not (ours > ours).values.any()
    with pytest.raises(ValueError, match="interpolate"):
        _ = ours + ours[:50]


def test_sums_in_place():
    theirs, ours = signals()
    with pytest.raises(RecursionError):
        theirs += 1
    ours += 1
    np.testing.assert_array_equal(ours.values, D + 1)


def test_splits_into_unequal_parts():
    theirs, ours = signals()
    with pytest.raises(ValueError):
        np.array_split(theirs, 3)
    assert [len(part) for part in np.array_split(ours, 3)] == [34, 33, 33]


def test_a_first_axis_of_the_right_length_by_chance():
    theirs, ours = (lib.TsdFrame(np.arange(3.0), np.random.default_rng(0).normal(size=(3, 3))) for lib in BOTH)
    assert isinstance(np.corrcoef(theirs), nap.TsdFrame)
    assert type(np.corrcoef(ours)) is np.ndarray


def test_derivative_of_one_sample():
    theirs, ours = (lib.Tsd([1.0], [2.0], time_support=lib.IntervalSet(0, 2)) for lib in BOTH)
    with pytest.raises(IndexError):
        theirs.derivative()
    assert np.isnan(ours.derivative().values).all()


def test_threshold_after_an_empty_epoch():
    """There a sample is lost; with the last sample alone in its epoch, the gap before it is bridged."""

    def above(lib, times, values, bounds):
        support = lib.IntervalSet(bounds[::2], bounds[1::2])
        return lib.Tsd(times, np.array(values), time_support=support).threshold(0.5)

    times, bounds = [0.3, 0.5, 0.7, 4.5, 4.7, 4.9], [0, 1, 2, 3, 4, 6]
    theirs, ours = (above(lib, times, [0.0, 1, 1, 1, 1, 0], bounds) for lib in BOTH)
    assert theirs.t.tolist() == [0.5, 0.7, 4.7]
    assert ours.t.tolist() == [0.5, 0.7, 4.5, 4.7]
    theirs, ours = (above(lib, [0.3, 0.5, 0.7, 2.5], [0.0, 1, 1, 1], [0, 1, 2, 3]) for lib in BOTH)
    np.testing.assert_allclose(theirs.time_support.values, [[0.4, 2.5]])
    np.testing.assert_allclose(ours.time_support.values, [[0.4, 0.7]])


@pytest.mark.parametrize(
    "call",
    [
        lambda lib: lib.Ts(T).count(np.int64(1)),
        lambda lib: lib.Tsd(T, D).smooth(np.float32(0.5)),
        lambda lib: lib.shift_timestamps(lib.Ts(T), max_shift=np.float32(1)),
        lambda lib: lib.Tsd(T, D).decimate(np.int64(2)),
    ],
)
def test_numbers_of_numpy(call):
    with pytest.raises((TypeError, OSError)):
        call(nap)
    call(rb)


def test_names_of_archives(tmp_path):
    for lib, folder in ((nap, tmp_path / "a"), (rb, tmp_path / "b")):
        folder.mkdir()
        lib.Ts(T).save(str(folder / "a.b"))
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["a.npz"]
    assert [file.name for file in (tmp_path / "b").iterdir()] == ["a.b.npz"]


def test_conversion_of_nwb_files(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    import session_files

    def add(nwb):
        nwb.add_acquisition(
            pynwb.TimeSeries(name="v", unit="V", data=np.arange(5), rate=1.0, conversion=1e-3, offset=2.0)
        )

    path = session_files.write_nwb(tmp_path / "s", add)
    assert nap.load_file(path)["v"].values[:].tolist() == [0, 1, 2, 3, 4]
    with rb.load_file(path) as data, rb.load_file(path, raw=True) as raw:
        np.testing.assert_allclose(data["v"].values[:], 2 + np.arange(5) / 1000)
        assert data["v"].unit == "V"
        assert raw["v"].values[:].tolist() == [0, 1, 2, 3, 4]


def test_arrays_of_series():
    theirs, ours = signals()
    with pytest.warns(DeprecationWarning, match="copy"):
        np.array(theirs)
    assert not np.may_share_memory(np.array(ours), ours.values)
    assert np.array(ours, copy=False) is ours.values


def test_epochs_by_tag():
    table = {"tags": ["a", "b", "a"]}
    theirs, ours = (lib.IntervalSet([0, 2, 4], [1, 3, 5], metadata=table) for lib in BOTH)
    with pytest.raises((KeyError, IndexError)):
        _ = theirs["a"]
    assert set(ours.keys()) >= {"a", "b"}
    assert ours["a"].start.tolist() == [0, 4]


# ---- corners: sets of epochs


def test_an_epoch_of_no_length_after_one_that_ends_too_early():
    theirs, ours = (lib.IntervalSet([2.0, 3.0, 5.0], [1.0, 3.0, 6.0]) for lib in BOTH)
    assert 0.0 in (theirs.end - theirs.start)
    assert (ours.end > ours.start).all()


def test_an_epoch_too_short_to_be_cut():
    theirs, ours = (lib.IntervalSet([0.0, 1.0, 1.0000005], [0.5, 1.0000005, 2.0]) for lib in BOTH)
    assert (theirs.end < theirs.start).any()
    assert ours.values.tolist() == [[0.0, 0.5], [1.0000005, 2.0]]


def test_union_of_touching_epochs():
    one, two = epochs(2, 7, 9, 11), epochs(4, 9)
    assert one[0].union(two[0]).values.tolist() == [[2, 11]]
    np.testing.assert_allclose(one[1].union(two[1]).values, [[2, 8.999999], [9, 11]])
    one, two = epochs(0, 1), epochs(1, 2)
    for lib in (0, 1):
        np.testing.assert_allclose(one[lib].union(two[lib]).values, [[0, 0.999999], [1, 2]])


def test_three_columns():
    nap.IntervalSet(np.arange(6.0).reshape(2, 3))
    with pytest.raises(ValueError, match="Unable to interpret"):
        rb.IntervalSet(np.arange(6.0).reshape(2, 3))
    nap.IntervalSet(np.array([[0.0, 2.0]]), np.array([[1.0, 3.0]]))
    with pytest.raises(ValueError, match="one-dimensional"):
        rb.IntervalSet(np.array([[0.0, 2.0]]), np.array([[1.0, 3.0]]))


def test_tables_with_another_index():
    table = pd.DataFrame({"start": [0.0, 2.0], "end": [1.0, 3.0], "n": [1, 2]}, index=[5, 7])
    with pytest.raises(ValueError):
        nap.IntervalSet(table)
    assert list(rb.IntervalSet(table).n) == [1, 2]


def test_no_epochs_of_a_set():
    theirs, ours = epochs(0, 1, 2, 3)
    assert not isinstance(theirs[[]], nap.IntervalSet)
    assert isinstance(ours[[]], rb.IntervalSet)
    assert len(theirs[None]) == 2
    with pytest.raises(IndexError, match="cannot gain an axis"):
        ours[None]


@pytest.mark.parametrize("method", ["union", "intersect", "set_diff", "in_interval"])
def test_set_algebra_with_something_else(method):
    theirs, ours = epochs(0, 1)
    with pytest.raises(AttributeError):
        getattr(theirs, method)([0, 1])
    with pytest.raises(TypeError, match=f"{method}|takes"):
        getattr(ours, method)([0, 1])


def test_ragged_metadata():
    theirs, ours = epochs(0, 1, 2, 3)
    with pytest.raises(ValueError):
        theirs.set_info(x=[[1, 2], [3]])
    ours.set_info(x=[[1, 2], [3]], y=[1, "a"])
    assert list(ours.y) == [1, "a"]
    assert [list(row) for row in ours.x] == [[1, 2], [3]]


def test_bounds_and_times_are_read_only():
    theirs, ours = epochs(0, 1, 2, 3)
    theirs.start[0] = 9.0
    assert theirs.start[0] == 9.0
    with pytest.raises(ValueError, match="read-only"):
        ours.start[0] = 9.0
    theirs, ours = signals()
    theirs.t[0] = -1.0
    with pytest.raises(ValueError, match="read-only"):
        ours.t[0] = -1.0


XML = """<parameters>
 <acquisitionSystem><nBits>16</nBits><nChannels>1</nChannels><samplingRate>20000</samplingRate>
  <voltageRange>20</voltageRange><amplification>1000</amplification><offset>0</offset></acquisitionSystem>
 <fieldPotentials><lfpSamplingRate>1250</lfpSamplingRate></fieldPotentials>
 <anatomicalDescription><channelGroups><group><channel skip="0">0</channel></group></channelGroups>
 </anatomicalDescription><spikeDetection><channelGroups/></spikeDetection><neuroscope><channels/></neuroscope>
</parameters>"""


def test_several_pairs_of_events(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "s.evt").write_text("1000\trip start\n1100\trip stop\n1500\trem start\n1600\trem stop\n")
    (folder / "s.xml").write_text(XML)
    theirs, ours = (
        {
            name: found.values.tolist()
            for name, found in importlib.import_module(module).NeuroSuiteIO(folder).load_events().items()
        }
        for module in ("pynapple.io.interface_neurosuite", "rheobase.io.neurosuite")
    )
    assert theirs == {"rip": [[1.0, 1.1]]}
    assert ours == {"rip": [[1.0, 1.1]], "rem": [[1.5, 1.6]]}


def test_no_samples_of_a_feature_in_the_epochs():
    theirs, ours = groups()
    arguments = {"bins": 3}
    with pytest.raises(IndexError):
        nap.compute_tuning_curves(theirs, nap.Tsd(T, D), epochs=nap.IntervalSet(20, 30), **arguments)
    with pytest.raises(ValueError, match="feature"):
        rb.compute_tuning_curves(ours, rb.Tsd(T, D), epochs=rb.IntervalSet(20, 30), **arguments)


# ---- findings: series, groups and analysis


def test_a_signal_and_a_frame():
    """There the values are added as arrays: the signal runs along the columns, where that can be."""
    signal, values = np.array([1.0, 10.0]), np.zeros((2, 2))
    theirs, ours = (lib.Tsd([0.0, 1.0], signal) + lib.TsdFrame([0.0, 1.0], values) for lib in BOTH)
    assert theirs.values.tolist() == [[1, 10], [1, 10]]
    assert ours.values.tolist() == [[1, 1], [10, 10]]


def test_counts_that_do_not_fit():
    theirs, ours = (lib.Ts(np.linspace(0, 1, 300)) for lib in BOTH)
    assert theirs.count(1.0, dtype=np.uint8).values.max() < 255
    with pytest.raises(OverflowError, match="299 events"):
        ours.count(1.0, dtype=np.uint8)


@pytest.mark.parametrize("size", [0, -1.0])
def test_sizes_that_are_not_positive(size):
    theirs, ours = signals()
    with contextlib.suppress(ZeroDivisionError, ValueError, IndexError):
        assert len(theirs.bin_average(size)) == 0
    with pytest.raises(ValueError, match="bin_size"):
        ours.bin_average(size)


def test_a_wrong_ep():
    theirs, ours = signals()
    assert len(theirs.bin_average(1.0, [3, 4])) > 5
    with pytest.raises(TypeError, match="ep"):
        ours.bin_average(1.0, [3, 4])


def test_unknown_keywords():
    nap.Tsd(T, D, colums=["a"])
    with pytest.warns(UserWarning, match="no use for the argument"):
        rb.Tsd(T, D, colums=["a"])


def test_dropna_and_gaps():
    values = np.arange(6.0)
    values[0] = np.nan
    theirs, ours = (
        lib.Tsd([0.0, 1, 2, 10, 11, 12], values, time_support=lib.IntervalSet([0, 10], [2, 12])).dropna().time_support
        for lib in BOTH
    )
    assert len(theirs) == 1
    assert theirs.end[0] - theirs.start[0] > 10
    assert len(ours) == 2


def test_tuning_of_a_signal_with_nan():
    values = D.copy()
    values[::10] = np.nan
    theirs, ours = (
        lib.compute_tuning_curves(lib.TsdFrame(T, values[:, None]), lib.Tsd(T, T), bins=2).values for lib in BOTH
    )
    assert (theirs == 0).all()
    half = [np.nanmean(values[:50]), np.nanmean(values[50:])]
    np.testing.assert_allclose(ours[0], half, rtol=0.05)


def test_ranges_that_end_on_a_repeated_time():
    theirs, ours = (lib.Ts([0.0, 1, 1, 1, 2]) for lib in BOTH)
    assert len(theirs.get(0, 1)) == 2
    assert len(ours.get(0, 1)) == 4


def test_bins_of_calendar_seconds():
    start = 1.6e9
    ours = rb.Ts(start + np.arange(10.0)).count(0.1, rb.IntervalSet(start, start + 10)).t
    theirs = nap.Ts(start + np.arange(10.0)).count(0.1, nap.IntervalSet(start, start + 10)).t
    np.testing.assert_allclose(ours - start, 0.05 + 0.1 * np.arange(100), atol=5e-7)
    assert (
        np.abs(theirs[:100] - start - 0.05 - 0.1 * np.arange(len(theirs))[:100]).max()
        >= np.abs(ours - start - 0.05 - 0.1 * np.arange(100)).max()
    )


def test_two_units_whose_supports_touch():
    theirs, ours = (
        lib.TsGroup(
            {0: lib.Ts([0.5], time_support=lib.IntervalSet(0, 1)), 1: lib.Ts([1.5], time_support=lib.IntervalSet(1, 2))}
        ).time_support.values
        for lib in BOTH
    )
    np.testing.assert_allclose(theirs, [[0, 0.999999], [1, 2]])
    np.testing.assert_array_equal(ours, [[0, 2]])


def test_splits_in_columns():
    theirs, ours = frames()
    parts = np.hsplit(ours, 2)
    assert [list(part.columns) for part in parts] == [["a"], ["b"]]
    assert [list(getattr(part, "columns", [])) for part in np.hsplit(theirs, 2)] != [["a"], ["b"]]


def test_merging_one_group(capsys):
    theirs, ours = groups()
    theirs.merge()
    assert capsys.readouterr().out
    ours.merge()
    assert not capsys.readouterr().out


def test_perievent_of_a_signal_whose_step_is_unknown():
    theirs, ours = (lib.Tsd([1.0], [2.0], time_support=lib.IntervalSet(0, 2)) for lib in BOTH)
    with pytest.raises(IndexError):
        nap.compute_perievent(theirs, nap.Ts([1.0]), 1.0)
    with pytest.raises(ValueError, match="no two samples of the same epoch"):
        rb.compute_perievent(ours, rb.Ts([1.0]), 1.0)


def test_epochs_as_events():
    with pytest.raises(TypeError):
        nap.compute_perievent(nap.Ts(T), nap.IntervalSet([1, 3], [2, 4]), 1.0)
    ours = rb.compute_perievent(rb.Ts(T), rb.IntervalSet([1, 3], [2, 4]), 1.0)
    at_starts = rb.compute_perievent(rb.Ts(T), rb.Ts([1.0, 3.0]), 1.0)
    assert [unit.t.tolist() for unit in ours.values()] == [unit.t.tolist() for unit in at_starts.values()]


def test_times_rounded_to_microseconds_around_events():
    times = np.round(np.arange(300) / 30, 6)
    with pytest.raises(RuntimeError, match="regularly sampled"):
        nap.compute_perievent(nap.Tsd(times, times), nap.Ts([5.0]), 1.0)
    assert rb.compute_perievent(rb.Tsd(times, times), rb.Ts([5.0]), 1.0).shape == (61, 1)


def test_trials_too_short_for_a_bin():
    arguments = {"bin_size": 1.0, "align": "end"}
    with pytest.raises(ValueError):
        nap.build_tensor(nap.Ts(T), nap.IntervalSet([0, 4], [3, 4.2]), **arguments)
    ours = rb.build_tensor(rb.Ts(T), rb.IntervalSet([0, 4], [3, 4.2]), **arguments)
    assert np.isnan(ours[1]).all()


def test_filters_of_epochs_too_short():
    with pytest.raises(ValueError, match=r"(?i)padlen|length"):
        nap.apply_lowpass_filter(nap.Tsd(T[:5], D[:5]), 1.0, fs=10)
    with pytest.raises(ValueError, match="epoch"):
        rb.apply_lowpass_filter(rb.Tsd(T[:5], D[:5]), 1.0, fs=10)


def test_resampling_of_events():
    support = 0, 100
    theirs, ours = (
        lib.resample_timestamps(lib.Ts(np.linspace(40, 60, 500), time_support=lib.IntervalSet(*support)))
        for lib in BOTH
    )
    assert 40 <= theirs.t.min() <= theirs.t.max() <= 60
    assert ours.t.min() < 40 < 60 < ours.t.max()


def test_shifts_between_bounds_in_the_wrong_order():
    nap.shift_timestamps(nap.Ts(T), min_shift=3, max_shift=1)
    with pytest.raises(ValueError, match="shift"):
        rb.shift_timestamps(rb.Ts(T), min_shift=3, max_shift=1)


def test_joining_out_of_order():
    theirs, ours = signals()
    with pytest.raises(RuntimeError):
        np.concatenate((theirs[50:], theirs[:50]))
    with pytest.warns(UserWarning, match="not sorted"):
        joined = np.concatenate((ours[50:], ours[:50]))
    np.testing.assert_array_equal(joined.values, D)


def test_phase_is_wrapped_directly():
    t = np.arange(200_000) / 1000
    values = np.cos(2 * np.pi * 50 * t).astype("f4")
    theirs, ours = (lib.compute_hilbert_phase(lib.Tsd(t, values)).values for lib in BOTH)
    exact = (2 * np.pi * 50 * t) % (2 * np.pi)

    def error(phase):
        return np.abs(np.angle(np.exp(1j * (phase - exact)))).max()

    assert error(ours) <= error(theirs)
    assert ours.min() >= 0
    assert ours.max() < 2 * np.pi


def test_a_rate_that_is_unknown():
    theirs, ours = (lib.Tsd([1.0], [2.0], time_support=lib.IntervalSet(0, 0.5)) for lib in BOTH)
    with pytest.raises((ValueError, IndexError)):
        nap.apply_lowpass_filter(theirs, 1.0)
    with pytest.raises(ValueError, match="fs"):
        rb.apply_lowpass_filter(ours, 1.0)


def test_as_many_names_as_columns():
    assert list(nap.TsdFrame(T, np.stack((D, D), 1), columns=["a"]).columns) == [0, 1]
    with pytest.raises(ValueError, match="columns"):
        rb.TsdFrame(T, np.stack((D, D), 1), columns=["a"])


def test_a_number_is_no_unit():
    with pytest.raises(AttributeError):
        nap.TsGroup({1: 3})
    with pytest.raises(TypeError, match="a unit must be a Ts"):
        rb.TsGroup({1: 3})
