"""`TransformerBasis`: a basis as a step of a scikit-learn pipeline.

A pipeline hands over one 2-D array; its columns are the inputs of the basis side by side, each with as many columns as
`set_input_shape` said (one, if it said nothing). Parameters are addressed as everywhere in scikit-learn:
``basis__n_basis_funcs`` in a pipeline whose step is called ``basis``, or ``basis__basis`` to try whole bases.
"""

from __future__ import annotations

import copy
import math
from typing import Any, Self

import numpy as np

from .._types import ArrayLike, FloatArray
from ._core import AbstractBasis

__all__ = ["TransformerBasis"]


class TransformerBasis:
    """A basis with ``fit``, ``transform`` and ``fit_transform``.

    Everything else that a basis has (``n_basis_funcs``, ``evaluate``, ...) is reached through this object too.

    Parameters
    ----------
    basis : basis or TransformerBasis
        The basis; it is copied.

    Raises
    ------
    TypeError
        If `basis` is no basis.
    """

    def __init__(self, basis: AbstractBasis | TransformerBasis) -> None:
        self.basis = basis

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "basis":
            object.__setattr__(self, name, _copy_of(value))
        elif name.startswith("_"):  # scikit-learn's own bookkeeping
            object.__setattr__(self, name, value)
        elif hasattr(type(self.basis), name) or name in vars(self.basis):
            setattr(self.basis, name, value)
        else:
            msg = f"Only setting basis or existing attributes of basis is allowed. Attempt to set `{name}`."
            raise ValueError(msg)

    def __getattr__(self, name: str) -> Any:
        """What the basis has; nothing is made up, and names with an underscore stay its own."""
        if name.startswith("_") or name == "basis":
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(self.basis, name)

    def __dir__(self) -> list[str]:
        """Its own names and those of the basis."""
        return sorted({*super().__dir__(), *(name for name in dir(self.basis) if not name.startswith("_"))})

    # ---- scikit-learn ----------------------------------------------------------------------------------------------

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Check that `X` has the columns that the basis wants.

        Parameters
        ----------
        X : array_like
            Inputs side by side, shape (time, column).
        y
            Not used.

        Raises
        ------
        ValueError
            If `X` is not 2-D or has another number of columns.
        """
        shapes = self._shapes()
        self._inputs(X)
        self.basis.set_input_shape(*shapes)
        return self

    def transform(self, X: ArrayLike, y: Any = None) -> FloatArray:
        """Features of the inputs in `X`, shape (time, n_output_features); see `fit`."""
        return np.asarray(self.basis.compute_features(*self._inputs(X)))

    def fit_transform(self, X: ArrayLike, y: Any = None) -> FloatArray:
        """`fit`, then `transform`."""
        return self.fit(X, y).transform(X)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """``basis`` and, if `deep`, the parameters of the basis under their own names."""
        return {"basis": self.basis, **(self.basis.get_params() if deep else {})}

    def set_params(self, **params: Any) -> Self:
        """Replace the basis, or set parameters of it; not both at once."""
        if "basis" in params:
            if len(params) > 1:
                msg = f"Set either `basis` or parameters of it, not both: got {list(params)}."
                raise ValueError(msg)
            self.basis = params["basis"]
        else:
            self.basis.set_params(**params)
        return self

    def __sklearn_clone__(self) -> TransformerBasis:
        return TransformerBasis(self.basis)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags, TransformerTags

        tags = Tags(estimator_type=None, target_tags=TargetTags(required=False), transformer_tags=TransformerTags())
        tags.input_tags.allow_nan = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True  # a basis learns nothing from data

    # ---- as a basis ------------------------------------------------------------------------------------------------

    def __add__(self, other: AbstractBasis | TransformerBasis) -> TransformerBasis:
        return TransformerBasis(self.basis + _basis_of(other))

    def __radd__(self, other: AbstractBasis) -> TransformerBasis:
        return TransformerBasis(other + self.basis)

    def __mul__(self, other: AbstractBasis | TransformerBasis | int) -> TransformerBasis:
        return TransformerBasis(self.basis * _basis_of(other))

    def __rmul__(self, other: AbstractBasis | int) -> TransformerBasis:
        return TransformerBasis(other * self.basis)

    def __pow__(self, exponent: int) -> TransformerBasis:
        return TransformerBasis(self.basis**exponent)

    def __getitem__(self, label: str) -> AbstractBasis:
        return self.basis[label]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TransformerBasis) and self.basis == other.basis

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Transformer({self.basis!r})"

    def _shapes(self) -> list[tuple[int, ...]]:
        return [() if shape is None else shape for shape in self.basis.input_shape]

    def _inputs(self, X: ArrayLike) -> list[np.ndarray]:
        columns = np.asarray(X)
        if columns.ndim != 2:
            msg = f"X must be 2-dimensional, shape (n_samples, n_features). The provided X has shape {columns.shape}."
            raise ValueError(msg)
        shapes = self._shapes()
        widths = [math.prod(shape) for shape in shapes]
        if columns.shape[1] != sum(widths):
            msg = (
                f"Input mismatch: expected {sum(widths)} inputs, but got {columns.shape[1]} columns in X. "
                "To modify the required number of inputs, call `set_input_shape` before using `fit` or `fit_transform`."
            )
            raise ValueError(msg)
        blocks = np.split(columns, np.cumsum(widths)[:-1], axis=1)
        return [block.reshape(len(columns), *shape) for block, shape in zip(blocks, shapes)]


def _basis_of(value: Any) -> Any:
    return value.basis if isinstance(value, TransformerBasis) else value


def _copy_of(value: Any) -> AbstractBasis:
    basis = _basis_of(value)
    if not isinstance(basis, AbstractBasis):
        msg = f"TransformerBasis accepts only a basis, got {type(value).__name__}: {value!r}."
        raise TypeError(msg)
    return copy.deepcopy(basis)
