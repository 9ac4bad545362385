"""The table of neurons: a row for each, sorted in the browser."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEGEND", "heads_of", "rows_of"]

_SCORES = {
    "pseudo_r2": ("Pseudo-R²\nheld out", ".3f"),
    "pseudo_r2_train": ("Pseudo-R²\nfitted data", ".3f"),
    "bits_per_spike": ("Bits per\nspike", ".3f"),
    "n_spikes": ("Spikes", ",.0f"),
    "rate": ("Rate\n(Hz)", ".2f"),
    "ks_distance": ("KS\ndistance", ".3f"),
    "ks_band": ("KS\nband", ".3f"),
    "strength": ("Penalty\nstrength", ".2g"),
    "converged": ("Converged", ""),
}
"""Column of scores: its heading and format."""

_NOT_SHOWN = ("unit", "log_likelihood", "ks_p")

LEGEND = (
    "Held out: predicted by a model that was fitted to the other folds. Pseudo-R² is McFadden's, 0 for a constant rate "
    "and negative for worse. KS distance: of rescaled intervals from those of the true model; beyond the band, the "
    "timing of spikes is not that of the model. A dash: not defined."
)

_DASH = "\N{EN DASH}"


def heads_of(scores: pd.DataFrame) -> str:
    """Header cells with buttons that sort."""
    cells = []
    for name in _order(scores):
        text = _SCORES[name][0] if name in _SCORES else ("Unit" if name == "unit" else str(name))
        kind = ' class="num"' if _is_number(scores, name) and name != "unit" else ""
        sort = "ascending" if name == "unit" else "none"
        button = f'<button type="button">{html.escape(text)}</button>'
        cells.append(f'<th scope="col"{kind} aria-sort="{sort}" data-column="{html.escape(str(name))}">{button}</th>')
    return "\n".join(cells)


def rows_of(scores: pd.DataFrame) -> str:
    """A row for each neuron; what it is sorted by stands in ``data-value``, nothing there for what is not defined."""
    names = _order(scores)
    columns = [scores[name].tolist() for name in names]
    numeric = [_is_number(scores, name) for name in names]
    return "\n".join(_row(number, names, values, numeric) for number, values in enumerate(zip(*columns)))


def _row(number: int, names: list[str], values: tuple[Any, ...], numeric: list[bool]) -> str:
    cells = []
    for name, value, is_number in zip(names, values, numeric):
        key, text = _cell(name, value)
        key, text = html.escape(key), html.escape(text)
        if name == "unit":
            link = f'<a href="#unit={html.escape(quote(str(value), safe=""))}">{text}</a>'
            cells.append(f'<th scope="row" data-value="{key}">{link}</th>')
        else:
            kind = ' class="num"' if is_number else ""
            cells.append(f'<td{kind} data-value="{key}">{text}</td>')
    return f'<tr data-neuron="{number}">{"".join(cells)}</tr>'


def _cell(name: str, value: Any) -> tuple[str, str]:
    """What a cell is sorted by, and what it shows."""
    if isinstance(value, bool | np.bool_):
        return str(int(value)), "yes" if value else "no"
    if isinstance(value, float) and not math.isfinite(value):
        return "", _DASH
    if isinstance(value, int | float):
        form = _SCORES[name][1] if name in _SCORES else ("" if isinstance(value, int) else ".4g")
        return repr(value), format(value, form).replace("-", "\N{MINUS SIGN}")
    return ("", _DASH) if value is None else (str(value), str(value))


def _order(scores: pd.DataFrame) -> list[str]:
    """The unit, its scores, then its metadata, which may be many."""
    known = [name for name in _SCORES if name in scores]
    return ["unit", *known, *(name for name in scores if name not in _SCORES and name not in _NOT_SHOWN)]


def _is_number(scores: pd.DataFrame, name: str) -> bool:
    return scores[name].dtype.kind in "iuf"
