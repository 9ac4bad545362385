"""Bases with a formula of their own, and the two ways to make features of it: evaluate, or convolve.

A final class declares its fields, checks them, and says in `_functions` what its functions are on the unit interval.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np

from .._arrays.namespace import is_jax
from .._arrays.windows import offset_of
from .._arrays.xp import namespace
from .._types import FloatArray
from ..convolve._predictor import as_samples, check_batches, check_causality, convolve_channels
from . import _names, _penalty
from ._checks import check_bounds, check_conv_kwargs, check_count, check_fill
from ._core import AbstractBasis, Epochs

__all__ = ["AbstractConvBasis", "AbstractEvalBasis", "AbstractLeaf", "smallest_and_largest", "to_unit"]


class AbstractLeaf(AbstractBasis):
    """A basis with fields and a formula. Final classes are dataclasses; every field is checked whenever it is set."""

    _checks: ClassVar[dict[str, Callable[[Any, str], Any]]] = {
        "label": lambda value, owner: _names.check_label(value, owner)
    }
    """Field → function of (value, class name) that returns the clean value or raises."""

    label: str

    is_density: ClassVar[bool] = False
    """Whether the functions are densities of the input, which are divided by its range when it is scaled to [0, 1]."""

    @abc.abstractmethod
    def _range(self, x: Any) -> tuple[Any, Any]:
        """What is scaled to 0 and to 1: numbers, or one for each channel of `x`."""

    @abc.abstractmethod
    def _functions(self, *u: Any) -> Any:
        """The formula: inputs of equal shape (...) on the unit interval, in any array library → (..., basis)."""

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        """Raise if fields that are right one by one do not fit together."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._checks:
            value = self._checks[name](value, type(self).__name__)
            known = {**self.__dict__, name: value}
            if all(field.name in known for field in fields(self)):
                self._check_together(known)
        object.__setattr__(self, name, value)

    @property
    def n_inputs(self) -> int:
        return 1

    @property
    def children(self) -> tuple[AbstractBasis, ...]:
        return ()

    def _terms(self, start: int) -> Iterator[tuple[AbstractBasis, slice]]:
        yield self, slice(start, start + self.n_inputs)

    def _evaluate(self, xs: list[Any]) -> Any:
        scaled = [self._scale(x if is_jax(x) else x.astype(np.float64, copy=False)) for x in xs]
        values = self._functions(*(u for u, _ in scaled))
        if self.is_density:
            for u, width in scaled:
                values = values / namespace(u).broadcast_to(width, u.shape)[..., None]
        return values

    def _scale(self, x: Any) -> tuple[Any, Any]:
        """`x` on the unit interval, and the width of its range."""
        return to_unit(x, *self._range(x))

    def _bounds_of_inputs(self) -> list[Any]:
        return [None] * self.n_inputs

    def _channel_shape(self, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
        return shapes[0]

    def _read(self, xi: tuple[Any, ...]) -> list[np.ndarray]:
        return [as_samples(x, f"input of {self.label}") for x in xi]

    def _grid(self, xs: list[FloatArray]) -> FloatArray:
        mesh = np.meshgrid(*xs, indexing="ij")
        values = self._evaluate([axis.ravel() for axis in mesh])
        return values.reshape(*mesh[0].shape, -1)

    def _gram(self, order: int) -> FloatArray:
        if self.n_inputs > 1:
            msg = f"{type(self).__name__} has {self.n_inputs} inputs: no derivative of its functions is known."
            raise ValueError(msg)
        return _penalty.by_differences(self._functions, self.n_basis_funcs, order)

    def _roughness(self, order: int, kind: str) -> FloatArray:
        if kind == "difference":
            return _penalty.of_coefficients(self.n_basis_funcs, order)
        return self._gram(order)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {name: getattr(self, name) for name in sorted(field.name for field in fields(self))}

    def set_params(self, **params: Any) -> Self:
        known = self.get_params()
        for name in params:
            if name not in known:
                msg = f"Invalid parameter {name!r} for estimator {self!r}. Valid parameters are: {list(known)}."
                raise ValueError(msg)
        self.__dict__.update(vars(type(self)(**{**known, **params})))
        return self


class AbstractEvalBasis(AbstractLeaf):
    """Features are the functions at the samples."""

    _checks = AbstractLeaf._checks | {"bounds": check_bounds, "fill_value": check_fill}

    bounds: tuple[float, float] | None
    fill_value: float

    def _range(self, x: Any) -> tuple[Any, Any]:
        return self.bounds or smallest_and_largest(x)

    def _expand(self, xs: list[np.ndarray], epochs: Epochs) -> FloatArray:
        if any(x.shape != xs[0].shape for x in xs):
            msg = f"All inputs of {type(self).__name__} must have the same shape, got {[x.shape for x in xs]}."
            raise ValueError(msg)
        values = self._evaluate(xs)
        outside = self._outside(xs)
        if outside.any():
            values[outside] = self.fill_value
        return values

    def _bounds_of_inputs(self) -> list[Any]:
        return [self.bounds] * self.n_inputs

    def _outside(self, xs: list[FloatArray]) -> np.ndarray:
        """Rows in which any channel of any input is out of bounds, shape (time,)."""
        outside = np.zeros(xs[0].shape[0], dtype=bool)
        if self.bounds is not None:
            for x in xs:
                outside |= ((x < self.bounds[0]) | (x > self.bounds[1])).reshape(len(x), -1).any(axis=1)
        return outside

    def _grid_axes(self, n_samples: tuple[int, ...]) -> list[np.ndarray]:
        return [np.linspace(*(self.bounds or (0.0, 1.0)), n) for n in n_samples]


class AbstractConvBasis(AbstractLeaf):
    """Features are the samples convolved with the functions, laid over a window of lags."""

    _checks = AbstractLeaf._checks | {
        "window_size": lambda value, owner: check_count(value, "window_size", owner),
        "conv_kwargs": check_conv_kwargs,
    }

    window_size: int
    conv_kwargs: dict[str, Any]

    def kernel_matrix(self) -> FloatArray:
        """The functions at the lags of the window, most recent first: (window_size, n_basis_funcs), float64."""
        lags = np.linspace(0, 1, self.window_size)
        return np.ascontiguousarray(self._functions(lags), dtype=np.float64)

    @property
    def kernel_(self) -> FloatArray:
        """The kernels that `compute_features` convolves with; `kernel_matrix`."""
        return self.kernel_matrix()

    @property
    def predictor_causality(self) -> str:
        """One of "causal", "acausal" and "anti-causal"."""
        return self.conv_kwargs.get("predictor_causality", "causal")

    @property
    def shift(self) -> bool:
        """Whether the sample itself is left out of its own prediction."""
        return check_causality(self.predictor_causality, self.conv_kwargs.get("shift"))

    @property
    def offset(self) -> int:
        """Features are ``out[t] = sum_i kernel[i] * x[t + offset - i]``; NaN where that leaves the epoch of t."""
        return offset_of(self.window_size, self.predictor_causality, self.shift)

    def _range(self, x: Any) -> tuple[Any, Any]:
        return smallest_and_largest(x)

    def _expand(self, xs: list[np.ndarray], epochs: Epochs) -> FloatArray:
        options = self.conv_kwargs
        sizes = (options.get(f"batch_size_{what}") for what in ("samples", "channels", "basis"))
        batches = check_batches(self.window_size, *sizes)
        return convolve_channels(self.kernel_matrix(), self.offset, xs[0], epochs, batches)

    def _grid_axes(self, n_samples: tuple[int, ...]) -> list[np.ndarray]:
        return [np.linspace(0.0, 1.0, n) for n in n_samples]


def to_unit(x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """`x` scaled so that `low` is 0 and `high` is 1, and that width; constant samples are 0, of width 1."""
    xp = namespace(x)
    low, high = xp.asarray(low, dtype=x.dtype), xp.asarray(high, dtype=x.dtype)
    width = xp.where(high == low, xp.ones_like(high), high - low)
    return (x - xp.broadcast_to(low, x.shape)) / xp.broadcast_to(width, x.shape), width


def smallest_and_largest(x: Any) -> tuple[Any, Any]:
    """Of each channel, over time, among the finite samples (NaN if there is none)."""
    xp = namespace(x)
    finite = xp.isfinite(x)
    low = xp.min(xp.where(finite, x, xp.inf), axis=0)
    high = xp.max(xp.where(finite, x, -xp.inf), axis=0)
    none = low > high
    return xp.where(none, xp.nan, low), xp.where(none, xp.nan, high)
