"""A basis of the user's own functions, and one-hot codes of categories."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from .._arrays.namespace import is_jax
from .._arrays.xp import namespace
from .._types import FloatArray, TimeSeriesLike
from . import _penalty
from ._checks import check_count
from ._core import Epochs
from ._leaf import AbstractEvalBasis, AbstractLeaf

__all__ = ["Category", "CustomBasis"]


@dataclass(repr=False, eq=False)
class CustomBasis(AbstractEvalBasis):
    """Functions of the user's own, called with the samples as they are.

    Parameters
    ----------
    funcs : callable or list of callable
        Each takes arrays with time first and `ndim_input` axes in all, one for each input, and returns an array with
        the same number of samples, shape ``(time, *output_shape)``. Further axes of the samples are looped over.
    ndim_input : int
        Number of axes, time included, that a function wants; 1 for a vector, 3 for a movie.
    output_shape : int or tuple of int, optional
        Shape of what a function returns, after time; default (): one number per sample.
    basis_kwargs : dict, optional
        Keywords for every function.
    pynapple_support : bool
        Kept for old scripts; functions always receive arrays, and series come out as series.
    label : str, optional
        Name; default: the class name.
    is_complex : bool
        Whether functions are complex, so that two such bases must not be multiplied.
    bounds : (float, float), optional
        Range of the inputs.
    fill_value : float
        Value of the rows whose samples are out of bounds.
    """

    funcs: Any
    ndim_input: int = 1
    output_shape: Any = None
    basis_kwargs: dict[str, Any] | None = None
    pynapple_support: bool = True
    label: str | None = None
    is_complex: bool = False
    bounds: tuple[float, float] | None = None
    fill_value: float = math.nan

    _checks = AbstractEvalBasis._checks | {
        "funcs": lambda value, owner: _check_functions(value, owner),
        "ndim_input": lambda value, owner: check_count(value, "ndim_input", owner),
        "output_shape": lambda value, owner: _check_output_shape(value, owner),
        "basis_kwargs": lambda value, owner: _check_keywords(value, owner),
    }

    @classmethod
    def _check_together(cls, values: dict[str, Any]) -> None:
        counts = {_count_inputs(function, values["basis_kwargs"]) for function in values["funcs"]}
        if len(counts) > 1:
            msg = f"Each function of ``funcs`` in {cls.__name__} must accept the same number of inputs, got {counts}."
            raise ValueError(msg)

    @property
    def n_basis_funcs(self) -> int:
        return len(self.funcs)

    @property
    def n_inputs(self) -> int:
        return _count_inputs(self.funcs[0], self.basis_kwargs)

    def _range(self, x: Any) -> tuple[Any, Any]:
        return 0.0, 1.0

    def _scale(self, x: Any) -> tuple[Any, Any]:
        """Not scaled: the functions are called with the samples as they are."""
        return x, 1.0

    def _functions(self, *u: Any) -> Any:
        xp = namespace(*u)
        if u[0].ndim < self.ndim_input:
            msg = f"Each input of {self.label!r} must have at least {self.ndim_input} dimensions, got {u[0].ndim}."
            raise ValueError(msg)
        extra = u[0].shape[self.ndim_input :]
        channels = [x.reshape(*x.shape[: self.ndim_input], -1) for x in u]
        every = range(channels[0].shape[-1])
        columns = [
            xp.stack([self._call(function, [x[..., c] for x in channels]) for c in every], axis=-1)
            for function in self.funcs
        ]
        return xp.stack(columns, axis=-1).reshape(u[0].shape[0], *self.output_shape, *extra, len(self.funcs))

    def _gram(self, order: int) -> FloatArray:
        if self.n_inputs > 1 or self.ndim_input > 1 or self.output_shape:
            msg = f"The functions of {self.label!r} are not functions of one number: no derivative of them is known."
            raise ValueError(msg)
        low, high = self.bounds or (0.0, 1.0)
        return _penalty.by_differences(lambda u: self._functions(low + (high - low) * u), self.n_basis_funcs, order)

    def _call(self, function: Callable[..., Any], xs: list[Any]) -> Any:
        value = namespace(*xs).asarray(function(*xs, **self.basis_kwargs))
        wanted = (xs[0].shape[0], *self.output_shape)
        if math.prod(value.shape) != math.prod(wanted) or value.shape[:1] != wanted[:1]:
            msg = f"A function of {self.label!r} returned an array of shape {value.shape}, expected {wanted}."
            raise ValueError(msg)
        return value.reshape(wanted)

    def _channel_shape(self, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
        return self.output_shape + shapes[0][self.ndim_input - 1 :]


def _check_functions(value: Any, owner: str) -> list[Callable[..., Any]]:
    functions = [value] if callable(value) else value
    if not isinstance(functions, Iterable):
        msg = f"`funcs` of {owner} must be a callable or an iterable of callables, got {value!r}."
        raise TypeError(msg)
    functions = list(functions)
    if not functions or not all(map(callable, functions)):
        msg = f"User must provide an iterable of callable as `funcs` of {owner}, got {value!r}."
        raise ValueError(msg)
    return functions


def _check_output_shape(value: Any, owner: str) -> tuple[int, ...]:
    if value is None:
        return ()
    shape = (value,) if isinstance(value, Integral) else value
    if not isinstance(shape, tuple) or not all(isinstance(n, Integral) and n > 0 for n in shape):
        msg = f"`output_shape` of {owner} must be a positive integer or a tuple of them, got {value!r}."
        raise ValueError(msg)
    return tuple(int(n) for n in shape)


def _check_keywords(value: Any, owner: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        msg = f"`basis_kwargs` of {owner} must be a dictionary, got {value!r}."
        raise ValueError(msg)
    return dict(value or {})


def _count_inputs(function: Callable[..., Any], keywords: dict[str, Any]) -> int:
    """Number of positional arguments without a default that are not among `keywords`; 1 if it cannot be told."""
    if isinstance(function, np.ufunc):
        return function.nin
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # built-in functions may have no signature
        return 1
    needed = [p for p in parameters if p.kind in kinds and p.default is p.empty and p.name not in keywords]
    return max(len(needed), 1)


@dataclass(repr=False, eq=False)
class Category(AbstractLeaf):
    """One-hot codes of a categorical variable, one column per category, in sorted order.

    Parameters
    ----------
    categories : int or array_like
        The labels, or N for 0, ..., N - 1.
    out_of_category : bool
        Whether samples of no category are allowed; they are all zeros.
    label : str, optional
        Name; default: the class name.

    Raises
    ------
    ValueError
        From `compute_features` and `evaluate`, if a sample is in no category and `out_of_category` is False.
    """

    categories: Any
    out_of_category: bool = True
    label: str | None = None

    _checks = AbstractLeaf._checks | {
        "categories": lambda value, owner: _check_categories(value, owner),
        "out_of_category": lambda value, owner: bool(value),
    }
    is_discrete = True

    @property
    def n_basis_funcs(self) -> int:
        return len(self.categories)

    def _range(self, x: Any) -> tuple[Any, Any]:
        return 0.0, 1.0

    def _read(self, xi: tuple[Any, ...]) -> list[np.ndarray]:
        return [np.atleast_1d(np.asarray(x.values if isinstance(x, TimeSeriesLike) else x)) for x in xi]

    def _evaluate(self, xs: list[Any]) -> Any:
        return self._functions(*xs)

    def _functions(self, u: Any) -> Any:
        codes = u[..., None] == self.categories.reshape((1,) * u.ndim + (-1,))
        if not self.out_of_category and not is_jax(u) and not codes.any(axis=-1).all():
            strange = np.unique(u[~codes.any(axis=-1)])[:5]
            msg = f"Samples {strange.tolist()} are in no category of {self.label!r}, {self.categories.tolist()}."
            raise ValueError(msg)
        return codes.astype(np.float64 if not is_jax(u) else float)

    def _expand(self, xs: list[np.ndarray], epochs: Epochs) -> FloatArray:
        return self._functions(*xs)

    def _gram(self, order: int) -> FloatArray:
        if order:
            msg = f"The categories of {self.label!r} have no order: nothing about them is smooth or rough."
            raise ValueError(msg)
        return np.eye(self.n_basis_funcs) / self.n_basis_funcs

    def _roughness(self, order: int, kind: str) -> FloatArray:
        return self._gram(order)

    def _grid_axes(self, n_samples: tuple[int, ...]) -> list[np.ndarray]:
        if n_samples != (len(self.categories),):
            msg = f"A grid over {self.label!r} has one point per category, {len(self.categories)}, got {n_samples[0]}."
            raise ValueError(msg)
        return [self.categories]


def _check_categories(value: Any, owner: str) -> np.ndarray:
    if isinstance(value, Integral) and not isinstance(value, bool):
        return np.arange(check_count(value, "categories", owner))
    labels = np.unique(np.asarray(value))
    if labels.size == 0 or np.ndim(value) != 1 or labels.size < np.size(value):
        msg = f"`categories` of {owner} must be a positive integer or a vector of distinct labels, got {value!r}."
        raise ValueError(msg)
    return labels
