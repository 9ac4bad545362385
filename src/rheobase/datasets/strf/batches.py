"""Ragged items side by side in one array, and several data sets as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..._types import ArrayLike, BoolArray, FloatArray
from .neural_dataset import NeuralDataset, missing

__all__ = ["Batch", "concat_neural_datasets", "neural_collate", "psth", "stacked_responses"]


class Batch(NamedTuple):
    """Items of a data set in arrays.

    Attributes
    ----------
    stims : ndarray
        Shape (stimulus, 1, band, time), zeros to the right of shorter ones.
    responses : ndarray
        Shape (stimulus, neuron, repeat, time), NaN where nothing was recorded.
    valid_mask : ndarray
        Where something was, same shape.
    stim_meta : list of dict
        What is known of each stimulus.
    """

    stims: np.ndarray
    responses: np.ndarray
    valid_mask: BoolArray
    stim_meta: list[dict[str, Any]]


def neural_collate(batch: Sequence[tuple[Any, Any, Any, Any]]) -> Batch:
    """Put items of a data set into arrays.

    Parameters
    ----------
    batch : sequence of items
        As ``ds[i]`` gives them, of one data set under one selection.

    Returns
    -------
    Batch

    Raises
    ------
    ValueError
        If there is no item, or items differ in their neurons or bands.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.datasets.strf import NeuralDataset, neural_collate
    >>> ds = NeuralDataset([np.ones((1, 3, 4)), np.ones((1, 3, 6))], [[np.zeros((2, 4))], [np.zeros((3, 6))]])
    >>> batch = neural_collate([ds[0], ds[1]])
    >>> batch.stims.shape, batch.responses.shape, int(batch.valid_mask.sum())
    ((2, 1, 3, 6), (2, 1, 3, 6), 26)
    """
    items = list(batch)
    if not items:
        msg = "batch must hold at least one item of a data set."
        raise ValueError(msg)
    sizes = {(len(item[1]), item[0].shape[:-1]) for item in items}
    if len(sizes) > 1:
        msg = f"items must have the same neurons and bands, got {sorted(sizes)}."
        raise ValueError(msg)
    n_bins = max(item[0].shape[-1] for item in items)
    stims = np.zeros((len(items), *items[0][0].shape[:-1], n_bins), dtype=np.float32)
    for out, item in zip(stims, items, strict=True):
        out[..., : item[0].shape[-1]] = item[0]
    waveform = items[0][0].ndim == 2
    masks = np.array([item[2] for item in items], dtype=bool)
    responses = stacked_responses([item[1] for item in items], masks, None if waveform else n_bins)
    return Batch(stims, responses, ~np.isnan(responses), [item[3] for item in items])


def stacked_responses(rows: Sequence[Sequence[np.ndarray]], masks: BoolArray, n_bins: int | None = None) -> np.ndarray:
    """Responses (stimulus, neuron) of shape (repeat, time) in one float32 array, NaN elsewhere."""
    real = [one.shape for row, known in zip(rows, masks, strict=True) for one, k in zip(row, known, strict=True) if k]
    n_repeats = max((shape[0] for shape in real), default=1)
    longest = max((shape[1] for shape in real), default=1)
    shape = (len(rows), masks.shape[1], n_repeats, longest if n_bins is None else n_bins)
    out = np.full(shape, np.nan, dtype=np.float32)
    for s, n in zip(*np.nonzero(masks), strict=True):
        one = rows[s][n]
        out[s, n, : one.shape[0], : one.shape[1]] = one
    return out


def psth(responses: ArrayLike) -> FloatArray:
    """Mean over repeats, which stay as an axis of length one; NaN where nothing was recorded.

    Parameters
    ----------
    responses : array_like
        Shape (..., repeat, time), with NaN where there is nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.datasets.strf import psth
    >>> psth([[0.0, 2.0, np.nan], [1.0, np.nan, np.nan]])
    array([[0.5, 2. , nan]])
    """
    values = np.asarray(responses, dtype=np.float64)
    known = ~np.isnan(values)
    n = known.sum(axis=-2, keepdims=True)
    return np.where(n > 0, np.where(known, values, 0.0).sum(axis=-2, keepdims=True) / np.maximum(n, 1), np.nan)


def concat_neural_datasets(datasets: Sequence[NeuralDataset], names: Sequence[str] | None = None) -> NeuralDataset:
    """Several data sets as one: all stimuli and all neurons, with nothing recorded across data sets.

    Parameters
    ----------
    datasets : sequence of NeuralDataset
        With the same bin width and bands. One alone is returned as it is.
    names : sequence of str, optional
        What their metadata say under ``dataset``; the names of their classes by default.

    Returns
    -------
    NeuralDataset
        Without a selection; arrays are shared, metadata are copies.

    Raises
    ------
    ValueError
        If there is none, they differ in bin width, bands or smoothing, or names do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.datasets.strf import NeuralDataset
    >>> one = NeuralDataset([np.ones((1, 3, 4))], [[np.zeros((2, 4))]])
    >>> (one + one).nrn_masks
    array([[ True, False],
           [False,  True]])
    """
    if not datasets:
        msg = "datasets must hold at least one data set."
        raise ValueError(msg)
    names = [type(ds).__name__ for ds in datasets] if names is None else list(names)
    if len(names) != len(datasets):
        msg = f"names must have one entry for each of {len(datasets)} data sets, got {len(names)}."
        raise ValueError(msg)
    if len(datasets) == 1:
        return datasets[0]
    first = datasets[0]
    for what in ("dt", "F", "smoothed_ms"):
        found = [getattr(ds, what) for ds in datasets]
        if len(set(found)) > 1:
            msg = f"data sets must have the same {what}, got {', '.join(map(str, found))}."
            raise ValueError(msg)
    n_neurons = [ds.N_neurons for ds in datasets]
    rows = []
    for number, ds in enumerate(datasets):
        before, after = sum(n_neurons[:number]), sum(n_neurons[number + 1 :])
        rows += [[missing() for _ in range(before)] + row + [missing() for _ in range(after)] for row in ds.responses]
    out = NeuralDataset(
        [stim for ds in datasets for stim in ds.stims],
        rows,
        [meta | {"dataset": name} for ds, name in zip(datasets, names, strict=True) for meta in ds.stim_meta],
        [meta | {"dataset": name} for ds, name in zip(datasets, names, strict=True) for meta in ds.nrn_meta],
        dt_ms=first.dt,
        frequencies=first.frequencies if all(_same(first.frequencies, ds.frequencies) for ds in datasets) else None,
    )
    out.smoothed_ms = first.smoothed_ms
    return out


def _same(a: FloatArray | None, b: FloatArray | None) -> bool:
    return a is not None and b is not None and np.allclose(a, b)
