"""The report of a fitted session: one page with its numbers and pictures inside."""

from __future__ import annotations

from ._page import write_report

__all__ = ["write_report"]


def __dir__() -> list[str]:
    return sorted(__all__)
