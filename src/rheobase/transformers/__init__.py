"""Steps of a scikit-learn pipeline: from spikes and signals, by way of events, to samples and features.

Events are what a pipeline splits (``X``); recordings are arguments of its steps. Tensors are labelled: every column of
the events travels along as a coordinate. Tables of pandas are taken as well as our own series.

>>> from rheobase.transformers import PeriEventSpikeSampler, ResponseReducer
>>> sampler = PeriEventSpikeSampler({"a": [0.1, 1.2], "b": [1.3]}, sample_times=[0, 0.25, 0.5])
>>> ResponseReducer("sum").fit_transform(sampler.fit_transform([0.0, 1.0])).values.tolist()
[[1.0, 0.0], [1.0, 1.0]]
"""

from __future__ import annotations

from .calcium import EventRescaler, MedianFilterDetrender, Normalize, SavGolFilterDetrender
from .deconvolution import CalciumDeconvolver
from .spike_sampler import PeriEventSpikeSampler
from .spikes import Binner, Smoother, SpikeTablizer
from .tensors import ResponseReducer
from .trace_samplers import EpochTraceReducer, PeriEventTraceReducer, PeriEventTraceSampler
from .traces import Binarizer, EdgeDetector, WhenTrueFinder

__all__ = [
    "Binarizer",
    "Binner",
    "CalciumDeconvolver",
    "EdgeDetector",
    "EpochTraceReducer",
    "EventRescaler",
    "MedianFilterDetrender",
    "Normalize",
    "PeriEventSpikeSampler",
    "PeriEventTraceReducer",
    "PeriEventTraceSampler",
    "ResponseReducer",
    "SavGolFilterDetrender",
    "Smoother",
    "SpikeTablizer",
    "WhenTrueFinder",
]


def __dir__() -> list[str]:
    return sorted(__all__)
