"""The table of pynapple's names is true: every name is on the face, every module path leads to the same object."""

from __future__ import annotations

import warnings

import pytest

import rheobase
from rheobase.compat import pynapple

NAMES = sorted(name for names in pynapple.GROUPS.values() for name in names)


@pytest.mark.parametrize("name", NAMES)
def test_name_is_on_the_face(name):
    assert name in rheobase.__all__
    assert getattr(rheobase, name) is not None


def test_no_name_is_listed_twice_and_every_note_belongs_to_a_name():
    assert len(NAMES) == len(set(NAMES))
    assert set(pynapple.NOTES) <= set(NAMES)


@pytest.mark.parametrize("path", sorted(pynapple.MODULES))
def test_older_paths_lead_to_the_same_objects(path):
    made = rheobase
    for part in path.split("."):
        made = getattr(made, part)
    for name in pynapple.MODULES[path]:
        if f"{path}.{name}" not in pynapple.MODULES:
            assert getattr(made, name) is getattr(rheobase, name)


def test_modules_of_process_are_reached_without_it():
    assert rheobase.perievent.compute_perievent is rheobase.compute_perievent
    with pytest.raises(AttributeError, match="no attribute 'perivent'"):
        _ = rheobase.perivent


def test_tables_have_a_row_per_difference():
    tables = pynapple.tables()
    assert set(tables) == {"names", "differences", "corners", "findings"}
    for name, rows in (
        ("differences", pynapple.DIFFERENCES),
        ("corners", pynapple.CORNERS),
        ("findings", pynapple.FINDINGS),
    ):
        assert len(tables[name].splitlines()) == len(rows) + 2
    for table in tables.values():
        bars = {line.replace(r"\|", "").count("|") for line in table.splitlines()}
        assert bars == {4}


def test_config_has_two_switches_that_silence_warnings():
    config = rheobase.nap_config
    with pytest.warns(UserWarning, match="not sorted"):
        rheobase.Ts([2.0, 1.0])
    try:
        config.suppress_time_index_sorting_warnings = True
        config.suppress_conversion_warnings = True
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            rheobase.Ts([2.0, 1.0])
            rheobase.Tsd([2.0, 1.0], [1.0, 2.0])
            assert (rheobase.IntervalSet(0, 1) + 1).shape == (1, 2)
    finally:
        config.restore_defaults()
    with pytest.warns(UserWarning, match="Converting IntervalSet"):
        _ = rheobase.IntervalSet(0, 1) + 1
    assert "suppress_conversion_warnings=False" in repr(config)


def test_config_refuses_what_it_does_not_know():
    config = rheobase.nap_config
    with pytest.raises(ValueError, match="True or False, got 1"):
        config.suppress_conversion_warnings = 1
    with pytest.raises(AssertionError, match=r"backend should be one of .* Did you mean"):
        config.set_backend("nummba")
    with pytest.raises(AttributeError):
        config.time_index_precision = 3
    with pytest.raises(AttributeError):
        config.suppress_everything = True
    config.set_backend("numba")
    assert (config.backend, config.time_index_precision) == ("numpy", 9)
    with pytest.warns(UserWarning, match="no JAX backend"):
        config.set_backend("jax")
