"""Predictors by convolution: what happened around each bin, weighed by a bank of kernels, never across epochs.

`create_convolutional_predictor` is the user's call. `Clock` is the gate that this module and the bases share: it tells
a series from a plain array, keeps the times on the host, and dresses a result in the same times again.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from .._arrays.windows import CAUSALITIES, convolve_windows, epoch_slices, offset_of
from .._errors import TimeSupportError, did_you_mean, kind_of
from .._types import ArrayLike, FloatArray, IntArray, TimeSeriesLike
from ..containers import IntervalSet
from ..containers._from_others import has_no_samples
from ..containers._warn import warn_user

__all__ = ["create_convolutional_predictor"]

_SAME_TIME = 1e-9
"""Seconds by which two equal sample times may differ."""


class Clock(NamedTuple):
    """Times and time support of a series."""

    t: FloatArray
    time_support: Any

    @classmethod
    def of(cls, x: Any) -> Clock | None:
        """The clock of a series, or None for anything else; the one place where series and arrays part."""
        return cls(np.asarray(x.t, dtype=np.float64), x.time_support) if isinstance(x, TimeSeriesLike) else None

    @classmethod
    def common(cls, inputs: tuple[Any, ...]) -> Clock | None:
        """The clock that all series among `inputs` share, or None if all are arrays.

        Raises
        ------
        TimeSupportError
            If two of them differ in times or in time support.
        """
        clocks = [clock for clock in map(cls.of, inputs) if clock is not None]
        for other in clocks[1:]:
            if not (
                _close(clocks[0].t, other.t)
                and _close(*(np.stack(_bounds(c.time_support)) for c in (clocks[0], other)))
            ):
                msg = (
                    "Time axis mismatch: the series given together have different times or time supports. "
                    "Bring them to the same bins first, for instance with value_from or bin_average."
                )
                raise TimeSupportError(msg)
        return clocks[0] if clocks else None

    def epochs(self) -> tuple[IntArray, IntArray]:
        """First row of each epoch and one past its last."""
        starts, ends = _bounds(self.time_support)
        return epoch_slices(self.t, starts, ends)

    def dress(self, values: np.ndarray) -> Any:
        """`values` as a Tsd, TsdFrame or TsdTensor with these times."""
        from ..containers import Tsd, TsdFrame, TsdTensor

        support = self.time_support
        if not isinstance(support, IntervalSet):
            support = IntervalSet._trusted(*_bounds(support))
        if values.ndim == 1:
            return Tsd._trusted(self.t, values, support)
        if values.ndim == 2:
            return TsdFrame._trusted(self.t, values, support, None, None)
        return TsdTensor._trusted(self.t, values, support)


def as_samples(x: Any, name: str) -> np.ndarray:
    """`x`, a series or array-like of real numbers, as a NumPy array with at least one axis; its dtype is kept.

    Raises
    ------
    TypeError
        If it does not hold real numbers.
    ValueError
        If it is empty.
    """
    if has_no_samples(x):  # arrays of times or of keys, if NumPy were asked
        raise TypeError(_not_numbers(x, name))
    if isinstance(x, TimeSeriesLike):
        x = x.values
    try:
        samples = np.asarray(x)
        if samples.dtype.kind == "O":
            samples = samples.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(_not_numbers(x, name)) from error
    if samples.dtype.kind not in "buif":
        raise TypeError(_not_numbers(x, name))
    if samples.size == 0:
        msg = f"Empty array provided: {name} has shape {samples.shape}, but must be non empty."
        raise ValueError(msg)
    return np.atleast_1d(samples)


def create_convolutional_predictor(
    basis_matrix: ArrayLike,
    time_series: Any,
    predictor_causality: str = "causal",
    shift: bool | None = None,
    axis: int = 0,
    batch_size_samples: int | None = None,
    batch_size_channels: int | None = None,
    batch_size_basis: int | None = None,
) -> Any:
    """Convolve a series with every column of a bank of kernels, epoch by epoch, keeping its length.

    With kernel ``k`` of W rows and series ``x``, row t of the result is

    ============ ============ ================================ ==============================
    causality    shift        value                            NaN, in each epoch
    ============ ============ ================================ ==============================
    causal       True         sum_i k[i] x[t - 1 - i]          first W
    causal       False        sum_i k[i] x[t - i]              first W - 1
    anti-causal  True         sum_i k[i] x[t + W - i]          last W
    anti-causal  False        sum_i k[i] x[t + W - 1 - i]      last W - 1
    acausal      False        sum_i k[i] x[t + R - i]          first W - 1 - R and last R
    ============ ============ ================================ ==============================

    where R = W - 1 - floor((W - 1) / 2). Row 0 of a causal kernel so weighs the most recent sample.

    Parameters
    ----------
    basis_matrix : array_like
        Kernels, shape (W, basis), W >= 1.
    time_series : array_like, Tsd, TsdFrame, TsdTensor, or a dict, list or tuple of them
        Real samples; time along `axis`. A series is never read across the edges of its epochs.
    predictor_causality : {"causal", "acausal", "anti-causal"}
        Whether the past, both sides or the future of a sample predict it.
    shift : bool, optional
        Leave out the sample itself. Default: True, except for "acausal", where it must be False.
    axis : int
        Axis of time; for series it must be 0.
    batch_size_samples, batch_size_channels, batch_size_basis : int, optional
        Upper bounds on what is computed at once, to limit memory. `batch_size_samples` must be at least W. By default
        the computation walks through blocks of a few megabytes.

    Returns
    -------
    predictor : array, TsdFrame or TsdTensor, or the same dict, list or tuple of them
        Float64, the shape of `time_series` with one more axis of length basis at the end. Rows whose window holds a
        sample that is not finite are NaN.

    Raises
    ------
    ValueError
        If `basis_matrix` is not 2-D or an option is out of its range; if an array is empty.
    TypeError
        If the samples are not real numbers.

    Warns
    -----
    UserWarning
        If an epoch is shorter than W (it becomes NaN), or if W is even for an acausal predictor.
    """
    kernel = _check_kernel(basis_matrix)
    shift = check_causality(predictor_causality, shift)
    batches = check_batches(kernel.shape[0], batch_size_samples, batch_size_channels, batch_size_basis)
    offset = offset_of(kernel.shape[0], predictor_causality, shift)
    if predictor_causality == "acausal" and kernel.shape[0] % 2 == 0:
        warn_user(
            f"With an acausal predictor, basis_matrix.shape[0] should be odd, got {kernel.shape[0]}: the window "
            "reaches one bin further into the future than into the past."
        )

    def convolve(branch: Any) -> Any:
        if isinstance(branch, dict):
            return {key: convolve(leaf) for key, leaf in branch.items()}
        if isinstance(branch, (list, tuple)) and any(np.ndim(leaf) for leaf in branch):
            return type(branch)(convolve(leaf) for leaf in branch)
        return _convolve_series(kernel, offset, branch, axis, batches)

    return convolve(time_series)


def convolve_channels(
    kernel: FloatArray,
    offset: int,
    samples: np.ndarray,
    epochs: tuple[IntArray, IntArray],
    batches: dict[str, int | None],
) -> FloatArray:
    """Convolve samples of shape (time, ...) to (time, ..., basis); warns of epochs shorter than the window."""
    window = kernel.shape[0]
    if np.any(epochs[1] - epochs[0] < window):
        warn_user(
            f"One or more epochs are shorter than the convolution window ({window} samples). "
            "Their rows are NaN in the output."
        )
    channels = samples.reshape(samples.shape[0], -1)
    out = convolve_windows(channels, kernel, offset, *epochs, **batches)
    return out.reshape(*samples.shape, kernel.shape[1])


def check_causality(predictor_causality: str, shift: bool | None) -> bool:
    """The shift that is meant, after a check of both.

    Raises
    ------
    ValueError
        If the causality is unknown, `shift` is neither a bool nor None, or an acausal predictor is to be shifted.
    """
    if predictor_causality not in CAUSALITIES:
        hint = did_you_mean(predictor_causality, CAUSALITIES)
        msg = f"predictor_causality must be one of {list(CAUSALITIES)}, got {predictor_causality!r}.{hint}"
        raise ValueError(msg)
    if not (shift is None or isinstance(shift, (bool, np.bool_)) or (isinstance(shift, Integral) and shift in (0, 1))):
        msg = f"shift must be True, False or None, got {shift!r}."
        raise ValueError(msg)
    if shift and predictor_causality == "acausal":
        msg = "Cannot shift `predictor` when `predictor_causality` is `acausal`: use shift=False or None."
        raise ValueError(msg)
    return predictor_causality != "acausal" if shift is None else bool(shift)


def check_batches(window: int, samples: int | None, channels: int | None, basis: int | None) -> dict[str, int | None]:
    """Batch sizes as `convolve_windows` takes them.

    Raises
    ------
    ValueError
        If one is not a positive integer, or fewer samples than the window are asked for.
    """
    sizes = {"batch_size_samples": samples, "batch_size_channels": channels, "batch_size_basis": basis}
    for name, size in sizes.items():
        if size is not None and (isinstance(size, bool) or not isinstance(size, Integral) or size < 1):
            msg = f"When provided ``{name}`` must be a strictly positive integer, got {size!r}."
            raise ValueError(msg)
    if samples is not None and samples < window:
        msg = f"Batch size too small: batch_size_samples is {samples}, but must be at least the window size, {window}."
        raise ValueError(msg)
    return {"batch_samples": samples, "batch_channels": channels, "batch_basis": basis}


def _convolve_series(kernel: FloatArray, offset: int, series: Any, axis: int, batches: dict[str, int | None]) -> Any:
    clock = Clock.of(series)
    samples = as_samples(series, "time_series")
    if clock is None and np.ndim(series) == 0:
        msg = "`time_series` should contain arrays of at least one dimension, got a single number."
        raise ValueError(msg)
    if not -samples.ndim <= axis < samples.ndim or (clock and axis % samples.ndim != 0):
        room = "0, the axis of time of a series" if clock else f"in [{-samples.ndim}, {samples.ndim - 1}]"
        msg = f"axis must be {room}, got {axis}: `time_series` has shape {samples.shape}."
        raise ValueError(msg)
    samples = np.moveaxis(samples, axis, 0)
    epochs = clock.epochs() if clock else (np.array([0]), np.array([samples.shape[0]]))
    predictor = convolve_channels(kernel, offset, samples, epochs, batches)
    return clock.dress(predictor) if clock else np.moveaxis(predictor, 0, axis % samples.ndim)


def _check_kernel(basis_matrix: ArrayLike) -> FloatArray:
    kernel = np.asarray(basis_matrix, dtype=np.float64)
    if kernel.ndim != 2:
        msg = f"basis_matrix must be a 2 dimensional array, (window, basis), got {kernel.ndim} dimensions."
        raise ValueError(msg)
    if kernel.size == 0:
        msg = f"Empty array provided: basis_matrix has shape {kernel.shape}."
        raise ValueError(msg)
    return kernel


def _bounds(time_support: Any) -> tuple[FloatArray, FloatArray]:
    return np.asarray(time_support.start, dtype=np.float64), np.asarray(time_support.end, dtype=np.float64)


def _close(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    return a is b or (a.shape == b.shape and bool(np.all(np.abs(a - b) <= _SAME_TIME)))


def _not_numbers(x: Any, name: str) -> str:
    kind = getattr(x, "dtype", kind_of(x))
    return (
        f"{name} must be a series or an array-like of real numbers, got {kind}. Events (Ts, TsGroup): count them first."
    )
