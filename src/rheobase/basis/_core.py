"""The protocol of a basis: a formula on the unit interval, a list of names, and two ways to make features of them.

::

    AbstractBasis                   evaluate, evaluate_on_grid, compute_features, algebra, names
    ├── AbstractLeaf                fields and a formula            (`_leaf`)
    │   ├── AbstractEvalBasis       features = the functions at the samples
    │   └── AbstractConvBasis       features = the samples convolved with the functions
    ├── AdditiveBasis               two children and nothing else   (`_compose`)
    └── MultiplicativeBasis
"""

from __future__ import annotations

import abc
import copy
import math
from collections.abc import Iterator
from numbers import Integral
from typing import Any, NamedTuple, Self

import numpy as np

from .._arrays.namespace import is_jax
from .._arrays.xp import namespace
from .._errors import did_you_mean
from .._manners import Plotted
from .._types import FloatArray, IntArray
from ..convolve._predictor import Clock
from . import _names
from ._checks import check_count, check_shape, warn_if_outside

__all__ = ["AbstractBasis", "Component", "Epochs"]

Epochs = tuple[IntArray, IntArray]


class Component(NamedTuple):
    """One term of a sum of bases."""

    label: str
    """Its name in the whole basis."""
    basis: AbstractBasis
    """A leaf or a product."""
    inputs: slice
    """Which of the inputs of the whole basis it takes."""


class AbstractBasis(Plotted, abc.ABC):
    """A family of functions of one or more inputs, and the features that they make of samples."""

    _input_shape: list[tuple[int, ...] | None] | None = None

    # ---- what each kind of basis says of itself ---------------------------------------------------------------------

    n_basis_funcs: int
    """Number of functions; a field of most leaves, a property of all others."""

    @property
    @abc.abstractmethod
    def n_inputs(self) -> int:
        """Number of inputs that `evaluate` and `compute_features` take."""

    is_discrete: bool = False
    """Whether inputs are labels rather than numbers."""

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
    def _bounds_of_inputs(self) -> list[tuple[float, float] | None]:
        """Bounds of each input; None where a range is read from the samples."""

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
        warn_if_outside(self, samples)
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

    # ---- smoothness --------------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def _gram(self, order: int) -> FloatArray:
        """Integrals over the grid range, scaled to [0, 1], of products of derivatives of the functions."""

    @abc.abstractmethod
    def _roughness(self, order: int, kind: str) -> FloatArray:
        """See `penalty_matrix`; `order` and `kind` are checked."""

    def penalty_matrix(self, order: int = 2, kind: str = "derivative") -> FloatArray:
        """The matrix P for which ``coef @ P @ coef`` says how rough the function with these coefficients is.

        Parameters
        ----------
        order : int
            Which derivative or difference is penalised, >= 1.
        kind : {"derivative", "difference"}
            "derivative": the integral of the squared derivative over the range of the input, taken as [0, 1] (exact for
            all but custom functions, which are differentiated on a fine grid); for a product of bases, the sum
            of these integrals over the inputs. In the unit of an input of range R, it is that divided by
            ``R**(2 * order - 1)``. "difference": the sum of squared differences of neighbouring coefficients, as in
            P-splines; around the circle where the basis is periodic.

        Returns
        -------
        penalty : ndarray
            Symmetric, positive semi-definite, shape (n_basis_funcs, n_basis_funcs): for one channel of a sum of bases,
            block by block.

        Raises
        ------
        ValueError
            If the functions have no such derivative, or no order among them.

        References
        ----------
        :cite:`eilers_1996`, section 3, for differences

        Examples
        --------
        >>> from rheobase.basis import BSplineEval
        >>> BSplineEval(4).penalty_matrix(1, kind="difference")
        array([[ 1., -1.,  0.,  0.],
               [-1.,  2., -1.,  0.],
               [ 0., -1.,  2., -1.],
               [ 0.,  0., -1.,  1.]])
        """
        order = check_count(order, "order", "penalty_matrix")
        if kind not in ("derivative", "difference"):
            hint = did_you_mean(kind, ("derivative", "difference"))
            msg = f"kind must be 'derivative' or 'difference', got {kind!r}.{hint}"
            raise ValueError(msg)
        return self._roughness(order, kind)

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

    def _repr_html_(self) -> str:
        from ._html import html_of

        return html_of(self)
