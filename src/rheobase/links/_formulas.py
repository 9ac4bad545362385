"""The inverse links that have a name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._core import LOW, AbstractInverseLink, log1p_exp, log_inside, namespace, softplus_for_jax

__all__ = ["Exp", "Identity", "LogSoftmax", "Logistic", "Probit", "Reciprocal", "Softplus"]


@dataclass(frozen=True)
class Identity(AbstractInverseLink):
    r""":math:`\mu = \eta`, the canonical choice for Gaussian responses."""

    name = "identity"

    def __call__(self, eta):
        return eta

    def log(self, eta):
        return log_inside(eta)

    def link(self, mean):
        return mean


@dataclass(frozen=True)
class Exp(AbstractInverseLink):
    r""":math:`\mu = e^{\eta}`, the canonical choice for counts."""

    name = "exp"
    bounds = (0.0, np.inf)
    positive = True

    def __call__(self, eta):
        return namespace(eta).exp(eta)

    def log(self, eta):
        return eta

    def log_complement(self, eta):
        xp = namespace(eta)
        inside = eta < 0
        return xp.where(inside, xp.log(-xp.expm1(xp.where(inside, eta, -1.0))), -xp.inf)

    def link(self, mean):
        return np.log(mean)


@dataclass(frozen=True)
class Softplus(AbstractInverseLink):
    r""":math:`\mu = \log(1 + e^{\eta})`: exponential below zero, linear above."""

    name = "softplus"
    bounds = (0.0, np.inf)
    positive = True

    def __call__(self, eta):
        return log1p_exp(eta)

    def log(self, eta):
        if namespace(eta) is not np:
            return softplus_for_jax()[1](eta)
        low = eta < LOW
        return np.where(low, eta, np.log(np.logaddexp(np.where(low, 0.0, eta), 0.0)))

    def link(self, mean):
        return mean + np.log(-np.expm1(-mean))


@dataclass(frozen=True)
class Reciprocal(AbstractInverseLink):
    r""":math:`\mu = 1 / \eta` for :math:`\eta > 0`, the canonical choice for Gamma responses; decreasing."""

    name = "one_over_x"
    bounds = (0.0, np.inf)

    def __call__(self, eta):
        if namespace(eta) is np:
            with np.errstate(divide="ignore"):
                return np.divide(1.0, eta)
        return 1.0 / eta

    def log(self, eta):
        xp = namespace(eta)
        inside = eta > 0
        return xp.where(inside, -xp.log(xp.where(inside, eta, 1.0)), -xp.inf)

    def link(self, mean):
        return np.divide(1.0, mean)


@dataclass(frozen=True)
class Logistic(AbstractInverseLink):
    r""":math:`\mu = 1 / (1 + e^{-\eta})`, the canonical choice for zeros and ones."""

    name = "logistic"
    bounds = (0.0, 1.0)
    positive = True

    def __call__(self, eta):
        if namespace(eta) is np:
            from scipy.special import expit
        else:
            from jax.scipy.special import expit
        return expit(eta)

    def log(self, eta):
        return -log1p_exp(-eta)

    def log_complement(self, eta):
        return -log1p_exp(eta)

    def link(self, mean):
        from scipy.special import logit

        return logit(mean)


@dataclass(frozen=True)
class Probit(AbstractInverseLink):
    r""":math:`\mu = \Phi(\eta)`, the standard normal distribution function: an ideal observer's noise for choices."""

    name = "norm_cdf"
    bounds = (0.0, 1.0)
    positive = True

    def __call__(self, eta):
        if namespace(eta) is np:
            from scipy.special import ndtr
        else:
            from jax.scipy.special import ndtr
        return ndtr(eta)

    def log(self, eta):
        if namespace(eta) is np:
            from scipy.special import log_ndtr

            return log_ndtr(eta)
        from jax.scipy.special import log_ndtr

        return log_ndtr(eta, series_order=12)  # the default, 3, jumps by 4e-9 at -20, where the tail's series begins

    def log_complement(self, eta):
        return self.log(-eta)

    def link(self, mean):
        from scipy.special import ndtri

        return ndtri(mean)


@dataclass(frozen=True)
class LogSoftmax(AbstractInverseLink):
    r""":math:`\mu_k = \eta_k - \log\sum_j e^{\eta_j}` along the last axis.

    What travels as the mean of a categorical response is the logarithm of its probabilities, which never underflow.
    """

    name = "log_softmax"
    bounds = (-np.inf, 0.0)

    def __call__(self, eta):
        if namespace(eta) is np:
            from scipy.special import log_softmax
        else:
            from jax.nn import log_softmax
        return log_softmax(eta, axis=-1)

    def log(self, eta):
        """The log-probabilities, as `__call__`."""
        return self(eta)

    def link(self, mean):
        """Log-probabilities `mean` (..., category) less their average: the one predictor of many that sums to zero."""
        return mean - np.mean(mean, axis=-1, keepdims=True)
