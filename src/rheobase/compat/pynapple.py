"""Every public name of pynapple 0.11.4, its modules, and where it is found in rheobase.

``import rheobase as nap`` is enough for scripts that write ``nap.compute_perievent(...)``; the older paths of modules
(``nap.process.perievent.compute_perievent``) are namespaces made here when they are asked for.
"""

from __future__ import annotations

import importlib
import types

from ._pynapple_differences import CORNERS, DIFFERENCES, FINDINGS, Difference

__all__ = ["CORNERS", "DIFFERENCES", "FINDINGS", "GROUPS", "MODULES", "NOTES", "Difference", "module", "tables"]

GROUPS: dict[str, tuple[str, ...]] = {
    "Time series and epochs": ("Ts", "Tsd", "TsdFrame", "TsdTensor", "TsGroup", "IntervalSet", "TsIndex"),
    "Tuning curves": (
        "compute_tuning_curves",
        "compute_response_per_epoch",
        "compute_mutual_information",
        "compute_1d_tuning_curves",
        "compute_1d_tuning_curves_continuous",
        "compute_2d_tuning_curves",
        "compute_2d_tuning_curves_continuous",
        "compute_discrete_tuning_curves",
        "compute_1d_mutual_info",
        "compute_2d_mutual_info",
    ),
    "Decoding": ("decode_bayes", "decode_template", "decode_1d", "decode_2d"),
    "Events": (
        "compute_perievent",
        "compute_event_triggered_average",
        "compute_spike_triggered_average",
        "build_tensor",
        "warp_tensor",
    ),
    "Correlograms and intervals": (
        "compute_autocorrelogram",
        "compute_crosscorrelogram",
        "compute_eventcorrelogram",
        "compute_isi_distribution",
    ),
    "Filters and phase": (
        "apply_bandpass_filter",
        "apply_bandstop_filter",
        "apply_highpass_filter",
        "apply_lowpass_filter",
        "get_filter_frequency_response",
        "apply_hilbert_transform",
        "compute_hilbert_envelope",
        "compute_hilbert_phase",
        "detect_oscillatory_events",
    ),
    "Spectra and wavelets": (
        "compute_fft",
        "compute_power_spectral_density",
        "compute_mean_power_spectral_density",
        "compute_wavelet_transform",
        "generate_morlet_filterbank",
    ),
    "Random surrogates": ("shift_timestamps", "shuffle_ts_intervals", "jitter_timestamps", "resample_timestamps"),
    "Files": (
        "load_file",
        "load_folder",
        "load_session",
        "load_binary_file",
        "load_eeg",
        "append_NWB_LFP",
        "NWBFile",
        "NPZFile",
        "Folder",
        "EphysReader",
        "NeoSignalInterface",
    ),
    "Settings": ("nap_config",),
}
"""What a name is for → names, all of them found on the face under the same name."""

NOTES: dict[str, str] = {
    "nap_config": "the two switches that silence warnings; `set_backend` has nothing to switch",
    "compute_1d_tuning_curves": "older spelling, with the same `FutureWarning`",
    "compute_1d_tuning_curves_continuous": "older spelling",
    "compute_2d_tuning_curves": "older spelling",
    "compute_2d_tuning_curves_continuous": "older spelling",
    "compute_discrete_tuning_curves": "older spelling",
    "compute_1d_mutual_info": "older spelling",
    "compute_2d_mutual_info": "older spelling",
    "decode_1d": "older spelling",
    "decode_2d": "older spelling",
    "load_eeg": "older spelling of `load_binary_file`",
    "load_file": "also an open file and a URL",
    "compute_perievent": "also epochs as events: their starts",
    "compute_mean_power_spectral_density": "also multitaper",
    "compute_tuning_curves": "also a largest distance to the feature's sample, and the sample before or after",
    "IntervalSet": 'also `overlap="keep"`, `expand`, `shrink`',
    "shift_timestamps": "with `seed=` or `rng=`",
    "shuffle_ts_intervals": "with `seed=` or `rng=`",
    "jitter_timestamps": "with `seed=` or `rng=`",
    "resample_timestamps": "with `seed=` or `rng=`",
}
"""What to know about a name."""

MODULES: dict[str, tuple[str, ...]] = {
    "core": ("interval_set", "time_index", "time_series", "ts_group", "config"),
    "core.interval_set": ("IntervalSet",),
    "core.time_index": ("TsIndex",),
    "core.time_series": ("Ts", "Tsd", "TsdFrame", "TsdTensor"),
    "core.ts_group": ("TsGroup",),
    "core.config": ("nap_config",),
    "process": (
        "correlograms",
        "decoding",
        "filtering",
        "perievent",
        "randomize",
        "signal",
        "spectrum",
        "tuning_curves",
        "warping",
        "wavelets",
    ),
    "process.correlograms": GROUPS["Correlograms and intervals"],
    "process.decoding": GROUPS["Decoding"],
    "process.filtering": GROUPS["Filters and phase"][:5],
    "process.perievent": GROUPS["Events"][:3],
    "process.randomize": GROUPS["Random surrogates"],
    "process.signal": GROUPS["Filters and phase"][5:],
    "process.spectrum": GROUPS["Spectra and wavelets"][:3],
    "process.tuning_curves": GROUPS["Tuning curves"],
    "process.warping": GROUPS["Events"][3:],
    "process.wavelets": GROUPS["Spectra and wavelets"][3:],
}
"""Path of one of their modules → the names that scripts take from it; modules of `process` are also on the face."""


def module(path: str) -> types.ModuleType:
    """One of pynapple's modules as a namespace of our objects.

    Parameters
    ----------
    path
        Below the package, such as ``"process.perievent"``; for a module of ``process``, its last part is enough.

    Raises
    ------
    KeyError
        If there is no such module in `MODULES`.
    """
    path = path if path in MODULES else f"process.{path}"
    face = importlib.import_module(__name__.partition(".")[0])
    made = types.ModuleType(f"{face.__name__}.{path}", f"Names of pynapple.{path}.")
    for name in MODULES[path]:
        value = module(f"{path}.{name}") if f"{path}.{name}" in MODULES else getattr(face, name)
        setattr(made, name, value)
    return made


def tables() -> dict[str, str]:
    """The tables of the page for newcomers: name of a table → Markdown."""
    names = ["| for | there and here | to know |", "|---|---|---|"]
    for group, members in GROUPS.items():
        notes = [f"`{name}`: {NOTES[name]}" for name in members if name in NOTES]
        names.append(f"| {group} | {', '.join(f'`{name}`' for name in members)} | {'; '.join(notes)} |")
    made = {"names": "\n".join(names)}
    for title, rows in (("differences", DIFFERENCES), ("corners", CORNERS), ("findings", FINDINGS)):
        head = ["| case | pynapple 0.11.4 | rheobase |", "|---|---|---|"]
        made[title] = "\n".join(
            head + ["| " + " | ".join(cell.replace("|", r"\|") for cell in row[:3]) + " |" for row in rows]
        )
    return made
