"""rheobase: from a neural recording to a fitted, judged encoding model.

Containers and analysis are flat on this face (``rheobase.Tsd``, ``rheobase.compute_tuning_curves``); models live in
rooms named as the field names them (``rheobase.glm.GLM``, ``rheobase.basis.RaisedCosineLogConv``). Rooms, and the flat
names that need more than NumPy, are loaded when they are first asked for: ``import rheobase`` costs little more than
``import numpy``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ._errors import (
    MissingDependencyError,
    NotConvergedWarning,
    NotFittedError,
    SilentNeuronWarning,
    TimeSupportError,
    did_you_mean,
)
from ._version import __version__
from .containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup, TsIndex

if TYPE_CHECKING:
    from . import (
        analysis,
        basis,
        convolve,
        datasets,
        design,
        glm,
        io,
        links,
        observation_models,
        plot,
        regularizer,
        simulation,
        solvers,
        styles,
    )
    from .analysis import (
        compute_1d_tuning_curves,
        compute_1d_tuning_curves_continuous,
        compute_2d_tuning_curves,
        compute_2d_tuning_curves_continuous,
        compute_discrete_tuning_curves,
        compute_response_per_epoch,
        compute_tuning_curves,
    )
    from .io import NPZFile, NWBFile, load_file

_LAZY_NAMES = {
    "NPZFile": "io",
    "NWBFile": "io",
    "compute_1d_tuning_curves": "analysis",
    "compute_1d_tuning_curves_continuous": "analysis",
    "compute_2d_tuning_curves": "analysis",
    "compute_2d_tuning_curves_continuous": "analysis",
    "compute_discrete_tuning_curves": "analysis",
    "compute_response_per_epoch": "analysis",
    "compute_tuning_curves": "analysis",
    "load_file": "io",
}
"""Flat name → the room that holds it."""

_ROOMS = (
    "analysis",
    "basis",
    "convolve",
    "datasets",
    "design",
    "glm",
    "io",
    "links",
    "observation_models",
    "plot",
    "regularizer",
    "simulation",
    "solvers",
    "styles",
)
"""Rooms that users reach as attributes, without importing them first."""

__all__ = [
    "IntervalSet",
    "MissingDependencyError",
    "NPZFile",
    "NWBFile",
    "NotConvergedWarning",
    "NotFittedError",
    "SilentNeuronWarning",
    "TimeSupportError",
    "Ts",
    "TsGroup",
    "TsIndex",
    "Tsd",
    "TsdFrame",
    "TsdTensor",
    "__version__",
    "analysis",
    "basis",
    "compute_1d_tuning_curves",
    "compute_1d_tuning_curves_continuous",
    "compute_2d_tuning_curves",
    "compute_2d_tuning_curves_continuous",
    "compute_discrete_tuning_curves",
    "compute_response_per_epoch",
    "compute_tuning_curves",
    "convolve",
    "datasets",
    "design",
    "glm",
    "io",
    "links",
    "load_file",
    "observation_models",
    "plot",
    "regularizer",
    "simulation",
    "solvers",
    "styles",
]


def __getattr__(name: str):
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _LAZY_NAMES:
        value = getattr(importlib.import_module(f"{__name__}.{_LAZY_NAMES[name]}"), name)
        globals()[name] = value  # found by the ordinary lookup from now on
        return value
    msg = f"module {__name__!r} has no attribute {name!r}.{did_you_mean(name, __all__)}"
    raise AttributeError(msg, name=name, obj=importlib.import_module(__name__))


def __dir__() -> list[str]:
    return sorted(__all__)
