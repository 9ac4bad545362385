"""`Tsd`: a signal, one value at each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import events as _events
from .._types import ArrayLike, FloatArray
from ._base import register
from ._checks import check_choice, check_epochs, is_number
from ._labelled_in import read_data_array
from ._pandas import index_in_units
from ._sampled import AbstractSampledSeries
from ._value_units import with_unit
from ._warn import warn_user
from .interval_set import IntervalSet

if TYPE_CHECKING:
    import pandas as pd

    from .ts_group import TsGroup
    from .tsd_frame import TsdFrame

__all__ = ["Tsd"]

_COMPARISONS = {
    "above": np.greater,
    "below": np.less,
    "aboveequal": np.greater_equal,
    "belowequal": np.less_equal,
}


class Tsd(AbstractSampledSeries):
    """One value at each time, such as an injected current or a spike count.

    Parameters
    ----------
    t : array_like or pandas.Series
        Times, in `time_units`, shape (time,); copied, and sorted (with a warning, values travelling with them) if they
        are not. A Series gives times and values.
    d : array_like, optional
        Values, shape (time,). An ndarray is used as it is, not copied.
    time_units : {"s", "ms", "us"}
    time_support : IntervalSet, optional
        Epochs over which the signal is defined; samples outside are dropped. By default one epoch from the first to
        the last sample.
    load_array : bool
        Whether values that are not a NumPy array (an HDF5 dataset, say) are read now. If not, they stay where they
        are until they are asked for.

    unit : str, optional
        Of the values, such as ``"mV"``; see `unit`.

    Raises
    ------
    AssertionError
        If `d` is missing, not one-dimensional or not as long as `t`, or `time_support` no IntervalSet.
    RuntimeError
        If `t` is not numeric.
    ValueError
        If the unit is unknown.
    TypeError
        If `load_array` is False and `d` no array.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.containers import Tsd
    >>> tsd = Tsd(t=[0, 1, 2, 3], d=[1.0, 2.0, 4.0, 8.0])
    >>> tsd[tsd > 1].values
    array([2., 4., 8.])
    >>> float(tsd.mean())
    3.75
    """

    def __init__(
        self,
        t: ArrayLike | pd.Series,
        d: ArrayLike | None = None,
        time_units: str = "s",
        time_support: IntervalSet | None = None,
        load_array: bool = True,
        *,
        unit: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            warn_user(f"Tsd has no use for the argument(s) {sorted(kwargs)}.")
        if d is None and type(t).__name__ == "Series":  # pandas need not be loaded to know it
            t, d = np.asarray(t.index), np.asarray(t)
        elif d is None and type(t).__name__ == "DataArray":
            t, d, time_units, time_support, own, *_ = read_data_array(t, time_units, time_support)
            unit = own if unit is None else unit
        self._init_sampled(t, d, time_units, time_support, load_array, unit)

    @classmethod
    def _trusted(cls, t: FloatArray, d: Any, time_support: IntervalSet) -> Tsd:
        """Series from sorted float64 seconds inside the support and as many values: no check, no copy."""
        series = cls.__new__(cls)
        series._store(t, time_support)
        object.__setattr__(series, "_values", d)
        return series

    def _check_values(self, values: Any) -> None:
        if values.ndim != 1:
            msg = f"Data should be 1 dimensional, got shape {tuple(values.shape)}. Use TsdFrame or TsdTensor."
            raise AssertionError(msg)

    def threshold(self, thr: float, method: str = "above") -> Tsd:
        """Samples beyond a threshold, and the epochs in which the signal is beyond it.

        The edge of an epoch lies midway between a sample that passes and its neighbour that does not; at the first and
        last sample of an epoch of this series it is the time of that sample. A passing sample alone in its epoch spans
        no time and is left out.

        Parameters
        ----------
        thr : float
        method : {"above", "below", "aboveequal", "belowequal"}

        Returns
        -------
        Tsd
            Passing samples; its time support holds the new epochs. NaN never passes.

        Raises
        ------
        ValueError
            If `method` is unknown.
        TypeError
            If `thr` is no number.

        Warns
        -----
        UserWarning
            If a sample is left out.
        """
        check_choice(method, _COMPARISONS, "method (for thresholding)")
        if not is_number(thr):
            msg = f"thr should be a number, got {thr!r}."
            raise TypeError(msg)
        values = self.to_numpy()
        passing = _COMPARISONS[method](values, thr)
        starts, ends = _events.crossings(self._t, passing, *self._runs(self._support))
        lasting = ends > starts
        support = IntervalSet._trusted(starts[lasting], ends[lasting])
        if not lasting.all():
            warn_user(f"{np.count_nonzero(~lasting)} sample(s) alone in an epoch pass, span no time and are left out.")
            passing &= _events.inside(self._t, support.start, support.end)
        rows = np.flatnonzero(passing)  # faster than the mask, twice
        return with_unit(Tsd._trusted(self._t.take(rows), values.take(rows), support), self._value_unit)

    def to_tsgroup(self) -> TsGroup:
        """One unit per distinct value, with the times at which it stands; the opposite of `TsGroup.to_tsd`.

        Values are cut to integers, and name the units.
        """
        from .ts_group import TsGroup

        keys, unit = np.unique(self.to_numpy().astype(np.int64), return_inverse=True)
        order = np.argsort(unit, kind="stable")
        offsets = np.concatenate(([0], np.cumsum(np.bincount(unit, minlength=keys.size))))
        return TsGroup._trusted(self._t[order], offsets.astype(np.int64), keys, self._support, None)

    def find_peaks(
        self, epochs: IntervalSet | None = None, return_prop: bool = False, *args: Any, **kwargs: Any
    ) -> Tsd | TsdFrame:
        """Local maxima, as `scipy.signal.find_peaks` has them.

        Parameters
        ----------
        epochs : IntervalSet, optional
            By default the time support. Samples of all epochs are searched as one signal.
        return_prop : bool
            Whether to return what SciPy says of each peak as well.
        *args, **kwargs
            Handed to SciPy: height, threshold, distance, prominence, width, …

        Returns
        -------
        Tsd or TsdFrame
            The peaks; with `return_prop` a column ``peak_value`` and one for each property.

        Raises
        ------
        TypeError
            If `epochs` is no IntervalSet.
        """
        from scipy.signal import find_peaks

        from .tsd_frame import TsdFrame

        epochs = self._support if epochs is None else check_epochs(epochs, "epochs")
        times, values, _, _ = self._within(epochs)
        peaks, properties = find_peaks(values, *args, **kwargs)
        if not return_prop:
            return with_unit(Tsd._trusted(times[peaks], values[peaks], epochs), self._value_unit)
        columns = {"peak_value": values[peaks], **properties}
        table = np.column_stack(list(columns.values()))
        return TsdFrame._trusted(times[peaks], table, epochs, np.array(list(columns)))

    def as_series(self) -> pd.Series:
        """A float64 pandas Series indexed by time (s)."""
        import pandas as pd

        return pd.Series(self.to_numpy(), index=self._t, dtype="float64")

    def as_units(self, units: str = "s") -> pd.Series:
        """A pandas Series indexed by time in `units`; microseconds are int64."""
        import pandas as pd

        return pd.Series(self.to_numpy(), index=index_in_units(self._t, units), dtype="float64")


register(1, Tsd)
