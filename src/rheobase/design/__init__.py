"""Designs: the features of a fit, known by three products, so that every solver runs on all of them."""

from __future__ import annotations

from ._built import BuiltDesign
from ._chunked import Chunked
from ._convolved import Convolved
from ._core import AbstractDesign
from ._dense import Dense
from ._side_by_side import SideBySide
from ._terms import Term
from .build import build

__all__ = ["AbstractDesign", "BuiltDesign", "Chunked", "Convolved", "Dense", "SideBySide", "Term", "build"]


def __dir__() -> list[str]:
    return sorted(__all__)
