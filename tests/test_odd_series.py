"""Odd inputs to time series and what comes of each: a table of calls and outcomes.

An outcome is an exception with words that help, or a value: nothing is lost, nothing is silently wrong. A warning that
belongs to an outcome is named beside it.
"""

from __future__ import annotations

import contextlib
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest

import rheobase as nap

NAN, INF = np.nan, np.inf
T = np.arange(100) * 0.1
D = np.sin(T)
LONG = nap.IntervalSet(0.0, 10.0)
EPOCHS = nap.IntervalSet([0.0, 6.0], [5.0, 9.95])
NONE = nap.IntervalSet([], [])
TRIALS = nap.IntervalSet([0.0, 0.5, 0.5, 3.0], [1.0, 2.0, 2.0, 4.0], overlap="keep", metadata={"side": list("abca")})
TS = nap.Ts(T)
TSD = nap.Tsd(T, D)
FRAME = nap.TsdFrame(T, np.stack((D, 2 * D), axis=1), columns=["a", "b"])
TENSOR = nap.TsdTensor(T, np.zeros((100, 2, 3)))
GROUP = nap.TsGroup({0: TS, 3: nap.Ts(T[::2])})
EMPTY = nap.Ts(np.empty(0), time_support=LONG)
EMPTY_TSD = nap.Tsd(np.empty(0), np.empty(0), time_support=LONG)
ONE = nap.Tsd([1.0], [5.0], time_support=LONG)
TWICE = nap.Tsd([1.0, 1.0, 2.0], [1.0, 3.0, 5.0], time_support=LONG)
HOLES = nap.Tsd(T, np.where(np.arange(100) % 10 == 0, NAN, D))
SILENT = nap.TsGroup({0: EMPTY, 1: nap.Ts([1.0, 2.0], time_support=LONG)}, time_support=LONG)
CURVES = nap.compute_tuning_curves(GROUP, TSD, bins=5)


class Raises(NamedTuple):
    """The call is refused, with a type that scripts may catch and these words."""

    kind: type[Exception]
    words: str


class Gives(NamedTuple):
    """The call gives this value (compared after `how`), perhaps with a warning that says these words."""

    value: Any
    warns: str = ""


def t(obj):
    return obj.t.tolist()


def bounds(ep):
    return ep.values.tolist()


CONSTRUCTION = {
    "empty Ts": (lambda: len(nap.Ts([])), Gives(0)),
    "empty Tsd": (lambda: nap.Tsd([], []).shape, Gives((0,))),
    "empty TsdFrame": (lambda: nap.TsdFrame(t=[], d=np.empty((0, 3))).shape, Gives((0, 3))),
    "empty group": (lambda: len(nap.TsGroup({}, time_support=LONG)), Gives(0)),
    "empty epochs": (lambda: (len(NONE), NONE.tot_length()), Gives((0, 0.0))),
    "times in reverse": (lambda: t(nap.Ts([3.0, 1.0, 2.0])), Gives([1.0, 2.0, 3.0], "not sorted")),
    "values travel with unsorted times": (
        lambda: nap.Tsd([3.0, 1.0], [30, 10]).d.tolist(),
        Gives([10, 30], "not sorted"),
    ),
    "frame rows travel with unsorted times": (
        lambda: nap.TsdFrame(t=[3.0, 1.0], d=[[3, 4], [1, 2]]).values.tolist(),
        Gives([[1, 2], [3, 4]], "not sorted"),
    ),
    "equal times are kept": (lambda: t(nap.Ts([1.0, 1.0, 1.0])), Gives([1.0, 1.0, 1.0], "no duration")),
    "integer times": (lambda: nap.Ts(np.arange(3)).t.dtype, Gives(np.dtype(float))),
    "float32 times": (lambda: nap.Ts(np.arange(3, dtype=np.float32)).t.dtype, Gives(np.dtype(float))),
    "a stride of two": (lambda: t(nap.Ts(T[::50])), Gives([0.0, 5.0])),
    "a reversed view is sorted": (lambda: t(nap.Ts(T[:3][::-1])), Gives([0.0, 0.1, 0.2], "not sorted")),
    "a list of one": (lambda: t(nap.Ts([4])), Gives([4.0], "no duration")),
    "a single number": (lambda: t(nap.Ts(4.0, time_support=LONG)), Gives([4.0])),
    "milliseconds": (lambda: t(nap.Ts([1500, 2500], time_units="ms")), Gives([1.5, 2.5])),
    "microseconds": (lambda: t(nap.Ts([1500, 2500], time_units="us")), Gives([0.0015, 0.0025])),
    "an unknown time unit": (lambda: nap.Ts([1], time_units="min"), Raises(ValueError, "time_units.*got 'min'")),
    "negative times": (lambda: t(nap.Ts([-2.0, -1.0])), Gives([-2.0, -1.0])),
    "times of a century": (lambda: t(nap.Ts([3.0e9, 3.0e9 + 1e-3])), Gives([3.0e9, 3.0e9 + 1e-3])),
    "text as times": (lambda: nap.Ts(["a", "b"]), Raises(ValueError, "'t'|could not convert|numbers")),
    "two-dimensional times": (lambda: nap.Ts(np.zeros((2, 2))), Raises(ValueError, r"one-dimensional.*\(2, 2\)")),
    "more values than times": (lambda: nap.Tsd([1.0], [1, 2]), Raises(AssertionError, "does not match length")),
    "no values": (lambda: nap.Tsd([1.0]), Raises(AssertionError, "Missing argument d")),
    "a frame of three axes": (lambda: nap.TsdFrame(T, np.zeros((100, 1, 1))), Raises(AssertionError, "TsdTensor")),
    "a tensor of two axes": (lambda: nap.TsdTensor(T, np.zeros((100, 1))), Raises(RuntimeError, "more than 2 dim")),
    "a support of the wrong kind": (lambda: nap.Ts(T, time_support=(0, 1)), Raises(AssertionError, "got tuple")),
    "a support that holds nothing": (lambda: len(nap.Ts(T, time_support=NONE)), Gives(0)),
    "a support that overlaps is a mask of time": (lambda: len(nap.Ts(T, time_support=TRIALS)), Gives(32)),
    "booleans": (lambda: nap.Tsd(T[:3], [True, False, True]).d.dtype, Gives(np.dtype(bool))),
    "complex values": (lambda: nap.Tsd(T[:2], [1j, 2]).d.dtype, Gives(np.dtype(complex))),
    "a read-only array": (lambda: len(nap.Tsd(T, np.broadcast_to(1.0, 100))), Gives(100)),
    "a group of plain arrays": (
        lambda: len(nap.TsGroup({0: T, 1: T[::2]})),
        Gives(2, "should not be passed as numpy array"),
    ),
    "a group with a text key": (lambda: nap.TsGroup({"a": TS}), Raises(ValueError, "integer value")),
    "a group with a fractional key": (lambda: nap.TsGroup({1.5: TS}), Raises(ValueError, "integer value")),
    "metadata of another length": (
        lambda: nap.TsGroup({0: TS}, metadata={"x": [1, 2]}),
        Raises(ValueError, "length 2 of metadata 'x'"),
    ),
}

EPOCH_SETS = {
    "end before start": (lambda: bounds(nap.IntervalSet([5, 7], [4, 8])), Gives([[7.0, 8.0]], "precede")),
    "no length": (lambda: len(nap.IntervalSet(1, 1)), Gives(0, "equal|length|precede|Some")),
    "NaN in a bound": (lambda: bounds(nap.IntervalSet([0, NAN], [1, 2])), Gives([[0.0, 1.0]], "NaN|nan")),
    "unsorted": (lambda: bounds(nap.IntervalSet([5, 0], [6, 1])), Gives([[0.0, 1.0], [5.0, 6.0]], "not sorted")),
    "overlapping are joined": (lambda: bounds(nap.IntervalSet([0, 1], [2, 3])), Gives([[0.0, 3.0]], "Joining")),
    "overlapping are kept on request": (
        lambda: bounds(nap.IntervalSet([0, 1], [2, 3], overlap="keep")),
        Gives([[0.0, 2.0], [1.0, 3.0]]),
    ),
    "an unknown rule for overlap": (
        lambda: nap.IntervalSet(0, 1, overlap="kep"),
        Raises(ValueError, r"overlap.*'kep'.*(Did you mean|expected)"),
    ),
    "a pair is one epoch": (lambda: bounds(nap.IntervalSet([0, 1])), Gives([[0.0, 1.0]])),
    "starts without ends": (lambda: nap.IntervalSet(0), Raises(ValueError, "Unable to interpret")),
    "three bounds": (lambda: nap.IntervalSet([[0, 1, 2]]), Raises(ValueError, r"\(1, 3\)")),
    "text": (lambda: nap.IntervalSet("a", "b"), Raises(RuntimeError, "Unknown format for 'start'")),
    "an epoch that is not there": (lambda: EPOCHS[9], Raises(IndexError, "out of bounds")),
    "a column that is not there": (lambda: EPOCHS["x"], Raises(IndexError, "Unknown string argument 'x'")),
    "union with a number": (lambda: EPOCHS.union(3), Raises(TypeError, "takes an IntervalSet, got int")),
    "union with nothing": (lambda: bounds(EPOCHS.union(NONE)), Gives(bounds(EPOCHS))),
    "union of trials that overlap": (lambda: bounds(TRIALS.union()), Gives([[0.0, 2.0], [3.0, 4.0]])),
    "intersection with nothing": (lambda: len(EPOCHS.intersect(NONE)), Gives(0)),
    "difference with itself": (lambda: len(EPOCHS.set_diff(EPOCHS)), Gives(0)),
    "time is counted once": (lambda: TRIALS.tot_length(), Gives(3.0)),
    "trials keep their metadata": (lambda: TRIALS["side"].tolist(), Gives(list("abca"))),
    "one trial of several": (lambda: bounds(TRIALS[2]), Gives([[0.5, 2.0]])),
    "split into nothing": (lambda: EPOCHS.split(0), Raises(OSError, "strictly larger than 0")),
    "split longer than any epoch": (lambda: len(EPOCHS.split(100)), Gives(0)),
    "drop with text": (lambda: EPOCHS.drop_short_intervals("a"), Raises(ValueError, "threshold must be a number")),
    "merge over everything": (lambda: bounds(EPOCHS.merge_close_intervals(100)), Gives([[0.0, 9.95]])),
    "expand by text": (lambda: EPOCHS.expand("a"), Raises((TypeError, ValueError, RuntimeError), "before")),
    "shrink to nothing": (lambda: len(EPOCHS.shrink(100)), Gives(0, "shrink|drop|short")),
    "bounds cannot be written": (lambda: EPOCHS.start.__setitem__(0, 3.0), Raises(ValueError, "read-only")),
}

LOOKING = {
    "restrict to nothing": (lambda: len(TSD.restrict(NONE)), Gives(0)),
    "restrict the empty": (lambda: len(EMPTY.restrict(EPOCHS)), Gives(0)),
    "restrict to a pair": (lambda: TSD.restrict((0, 1)), Raises((AssertionError, TypeError), "IntervalSet")),
    "restrict to trials counts no sample twice": (lambda: len(TS.restrict(TRIALS)), Gives(32)),
    "both edges belong to an epoch": (
        lambda: t(nap.Ts([0.0, 1.0, 2.0]).restrict(nap.IntervalSet(0, 1))),
        Gives([0.0, 1.0]),
    ),
    "exclude everything": (lambda: len(TSD.exclude(LONG)), Gives(0)),
    "exclude nothing": (lambda: len(TSD.exclude(NONE)), Gives(100)),
    "get before the first": (lambda: len(TSD.get(-5, -1)), Gives(0)),
    "get in the wrong order": (lambda: TSD.get(2, 1), Raises((ValueError, AssertionError, RuntimeError), "start|end")),
    "get the closest": (lambda: TSD.get(0.33), Gives(D[3])),
    "get text": (lambda: TSD.get("a"), Raises((ValueError, TypeError, AssertionError), "start|number")),
    "an index too far": (lambda: TSD[200], Raises(IndexError, "out of bounds|index")),
    "an empty list": (lambda: len(TSD[[]]), Gives(0)),
    "a mask of the wrong length": (lambda: TSD[np.ones(3, bool)], Raises(IndexError, "boolean|3")),
    "indices in reverse are sorted": (lambda: t(TSD[[5, 3]]), Gives([T[3], T[5]], "not sorted")),
    "an unknown column": (lambda: FRAME["c"], Raises((KeyError, IndexError), "c")),
    "one column in a list stays a frame": (lambda: type(FRAME[["a"]]).__name__, Gives("TsdFrame")),
    "an unknown unit": (lambda: GROUP[7], Raises(KeyError, r"7 not in group index.*\[0, 3\]")),
    "value_from an empty signal": (lambda: np.isnan(TS.value_from(EMPTY_TSD).d).all(), Gives(True)),
    "value_from one sample": (lambda: set(nap.Ts([0.5, 3.0]).value_from(ONE, LONG).d.tolist()), Gives({5.0})),
    "value_from an unknown mode": (lambda: TS.value_from(TSD, mode="near"), Raises(ValueError, "mode")),
    "value_from a number": (lambda: TS.value_from(3), Raises((TypeError, AssertionError), "int|Tsd")),
    "value_from equal times takes the last": (
        lambda: nap.Ts([1.0], time_support=LONG).value_from(TWICE, LONG).d.tolist(),
        Gives([3.0]),
    ),
}

COUNTING = {
    "no events": (lambda: EMPTY.count(1.0).d.sum(), Gives(0)),
    "no epochs": (lambda: len(TS.count(1.0, NONE)), Gives(0)),
    "a bin longer than the epoch": (lambda: len(TS.count(100.0)), Gives(0)),
    "a bin of no width": (lambda: TS.count(0), Raises(ValueError, "bin_size")),
    "a negative bin": (lambda: TS.count(-1), Raises(ValueError, "bin_size")),
    "NaN as a bin": (lambda: TS.count(NAN), Raises(ValueError, "bin_size")),
    "text as a bin": (lambda: TS.count("a"), Raises(TypeError, "bin_size|str|ep")),
    "a NumPy integer as a bin": (lambda: TS.count(np.int64(1)).d.sum(), Gives(100)),
    "more events than the type can count": (
        lambda: nap.Ts(np.linspace(0, 1, 300)).count(1.0, dtype=np.uint8),
        Raises(OverflowError, "300|wider"),
    ),
    "an unknown type": (lambda: TS.count(1.0, dtype="int7"), Raises((TypeError, ValueError), "dtype|int7")),
    "trials are counted one by one": (lambda: TS.count(ep=TRIALS).d.tolist(), Gives([11, 16, 16, 11])),
    "custom edges": (lambda: TS.count(bins=[0, 1, 3]).d.tolist(), Gives([10, 21])),
    "edges in reverse": (lambda: TS.count(bins=[3, 1, 0]), Raises(ValueError, "ascend|bins")),
    "one edge": (lambda: TS.count(bins=[1.0]), Raises(ValueError, "bins")),
    "edges and a size": (lambda: TS.count(1.0, bins=[0, 1]), Raises(ValueError, "both|either|bins")),
    "a rate without valid time": (
        lambda: np.isnan(TS.count(bins=[5.1, 5.9], ep=EPOCHS, normalize=True).d).all(),
        Gives(True),
    ),
    "a group with a silent unit": (lambda: SILENT.count(1.0).values.sum(axis=0).tolist(), Gives([0, 2])),
    "count in a unit of time": (lambda: len(TS.count(1000, time_units="ms")), Gives(len(TS.count(1.0)))),
}

SIGNALS = {
    "bin averages of nothing": (lambda: np.isnan(EMPTY_TSD.bin_average(1.0).d).all(), Gives(True)),
    "bin averages with text": (lambda: TSD.bin_average("a"), Raises(TypeError, "bin_size|str|number")),
    "NaN goes through an average": (lambda: int(np.isnan(HOLES.bin_average(0.5).d).sum()), Gives(10)),
    "interpolate from one sample": (lambda: ONE.interpolate(TS, LONG).d.tolist() == [5.0] * 100, Gives(True)),
    "interpolate at nothing": (lambda: len(TSD.interpolate(EMPTY)), Gives(0)),
    "interpolate at numbers": (lambda: TSD.interpolate([1, 2]), Raises(OSError, "instance of Ts")),
    "interpolate with a text edge": (lambda: TSD.interpolate(TS, left="a"), Raises(OSError, "left should be a number")),
    "derivative of one sample": (lambda: np.isnan(ONE.derivative().d).all(), Gives(True)),
    "derivative of nothing": (lambda: len(EMPTY_TSD.derivative()), Gives(0)),
    "threshold that nothing passes": (lambda: len(TSD.threshold(5.0)), Gives(0)),
    "threshold the wrong way": (lambda: TSD.threshold(0, "abov"), Raises(ValueError, "above|method")),
    "threshold of NaN": (lambda: len(HOLES.threshold(-2.0)), Gives(90)),
    "smooth by nothing": (lambda: TSD.smooth(0), Raises((ValueError, OSError), "std")),
    "smooth text": (lambda: TSD.smooth("a"), Raises((OSError, TypeError, ValueError), "std")),
    "smooth with an unknown edge": (lambda: TSD.smooth(0.5, edge="mirror"), Raises(ValueError, "edge.*'mirror'")),
    "a constant stays a constant": (
        lambda: np.allclose(nap.Tsd(T, np.ones(100)).smooth(0.5, edge="renormalize").d, 1.0),
        Gives(True, "longer|epoch|"),
    ),
    "convolve with a list": (lambda: TSD.convolve("a"), Raises((OSError, TypeError), "array|kernel|str")),
    "drop NaN": (lambda: len(HOLES.dropna()), Gives(90)),
    "drop NaN where there is none": (lambda: len(TSD.dropna()), Gives(100)),
    "decimate by a fraction": (lambda: TSD.decimate(1.5), Raises(OSError, "down")),
    "add a series at other times": (lambda: TSD + nap.Tsd(T + 1, D), Raises(ValueError, "interpolate|times")),
    "add an aligned series": (lambda: np.allclose((TSD + TSD).d, 2 * D), Gives(True)),
    "add an array of another length": (lambda: TSD + np.ones(3), Raises(ValueError, "broadcast|shape")),
    "divide by zero warns as NumPy": (
        lambda: np.isinf((nap.Tsd([1.0, 2.0], [1.0, 2.0]) / 0).d).all(),
        Gives(True, "divide"),
    ),
    "integers divided": (lambda: (nap.Tsd(T[:2], [1, 2]) / 2).d.tolist(), Gives([0.5, 1.0])),
    "add in place": (lambda: np.allclose(add_in_place(), D + 1), Gives(True)),
    "to_tsd of nothing": (lambda: len(nap.TsGroup({}, time_support=LONG).to_tsd()), Gives(0)),
    "time differences of one": (lambda: len(ONE.time_diff()), Gives(0)),
}


def add_in_place():
    series = nap.Tsd(T, D.copy())
    series += 1
    return series.d


ANALYSIS = {
    "tuning curve of an empty feature": (
        lambda: nap.compute_tuning_curves(GROUP, EMPTY_TSD),
        Raises(ValueError, "feature|sample|empty"),
    ),
    "tuning curve of a silent unit": (
        lambda: nap.compute_tuning_curves(SILENT, TSD, bins=3).values[0].tolist(),
        Gives([0.0, 0.0, 0.0]),
    ),
    "tuning curve of NaN without a range": (
        lambda: nap.compute_tuning_curves(GROUP, HOLES),
        Raises(ValueError, "range|NaN"),
    ),
    "tuning curve of NaN with a range": (
        lambda: nap.compute_tuning_curves(GROUP, HOLES, range=(-1, 1)).shape,
        Gives((2, 10)),
    ),
    "tuning curve of a number": (lambda: nap.compute_tuning_curves(3, TSD), Raises(TypeError, "int|data")),
    "tuning curve in no bins": (
        lambda: nap.compute_tuning_curves(GROUP, TSD, bins=0),
        Raises((ValueError, TypeError), "bin"),
    ),
    "a range in reverse": (
        lambda: nap.compute_tuning_curves(GROUP, TSD, range=(1, -1)),
        Raises(ValueError, "range|max|larger|increas"),
    ),
    "names for features that are not there": (
        lambda: nap.compute_tuning_curves(GROUP, TSD, feature_names=["a", "b"]),
        Raises(ValueError, "feature"),
    ),
    "an unknown mode": (lambda: nap.compute_tuning_curves(GROUP, TSD, mode="near"), Raises(ValueError, "mode.*'near'")),
    "a negative distance": (
        lambda: nap.compute_tuning_curves(GROUP, TSD, max_distance=-1),
        Raises(ValueError, "max_distance"),
    ),
    "responses in no epochs": (
        lambda: nap.compute_response_per_epoch(GROUP, {}),
        Raises((TypeError, ValueError), "epochs_dict"),
    ),
    "information of an array": (
        lambda: nap.compute_mutual_information(np.ones(3)),
        Raises(TypeError, "DataArray|ndarray"),
    ),
    "decode with other units": (
        lambda: nap.decode_bayes(CURVES, nap.TsGroup({0: TS}), LONG, 1.0),
        Raises(ValueError, "unit"),
    ),
    "decode in bins of no width": (lambda: nap.decode_bayes(CURVES, GROUP, LONG, 0), Raises(ValueError, "bin_size")),
    "decode an array": (
        lambda: nap.decode_bayes(np.ones((2, 3)), GROUP, LONG, 1.0),
        Raises(TypeError, "DataArray|tuning"),
    ),
    "decode nothing": (lambda: len(nap.decode_bayes(CURVES, GROUP, NONE, 1.0)[0]), Gives(0)),
    "decode by an unknown metric": (
        lambda: nap.decode_template(CURVES, GROUP, LONG, 1.0, metric="corelation"),
        Raises(ValueError, "(?i)metric.*corelation.*correlation"),
    ),
    "a window of no bins": (
        lambda: nap.decode_bayes(CURVES, GROUP, LONG, 1.0, sliding_window_size=0),
        Raises(ValueError, "sliding_window_size"),
    ),
    "perievent around nothing": (lambda: len(nap.compute_perievent(TS, EMPTY, 1.0)), Gives(0)),
    "perievent of nothing": (
        lambda: len(nap.compute_perievent(EMPTY, nap.Ts([1.0], time_support=LONG), 1.0)[0]),
        Gives(0),
    ),
    "perievent with text": (lambda: nap.compute_perievent(TS, TS, "a"), Raises((RuntimeError, TypeError), "window")),
    "perievent with three windows": (
        lambda: nap.compute_perievent(TS, TS, (1, 2, 3)),
        Raises((RuntimeError, ValueError), "window"),
    ),
    "perievent in hours": (
        lambda: nap.compute_perievent(TS, TS, 1, time_unit="h"),
        Raises((RuntimeError, ValueError), "time_unit|unit"),
    ),
    "perievent of an uneven signal": (
        lambda: nap.compute_perievent(nap.Tsd([0, 1, 3.0], [1, 2, 3]), nap.Ts([1.0]), 1.0),
        Raises(RuntimeError, "regularly sampled.*interpolate"),
    ),
    "an average of spikes": (
        lambda: nap.compute_event_triggered_average(TS, TS, 0.1, 1.0),
        Raises(TypeError, "continuous"),
    ),
    "a correlogram of one unit": (
        lambda: nap.compute_crosscorrelogram(nap.TsGroup({0: TS}), 0.1, 1.0).shape[1],
        Gives(0),
    ),
    "a correlogram of a silent unit": (
        lambda: bool(np.isnan(nap.compute_autocorrelogram(SILENT, 0.1, 1.0)[0]).any()),
        Gives(True),
    ),
    "a correlogram of a series": (
        lambda: nap.compute_autocorrelogram(TS, 0.1, 1.0),
        Raises((TypeError, RuntimeError), "TsGroup"),
    ),
    "a correlogram with no bins": (
        lambda: nap.compute_autocorrelogram(GROUP, 0, 1.0),
        Raises((ValueError, TypeError), "binsize"),
    ),
    "intervals of one spike, without a range": (
        lambda: nap.compute_isi_distribution(nap.Ts([1.0], time_support=LONG), bins=3),
        Raises(ValueError, "no unit has two spikes.*give edges"),
    ),
    "intervals of one spike": (
        lambda: int(nap.compute_isi_distribution(nap.Ts([1.0], time_support=LONG), bins=[0, 1, 2]).to_numpy().sum()),
        Gives(0),
    ),
    "intervals in no bins": (
        lambda: nap.compute_isi_distribution(GROUP, bins=0),
        Raises((ValueError, TypeError), "bins"),
    ),
    "filter NaN": (lambda: nap.apply_lowpass_filter(HOLES, 1.0), Raises(ValueError, "NaN")),
    "filter above Nyquist": (lambda: nap.apply_lowpass_filter(TSD, 50.0), Raises(ValueError, "Nyquist|cutoff|fs")),
    "filter from high to low": (lambda: nap.apply_bandpass_filter(TSD, (3, 1)), Raises(ValueError, "cutoff|cut")),
    "filter by an unknown mode": (
        lambda: nap.apply_lowpass_filter(TSD, 1.0, mode="buter"),
        Raises(ValueError, "mode|butter"),
    ),
    "filter spikes": (lambda: nap.apply_lowpass_filter(TS, 1.0), Raises((ValueError, TypeError), "Tsd")),
    "filter an epoch that is too short": (
        lambda: nap.apply_lowpass_filter(TSD[:5], 1.0, fs=10),
        Raises(ValueError, "short|samples|padlen"),
    ),
    "a filter keeps fractions of integers": (
        lambda: nap.apply_lowpass_filter(nap.Tsd(T, np.arange(100)), 1.0).d.dtype,
        Gives(np.dtype(float)),
    ),
    "the spectrum of two epochs": (
        lambda: nap.compute_fft(TSD.restrict(EPOCHS), ep=EPOCHS),
        Raises(ValueError, "one|single|epoch"),
    ),
    "the spectrum of nothing": (lambda: nap.compute_fft(EMPTY_TSD), Raises(ValueError, "sample|empty|fs")),
    "windows longer than the signal": (
        lambda: nap.compute_mean_power_spectral_density(TSD, 1000.0),
        Raises((RuntimeError, ValueError), "interval_size|epoch"),
    ),
    "wavelets at zero": (
        lambda: nap.compute_wavelet_transform(TSD, np.array([0.0])),
        Raises(ValueError, "freqs|positive|> 0|zero"),
    ),
    "wavelets at text": (lambda: nap.compute_wavelet_transform(TSD, "a"), Raises((TypeError, ValueError), "freqs")),
    "shift by more than there is": (
        lambda: nap.shift_timestamps(TS, min_shift=3, max_shift=1),
        Raises(ValueError, "max_shift|min_shift|shift"),
    ),
    "two sources of chance": (
        lambda: nap.shift_timestamps(TS, seed=1, rng=2),
        Raises(ValueError, "seed.*rng|rng.*seed"),
    ),
    "jitter by nothing": (lambda: nap.jitter_timestamps(TS), Raises(TypeError, "max_jitter")),
    "shuffle nothing": (lambda: len(nap.shuffle_ts_intervals(EMPTY, seed=1)), Gives(0)),
    "a tensor without bins": (lambda: nap.build_tensor(TS, EPOCHS), Raises(RuntimeError, "bin_size")),
    "a tensor of trials that overlap": (lambda: nap.build_tensor(TS, TRIALS, 0.5).shape, Gives((4, 3))),
    "warp into no bins": (lambda: nap.warp_tensor(TS, EPOCHS, 0), Raises((RuntimeError, ValueError), "num_bins")),
    "warp trials that overlap": (lambda: nap.warp_tensor(TS, TRIALS, 4).sum(axis=1).tolist(), Gives([10, 15, 15, 10])),
}

FILES = {
    "a file that is not there": (lambda: nap.load_file("nowhere.nwb"), Raises(FileNotFoundError, "nowhere.nwb")),
    "a file of no known kind": (lambda: nap.load_file(__file__), Raises(RuntimeError, r"\.py|suffix|nwb")),
    "a folder that is not there": (
        lambda: nap.load_folder("nowhere"),
        Raises((RuntimeError, FileNotFoundError), "nowhere"),
    ),
    "a session of no known kind": (
        lambda: nap.load_session(".", "kilo"),
        Raises((ValueError, RuntimeError, TypeError), "kilo"),
    ),
    "a binary file that is not there": (
        lambda: nap.load_binary_file("nowhere.dat", n_channels=2, frequency=1000.0),
        Raises(FileNotFoundError, "nowhere.dat"),
    ),
    "a number as a path": (lambda: nap.load_file(3), Raises((TypeError, RuntimeError), "int|path")),
    "nothing to write": (lambda: nap.io.to_nwb({}, "nowhere.nwb"), Raises(ValueError, "object|nothing|empty")),
    "something that is no series": (lambda: nap.io.to_nwb({"a": 3}, "a.nwb"), Raises(TypeError, "int")),
}

TABLE = {
    f"{title}: {name}": row
    for title, rows in {
        "construct": CONSTRUCTION,
        "epochs": EPOCH_SETS,
        "look": LOOKING,
        "count": COUNTING,
        "signal": SIGNALS,
        "analyse": ANALYSIS,
        "file": FILES,
    }.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("name", TABLE)
def test_outcome(name):
    call, outcome = TABLE[name]
    if isinstance(outcome, Raises):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(outcome.kind, match=outcome.words):
                call()
        return
    expected = pytest.warns(Warning, match=outcome.warns) if outcome.warns else contextlib.nullcontext()
    with expected:
        value = call()
    assert value == outcome.value


def test_the_table_is_long_enough():
    assert len(TABLE) >= 150
