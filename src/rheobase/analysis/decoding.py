"""Decoding: which feature value goes best with the activity of a population, time bin by time bin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import distances as _distances
from .._arrays.population import Activity, window_bounds
from .._arrays.posterior import Likelihood, posterior
from .._errors import did_you_mean, kind_of
from .._types import FloatArray, IntArray
from .._units import to_seconds
from ..containers import IntervalSet, Tsd, TsdFrame, TsdTensor, TsGroup
from ..containers._checks import check_epochs, is_integer, is_number
from ..containers._warn import warn_user
from ._event_inputs import small_counts

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["decode_bayes", "decode_template"]


def decode_bayes(
    tuning_curves: xr.DataArray,
    data: TsGroup | TsdFrame,
    epochs: IntervalSet,
    bin_size: float,
    sliding_window_size: int | None = None,
    time_units: str = "s",
    uniform_prior: bool = True,
) -> tuple[Tsd | TsdFrame, TsdFrame | TsdTensor]:
    """Posterior probability of feature values given spike counts, and the most probable one.

    Units are taken as independent and Poisson: with tuning curves ``f`` (Hz), counts ``n`` made in ``T`` seconds and a
    prior ``p``, the log posterior is ``sum_u n_u log f_u(x) - T sum_u f_u(x) + log p(x)`` up to a constant.

    Parameters
    ----------
    tuning_curves : xarray.DataArray, shape (unit, bin of feature 1, bin of feature 2, ...)
        Rates (Hz), as `compute_tuning_curves` makes them. NaN takes no part in the sum over units: where the features
        never were, nothing speaks against a place but the prior, so that ``uniform_prior=False`` is advised there.
    data : TsGroup or TsdFrame
        Spikes, which are counted in `epochs`; or counts (smoothed ones, for example), one column per unit.
    epochs : IntervalSet
        When to decode.
    bin_size : float
        Width of the time bins, in `time_units`.
    sliding_window_size : int, optional
        Number of bins that counts are summed over, centred, inside each epoch (averaged, for counts given as TsdFrame).
    time_units : {"s", "ms", "us"}
        Of `bin_size`.
    uniform_prior : bool
        Whether all feature values are equally probable beforehand; otherwise the prior is proportional to
        ``tuning_curves.attrs["occupancy"]``.

    Returns
    -------
    decoded : Tsd, or TsdFrame for several features
        Centre of the most probable bin (of ties, the first); NaN where nothing is possible.
    posterior : TsdFrame, shape (time, bin), or TsdTensor, shape (time, bin of feature 1, bin of feature 2, ...)
        Sums to 1 at each time.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If units of tuning curves and data differ, `sliding_window_size` is no whole number of at least 1, or there is
        no occupancy for the prior.

    Warns
    -----
    UserWarning
        If `data` is a TsdFrame whose time step is not `bin_size`, or an epoch is shorter than the sliding window.

    References
    ----------
    :cite:`zhang_1998`, equation 36

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_tuning_curves, decode_bayes
    >>> from rheobase.containers import IntervalSet, Ts, Tsd, TsGroup
    >>> position = Tsd(t=np.arange(100), d=np.repeat([0.0, 1.0], 50))
    >>> units = TsGroup({0: Ts(np.arange(0, 50)), 1: Ts(np.arange(50, 100))}, time_support=IntervalSet(0, 99))
    >>> curves = compute_tuning_curves(units, position, bins=2, range=(-0.5, 1.5))
    >>> decoded, posterior = decode_bayes(curves, units, IntervalSet(48, 52), bin_size=1)
    >>> decoded.values
    array([0., 0., 1., 1.])
    """
    inputs = _read(tuning_curves, data, epochs, bin_size, sliding_window_size, time_units)
    if not uniform_prior and "occupancy" not in tuning_curves.attrs:
        msg = (
            "uniform_prior set to False but no occupancy found in tuning curves. Use what compute_tuning_curves "
            'returns, or set tuning_curves.attrs["occupancy"].'
        )
        raise ValueError(msg)
    rates = np.asarray(tuning_curves.values, dtype=np.float64).reshape(tuning_curves.shape[0], -1)
    prior = np.ones(rates.shape[1]) if uniform_prior else np.ravel(tuning_curves.attrs["occupancy"]).astype(np.float64)
    likelihood = Likelihood(rates, float(to_seconds(inputs.duration, time_units)), prior)
    return _wrap(*posterior(inputs.activity, likelihood), tuning_curves, inputs.times, epochs)


def decode_template(
    tuning_curves: xr.DataArray,
    data: TsGroup | TsdFrame,
    epochs: IntervalSet,
    bin_size: float,
    metric: str | Callable[..., float] = "correlation",
    sliding_window_size: int | None = None,
    time_units: str = "s",
) -> tuple[Tsd | TsdFrame, TsdFrame | TsdTensor]:
    """Distance of population activity to the tuning curves at each feature value, and the closest one.

    Parameters
    ----------
    tuning_curves, data, epochs, bin_size, sliding_window_size, time_units
        As `decode_bayes`, with its errors and warnings.
    metric : str or callable
        What `scipy.spatial.distance.cdist` knows: "correlation" (one minus it), "cosine", "euclidean", "cityblock",
        "jensenshannon", "mahalanobis" and others; or a function of two vectors. "seuclidean" and "mahalanobis" take
        variances from templates and data together: from the counts in `epochs`, or from all rows of a TsdFrame (with
        `sliding_window_size`, from those in `epochs`).

    Returns
    -------
    decoded : Tsd, or TsdFrame for several features
        Centre of the closest bin (of ties, the first); NaN where no distance is a number.
    distance : TsdFrame, shape (time, bin), or TsdTensor, shape (time, bin of feature 1, bin of feature 2, ...)

    Raises
    ------
    ValueError
        If the metric is unknown, or needs more time bins than there are.

    References
    ----------
    :cite:`zhang_1998`, section "Template matching"

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_tuning_curves, decode_template
    >>> from rheobase.containers import IntervalSet, Ts, Tsd, TsGroup
    >>> position = Tsd(t=np.arange(100), d=np.repeat([0.0, 1.0], 50))
    >>> units = TsGroup({0: Ts(np.arange(0, 50)), 1: Ts(np.arange(50, 100))}, time_support=IntervalSet(0, 99))
    >>> curves = compute_tuning_curves(units, position, bins=2, range=(-0.5, 1.5))
    >>> decoded, distance = decode_template(curves, units, IntervalSet(48, 52), bin_size=1, metric="euclidean")
    >>> decoded.values
    array([0., 0., 1., 1.])
    """
    metric = _read_metric(metric)
    inputs = _read(tuning_curves, data, epochs, bin_size, sliding_window_size, time_units)
    templates = np.asarray(tuning_curves.values, dtype=np.float64).reshape(tuning_curves.shape[0], -1)
    found = _distances.distances(inputs.activity, np.ascontiguousarray(templates.T), metric, inputs.observed)
    return _wrap(*found, tuning_curves, inputs.times, epochs)


class _Inputs:
    """Times of the bins, activity in them, and the duration that counts were made in (in the user's units).

    `observed` is the activity that metrics take their scale from, if it is not that in the bins.
    """

    def __init__(
        self, times: FloatArray, activity: Activity, duration: float, observed: Activity | None = None
    ) -> None:
        self.times, self.activity, self.duration, self.observed = times, activity, duration, observed


def _read(
    tuning_curves: Any, data: Any, epochs: Any, bin_size: Any, sliding_window_size: Any, time_units: str
) -> _Inputs:
    """Check what both decoders are given, and count."""
    _check_curves(tuning_curves)
    check_epochs(epochs, "epochs")
    if not isinstance(data, TsGroup | TsdFrame):
        msg = f"Unknown format for data: should be a TsGroup or a TsdFrame of counts, got {kind_of(data)}."
        raise TypeError(msg)
    _check_units(tuning_curves, data.index if isinstance(data, TsGroup) else data.columns)
    window = _check_window(sliding_window_size)
    if isinstance(data, TsGroup):
        return _counted(data, epochs, bin_size, window, time_units)
    _check_step(data, bin_size, time_units)
    if window is not None:
        data = data.convolve(np.ones(window), ep=epochs) / window
    times, values, _, _ = data._within(epochs)
    return _Inputs(times, Activity(values), bin_size, Activity(data.values))


def _counted(group: TsGroup, epochs: IntervalSet, bin_size: Any, window: int | None, time_units: str) -> _Inputs:
    """Spikes counted in the smallest type that holds them, and the windows to sum over."""
    frame = small_counts(group, bin_size, epochs, time_units)
    if window is None:
        return _Inputs(frame.t, Activity(frame.values), bin_size)
    first, last = frame._runs(epochs)
    short = int(np.count_nonzero((last - first > 0) & (last - first < window)))
    if short:
        warn_user(
            f"Kernel size ({window} samples) is larger than the number of samples in {short} epoch(s); every result "
            "there is affected by the edges."
        )
    return _Inputs(frame.t, Activity(frame.values, window_bounds(last - first, window)), window * bin_size)


def _check_curves(tuning_curves: Any) -> None:
    import xarray as xr

    if not isinstance(tuning_curves, xr.DataArray):
        msg = (
            "tuning_curves should be an xarray.DataArray as computed by compute_tuning_curves, got "
            f"{type(tuning_curves).__name__}."
        )
        raise TypeError(msg)
    if tuning_curves.ndim < 2 or tuning_curves.dims[0] != "unit":
        msg = f'tuning_curves should have dimensions "unit" and at least one feature, got {tuning_curves.dims}.'
        raise ValueError(msg)


def _check_units(tuning_curves: xr.DataArray, labels: Any) -> None:
    units, labels = np.asarray(tuning_curves.coords["unit"].values), np.asarray(labels)
    if units.size != labels.size:
        msg = f"Different shapes for tuning_curves and data: {units.size} and {labels.size} units."
        raise ValueError(msg)
    if units.tolist() != labels.tolist():
        msg = f"Different indices for tuning curves and data keys: {units.tolist()} and {labels.tolist()}."
        raise ValueError(msg)


def _check_window(size: Any) -> int | None:
    if size is None:
        return None
    if not is_integer(size):
        msg = f"sliding_window_size should be a integer, got {size!r}."
        raise ValueError(msg)
    if size < 1:
        msg = f"sliding_window_size should be >= 1, got {size}."
        raise ValueError(msg)
    return int(size)


def _check_step(frame: TsdFrame, bin_size: Any, time_units: str) -> None:
    if not is_number(bin_size):
        msg = f"bin_size should be a number, got {bin_size!r}."
        raise ValueError(msg)
    steps = frame.time_diff().values
    if steps.size and not np.isclose(steps.mean(), to_seconds(float(bin_size), time_units)):
        warn_user(
            f"passed bin_size is different from actual data bin size: {bin_size} {time_units}, but the samples are "
            f"{steps.mean():.6g} s apart."
        )


def _read_metric(metric: Any) -> Any:
    """The metric in its first spelling."""
    if callable(metric):
        return metric
    if not isinstance(metric, str):
        msg = f"metric should be a name or a function of two vectors, got {metric!r}."
        raise TypeError(msg)
    for name, spellings in _distances.METRICS.items():
        if metric.lower() in spellings:
            return name
    known = list(_distances.METRICS)
    msg = f"Unknown Distance Metric: {metric!r}. It should be one of {', '.join(known)}.{did_you_mean(metric, known)}"
    raise ValueError(msg)


def _wrap(
    values: FloatArray, best: IntArray, tuning_curves: xr.DataArray, times: FloatArray, epochs: IntervalSet
) -> tuple[Any, Any]:
    """The decoded feature and the values it was chosen from, as series."""
    names, shape = tuning_curves.dims[1:], tuning_curves.shape[1:]
    centres = [np.asarray(tuning_curves.coords[name].values) for name in names]
    decoded = np.full((best.size, len(names)), np.nan)
    found = best >= 0
    for column, (centre, index) in enumerate(zip(centres, np.unravel_index(best[found], shape))):
        decoded[found, column] = centre[index]
    if len(names) == 1:
        return Tsd._trusted(times, decoded[:, 0], epochs), TsdFrame._trusted(times, values, epochs, centres[0], None)
    labels = np.array(names, dtype=object)
    tensor = TsdTensor._trusted(times, values.reshape(best.size, *shape), epochs)
    return TsdFrame._trusted(times, decoded, epochs, labels, None), tensor
