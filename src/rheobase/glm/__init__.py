"""GLMs of one neuron and of many, and the choice of their penalty."""

from __future__ import annotations

from .glm import GLM
from .population_glm import PopulationGLM
from .selection import CV, CrossValidation, cross_validate, regularization_path

__all__ = ["CV", "GLM", "CrossValidation", "PopulationGLM", "cross_validate", "regularization_path"]
