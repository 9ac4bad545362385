r"""Time rescaling: does a model of spikes get their timing right?

Measured in expected spikes instead of seconds, the intervals between the spikes of the true model are independent and
exponential with mean 1 (Brown et al. 2002). In bins this holds only on average, so each spike gets a random place
inside its bin, drawn so that it holds exactly (Haslinger, Pipa & Brown 2010). With :math:`q_k = -\log P(y_k = 0)`, the
interval from an event in bin j to the next, in bin k, is

.. math:: \xi = \sum_{i=j+1}^{k-1} q_i + \delta, \qquad \delta = -\log(1 - r\,(1 - e^{-q_k})), \quad r \sim U(0, 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import did_you_mean
from .._types import ArrayLike, BoolArray, FloatArray, IntArray
from ..containers._repr import record_table
from ..observation_models import AbstractObservationModel, PoissonObservations
from ._inputs import Pair, read_model, read_pair

__all__ = ["KSTest", "RescaledTime", "ks_test", "time_rescaling"]

_SEVERAL = ("merge", "spread")


@dataclass(frozen=True)
class RescaledTime:
    """Intervals between spikes in rescaled time, neuron after neuron.

    Attributes
    ----------
    intervals : ndarray or tuple of ndarray
        Intervals in expected spikes, in the order of time, shape (interval,); exponential with mean 1 under the true
        model, apart from the longest, which the end of an epoch cut off. A tuple with one array a neuron if the
        response has two axes.
    uniforms : ndarray or tuple of ndarray
        The same as quantiles, uniform on [0, 1] under the true model.
    """

    intervals: Any
    uniforms: Any


@dataclass(frozen=True)
class KSTest:
    """Kolmogorov-Smirnov test of rescaled intervals; numbers if the response has one axis, else shape (neuron,).

    Attributes
    ----------
    statistic : float or ndarray
        Largest distance between the distribution of the quantiles and the diagonal; NaN without any interval.
    p_value : float or ndarray
        Probability of a distance at least as large under the true model.
    band : float or ndarray
        Half-width of the band around the diagonal of a KS plot in which the true model stays with probability
        `confidence`.
    n_intervals : int or ndarray
        Number of intervals.
    confidence : float
        See `band`.
    rescaled : RescaledTime
        What was tested.
    """

    statistic: Any
    p_value: Any
    band: Any
    n_intervals: Any
    confidence: float
    rescaled: RescaledTime

    def _repr_html_(self) -> str:
        return record_table(self).html()

    @property
    def rejected(self) -> Any:
        """Whether the distribution leaves the band: the model's timing is wrong at level 1 - `confidence`."""
        return self.p_value < 1.0 - self.confidence


def time_rescaling(
    y: Any,
    mean: Any,
    *,
    seed: int | np.random.Generator,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
    several: str = "merge",
    adjust: bool = True,
) -> RescaledTime:
    """Intervals between spikes in the time of the model, in which those of the true model are exponential.

    Each epoch of a series stands alone: an interval starts at the start of the epoch (the model knows the rate from
    there on) or at a spike, and ends at the next spike; what is left until the end of the epoch is no interval. A bin
    whose count or mean is NaN ends an epoch too.

    Parameters
    ----------
    y : array_like, Tsd or TsdFrame
        Spikes per bin, shape (time,) or (time, neuron).
    mean : array_like, Tsd or TsdFrame
        Expected spikes per bin (not Hz), same shape, given the past.
    seed : int or numpy.random.Generator
        Where the places inside bins come from; the same seed gives the same result.
    observation_model : str or observation model
        Model of counts, from which the probability of an empty bin is taken.
    scale : float or array_like, optional
        Its dispersion, shape () or (neuron,); its own if not given.
    several : {"merge", "spread"}
        What to do with bins that hold several spikes. "merge" asks only which bins hold any spike, which is right for
        every model of counts; "spread" gives each spike its own place in the bin, evenly at random, which uses all
        spikes but is right for Poisson counts alone.
    adjust : bool
        Whether quantiles are taken among the intervals that could end within their epoch (Wiener 2003). Without it,
        long intervals are missed at the end of each epoch, and the true model is rejected too often when there are
        many short ones.

    Returns
    -------
    RescaledTime

    Raises
    ------
    ValueError
        If `y` does not hold counts, a mean is negative, `several` is unknown or does not fit the model, or shapes or
        times do not fit.
    TypeError
        If an input is not numeric.

    References
    ----------
    :cite:`haslinger_2010`, section 2; :cite:`brown_2002`; :cite:`wiener_2003`

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.scores import time_rescaling
    >>> mean = np.full(10_000, 0.1)
    >>> counts = np.random.default_rng(0).poisson(mean)
    >>> round(float(time_rescaling(counts, mean, seed=1).intervals.mean()), 1)
    1.0
    """
    pair, model = read_pair(y, mean), read_model(observation_model)
    _check(pair, model, several)
    rng = np.random.default_rng(seed)
    scales = [None] * pair.n_neurons if scale is None else np.broadcast_to(scale, (pair.n_neurons,))
    starts = _epoch_starts(pair)
    both = [_rescale(pair, n, model, scales[n], starts, rng, several, adjust) for n in range(pair.n_neurons)]
    intervals, uniforms = zip(*both)
    return RescaledTime(*both[0]) if pair.one_neuron else RescaledTime(intervals, uniforms)


def ks_test(
    y: Any,
    mean: Any,
    *,
    seed: int | np.random.Generator,
    observation_model: str | AbstractObservationModel = "Poisson",
    scale: ArrayLike | None = None,
    several: str = "merge",
    adjust: bool = True,
    confidence: float = 0.95,
) -> KSTest:
    """Test whether rescaled intervals are those of the true model.

    The test takes the mean as known. On the data that its parameters were fitted to, it rejects more rarely than it
    says; on held-out data, parameters that are only estimated are found wrong when there are enough spikes.

    Parameters
    ----------
    y, mean, seed, observation_model, scale, several, adjust
        As in `time_rescaling`.
    confidence : float
        Of the band, between 0 and 1.

    Returns
    -------
    KSTest

    Raises
    ------
    ValueError, TypeError
        As in `time_rescaling`; ValueError if `confidence` is not between 0 and 1.

    References
    ----------
    :cite:`haslinger_2010`, section 2; :cite:`brown_2002`, section 2.2

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.scores import ks_test
    >>> mean = 0.1 + 0.09 * np.sin(np.arange(20_000) / 50)
    >>> counts = np.random.default_rng(0).poisson(mean)
    >>> bool(ks_test(counts, mean, seed=1).rejected)
    False
    >>> bool(ks_test(counts, np.full(20_000, 0.1), seed=1).rejected)
    True
    """
    from scipy.stats import kstwo

    if not 0 < confidence < 1:
        msg = f"confidence must be between 0 and 1, got {confidence!r}."
        raise ValueError(msg)
    options: dict[str, Any] = {"observation_model": observation_model, "scale": scale}
    rescaled = time_rescaling(y, mean, seed=seed, several=several, adjust=adjust, **options)
    one = not isinstance(rescaled.uniforms, tuple)
    uniforms = (rescaled.uniforms,) if one else rescaled.uniforms
    n = np.array([len(u) for u in uniforms])
    statistic = np.array([_distance(u) for u in uniforms])
    some = np.maximum(n, 1)
    p_value = np.where(n > 0, kstwo.sf(statistic, some), np.nan)
    sizes, size_of = np.unique(some, return_inverse=True)  # a quantile costs milliseconds
    band = np.where(n > 0, kstwo.ppf(confidence, sizes)[size_of], np.nan)
    if one:
        return KSTest(float(statistic[0]), float(p_value[0]), float(band[0]), int(n[0]), float(confidence), rescaled)
    return KSTest(statistic, p_value, band, n, float(confidence), rescaled)


def _distance(uniforms: FloatArray) -> float:
    """Kolmogorov's distance between the sample and the uniform distribution."""
    n = len(uniforms)
    if n == 0:
        return np.nan
    ordered = np.sort(uniforms)
    ranks = np.arange(n + 1) / n
    return float(max((ranks[1:] - ordered).max(), (ordered - ranks[:-1]).max()))


def _check(pair: Pair, model: AbstractObservationModel, several: str) -> None:
    if several not in _SEVERAL:
        msg = f"several must be 'merge' or 'spread', got {several!r}.{did_you_mean(several, _SEVERAL)}"
        raise ValueError(msg)
    name = type(model).__name__.removesuffix("Observations")
    if name in ("Gamma", "Gaussian"):
        msg = f"time rescaling needs a model of counts, got {name}: only counts have empty bins between spikes."
        raise ValueError(msg)
    if several == "spread" and name != "Poisson":
        msg = f"several='spread' is right for Poisson counts alone, got {name}; use several='merge'."
        raise ValueError(msg)
    for rows in pair.blocks():
        counts, means = pair.y[rows], pair.mean[rows]
        counts = counts[np.isfinite(counts)]
        if (counts < 0).any() or (counts != np.floor(counts)).any():
            bad = counts[(counts < 0) | (counts != np.floor(counts))][0]
            msg = f"y must hold counts of spikes, 0, 1, 2, ..., for time rescaling, got {bad:g}."
            raise ValueError(msg)
        if (means[np.isfinite(means)] < 0).any():
            msg = f"mean must be >= 0, expected spikes per bin, got {np.nanmin(means):g}."
            raise ValueError(msg)


def _epoch_starts(pair: Pair) -> BoolArray:
    """Whether a row is the first of its epoch."""
    starts = np.zeros(pair.n_time + 1, dtype=bool)
    starts[0] = True
    if pair.clock is not None:
        first, stop = pair.clock.epochs()
        starts[first] = starts[stop] = True
    return starts[:-1]


def _rescale(
    pair: Pair,
    neuron: int,
    model: AbstractObservationModel,
    scale: float | None,
    starts: BoolArray,
    rng: np.random.Generator,
    several: str,
    adjust: bool,
) -> tuple[FloatArray, FloatArray]:
    """Intervals and quantiles of one neuron."""
    counts, mean = pair.y[:, neuron], np.asarray(pair.mean[:, neuron], dtype=np.float64)
    known = np.isfinite(counts) & np.isfinite(mean)
    first = starts.copy()
    first[1:] |= ~known[:-1]  # an unknown bin ends its epoch
    segment = np.cumsum(first)[known]
    counts, mean = counts[known].astype(np.int64), mean[known]
    length = _log_chance_of_silence(model, mean, scale)
    after = np.cumsum(length)
    before = after - length
    new = np.diff(segment, prepend=-1) > 0
    begins, which = np.flatnonzero(new), np.cumsum(new) - 1  # of each segment its first bin, of each bin its segment
    ends = np.append(begins[1:], len(segment)) - 1

    bins = np.flatnonzero(counts > 0)
    if several == "spread":
        place, bins = _spread(before, length, counts, bins, rng)
        restart = place
    else:
        within = -np.log1p(rng.random(len(bins)) * np.expm1(-length[bins]))
        place, restart = before[bins] + within, after[bins]
    here = which[bins]
    origin = before[begins[here]]
    again = np.flatnonzero(np.diff(here) == 0) + 1  # events with another before them in the same segment
    origin[again] = restart[again - 1]
    intervals = np.maximum(place - origin, 0.0)
    room = np.maximum(after[ends[here]] - origin, np.maximum(intervals, np.finfo(np.float64).tiny))
    return intervals, np.expm1(-intervals) / np.expm1(-room) if adjust else -np.expm1(-intervals)


def _log_chance_of_silence(model: AbstractObservationModel, mean: FloatArray, scale: float | None) -> FloatArray:
    """Minus the logarithm of the probability of an empty bin: the length of each bin in rescaled time."""
    if isinstance(model, PoissonObservations):
        return mean
    return -np.asarray(model.log_likelihood_per_sample(np.zeros_like(mean), mean, scale))


def _spread(
    before: FloatArray, length: FloatArray, counts: IntArray, bins: IntArray, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """Rescaled place and bin of every spike, those of one bin spread evenly at random over it, in order."""
    every = np.repeat(bins, counts[bins])
    within = rng.random(len(every))
    within = within[np.lexsort((within, every))]
    return before[every] + within * length[every], every
