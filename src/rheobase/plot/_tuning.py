"""Tuning curves, measured and predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .._types import FloatArray
from ._inputs import DATA, MODEL_COLORS, axes_or_new, start_at_zero, with_unit
from ._traces import model_labels


def plot_tuning_curve(
    tuning_curve: Any,
    *predicted: Any,
    feature: Any = None,
    label: str = "Stimulus",
    unit: str | None = None,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> list[Line2D]:
    """Draw a firing rate against what drives it, with the models' curves over it.

    Parameters
    ----------
    tuning_curve
        Rates, Hz: a DataFrame (feature, neuron), a DataArray (neuron, feature), or an array, shape (feature,) or
        (feature, neuron).
    *predicted
        The same of models.
    feature
        Centres of the feature's bins, in `unit`, shape (feature,); needed for arrays.
    label, unit
        Of the horizontal axis, written ``label (unit)``.
    labels
        Names of the models; defaults to ``model``, or ``model 1``, ``model 2`` ...
    ax
        Where to draw. Defaults to new axes.

    Returns
    -------
    list of Line2D
        The measured curves first, one per neuron, then the models'.

    Raises
    ------
    ValueError
        If an array comes without `feature`, or the number of labels is not the number of models.
    """
    labels = model_labels(labels, len(predicted))
    x, rates = _curve(tuning_curve, feature)
    ax = axes_or_new(ax, (4.2, 3.0))
    lines = ax.plot(x, rates, color=DATA, marker="o", markersize=4, linewidth=1.2)
    lines[0].set_label("measured")
    for number, (model, name) in enumerate(zip(predicted, labels)):
        color = MODEL_COLORS[number % len(MODEL_COLORS)]
        of_model = ax.plot(*_curve(model, feature), color=color)
        of_model[0].set_label(name)
        lines += of_model
    start_at_zero(ax)
    ax.set_xlabel(with_unit(label, unit))
    ax.set_ylabel("Firing rate (Hz)")
    return lines


def _curve(tuning_curve: Any, feature: Any) -> tuple[FloatArray, FloatArray]:
    """Bin centres, shape (feature,), and rates, shape (feature, neuron)."""
    kind = type(tuning_curve).__name__
    if kind in {"DataFrame", "Series"}:
        return tuning_curve.index.to_numpy(), tuning_curve.to_numpy().reshape(len(tuning_curve), -1)
    if kind == "DataArray":
        axis = tuning_curve.dims[-1]
        return np.asarray(tuning_curve[axis]), np.asarray(tuning_curve).reshape(-1, tuning_curve.sizes[axis]).T
    if feature is None:
        msg = "tuning_curve is a plain array, so its bins are unknown: give feature= (the centres of the bins)."
        raise ValueError(msg)
    return np.asarray(feature), np.asarray(tuning_curve).reshape(len(feature), -1)
