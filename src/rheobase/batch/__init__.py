"""Models of whole recordings without code of one's own: one, or many of them."""

from __future__ import annotations

from ._results import Results
from .fitted import FittedSession
from .plan import Job, Plan
from .report import write_report
from .run import run
from .session import fit_session, save_session
from .settings import Settings

__all__ = ["FittedSession", "Job", "Plan", "Results", "Settings", "fit_session", "run", "save_session", "write_report"]


def __dir__() -> list[str]:
    return sorted(__all__)
