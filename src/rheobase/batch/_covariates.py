"""Covariates as text: ``ry:cyclic:12``, ``position:raised-cosine:15x15``, ``stimulus:bspline:8:200ms``.

Key, basis, number of functions, and a window if the past matters rather than the present, parted by colons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import basis as bases
from .._errors import did_you_mean
from .._types import FloatArray
from ..basis import AbstractBasis
from ..containers import Tsd, TsdFrame
from ._durations import seconds_of

__all__ = ["Covariate", "Signal", "circle_of", "parse", "term_of", "wraps"]

_PRESENT = {
    "cyclic": bases.CyclicBSplineEval,
    "bspline": bases.BSplineEval,
    "raised-cosine": bases.RaisedCosineLinearEval,
    "raised-cosine-log": bases.RaisedCosineLogEval,
    "linear": None,
}
"""Bases of the value now; None for the value itself."""

_PAST = {
    "bspline": bases.BSplineConv,
    "raised-cosine": bases.RaisedCosineLinearConv,
    "raised-cosine-log": bases.RaisedCosineLogConv,
}
"""Bases of what went before, over a window."""

_FORM = "key, key:basis, key:basis:n or key:basis:n:window, such as ry:cyclic:12"

_SIZES = re.compile(r"\d+(x\d+)*|\d+(\+\d+)*")

_ANGLE_UNITS = {"rad": 2 * np.pi, "radian": 2 * np.pi, "radians": 2 * np.pi, "deg": 360.0, "degree": 360.0}
_ANGLE_UNITS["degrees"] = 360.0

_SLACK = 1e-3
"""By how much, of a turn, measured angles may leave the circle."""


@dataclass(frozen=True)
class Covariate:
    """One covariate as it was asked for."""

    text: str
    keys: tuple[str, ...]
    basis: str | None
    sizes: tuple[int, ...]
    product: bool
    """Whether several inputs act together (``15x15``) rather than each on its own (``15+15``)."""
    window: float | None
    """Seconds."""

    @property
    def name(self) -> str:
        """Of its term."""
        return ",".join(self.keys)


@dataclass(frozen=True)
class Signal:
    """One column of a recording."""

    name: str
    series: Tsd
    unit: str | None


def parse(text: str) -> Covariate:
    """Read the text of a covariate.

    Raises
    ------
    ValueError
        If it has not that form, the basis is unknown, or a number makes no sense.

    Examples
    --------
    >>> parse("position:raised-cosine:15x12").sizes, parse("stimulus:bspline:8:200ms").window
    ((15, 12), 0.2)
    """
    parts = [part.strip() for part in text.split(":")]
    keys = tuple(key.strip() for key in parts[0].split(","))
    if len(parts) > 4 or not all(keys):
        msg = f"covariate {text!r} must have the form {_FORM}."
        raise ValueError(msg)
    basis, size, window = [*parts[1:], "", "", ""][:3]
    seconds = seconds_of(window, f"covariate {text!r}: the window") if window else None
    known = _PRESENT if seconds is None else _PAST
    if basis and basis not in known:
        over = "" if seconds is None else " over a window"
        msg = f"covariate {text!r}: there is no basis {basis!r}{over}; there are {', '.join(known)}."
        raise ValueError(msg + did_you_mean(basis, known))
    if size and not _SIZES.fullmatch(size):
        msg = f"covariate {text!r}: the number of functions must be like 12, 15x15 or 10+10, got {size!r}."
        raise ValueError(msg)
    sizes = tuple(int(one) for one in re.split(r"[x+]", size) if one)
    if any(one < 2 for one in sizes):
        msg = f"covariate {text!r}: at least 2 functions are needed, got {size}."
        raise ValueError(msg)
    return Covariate(text, keys, basis or None, sizes, "x" in size, seconds)


def term_of(covariate: Covariate, file: Mapping[str, Any], bin_seconds: float) -> tuple[Any, list[Signal]]:
    """A term for `rheobase.design.build`, and the columns that it is made of.

    What is filtered, or enters as it is, is taken in standard deviations from its mean.

    Raises
    ------
    KeyError
        If there is no such key or column.
    ValueError
        If it is no signal, or the numbers of functions and of columns differ.
    """
    signals = [signal for key in covariate.keys for signal in _columns(covariate, key, file)]
    if covariate.window is not None or covariate.basis == "linear":
        signals = [_standardized(signal, covariate) for signal in signals]  # one ridge for volts and for amperes
        series = _side_by_side(signals)
        return (series if covariate.window is None else (_past(covariate, bin_seconds), series)), signals
    product = covariate.product or not covariate.sizes
    sizes = covariate.sizes or _usual_sizes(len(signals))
    if len(sizes) == 1:
        sizes = sizes * len(signals)
    if len(sizes) != len(signals):
        held = ", ".join(signal.name for signal in signals)
        msg = (
            f"covariate {covariate.text!r} has {len(sizes)} numbers of functions, but {len(signals)} column(s): {held}."
        )
        raise ValueError(msg)
    parts = [_present(covariate, signal, n) for signal, n in zip(signals, sizes, strict=True)]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole * part if product else whole + part
    return (whole, *(signal.series for signal in signals)), signals


def wraps(values: FloatArray) -> bool:
    """Whether these are angles that jump from one end of the circle to the other, in radians or degrees."""
    values = values[np.isfinite(values)]
    if values.size < 2:
        return False
    for turn in (2 * np.pi, 360.0):
        low, spread = float(values.min()), float(np.ptp(values))
        inside = low >= -turn / 2 * (1 + _SLACK) and turn / 2 < spread <= turn * (1 + _SLACK)
        if inside and float(np.abs(np.diff(values)).max()) > turn / 2:
            return True
    return False


def circle_of(signal: Signal, text: str) -> tuple[float, float]:
    """Where the circle of an angle starts and ends, in its own unit.

    Raises
    ------
    ValueError
        If the values go round more than once.
    """
    values = np.asarray(signal.series.values, dtype=float)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    unit = (signal.unit or "").strip().lower()
    turns = [_ANGLE_UNITS[unit]] if unit in _ANGLE_UNITS else [2 * np.pi, 360.0]
    for turn in turns:
        for start in (0.0, -turn / 2):
            if low >= start - _SLACK * turn and high <= start + turn * (1 + _SLACK):
                return min(start, low), max(start + turn, high)
    msg = (
        f"covariate {text!r}: {signal.name} runs from {low:.4g} to {high:.4g}{' ' + unit if unit else ''}, which is no "
        "circle of radians (0 to 2π) or degrees (0 to 360). Use another basis, such as raised-cosine."
    )
    raise ValueError(msg)


def _columns(covariate: Covariate, key: str, file: Mapping[str, Any]) -> list[Signal]:
    """The columns of one key, or of ``key[column]``."""
    match = re.fullmatch(r"(.+)\[([^\]]+)\]", key)
    name, column = match.groups() if match and key not in file else (key, None)
    if name not in file:
        held = ", ".join(file)
        msg = f"covariate {covariate.text!r}: the file holds no {name!r}; it holds {held}."
        raise KeyError(msg + did_you_mean(name, file))
    series = file[name]
    if not isinstance(series, Tsd | TsdFrame):
        msg = f"covariate {covariate.text!r}: {name} is a {type(series).__name__}, not a signal (Tsd, TsdFrame)."
        raise ValueError(msg)
    unit = file.unit(name) if callable(getattr(type(file), "unit", None)) else None
    if isinstance(series, Tsd):
        if column is not None:
            msg = f"covariate {covariate.text!r}: {name} has one column only; leave out [{column}]."
            raise ValueError(msg)
        return [Signal(name, series, unit)]
    labels = [str(label) for label in series.columns]
    if column is not None and column not in labels:
        msg = f"covariate {covariate.text!r}: {name} has no column {column!r}; it has {', '.join(labels)}."
        raise KeyError(msg + did_you_mean(column, labels))
    values = series.values
    return [
        Signal(f"{name}[{label}]", Tsd(t=series.t, d=values[:, number], time_support=series.time_support), unit)
        for number, label in enumerate(labels)
        if column in (None, label)
    ]


def _present(covariate: Covariate, signal: Signal, n: int) -> AbstractBasis:
    name = covariate.basis or ("cyclic" if wraps(np.asarray(signal.series.values, dtype=float)) else "raised-cosine")
    kind = _PRESENT[name]
    if kind is None:
        msg = f"covariate {covariate.text!r}: linear stands for the value itself, without functions."
        raise ValueError(msg)
    bounds = circle_of(signal, covariate.text) if name == "cyclic" else _range(signal, covariate)
    try:
        return kind(n, bounds=bounds, label=signal.name)
    except ValueError as error:
        msg = f"covariate {covariate.text!r}: {error}"
        raise ValueError(msg) from error


def _range(signal: Signal, covariate: Covariate) -> tuple[float, float]:
    values = np.asarray(signal.series.values, dtype=float)
    values = values[np.isfinite(values)]
    if values.size == 0 or values.min() == values.max():
        msg = f"covariate {covariate.text!r}: {signal.name} has one value only, so nothing can depend on it."
        raise ValueError(msg)
    return float(values.min()), float(values.max())


def _standardized(signal: Signal, covariate: Covariate) -> Signal:
    """In standard deviations from the mean."""
    _range(signal, covariate)
    values = np.asarray(signal.series.values, dtype=float)
    scaled = (values - np.nanmean(values)) / np.nanstd(values)
    return Signal(signal.name, Tsd(t=signal.series.t, d=scaled, time_support=signal.series.time_support), "SD")


def _past(covariate: Covariate, bin_seconds: float) -> AbstractBasis:
    window = round(covariate.window / bin_seconds)
    if window < 2:
        msg = f"covariate {covariate.text!r}: the window is shorter than two bins of {bin_seconds:g} s."
        raise ValueError(msg)
    n = covariate.sizes[0] if covariate.sizes else min(8, window)
    kind = _PAST[covariate.basis or "raised-cosine-log"]
    return kind(n, window_size=window, label=covariate.name)


def _side_by_side(signals: list[Signal]) -> Tsd | TsdFrame:
    """Columns of one series as a frame; a single one as it is."""
    if len(signals) == 1:
        return signals[0].series
    first = signals[0].series
    if any(len(signal.series) != len(first) or not np.array_equal(signal.series.t, first.t) for signal in signals):
        names = ", ".join(signal.name for signal in signals)
        msg = f"{names} were sampled at different times; give each as a covariate of its own."
        raise ValueError(msg)
    values = np.stack([np.asarray(signal.series.values, dtype=float) for signal in signals], axis=1)
    return TsdFrame(t=first.t, d=values, time_support=first.time_support, columns=[signal.name for signal in signals])


def _usual_sizes(n_columns: int) -> tuple[int, ...]:
    return {1: (12,), 2: (8, 8)}.get(n_columns, (5,) * n_columns)
