"""What users hand to a GLM, turned into arrays, with the checks that name the argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import TimeSupportError, kind_of
from .._types import FloatArray, TimeSeriesLike
from ..containers import IntervalSet, Tsd, TsdFrame
from ..containers._from_others import has_no_samples
from ..design import AbstractDesign, Dense, SideBySide
from ._trees import Blocks, is_tree, label_of, leaves, names_of

__all__ = [
    "Clock",
    "as_design",
    "as_response",
    "check_columns",
    "check_same_rows",
    "clock_of",
    "numeric",
    "text_columns",
]

_SAME_TIME = 1e-9
"""Seconds by which two sample times may differ and still be the same."""


@dataclass(frozen=True)
class Clock:
    """Times and time support of a series, and its columns if it has any."""

    t: FloatArray
    time_support: IntervalSet
    columns: Any = None
    metadata: Any = None

    def wrap(self, values: FloatArray, like: Clock | None = None) -> Tsd | TsdFrame:
        """Give `values` (time,) or (time, neuron) these times, and the columns and metadata of `like`."""
        if values.ndim == 1:
            return Tsd._trusted(self.t, values, self.time_support)
        columns = metadata = None
        if like is not None and like.columns is not None and len(like.columns) == values.shape[1]:
            columns, metadata = like.columns, like.metadata
        return TsdFrame._trusted(self.t, values, self.time_support, columns, metadata)


def clock_of(values: Any) -> Clock | None:
    """Times of a series (ours or any with the same attributes), or of a design that was built from series; of a dict of
    features, those of the first that has any; None for plain arrays.
    """
    if isinstance(values, AbstractDesign):
        return None if values.t is None else Clock(values.t, values.time_support, values.columns)
    if is_tree(values):
        return next((clock for _, block in leaves(values) if (clock := clock_of(block)) is not None), None)
    if not isinstance(values, TimeSeriesLike):
        return None
    support = values.time_support
    if not isinstance(support, IntervalSet):
        support = IntervalSet._trusted(np.asarray(support.start), np.asarray(support.end))
    columns = getattr(values, "columns", None)
    metadata = values._metadata if isinstance(values, TsdFrame) else None
    return Clock(np.asarray(values.t), support, None if columns is None else np.asarray(columns), metadata)


def as_design(X: Any, name: str = "X") -> AbstractDesign:
    """Turn what the user gave as features into a design.

    Parameters
    ----------
    X
        Array-like of shape (time, feature), a time series of that shape, a design, or a dict of these.

    Raises
    ------
    TypeError
        If it is not numeric.
    ValueError
        If it does not have two dimensions, or no column, or the blocks of a dict differ in their rows.
    """
    if isinstance(X, AbstractDesign):
        return X
    _refuse_sparse(X, name)
    if is_tree(X):
        return _stacked(X, name)
    values = numeric(X, name)
    if values.ndim != 2:
        fix = (
            "Reshape your data so that it has an axis of features: np.expand_dims(X, 1)."
            if values.ndim == 1
            else "Flatten the trailing axes into features."
        )
        msg = f"{name} must have shape (time, feature), got {values.ndim} dimension(s) with shape {values.shape}. {fix}"
        raise ValueError(msg)
    if 0 in values.shape:
        msg = f"{name} must have at least one row and one feature, got shape {values.shape}."
        if values.shape[1] == 0:
            msg += f" 0 feature(s) (shape={values.shape}) while a minimum of 1 is required."  # as scikit-learn says it
        raise ValueError(msg)
    return Dense(values)


def _stacked(tree: Any, name: str) -> AbstractDesign:
    """The blocks of a dict side by side, keys in sorted order."""
    blocks = list(leaves(tree))
    if not blocks:
        msg = f"{name} must hold at least one block of features, got an empty dict."
        raise ValueError(msg)
    (first_path, first), parts = blocks[0], []
    for path, block in blocks:
        here = name + label_of(path)
        parts.append(as_design(block, here))
        given = name + label_of(first_path), here
        check_same_rows(first, block, parts[0].n_samples, parts[-1].n_samples, given)
    if all(isinstance(part, Dense) for part in parts):
        design: AbstractDesign = Dense(np.concatenate([part._values for part in parts], axis=1))
    else:
        design = SideBySide(*parts)
    sizes = tuple(part.n_features for part in parts)
    design.named_blocks = Blocks(tuple(path for path, _ in blocks), sizes)
    columns = [names_of(path, block, size) for (path, block), size in zip(blocks, sizes, strict=True)]
    design.columns = np.array([column for block in columns for column in block])
    clock = clock_of(tree)
    if clock is not None:
        design.t, design.time_support = clock.t, clock.time_support
    return design


_LARGE = 1 << 26
"""Entries of a response that would take half a gigabyte as float64."""


def as_response(y: Any, ndim: int, *, keep_counts: bool = False) -> np.ndarray:
    """Turn what the user gave as response into a float64 array of shape (time, neuron).

    Parameters
    ----------
    y
        Array-like or time series; 1-D for `ndim` 1, 2-D for `ndim` 2.
    ndim
        Dimensions asked for.
    keep_counts
        Leave large arrays of integers as they are: eight times the memory of uint8 counts is a lot.

    Raises
    ------
    TypeError
        If it is not numeric.
    ValueError
        If it has another number of dimensions.
    """
    values = numeric(y, "y")
    if values.ndim != ndim:
        shape = "(time,)" if ndim == 1 else "(time, neuron)"
        fix = (
            "For several neurons use PopulationGLM."
            if ndim == 1 and values.ndim == 2
            else "For one neuron use GLM, or y[:, None]."
        )
        msg = f"y must have shape {shape}, got {values.ndim} dimension(s) with shape {values.shape}. {fix}"
        raise ValueError(msg)
    if not (keep_counts and values.dtype.kind in "biu" and values.size >= _LARGE):
        values = values.astype(np.float64, copy=False)
    return values[:, None] if ndim == 1 else values


def check_same_rows(X: Any, y: Any, n_x: int, n_y: int, names: tuple[str, str] = ("X", "y")) -> None:
    """Features and response must have the same rows, at the same times if both have times.

    Raises
    ------
    ValueError
        If their numbers of rows differ.
    TimeSupportError
        If both are time series and their times or supports differ.
    """
    one, other = names
    if n_x != n_y:
        msg = (
            f"{one} and {other} must have the same number of time points, got {n_x} rows in {one} and {n_y} in "
            f"{other}. {_why_rows_differ(X, y, n_x, n_y, names)}"
        )
        raise ValueError(msg)
    first, second = clock_of(X), clock_of(y)
    if first is None or second is None:
        return
    if not np.allclose(first.t, second.t, rtol=0, atol=_SAME_TIME):
        row = int(np.argmax(np.abs(first.t - second.t) > _SAME_TIME))
        msg = (
            f"{one} and {other} must share their times, but row {row} is at {first.t[row]:.9g} s in {one} and at "
            f"{second.t[row]:.9g} s in {other}. "
            "Use the same epochs and bin size, or X.value_from / X.interpolate to bring one to the times of the other."
        )
        raise TimeSupportError(msg)
    a, b = first.time_support, second.time_support
    if len(a) != len(b) or not np.allclose(a.values, b.values, rtol=0, atol=_SAME_TIME):
        msg = (
            f"{one} and {other} must share their time support, got {len(a)} epoch(s) for {one} and {len(b)} for "
            f"{other}. Use restrict on both."
        )
        raise TimeSupportError(msg)


def _why_rows_differ(X: Any, y: Any, n_x: int, n_y: int, names: tuple[str, str]) -> str:
    """What may have gone wrong, and what to do."""
    for name, given, n_rows in zip(names, (X, y), (n_y, n_x), strict=True):
        shape = () if isinstance(given, AbstractDesign) or is_tree(given) else np.shape(given)
        if len(shape) == 2 and shape[1] == n_rows and shape[0] < shape[1]:
            return f"{name} of shape {shape} looks transposed: rows are time bins. Try {name}.T."
    same = "Count and average in the same bins: spikes.count(bin_size, ep) and feature.bin_average(bin_size, ep)."
    clocks = clock_of(X), clock_of(y)
    if any(clock is None or len(clock.t) < 2 for clock in clocks):
        return same
    steps = [f"every {np.median(np.diff(clock.t)) * 1e3:.6g} ms in {name}" for name, clock in zip(names, clocks)]
    return f"Samples come {' and '.join(steps)}. {same}"


def text_columns(X: Any, n_features: int) -> np.ndarray | None:
    """Names of the features, if they have any that are text."""
    columns = getattr(X, "columns", None)
    if columns is None or callable(columns) or len(columns) != n_features:
        return None
    names = np.asarray(columns, dtype=object)
    return names if all(isinstance(name, str) for name in names) else None


def check_columns(X: Any, n_features: int, fitted: Any) -> None:
    """Raise ValueError if features have other names, or another order, than those that were fitted."""
    given = None if fitted is None else text_columns(X, n_features)
    if given is None or len(given) != len(fitted) or np.array_equal(given, fitted):
        return
    column = int(np.argmax(given != fitted))
    msg = f"the features of X are not those that were fitted: column {column} is {given[column]!r}, but was "
    msg += f"{fitted[column]!r}."
    if sorted(given) == sorted(fitted):
        msg += " They are the same in another order: X[list(model.feature_names_in_)]."
    else:
        msg += " Give the same columns as in fit, under the same names (plain arrays have none)."
    raise ValueError(msg)


def numeric(values: Any, name: str) -> np.ndarray:
    """Array of numbers in what the user gave as `name`; a TypeError that says what to do if there is none."""
    if isinstance(values, dict):
        msg = (
            f"{name} must be an array or a time series, got a dict; stack its blocks: np.hstack(list({name}.values()))."
        )
        raise TypeError(msg)
    if callable(getattr(values, "get_unit_spike_train", None)):
        msg = f"{name} must be an array or a time series, got {kind_of(values)}. Count events in bins."
        raise TypeError(msg)
    if has_no_samples(values):
        msg = f"{name} must be an array or a time series, got {kind_of(values)}. Count events in bins first: "
        msg += "spikes.count(bin_size, ep)."
        raise TypeError(msg)
    if values is None:
        msg = f"the model requires {name} to be passed, but the target {name} is None."
        raise ValueError(msg)
    _refuse_sparse(values, name)
    array = np.asarray(getattr(values, "values", values) if isinstance(values, TimeSeriesLike) else values)
    if array.dtype == object:
        array = numbers_in(array, name)
    if array.dtype.kind == "c":
        msg = f"Complex data not supported: {name} has dtype {array.dtype}. Take the real part, or np.abs({name})."
        raise ValueError(msg)
    if array.dtype.kind not in "biuf":
        msg = f"{name} must be numeric, got {type(values).__name__} with dtype {array.dtype}."
        raise TypeError(msg)
    return array


def names_of_features(X: Any, n_features: int, given: Any = None) -> tuple[str, ...]:
    """Names for tables: those given, or the columns of `X`, or x0, x1, ...

    Raises
    ------
    ValueError
        If there are not as many as features.
    """
    columns = getattr(X, "columns", None) if given is None else given
    if columns is None or (given is None and len(columns) != n_features):
        return tuple(f"x{number}" for number in range(n_features))
    if len(columns) != n_features:
        msg = f"feature_names must have one entry for each of the {n_features} features, got {len(columns)}."
        raise ValueError(msg)
    return tuple(f"x{name}" if isinstance(name, int | np.integer) else str(name) for name in columns)


def numbers_in(array: np.ndarray, name: str) -> np.ndarray:
    """Python numbers in an array of objects as float64; None is NaN."""
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{name} must be numeric, got an array of objects that hold something else ({error})."
        raise TypeError(msg) from error


def _refuse_sparse(values: Any, name: str) -> None:
    if type(values).__module__.startswith("scipy.sparse"):
        msg = (
            f"{name} is sparse, and sparse input is not supported; give {name}.toarray(), or a design that makes its "
            "features block by block: rheobase.design.build(..., kind='on the fly')."
        )
        raise TypeError(msg)
