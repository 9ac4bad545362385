r"""A penalty that sets groups of coefficients to zero together."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._errors import kind_of
from .._types import BoolArray
from ._core import KINKED_SOLVERS, AbstractRegularizer, Groups, check_number, check_terms, spread_terms

__all__ = ["GroupLasso"]


class GroupLasso(AbstractRegularizer):
    r"""Strength times the norms of groups: :math:`\lambda \sum_g \sqrt{|g|}\, \lVert w_g \rVert_2`.

    A group is kept or left out as a whole: the functions that make up one filter, say, so that the answer is a list of
    connections and not of single coefficients.

    Parameters
    ----------
    mask : array of 0 and 1, optional
        Which features are in which group, shape (group, feature), shared by the neurons of a population, or (group,
        feature, neuron). A feature in no group is not penalised. Without a mask, the features of a neuron are one
        group, and a warning says so.
    solver_name, solver_kwargs, regularizer_strength
        2024 spelling; the model uses them where it is given none itself.

    Raises
    ------
    TypeError
        If `mask` is not numeric.
    ValueError
        If it holds other values than 0 and 1, a feature in two groups, a group without features, or one that joins
        neurons.

    Notes
    -----
    The model's ``regularizer_strength`` is one number, or one for each group, shape (group,).

    References
    ----------
    Yuan & Lin (2006), *Model selection and estimation in regression with grouped variables*.
    """

    allowed_solvers = KINKED_SOLVERS

    def __init__(
        self,
        mask: Any = None,
        solver_name: str | None = None,
        solver_kwargs: dict[str, Any] | None = None,
        regularizer_strength: Any = None,
    ):
        if isinstance(mask, str):  # until 2024 the solver came first: GroupLasso("ProximalGradient", mask)
            mask, solver_name = (None if isinstance(solver_name, str) else solver_name), mask
        super().__init__(solver_name, solver_kwargs)
        self.mask = mask
        self.regularizer_strength = None if regularizer_strength is None else self.check_strength(regularizer_strength)

    @property
    def mask(self):
        """Groups by features, or None."""
        return self._mask

    @mask.setter
    def mask(self, value):
        self._mask = None if value is None else _check_mask(value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name, so that ``regularizer__mask`` can be set."""
        return {"mask": self._mask}

    def set_params(self, **params):
        """Set the mask."""
        for name, value in params.items():
            if name != "mask":
                msg = f"GroupLasso has no parameter {name!r}; it has 'mask'."
                raise ValueError(msg)
            self.mask = value
        return self

    def check_strength(self, strength):
        """One number >= 0, one for each group, or an array of shape (1, neuron) or (group, neuron)."""
        checked = check_number(strength, self.default_strength)
        return checked if self._mask is None else check_terms(checked, len(self._mask), "groups")

    def groups(self, strength, shape):
        """Groups of every neuron, with their strengths times the root of their sizes."""
        mask = self._mask
        if mask is None:
            warnings.warn(
                "GroupLasso has no mask: all features of a neuron are taken as one group. Pass "
                "regularizer=GroupLasso(mask=...), shape (group, feature).",
                UserWarning,
                stacklevel=5,
            )
            mask = np.ones((1, shape[0]), dtype=bool)
        if mask.shape[1:] not in (shape[:1], shape):
            msg = (
                f"the mask of GroupLasso has shape {mask.shape}, but there are {shape[0]} features and {shape[1]} "
                f"neurons: give ({len(mask)}, {shape[0]}) or ({len(mask)}, {shape[0]}, {shape[1]})."
            )
            raise ValueError(msg)
        member = np.where(mask.any(axis=0), mask.argmax(axis=0), -1)
        member = np.broadcast_to(member[:, None] if member.ndim == 1 else member, shape)
        size = mask.reshape(len(mask), -1).sum(axis=1)
        return Groups(member, spread_terms(strength, len(mask), shape[1]) * np.sqrt(size)[:, None])


def _check_mask(value: Any) -> BoolArray:
    mask = np.asarray(value)
    if mask.dtype.kind not in "biuf":
        msg = f"mask must be an array of 0 and 1, shape (group, feature), got {kind_of(value)}."
        raise TypeError(msg)
    if mask.ndim not in (2, 3) or mask.size == 0:
        msg = f"mask must have shape (group, feature) or (group, feature, neuron), got {mask.shape}."
        raise ValueError(msg)
    if not np.isin(mask, (0, 1)).all():
        msg = f"mask must be an array of 0 and 1, got values such as {mask[~np.isin(mask, (0, 1))].flat[0]!r}."
        raise ValueError(msg)
    mask = mask.astype(bool)
    if (mask.sum(axis=0) > 1).any():
        feature = int(np.argwhere(mask.sum(axis=0) > 1)[0][0])
        msg = f"groups must not overlap, but feature {feature} is in more than one of them."
        raise ValueError(msg)
    empty = ~mask.reshape(len(mask), -1).any(axis=1)
    if empty.any():
        msg = f"every group needs a feature, but group {int(np.argmax(empty))} of the mask is empty."
        raise ValueError(msg)
    if mask.ndim == 3 and (mask.any(axis=1).sum(axis=1) > 1).any():
        group = int(np.argmax(mask.any(axis=1).sum(axis=1) > 1))
        msg = (
            f"group {group} of the mask joins coefficients of several neurons; every neuron has its own optimum here. "
            "Give a mask of shape (group, feature) to use the same groups for each neuron."
        )
        raise ValueError(msg)
    return mask
