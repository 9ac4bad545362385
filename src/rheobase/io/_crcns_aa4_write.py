"""Write one unit in the layout of the CRCNS data set AA4."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ._crcns_aa4 import SILENT, SKIPPED, Presentation

__all__ = ["write_unit"]


def write_unit(path: Path, attributes: Mapping[str, Any], presentations: list[Presentation]) -> None:
    """Write the file that `read_unit` reads; a repeat without spikes becomes the number -999.

    Parameters
    ----------
    path : Path
        A file that is there is replaced.
    attributes : mapping
        Of the unit: ``site, ldepth, rdepth, electrode, sortid, sortType``.
    presentations : list of Presentation
        Their attributes must hold ``stim_type``, in whose group they go.
    """
    import h5py

    with h5py.File(path, "w", libver="latest") as file:
        file.attrs.update(dict(attributes))
        for name in SKIPPED:
            file.create_group(name)
        for one in presentations:
            group = file.require_group(str(one.attributes["stim_type"])).create_group(one.number)
            group.attrs.update(one.attributes)
            for number, times in enumerate(one.trials, start=1):
                trial = group.create_group(str(number))
                trial["spike_times"] = np.asarray(times, dtype=np.float64) if len(times) else SILENT
                trial["spike_ids"] = np.arange(len(times))
