"""Trials side by side and warped, each on its own."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from rheobase.analysis import build_tensor, warp_tensor
from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup

TRIALS = IntervalSet([0, 3, 6], [2, 5, 9])
SPIKES = Ts(np.arange(0, 10, 0.5))


def overlapping():
    return IntervalSet([0, 1, 6], [2, 5, 9], overlap="keep")


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_each_trial_is_warped_as_if_alone(n):
    rng = np.random.default_rng(1)
    t = np.arange(0, 10, 0.25)
    group = TsGroup({0: SPIKES, 1: Ts(np.sort(rng.uniform(0, 10, 60)))})
    values = rng.normal(size=(t.size, 2, 2))
    for data in (SPIKES, group, Tsd(t, values[:, 0, 0]), TsdFrame(t, values[:, 0]), TsdTensor(t, values)):
        for trials in (TRIALS, overlapping()):
            together = warp_tensor(data, trials, n)
            assert together.shape[-2:] == (3, n)
            for i, (a, b) in enumerate(trials.values):
                np.testing.assert_array_equal(together[..., i, :], warp_tensor(data, IntervalSet(a, b), n)[..., 0, :])


def test_a_signal_is_copied_averaged_or_interpolated():
    signal = Tsd(np.arange(100), np.arange(100.0))
    trials = IntervalSet([20, 40, 60, 90.25], [22, 44, 66, 90.75])
    np.testing.assert_allclose(
        warp_tensor(signal, trials, 3), [[20, 21, 22], [40.5, 42, 43], [60.5, 62.5, 64.5], [np.nan] * 3]
    )
    np.testing.assert_allclose(warp_tensor(signal, trials[:1], 5), [[20, 20.5, 21, 21.5, 22]])


def test_overlapping_trials_stand_side_by_side():
    trials = overlapping()
    counts = build_tensor(SPIKES, trials, 1.0)
    np.testing.assert_array_equal(counts[1], [2, 2, 2, 2])
    rows = build_tensor(Tsd(np.arange(10.0), np.arange(10)), trials, align="end")
    np.testing.assert_array_equal(rows, [[np.nan, np.nan, 0, 1, 2], [1, 2, 3, 4, 5], [np.nan, 6, 7, 8, 9]])


def test_the_tensor_is_that_of_the_methods():
    group = TsGroup({0: SPIKES})
    np.testing.assert_array_equal(
        build_tensor(group, TRIALS, 500, "end", 0, "ms"), group.trial_count(TRIALS, 0.5, "end", 0)
    )
    signal = Tsd(np.arange(10.0), np.arange(10))
    np.testing.assert_array_equal(build_tensor(signal, TRIALS), signal.to_trial_tensor(TRIALS))


def test_only_trials_are_read(tmp_path):
    with h5py.File(tmp_path / "signal.h5", "w") as file:
        data = file.create_dataset("x", data=np.arange(100.0))
        lazy = Tsd(np.arange(100.0), data, load_array=False)
        for n in (2, 3, 9):
            np.testing.assert_array_equal(
                warp_tensor(lazy, TRIALS, n), warp_tensor(Tsd(np.arange(100.0), np.arange(100.0)), TRIALS, n)
            )


@pytest.mark.parametrize(
    ("kwargs", "error", "match"),
    [
        ({"input": [1.0]}, TypeError, "Parameter input"),
        ({"epochs": (0, 1)}, TypeError, "epochs argument"),
        ({"bin_size": None}, RuntimeError, "bin_size should be specified"),
        ({"bin_size": "1"}, TypeError, "bin_size must be a number"),
        ({"align": 1}, TypeError, "align must be of type str"),
        ({"align": "middle"}, RuntimeError, "align should be one of"),
        ({"time_unit": "h"}, RuntimeError, "time_unit should be one of"),
        ({"padding_value": "x"}, TypeError, "padding_value must be"),
    ],
)
def test_wrong_tensors_are_refused(kwargs, error, match):
    with pytest.raises(error, match=match):
        build_tensor(**({"input": SPIKES, "epochs": TRIALS, "bin_size": 1.0} | kwargs))


def test_wrong_warps_are_refused():
    with pytest.raises(TypeError, match="num_bins must be of type int"):
        warp_tensor(SPIKES, TRIALS, 2.5)
    with pytest.raises(RuntimeError, match="num_bins should be a positive integer"):
        warp_tensor(SPIKES, TRIALS, 0)
    with pytest.raises(TypeError, match="Parameter input"):
        warp_tensor(3, TRIALS, 2)
