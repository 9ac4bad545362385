"""scikit-learn's estimator protocol, spoken without importing scikit-learn.

`clone`, `GridSearchCV`, `cross_val_score` and `Pipeline` ask an estimator for `get_params`, `set_params`,
`__sklearn_clone__` and `__sklearn_tags__`; none of them needs a base class. Its import takes longer than that of JAX
(it loads pandas and scipy.stats), so it happens only where scikit-learn itself asks.
"""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any

from .._errors import NotFittedError, did_you_mean
from .._manners import Plotted
from ._trees import Blocks

__all__ = ["AbstractEstimator", "not_fitted"]


def not_fitted(message: str) -> NotFittedError:
    """The error of a model without coefficients: also scikit-learn's own, if that is loaded, for who catches that."""
    theirs = sys.modules.get("sklearn.exceptions")
    if theirs is None:
        return NotFittedError(message)
    return _both(theirs.NotFittedError)(message)


@functools.cache
def _both(theirs: type[Exception]) -> type[NotFittedError]:
    return type("NotFittedError", (NotFittedError, theirs), {"__reduce__": lambda self: (not_fitted, self.args)})


class AbstractEstimator(Plotted):
    """Constructor arguments as parameters that can be read, set and cloned."""

    _blocks: Blocks | None = None
    """Blocks of the features that were checked last, if they were a dict."""

    @classmethod
    def _param_names(cls) -> list[str]:
        return sorted(name for name in inspect.signature(cls.__init__).parameters if name != "self")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Constructor arguments by name.

        Parameters
        ----------
        deep
            Also those of arguments that have parameters of their own, as ``argument__parameter``.
        """
        params: dict[str, Any] = {}
        for name in self._param_names():
            value = getattr(self, name)
            params[name] = value
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                params |= {f"{name}__{key}": nested for key, nested in value.get_params().items()}
        return params

    def set_params(self, **params):
        """Set constructor arguments, nested ones as ``argument__parameter``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For a name that is no argument.
        """
        known = self._param_names()
        nested: dict[str, dict[str, Any]] = {}
        for key, value in params.items():
            name, _, rest = key.partition("__")
            if name not in known:
                msg = (
                    f"{type(self).__name__} has no parameter {name!r}; it has {', '.join(map(repr, known))}."
                    f"{did_you_mean(name, known)}"
                )
                raise ValueError(msg)
            if rest:
                nested.setdefault(name, {})[rest] = value
            else:
                setattr(self, name, value)
        for name, values in nested.items():
            part = getattr(self, name)
            if not hasattr(part, "set_params"):
                msg = f"{name} has no parameters of its own, so {name}__{next(iter(values))} cannot be set."
                raise ValueError(msg)
            part.set_params(**values)
        return self

    def summary(self, X, y, *, level: float = 0.95, **terms):
        """Table of estimates with standard errors, tests and intervals, as a pandas.DataFrame.

        Parameters
        ----------
        X, y
            As they were given to `fit`.
        level
            Of the intervals.
        **terms
            As in `inference`.
        """
        return self.inference(X, y, **terms).summary(level)

    def __sklearn_clone__(self):
        """An unfitted model with the same parameters."""
        return type(self)(**self._given())

    def _given(self) -> dict[str, Any]:
        """Constructor arguments as the user set them."""
        return self.get_params(deep=False)

    def __sklearn_tags__(self):
        """What scikit-learn should know: a regressor that takes NaN."""
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        population = self._response_ndim == 2
        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(
                required=True,
                two_d_labels=population,
                multi_output=population,
                single_output=not population,
                positive_only=self._positive_only(),
            ),
            regressor_tags=RegressorTags(poor_score=True),  # a score is a log-likelihood, not a share of variance
            input_tags=InputTags(allow_nan=True),
        )

    def _positive_only(self) -> bool:
        """Whether a negative response is refused."""
        return False

    _response_ndim: int

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are coefficients to predict with."""
        return getattr(self, "coef_", None) is not None
