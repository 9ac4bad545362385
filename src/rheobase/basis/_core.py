"""The protocol of a basis: a formula on the unit interval, a list of names, and two ways to make features of them.

::

    AbstractBasis                   evaluate, evaluate_on_grid, compute_features, algebra, names
    ├── AbstractLeaf                fields and a formula
    │   ├── AbstractEvalBasis       features = the functions at the samples
    │   └── AbstractConvBasis       features = the samples convolved with the functions
    ├── AdditiveBasis               two children and nothing else   (`_compose`)
    └── MultiplicativeBasis

A final class declares its fields, checks them, and says in `_functions` what its functions are; nothing else.
"""

from __future__ import annotations

import abc
import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import fields
from numbers import Integral
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from .._arrays.namespace import is_jax
from .._arrays.windows import offset_of
from .._arrays.xp import namespace
from .._types import FloatArray, IntArray
from ..convolve import Clock, as_samples, check_batches, check_causality, convolve_channels
from . import _names
from ._checks import check_bounds, check_conv_kwargs, check_count, check_fill, check_shape

__all__ = ["AbstractBasis", "AbstractConvBasis", "AbstractEvalBasis", "AbstractLeaf", "Component"]

Epochs = tuple[IntArray, IntArray]


class Component(NamedTuple):
    """One term of a sum of bases."""

    label: str
    """Its name in the whole basis."""
    basis: AbstractBasis
    """A leaf or a product."""
    inputs: slice
    """Which of the inputs of the whole basis it takes."""


class AbstractBasis(abc.ABC):
    """A family of functions of one or more inputs, and the features that they make of samples."""

    _input_shape: list[tuple[int, ...] | None] | None = None

    # ---- what each kind of basis says of itself ---------------------------------------------------------------------

    n_basis_funcs: int
    """Number of functions; a field of most leaves, a property of all others."""

    @property
    @abc.abstractmethod
    def n_inputs(self) -> int:
        """Number of inputs that `evaluate` and `compute_features` take."""

    is_complex: bool = False
    """Whether columns are real and imaginary parts; two such bases cannot be multiplied."""

    @property
    @abc.abstractmethod
    def children(self) -> tuple[AbstractBasis, ...]:
        """The parts of a composition; empty for a leaf."""

    @abc.abstractmethod
    def _evaluate(self, xs: list[Any]) -> Any:
        """The functions at samples of equal shape (...): (..., basis), in the array library of the samples."""

    @abc.abstractmethod
    def _expand(self, xs: list[np.ndarray], epochs: Epochs) -> FloatArray:
        """The features of samples of equal shape (time, ...): (time, ..., basis)."""

    @abc.abstractmethod
    def _grid(self, xs: list[FloatArray]) -> FloatArray:
        """The functions on the outer product of one vector per input: (len(x1), len(x2), ..., basis)."""

    @abc.abstractmethod
    def _grid_axes(self, n_samples: tuple[int, ...]) -> list[np.ndarray]:
        """Points along each input on a grid."""

    @abc.abstractmethod
    def _channel_shape(self, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
        """Axes of the features between time and basis, for inputs of these shapes after time."""

    @abc.abstractmethod
    def _read(self, xi: tuple[Any, ...]) -> list[np.ndarray]:
        """The inputs as arrays, checked."""

    @abc.abstractmethod
    def _terms(self, start: int) -> Iterator[tuple[AbstractBasis, slice]]:
        """Each summand, with the slice of inputs that it takes when the first input is number `start`."""

    @abc.abstractmethod
    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name, as scikit-learn asks for them."""

    @abc.abstractmethod
    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; all of them or, if one is wrong, none."""

    # ---- features ---------------------------------------------------------------------------------------------------

    def compute_features(self, *xi: Any) -> Any:
        """Design-matrix columns for samples in time.

        Parameters
        ----------
        *xi : array_like, Tsd, TsdFrame or TsdTensor
            One per input, shape (time, ...), all with the same number of samples.

        Returns
        -------
        features : ndarray or TsdFrame
            Float64, shape (time, n_output_features): component after component; in each, channel after channel, and in
            each channel function after function. A TsdFrame if any input is a series.

        Raises
        ------
        TypeError
            If the number of inputs is wrong, or one does not hold real numbers.
        ValueError
            If the inputs differ in their number of samples, times or time support, or one is empty.
        """
        self._check_number_of_inputs(xi, "compute_features")
        clock = Clock.common(xi)
        samples = self._read(xi)
        n_time = samples[0].shape[0]
        if any(x.shape[0] != n_time for x in samples):
            msg = f"Sample size mismatch: the inputs have {[x.shape[0] for x in samples]} samples."
            raise ValueError(msg)
        epochs = clock.epochs() if clock else (np.array([0]), np.array([n_time]))
        blocks = [term._expand(samples[part], epochs).reshape(n_time, -1) for term, part in self._terms(0)]
        self._input_shape = [x.shape[1:] for x in samples]
        features = blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)
        return clock.dress(features) if clock else features

    def evaluate(self, *xi: Any) -> Any:
        """The functions at the samples, without convolution.

        Inputs are scaled to the unit interval by `bounds` or, without them, by the smallest and largest sample of each
        channel in this call. Works under ``jax.jit`` for JAX arrays.

        Parameters
        ----------
        *xi : array_like or series
            One per input, all of the same shape.

        Returns
        -------
        values : ndarray, jax.Array, TsdFrame or TsdTensor
            Shape ``x.shape + (n_basis_funcs,)``; JAX arrays give a JAX array, everything else float64.
        """
        self._check_number_of_inputs(xi, "evaluate")
        clock = Clock.common(xi)
        if any(map(is_jax, xi)):  # perhaps traced: nothing about the numbers can be checked
            xp = namespace(*xi)
            samples = [xp.atleast_1d(xp.asarray(x) * 1.0) for x in xi]
        else:
            samples = self._read(xi)
        if any(x.shape != samples[0].shape for x in samples):
            msg = f"Sample size mismatch: evaluate needs inputs of one shape, got {[x.shape for x in samples]}."
            raise ValueError(msg)
        values = self._evaluate(samples)
        return clock.dress(values) if clock else values

    def __call__(self, *xi: Any) -> Any:
        """`evaluate`, as bases were called in 2024."""
        return self.evaluate(*xi)

    def evaluate_on_grid(self, *n_samples: int) -> tuple[FloatArray, ...]:
        """The functions on a regular grid over the bounds (by default the unit interval) of each input.

        Parameters
        ----------
        *n_samples : int
            Number of points for each input.

        Returns
        -------
        *grids, values : ndarray
            One grid per input ("ij" order), each of shape `n_samples`, and the functions, shape
            ``(*n_samples, n_basis_funcs)``.
        """
        self._check_number_of_inputs(n_samples, "evaluate_on_grid")
        for n in n_samples:
            if isinstance(n, bool) or not isinstance(n, Integral):
                msg = f"n_samples of evaluate_on_grid must be integers, got {n!r}."
                raise TypeError(msg)
            if n < 1:
                msg = f"All sample counts provided must be greater than zero, got {n}."
                raise ValueError(msg)
        axes = self._grid_axes(tuple(int(n) for n in n_samples))
        return *np.meshgrid(*axes, indexing="ij"), self._grid(axes)

    def _check_number_of_inputs(self, given: tuple[Any, ...], method: str) -> None:
        if len(given) != self.n_inputs:
            msg = f"{type(self).__name__}.{method} takes {self.n_inputs} input(s), got {len(given)}."
            raise TypeError(msg)

    # ---- shapes -----------------------------------------------------------------------------------------------------

    @property
    def input_shape(self) -> list[tuple[int, ...] | None]:
        """Shape of each input after time, from `set_input_shape` or the last `compute_features`; None if unknown."""
        return [None] * self.n_inputs if self._input_shape is None else list(self._input_shape)

    @property
    def n_output_features(self) -> int | None:
        """Number of columns that `compute_features` returns; None while the shape of an input is unknown."""
        shapes = self.input_shape
        if None in shapes:
            return None
        return sum(math.prod(term._channel_shape(shapes[part])) * term.n_basis_funcs for term, part in self._terms(0))

    def set_input_shape(self, *xi: Any) -> Self:
        """Fix the shape of the inputs.

        Parameters
        ----------
        *xi : int, tuple of int, or array
            For each input, its number of channels, its shape after time, or an array that has it (with time first).
        """
        if len(xi) != self.n_inputs:
            msg = f"set_input_shape expects {self.n_inputs} inputs, but {len(xi)} were provided."
            raise ValueError(msg)
        self._input_shape = [check_shape(x) for x in xi]
        return self

    def setup_basis(self, *xi: Any) -> Self:
        """Fix the input shapes from samples, before a transformation that keeps its state fixed."""
        self._check_number_of_inputs(xi, "setup_basis")
        return self.set_input_shape(*self._read(xi))

    def components(self) -> Iterator[Component]:
        """The summands from left to right (a basis that is no sum is its only one), each with its label and inputs."""
        labels = _names.labels_of(self)
        return (Component(labels[id(term)], term, part) for term, part in self._terms(0))

    def split_by_feature(self, x: Any, axis: int = 1) -> dict[str, Any]:
        """Cut columns of features, or of coefficients, into the components that made them.

        Parameters
        ----------
        x : array or series
            One axis, `axis`, has n_output_features entries.
        axis : int
            That axis.

        Returns
        -------
        parts : dict of str to array or series
            By label; `axis` is replaced by ``(*input_shape, n_basis_funcs)``, without channel axes for 1-D inputs.

        Raises
        ------
        ValueError
            If the axis has another number of entries, or input shapes are not known yet.
        """
        clock = Clock.of(x)
        values = np.asarray(x.values) if clock else x if is_jax(x) else np.asarray(x)
        if values.shape[axis] != self.n_output_features:
            hint = " Call set_input_shape or compute_features first." if self.n_output_features is None else ""
            msg = (
                "`x.shape[axis]` does not match the expected number of features: "
                f"it is {values.shape[axis]}, expected {self.n_output_features}.{hint}"
            )
            raise ValueError(msg)
        axis %= values.ndim
        parts, start, shapes = {}, 0, self.input_shape
        for component in self.components():
            channels = component.basis._channel_shape(shapes[component.inputs])
            shape = (*channels, component.basis.n_basis_funcs)
            stop = start + math.prod(shape)
            block = values[(slice(None),) * axis + (slice(start, stop),)]
            block = block.reshape(values.shape[:axis] + shape + values.shape[axis + 1 :])
            parts[component.label] = clock.dress(block) if clock and axis > 0 else block
            start = stop
        return parts

    # ---- algebra ----------------------------------------------------------------------------------------------------

    def __add__(self, other: AbstractBasis) -> AbstractBasis:
        from ._compose import AdditiveBasis

        return AdditiveBasis(self, other) if isinstance(other, AbstractBasis) else NotImplemented

    def __mul__(self, other: AbstractBasis | int) -> AbstractBasis:
        from ._compose import MultiplicativeBasis, repeated_sum

        if isinstance(other, AbstractBasis):
            return MultiplicativeBasis(self, other)
        return repeated_sum(self, other)

    def __rmul__(self, other: int) -> AbstractBasis:
        return self * other

    def __pow__(self, exponent: int) -> AbstractBasis:
        from ._compose import repeated_product

        return repeated_product(self, exponent)

    def __iter__(self) -> Iterator[AbstractBasis]:
        return (term for term, _ in self._terms(0))

    def __len__(self) -> int:
        return sum(1 for _ in self._terms(0))

    def __getitem__(self, label: str) -> AbstractBasis:
        return _names.find(self, label)

    def to_transformer(self) -> Any:
        """The basis as a scikit-learn transformer."""
        from .transformer import TransformerBasis

        return TransformerBasis(self)

    # ---- identity ---------------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AbstractBasis) or type(self) is not type(other):
            return NotImplemented if not isinstance(other, AbstractBasis) else False
        mine, theirs = self.get_params(), other.get_params()
        return mine.keys() == theirs.keys() and all(_names.same(mine[key], theirs[key]) for key in mine)

    __hash__ = object.__hash__

    def __sklearn_clone__(self) -> Self:
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        return _names.text_of(self)


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

    def _channel_shape(self, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
        return shapes[0]

    def _read(self, xi: tuple[Any, ...]) -> list[np.ndarray]:
        return [as_samples(x, f"input of {self.label}") for x in xi]

    def _grid(self, xs: list[FloatArray]) -> FloatArray:
        mesh = np.meshgrid(*xs, indexing="ij")
        values = self._evaluate([axis.ravel() for axis in mesh])
        return values.reshape(*mesh[0].shape, -1)

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
