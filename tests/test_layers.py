"""Imports point down: the picture in docs/architecture.md, read from the code.

Every import statement counts, wherever it stands: at the top of a file, inside a function, under ``TYPE_CHECKING``; so
does the string handed to ``importlib.import_module`` or ``optional_import``.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "rheobase"

LAYERS = (
    {"_config", "_manners", "_types", "_errors", "_optional", "_units", "_version", "_x64"},
    {"_arrays"},
    {"containers"},
    {"io", "analysis", "transformers", "convolve", "basis"},
    {"design", "identifiability_constraints"},
    {"links", "proximal", "observation_models", "regularizer", "solvers"},
    {"glm", "hmm", "glm_hmm", "simulation"},
    {"scores"},
    {"datasets", "fetch"},
    {"plot", "styles"},
    {"batch"},
    {"cli", "compat"},
)
"""Room names, bottom to top."""

ARROWS = {
    ("_config", "_errors"),
    ("_optional", "_errors"),
    ("_units", "_errors"),
    ("transformers", "analysis"),
    ("basis", "convolve"),
    ("observation_models", "links"),
    ("observation_models", "proximal"),
    ("regularizer", "links"),
    ("regularizer", "proximal"),
    ("glm_hmm", "glm"),
    ("glm_hmm", "hmm"),
    ("fetch", "datasets"),
    ("plot", "styles"),
}
"""Imports within one layer that are drawn in the picture: (who imports, what)."""

OUTER_DOORS = {"plot", "batch", "cli", "compat"}
"""Rooms that only the command line and the face may know."""

HOMES = {
    "matplotlib": ("plot/",),
    "pynwb": ("io/", "containers/_lazy.py"),
    "neo": ("io/", "containers/_lazy.py"),
    "h5py": ("io/", "containers/_lazy.py"),
    "dask": ("batch/",),
    "distributed": ("batch/",),
    "jaxopt": ("solvers/jaxopt.py",),
    "sklearn": ("glm/", "glm_hmm/", "basis/transformer.py", "transformers/"),
}
"""Third-party package → the only places that may import it."""

LIGHT_BELOW = 4
"""Under this layer a file imports only NumPy and the standard library when it is itself imported."""

LONGEST = 600
"""Lines; past 450 a file should be asked what its second idea is, past this it is refused."""

FILES = sorted(PACKAGE.rglob("*.py"))
LAYER_OF = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}


@dataclass(frozen=True)
class Import:
    """One imported module, as a dotted name, and how it is imported."""

    module: str
    line: int
    at_load: bool

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def place(path: Path) -> str:
    """Path of a file inside the package, with forward slashes."""
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    """First part of a file's place: ``containers/ts.py`` → ``containers``, ``convolve.py`` → ``convolve``."""
    return place(path).removesuffix(".py").partition("/")[0]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def names_a_module(node: ast.AST) -> bool:
    """Whether `node` is a call that imports the module named by a string."""
    called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    return called.endswith(("import_module", "optional_import")) and isinstance((node.args or [None])[0], ast.Constant)


def imports_in(node: ast.AST, package: list[str], at_load: bool = True) -> Iterator[Import]:
    """Every import under `node`; `package` is the dotted name of the package that relative imports start from."""
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, node.lineno, at_load) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        start = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*start, *([node.module] if node.module else [])])
        if base == "rheobase":  # from .. import room
            yield from (Import(f"rheobase.{alias.name}", node.lineno, at_load) for alias in node.names)
        else:
            yield Import(base, node.lineno, at_load)
    elif names_a_module(node):
        yield Import(str(node.args[0].value), node.lineno, at_load=False)
    inner = at_load and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from imports_in(child, package, inner and not is_type_checking(node))


def imports_of(path: Path) -> list[Import]:
    package = ["rheobase", *place(path).split("/")[:-1]]
    return list(imports_in(ast.parse(path.read_text(encoding="utf-8")), package))


def rooms_imported(path: Path) -> Iterator[tuple[Import, str]]:
    for found in imports_of(path):
        if found.top == "rheobase":
            yield found, [*found.module.split("."), ""][1]


every_file = pytest.mark.parametrize("path", FILES, ids=place)
every_file_but_the_face = pytest.mark.parametrize("path", [f for f in FILES if place(f) != "__init__.py"], ids=place)


@every_file_but_the_face
def test_every_file_has_a_layer(path):
    """A new room is drawn in the picture before it is built."""
    assert room_of(path) in LAYER_OF


@every_file_but_the_face
def test_imports_point_down(path):
    """A file imports from its own room, from lower layers, and along the arrows drawn inside a layer."""
    here = room_of(path)
    wrong = [
        f"{place(path)}:{found.line} imports {found.module}"
        for found, there in rooms_imported(path)
        if there != here
        and not (there in LAYER_OF and LAYER_OF[there] < LAYER_OF[here])
        and (here, there) not in ARROWS
    ]
    assert wrong == []


@every_file_but_the_face
def test_outer_doors_are_imported_by_nobody(path):
    """Pictures, batches, the command line and the compatibility faces can be deleted, and the library still stands."""
    here = room_of(path)
    wrong = [
        f"{place(path)}:{found.line} imports {found.module}"
        for found, there in rooms_imported(path)
        if there in OUTER_DOORS and there != here and here not in {"cli", "compat"}
    ]
    assert wrong == []


@every_file
def test_third_parties_stay_in_their_rooms(path):
    """Matplotlib is a matter of `plot`, file formats of `io`, jaxopt of one file."""
    wrong = [
        f"{place(path)}:{found.line} imports {found.module}"
        for found in imports_of(path)
        if found.top in HOMES and not place(path).startswith(HOMES[found.top])
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "path",
    [f for f in FILES if place(f) == "__init__.py" or LAYER_OF.get(room_of(f), LIGHT_BELOW) < LIGHT_BELOW],
    ids=place,
)
def test_lower_layers_load_only_numpy(path):
    """`import rheobase` stays fast: heavy packages are imported inside the functions that need them."""
    allowed = sys.stdlib_module_names | {"numpy", "rheobase"}
    wrong = [
        f"{place(path)}:{found.line} imports {found.module} when loaded"
        for found in imports_of(path)
        if found.at_load and found.top not in allowed
    ]
    assert wrong == []


@every_file
def test_files_are_short(path):
    """One idea per file."""
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST, f"{place(path)} has {lines} lines: what is its second idea?"


def test_the_reader_of_imports_sees_every_kind():
    """The test above can fail: each way of importing is found, with the right name and the right moment."""
    source = """
import numpy as np
from ..containers import Ts
from .. import basis
from . import _core
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import pandas as pd
def f():
    import jax
    return optional_import("neo.io", needed_for="x"), importlib.import_module("h5py")
class C:
    from scipy import stats
"""
    found = {(i.module, i.at_load) for i in imports_in(ast.parse(source), ["rheobase", "glm"])}
    assert found == {
        ("numpy", True),
        ("rheobase.containers", True),
        ("rheobase.basis", True),
        ("rheobase.glm", True),
        ("typing", True),
        ("pandas", False),
        ("jax", False),
        ("neo.io", False),
        ("h5py", False),
        ("scipy", True),
    }
