"""Which neurons and stimuli are looked at: the bidirectional rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from ..._types import BoolArray

__all__ = ["Selection", "positions"]


@dataclass
class Selection:
    """Chosen neurons and stimuli; None for no restriction, an empty list for none."""

    neurons: list[int] | None = None
    stims: list[int] | None = None

    def visible(self, masks: BoolArray) -> tuple[list[int], list[int]]:
        """Visible stimuli (ascending) and neurons (in the order chosen), given who heard what (stimulus, neuron)."""
        n_stims, n_neurons = masks.shape
        neurons = list(range(n_neurons)) if self.neurons is None else self.neurons
        allowed = np.ones(n_stims, dtype=bool)
        if self.stims is not None:
            allowed[:] = False
            allowed[self.stims] = True
            heard = masks[allowed].any(axis=0)
            neurons = [n for n in neurons if heard[n]]
        stims = np.flatnonzero(allowed & masks[:, neurons].any(axis=1)).tolist()
        return stims, neurons


def positions(indices: Any, size: int, what: str) -> list[int]:
    """Whole numbers from 0 to `size` - 1, as a list.

    Raises
    ------
    TypeError
        If one is no whole number.
    IndexError
        If one is out of range.
    """
    if not isinstance(indices, Iterable) or isinstance(indices, str):
        msg = f"a list of {what} numbers is needed, got {indices!r}."
        raise TypeError(msg)
    found = []
    for i in indices:
        if isinstance(i, bool | np.bool_) or not isinstance(i, Integral):
            msg = f"{what} numbers must be integers, got {i!r}."
            raise TypeError(msg)
        if not 0 <= i < size:
            msg = f"{what} number {i} is out of range: there are {size}."
            raise IndexError(msg)
        found.append(int(i))
    return found
