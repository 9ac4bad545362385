"""A regulariser's answers, in the user's units, turned into the penalty of a problem, in standardised ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import FloatArray
from ..regularizer import AbstractRegularizer
from ..solvers._penalty import Norms, Penalty
from ._bounds import Bounds

__all__ = ["penalty_of"]


def penalty_of(
    regularizer: AbstractRegularizer,
    strength: Any,
    shape: tuple[int, int],
    scale: FloatArray,
    bounds: Bounds | None = None,
    factor: FloatArray | None = None,
) -> Penalty:
    """Penalty on coefficients that are `scale` times the user's, with a row for the intercept.

    Parameters
    ----------
    regularizer, strength
        As the model holds them.
    shape
        (n_features, neuron).
    scale
        Spread of each feature, shape (n_features,).
    bounds
        Of the user's coefficients.
    factor
        What the penalty of each neuron is multiplied by, shape (neuron,).
    """
    n_features, n_neurons = shape
    ridge = np.zeros((n_features + 1, n_neurons))
    ridge[:-1] = regularizer.curvature(strength, shape) / scale[:, None] ** 2
    matrices = weights = norms = None
    forms = regularizer.forms(strength, shape)
    if forms is not None:
        matrices = np.zeros((len(forms.matrices), n_features + 1, n_features + 1))
        matrices[:, :-1, :-1] = forms.matrices / np.outer(scale, scale)
        weights = np.broadcast_to(forms.strength, (len(matrices), n_neurons))
    groups = regularizer.groups(strength, shape)
    if groups is not None:
        member = np.full((n_features + 1, n_neurons), -1)
        member[:-1] = groups.member
        norms = Norms(
            member, np.broadcast_to(groups.strength, (len(groups.strength), n_neurons)), np.append(scale, 1.0)
        )
    penalty = Penalty(ridge, matrices, weights, norms, None if bounds is None else bounds.box(scale))
    return penalty if factor is None else penalty.scaled(factor)
