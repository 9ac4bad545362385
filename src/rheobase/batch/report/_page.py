"""The page itself: text that is escaped, a template, and the pictures' numbers inside it."""

from __future__ import annotations

import html
import math
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._version import __version__
from ._content import headline, report_content
from ._numbers import as_json
from ._summary import facts_of, subtitle_of, terms_of
from ._table import LEGEND, heads_of, rows_of

if TYPE_CHECKING:
    from ..fitted import FittedSession

__all__ = ["LIMIT", "page_of", "write_report"]

LIMIT = 8e6
"""Bytes above which the pictures get fewer points."""

_DETAILS = (1.0, 0.7, 0.5, 0.3, 0.15)


def write_report(fitted: FittedSession, path: str | os.PathLike[str]) -> None:
    """Write what was fitted, and how well, as one page that needs no other file and no network.

    The page has a summary, a table of neurons that can be sorted, and for each neuron its filters with 95 % intervals,
    its tuning as measured and as predicted, a test of its timing, and its rate over a held-out minute. With many
    neurons, curves get fewer points, so that the file stays below 10 MB up to about two thousand neurons.

    Parameters
    ----------
    fitted : FittedSession
        What `fit_session` returned.
    path : str or path
        File to write, usually ``report.html``; an older one is replaced.

    Examples
    --------
    >>> import rheobase.batch
    >>> fitted = rheobase.batch.fit_session("head_direction.nwb", settings)  # doctest: +SKIP
    >>> rheobase.batch.write_report(fitted, "report.html")  # doctest: +SKIP
    """
    Path(path).write_text(page_of(fitted), encoding="utf-8", newline="\n")


def page_of(fitted: FittedSession) -> str:
    """The page as text, with as much detail as fits."""
    page = ""
    for detail in _DETAILS:
        page = _page(fitted, as_json(report_content(fitted, detail)))
        if len(page) <= LIMIT:
            break
    return page


def _page(fitted: FittedSession, data: str) -> str:
    texts = {
        "version": __version__,
        "name": fitted.name,
        "subtitle": subtitle_of(fitted),
        "n_warnings": str(len(fitted.warnings)),
        "command": fitted.command or "This fit was made from Python, not by a command.",
        "versions": ", ".join(f"{name} {version}" for name, version in fitted.versions.items()),
        "legend": LEGEND,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }
    pieces = {name: html.escape(text) for name, text in texts.items()}
    pieces |= {
        "cards": _cards(fitted),
        "facts": _definitions(facts_of(fitted)),
        "terms": "\n".join(_row(cells) for cells in terms_of(fitted)),
        "heads": heads_of(fitted.scores),
        "rows": rows_of(fitted.scores),
        "warnings": _warnings(fitted.warnings),
        "style": _read("report.css"),
        "script": _read("charts.js") + _read("panels.js") + _read("report.js"),
        "data": data,
    }
    return Template(_read("template.html")).substitute(pieces)


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _cards(fitted: FittedSession) -> str:
    scores = fitted.scores
    columns = [scores[name].to_numpy(dtype=np.float64) for name in ("pseudo_r2", "ks_distance", "ks_band")]
    top = headline(*columns)
    low, high = top["quartiles"]
    cards = [
        (f"{top['better']} of {top['n']}", "neurons better than a constant rate, on held-out data"),
        (
            number(top["median"], ".3f"),
            f"median pseudo-R², held out (quartiles {number(low, '.3f')} to {number(high, '.3f')})",
        ),
        (f"{top['inside']} of {top['tested']}", "neurons whose spike timing stays inside the 95 % band of the KS test"),
        (f"{int(scores['n_spikes'].sum()):,}", f"spikes in {_duration(fitted)}"),
    ]
    return "\n".join(f'<div class="card"><b>{html.escape(a)}</b><span>{html.escape(b)}</span></div>' for a, b in cards)


def _duration(fitted: FittedSession) -> str:
    if fitted.built.bin_size is None:
        return f"{int(fitted.built.mask.sum()):,} bins"
    seconds = float(fitted.built.mask.sum() * fitted.built.bin_size)
    return f"{seconds:.0f} s" if seconds < 180 else f"{seconds / 60:.1f} minutes"


def number(value: float, form: str) -> str:
    """A number, or a dash where it is not known."""
    return format(value, form).replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else "\N{EN DASH}"


def _definitions(facts: Mapping[str, str]) -> str:
    return "\n".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in facts.items())


def _row(cells: tuple[str, ...]) -> str:
    first, *inner, last = (html.escape(cell) for cell in cells)
    middle = "".join(f"<td>{cell}</td>" for cell in inner)
    return f'<tr><th scope="row">{first}</th>{middle}<td class="num">{last}</td></tr>'


def _warnings(warnings: tuple[Any, ...]) -> str:
    if not warnings:
        return "<p>None.</p>"
    return "\n".join(f'<p class="warning">{html.escape(str(text))}</p>' for text in warnings)
