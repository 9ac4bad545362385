"""Generalised linear models of one neuron and of many, the choice of their penalty, and how sure they are."""

from __future__ import annotations

from ._class_inference import ClassInference
from ._cv import CV, CrossValidation
from ._inference import Inference, likelihood_ratio_test
from ._reml import REML, RestrictedLikelihood
from .classifier import ClassifierGLM, ClassifierPopulationGLM
from .coupling import coupling_mask
from .glm import GLM
from .population_glm import PopulationGLM
from .saving import inspect_npz, load_model
from .selection import cross_validate, regularization_path

__all__ = [
    "CV",
    "GLM",
    "REML",
    "ClassInference",
    "ClassifierGLM",
    "ClassifierPopulationGLM",
    "CrossValidation",
    "Inference",
    "PopulationGLM",
    "RestrictedLikelihood",
    "coupling_mask",
    "cross_validate",
    "inspect_npz",
    "likelihood_ratio_test",
    "load_model",
    "regularization_path",
]


def __dir__() -> list[str]:
    return sorted(__all__)
