"""Generalised linear models: one neuron, or many that share their features."""

from __future__ import annotations

from .glm import GLM
from .population_glm import PopulationGLM

__all__ = ["GLM", "PopulationGLM"]
