"""What is computed from containers: tuning curves, decoding, events, correlograms, filters, spectra, surrogates."""

from __future__ import annotations

from ._decoding_old_names import decode_1d, decode_2d
from ._tuning_old_names import (
    compute_1d_tuning_curves,
    compute_1d_tuning_curves_continuous,
    compute_2d_tuning_curves,
    compute_2d_tuning_curves_continuous,
    compute_discrete_tuning_curves,
)
from .correlograms import compute_autocorrelogram, compute_crosscorrelogram, compute_eventcorrelogram
from .decoding import decode_bayes, decode_template
from .filtering import (
    apply_bandpass_filter,
    apply_bandstop_filter,
    apply_highpass_filter,
    apply_lowpass_filter,
    get_filter_frequency_response,
)
from .hilbert import apply_hilbert_transform, compute_hilbert_envelope, compute_hilbert_phase
from .information import compute_1d_mutual_info, compute_2d_mutual_info, compute_mutual_information
from .isi import compute_isi_distribution
from .oscillations import detect_oscillatory_events
from .perievent import compute_perievent
from .randomize import jitter_timestamps, resample_timestamps, shift_timestamps, shuffle_ts_intervals
from .spectrum import compute_fft, compute_mean_power_spectral_density, compute_power_spectral_density
from .triggered_average import compute_event_triggered_average, compute_spike_triggered_average
from .tuning import compute_response_per_epoch, compute_tuning_curves
from .warping import build_tensor, warp_tensor
from .wavelets import compute_wavelet_transform, generate_morlet_filterbank

__all__ = [
    "apply_bandpass_filter",
    "apply_bandstop_filter",
    "apply_highpass_filter",
    "apply_hilbert_transform",
    "apply_lowpass_filter",
    "build_tensor",
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
    "decode_1d",
    "decode_2d",
    "decode_bayes",
    "decode_template",
    "detect_oscillatory_events",
    "generate_morlet_filterbank",
    "get_filter_frequency_response",
    "jitter_timestamps",
    "resample_timestamps",
    "shift_timestamps",
    "shuffle_ts_intervals",
    "warp_tensor",
]


def __dir__() -> list[str]:
    return sorted(__all__)
