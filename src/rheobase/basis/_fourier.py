"""Fourier basis of one or more periodic variables: cosines, then sines, of whole frequencies."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from .._arrays.namespace import is_jax
from .._arrays.xp import namespace
from .._types import ArrayLike, FloatArray
from ..containers._warn import warn_user
from ._checks import check_bounds, check_count
from ._leaf import AbstractEvalBasis, smallest_and_largest, to_unit

__all__ = ["FourierEval"]

Bounds = tuple[float, float]


def waves(u: tuple[Any, ...], frequencies: FloatArray) -> Any:
    """``cos(2 pi f.u)`` for every column f of `frequencies` (dimension, wave), then the sines of all but f = 0."""
    xp = namespace(*u)
    phase = sum(x[..., None] * xp.asarray(f.reshape((1,) * x.ndim + (-1,)), x.dtype) for x, f in zip(u, frequencies))
    phase = 2 * np.pi * phase
    moving = np.flatnonzero(frequencies.any(axis=0))
    return xp.concatenate([xp.cos(phase), xp.sin(phase[..., moving])], axis=-1)


@dataclass(repr=False, eq=False)
class FourierEval(AbstractEvalBasis):
    """Cosines and sines of whole frequencies, evaluated at the samples; samples beyond the bounds wrap around.

    Parameters
    ----------
    frequencies : int, (int, int), array of int, or list of them
        N for 0 ... N-1, (a, b) for a ... b-1, or the frequencies themselves, in periods per range of the input. A list
        has one entry for each dimension; anything else is used for all.
    ndim : int
        Number of inputs. A wave has one frequency along each.
    bounds : (float, float) or one pair per dimension, optional
        The period; default: smallest and largest sample of each call.
    frequency_mask : {"no-intercept", "all"}, array of 0 and 1, callable, or None
        Which combinations of frequencies are kept: all but the constant, all (also None), those where an array of shape
        (len(f_1), ..., len(f_d)) is 1, or those for which ``frequency_mask(f_1, ..., f_d)`` is true.
    label : str, optional
        Name; default: the class name.
    """

    frequencies: Any
    ndim: int = 1
    bounds: Bounds | tuple[Bounds, ...] | None = None
    frequency_mask: str | ArrayLike | Callable[..., bool] | None = "no-intercept"
    label: str | None = None

    _checks = AbstractEvalBasis._checks | {
        "ndim": lambda value, owner: check_count(value, "ndim", owner),
        "frequencies": lambda value, owner: _frequencies(value),
        "bounds": lambda value, owner: _check_bounds(value, owner),
    }

    is_complex = True
    fill_value = math.nan  # never used: nothing is out of bounds on a circle

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        ndim, bounds = values["ndim"], values["bounds"]
        if bounds is not None and isinstance(bounds[0], tuple) and len(bounds) != ndim:
            msg = f"`bounds` of {cls.__name__} must be one pair, or one for each of {ndim} dimensions, got {bounds}."
            raise ValueError(msg)
        _chosen(_per_dimension(values["frequencies"], ndim), values["frequency_mask"])

    @property
    def n_inputs(self) -> int:
        return self.ndim

    @property
    def masked_frequencies(self) -> FloatArray:
        """Frequencies of the waves that are kept, shape (ndim, wave), in the order of the cosines."""
        return _chosen(_per_dimension(self.frequencies, self.ndim), self.frequency_mask)

    @property
    def n_basis_funcs(self) -> int:
        kept = self.masked_frequencies
        return kept.shape[1] + int(np.count_nonzero(kept.any(axis=0)))

    def _evaluate(self, xs: list[Any]) -> Any:
        xs = [x if is_jax(x) else x.astype(np.float64, copy=False) for x in xs]
        ranges = [bounds or smallest_and_largest(x) for x, bounds in zip(xs, self._bounds_of_inputs())]
        return self._functions(*(to_unit(x, *bounds)[0] for x, bounds in zip(xs, ranges)))

    def _functions(self, *u: Any) -> Any:
        return waves(u, self.masked_frequencies)

    def _gram(self, order: int) -> FloatArray:
        """Exact: waves are orthogonal; in several dimensions the gradient of that order is meant."""
        frequencies = self.masked_frequencies
        moving = frequencies.any(axis=0)
        size = (2 * np.pi) ** 2 * (frequencies**2).sum(axis=0)
        energy = np.where(moving, 0.5 * size**order, float(order == 0))
        return np.diag(np.concatenate([energy, energy[moving]]))

    def _roughness(self, order: int, kind: str) -> FloatArray:
        if kind == "difference":
            msg = "Waves have no neighbours: use kind='derivative' for a Fourier basis."
            raise ValueError(msg)
        return self._gram(order)

    def _outside(self, xs: list[FloatArray]) -> np.ndarray:
        return np.zeros(len(xs[0]), dtype=bool)

    def _grid_axes(self, n_samples: tuple[int, ...]) -> list[np.ndarray]:
        return [np.linspace(*(bounds or (0.0, 1.0)), n) for bounds, n in zip(self._bounds_of_inputs(), n_samples)]

    def _bounds_of_inputs(self) -> list[Any]:
        if self.bounds is None or not isinstance(self.bounds[0], tuple):
            return [self.bounds] * self.ndim
        return list(self.bounds)


def _check_bounds(value: Any, owner: str) -> Bounds | tuple[Bounds, ...] | None:
    if value is not None and np.ndim(value) == 2:
        return tuple(check_bounds(pair, owner) for pair in value)
    return check_bounds(value, owner)


def _frequencies(value: Any) -> FloatArray | list[FloatArray]:
    return [_along_one(f) for f in value] if isinstance(value, list) else _along_one(value)


def _per_dimension(frequencies: FloatArray | list[FloatArray], ndim: int) -> list[FloatArray]:
    if not isinstance(frequencies, list):
        return [frequencies] * ndim
    if len(frequencies) != ndim:
        msg = f"Length of frequencies list must match input dimensionality, got {len(frequencies)} for ndim={ndim}."
        raise ValueError(msg)
    return frequencies


def _along_one(frequencies: Any) -> FloatArray:
    if isinstance(frequencies, Integral) and not isinstance(frequencies, bool):
        if frequencies < 1:
            msg = f"Integer frequencies must be > 0 (N stands for 0, ..., N-1), got {frequencies}."
            raise ValueError(msg)
        return np.arange(frequencies, dtype=np.float64)
    if isinstance(frequencies, tuple) and len(frequencies) == 2 and all(isinstance(f, Integral) for f in frequencies):
        start, stop = frequencies
        if not 0 <= start < stop:
            msg = f"Tuple frequencies must satisfy 0 <= start < stop, got ({start}, {stop})."
            raise ValueError(msg)
        return np.arange(start, stop, dtype=np.float64)
    if np.ndim(frequencies) != 1 or isinstance(frequencies, (str, tuple, list)):
        msg = (
            f"Unrecognized type {type(frequencies)} for ``frequencies``: give an int, a pair of int, an array of int, "
            "or a list of these with one entry for each dimension."
        )
        raise TypeError(msg)
    given = np.asarray(frequencies, dtype=np.float64)
    if given.size == 0 or np.any(given < 0) or np.any(given != np.round(given)):
        msg = f"Invalid frequencies provided: they must be non-negative integers, got {frequencies}."
        raise ValueError(msg)
    if np.any(np.diff(given) < 0):
        warn_user("Unsorted frequencies provided! Frequencies will be sorted.")
    return np.sort(given)


def _chosen(frequencies: list[FloatArray], mask: Any) -> FloatArray:
    """Combinations that `mask` keeps, (dimension, wave), the last dimension fastest."""
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*frequencies, indexing="ij")])
    shape = tuple(len(f) for f in frequencies)
    if mask is None or (isinstance(mask, str) and mask == "all"):
        return grid
    if isinstance(mask, str):
        if mask != "no-intercept":
            msg = f'``frequency_mask`` must be "all", "no-intercept", an array, a callable or None, got {mask!r}.'
            raise ValueError(msg)
        return grid[:, grid.any(axis=0)]
    if callable(mask):
        keep = np.array([mask(*combination) for combination in itertools.product(*frequencies)]).reshape(shape)
    else:
        keep = np.asarray(mask)
    if keep.shape != shape:
        msg = f"Invalid shape for ``frequency_mask``. Expected {shape}, one entry per frequency, got {keep.shape}."
        raise ValueError(msg)
    if not np.all((keep == 0) | (keep == 1)):
        msg = "Frequency mask must be an array-like of 0s and 1s."
        raise ValueError(msg)
    return grid[:, keep.astype(bool).ravel()]
