"""From spikes to tables and traces: `SpikeTablizer`, `Binner`, `Smoother`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import ArrayLike, FloatArray
from ..containers import IntervalSet, TsdFrame
from ._base import AbstractTransformer
from ._kernels import DEFAULT_TAU, make_kernel, spread
from ._spikes_in import Spikes, read_spikes, read_times

__all__ = ["Binner", "Smoother", "SpikeTablizer"]


class SpikeTablizer(AbstractTransformer):
    """Spike times by neuron, as one table with a row per spike.

    Examples
    --------
    >>> from rheobase.transformers import SpikeTablizer
    >>> SpikeTablizer().fit_transform({"a": [1.1, 2.0], "b": [1.0]})["neuron"].tolist()
    ['b', 'a', 'a']
    """

    def __init__(self) -> None:
        pass

    def transform(self, X: Any) -> Any:
        """One row per spike.

        Parameters
        ----------
        X : dict or TsGroup
            Times (s) by neuron.

        Returns
        -------
        pandas.DataFrame
            Columns ``neuron`` and ``time``, in order of time; spikes at the same time in order of neuron.
        """
        import pandas as pd

        spikes = read_spikes(X)
        order = np.argsort(spikes.times, kind="stable")
        neuron = pd.Index(spikes.labels).take(spikes.unit()[order])
        return pd.DataFrame({"neuron": np.asarray(neuron), "time": spikes.times[order]})


class Binner(AbstractTransformer):
    """Spikes to traces of counts.

    Parameters
    ----------
    sample_times : array_like
        Edges of the bins, s, ascending, shape (bin + 1,). Bins are closed on the left and open on the right, the last
        one closed on both sides.

    Examples
    --------
    >>> from rheobase.transformers import Binner
    >>> Binner([0.0, 0.5, 1.0]).fit_transform({"a": [0.1, 0.2], "b": [0.7, 1.0]})
    neuron  a  b
    0.0     2  0
    0.5     0  2
    """

    def __init__(self, sample_times: ArrayLike) -> None:
        self.sample_times = sample_times

    def transform(self, X: Any) -> Any:
        """Counts of every neuron in every bin.

        Parameters
        ----------
        X : pandas.DataFrame, TsGroup or dict
            Spikes: columns ``time`` and ``neuron``; or units.

        Returns
        -------
        pandas.DataFrame, or TsdFrame for a group
            Counts, int64, shape (bin, neuron), at left edges.

        Raises
        ------
        ValueError
            If `sample_times` are not at least two ascending times.
        """
        edges = read_times(self.sample_times, "sample_times", 2)
        spikes = read_spikes(X)
        return _traces(X, edges[:-1], edges, _binned(spikes, edges), spikes.labels)


class Smoother(AbstractTransformer):
    """Spikes to traces of spike density: the sum of a kernel placed at every spike.

    Parameters
    ----------
    sample_times : array_like
        Where to evaluate the density, s, ascending, shape (time,).
    kernel : {"gaussian", "exponential", "boxcar"}
        Normal density around the spike; decay that starts at the spike; constant for `tau` after the spike.
    tau : float
        Standard deviation, time constant or length of the kernel, s.

    Examples
    --------
    >>> from rheobase.transformers import Smoother
    >>> Smoother([0.0, 0.01, 0.02], kernel="boxcar", tau=0.005).fit_transform({0: [0.01]})[0].tolist()
    [0.0, 200.0, 0.0]
    """

    def __init__(self, sample_times: ArrayLike, kernel: str = "gaussian", tau: float = DEFAULT_TAU) -> None:
        self.sample_times = sample_times
        self.kernel = kernel
        self.tau = tau

    def transform(self, X: Any) -> Any:
        """Density of every neuron at every sample time.

        Parameters
        ----------
        X : pandas.DataFrame, TsGroup or dict
            Spikes: columns ``time`` and ``neuron``; or units.

        Returns
        -------
        pandas.DataFrame, or TsdFrame for a group
            Density, 1/s, shape (time, neuron).

        Raises
        ------
        ValueError
            If `sample_times`, `kernel` or `tau` make no sense.
        """
        samples = read_times(self.sample_times, "sample_times")
        kernel = make_kernel(self.kernel, self.tau)
        spikes = read_spikes(X)
        density = np.zeros((spikes.labels.size, samples.size))
        base = spikes.unit() * samples.size
        spread(density.reshape(-1), spikes.times, samples, kernel, base, 1)
        return _traces(X, samples, samples, density.T, spikes.labels)


def _binned(spikes: Spikes, edges: FloatArray) -> np.ndarray:
    """Counts, int64, shape (bin, neuron)."""
    n_bins, n_units = edges.size - 1, spikes.labels.size
    seen = (spikes.times >= edges[0]) & (spikes.times <= edges[-1])
    bins = np.searchsorted(edges, spikes.times[seen], side="right") - 1
    place = np.minimum(bins, n_bins - 1) * n_units + spikes.unit()[seen]
    return np.bincount(place, minlength=n_bins * n_units).reshape(n_bins, n_units)


def _traces(given: Any, t: FloatArray, covered: FloatArray, values: np.ndarray, labels: np.ndarray) -> Any:
    """A frame of ours for units of ours, a table otherwise."""
    if type(given).__name__ in ("TsGroup", "Ts"):  # pynapple's too
        support = IntervalSet._trusted(covered[:1], covered[-1:])
        return TsdFrame._trusted(t, values, support, labels)
    import pandas as pd

    return pd.DataFrame(values, index=t, columns=pd.Index(labels, name="neuron"))
