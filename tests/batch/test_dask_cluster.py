"""Batches on a Dask cluster: a worker killed, then everything killed, and nothing that was finished is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rheobase.batch import Plan, Results, run

distributed = pytest.importorskip("distributed", reason="batches on a cluster need rheobase[dask]")

from batch_jobs import die_always, filter_of  # noqa: E402

HERE = Path(__file__).parent

BATCH = """
import os, signal, sys, threading, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from distributed import Client, LocalCluster
from batch_jobs import filter_of
from rheobase.batch import Plan, run

data, fits = Path(sys.argv[2]), Path(sys.argv[3])

def kill_a_worker(pid):
    while len(list(fits.glob("*/done.json"))) < 2:
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    (data / "killed").touch()

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        pid = next(iter(client.run(os.getpid).values()))
        threading.Thread(target=kill_a_worker, args=(pid,), daemon=True).start()
        plan = Plan.of(data / "*.txt", {"pause": 0.5}, read_settings=dict)
        run(plan, fits, client=client, fit=filter_of, progress=False)
"""


@pytest.fixture(scope="module")
def client():
    """Two workers in processes of their own, on free ports, without a dashboard; one death is too many for a task."""
    options = {"dashboard_address": None, "scheduler_kwargs": {"allowed_failures": 0}}
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options)
    with cluster, distributed.Client(cluster) as client:
        yield client


def recordings(folder: Path, n: int) -> Path:
    folder.mkdir()
    for number in range(n):
        (folder / f"s{number}.txt").write_text(str(number))
    return folder


def wait_for(condition, process, seconds=180.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_killing_a_worker_and_then_the_run_loses_nothing_finished(tmp_path, request):
    """Every session once, with the numbers that it has alone; those that were finished are not fitted again."""
    data, fits = recordings(tmp_path / "data", 14), tmp_path / "fits"
    with subprocess.Popen(
        [sys.executable, "-c", BATCH, str(HERE), str(data), str(fits)], stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for((data / "killed").exists, process)
        n_then = len(list(fits.glob("*/done.json")))
        wait_for(lambda: len(list(fits.glob("*/done.json"))) >= n_then + 2, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    plan = Plan.of(data / "*.txt", {"pause": 0.5}, read_settings=dict)
    before = Results.read(fits, plan)
    assert 4 <= len(before.done) < 14
    assert before.failed == {}
    times = {key: (fits / key / "done.json").stat().st_mtime_ns for key in before.done}

    client = request.getfixturevalue("client")
    results = run(plan, fits, client=client, fit=filter_of, progress=False)
    assert results.done == plan.keys
    assert {key: (fits / key / "done.json").stat().st_mtime_ns for key in before.done} == times
    sessions, table = results.sessions(), results.table()
    assert list(sessions["key"]) == list(plan.keys)
    assert not table.duplicated(["key", "unit"]).any()
    assert len(table) == 14 * 3
    assert sorted(path.name for path in fits.iterdir() if path.is_dir()) == [".working", *sorted(plan.keys)]
    assert list((fits / ".working").iterdir()) == []

    at_once = Plan.of(data / "*.txt", read_settings=dict)
    alone = run(at_once, tmp_path / "alone", fit=filter_of, progress=False)
    np.testing.assert_array_equal(table["score"], alone.table()["score"])
    for key in plan.keys:
        np.testing.assert_array_equal(np.load(fits / key / "coef.npy"), np.load(tmp_path / "alone" / key / "coef.npy"))


def test_a_session_that_kills_every_worker_is_given_up(tmp_path, client):
    """Also when it is tried alone; those that were beside it when it happened are finished."""
    plan = Plan.of(recordings(tmp_path / "data", 4) / "*.txt", read_settings=dict)
    results = run(plan, tmp_path / "fits", client=client, fit=die_always, progress=False)
    assert results.done == ("s0", "s2", "s3")
    assert "KilledWorker" in results.failed["s1"]
    assert results.exit_code == 1
    with pytest.raises(ValueError, match="not both"):
        run(plan, tmp_path / "fits", client=client, workers=2)


def test_a_client_that_is_none():
    """What was given, and what would do."""
    plan = Plan.of(__file__, read_settings=dict)
    with pytest.raises(TypeError, match=r"must be a dask\.distributed\.Client, got str\. Try Client"):
        run(plan, "fits", client="tcp://127.0.0.1:8786")
