"""From a tensor to responses: `ResponseReducer`."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from .._errors import kind_of
from ._base import AbstractTransformer
from ._reduce import over_axis

__all__ = ["ResponseReducer"]


class ResponseReducer(AbstractTransformer):
    """Tensor to a tensor with one axis less, such as the number of spikes from the counts of all bins.

    Parameters
    ----------
    func : callable or str
        What to compute along the axis, such as ``np.sum`` or ``"sum"``.
    dim : str
        The axis that goes.

    Examples
    --------
    >>> import xarray as xr
    >>> from rheobase.transformers import ResponseReducer
    >>> tensor = xr.DataArray([[[1, 0], [2, 0]]], dims=("event", "sample_times", "neuron"))
    >>> ResponseReducer("sum").fit_transform(tensor).values.tolist()
    [[3, 0]]
    """

    def __init__(self, func: Callable[..., Any] | str = np.mean, dim: Hashable = "sample_times") -> None:
        self.func = func
        self.dim = dim

    def transform(self, X: Any) -> Any:
        """Reduce one axis; other axes, coordinates and metadata stay.

        Parameters
        ----------
        X : xarray.DataArray
            Tensor; the order of its axes does not matter.

        Returns
        -------
        xarray.DataArray

        Raises
        ------
        TypeError
            If `X` is no DataArray.
        ValueError
            If it has no such axis.
        """
        import xarray as xr

        if not isinstance(X, xr.DataArray):
            msg = f"X should be an xarray.DataArray, as the samplers return it, got {kind_of(X)}."
            raise TypeError(msg)
        if self.dim not in X.dims:
            msg = f"dim {self.dim!r} is not among the axes of X, {X.dims}."
            raise ValueError(msg)
        return X.reduce(over_axis(self.func), dim=self.dim, keep_attrs=True)
