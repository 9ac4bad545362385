"""Analytic signal, envelope and phase, epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays.quadrature import quadrature
from .._arrays.resample import as_columns
from .._arrays.threads import for_each
from .._errors import kind_of
from ..containers import Tsd, TsdFrame
from . import _signal_inputs as _inputs

__all__ = ["apply_hilbert_transform", "compute_hilbert_envelope", "compute_hilbert_phase"]

BLOCK = 2**15
"""Numbers combined at once."""

SQUARABLE = 1e150
"""Largest magnitude whose square is a number, with room."""


def apply_hilbert_transform(data: Tsd | TsdFrame) -> Tsd | TsdFrame:
    """Analytic signal: the signal, plus i times its Hilbert transform.

    Each epoch is transformed on its own, as one period of a periodic signal: nothing leaks across a gap.

    Parameters
    ----------
    data : Tsd or TsdFrame
        Real, evenly sampled signals. A sample that is NaN or infinite makes NaN of its epoch.

    Returns
    -------
    same class
        Complex (complex64 for float32, complex128 otherwise); columns and metadata are kept.

    Raises
    ------
    TypeError
        If `data` is no Tsd or TsdFrame.
    ValueError
        If it is complex.

    References
    ----------
    :cite:`marple_1999`, section III.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import apply_hilbert_transform
    >>> from rheobase.containers import Tsd
    >>> t = np.arange(1000) / 1000
    >>> analytic = apply_hilbert_transform(Tsd(t, np.cos(2 * np.pi * 10 * t)))
    >>> bool(np.allclose(analytic.values, np.exp(2j * np.pi * 10 * t)))
    True
    """
    values, shifted = _parts(data)
    out = np.empty(values.shape, dtype=np.result_type(values.dtype, np.complex64))
    out.real, out.imag = values, shifted
    return _result(data, out)


def compute_hilbert_envelope(data: Tsd | TsdFrame) -> Tsd | TsdFrame:
    """Amplitude of an oscillation at each time: the magnitude of the analytic signal.

    Parameters
    ----------
    data : Tsd or TsdFrame
        As in `apply_hilbert_transform`, with the same errors; each epoch stands for itself.

    Returns
    -------
    same class
        In units of the signal, >= 0.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_hilbert_envelope
    >>> from rheobase.containers import Tsd
    >>> t = np.arange(1000) / 1000
    >>> envelope = compute_hilbert_envelope(Tsd(t, 3 * np.cos(2 * np.pi * 10 * t)))
    >>> bool(np.allclose(envelope.values, 3))
    True
    """
    values, shifted = _parts(data)
    _combine(_magnitude, values, shifted)
    return _result(data, shifted)


def compute_hilbert_phase(data: Tsd | TsdFrame) -> Tsd | TsdFrame:
    """Phase of an oscillation at each time: 0 at its peaks, pi at its troughs.

    Parameters
    ----------
    data : Tsd or TsdFrame
        As in `apply_hilbert_transform`, with the same errors; each epoch stands for itself.

    Returns
    -------
    same class
        Angle of the analytic signal (radians), in [0, 2 pi).

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.analysis import compute_hilbert_phase
    >>> from rheobase.containers import Tsd
    >>> t = np.arange(1000) / 1000
    >>> phase = compute_hilbert_phase(Tsd(t, np.cos(2 * np.pi * 10 * t)))
    >>> bool(np.isclose(phase.values[25], np.pi / 2))
    True
    """
    values, shifted = _parts(data)
    _combine(_angle, values, shifted)
    return _result(data, shifted)


def _parts(data: Any) -> tuple[np.ndarray, np.ndarray]:
    """The signal and its Hilbert transform, shape (time, channel)."""
    if not isinstance(data, Tsd | TsdFrame):
        msg = f"data should be a Tsd or TsdFrame, got {kind_of(data)}."
        raise TypeError(msg)
    values = as_columns(data.to_numpy())
    if values.dtype.kind == "c":
        msg = f"data must be real, got {values.dtype}. Transform .real() and .imag() on their own."
        raise ValueError(msg)
    single = values.dtype in (np.float16, np.float32)
    values = values.astype(np.float32 if single else np.float64, copy=False)
    return values, quadrature(values, *_inputs.own_runs(data))


def _result(data: Any, values: np.ndarray) -> Any:
    return data._like(data.t, values.reshape(data.shape), data.time_support)


def _combine(function: Callable, values: np.ndarray, shifted: np.ndarray) -> None:
    """Call ``function(values, shifted)``, which writes into `shifted`, in blocks."""
    rows = max(1, BLOCK // max(1, values.shape[1]))
    starts = np.arange(0, len(values), 32 * rows)

    def some(start: int) -> None:
        for a in range(start, min(start + 32 * rows, len(values)), rows):
            function(values[a : a + rows], shifted[a : a + rows])

    for_each(some, starts.tolist())


def _magnitude(x: np.ndarray, y: np.ndarray) -> None:
    low, high = min(x.min(), y.min()), max(x.max(), y.max())
    largest = max(-low, high)
    if x.dtype == np.float32 or not 1 / SQUARABLE < largest < SQUARABLE:
        np.hypot(x, y, out=y)
        return
    np.multiply(y, y, out=y)
    y += x * x
    np.sqrt(y, out=y)


def _angle(x: np.ndarray, y: np.ndarray) -> None:
    np.arctan2(y, x, out=y)
    y += (y < 0) * y.dtype.type(2 * np.pi)
    y[y >= y.dtype.type(2 * np.pi)] = 0  # a tiny negative angle, rounded up
