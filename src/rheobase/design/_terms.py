"""A term of a built design: some columns that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..basis._core import AbstractBasis

__all__ = ["Term"]


@dataclass(frozen=True)
class Term:
    """One term of a design: some columns that belong together.

    Attributes
    ----------
    label : str
        Its name.
    basis : basis or None
        With the bounds that it had or, without any, that it read from its input; None for a signal that is used as it
        is.
    columns : slice
        Which columns it has.
    channels : tuple
        Labels of the channels of its input (units of a group, columns of a frame); empty for a vector.
    shape : tuple of int
        Shape of its coefficients: channels, if there are any, and functions.
    source : str
        What its inputs were, and how they were brought to the bins.
    are_events : bool
        Whether its input was counted events, so that channels are sending units.
    """

    label: str
    basis: AbstractBasis | None
    columns: slice
    channels: tuple[Any, ...]
    shape: tuple[int, ...]
    source: str
    are_events: bool

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return self.columns.stop - self.columns.start

    @property
    def n_functions(self) -> int:
        """Columns of one channel."""
        return self.n_columns // max(len(self.channels), 1)

    def names(self) -> list[str]:
        """A name for each column: ``term``, ``term[channel]``, ``term[function]`` or ``term[channel, function]``."""
        if not self.n_columns:
            return []
        functions = range(self.n_functions) if self.n_functions > 1 else ()
        if self.channels and functions:
            return [f"{self.label}[{channel}, {number}]" for channel in self.channels for number in functions]
        inner = [str(item) for item in (self.channels or functions)]
        return [f"{self.label}[{item}]" for item in inner] or [self.label] * self.n_columns
