"""Bases: families of functions that turn a variable, or its recent past, into features of a model.

A basis ending in ``Eval`` evaluates its functions at the samples (tuning to a position, a direction, a current); one
ending in ``Conv`` convolves the samples with its functions laid over a window of lags (spike history, coupling,
stimulus filters).
``a + b`` lays features side by side, ``a * b`` makes interactions.

>>> from rheobase.basis import RaisedCosineLogConv, RaisedCosineLinearEval
>>> basis = RaisedCosineLinearEval(8, label="position") + RaisedCosineLogConv(6, window_size=50, label="history")
>>> basis.n_basis_funcs
14
"""

from __future__ import annotations

from . import _names
from ._bspline import BSplineConv, BSplineEval, CyclicBSplineConv, CyclicBSplineEval, MSplineConv, MSplineEval
from ._compose import AdditiveBasis, MultiplicativeBasis
from ._core import AbstractBasis
from ._custom import Category, CustomBasis
from ._exponential import OrthExponentialConv, OrthExponentialEval
from ._fourier import FourierEval
from ._leaf import AbstractConvBasis, AbstractEvalBasis
from ._old_names import (
    BSplineBasis,
    CyclicBSplineBasis,
    MSplineBasis,
    OrthExponentialBasis,
    RaisedCosineBasisLinear,
    RaisedCosineBasisLog,
)
from ._raised_cosine import RaisedCosineLinearConv, RaisedCosineLinearEval, RaisedCosineLogConv, RaisedCosineLogEval
from ._simple import HistoryConv, IdentityEval, Zero
from .transformer import TransformerBasis

__all__ = [
    "AbstractBasis",
    "AbstractConvBasis",
    "AbstractEvalBasis",
    "AdditiveBasis",
    "BSplineBasis",
    "BSplineConv",
    "BSplineEval",
    "Category",
    "CustomBasis",
    "CyclicBSplineBasis",
    "CyclicBSplineConv",
    "CyclicBSplineEval",
    "FourierEval",
    "HistoryConv",
    "IdentityEval",
    "MSplineBasis",
    "MSplineConv",
    "MSplineEval",
    "MultiplicativeBasis",
    "OrthExponentialBasis",
    "OrthExponentialConv",
    "OrthExponentialEval",
    "RaisedCosineBasisLinear",
    "RaisedCosineBasisLog",
    "RaisedCosineLinearConv",
    "RaisedCosineLinearEval",
    "RaisedCosineLogConv",
    "RaisedCosineLogEval",
    "TransformerBasis",
    "Zero",
]

_names.CLASS_NAMES.update(name for name in __all__ if isinstance(globals()[name], type))


def __dir__() -> list[str]:
    return sorted(__all__)
