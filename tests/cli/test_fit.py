"""``rheobase fit``, ``inspect`` and ``simulate``: what they print and write, how they fail."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import rheobase as rb
from helpers import data_file
from rheobase.cli.main import COMMANDS, main


def run(capsys, *arguments):
    """Exit code, standard output, standard error."""
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("recordings") / "made.nwb"
    assert main(["simulate", str(path), "--neurons", "2", "--duration", "20s", "--seed", "5"]) == 0
    return path


FAST = ("--history", "50ms", "--covariate", "none", "--folds", "2", "--strength", "1e-3")


def test_simulate_says_what_it_wrote(tmp_path, capsys):
    code, out, _ = run(capsys, "simulate", tmp_path / "a.nwb", "--neurons", 2, "--duration", "10s")
    assert code == 0
    assert "2 neurons, 10 s" in out
    assert set(rb.load_file(tmp_path / "a.nwb")) == {"units", "epochs", "stimulus"}
    code, _, err = run(capsys, "simulate", tmp_path / "a.nwb")
    assert code == 1
    assert "exists already; name another file, or replace it with --overwrite" in err


def test_fit_writes_a_folder_and_a_table(recording, tmp_path, capsys):
    code, out, _ = run(capsys, "fit", recording, *FAST, "--out", tmp_path / "fit")
    assert code == 0
    assert "made: 2 neurons" in out
    assert "pseudo-R²" in out
    assert str(tmp_path / "fit" / "report.html") in out
    scores = pd.read_csv(tmp_path / "fit" / "scores.csv")
    assert len(scores) == 2
    assert rb.glm.load_model(tmp_path / "fit" / "model.npz").coef_.shape[1] == 2
    code, _, err = run(capsys, "fit", recording, "--out", tmp_path / "fit")
    assert code == 1
    assert "exists already" in err
    assert "Traceback" not in err


def test_the_written_command_does_the_same_again(recording, tmp_path, capsys):
    run(capsys, "fit", recording, *FAST, "--where", "rate > 0", "--out", tmp_path / "one", "--quiet")
    command = json.loads((tmp_path / "one" / "settings.json").read_text())["command"]
    code, out, _ = run(capsys, *shlex.split(command)[1:], "--out", tmp_path / "two", "--quiet")
    assert (code, out) == (0, "")
    one, two = (rb.glm.load_model(tmp_path / name / "model.npz") for name in ("one", "two"))
    np.testing.assert_array_equal(one.coef_, two.coef_)


def test_several_recordings(recording, tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / f"{name}.nwb").write_bytes(recording.read_bytes())
    (tmp_path / "c.nwb").write_text("broken")
    code, out, err = run(capsys, "fit", tmp_path / "*.nwb", *FAST, "--out", tmp_path / "fits")
    assert code == 1
    assert (tmp_path / "fits" / "a" / "report.html").exists()
    assert (tmp_path / "fits" / "b" / "model.npz").exists()
    assert err.count("c: failed") == 1
    assert "results.csv" in out
    (tmp_path / "c.nwb").unlink()
    code, _, _ = run(capsys, "fit", tmp_path / "*.nwb", *FAST, "--out", tmp_path / "fits")
    assert code == 0


def test_a_plan(recording, tmp_path, capsys):
    plan = tmp_path / "plan.toml"
    options = 'history = "50ms"\ncovariates = []\nfolds = 2\nstrength = 1e-3'
    plan.write_text(f"recordings = ['{recording.as_posix()}']\n[settings]\n{options}\n")
    code, _, _ = run(capsys, "fit", "--plan", plan, "--out", tmp_path / "fits", "--quiet")
    assert code == 0
    assert (tmp_path / "fits" / "made" / "scores.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit"], "name a recording, such as session.nwb, or a plan"),
        (["fit", "a.nwb", "--plan", "p.toml"], "a plan says itself what to fit; leave out FILES"),
        (["fit", "--plan", "p.toml", "--bin", "5ms"], "leave out --bin"),
        (["fit", "a.nwb", "--bin", "fast"], "bin must be a length of time such as '10ms'"),
        (["fit", "a.nwb", "--covariate", "ry:cyclc"], "Did you mean 'cyclic'"),
        (["fit", "a.nwb", "--penalty", "Rigde"], "Did you mean 'Ridge'"),
        (["fit", "a.nwb", "--folds", "x"], "'x' is not a valid integer"),
        (["fit", "a.nwb", "--wher", "x"], "--where"),
        (["simulate", "a.nix"], "OUT should end in .nwb"),
        (["simulate", "a.nwb", "--duration", "3 furlongs"], "'furlongs' in '3 furlongs' is no unit of time"),
        (["inspct"], "there is no command 'inspct'; there are fit, inspect, simulate, demo. Did you mean 'inspect'"),
    ],
)
def test_wrong_command_lines_exit_with_2(arguments, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    err = capsys.readouterr().err
    assert message in err
    assert "error: " in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--covariate", "stimulos"], "the file holds no 'stimulos'; it holds units, epochs, stimulus. Did you mean"),
        (["--where", "ratee > 3"], "there is no column 'ratee'; there are unit, rate. Did you mean 'rate'?"),
        (["--where", "rate > 1000"], "leaves none of 2 units"),
        (["--epochs", "1000:2000"], "hold no time of the recording"),
    ],
)
def test_what_cannot_be_done_exits_with_1(arguments, message, recording, tmp_path, capsys):
    code, out, err = run(capsys, "fit", recording, "--out", tmp_path / "fit", *arguments)
    assert (code, out) == (1, "")
    assert f"rheobase: error: {message}" in err or message in err
    assert "Traceback" not in err
    assert not (tmp_path / "fit").exists()


def test_absent_files(tmp_path, recording, capsys):
    code, _, err = run(capsys, "fit", recording.with_name("mad.nwb"))
    assert code == 1
    assert "mad.nwb does not exist. Did you mean 'made.nwb'?" in err
    code, _, err = run(capsys, "inspect", recording.with_name("mad.nwb"))
    assert code == 1
    assert "Did you mean 'made.nwb'?" in err
    with pytest.raises(FileNotFoundError, match="does not exist"):
        main(["--traceback", "inspect", str(tmp_path / "a.nwb")])


def test_ctrl_c_exits_with_130(recording, tmp_path, capsys, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("rheobase.batch.fit_session", stop)
    code, _, err = run(capsys, "fit", recording, "--out", tmp_path / "fit")
    assert (code, err.strip()) == (130, "rheobase: stopped.")


def test_inspect(recording, tmp_path, capsys):
    code, out, _ = run(capsys, "inspect", recording)
    assert code == 0
    assert "stimulus  Tsd" in out
    assert "1000 Hz" in out
    assert "epochs.tags: Noise 1, Noise 2" in out
    rb.glm.GLM().fit(np.eye(3), [0, 1, 2]).save_params(tmp_path / "model.npz")
    code, out, _ = run(capsys, "inspect", tmp_path / "model.npz")
    assert code == 0
    assert "GLM, saved by rheobase" in out
    assert "coef_ (array)" in out
    np.savez(tmp_path / "other.npz", t=np.arange(4.0))
    code, out, _ = run(capsys, "inspect", tmp_path / "other.npz")
    assert (code, "float64" in out) == (0, True)
    (tmp_path / "a.txt").write_text("x")
    code, _, err = run(capsys, "inspect", tmp_path / "a.txt")
    assert code == 1
    assert "is neither a recording (.nwb) nor a saved model" in err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    assert f"Usage: rheobase {name}" in out


def test_help_imports_nothing_heavy():
    heavy = "jax scipy pandas pynwb h5py matplotlib tqdm sklearn xarray"
    program = (
        "import sys; from rheobase.cli.main import main; main(['--help']); main(['fit', '--help'])\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_head_direction(tmp_path, capsys):
    file = data_file("head_direction.nwb")
    options = ["--covariate", "ry:cyclic", "--where", "location == 'adn'", "--epochs", "700:850"]
    code, out, _ = run(capsys, "fit", file, *options, "--out", tmp_path / "fit")
    assert code == 0
    assert "head_direction: 7 neurons" in out
    assert (tmp_path / "fit" / "report.html").stat().st_size > 10_000
