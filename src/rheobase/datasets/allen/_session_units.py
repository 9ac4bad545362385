"""The part of a session about what was recorded: probes, channels, units and their spikes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..._arrays.events import take_runs
from ..._types import FloatArray, IntArray
from ...containers._warn import warn_user
from . import _session_tables
from ._session_source import EcephysNwbSessionApi

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["AbstractSessionUnits"]

Value = TypeVar("Value")


class AbstractSessionUnits:
    """Probes, channels, units and spikes of a session; what is made is kept."""

    api: EcephysNwbSessionApi
    _made: dict[str, Any]

    def _kept(self, name: str, make: Callable[[], Value]) -> Value:
        """What `make` gives, made once."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    # ---- tables ----------------------------------------------------------------------------------------------------

    @property
    def probes(self) -> pd.DataFrame:
        """Probes, indexed by id: ``description`` (the name), location, sampling rates (Hz), ``has_lfp_data``."""
        return self._kept("probes", lambda: _session_tables.probe_table(self.api.file.probes()))

    @property
    def channels(self) -> pd.DataFrame:
        """Channels, indexed by id: probe, positions (µm), structure, and coordinates in the common framework."""
        return self._kept("channels", self._channel_table)

    def _channel_table(self) -> pd.DataFrame:
        external = self.api.external_channel_columns
        stored, valid = self.api.file.channels(), self.api.unit_filter.filter_by_validity
        return _session_tables.channel_table(stored, external() if external else None, valid)

    @property
    def units(self) -> pd.DataFrame:
        """Units that pass the filter, indexed by ``unit_id``: metrics, peak channel, probe.

        Sorted by probe, then by vertical and horizontal position on it.
        """
        keep = self.api.unit_filter
        stored = self.api.file.units
        return self._kept("units", lambda: _session_tables.unit_table(stored(), self.channels, self.probes, keep))

    @property
    def analysis_metrics(self) -> pd.DataFrame | None:
        """The project's analysis metrics of these units; None in a session that was opened from a bare file."""
        metrics = self.api.additional_unit_metrics
        return None if metrics is None else self._kept("analysis_metrics", metrics)

    # ---- spikes ----------------------------------------------------------------------------------------------------

    def _store(self) -> tuple[FloatArray, IntArray, IntArray]:
        """Spike times of the units in order of their ids, offsets, and these ids."""
        return self._kept("store", self._read_store)

    def _read_store(self) -> tuple[FloatArray, IntArray, IntArray]:
        times, offsets = self.api.spike_store()
        stored = self.api.file.units()["id"]
        ids = np.sort(self.units.index.to_numpy(dtype=np.int64))
        order = np.argsort(stored, kind="stable")
        rows = order[np.searchsorted(stored, ids, sorter=order)]
        first, last = offsets[:-1][rows], offsets[1:][rows]
        times = take_runs(times, first, last)
        times.flags.writeable = False
        return times, np.concatenate(([0], np.cumsum(last - first))), ids

    def _unit_rows(self, unit_ids: Any) -> tuple[IntArray, IntArray]:
        """Ids, and their rows in the store. KeyError if one is not there."""
        _, _, known = self._store()
        ids = self.units.index.to_numpy(dtype=np.int64) if unit_ids is None else np.atleast_1d(unit_ids)
        rows = np.searchsorted(known, ids)
        found = known[np.minimum(rows, known.size - 1)] == ids if known.size else np.zeros(ids.size, dtype=bool)
        if not found.all():
            gone = ids[~found].tolist()
            msg = f"no units {gone[:10]} in this session, or they do not pass the filter of units (see session.units)."
            raise KeyError(msg)
        return ids.astype(np.int64), rows

    @property
    def spike_times(self) -> dict[int, FloatArray]:
        """Sorted spike times of every unit, seconds; read-only arrays."""
        return self._kept("spike_times", self._spike_times)

    def _spike_times(self) -> dict[int, FloatArray]:
        names = [*self.probes["description"], "all_probes"]
        if len(self._invalid_of(names)):
            warn_user(
                "some intervals of this session are marked invalid for a probe; spikes in them are kept "
                "(see session.invalid_times)."
            )
        times, offsets, ids = self._store()
        by_id = {unit: times[offsets[row] : offsets[row + 1]] for row, unit in enumerate(ids.tolist())}
        return {unit: by_id[unit] for unit in self.units.index.tolist()}

    @property
    def spike_amplitudes(self) -> dict[int, FloatArray]:
        """Amplitude of each spike (V) of every unit of the file, whether it passes the filter or not."""
        return self._kept("spike_amplitudes", self._spike_amplitudes)

    def _spike_amplitudes(self) -> dict[int, FloatArray]:
        values, offsets = self.api.file.spike_store("spike_amplitudes")
        ids = self.api.file.units()["id"].tolist()
        return {unit: values[offsets[row] : offsets[row + 1]] for row, unit in enumerate(ids)}

    @property
    def mean_waveforms(self) -> dict[int, xr.DataArray]:
        """Mean waveform of every unit on the valid channels of its probe, dims ``channel_id, time`` (s)."""
        return self._kept("mean_waveforms", self._mean_waveforms)

    def _mean_waveforms(self) -> dict[int, xr.DataArray]:
        stored = self.api.file.units()["id"].tolist()
        units = self.units.index.tolist()
        waveforms = self.api.file.waveforms([stored.index(unit) for unit in units])
        rates = self.probes["sampling_rate"]
        all_channels, valid = self.api.file.channels(), self.channels.index
        probe_ids = self.units["probe_id"].tolist()
        return {
            unit: _session_tables.waveform(values, all_channels, valid, probe, rates.get(probe, np.nan))
            for unit, values, probe in zip(units, waveforms, probe_ids)
        }

    @property
    def invalid_times(self) -> pd.DataFrame:
        """Intervals in which something is wrong: ``start_time, stop_time`` (s), ``tags`` = [scope, id, label]."""
        return self._kept("invalid_times", self._invalid_times)

    def get_invalid_times(self) -> pd.DataFrame:
        """`invalid_times`."""
        return self.invalid_times

    def _invalid_times(self) -> pd.DataFrame:
        import pandas as pd

        table = self.api.file.invalid_times()
        columns = {name: table.get(name, np.empty(0)) for name in ("start_time", "stop_time")}
        tags = pd.Series([t if isinstance(t, list) else [t] for t in table.get("tags", ())], dtype=object)
        return pd.DataFrame(columns | {"tags": tags}, index=pd.RangeIndex(len(tags), name="id"))

    def _invalid_of(self, labels: list[str]) -> pd.DataFrame:
        """Invalid times whose label is one of these."""
        table = self.invalid_times
        return table[np.array([bool(tags) and tags[-1] in labels for tags in table["tags"]], dtype=bool)]
