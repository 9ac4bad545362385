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
from rheobase.compat import pynapple

GENERATED = Path(__file__).resolve().parents[1] / "api" / "generated"

INTRODUCTIONS = {
    "Time series and epochs": "Times are float64 seconds, always sorted; every object carries its support.\n",
    "Tuning curves": "A rate, or the mean of a signal, by the value of one or more features.\n",
    "Decoding": "From the spikes of a population back to the feature, with tuning curves learned elsewhere.\n",
    "Events": "What happens around events, and within trials.\n",
    "Correlograms and intervals": "Rates by lag, within and between trains; intervals between spikes.\n",
    "Filters and phase": "Filters without delay, amplitude and phase, epoch by epoch.\n",
    "Spectra and wavelets": "Power by frequency, and by frequency and time.\n",
    "Random surrogates": "Spike trains that keep some properties and lose others.\n",
    "Files": "Reading and writing; the suffix, or the open file, decides.\n",
    "Settings": "Nothing here changes a number.\n",
}
"""Group → a sentence."""


def summary(names: list[str]) -> str:
    """An autosummary of `names` of the current module, each with a page of its own."""
    lines = ["", ".. autosummary::", "   :toctree: .", "   :nosignatures:", "", *(f"   {name}" for name in names), ""]
    return "\n".join(lines)


def title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n"


def introduced(module: str) -> tuple[str, str]:
    """The docstring of `module`, and the word that names below are its own."""
    return f".. automodule:: {module}\n   :no-members:\n", f".. currentmodule:: {module}\n"


def slug(group: str) -> str:
    """Name of the page of a group."""
    return "face_" + group.lower().replace(" ", "_")


def face_groups() -> dict[str, list[str]]:
    """Names that are reached as ``rheobase.NAME``, by what they are for."""
    face = {name for name in rheobase.__all__ if not name.startswith("__")}
    face -= {name for name in face if isinstance(getattr(rheobase, name), types.ModuleType)}
    groups = {group: [name for name in names if name in face] for group, names in pynapple.GROUPS.items()}
    rest = face.difference(*groups.values())
    problems = {name for name in rest if name.endswith(("Error", "Warning"))}
    groups["Files"] += sorted(rest - problems)
    groups["Errors and warnings"] = sorted(problems)
    return groups


def group_page(group: str, names: list[str]) -> str:
    """What belongs together on the face: an introduction, where there is one, and a summary."""
    return "\n".join([title(group), INTRODUCTIONS.get(group, ""), ".. currentmodule:: rheobase\n", summary(names)])


def room_page(room: str) -> str:
    """Names that are reached as ``rheobase.ROOM.NAME``, less those that the face shows."""
    module = importlib.import_module(f"rheobase.{room}")
    flat = {id(getattr(rheobase, name)) for name in rheobase.__all__}
    names = [name for name in module.__all__ if id(getattr(module, name)) not in flat]
    lifted = [name for name in module.__all__ if name not in names]
    inner = inner_rooms(module)
    names = [name for name in names if name not in inner]
    parts = [title(f"rheobase.{room}"), *introduced(f"rheobase.{room}")]
    if names:
        parts.append(summary(names))
    if inner:
        pages = ", ".join(f":doc:`rheobase.{room}.{name} <room_{room}.{name}>`" for name in inner)
        parts.append(f"Rooms of their own: {pages}.\n")
    if lifted:
        links = ", ".join(f":py:obj:`rheobase.{name}`" for name in lifted)
        parts.append(f"On the face, and documented there: {links}.\n")
    return "\n".join(parts)


def inner_rooms(module: types.ModuleType) -> list[str]:
    """Public names of a room that are rooms themselves."""
    return [name for name in module.__all__ if isinstance(getattr(module, name), types.ModuleType)]


def all_rooms(name: str) -> list[str]:
    """A room, and the rooms in it."""
    module = importlib.import_module(f"rheobase.{name}")
    return [name, *(room for inner in inner_rooms(module) for room in all_rooms(f"{name}.{inner}"))]


def write_pages() -> None:
    """Write every page whose text has changed."""
    doors = [name for name in rheobase.__all__ if isinstance(getattr(rheobase, name), types.ModuleType)]
    rooms = [room for door in doors for room in all_rooms(door)]
    pages = {slug(group): group_page(group, names) for group, names in face_groups().items()}
    pages |= {f"room_{room}": room_page(room) for room in rooms}
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
