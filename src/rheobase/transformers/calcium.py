"""From traces to better traces: `EventRescaler`, `MedianFilterDetrender`, `SavGolFilterDetrender`, `Normalize`.

All work column by column, over the samples in order; gaps between samples are not looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import FloatArray
from ..containers._checks import positive_integer
from ._base import AbstractTransformer
from ._traces_in import dressed_like, plain, read_traces

__all__ = ["EventRescaler", "MedianFilterDetrender", "Normalize", "SavGolFilterDetrender"]


class EventRescaler(AbstractTransformer):
    """Traces to ``log(1 + scale * x)``, or to ``scale * x``.

    Parameters
    ----------
    log_transform : bool
        Whether to take the logarithm.
    scale : float
        Factor.

    Examples
    --------
    >>> from rheobase.transformers import EventRescaler
    >>> EventRescaler().fit_transform([0, 1, 2]).round(6).tolist()
    [0.0, 1.791759, 2.397895]
    """

    def __init__(self, log_transform: bool = True, scale: float = 5) -> None:
        self.log_transform = log_transform
        self.scale = scale

    def transform(self, X: Any) -> Any:
        """Rescaled traces.

        Parameters
        ----------
        X : pandas.DataFrame, TsdFrame, Tsd or array_like
            Traces, shape (time,) or (time, neuron).

        Returns
        -------
        same type as `X`
        """
        scaled = self.scale * plain(X)
        return dressed_like(X, np.log1p(scaled) if self.log_transform else scaled)


class MedianFilterDetrender(AbstractTransformer):
    """Traces less their running median, which is not followed above a multiple of its own spread.

    Parameters
    ----------
    window : int
        Samples of the median, odd. Beyond the ends samples are taken as 0.
    peak_std_threshold : float
        Where the running median is cut off, in standard deviations of it (1.4826 times the median absolute deviation):
        a long transient is no trend.

    Examples
    --------
    >>> from rheobase.transformers import MedianFilterDetrender
    >>> MedianFilterDetrender(window=3).fit_transform([0, 1, 2, 3, 100, 5, 6, 7, 8])[[4, 8]].tolist()
    [95.0, 1.0]
    """

    def __init__(self, window: int = 101, peak_std_threshold: float = 4.0) -> None:
        self.window = window
        self.peak_std_threshold = peak_std_threshold

    def transform(self, X: Any) -> Any:
        """Traces without their trend.

        Parameters
        ----------
        X : pandas.DataFrame, TsdFrame, Tsd or array_like
            Traces, shape (time,) or (time, neuron).

        Returns
        -------
        same type as `X`
            float64.

        Raises
        ------
        ValueError
            If `window` is no odd number > 0.
        """
        from scipy.ndimage import median_filter

        window = positive_integer(self.window, "window", ValueError)
        if window % 2 == 0:
            msg = f"window should be an odd number of samples, got {window}. Try {window + 1}."
            raise ValueError(msg)
        values = np.asarray(plain(X), dtype=np.float64)
        if values.size == 0:
            return dressed_like(X, values)
        size = (window,) + (1,) * (values.ndim - 1)
        median = median_filter(values, size=size, mode="constant", cval=0.0)
        spread = 1.4826 * np.median(np.abs(median - np.median(median, axis=0)), axis=0)
        return dressed_like(X, values - np.minimum(median, self.peak_std_threshold * spread))


class SavGolFilterDetrender(AbstractTransformer):
    """Traces less their Savitzky-Golay fit: a polynomial through each window.

    Parameters
    ----------
    window : int
        Samples of the window.
    order : int
        Degree of the polynomial, smaller than `window`.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.transformers import SavGolFilterDetrender
    >>> rest = SavGolFilterDetrender(window=5, order=1).fit_transform(np.arange(10.0))
    >>> bool(np.abs(rest).max() < 1e-12)
    True
    """

    def __init__(self, window: int = 201, order: int = 3) -> None:
        self.window = window
        self.order = order

    def transform(self, X: Any) -> Any:
        """Traces without their trend.

        Parameters
        ----------
        X : pandas.DataFrame, TsdFrame, Tsd or array_like
            Traces, shape (time,) or (time, neuron), at least `window` samples.

        Returns
        -------
        same type as `X`
            float64.

        Raises
        ------
        ValueError
            If `window` is no number > 0, or longer than the traces.
        """
        from scipy.signal import savgol_filter

        window = positive_integer(self.window, "window", ValueError)
        values = np.asarray(plain(X), dtype=np.float64)
        if len(values) < window:
            msg = f"window should be at most the number of samples, {len(values)}; got {window}."
            raise ValueError(msg)
        return dressed_like(X, values - savgol_filter(values, window, self.order, axis=0))


class Normalize(AbstractTransformer):
    """Traces to dF/F: relative to a running percentile, the baseline.

    Parameters
    ----------
    window : float
        Length of the running window, in the unit of the index (seconds for series of ours), centred. Where it would
        leave the traces the nearest baseline is used.
    percentile : float
        Of the values in the window, 0 to 100.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.transformers import Normalize
    >>> Normalize(window=3, percentile=50).fit_transform(np.arange(1.0, 11))[[0, 1]].tolist()
    [-0.5, 0.0]
    """

    def __init__(self, window: float = 3.0, percentile: float = 8) -> None:
        self.window = window
        self.percentile = percentile

    def transform(self, X: Any) -> Any:
        """Relative change from the baseline, ``(F - F0) / F0``.

        Parameters
        ----------
        X : pandas.DataFrame, TsdFrame, Tsd or array_like
            Traces in order of time, shape (time,) or (time, neuron).

        Returns
        -------
        same type as `X`
            float64; not finite where the baseline is 0.

        Raises
        ------
        ValueError
            If `window` is not positive, or `percentile` outside 0 to 100.
        """
        if not self.window > 0 or not 0 <= self.percentile <= 100:
            msg = f"window should be > 0 and percentile in [0, 100], got {self.window!r} and {self.percentile!r}."
            raise ValueError(msg)
        values = np.asarray(plain(X), dtype=np.float64)
        if len(values) < 2:
            return dressed_like(X, np.zeros_like(values))
        step = float(np.median(np.diff(read_traces(X).t)))
        n = round(self.window / step) if step > 0 else 1
        baseline = _running_percentile(values, min(max(n, 1), len(values)), self.percentile)
        with np.errstate(divide="ignore", invalid="ignore"):
            return dressed_like(X, (values - baseline) / baseline)


def _running_percentile(values: FloatArray, n: int, percentile: float) -> FloatArray:
    """Percentile of `n` samples around each one; at the ends that of the nearest whole window."""
    import pandas as pd

    table = pd.DataFrame(values if values.ndim == 2 else values[:, None])
    baseline = table.rolling(n, center=True).quantile(percentile / 100).bfill().ffill()
    return baseline.to_numpy().reshape(values.shape)
