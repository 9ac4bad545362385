"""The unit of values: kept, lost or refused."""

from __future__ import annotations

import operator
import pickle

import numpy as np
import pytest

from rheobase.containers import IntervalSet, Tsd, TsdFrame, TsdTensor
from rheobase.io import load_file

TIMES = np.arange(20) / 10
HALF = IntervalSet(0, 0.95)


def make(kind: str, unit: str | None = "mV"):
    shape = {"Tsd": (), "TsdFrame": (3,), "TsdTensor": (3, 2)}[kind]
    values = np.arange(1.0, 1 + TIMES.size * max(int(np.prod(shape)), 1)).reshape(TIMES.size, *shape)
    return {"Tsd": Tsd, "TsdFrame": TsdFrame, "TsdTensor": TsdTensor}[kind](TIMES, values, unit=unit)


@pytest.fixture(params=["Tsd", "TsdFrame", "TsdTensor"])
def series(request):
    return make(request.param)


KEPT = {
    "slice": lambda x: x[2:5],
    "mask": lambda x: x[x.t > 1],
    "get": lambda x: x.get(0.2, 0.5),
    "restrict": lambda x: x.restrict(HALF),
    "exclude": lambda x: x.exclude(HALF),
    "bin_average": lambda x: x.bin_average(0.2),
    "interpolate": lambda x: x.interpolate(Tsd(TIMES[:-1] + 0.05, TIMES[:-1])),
    "smooth": lambda x: x.smooth(0.1, size_factor=10),
    "convolve": lambda x: x.convolve(np.ones(3)),
    "dropna": lambda x: x.dropna(),
    "value_from": lambda x: Tsd(TIMES, TIMES).value_from(x),
    "copy": lambda x: x.copy(),
    "astype": lambda x: x.astype(np.float32),
    "plus number": lambda x: x + 1,
    "number minus": lambda x: 1 - x,
    "plus itself": lambda x: x + x,
    "times number": lambda x: 2 * x,
    "by number": lambda x: x / 2,
    "by count": lambda x: x / Tsd(TIMES, np.ones(20)),
    "negative": lambda x: -x,
    "abs": abs,
    "remainder": lambda x: x % 3,
    "maximum": lambda x: np.maximum(x, 0),
    "clip": lambda x: np.clip(x, 0, 1),
    "where": lambda x: np.where(x > 3, x, 0.0),
    "round": lambda x: np.round(x),
    "joined": lambda x: np.concatenate((x.get(0, 0.95), x.get(1, 3))),
    "pickled": lambda x: pickle.loads(pickle.dumps(x)),
    "rewrapped": lambda x: type(x)(x, x),
}

LOST = {
    "comparison": lambda x: x > 1,
    "square": lambda x: x**2,
    "product": lambda x: x * x,
    "ratio": lambda x: x / x,
    "inverse": lambda x: 1 / x,
    "exp": lambda x: np.log(x),
    "isnan": lambda x: np.isnan(x),
}


@pytest.mark.parametrize("name", KEPT)
def test_unit_is_kept(series, name) -> None:
    assert KEPT[name](series).unit == "mV"


@pytest.mark.parametrize("name", LOST)
def test_unit_is_lost(series, name) -> None:
    assert LOST[name](series).unit is None


@pytest.mark.parametrize("name", [*operator.__all__])
def test_no_unit_comes_from_nowhere(name) -> None:
    operation = getattr(operator, name)
    if name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "lt", "neg"):
        x = make("Tsd", None)
        assert (operation(x) if name == "neg" else operation(x, x)).unit is None


def test_derivative_is_per_second(series) -> None:
    assert series.derivative().unit == "mV/s"


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.lt, operator.eq, np.maximum, operator.mod])
def test_two_units_are_not_mixed(series, operation) -> None:
    other = type(series)(TIMES, series.values, unit="pA")
    with pytest.raises(ValueError, match=r"values in mV and in pA\. Convert one of them"):
        operation(series, other)
    assert (series * other).unit is None
    with pytest.raises(ValueError, match="cannot join"):
        np.concatenate((series[:5], other[5:]))


def test_parts_and_columns(series) -> None:
    frame = make("TsdFrame")
    assert frame[:, 0].unit == frame[:, [0, 2]].unit == frame.loc[[1]].unit == "mV"
    assert frame.mean(axis=1).unit == np.add.reduce(frame, axis=1).unit == "mV"
    assert frame.var(axis=1).unit is None
    assert np.column_stack((frame, frame)).unit == "mV"
    assert np.column_stack((make("Tsd"), make("Tsd", "pA"))).unit is None
    assert (make("Tsd") + frame).unit == "mV"
    assert (frame @ np.ones(3)).unit == "mV"
    assert make("Tsd").threshold(3).unit == "mV"
    assert [part.unit for part in np.array_split(frame, 3)] == ["mV"] * 3


def test_in_place(series) -> None:
    series += 1
    series *= 2
    assert series.unit == "mV"
    series *= series
    assert series.unit is None


def test_metadata_called_unit_stands_before_the_unit_of_a_frame() -> None:
    frame = make("TsdFrame")
    frame.unit = ["V", "A", "V"]
    assert frame.unit.tolist() == ["V", "A", "V"]
    assert frame[:, 0].unit == "mV"


@pytest.mark.parametrize("kind", ["Tsd", "TsdFrame", "TsdTensor"])
def test_repr_and_archive(kind, tmp_path) -> None:
    for unit in ("mV", None):
        series = make(kind, unit)
        assert ("unit: mV" in repr(series)) == (unit == "mV")
        series.save(tmp_path / "series.npz")
        again = load_file(tmp_path / "series.npz")
        assert again.unit == unit
        np.testing.assert_array_equal(again.values, series.values)


@pytest.mark.parametrize("unit", [1, ["mV"], np.nan])
def test_a_unit_is_a_text(unit) -> None:
    for kind in ("Tsd", "TsdFrame", "TsdTensor"):
        with pytest.raises(TypeError, match="unit should be a text"):
            make(kind, unit)
