"""Bounds of coefficients: what the user gave, as arrays, and coefficients that keep to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import did_you_mean, kind_of
from .._types import BoolArray, FloatArray, IntArray
from ..solvers._penalty import Box
from ._trees import Blocks, check_keys, is_tree, label_of, leaves

__all__ = ["Bounds", "check_bounds", "read_bounds"]

SIGNS: dict[str, tuple[float | None, float | None]] = {"nonnegative": (0.0, None), "nonpositive": (None, 0.0)}
"""Spellings of the usual bounds."""


@dataclass(frozen=True)
class Bounds:
    """Bounds in the user's units, shape (feature, neuron), infinite where there is none."""

    lower: FloatArray
    upper: FloatArray

    def select(self, neurons: IntArray) -> Bounds:
        """Those of some neurons."""
        return Bounds(self.lower[:, neurons], self.upper[:, neurons])

    def box(self, scale: FloatArray) -> Box:
        """The same for coefficients that are `scale` (feature,) times the user's, and an intercept without bounds."""
        free = np.full((1, self.lower.shape[1]), np.inf)
        return Box(np.vstack([self.lower * scale[:, None], -free]), np.vstack([self.upper * scale[:, None], free]))

    def keep(self, coef: FloatArray, standard: FloatArray, box: Box) -> FloatArray:
        """Coefficients of the user's features inside the bounds, exactly at them where the `standard` ones are."""
        at_lower, at_upper = standard <= box.lower[:-1], standard >= box.upper[:-1]
        return np.where(at_lower, self.lower, np.where(at_upper, self.upper, np.clip(coef, self.lower, self.upper)))

    def active(self, coef: FloatArray) -> BoolArray:
        """Which coefficients are at a bound, shape (feature, neuron)."""
        return (coef <= self.lower) | (coef >= self.upper)


def check_bounds(value: Any) -> None:
    """Raise unless `value` is None, a spelling in `SIGNS`, or a pair of bounds.

    Raises
    ------
    TypeError
        If it is something else, or a bound is not numeric.
    ValueError
        For an unknown spelling, NaN, or a lower bound above an upper one.
    """
    if value is None:
        return
    if isinstance(value, str):
        if value not in SIGNS:
            known = " or ".join(map(repr, SIGNS))
            msg = f"coef_bounds must be {known}, or a pair (lower, upper), got {value!r}.{did_you_mean(value, SIGNS)}"
            raise ValueError(msg)
        return
    if not isinstance(value, tuple | list) or len(value) != 2:
        size = f" of length {len(value)}" if isinstance(value, tuple | list) else ""
        msg = (
            f"coef_bounds must be a pair (lower, upper), 'nonnegative' or 'nonpositive', got {kind_of(value)}{size}. "
            "None stands for no bound: (0, None)."
        )
        raise TypeError(msg)
    if not any(is_tree(bound) for bound in value):
        lower, upper = (_numbers(bound, infinity) for bound, infinity in zip(value, (-np.inf, np.inf)))
        if lower.shape == upper.shape or not (lower.shape and upper.shape):  # others are known at the fit
            _check_order(*np.broadcast_arrays(lower, upper))


def read_bounds(value: Any, shape: tuple[int, int], free: BoolArray | None, blocks: Blocks | None) -> Bounds | None:
    """Bounds of every coefficient.

    Parameters
    ----------
    value
        As `check_bounds` passes it.
    shape
        (feature, neuron).
    free
        Mask of the coefficients that are not held at zero, or None.
    blocks
        Blocks of the features, if they came in a dict.

    Raises
    ------
    ValueError
        If a shape does not fit, a lower bound is above an upper one, or a held coefficient may not be zero.
    """
    if value is None:
        return None
    pair = SIGNS[value] if isinstance(value, str) else value
    lower, upper = (_over_coefficients(bound, end, shape, blocks) for bound, end in zip(pair, (-np.inf, np.inf)))
    _check_order(lower, upper)
    outside = (lower > 0) | (upper < 0)
    if free is not None and np.any(outside & ~free):
        feature, neuron = np.argwhere(outside & ~free)[0]
        msg = (
            f"feature_mask holds the coefficient of feature {feature} and neuron {neuron} at 0, but coef_bounds asks "
            f"for {lower[feature, neuron]:g} to {upper[feature, neuron]:g}."
        )
        raise ValueError(msg)
    return Bounds(lower, upper)


def _over_coefficients(bound: Any, infinity: float, shape: tuple[int, int], blocks: Blocks | None) -> FloatArray:
    if is_tree(bound):
        if blocks is None:
            msg = "a bound in coef_bounds is a dict, but X is not; give features as a dict with the same keys."
            raise ValueError(msg)
        bound = _of_blocks(bound, infinity, blocks)
    values = _numbers(bound, infinity)
    values = values[:, None] if values.ndim == 1 and len(values) == shape[0] else values
    if values.ndim > 2 or (values.ndim == 1 and values.size > 1) or not _fits(values.shape, shape):
        msg = (
            f"a bound in coef_bounds must be a number, or have shape ({shape[0]},) or {shape} (features, neurons), got "
            f"{np.shape(bound)}."
        )
        raise ValueError(msg)
    return np.broadcast_to(values, shape).astype(np.float64)


def _of_blocks(tree: Any, infinity: float, blocks: Blocks) -> FloatArray:
    """Bounds of all features from those of their blocks: numbers, or shape (feature,) or (feature, neuron)."""
    found = dict(leaves(tree))
    check_keys(set(blocks.paths), set(found), "coef_bounds")
    parts = [_numbers(found[path], infinity) for path in blocks.paths]
    parts = [np.full(size, part) if part.ndim == 0 else part for part, size in zip(parts, blocks.sizes)]
    for path, part, size in zip(blocks.paths, parts, blocks.sizes):
        if len(part) != size:
            msg = f"a bound in coef_bounds{label_of(path)} has {len(part)} entries, but the block has {size} features."
            raise ValueError(msg)
    if max(part.ndim for part in parts) == 1:
        return np.concatenate(parts)
    n_neurons = max(part.shape[1] for part in parts if part.ndim == 2)
    wide = [part[:, None] if part.ndim == 1 else part for part in parts]
    return np.concatenate([np.broadcast_to(part, (len(part), n_neurons)) for part in wide])


def _fits(shape: tuple[int, ...], wanted: tuple[int, int]) -> bool:
    return all(size in (1, full) for size, full in zip(reversed(shape), reversed(wanted)))


def _numbers(bound: Any, infinity: float) -> FloatArray:
    """A bound as floats, no bound as infinity."""
    if bound is None:
        return np.asarray(infinity)
    try:
        values = np.asarray(bound, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"a bound in coef_bounds must be numeric or None, got {kind_of(bound)}."
        raise TypeError(msg) from error
    if np.isnan(values).any():
        msg = "coef_bounds holds NaN; for no bound give -inf and inf, or None."
        raise ValueError(msg)
    return values


def _check_order(lower: FloatArray, upper: FloatArray) -> None:
    wrong = (lower > upper) | (lower == np.inf) | (upper == -np.inf)
    if wrong.any():
        first = tuple(np.argwhere(wrong)[0])  # empty for two numbers
        msg = (
            f"the lower bound in coef_bounds must not be above the upper one, got {lower[first]:g} and "
            f"{upper[first]:g}."
        )
        raise ValueError(msg)
