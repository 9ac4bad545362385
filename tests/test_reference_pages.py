"""The API reference shows every public name, once."""

from __future__ import annotations

import importlib
import importlib.util
import re
import types
from collections import Counter
from pathlib import Path

import pytest

import rheobase

DOCS = Path(__file__).resolve().parents[1] / "docs"


def rooms(name: str = "rheobase") -> list[str]:
    """A room and all rooms that are reached from it by public names."""
    module = importlib.import_module(name)
    inner = [n for n in module.__all__ if isinstance(getattr(module, n), types.ModuleType)]
    return [name, *(room for n in inner for room in rooms(f"{name}.{n}"))]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages that a build of the site writes from `__all__`, by name."""
    spec = importlib.util.spec_from_file_location("public_face", DOCS / "_ext" / "public_face.py")
    public_face = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(public_face)
    public_face.GENERATED = tmp_path_factory.mktemp("generated")
    public_face.write_pages()
    return {path.stem: path.read_text(encoding="utf-8") for path in public_face.GENERATED.glob("*.rst")}


def entries(text: str) -> list[str]:
    """Names with a page of their own on a page, in full."""
    module = re.search(r"^\.\. currentmodule:: (\S+)$", text, re.MULTILINE)[1]
    return [f"{module}.{name}" for name in re.findall(r"^   ([A-Za-z_]\w*)$", text, re.MULTILINE)]


def test_every_public_name_has_one_page(pages):
    """What a room shares with the face is documented on the face, everything else in its room."""
    shown = Counter(name for text in pages.values() for name in entries(text))
    assert [name for name, times in shown.items() if times > 1] == []
    on_face = {id(getattr(rheobase, name)) for name in rheobase.__all__}
    expected = set()
    for room in rooms():
        module = importlib.import_module(room)
        for name in module.__all__:
            thing = getattr(module, name)
            lifted = room != "rheobase" and id(thing) in on_face
            if not (isinstance(thing, types.ModuleType) or name.startswith("__") or lifted):
                expected.add(f"{room}.{name}")
    assert len(expected) > 300
    assert set(shown) == expected


def test_every_page_is_in_the_index(pages):
    index = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^generated/(\S+)$", index, re.MULTILINE)) == sorted(pages)


def test_how_to_pages_are_in_the_menu():
    """Every page of the site can be reached from a menu."""
    menus = "".join((DOCS / name).read_text(encoding="utf-8") for name in ("index.md", "more.md", "guide/index.md"))
    linked = set(re.findall(r"^([\w/]+)$", menus, re.MULTILINE))
    written = {path.stem for path in (*DOCS.glob("*.md"), *(DOCS / "guide").glob("*.md"))}
    assert sorted(written - linked - {"index"}) == []
