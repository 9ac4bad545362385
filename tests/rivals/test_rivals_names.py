"""Nothing public in pynapple is missing here: names, signatures, methods."""

from __future__ import annotations

import inspect
import types

import pytest

import rheobase
from rheobase.compat import pynapple as table

nap = pytest.importorskip("pynapple")
pytestmark = pytest.mark.rivals

PUBLIC = sorted(n for n in dir(nap) if not n.startswith("_") and not isinstance(getattr(nap, n), types.ModuleType))
LISTED = {name for names in table.GROUPS.values() for name in names}
CLASSES = ("Ts", "Tsd", "TsdFrame", "TsdTensor", "TsGroup", "IntervalSet", "TsIndex", "NWBFile", "NPZFile", "Folder")
_OF_DICT = {"clear", "copy", "fromkeys", "pop", "popitem", "setdefault", "update"}
LEFT_OUT = {"TsGroup": _OF_DICT - {"copy"}, "NWBFile": _OF_DICT, "Folder": _OF_DICT}
"""Inherited by them from `dict` and `UserDict`, refusing or breaking when called."""


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_here(name):
    assert name in LISTED


@pytest.mark.parametrize("name", [n for n in PUBLIC if inspect.isfunction(getattr(nap, n))])
def test_their_arguments_are_ours_in_their_order(name):
    """Ours may have more, behind theirs."""
    theirs = list(inspect.signature(getattr(nap, name)).parameters.values())
    ours = list(inspect.signature(getattr(rheobase, name)).parameters.values())
    assert [p.name for p in ours][: len(theirs)] == [p.name for p in theirs]


@pytest.mark.parametrize("name", CLASSES)
def test_every_method_and_property_is_here(name):
    theirs = {n for n in dir(getattr(nap, name)) if not n.startswith("_")} - LEFT_OUT.get(name, set())
    assert theirs - set(dir(getattr(rheobase, name))) == set()
