"""From terms at common bins to a design: a matrix, or parts that are made when they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..basis._core import AbstractBasis
from ..basis._leaf import AbstractConvBasis
from ..containers._warn import warn_user
from ._bins import Bins, Samples
from ._chunked import Chunked
from ._convolved import Convolved
from ._core import AbstractDesign
from ._dense import Dense
from ._evaluated import Evaluated, row_by_row
from ._side_by_side import SideBySide
from ._terms import Term

__all__ = ["Piece", "assemble"]


@dataclass
class Piece:
    """A term with its inputs at the bins."""

    label: str
    basis: AbstractBasis | None
    samples: list[Samples]

    @property
    def channel_shape(self) -> tuple[int, ...]:
        shapes = [tuple(s.values.shape[1:]) for s in self.samples]
        return shapes[0] if self.basis is None else tuple(self.basis._channel_shape(shapes))

    @property
    def n_columns(self) -> int:
        n_channels = int(np.prod(self.channel_shape, dtype=int))
        return n_channels if self.basis is None else n_channels * self.basis.n_basis_funcs

    def term(self, columns: slice) -> Term:
        first, basis = self.samples[0], self.basis
        if basis is not None and self.n_columns:
            basis = row_by_row(basis, self.values()) or basis
        shape = self.channel_shape + (() if self.basis is None else (self.basis.n_basis_funcs,))
        notes = ", ".join(dict.fromkeys(s.note for s in self.samples))
        return Term(self.label, basis, columns, first.channels, shape, notes, first.are_events)

    def like(self, term: Term) -> Piece:
        """The same with the basis of `term`, which knows its bounds.

        Raises
        ------
        ValueError
            If they differ in their channels or functions.
        """
        own, theirs = self.term(slice(0, self.n_columns)), term
        if own.shape != theirs.shape or own.channels != theirs.channels:
            msg = (
                f"term {self.label!r} has channels {_some(own.channels)} and coefficients of shape {own.shape}, but in "
                f"`like` it has {_some(theirs.channels)} and {theirs.shape}. Give the same units and columns."
            )
            raise ValueError(msg)
        return Piece(self.label, theirs.basis, self.samples)

    def values(self) -> list[np.ndarray]:
        """Its inputs as arrays, as its basis reads them."""
        arrays = tuple(np.asarray(s.values) for s in self.samples)
        return list(arrays) if self.basis is None else self.basis._read(arrays)


def assemble(pieces: list[Piece], bins: Bins | None, n_rows: int, kind: str, memory: float) -> AbstractDesign:
    """The design of these terms, side by side.

    Convolutions that are made on the fly cost less than reading their columns; functions of signals do not, so the
    smallest of those terms are held as matrices as long as these, twice, fit in `memory`.

    Raises
    ------
    ValueError
        If there are no columns, or a term is not known in any row.
    """
    some = [piece for piece in pieces if piece.n_columns]
    if not some:
        msg = "the terms have no columns at all, so there is nothing to fit."
        raise ValueError(msg)
    epochs = (np.array([0]), np.array([n_rows])) if bins is None else bins.epochs
    if kind == "dense":
        return _dense(some, epochs, n_rows, bins)
    held = _held(some, n_rows, memory)
    parts = [
        Dense(_features(piece, epochs, n_rows)) if keep else _part(piece, epochs)
        for piece, keep in zip(some, held, strict=True)
    ]
    for piece, part in zip(some, parts, strict=True):
        _check_some_rows(piece, part.row_mask.any(), bins)
    return parts[0] if len(parts) == 1 else SideBySide(*parts)


def _dense(pieces: list[Piece], epochs: Any, n_rows: int, bins: Bins | None) -> Dense:
    """All columns as one matrix; no more than one term is held twice."""
    out = None if len(pieces) == 1 else np.empty((n_rows, sum(piece.n_columns for piece in pieces)))
    stop = 0
    for piece in pieces:
        start, stop = stop, stop + piece.n_columns
        features = _features(piece, epochs, n_rows)
        _check_some_rows(piece, _any_finite_row(features), bins)
        if out is None:
            return Dense(features)
        out[:, start:stop] = features
    return Dense(out)


def _held(pieces: list[Piece], n_rows: int, memory: float) -> list[bool]:
    """Which terms other than convolutions are small enough to be held as matrices."""
    need = [2 * 8 * n_rows * piece.n_columns for piece in pieces]
    held = [False] * len(pieces)
    for number in sorted(range(len(pieces)), key=need.__getitem__):
        if not isinstance(pieces[number].basis, AbstractConvBasis) and need[number] <= memory:
            held[number] = True
            memory -= need[number]
    return held


def _features(piece: Piece, epochs: Any, n_rows: int) -> np.ndarray:
    values = piece.values()
    features = values[0] if piece.basis is None else piece.basis._expand(values, epochs)
    return features.reshape(n_rows, -1)


def _part(piece: Piece, epochs: Any) -> AbstractDesign:
    """A term that is made when it is needed, where that is possible."""
    basis, n_rows = piece.basis, len(piece.samples[0].values)
    if basis is None:
        source = piece.samples[0].values
        flat = len(source.shape) <= 2 and not (isinstance(source, np.ndarray) and not isinstance(source, np.memmap))
        return Chunked(source) if flat else Dense(np.asarray(source).reshape(n_rows, -1))
    values = piece.values()
    if isinstance(basis, AbstractConvBasis):
        window = basis.window_size
        if np.any(epochs[1] - epochs[0] < window):
            warn_user(
                f"One or more epochs are shorter than the convolution window ({window} samples). Their rows are left "
                "out."
            )
        causality, shift = basis.predictor_causality, basis.shift
        signals = values[0].reshape(n_rows, -1)
        options = {"causality": causality, "shift": shift, "first": epochs[0], "last": epochs[1]}
        return Convolved(signals, basis.kernel_matrix(), **options)
    fixed = row_by_row(basis, values)
    if fixed is not None:
        return Evaluated(fixed, values)
    return Dense(_features(piece, epochs, n_rows))


def _any_finite_row(features: np.ndarray) -> bool:
    """Whether any row holds finite numbers only; looks no further than the first such block."""
    size = max((1 << 20) // max(features.shape[1], 1), 1)
    starts = range(0, len(features), size)
    return any(np.isfinite(features[start : start + size]).all(axis=1).any() for start in starts)


def _check_some_rows(piece: Piece, some: Any, bins: Bins | None) -> None:
    if some:
        return
    hint = "Is its input NaN, or out of the bounds of its basis?"
    if isinstance(piece.basis, AbstractConvBasis) and bins is not None:
        longest = int(np.max(bins.epochs[1] - bins.epochs[0]))
        if longest <= piece.basis.window_size:
            hint = (
                f"Its window has {piece.basis.window_size} bins, and the longest epoch has {longest}: use longer "
                "epochs, smaller bins or a shorter window."
            )
    msg = f"term {piece.label!r} has no row without NaN. {hint}"
    raise ValueError(msg)


def _some(labels: tuple[Any, ...]) -> str:
    return (", ".join(map(str, labels[:5])) + (", ..." if len(labels) > 5 else "")) or "none"
