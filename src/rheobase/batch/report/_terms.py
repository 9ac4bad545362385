"""Fitted terms as they are drawn: filters over lags, curves and maps over behaviour, with 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._types import BoolArray, FloatArray, IntArray
from ...basis import CyclicBSplineEval, FourierEval
from ...basis._leaf import AbstractConvBasis
from ...design import Term
from ...design._curves import curve_of

if TYPE_CHECKING:
    from ..fitted import FittedSession

__all__ = ["Shape", "coupling_maps", "curves_of_neuron", "is_periodic", "shape_of"]

Z95 = 1.959963984540054
"""Half-width of a 95 % interval, in standard errors."""

MOST_CURVES = 6
"""Channels of a term that are drawn for one neuron: its own past, then the strongest."""


@dataclass(frozen=True)
class Shape:
    """What a term looks like, the same for all neurons.

    Attributes
    ----------
    term : Term
        The term.
    kind : {"filter", "curve", "map", "coefficients"}
        How it is drawn.
    axes : tuple of FloatArray
        Lags (s), places along the signal, two such, or numbers of the coefficients.
    functions : FloatArray
        What a coefficient adds to the linear predictor there, shape (point, function).
    centre : FloatArray
        Mean of each column over the bins used, shape (channel, function), for curves and maps of behaviour, so that 0
        is what the neuron does on average; else 0.
    free : BoolArray
        Which channels a neuron may listen to, shape (channel, neuron).
    coef : FloatArray
        Shape (channel, function, neuron).
    own : IntArray
        For each neuron the channel that is its own past, -1 without.
    """

    term: Term
    kind: str
    axes: tuple[FloatArray, ...]
    functions: FloatArray
    centre: FloatArray
    free: BoolArray
    coef: FloatArray
    own: IntArray

    @property
    def channels(self) -> list[str]:
        """Names of the channels; one without a name for a vector."""
        return [str(channel) for channel in self.term.channels] or [""]

    @property
    def values(self) -> FloatArray:
        """Mean over the points of each channel's curve, shape (channel, neuron)."""
        return np.einsum("ck,ckn->cn", self.functions.mean(axis=0) - self.centre, self.coef)


def shape_of(fitted: FittedSession, term: Term, n_points: int, n_cells: int) -> Shape:
    """What a term looks like.

    Parameters
    ----------
    fitted
        The session.
    term
        One of its terms.
    n_points, n_cells
        Points along a curve, and along each side of a map.
    """
    built, coef = fitted.built, np.asarray(fitted.model.coef_)[term.columns]
    n_functions, n_channels = term.n_functions, max(len(term.channels), 1)
    single = replace(term, channels=(), shape=(n_functions,), columns=slice(0, n_functions))
    kind, axes, functions = _functions(single, n_points, n_cells, built)
    centre = np.zeros((n_channels, n_functions))
    if kind in ("curve", "map"):
        centre = _mean_features(fitted, term).reshape(centre.shape)
    mask = fitted.model.feature_mask
    mask = np.ones(coef.shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)[term.columns]
    names = [str(channel) for channel in term.channels] if term.are_events else []
    own = np.array([names.index(unit) if unit in names else -1 for unit in map(str, fitted.scores["unit"])], dtype=int)
    shape = (n_channels, n_functions, -1)
    return Shape(term, kind, axes, functions, centre, mask.reshape(shape).any(axis=1), coef.reshape(shape), own)


def _functions(term: Term, n_points: int, n_cells: int, built: Any) -> tuple[str, tuple[FloatArray, ...], FloatArray]:
    """Kind, axes and functions of a term of one channel."""
    one = np.eye(term.n_functions)
    if term.basis is not None:
        n = n_cells if term.basis.n_inputs > 1 else n_points
        found = curve_of(term, one, n, built.bin_size) if term.basis.n_inputs < 3 else None
        if found is not None and isinstance(found[0], tuple):
            return "map", found[0], found[1].reshape(-1, term.n_functions)
        if found is not None and isinstance(term.basis, AbstractConvBasis):
            rows = _thinned(len(found[0]), n_points)
            return "filter", (found[0][rows],), found[1][rows]
        if found is not None:
            return "curve", (found[0],), found[1]
    return "coefficients", (np.arange(term.n_functions, dtype=np.float64),), one


def _thinned(n: int, most: int) -> IntArray:
    """At most so many of `n` lags: every one of the first, where filters are steep, and some of the others."""
    if n <= most:
        return np.arange(n)
    near = most // 2
    return np.unique(np.append(np.arange(near), np.linspace(near, n - 1, most - near).round().astype(int)))


def _mean_features(fitted: FittedSession, term: Term) -> FloatArray:
    """Mean of each column of a term over the bins used."""
    X, mask = fitted.built.X, fitted.built.mask
    weight = np.zeros((X.n_rows, 1))
    weight[: len(mask), 0] = mask / mask.sum()
    return np.asarray(X.rmatvec(weight))[term.columns, 0]


def curves_of_neuron(shape: Shape, covariances: Mapping[str, FloatArray], neuron: int) -> dict[str, Any]:
    """The curves of one term that are drawn for one neuron.

    Returns
    -------
    dict
        ``curves``, a list with ``name``, ``value`` and ``half`` in units of the linear predictor: the 95 % interval is
        ``value`` plus and minus ``half`` (None without intervals). And ``left_out``, the number of channels that are
        not drawn.
    """
    free = np.flatnonzero(shape.free[:, neuron])
    effect = np.abs(shape.values[:, neuron])
    effect[shape.own[neuron] if shape.own[neuron] >= 0 else slice(0)] = math.inf
    order = free[np.argsort(-effect[free], kind="stable")]
    covariance = covariances.get(shape.term.label)
    curves = []
    for channel in order[:MOST_CURVES]:
        functions = shape.functions - shape.centre[channel]
        value = functions @ shape.coef[channel, :, neuron]
        half = None
        if covariance is not None:
            inside = covariance[neuron, channel]
            variance = np.einsum("pk,pk->p", functions @ inside, functions)
            # a filter that ends in zero is known to; a stretch that no free function reaches is not known at all
            nothing = np.where(functions.any(axis=1), np.nan, 0.0)
            half = Z95 * np.sqrt(np.where(variance > 0, variance, nothing))
        name = "own spikes" if channel == shape.own[neuron] else shape.channels[channel]
        curves.append({"name": name, "value": value, "half": half})
    return {"curves": curves, "left_out": max(len(order) - MOST_CURVES, 0)}


def coupling_maps(shapes: list[Shape], bin_size: float | None) -> list[dict[str, Any]]:
    """For each term of several senders, the mean of every filter over its lags.

    Returns
    -------
    list of dict
        ``label``, ``senders`` (names), ``values`` (shape (receiver, sender), NaN where there is no filter) and
        ``window`` (s).
    """
    found = []
    for shape in shapes:
        if shape.kind != "filter" or not shape.term.are_events:
            continue
        receivers = np.arange(len(shape.own))
        others = shape.free.copy()
        others[shape.own[shape.own >= 0], receivers[shape.own >= 0]] = False
        if others.any():
            strength = np.where(others, shape.values, np.nan).T
            window = shape.term.basis.window_size * (bin_size or 1.0)
            found.append({"label": shape.term.label, "senders": shape.channels, "values": strength, "window": window})
    return found


def is_periodic(term: Term) -> bool:
    """Whether both ends of a curve are the same place."""
    return isinstance(term.basis, CyclicBSplineEval | FourierEval)
