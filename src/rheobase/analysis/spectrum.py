"""Fourier transform and power spectral density of evenly sampled signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import periodogram as _power
from .._arrays.namespace import to_numpy
from .._arrays.resample import as_columns
from .._errors import kind_of
from .._types import FloatArray
from .._units import to_seconds
from ..containers import IntervalSet, Tsd, TsdFrame
from ..containers._checks import check_choice, is_integer, is_number
from . import _signal_inputs as _inputs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compute_fft", "compute_mean_power_spectral_density", "compute_power_spectral_density"]


def compute_fft(
    sig: Tsd | TsdFrame,
    fs: float | None = None,
    ep: IntervalSet | None = None,
    full_range: bool = False,
    norm: bool = False,
    n: int | None = None,
) -> pd.DataFrame:
    """Fourier transform of one epoch.

    Parameters
    ----------
    sig : Tsd or TsdFrame
        Evenly sampled signals.
    fs : float, optional
        Sampling rate (Hz); by default ``sig.rate``.
    ep : IntervalSet, optional
        One epoch; by default the time support, which must be one.
    full_range : bool
        Whether negative frequencies are kept.
    norm : bool
        Whether to divide by the number of samples transformed.
    n : int, optional
        Number of samples to transform: the epoch is cropped, or padded with zeros. By default its length.

    Returns
    -------
    pandas.DataFrame
        Complex, shape (frequency, channel), indexed by ascending frequency (Hz), without ``+fs / 2``.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If there is not exactly one epoch, it has no samples, or `fs` or `n` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_fft
    >>> from rheobase.containers import Tsd
    >>> t = np.arange(1000) / 1000
    >>> spectrum = compute_fft(Tsd(t, np.cos(2 * np.pi * 10 * t)), fs=1000, norm=True)
    >>> float(spectrum[0].abs().idxmax()), float(spectrum[0].abs().max().round(3))
    (10.0, 0.5)
    """
    import pandas as pd

    values, fs, n = _one_epoch(sig, fs, ep, n)
    full_range, norm = _inputs.is_flag(full_range, "full_range"), _inputs.is_flag(norm, "norm")
    half = _power.half_spectrum(values, n)
    if norm:
        half /= n
    result = _power.unfold(half, n, values.dtype.kind == "c", full_range)
    return pd.DataFrame(result, index=_power.frequencies(n, fs, full_range), copy=False)


def compute_power_spectral_density(
    sig: Tsd | TsdFrame,
    fs: float | None = None,
    ep: IntervalSet | None = None,
    full_range: bool = False,
    n: int | None = None,
    *,
    method: str = "periodogram",
    time_bandwidth: float = 4.0,
    n_tapers: int | None = None,
) -> pd.DataFrame:
    """Power per frequency of one epoch.

    Parameters
    ----------
    sig, fs, ep, full_range, n
        As `compute_fft`.
    method : {"periodogram", "multitaper"}
        "periodogram" is the squared magnitude of the Fourier transform over ``fs * n``: fine frequencies, and as noisy
        at each as a single sample. "multitaper" averages the spectra of `n_tapers` Slepian-tapered copies: less noise
        and little leakage, and blurred over ``2 * time_bandwidth / duration`` Hz.
    time_bandwidth : float
        For "multitaper": half the width of the blur times the duration of the epoch (Hz times s, so no unit), >= 1.
    n_tapers : int, optional
        For "multitaper": by default ``2 * time_bandwidth - 1``, rounded down; more of them leak.

    Returns
    -------
    pandas.DataFrame
        Shape (frequency, channel), indexed by frequency (Hz), in squared units of the signal per Hz. Without
        `full_range`, the power of a negative frequency is added to its positive one. The sum over all frequencies,
        times their step, is the mean square of the signal (for "periodogram" with `n` as by default; for
        "multitaper" in expectation).

    Raises
    ------
    TypeError, ValueError
        As `compute_fft`; ValueError, too, if `method` is unknown or the tapers do not fit the epoch.

    References
    ----------
    Multitaper: :cite:`thomson_1982`, section III.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_power_spectral_density
    >>> from rheobase.containers import Tsd
    >>> t = np.arange(1000) / 1000
    >>> density = compute_power_spectral_density(Tsd(t, np.cos(2 * np.pi * 10 * t)), fs=1000)
    >>> float(density[0].sum().round(3))  # the frequencies are 1 Hz apart; the mean square of a cosine is 1/2
    0.5
    """
    values, fs, n = _one_epoch(sig, fs, ep, n)
    full_range = _inputs.is_flag(full_range, "full_range")
    check_choice(method, ("periodogram", "multitaper"), "method")
    is_complex = values.dtype.kind == "c"
    if method == "multitaper":
        size = min(n, len(values))
        tapers = _read_tapers(size, time_bandwidth, n_tapers)
        power = _power.mean_power(as_columns(values), np.zeros(1, dtype=np.int64), tapers, n) / fs
    else:
        half = _power.half_spectrum(as_columns(values), n)
        power = np.square(half.real, dtype=np.float64)
        power += np.square(half.imag, dtype=np.float64)
        del half
        power *= 1 / (fs * n)
    return _density(power, n, fs, is_complex, full_range)


def compute_mean_power_spectral_density(
    sig: Tsd | TsdFrame,
    interval_size: float,
    fs: float | None = None,
    overlap: float = 0.25,
    ep: IntervalSet | None = None,
    full_range: bool = False,
    time_unit: str = "s",
    *,
    method: str = "hamming",
    time_bandwidth: float = 4.0,
    n_tapers: int | None = None,
) -> pd.DataFrame:
    """Power per frequency, averaged over windows of one size.

    Parameters
    ----------
    sig : Tsd or TsdFrame
        Evenly sampled signals.
    interval_size : float
        Size of the windows, in `time_unit`, > 0.
    fs : float, optional
        Sampling rate (Hz); by default ``sig.rate``.
    overlap : float
        Part of a window that the next one shares, from 0 up to, and without, 1.
    ep : IntervalSet, optional
        Where windows are taken, none across a gap; by default the time support.
    full_range : bool
        Whether negative frequencies are kept.
    time_unit : {"s", "ms", "us"}
    method : {"hamming", "multitaper"}
        "hamming" weighs each window by a Hamming window, whose mean square, 0.40, is not made up for: the level is
        lower than the true one by so much. "multitaper" averages the spectra of `n_tapers` Slepian-tapered copies of
        each window, at the true level, blurred over ``2 * time_bandwidth / interval_size`` Hz.
    time_bandwidth : float
        For "multitaper": half the width of the blur times the size of a window (Hz times s, so no unit), >= 1.
    n_tapers : int, optional
        For "multitaper": by default ``2 * time_bandwidth - 1``, rounded down.

    Returns
    -------
    pandas.DataFrame
        As `compute_power_spectral_density`. All windows are cut to the number of samples of the shortest.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `overlap`, `interval_size`, `fs`, `method` or the tapers are out of range, or the unit unknown.
    RuntimeError
        If no epoch is longer than a window, or a window has no samples.

    References
    ----------
    :cite:`welch_1967`; multitaper: :cite:`thomson_1982`, section III.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_mean_power_spectral_density
    >>> from rheobase.containers import Tsd
    >>> t = np.arange(20000) / 1000
    >>> density = compute_mean_power_spectral_density(Tsd(t, np.cos(2 * np.pi * 10 * t)), 1.0, fs=1000)
    >>> float(density[0].idxmax().round())
    10.0
    """
    _check_signal(sig)
    fs = _inputs.check_fs(fs, sig, TypeError)
    full_range = _inputs.is_flag(full_range, "full_range")
    check_choice(method, ("hamming", "multitaper"), "method")
    size = _read_size(interval_size, time_unit)
    if not is_number(overlap):
        msg = f"Invalid type. Parameter overlap must be of type float, got {overlap!r}."
        raise TypeError(msg)
    if not 0.0 <= overlap < 1.0:
        msg = f"Overlap should be in intervals [0.0, 1.0), got {overlap}."
        raise ValueError(msg)
    ep = _check_ep(sig, ep)
    starts = _power.window_bounds(ep.start, ep.end, size, float(overlap))
    first = np.searchsorted(sig.t, starts, side="left")
    n = int(np.min(np.searchsorted(sig.t, starts + size, side="right") - first, initial=len(sig)))
    if not starts.size:
        msg = (
            f"Splitting epochs with interval_size={interval_size} generated an empty IntervalSet: the longest epoch "
            f"has {np.max(ep.end - ep.start, initial=0)} s. Try decreasing interval_size"
        )
        raise RuntimeError(msg)
    if n == 0:
        msg = (
            "One interval doesn't have any signal associated. Check the parameter ep or the time support if no epoch "
            "is passed."
        )
        raise RuntimeError(msg)
    if method == "multitaper":
        tapers, scale = _read_tapers(n, time_bandwidth, n_tapers), 1 / fs
    else:
        from scipy.signal.windows import hamming

        tapers, scale = hamming(n)[None], 1 / (fs * n)
    values = as_columns(to_numpy(sig.values))
    power = _power.mean_power(values, first, tapers) * scale
    return _density(power, n, fs, values.dtype.kind == "c", full_range)


def _check_signal(sig: Any) -> None:
    if not isinstance(sig, Tsd | TsdFrame):
        msg = f"Invalid type. Parameter sig must be of type Tsd or TsdFrame, got {kind_of(sig)}."
        raise TypeError(msg)


def _check_ep(sig: Any, ep: Any) -> IntervalSet:
    if ep is None:
        return sig.time_support
    if not isinstance(ep, IntervalSet):
        msg = f"Invalid type. Parameter ep must be of type IntervalSet, got {kind_of(ep)}."
        raise TypeError(msg)
    return ep


def _one_epoch(sig: Any, fs: Any, ep: Any, n: Any) -> tuple[np.ndarray, float, int]:
    """Samples of the one epoch, sampling rate and number of samples to transform."""
    _check_signal(sig)
    ep = _check_ep(sig, ep)
    if len(ep) != 1:
        msg = (
            f"Given epoch (or signal time_support) must have length 1, got {len(ep)} epochs. Give one as ep, or "
            "average over all with compute_mean_power_spectral_density."
        )
        raise ValueError(msg)
    fs = _inputs.check_fs(fs, sig, TypeError)
    if n is not None and not is_integer(n):
        msg = f"Invalid type. Parameter n must be of type int, got {n!r}."
        raise TypeError(msg)
    values = _power.as_floating(sig._within(ep)[1])
    n = len(values) if n is None else int(n)
    if n < 1 or not len(values):
        msg = f"the number of samples to transform must be > 0: the epoch has {len(values)}, n is {n}."
        raise ValueError(msg)
    return values, fs, n


def _read_size(interval_size: Any, time_unit: Any) -> float:
    """Size of the windows, s."""
    if not is_number(interval_size):
        msg = f"Invalid type. Parameter interval_size must be of type Number, got {interval_size!r}."
        raise TypeError(msg)
    if not isinstance(time_unit, str):
        msg = f"Invalid type. Parameter time_unit must be of type str, got {time_unit!r}."
        raise TypeError(msg)
    size = float(to_seconds(float(interval_size), time_unit))
    if not (np.isfinite(size) and size > 0):
        msg = f"interval_size must be finite and > 0, got {interval_size}."
        raise ValueError(msg)
    return size


def _read_tapers(n: int, time_bandwidth: Any, n_tapers: Any) -> FloatArray:
    """Slepian tapers for windows of n samples."""
    if not is_number(time_bandwidth):
        msg = f"time_bandwidth should be a number, got {time_bandwidth!r}."
        raise TypeError(msg)
    if not 1 <= time_bandwidth < n / 2:
        msg = f"time_bandwidth should be at least 1 and below half the samples of a window ({n}), got {time_bandwidth}."
        raise ValueError(msg)
    if n_tapers is None:
        n_tapers = int(2 * time_bandwidth) - 1
    if not is_integer(n_tapers):
        msg = f"n_tapers should be an int, got {n_tapers!r}."
        raise TypeError(msg)
    if not 1 <= n_tapers <= n:
        msg = f"n_tapers should be from 1 to the samples of a window ({n}), got {n_tapers}."
        raise ValueError(msg)
    return _power.slepian_tapers(n, float(time_bandwidth), int(n_tapers))


def _density(power: np.ndarray, n: int, fs: float, is_complex: bool, full_range: bool) -> pd.DataFrame:
    """Power, folded where negative frequencies are not asked for."""
    import pandas as pd

    result = _power.unfold(power, n, is_complex, full_range)
    if not full_range:
        result[1:] *= 2
    return pd.DataFrame(result, index=_power.frequencies(n, fs, full_range), copy=False)
