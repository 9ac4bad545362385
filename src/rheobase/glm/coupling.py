"""Which senders each neuron of a population may listen to."""

from __future__ import annotations

import numpy as np

from .._errors import did_you_mean
from .._types import IntArray

__all__ = ["coupling_mask"]

_KEPT = ("all", "self", "others")


def coupling_mask(
    n_neurons: int, n_basis_funcs: int, keep: str = "all", *, before: int = 0, after: int = 0
) -> IntArray:
    """Mask for features that are the convolved counts of a population, sender after sender.

    Such features come from ``basis.compute_features(counts)`` with `counts` of shape (time, neuron): the functions of
    sender 0, then those of sender 1, and so on.

    Parameters
    ----------
    n_neurons
        Neurons, which are senders and receivers.
    n_basis_funcs
        Features of one sender.
    keep : {"all", "self", "others"}
        ``"self"`` leaves each neuron its own past only (history), ``"others"`` that of all others (coupling alone).
    before, after
        Other features in front of these and behind them (a stimulus, say), kept for every neuron.

    Returns
    -------
    IntArray
        0 and 1, shape (feature, neuron), for ``PopulationGLM(feature_mask=...)``.

    Raises
    ------
    ValueError
        If `keep` is unknown, or a number is negative or zero where there must be one.

    Examples
    --------
    >>> from rheobase.glm import coupling_mask
    >>> coupling_mask(2, 3, keep="self", before=1).T
    array([[1, 1, 1, 1, 0, 0, 0],
           [1, 0, 0, 0, 1, 1, 1]])
    """
    if keep not in _KEPT:
        msg = f"keep must be one of {', '.join(map(repr, _KEPT))}, got {keep!r}.{did_you_mean(keep, _KEPT)}"
        raise ValueError(msg)
    for name, value, least in (
        ("n_neurons", n_neurons, 1),
        ("n_basis_funcs", n_basis_funcs, 1),
        ("before", before, 0),
        ("after", after, 0),
    ):
        if not isinstance(value, int | np.integer) or value < least:
            msg = f"{name} must be an integer >= {least}, got {value!r}."
            raise ValueError(msg)
    own = np.eye(n_neurons, dtype=np.int64)
    pairs = {"all": np.ones_like(own), "self": own, "others": 1 - own}[keep]
    free = np.ones((1, n_neurons), dtype=np.int64)
    return np.vstack([free.repeat(before, axis=0), pairs.repeat(n_basis_funcs, axis=0), free.repeat(after, axis=0)])
