"""What a model leaves unexplained, and whether it still has a rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._types import ArrayLike, FloatArray, IntArray
from ..containers import IntervalSet, Tsd, TsdFrame
from ..containers._repr import record_table
from ..observation_models import AbstractObservationModel
from ._inputs import Pair, read_model, read_pair

__all__ = ["ResidualAutocorrelation", "pearson_residuals", "residual_autocorrelation"]

_SAME_STEP = 0.01
"""Share of a bin by which a sample may lie off the regular grid of its epoch."""


_FEW_LAGS = 300
"""Lags from which on one Fourier transform is faster than a product for each of them."""


@dataclass(frozen=True)
class ResidualAutocorrelation:
    """Autocorrelation of Pearson residuals.

    Attributes
    ----------
    lags : ndarray
        Shape (lag,), from one bin on; seconds for series, rows for arrays without `bin_size`.
    values : ndarray
        Autocorrelation, shape (lag,) or (lag, neuron).
    band : ndarray
        Half-width of the band around 0 in which each value lies with probability `confidence` if residuals are
        independent, same shape.
    n_pairs : ndarray
        Number of pairs of residuals at each lag, same shape.
    confidence : float
        See `band`.
    """

    lags: FloatArray
    values: FloatArray
    band: FloatArray
    n_pairs: FloatArray
    confidence: float

    def _repr_html_(self) -> str:
        return record_table(self).html()

    @property
    def outside(self) -> Any:
        """Share of lags at which the autocorrelation leaves the band, a number or shape (neuron,)."""
        return (np.abs(self.values) > self.band).mean(axis=0)


def pearson_residuals(
    y: Any,
    mean: Any,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
) -> Any:
    r"""How far each response is from its mean, in standard deviations of the model.

    Parameters
    ----------
    y, mean, observation_model, scale
        As in `log_likelihood`.

    Returns
    -------
    ndarray, Tsd or TsdFrame
        :math:`(y - \mu) / \sqrt{V(\mu)}`, of the shape of `y`, a series if `y` or `mean` is one; NaN where either is,
        or the variance is 0.

    Raises
    ------
    ValueError
        If shapes or times do not fit.
    TypeError
        If an input is not numeric.

    References
    ----------
    :cite:`mccullagh_1989`, section 2.4.1

    Examples
    --------
    >>> from rheobase.scores import pearson_residuals
    >>> pearson_residuals([0, 2, 9], [1.0, 1.0, 4.0])
    array([-1. ,  1. ,  2.5])
    """
    pair = read_pair(y, mean)
    model = read_model(observation_model)
    out = np.empty(pair.y.shape)
    for rows in pair.blocks():
        predicted = np.asarray(pair.mean[rows], dtype=np.float64)
        var = model.variance(predicted, scale)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[rows] = (pair.y[rows] - predicted) / np.sqrt(np.where(var > 0, var, np.nan))
    values = out[:, 0] if pair.one_neuron else out
    if pair.clock is None:
        return values
    support = pair.clock.time_support
    support = IntervalSet._trusted(np.asarray(support.start), np.asarray(support.end))
    if pair.one_neuron:
        return Tsd._trusted(pair.clock.t, values, support)
    like = next((series for series in (y, mean) if isinstance(series, TsdFrame)), None)
    columns, metadata = (None, None) if like is None else (like.columns, like._metadata)
    return TsdFrame._trusted(pair.clock.t, values, support, columns, metadata)


def residual_autocorrelation(
    y: Any,
    mean: Any,
    max_lag: float,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
    *,
    bin_size: float | None = None,
    confidence: float = 0.95,
) -> ResidualAutocorrelation:
    r"""Correlation of Pearson residuals with themselves some time later: what is left when a model misses a rhythm.

    Only pairs of bins of the same epoch count, and only where both are known. Residuals are not centred: a mean that is
    off shows at every lag.

    Parameters
    ----------
    y, mean, observation_model, scale
        As in `pearson_residuals`.
    max_lag : float
        Largest lag: seconds for series or with `bin_size`, else rows.
    bin_size : float, optional
        Seconds between rows. Default: the median step of a series; one row for arrays.
    confidence : float
        Of the band, between 0 and 1.

    Returns
    -------
    ResidualAutocorrelation
        At lag k, :math:`\frac{1}{n_k} \sum_t r_t r_{t+k}` over the mean of :math:`r^2`; the band is the quantile of
        the standard normal distribution over :math:`\sqrt{n_k}`. It is a little too wide where parameters were
        estimated from the same data (Box & Pierce 1970).

    Raises
    ------
    ValueError
        If `max_lag` is shorter than one bin, `bin_size` or `confidence` makes no sense, samples of an epoch are not
        equally spaced, or as in `pearson_residuals`.
    TypeError
        If an input is not numeric.

    References
    ----------
    :cite:`box_1970`

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.scores import residual_autocorrelation
    >>> mean = 0.5 + 0.4 * np.sin(np.arange(20_000) / 5)
    >>> counts = np.random.default_rng(0).poisson(mean)
    >>> right = residual_autocorrelation(counts, mean, 20)
    >>> wrong = residual_autocorrelation(counts, np.full(20_000, 0.5), 20)
    >>> bool(right.outside < 0.2), bool(wrong.outside > 0.8)
    (True, True)
    """
    from scipy.special import ndtri

    if not 0 < confidence < 1:
        msg = f"confidence must be between 0 and 1, got {confidence!r}."
        raise ValueError(msg)
    pair = read_pair(y, mean)
    residuals = pearson_residuals(pair.y, pair.mean, observation_model, scale)
    step = _bin_size(pair, bin_size)
    n_lags = int(np.floor(max_lag / step + 1e-9))
    if n_lags < 1:
        msg = f"max_lag must be at least one bin, {step:g}, got {max_lag!r}."
        raise ValueError(msg)
    position = _positions(pair, step, n_lags)
    values, n_pairs = _autocorrelate(residuals, position, n_lags)
    if pair.one_neuron:
        values, n_pairs = values[:, 0], n_pairs[:, 0]
    with np.errstate(divide="ignore"):
        band = np.where(n_pairs > 0, ndtri(0.5 + confidence / 2) / np.sqrt(n_pairs), np.nan)
    return ResidualAutocorrelation(step * np.arange(1, n_lags + 1), values, band, n_pairs, float(confidence))


def _autocorrelate(residuals: FloatArray, position: IntArray, n_lags: int) -> tuple[FloatArray, FloatArray]:
    """Autocorrelation of each column at 1 ... n_lags and the numbers of pairs, from rows on a padded grid."""
    shape = (n_lags, residuals.shape[1])
    values, n_pairs = np.empty(shape), np.empty(shape)
    size = int(position[-1]) + 1
    known_before = None
    for n, column in enumerate(residuals.T):
        known = np.isfinite(column)
        if known_before is None or not np.array_equal(known, known_before):
            pairs = np.rint(_lagged_sums(_on_grid(known.astype(np.float64), position, size), n_lags))
            known_before = known
        column = np.where(known, column, 0.0)
        power = column @ column / known.sum() if known.any() else np.nan
        with np.errstate(invalid="ignore", divide="ignore"):
            sums = _lagged_sums(_on_grid(column, position, size), n_lags)
            values[:, n], n_pairs[:, n] = np.where(pairs > 0, sums / pairs / power, np.nan), pairs
    return values, n_pairs


def _on_grid(samples: FloatArray, position: IntArray, size: int) -> FloatArray:
    if size == len(samples):
        return samples
    grid = np.zeros(size)
    grid[position] = samples
    return grid


def _lagged_sums(x: FloatArray, n_lags: int) -> FloatArray:
    """Sums of ``x[t] * x[t + k]`` for k = 1 ... n_lags."""
    if n_lags < _FEW_LAGS:
        return np.array([x[:-k] @ x[k:] for k in range(1, n_lags + 1)])
    from scipy.fft import irfft, next_fast_len, rfft

    n_fft = next_fast_len(len(x) + n_lags, real=True)
    spectrum = rfft(x, n=n_fft)
    return irfft(spectrum.real**2 + spectrum.imag**2, n=n_fft)[1 : n_lags + 1]


def _bin_size(pair: Pair, bin_size: float | None) -> float:
    if bin_size is not None:
        if not (np.isfinite(bin_size) and bin_size > 0):
            msg = f"bin_size must be > 0 s, got {bin_size!r}."
            raise ValueError(msg)
        return float(bin_size)
    if pair.clock is None or pair.n_time < 2:
        return 1.0
    return float(np.median(np.diff(pair.clock.t)))


def _positions(pair: Pair, step: float, n_lags: int) -> IntArray:
    """Place of each row on a grid of bins on which epochs are more than `n_lags` apart."""
    if pair.clock is None:
        return np.arange(pair.n_time)
    t = pair.clock.t
    first, stop = pair.clock.epochs()
    first = first[stop > first]
    if len(first) == 0:
        return np.arange(pair.n_time)
    begins = np.zeros(pair.n_time, dtype=np.int64)
    begins[first[1:]] = 1
    epoch = np.cumsum(begins)
    exact = (t - t[first[epoch]]) / step
    place = np.rint(exact).astype(np.int64)
    off = np.abs(exact - place)
    if off.max() > _SAME_STEP or (np.diff(place)[begins[1:] == 0] < 1).any():
        msg = (
            f"samples must be {step:g} s apart within each epoch, or whole multiples of that where some are missing. "
            "Give bin_size, or bring the series to regular bins with bin_average or count."
        )
        raise ValueError(msg)
    lengths = place[np.append(first[1:], pair.n_time) - 1] + 1
    return place + (np.cumsum(lengths + n_lags) - lengths - n_lags)[epoch]
