"""Times that look as if they were in another unit than the epochs they are put into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._errors import SuspiciousDataWarning
from .._types import FloatArray
from ._warn import warn_user

if TYPE_CHECKING:
    from .interval_set import IntervalSet

__all__ = ["warn_of_another_unit"]

_UNITS = (
    (1e3, "in milliseconds", "pass time_units='ms' to the constructor"),
    (1e6, "in microseconds", "pass time_units='us' to the constructor"),
    (2.5e4, "sample numbers of a recording at 20 to 30 kHz", "divide them by its sampling rate"),
)
"""How many make one second, what to call them, what to do."""

_ENOUGH = 20
"""Times below which nothing is said."""


def warn_of_another_unit(times: FloatArray, support: IntervalSet, what: str, n_units: int = 1) -> None:
    """Warn if hardly any time lies in `support`, while nearly all of it would be covered if they were in another unit.

    Parameters
    ----------
    times
        As seconds, in any order.
    support
        Epochs into which they are put.
    what
        What they are, for the message.
    n_units
        Number of series in `times`; more than one event a second in each of them is taken for seconds.

    Warns
    -----
    SuspiciousDataWarning
        With the unit that would fit.
    """
    if times.size < _ENOUGH or not len(support):
        return
    low, high = float(support.start[0]), float(np.max(support.end))
    top = float(np.max(times))
    if not (high > 0 and top > 100 * high and times.size < top * max(n_units, 1)):
        return
    n_inside = int(np.count_nonzero((times >= low) & (times <= high)))
    fits = [(unit, advice) for factor, unit, advice in _UNITS if 0.5 * high <= top / factor <= 1.3 * high]
    if n_inside > 0.1 * times.size or not fits:
        return
    unit, advice = fits[0]
    warn_user(
        f"only {n_inside:,} of {times.size:,} times of {what} lie in the epochs, {low:g} to {high:g} s, but they reach "
        f"to {top:,.0f} s. Are they {unit}? Then {advice}.",
        SuspiciousDataWarning,
    )
