"""A small fitted session for the tests of the report: all kinds of terms, and a unit whose metadata is markup."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import rheobase as rb
from rheobase.batch.session import fit_session
from rheobase.batch.settings import Settings

MARKUP = "<script>alert('x')</script> & \"quotes\" </td>"
DURATION, STEP = 90.0, 0.05


def recording(folder: Path, n_neurons: int = 4) -> Path:
    """An NWB file: neurons that follow a direction, a place and each other, with one that spikes rarely."""
    rng = np.random.default_rng(1)
    t = (np.arange(round(DURATION / STEP)) + 0.5) * STEP
    epochs = rb.IntervalSet(0, DURATION)
    angle = np.cumsum(rng.normal(0.02, 0.25, t.size)) % (2 * np.pi)
    place = 50 + 40 * np.column_stack([np.sin(t / 3), np.cos(t / 4.1)])
    spikes = {}
    for n in range(n_neurons):
        rate = 6 * np.exp(1.5 * np.cos(angle - n) - 1)
        spikes[n] = rb.Ts(np.sort(t[rng.random(t.size) < rate * STEP]), time_support=epochs)
    units = rb.TsGroup(spikes, time_support=epochs, metadata={"area": [MARKUP, *["ca1"] * (n_neurons - 1)]})
    objects = {
        "units": units,
        "angle": rb.Tsd(t, angle, time_support=epochs),
        "place": rb.TsdFrame(t, place, columns=["x", "y"], time_support=epochs),
        "epochs": epochs,
    }
    return rb.to_nwb(objects, folder / "made.nwb")


def fitted_session(folder: Path, n_neurons: int = 4, **settings):
    """That recording, fitted."""
    asked = {
        "bin": STEP,
        "covariates": ("angle:cyclic:6", "place:raised-cosine:4x4"),
        "history": "200ms",
        "coupling": "200ms" if n_neurons > 1 else None,
        "history_functions": 3,
        "coupling_functions": 2,
        "strength": 1e-3,
        "folds": 3,
        "min_spikes": 5,
    } | settings
    return fit_session(recording(folder, n_neurons), Settings(**asked))
