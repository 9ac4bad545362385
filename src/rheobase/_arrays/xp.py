"""Which array library computes a formula: the one that the data came from.

Formulas are written once, on a namespace ``xp`` that is either NumPy or ``jax.numpy``. Data decide, never a global
switch; JAX is never imported here, because an array of JAX can only exist where JAX has been imported already.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np

from .namespace import is_jax

__all__ = ["namespace"]


def namespace(*arrays: Any) -> ModuleType:
    """``jax.numpy`` if any of `arrays` is a JAX array, concrete or traced, else ``numpy``."""
    return sys.modules["jax"].numpy if any(is_jax(x) for x in arrays) else np
