"""How many bits about a feature the spikes of a unit carry, from its tuning curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import kind_of
from .._types import FloatArray
from ..containers import IntervalSet, Tsd, TsdFrame
from ..containers._warn import warn_user

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["compute_1d_mutual_info", "compute_2d_mutual_info", "compute_mutual_information"]

BLOCK = 1 << 20
"""Rates handled at a time."""


def compute_mutual_information(
    tuning_curves: xr.DataArray, rates: list[float] | FloatArray | None = None
) -> pd.DataFrame:
    """Information of each unit about the features of its tuning curve.

    With occupancy ``p(x)`` (scaled to sum 1), curve ``f(x)`` and mean rate ``r``, it is
    ``sum_x p(x) f(x) log2(f(x) / r)`` bits per second, and that over ``r`` bits per spike.

    Parameters
    ----------
    tuning_curves : xarray.DataArray, shape (unit, bin of feature 1, ...)
        Rates (Hz), as `compute_tuning_curves` makes them, with the attribute ``occupancy``.
    rates : list or ndarray, shape (unit,), optional
        Mean rates (Hz); by default the attribute ``rates``, otherwise the mean of the curve over the occupancy (with a
        warning).

    Returns
    -------
    pandas.DataFrame, shape (unit, 2)
        Columns "bits/sec" and "bits/spike"; bins that are NaN or silent add nothing. A silent unit has NaN bits/spike.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If there is no occupancy, or not one rate per unit.

    Warns
    -----
    UserWarning
        If mean rates have to be estimated from the curves.

    References
    ----------
    :cite:`skaggs_1993`, equation 1

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> from rheobase.analysis import compute_mutual_information
    >>> curves = xr.DataArray(
    ...     [[8.0, 0.0], [4.0, 4.0]], coords={"unit": [0, 1], "x": [0.5, 1.5]}, dims=["unit", "x"],
    ...     attrs={"occupancy": np.array([50.0, 50.0]), "rates": np.array([4.0, 4.0])},
    ... )
    >>> compute_mutual_information(curves).values
    array([[4., 1.],
           [0., 0.]])
    """
    import pandas as pd

    occupancy = _check(tuning_curves, rates)
    curves = np.asarray(tuning_curves.values).reshape(tuning_curves.shape[0], -1)
    mean = tuning_curves.attrs.get("rates") if rates is None else rates
    if mean is None:
        warn_user("Estimating mean firing rates from tuning curves, they were not in the tuning curves nor passed.")
        mean = np.nansum(curves * occupancy, axis=1)
    mean = np.asarray(mean)
    bits = _bits_per_second(curves, occupancy, mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        table = np.array([bits, bits / mean]).T
    return pd.DataFrame(table, index=tuning_curves.coords["unit"].values, columns=["bits/sec", "bits/spike"])


def _check(tuning_curves: Any, rates: Any) -> FloatArray:
    """Occupancy scaled to sum 1, shape (bin,)."""
    import xarray as xr

    if not isinstance(tuning_curves, xr.DataArray):
        msg = (
            "tuning_curves should be an xr.DataArray as computed by compute_tuning_curves, got "
            f"{kind_of(tuning_curves)}."
        )
        raise TypeError(msg)
    if rates is not None:
        if not isinstance(rates, list | np.ndarray):
            msg = f"rates should be a list or array, got {type(rates).__name__}."
            raise TypeError(msg)
        if len(rates) != tuning_curves.shape[0]:
            msg = (
                f"dimension of rates should match that of the tuning curves: got {len(rates)} for "
                f"{tuning_curves.shape[0]} units."
            )
            raise ValueError(msg)
    if "occupancy" not in tuning_curves.attrs:
        msg = 'No occupancy found in tuning curves. Set tuning_curves.attrs["occupancy"] (time or samples per bin).'
        raise ValueError(msg)
    occupancy = np.asarray(tuning_curves.attrs["occupancy"])
    if occupancy.shape != tuning_curves.shape[1:]:
        msg = f"occupancy should have the shape of a tuning curve, {tuning_curves.shape[1:]}, got {occupancy.shape}."
        raise ValueError(msg)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (occupancy / np.nansum(occupancy)).reshape(-1)


def _bits_per_second(curves: np.ndarray, occupancy: FloatArray, mean: np.ndarray) -> FloatArray:
    bits = np.empty(len(curves))
    occupancy = np.where(np.isnan(occupancy), 0.0, occupancy)
    step = max(1, BLOCK // max(curves.shape[1], 1))
    for begin in range(0, len(curves), step):
        rows = slice(begin, begin + step)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log2(curves[rows] / mean[rows, None])
            terms = curves[rows] * occupancy
        nothing = ~np.isfinite(logs)  # bins that were never visited, and silent ones
        if nothing.any():
            logs[nothing] = terms[nothing] = 0.0
        bits[rows] = np.einsum("ub,ub->u", terms, logs)
    return bits


def compute_1d_mutual_info(
    tc: pd.DataFrame | np.ndarray,
    feature: Tsd | TsdFrame,
    ep: IntervalSet | None = None,
    minmax: tuple[float, float] | None = None,
    bitssec: bool = False,
) -> pd.DataFrame:
    """Information about one feature; the earlier spelling of `compute_mutual_information`.

    Parameters
    ----------
    tc : pandas.DataFrame or ndarray, shape (bin, unit)
        Rates (Hz).
    feature : Tsd, or TsdFrame of one column
        The occupancy is counted from it.
    ep : IntervalSet, optional
        Where to count it.
    minmax : tuple, optional
        Limits of the bins; by default the smallest and largest value of the feature.
    bitssec : bool
        Whether to return bits per second rather than bits per spike.

    Returns
    -------
    pandas.DataFrame, shape (unit, 1)
        Column "SI".

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If the feature has several columns.

    Warns
    -----
    FutureWarning
        Always; and UserWarning, as the mean rates are estimated from the curves.
    """
    import pandas as pd

    _warn_old("compute_1d_mutual_info")
    if not isinstance(tc, pd.DataFrame | np.ndarray):
        msg = f"Argument tc should be of type pandas.DataFrame or numpy.ndarray, got {type(tc).__name__}."
        raise TypeError(msg)
    if not isinstance(feature, Tsd | TsdFrame):
        msg = f"feature should be a Tsd (or TsdFrame with 1 column only), got {kind_of(feature)}."
        raise TypeError(msg)
    if isinstance(feature, TsdFrame) and feature.shape[1] != 1:
        msg = f"feature should be a Tsd (or TsdFrame with 1 column only), got {feature.shape[1]} columns."
        raise ValueError(msg)
    table = tc.to_numpy() if isinstance(tc, pd.DataFrame) else tc
    units = tc.columns.to_numpy() if isinstance(tc, pd.DataFrame) else np.arange(tc.shape[1])
    return _old_information(table.T, units, feature, ep, minmax, bitssec)


def compute_2d_mutual_info(
    dict_tc: Mapping[Any, np.ndarray] | np.ndarray,
    features: TsdFrame,
    ep: IntervalSet | None = None,
    minmax: tuple[float, float, float, float] | None = None,
    bitssec: bool = False,
) -> pd.DataFrame:
    """Information about two features; the earlier spelling of `compute_mutual_information`.

    Parameters
    ----------
    dict_tc : dict of ndarray, or ndarray, shape (unit, bin of feature 1, bin of feature 2)
        Rates (Hz).
    features : TsdFrame of two columns
    ep, bitssec
        As `compute_1d_mutual_info`, with its returns, errors and warnings.
    minmax : tuple, optional
        (low, high) of the first feature, then of the second.
    """
    _warn_old("compute_2d_mutual_info")
    if not isinstance(dict_tc, dict | np.ndarray):
        msg = (
            f"Argument dict_tc should be a dictionary of numpy.ndarray or numpy.ndarray, got {type(dict_tc).__name__}."
        )
        raise TypeError(msg)
    if not isinstance(features, TsdFrame):
        msg = f"features should be a TsdFrame with 2 columns, got {kind_of(features)}."
        raise TypeError(msg)
    if features.shape[1] != 2:
        msg = f"features should have 2 columns only, got {features.shape[1]}."
        raise ValueError(msg)
    curves = np.array(list(dict_tc.values())) if isinstance(dict_tc, dict) else dict_tc
    units = list(dict_tc) if isinstance(dict_tc, dict) else np.arange(len(dict_tc))
    return _old_information(curves, units, features, ep, minmax, bitssec)


def _warn_old(name: str) -> None:
    warn_user(f"{name} is an earlier spelling; use compute_mutual_information instead.", FutureWarning)


def _old_information(curves: np.ndarray, units: Any, features: Any, ep: Any, minmax: Any, bitssec: Any) -> pd.DataFrame:
    """Information, with the occupancy counted in as many equal bins as the curves have."""
    import xarray as xr

    if ep is not None and not isinstance(ep, IntervalSet):
        msg = f"ep should be an IntervalSet, got {kind_of(ep)}."
        raise TypeError(msg)
    if not isinstance(bitssec, bool | np.bool_):
        msg = f"Argument bitssec should be of type bool, got {bitssec!r}."
        raise TypeError(msg)
    n = curves.ndim - 1
    if minmax is not None and (np.ndim(minmax) != 1 or len(minmax) != 2 * n):
        msg = f"minmax should be a tuple/list of {2 * n} numbers, got {minmax!r}."
        raise TypeError(msg)
    values = np.asarray(features.values).reshape(len(features), n)
    pairs = np.reshape(minmax, (n, 2)) if minmax is not None else [(np.nanmin(x), np.nanmax(x)) for x in values.T]
    edges = [np.linspace(low, high, size + 1) for (low, high), size in zip(pairs, curves.shape[1:])]
    chosen = values if ep is None else np.asarray(features.restrict(ep).values).reshape(-1, n)
    dims = ["unit", *(str(i) for i in range(n))]
    array = xr.DataArray(curves, coords={"unit": units}, dims=dims)
    array.attrs["occupancy"] = np.histogramdd(chosen, edges)[0]
    column = "bits/sec" if bitssec else "bits/spike"
    return compute_mutual_information(array)[[column]].rename({column: "SI"}, axis=1)
