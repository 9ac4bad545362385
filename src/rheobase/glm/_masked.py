"""A mask of free coefficients, for models of many neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["MaskedFeatures"]


class MaskedFeatures:
    """The argument `feature_mask`, checked where it is set and again against the shape of the coefficients."""

    _mask_axes = "(feature, neuron)"

    @property
    def feature_mask(self):
        """Which coefficients are free, 0 or 1 for each of them, or None."""
        return self._feature_mask

    @feature_mask.setter
    def feature_mask(self, value: Any) -> None:
        if getattr(self, "coef_", None) is not None:
            msg = "feature_mask cannot be changed after a fit; make a new model, or clone this one."
            raise AttributeError(msg)
        if value is not None:
            mask = np.asarray(value)
            if mask.dtype.kind not in "biuf" or not np.isin(mask, (0, 1)).all():
                got = f"values such as {mask[~np.isin(mask, (0, 1))].flat[0]!r}" if mask.size else "nothing"
                msg = f"feature_mask must be an array of 0 and 1, shape {self._mask_axes}, got {got}."
                raise ValueError(msg)
        self._feature_mask = value

    def _mask(self, shape):
        """The mask as bool, or None; a ValueError if it has another shape than the coefficients."""
        if self._feature_mask is None:
            return None
        mask = np.asarray(self._feature_mask).astype(bool)
        if mask.shape != shape:
            msg = f"feature_mask must have shape {self._mask_axes} = {shape}, got {mask.shape}."
            raise ValueError(msg)
        return mask
