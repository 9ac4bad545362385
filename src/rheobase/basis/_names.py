"""Names of the parts of a basis, seen from the whole: labels, look-up by label, text.

A part never knows what it is part of. Its own label is its class name or the user's; from the whole, leaves that share
a class name are told apart as ``BSplineEval``, ``BSplineEval_1``, ..., from left to right, and a composition without a
name of its own is called by its formula, ``(a + b)`` or ``(a * b)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import did_you_mean

if TYPE_CHECKING:
    from ._core import AbstractBasis

__all__ = ["check_label", "find", "labels_of", "same", "text_of", "user_labels"]

CLASS_NAMES: set[str] = set()
"""Names of the public classes; a label may not pretend to be another class. Filled by the room's `__init__`."""


def check_label(value: Any, owner: str) -> str:
    """A label for an object of class `owner`; None means the class name."""
    if value is None:
        return owner
    if not isinstance(value, str):
        msg = f"'label' must be a string, got {type(value)}."
        raise TypeError(msg)
    if value != owner and value in CLASS_NAMES:
        msg = f"Cannot assign {value!r} to a basis of class {owner}: it is the name of another class."
        raise ValueError(msg)
    return value


def own_label(basis: AbstractBasis) -> str | None:
    """What the user called `basis`, or None."""
    if basis.children:
        return basis._label
    return None if basis.label == type(basis).__name__ else basis.label


def nodes(basis: AbstractBasis) -> Iterator[AbstractBasis]:
    """All parts, children before the compositions that hold them, from left to right."""
    for child in basis.children:
        yield from nodes(child)
    yield basis


def user_labels(basis: AbstractBasis) -> list[str]:
    """All labels given by the user."""
    return [label for label in map(own_label, nodes(basis)) if label is not None]


def labels_of(basis: AbstractBasis) -> dict[int, str]:
    """Label of each part, by ``id``.

    Raises
    ------
    ValueError
        If the user gave one label twice.
    """
    taken = user_labels(basis)
    twice = sorted({label for label in taken if taken.count(label) > 1})
    if twice:
        msg = (
            "All user-provided labels of basis elements must be distinct. The basis you are composing share the "
            f"following labels: {', '.join(map(repr, twice))}. Please change the labels for one of the elements."
        )
        raise ValueError(msg)
    used, labels = set(taken), {}
    for node in nodes(basis):
        label = own_label(node)
        if label is None and node.children:
            label = f" {node.symbol} ".join(labels[id(child)] for child in node.children).join("()")
        elif label is None:
            label = _next_free(type(node).__name__, used)
            used.add(label)
        labels[id(node)] = label
    return labels


def _next_free(stem: str, used: set[str]) -> str:
    if stem not in used:
        return stem
    number = 1
    while f"{stem}_{number}" in used:
        number += 1
    return f"{stem}_{number}"


def find(basis: AbstractBasis, label: Any) -> AbstractBasis:
    """The part of `basis` called `label`.

    Raises
    ------
    IndexError
        If there is none, or if `label` is not a string.
    """
    if not isinstance(label, str):
        what = "Slicing" if isinstance(label, slice) else f"Indexing with {type(label).__name__}"
        msg = f"You can only index basis using labels. {what} is invalid."
        raise IndexError(msg)
    labels = labels_of(basis)
    for node in nodes(basis):
        if labels[id(node)] == label:
            return node
    known = list(reversed(labels.values()))
    msg = (
        f"Basis label {label!r} not found. Available labels: {', '.join(map(repr, known))}.{did_you_mean(label, known)}"
    )
    raise IndexError(msg)


def same(a: Any, b: Any) -> bool:
    """Whether two parameters are equal, arrays and NaN included."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (a != a and b != b)


def text_of(basis: AbstractBasis) -> str:
    """`basis` as text: classes, fields that are set, and labels where they are not the class name."""
    return _text(basis, labels_of(basis), "")


def _text(node: AbstractBasis, labels: dict[int, str], indent: str) -> str:
    name, label = type(node).__name__, labels[id(node)]
    head = name if label == name else f"{label!r}: {name}"
    if not node.children:
        shown = {key: value for key, value in node.get_params().items() if key != "label" and _is_set(value)}
        return f"{head}({', '.join(f'{key}={shown[key]!r}' for key in vars(node) if key in shown)})"
    deeper = indent + "    "
    lines = [f"{deeper}basis{i}={_text(child, labels, deeper)},\n" for i, child in enumerate(node.children, 1)]
    return f"{head}(\n{''.join(lines)}{indent})"


def _is_set(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size > 0
    return value is not None and value is not False and value == value and value not in ({}, [], ())
