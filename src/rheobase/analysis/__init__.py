"""What is computed from containers: tuning curves, so far."""

from __future__ import annotations

from ._tuning_old_names import (
    compute_1d_tuning_curves,
    compute_1d_tuning_curves_continuous,
    compute_2d_tuning_curves,
    compute_2d_tuning_curves_continuous,
    compute_discrete_tuning_curves,
)
from .decoding import decode_bayes, decode_template
from .perievent import compute_perievent
from .triggered_average import compute_event_triggered_average, compute_spike_triggered_average
from .tuning import compute_response_per_epoch, compute_tuning_curves

__all__ = [
    "compute_1d_tuning_curves",
    "compute_1d_tuning_curves_continuous",
    "compute_2d_tuning_curves",
    "compute_2d_tuning_curves_continuous",
    "compute_discrete_tuning_curves",
    "compute_event_triggered_average",
    "compute_perievent",
    "compute_response_per_epoch",
    "compute_spike_triggered_average",
    "compute_tuning_curves",
    "decode_bayes",
    "decode_template",
]
