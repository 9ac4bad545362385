"""What was decoded against what was there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from .._types import FloatArray
from ._inputs import axes_or_new
from ._maps import MISSING, color_bar, slanted

__all__ = ["plot_confusion_matrix"]

_MOST_NUMBERS = 12
"""Classes up to which numbers are written into cells."""


def plot_confusion_matrix(
    truth: Any,
    predicted: Any = None,
    *,
    labels: Sequence[Any] | None = None,
    normalize: bool = True,
    title: str | None = None,
    ax: Axes | None = None,
) -> AxesImage:
    """Draw how often each class was decoded as each class: what was there upward, what was decoded to the right.

    Parameters
    ----------
    truth
        Class of each trial, shape (trial,); or counts, shape (true class, decoded class).
    predicted
        Decoded class of each trial, shape (trial,); none for counts.
    labels
        Classes in the order to draw them. Defaults to all that occur, sorted; numbers for counts.
    normalize
        Rows as fractions that add up to one; else counts.
    title
        Before accuracy and chance.
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    AxesImage
        Its colour bar is ``image.colorbar``. A class that never was there has a grey row, if rows are fractions.

    Raises
    ------
    ValueError
        If trials are not as many, there are none, counts are not square, or a class is not among `labels`.

    Notes
    -----
    Accuracy is the fraction of trials decoded rightly. Chance is that of a decoder with the same answers in random
    order: the sum over classes of the product of both frequencies, which is 1 / K for K classes that are equally
    frequent.

    References
    ----------
    Cohen (1960), *A coefficient of agreement for nominal scales*: expected agreement.

    Examples
    --------
    >>> from rheobase import plot
    >>> image = plot.plot_confusion_matrix(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    >>> image.get_array().tolist(), image.axes.get_title(loc="left")
    ([[0.5, 0.5], [0.0, 1.0]], 'Accuracy 0.75 (chance 0.50)')
    """
    counts, names = _counts(truth, predicted, labels)
    total = counts.sum()
    if total == 0:
        msg = "there are no trials: truth is empty."
        raise ValueError(msg)
    accuracy = np.trace(counts) / total
    chance = counts.sum(axis=1) @ counts.sum(axis=0) / total**2
    sums = counts.sum(axis=1, keepdims=True)
    shown = np.where(sums > 0, counts / np.maximum(sums, 1), np.nan) if normalize else counts
    wider = 0.08 * max(len(str(name)) for name in names)
    ax = axes_or_new(ax, (4.2 + wider, 3.5 + 0.5 * wider))
    colors = {"cmap": "Blues", "vmin": 0, "vmax": 1.0 if normalize else counts.max(), "interpolation": "nearest"}
    image = ax.imshow(np.ma.masked_invalid(shown), **colors)
    ax.set_facecolor(MISSING)
    _name_classes(ax, [str(name) for name in names])
    if len(names) <= _MOST_NUMBERS:
        _write_numbers(ax, shown, normalize, image.get_clim()[1])
    start = "" if title is None else f"{title}: "
    text = f"{start}accuracy {accuracy:.2f} (chance {chance:.2f})"
    ax.set_title(text[0].upper() + text[1:], loc="left")
    color_bar(image, "Fraction of the true class" if normalize else "Trials", shown)
    return image


def _counts(truth: Any, predicted: Any, labels: Any) -> tuple[FloatArray, list[Any]]:
    first = np.asarray(truth)
    if predicted is None:
        if first.ndim != 2 or first.shape[0] != first.shape[1]:
            msg = f"truth alone must be counts, shape (true class, decoded class), got shape {first.shape}."
            raise ValueError(msg)
        names = list(range(len(first))) if labels is None else list(labels)
        if len(names) != len(first):
            msg = f"labels must name each of the {len(first)} classes, got {len(names)}."
            raise ValueError(msg)
        return first.astype(float), names
    second = np.asarray(predicted)
    if first.ndim != 1 or first.shape != second.shape:
        msg = f"truth and predicted must have one class for each trial, got shapes {first.shape} and {second.shape}."
        raise ValueError(msg)
    one, other = first.tolist(), second.tolist()
    names = _sorted(set(one) | set(other)) if labels is None else list(labels)
    number = {name: k for k, name in enumerate(names)}
    unknown = [name for name in dict.fromkeys(one + other) if name not in number]
    if unknown:
        msg = f"labels must hold every class that occurs; {unknown[:5]} are missing from {names}."
        raise ValueError(msg)
    n = len(names)
    flat = np.array([number[a] * n + number[b] for a, b in zip(one, other)], dtype=np.int64)
    return np.bincount(flat, minlength=n * n).reshape(n, n).astype(float), names


def _sorted(names: set[Any]) -> list[Any]:
    """Classes in their order, or in that of their text where kinds are mixed."""
    return sorted(names) if len({type(name) for name in names}) < 2 else sorted(names, key=str)


def _name_classes(ax: Axes, names: list[str]) -> None:
    step = max(1, -(-len(names) // 16))
    ticks = np.arange(len(names))[::step]
    ax.set_xticks(ticks, names[::step], **slanted(names[::step], 48))
    ax.set_yticks(ticks, names[::step])
    ax.invert_yaxis()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("Decoded class")
    ax.set_ylabel("True class")


def _write_numbers(ax: Axes, shown: FloatArray, normalize: bool, top: float) -> None:
    for (row, column), value in np.ndenumerate(shown):
        if np.isfinite(value):
            text = f"{value:.2f}" if normalize else f"{value:.0f}"
            color = "white" if value > 0.55 * top else "#333333"
            ax.text(column, row, text, ha="center", va="center", fontsize=8, color=color)
