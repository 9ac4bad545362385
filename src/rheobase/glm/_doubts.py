"""Data that can be fitted, and are probably not what was meant: a warning says so, once for each fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._errors import SuspiciousDataWarning
from ..design import AbstractDesign, Dense
from ..observation_models import NegativeBinomialObservations, PoissonObservations

__all__ = ["columns_without_values", "warn_of_constant_features", "warn_of_lost_rows", "warn_of_no_counts"]

_SAMPLE = 1 << 14
"""Entries of a response that are looked at."""

_LEAST_COUNTS = 20
"""Entries that are not zero, below which multiples may be chance."""


def warn_of_no_counts(y: np.ndarray, model: Any, stacklevel: int = 3) -> None:
    """Warn if the response of a model of counts, shape (time, neuron), holds rates."""
    if not isinstance(model, PoissonObservations | NegativeBinomialObservations) or not y.size:
        return
    some = y[:: max(len(y) // max(_SAMPLE // y.shape[1], 1), 1)]
    some = some[np.isfinite(some) & (some != 0)]
    broken = some[some != np.floor(some)]
    if broken.size:
        msg = (
            f"y holds values that are no whole numbers, such as {broken[0]:.6g}, but {_name(model)} observations are "
            "counts per bin. Were rates (Hz) or smoothed counts given? Fit the counts, spikes.count(bin_size), and ask "
            "for rates with predict(X, bin_size=...); for traces use observation_model='Gamma' or 'Gaussian'."
        )
        warnings.warn(msg, SuspiciousDataWarning, stacklevel=stacklevel)
    elif some.size >= _LEAST_COUNTS and np.any(some != some[0]):
        step = int(np.gcd.reduce(some[np.abs(some) < 2**53].astype(np.int64)))
        if step >= 5:
            msg = (
                f"every value of y is a multiple of {step}, as if counts had been divided by a bin of {1 / step:.6g} "
                f"s: are these rates (Hz)? {_name(model)} observations are counts per bin; fit spikes.count(bin_size), "
                "and ask for rates with predict(X, bin_size=...)."
            )
            warnings.warn(msg, SuspiciousDataWarning, stacklevel=stacklevel)


def warn_of_lost_rows(design: AbstractDesign, names: Sequence[str], stacklevel: int = 3) -> None:
    """Warn if more than two thirds of the rows have a feature that is NaN or infinite."""
    n_used = design.n_valid
    if 3 * n_used >= design.n_samples:
        return
    msg = (
        f"{design.n_samples - n_used:,} of {design.n_samples:,} rows were left out, because a feature is NaN or "
        f"infinite there{_most_often(design, names)}. Leave that feature out, interpolate it, or restrict the data to "
        "epochs in which it is known."
    )
    warnings.warn(msg, SuspiciousDataWarning, stacklevel=stacklevel)


def warn_of_constant_features(found: Sequence[int], names: Sequence[str], stacklevel: int = 3) -> None:
    """Warn of features that are the same in every row."""
    if not len(found):
        return
    listed = ", ".join(repr(names[number]) for number in found[:10])
    one = len(found) == 1
    msg = (
        f"{'feature' if one else 'features'} {listed} {'has' if one else 'have'} the same value in every row used, "
        f"which is what the intercept says already: the {'coefficient stays' if one else 'coefficients stay'} 0. Leave "
        f"{'it' if one else 'them'} out (a column of ones is not needed), or check that the covariate moves."
    )
    warnings.warn(msg, SuspiciousDataWarning, stacklevel=stacklevel)


def columns_without_values(design: AbstractDesign, names: Sequence[str]) -> str:
    """A sentence that names features without a single number; empty if there is none, or none is in memory."""
    if not isinstance(design, Dense) or design._values.dtype.kind != "f":
        return ""
    empty = np.flatnonzero(~np.isfinite(design._values).any(axis=0))
    if empty.size == design.n_features and empty.size > 1:
        return ""
    listed = ", ".join(repr(names[number]) for number in empty[:10])
    return f" There is no number at all in {'feature' if empty.size == 1 else 'features'} {listed}." if listed else ""


def _most_often(design: AbstractDesign, names: Sequence[str]) -> str:
    if not isinstance(design, Dense):
        return ""
    missing = np.count_nonzero(~np.isfinite(design._values), axis=0)
    return f" (most often {names[int(np.argmax(missing))]!r})"


def _name(model: Any) -> str:
    return type(model).__name__.removesuffix("Observations")
