"""Fits for tests of the batch: small, deterministic, and importable by other processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np


def filter_of(job, folder):
    """Least squares of noise that the recording seeds; rows by neuron."""
    pause = float(job.settings.get("pause", 0))
    (folder / "started.txt").write_text("yes")
    time.sleep(pause)
    rng = np.random.default_rng(int(job.path.read_text()))
    x, y = rng.normal(size=(200, 5)), rng.normal(size=(200, 3))
    coef = np.linalg.lstsq(x, y, rcond=None)[0] * job.settings.get("gain", 1.0)
    np.save(folder / "coef.npy", coef)
    return {"n_rows": np.int64(200), "scores": [{"unit": n, "score": float(coef[0, n])} for n in range(3)]}


def fail_if_odd(job, folder):
    """As above, but odd recordings are broken."""
    if int(job.path.read_text()) % 2:
        (folder / "half.txt").write_text("half")
        msg = f"{job.path.name} is odd"
        raise ValueError(msg)
    return filter_of(job, folder)


def die_once(job, folder):
    """The process is killed at the first attempt, as when memory runs out."""
    mark = Path(job.settings["marks"]) / job.key
    if not mark.exists():
        mark.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return filter_of(job, folder)


def die_always(job, folder):
    """The process of one recording is killed at every attempt."""
    if job.key == "s1":
        os.kill(os.getpid(), signal.SIGKILL)
    return filter_of(job, folder)


def say_where(job, folder):
    """What the worker is allowed."""
    names = ("OMP_NUM_THREADS", "NPROC", "MPLBACKEND")
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return {name: os.environ.get(name, "") for name in names} | {"pid": os.getpid(), "cores": cores}


def interrupted_but_quiet(job, folder):
    """A fit that answers Ctrl-C by stopping early, as solvers do."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        return {"stopped": "early"}
    return {}
