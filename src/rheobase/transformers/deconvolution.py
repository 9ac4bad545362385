"""From calcium to spikes: `CalciumDeconvolver`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays.threads import for_each
from ..containers._checks import check_choice
from ._base import AbstractTransformer
from ._oasis import deconvolve
from ._oasis_compiled import pools_compiled
from ._traces_in import dressed_like, plain, read_traces

__all__ = ["CalciumDeconvolver"]

ORDERS = {"exponential": 1, "double_exponential": 2}
"""Model of the decay → order of the autoregression."""

COMPILED = 100_000
"""Samples, of all traces, from which compiling a loop costs less than it saves."""


class CalciumDeconvolver(AbstractTransformer):
    """Calcium traces to the amplitudes of the events behind them.

    Baseline, noise, decay and the strength of the penalty are found for each trace on its own, which should be evenly
    sampled, without gaps; the method is that of Friedrich, Zhou & Paninski (2017), PLoS Computational Biology 13.

    Parameters
    ----------
    penalty : {"l0", "l1"}
        Few events of any size, or a small sum of events.
    model : {"exponential", "double_exponential"}
        Calcium that jumps and decays, or that rises and decays.
    threshold : float
        Amplitude above which `predict` sees an event.

    Attributes
    ----------
    fit_params : dict
        Set by `transform`. Column to its ``b`` (baseline), ``g`` (coefficients of the autoregression) and ``lam``
        (strength of the penalty).

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.transformers import CalciumDeconvolver
    >>> rng = np.random.default_rng(0)
    >>> trace = rng.normal(0, 0.1, 400)
    >>> trace[100:] += 0.9 ** np.arange(300)
    >>> int(CalciumDeconvolver().fit_transform(trace).argmax())
    100
    """

    def __init__(self, penalty: str = "l0", model: str = "exponential", threshold: float = 0.001) -> None:
        self.penalty = penalty
        self.model = model
        self.threshold = threshold

    def transform(self, X: Any) -> Any:
        """Amplitude of events.

        Parameters
        ----------
        X : pandas.DataFrame, TsdFrame, Tsd or array_like
            Traces in order of time, shape (time,) or (time, neuron), at least 16 samples, finite.

        Returns
        -------
        same type as `X`
            float64, >= 0, in the unit of the traces.

        Raises
        ------
        ValueError
            If `penalty` or `model` is unknown, or traces are too short or not finite.
        """
        check_choice(self.penalty, ("l0", "l1"), "penalty")
        order = ORDERS[check_choice(self.model, ORDERS, "model")]
        values = np.asarray(plain(X), dtype=np.float64)
        columns = values[:, None] if values.ndim == 1 else values
        if len(columns) < 16 or not np.isfinite(columns).all():
            msg = f"traces should be at least 16 samples, all finite; got {len(columns)}. Fill or cut what is missing."
            raise ValueError(msg)
        events = np.empty_like(columns)
        found: dict[int, dict[str, Any]] = {}
        long = order == 1 and columns.size >= COMPILED

        def one(i: int) -> None:
            how = {"find_pools": pools_compiled} if long else {}
            _, events[:, i], b, g, lam = deconvolve(columns[:, i], order, self.penalty, **how)
            found[i] = {"b": b, "g": g, "lam": lam}

        if long:
            for_each(one, range(columns.shape[1]))  # compiled work holds no lock
        else:
            for i in range(columns.shape[1]):
                one(i)
        labels = read_traces(X).labels.tolist()
        self.fit_params = {label: found[i] for i, label in enumerate(labels)}
        return dressed_like(X, events.reshape(values.shape))

    def predict(self, X: Any) -> Any:
        """Whether there is an event, as 0 or 1, in the type of `X`; see `transform`."""
        return dressed_like(X, (plain(self.transform(X)) > self.threshold).astype(np.int64))

    def score(self, X: Any, y: Any) -> float:
        """Share of samples at which `predict` agrees with `y`, in every column.

        Parameters
        ----------
        X : pandas.DataFrame, TsdFrame, Tsd or array_like
            Traces.
        y : same shape as `X`
            0 or 1.
        """
        agree = plain(self.predict(X)) == plain(y)
        return float(np.mean(agree if agree.ndim == 1 else agree.all(axis=1)))
