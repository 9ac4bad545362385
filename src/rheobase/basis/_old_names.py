"""Bases as they were spelled before NeMoS 0.2: one name per shape, and ``mode="eval"`` or ``mode="conv"``."""

from __future__ import annotations

from typing import Any

from .._errors import did_you_mean
from .._types import ArrayLike
from ._bspline import BSplineConv, BSplineEval, CyclicBSplineConv, CyclicBSplineEval, MSplineConv, MSplineEval
from ._exponential import OrthExponentialConv, OrthExponentialEval
from ._raised_cosine import RaisedCosineLinearConv, RaisedCosineLinearEval, RaisedCosineLogConv, RaisedCosineLogEval

__all__ = [
    "BSplineBasis",
    "CyclicBSplineBasis",
    "MSplineBasis",
    "OrthExponentialBasis",
    "RaisedCosineBasisLinear",
    "RaisedCosineBasisLog",
]


def _by_mode(eval_class: type, conv_class: type, mode: str, given: dict[str, Any], options: dict[str, Any]) -> Any:
    """An object of the class for `mode`; the options of the convolution may stand among the keywords.

    `given` holds what belongs to both modes, `options` also ``window_size``, ``bounds``, and whatever else was passed.
    """
    if mode not in ("eval", "conv"):
        msg = f"mode must be 'eval' or 'conv', got {mode!r}.{did_you_mean(mode, ('eval', 'conv'))}"
        raise ValueError(msg)
    window_size, bounds = options.pop("window_size", None), options.pop("bounds", None)
    if mode == "eval":
        if window_size is not None or options:
            extra = [*(["window_size"] if window_size is not None else []), *options]
            msg = f"mode='eval' does not convolve: {extra} cannot be used. Did you mean mode='conv'?"
            raise ValueError(msg)
        return eval_class(**given, bounds=bounds)
    if bounds is not None:
        msg = "bounds should only be set when mode='eval'."
        raise ValueError(msg)
    if options.get("axis") == 0:
        del options["axis"]  # the only axis that a basis ever convolved correctly
    return conv_class(**given, window_size=window_size, conv_kwargs=options)


def RaisedCosineBasisLinear(
    n_basis_funcs: int, mode: str = "eval", width: float = 2.0, label: str | None = None, **options: Any
) -> RaisedCosineLinearEval | RaisedCosineLinearConv:
    """`RaisedCosineLinearEval` or, with ``mode="conv"`` and `window_size`, `RaisedCosineLinearConv`."""
    given = {"n_basis_funcs": n_basis_funcs, "width": width, "label": label}
    return _by_mode(RaisedCosineLinearEval, RaisedCosineLinearConv, mode, given, options)


def RaisedCosineBasisLog(
    n_basis_funcs: int,
    mode: str = "eval",
    width: float = 2.0,
    time_scaling: float | None = None,
    enforce_decay_to_zero: bool = True,
    label: str | None = None,
    **options: Any,
) -> RaisedCosineLogEval | RaisedCosineLogConv:
    """`RaisedCosineLogEval` or, with ``mode="conv"`` and `window_size`, `RaisedCosineLogConv`."""
    given = {"n_basis_funcs": n_basis_funcs, "width": width, "label": label}
    given |= {"time_scaling": time_scaling, "enforce_decay_to_zero": enforce_decay_to_zero}
    return _by_mode(RaisedCosineLogEval, RaisedCosineLogConv, mode, given, options)


def BSplineBasis(
    n_basis_funcs: int, mode: str = "eval", order: int = 4, label: str | None = None, **options: Any
) -> BSplineEval | BSplineConv:
    """`BSplineEval` or, with ``mode="conv"`` and `window_size`, `BSplineConv`."""
    given = {"n_basis_funcs": n_basis_funcs, "order": order, "label": label}
    return _by_mode(BSplineEval, BSplineConv, mode, given, options)


def CyclicBSplineBasis(
    n_basis_funcs: int, mode: str = "eval", order: int = 4, label: str | None = None, **options: Any
) -> CyclicBSplineEval | CyclicBSplineConv:
    """`CyclicBSplineEval` or, with ``mode="conv"`` and `window_size`, `CyclicBSplineConv`."""
    given = {"n_basis_funcs": n_basis_funcs, "order": order, "label": label}
    return _by_mode(CyclicBSplineEval, CyclicBSplineConv, mode, given, options)


def MSplineBasis(
    n_basis_funcs: int, mode: str = "eval", order: int = 2, label: str | None = None, **options: Any
) -> MSplineEval | MSplineConv:
    """`MSplineEval` or, with ``mode="conv"`` and `window_size`, `MSplineConv`; the old default order is 2."""
    given = {"n_basis_funcs": n_basis_funcs, "order": order, "label": label}
    return _by_mode(MSplineEval, MSplineConv, mode, given, options)


def OrthExponentialBasis(
    n_basis_funcs: int, decay_rates: ArrayLike, mode: str = "eval", label: str | None = None, **options: Any
) -> OrthExponentialEval | OrthExponentialConv:
    """`OrthExponentialEval` or, with ``mode="conv"`` and `window_size`, `OrthExponentialConv`."""
    given = {"n_basis_funcs": n_basis_funcs, "decay_rates": decay_rates, "label": label}
    return _by_mode(OrthExponentialEval, OrthExponentialConv, mode, given, options)
