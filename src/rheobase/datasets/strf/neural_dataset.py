"""Recordings of many neurons to many sounds, ragged in three ways: duration, repeats, and who heard what."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from ..._types import ArrayLike, BoolArray
from ._responses import smooth
from ._selection import Selection, positions

__all__ = ["NeuralDataset"]

Meta = dict[str, Any]


class NeuralDataset:
    """Stimuli, the responses of neurons to them, and which of both are looked at.

    Parameters
    ----------
    stims : sequence of array_like
        A spectrogram for each stimulus, shape (1, band, time) or (band, time); kept as float32.
    responses : sequence of sequences of array_like
        For each stimulus and each neuron, counts in bins, shape (repeat, time); None, or an array of shape (1, 1) with
        NaN, where the neuron did not hear the stimulus. Repeats without a spike are rows of zeros.
    stim_meta, nrn_meta : sequence of dict, optional
        What is known of each stimulus and of each neuron.
    dt_ms : float
        Width of a bin, ms.
    frequencies : array_like, optional
        Centre of each band, Hz, shape (band,).
    path : path, optional
        Where the recording came from.

    Attributes
    ----------
    stims, responses, stim_meta, nrn_meta
        As above; a pair that was not recorded holds the (1, 1) array with NaN.
    nrn_masks : BoolArray
        Which pairs were recorded, shape (stimulus, neuron).
    I, S_sel : list of int
        Neurons and stimuli that were selected; no entry in `I`, or None in `S_sel`, if there is no restriction.
    smoothed_ms : float or None
        Window that responses were smoothed with.

    Raises
    ------
    ValueError
        If lists or arrays do not fit together, or hold NaN where they must not.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.datasets.strf import NeuralDataset
    >>> sounds = [np.ones((1, 3, 4)), np.ones((1, 3, 6))]
    >>> heard = np.zeros((2, 4))
    >>> ds = NeuralDataset(sounds, [[heard, None], [None, np.zeros((5, 6))]], [{"type": "song"}, {"type": "call"}])
    >>> ds.nrn_masks
    array([[ True, False],
           [False,  True]])
    >>> ds.select_stims_by_attr("type", "call"), len(ds), ds.get_N()
    ([1], 1, 1)
    """

    species: str | None = None
    hearing_range_hz: tuple[float, float] | None = None

    def __init__(
        self,
        stims: Sequence[ArrayLike],
        responses: Sequence[Sequence[Any]],
        stim_meta: Sequence[Meta] | None = None,
        nrn_meta: Sequence[Meta] | None = None,
        *,
        dt_ms: float = 1.0,
        frequencies: ArrayLike | None = None,
        path: Any = None,
    ) -> None:
        self.stims = [_stimulus(stim, number) for number, stim in enumerate(stims)]
        self.responses = [[_response(one) for one in row] for row in responses]
        n_neurons = len(self.responses[0]) if self.responses else 0
        self.stim_meta = [dict(meta) for meta in stim_meta] if stim_meta is not None else [{} for _ in self.stims]
        self.nrn_meta = [dict(meta) for meta in nrn_meta] if nrn_meta is not None else [{} for _ in range(n_neurons)]
        self.dt, self.path = float(dt_ms), path
        self.frequencies = None if frequencies is None else np.asarray(frequencies, dtype=np.float64)
        self.smoothed_ms: float | None = None
        self._selection = Selection()
        self._masks: BoolArray | None = None
        self.validate()

    def validate(self) -> None:
        """Check that lists, shapes and numbers fit together.

        Raises
        ------
        ValueError
            With the first thing that does not.

        Notes
        -----
        `nrn_masks` is found anew, so call it after responses were replaced by hand.
        """
        self._masks = None
        _check(self)

    # sizes ------------------------------------------------------------------------------------------------------------

    @property
    def N_neurons(self) -> int:
        """Number of neurons, selected or not."""
        return len(self.nrn_meta)

    @property
    def F(self) -> int:
        """Number of bands; 1 for waveforms."""
        return self.stims[0].shape[1] if self.stims and self.stims[0].ndim == 3 else 1

    @property
    def nrn_masks(self) -> BoolArray:
        """Which pairs were recorded, shape (stimulus, neuron), read-only."""
        if self._masks is None:
            masks = np.array([[is_recorded(one) for one in row] for row in self.responses], dtype=bool)
            self._masks = masks.reshape(len(self.stims), self.N_neurons)
            self._masks.flags.writeable = False
        return self._masks

    def get_N(self) -> int:
        """Number of visible neurons."""
        return len(self.visible()[1])

    def get_S(self) -> int:
        """Number of visible stimuli."""
        return len(self)

    def get_F(self) -> int:
        """Number of bands."""
        return self.F

    def get_nrn_meta(self) -> list[Meta]:
        """What is known of the visible neurons."""
        return [self.nrn_meta[n] for n in self.visible()[1]]

    # selection --------------------------------------------------------------------------------------------------------

    @property
    def I(self) -> list[int]:  # noqa: E743 (the name that scripts use)
        """Selected neurons; an empty list without a restriction (or if nothing matched)."""
        return list(self._selection.neurons or [])

    @I.setter
    def I(self, neurons: Sequence[int]) -> None:  # noqa: E743
        chosen = positions(neurons, self.N_neurons, "neuron")
        self._selection.neurons = chosen or None

    @property
    def S_sel(self) -> list[int] | None:
        """Selected stimuli; None without a restriction."""
        return self._selection.stims

    @S_sel.setter
    def S_sel(self, stims: Sequence[int] | None) -> None:
        self._selection.stims = None if stims is None else positions(stims, len(self.stims), "stimulus")

    def visible(self) -> tuple[list[int], list[int]]:
        """Numbers of the visible stimuli and of the visible neurons, by the bidirectional rule.

        A neuron is visible if it is selected and heard one of the selected stimuli; a stimulus is, if it is selected
        and a visible neuron heard it.
        """
        return self._selection.visible(self.nrn_masks)

    def select_neuron(self, i: int) -> None:
        """Look at one neuron; `i` is its number."""
        self._selection.neurons = positions([i], self.N_neurons, "neuron")

    def select_population(self, indices: Sequence[int]) -> None:
        """Look at these neurons; an empty list leaves none."""
        self._selection.neurons = positions(indices, self.N_neurons, "neuron")

    def select_pop_by_nrn_attr(self, key: str, value: Any) -> list[int]:
        """Look at neurons whose metadata `key` equals `value`; none if none does. Returns their numbers."""
        return self.select_pop_by_nrn_predicate(_equals(key, value))

    def select_pop_by_nrn_predicate(self, predicate: Callable[[Meta], Any]) -> list[int]:
        """Look at neurons for whose metadata `predicate` is true. Returns their numbers."""
        self._selection.neurons = _matching(self.nrn_meta, predicate)
        return self.I

    def select_pop_by_stim_attr(self, key: str, value: Any) -> list[int]:
        """Look at neurons that heard a stimulus whose metadata `key` equals `value`. Returns their numbers."""
        return self.select_pop_by_stim_predicate(_equals(key, value))

    def select_pop_by_stim_predicate(self, predicate: Callable[[Meta], Any]) -> list[int]:
        """Look at neurons that heard a stimulus for whose metadata `predicate` is true. Returns their numbers."""
        stims = _matching(self.stim_meta, predicate)
        self._selection.neurons = np.flatnonzero(self.nrn_masks[stims].any(axis=0)).tolist()
        return self.I

    def select_stim(self, i: int) -> None:
        """Look at one stimulus; `i` is its number."""
        self.S_sel = [i]

    def select_stims(self, indices: Sequence[int]) -> None:
        """Look at these stimuli."""
        self.S_sel = indices

    def select_stims_by_attr(self, key: str, value: Any) -> list[int]:
        """Look at stimuli whose metadata `key` equals `value`. Returns their numbers."""
        return self.select_stims_by_predicate(_equals(key, value))

    def select_stims_by_predicate(self, predicate: Callable[[Meta], Any]) -> list[int]:
        """Look at stimuli for whose metadata `predicate` is true. Returns their numbers."""
        found = _matching(self.stim_meta, predicate)
        self._selection.stims = found
        return list(found)

    def reset_pop_selection(self) -> None:
        """Look at all neurons again."""
        self._selection.neurons = None

    def reset_stim_selection(self) -> None:
        """Look at all stimuli again."""
        self._selection.stims = None

    # iteration --------------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.visible()[0])

    def __getitem__(self, index: Any) -> tuple[Any, Any, Any, Any]:
        stims, neurons = self.visible()
        if isinstance(index, Integral) and not isinstance(index, bool):
            if not -len(stims) <= index < len(stims):
                msg = f"index {index} is out of range: {len(stims)} stimuli are visible."
                raise IndexError(msg)
            return self._item(stims[int(index)], neurons)
        if isinstance(index, slice):
            items = [self._item(s, neurons) for s in stims[index]]
        elif isinstance(index, list | tuple | np.ndarray):
            items = [self[i] for i in index]
        else:
            msg = f"a number, a slice or a list of numbers of visible stimuli is needed, got {type(index).__name__}."
            raise TypeError(msg)
        return tuple([item[part] for item in items] for part in range(4))  # type: ignore[return-value]

    def _item(self, s: int, neurons: list[int]) -> tuple[np.ndarray, list[np.ndarray], BoolArray, Meta]:
        row = self.responses[s]
        return self.stims[s], [row[n] for n in neurons], self.nrn_masks[s, neurons], self.stim_meta[s]

    # changes in place -------------------------------------------------------------------------------------------------

    def standardize_stims(self, stim_indices: Any = None, per_band: bool = True, eps: float = 1e-8) -> None:
        """Give stimuli mean 0 and standard deviation 1, in place.

        Parameters
        ----------
        stim_indices : sequence of int, optional
            Stimuli whose mean and deviation are taken, say those of a training set; all by default. Every stimulus is
            changed.
        per_band : bool
            Each band by itself, or all together.
        eps : float
            Least standard deviation.
        """
        used = range(len(self.stims)) if stim_indices is None else positions(stim_indices, len(self.stims), "stimulus")
        pooled = np.concatenate([self.stims[s] for s in used], axis=-1).astype(np.float64)
        axis = -1 if per_band else None
        mean, sd = pooled.mean(axis=axis, keepdims=True), pooled.std(axis=axis, ddof=1, keepdims=True)
        self.stims = [((stim - mean) / np.maximum(sd, eps)).astype(np.float32) for stim in self.stims]

    def normalize_responses(self, method: str = "max", stim_indices: Any = None) -> None:
        """Divide the responses of each neuron by their largest magnitude, or z-score them, in place.

        Parameters
        ----------
        method : {"max", "zscore"}
        stim_indices : sequence of int, optional
            Stimuli from which the numbers are taken; all by default.

        Raises
        ------
        ValueError
            For another method.
        """
        if method not in ("max", "zscore"):
            msg = f"method must be 'max' or 'zscore', got {method!r}."
            raise ValueError(msg)
        used = range(len(self.stims)) if stim_indices is None else positions(stim_indices, len(self.stims), "stimulus")
        for n in range(self.N_neurons):
            known = [self.responses[s][n].ravel() for s in used if self.nrn_masks[s, n]]
            if not known:
                continue
            values = np.concatenate(known).astype(np.float64)
            center, scale = (0.0, np.abs(values).max()) if method == "max" else (values.mean(), values.std(ddof=1))
            for s in np.flatnonzero(self.nrn_masks[:, n]):
                scaled = (self.responses[s][n] - center) / (scale if scale > 0 else 1.0)
                self.responses[s][n] = scaled.astype(np.float32)

    def smooth_responses(self, window_ms: float = 21.0, normalized: bool = True) -> None:
        """Smooth each repeat with a Hann window, in place: for pictures and correlations, not for GLMs.

        Parameters
        ----------
        window_ms : float
            Width of the window, ms.
        normalized : bool
            Weights add up to one, so that sums stay; else the largest is one, as in deepSTRF.

        References
        ----------
        Hsu, Borst & Theunissen (2004), *Quantifying variability in neural responses*.
        """
        for s, n in zip(*np.nonzero(self.nrn_masks), strict=True):
            self.responses[s][n] = smooth(self.responses[s][n], window_ms, self.dt, normalized).astype(np.float32)
        self.smoothed_ms = float(window_ms)

    def compute_neuron_quality(self, max_ccmax_iters: int = 126) -> None:
        """Write signal-to-noise ratio and noise ceiling of each neuron to its metadata, as ``snr`` and ``ccmax``.

        Parameters
        ----------
        max_ccmax_iters : int
            Most ways in which repeats are halved.
        """
        from .batches import stacked_responses
        from .metrics import noise_ceiling, signal_to_noise  # here: metrics knows nothing of data sets

        for n, meta in enumerate(self.nrn_meta):
            trials = stacked_responses([[row[n]] for row in self.responses], self.nrn_masks[:, [n]])
            meta["snr"] = float(signal_to_noise(trials)[0])
            meta["ccmax"] = float(noise_ceiling(trials, method="hsu", max_splits=max_ccmax_iters)[0])

    def view(self) -> NeuralDataset:
        """The same recording, with a selection of its own (to begin with, none)."""
        other = copy.copy(self)
        other._selection = Selection()
        return other

    def copy(self) -> NeuralDataset:
        """An independent copy, selection included."""
        return copy.deepcopy(self)

    def __add__(self, other: Any) -> NeuralDataset:
        from .batches import concat_neural_datasets  # which makes NeuralDatasets

        return concat_neural_datasets([self, other]) if isinstance(other, NeuralDataset) else NotImplemented

    def __repr__(self) -> str:
        name, selected = type(self).__name__, self.get_N()
        return (
            f"{name}({self.N_neurons} neurons, {selected} selected, {len(self.stims)} stimuli, "
            f"{len(self)} visible, dt={self.dt:g} ms)"
        )


def is_recorded(response: np.ndarray) -> bool:
    """Whether a pair was recorded: it does not hold the (1, 1) NaN, nor any other NaN."""
    return not np.isnan(response).any()


def missing() -> np.ndarray:
    """What stands for a pair that was not recorded: NaN, shape (1, 1)."""
    return np.full((1, 1), np.nan, dtype=np.float32)


def _stimulus(stim: ArrayLike, number: int) -> np.ndarray:
    array = np.asarray(stim, dtype=np.float32)
    array = array[None] if array.ndim == 2 and array.shape[0] != 1 else array
    if array.ndim not in (2, 3) or array.shape[0] != 1 or array.size == 0 or np.isnan(array).any():
        msg = f"stimulus {number} must have shape (1, band, time) without NaN, got shape {np.shape(stim)}."
        raise ValueError(msg)
    return array


def _response(response: Any) -> np.ndarray:
    return missing() if response is None else np.asarray(response, dtype=np.float32)


def _check(ds: NeuralDataset) -> None:
    n_stims, n_neurons = len(ds.stims), len(ds.nrn_meta)
    if not (np.isfinite(ds.dt) and ds.dt > 0):
        msg = f"dt_ms must be a number > 0 (ms), got {ds.dt!r}."
        raise ValueError(msg)
    if n_stims == 0 or n_neurons == 0:
        msg = f"at least one stimulus and one neuron are needed, got {n_stims} and {n_neurons}."
        raise ValueError(msg)
    if len(ds.responses) != n_stims or len(ds.stim_meta) != n_stims:
        msg = f"{n_stims} stimuli need as many rows of responses and metadata, got {len(ds.responses)} "
        msg += f"and {len(ds.stim_meta)}."
        raise ValueError(msg)
    if len({stim.shape[:-1] for stim in ds.stims}) > 1:
        msg = f"stimuli must have the same bands, got shapes {sorted({stim.shape[:-1] for stim in ds.stims})}."
        raise ValueError(msg)
    if ds.frequencies is not None and ds.frequencies.shape != (ds.F,):
        msg = f"frequencies must have one entry for each of {ds.F} bands, got shape {ds.frequencies.shape}."
        raise ValueError(msg)
    for s, row in enumerate(ds.responses):
        if len(row) != n_neurons:
            msg = f"responses to stimulus {s} are of {len(row)} neurons, not of {n_neurons}."
            raise ValueError(msg)
        lengths = {one.shape[-1] for one in row if one.ndim == 2 and is_recorded(one)}
        n_bins = ds.stims[s].shape[-1] if ds.stims[s].ndim == 3 else next(iter(lengths), 1)
        if any(one.ndim != 2 or 0 in one.shape for one in row) or lengths - {n_bins}:
            shapes = sorted({one.shape for one in row})
            msg = f"responses to stimulus {s} must have shape (repeat, {n_bins}) or be missing, got {shapes}."
            raise ValueError(msg)


def _equals(key: str, value: Any) -> Callable[[Meta], bool]:
    return lambda meta: key in meta and bool(meta[key] == value)


def _matching(metas: Sequence[Meta], predicate: Callable[[Meta], Any]) -> list[int]:
    """Numbers of the entries for which `predicate` is true; one that lacks what it asks for does not match."""
    found = []
    for number, meta in enumerate(metas):
        try:
            matches = bool(predicate(meta))
        except (KeyError, TypeError):
            matches = False
        if matches:
            found.append(number)
    return found
