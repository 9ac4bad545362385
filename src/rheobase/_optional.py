"""Import an optional package, or say exactly what to install."""

from __future__ import annotations

import importlib
from types import ModuleType

from ._errors import MissingDependencyError


def optional_import(module: str, *, needed_for: str, install: str | None = None) -> ModuleType:
    """Import `module`, for `needed_for`.

    Parameters
    ----------
    module
        Dotted name to import.
    needed_for
        What the user asked for, as it should stand in the message.
    install
        What to hand to ``pip install``; defaults to the top-level name of `module`.

    Raises
    ------
    MissingDependencyError
        If it cannot be found, with the install command.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = install or module.partition(".")[0]
        name = module.partition(".")[0]
        msg = f"{needed_for} needs the package {name!r}, which is not installed. Try: pip install {package}"
        raise MissingDependencyError(msg, name=error.name) from error
