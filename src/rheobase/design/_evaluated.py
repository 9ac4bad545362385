"""A basis evaluated on the fly: only its inputs are kept, and the functions of a block of rows at a time."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .._types import FloatArray
from ..basis import CustomBasis, IdentityEval
from ..basis._core import AbstractBasis
from ..basis._leaf import AbstractEvalBasis, smallest_and_largest
from ._blockwise import AbstractBlockwise
from ._core import bucket

__all__ = ["Evaluated", "row_by_row"]


class Evaluated(AbstractBlockwise):
    """Functions of signals, row by row.

    Parameters
    ----------
    basis
        One for which `row_by_row` found a form.
    samples
        One for each input, shape (time, ...).
    """

    def __init__(self, basis: AbstractBasis, samples: list[np.ndarray]):
        self.basis, self.samples = basis, samples
        self.n_samples = len(samples[0])
        channels = basis._channel_shape([x.shape[1:] for x in samples])
        self.n_features = int(np.prod(channels, dtype=int)) * basis.n_basis_funcs
        self.n_rows = bucket(self.n_samples)
        self.row_mask = self.finite_rows()

    def take(self, start, stop) -> FloatArray:
        epochs = np.array([0]), np.array([stop - start])
        values = self.basis._expand([x[start:stop] for x in self.samples], epochs)
        return np.array(values.reshape(stop - start, self.n_features))


def row_by_row(basis: AbstractBasis, samples: list[np.ndarray]) -> AbstractBasis | None:
    """The basis with all ranges that it would read from its samples written down, so that some rows are enough to
    evaluate them; None if there is no such form.
    """
    fixed = copy.deepcopy(basis)
    return fixed if _fix(fixed, list(samples)) else None


def _fix(node: Any, samples: list[np.ndarray]) -> bool:
    """Write down the ranges of all leaves in place; False if one of them needs all rows at once."""
    if node.children:
        done = True
        for child in node.children:
            own, samples = samples[: child.n_inputs], samples[child.n_inputs :]
            done = done and _fix(child, own)
        return done
    if not isinstance(node, AbstractEvalBasis) or isinstance(node, CustomBasis) or node.n_inputs > 1:
        return False
    if node.bounds is None and not isinstance(node, IdentityEval):  # whose functions know no range
        low, high = smallest_and_largest(samples[0].astype(np.float64, copy=False))
        if np.ndim(low) or not low < high:
            return False
        node.bounds = (float(low), float(high))
    return True
