"""Time rescaling, as a curve for each neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...scores import ks_test

if TYPE_CHECKING:
    from ..fitted import FittedSession

__all__ = ["ks_curves"]

_SEED = 0
"""As in the table of scores, so that curves and numbers are of the same draw."""

_NOT_COUNTS = ("Gamma", "Gaussian")


def ks_curves(fitted: FittedSession, n_points: int) -> dict[str, Any]:
    """Measured against expected fraction of rescaled intervals, held out.

    Parameters
    ----------
    fitted
        The session.
    n_points
        Points along each curve.

    Returns
    -------
    dict
        ``expected`` (shape (point,)), ``measured`` (shape (point, neuron)), ``n_intervals`` (shape (neuron,)); empty
        for responses that are no counts.
    """
    model = fitted.model.observation_model
    if type(model).__name__.removesuffix("Observations") in _NOT_COUNTS:
        return {}
    scale = fitted.model.scale_ if model.has_dispersion else None
    pair = fitted.counts.restrict(fitted.held_out), fitted.predicted.restrict(fitted.held_out)
    test = ks_test(*pair, seed=_SEED, observation_model=model, scale=scale)
    grid = np.linspace(0.0, 1.0, n_points)
    curves = [
        np.searchsorted(np.sort(u), grid, side="right") / u.size if u.size else np.full(n_points, np.nan)
        for u in test.rescaled.uniforms
    ]
    return {"expected": grid, "measured": np.stack(curves, axis=1), "n_intervals": test.n_intervals}
