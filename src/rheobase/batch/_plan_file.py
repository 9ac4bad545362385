"""A plan as TOML: which names it may hold, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import did_you_mean
from ._recordings import Recording

__all__ = ["PlanText", "read_plan_file"]


@dataclass(frozen=True)
class PlanText:
    """What a plan's file says, before any recording is looked for."""

    recordings: list[Recording]
    settings: dict[str, Any]
    variants: dict[str, dict[str, Any]]


def read_plan_file(path: Path) -> PlanText:
    """Read and check `path`."""
    import tomllib

    if not path.is_file():
        msg = f"There is no plan at {path}."
        raise FileNotFoundError(msg)
    try:
        text = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        msg = f"{path.name} is not valid TOML: {error}."
        raise ValueError(msg) from error
    name = path.name
    _check_names(text, ("recordings", "settings", "variants"), name)
    settings, variants = _table(text, "settings", name), _table(text, "variants", name)
    for variant in variants:
        _table(variants, variant, f"{name}, variants")
    return PlanText(_recordings(text, name), settings, variants)


def _recordings(text: dict[str, Any], name: str) -> list[Recording]:
    lines = text.get("recordings")
    if not lines or not isinstance(lines, str | list):
        msg = f"{name} needs recordings = [...]: paths, patterns, or tables with path, key and settings; got {lines!r}."
        raise ValueError(msg)
    return [_recording(line, f"{name}, recordings") for line in ([lines] if isinstance(lines, str) else lines)]


def _recording(line: Any, where: str) -> Recording:
    if isinstance(line, str):
        return Recording(line)
    if not isinstance(line, dict) or not isinstance(line.get("path"), str):
        msg = f"{where}: each must be a path, or a table with a path, got {line!r}."
        raise ValueError(msg)
    _check_names(line, ("path", "key", "settings"), where)
    key = line.get("key", "")
    if not isinstance(key, str):
        msg = f"{where}: key must be text, got {key!r}."
        raise ValueError(msg)
    return Recording(line["path"], key, _table(line, "settings", where))


def _table(text: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    table = text.get(name, {})
    if not isinstance(table, dict):
        msg = f"{where}: {name} must be a table, got {table!r}."
        raise ValueError(msg)
    return table


def _check_names(table: dict[str, Any], known: Iterable[str], where: str) -> None:
    known = tuple(known)
    for name in table:
        if name not in known:
            msg = f"{where}: there is no {name!r} in a plan; known are {', '.join(known)}.{did_you_mean(name, known)}"
            raise ValueError(msg)
