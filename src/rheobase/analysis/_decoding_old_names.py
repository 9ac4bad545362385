"""Earlier spellings of Bayesian decoding, which take tables and dictionaries of tuning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import kind_of
from .._types import FloatArray
from ..containers import IntervalSet, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._warn import warn_user
from .decoding import decode_bayes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["decode_1d", "decode_2d"]


def decode_1d(
    tuning_curves: pd.DataFrame,
    group: TsGroup | dict[int, Any],
    ep: IntervalSet,
    bin_size: float,
    time_units: str = "s",
    feature: Tsd | None = None,
) -> tuple[Tsd, TsdFrame]:
    """Decode one feature; the earlier spelling of `decode_bayes`.

    Parameters
    ----------
    tuning_curves : pandas.DataFrame, shape (bin, unit)
        Rates (Hz), indexed by bin centre, at least two.
    group : TsGroup, or dict of units
    ep, bin_size, time_units
        As `epochs`, `bin_size` and `time_units` of `decode_bayes`, with its returns and errors.
    feature : Tsd, optional
        Makes the prior: how often the feature was in each bin. By default the prior is uniform.

    Raises
    ------
    RuntimeError
        If `feature` is no Tsd.

    Warns
    -----
    FutureWarning
        Always.
    """
    import pandas as pd
    import xarray as xr

    _warn_old("decode_1d")
    if not isinstance(tuning_curves, pd.DataFrame):
        msg = f"tuning_curves should be a pandas.DataFrame, shape (bin, unit), got {type(tuning_curves).__name__}."
        raise TypeError(msg)
    if feature is not None and not isinstance(feature, Tsd):
        msg = f"Unknown format for feature in decode_1d: should be a Tsd, got {kind_of(feature)}."
        raise RuntimeError(msg)
    centres = tuning_curves.index.to_numpy()
    prior = [] if feature is None else np.histogram(feature.values, _edges(centres))[0]
    curves = xr.DataArray(
        tuning_curves.to_numpy().T,
        coords={"unit": tuning_curves.columns.to_numpy(), "0": centres},
        dims=["unit", "0"],
        attrs={"occupancy": prior},
    )
    return decode_bayes(curves, _as_group(group), ep, bin_size, time_units=time_units, uniform_prior=feature is None)


def decode_2d(
    tuning_curves: Mapping[Any, FloatArray],
    group: TsGroup | dict[int, Any],
    ep: IntervalSet,
    bin_size: float,
    xy: Sequence[FloatArray],
    time_units: str = "s",
    features: TsdFrame | None = None,
) -> tuple[TsdFrame, TsdTensor]:
    """Decode two features; the earlier spelling of `decode_bayes`.

    Parameters
    ----------
    tuning_curves : dict of ndarray, shape (bin of feature 1, bin of feature 2)
        Rates (Hz) of each unit.
    group, ep, bin_size, time_units
        As `decode_1d`, with its warning.
    xy : sequence of two ndarray
        Bin centres of both features, at least two each.
    features : TsdFrame of two columns, optional
        Makes the prior. By default it is uniform.
    """
    import xarray as xr

    _warn_old("decode_2d")
    if not isinstance(tuning_curves, Mapping):
        msg = f"tuning_curves should be a dictionary of arrays, one per unit, got {type(tuning_curves).__name__}."
        raise TypeError(msg)
    if features is not None and not isinstance(features, TsdFrame):
        msg = f"features should be a TsdFrame with 2 columns, got {kind_of(features)}."
        raise TypeError(msg)
    prior: Any = []
    if features is not None:
        prior = np.histogramdd(np.asarray(features.values)[:, :2], [_edges(centres) for centres in xy])[0]
    curves = xr.DataArray(
        np.array(list(tuning_curves.values())),
        coords={"unit": list(tuning_curves), "0": np.asarray(xy[0]), "1": np.asarray(xy[1])},
        dims=["unit", "0", "1"],
        attrs={"occupancy": prior},
    )
    return decode_bayes(curves, _as_group(group), ep, bin_size, time_units=time_units, uniform_prior=features is None)


def _warn_old(name: str) -> None:
    warn_user(f"{name} is an earlier spelling; use decode_bayes instead.", FutureWarning)


def _as_group(group: Any) -> Any:
    return TsGroup(group) if isinstance(group, dict) else group


def _edges(centres: Any) -> FloatArray:
    """Edges around bin centres; the last two bins are as wide as the step before them."""
    centres = np.asarray(centres, dtype=np.float64)
    if centres.size < 2:
        msg = f"a prior needs at least two bin centres per feature, got {centres.size}."
        raise ValueError(msg)
    steps = np.diff(centres)
    left = centres[:-1] - steps / 2
    return np.concatenate((left, [left[-1] + steps[-1], left[-1] + 2 * steps[-1]]))
