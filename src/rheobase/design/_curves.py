"""Fitted terms as what they mean: filters over lags, curves over the range of a signal."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import FloatArray
from ..basis._leaf import AbstractConvBasis, AbstractEvalBasis
from ._terms import Term

__all__ = ["curve_of"]

Axes = FloatArray | tuple[FloatArray, ...]


def curve_of(term: Term, coef: FloatArray, n_points: int, bin_size: float | None) -> tuple[Axes, FloatArray] | None:
    """Axis, or axes, and values of one term; None where there is no curve to draw.

    Parameters
    ----------
    term
        The term.
    coef
        Its coefficients, shape ``term.shape + (neuron,)`` or without the last.
    n_points
        Points along each signal.
    bin_size
        s; lags are in bins if it is None.
    """
    basis = term.basis
    if isinstance(basis, AbstractConvBasis):
        lags = np.arange(basis.window_size) - basis.offset
        return lags * (1.0 if bin_size is None else bin_size), _combined(basis.kernel_matrix(), term, coef)
    if basis is None or basis.is_discrete or not _only_evaluated(basis):
        return None
    *grids, functions = basis.evaluate_on_grid(*[n_points] * basis.n_inputs)
    axes = tuple(np.moveaxis(grid, number, 0).reshape(n_points, -1)[:, 0] for number, grid in enumerate(grids))
    return (axes[0] if len(axes) == 1 else axes), _combined(functions, term, coef)


def _combined(functions: FloatArray, term: Term, coef: FloatArray) -> FloatArray:
    """Functions (..., basis) times coefficients (channel, basis, neuron): (..., channel, neuron)."""
    return np.tensordot(functions, coef, axes=(-1, len(term.shape) - 1))


def _only_evaluated(basis: Any) -> bool:
    """Whether there is no convolution among its parts."""
    if basis.children:
        return all(map(_only_evaluated, basis.children))
    return isinstance(basis, AbstractEvalBasis)
