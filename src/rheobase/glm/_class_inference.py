r"""How sure a classifier is of its coefficients.

With probabilities :math:`p_{tk}` and weights :math:`a_t` the information of classes :math:`k, l` is :math:`J_{kl} =
\sum_t a_t\, p_{tk} (\delta_{kl} - p_{tl})\, x_t x_t^\top`. A shift of all classes by the same vector changes no
probability; coefficients are those that sum to zero over classes, and their covariance is the inverse of :math:`J + P`
on that subspace. Differences between two classes, which do not depend on this choice, are what `relative_to` gives.

References
----------
McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., section 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import did_you_mean
from .._types import FloatArray
from ._classify import penalty_of_neuron, problem_of_neuron
from ._inference import KINDS, Inference, with_ones
from ._trees import joined
from ._used_rows import row_weights, rows_counted

if TYPE_CHECKING:
    from ._classifier import AbstractClassifier

__all__ = ["ClassInference", "infer_classes"]


@dataclass(frozen=True, repr=False)
class ClassInference(Inference):
    """Uncertainty of the parameters of a fitted classifier.

    The parameters of a neuron stand class by class: coefficients of the first class and its intercept, those of the
    next, and so on; `names` says which is which. Beside what `Inference` has:

    Attributes
    ----------
    classes : tuple
        Labels of the classes.
    """

    classes: tuple[Any, ...] = ()

    def relative_to(self, label: Any) -> ClassInference:
        """The same for differences from one class, as tables of multinomial regression show them.

        Parameters
        ----------
        label
            Of the class that is subtracted; it has no parameters in the result.

        Raises
        ------
        ValueError
            If there is no such class.
        """
        if label not in self.classes:
            msg = f"label must be one of the classes {', '.join(map(repr, self.classes))}, got {label!r}."
            raise ValueError(msg)
        n, own = len(self.params) // len(self.classes), self.classes.index(label)
        others = [k for k in range(len(self.classes)) if k != own]
        to_difference = np.zeros((len(others), len(self.classes)))
        to_difference[np.arange(len(others)), others] = 1.0
        to_difference[:, own] = -1.0
        to_difference = np.kron(to_difference, np.eye(n))
        return replace(
            self,
            params=to_difference @ self.params,
            covariance=to_difference @ self.covariance @ to_difference.T,
            names=tuple(self.names[k * n + i] for k in others for i in range(n)),
            classes=tuple(self.classes[k] for k in others),
        )

    def of_predictor(self, X) -> FloatArray:
        """Standard error of the linear predictor of each class at each row of `X`, shape (time, neuron, class).

        Parameters
        ----------
        X : array-like
            Features, shape (time, feature).
        """
        ones = with_ones(X)
        n, n_classes = ones.shape[1], len(self.classes)
        blocks = self.covariance.reshape(-1, n_classes, n, n_classes, n)
        own = np.einsum("nkikj->nkij", blocks)
        return np.sqrt(np.maximum(np.einsum("ti,nkij,tj->tnk", ones, own, ones, optimize=True), 0.0))


def infer_classes(
    model: AbstractClassifier, design, index, weight, names: tuple[str, ...], neurons: tuple[Any, ...], kind: str
) -> ClassInference:
    """Uncertainty of a fitted classifier at the data it was fitted to.

    Parameters
    ----------
    model
        Fitted.
    design, index, weight
        Features; class of each row, shape (time, neuron), -1 for none; weights, shape (time, 1 or neuron), or None.
    names, neurons
        Of the features and of the neurons.
    kind
        ``"bayesian"`` or ``"sandwich"``, as for `Inference`.

    Raises
    ------
    ValueError
        If `kind` is neither.
    """
    if kind not in KINDS:
        msg = f"kind must be one of {', '.join(map(repr, KINDS))}, got {kind!r}.{did_you_mean(kind, KINDS)}"
        raise ValueError(msg)
    n_features, n_neurons, n_classes = design.n_features, index.shape[1], model.n_classes
    coef = np.asarray(joined(model.coef_)).reshape(n_features, n_neurons, n_classes)
    intercept = np.asarray(model.intercept_, dtype=np.float64).reshape(n_neurons, n_classes)
    size = n_features + 1
    known = (index >= 0) & (True if weight is None else weight > 0)
    standard = design.standardized(known.any(axis=1))
    weights = row_weights(standard, known, weight)
    counted = rows_counted(weights, weight, len(index), n_neurons)["weight_used"]
    strength, factor = (model.strength_, None) if model.cv_ is None else (1.0, model.cv_.best_strength)
    mask = model._mask(coef.shape)
    covariance = np.zeros((n_neurons, n_classes * size, n_classes * size))
    dof, likelihood, total = np.zeros(n_neurons), np.zeros(n_neurons), np.zeros(n_neurons)
    to_user = np.diag(np.append(1.0 / standard.scale, 1.0))
    to_user[-1, :-1] = -standard.center / standard.scale
    for n in range(n_neurons):
        row = weights[:, min(n, weights.shape[1] - 1)]
        here = np.flatnonzero(np.bincount(np.maximum(index[:, n], 0), row[: len(index)], n_classes))
        total[n] = counted[n]
        if len(here) < 2:
            continue
        penalty = penalty_of_neuron(model.regularizer, strength, factor, n, (n_features, n_classes), standard)
        own = None if mask is None else mask[:, n]
        problem = problem_of_neuron(standard, index[:, n], row, here, penalty, own)
        params = np.vstack(standard.convert(coef[:, n, here], intercept[n, here])) * problem.free
        loss, probability = problem.evaluate(problem.predictor(params))
        likelihood[n] = -total[n] * loss
        inside, dof[n] = _invert(problem, probability, total[n], kind)
        turned = to_user @ inside @ to_user.T  # (class, class, size, size)
        where = (here[:, None] * size + np.arange(size)).ravel()
        covariance[n][np.ix_(where, where)] = turned.transpose(0, 2, 1, 3).reshape(len(where), -1)
    classes = tuple(model.classes_.tolist())
    parameters = (*names, "intercept")
    return ClassInference(
        params=np.concatenate([np.vstack([coef[..., k], intercept[:, k]]) for k in range(n_classes)]),
        covariance=covariance,
        effective_dof=dof,
        log_likelihood=likelihood,
        n_rows=total,
        dof_resid=total - dof,
        estimated_scale=False,
        names=tuple(f"{name} ({label})" for label in classes for name in parameters),
        neurons=neurons,
        classes=classes,
    )


def _invert(problem, probability: FloatArray, total: float, kind: str) -> tuple[FloatArray, float]:
    """Covariance in standardised units, shape (class, class, size, size), and effective degrees of freedom."""
    n_classes, size = problem.n_classes, problem.design.n_features + 1
    information = total * problem.hessian(probability, constant=False).reshape(n_classes * size, -1)
    bend = np.zeros_like(information)
    blocks = np.zeros((n_classes, size, size))
    problem.penalty.add_to(blocks, np.arange(n_classes))
    for k, block in enumerate(blocks):
        bend[k * size : (k + 1) * size, k * size : (k + 1) * size] = total * block
    shiftable = problem.shiftable()
    onto = np.kron(np.eye(n_classes), np.eye(size)) - np.kron(
        np.full((n_classes, n_classes), 1.0 / n_classes), np.diag(shiftable.astype(float))
    )
    free = problem.free.T.ravel()
    whole = onto @ (information + bend) @ onto * np.outer(free, free)
    scale = 1.0 / np.sqrt(np.maximum(np.diagonal(information + bend), 1e-300)) * free
    scale = np.where(free, np.median(scale[free]) if free.any() else 1.0, 0.0)
    inverse = np.linalg.pinv(whole * np.outer(scale, scale), rcond=1e-12, hermitian=True) * np.outer(scale, scale)
    inverse = onto @ inverse @ onto
    shrink = inverse @ information
    covariance = inverse if kind == "bayesian" else shrink @ inverse
    return covariance.reshape(n_classes, size, n_classes, size).transpose(0, 2, 1, 3), float(np.trace(shrink))
