"""What tests share: tolerances by name, and where the real recordings are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROUNDING = 1e-12
"""Relative; float64 arithmetic in another order, for well-conditioned expressions."""

SOLVER = 1e-6
"""Relative; what every solver promises of a coefficient (architecture, decision 6)."""

SAMPLING = 4.0
"""Standard errors that a sampled mean may lie from its expectation."""

DATA = Path(os.environ.get("RHEOBASE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
"""Folder of real recordings; they are never part of this repository."""


def data_file(name: str) -> Path:
    """Path of a real recording, or skip the test with the reason."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"real recording {name} is not in {DATA.name!r} (set RHEOBASE_DATA to the folder that holds it)")
    return path
