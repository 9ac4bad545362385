"""Earlier spellings of the tuning functions, which return pandas tables and dictionaries of arrays.

They are `compute_tuning_curves` and `compute_response_per_epoch` with other arguments; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import kind_of
from .._types import FloatArray
from ..containers import IntervalSet, Tsd, TsdFrame, TsGroup
from ..containers._checks import is_integer
from ..containers._warn import warn_user
from .tuning import compute_response_per_epoch, compute_tuning_curves

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "compute_1d_tuning_curves",
    "compute_1d_tuning_curves_continuous",
    "compute_2d_tuning_curves",
    "compute_2d_tuning_curves_continuous",
    "compute_discrete_tuning_curves",
]


def compute_1d_tuning_curves(
    group: TsGroup,
    feature: Tsd | TsdFrame,
    nb_bins: int,
    ep: IntervalSet | None = None,
    minmax: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Firing rate as a function of one feature; see `compute_tuning_curves`.

    Parameters
    ----------
    group : TsGroup
    feature : Tsd, or TsdFrame of one column
    nb_bins : int
    ep : IntervalSet, optional
        By default the time support of the feature.
    minmax : tuple, optional
        Limits of the bins; by default the smallest and largest value of the feature.

    Returns
    -------
    pandas.DataFrame, shape (bin, unit)
        Rates (Hz), indexed by bin centre.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If the feature has several columns, or `minmax` is no pair.

    Warns
    -----
    FutureWarning
        Always: `compute_tuning_curves` does the same for any number of features.
    """
    _check_group(group)
    return _one_dimensional(group, feature, nb_bins, ep, minmax, "compute_1d_tuning_curves")


def compute_1d_tuning_curves_continuous(
    tsdframe: Tsd | TsdFrame,
    feature: Tsd | TsdFrame,
    nb_bins: int,
    ep: IntervalSet | None = None,
    minmax: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Mean of signals as a function of one feature; see `compute_tuning_curves`.

    Parameters
    ----------
    tsdframe : Tsd or TsdFrame
    feature, nb_bins, ep, minmax
        As `compute_1d_tuning_curves`, with its errors and its warning.

    Returns
    -------
    pandas.DataFrame, shape (bin, column)
        Means, indexed by bin centre.
    """
    _check_signals(tsdframe)
    return _one_dimensional(tsdframe, feature, nb_bins, ep, minmax, "compute_1d_tuning_curves_continuous")


def compute_2d_tuning_curves(
    group: TsGroup,
    features: TsdFrame,
    nb_bins: int | tuple[int, int],
    ep: IntervalSet | None = None,
    minmax: tuple[float, float, float, float] | None = None,
) -> tuple[dict[Any, FloatArray], list[FloatArray]]:
    """Firing rate as a function of two features; see `compute_tuning_curves`.

    Parameters
    ----------
    group : TsGroup
    features : TsdFrame of two columns
    nb_bins : int or tuple of two int
    ep : IntervalSet, optional
        By default the time support of the features.
    minmax : tuple, optional
        (low, high) of the first feature, then of the second.

    Returns
    -------
    curves : dict
        Key to rates (Hz), shape (bin of feature 1, bin of feature 2).
    centres : list of ndarray
        Bin centres of both features.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If there are not two columns, or `minmax` is not four numbers.

    Warns
    -----
    FutureWarning
        Always, as `compute_1d_tuning_curves`.
    """
    _check_group(group)
    return _two_dimensional(group, features, nb_bins, ep, minmax, "compute_2d_tuning_curves")


def compute_2d_tuning_curves_continuous(
    tsdframe: Tsd | TsdFrame,
    features: TsdFrame,
    nb_bins: int | tuple[int, int],
    ep: IntervalSet | None = None,
    minmax: tuple[float, float, float, float] | None = None,
) -> tuple[dict[Any, FloatArray], list[FloatArray]]:
    """Mean of signals as a function of two features; see `compute_2d_tuning_curves`.

    Parameters
    ----------
    tsdframe : Tsd or TsdFrame
    features, nb_bins, ep, minmax
        As `compute_2d_tuning_curves`, with its errors and its warning.

    Returns
    -------
    curves : dict
        Column to means, shape (bin of feature 1, bin of feature 2).
    centres : list of ndarray
        Bin centres of both features.
    """
    _check_signals(tsdframe)
    return _two_dimensional(tsdframe, features, nb_bins, ep, minmax, "compute_2d_tuning_curves_continuous")


def compute_discrete_tuning_curves(group: TsGroup, dict_ep: Mapping[Any, IntervalSet]) -> pd.DataFrame:
    """Firing rate in named sets of epochs; see `compute_response_per_epoch`.

    Parameters
    ----------
    group : TsGroup
    dict_ep : dict of IntervalSet

    Returns
    -------
    pandas.DataFrame, shape (condition, unit)
        Rates (Hz).

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.

    Warns
    -----
    FutureWarning
        Always: `compute_response_per_epoch` does the same.
    """
    _check_group(group)
    _warn_old("compute_discrete_tuning_curves", "compute_response_per_epoch")
    return compute_response_per_epoch(group, dict_ep, return_pandas=True)


def _check_group(group: Any) -> None:
    if not isinstance(group, TsGroup):
        msg = f"group should be a TsGroup, got {kind_of(group)}. For signals use the name with _continuous."
        raise TypeError(msg)


def _check_signals(tsdframe: Any) -> None:
    if not isinstance(tsdframe, Tsd | TsdFrame):
        msg = f"Argument tsdframe should be of type Tsd or TsdFrame, got {kind_of(tsdframe)}."
        raise TypeError(msg)


def _check_common(nb_bins: Any, ep: Any, several: bool) -> None:
    numbers = nb_bins if several and isinstance(nb_bins, tuple | list) else (nb_bins,)
    if not all(is_integer(number) for number in numbers):
        msg = f"nb_bins should be of type int (or tuple with (int, int) for 2D tuning curves), got {nb_bins!r}."
        raise TypeError(msg)
    if ep is not None and not isinstance(ep, IntervalSet):
        msg = f"ep should be an IntervalSet, got {kind_of(ep)}."
        raise TypeError(msg)


def _check_limits(minmax: Any, n: int) -> None:
    if minmax is not None and (np.ndim(minmax) != 1 or len(minmax) != n):
        msg = f"minmax should hold {n} numbers, got {minmax!r}."
        raise ValueError(msg)


def _warn_old(name: str, instead: str = "compute_tuning_curves") -> None:
    warn_user(f"{name} is an earlier spelling; use {instead} instead.", FutureWarning)


def _one_dimensional(data: Any, feature: Any, nb_bins: Any, ep: Any, minmax: Any, name: str) -> pd.DataFrame:
    if not isinstance(feature, Tsd | TsdFrame) or (isinstance(feature, TsdFrame) and feature.shape[1] != 1):
        msg = f"feature should be a Tsd (or TsdFrame with 1 column only), got {_described(feature)}."
        raise (ValueError if isinstance(feature, TsdFrame) else TypeError)(msg)
    _check_common(nb_bins, ep, several=False)
    _check_limits(minmax, 2)
    _warn_old(name)
    limits = None if minmax is None else tuple(minmax)
    return compute_tuning_curves(data, feature, int(nb_bins), limits, ep, return_pandas=True)


def _two_dimensional(
    data: Any, features: Any, nb_bins: Any, ep: Any, minmax: Any, name: str
) -> tuple[dict[Any, FloatArray], list[FloatArray]]:
    if not isinstance(features, TsdFrame) or features.shape[1] != 2:
        msg = f"features should be a TsdFrame with 2 columns, got {_described(features)}."
        raise (ValueError if isinstance(features, TsdFrame) else TypeError)(msg)
    _check_common(nb_bins, ep, several=True)
    _check_limits(minmax, 4)
    _warn_old(name)
    limits = None if minmax is None else [tuple(minmax[:2]), tuple(minmax[2:])]
    bins = [int(n) for n in nb_bins] if isinstance(nb_bins, tuple | list) else int(nb_bins)
    curves = compute_tuning_curves(data, features, bins, limits, ep)
    centres = [curves.coords[name].values for name in curves.dims[1:]]
    return dict(zip(curves.coords["unit"].values.tolist(), curves.values)), centres


def _described(thing: Any) -> str:
    return kind_of(thing) + (f" of {thing.shape[1]} columns" if isinstance(thing, TsdFrame) else "")
