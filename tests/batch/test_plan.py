"""Plans: which recordings, with which settings, under which keys."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.batch import Job, Plan, Settings
from rheobase.batch._keys import LONGEST, check_key, safe_key


@pytest.fixture
def data(tmp_path):
    """``m1/day1.nwb``, ``m1/day2.nwb``, ``m2/day1.nwb`` and ``lone.nwb``."""
    for name in ("m1/day1", "m1/day2", "m2/day1", "lone"):
        path = tmp_path / f"{name}.nwb"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def test_keys_of_a_pattern_stay_when_recordings_are_added(data):
    """A key depends on the pattern and the file, not on what else there is."""
    assert Plan.of(data / "*.nwb", {}).keys == ("lone",)
    before = Plan.of(data / "*/day1.nwb", {}).keys
    assert before == ("m1-day1", "m2-day1")
    (data / "m3").mkdir()
    (data / "m3" / "day1.nwb").touch()
    assert Plan.of(data / "*/day1.nwb", {}).keys == (*before, "m3-day1")
    assert Plan.of(str(data / "**" / "*.nwb"), {}).keys == ("lone", "m1-day1", "m1-day2", "m2-day1", "m3-day1")


def test_keys_of_named_files_carry_folders_only_where_they_must(data):
    plan = Plan.of([data / "m1/day1.nwb", data / "m2/day1.nwb", data / "m1/day2.nwb"], {})
    assert plan.keys == ("m1-day1", "m2-day1", "day2")


def test_settings_are_layered(data):
    """The defaults, those of the plan, of a variant; a Settings replaces what is below it."""
    plan = Plan.of(data / "lone.nwb", Settings(bin=0.02), variants={"a": {"history": "50ms"}, "b": Settings(folds=3)})
    assert plan.keys == ("lone--a", "lone--b")
    assert plan["lone--a"].settings == Settings(bin=0.02, history="50ms")
    assert plan["lone--b"].settings == Settings(folds=3)
    assert Plan.of(data / "lone.nwb")["lone"].settings == Settings()
    assert pickle.loads(pickle.dumps(plan)) == plan


TOML = """
recordings = [
    "m*/*.nwb",
    { path = "m2/day1.nwb", key = "special", settings = { bin = "5ms" } },
    "lone.nwb",
]

[settings]
bin = "10ms"
covariates = ["ry:cyclic:12"]

[variants.short]
history = "50ms"

[variants.long]
history = "500ms"
"""


def test_a_file_says_it_all(data):
    """Paths start from the file's folder; a recording that is named is not taken from the pattern too."""
    (data / "plan.toml").write_text(TOML)
    plan = Plan.from_toml(data / "plan.toml")
    names = ("m1-day1", "m1-day2", "special", "lone")
    assert plan.keys == tuple(f"{name}--{variant}" for name in names for variant in ("short", "long"))
    assert plan["special--long"].settings == Settings(bin="5ms", covariates=("ry:cyclic:12",), history="500ms")
    assert plan["special--long"].path == data / "m2" / "day1.nwb"
    assert "8 sessions" in plan._repr_html_()
    assert repr(plan).startswith("Plan(4 recordings x 2 sets of settings: m1-day1--short, m1-day1--long, ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("recordings = ['lone.nwb'", r"plan\.toml is not valid TOML: Unclosed array"),
        ("settings = {}", r"plan\.toml needs recordings = \[\.\.\.\].*got None"),
        ("recording = ['lone.nwb']", r"there is no 'recording' in a plan.* Did you mean 'recordings'\?"),
        ("recordings = [{pth = 'lone.nwb'}]", r"each must be a path, or a table with a path"),
        ("recordings = [{path = 'lone.nwb', keys = 'a'}]", r"recordings: there is no 'keys'.* Did you mean 'key'\?"),
        ("recordings = 'lone.nwb'\nsettings = 3", r"settings must be a table, got 3"),
        ("recordings = 'lone.nwb'\nvariants = {a = 3}", r"variants: a must be a table, got 3"),
        ("recordings = 'lone.nwb'\nsettings = {histroy = '1s'}", r"settings of 'lone'.*Did you mean 'history'\?"),
        ("recordings = ['m1/*.nwb', {path = 'm*/*.nwb', key = 'x'}]", r"key 'x' names one recording, but .* finds 3"),
        ("recordings = [{path = 'lone.nwb', key = 'a/b'}]", r"key must be a folder name .* Try 'a_b'"),
        ("recordings = ['lone.nwb', './lone.nwb']", r"named more than once: .*lone\.nwb\. For several settings"),
    ],
)
def test_a_slip_in_the_file_is_told(data, text, message):
    (data / "plan.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        Plan.from_toml(data / "plan.toml")


def test_what_is_missing_is_all_named(data):
    with pytest.raises(
        FileNotFoundError, match=r"2 of the plan's recordings cannot be found: .*no\.nwb, .*none\.nwb\."
    ):
        Plan.of([data / "none.nwb", data / "lone.nwb", data / "no.nwb"], {})
    with pytest.raises(FileNotFoundError, match=r"No recording is found for '.*\*\.h5', '.*\*\.npz', looking from"):
        Plan.of([data / "*.h5", data / "*.npz", data / "lone.nwb"], {})
    with pytest.raises(FileNotFoundError, match="There is no plan at"):
        Plan.from_toml(data / "none.toml")


def test_what_is_there_twice_is_all_named(data):
    one, two = data / "m1/day1.nwb", data / "m1/day2.nwb"
    with pytest.raises(ValueError, match=r"needs a key of its own\. Shared: 'A': .*day1\.nwb, .*day2\.nwb"):
        Plan([Job("A", one), Job("a", two)])
    with pytest.raises(ValueError, match=r"more than once with the same settings: .*day1\.nwb \(a, b\)"):
        Plan([Job("a", one, {"bin": 1}), Job("b", one, {"bin": 1}), Job("c", two)])
    with pytest.raises(ValueError, match="at least one job"):
        Plan([])
    with pytest.raises(TypeError, match=r"must be Job objects, got str\. Plan\.of"):
        Plan(["a.nwb"])
    with pytest.raises(KeyError, match=r"no session 'lonn'\. Did you mean 'lone'\?"):
        Plan.of(data / "lone.nwb", {})["lonn"]


@given(st.text(max_size=200))
def test_every_name_becomes_a_folder_name_that_stays(text):
    """Portable characters only, no reserved name, no hidden file, not too long, and nothing left to mend."""
    key = safe_key(text)
    assert key
    assert key.isascii()
    assert all(letter.isalnum() or letter in "._-" for letter in key)
    assert key[0] not in ".-"
    assert key[-1] != "."
    assert len(key) <= LONGEST + 1
    assert check_key(key) == key


def test_names_that_some_systems_refuse():
    assert safe_key("mouse 1: day/2") == "mouse_1_day_2"
    assert safe_key("Mäuse") == "Mause"
    assert safe_key("aux.2") == "aux.2_"
    assert safe_key("マウス") != safe_key("ラット")
