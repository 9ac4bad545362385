"""Constructor arguments of a classifier, and the labels of its classes."""

from __future__ import annotations

import numpy as np

from ..links import LogSoftmax
from ..observation_models import CategoricalObservations
from ..regularizer import Ridge, Smoothness, UnRegularized
from ._arguments import AbstractArguments
from ._labels import classes_in, read_labels
from ._reml import REML

__all__ = ["AbstractClassifierArguments"]


class AbstractClassifierArguments(AbstractArguments):
    """What a classifier is made of; see `ClassifierGLM` for the parameters."""

    def __init__(
        self,
        n_classes=2,
        inverse_link_function=None,
        regularizer=None,
        regularizer_strength=None,
        solver_name=None,
        solver_kwargs=None,
    ):
        self.n_classes = n_classes
        super().__init__(
            CategoricalObservations(),
            inverse_link_function,
            regularizer,
            regularizer_strength,
            solver_name,
            solver_kwargs,
        )

    def __sklearn_tags__(self):
        """What scikit-learn should know: a classifier that takes NaN."""
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.regressor_tags = "classifier", None
        tags.classifier_tags = ClassifierTags(poor_score=True, multi_class=self.n_classes > 2)
        return tags

    def _positive_only(self) -> bool:
        return False  # labels are of any type

    # --- constructor arguments ----------------------------------------------------------------------------------

    @property
    def n_classes(self) -> int:
        """Number of classes; setting it forgets their labels."""
        return self._n_classes

    @n_classes.setter
    def n_classes(self, value):
        number = np.asarray(value)
        if number.size != 1 or number.dtype.kind not in "iuf" or number.item() < 2 or number.item() % 1:
            msg = f"n_classes must be an integer of at least 2, got {value!r}."
            raise ValueError(msg)
        self._n_classes = int(number.item())
        self.classes_ = None

    @property
    def observation_model(self):
        """Categorical, always."""
        return self._observation_model

    @observation_model.setter
    def observation_model(self, value):
        if not isinstance(value, CategoricalObservations):
            msg = f"{type(self).__name__} models classes; for other observation models there are GLM and PopulationGLM."
            raise TypeError(msg)
        self._observation_model = value

    @property
    def inverse_link_function(self):
        """The logarithm of the softmax."""
        return self._inverse_link

    @inverse_link_function.setter
    def inverse_link_function(self, value):
        AbstractArguments.inverse_link_function.fset(self, value)
        if not isinstance(self._inverse_link, LogSoftmax):
            msg = (
                f"inverse_link_function of {type(self).__name__} must be 'log_softmax' (or None), got "
                f"{self._inverse_link.name!r}: probabilities of classes must sum to one."
            )
            raise ValueError(msg)

    @property
    def regularizer(self):
        """Penalty; set by name, instance or None (a ridge). Setting it clears the strength."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value):
        AbstractArguments.regularizer.fset(self, Ridge() if value is None else value)
        if not isinstance(self._regularizer, UnRegularized | Ridge | Smoothness):
            msg = (
                f"{type(self).__name__} takes regularizer='Ridge', 'UnRegularized' or Smoothness(...), got "
                f"{self._regularizer!r}: penalties that select coefficients are not there for classes."
            )
            raise ValueError(msg)

    @property
    def regularizer_strength(self):
        """Strength of the penalty, ``"cv"`` or `CV`; None for an unregularised model."""
        return AbstractArguments.regularizer_strength.fget(self)

    @regularizer_strength.setter
    def regularizer_strength(self, value):
        if isinstance(value, REML) or (isinstance(value, str) and value == "reml"):
            msg = (
                f"{type(self).__name__} has no restricted likelihood to choose its strength by; pass a number, or "
                "regularizer_strength='cv'."
            )
            raise ValueError(msg)
        AbstractArguments.regularizer_strength.fset(self, value)

    # --- labels ---------------------------------------------------------------------------------------------------

    def set_classes(self, y):
        """Learn the labels of the classes.

        Parameters
        ----------
        y : array-like or time series
            Labels, each class at least once, any shape.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there are not exactly `n_classes` different ones.
        """
        found = classes_in(read_labels(y))
        if len(found) != self.n_classes:
            some = ", ".join(map(repr, found[:10].tolist()))
            more = "" if len(found) <= 10 else ", ..."
            msg = (
                f"y holds {len(found)} different class label(s) ({some}{more}), but n_classes={self.n_classes}. Set "
                "n_classes to their number, or pass labels in which each class occurs."
            )
            raise ValueError(msg)
        self.classes_ = found
        return self

    def _classes(self, method: str) -> np.ndarray:
        if self.classes_ is None:
            msg = f"the labels of the classes are not known: call set_classes(y) or fit(X, y) before {method}."
            raise RuntimeError(msg)
        return self.classes_

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        head, _, rest = super().__repr__(N_CHAR_MAX).partition("\n")
        rest = "\n".join(line for line in rest.split("\n") if not line.startswith("    observation_model="))
        return f"{head}\n    n_classes={self.n_classes},\n{rest}"
