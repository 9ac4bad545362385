"""Observation models: how responses scatter around their mean."""

from __future__ import annotations

from .._errors import did_you_mean, kind_of
from ._core import AbstractObservationModel
from .bernoulli import BernoulliObservations
from .categorical import CategoricalObservations
from .gamma import GammaObservations
from .gaussian import GaussianObservations
from .negative_binomial import NegativeBinomialObservations
from .poisson import PoissonObservations

__all__ = [
    "AbstractObservationModel",
    "BernoulliObservations",
    "CategoricalObservations",
    "GammaObservations",
    "GaussianObservations",
    "NegativeBinomialObservations",
    "PoissonObservations",
    "resolve",
]

BY_NAME: dict[str, type[AbstractObservationModel]] = {
    "Poisson": PoissonObservations,
    "Gaussian": GaussianObservations,
    "Gamma": GammaObservations,
    "Bernoulli": BernoulliObservations,
    "NegativeBinomial": NegativeBinomialObservations,
    "Categorical": CategoricalObservations,
}


def resolve(observation_model: str | AbstractObservationModel) -> AbstractObservationModel:
    """Turn a name or an instance into an observation model.

    Parameters
    ----------
    observation_model
        ``"Poisson"``, ``"Gaussian"``, ``"Gamma"``, ``"Bernoulli"``, ``"NegativeBinomial"`` or ``"Categorical"`` (a
        trailing ``Observations`` and a dotted path are read past), or an instance.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything else.
    """
    if isinstance(observation_model, AbstractObservationModel):
        return observation_model
    if not isinstance(observation_model, str):
        msg = (
            f"observation_model must be a name ({', '.join(map(repr, BY_NAME))}) or an instance of a class in "
            f"rheobase.observation_models, got {kind_of(observation_model)}."
        )
        raise TypeError(msg)
    name = observation_model.rpartition(".")[2].removesuffix("Observations")
    if name not in BY_NAME:
        known = ", ".join(map(repr, BY_NAME))
        msg = f"unknown observation_model {observation_model!r}; known are {known}.{did_you_mean(name, BY_NAME)}"
        raise ValueError(msg)
    return BY_NAME[name]()


def __dir__() -> list[str]:
    return sorted(__all__)
