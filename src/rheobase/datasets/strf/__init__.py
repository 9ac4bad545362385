"""Auditory recordings: neurons that heard many sounds, some of them, some of the time; and their receptive fields.

The contract of a data set is that of deepSTRF, with NumPy arrays: `stims`, `responses`, `stim_meta`, `nrn_meta`,
`nrn_masks`, selections, slices, batches.
"""

from __future__ import annotations

from . import metrics
from ._responses import bin_spikes, hann_window
from .aa1 import CRCNSAA1Dataset
from .aa2 import CRCNSAA2Dataset
from .aa4 import CRCNSAA4Dataset
from .batches import Batch, concat_neural_datasets, neural_collate, psth
from .neural_dataset import NeuralDataset
from .receptive_field import STRF, HeldOut, STRFDesign, strf_design
from .simulated import SimulatedAA4, simulate_aa4
from .spectrogram import mel_centers, mel_filters, mel_spectrogram

__all__ = [
    "STRF",
    "Batch",
    "CRCNSAA1Dataset",
    "CRCNSAA2Dataset",
    "CRCNSAA4Dataset",
    "HeldOut",
    "NeuralDataset",
    "STRFDesign",
    "SimulatedAA4",
    "bin_spikes",
    "concat_neural_datasets",
    "hann_window",
    "mel_centers",
    "mel_filters",
    "mel_spectrogram",
    "metrics",
    "neural_collate",
    "psth",
    "simulate_aa4",
    "strf_design",
]


def __dir__() -> list[str]:
    return sorted(__all__)
