"""Several designs of the same rows as one: their columns stand side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import FloatArray
from ._blockwise import AbstractBlockwise, StandardizedBlockwise
from ._chunked import aligned
from ._core import AbstractDesign, AbstractStandardized, bucket
from ._dense import Dense
from ._side_by_side_walk import SideBySideWalk
from ._walk import FeatureWalk

__all__ = ["SideBySide", "StandardizedSideBySide"]


class AbstractSideBySide(AbstractBlockwise):
    """Products of columns that are held by several designs: each makes its own share, as fast as it can.

    A row may be used where every part allows it.
    """

    parts: tuple[AbstractDesign, ...]

    def _join(self, parts: tuple[AbstractDesign, ...], chunk_rows: int) -> None:
        self.parts, self.chunk_rows = parts, chunk_rows
        self.n_samples = parts[0].n_samples
        self.n_features = sum(part.n_features for part in parts)
        self.n_rows = bucket(self.n_samples)
        self.row_mask = np.zeros(self.n_rows, dtype=bool)
        self.row_mask[: self.n_samples] = np.logical_and.reduce([part.row_mask[: self.n_samples] for part in parts])
        stops = np.cumsum([part.n_features for part in parts]).tolist()
        self.columns_of_parts = tuple(
            slice(stop - part.n_features, stop) for part, stop in zip(parts, stops, strict=True)
        )

    @property
    def block_rows(self) -> int:
        """Rows that are made at a time: whole chunks of a file, if a part is read from one."""
        return aligned(super().block_rows, self.chunk_rows, 8 * self.n_features)

    def take(self, start, stop):
        out = np.empty((stop - start, self.n_features))
        for part, columns in zip(self.parts, self.columns_of_parts, strict=True):
            out[:, columns] = part.take(start, stop)
        return out

    def matvec(self, coef):
        coef = np.asarray(coef)
        out = np.zeros((self.n_rows, coef.shape[1]))
        for part, columns in zip(self.parts, self.columns_of_parts, strict=True):
            out[: self.n_samples] += np.asarray(part.matvec(coef[columns]))[: self.n_samples]
        out[~self.row_mask] = 0.0
        return out

    def rmatvec(self, residual):
        residual = np.asarray(residual)
        if not self.row_mask[: self.n_samples].all():  # a part may allow rows that another does not
            residual = np.where(self.row_mask[:, None], residual, 0.0)
        return np.concatenate([np.asarray(part.rmatvec(residual[: part.n_rows])) for part in self.parts])


class SideBySide(AbstractSideBySide):
    """Several designs as one.

    Columns of the first part come first. A row may be used where every part allows it. Products of coefficients are
    sums of the parts' own products, so that a convolution stays one; second moments, which need all columns of a row,
    are made block by block.

    Parameters
    ----------
    *parts : design or array-like
        Designs, or arrays of shape (time, feature), all with the same number of rows.

    Raises
    ------
    ValueError
        If there is no part, or their numbers of rows differ.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.design import Convolved, Dense, SideBySide
    >>> counts = np.random.default_rng(0).poisson(1.0, size=(1000, 5)).astype(np.uint8)
    >>> SideBySide(Dense(np.ones((1000, 2))), Convolved(counts, np.ones((20, 3))))
    SideBySide(1,000 rows x 17 features, 20 rows masked; Dense 2 + Convolved 15)
    """

    def __init__(self, *parts: Any):
        if not parts:
            msg = "SideBySide needs at least one design or array."
            raise ValueError(msg)
        designs = [part if isinstance(part, AbstractDesign) else Dense(part) for part in parts]
        flat: list[AbstractDesign] = []
        for design in designs:
            flat.extend(design.parts if isinstance(design, SideBySide) else [design])
        rows = [design.n_samples for design in flat]
        if len(set(rows)) > 1:
            msg = (
                f"designs side by side must have the same rows, got {', '.join(map(str, rows))} rows. "
                "Count and average in the same bins and epochs."
            )
            raise ValueError(msg)
        self._join(tuple(flat), max(design.chunk_rows for design in flat))

    def standardized(self, mask=None):
        """Each part centred and scaled over the rows that all of them allow."""
        return StandardizedSideBySide(self, self.rows_with(mask))

    def __repr__(self) -> str:
        shares = " + ".join(f"{type(part).__name__} {part.n_features}" for part in self.parts)
        return f"{super().__repr__()[:-1]}; {shares})"


class StandardizedSideBySide(AbstractSideBySide, AbstractStandardized):
    """Several designs as one, each standardised in its own way.

    Parameters
    ----------
    design
        The parts.
    rows
        Valid rows, shape (n_samples,).
    """

    def __init__(self, design: SideBySide, rows):
        standard = tuple(part.standardized(rows) for part in design.parts)
        self._join(standard, design.chunk_rows)
        self.center: FloatArray = np.concatenate([part.center for part in standard])
        self.scale: FloatArray = np.concatenate([part.scale for part in standard])

    def walk(self, n_neurons: int):
        """How a pass for `n_neurons` goes over the rows: each part in its own way."""
        walks = [
            part.walk(n_neurons) if isinstance(part, AbstractBlockwise) else FeatureWalk(part, self.block_rows)
            for part in self.parts
        ]
        return SideBySideWalk(walks, self.columns_of_parts)

    def second_moments(self) -> FloatArray:
        """Mean of products of features over valid rows, shape (n_features, n_features).

        Those of one part are its own, which may count edges of epochs; those of two parts are summed block by block.
        """
        out = np.zeros((self.n_features, self.n_features))
        for _, block in self.blocks():
            for columns in self.columns_of_parts[:-1]:
                out[columns, columns.stop :] += block[:, columns].T @ block[:, columns.stop :]
        out /= max(self.n_valid, 1)
        out += out.T
        for part, columns in zip(self.parts, self.columns_of_parts, strict=True):
            if isinstance(part, StandardizedBlockwise):
                out[columns, columns] = part.second_moments()
            else:
                out[columns, columns] = part.gram(part.row_mask[:, None] / max(part.n_valid, 1))[0]
        out = (out + out.T) / 2
        values, vectors = np.linalg.eigh(out)
        if values[0] >= 0.0:
            return out
        out = (vectors * np.maximum(values, 0.0)) @ vectors.T  # parts that count other rows than their products
        return (out + out.T) / 2

    def to_array(self):
        out = np.zeros((self.n_rows, self.n_features))
        for rows, block in self.blocks():
            out[rows] = block
        return out

    def standardized(self, mask=None):
        """Itself."""
        return self
