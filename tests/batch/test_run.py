"""Runs: here and in processes, resumed, interrupted, killed; and the table that comes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import batch_jobs
import numpy as np
import pandas as pd
import pytest

from rheobase.batch import Job, Plan, Results, run
from rheobase.batch._local import share_cores


@pytest.fixture
def data(tmp_path):
    """Recordings ``s0.txt`` to ``s3.txt``."""
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(4):
        (folder / f"s{number}.txt").write_text(str(number))
    return folder


def plan_of(data, **settings):
    return Plan.of(data / "*.txt", settings, read_settings=dict)


def times(fits):
    return {path.parent.name: path.stat().st_mtime_ns for path in fits.glob("*/done.json")}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_failure_is_reported_and_stops_nothing(data, tmp_path, capfd, workers):
    """Status and message in the table, the traceback in the folder, nothing half-made beside it."""
    fits = tmp_path / "fits"
    results = run(plan_of(data), fits, fit=batch_jobs.fail_if_odd, workers=workers)
    assert results.done == ("s0", "s2")
    assert results.failed == {"s1": "ValueError: s1.txt is odd", "s3": "ValueError: s3.txt is odd"}
    assert results.exit_code == 1
    assert "s1: failed, ValueError: s1.txt is odd" in capfd.readouterr().err
    assert sorted(os.listdir(fits / "s1")) == ["failed.json", "traceback.txt"]
    assert "in fail_if_odd" in (fits / "s1" / "traceback.txt").read_text()
    table = results.table()
    assert list(table["status"]) == ["done"] * 3 + ["failed"] + ["done"] * 3 + ["failed"]
    assert list(table["unit"][:4]) == [0, 1, 2, pd.NA]
    assert table["n_rows"].dtype == "Int64"
    saved = pd.read_csv(fits / "results.csv")
    assert list(saved.columns) == list(table.columns)
    alone = run(plan_of(data), tmp_path / "alone", fit=batch_jobs.filter_of, progress=False).table()
    even = table["key"].isin(["s0", "s2"])
    np.testing.assert_array_equal(
        table["score"][even & table["score"].notna()], alone["score"][alone.key.isin(["s0", "s2"])]
    )


def test_resuming_keeps_what_is_finished_and_says_what_is_not_kept(data, tmp_path, capsys):
    """Failed ones are tried again; other settings, another recording or another function: fitted again."""
    fits = tmp_path / "fits"
    run(plan_of(data), fits, fit=batch_jobs.fail_if_odd, progress=False)
    first = times(fits)
    (data / "s1.txt").write_text("10")  # mended
    results = run(plan_of(data), fits, fit=batch_jobs.fail_if_odd)
    told = capsys.readouterr().err
    assert "2 of 4 sessions are finished and kept" in told
    assert "s3: fitted again, because it failed" in told
    assert results.done == ("s0", "s1", "s2")
    assert {key: times(fits)[key] for key in first} == first

    assert run(plan_of(data, gain=2.0), fits, fit=batch_jobs.fail_if_odd).exit_code == 1
    assert "s0: fitted again, its settings changed (gain: None, now 2.0)" in capsys.readouterr().err
    (data / "s2.txt").write_text("22")
    second = times(fits)
    run(plan_of(data, gain=2.0), fits, fit=batch_jobs.fail_if_odd)
    assert "s2: fitted again, its recording changed" in capsys.readouterr().err
    assert [key for key, when in times(fits).items() if when != second[key]] == ["s2"]
    assert run(plan_of(data, gain=2.0), fits, fit=batch_jobs.filter_of).exit_code == 0
    assert "s0: fitted again, it was fitted by fail_if_odd, now by filter_of" in capsys.readouterr().err
    third = times(fits)
    run(plan_of(data, gain=2.0), fits, fit=batch_jobs.filter_of, resume=False, progress=False)
    assert all(when > third[key] for key, when in times(fits).items())


def test_what_reads_back_is_what_was_returned(data, tmp_path):
    """With the plan, those of its settings; without, everything that is there."""
    fits = tmp_path / "fits"
    results = run(plan_of(data), fits, fit=batch_jobs.fail_if_odd, progress=False)
    pd.testing.assert_frame_equal(Results.read(fits).table(), results.table())
    assert Results.read(fits, plan_of(data, gain=2.0)).waiting == ("s0", "s1", "s2", "s3")
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        Results.read(tmp_path / "none")


def test_processes_share_the_cores(data, tmp_path):
    """Threads of all workers together are the cores; a first job in a worker is marked, as it pays for the start."""
    sessions = run(plan_of(data), tmp_path / "fits", fit=batch_jobs.say_where, workers=2, progress=False).sessions()
    shares = share_cores(2)
    for _, row in sessions.iterrows():
        share = next(cores for cores in shares if not row["cores"] or row["cores"] == cores)
        assert int(row["NPROC"]) == len(share)
        assert row["MPLBACKEND"] == "Agg"
        assert row["pid"] != os.getpid()
    assert sessions.groupby("pid")["first_in_worker"].sum().eq(1).all()
    for n in (1, 2, 3, 64):
        dealt = [core for cores in share_cores(n) for core in cores]
        assert len(share_cores(n)) == n
        assert len(dealt) == max(n, len(set(dealt)))


def test_a_worker_that_dies_is_replaced_and_its_session_tried_again(data, tmp_path):
    """As often as asked; then the session is given up, and the others are not."""
    (tmp_path / "marks").mkdir()
    plan = Plan([*plan_of(data, marks=str(tmp_path / "marks"))][:2])
    first = Plan(plan.jobs[:1])
    assert run(first, tmp_path / "once", fit=batch_jobs.die_once, workers=1, progress=False).exit_code == 0
    results = run(plan, tmp_path / "always", fit=batch_jobs.die_always, workers=1, retries=0, progress=False)
    assert results.done == ("s0",)
    assert "worker process died 1 times (the last: killed by SIGKILL)" in results.failed["s1"]
    assert "SIGKILL" in (tmp_path / "always" / "s1" / "traceback.txt").read_text()


RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from batch_jobs import filter_of
from rheobase.batch import Plan, run
if __name__ == "__main__":
    plan = Plan.of(Path(sys.argv[2]) / "*.txt", {"pause": 1.0}, read_settings=dict)
    run(plan, sys.argv[3], fit=filter_of, workers=1, progress=False)
"""


@pytest.fixture
def interruptible():
    """Ctrl-C as Python answers it: a shell's background jobs are started without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_loses_nothing_finished(data, tmp_path, how):
    """Its workers end with it, and the next run goes on behind the last finished session."""
    fits = tmp_path / "fits"
    command = [sys.executable, "-c", RUN, str(Path(__file__).parent), str(data), str(fits)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        limit = time.monotonic() + 180
        while not (fits / "s0" / "done.json").exists() or not list(fits.glob(".working/*/s1.*/started.txt")):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < limit
            time.sleep(0.02)
        process.send_signal(how)
        told = process.stderr.read()  # ends when the workers, which inherit it, have ended too
    assert ("KeyboardInterrupt" in told) == (how == signal.SIGINT)
    assert process.returncode == -how
    before = times(fits)
    assert 1 <= len(before) < 4
    results = run(plan_of(data, pause=1.0), fits, fit=batch_jobs.filter_of, progress=False)
    assert results.exit_code == 0
    assert {key: times(fits)[key] for key in before} == before


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_that_the_fit_answers_itself_stops_the_batch(data, tmp_path, capsys):
    """Solvers stop early and return; such a fit is not kept."""
    with pytest.raises(KeyboardInterrupt):
        run(plan_of(data), tmp_path / "fits", fit=batch_jobs.interrupted_but_quiet)
    assert "stopped: 0 of 4 sessions are finished and kept" in capsys.readouterr().err
    assert times(tmp_path / "fits") == {}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_scores_may_lie_in_a_file(data, tmp_path):
    """Digits as they were written; columns of the session are not repeated; settings that differ have columns."""

    def fit(job, folder):
        pd.DataFrame({"unit": [7, 8], "status": "x", "score": [0.1 + 0.2, np.nan]}).to_csv(
            folder / "s.csv", index=False
        )
        return {"scores": "s.csv", "best": np.float32(0.5), "worst": np.nan, "score": "the session's own"}

    plan = Plan.of(data / "s0.txt", {"bin": 1}, variants={"a": {"gain": 1}, "b": {"gain": 2}}, read_settings=dict)
    table = run(plan, tmp_path / "fits", fit=fit, progress=False).table()
    assert list(table["variant"]) == ["a", "a", "b", "b"]
    assert list(table["settings.gain"]) == [1, 1, 2, 2]
    assert list(table["unit"]) == [7, 8, 7, 8]
    assert table["score"][0] == 0.1 + 0.2
    assert set(table["status"]) == {"done"}
    assert table["worst"].isna().all()
    assert "settings.bin" not in table


def test_results_are_shown_and_loaded(data, tmp_path):
    results = run(plan_of(data), tmp_path / "fits", fit=batch_jobs.fail_if_odd, progress=False)
    assert "2 of 4 sessions done, 2 failed, in " in repr(results)
    assert "s1.txt is odd" in results._repr_html_()
    with pytest.raises(KeyError, match=r"no session 's_1'\. Did you mean 's1'\?"):
        results.load("s_1")
    with pytest.raises(ValueError, match=r"it is failed\. ValueError: s1\.txt is odd\. See .*traceback\.txt\."):
        results.load("s1")
    with pytest.raises(FileNotFoundError, match=r"has no model\.npz; its folder"):
        results.load("s0")


def test_arguments_that_make_no_sense(data, tmp_path):
    plan = plan_of(data)
    with pytest.raises(TypeError, match=r"plan must be a Plan, got PosixPath\. Plan\.of"):
        run(data, tmp_path)
    with pytest.raises(ValueError, match="workers must be 0 or more, got -1"):
        run(plan, tmp_path, workers=-1)
    with pytest.raises(TypeError, match=r"'.*<lambda>' cannot be sent to another process .*Define it in a module"):
        run(plan, tmp_path / "fits", workers=1, fit=lambda job, folder: None)
    results = run(plan, tmp_path / "fits", fit=lambda job, folder: 3, progress=False)
    assert results.failed["s0"] == "TypeError: fit must return a dictionary for the table, or None, got int."
    results = run(plan, tmp_path / "fits", fit=lambda job, folder: {"a": {1, 2}}, progress=False)
    assert results.failed["s0"].startswith("TypeError: Settings and records hold numbers, text, lists")


def test_a_script_without_its_guard_is_told(data, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(RUN.replace('if __name__ == "__main__":', "if True:"))
    command = [sys.executable, str(script), str(Path(__file__).parent), str(data), str(tmp_path / "fits")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'In a script, start the run under `if __name__ == "__main__":`' in done.stderr.splitlines()[-1]


def test_recordings_that_vanish_fail_alone(data, tmp_path):
    plan = Plan([*plan_of(data), Job("gone", data / "s0.txt", {"other": 1})])
    (data / "s3.txt").unlink()
    results = run(plan, tmp_path / "fits", fit=batch_jobs.filter_of, progress=False)
    assert list(results.failed) == ["s3"]
    assert results.failed["s3"].startswith("FileNotFoundError")
