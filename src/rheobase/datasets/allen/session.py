"""`EcephysSession`: one recording of the Visual Coding Neuropixels project."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..._types import FloatArray
from ...containers import IntervalSet, TsGroup
from . import _responses, _trials
from ._session_info import AbstractSessionInfo
from ._session_source import EcephysNwbSessionApi
from ._stimuli import INVALID

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["EcephysSession"]


class EcephysSession(AbstractSessionInfo):
    """One recording: its units and their spikes, its stimuli, and what else was measured.

    Nothing is read before it is asked for; what is read is kept, except local fields.

    Parameters
    ----------
    api : EcephysNwbSessionApi
        Where the data come from.
    test : bool
        Read the identifier of the file at once, so that a damaged file is refused.

    Raises
    ------
    OSError, KeyError, ValueError
        With `test`, if the file is damaged or no session.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from rheobase.datasets import simulate_session
    >>> from rheobase.datasets.allen import EcephysSession
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = simulate_session(pathlib.Path(folder.name) / "session.nwb", n_units=4, n_repeats=2)
    >>> session = EcephysSession.from_nwb_path(path)
    >>> session.stimulus_names
    ['spontaneous', 'flashes', 'drifting_gratings', 'natural_scenes']
    >>> flashes = session.get_stimulus_table("flashes")
    >>> counts = session.presentationwise_spike_counts([0.0, 0.1, 0.2], flashes.index, session.units.index)
    >>> counts.dims
    ('stimulus_presentation_id', 'time_relative_to_stimulus_onset', 'unit_id')
    >>> folder.cleanup()
    """

    def __init__(self, api: EcephysNwbSessionApi, test: bool = False) -> None:
        self.api = api
        self._made: dict[str, Any] = {}
        if test:
            api.session_id()

    def __repr__(self) -> str:
        return f"EcephysSession({str(self.api.file.path)!r})"

    @classmethod
    def from_nwb_path(
        cls, path: str | os.PathLike, nwb_version: int = 2, api_kwargs: Mapping[str, Any] | None = None
    ) -> EcephysSession:
        """Open a session file.

        Parameters
        ----------
        path : path-like
        nwb_version : int
            Of the format; only 2 can be read.
        api_kwargs : mapping, optional
            For `EcephysNwbSessionApi`: filters of units, and ``probe_lfp_paths``.

        Raises
        ------
        ValueError
            If `nwb_version` is not 2.
        OSError
            If the file is missing, no HDF5 file, or was cut short.
        """
        if nwb_version != 2:
            msg = f"only files of NWB 2 can be read, got nwb_version={nwb_version!r}."
            raise ValueError(msg)
        api = EcephysNwbSessionApi(path, **(api_kwargs or {}))
        api.check_version()
        return cls(api, test=True)

    # ---- responses -------------------------------------------------------------------------------------------------

    def presentationwise_spike_counts(
        self,
        bin_edges: Any,
        stimulus_presentation_ids: Any,
        unit_ids: Any,
        binarize: bool = False,
        dtype: Any = None,
        large_bin_size_threshold: float = 0.001,
        time_domain_callback: Callable[[FloatArray], Any] | None = None,
    ) -> xr.DataArray:
        """Spikes of each unit in bins around the onset of each presentation.

        A bin holds its left edge and not its right one, so that a spike on an edge is counted once. Bins may begin
        before the onset and run past the end of a presentation.

        Parameters
        ----------
        bin_edges : array_like
            Relative to each onset, s, ascending; shape (bin + 1,).
        stimulus_presentation_ids, unit_ids : int or sequence of int
            In the order in which they shall stand in the result.
        binarize : bool
            Whether there is a spike, rather than how many there are.
        dtype : dtype, optional
            By default uint16, or uint8 with `binarize`.
        large_bin_size_threshold : float
            With `binarize`, bins wider than this (s) are warned of.
        time_domain_callback : callable, optional
            Takes the edges on the recording's clock (s), shape (presentation, bin + 1), and returns others.

        Returns
        -------
        DataArray
            Dims ``stimulus_presentation_id``, ``time_relative_to_stimulus_onset`` (centres of bins, s), ``unit_id``.

        Raises
        ------
        KeyError
            If a presentation or a unit does not exist.
        ValueError
            If the edges are not ascending and finite.
        OverflowError
            If a bin holds more spikes than `dtype` can count.
        """
        presentations = self._presentations(stimulus_presentation_ids)
        ids, rows = self._unit_rows(unit_ids)
        onsets = presentations["start_time"].to_numpy(dtype=float)
        relative, edges = _responses.absolute_edges(bin_edges, onsets, time_domain_callback)
        _responses.warn_of_bins(relative, edges, binarize, large_bin_size_threshold)
        return _responses.spike_counts(
            self._store()[:2], rows, ids, presentations.index.to_numpy(), relative, edges, dtype, binarize
        )

    def presentationwise_spike_times(
        self, stimulus_presentation_ids: Any = None, unit_ids: Any = None, closed: str = "left"
    ) -> pd.DataFrame:
        """Every spike during some presentations.

        Parameters
        ----------
        stimulus_presentation_ids, unit_ids : int or sequence of int, optional
            In any order; by default all.
        closed : {"left", "right"}
            Which end of a presentation belongs to it: a spike at its onset and none at its end, or the reverse (the
            rule of AllenSDK).

        Returns
        -------
        DataFrame
            Indexed by ``spike_time`` (s), sorted: ``stimulus_presentation_id``, ``unit_id``,
            ``time_since_stimulus_presentation_onset`` (s).

        Raises
        ------
        KeyError
            If a presentation or a unit does not exist.
        ValueError
            If `closed` is neither.
        """
        ids, rows = self._unit_rows(unit_ids)
        presentations = self._presentations(stimulus_presentation_ids)
        return _responses.spike_table(self._store()[:2], rows, ids, presentations, closed)

    def conditionwise_spike_statistics(
        self,
        stimulus_presentation_ids: Any = None,
        unit_ids: Any = None,
        use_rates: bool = False,
        closed: str = "left",
    ) -> pd.DataFrame:
        """Spikes per presentation, summarised by condition.

        Parameters
        ----------
        stimulus_presentation_ids, unit_ids : int or sequence of int, optional
            By default all; then only units that fired are reported.
        use_rates : bool
            Divide by the duration of each presentation (Hz).
        closed : {"left", "right"}
            As `presentationwise_spike_times`.

        Returns
        -------
        DataFrame
            Indexed by ``unit_id`` and ``stimulus_condition_id``: ``spike_count`` (not with `use_rates`),
            ``stimulus_presentation_count``, ``spike_mean``, ``spike_std`` (of a sample), ``spike_sem``. Silent
            presentations count as zeros.

        Raises
        ------
        KeyError
            If a presentation or a unit does not exist.
        ValueError
            If `closed` is neither.
        """
        ids, rows = self._unit_rows(unit_ids)
        presentations = self._presentations(stimulus_presentation_ids)
        store = self._store()[:2]
        table = _responses.condition_statistics(store, rows, ids, presentations, use_rates, closed)
        if unit_ids is not None:
            return table
        fired = table.groupby(level="unit_id")["spike_mean"].sum() > 0
        return table[table.index.get_level_values("unit_id").isin(fired.index[fired])]

    # ---- containers ------------------------------------------------------------------------------------------------

    def to_tsgroup(self, unit_ids: Any = None) -> TsGroup:
        """Units as a `TsGroup`, keyed by their ids, with `units` as metadata.

        Its time support is one epoch, from the first to the last spike or presentation of the session.

        Parameters
        ----------
        unit_ids : int or sequence of int, optional
            By default all of `units`.

        Raises
        ------
        KeyError
            If a unit does not exist.
        """
        group = self._kept("group", lambda: _trials.as_group(*self._store(), self.units, self._time_support()))
        if unit_ids is None:
            return group
        return group[self._unit_rows(unit_ids)[0]]

    def _time_support(self) -> IntervalSet:
        """One epoch that holds every spike and every presentation."""
        times = [self._store()[0], *(self.stimulus_presentations[n].to_numpy() for n in ("start_time", "stop_time"))]
        there = [part for part in times if part.size]
        if not there:
            return IntervalSet([], [])
        return IntervalSet(min(part.min() for part in there), max(part.max() for part in there))

    def trials(self, stimulus_names: str | Iterable[str] | None = None, **parameters: Any) -> IntervalSet:
        """Presentations as epochs, with their parameters as metadata.

        Parameters
        ----------
        stimulus_names : str or iterable of str, optional
            By default all stimuli, without the presentations that are invalid.
        **parameters
            Value, or values, that a parameter shall have: ``trials("drifting_gratings", contrast=0.8)``.

        Returns
        -------
        IntervalSet
            In the order of their starts; presentations that touch stay apart. Parameters that are numbers are numbers,
            with NaN where there are none. One with the name of an attribute of `IntervalSet` (``size``) is called
            ``stimulus_size``.

        Raises
        ------
        KeyError
            If there is no such stimulus or parameter.
        """
        table = self.get_stimulus_table(stimulus_names)
        if stimulus_names is None:
            table = table[table["stimulus_name"] != INVALID]
        return _trials.as_trials(_trials.chosen_presentations(table, parameters))
