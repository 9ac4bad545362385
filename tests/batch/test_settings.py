"""Settings: plain values in and out, and a sentence for every wrong one; durations; the command they stand for."""

from __future__ import annotations

import json
import pickle
import shlex
from dataclasses import fields

import pytest

from rheobase.batch import Settings
from rheobase.batch._command import OPTIONS, command_of
from rheobase.batch._durations import duration_text, optional_seconds, seconds_of

OTHER = Settings(
    where="location == 'adn'",
    bin="5ms",
    covariates=("ry:cyclic:12", "x,z"),
    history=None,
    coupling="100ms",
    epochs="epochs[tags == 'wake']",
    strength=0.5,
    folds=3,
)


@pytest.mark.parametrize("settings", [Settings(), OTHER, Settings(covariates=())])
def test_there_and_back(settings):
    plain = settings.to_dict()
    assert Settings.from_dict(json.loads(json.dumps(plain))) == settings
    assert None not in plain.values()
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_numbers_and_texts_mean_the_same():
    assert Settings(bin=0.005).bin_seconds == Settings(bin="5ms").bin_seconds == 0.005
    assert Settings(history="none").history_seconds is Settings(history=0).history_seconds is None
    assert Settings(covariates="ry").covariates == ("ry",)
    assert Settings(covariates="none").covariates == ()
    assert Settings(strength="0.5").strength == 0.5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10ms", 0.01), ("0.2 s", 0.2), (".5s", 0.5), ("250us", 250e-6), ("2min", 120.0), ("1e-3", 1e-3), (3, 3.0)],
)
def test_durations(text, seconds):
    assert seconds_of(text, "bin") == seconds
    assert optional_seconds(text, "bin") == seconds


def test_durations_for_people():
    assert [duration_text(s) for s in (5e-6, 0.01, 90, 600)] == ["5 µs", "10 ms", "90 s", "10 min"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"bin": "10 m"}, ValueError, "bin: 'm' in '10 m' is no unit of time; use us, ms, s, min or h"),
        ({"bin": "fast"}, ValueError, "bin must be a length of time such as '10ms'"),
        ({"bin": 0}, ValueError, "bin must be a positive length of time"),
        ({"bin": float("nan")}, ValueError, "bin must be a positive length of time"),
        ({"bin": None}, TypeError, "bin must be a length of time .* got NoneType"),
        ({"history": -1}, ValueError, "history must be a positive"),
        ({"coupling": "100 lightyears"}, ValueError, "coupling: 'lightyears'"),
        ({"where": " "}, ValueError, "where is empty"),
        ({"where": 3}, TypeError, "where must be text, got int"),
        ({"covariates": ("auto", "ry")}, ValueError, "'auto' stands alone, but 1 more"),
        ({"covariates": (3,)}, TypeError, "covariates must be texts such as 'ry:cyclic:12'"),
        ({"folds": 1}, ValueError, "folds must be at least 2, got 1"),
        ({"folds": 2.5}, TypeError, "folds must be a whole number, got 2.5"),
        ({"penalty": "Rigde"}, ValueError, "penalty must be one of .*Did you mean 'Ridge'"),
        ({"observation_model": "Poison"}, ValueError, "observation_model must be one of .*Did you mean 'Poisson'"),
        ({"strength": "vc"}, ValueError, "strength must be a number >= 0, 'cv' or 'reml', got 'vc'"),
        ({"strength": -1.0}, ValueError, "strength must be a number >= 0"),
        ({"device": "tpu"}, ValueError, "device must be one of auto, cpu, gpu"),
        ({"memory": 0}, ValueError, "memory must be a positive number"),
    ],
)
def test_wrong_values(given, error, message):
    with pytest.raises(error, match=message):
        Settings(**given)


def test_unknown_names():
    with pytest.raises(ValueError, match=r"there is no setting 'covariate'; there are .*Did you mean 'covariates'"):
        Settings.from_dict({"covariate": "ry"})
    with pytest.raises(TypeError, match="settings must be a table of names and values, got list"):
        Settings.from_dict([])
    with pytest.raises(ValueError, match="Did you mean 'folds'"):
        Settings().with_(fold=3)
    assert Settings().with_(folds=3).folds == 3


def test_every_setting_has_an_option():
    assert set(OPTIONS) == {field.name for field in fields(Settings)}


def test_the_command_says_what_differs():
    assert command_of("a b.nwb", Settings()) == "rheobase fit 'a b.nwb'"
    words = shlex.split(command_of("a.nwb", OTHER))
    assert words[:3] == ["rheobase", "fit", "a.nwb"]
    pairs = list(zip(words[3::2], words[4::2], strict=True))
    assert ("--where", "location == 'adn'") in pairs
    assert ("--history", "none") in pairs
    assert [value for option, value in pairs if option == "--covariate"] == ["ry:cyclic:12", "x,z"]
    assert "--covariate none" in command_of("a.nwb", Settings(covariates=()))
