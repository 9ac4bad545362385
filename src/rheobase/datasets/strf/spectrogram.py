"""Mel spectrograms on the grid of the spikes."""

from __future__ import annotations

import numpy as np

from ..._errors import did_you_mean
from ..._types import ArrayLike, FloatArray

__all__ = ["mel_centers", "mel_filters", "mel_spectrogram", "n_frames"]

COMPRESSIONS = ("cubic", "log1p", "none")

_BLOCK = 1 << 20
"""Samples of windowed sound that are transformed at a time (8 MB)."""


def mel_centers(sample_rate: float, n_mels: int = 32) -> FloatArray:
    r"""Centres of mel bands from 0 to half the sampling rate, Hz, shape (band,).

    Parameters
    ----------
    sample_rate : float
        Hz.
    n_mels : int
        Number of bands.

    Notes
    -----
    The scale is :math:`2595 \log_{10}(1 + f / 700)`.

    Examples
    --------
    >>> from rheobase.datasets.strf import mel_centers
    >>> mel_centers(24414)[[0, 15, 31]].round(2).tolist()
    [64.63, 2175.97, 11115.99]
    """
    return _mel_points(sample_rate, n_mels)[1:-1]


def _mel_points(sample_rate: float, n_mels: int) -> FloatArray:
    top = 2595.0 * np.log10(1.0 + sample_rate / 2 / 700.0)
    return 700.0 * (10.0 ** (np.linspace(0.0, top, n_mels + 2) / 2595.0) - 1.0)


def mel_filters(sample_rate: float, n_fft: int, n_mels: int = 32) -> FloatArray:
    """Triangles of height one between neighbouring centres, shape (frequency, band).

    Parameters
    ----------
    sample_rate : float
        Hz.
    n_fft : int
        Length of the Fourier transform, which has ``n_fft // 2 + 1`` frequencies.
    n_mels : int
        Number of bands.
    """
    frequencies = np.linspace(0.0, sample_rate / 2, n_fft // 2 + 1)[:, None]
    points = _mel_points(sample_rate, n_mels)
    rising = (frequencies - points[:-2]) / np.diff(points)[:-1]
    falling = (points[2:] - frequencies) / np.diff(points)[1:]
    return np.maximum(np.minimum(rising, falling), 0.0)


def n_frames(n_samples: int, step: float) -> int:
    """Frames that have their centre in a sound: at samples 0, `step`, 2 `step`, ..."""
    return int(n_samples / step + 1e-9) + 1


def mel_spectrogram(
    audio: ArrayLike,
    sample_rate: float,
    dt_ms: float = 1.0,
    *,
    n_mels: int = 32,
    window_ms: float = 10.0,
    compression: str = "cubic",
    hop: int | None = None,
) -> np.ndarray:
    """Power of a sound in mel bands, one frame for each bin of the spikes.

    Frame k is centred on time k `dt_ms`, to the nearest sample, so that frames and bins of that width stay together to
    the end of the sound, whatever the sampling rate.

    Parameters
    ----------
    audio : array_like
        Sound, shape (time,); edges are reflected.
    sample_rate : float
        Hz.
    dt_ms : float
        Distance of frames, ms.
    n_mels : int
        Number of bands.
    window_ms : float
        Width of the Hann window, ms; at least `dt_ms` is taken.
    compression : {"cubic", "log1p", "none"}
        What is done to the power.
    hop : int, optional
        Whole samples between frames, instead of the exact distance: torchaudio's frames, which drift away from the
        bins unless `dt_ms` is a whole number of samples.

    Returns
    -------
    ndarray
        Float32, shape (1, band, time).

    Raises
    ------
    ValueError
        If the sound is empty, not finite or not one-dimensional, or an option is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.datasets.strf import mel_centers, mel_spectrogram
    >>> tone = np.sin(2 * np.pi * 2000 * np.arange(24414) / 24414)
    >>> picture = mel_spectrogram(tone, 24414, dt_ms=5)
    >>> picture.shape, int(mel_centers(24414)[picture[0].mean(axis=1).argmax()])
    ((1, 32, 201), 1932)
    """
    sound = np.asarray(audio, dtype=np.float64)
    if sound.ndim != 1 or sound.size == 0 or not np.isfinite(sound).all():
        msg = f"audio must be finite numbers of shape (time,), got shape {sound.shape}."
        raise ValueError(msg)
    if compression not in COMPRESSIONS:
        near = did_you_mean(compression, COMPRESSIONS)
        msg = f"compression must be one of {', '.join(map(repr, COMPRESSIONS))}, got {compression!r}.{near}"
        raise ValueError(msg)
    step = sample_rate * dt_ms / 1000.0 if hop is None else float(hop)
    if not step >= 1:
        msg = f"frames must be at least one sample apart, got {step:g} (dt_ms={dt_ms!r}, sample_rate={sample_rate!r})."
        raise ValueError(msg)
    whole = int(step) if hop is None else int(hop)
    n_fft = max(round(window_ms / dt_ms * whole), whole)
    centers = np.round(np.arange(n_frames(sound.size, step)) * step).astype(np.int64)
    power = _mel_power(
        _reflected(sound, n_fft // 2, int(centers[-1])), centers, n_fft, mel_filters(sample_rate, n_fft, n_mels)
    )
    if compression == "cubic":
        power = np.cbrt(power)
    elif compression == "log1p":
        power = np.log1p(power)
    return np.ascontiguousarray(power.T[None], dtype=np.float32)


def _reflected(sound: FloatArray, half: int, last: int) -> FloatArray:
    """The sound with `half` samples reflected at both ends, and as many as a window around sample `last` needs."""
    more = max(last + half + 1 - sound.size, half)
    if sound.size == 1:
        return np.pad(sound, (half, more), mode="edge")
    return np.pad(sound, (half, more), mode="reflect")


def _mel_power(padded: FloatArray, centers: np.ndarray, n_fft: int, filters: FloatArray) -> FloatArray:
    """Power in bands around samples (of the sound before padding), shape (time, band)."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_fft) / n_fft)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(padded, (0, n_fft)), n_fft)
    out = np.empty((len(centers), filters.shape[1]))
    size = max(_BLOCK // n_fft, 1)
    for start in range(0, len(centers), size):
        spectrum = np.fft.rfft(windows[centers[start : start + size]] * window, axis=1)
        out[start : start + size] = (spectrum.real**2 + spectrum.imag**2) @ filters
    return out
