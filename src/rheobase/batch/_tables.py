"""Scores and coefficients as tidy tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..containers import IntervalSet, TsdFrame, TsGroup
from ..design import BuiltDesign
from ..scores import bits_per_spike, ks_test, log_likelihood, pseudo_r2
from ._population import Found
from .settings import Settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["coefficient_table", "score_table"]

_SEED = 0
"""Of the time-rescaling test, which draws where in its bin a spike was."""

_HALF = 1.959963984540054
"""Standard errors on each side of a 95 % interval."""


def score_table(
    built: BuiltDesign, found: Found, predicted: TsdFrame, held_out: IntervalSet, units: TsGroup, settings: Settings
) -> pd.DataFrame:
    """A row for each neuron; see `FittedSession.scores`."""
    import pandas as pd

    name = settings.observation_model
    used = built.mask
    y, mean = np.asarray(built.y.values)[used].astype(float), np.asarray(predicted.values)[used]
    train = np.asarray(found.model.predict(built.X))[used]
    scale = getattr(found.model, "scale_", None)
    n_spikes = y.sum(axis=0)
    seconds = used.sum() * float(built.bin_size)
    likelihood = log_likelihood(y, mean, name, scale)
    out: dict[str, Any] = {"unit": np.asarray(units.index)}
    info = {str(key): np.asarray(units.get_info(key)) for key in units.metadata_columns if str(key) != "rate"}
    out |= {(key if key not in _COLUMNS else f"{key}_given"): value for key, value in info.items()}
    out["n_spikes"] = n_spikes.astype(np.int64) if np.all(n_spikes == np.round(n_spikes)) else n_spikes
    out["rate"] = n_spikes / seconds
    out["pseudo_r2"] = pseudo_r2(y, mean, name, scale)
    out["pseudo_r2_train"] = pseudo_r2(y, train, name, scale)
    counts = name in ("Poisson", "Bernoulli", "NegativeBinomial")
    nothing = np.full(len(n_spikes), np.nan)
    out["bits_per_spike"] = bits_per_spike(y, mean, name, scale) if counts else nothing
    out["log_likelihood"] = likelihood / np.where(n_spikes > 0, n_spikes, np.nan)
    out |= {"ks_distance": nothing, "ks_band": nothing, "ks_p": nothing}
    if counts:
        test = ks_test(
            built.y.restrict(held_out), predicted.restrict(held_out), seed=_SEED, observation_model=name, scale=scale
        )
        out |= {"ks_distance": test.statistic, "ks_band": test.band, "ks_p": test.p_value}
    out |= {"strength": found.strength, "converged": found.converged}
    return pd.DataFrame({key: np.atleast_1d(value) for key, value in out.items()})


_SCORES = ("pseudo_r2", "pseudo_r2_train", "bits_per_spike", "log_likelihood", "ks_distance", "ks_band", "ks_p")

_COLUMNS = frozenset(("unit", "n_spikes", "rate", *_SCORES, "strength", "converged"))
"""Names that metadata of units may not take."""


def coefficient_table(built: BuiltDesign, found: Found, free: np.ndarray, units: TsGroup) -> pd.DataFrame:
    """A row for each neuron and free coefficient, the intercept last; see `FittedSession.coefficients`."""
    import pandas as pd

    model = found.model
    n_neurons = free.shape[1]
    terms = np.repeat([*(term.label for term in built.terms), "intercept"], [*(t.n_columns for t in built.terms), 1])
    names = np.array([*built.names, "intercept"])
    values = np.vstack([np.asarray(model.coef_), np.asarray(model.intercept_)])
    shown = np.vstack([free, np.ones((1, n_neurons), dtype=bool)]).T
    neuron, row = np.nonzero(shown)
    value, error = values.T[shown], found.standard_errors.T[shown]
    return pd.DataFrame(
        {
            "unit": np.asarray(units.index)[neuron],
            "term": terms[row],
            "column": names[row],
            "value": value,
            "standard_error": error,
            "lower": value - _HALF * error,
            "upper": value + _HALF * error,
        }
    )
