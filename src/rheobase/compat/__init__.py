"""Names of the libraries that users come from, and where rheobase differs from them on purpose.

Nothing here computes: these are tables, from which the pages for newcomers are made, and the older paths of modules.
"""

from __future__ import annotations

from . import pynapple

__all__ = ["pynapple"]


def __dir__() -> list[str]:
    return sorted(__all__)
