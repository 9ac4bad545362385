"""A mask of free coefficients, for models of many neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._trees import Blocks, blocks_of, is_tree, leaves

__all__ = ["MaskedFeatures"]


class MaskedFeatures:
    """The argument `feature_mask`, checked where it is set and again against the shape of the coefficients."""

    _mask_axes = "(feature, neuron)"
    _blocks: Blocks | None
    coef_: Any

    @property
    def feature_mask(self):
        """Which coefficients are free, 0 or 1 for each of them, or None.

        For features in a dict, it may be a dict with the same keys: one entry for each coefficient of a block,
        or, shape (neuron,), one for all features of a block.
        """
        return self._feature_mask

    @feature_mask.setter
    def feature_mask(self, value: Any) -> None:
        if getattr(self, "coef_", None) is not None:
            msg = "feature_mask cannot be changed after a fit; make a new model, or clone this one."
            raise AttributeError(msg)
        for mask in () if value is None else [np.asarray(block) for _, block in leaves(value)]:
            if mask.dtype.kind not in "biuf" or not np.isin(mask, (0, 1)).all():
                got = f"values such as {mask[~np.isin(mask, (0, 1))].flat[0]!r}" if mask.size else "nothing"
                msg = f"feature_mask must be an array of 0 and 1, shape {self._mask_axes}, got {got}."
                raise ValueError(msg)
        self._feature_mask = value

    def _mask(self, shape):
        """The mask as bool, or None; a ValueError if it has another shape than the coefficients."""
        if self._feature_mask is None:
            return None
        mask = self._feature_mask
        if is_tree(mask):
            blocks = self._blocks or blocks_of(self.coef_)
            if blocks is None:
                msg = "feature_mask is a dict, but X is not; give features as a dict with the same keys, or an array."
                raise ValueError(msg)
            mask = blocks.spread(mask, "feature_mask")
        mask = np.asarray(mask).astype(bool)
        if mask.shape != shape:
            msg = f"feature_mask must have shape {self._mask_axes} = {shape}, got {mask.shape}."
            raise ValueError(msg)
        return mask
