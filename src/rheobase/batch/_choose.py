"""Which signals of a file are behaviour or a stimulus, and which basis suits them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..containers import Tsd, TsdFrame, TsGroup
from ._covariates import wraps

__all__ = ["choose"]

_DRIVES = re.compile(r"(^|_|/)(stimulus|stim|current)$", re.IGNORECASE)
_ANGLES = re.compile(r"head_?direction|heading|orientation|angle|^(hd|r[xyz]|yaw)$", re.IGNORECASE)
_PLACES = re.compile(r"position|^pos$|location|spatial", re.IGNORECASE)
_AXES = ("x", "y", "z")
_SPEEDS = re.compile(r"speed|velocity|running|wheel|pupil", re.IGNORECASE)

_SLOWEST = 5.0
"""Samples per second below which a series is a list of events rather than a signal."""

_CORNERS = 24
"""Parts of a circle, nine tenths of which a heading must visit."""


def choose(file: Mapping[str, Any], kinds: Mapping[str, str], units: TsGroup) -> tuple[str, ...]:
    """Covariates as text, such as ``("ry:cyclic:12", "x,z:raised-cosine:8x8")``.

    Stimuli act by their past, angles that go round the circle by a cyclic basis (of several the one that goes round
    most evenly), places by a product of two axes, speeds and pupils by a sum of bumps. Everything else is left out.

    Parameters
    ----------
    file
        Series by key.
    kinds
        Type of each key; only signals are read.
    units
        Spikes; a signal must have been recorded with them.
    """
    found: list[str] = []
    names = [key for key, kind in kinds.items() if kind in ("Tsd", "TsdFrame")]
    named = [key for key in names if any(p.search(key) for p in (_DRIVES, _ANGLES, _PLACES, _SPEEDS)) or key in _AXES]
    series = {key: file[key] for key in named}
    series = {key: one for key, one in series.items() if _usable(one, units)}
    found += [f"{key}:raised-cosine-log:8:200ms" for key in series if _DRIVES.search(key)]
    angles = {key: _evenness(one) for key, one in series.items() if _is_heading(key, one)}
    if angles:
        found.append(f"{max(angles, key=angles.__getitem__)}:cyclic:12")
    found += _places({key: one for key, one in series.items() if _PLACES.search(key) or key in _AXES})
    found += [f"{key}:raised-cosine:6" for key, one in series.items() if _SPEEDS.search(key) and one.ndim == 1]
    return tuple(found)


def _usable(series: Any, units: TsGroup) -> bool:
    if not isinstance(series, Tsd | TsdFrame) or len(series) < 2 or series.values.dtype.kind not in "fiu":
        return False
    if series.ndim == 2 and series.shape[1] > 3:
        return False
    length = float(series.time_support.tot_length())
    together = float(series.time_support.intersect(units.time_support).tot_length())
    return together > 1 and len(series) / length > _SLOWEST


def _is_heading(key: str, series: Any) -> bool:
    if series.ndim != 1 or not _ANGLES.search(key):
        return False
    values = np.asarray(series.values, dtype=float)
    return wraps(values) and float(np.mean(_visits(values) > 0)) >= 0.9


def _visits(values: np.ndarray) -> np.ndarray:
    """Samples in each part of the circle."""
    values = values[np.isfinite(values)]
    turn = 360.0 if np.ptp(values) > 2 * np.pi * 1.01 else 2 * np.pi
    return np.bincount((np.mod(values, turn) / turn * _CORNERS).astype(int) % _CORNERS, minlength=_CORNERS)


def _evenness(series: Any) -> float:
    """Entropy of where an angle was."""
    share = _visits(np.asarray(series.values, dtype=float))
    share = share[share > 0] / share.sum()
    return float(-(share * np.log(share)).sum())


def _places(series: dict[str, Any]) -> list[str]:
    """Frames of two axes as they are; of single axes, the two that reach furthest."""
    frames = [key for key, one in series.items() if one.ndim == 2 and one.shape[1] == 2]
    if frames:
        return [f"{frames[0]}:raised-cosine:8x8"]
    for key, one in series.items():
        if one.ndim == 2:
            columns = [str(label) for label in one.columns]
            reach = [_reach(np.asarray(one.values)[:, number]) for number in range(len(columns))]
            kept = [f"{key}[{columns[number]}]" for number in sorted(np.argsort(reach)[::-1][:2].tolist())]
            return [f"{','.join(kept)}:raised-cosine:{'x'.join(['8'] * len(kept))}"]
    axes = sorted((key for key in series if key in _AXES), key=lambda key: -_reach(np.asarray(series[key].values)))[:2]
    if len(axes) == 2:
        return [f"{','.join(sorted(axes))}:raised-cosine:8x8"]
    return [f"{key}:raised-cosine:15" for key in series][:1]


def _reach(values: np.ndarray) -> float:
    """Spread of the middle nine tenths."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    return float(np.ptp(np.quantile(values, [0.05, 0.95]))) if values.size else 0.0
