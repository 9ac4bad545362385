"""Samples of a file behind an xarray: what is selected is read, in one piece where that is possible."""

from __future__ import annotations

from typing import Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from ...io._allen_lfp import AllenLFPFile

__all__ = ["LazySamples"]


class LazySamples(BackendArray):
    """Local fields in their file, with NaN at the times that are gone.

    Parameters
    ----------
    file : AllenLFPFile
    gone : ndarray
        Whether the samples of a time are not valid, shape (time,).
    shape : tuple of int
        (time, channel).
    dtype : dtype
        In which samples are stored; integers become float32 or float64 where some are gone.
    """

    def __init__(self, file: AllenLFPFile, gone: np.ndarray, shape: tuple[int, int], dtype: np.dtype) -> None:
        self.file, self.shape = file, shape
        self.gone = gone if gone.any() else None
        self.dtype = np.result_type(dtype, np.float32) if self.gone is not None else np.dtype(dtype)

    def __getitem__(self, key: Any) -> Any:
        """Samples of an explicit indexer, as xarray asks for them."""
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER_1VECTOR, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        samples = self.file.lfp_samples(key)
        if self.gone is None:
            return samples
        samples = samples.astype(self.dtype, copy=False)
        gone = self.gone[key[0]]
        if np.ndim(gone):
            samples[gone] = np.nan
            return samples
        return np.full_like(samples, np.nan) if gone else samples
