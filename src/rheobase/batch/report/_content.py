"""What the report shows, as plain dicts, lists and arrays: every number comes from here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._types import FloatArray
from ...links import Exp
from .._covariance import term_covariances
from ._goodness import ks_curves
from ._terms import Shape, coupling_maps, curves_of_neuron, is_periodic, shape_of
from ._traces import SMOOTHING, traces
from ._tuning import behaviour_of, column_names, tuning_of_term

if TYPE_CHECKING:
    from ..fitted import FittedSession

__all__ = ["report_content"]

_TEXTS = {"radians": "rad", "radian": "rad", "seconds": "s", "meters": "m", "centimeters": "cm", "degrees": "°"}
"""Units as they are written on axes."""


def report_content(fitted: FittedSession, detail: float = 1.0) -> dict[str, Any]:
    """All numbers that the pictures of a report are drawn from.

    Parameters
    ----------
    fitted : FittedSession
        A fitted and judged session.
    detail : float
        How many points curves have, 1 for as many as a screen can show.

    Returns
    -------
    dict
        ``terms``, ``tuning``, ``windows``, ``ks`` and ``coupling`` hold what neurons share: axes, occupancy, stretches
        of time, maps. ``neurons`` has an entry for each neuron with its curves in the same order. Effects are in units
        of the linear predictor: of the log rate, where ``gain`` is true.
    """

    def points(n: int) -> int:
        return max(round(n * detail), 8)

    shapes = [shape_of(fitted, term, points(96), points(28)) for term in fitted.built.terms if term.n_columns]
    known = fitted._covariances or term_covariances(fitted.model, fitted.built, fitted.counts)
    behaviour = [shape for shape in shapes if behaviour_of(fitted, shape.term.label) is not None]
    tuning = [
        {"label": _title(shape), "axes": _places(fitted, shape, curve), **curve}
        for shape in behaviour
        for curve in _tuning(fitted, shape, points(28))
    ]
    windows, stretches = traces(fitted, points(480))
    ks = ks_curves(fitted, points(101))
    neurons = []
    for number, record in enumerate(fitted.scores.to_dict("records")):
        neurons.append(
            {
                "name": str(record["unit"]),
                "scores": {name: _plain(value) for name, value in record.items()},
                "terms": [curves_of_neuron(shape, known.terms, number) for shape in shapes],
                "tuning": [{what: curve[what][:, number] for what in ("measured", "predicted")} for curve in tuning],
                "ks": ks["measured"][:, number] if ks else None,
                "trace": stretches[number] or None,
            }
        )
    return {
        "name": fitted.name,
        "gain": isinstance(fitted.model.inverse_link_function, Exp),
        "no_intervals": known.reason,
        "smoothing": SMOOTHING,
        "terms": [_shared(fitted, shape) for shape in shapes],
        "tuning": [
            {k: v for k, v in curve.items() if k not in ("measured", "predicted", "centres")} for curve in tuning
        ],
        "windows": windows,
        "units": {label: unit_text(unit) for label, unit in fitted.covariate_units.items()},
        "ks": ks["expected"] if ks else None,
        "coupling": coupling_maps(shapes, fitted.built.bin_size),
        "neurons": neurons,
    }


def unit_text(unit: str | None) -> str:
    """A unit as it is written on an axis."""
    return "" if unit is None else _TEXTS.get(unit, unit)


def _tuning(fitted: FittedSession, shape: Shape, n: int) -> list[dict[str, Any]]:
    """Measured and predicted tuning over the range of the fitted curve."""
    limits: list[Any] = [None]
    if shape.kind in ("curve", "map"):
        limits = [(float(axis[0]), float(axis[-1])) for axis in shape.axes]
    return tuning_of_term(fitted, shape.term.label, limits, n, n)


def _shared(fitted: FittedSession, shape: Shape) -> dict[str, Any]:
    """What all neurons share of a term."""
    if shape.kind == "filter":
        axes = [{"label": "Lag", "unit": "ms", "values": shape.axes[0] * 1e3}]
        if fitted.built.bin_size is None:
            axes = [{"label": "Lag", "unit": "bins", "values": shape.axes[0]}]
    elif shape.kind == "coefficients":
        axes = [{"label": "Coefficient", "unit": "", "values": shape.axes[0]}]
    else:
        axes = _places(fitted, shape, {"centres": list(shape.axes), "name": ""})
    events = shape.term.are_events
    return {
        "label": _title(shape),
        "kind": shape.kind,
        "axes": axes,
        "events": events,
        "periodic": is_periodic(shape.term),
    }


def _places(fitted: FittedSession, shape: Shape, curve: dict[str, Any]) -> list[dict[str, Any]]:
    """Axes of a signal: its name, unit and places."""
    label, found = _title(shape), behaviour_of(fitted, shape.term.label)
    unit = "" if found is None else unit_text(fitted.covariate_units.get(found[0]))
    if not unit and is_periodic(shape.term) and abs(np.ptp(shape.axes[0]) - 2 * math.pi) < 0.01:
        unit = "rad"
    names = [f"{label} {curve['name']}".strip()]
    if len(curve["centres"]) > 1:
        names = [f"{label} {n}" for n in range(1, 3)] if found is None else column_names(*found)
    return [{"label": n, "unit": unit, "values": x} for n, x in zip(names, curve["centres"], strict=True)]


def _title(shape: Shape) -> str:
    """Name of a term as it is read: ``position x`` for ``position.position[x]``."""
    label = shape.term.label
    name, _, column = label.partition(".")
    return f"{name} {column[len(name) + 1 : -1]}" if column.startswith(f"{name}[") and column.endswith("]") else label


def _plain(value: Any) -> Any:
    """A number, a truth value or text."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value)
    return "" if value is None else str(value)


def headline(pseudo_r2: FloatArray, distance: FloatArray, band: FloatArray) -> dict[str, Any]:
    """The few numbers at the top.

    Parameters
    ----------
    pseudo_r2
        Held out, shape (neuron,).
    distance, band
        Of the test of Kolmogorov and Smirnov, shape (neuron,).

    Returns
    -------
    dict
        ``n``, ``better`` (than a constant rate, held out), ``median``, ``quartiles`` of those that are known,
        ``tested`` and ``inside`` (the band).
    """
    known = pseudo_r2[np.isfinite(pseudo_r2)]
    low, median, high = np.quantile(known, [0.25, 0.5, 0.75]) if known.size else [math.nan] * 3
    tested = np.isfinite(distance) & np.isfinite(band)
    return {
        "n": len(pseudo_r2),
        "better": int((known > 0).sum()),
        "median": float(median),
        "quartiles": (float(low), float(high)),
        "tested": int(tested.sum()),
        "inside": int((distance[tested] <= band[tested]).sum()),
    }
