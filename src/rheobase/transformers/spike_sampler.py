"""From events to a tensor of spikes: `PeriEventSpikeSampler`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import kind_of
from .._types import ArrayLike, FloatArray
from ._base import AbstractTransformer
from ._events_in import read_events
from ._kernels import make_kernel
from ._spikes_in import Spikes, read_spikes, read_times
from ._windows import counts_around, densities_around
from .spikes import Binner, Smoother

__all__ = ["PeriEventSpikeSampler"]


class PeriEventSpikeSampler(AbstractTransformer):
    """Events to a tensor of spike counts, or of spike density, around each of them.

    Every neuron of `spikes` has its place in every tensor, in the same order, whatever it did around these events: the
    tensors of training and test trials have the same columns.

    Parameters
    ----------
    spikes : pandas.DataFrame, TsGroup or dict
        Spikes of the whole recording: columns ``time`` (s) and ``neuron``; or units.
    sample_times : array_like
        Times relative to the event, s, ascending. Edges of bins for counts, shape (bin + 1,); where to evaluate the
        density for a smoother, shape (time,).
    fillna : bool
        Not used: with neurons that keep their place nothing is missing, and no spike is a count of zero.
    sampler : Binner or Smoother, optional
        What to compute: the class, or an object whose own ``sample_times`` are not used. Counts by default.
    sampler_kwargs : dict, optional
        Further arguments of the sampler, if it is a class: ``{"kernel": "gaussian", "tau": 0.01}``.

    Examples
    --------
    >>> from rheobase.transformers import PeriEventSpikeSampler
    >>> spikes = {"a": [0.01, 0.2], "b": [0.83]}
    >>> tensor = PeriEventSpikeSampler(spikes, sample_times=[0, 0.1, 0.2, 0.4]).fit_transform([0.1, 0.5])
    >>> tensor.dims
    ('event', 'sample_times', 'neuron')
    >>> tensor.sel(neuron="b").values.tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """

    def __init__(
        self,
        spikes: Any,
        sample_times: ArrayLike,
        fillna: bool = True,
        sampler: Any = None,
        sampler_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.spikes = spikes
        self.sample_times = sample_times
        self.fillna = fillna
        self.sampler = sampler
        self.sampler_kwargs = sampler_kwargs

    def transform(self, X: Any) -> Any:
        """Spikes around each event.

        Parameters
        ----------
        X : pandas.DataFrame, IntervalSet, Ts or array_like
            Events: a table with a column ``time`` (or ``start``, ``start_time``), epochs (their starts), or times.

        Returns
        -------
        xarray.DataArray
            Shape (event, sample_times, neuron), float64; ``sample_times`` are left edges for counts. Every column of
            the events is a coordinate along ``event``. NaN for events at NaN.

        Raises
        ------
        TypeError
            If `spikes`, `sampler` or `X` is of the wrong kind.
        ValueError
            If `sample_times`, or parameters of the sampler, make no sense.
        """
        events, spikes = read_events(X), read_spikes(self.spikes)
        sampler = self._sampler()
        if isinstance(sampler, Smoother):
            samples = read_times(self.sample_times, "sample_times")
            values = _smooth(spikes, events.times, samples, sampler)
        else:
            edges = read_times(self.sample_times, "sample_times", 2)
            values, samples = counts_around(spikes, events.times, edges), edges[:-1]
        return events.tensor(values, sample_times=samples, neuron=spikes.labels)

    def _sampler(self) -> Binner | Smoother:
        sampler = Binner if self.sampler is None else self.sampler
        if isinstance(sampler, type) and issubclass(sampler, Binner | Smoother):
            return sampler(self.sample_times, **(self.sampler_kwargs or {}))
        if not isinstance(sampler, Binner | Smoother):
            msg = f"sampler should be Binner or Smoother (the class or an object), got {kind_of(sampler)}."
            raise TypeError(msg)
        return sampler


def _smooth(spikes: Spikes, events: FloatArray, samples: FloatArray, sampler: Smoother) -> np.ndarray:
    return densities_around(spikes, events, samples, make_kernel(sampler.kernel, sampler.tau))
