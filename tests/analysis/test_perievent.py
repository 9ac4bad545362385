"""Perievent alignment: what a loop over events says, in every form of data and events."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.analysis import compute_perievent
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup


@given(st.integers(0, 2**32 - 1))
def test_every_event_sees_what_a_loop_finds(seed):
    rng = np.random.default_rng(seed)
    support = IntervalSet(0, 20)
    units = {int(k): Ts(np.sort(rng.integers(0, 200, 40)) / 10, time_support=support) for k in (1, 4, 9)}
    events = np.sort(rng.integers(0, 200, 6)) / 10
    before, after = rng.integers(0, 20, 2) / 10 + 0.05
    aligned = compute_perievent(TsGroup(units, time_support=support), Ts(events, time_support=support), (before, after))
    assert isinstance(aligned, dict)
    assert list(aligned) == [1, 4, 9]
    for key, unit in units.items():
        assert aligned[key].keys() == list(range(6))
        np.testing.assert_array_equal(aligned[key]["events"], events)
        for i, event in enumerate(events):
            lag = unit.t - event
            np.testing.assert_array_equal(aligned[key][i].t, lag[(lag >= -before) & (lag <= after)])


def test_starts_of_trials_are_events_and_bring_their_metadata():
    trials = IntervalSet([1, 3], [2, 4], metadata={"side": ["left", "right"]})
    aligned = compute_perievent(Ts([0.5, 1.5, 3.25]), trials, 1.0, epochs=IntervalSet(0, 5))
    assert aligned["side"].tolist() == ["left", "right"]
    np.testing.assert_array_equal(aligned[1].t, [0.25])


def test_events_outside_epochs_are_left_out():
    aligned = compute_perievent(Ts([0.0, 1.0, 9.0]), Ts([1.0, 8.0]), 1.0, epochs=IntervalSet(0, 5))
    assert aligned["events"].tolist() == [1.0]
    assert len(compute_perievent(Ts([0.0, 1.0, 9.0]), Ts([1.0, 8.0]), 1.0, epochs=IntervalSet(2, 3))) == 0


def test_unit_and_window_forms():
    spikes, events = Ts([0.5, 1.0, 1.2]), Ts([1.0, 1.1])
    for window, unit in ((0.25, "s"), ((-0.25, 0.25), "s"), (250, "ms"), (np.float32(250), "ms"), ([250000] * 2, "us")):
        np.testing.assert_allclose(compute_perievent(spikes, events, window, unit)[0].t, [0, 0.2])


def test_a_signal_is_aligned_and_blank_beyond_its_epoch():
    support = IntervalSet([0, 10], [4, 14])
    signal = Tsd(np.r_[0:5, 10:15].astype(float), np.arange(10), time_support=support)
    aligned = compute_perievent(signal, Ts([1.2, 10.0, 13.5]), (2, 1))
    np.testing.assert_array_equal(aligned.t, [-2, -1, 0, 1])
    expected = [[np.nan, 0, 1, 2], [np.nan, np.nan, 5, 6], [7, 8, 9, np.nan]]
    np.testing.assert_array_equal(aligned.values.T, expected)
    frame = TsdFrame(signal.t, np.stack([signal.values] * 2, axis=1), time_support=support)
    tensor = compute_perievent(frame, Ts([1.2, 10.0, 13.5]), (2, 1))
    assert isinstance(tensor, TsdTensor)
    np.testing.assert_array_equal(tensor.values[:, :, 1], aligned.values)
    group = compute_perievent(TsGroup({3: signal}), Ts([1.2, 10.0, 13.5]), (2, 1))
    np.testing.assert_array_equal(group[3].values, aligned.values)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 10])
def test_a_window_of_whole_samples_keeps_its_outermost_lags(n):
    aligned = compute_perievent(Tsd(np.arange(100) / 10, np.arange(100)), Ts([3.0, 5.0]), n * 0.1)
    assert aligned.shape == (2 * n + 1, 2)
    assert aligned.t[n] == 0


def test_only_the_rows_around_events_are_read(tmp_path):
    with h5py.File(tmp_path / "signal.h5", "w") as file:
        data = file.create_dataset("x", data=np.arange(2000.0).reshape(1000, 2))
        signal = TsdFrame(np.arange(1000.0), data, load_array=False)
        aligned = compute_perievent(signal, Ts([0.0, 500.0]), 2)
        np.testing.assert_array_equal(aligned.values[:, 1, 0], [996, 998, 1000, 1002, 1004])
        assert np.isnan(aligned.values[:2, 0]).all()


@pytest.mark.parametrize(
    ("kwargs", "error", "match"),
    [
        ({"data": [1, 2]}, TypeError, "data should be a time series"),
        ({"events": [1.0]}, TypeError, "events should be a time series"),
        ({"window": "wide"}, RuntimeError, "window should be"),
        ({"window": (1, 2, 3)}, RuntimeError, "window should be"),
        ({"window": np.nan}, RuntimeError, "window should be"),
        ({"time_unit": "h"}, RuntimeError, "time_unit"),
        ({"epochs": (0, 1)}, TypeError, "epochs argument should be"),
        (
            {"data": Tsd([0, 1, 3.5], [1, 2, 3])},
            RuntimeError,
            r"regularly sampled.* but (2\.5 s at 1|1 s at 0)\.000000 s",
        ),
        ({"data": Tsd([10, 11], [1, 2])}, ValueError, "No overlap"),
        ({"data": Tsd([0], [1], time_support=IntervalSet(0, 2))}, ValueError, "no two samples"),
    ],
)
def test_wrong_calls_are_refused(kwargs, error, match):
    call = {"data": Ts([0.0, 1.0, 2.0]), "events": Ts([0.5, 1.0]), "window": 1.0} | kwargs
    with pytest.raises(error, match=match):
        compute_perievent(**call)
