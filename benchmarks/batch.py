"""A batch on a local Dask cluster: one worker is killed in the middle, then the whole run, which is resumed.

    python benchmarks/batch.py                                 # 40 simulated sessions, two workers
    python benchmarks/batch.py --sessions 6                    # a quick look
    python benchmarks/batch.py --fit session                   # as `rheobase fit` does it, with scores and report

Checked, not only timed: every session is in the table once, with the numbers that it gets when it is fitted alone, and
what was finished before the kill is not fitted again. Seconds include starting the cluster, importing and compiling in
each worker, and reading; simulating and writing the recordings is not timed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

import rheobase as rb
from rheobase.batch import Plan, Results, Settings, run

WORKERS = 2

CIRCUMSTANCES = ["seconds", "worker", "first_in_worker"]
"""Columns of the table that say how it went, not what came of it."""


def simulate(folder: Path, n_sessions: int, n_neurons: int, duration: float) -> None:
    """Recordings ``s00.nwb``, ``s01.nwb``, ...: a population driven by a stimulus and by its own past."""
    for number in range(n_sessions):
        recording = rb.datasets.simulate_recording(n_neurons, duration, seed=number)
        rb.to_nwb(dict(recording), folder / f"s{number:02d}.nwb")


def fit_glm(job, folder: Path) -> dict:
    """Stimulus, history and coupling of one recording, under a ridge penalty."""
    note_attempt(job)
    with rb.load_file(job.path, lazy_loading=False) as file:
        units, stimulus, epochs = file["units"], file["stimulus"], file["epochs"]
    past = rb.basis.RaisedCosineLogConv(6, window_size=10)
    terms = {"stimulus": (past, stimulus), "coupling": (past, units)}
    built = rb.design.build(terms, response=units, bin_size=0.01, ep=epochs)
    model = rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=1e-3)
    built.fit(model)
    model.save_params(folder / "model.npz")
    norms = np.linalg.norm(model.coef_, axis=0)
    rows = zip(units.index, model.intercept_, norms, strict=True)
    scores = [{"unit": unit, "intercept": intercept, "norm": norm} for unit, intercept, norm in rows]
    return {"neurons": len(scores), "scores": scores}


def fit_whole(job, folder: Path) -> dict:
    """What `rheobase fit` does: held-out scores, intervals and a report too."""
    from rheobase.batch.run import fit_and_save

    note_attempt(job)
    return fit_and_save(job, folder)


def note_attempt(job) -> None:
    (job.path.parent / "attempts" / f"{job.key}.{time.time_ns()}").touch()


def the_plan(data: Path) -> Plan:
    return Plan.of(data / "*.nwb", Settings(covariates=("stimulus",), bin="10ms", coupling="100ms", strength=1e-3))


def on_cluster(data: Path, fits: Path, fit, kill_after: int | None) -> None:
    """One run, in this process; after so many finished sessions a worker is killed."""
    from distributed import Client, LocalCluster

    def kill(pid: int) -> None:
        while n_done(fits) < kill_after:
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)
        print(f"worker {pid} killed after {n_done(fits)} sessions", file=sys.stderr)

    cluster = LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client:
        if kill_after:
            pid = next(iter(client.run(os.getpid).values()))
            threading.Thread(target=kill, args=(pid,), daemon=True).start()
        results = run(the_plan(data), fits, client=client, fit=fit, progress=False)
    assert not results.failed, results.failed


def n_done(fits: Path) -> int:
    return len(list(fits.glob("*/done.json")))


def start(arguments: argparse.Namespace, data: Path, fits: Path, kill_after: int = 0) -> subprocess.Popen:
    own = ["--on-cluster", str(data), str(fits), "--kill-after", str(kill_after), "--fit", arguments.fit]
    return subprocess.Popen([sys.executable, __file__, *own])


def attempts(data: Path) -> dict[str, int]:
    found = [path.name.partition(".")[0] for path in (data / "attempts").iterdir()]
    return {key: found.count(key) for key in sorted(set(found))}


def furthest(one: Path, other: Path, key: str) -> float:
    """Largest difference between two fits of a session, relative to the largest coefficient."""
    a, b = (rb.load_model(folder / key / "model.npz") for folder in (one, other))
    pairs = [(a.coef_, b.coef_), (a.intercept_, b.intercept_)]
    return max(float(np.max(np.abs(x - y)) / np.max(np.abs(y))) for x, y in pairs)


def main(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as place:
        data, fits, alone = (Path(place) / name for name in ("data", "fits", "alone"))
        (data / "attempts").mkdir(parents=True)
        simulate(data, arguments.sessions, arguments.neurons, arguments.duration)
        fit, n = FITS[arguments.fit], arguments.sessions

        began = time.perf_counter()
        killed = start(arguments, data, fits, kill_after=n // 4)
        while n_done(fits) < n * 6 // 10 and killed.poll() is None:
            time.sleep(0.05)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        first = time.perf_counter() - began
        kept = {path.parent.name: path.stat().st_mtime_ns for path in fits.glob("*/done.json")}

        began = time.perf_counter()
        assert start(arguments, data, fits).wait() == 0
        second = time.perf_counter() - began
        tried = attempts(data)

        began = time.perf_counter()
        by_itself = run(the_plan(data), alone, fit=fit, progress=False)
        third = time.perf_counter() - began
        results = Results.read(fits, the_plan(data))
        table = results.table()
        assert results.done == by_itself.done == the_plan(data).keys
        assert not table.duplicated(["key", "unit"]).any()
        assert len(table) == n * arguments.neurons
        assert all((fits / key / "done.json").stat().st_mtime_ns == when for key, when in kept.items())
        worst = max(furthest(fits, alone, key) for key in results.done)
        assert table.drop(columns=CIRCUMSTANCES).equals(by_itself.table().drop(columns=CIRCUMSTANCES))
        again = {key: count for key, count in tried.items() if count > 1}

        print(f"\n**Batch**: {n} sessions of {arguments.neurons} neurons x {arguments.duration:g} s\n")
        print("| | sessions finished | seconds |\n|---|---|---|")
        print(f"| {WORKERS} workers, one killed after {n // 4}, everything killed | {len(kept)} | {first:.1f} |")
        print(f"| resumed | {len(results.done)} | {second:.1f} |")
        print(f"| alone, one after the other in one process | {len(by_itself.done)} | {third:.1f} |")
        print(f"\nRows in the table: {len(table)}, none twice, equal to those alone.")
        print(f"Largest relative difference of a coefficient from alone: {worst:.1e}.")
        print(f"Fitted again: {len(again)} that were being fitted when something was killed.")


FITS = {"glm": fit_glm, "session": fit_whole}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--neurons", type=int, default=6)
    parser.add_argument("--duration", type=float, default=20.0, help="seconds of each recording")
    parser.add_argument("--fit", choices=list(FITS), default="glm")
    parser.add_argument("--on-cluster", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kill-after", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.on_cluster:
        on_cluster(*asked.on_cluster, FITS[asked.fit], asked.kill_after)
    else:
        main(asked)
