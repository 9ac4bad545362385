"""rheobase: from a neural recording to a fitted, judged encoding model.

Containers and analysis are flat on this face (``rheobase.Tsd``, ``rheobase.compute_tuning_curves``); models live in
rooms named as the field names them (``rheobase.glm.GLM``, ``rheobase.basis.RaisedCosineLogConv``). Rooms, and the flat
names that need more than NumPy, are loaded when they are first asked for: ``import rheobase`` costs little more than
``import numpy``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from . import _manners
from ._config import nap_config
from ._errors import (
    MissingDependencyError,
    NotConvergedWarning,
    NotFittedError,
    SilentNeuronWarning,
    SuspiciousDataWarning,
    TimeSupportError,
    did_you_mean,
)
from ._version import __version__
from .containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup, TsIndex

if TYPE_CHECKING:
    from . import (
        analysis,
        basis,
        batch,
        compat,
        convolve,
        datasets,
        design,
        glm,
        identifiability_constraints,
        io,
        links,
        observation_models,
        plot,
        regularizer,
        simulation,
        solvers,
        styles,
        transformers,
    )
    from .analysis import (
        apply_bandpass_filter,
        apply_bandstop_filter,
        apply_highpass_filter,
        apply_hilbert_transform,
        apply_lowpass_filter,
        build_tensor,
        compute_1d_mutual_info,
        compute_1d_tuning_curves,
        compute_1d_tuning_curves_continuous,
        compute_2d_mutual_info,
        compute_2d_tuning_curves,
        compute_2d_tuning_curves_continuous,
        compute_autocorrelogram,
        compute_crosscorrelogram,
        compute_discrete_tuning_curves,
        compute_event_triggered_average,
        compute_eventcorrelogram,
        compute_fft,
        compute_hilbert_envelope,
        compute_hilbert_phase,
        compute_isi_distribution,
        compute_mean_power_spectral_density,
        compute_mutual_information,
        compute_perievent,
        compute_power_spectral_density,
        compute_response_per_epoch,
        compute_spike_triggered_average,
        compute_tuning_curves,
        compute_wavelet_transform,
        decode_1d,
        decode_2d,
        decode_bayes,
        decode_template,
        detect_oscillatory_events,
        generate_morlet_filterbank,
        get_filter_frequency_response,
        jitter_timestamps,
        resample_timestamps,
        shift_timestamps,
        shuffle_ts_intervals,
        warp_tensor,
    )
    from .io import (
        EphysReader,
        Folder,
        NeoSignalInterface,
        NPZFile,
        NWBFile,
        append_NWB_LFP,
        as_container,
        load_binary_file,
        load_eeg,
        load_file,
        load_folder,
        load_session,
        to_nwb,
    )

_LAZY_NAMES = {
    "EphysReader": "io",
    "Folder": "io",
    "NPZFile": "io",
    "NWBFile": "io",
    "NeoSignalInterface": "io",
    "append_NWB_LFP": "io",
    "apply_bandpass_filter": "analysis",
    "apply_bandstop_filter": "analysis",
    "apply_highpass_filter": "analysis",
    "apply_hilbert_transform": "analysis",
    "apply_lowpass_filter": "analysis",
    "as_container": "io",
    "build_tensor": "analysis",
    "compute_1d_mutual_info": "analysis",
    "compute_1d_tuning_curves": "analysis",
    "compute_1d_tuning_curves_continuous": "analysis",
    "compute_2d_mutual_info": "analysis",
    "compute_2d_tuning_curves": "analysis",
    "compute_2d_tuning_curves_continuous": "analysis",
    "compute_autocorrelogram": "analysis",
    "compute_crosscorrelogram": "analysis",
    "compute_discrete_tuning_curves": "analysis",
    "compute_event_triggered_average": "analysis",
    "compute_eventcorrelogram": "analysis",
    "compute_fft": "analysis",
    "compute_hilbert_envelope": "analysis",
    "compute_hilbert_phase": "analysis",
    "compute_isi_distribution": "analysis",
    "compute_mean_power_spectral_density": "analysis",
    "compute_mutual_information": "analysis",
    "compute_perievent": "analysis",
    "compute_power_spectral_density": "analysis",
    "compute_response_per_epoch": "analysis",
    "compute_spike_triggered_average": "analysis",
    "compute_tuning_curves": "analysis",
    "compute_wavelet_transform": "analysis",
    "decode_1d": "analysis",
    "decode_2d": "analysis",
    "decode_bayes": "analysis",
    "decode_template": "analysis",
    "detect_oscillatory_events": "analysis",
    "generate_morlet_filterbank": "analysis",
    "get_filter_frequency_response": "analysis",
    "inspect_npz": "glm",
    "jitter_timestamps": "analysis",
    "load_binary_file": "io",
    "load_eeg": "io",
    "load_file": "io",
    "load_folder": "io",
    "load_model": "glm",
    "load_session": "io",
    "resample_timestamps": "analysis",
    "shift_timestamps": "analysis",
    "shuffle_ts_intervals": "analysis",
    "to_nwb": "io",
    "warp_tensor": "analysis",
}
"""Flat name → the room that holds it."""

_ROOMS = (
    "analysis",
    "basis",
    "batch",
    "compat",
    "convolve",
    "datasets",
    "design",
    "glm",
    "identifiability_constraints",
    "io",
    "links",
    "observation_models",
    "plot",
    "regularizer",
    "scores",
    "simulation",
    "solvers",
    "styles",
    "transformers",
)
"""Rooms that users reach as attributes, without importing them first."""

_PYNAPPLE_MODULES = (
    "core",
    "correlograms",
    "decoding",
    "filtering",
    "perievent",
    "process",
    "randomize",
    "signal",
    "spectrum",
    "tuning_curves",
    "warping",
    "wavelets",
)
"""Modules that older scripts reach as attributes; not listed, but found."""

__all__ = [
    "EphysReader",
    "Folder",
    "IntervalSet",
    "MissingDependencyError",
    "NPZFile",
    "NWBFile",
    "NeoSignalInterface",
    "NotConvergedWarning",
    "NotFittedError",
    "SilentNeuronWarning",
    "SuspiciousDataWarning",
    "TimeSupportError",
    "Ts",
    "TsGroup",
    "TsIndex",
    "Tsd",
    "TsdFrame",
    "TsdTensor",
    "__version__",
    "analysis",
    "append_NWB_LFP",
    "apply_bandpass_filter",
    "apply_bandstop_filter",
    "apply_highpass_filter",
    "apply_hilbert_transform",
    "apply_lowpass_filter",
    "as_container",
    "basis",
    "batch",
    "build_tensor",
    "compat",
    "compute_1d_mutual_info",
    "compute_1d_tuning_curves",
    "compute_1d_tuning_curves_continuous",
    "compute_2d_mutual_info",
    "compute_2d_tuning_curves",
    "compute_2d_tuning_curves_continuous",
    "compute_autocorrelogram",
    "compute_crosscorrelogram",
    "compute_discrete_tuning_curves",
    "compute_event_triggered_average",
    "compute_eventcorrelogram",
    "compute_fft",
    "compute_hilbert_envelope",
    "compute_hilbert_phase",
    "compute_isi_distribution",
    "compute_mean_power_spectral_density",
    "compute_mutual_information",
    "compute_perievent",
    "compute_power_spectral_density",
    "compute_response_per_epoch",
    "compute_spike_triggered_average",
    "compute_tuning_curves",
    "compute_wavelet_transform",
    "convolve",
    "datasets",
    "decode_1d",
    "decode_2d",
    "decode_bayes",
    "decode_template",
    "design",
    "detect_oscillatory_events",
    "generate_morlet_filterbank",
    "get_filter_frequency_response",
    "glm",
    "identifiability_constraints",
    "inspect_npz",
    "io",
    "jitter_timestamps",
    "links",
    "load_binary_file",
    "load_eeg",
    "load_file",
    "load_folder",
    "load_model",
    "load_session",
    "nap_config",
    "observation_models",
    "plot",
    "regularizer",
    "resample_timestamps",
    "scores",
    "shift_timestamps",
    "shuffle_ts_intervals",
    "simulation",
    "solvers",
    "styles",
    "to_nwb",
    "transformers",
    "warp_tensor",
]


def _draw(thing, **options):
    """Draw a thing in the room of pictures, which is loaded by this first one."""
    return importlib.import_module(f"{__name__}.plot").quick_plot(thing, **options)


_manners.draw_with(_draw)


def __getattr__(name: str):
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _LAZY_NAMES:
        value = getattr(importlib.import_module(f"{__name__}.{_LAZY_NAMES[name]}"), name)
        globals()[name] = value  # found by the ordinary lookup from now on
        return value
    if name in _PYNAPPLE_MODULES:
        return importlib.import_module(f"{__name__}.compat.pynapple").module(name)
    msg = f"module {__name__!r} has no attribute {name!r}.{did_you_mean(name, __all__)}"
    raise AttributeError(msg, name=name, obj=importlib.import_module(__name__))


def __dir__() -> list[str]:
    return sorted(__all__)
