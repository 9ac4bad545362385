"""Spectro-temporal receptive fields as GLMs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import NotFittedError
from ..._types import FloatArray
from ...scores.folds import by_trial
from ._low_rank import low_rank_fit
from ._strf_design import STRFDesign, strf_design
from .batches import stacked_responses
from .metrics import correlation, noise_ceiling, normalized_correlation, poisson_loss
from .neural_dataset import NeuralDataset

__all__ = ["STRF", "HeldOut", "STRFDesign", "strf_design"]

MODELS = {"poisson": "Poisson", "gaussian": "Gaussian"}
PENALTIES = ("ridge", "smooth")


@dataclass(frozen=True)
class HeldOut:
    """Sounds that a model was not fitted to, as it predicts them.

    Attributes
    ----------
    prediction, responses : FloatArray
        Expected counts, shape (stimulus, neuron, 1, time), and counts, (stimulus, neuron, repeat, time); NaN where
        nothing was recorded or a sound has ended.
    cc, ccnorm, ceiling : FloatArray
        Correlation with the mean over repeats, relative to what can be reached, and that, shape (neuron,).
    loss : FloatArray or None
        Mean Poisson loss, shape (neuron,); None for a Gaussian model.
    """

    prediction: FloatArray
    responses: FloatArray
    cc: FloatArray
    ccnorm: FloatArray
    ceiling: FloatArray
    loss: FloatArray | None


class STRF:
    """Receptive fields in frequency and time of the neurons of a data set, fitted as GLMs.

    Each sound is by itself: lags do not reach from one into another, and there is silence (zero) around it. Bands are
    divided by their standard deviation. A mean over R repeats counts R times.

    Parameters
    ----------
    tmin, tmax : float
        First and last lag, s, both included; positive lags are sound before the response.
    model : {"poisson", "gaussian"}
        Poisson counts with a logarithmic link, or the classical linear field.
    penalty : {"ridge", "smooth"}
        On the size of coefficients, or on their second differences along lag and frequency, which may have a strength
        each.
    strength : float, array, "cv" or "reml"
        Of the penalty, see `rheobase.glm.PopulationGLM`; for "cv", sounds are held out, not bins. A Gaussian ridge of
        strength s solves ``(X'X / n + s / 2) w = X'y / n`` for centred X and y.
    n_folds : int
        Folds of "cv".
    ridge : float
        On top of a smooth penalty, which leaves planes free.
    rank : int, optional
        Profiles along frequency, each with its course in time, of which a field is the sum (1: separable), for a ridge
        penalty, with the strength of the fit without this limit. Default: no limit.

    Attributes
    ----------
    weights_ : FloatArray
        Receptive fields, per standard deviation of a band, shape (neuron, band, lag).
    intercept_ : FloatArray
        Shape (neuron,).
    lags_ms_ : FloatArray
        Shape (lag,); 0 is the time of the response.
    frequencies_ : FloatArray or None
        Centres of bands, Hz, if the data set knows them.
    scale_ : FloatArray
        Standard deviation of bands, shape (band,).
    neurons_ : list of int
        Numbers of the neurons in the data set.
    model_ : PopulationGLM
        The model itself.

    Raises
    ------
    ValueError
        If an option is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.datasets.strf import STRF, NeuralDataset
    >>> rng = np.random.default_rng(0)
    >>> sounds = [rng.normal(size=(1, 3, 400)) for _ in range(4)]
    >>> counts = [[rng.poisson(np.exp(0.8 * np.roll(sound[0, 1], 2)), size=(5, 400))] for sound in sounds]
    >>> strf = STRF(tmax=0.02, strength=1e-3).fit(NeuralDataset(sounds, counts, dt_ms=5))
    >>> strf.weights_.shape, strf.peak(0)
    ((1, 3, 5), (1, 10.0))
    """

    def __init__(
        self,
        tmin: float = 0.0,
        tmax: float = 0.1,
        *,
        model: str = "poisson",
        penalty: str = "ridge",
        strength: Any = "cv",
        n_folds: int = 5,
        ridge: float = 1e-4,
        rank: int | None = None,
    ) -> None:
        if model not in MODELS:
            msg = f"model must be 'poisson' or 'gaussian', got {model!r}."
            raise ValueError(msg)
        if penalty not in PENALTIES:
            msg = f"penalty must be 'ridge' or 'smooth', got {penalty!r}."
            raise ValueError(msg)
        if rank is not None and (rank < 1 or penalty != "ridge"):
            msg = f"rank must be at least 1, and goes with penalty='ridge', got {rank!r} and {penalty!r}."
            raise ValueError(msg)
        self.rank = rank
        self.tmin, self.tmax, self.model, self.penalty = tmin, tmax, model, penalty
        self.strength, self.n_folds, self.ridge = strength, n_folds, ridge
        self.weights_: FloatArray | None = None

    def fit(self, ds: NeuralDataset) -> STRF:
        """Fit the visible neurons to the visible stimuli of a data set.

        Parameters
        ----------
        ds : NeuralDataset

        Returns
        -------
        STRF
            Itself.

        Raises
        ------
        ValueError
            If nothing is visible, or responses were smoothed and counts are needed.
        """
        if ds.smoothed_ms is not None and self.model == "poisson":
            msg = (
                f"responses were smoothed with {ds.smoothed_ms:g} ms and are no counts. Load the data set with "
                "smooth=False, or take model='gaussian'."
            )
            raise ValueError(msg)
        self.scale_ = _scale(ds)
        kind = "auto" if self.rank is None else "dense"
        design = strf_design(ds, self.tmin, self.tmax, scale=self.scale_, kind=kind)
        n_bands, n_lags = ds.F, len(design.lags)
        self.model_ = self._glm(design, n_bands, n_lags)
        self.model_.fit(design.X, design.y, sample_weight=_shared(design.weight))
        if self.rank is not None:
            self._lower_rank(design, n_bands, n_lags)
        self.weights_ = self.model_.coef_.T.reshape(-1, n_bands, n_lags)
        self.intercept_ = self.model_.intercept_
        self.lags_ms_, self.frequencies_, self.neurons_ = design.lags_ms, ds.frequencies, design.neurons
        return self

    def predict(self, ds: NeuralDataset) -> list[FloatArray]:
        """Expected counts in a bin, shape (neuron, time) for each visible stimulus, for the neurons of the fit.

        Parameters
        ----------
        ds : NeuralDataset

        Raises
        ------
        NotFittedError
            Before a fit.
        """
        if self.weights_ is None:
            msg = "this STRF has no weights yet; call fit first."
            raise NotFittedError(msg)
        design = strf_design(ds, self.tmin, self.tmax, scale=self.scale_)
        mean = np.asarray(self.model_.predict(design.X))
        return [mean[design.stimulus == s].T for s in ds.visible()[0]]

    def held_out(self, ds: NeuralDataset) -> HeldOut:
        """Predict the visible stimuli of a data set and compare with the responses of the neurons of the fit.

        Parameters
        ----------
        ds : NeuralDataset
            With the neurons that were fitted; stimuli that were not.
        """
        return self._compare(ds, ds.visible()[0], self.predict(ds))

    def cross_validate(self, ds: NeuralDataset, n_folds: int = 5) -> HeldOut:
        """Predict every visible stimulus by a fit to other stimuli.

        Parameters
        ----------
        ds : NeuralDataset
        n_folds : int
            Folds of whole stimuli.

        Raises
        ------
        ValueError
            If there are fewer stimuli than folds.
        """
        stims, neurons = ds.visible()
        lengths = [ds.stims[s].shape[-1] for s in stims]
        folds = by_trial(np.repeat(stims, lengths), n_folds).fold_of_row[np.cumsum(lengths) - 1]
        predicted: dict[int, FloatArray] = {}
        view = ds.view()
        for fold in range(n_folds):
            view.select_population(neurons)
            view.select_stims([s for s, f in zip(stims, folds, strict=True) if f != fold])
            fitted = STRF(**self._options()).fit(view)
            test = [s for s, f in zip(stims, folds, strict=True) if f == fold]
            view.reset_pop_selection()
            view.select_stims(test)
            for s, mean in zip(test, fitted.predict(view), strict=True):
                predicted[s] = np.full((len(neurons), mean.shape[1]), np.nan)
                predicted[s][[neurons.index(n) for n in fitted.neurons_]] = mean
        self.neurons_ = neurons
        return self._compare(ds, stims, [predicted[s] for s in stims])

    def peak(self, neuron: int) -> tuple[float, float]:
        """Band (Hz, or its number) and lag (ms) of the largest weight of a neuron of the fit."""
        assert self.weights_ is not None
        band, lag = np.unravel_index(np.abs(self.weights_[neuron]).argmax(), self.weights_.shape[1:])
        where = int(band) if self.frequencies_ is None else float(self.frequencies_[band])
        return where, float(self.lags_ms_[lag])

    def to_xarray(self) -> Any:
        """Receptive fields as an xarray.DataArray with axes neuron, frequency (Hz) and lag (ms)."""
        import xarray as xr

        assert self.weights_ is not None
        bands = np.arange(self.weights_.shape[1]) if self.frequencies_ is None else self.frequencies_
        coords = {"neuron": self.neurons_, "frequency": bands, "lag": self.lags_ms_}
        return xr.DataArray(self.weights_, coords=coords, dims=("neuron", "frequency", "lag"), name="strf")

    def _options(self) -> dict[str, Any]:
        names = ("tmin", "tmax", "model", "penalty", "strength", "n_folds", "ridge", "rank")
        return {name: getattr(self, name) for name in names}

    def _glm(self, design: STRFDesign, n_bands: int, n_lags: int) -> Any:
        from ...glm import CV, PopulationGLM
        from ...regularizer import Ridge, Smoothness

        regularizer: Any = Ridge()
        if self.penalty == "smooth":
            along_lag = np.kron(np.eye(n_bands), _roughness(n_lags))
            regularizer = Smoothness([along_lag, np.kron(_roughness(n_bands), np.eye(n_lags))], ridge=self.ridge)
        strength = self.strength
        if isinstance(strength, str) and strength == "cv":
            n_stims = len(np.unique(design.stimulus[np.isfinite(design.stimulus)]))
            strength = CV(cv=by_trial(design.stimulus, min(self.n_folds, n_stims)))
        return PopulationGLM(MODELS[self.model], regularizer=regularizer, regularizer_strength=strength)

    def _lower_rank(self, design: STRFDesign, n_bands: int, n_lags: int) -> None:
        """Replace the coefficients of the model by those of fields of low rank, neuron by neuron."""
        from ...glm import GLM
        from ...regularizer import Ridge

        assert self.rank is not None
        features = design.X.reshape(-1, n_bands, n_lags)
        coef, intercept = self.model_.coef_.copy(), self.model_.intercept_.copy()
        strengths = np.broadcast_to(self.model_.strength_, intercept.shape)
        for n, strength in enumerate(strengths):
            heard = np.isfinite(design.y[:, n])
            glm = GLM(MODELS[self.model], regularizer=Ridge(), regularizer_strength=float(strength))
            parts = features[heard], design.y[heard, n], design.weight[heard, n]
            field, intercept[n] = low_rank_fit(glm, *parts, coef[:, n].reshape(n_bands, n_lags), self.rank)
            coef[:, n] = field.ravel()
        self.model_.coef_, self.model_.intercept_ = coef, intercept

    def _compare(self, ds: NeuralDataset, stims: list[int], predicted: list[FloatArray]) -> HeldOut:
        masks = ds.nrn_masks[np.ix_(stims, self.neurons_)]
        responses = stacked_responses([[ds.responses[s][n] for n in self.neurons_] for s in stims], masks)
        responses = responses.astype(np.float64)
        prediction = np.full((*responses.shape[:2], 1, responses.shape[-1]), np.nan)
        for out, mean in zip(prediction, predicted, strict=True):
            n_bins = min(mean.shape[1], out.shape[-1])
            out[:, 0, :n_bins] = mean[:, :n_bins]
        known = np.isfinite(prediction) & np.isfinite(responses)
        return HeldOut(
            prediction,
            responses,
            correlation(prediction, responses, mask=known),
            normalized_correlation(prediction, responses, mask=known),
            noise_ceiling(responses),
            poisson_loss(prediction, responses, mask=known) if self.model == "poisson" else None,
        )


def _scale(ds: NeuralDataset) -> FloatArray:
    """Standard deviation of each band over the visible stimuli; one for a constant band."""
    sounds = np.concatenate([ds.stims[s][0] for s in ds.visible()[0]] or [np.ones((ds.F, 1))], axis=1)
    sd = sounds.astype(np.float64).std(axis=1)
    return np.where(sd > 0, sd, 1.0)


def _roughness(n: int) -> FloatArray:
    """Sum of squared second differences of n coefficients (of first ones, if there are two)."""
    differences = np.diff(np.eye(n), n=min(2, n - 1), axis=0) if n > 1 else np.zeros((1, 1))
    return differences.T @ differences


def _shared(weight: FloatArray) -> FloatArray:
    """One weight for each row where all neurons have the same."""
    return weight[:, 0] if (weight == weight[:, :1]).all() else weight
