"""Running, pupil, gaze, optical stimulation and local fields of a session, as tables and labelled arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...io._allen_lfp import AllenLFPFile
from ...io._allen_session import AllenSessionFile

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["csd_array", "gaze_table", "lfp_array", "optogenetic_table", "pupil_table", "running_table"]

_GAZE = {
    "eye_area": ("eye_area",),
    "pupil_area": ("pupil_area",),
    "screen_coordinates": ("screen_coordinates_y_cm", "screen_coordinates_x_cm"),
    "screen_coordinates_spherical": ("screen_coordinates_spherical_y_deg", "screen_coordinates_spherical_x_deg"),
}
"""Series of the file → columns; where there are two, the vertical one is stored first."""

_GAZE_ORDER = (
    "eye_area",
    "pupil_area",
    "screen_coordinates_x_cm",
    "screen_coordinates_y_cm",
    "screen_coordinates_spherical_x_deg",
    "screen_coordinates_spherical_y_deg",
)


def running_table(file: AllenSessionFile) -> pd.DataFrame:
    """``start_time``, ``end_time`` (s) and ``velocity`` (cm/s), one row per interval."""
    import pandas as pd

    columns = file.running() or (np.empty(0),) * 3
    return pd.DataFrame(dict(zip(("start_time", "end_time", "velocity"), columns)))


def optogenetic_table(file: AllenSessionFile) -> pd.DataFrame:
    """Epochs of optical stimulation; empty where there were none."""
    import pandas as pd

    table = file.optogenetics()
    if not table:
        columns = ["start_time", "stop_time", "condition", "level", "stimulus_name", "duration"]
        return pd.DataFrame(columns=columns, index=pd.Index([], name="id"))
    frame = pd.DataFrame({k: v for k, v in table.items() if k != "id"}, index=pd.Index(table["id"], name="id"))
    if "duration" not in frame:
        frame["duration"] = frame["stop_time"] - frame["start_time"]
    return frame


def pupil_table(file: AllenSessionFile) -> pd.DataFrame | None:
    """Ellipses over time: centres, full height and width, angle; None if the eye was not tracked."""
    import pandas as pd

    ellipses = file.ellipses()
    if not ellipses:
        return None
    columns = {}
    for name, table in ellipses.items():
        for key in ("center_x", "center_y", "height", "width", "phi"):
            factor = 2.0 if key in ("height", "width") else 1.0  # half-axes are stored
            columns[f"{name}_{key}"] = np.asarray(table[key], dtype=float) * factor
    times = next(iter(ellipses.values()))["timestamps"]
    return pd.DataFrame(columns, index=pd.Index(times, name="Time (s)"))


def gaze_table(file: AllenSessionFile, include_filtered: bool) -> pd.DataFrame | None:
    """Areas of eye and pupil and gaze on the screen; None if the file has no gaze mapping."""
    import pandas as pd

    columns, times = {}, None
    for kind in ("raw", "filtered") if include_filtered else ("raw",):
        found = {}
        for name, (clock, samples) in file.gaze(kind).items():
            times = clock if times is None else times
            for column, values in zip(_GAZE.get(name, ()), samples.reshape(len(samples), -1).T):
                found[column] = values
        columns |= {f"{kind}_{name}": found[name] for name in _GAZE_ORDER if name in found}
    return None if times is None else pd.DataFrame(columns, index=pd.Index(times, name="Time (s)"))


def lfp_array(file: AllenLFPFile, starts: np.ndarray, stops: np.ndarray) -> xr.DataArray:
    """Local fields (V), with NaN in the closed intervals that are given; samples stay in the file until they are used.

    A selection reads what it selects; values that were read are kept with the array that they were asked of.
    """
    import xarray as xr
    from xarray.core import indexing

    from ._lazy_samples import LazySamples

    times, channels, dtype = file.lfp_axes()
    gone = np.zeros(times.size, dtype=bool)
    for start, stop in zip(starts, stops):
        gone |= (times >= start) & (times <= stop)
    lazy = indexing.LazilyIndexedArray(LazySamples(file, gone, (times.size, channels.size), dtype))
    kept = indexing.MemoryCachedArray(indexing.CopyOnWriteArray(lazy))
    coords = {"time": times, "channel": channels}
    return xr.DataArray(xr.Variable(("time", "channel"), kept, fastpath=True), name="LFP", coords=coords)


def csd_array(file: AllenLFPFile) -> xr.DataArray:
    """Current source density (V/cm²) over virtual channels and time."""
    import xarray as xr

    times, samples, vertical, horizontal = file.csd()
    dims = ("virtual_channel_index", "time")
    coords = {"virtual_channel_index": np.arange(samples.shape[1]), "time": times}
    places = {"vertical_position": (dims[:1], vertical), "horizontal_position": (dims[:1], horizontal)}
    return xr.DataArray(samples.T, name="CSD", dims=dims, coords=coords | places)
