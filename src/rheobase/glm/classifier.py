"""Models of which of several classes each row belongs to."""

from __future__ import annotations

from ._classifier import AbstractClassifier
from ._masked import MaskedFeatures

__all__ = ["ClassifierGLM", "ClassifierPopulationGLM"]


class ClassifierGLM(AbstractClassifier):
    r"""Multinomial logistic regression: :math:`\log p_{tk} = x_t^\top w_k + b_k - \log\sum_j e^{x_t^\top w_j + b_j}`.

    Every class has coefficients of its own; they and the intercepts sum to zero over classes.

    Parameters
    ----------
    n_classes : int, default 2
        Number of classes.
    inverse_link_function : "log_softmax" or None
        There is no other.
    regularizer : {"Ridge", "UnRegularized"}, regularizer or None
        None is a ridge; ``Smoothness(basis)`` penalises the roughness of each class's coefficients.
    regularizer_strength : float or array, optional
        1.0 by default; an array has the shape of `coef_`, or (feature,). ``"cv"``, or a `CV`, chooses by held-out rows;
        the search is in `cv_`, the choice in `strength_`.
    solver_name, solver_kwargs : optional
        Exact Newton steps are taken whatever the name; ``tol`` and ``maxiter`` are used with ``"Newton"`` or none.

    Attributes
    ----------
    classes_ : numpy.ndarray
        Labels, sorted, shape (class,).
    coef_ : numpy.ndarray
        Shape (feature, class), float64 whatever JAX's precision.
    intercept_ : numpy.ndarray
        Shape (class,).
    solution_ : rheobase.solvers.Solution
        How the optimum was found.
    silent_ : numpy.ndarray
        Shape (1,): True if a class has no row among those used.
    scale_, dof_resid_
        As in `GLM`.

    Notes
    -----
    With two classes this is a Bernoulli `GLM` of the second one, whose coefficients are the difference of the columns,
    and whose ridge is half as strong: ``regularizer_strength=s`` here is ``s / 2`` there. In scikit-learn's
    ``LogisticRegression``, with three classes or more, it is ``C=1 / (n_samples * s)``.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.glm import ClassifierGLM
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 2))
    >>> wish = X @ [[-1, 0, 1], [0, 1, 0]] + rng.gumbel(size=(3000, 3))
    >>> port = np.array(["left", "middle", "right"])[wish.argmax(axis=1)]
    >>> model = ClassifierGLM(n_classes=3, regularizer="UnRegularized").fit(X, port)
    >>> model.coef_.round(1)
    array([[-1.1,  0. ,  1. ],
           [-0.4,  0.7, -0.3]])
    >>> model.predict(X[:3]), model.predict_proba(X[:3], "proba").shape
    (array(['right', 'right', 'left'], dtype='<U6'), (3, 3))
    """

    _response_ndim = 1


class ClassifierPopulationGLM(MaskedFeatures, AbstractClassifier):
    """Multinomial logistic regressions of many neurons (or animals) over the same features and classes.

    Every neuron is fitted to its own optimum; the answer for one does not depend on the others.

    Parameters
    ----------
    n_classes, inverse_link_function, regularizer, regularizer_strength, solver_name, solver_kwargs
        As in `ClassifierGLM`; a strength may also be an array of shape (feature, neuron, class).
    feature_mask : array of 0 and 1, optional
        Shape (feature, neuron, class); a coefficient whose entry is 0 stays 0.

    Attributes
    ----------
    coef_ : numpy.ndarray
        Shape (feature, neuron, class), float64 whatever JAX's precision.
    intercept_ : numpy.ndarray
        Shape (neuron, class).
    classes_, solution_, silent_, scale_, dof_resid_
        As in `ClassifierGLM`, one entry a neuron.
    """

    _mask_axes = "(feature, neuron, class)"
    _response_ndim = 2

    def __init__(
        self,
        n_classes=2,
        inverse_link_function=None,
        regularizer=None,
        regularizer_strength=None,
        solver_name=None,
        solver_kwargs=None,
        feature_mask=None,
    ):
        super().__init__(
            n_classes, inverse_link_function, regularizer, regularizer_strength, solver_name, solver_kwargs
        )
        self.feature_mask = feature_mask
