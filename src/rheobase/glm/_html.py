"""A model in a notebook: what it is made of before a fit, what was found after it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..containers._repr import Table
from ._trees import joined

__all__ = ["html_of"]

_MOST = 20
"""Rows of a table."""


def html_of(model: Any) -> str:
    """The arguments and, once fitted, coefficients or neurons."""
    arguments = Table(["argument", "value"], _arguments(model), "", [False, False], title=type(model).__name__)
    if model.coef_ is None:
        arguments.foot = "not fitted: call fit(X, y)"
        return arguments.html()
    coef = joined(model.coef_)
    found = _coefficients(model, coef) if coef.ndim == 1 else _neurons(model, coef)
    return f"<div>{arguments.html()}{found.html()}</div>"


def _arguments(model: Any) -> list[list[str]]:
    rows = []
    for name, value in model._given().items():
        shown = getattr(model, name) if value is None else value
        empty = shown is None or (isinstance(shown, dict) and not shown)
        text = getattr(shown, "name", None) if name == "inverse_link_function" else None
        if not empty:
            rows.append(
                [name, text or (f"array of shape {shown.shape}" if isinstance(shown, np.ndarray) else str(shown))]
            )
    return rows


def _coefficients(model: Any, coef: np.ndarray) -> Table:
    names = getattr(model, "feature_names_in_", None)
    labels = [f"x{number}" for number in range(coef.size)] if names is None else [str(name) for name in names]
    intercept = float(np.ravel(model.intercept_)[0])
    rows = [["intercept", f"{intercept:.4g}"]]
    rows += [[label, f"{value:.4g}"] for label, value in zip(labels[:_MOST], coef[:_MOST].tolist(), strict=True)]
    rows += [["...", "..."]] if coef.size > _MOST else []
    return Table(["feature", "coefficient"], rows, _foot(model, f"{coef.size:,} features"), [False, True])


def _neurons(model: Any, coef: np.ndarray) -> Table:
    """One row for each neuron (for each class, where a model has classes and one neuron)."""
    classes = getattr(model, "classes_", None)
    kind = "neuron" if classes is None or coef.ndim == 3 else "class"
    names = model._names() if classes is None else (np.arange(coef.shape[1]) if coef.ndim == 3 else classes)
    names = names if len(names) == coef.shape[1] else np.arange(coef.shape[1])
    size = np.sqrt(np.sum(coef.reshape(coef.shape[0], coef.shape[1], -1) ** 2, axis=(0, 2)))
    columns = [[str(name) for name in names[:_MOST]], [f"{value:.4g}" for value in size[:_MOST]]]
    headers = [kind, "norm of coefficients"]
    intercept = np.asarray(model.intercept_)
    if intercept.shape == (coef.shape[1],):
        headers.append("intercept")
        columns.append([f"{value:.4g}" for value in intercept[:_MOST]])
    if model.solution_ is not None and len(model.solution_.converged) == coef.shape[1]:
        headers.append("converged")
        columns.append(["yes" if good else "no" for good in model.solution_.converged[:_MOST]])
    rows = [list(row) for row in zip(*columns, strict=True)]
    rows += [["..."] * len(headers)] if coef.shape[1] > _MOST else []
    shape = f"{coef.shape[0]:,} features, {coef.shape[1]:,} {'neurons' if kind == 'neuron' else 'classes'}"
    return Table(headers, rows, _foot(model, shape), [False, True, True, False][: len(headers)])


def _foot(model: Any, shape: str) -> str:
    solution = model.solution_
    if solution is None:
        return f"{shape}; coefficients were set, not fitted"
    stats = solution.stats
    taken = f" in {stats['seconds']:.3g} s" if "seconds" in stats else ""
    return f"{shape}; fitted by {stats.get('solver')}{taken}; {solution.message}"
