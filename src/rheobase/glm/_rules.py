"""What a model says of every batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._types import BoolArray, FloatArray
from ..links import AbstractInverseLink
from ..observation_models import AbstractObservationModel
from ..solvers._penalty import Penalty

__all__ = ["Rules"]


@dataclass(frozen=True)
class Rules:
    """Observation model, inverse link, penalty and mask of a model.

    Attributes
    ----------
    penalty
        The penalty from the scale of the features, shape (feature,), in which its coefficients stand.
    mask
        Shape (feature, neuron), False where a coefficient stays zero; None if all are free.
    """

    model: AbstractObservationModel
    link: AbstractInverseLink
    penalty: Callable[[FloatArray], Penalty]
    mask: BoolArray | None
