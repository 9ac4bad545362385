"""Low-, high-, band-pass and band-stop filters without phase shift, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays.block_fft import convolve_bank
from .._arrays.namespace import is_lazy, to_numpy
from .._arrays.recursive import filter_both_ways, padding, refuse_nan
from .._arrays.resample import as_columns
from .._errors import kind_of
from .._types import FloatArray, IntArray
from ..containers import Tsd, TsdFrame, TsdTensor
from ..containers._checks import check_choice, is_integer, is_number
from . import _signal_inputs as _inputs

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "apply_bandpass_filter",
    "apply_bandstop_filter",
    "apply_highpass_filter",
    "apply_lowpass_filter",
    "get_filter_frequency_response",
]

FILTER_TYPES = ("lowpass", "highpass", "bandpass", "bandstop")

N_FREQUENCIES = 1024
"""Points of the frequency response of a Butterworth filter."""


def apply_bandpass_filter(
    data: Tsd | TsdFrame | TsdTensor,
    cutoff: tuple[float, float],
    fs: float | None = None,
    mode: str = "butter",
    order: int = 4,
    transition_bandwidth: float = 0.02,
) -> Tsd | TsdFrame | TsdTensor:
    """Keep the frequencies between two.

    Each epoch is filtered on its own; nothing leaks across a gap.

    Parameters
    ----------
    data : Tsd, TsdFrame or TsdTensor
        Evenly sampled signals, without NaN.
    cutoff : tuple of float
        Lower and upper frequency (Hz).
    fs : float, optional
        Sampling rate (Hz); by default ``data.rate``.
    mode : {"butter", "sinc"}
        "butter" runs a Butterworth filter forwards and backwards, which squares its response: -6 dB at the cutoff.
        "sinc" convolves with a sinc in a Blackman window, taking zeros beyond the edges of an epoch.
    order : int
        Of the Butterworth filter. Higher is steeper and rings longer.
    transition_bandwidth : float
        Of the sinc filter: width of the transition as a fraction of `fs`. Its kernel has about
        ``4 / transition_bandwidth`` samples.

    Returns
    -------
    same class
        Columns and metadata are kept. Floating types are kept by "butter", integers become float64; "sinc" gives
        float64.

    Raises
    ------
    ValueError
        If an argument is of the wrong kind or out of range, the signal has NaN, or an epoch is too short for the
        Butterworth filter.

    Warns
    -----
    UserWarning
        If an epoch is shorter than the sinc kernel.

    References
    ----------
    Butterworth as second-order sections, `scipy.signal.butter` and `scipy.signal.sosfiltfilt`; windowed sinc,
    :cite:`smith_2003`, chapter 16, equation 16-4.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import apply_bandpass_filter
    >>> from rheobase.containers import Tsd
    >>> t = np.arange(2000) / 1000
    >>> slow, fast = np.sin(2 * np.pi * 2 * t), np.sin(2 * np.pi * 50 * t)
    >>> filtered = apply_bandpass_filter(Tsd(t, slow + fast), (20, 100), fs=1000)
    >>> bool(np.max(np.abs(filtered.values - fast)[500:1500]) < 0.01)
    True
    """
    return _apply(data, cutoff, fs, mode, order, transition_bandwidth, "bandpass")


def apply_bandstop_filter(
    data: Tsd | TsdFrame | TsdTensor,
    cutoff: tuple[float, float],
    fs: float | None = None,
    mode: str = "butter",
    order: int = 4,
    transition_bandwidth: float = 0.02,
) -> Tsd | TsdFrame | TsdTensor:
    """Remove the frequencies between two.

    Parameters
    ----------
    data : Tsd, TsdFrame or TsdTensor
        The signal, without NaN.
    cutoff : tuple of float
        Lower and upper bound of what goes, Hz.
    fs, mode, order, transition_bandwidth
        As in `apply_bandpass_filter`.

    Returns
    -------
    same class
        As `apply_bandpass_filter`, and the same errors.
    """
    return _apply(data, cutoff, fs, mode, order, transition_bandwidth, "bandstop")


def apply_highpass_filter(
    data: Tsd | TsdFrame | TsdTensor,
    cutoff: float,
    fs: float | None = None,
    mode: str = "butter",
    order: int = 4,
    transition_bandwidth: float = 0.02,
) -> Tsd | TsdFrame | TsdTensor:
    """Keep the frequencies above one.

    Parameters
    ----------
    data : Tsd, TsdFrame or TsdTensor
        The signal, without NaN.
    cutoff : float
        Edge of the band (a Butterworth filter run twice passes half the amplitude there), Hz.
    fs, mode, order, transition_bandwidth
        As in `apply_bandpass_filter`.

    Returns
    -------
    same class
        As `apply_bandpass_filter`, and the same errors.
    """
    return _apply(data, cutoff, fs, mode, order, transition_bandwidth, "highpass")


def apply_lowpass_filter(
    data: Tsd | TsdFrame | TsdTensor,
    cutoff: float,
    fs: float | None = None,
    mode: str = "butter",
    order: int = 4,
    transition_bandwidth: float = 0.02,
) -> Tsd | TsdFrame | TsdTensor:
    """Keep the frequencies below one.

    Parameters
    ----------
    data, cutoff, fs, mode, order, transition_bandwidth
        As in `apply_highpass_filter`, with its returns and errors.
    """
    return _apply(data, cutoff, fs, mode, order, transition_bandwidth, "lowpass")


def get_filter_frequency_response(
    cutoff: float | tuple[float, float],
    fs: float,
    filter_type: str,
    mode: str,
    order: int = 4,
    transition_bandwidth: float = 0.02,
) -> pd.Series:
    """What a filter does to the amplitude at each frequency.

    Parameters
    ----------
    cutoff : float or tuple of float
        Hz; a pair for "bandpass" and "bandstop".
    fs : float
        Sampling rate (Hz).
    filter_type : {"lowpass", "highpass", "bandpass", "bandstop"}
    mode : {"butter", "sinc"}
    order, transition_bandwidth
        As `apply_bandpass_filter`.

    Returns
    -------
    pandas.Series
        Amplitude, indexed by frequency (Hz): at 1024 frequencies below ``fs / 2`` for "butter" (of one pass;
        `apply_bandpass_filter` makes two, so squares it), at those of the Fourier transform of the kernel for "sinc".

    Raises
    ------
    ValueError
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> from rheobase.analysis import get_filter_frequency_response
    >>> response = get_filter_frequency_response(100, 1000, "lowpass", "butter")
    >>> float(response[response.index <= 100].iloc[-1].round(2))
    0.71
    """
    import pandas as pd

    check_choice(filter_type, FILTER_TYPES, "filter_type")
    check_choice(mode, ("butter", "sinc"), "mode")
    fs = _inputs.check_fs(fs if fs is not None else np.nan, None, ValueError)
    cutoff = _read_cutoff(cutoff, filter_type, fs, mode)
    if mode == "butter":
        angle = np.linspace(0, np.pi, N_FREQUENCIES, endpoint=False)
        return pd.Series(_response(_sections(cutoff, filter_type, fs, order), angle), index=angle * (fs / (2 * np.pi)))
    kernel = _sinc_kernel(cutoff / fs, filter_type, transition_bandwidth)
    n = kernel.size
    return pd.Series(np.abs(np.fft.rfft(kernel)), index=np.arange((n + 1) // 2) * (1.0 / (n * (1 / fs))))


def _apply(data: Any, cutoff: Any, fs: Any, mode: Any, order: Any, transition_bandwidth: Any, filter_type: str) -> Any:
    """Check everything, then filter."""
    if not isinstance(data, Tsd | TsdFrame | TsdTensor):
        msg = f"Invalid value: first argument should be of type Tsd, TsdFrame or TsdTensor, got {kind_of(data)}."
        raise ValueError(msg)
    check_choice(mode, ("butter", "sinc"), "mode")
    fs = _inputs.check_fs(fs, data, ValueError)
    cutoff = _read_cutoff(cutoff, filter_type, fs, mode)
    values = data.values
    rows = values if values.ndim == 2 and is_lazy(values) else as_columns(to_numpy(values))
    first, last = _inputs.own_runs(data)
    if mode == "butter":
        out = _butterworth(data, rows, first, last, _sections(cutoff, filter_type, fs, order))
    else:
        out = _windowed_sinc(rows, first, last, _sinc_kernel(cutoff / fs, filter_type, transition_bandwidth))
    return data._like(data.t, out.reshape(data.shape), data.time_support)


def _read_cutoff(cutoff: Any, filter_type: str, fs: float, mode: str) -> FloatArray:
    """One or two frequencies as an array."""
    if filter_type in ("lowpass", "highpass"):
        if not is_number(cutoff):
            msg = f"{filter_type} filter require a single number (Hz). {cutoff!r} provided instead."
            raise ValueError(msg)
        cutoff = [cutoff]
    elif not _is_pair(cutoff):
        msg = f"{filter_type} filter require a tuple of two numbers (Hz). {cutoff!r} provided instead."
        raise ValueError(msg)
    frequencies = np.array(list(cutoff), dtype=np.float64)
    low_enough = frequencies <= fs / 2 if mode == "sinc" else frequencies < fs / 2
    if not (np.all(frequencies > 0) and np.all(low_enough)):
        msg = (
            f"cutoff should lie between 0 and half the sampling rate ({fs / 2} Hz), got {cutoff}. "
            "Is fs right, and the time in seconds?"
        )
        raise ValueError(msg)
    if frequencies.size == 2 and not frequencies[0] < frequencies[1]:
        msg = f"cutoff should be (lower, upper), got {cutoff}."
        raise ValueError(msg)
    return frequencies


def _is_pair(cutoff: Any) -> bool:
    return isinstance(cutoff, Iterable) and len(list(cutoff)) == 2 and all(is_number(frequency) for frequency in cutoff)


# ---- Butterworth --------------------------------------------------------------------------------------------------


def _sections(cutoff: FloatArray, filter_type: str, fs: float, order: Any) -> FloatArray:
    """Second-order sections of a Butterworth filter."""
    from scipy.signal import butter

    if not is_integer(order) or order < 1:
        msg = f"Invalid value for 'order': Parameter 'order' should be of type int and > 0, got {order!r}."
        raise ValueError(msg)
    return butter(int(order), cutoff if cutoff.size == 2 else cutoff[0], btype=filter_type, fs=fs, output="sos")


def _response(sos: FloatArray, angle: FloatArray) -> FloatArray:
    """Magnitude of the transfer function on the unit circle."""
    powers = np.exp(-1j * np.outer(np.arange(3), angle))
    return np.abs(np.prod((sos[:, :3] @ powers) / (sos[:, 3:] @ powers), axis=0))


def _butterworth(data: Any, rows: Any, first: IntArray, last: IntArray, sos: FloatArray) -> np.ndarray:
    dtype = np.dtype(rows.dtype)
    out = np.empty(rows.shape, dtype=dtype if dtype.kind in "fc" else np.float64)
    least = padding(sos) + 1
    short = np.flatnonzero(last - first < least)
    if short.size:
        i = int(short[0])
        epoch = int(np.searchsorted(data.time_support.start, data.t[first[i]], side="right")) - 1
        msg = (
            f"{short.size} epoch(s) are too short for this filter, which needs {least} samples: epoch {max(epoch, 0)}, "
            f"from {data.t[first[i]]} to {data.t[last[i] - 1]} s, has {last[i] - first[i]}. Leave short epochs out "
            "(data.restrict(data.time_support.drop_short_intervals(...))), lower the order, or use mode='sinc'."
        )
        raise ValueError(msg)
    filter_both_ways(sos, rows, first, last, out)
    return out


# ---- windowed sinc ------------------------------------------------------------------------------------------------


def _sinc_kernel(cutoff: FloatArray, filter_type: str, transition_bandwidth: Any) -> FloatArray:
    """Symmetric kernel with an odd number of taps, for frequencies in units of the sampling rate."""
    if not is_number(transition_bandwidth) or not 0 < transition_bandwidth <= 1:
        msg = (
            "Invalid value for 'transition_bandwidth'. 'transition_bandwidth' should be of type float, between 0 and "
            f"0.5 (a fraction of the sampling rate), got {transition_bandwidth!r}."
        )
        raise ValueError(msg)
    half = int(np.rint(4.0 / transition_bandwidth)) // 2
    place = np.arange(-half, half + 1)
    low = np.sinc(2 * cutoff[:, None] * place) * np.blackman(place.size)
    low /= low.sum(axis=1, keepdims=True)  # low-pass filters that leave a constant as it is
    identity = (place == 0).astype(np.float64)
    if filter_type == "lowpass":
        return low[0]
    if filter_type == "highpass":
        return identity - low[0]
    stop = low[0] + (identity - low[1])
    return stop if filter_type == "bandstop" else identity - stop


def _windowed_sinc(rows: Any, first: IntArray, last: IntArray, kernel: FloatArray) -> np.ndarray:
    _inputs.warn_short(first, last, kernel.size)
    for a in range(0, len(rows), 2**20):  # looked for in pieces: a series on disk is never read whole
        refuse_nan(to_numpy(rows[a : a + 2**20]))
    out = np.empty(rows.shape, dtype=np.complex128 if np.dtype(rows.dtype).kind == "c" else np.float64)
    convolve_bank(rows, first, last, kernel[:, None], (kernel.size - 1) // 2, out[..., None])
    return out
