"""Designs: the features of a fit, known by three products, so that every solver runs on all of them."""

from __future__ import annotations

from ._convolved import Convolved
from ._core import AbstractDesign
from ._dense import Dense

__all__ = ["AbstractDesign", "Convolved", "Dense"]
