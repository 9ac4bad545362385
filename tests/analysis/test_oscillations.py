"""Oscillatory events: bursts that were put there are found, and described."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase import analysis
from rheobase.containers import IntervalSet, Tsd

T = np.arange(60_000) / 1000
BURSTS = np.array([5.0, 17.3, 40.0, 55.5])
SIGNAL = Tsd(T, sum(np.sin(2 * np.pi * 150 * T) * np.exp(-(((T - at) / 0.03) ** 2)) for at in BURSTS))
USUAL = {
    "frequency_band": (100, 200),
    "threshold_band": (1, 100),
    "duration_band": (0.02, 0.5),
    "min_interval": 0.02,
    "fs": 1000,
}


def detect(data=SIGNAL, epochs=None, **changes):
    epochs = data.time_support if epochs is None else epochs
    return analysis.detect_oscillatory_events(data, epochs, **(USUAL | changes))


def test_bursts_are_found():
    events = detect()
    np.testing.assert_allclose(events["peak_time"], BURSTS, atol=0.002)
    np.testing.assert_allclose(events["amplitude"], 1, atol=0.02)
    assert np.all((events.start < BURSTS) & (events.end > BURSTS))
    envelope = analysis.compute_hilbert_envelope(analysis.apply_bandpass_filter(SIGNAL, (100, 200), fs=1000))
    for i in range(4):
        inside = envelope.get(events.start[i], events.end[i]).values
        assert events["power"][i] == pytest.approx(10 * np.log10(np.mean(inside**2)), rel=1e-9)
        assert events["amplitude"][i] == inside.max()


def test_epochs_durations_and_gaps():
    assert len(detect(epochs=IntervalSet([0, 30], [10, 45]))) == 2
    assert len(detect(duration_band=(0.5, 1.0))) == 0
    assert len(detect(min_interval=13.0)) == 3
    assert len(detect(threshold_band=(1e3, 1e4))) == 0


def test_scale_does_not_matter():
    one, other = detect(), detect(data=1000 * SIGNAL)
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_allclose(other["power"], one["power"] + 60, atol=1e-9)


def test_silence_and_nothing_have_no_events():
    assert len(detect(data=0 * SIGNAL)) == 0
    assert len(detect(epochs=IntervalSet(100, 200))) == 0


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"data": T}, TypeError, "`data` must be `Tsd`"),
        ({"epochs": (0, 1)}, TypeError, "`epochs` must be `IntervalSet`"),
        ({"frequency_band": 100}, TypeError, "`frequency_band` must be a tuple"),
        ({"frequency_band": (100, 200, 300)}, ValueError, "must have length 2"),
        ({"threshold_band": ("a", 2)}, TypeError, "`threshold_band` must contain numeric values"),
        ({"duration_band": (2, 1)}, ValueError, "min < max"),
        ({"min_interval": "a"}, TypeError, "`min_interval` must be a number"),
        ({"min_interval": -1}, ValueError, "`min_interval` must be >= 0"),
        ({"fs": "a"}, TypeError, "'fs'"),
        ({"fs": 0}, ValueError, "fs should be finite and > 0"),
        ({"sliding_window_size": 5.5}, TypeError, "`sliding_window_size` must be an integer"),
        ({"sliding_window_size": 0}, ValueError, "`sliding_window_size` must be > 0"),
    ],
)
def test_refused(changes, error, message):
    arguments = {"data": SIGNAL, "epochs": SIGNAL.time_support, **USUAL, **changes}
    with pytest.raises(error, match=message):
        analysis.detect_oscillatory_events(**arguments)
