"""Labels of classes: numbers, text, whatever sorts; and the numbers 0 .. K - 1 that a fit sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import BoolArray, IntArray, TimeSeriesLike

__all__ = ["classes_in", "decode", "encode", "read_labels"]


def read_labels(y: Any, ndim: int | None = None) -> np.ndarray:
    """Array of labels in what the user gave as `y`.

    Parameters
    ----------
    y
        Array-like or time series of labels of any type that sorts.
    ndim
        Dimensions asked for: 1 for (time,), 2 for (time, neuron); any if None.

    Raises
    ------
    ValueError
        If it has another number of dimensions.
    """
    if y is None:
        msg = "the model requires y to be passed, but the target y is None."
        raise ValueError(msg)
    labels = np.asarray(getattr(y, "values", y) if isinstance(y, TimeSeriesLike) else y)
    if labels.dtype == object:  # pandas gives text so
        known = labels[~_missing(labels)]
        if known.size == labels.size and all(isinstance(label, str) for label in known):
            labels = labels.astype(str)
    if ndim is not None and labels.ndim != ndim:
        shape, fix = ("(time,)", "ClassifierPopulationGLM") if ndim == 1 else ("(time, neuron)", "ClassifierGLM")
        msg = (
            f"y must hold one label for each row, shape {shape}, got {labels.ndim} dimension(s) with shape "
            f"{labels.shape}. For the other shape there is {fix}; one-hot classes become labels by y.argmax(axis=-1)."
        )
        raise ValueError(msg)
    return labels


def classes_in(labels: np.ndarray) -> np.ndarray:
    """The different labels, sorted; NaN, infinity and None are none.

    Raises
    ------
    TypeError
        If labels cannot be compared with each other.
    ValueError
        If they are numbers with a fraction.
    """
    known = labels[~_missing(labels)]
    if known.dtype.kind == "f" and np.any(known != np.floor(known)):
        msg = (
            f"labels in y must be whole numbers or text, got a continuous target such as "
            f"{known[known != np.floor(known)][0]:.6g}: are these measurements? For those use "
            "GLM, or cut them into classes with np.digitize."
        )
        raise ValueError(msg)
    try:
        return np.unique(known)
    except TypeError as error:
        kinds = ", ".join(sorted({type(label).__name__ for label in known.flat}))
        msg = f"labels in y must be of one type that sorts, got {kinds}."
        raise TypeError(msg) from error


def encode(labels: np.ndarray, classes: np.ndarray) -> IntArray:
    """Position of each label in `classes`, -1 where it is missing, same shape.

    Raises
    ------
    ValueError
        If a label is not among the classes.
    """
    missing = _missing(labels)
    known = labels[~missing]
    try:
        place = np.minimum(np.searchsorted(classes, known), len(classes) - 1)
        strange = known[classes[place] != known]
    except TypeError:  # text among numbers, or the other way round
        strange, place = known, np.zeros(known.shape, dtype=np.int64)
    if strange.size:
        some = ", ".join(map(repr, np.unique(strange)[:5].tolist()))
        all_of_them = ", ".join(map(repr, classes[:20].tolist()))
        msg = f"y holds {some}, but the classes are {all_of_them}. Call set_classes or fit with every label there is."
        raise ValueError(msg)
    out = np.full(labels.shape, -1, dtype=np.int64)
    out[~missing] = place
    return out


def decode(index: IntArray, classes: np.ndarray) -> np.ndarray:
    """Labels of the positions `index`; where it is negative NaN for numbers, None for anything else."""
    missing = index < 0
    if not missing.any():
        return classes[index]
    numeric = classes.dtype.kind in "biuf"
    out = classes[np.maximum(index, 0)].astype(np.float64 if numeric else object)
    out[missing] = np.nan if numeric else None
    return out


def _missing(labels: np.ndarray) -> BoolArray:
    """Where there is no label: NaN, infinity, None."""
    if labels.dtype.kind == "f":
        return ~np.isfinite(labels)
    if labels.dtype == object:
        flat = [label is None or label != label for label in labels.flat]
        return np.array(flat, dtype=bool).reshape(labels.shape)
    return np.zeros(labels.shape, dtype=bool)
