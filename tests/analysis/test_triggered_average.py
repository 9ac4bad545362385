"""Event-triggered averages: exact lags, nothing from beyond an epoch."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.analysis import compute_event_triggered_average, compute_spike_triggered_average
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup

SIGNAL = Tsd(np.arange(100) / 10, np.arange(100.0))


def test_the_lag_axis_has_whole_numbers_of_bins():
    average = compute_event_triggered_average(SIGNAL, Ts([3.0, 5.0]), 0.1, 0.2)
    np.testing.assert_allclose(average.t, [-0.2, -0.1, 0, 0.1, 0.2])
    np.testing.assert_allclose(average.values[:, 0], np.arange(38, 43))


def test_no_window_gives_lag_zero():
    average = compute_event_triggered_average(SIGNAL, Ts([3.0, 5.0]), 0.1)
    assert average.t.tolist() == [0]
    np.testing.assert_allclose(average.values, [[40.0]])


def test_epochs_are_averaged_on_their_own():
    epochs = IntervalSet([0, 5], [4.05, 9.05])
    events = Ts([4.0, 5.0])
    average = compute_event_triggered_average(SIGNAL, events, 0.1, 0.1, epochs=epochs)
    np.testing.assert_allclose(average.values[:, 0], [39 / 2, (40 + 50) / 2, 51 / 2])


def test_events_of_a_short_epoch_count_like_others():
    epochs = IntervalSet([0, 5], [0.3, 9])
    average = compute_event_triggered_average(SIGNAL, Ts([0.1, 5.0]), 0.1, (0, 0.5), epochs=epochs)
    np.testing.assert_allclose(average.values[0, 0], (1 + 50) / 2)


def test_bins_without_samples_hold_the_last_one():
    average = compute_event_triggered_average(SIGNAL, Ts([3.05, 5.05]), 0.05, 0.05)
    np.testing.assert_allclose(average.values[:, 0], [40, 40, 41])


def test_groups_frames_tensors_and_trials():
    group = TsGroup({2: Ts([3.0, 5.0]), 7: Ts([4.0, 6.0])})
    one = compute_event_triggered_average(SIGNAL, group, 100, 200, "ms")
    assert one.columns.tolist() == [2, 7]
    frame = TsdFrame(SIGNAL.t, np.stack((SIGNAL.values, -SIGNAL.values), axis=1))
    two = compute_spike_triggered_average(frame, group, 0.1, 0.2)
    assert isinstance(two, TsdTensor)
    np.testing.assert_allclose(two.values[:, :, 1], -one.values)
    trials = compute_event_triggered_average(SIGNAL, IntervalSet([3.0, 5.0], [3.5, 5.5]), 0.1, 0.2)
    np.testing.assert_allclose(trials.values[:, 0], one.values[:, 0])


def test_no_events_average_to_zero():
    nothing = Ts([], time_support=IntervalSet(0, 9))
    assert not compute_event_triggered_average(SIGNAL, nothing, 0.1, 0.2).values.any()


@pytest.mark.parametrize(
    ("kwargs", "error", "match"),
    [
        ({"data": Ts([0.0, 1.0])}, TypeError, "continuous time series"),
        ({"events": 3}, TypeError, "events should be"),
        ({"binsize": 0}, ValueError, "bin_size must be"),
        ({"binsize": "x"}, TypeError, "bin_size argument"),
        ({"window": None}, RuntimeError, "window should be"),
        ({"time_unit": "min"}, RuntimeError, "time_unit"),
        ({"epochs": 1}, TypeError, "epochs argument"),
        ({"data": Tsd([0, 1, 3.5], [1, 2, 3])}, RuntimeError, "regularly sampled"),
    ],
)
def test_wrong_calls_are_refused(kwargs, error, match):
    call = {"data": SIGNAL, "events": Ts([3.0, 5.0]), "binsize": 0.1, "window": 0.2} | kwargs
    with pytest.raises(error, match=match):
        compute_event_triggered_average(**call)
