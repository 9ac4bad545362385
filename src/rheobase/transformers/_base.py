"""What all transformers share: scikit-learn's protocol, spoken without importing scikit-learn.

`clone`, `Pipeline`, `cross_val_score` and `GridSearchCV` ask for `get_params`, `set_params` and the two dunder methods
below; none of them needs a base class, and scikit-learn takes long to import.
"""

from __future__ import annotations

import abc
import inspect
from typing import Any, Self

import numpy as np

from .._errors import did_you_mean
from .._manners import PublicNames

__all__ = ["AbstractTransformer"]


class AbstractTransformer(PublicNames, abc.ABC):
    """Constructor arguments as parameters, `fit` that learns nothing, `fit_transform`."""

    @abc.abstractmethod
    def transform(self, X: Any) -> Any:
        """`X` in another shape."""

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Do nothing: a transformer learns nothing from data.

        Parameters
        ----------
        X, y
            Not used.

        Returns
        -------
        self
        """
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """`transform` of `X`; `y` is not used."""
        return self.fit(X, y).transform(X)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Constructor arguments by name.

        Parameters
        ----------
        deep : bool
            Also those of arguments that are transformers, as ``argument__parameter``.
        """
        params: dict[str, Any] = {}
        for name in self._param_names():
            value = params[name] = getattr(self, name)
            if deep and isinstance(value, AbstractTransformer):
                params |= {f"{name}__{key}": nested for key, nested in value.get_params().items()}
        return params

    def set_params(self, **params: Any) -> Self:
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
        for key, value in params.items():
            name, _, rest = key.partition("__")
            part = getattr(self, name) if name in known else None
            if name not in known or (rest and not isinstance(part, AbstractTransformer)):
                msg = (
                    f"{type(self).__name__} has no parameter {key!r}; it has {', '.join(map(repr, known))}."
                    f"{did_you_mean(name, known)}"
                )
                raise ValueError(msg)
            if rest:
                part.set_params(**{rest: value})
            else:
                setattr(self, name, value)
        return self

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing: what comes out has labels already. It is here because a pipeline asks all its steps.

        Parameters
        ----------
        transform : str, optional
            Not used.
        """
        return self

    @classmethod
    def _param_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def __sklearn_clone__(self) -> Self:
        """The same arguments in a new object; recordings are shared, not copied for every fold."""
        params = self.get_params(deep=False)
        parts = {k: v.__sklearn_clone__() if isinstance(v, AbstractTransformer) else v for k, v in params.items()}
        return type(self)(**parts)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags, TransformerTags

        tags = Tags(estimator_type=None, target_tags=TargetTags(required=False), transformer_tags=TransformerTags())
        tags.input_tags.allow_nan = True
        tags.requires_fit = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={_short(value)}" for name, value in self.get_params(deep=False).items())
        return f"{type(self).__name__}({given})"


def _short(value: Any) -> str:
    """A recording by its size, a function by its name, anything else as it prints."""
    if isinstance(value, str | int | float | AbstractTransformer | None):
        return repr(value)
    if callable(value):
        return getattr(value, "__name__", repr(value))
    if isinstance(value, np.ndarray | list | tuple) and np.size(value) <= 6:
        return repr(value)
    try:
        return f"<{type(value).__name__} of {len(value)}>"
    except TypeError:
        return repr(value)
