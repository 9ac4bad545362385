"""Tables of probes, channels and units of one session, and how they are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._stimuli import is_missing
from ._tables import CCF, UNIT_METRIC_NAMES, UnitFilter

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["channel_table", "in_brain", "probe_table", "unit_table", "waveform"]

_CHANNEL_COLUMNS = (
    "probe_id",
    "probe_channel_number",
    "probe_vertical_position",
    "probe_horizontal_position",
    *CCF.values(),
    "filtering",
    "valid_data",
    "location",
)
"""What is kept of the table of electrodes."""

_PROBE_COLUMNS = {
    "description": "probe_description",
    "sampling_rate": "probe_sampling_rate",
    "lfp_sampling_rate": "probe_lfp_sampling_rate",
    "has_lfp_data": "probe_has_lfp_data",
}
"""Columns of probes → in the table of units."""


def _frame(table: dict[str, np.ndarray], index: str) -> pd.DataFrame:
    import pandas as pd

    columns = {k: list(v) if v.ndim > 1 else v for k, v in table.items() if k != "id"}
    return pd.DataFrame(columns, index=pd.Index(table["id"], name=index))


def probe_table(table: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row per probe."""
    return _frame(table, "id")


def channel_table(
    table: dict[str, np.ndarray], external: pd.DataFrame | None, filter_by_validity: bool
) -> pd.DataFrame:
    """One row per channel.

    Parameters
    ----------
    table : dict
        Electrodes, as stored.
    external : DataFrame, optional
        Columns of the project's table of channels, which stand for those of the file.
    filter_by_validity : bool
        Drop channels whose data are not valid.
    """
    stored = {CCF.get(name, name): values for name, values in table.items()}
    if "local_index" in stored and "probe_channel_number" not in stored:
        stored["probe_channel_number"] = stored["local_index"]
    kept = {name: stored[name] for name in ("id", *_CHANNEL_COLUMNS) if name in stored}
    channels = _frame(kept, "id")
    if "valid_data" in channels:
        if filter_by_validity:
            channels = channels[channels["valid_data"].to_numpy(dtype=bool)]
        channels = channels.drop(columns="valid_data")
    acronym = _acronyms(channels.pop("location")) if "location" in channels else None
    if acronym is not None:
        channels["structure_acronym"] = [name if name is None else name.partition("-")[0] for name in acronym]
        channels["ecephys_structure_acronym"] = acronym
    if external is not None:
        ours = external.reindex(channels.index)
        for name in ours:
            channels[name] = ours[name]
    return channels


def _acronyms(locations: pd.Series) -> list[str | None]:
    return [None if gone else str(name) for name, gone in zip(locations, is_missing(locations))]


def in_brain(channels: pd.DataFrame) -> pd.DataFrame:
    """Channels that lie in a structure; all of them where none is known."""
    for name in ("ecephys_structure_id", "ecephys_structure_acronym"):
        if name in channels:
            return channels[channels[name].notna()]
    return channels


def unit_table(
    table: dict[str, np.ndarray], channels: pd.DataFrame, probes: pd.DataFrame, keep: UnitFilter
) -> pd.DataFrame:
    """One row per unit that passes the filter, with its peak channel and its probe.

    Parameters
    ----------
    table : dict
        Units, as stored.
    channels, probes : DataFrame
        As the session shows them.
    keep : UnitFilter
    """
    units = _frame(table, "unit_id").rename(columns=UNIT_METRIC_NAMES)
    if keep.filter_out_of_brain_units:
        channels = in_brain(channels)
    if "peak_channel_id" in units:
        units = units.merge(channels, left_on="peak_channel_id", right_index=True, suffixes=("", "_channel"))
    units = keep.good(units)
    units = units[keep.keeps_metrics(units)]
    if "probe_id" in units:
        probe = probes[[*_PROBE_COLUMNS, "location"]].rename(columns=_PROBE_COLUMNS)
        units = units.merge(probe, how="left", left_on="probe_id", right_index=True, suffixes=("", "_probe"))
    if "ecephys_structure_acronym" in units:
        units["manual_structure_acronym"] = units["ecephys_structure_acronym"]
    by = ("probe_description", "probe_vertical_position", "probe_horizontal_position")
    present = [name for name in by if name in units]
    return units.sort_values(present, kind="stable") if present else units


def waveform(
    values: np.ndarray, electrodes: dict[str, np.ndarray], valid: pd.Index, probe_id: int, rate: float
) -> xr.DataArray:
    """Mean waveform of a unit on the channels of its probe that are valid.

    Parameters
    ----------
    values : ndarray
        Shape (channel of the probe, sample).
    electrodes : dict
        As stored; the channels of a probe stand in the order of its waveforms.
    valid : Index
        Channels that are kept.
    probe_id : int
    rate : float
        Samples per second.
    """
    import xarray as xr

    ids = electrodes["id"][electrodes["probe_id"] == probe_id][: len(values)]
    keep = np.isin(ids, valid)
    coords = {"channel_id": ids[keep], "time": np.arange(values.shape[1]) / rate}
    return xr.DataArray(values[: ids.size][keep], dims=("channel_id", "time"), coords=coords)
