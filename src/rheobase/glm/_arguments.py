"""Constructor arguments of a GLM: checked where they are set, whatever the order."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .. import links, observation_models
from .. import regularizer as regularizers
from ..solvers.newton import Newton
from ..solvers.registry import NATIVE, check_options, get_solver
from ._bounds import Bounds, check_bounds, read_bounds
from ._cv import CV
from ._estimator import AbstractEstimator
from ._reml import REML

__all__ = ["AbstractArguments"]

_OLD_PARAMS = {
    "observation_model__inverse_link_function": "inverse_link_function",
    "regularizer__regularizer_strength": "regularizer_strength",
    "regularizer__solver_kwargs": "solver_kwargs",
    "regularizer__solver_name": "solver_name",
}
"""Parameters that once belonged to a part of the model."""


class AbstractArguments(AbstractEstimator):
    """What a GLM is made of; see `GLM` for the parameters."""

    def __init__(
        self,
        observation_model="Poisson",
        inverse_link_function=None,
        regularizer=None,
        regularizer_strength=None,
        solver_name=None,
        solver_kwargs=None,
        *,
        coef_bounds=None,
    ):
        self.coef_bounds = coef_bounds
        self.observation_model = observation_model
        self.inverse_link_function = inverse_link_function
        self._strength = None
        self._solver_name = None
        self.regularizer = regularizer
        self.regularizer_strength = regularizer_strength
        self.solver_name = solver_name
        self.solver_kwargs = solver_kwargs
        self._forget()

    def _forget(self) -> None:
        self.coef_ = self.intercept_ = self.scale_ = self.solution_ = self.silent_ = None
        self.cv_ = self.reml_ = self.strength_ = None
        self._clock = None

    # --- constructor arguments, checked where they are set -------------------------------------------------------

    @property
    def observation_model(self):
        """Distribution of the response; set by name or instance."""
        return self._observation_model

    @observation_model.setter
    def observation_model(self, value):
        found = observation_models.resolve(value)
        if isinstance(found, observation_models.CategoricalObservations):
            msg = (
                f"{type(self).__name__} models one number a neuron; for classes (Categorical) there is "
                f"{'Classifier' + type(self).__name__}(n_classes=...). For two classes observation_model='Bernoulli' "
                "with responses of 0 and 1 does too."
            )
            raise TypeError(msg)
        self._observation_model = found

    @property
    def inverse_link_function(self):
        """From linear predictor to mean; set by name, JAX function or instance, None for the model's default."""
        return self._inverse_link

    @inverse_link_function.setter
    def inverse_link_function(self, value):
        self._inverse_link = links.resolve(value, self._observation_model.default_inverse_link_function)

    @property
    def regularizer(self):
        """Penalty; set by name, instance or None. Setting it clears the strength."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value):
        self._regularizer = regularizers.resolve(value)
        self._strength = None

    @property
    def regularizer_strength(self):
        """Strength of the penalty, or how to search for it; None for an unregularised model."""
        if self._strength is not None:
            return self._strength
        return self._regularizer.check_strength(getattr(self._regularizer, "regularizer_strength", None))

    @regularizer_strength.setter
    def regularizer_strength(self, value):
        if isinstance(value, str) and value == "cv":
            value = CV()
        if isinstance(value, str) and value == "reml":
            value = REML()
        if isinstance(value, CV | REML):
            self._strength = value
            return
        self._strength = None if value is None else self._regularizer.check_strength(value)

    @property
    def solver_name(self) -> str:
        """Name of the solver, ``"auto"`` if it is chosen by size."""
        return self._solver_name or self._regularizer.solver_name or "auto"

    @solver_name.setter
    def solver_name(self, value):
        if value is not None:
            get_solver(value)
        self._solver_name = value

    @property
    def solver_kwargs(self) -> dict[str, Any]:
        """Options of the solver."""
        return self._solver_kwargs or self._regularizer.solver_kwargs or {}

    @solver_kwargs.setter
    def solver_kwargs(self, value):
        if value is not None and not isinstance(value, dict):
            msg = f"solver_kwargs must be a dict of options, got {type(value).__name__}."
            raise TypeError(msg)
        check_options(self.solver_name, value or {})
        self._solver_kwargs = value or {}

    @property
    def coef_bounds(self):
        """Bounds of the coefficients: a pair, ``"nonnegative"``, ``"nonpositive"``, or None."""
        return self._coef_bounds

    @coef_bounds.setter
    def coef_bounds(self, value):
        check_bounds(value)
        self._coef_bounds = value

    def _positive_only(self) -> bool:
        return not isinstance(self._observation_model, observation_models.GaussianObservations)

    def _mask(self, shape):
        """Which coefficients are free, shape (feature, neuron); None for all."""
        return None

    def _bounds(self, shape: tuple[int, int]) -> Bounds | None:
        """Bounds of the coefficients, shape (feature, neuron)."""
        return read_bounds(self._coef_bounds, shape, self._mask(shape), self._blocks)

    def _check_solver(self) -> None:
        """Raise a ValueError if the solver that was named cannot minimise the penalty, or keep to bounds."""
        if self._coef_bounds is not None and not keeps_bounds(self.solver_name):
            msg = (
                f"solver {self.solver_name!r} cannot keep coefficients in coef_bounds; use solver_name='Newton', or "
                "leave it out."
            )
            raise ValueError(msg)
        if not self._regularizer.allow_solver(self.solver_name):
            known = ", ".join(map(repr, self._regularizer.allowed_solvers))
            msg = (
                f"solver {self.solver_name!r} cannot minimise the penalty {type(self._regularizer).__name__}; use one "
                f"of {known}, or leave solver_name out."
            )
            raise ValueError(msg)

    def set_params(self, **params):
        """Set constructor arguments; a new regulariser brings its own default strength.

        Parameters
        ----------
        **params
            By name. Older spellings that went through the parts are read too: ``regularizer__regularizer_strength``,
            ``regularizer__solver_name``, ``regularizer__solver_kwargs``, ``observation_model__inverse_link_function``.

        Returns
        -------
        self
        """
        params = {_OLD_PARAMS.get(name, name): value for name, value in params.items()}
        # what is checked against another argument comes after it, whatever the order of the call
        first = {name: params.pop(name) for name in ("regularizer", "solver_name") if name in params}
        return super().set_params(**first, **params)

    def __sklearn_clone__(self):
        """An unfitted model with the same parameters, and a regulariser of its own (a grid search sets its mask)."""
        params = self._given()
        params["regularizer"] = copy.copy(params["regularizer"])
        return type(self)(**params)

    def _given(self) -> dict[str, Any]:
        """Constructor arguments as the user set them: what was left to a default stays so."""
        params = self.get_params(deep=False)
        params["regularizer_strength"], params["solver_name"] = self._strength, self._solver_name
        return params

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        given = {
            "observation_model": self.observation_model,
            "inverse_link_function": self.inverse_link_function.name,
            "regularizer": self.regularizer,
            "regularizer_strength": self.regularizer_strength,
            "solver_name": self.solver_name,
            "solver_kwargs": self.solver_kwargs,
            "coef_bounds": self.coef_bounds,
        }
        shown = {key: value for key, value in given.items() if value is not None and not _is_empty(value)}
        body = ",\n".join(f"    {key}={_short(value)}" for key, value in shown.items())
        return f"{type(self).__name__}(\n{body},\n)"

    def _repr_html_(self) -> str:
        from ._html import html_of

        return html_of(self)


def keeps_bounds(solver_name: str) -> bool:
    """Whether a solver can hold coefficients in a box: Newton's method, under all its names."""
    spec = get_solver(solver_name)
    return spec.algo_name == "auto" or (spec.backend == "rheobase" and NATIVE[spec.algo_name] is Newton)


def _is_empty(value: Any) -> bool:
    return isinstance(value, dict) and not value


def _short(value: Any) -> str:
    return f"<array of shape {value.shape}>" if isinstance(value, np.ndarray) else repr(value)
