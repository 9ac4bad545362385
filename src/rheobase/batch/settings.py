"""Everything that can be said about the fit of a recording, as plain values that go to a file and come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from numbers import Integral
from typing import Any

from .._errors import did_you_mean
from ..containers._checks import is_number
from ._durations import optional_seconds, seconds_of

__all__ = ["Settings"]

SEARCHES = ("cv", "reml")
"""Strengths that are searched for."""

DEVICES = ("auto", "cpu", "gpu")

PENALTIES = ("UnRegularized", "Ridge", "Lasso", "ElasticNet", "GroupLasso", "Smoothness")
"""Regularisers; a group lasso has one group for each term, smoothness the roughness of each basis."""

OBSERVATION_MODELS = ("Poisson", "Bernoulli", "NegativeBinomial", "Gaussian", "Gamma")


@dataclass(frozen=True)
class Settings:
    """What to fit, and how; the defaults fit spike history and the behaviour that is found.

    Parameters
    ----------
    where : str, optional
        Which units, by their metadata: ``"location == 'adn' and rate > 0.5"``. Default: all.
    units : str, optional
        Key of the units in the file. Default: the first group of spike trains.
    min_spikes : int
        Units with fewer spikes in the bins used are left out.
    bin : float or str
        Width of the bins: seconds, or text such as ``"10ms"``.
    covariates : tuple of str
        Signals with their basis, ``"key"``, ``"key:basis"``, ``"key:basis:n"`` or ``"key:basis:n:window"``;
        ``("auto",)`` chooses those that look like behaviour or a stimulus, ``()`` takes none.
    history : float, str or None
        Length of the window over a neuron's own past spikes; None, 0 or ``"none"`` for no such term.
    coupling : float, str or None
        The same over the past spikes of the other neurons.
    history_functions, coupling_functions : int
        Functions that make up each filter.
    epochs : str, optional
        Where to fit: ``"100:400"`` (s), the key of epochs in the file, or such a key with a filter of their metadata,
        ``"epochs[tags == 'wake']"``. Default: where units and covariates were recorded.
    penalty : str
        ``"Ridge"``, ``"Smoothness"`` (each basis' own roughness), ``"Lasso"``, ``"GroupLasso"`` (one group for each
        term), ``"ElasticNet"`` or ``"UnRegularized"``.
    strength : float or str
        Of the penalty; ``"cv"`` searches for each neuron's own by cross-validation.
    observation_model : str
        ``"Poisson"``, ``"Bernoulli"``, ``"NegativeBinomial"``, ``"Gaussian"`` or ``"Gamma"``.
    solver : str
        Name of a solver; ``"auto"`` chooses.
    folds : int
        Parts of the recording, each predicted by a model that was fitted to the others.
    device : {"auto", "cpu", "gpu"}
        Where to fit; "auto" lets JAX choose.
    memory : float
        Bytes that the features may take before they are made block by block.

    Raises
    ------
    ValueError
        If a value makes no sense; the message names the setting.
    TypeError
        If a value has the wrong type.

    Examples
    --------
    >>> from rheobase.batch import Settings
    >>> settings = Settings(where="location == 'adn'", bin="5ms", covariates=("ry:cyclic:12",), coupling="100ms")
    >>> settings.bin_seconds, settings.history_seconds, settings.coupling_seconds
    (0.005, 0.2, 0.1)
    >>> Settings.from_dict(settings.to_dict()) == settings
    True
    """

    where: str | None = None
    units: str | None = None
    min_spikes: int = 50
    bin: float | str = 0.01
    covariates: tuple[str, ...] = ("auto",)
    history: float | str | None = "200ms"
    coupling: float | str | None = None
    history_functions: int = 6
    coupling_functions: int = 4
    epochs: str | None = None
    penalty: str = "Ridge"
    strength: float | str = "cv"
    observation_model: str = "Poisson"
    solver: str = "auto"
    folds: int = 5
    device: str = "auto"
    memory: float = 1e9

    def __post_init__(self) -> None:
        for name in ("where", "units", "epochs"):
            _check_text(name, getattr(self, name), optional=True)
        object.__setattr__(self, "covariates", _names(self.covariates))
        _ = self.bin_seconds
        for name in ("history", "coupling"):
            if optional_seconds(getattr(self, name), name) is None:  # "none" and 0 are None
                object.__setattr__(self, name, None)
        for name, least in (("min_spikes", 1), ("history_functions", 1), ("coupling_functions", 1), ("folds", 2)):
            object.__setattr__(self, name, _whole(name, getattr(self, name), least))
        _check_name("penalty", self.penalty, PENALTIES)
        _check_name("observation_model", self.observation_model, OBSERVATION_MODELS)
        _check_name("device", self.device, DEVICES)
        _check_text("solver", self.solver)
        object.__setattr__(self, "strength", _strength(self.strength))
        object.__setattr__(self, "memory", _positive("memory", self.memory))

    @property
    def bin_seconds(self) -> float:
        """Width of the bins, s."""
        return seconds_of(self.bin, "bin")

    @property
    def history_seconds(self) -> float | None:
        """Window over a neuron's own spikes, s."""
        return optional_seconds(self.history, "history")

    @property
    def coupling_seconds(self) -> float | None:
        """Window over the spikes of the others, s."""
        return optional_seconds(self.coupling, "coupling")

    def with_(self, **changes: Any) -> Settings:
        """The same with some settings changed.

        Raises
        ------
        ValueError
            If there is no such setting, or its value makes no sense.
        """
        _check_known(changes)
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """As plain values that JSON and TOML know: what is None by default and now is left out, a window that is
        switched off is ``"none"``.
        """
        out: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is not None:
                out[field.name] = "none"
            elif value is not None:
                out[field.name] = list(value) if isinstance(value, tuple) else value
        return out

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Settings:
        """Settings from plain values, such as a table of a TOML file; what is not named keeps its default.

        Raises
        ------
        ValueError
            If there is no such setting, or its value makes no sense.
        TypeError
            If a value has the wrong type, or `given` is no mapping.
        """
        if not isinstance(given, Mapping):
            msg = f"settings must be a table of names and values, got {type(given).__name__}."
            raise TypeError(msg)
        _check_known(given)
        return cls(**dict(given))


def _check_known(given: Mapping[str, Any]) -> None:
    known = [field.name for field in fields(Settings)]
    for name in given:
        if name not in known:
            msg = f"there is no setting {name!r}; there are {', '.join(known)}.{did_you_mean(name, known)}"
            raise ValueError(msg)


def _names(covariates: Any) -> tuple[str, ...]:
    """Covariates as a tuple; one text stands for itself, "none" for none."""
    given = (covariates,) if isinstance(covariates, str) else covariates
    if not isinstance(given, tuple | list) or not all(isinstance(one, str) and one.strip() for one in given):
        msg = f"covariates must be texts such as 'ry:cyclic:12', got {covariates!r}."
        raise TypeError(msg)
    names = tuple(one.strip() for one in given)
    if "none" in names or "auto" in names:
        if len(names) > 1:
            alone = "none" if "none" in names else "auto"
            msg = f"covariates: {alone!r} stands alone, but {len(names) - 1} more were given: {', '.join(names)}."
            raise ValueError(msg)
        return () if names == ("none",) else names
    return names


def _check_text(name: str, value: Any, *, optional: bool = False) -> None:
    if value is None and optional:
        return
    if not isinstance(value, str):
        msg = f"{name} must be text, got {type(value).__name__}."
        raise TypeError(msg)
    if not value.strip():
        msg = f"{name} is empty; leave it out instead."
        raise ValueError(msg)


def _check_name(name: str, value: Any, options: Any) -> None:
    _check_text(name, value)
    if value not in options:
        msg = f"{name} must be one of {', '.join(options)}, got {value!r}.{did_you_mean(value, options)}"
        raise ValueError(msg)


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        msg = f"{name} must be a whole number, got {value!r}."
        raise TypeError(msg)
    if value < least:
        msg = f"{name} must be at least {least}, got {value}."
        raise ValueError(msg)
    return int(value)


def _positive(name: str, value: Any) -> float:
    if not is_number(value) or not value > 0:
        msg = f"{name} must be a positive number, got {value!r}."
        raise ValueError(msg)
    return float(value)


def _strength(value: Any) -> float | str:
    if isinstance(value, str):
        if value in SEARCHES:
            return value
        try:
            value = float(value)
        except ValueError:
            msg = f"strength must be a number >= 0, 'cv' or 'reml', got {value!r}.{did_you_mean(value, SEARCHES)}"
            raise ValueError(msg) from None
    if not is_number(value) or not 0 <= value < float("inf"):
        msg = f"strength must be a number >= 0, 'cv' or 'reml', got {value!r}."
        raise ValueError(msg)
    return float(value)
