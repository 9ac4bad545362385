"""What every test runs under: no window, and a hypothesis profile that a slow machine can keep.

`HYPOTHESIS_PROFILE=thorough` looks for new failures; `repeatable`, which CI takes, draws the same inputs at every run.
"""

from __future__ import annotations

import os

import matplotlib
import numpy as np
import pytest
from hypothesis import HealthCheck, settings

matplotlib.use("Agg")

settings.register_profile("default", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1000)
settings.register_profile("repeatable", parent=settings.get_profile("default"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed, so that a failure can be met again."""
    return np.random.default_rng(20240917)


@pytest.fixture(autouse=True)
def _no_figure_left_open():
    """Close what a test drew; an open figure would count against the next one."""
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
