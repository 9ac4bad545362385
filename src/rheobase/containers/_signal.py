"""`AbstractSignal`: what is computed from the values of a series, epoch by epoch."""

from __future__ import annotations

import abc
from typing import Any, Self

import numpy as np

from .._arrays import bins as _bins
from .._arrays import convolve as _convolve
from .._arrays import events as _events
from .._arrays import resample as _resample
from .._arrays.interpolation import interpolate
from .._arrays.namespace import is_jax
from .._types import FloatArray, IntArray
from .._units import check_units
from ._base import AbstractTimeSeries
from ._checks import as_seconds, bin_seconds, check_choice, check_intervals, is_integer, is_number, positive_integer
from ._value_units import with_unit
from ._warn import warn_user
from .interval_set import IntervalSet

__all__ = ["AbstractSignal"]

_LONE_MARGIN = 1e-6
"""Seconds of support given to a valid sample whose neighbours were dropped."""


class AbstractSignal(AbstractTimeSeries):
    """A series of values that can be resampled, filtered and laid out in trials."""

    _value_unit: Any

    @abc.abstractmethod
    def to_numpy(self) -> np.ndarray:
        """All values as a NumPy array."""

    @abc.abstractmethod
    def _like(self, t: FloatArray, values: Any, time_support: IntervalSet) -> Any:
        """Series of `values`, whose class follows from their dimensions."""

    @abc.abstractmethod
    def _within(self, ep: IntervalSet) -> tuple[FloatArray, np.ndarray, IntArray, IntArray]:
        """Times and values of the samples inside epochs, and the slice of them that each epoch is."""

    # ---- resampling ------------------------------------------------------------------------------------------------

    def bin_average(self, bin_size: float, ep: IntervalSet | None = None, time_units: str = "s") -> Self:
        """Mean of the samples in equal bins inside each epoch; the bins are those of `count`.

        Parameters
        ----------
        bin_size : float
            Width, in `time_units`, > 0.
        ep : IntervalSet, optional
            By default the time support.
        time_units : {"s", "ms", "us"}

        Returns
        -------
        same class
            float64, at bin centres (s), with time support `ep`; NaN in bins without samples.

        Raises
        ------
        TypeError
            If `bin_size` is no number or `ep` no IntervalSet.
        ValueError
            If `bin_size` is not positive or the unit unknown.
        """
        ep = self._epochs(ep)
        grid = _bins.bin_edges(ep.start, ep.end, bin_seconds(bin_size, time_units))
        times, values, first, last = self._within(ep)
        bins, low, high = _bins.bin_rows(times, first, last, grid)
        return self._like(grid.centres(), _resample.bin_means(values, bins, low, high, grid.n_bins), ep)

    def interpolate(
        self, ts: Any, ep: IntervalSet | None = None, left: float | None = None, right: float | None = None
    ) -> Self:
        """Linear interpolation at the times of another series, within each epoch.

        Parameters
        ----------
        ts : Ts, Tsd, TsdFrame, TsdTensor or TsIndex
            Times to interpolate at; those outside `ep` are left out.
        ep : IntervalSet, optional
            By default the time support.
        left, right : float, optional
            Value before the first and after the last sample of an epoch; by default that sample's value.

        Returns
        -------
        same class
            float64, with time support `ep`; NaN in epochs without own samples.

        Raises
        ------
        OSError
            If `ts` is no time series, or `left` or `right` no number.
        TypeError
            If `ep` is no IntervalSet.
        """
        if not isinstance(ts, AbstractTimeSeries):
            msg = f"First argument should be an instance of Ts, Tsd, TsdFrame or TsdTensor, got {type(ts).__name__}."
            raise OSError(msg)
        for name, value in (("left", left), ("right", right)):
            if value is not None and not is_number(value):
                msg = f"{name} should be a number, got {value!r}."
                raise OSError(msg)
        ep = self._epochs(ep)
        first, last = ts._runs(ep)
        queries = _events.take_runs(ts.t, first, last)
        values = interpolate(queries, last - first, *self._within(ep), left, right)
        return self._like(queries, values, ep)

    def derivative(self, ep: IntervalSet | None = None) -> Self:
        """Derivative with respect to time (per second), epoch by epoch; NaN for an epoch of one sample.

        Its unit is that of the values, per second.

        Raises
        ------
        TypeError
            If `ep` is no IntervalSet.
        """
        ep = self._epochs(ep)
        times, values, first, last = self._within(ep)
        slope = self._like(times, _resample.derivative(times, values, last - first), ep)
        return with_unit(slope, None if self._value_unit is None else f"{self._value_unit}/s")

    def decimate(self, down: int, order: int = 8, filter_type: str = "iir", ep: IntervalSet | None = None) -> Self:
        """Keep every `down`-th sample of each epoch, after a low-pass filter without phase shift.

        Parameters
        ----------
        down : int
            Factor, > 0.
        order : int
            Order of the filter.
        filter_type : {"iir", "fir"}
            Chebyshev type I, or a Hamming window, as `scipy.signal.decimate`.
        ep : IntervalSet, optional
            By default the time support.

        Raises
        ------
        OSError
            If an argument is of the wrong kind.
        ValueError
            If an epoch is too short for the filter.
        """
        down = positive_integer(down, "down", OSError)
        order = positive_integer(order, "order", OSError)
        check_choice(filter_type, ("iir", "fir"), "filter_type", OSError)
        ep = self._epochs(ep, "ep", OSError)
        times, values = _resample.decimate(*self._within(ep), down, order, filter_type)
        return self._like(times, values, ep)

    def dropna(self, update_time_support: bool = True) -> Self:
        """Samples without NaN; where nothing is dropped, they share memory with this series.

        Parameters
        ----------
        update_time_support : bool
            Whether the time support shrinks to the stretches of consecutive samples of an epoch that are left (from the
            first to the last sample of each; 1 microsecond for a lone one). It stays where nothing is dropped.

        Raises
        ------
        TypeError
            If `update_time_support` is no bool.
        """
        if not isinstance(update_time_support, bool | np.bool_):
            msg = f"Argument update_time_support should be of type bool, got {update_time_support!r}."
            raise TypeError(msg)
        values = self.to_numpy()
        valid = _resample.without_nan(values)
        if valid is None:
            return self._like(self._t, values, self._support)
        support = self._valid_support(valid) if update_time_support else self._support
        return self._like(self._t[valid], values[valid], support)

    def _valid_support(self, valid: np.ndarray) -> IntervalSet:
        """Stretches of valid samples that neither a dropped sample nor the edge of an epoch interrupts."""
        epoch = _events.repeat_runs(*self._runs(self._support))
        if epoch.size != valid.size:  # a support without duration holds a lone sample
            epoch = np.zeros(valid.size, dtype=np.int64)
        seam = np.concatenate(([True], epoch[1:] != epoch[:-1], [True]))
        padded = np.concatenate(([False], valid, [False]))
        opens = self._t[valid & (seam[:-1] | ~padded[:-2])]
        closes = self._t[valid & (seam[1:] | ~padded[2:])]
        return IntervalSet(opens, np.where(closes > opens, closes, opens + _LONE_MARGIN))

    # ---- filtering -------------------------------------------------------------------------------------------------

    def convolve(
        self, array: np.ndarray, ep: IntervalSet | None = None, trim: str = "both", *, edge: str = "zero"
    ) -> Any:
        """Convolve each epoch with one or several kernels.

        Parameters
        ----------
        array : ndarray
            Kernel, shape (tap,), or kernels, shape (tap, kernel).
        ep : IntervalSet, optional
            By default the time support.
        trim : {"both", "left", "right"}
            Where the full convolution is cut to the length of the epoch. "right" is causal: a sample sees itself and
            samples before it.
        edge : {"zero", "renormalize"}
            What lies beyond the edges of an epoch: zeros; or nothing, so that the taps inside the epoch get the weight
            of all. With "renormalize" a constant stays the same constant up to the edges, and taps must be >= 0.

        Returns
        -------
        Tsd, TsdFrame or TsdTensor
            float64, shape (time, ...) for one kernel, (time, ..., kernel) for several.

        Raises
        ------
        OSError
            If an argument is of the wrong kind.
        ValueError
            If `edge` is unknown, or taps that should be renormalised are negative or all zero.

        Warns
        -----
        UserWarning
            If an epoch has fewer samples than the kernel.
        """
        kernel = read_kernel(array)
        check_choice(trim, ("both", "left", "right"), "trim", OSError)
        check_edge(edge, kernel)
        return self._convolved(kernel, kernel.shape[0], self._epochs(ep, "ep", OSError), trim, edge)

    def _convolved(self, kernel: np.ndarray, n_taps: int, ep: IntervalSet, trim: str, edge: str) -> Any:
        """Convolution with a kernel that had `n_taps` before those without weight were left out."""
        times, values, first, last = self._within(ep)
        short = np.count_nonzero((last - first > 0) & (last - first < n_taps))
        if short:
            warn_user(
                f"Kernel size ({n_taps} samples) is larger than the number of samples in {short} epoch(s); "
                "every result there is affected by the edges."
            )
        result = _convolve.convolve_epochs(values, first, last, kernel, trim)
        if edge == "renormalize":
            columns = [kernel] if kernel.ndim == 1 else list(kernel.T)
            for i, column in enumerate(columns):
                rows, weights = _convolve.edge_weights(last - first, column, trim)
                part = result if kernel.ndim == 1 else result[..., i]
                weights[weights == 0] = np.nan  # the kernel sees nothing of the epoch
                part[rows] /= weights.reshape(-1, *(1,) * (part.ndim - 1))
        return self._like(times, result, ep)

    def smooth(
        self,
        std: float,
        windowsize: float | None = None,
        time_units: str = "s",
        size_factor: int = 100,
        norm: bool = True,
        *,
        edge: str = "zero",
    ) -> Self:
        """Smooth with a Gaussian, epoch by epoch.

        Parameters
        ----------
        std : float
            Standard deviation of the Gaussian, in `time_units`, > 0.
        windowsize : float, optional
            Length of the window, in `time_units`. By default ``std * size_factor``. Either is converted to an odd
            number of samples with `rate`.
        time_units : {"s", "ms", "us"}
        size_factor : int
            Length of the window in standard deviations.
        norm : bool
            Whether the window sums to 1; its peak is 1 otherwise.
        edge : {"zero", "renormalize"}
            With "zero", samples near the edges of an epoch are pulled towards zero: zeros are taken to lie beyond
            them. With "renormalize" each is a weighted mean of the samples that there are, so that nothing is lost.

        Returns
        -------
        same class
            float64.

        Raises
        ------
        OSError
            If an argument is of the wrong kind.
        ValueError
            If `edge` is unknown.
        """
        width, taps = self._gaussian_size(std, windowsize, time_units, size_factor)
        if not isinstance(norm, bool | np.bool_):
            msg = f"norm should be type bool, got {norm!r}."
            raise OSError(msg)
        window = _convolve.gaussian_window(taps, width)
        window = window / window.sum() if norm else window
        check_edge(edge, window)
        return self._convolved(_convolve.without_tails(window), taps, self._support, "both", edge)

    def _gaussian_size(self, std: Any, windowsize: Any, time_units: Any, size_factor: Any) -> tuple[float, int]:
        """Standard deviation and (odd) length of the window, in samples."""
        if not isinstance(time_units, str):
            msg = f"time_units should be type str, got {time_units!r}."
            raise OSError(msg)
        check_units(time_units)
        for name, value in (("std", std), ("windowsize", std if windowsize is None else windowsize)):
            if not is_number(value) or not value > 0:
                msg = f"{name} should be type int or float, and > 0, got {value!r}."
                raise OSError(msg)
        if not is_integer(size_factor) or size_factor <= 0:
            msg = f"size_factor should be of type int, and > 0, got {size_factor!r}."
            raise OSError(msg)
        rate, std = float(self.rate), as_seconds(std, time_units, "std")
        if not np.isfinite(rate):
            msg = f"a {self.nap_class} whose rate is {rate} Hz cannot be smoothed: its time support has no duration."
            raise OSError(msg)
        length = std * size_factor if windowsize is None else as_seconds(windowsize, time_units, "windowsize")
        taps = int(rate * length) if windowsize is not None else int(rate * std * size_factor)
        return rate * std, taps + 1 - taps % 2

    # ---- trials ----------------------------------------------------------------------------------------------------

    def to_trial_tensor(self, ep: IntervalSet, align: str = "start", padding_value: float = np.nan) -> np.ndarray:
        """Samples of each epoch side by side.

        Parameters
        ----------
        ep : IntervalSet
            Trials; they may overlap.
        align : {"start", "end"}
            Which end of a shorter trial stands at the edge.
        padding_value : float
            Fills the rest.

        Returns
        -------
        ndarray
            Shape (trial, time) for a Tsd, (..., trial, time) for others.

        Raises
        ------
        RuntimeError
            If an argument is of the wrong kind.
        """
        ep = check_intervals(ep, "ep", RuntimeError)
        check_choice(align, ("start", "end"), "align", RuntimeError)
        as_seconds(padding_value, "s", "padding_value", RuntimeError)
        _, values, first, last = self._within(ep)
        sizes = last - first
        width = int(sizes.max(initial=0))
        dtype = np.result_type(values.dtype, np.float64)
        if (sizes == width).all():
            out = values.reshape(len(ep), width, *values.shape[1:]).astype(dtype)
        else:
            out = np.full((len(ep), width, *values.shape[1:]), padding_value, dtype=dtype)
            begins = width - sizes if align == "end" else np.zeros_like(sizes)
            for row, begin, low, high in zip(out, begins.tolist(), first.tolist(), last.tolist()):
                row[begin : begin + high - low] = values[low:high]
        return np.ascontiguousarray(np.moveaxis(out, (0, 1), (-2, -1)))


def check_edge(edge: Any, kernel: np.ndarray) -> None:
    """Raise ValueError unless `edge` is known and, if it is "renormalize", the taps are weights."""
    check_choice(edge, ("zero", "renormalize"), "edge")
    if edge == "renormalize" and (np.iscomplexobj(kernel) or np.any(kernel < 0) or not np.all(kernel.sum(axis=0) > 0)):
        msg = 'edge="renormalize" shares the weight of taps, which must be >= 0 with a sum > 0; use edge="zero".'
        raise ValueError(msg)


def read_kernel(array: Any) -> np.ndarray:
    """One or two-dimensional kernels as an array.

    Raises
    ------
    OSError
        If `array` is no array, empty, or has more dimensions.
    """
    if isinstance(array, AbstractSignal):
        array = array.to_numpy()
    if not (isinstance(array, np.ndarray) or is_jax(array)):
        msg = f"Input should be a numpy array, got {type(array).__name__}. Try np.asarray(...)."
        raise OSError(msg)
    kernel = np.asarray(array)
    if kernel.ndim not in (1, 2) or kernel.size == 0:
        msg = f"Input should be a 1 or 2-dimensional array that is not empty, got shape {kernel.shape}."
        raise OSError(msg)
    return kernel
