"""The table of stimulus presentations: joined from the file's tables, named, numbered, and asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._tables import DETAILED_PARAMETERS, NOT_PARAMETERS, NULL, PARAMETER_NAMES, STIMULUS_NAMES

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "INVALID",
    "build_presentations",
    "conditions_of",
    "epochs_of",
    "is_missing",
    "mask_invalid",
    "parameter_values",
    "without_unused",
]

INVALID = "invalid_presentation"
"""Name of a presentation that overlaps with an interval in which stimuli are invalid."""

_TIMES = ("start_time", "stop_time", "duration", "stimulus_block")
"""Columns that do not tell conditions apart."""

_EMPTY = frozenset({"", "N/A", "nan", "None", "none", NULL})
"""Texts that stand for a missing value."""


def is_missing(values: Any) -> np.ndarray:
    """Whether each value is NaN, None, empty, or one of the texts that say so."""
    import pandas as pd

    values = pd.Series(values)
    missing = values.isna().to_numpy(dtype=bool)
    return missing if values.dtype.kind in "biufc" else missing | values.isin(_EMPTY).to_numpy(dtype=bool)


def build_presentations(tables: list[dict[str, np.ndarray]]) -> pd.DataFrame:
    """One row per presentation, in the order of their starts, with every column and the number of its condition.

    Parameters
    ----------
    tables : list of dict
        The table of each stimulus.

    Returns
    -------
    DataFrame
        Indexed by ``stimulus_presentation_id``; a missing value is the text ``"null"``.
    """
    import pandas as pd

    frames = [pd.DataFrame({name: _flat(values) for name, values in table.items()}) for table in tables]
    frames = [frame.drop(columns=["id", "stimulus_index"], errors="ignore") for frame in frames]
    frames = [_one_column_per_name(frame) for frame in frames if len(frame)]
    names = ["start_time", "stop_time", "stimulus_name", "stimulus_block"]
    if not frames:
        frames = [pd.DataFrame({name: np.empty(0) for name in names})]
    columns = list(dict.fromkeys([*names, *(name for frame in frames for name in frame)]))
    start = np.concatenate([frame["start_time"].to_numpy(dtype=float) for frame in frames])
    order = np.argsort(start, kind="stable")
    table = {name: _joined(frames, name)[order] for name in columns}
    table["stimulus_name"] = _stimulus_names(table["stimulus_name"])
    if "color" in table:
        table |= _split_colors(table["color"])
    shown = {name: _with_null(values) for name, values in table.items()}
    shown["duration"] = shown["stop_time"] - shown["start_time"]
    result = pd.DataFrame(shown, index=pd.RangeIndex(start.size, name="stimulus_presentation_id"))
    result["stimulus_condition_id"] = _condition_ids(result)
    return result


def _flat(values: np.ndarray) -> np.ndarray:
    """One value per row; several in a row are written as text."""
    if values.ndim > 1:
        return np.array([str(row) for row in values.tolist()], dtype=object)
    if values.dtype == object and any(isinstance(value, list) for value in values):
        return np.array([str(value) if isinstance(value, list) else value for value in values], dtype=object)
    return values


def _one_column_per_name(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns under the names that are shown; those that differ by capitals only are one."""
    own = {name.lower(): name for name in reversed(DETAILED_PARAMETERS)}
    merged: dict[str, Any] = {}
    for name in frame:
        shown = PARAMETER_NAMES.get(name.lower()) or own.get(name.lower()) or name
        shown = next((other for other in merged if other.lower() == shown.lower()), shown)
        if shown in merged:
            merged[shown] = merged[shown].where(~is_missing(merged[shown]), frame[name])
        else:
            merged[shown] = frame[name]
    return type(frame)(merged)


def _joined(frames: list[pd.DataFrame], name: str) -> np.ndarray:
    """One column of all tables, numeric where all parts are; missing where a table does not have it."""
    parts = [f[name].to_numpy() if name in f else np.full(len(f), np.nan) for f in frames]
    if all(part.dtype.kind in "biuf" for part in parts):
        return np.concatenate(parts)
    return np.concatenate([np.asarray(part, dtype=object) for part in parts])


def _stimulus_names(names: np.ndarray) -> np.ndarray:
    missing = is_missing(names)
    shown = ["" if gone else str(name) for name, gone in zip(names, missing)]
    return np.array([STIMULUS_NAMES.get(name, name) for name in shown], dtype=object)


def _split_colors(colors: np.ndarray) -> dict[str, np.ndarray]:
    """Colours that are numbers, and those that are triplets, written as text."""
    color, triplet = (np.full(colors.size, np.nan, dtype=object) for _ in range(2))
    for row, value in enumerate(colors.tolist()):
        text = str(value).strip()
        if text.startswith(("[", "(")):
            triplet[row] = text
        elif text not in _EMPTY:
            color[row] = _number(text)
    kinds = {type(value) for value in color.tolist()}
    split = {"color": color.astype(float) if kinds == {float} else color}
    return split if is_missing(triplet).all() else split | {"color_triplet": triplet}


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _with_null(values: np.ndarray) -> np.ndarray:
    missing = is_missing(values)
    if not missing.any():
        return values
    shown = np.asarray(values, dtype=object).copy()
    shown[missing] = NULL
    return shown


def _condition_ids(table: pd.DataFrame) -> np.ndarray:
    """Number of the combination of all parameters, counted in the order of first appearance."""
    import pandas as pd

    own = [name for name in table if name not in _TIMES]
    codes = np.zeros(len(table), dtype=np.int64)
    for name in own:
        found, values = pd.factorize(table[name])
        codes = pd.factorize(codes * (len(values) + 1) + found)[0]
    return codes


def conditions_of(table: pd.DataFrame) -> pd.DataFrame:
    """One row per condition: the parameters that its presentations share."""
    import pandas as pd

    own = [name for name in table if name not in (*_TIMES, "stimulus_condition_id")]
    first = table.drop_duplicates("stimulus_condition_id")[own].reset_index(drop=True)
    return first.set_index(pd.RangeIndex(len(first), name="stimulus_condition_id"))


def mask_invalid(table: pd.DataFrame, starts: np.ndarray, stops: np.ndarray) -> pd.DataFrame:
    """Presentations that overlap with one of these intervals, touching included, keep only their times."""
    import pandas as pd

    touched = np.zeros(len(table), dtype=bool)
    for start, stop in zip(starts, stops):
        touched |= ((table["start_time"] <= stop) & (table["stop_time"] >= start)).to_numpy()
    if not touched.any():
        return table
    masked = {}
    for name in table:
        values = table[name].to_numpy()
        if name not in ("start_time", "stop_time"):
            values = values.astype(float if values.dtype.kind in "biuf" else object)
            values[touched] = INVALID if name == "stimulus_name" else np.nan
        masked[name] = values
    return pd.DataFrame(masked, index=table.index)


def without_unused(table: pd.DataFrame) -> pd.DataFrame:
    """The table without the columns in which nothing stands."""
    always = ("start_time", "stop_time", "stimulus_name")
    return table[[name for name in table if name in always or not is_missing(table[name]).all()]]


def parameter_values(table: pd.DataFrame, drop_nulls: bool) -> dict[str, np.ndarray]:
    """Values that each parameter takes, in the order of first appearance; parameters without any are left out."""
    found = {}
    for name in (name for name in table if name not in NOT_PARAMETERS):
        missing = is_missing(table[name])
        values = table[name][~missing].unique()
        if len(values):
            numbers = all(isinstance(value, int | float) for value in values.tolist())
            shown = np.asarray(values, dtype=float if numbers and values.dtype == object else None)
            nulls = missing.any() and not drop_nulls
            found[name] = np.array([*shown.tolist(), NULL], dtype=object) if nulls else shown
    return found


def epochs_of(table: pd.DataFrame, duration_thresholds: dict[str, float]) -> pd.DataFrame:
    """Stretches of neighbouring presentations of one block."""
    import pandas as pd

    name = table["stimulus_name"].to_numpy(dtype=object)
    block = np.asarray(table["stimulus_block"].to_numpy(), dtype=object)
    block = np.where(is_missing(block), NULL, block)
    change = np.ones(len(table), dtype=bool)
    change[1:] = (name[1:] != name[:-1]) | (block[1:] != block[:-1])
    opens = np.flatnonzero(change)
    stop = table["stop_time"].to_numpy(dtype=float)
    ends = np.maximum.reduceat(stop, opens) if opens.size else stop
    start = table["start_time"].to_numpy(dtype=float)[opens]
    columns = {"start_time": start, "stop_time": ends, "duration": ends - start}
    epochs = pd.DataFrame(columns | {"stimulus_name": name[opens], "stimulus_block": block[opens]})
    for stimulus, threshold in duration_thresholds.items():
        epochs = epochs[(epochs["stimulus_name"] != stimulus) | (epochs["duration"] >= threshold)]
    return epochs.reset_index(drop=True)
