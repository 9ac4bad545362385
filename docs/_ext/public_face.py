"""Writes the pages of the API reference from `__all__`: every public name once, where a user would look for it.

A name that the face lifts out of a room (``rheobase.load_file`` out of ``rheobase.io``) is documented on the face only.
Pages go to ``api/generated``; ``api/index.md`` lists them, so that a room without a place in that list is a warning,
and warnings are errors.
"""

from __future__ import annotations

import importlib
import types
from pathlib import Path

import rheobase

GENERATED = Path(__file__).resolve().parents[1] / "api" / "generated"

CONTAINERS = ("TsIndex", "Ts", "Tsd", "TsdFrame", "TsdTensor", "TsGroup", "IntervalSet")


def kind(name: str, value: object) -> str:
    """Heading under which a name of the face stands."""
    if name in CONTAINERS:
        return "Containers"
    if isinstance(value, type) and issubclass(value, BaseException):
        return "Errors and warnings"
    module = getattr(value, "__module__", "")
    return "Files" if module.startswith("rheobase.io") else "Analysis"


def summary(names: list[str]) -> str:
    """An autosummary of `names` of the current module, each with a page of its own."""
    lines = ["", ".. autosummary::", "   :toctree: .", "   :nosignatures:", "", *(f"   {name}" for name in names), ""]
    return "\n".join(lines)


def title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n"


def introduced(module: str) -> tuple[str, str]:
    """The docstring of `module`, and the word that names below are its own."""
    return f".. automodule:: {module}\n   :no-members:\n", f".. currentmodule:: {module}\n"


def face_page() -> str:
    """Names that are reached as ``rheobase.NAME``."""
    groups: dict[str, list[str]] = {"Containers": [], "Files": [], "Analysis": [], "Errors and warnings": []}
    for name in rheobase.__all__:
        value = getattr(rheobase, name)
        if not name.startswith("__") and not isinstance(value, types.ModuleType):
            groups[kind(name, value)].append(name)
    groups["Containers"].sort(key=CONTAINERS.index)
    parts = [title("rheobase"), *introduced("rheobase")]
    for heading, names in groups.items():
        if names:
            parts += [title(heading, "-"), summary(names)]
    return "\n".join(parts)


def room_page(room: str) -> str:
    """Names that are reached as ``rheobase.ROOM.NAME``, less those that the face shows."""
    module = importlib.import_module(f"rheobase.{room}")
    flat = {id(getattr(rheobase, name)) for name in rheobase.__all__}
    names = [name for name in module.__all__ if id(getattr(module, name)) not in flat]
    lifted = [name for name in module.__all__ if name not in names]
    parts = [title(f"rheobase.{room}"), *introduced(f"rheobase.{room}")]
    if names:
        parts.append(summary(names))
    if lifted:
        links = ", ".join(f":py:obj:`rheobase.{name}`" for name in lifted)
        parts.append(f"On the face, and documented there: {links}.\n")
    return "\n".join(parts)


def write_pages() -> None:
    """Write every page whose text has changed."""
    rooms = [name for name in rheobase.__all__ if isinstance(getattr(rheobase, name), types.ModuleType)]
    pages = {"face": face_page(), **{f"room_{room}": room_page(room) for room in rooms}}
    GENERATED.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        path = GENERATED / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def skip_foreign(app, what, name, member, skip, options):
    """Leave out methods that scikit-learn adds to an estimator behind its back (metadata routing)."""
    foreign = getattr(member, "__module__", None) or ""
    return True if foreign.startswith("sklearn.utils") else None


def setup(app):
    """Before Sphinx looks for its sources."""
    write_pages()
    app.connect("autodoc-skip-member", skip_foreign)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
