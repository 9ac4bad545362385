"""Features in named blocks: a dict (of dicts) of arrays in, a dict of coefficients of the same form out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import did_you_mean
from .._types import TimeSeriesLike
from ..design import AbstractDesign

__all__ = ["Blocks", "blocks_of", "check_blocks", "is_tree", "joined", "label_of", "leaves", "names_of"]

Path = tuple[Any, ...]


@dataclass(frozen=True)
class Blocks:
    """The blocks of features of a fit, in the order of their columns."""

    paths: tuple[Path, ...]
    """Keys that lead to each block, from the outside in."""
    sizes: tuple[int, ...]
    """Columns of each."""

    def split(self, coef: np.ndarray) -> dict[Any, Any]:
        """Coefficients, shape (feature, ...), as nested dicts."""
        out: dict[Any, Any] = {}
        parts = np.split(coef, np.cumsum(self.sizes)[:-1])
        for path, part in zip(self.paths, parts, strict=True):
            inner = out
            for key in path[:-1]:
                inner = inner.setdefault(key, {})
            inner[path[-1]] = part
        return out

    def spread(self, tree: Any, name: str) -> np.ndarray:
        """One array, shape (feature, ...), from a tree whose blocks have shape (feature, ...) or (...) for all alike.

        Raises
        ------
        ValueError
            If it has other blocks than the features.
        """
        found = dict(leaves(tree))
        check_keys(set(self.paths), set(found), name)
        parts = [np.asarray(found[path]) for path in self.paths]
        most = max(part.ndim for part in parts)
        if all(part.ndim == most and len(part) == size for part, size in zip(parts, self.sizes, strict=True)):
            return np.concatenate(parts) if most else np.repeat(np.stack(parts), self.sizes)
        return np.repeat(np.stack(parts), self.sizes, axis=0)


def is_tree(X: Any) -> bool:
    """Whether `X` is a dict of blocks, nested or not, rather than something with rows."""
    return isinstance(X, Mapping) and getattr(X, "time_support", None) is None


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Blocks with the keys that lead to them, keys in sorted order, so that the order in a dict does not matter."""
    if is_tree(tree):
        for key in sorted(tree, key=str):
            yield from leaves(tree[key], (*path, key))
    else:
        yield path, tree


def joined(coef: Any) -> np.ndarray:
    """Coefficients as one float64 array, shape (feature, ...), whatever form they have."""
    if not is_tree(coef):
        return np.asarray(coef, dtype=np.float64)
    return np.concatenate([np.atleast_1d(np.asarray(part, dtype=np.float64)) for _, part in leaves(coef)])


def blocks_of(coef: Any) -> Blocks | None:
    """The blocks that coefficients are in, None for an array."""
    if not is_tree(coef):
        return None
    parts = list(leaves(coef))
    return Blocks(tuple(path for path, _ in parts), tuple(len(np.atleast_1d(part)) for _, part in parts))


def check_blocks(coef: Any, design: AbstractDesign) -> None:
    """Raise ValueError unless features come in the blocks that the coefficients have.

    A model of blocks takes a design or an array too: its columns are the blocks, keys in sorted order.
    """
    fitted, given = blocks_of(coef), design.named_blocks
    if given is None:
        return
    if fitted is None:
        msg = "X is a dict, but the model was fitted with an array of features; give an array."
        raise ValueError(msg)
    check_keys(set(fitted.paths), set(given.paths), "X")
    for path, old, new in zip(fitted.paths, fitted.sizes, given.sizes, strict=True):
        if old != new:
            msg = f"X{label_of(path)} has {new} features, but the model was fitted with {old}."
            raise ValueError(msg)


def check_keys(wanted: set[Path], given: set[Path], name: str) -> None:
    """Raise ValueError unless both are the same."""
    missing, extra = sorted(wanted - given, key=str), sorted(given - wanted, key=str)
    if not missing and not extra:
        return
    parts = []
    if missing:
        parts.append(f"lacks {', '.join(f'{name}{label_of(path)}' for path in missing)}")
    if extra:
        parts.append(f"has {', '.join(f'{name}{label_of(path)}' for path in extra)}")
    hint = did_you_mean(str(extra[0][-1]), [str(path[-1]) for path in missing]) if missing and extra else ""
    msg = f"{name} {' and '.join(parts)}, unlike the features of the fit.{hint}"
    raise ValueError(msg)


def label_of(path: Path) -> str:
    """A path as it is written in code."""
    return "".join(f"[{key!r}]" for key in path)


def names_of(path: Path, block: Any, size: int) -> list[str]:
    """A name for each column of a block: that of the block, and of the column in it."""
    stem = ".".join(map(str, path))
    if size == 1:
        return [stem]
    columns = getattr(block, "columns", None)
    if columns is None or len(columns) != size or not isinstance(block, TimeSeriesLike | AbstractDesign):
        columns = range(size)
    return [f"{stem}[{column}]" for column in columns]
