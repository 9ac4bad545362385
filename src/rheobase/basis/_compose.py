"""Sums and products of bases: two children, and nothing else.

``a + b`` lays the features of its parts side by side; ``a * b`` multiplies every function of a by every function of b,
the functions of b running fastest. The parts are copied into a composition: later changes to the originals do not reach
it.
"""

from __future__ import annotations

import abc
import copy
from collections.abc import Iterator
from numbers import Integral
from typing import Any, Self

import numpy as np

from .._arrays.xp import namespace
from .._types import FloatArray
from . import _names, _penalty
from ._core import AbstractBasis, Epochs

__all__ = ["AdditiveBasis", "MultiplicativeBasis"]


class AbstractComposition(AbstractBasis):
    """Two bases, each with its own inputs."""

    symbol: str

    def __init__(self, basis1: AbstractBasis, basis2: AbstractBasis, label: str | None = None) -> None:
        for name, basis in (("basis1", basis1), ("basis2", basis2)):
            if not isinstance(basis, AbstractBasis):
                msg = f"{name} of {type(self).__name__} must be a basis, got {type(basis).__name__}."
                raise TypeError(msg)
        self.basis1 = copy.deepcopy(basis1)
        self.basis2 = copy.deepcopy(basis2)
        self.label = label
        _names.labels_of(self)  # raises if labels clash
        self._check_parts()
        self._input_shape = self.basis1.input_shape + self.basis2.input_shape

    @abc.abstractmethod
    def _check_parts(self) -> None:
        """Raise if the two cannot be composed."""

    @abc.abstractmethod
    def _combine(self, first: Any, second: Any) -> Any:
        """Values of the whole from those of the parts, shapes (..., basis)."""

    @property
    def label(self) -> str:
        """Name of the composition: the user's, or its formula."""
        return _names.labels_of(self)[id(self)]

    @label.setter
    def label(self, value: str | None) -> None:
        # the formula itself is what no label means
        formula = getattr(self, "_label", 0) is None and value == self.label
        self._label = None if value is None or formula else _names.check_label(value, type(self).__name__)

    @property
    def children(self) -> tuple[AbstractBasis, ...]:
        return self.basis1, self.basis2

    @property
    def n_inputs(self) -> int:
        return self.basis1.n_inputs + self.basis2.n_inputs

    @property
    def is_complex(self) -> bool:
        return self.basis1.is_complex or self.basis2.is_complex

    @property
    def bounds(self) -> list[tuple[float, float] | None]:
        """Bounds of each input; None where a part reads its range from the samples, or convolves."""
        return self._bounds_of_inputs()

    def _bounds_of_inputs(self) -> list[tuple[float, float] | None]:
        return self.basis1._bounds_of_inputs() + self.basis2._bounds_of_inputs()

    def _split(self, xs: Any) -> tuple[Any, Any]:
        """A sequence with one entry per input, cut into the inputs of the two parts."""
        return xs[: self.basis1.n_inputs], xs[self.basis1.n_inputs :]

    def _evaluate(self, xs: list[Any]) -> Any:
        first, second = self._split(xs)
        return self._combine(self.basis1._evaluate(first), self.basis2._evaluate(second))

    def _expand(self, xs: list[np.ndarray], epochs: Epochs) -> FloatArray:
        left, right = self._split(xs)
        first, second = self.basis1._expand(left, epochs), self.basis2._expand(right, epochs)
        if first.shape[:-1] != second.shape[:-1]:
            msg = f"A product requires all inputs to have the same shape, got {[x.shape for x in xs]}: {self!r}"
            raise ValueError(msg)
        return self._combine(first, second)

    def _grid(self, xs: list[FloatArray]) -> FloatArray:
        left, right = self._split(xs)
        first, second = self.basis1._grid(left), self.basis2._grid(right)
        first = first.reshape(*first.shape[:-1], *(1,) * len(right), first.shape[-1])
        return self._combine(first, second)

    def _grid_axes(self, n_samples: tuple[int, ...]) -> list[np.ndarray]:
        left, right = self._split(n_samples)
        return self.basis1._grid_axes(left) + self.basis2._grid_axes(right)

    def _read(self, xi: tuple[Any, ...]) -> list[np.ndarray]:
        left, right = self._split(xi)
        return self.basis1._read(left) + self.basis2._read(right)

    def _channel_shape(self, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
        return self.basis1._channel_shape(self._split(shapes)[0])

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of all parts as ``label__parameter``, the parts themselves under their labels, and ``label``."""
        labels, params = _names.labels_of(self), {}
        for node in _names.nodes(self):
            if node is self:
                continue
            label = labels[id(node)]
            if deep:
                own = {"label": label} if node.children else {**node.get_params(), "label": label}
                params |= {f"{label}__{name}": value for name, value in own.items()}
            params[label] = node
        return params | {"label": self.label}

    def set_params(self, **params: Any) -> Self:
        """Set ``label__parameter``, replace a part by ``label=basis`` (or ``basis1=``), or set ``label``."""
        changed = copy.deepcopy(self)
        by_label = {label: changed[label] for label in _names.labels_of(changed).values()}
        nested: dict[str, dict[str, Any]] = {}
        for name, value in params.items():
            part, _, parameter = name.rpartition("__")
            if name in ("basis1", "basis2"):
                setattr(changed, name, copy.deepcopy(value))
            elif name == "label":
                changed.label = value
            elif part in by_label and parameter == "label" and value == part:
                continue  # the number that tells it apart is no label of its own
            elif part in by_label:
                nested.setdefault(part, {})[parameter] = value
            elif name in by_label:
                changed._replace(by_label[name], copy.deepcopy(value))
            else:
                valid = list(self.get_params())
                msg = f"Invalid parameter {name!r} for estimator {self!r}. Valid parameters are: {valid}."
                raise ValueError(msg)
        for part, values in nested.items():
            by_label[part].set_params(**values)
        _names.labels_of(changed)
        self.__dict__.update(vars(changed))
        return self

    def _replace(self, old: AbstractBasis, new: AbstractBasis) -> None:
        for node in _names.nodes(self):
            for name in ("basis1", "basis2"):
                if node.children and getattr(node, name) is old:
                    setattr(node, name, new)


class AdditiveBasis(AbstractComposition):
    """Features of two bases side by side; usually written ``a + b``.

    Parameters
    ----------
    basis1, basis2 : basis
        The parts; they are copied.
    label : str, optional
        Name of the sum. Default: "(a + b)", from the labels of its parts.
    """

    symbol = "+"

    def _check_parts(self) -> None:
        """Anything can be added."""

    @property
    def n_basis_funcs(self) -> int:
        return self.basis1.n_basis_funcs + self.basis2.n_basis_funcs

    def _combine(self, first: Any, second: Any) -> Any:
        xp = namespace(first, second)
        shape = np.broadcast_shapes(first.shape[:-1], second.shape[:-1])
        parts = [xp.broadcast_to(part, (*shape, part.shape[-1])) for part in (first, second)]
        return xp.concatenate(parts, axis=-1)

    def _gram(self, order: int) -> FloatArray:
        return _penalty.side_by_side(self.basis1._gram(order), self.basis2._gram(order))

    def _roughness(self, order: int, kind: str) -> FloatArray:
        return _penalty.side_by_side(self.basis1._roughness(order, kind), self.basis2._roughness(order, kind))

    def _terms(self, start: int) -> Iterator[tuple[AbstractBasis, slice]]:
        yield from self.basis1._terms(start)
        yield from self.basis2._terms(start + self.basis1.n_inputs)


class MultiplicativeBasis(AbstractComposition):
    """All products of a function of one basis with a function of another; usually written ``a * b``.

    With several channels the product is taken channel by channel.

    Parameters
    ----------
    basis1, basis2 : basis
        The parts; they are copied.
    label : str, optional
        Name of the product. Default: "(a * b)", from the labels of its parts.
    """

    symbol = "*"

    def _check_parts(self) -> None:
        if self.basis1.is_complex and self.basis2.is_complex:
            msg = (
                "Invalid multiplication between two complex bases: Fourier columns are real and imaginary parts, and a "
                "product of columns is not a product of complex functions. Use FourierEval(..., ndim=2) instead."
            )
            raise ValueError(msg)

    @property
    def n_basis_funcs(self) -> int:
        return self.basis1.n_basis_funcs * self.basis2.n_basis_funcs

    def _combine(self, first: Any, second: Any) -> Any:
        product = first[..., :, None] * second[..., None, :]
        return product.reshape(*product.shape[:-2], product.shape[-2] * product.shape[-1])

    def _gram(self, order: int) -> FloatArray:
        return np.kron(self.basis1._gram(order), self.basis2._gram(order))

    def _roughness(self, order: int, kind: str) -> FloatArray:
        rough = [part._roughness(order, kind) for part in self.children]
        flat = [np.eye(part.n_basis_funcs) if kind == "difference" else part._gram(0) for part in self.children]
        return np.kron(rough[0], flat[1]) + np.kron(flat[0], rough[1])

    def _terms(self, start: int) -> Iterator[tuple[AbstractBasis, slice]]:
        yield self, slice(start, start + self.n_inputs)


def repeated_sum(basis: AbstractBasis, times: int) -> AbstractBasis:
    """``basis + basis + ...``, `times` of them."""
    if not isinstance(times, Integral):
        msg = f"Basis multiplicative factor should be a Basis object or a positive integer, got {times!r}."
        raise TypeError(msg)
    if times < 1:
        msg = f"Basis multiplication error. Integer multiplicative factor must be positive, got {times}."
        raise ValueError(msg)
    _refuse_labels(basis, times, "multiply by an integer")
    whole = copy.deepcopy(basis)
    for _ in range(times - 1):
        whole = AdditiveBasis(whole, basis)
    return whole


def repeated_product(basis: AbstractBasis, exponent: int) -> AbstractBasis:
    """``basis * basis * ...``, `exponent` of them."""
    if not isinstance(exponent, Integral):
        msg = f"Basis exponent should be an integer, got {exponent!r}."
        raise TypeError(msg)
    if exponent < 1:
        msg = f"Basis exponent should be a positive integer, got {exponent}."
        raise ValueError(msg)
    _refuse_labels(basis, exponent, "calculate the power of")
    whole = copy.deepcopy(basis)
    for _ in range(exponent - 1):
        whole = MultiplicativeBasis(whole, basis)
    return whole


def _refuse_labels(basis: AbstractBasis, times: int, what: str) -> None:
    if times > 1 and _names.user_labels(basis):
        msg = (
            f"Cannot {what} a basis including user-defined labels {_names.user_labels(basis)}, "
            "because then they won't be unique. Set labels afterwards."
        )
        raise ValueError(msg)
