"""The bases without a shape: the value itself, its history lag by lag, and nothing at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays.xp import namespace
from .._types import FloatArray
from . import _penalty
from ._core import Epochs
from ._leaf import AbstractConvBasis, AbstractEvalBasis, AbstractLeaf

__all__ = ["HistoryConv", "IdentityEval", "Zero"]


@dataclass(repr=False, eq=False)
class IdentityEval(AbstractEvalBasis):
    """The sample itself as a feature.

    Parameters
    ----------
    bounds : (float, float), optional
        Range in which samples count.
    fill_value : float
        Value of the rows whose samples are out of bounds.
    label : str, optional
        Name; default: the class name.
    """

    bounds: tuple[float, float] | None = None
    fill_value: float = math.nan
    label: str | None = None

    @property
    def n_basis_funcs(self) -> int:
        return 1

    def _scale(self, x: Any) -> tuple[Any, Any]:
        """Not scaled: the value is the feature."""
        if self.bounds is None:
            return x, 1.0
        return namespace(x).where((x < self.bounds[0]) | (x > self.bounds[1]), self.fill_value, x), 1.0

    def _range(self, x: Any) -> tuple[Any, Any]:
        return 0.0, 1.0

    def _functions(self, u: Any) -> Any:
        return u[..., None]


@dataclass(repr=False, eq=False)
class HistoryConv(AbstractConvBasis):
    """One feature per lag: the samples of the window themselves, most recent first.

    Parameters
    ----------
    window_size : int
        Length of the window, samples; also the number of functions.
    label : str, optional
        Name; default: the class name.
    conv_kwargs : dict, optional
        Options of `rheobase.convolve.create_convolutional_predictor`, except `axis`.
    """

    window_size: int
    label: str | None = None
    conv_kwargs: dict[str, Any] | None = None

    @property
    def n_basis_funcs(self) -> int:
        return self.window_size

    def _functions(self, u: Any) -> Any:
        """Function j is 1 at the lags nearest to lag j, 0 elsewhere."""
        xp = namespace(u)
        nearest = xp.floor(u * (self.window_size - 1) + 0.5)
        indicators = (nearest[..., None] == np.arange(self.window_size).reshape((1,) * u.ndim + (-1,))) * 1.0
        return xp.where(xp.isnan(u)[..., None], xp.nan, indicators)

    def _gram(self, order: int) -> FloatArray:
        """Lag by lag: the differences, scaled to be derivatives over the window."""
        step = 1 / self.window_size
        return step * _penalty.of_coefficients(self.window_size, order) / step ** (2 * order)


@dataclass(repr=False, eq=False)
class Zero(AbstractLeaf):
    """No feature at all: what a component becomes when it is left out of a model, with its input still in place.

    Parameters
    ----------
    label : str, optional
        Name; default: the class name.
    """

    label: str | None = None

    @property
    def n_basis_funcs(self) -> int:
        return 0

    def _functions(self, u: Any) -> Any:
        return namespace(u).zeros((*u.shape, 0))

    def _range(self, x: Any) -> tuple[Any, Any]:
        return 0.0, 1.0

    def _expand(self, xs: list[np.ndarray], epochs: Epochs) -> FloatArray:
        return self._functions(*xs)

    def _grid_axes(self, n_samples: tuple[int, ...]) -> list[np.ndarray]:
        return [np.linspace(0.0, 1.0, n) for n in n_samples]
