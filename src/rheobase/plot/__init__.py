"""Pictures of recordings, features, fits and scores. The only room that imports Matplotlib.

Every function draws on the axes it is given (or on new ones) and returns what it drew.
"""

from __future__ import annotations

from ._conditions import plot_tuning_by_condition
from ._confusion import plot_confusion_matrix
from ._design import plot_design
from ._filters import plot_basis, plot_coupling_map, plot_filter
from ._goodness import plot_ks, plot_residual_autocorrelation
from ._perievent import plot_perievent_raster, plot_psth
from ._population import FilterSet, Tuning, plot_population_fit
from ._population_raster import plot_population_raster
from ._psth_map import plot_psth_map
from ._quick import quick_plot
from ._scores import plot_scores
from ._stimulus_response import plot_stimulus_response
from ._strengths import plot_inference, plot_strengths
from ._strf import plot_strf
from ._traces import plot_firing_rate, plot_raster, plot_trace
from ._tuning import plot_tuning_curve
from .tutorial import current_injection_plot, plot_current_history_features, tuning_curve_plot

__all__ = [
    "FilterSet",
    "Tuning",
    "current_injection_plot",
    "plot_basis",
    "plot_confusion_matrix",
    "plot_coupling_map",
    "plot_current_history_features",
    "plot_design",
    "plot_filter",
    "plot_firing_rate",
    "plot_inference",
    "plot_ks",
    "plot_perievent_raster",
    "plot_population_fit",
    "plot_population_raster",
    "plot_psth",
    "plot_psth_map",
    "plot_raster",
    "plot_residual_autocorrelation",
    "plot_scores",
    "plot_stimulus_response",
    "plot_strengths",
    "plot_strf",
    "plot_trace",
    "plot_tuning_by_condition",
    "plot_tuning_curve",
    "quick_plot",
    "tuning_curve_plot",
]


def __dir__() -> list[str]:
    return sorted(__all__)
