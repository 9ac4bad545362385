r"""Inverse links: from the linear predictor :math:`\eta` to the mean :math:`\mu`.

Each inverse link is one small final class that holds formulas and no state. The same formula serves NumPy (scores and
predictions on the host) and JAX (compiled fits): the namespace of the argument decides. `resolve` turns what a user
may write (a name, a JAX function, an instance) into one of them.

References
----------
McCullagh & Nelder (1989), *Generalized Linear Models*, 2nd ed., section 2.2.
"""

from __future__ import annotations

from ._core import AbstractInverseLink
from ._custom import CustomInverseLink
from ._formulas import Exp, Identity, Logistic, LogSoftmax, Probit, Reciprocal, Softplus
from ._resolve import resolve

__all__ = [
    "AbstractInverseLink",
    "CustomInverseLink",
    "Exp",
    "Identity",
    "LogSoftmax",
    "Logistic",
    "Probit",
    "Reciprocal",
    "Softplus",
    "resolve",
]


def __dir__() -> list[str]:
    return sorted(__all__)
