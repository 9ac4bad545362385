"""Times as pandas has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._types import FloatArray
from .._units import from_seconds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["index_in_units"]


def index_in_units(times: FloatArray, units: str) -> pd.Index:
    """Times (s) as a pandas Index in `units`, named after them; microseconds are int64.

    Raises
    ------
    ValueError
        If the unit is unknown.
    """
    import pandas as pd

    converted = np.asarray(from_seconds(times, units))
    if units == "us":
        converted = converted.astype(np.int64)
    return pd.Index(converted, name=f"Time ({units})")
