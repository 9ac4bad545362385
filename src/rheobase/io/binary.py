"""Flat binary recordings (``.dat``, ``.eeg``, ``.lfp``, …): samples of all channels, one time after the other."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import did_you_mean, kind_of
from ..containers import IntervalSet, Tsd, TsdFrame
from ..containers._warn import warn_user
from ._neuroscope_xml import find_xml, read_xml

__all__ = ["load_binary_file", "load_eeg"]


def load_binary_file(
    filepath: str | os.PathLike,
    channel: int | list[int] | None = None,
    n_channels: int | None = None,
    frequency: float | None = None,
    precision: Any = "int16",
    bytes_size: int | None = None,
) -> Tsd | TsdFrame:
    """Load a binary file of a multi-channel recording.

    Nothing is read but what is used: the samples are a memory map of the file.

    Parameters
    ----------
    filepath : str or path
    channel : int or list of int, optional
        Channel(s) to load, counted from 0 (from the end if negative); all by default.
    n_channels : int, optional
        Channels in the file. By default from the ``.xml`` of the session, in the same folder.
    frequency : float, optional
        Sampling rate, Hz. By default from the ``.xml``: that of field potentials for ``.lfp`` and ``.eeg``, of the
        wideband signal otherwise.
    precision : dtype
        Type of the samples.
    bytes_size : int, optional
        Bytes of a sample; follows from `precision`, and is checked against it.

    Returns
    -------
    TsdFrame
        For all channels or a list, shape (time, channel), columns named by channel; as a memory map (a copy of the
        chosen columns for a list that is not contiguous).
    Tsd
        For one channel, shape (time,).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    RuntimeError
        If the sampling rate or the number of channels is neither given nor found.
    ValueError
        If an argument does not fit the file.
    TypeError
        If `channel` is neither a whole number nor a list of them.

    Examples
    --------
    >>> from rheobase.io import load_binary_file
    >>> lfp = load_binary_file("session.eeg", channel=[3, 7], n_channels=16, frequency=1250)  # doctest: +SKIP
    """
    path = Path(filepath)
    if not path.is_file():
        near = did_you_mean(path.name, (f.name for f in path.parent.iterdir())) if path.parent.is_dir() else ""
        msg = f"File {path} does not exist.{near}"
        raise FileNotFoundError(msg)
    n_channels, frequency = _layout(path, n_channels, frequency)
    samples = _memory_map(path, n_channels, precision, bytes_size)
    times = np.arange(len(samples)) / frequency
    support = IntervalSet(0.0, len(samples) / frequency) if len(samples) else IntervalSet([], [])
    if channel is None:
        # without a given support, as ever: from the first to the last sample
        own = IntervalSet(times[0], times[-1]) if len(times) else support
        return TsdFrame._trusted(times, samples, own, np.arange(n_channels), None)
    if isinstance(channel, int | np.integer) and not isinstance(channel, bool):
        return Tsd._trusted(times, samples[:, _checked(channel, n_channels)], support)
    if not isinstance(channel, list | tuple | range | np.ndarray):
        msg = f"channel must be a whole number, a list of them, or None for all, got {kind_of(channel)}."
        raise TypeError(msg)
    columns = [_checked(one, n_channels) for one in channel]
    return TsdFrame._trusted(times, samples[:, _as_slice(columns)], support, np.asarray(list(channel)), None)


def load_eeg(
    filepath: str | os.PathLike,
    channel: int | list[int] | None = None,
    n_channels: int | None = None,
    frequency: float | None = None,
    precision: Any = "int16",
    bytes_size: int | None = None,
) -> Tsd | TsdFrame:
    """Load a binary file of a multi-channel recording; deprecated, the same as `load_binary_file`.

    Parameters
    ----------
    filepath, channel, n_channels, frequency, precision, bytes_size
        As in `load_binary_file`.
    """
    warnings.warn("load_eeg is deprecated; use load_binary_file.", DeprecationWarning, stacklevel=2)
    return load_binary_file(filepath, channel, n_channels, frequency, precision, bytes_size)


def _layout(path: Path, n_channels: int | None, frequency: float | None) -> tuple[int, float]:
    """Number of channels and sampling rate (Hz), as given or from the parameters of the session."""
    if n_channels is None or frequency is None:
        xml = find_xml(path)
        if xml is None:
            msg = (
                f"Can't find xml file; please specify sampling frequency or number of channels: {path.parent} holds no "
                f"{path.name.split('.')[0]}.xml, so n_channels and frequency are both needed."
            )
            raise RuntimeError(msg)
        parameters = read_xml(xml)
        n_channels = parameters.n_channels if n_channels is None else n_channels
        frequency = parameters.frequency(path) if frequency is None else frequency
        if frequency is None:
            msg = f"{xml} does not state the sampling rate of {path.suffix} files; give frequency."
            raise RuntimeError(msg)
    if isinstance(n_channels, bool) or int(n_channels) != n_channels or n_channels < 1:
        msg = f"n_channels must be a whole number > 0, got {n_channels!r}."
        raise ValueError(msg)
    if not 0 < float(frequency) < np.inf:
        msg = f"frequency must be > 0 Hz, got {frequency!r}."
        raise ValueError(msg)
    return int(n_channels), float(frequency)


def _memory_map(path: Path, n_channels: int, precision: Any, bytes_size: int | None) -> np.ndarray:
    """Samples of the file, shape (time, channel); an incomplete last time is left out, with a warning."""
    try:
        dtype = np.dtype(precision)
    except TypeError as error:
        msg = f"precision must be a type of numbers such as 'int16' or 'float32', got {precision!r}."
        raise ValueError(msg) from error
    if dtype.kind not in "iuf":
        msg = f"precision must be a type of numbers such as 'int16' or 'float32', got {precision!r}."
        raise ValueError(msg)
    if bytes_size is not None and bytes_size != dtype.itemsize:
        msg = f"bytes_size is {bytes_size}, but a sample of type {dtype} has {dtype.itemsize} bytes; leave it out."
        raise ValueError(msg)
    size = path.stat().st_size
    n_samples, left = divmod(size, n_channels * dtype.itemsize)
    if left:
        warn_user(
            f"{path.name} has {size} bytes, which is no multiple of {n_channels} channels of {dtype.itemsize} bytes; "
            f"the last {left} bytes are left out. Check n_channels and precision."
        )
    if not n_samples:
        return np.empty((0, n_channels), dtype)
    return np.memmap(path, dtype, "r", shape=(n_samples, n_channels))


def _checked(channel: Any, n_channels: int) -> int:
    if isinstance(channel, bool) or not isinstance(channel, int | np.integer):
        msg = f"channel must be a whole number, a list of them, or None for all, got {channel!r}."
        raise TypeError(msg)
    if not -n_channels <= channel < n_channels:
        msg = f"channel {channel} does not exist: the file has {n_channels} channels, 0 to {n_channels - 1}."
        raise ValueError(msg)
    return int(channel) % n_channels


def _as_slice(columns: list[int]) -> slice | list[int]:
    """Neighbouring columns as a slice, which needs no copy."""
    if columns and columns == list(range(columns[0], columns[-1] + 1)):
        return slice(columns[0], columns[-1] + 1)
    return columns
