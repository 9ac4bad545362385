"""The part of a session about what was shown: presentations, conditions, epochs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._errors import did_you_mean
from . import _stimuli
from ._session_units import AbstractSessionUnits
from ._tables import DETAILED_PARAMETERS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AbstractSessionStimuli"]


class AbstractSessionStimuli(AbstractSessionUnits):
    """Stimuli of a session, and the intervals in which they are not what they should be."""

    def _all_presentations(self) -> pd.DataFrame:
        return self._kept("all", lambda: _stimuli.build_presentations(self.api.file.presentations()))

    def _detailed_presentations(self) -> pd.DataFrame:
        """Every column of every presentation, those in invalid times masked."""
        return self._kept("detailed", self._mask_presentations)

    def _mask_presentations(self) -> pd.DataFrame:
        invalid = self._invalid_of(["stimulus"])
        bounds = (invalid[name].to_numpy(dtype=float) for name in ("start_time", "stop_time"))
        return _stimuli.mask_invalid(self._all_presentations(), *bounds)

    @property
    def stimulus_presentations(self) -> pd.DataFrame:
        """Presentations in the order of their starts, indexed by ``stimulus_presentation_id``."""
        return self._kept("shown", self._without_details)

    @property
    def stimulus_conditions(self) -> pd.DataFrame:
        """Distinct combinations of parameters, indexed by ``stimulus_condition_id``."""
        return self._kept("conditions", lambda: _stimuli.conditions_of(self._all_presentations()))

    def get_stimulus_table(
        self,
        stimulus_names: str | Iterable[str] | None = None,
        include_detailed_parameters: bool = False,
        include_unused_parameters: bool = False,
    ) -> pd.DataFrame:
        """Presentations of some stimuli.

        Parameters
        ----------
        stimulus_names : str or iterable of str, optional
            All stimuli by default.
        include_detailed_parameters : bool
            Show settings of the display too.
        include_unused_parameters : bool
            Show columns too in which nothing stands for these stimuli.

        Raises
        ------
        KeyError
            If there is no such stimulus.
        """
        table = self._detailed_presentations() if include_detailed_parameters else self.stimulus_presentations
        if stimulus_names is not None:
            table = table[table["stimulus_name"].isin(self._known_stimuli(stimulus_names))]
        return table.copy() if include_unused_parameters else _stimuli.without_unused(table).copy()

    def _known_stimuli(self, names: str | Iterable[str]) -> list[str]:
        names = [names] if isinstance(names, str) else list(names)
        for name in names:
            if name not in self.stimulus_names:
                msg = f"no stimulus {name!r} in this session; there are {self.stimulus_names}."
                raise KeyError(msg + did_you_mean(name, self.stimulus_names))
        return names

    def get_presentations_for_stimulus(self, stimulus_names: str | Iterable[str]) -> pd.DataFrame:
        """`get_stimulus_table` by its older name."""
        return self.get_stimulus_table(stimulus_names)

    def _presentations(self, ids: Any) -> pd.DataFrame:
        """These presentations, in this order. KeyError if one does not exist."""
        table = self.stimulus_presentations
        if ids is None:
            return table
        ids = np.atleast_1d(ids)
        if not np.isin(ids, table.index).all():
            msg = f"no stimulus presentations {ids[~np.isin(ids, table.index)].tolist()[:10]} in this session."
            raise KeyError(msg)
        return table.loc[ids.astype(np.int64)]

    def _without_details(self) -> pd.DataFrame:
        return self._detailed_presentations().drop(columns=list(DETAILED_PARAMETERS), errors="ignore")

    @property
    def stimulus_names(self) -> list[str]:
        """Stimuli, in the order in which they first appear."""
        return self._kept("stimulus_names", lambda: self.stimulus_presentations["stimulus_name"].unique().tolist())

    # ---- parameters and time ---------------------------------------------------------------------------------------

    def get_stimulus_parameter_values(
        self, stimulus_presentation_ids: Any = None, drop_nulls: bool = True
    ) -> dict[str, np.ndarray]:
        """Values that each parameter takes in some presentations, by default in all.

        Parameters
        ----------
        stimulus_presentation_ids : int or sequence of int, optional
        drop_nulls : bool
            Leave out the text ``"null"``, which stands where a stimulus has no such parameter.

        Returns
        -------
        dict of str to ndarray
            Parameters that these presentations do not have are left out.
        """
        return _stimuli.parameter_values(self._presentations(stimulus_presentation_ids), drop_nulls)

    def get_parameter_values_for_stimulus(self, stimulus_name: str, drop_nulls: bool = True) -> dict[str, np.ndarray]:
        """`get_stimulus_parameter_values` of all presentations of one stimulus."""
        return _stimuli.parameter_values(self.get_stimulus_table(stimulus_name), drop_nulls)

    def get_stimulus_epochs(self, duration_thresholds: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Stretches of presentations of one block: start, stop, duration (s), stimulus, block.

        Parameters
        ----------
        duration_thresholds : mapping of str to float, optional
            Stimulus to the duration (s) below which its epochs are left out; by default all are kept.
        """
        return _stimuli.epochs_of(self.stimulus_presentations, dict(duration_thresholds or {}))

    @property
    def inter_presentation_intervals(self) -> pd.DataFrame:
        """Time from the stop of each presentation to the start of the next, s, in the column ``interval``."""
        return self._kept("intervals", self._inter_presentation_intervals)

    def _inter_presentation_intervals(self) -> pd.DataFrame:
        import pandas as pd

        table = self.stimulus_presentations
        start, stop = (table[name].to_numpy(dtype=float) for name in ("start_time", "stop_time"))
        names = ["from_presentation_id", "to_presentation_id"]
        index = pd.MultiIndex.from_arrays([table.index[:-1], table.index[1:]], names=names)
        return pd.DataFrame({"interval": start[1:] - stop[:-1]}, index=index)

    def get_inter_presentation_intervals_for_stimulus(self, stimulus_names: str | Iterable[str]) -> pd.DataFrame:
        """`inter_presentation_intervals` between presentations that both belong to these stimuli."""
        own = self.get_stimulus_table(stimulus_names).index
        table = self.inter_presentation_intervals
        ends = (table.index.get_level_values(level).isin(own) for level in table.index.names)
        return table[np.logical_and(*ends)]
