"""What was fitted, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...basis import AbstractBasis
from ...basis._leaf import AbstractConvBasis

if TYPE_CHECKING:
    from ..fitted import FittedSession

__all__ = ["facts_of", "subtitle_of", "terms_of"]


def subtitle_of(fitted: FittedSession) -> str:
    """One line on what the page is about."""
    n = len(fitted.scores)
    terms = " + ".join(term.label for term in fitted.built.terms)
    return f"Encoding model of {n:,} neuron{'' if n == 1 else 's'}: {terms}"


def facts_of(fitted: FittedSession) -> dict[str, str]:
    """Names and texts of what was asked for, in the order of the data flow."""
    built, model, settings = fitted.built, fitted.model, fitted.settings
    return {
        "Recording": fitted.path,
        "Neurons": f"{len(fitted.scores):,}" + (f", where {settings.where}" if settings.where else ""),
        "Epochs": f"{settings.epochs or 'all that were recorded'} ({_epochs(fitted)})",
        "Bins": f"{int(built.mask.sum()):,}"
        + ("" if built.bin_size is None else f" of {_width(built.bin_size)}")
        + _masked(fitted),
        "Model": f"{_name(model.observation_model)}, inverse link {model.inverse_link_function.name}",
        "Penalty": _penalty(fitted),
        "Held out": f"{settings.folds} folds, of blocks of time that take turns",
        "Solver": f"{model.solver_name}" + (f" on {settings.device}" if settings.device not in (None, "auto") else ""),
        "Took": f"{fitted.seconds:.3g} s",
    }


def terms_of(fitted: FittedSession) -> list[tuple[str, str, str, str]]:
    """Name, basis, input and number of coefficients of each term."""
    rows = []
    for term in fitted.built.terms:
        basis = "-" if term.basis is None else _basis(term.basis)
        size = f"{term.n_functions}" if len(term.channels) < 2 else f"{len(term.channels)} × {term.n_functions}"
        rows.append((term.label, basis, term.source, size))
    return rows


def _basis(basis: AbstractBasis) -> str:
    if basis.children:
        return f" {basis.symbol} ".join(_basis(child) for child in basis.children)
    window = f" over {basis.window_size} bins" if isinstance(basis, AbstractConvBasis) else ""
    return f"{type(basis).__name__}({basis.n_basis_funcs}){window}"


def _epochs(fitted: FittedSession) -> str:
    support = fitted.built.time_support
    if support is None:
        return "no times"
    n = len(support)
    total = float(np.sum(support.end - support.start))
    return f"{n} epoch{'s' if n > 1 else ''}, {total:,.0f} s"


def _masked(fitted: FittedSession) -> str:
    n = int((~fitted.built.mask).sum())
    return f"; {n:,} left out, where a term is not known" if n else ""


def _penalty(fitted: FittedSession) -> str:
    model = fitted.model
    name = type(model.regularizer).__name__
    if name == "UnRegularized":
        return "none"
    strengths = fitted.scores["strength"].to_numpy(dtype=float)
    known = strengths[np.isfinite(strengths)]
    if not known.size:
        return name
    low, high = known.min(), known.max()
    value = f"{low:.2g}" if low == high else f"{low:.2g} to {high:.2g}"
    how = {"cv": "chosen for each neuron by cross-validation", "reml": "chosen by REML"}
    chosen = how.get(str(fitted.settings.strength).lower(), "as given")
    return f"{name}, strength {value}, {chosen}"


def _name(part) -> str:
    return type(part).__name__.removesuffix("Observations")


def _width(seconds: float) -> str:
    return f"{seconds * 1e3:g} ms" if seconds < 1 else f"{seconds:g} s"
