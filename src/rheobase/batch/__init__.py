"""Models of whole recordings without code of one's own: one, or many of them."""

from __future__ import annotations

from .fitted import FittedSession
from .settings import Settings

__all__ = ["FittedSession", "Settings"]
