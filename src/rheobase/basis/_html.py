"""A basis in a notebook: its text and, for functions of one variable, a drawing of them."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._core import AbstractBasis

__all__ = ["html_of"]

_WIDTH, _HEIGHT, _MARGIN = 240, 72, 4
_POINTS = 121
_MOST = 40
"""Functions that are drawn; more would only be ink."""


def html_of(basis: AbstractBasis) -> str:
    """A small picture for each part of one variable, with its name, and the text of the whole."""
    pictures = [_picture(part.label, part.basis) for part in basis.components()]
    text = html.escape(repr(basis))
    return f"<div>{''.join(pictures)}<pre style='margin:4px 0'>{text}</pre></div>"


def _picture(label: str, basis: AbstractBasis) -> str:
    if basis.children:
        return "".join(_picture(type(part).__name__, part) for part in basis.children)
    if basis.n_inputs != 1 or not 0 < basis.n_basis_funcs <= _MOST or basis.is_discrete:
        return ""
    grid, values = basis.evaluate_on_grid(_POINTS)
    if values.ndim != 2 or not np.isfinite(values).all():
        return ""
    lines = "".join(_line(values[:, i], values, i) for i in range(values.shape[1]))
    low, high = grid[0], grid[-1]
    title = f"{html.escape(label)} <small>[{low:g}, {high:g}]</small>"
    size = f"width='{_WIDTH}' height='{_HEIGHT}' viewBox='0 0 {_WIDTH} {_HEIGHT}'"
    drawing = f"<svg {size} role='img' aria-label='functions of {html.escape(label)}'>{lines}</svg>"
    return f"<figure style='display:inline-block;margin:0 8px 0 0'>{drawing}<figcaption>{title}</figcaption></figure>"


def _line(function: np.ndarray, values: np.ndarray, index: int) -> str:
    low, high = values.min(), values.max()
    x = _MARGIN + np.linspace(0, _WIDTH - 2 * _MARGIN, function.size)
    y = _HEIGHT - _MARGIN - (function - low) / ((high - low) or 1) * (_HEIGHT - 2 * _MARGIN)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y))
    hue = round(360 * index / values.shape[1])
    return f"<polyline points='{points}' fill='none' stroke='hsl({hue},65%,45%)' stroke-width='1.5'/>"
