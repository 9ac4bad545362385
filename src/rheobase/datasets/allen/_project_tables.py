"""The tables of a project: how they are read, joined, counted, and what of them is shown."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ._tables import UNIT_METRIC_NAMES, UnitFilter

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "add_counts",
    "add_structures",
    "annotated",
    "filtered_units",
    "hide",
    "parsed_sessions",
    "read_metrics",
    "read_table",
    "scaled_probes",
    "write_table",
]


def read_table(path: Path | IO[bytes], index: str = "id") -> pd.DataFrame:
    """A table as `write_table` left it; every float is the one that was written.

    Raises
    ------
    ValueError
        If the file is no such table.
    """
    import pandas as pd

    exact = {} if int(pd.__version__.partition(".")[0]) >= 3 else {"float_precision": "round_trip"}
    return pd.read_csv(path, index_col=index, **exact)


def read_metrics(path: Path) -> pd.DataFrame:
    """A table of analysis metrics."""
    return read_table(path, "ecephys_unit_id")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table with its index."""
    table.to_csv(path)


def parsed_sessions(sessions: pd.DataFrame) -> pd.DataFrame:
    """Sessions with their structures as lists, where the table has them."""
    if "structure_acronyms" not in sessions:
        return sessions
    lists = [ast.literal_eval(text) for text in sessions["structure_acronyms"]]
    return sessions.drop(columns="structure_acronyms").assign(ecephys_structure_acronyms=lists)


def scaled_probes(probes: pd.DataFrame) -> pd.DataFrame:
    """Probes with the rate at which local fields were stored, rather than recorded."""
    if "lfp_sampling_rate" in probes and "lfp_temporal_subsampling_factor" in probes:
        rate = probes["lfp_sampling_rate"] / probes["lfp_temporal_subsampling_factor"]
        return probes.assign(lfp_sampling_rate=rate)
    return probes


def filtered_units(units: pd.DataFrame, keep: UnitFilter) -> pd.DataFrame:
    """Units that pass a filter, with metrics under the names that are shown."""
    units = units.rename(columns=UNIT_METRIC_NAMES)
    units = keep.good(units[keep.keeps_metrics(units)])
    if keep.filter_out_of_brain_units and "ecephys_structure_id" in units:
        units = units[units["ecephys_structure_id"].notna()]
    return units


def annotated(table: pd.DataFrame, owners: pd.DataFrame, key: str, suffixes: tuple[str, str]) -> pd.DataFrame:
    """Rows with the columns of what they belong to; a row that belongs to nothing is left out."""
    return table.merge(owners, left_on=key, right_index=True, suffixes=suffixes)


def add_counts(table: pd.DataFrame, owned: pd.DataFrame, key: str, name: str) -> None:
    """Add how many rows of `owned` belong to each row; 0 where there are none."""
    table[name] = owned[key].value_counts().reindex(table.index, fill_value=0).to_numpy(dtype=np.int64)


def add_structures(table: pd.DataFrame, channels: pd.DataFrame, key: str) -> None:
    """Add the structures of each row's channels, in their order; NaN stands for out of brain."""
    uniques = {owner: part.unique() for owner, part in channels.groupby(key)["ecephys_structure_acronym"]}
    column = np.empty(len(table), dtype=object)
    for row, owner in enumerate(table.index):
        found = uniques.get(owner, ())
        column[row] = np.array([np.nan if value is None else value for value in found], dtype=object)
    table["ecephys_structure_acronyms"] = column


def hide(table: pd.DataFrame, suppress: Iterable[str] | None, default: tuple[str, ...]) -> pd.DataFrame:
    """The table without some columns; names that it does not have are ignored."""
    hidden: Any = default if suppress is None else [suppress] if isinstance(suppress, str) else list(suppress)
    return table.drop(columns=[name for name in hidden if name in table])
