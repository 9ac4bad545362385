"""Predictors by convolution: what happened around each bin, weighed by a bank of kernels, never across epochs."""

from __future__ import annotations

from ._predictor import create_convolutional_predictor

__all__ = ["create_convolutional_predictor"]


def __dir__() -> list[str]:
    return sorted(__all__)
