"""The face: what it shows, what it costs, and that it touches nothing."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
import json
import subprocess
import sys
import types

import pytest

import rheobase

HEAVY = ("jax", "pandas", "xarray", "scipy", "sklearn", "pynwb", "h5py", "matplotlib", "jaxopt", "numba", "tqdm")
ROOMS = sorted(name for name in rheobase.__all__ if isinstance(getattr(rheobase, name), types.ModuleType))


def in_fresh_process(code: str):
    """What `code` prints as JSON, run by a new interpreter."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def public_members() -> dict[str, object]:
    """Every public class and function, by the name a user writes."""
    members = {f"rheobase.{name}": getattr(rheobase, name) for name in rheobase.__all__}
    for room in ROOMS:
        module = importlib.import_module(f"rheobase.{room}")
        members |= {f"rheobase.{room}.{name}": getattr(module, name) for name in module.__all__}
    return {name: member for name, member in members.items() if inspect.isclass(member) or inspect.isfunction(member)}


MEMBERS = public_members()


def takes_arguments(member) -> bool:
    """Whether a call of `member` may hand something over."""
    if inspect.isclass(member) and issubclass(member, BaseException | enum.Enum):
        return False
    function = member.__init__ if inspect.isclass(member) else member
    if function is object.__init__:
        return False
    kept = [name for name in inspect.signature(function).parameters if name != "self"]
    return bool(kept)


@pytest.mark.parametrize("name", ["rheobase", *(f"rheobase.{room}" for room in ROOMS)])
def test_names_listed_are_names_visible(name):
    """Each name in `__all__` exists, once, and nothing public is left out of it (ruff sorts it)."""
    module = importlib.import_module(name)
    listed = list(module.__all__)
    assert len(listed) == len(set(listed))
    assert [n for n in listed if not hasattr(module, n)] == []
    made_here = {
        n
        for n, value in vars(module).items()
        if not n.startswith("_") and getattr(value, "__module__", "").startswith(name) and n != "did_you_mean"
    }
    assert made_here <= set(listed)


def test_dir_shows_only_public_names():
    """Completion in a notebook offers what is meant to be used."""
    assert dir(rheobase) == rheobase.__all__


def test_rooms_are_documented():
    """Each room says what it is for."""
    assert [room for room in ROOMS if not importlib.import_module(f"rheobase.{room}").__doc__] == []


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_public_names_are_documented(name):
    """A summary line that ends, and a section of Parameters (of Attributes, for a record) where there are arguments."""
    doc = inspect.getdoc(MEMBERS[name]) or ""
    summary = doc.partition("\n\n")[0].strip()
    assert summary, f"{name} has no docstring"
    assert summary.endswith((".", "!", "?", ":")), f"{name}: its summary is not a sentence: {summary!r}"
    older_spelling = MEMBERS[name].__module__.endswith("_old_names")  # documented where the current name is
    if takes_arguments(MEMBERS[name]) and not older_spelling:
        record = dataclasses.is_dataclass(MEMBERS[name]) or hasattr(MEMBERS[name], "_fields")
        sections = ("Parameters\n---", "Attributes\n---") if record else ("Parameters\n---",)
        assert any(section in doc for section in sections), f"{name} takes arguments but has no Parameters section"


def test_import_loads_nothing_heavy():
    """`import rheobase` pays for NumPy and itself."""
    code = f"import json, sys, rheobase; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    assert in_fresh_process(code) == []


def test_import_touches_nothing_global():
    """JAX's configuration, warning filters, NumPy's random state and error handling, Matplotlib's style: as before."""
    code = """
import json, warnings, jax, numpy as np, matplotlib

def state():
    settings = [jax.config.values, warnings.filters, np.random.get_state(), np.geterr(), dict(matplotlib.rcParams)]
    return [repr(setting) for setting in settings]

import pandas, xarray, scipy.stats, sklearn.base, matplotlib.pyplot, h5py, pynwb, tqdm.auto  # theirs to answer for
before = state()
import rheobase
for name in rheobase.__all__:
    getattr(rheobase, name)
print(json.dumps([a == b for a, b in zip(before, state())]))
"""
    assert in_fresh_process(code) == [True] * 5


def test_import_prints_nothing():
    """Not a word, on either stream, with every warning shown."""
    every_name = "import rheobase; [getattr(rheobase, name) for name in rheobase.__all__]"
    for command in (["-W", "default", "-c", "import rheobase"], ["-c", every_name]):
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("", "")


def test_rooms_are_reached_both_ways():
    """`rheobase.glm.GLM` after `import rheobase`, and `import rheobase.glm`."""
    code = "import json, rheobase as nmo; a = nmo.glm; import rheobase.glm; print(json.dumps(a is rheobase.glm))"
    assert in_fresh_process(code) is True


def test_unknown_name_suggests_the_nearest():
    """A slip of the pen is answered with the word that was meant."""
    with pytest.raises(
        AttributeError, match=r"module 'rheobase' has no attribute 'TsGruop'.* Did you mean 'TsGroup'\?"
    ):
        rheobase.TsGruop  # noqa: B018
    with pytest.raises(AttributeError, match=r"no attribute 'zzzz'\.$"):
        rheobase.zzzz  # noqa: B018
