"""Checks of what tuning functions are given, and bins and sampling rates read from it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._arrays.histogram import even_edges
from .._arrays.labels import MODES
from .._errors import kind_of
from .._types import FloatArray, IntArray
from ..containers import IntervalSet, Ts, Tsd, TsdFrame, TsGroup
from ..containers._checks import check_choice, is_integer, is_number

__all__ = [
    "check_conditions",
    "check_data",
    "check_lookup",
    "check_samples",
    "check_support",
    "feature_names",
    "read_bins",
    "sampling_rate",
    "unit_labels",
    "warn_values_unused",
]


def check_data(data: Any) -> None:
    """Raise TypeError unless `data` holds events or signals."""
    if not isinstance(data, TsGroup | TsdFrame | Ts | Tsd):
        msg = f"data should be a TsdFrame, TsGroup, Ts, or Tsd, got {kind_of(data)}."
        raise TypeError(msg)


def check_support(features: Tsd | TsdFrame, epochs: Any) -> IntervalSet:
    """The time that `epochs` cover, or the support of the features.

    Raises
    ------
    TypeError
        If `epochs` is no IntervalSet.
    """
    if epochs is None:
        return features.time_support
    if not isinstance(epochs, IntervalSet):
        msg = f"epochs should be an IntervalSet, got {kind_of(epochs)}."
        raise TypeError(msg)
    return epochs._disjoint()


def check_samples(times: FloatArray, names: list[str], epochs: IntervalSet, fs: Any) -> None:
    """Raise ValueError if no feature sample is in the epochs, so that there is nothing to take a sampling rate from.

    With `fs` there is no need to: occupancy is 0, and the curves are NaN.
    """
    if times.size or fs is not None:
        return
    which = f"feature {names[0]!r} has" if len(names) == 1 else f"features {', '.join(map(repr, names))} have"
    span = f"{len(epochs)} from {epochs.start[0]} to {epochs.end[-1]} s" if len(epochs) else "none"
    msg = (
        f"{which} no samples in epochs ({span}), so there is no sampling rate. Choose epochs in which features were "
        "sampled, or give fs (Hz) for curves that are NaN."
    )
    raise ValueError(msg)


def check_lookup(mode: Any, max_distance: Any) -> float:
    """Largest distance to a feature sample, s; infinite for None.

    Raises
    ------
    TypeError
        If `max_distance` is no number.
    ValueError
        If it is negative or NaN, or `mode` is unknown.
    """
    check_choice(mode, MODES, "mode")
    if max_distance is None:
        return float("inf")
    if not is_number(max_distance):
        msg = f"max_distance should be a number (s), got {max_distance!r}."
        raise TypeError(msg)
    if not max_distance >= 0:
        msg = f"max_distance should be >= 0 s, got {max_distance}."
        raise ValueError(msg)
    return float(max_distance)


def check_conditions(epochs_dict: Any) -> None:
    """Raise TypeError unless this is a dictionary of IntervalSets, not empty."""
    is_dict = isinstance(epochs_dict, Mapping) and len(epochs_dict) > 0
    others = [epochs for epochs in epochs_dict.values() if not isinstance(epochs, IntervalSet)] if is_dict else []
    if not is_dict or others:
        found = f"one of {kind_of(others[0])}" if others else kind_of(epochs_dict)
        msg = f"epochs_dict should be a dictionary of IntervalSets, not empty; got {found}."
        raise TypeError(msg)


def warn_values_unused() -> None:
    """Say that of a group of signals only the times count."""
    warnings.warn("data holds signals; only the times of their samples are used, as events.", UserWarning, stacklevel=4)


def unit_labels(data: Any) -> np.ndarray:
    """Keys of a group, columns of a frame, or 0."""
    if isinstance(data, TsGroup):
        return data.index
    return data._columns if isinstance(data, TsdFrame) else np.zeros(1, dtype=np.int64)


def feature_names(features: Any, names: Any) -> list[str]:
    """Names of the features, one per dimension.

    Raises
    ------
    TypeError
        If `features` has no samples, or `names` is no sequence of text.
    ValueError
        If there are not as many names as features, or one stands twice.
    """
    if not isinstance(features, Tsd | TsdFrame):
        msg = f"features should be a Tsd or TsdFrame, got {kind_of(features)}."
        raise TypeError(msg)
    n = features.shape[1] if isinstance(features, TsdFrame) else 1
    if names is None:
        names = [str(label) for label in features._columns.tolist()] if isinstance(features, TsdFrame) else ["0"]
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        msg = f"feature_names should be a list of strings, got {names!r}."
        raise TypeError(msg)
    names = [str(name) for name in names]
    if len(names) != n:
        msg = f"feature_names should match the number of features: got {len(names)} names for {n}."
        raise ValueError(msg)
    if len(set(names)) < n or "unit" in names:
        msg = f"feature names must differ from each other and from 'unit', got {names}. Set feature_names."
        raise ValueError(msg)
    return names


def read_bins(values: FloatArray, bins: Any, limits: Any) -> tuple[list[FloatArray], list[bool]]:
    """Edges of each feature, and whether they are evenly spaced.

    Parameters
    ----------
    values
        Features, shape (time, feature).
    bins, limits
        As `bins` and `range` of `compute_tuning_curves`. Raises as it.
    """
    n = values.shape[1]
    specs = _bin_specs(bins, n)
    pairs = _limits(limits, n)
    edges, even = [], []
    for dimension, (spec, pair) in enumerate(zip(specs, pairs)):
        if np.ndim(spec) == 0:
            edges.append(even_edges(values[:, dimension], _number_of_bins(spec, dimension), pair))
            even.append(True)
        else:
            edges.append(_given_edges(spec, dimension))
            even.append(False)
    return edges, even


def _bin_specs(bins: Any, n: int) -> list[Any]:
    """One specification per feature."""
    if isinstance(bins, str) or bins is None or isinstance(bins, Mapping):
        msg = f"bins should be a number, edges, or one of these per feature, got {bins!r}."
        raise TypeError(msg)
    if not isinstance(bins, list | tuple) and np.ndim(bins) == 0:
        return [bins] * n
    specs = list(bins)
    if n == 1 and len(specs) > 1 and all(np.ndim(spec) == 0 for spec in specs):
        return [np.asarray(specs)]
    if len(specs) != n:
        msg = (
            f"bins should contain one specification per feature (expected {n}, got {len(specs)}). To use explicit bin "
            "edges with multiple features, pass one array per feature."
        )
        raise ValueError(msg)
    return specs


def _number_of_bins(spec: Any, dimension: int) -> int:
    if not is_integer(spec):
        msg = f"`bins[{dimension}]` must be an integer, when a scalar; got {spec!r}."
        raise TypeError(msg)
    if spec < 1:
        msg = f"`bins[{dimension}]` must be positive, when an integer; got {spec}."
        raise ValueError(msg)
    return int(spec)


def _given_edges(spec: Any, dimension: int) -> FloatArray:
    edges = np.asarray(spec, dtype=np.float64)
    if edges.ndim != 1 or edges.size < 2 or not np.all(np.diff(edges) > 0):
        msg = f"`bins[{dimension}]` must be monotonically increasing edges, at least two, when an array; got {spec!r}."
        raise ValueError(msg)
    return edges


def _limits(limits: Any, n: int) -> list[tuple[float, float] | None]:
    """One pair of limits per feature, or None for those that have none."""
    if limits is None:
        return [None] * n
    pairs = [limits] if n == 1 and np.ndim(limits) == 1 and len(limits) == 2 else limits
    wrong = (
        f"range should be (low, high) for one feature, or a sequence of tuples, one for each feature; got {limits!r}"
    )
    try:
        pairs = [None if pair is None else tuple(float(x) for x in pair) for pair in pairs]
    except (TypeError, ValueError) as error:
        raise ValueError(wrong + ".") from error
    if len(pairs) != n or any(pair is not None and len(pair) != 2 for pair in pairs):
        msg = f"{wrong}, but there are {n} features."
        raise ValueError(msg)
    for pair in pairs:
        if pair is not None and not (np.all(np.isfinite(pair)) and pair[0] <= pair[1]):
            msg = f"max must be larger than min in range parameter, and both finite; got {pair}."
            raise ValueError(msg)
    return pairs


def sampling_rate(times: FloatArray, epoch: IntArray, fs: Any) -> np.float64 | float:
    """`fs`, or one over the mean time difference within epochs (Hz).

    Raises
    ------
    TypeError
        If `fs` is no number.
    ValueError
        If it is not positive.
    """
    if fs is None:
        steps = np.diff(times)[epoch[1:] == epoch[:-1]]
        return 1.0 / np.mean(steps) if steps.size else np.float64(np.nan)
    if not is_number(fs):
        msg = f"fs should be a number (int or float), got {fs!r}."
        raise TypeError(msg)
    if not fs > 0:
        msg = f"fs should be positive (Hz), got {fs}."
        raise ValueError(msg)
    return fs
