"""How good a model is: numbers with a definition and a source, on plain arrays and series.

>>> from rheobase.scores import bits_per_spike, deviance_explained
>>> counts, predicted = [0, 2, 1, 5], [0.5, 1.5, 1.0, 4.0]
>>> round(deviance_explained(counts, predicted), 2), round(bits_per_spike(counts, predicted), 2)
(0.82, 0.58)
"""

from __future__ import annotations

from .criteria import aic, bic
from .folds import Folds, blocked, by_epoch, by_trial
from .likelihood import bits_per_spike, deviance_explained, log_likelihood, pseudo_r2
from .rescaling import KSTest, RescaledTime, ks_test, time_rescaling
from .residuals import ResidualAutocorrelation, pearson_residuals, residual_autocorrelation

__all__ = [
    "Folds",
    "KSTest",
    "RescaledTime",
    "ResidualAutocorrelation",
    "aic",
    "bic",
    "bits_per_spike",
    "blocked",
    "by_epoch",
    "by_trial",
    "deviance_explained",
    "ks_test",
    "log_likelihood",
    "pearson_residuals",
    "pseudo_r2",
    "residual_autocorrelation",
    "time_rescaling",
]


def __dir__() -> list[str]:
    return sorted(__all__)
