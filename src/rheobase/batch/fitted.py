"""What `fit_session` returns: a fitted model of one recording, with everything that judges and explains it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from ..containers import IntervalSet, Tsd, TsdFrame, TsGroup
    from ..design import BuiltDesign
    from ..glm import PopulationGLM
    from .settings import Settings

__all__ = ["FittedSession"]


@dataclass(frozen=True, eq=False, repr=False)
class FittedSession:
    """A model of one recording, its held-out scores, and the data that both came from.

    Attributes
    ----------
    name : str
        Of the recording: its file name without suffix.
    path : str
        The file that was read.
    settings : Settings
        What was asked for, with the covariates that were chosen written out.
    model : PopulationGLM
        Fitted to all used bins.
    built : BuiltDesign
        The features and counts of all bins, with the names of terms and columns; ``built.mask`` tells which are used.
    scores : pandas.DataFrame
        A row for each neuron: ``unit``, the metadata of units, ``n_spikes`` and ``rate`` (Hz) in the bins used,
        ``pseudo_r2`` (McFadden's, held out), ``pseudo_r2_train``, ``bits_per_spike`` (held out), ``log_likelihood``
        (held out, nats per spike), ``ks_distance``, ``ks_band`` (95 %), ``ks_p`` (time rescaling, held out),
        ``strength``, ``converged``.
    coefficients : pandas.DataFrame
        A row for each neuron and coefficient: ``unit``, ``term``, ``column``, ``value``, ``standard_error``, ``lower``
        and ``upper`` (95 %). Coefficients that are held at zero, such as a neuron's coupling to itself, have no row.
    units : TsGroup
        Spikes of the neurons that were fitted, with their metadata, in the epochs used.
    counts : TsdFrame
        Spikes in every bin of `built`, shape (time, neuron).
    predicted : TsdFrame
        Expected spikes per bin, shape (time, neuron), in the same bins: each by a model that was not fitted to its
        part of the recording; NaN in bins that are masked or silent in the covariates.
    held_out : IntervalSet
        Where `predicted` is known: with folds, all bins used.
    covariates : dict of str to Tsd or TsdFrame
        By name of the term, the behaviour in every bin of `built` as the model saw it; a frame with a column for each
        input of a term of several.
    covariate_units : dict of str to str
        By name of the term, the unit that the file gives, where it gives one.
    seconds : float
        What reading, fitting and judging took.
    command : str
        The command line that does the same again.
    versions : dict of str to str
        Of Python and of the packages that the numbers depend on.
    warnings : tuple of str
        What was said on the way, once each.
    """

    name: str
    path: str
    settings: Settings
    model: PopulationGLM
    built: BuiltDesign
    scores: pd.DataFrame
    coefficients: pd.DataFrame
    units: TsGroup
    counts: TsdFrame
    predicted: TsdFrame
    held_out: IntervalSet
    covariates: dict[str, Tsd | TsdFrame] = field(default_factory=dict)
    covariate_units: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    command: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    _covariances: Any = None
    """Of `model`, `Covariances` for the report, which makes them where there are none."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms of the model, in the order of its columns."""
        return tuple(term.label for term in self.built.terms)

    def summary(self) -> dict[str, Any]:
        """A few numbers about the whole, as plain types: what a table of many recordings shows."""
        good = self.scores["pseudo_r2"]
        return {
            "n_neurons": len(self.scores),
            "n_spikes": int(self.scores["n_spikes"].sum()),
            "n_bins": int(self.built.mask.sum()),
            "n_features": int(self.built.X.n_features),
            "pseudo_r2_mean": float(good.mean()),
            "pseudo_r2_median": float(good.median()),
            "bits_per_spike_mean": float(self.scores["bits_per_spike"].mean()),
            "converged": bool(self.scores["converged"].all()),
            "seconds": float(self.seconds),
        }

    def __repr__(self) -> str:
        about = self.summary()
        return (
            f"FittedSession({self.name!r}: {about['n_neurons']} neurons, {about['n_bins']:,} bins, terms "
            f"{', '.join(self.terms)}; held-out pseudo-R2 {about['pseudo_r2_mean']:.3f} on average)"
        )
