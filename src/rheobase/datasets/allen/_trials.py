"""From a session to containers: units as a `TsGroup`, presentations as an `IntervalSet` with their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._errors import did_you_mean
from ..._types import FloatArray, IntArray
from ...containers import IntervalSet, TsGroup
from ...containers._metadata import Metadata
from ._stimuli import is_missing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_group", "as_trials", "chosen_presentations"]


def as_group(
    times: FloatArray, offsets: IntArray, unit_ids: IntArray, units: pd.DataFrame, support: IntervalSet
) -> TsGroup:
    """Units of a flat store, which lies inside `support`, with their table as metadata."""
    group = TsGroup._trusted(times, offsets, unit_ids, support, Metadata(unit_ids))
    units = units.loc[unit_ids]
    columns = {name: _column(units[name]) for name in units if name != "rate"}
    group.set_info(columns)
    return group


def chosen_presentations(table: pd.DataFrame, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Presentations in which each parameter has the value, or one of the values, that is asked for.

    Raises
    ------
    KeyError
        If there is no such parameter.
    """
    for name, wanted in parameters.items():
        if name not in table:
            msg = f"no parameter {name!r} of these presentations; there are {list(table)}.{did_you_mean(name, table)}"
            raise KeyError(msg)
        values = _column(table[name])
        wanted = np.ravel(np.asarray(wanted, dtype=None if values.dtype.kind in "biuf" else object))
        table = table[np.isin(values, wanted) if values.dtype.kind in "biuf" else table[name].isin(wanted)]
    return table


def as_trials(table: pd.DataFrame) -> IntervalSet:
    """Presentations as epochs; parameters that are numbers become numbers, with NaN where there are none.

    A parameter with the name of an attribute of `IntervalSet` (``size``) is called ``stimulus_size``.
    """
    own = [name for name in table if name not in ("start_time", "stop_time", "duration")]
    taken = {*dir(IntervalSet), "start", "end"}
    metadata = {"stimulus_presentation_id": table.index.to_numpy()}
    metadata |= {f"stimulus_{name}" if name in taken else name: _column(table[name]) for name in own}
    starts, stops = (table[name].to_numpy(dtype=float) for name in ("start_time", "stop_time"))
    return IntervalSet(starts, stops, metadata=metadata, overlap="keep")


def _column(values: pd.Series) -> np.ndarray:
    """Numbers where every value that is there is one, texts otherwise."""
    import pandas as pd

    if values.dtype.kind in "biuf":
        return values.to_numpy()
    numbers = pd.to_numeric(values.where(~is_missing(values)).astype(object), errors="coerce").to_numpy(dtype=float)
    if (np.isnan(numbers) == is_missing(values)).all() and not np.isnan(numbers).all():
        return numbers
    return np.array(["" if gone else str(value) for value, gone in zip(values, is_missing(values))])
