"""Settings as the command line that asks for them."""

from __future__ import annotations

import shlex
from typing import Any

from .settings import Settings

__all__ = ["OPTIONS", "command_of"]

OPTIONS = {
    "where": "--where",
    "units": "--units",
    "min_spikes": "--min-spikes",
    "bin": "--bin",
    "covariates": "--covariate",
    "history": "--history",
    "coupling": "--coupling",
    "history_functions": "--history-functions",
    "coupling_functions": "--coupling-functions",
    "epochs": "--epochs",
    "penalty": "--penalty",
    "strength": "--strength",
    "observation_model": "--model",
    "solver": "--solver",
    "folds": "--folds",
    "device": "--device",
    "memory": "--memory",
}
"""Option of each setting."""


def command_of(path: str, settings: Settings) -> str:
    """The command line that fits `path` with these settings; what is as by default is left out.

    Examples
    --------
    >>> from rheobase.batch import Settings
    >>> print(command_of("a.nwb", Settings(where="location == 'adn'", bin="5ms", covariates=("ry:cyclic:12",))))
    rheobase fit a.nwb --where "location == 'adn'" --bin 5ms --covariate ry:cyclic:12
    """
    usual = Settings()
    words = ["rheobase", "fit", str(path)]
    for name, option in OPTIONS.items():
        value = getattr(settings, name)
        if value == getattr(usual, name):
            continue
        given = (value or ("none",)) if isinstance(value, tuple) else (value,)
        for one in given:
            words += [option, _text(one)]
    return " ".join(map(_quoted, words))


def _text(value: Any) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _quoted(word: str) -> str:
    """In double quotes where that reads better than what `shlex` makes of single ones."""
    if "'" in word and not set(word) & set('"$`\\!'):
        return f'"{word}"'
    return shlex.quote(word)
