"""The command line: what it prints, what it writes, how it fails."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

import rheobase
from helpers import data_file
from rheobase.cli import _fit, _recording
from rheobase.cli.main import main
from rheobase.containers import IntervalSet

ROW = re.compile(r"^ +\d+ +[\d,]+ +[\d.]+( +-?[\d.]+){5}$", re.MULTILINE)
"""A row of the table: neuron, spikes, rate and five scores."""


def run(capsys, *arguments):
    """Exit code, standard output, standard error."""
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


def test_help_without_a_command(capsys):
    code, out, _ = run(capsys)
    assert code == 0
    assert "rheobase" in out
    assert "demo" in out


def test_version(capsys):
    assert run(capsys, "--version")[:2] == (0, f"rheobase {rheobase.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo", "--seconds", "-3"],
        ["demo", "--seconds", "x"],
        ["demo", "--bin-ms", "0"],
        ["demo", "--neurons", "0"],
        ["dmo"],
    ],
)
def test_wrong_command_line_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "error:" in capsys.readouterr().err


def test_demo_on_a_simulated_recording(tmp_path, capsys):
    picture = tmp_path / "picture.png"
    code, out, err = run(capsys, "demo", "--seconds", 12, "--seed", 2, "--output", picture)
    assert code == 0
    assert len(ROW.findall(out)) == 8
    assert "pseudo-R² (null = 0)" in out
    assert "log likelihood (nats/spike)" in out
    assert out.count(" s   (8 neurons × 9,600 bins") == 2
    assert str(picture) in out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 300_000
    assert "5/5" in err


def test_demo_is_reproducible_by_seed(tmp_path, capsys):
    first, again, other = (
        ROW.findall(run(capsys, "demo", "--seconds", 4, "--seed", seed, "--output", tmp_path / "p.png")[1])
        for seed in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("name", "arguments", "n_rows", "driver"),
    [
        ("grasshopper_noise.nwb", [], 1, "stimulus"),
        ("patch_clamp_steps.nwb", [], 1, "stimulus"),
        ("head_direction.nwb", ["--seconds", 60, "--neurons", 3], 3, "ry"),
        ("linear_track.nwb", ["--seconds", 120, "--neurons", 2], 2, "position"),
        ("human_mtl.nwb", ["--seconds", 60, "--neurons", 3], 3, "none"),
    ],
)
def test_demo_on_recordings(name, arguments, n_rows, driver, tmp_path, capsys):
    picture = tmp_path / "picture.png"
    code, out, _ = run(capsys, "demo", data_file(name), *arguments, "--output", picture)
    assert code == 0
    assert len(ROW.findall(out)) == n_rows
    assert f"Driver     {driver}" in out
    assert picture.exists()


def test_stimulus_history_beats_the_present_on_the_grasshopper(tmp_path, capsys):
    _, out, _ = run(capsys, "demo", data_file("grasshopper_noise.nwb"), "--output", tmp_path / "p.png")
    *_, instantaneous, full = map(float, out.split("mean")[1].split("\n")[0].split()[1:])
    assert full > 0.3 > 0.02 > instantaneous  # other fits of these data explain 0.36 to 0.46 of the held-out deviance


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "absent.nwb", "absent.nwb does not exist"),
        (lambda folder: _written(folder / "notes.txt", b"hello"), "is not an NWB file: its name should end in .nwb"),
        (lambda folder: _written(folder / "broken.nwb", b"hello"), "broken.nwb"),
    ],
)
def test_bad_files_exit_with_1(make, message, tmp_path, capsys):
    code, out, err = run(capsys, "demo", make(tmp_path), "--output", tmp_path / "p.png")
    assert (code, out) == (1, "")
    assert "rheobase: error: " in err
    assert message in err
    assert "Traceback" not in err


def _written(path, content):
    path.write_bytes(content)
    return path


def test_files_without_units_or_the_asked_signal(tmp_path, capsys):
    code, _, err = run(capsys, "demo", data_file("calcium.nwb"), "--output", tmp_path / "p.png")
    assert code == 1
    assert "holds no units" in err
    file = data_file("head_direction.nwb")
    code, _, err = run(capsys, "demo", file, "--covariate", "ryx", "--output", tmp_path / "p.png")
    assert code == 1
    assert "no signal 'ryx' in the file; it holds" in err
    assert "Did you mean" in err


def test_bad_outputs_exit_with_1_before_any_work(tmp_path, capsys):
    code, _, err = run(capsys, "demo", "--output", tmp_path / "picture.docx")
    assert code == 1
    assert "should end in .png, .pdf or .svg" in err
    code, _, err = run(capsys, "demo", "--output", tmp_path / "nowhere" / "picture.png")
    assert code == 1
    assert "the folder of --output" in err


def test_the_installed_command_runs():
    done = subprocess.run(
        [sys.executable, "-m", "rheobase.cli.main", "--help"], capture_output=True, text=True, check=True
    )
    assert "Usage: rheobase" in done.stdout
    assert done.stderr == ""


def test_split_holds_out_a_fifth():
    train, test, words = _fit.split(IntervalSet([0, 100], [50, 150]))
    np.testing.assert_allclose(test.values, [[130, 150]])
    assert float(train.tot_length()) == pytest.approx(80)
    assert words == "the last fifth"
    starts = np.arange(12) * 10.0
    train, test, words = _fit.split(IntervalSet(starts, starts + 5))
    np.testing.assert_allclose(test.start, [40, 90])
    assert len(train) == 10
    assert words == "every fifth epoch"


def test_elapsed_time_skips_gaps():
    epochs = IntervalSet([0, 100], [50, 150])
    assert [_recording.elapsed_to_time(epochs, seconds) for seconds in (10, 60, 1e9)] == [10, 110, 150]


def test_angles_are_told_from_positions():
    t = np.linspace(0, 30, 1000)
    assert _recording._wraps(np.mod(t, 2 * np.pi))
    assert _recording._wraps(np.angle(np.exp(1j * t)))
    assert not _recording._wraps(np.sin(t))
    assert not _recording._wraps(10 * np.sign(np.sin(t)))
