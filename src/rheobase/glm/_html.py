"""A model in a notebook: what it is made of before a fit, what was found after it; and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..containers._repr import Table
from ._trees import joined

if TYPE_CHECKING:
    from ._cv import CrossValidation
    from ._inference import Inference
    from ._reml import RestrictedLikelihood

__all__ = ["html_of", "inference_html", "reml_html", "search_html"]

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


def inference_html(found: Inference) -> str:
    """One row for each parameter of the first neurons: estimate, standard error, test, interval."""
    n_params, n_neurons = found.params.shape
    low, high = found.confidence_interval()
    statistic = "t" if found.estimated_scale else "z"
    numbers = (found.params, found.standard_errors, found.z_values, low, high)
    shown = min(n_params * n_neurons, _MOST)
    labels = [
        [str(found.neurons[place // n_params]), str(found.names[place % n_params])] for place in range(shown)
    ]  # neuron by neuron, as the summary has them
    cells = [[f"{value:.4g}" for value in array.T.ravel()[:shown].tolist()] for array in numbers]
    cells.insert(3, [_p_text(value) for value in found.p_values.T.ravel()[:shown].tolist()])
    headers = ["neuron", "parameter", "estimate", "std. error", statistic, "p", "2.5%", "97.5%"]
    rows = [[*label, *row] for label, row in zip(labels, zip(*cells, strict=True), strict=True)]
    if n_neurons == 1:
        headers, rows = headers[1:], [row[1:] for row in rows]
    return _table(found, headers, rows, n_params * n_neurons - shown, 2 - (n_neurons == 1))


def search_html(found: CrossValidation) -> str:
    """One row for each strength tried for one neuron, or for each neuron of several."""
    n_strengths, _, n_neurons = found.log_likelihood.shape
    if n_neurons == 1:
        headers = ["strength", "log-likelihood", "gain", "std. error", "parameters", ""]
        best = ["" if place != found.best[0] else "taken" for place in range(n_strengths)]
        columns = [found.strengths, found.mean, found.gain, found.standard_error, found.n_parameters]
        cells = [[f"{value:.4g}" for value in array[:_MOST, 0].tolist()] for array in columns]
        rows = [list(row) for row in zip(*cells, best[:_MOST], strict=True)]
        return _table(found, headers, rows, n_strengths - len(rows), 0)
    headers = ["neuron", "strength", "gain", "std. error", "parameters"]
    columns = [found.strengths, found.gain, found.standard_error, found.n_parameters]
    every = np.arange(n_neurons)
    cells = [[f"{value:.4g}" for value in array[found.best, every][:_MOST].tolist()] for array in columns]
    rows = [[str(number), *row] for number, row in enumerate(zip(*cells, strict=True))]
    return _table(found, headers, rows, n_neurons - len(rows), 0)


def reml_html(found: RestrictedLikelihood) -> str:
    """One row for each neuron and term of the penalty."""
    n_terms, n_neurons = found.strengths.shape
    shown = min(n_terms * n_neurons, _MOST)
    places = [(place // n_terms, place % n_terms) for place in range(shown)]
    rows = [
        [
            str(neuron),
            str(term),
            f"{found.strengths[term, neuron]:.4g}",
            f"{found.term_dof[term, neuron]:.4g}",
            f"{found.effective_dof[neuron]:.4g}",
            f"{found.score[neuron]:.6g}",
            "yes" if found.converged[neuron] else "no",
        ]
        for neuron, term in places
    ]
    headers = ["neuron", "term", "strength", "term's dof", "effective dof", "score", "converged"]
    return _table(found, headers, rows, n_terms * n_neurons - shown, 0)


def _table(found: Any, headers: list[str], rows: list[list[str]], n_left_out: int, n_text: int) -> str:
    """The rows with what the object says of itself beneath; the first `n_text` columns, and those of words, as text."""
    rows = [*rows, ["..."] * len(headers)] if n_left_out else rows
    numeric = [place >= n_text and name not in ("", "converged") for place, name in enumerate(headers)]
    return Table(headers, rows, repr(found).replace("\n", "; "), numeric, title=type(found).__name__).html()


def _p_text(p: float) -> str:
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"
