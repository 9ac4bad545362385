"""From traces to traces and events: `Binarizer`, `EdgeDetector`, `WhenTrueFinder`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._base import AbstractTransformer
from ._traces_in import dressed_like, plain

__all__ = ["Binarizer", "EdgeDetector", "WhenTrueFinder"]


class Binarizer(AbstractTransformer):
    """Traces to ones above a threshold and zeros elsewhere.

    Parameters
    ----------
    threshold : float
        Values above it become 1; values at it, below it and NaN become 0.
    copy : bool
        If False, a NumPy array is changed in place.

    Examples
    --------
    >>> from rheobase.transformers import Binarizer
    >>> Binarizer(threshold=0.5).fit_transform([0.5, 0.6]).tolist()
    [0.0, 1.0]
    """

    def __init__(self, threshold: float = 0.0, copy: bool = True) -> None:
        self.threshold = threshold
        self.copy = copy

    def transform(self, X: Any) -> Any:
        """Ones and zeros.

        Parameters
        ----------
        X : pandas.DataFrame, TsdFrame, Tsd or array_like
            Traces, shape (time,) or (time, neuron).

        Returns
        -------
        same type as `X`
            With the dtype of `X`.
        """
        values = plain(X)
        above = values > self.threshold
        if not self.copy and isinstance(X, np.ndarray):
            X[...] = above
            return X
        return dressed_like(X, above.astype(values.dtype))


class EdgeDetector(AbstractTransformer):
    """Traces to ones where a sample is above (or below) the one before.

    Parameters
    ----------
    falling : bool
        Mark falls instead of rises.

    Examples
    --------
    >>> from rheobase.transformers import EdgeDetector
    >>> EdgeDetector().fit_transform([0, 1, 1, 2]).tolist()
    [0, 1, 0, 1]
    """

    def __init__(self, falling: bool = False) -> None:
        self.falling = falling

    def transform(self, X: Any) -> Any:
        """Mark edges; the first sample, and the first of each epoch of a series, has no sample before.

        Parameters
        ----------
        X : pandas.DataFrame, TsdFrame, Tsd or array_like
            Traces, shape (time,) or (time, neuron).

        Returns
        -------
        same type as `X`
            int64; 0 next to NaN.
        """
        values = plain(X)
        edges = np.zeros(values.shape, dtype=np.int64)
        # compared, not subtracted: a difference of unsigned numbers is never negative
        edges[1:] = values[1:] < values[:-1] if self.falling else values[1:] > values[:-1]
        support = getattr(X, "time_support", None)
        if support is not None:
            opening = np.searchsorted(X.t, np.asarray(support.start))
            edges[opening[opening < len(edges)]] = 0
        return dressed_like(X, edges)


class WhenTrueFinder(AbstractTransformer):
    """Traces to a table of events: every entry above zero.

    Examples
    --------
    >>> import pandas as pd
    >>> from rheobase.transformers import WhenTrueFinder
    >>> edges = pd.DataFrame({"n1": [0, 1], "n2": [0, 1]}, index=[0.1, 0.2])
    >>> WhenTrueFinder().fit_transform(edges)
       time neuron
    0   0.2     n1
    1   0.2     n2
    """

    def __init__(self) -> None:
        pass

    def transform(self, X: Any) -> Any:
        """When, and which neuron.

        Parameters
        ----------
        X : pandas.DataFrame, TsdFrame, Tsd or array_like
            Traces, shape (time,) or (time, neuron); the times of an array are its row numbers.

        Returns
        -------
        pandas.DataFrame
            Columns ``time`` and ``neuron``, a row per entry > 0, time after time; the table that samplers take as
            spikes.
        """
        import pandas as pd

        values = plain(X)
        values = values[:, None] if values.ndim == 1 else values
        row, column = np.nonzero(values > 0)
        table = type(X).__name__ in ("DataFrame", "Series")
        t = np.asarray(X.index) if table else np.asarray(getattr(X, "t", np.arange(len(values))))
        labels = pd.Index(getattr(X, "columns", np.arange(values.shape[1])))
        return pd.DataFrame({"time": t[row], "neuron": np.asarray(labels.take(column))})
