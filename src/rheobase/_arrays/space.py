"""Arrays to compute in that are used again."""

from __future__ import annotations

import math
import threading

import numpy as np

__all__ = ["Space"]


class Space(threading.local):
    """Arrays of each thread, by name: memory that is new every time costs more than most of what is done with it."""

    def __init__(self):
        self._known: dict[tuple[str, np.dtype], np.ndarray] = {}

    def __call__(self, name: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An array of some shape, with anything in it; valid until the same name is asked for."""
        size, flat = math.prod(shape), self._known.get((name, dtype))
        if flat is None or flat.size < size:
            flat = self._known[name, dtype] = np.empty(size, dtype=dtype)
        return flat[:size].reshape(shape)
