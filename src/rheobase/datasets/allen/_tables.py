"""Names, renames and limits of the tables of the Visual Coding Neuropixels recordings, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ..._errors import did_you_mean

__all__ = [
    "CCF",
    "DETAILED_PARAMETERS",
    "NOT_PARAMETERS",
    "NULL",
    "PARAMETER_NAMES",
    "STIMULUS_NAMES",
    "UNIT_METRIC_NAMES",
    "UnitFilter",
]

NULL = "null"
"""What stands in a presentation where its stimulus has no such parameter."""

CCF = {
    "x": "anterior_posterior_ccf_coordinate",
    "y": "dorsal_ventral_ccf_coordinate",
    "z": "left_right_ccf_coordinate",
}
"""Coordinates of electrodes in a file → in the common coordinate framework (µm)."""

UNIT_METRIC_NAMES = {
    "PT_ratio": "waveform_PT_ratio",
    "amplitude": "waveform_amplitude",
    "duration": "waveform_duration",
    "halfwidth": "waveform_halfwidth",
    "recovery_slope": "waveform_recovery_slope",
    "repolarization_slope": "waveform_repolarization_slope",
    "spread": "waveform_spread",
    "velocity_above": "waveform_velocity_above",
    "velocity_below": "waveform_velocity_below",
    "l_ratio": "L_ratio",
}
"""Columns of units as stored → as shown."""

PARAMETER_NAMES = {
    "contrast": "contrast",
    "ori": "orientation",
    "sf": "spatial_frequency",
    "tf": "temporal_frequency",
    "phase": "phase",
    "color": "color",
    "image": "frame",
    "pos_x": "x_position",
    "pos_y": "y_position",
}
"""Parameters of stimuli as stored, in lower case → as shown."""

STIMULUS_NAMES = {
    "": "spontaneous",
    "natural_movie_1": "natural_movie_one",
    "natural_movie_3": "natural_movie_three",
    "natural_movie_1_more_repeats": "natural_movie_one",
    "natural_movie_shuffled": "natural_movie_one_shuffled",
    "Natural Images": "natural_scenes",
    "Natural_Images_Shuffled": "natural_scenes_shuffled",
    "Natural_Images_Sequential": "natural_scenes_sequential",
    "flash_250ms": "flashes",
    "gabor_20_deg_250ms": "gabors",
    "contrast_response": "drifting_gratings_contrast",
    "drifting_gratings_more_repeats": "drifting_gratings_75_repeats",
    "motion_stimulus": "dot_motion",
}
"""Stimuli as stored → as shown."""

DETAILED_PARAMETERS = (
    "colorSpace",
    "flipHoriz",
    "flipVert",
    "depth",
    "interpolate",
    "mask",
    "opacity",
    "rgbPedestal",
    "tex",
    "texRes",
    "units",
    "rgb",
    "signalDots",
    "noiseDots",
    "fieldSize",
    "fieldShape",
    "fieldPos",
    "nDots",
    "dotSize",
    "dotLife",
    "color_triplet",
)
"""Settings of the display: part of a condition, shown only when asked for."""

NOT_PARAMETERS = (
    "start_time",
    "stop_time",
    "duration",
    "stimulus_block",
    "stimulus_condition_id",
    "stimulus_name",
)
"""Columns of presentations that are no parameters of the stimulus."""


@dataclass(frozen=True)
class UnitFilter:
    """Which units are kept. Comparisons are inclusive; a missing metric fails each of them.

    Attributes
    ----------
    amplitude_cutoff_maximum, isi_violations_maximum, presence_ratio_minimum : float or None
        Limits of the metrics; None is no limit.
    filter_by_validity : bool
        Keep only units of good quality, on valid channels.
    filter_out_of_brain_units : bool
        Drop units whose channel lies in no structure.
    """

    amplitude_cutoff_maximum: float | None = 0.1
    presence_ratio_minimum: float | None = 0.95
    isi_violations_maximum: float | None = 0.5
    filter_by_validity: bool = True
    filter_out_of_brain_units: bool = True

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> UnitFilter:
        """The filter that keywords ask for.

        Raises
        ------
        TypeError
            If there is a keyword of another name.
        """
        known = [item.name for item in fields(cls)]
        for name in options:
            if name not in known:
                msg = f"{name!r} is no filter of units; there are {known}.{did_you_mean(name, known)}"
                raise TypeError(msg)
        return replace(cls(), **options)

    def keeps_metrics(self, units: Any) -> Any:
        """Whether each row of a table of units passes the limits; a metric that has no column is not tested."""
        inf = float("inf")
        keep = units.index == units.index
        for metric in ("amplitude_cutoff", "isi_violations"):
            if metric in units:
                limit = getattr(self, f"{metric}_maximum")
                keep &= (units[metric] <= (inf if limit is None else limit)).to_numpy()
        if "presence_ratio" in units:
            limit = self.presence_ratio_minimum
            keep &= (units["presence_ratio"] >= (-inf if limit is None else limit)).to_numpy()
        return keep

    def good(self, units: Any) -> Any:
        """Rows of good quality, without the column that says so; all rows if validity is not asked for."""
        if not self.filter_by_validity or "quality" not in units:
            return units
        return units[units["quality"] == "good"].drop(columns="quality")
