"""Pictures of recordings, features, fits and scores. The only room that imports Matplotlib.

Every function draws on the axes it is given (or on new ones) and returns what it drew.
"""

from __future__ import annotations

from ._filters import plot_basis, plot_coupling_map, plot_filter
from ._goodness import plot_ks, plot_residual_autocorrelation
from ._population import FilterSet, Tuning, plot_population_fit
from ._scores import plot_scores
from ._traces import plot_firing_rate, plot_raster, plot_trace
from ._tuning import plot_tuning_curve
from .tutorial import current_injection_plot, plot_current_history_features, tuning_curve_plot

__all__ = [
    "FilterSet",
    "Tuning",
    "current_injection_plot",
    "plot_basis",
    "plot_coupling_map",
    "plot_current_history_features",
    "plot_filter",
    "plot_firing_rate",
    "plot_ks",
    "plot_population_fit",
    "plot_raster",
    "plot_residual_autocorrelation",
    "plot_scores",
    "plot_trace",
    "plot_tuning_curve",
    "tuning_curve_plot",
]
