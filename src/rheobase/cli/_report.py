"""What the demo shows: a table for the terminal and a picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._types import FloatArray
from ..containers import IntervalSet, Tsd, TsdFrame
from ..plot import FilterSet, Tuning, plot_population_fit
from ._fit import Features, Fitted, filters_of
from ._recording import Recording


def table(
    recording: Recording, features: Features, held_out: str, null: FloatArray, simple: Fitted, full: Fitted
) -> list[str]:
    """Lines of the report: what was fitted, a row per neuron, means, and seconds per fit."""
    counts = np.asarray(features.counts.values)
    spikes, seconds = counts.sum(axis=0), len(counts) * recording.bin_size
    scores = (null, simple.log_likelihood, full.log_likelihood, simple.pseudo_r2, full.pseudo_r2)
    rows = [_row(key, n, n / seconds, *of_one) for key, n, *of_one in zip(recording.spikes.keys(), spikes, *scores)]
    mean = _row("mean", round(spikes.mean()), spikes.mean() / seconds, *map(np.nanmean, scores))
    short = simple.name.replace("instantaneous", "instant.")
    group = f"{'':>6} {'':>8} {'rate':>7}   {'log likelihood (nats/spike)':^29}   {'pseudo-R² (null = 0)':^21}"
    head = f"{'neuron':>6} {'spikes':>8} {'(Hz)':>7}   {'null':>7} {short:>11} {'full':>9}   {short:>11} {'full':>9}"
    rule = "─" * len(head)
    heading, footer = _heading(recording, features, held_out), _footer(features, simple, full)
    return [*heading, "", group, head, rule, *rows, rule, mean, "", *footer]


def _row(name: Any, spikes: int, rate: float, *scores: float) -> str:
    null, simple, full, r2_simple, r2_full = scores
    start = f"{name!s:>6} {spikes:>8,d} {rate:>7.1f}"
    return f"{start}   {null:>7.3f} {simple:>11.3f} {full:>9.3f}   {r2_simple:>11.4f} {r2_full:>9.4f}"


def _heading(recording: Recording, features: Features, held_out: str) -> list[str]:
    n_bins, n_neurons = features.counts.shape
    length = f"{n_bins * recording.bin_size:,.0f} s in {n_bins:,} bins of {recording.bin_size * 1e3:g} ms"
    note = f" ({recording.note})" if recording.note else ""
    driver = "none" if recording.covariate is None else recording.covariate.key
    return [
        f"Recording  {recording.name}",
        f"Neurons    {n_neurons}{note}",
        f"Length     {length}; {held_out} held out for every score below",
        f"Driver     {driver}",
    ]


def _footer(features: Features, simple: Fitted, full: Fitted) -> list[str]:
    n_neurons = features.counts.shape[1]
    lines = []
    for model in (simple, full):
        size = f"{n_neurons} neurons × {model.n_bins:,} bins × {model.n_features} features"
        lines.append(f"Fit        {model.name:<13} {model.seconds:6.2f} s   ({size})")
    return lines


def picture(recording: Recording, features: Features, simple: Fitted, full: Fitted, test: IntervalSet) -> Any:
    """One page: spikes, couplings, scores, and the rate and filters of the neurons best explained; Figure."""
    spikes = np.asarray(features.counts.values).sum(axis=0)
    best = np.argsort(np.nan_to_num(full.pseudo_r2, nan=-np.inf), kind="stable")[::-1]
    keys = [str(key) for key in recording.spikes.keys()]  # noqa: SIM118
    window = _busiest_window(features, test, int(best[0]), recording.bin_size)
    stimulus_filter, couplings = filters_of(features, full)
    truth = recording.truth
    lags = np.arange(1, len(couplings) + 1) * recording.bin_size
    comparable = truth is not None and truth.lags.size == lags.size
    measured = _smooth(features.counts.restrict(test), int(best[0]), recording.bin_size)
    models = {
        f"{model.name} model": _smooth(model.predicted, int(best[0]), recording.bin_size) for model in (full, simple)
    }
    covariate = recording.covariate
    known = {
        "stimulus": None if covariate is None else covariate.series.restrict(IntervalSet(*window)),
        "stimulus_label": "Stimulus" if covariate is None or covariate.kind == "stimulus" else covariate.key,
        "stimulus_unit": None if covariate is None else covariate.unit,
    }
    if stimulus_filter is not None:
        known["stimulus_filters"] = FilterSet(lags, stimulus_filter, truth.stimulus_filters if comparable else None)
    elif covariate is not None:
        known["tuning"] = _tuning(recording, features, full, test)
    return plot_population_fit(
        spikes=recording.spikes.restrict(IntervalSet(*window)),
        window=window,
        rate=measured,
        predicted=models,
        rate_of=keys[best[0]],
        scores={simple.name: simple.pseudo_r2, full.name: full.pseudo_r2},
        couplings=FilterSet(lags, couplings, truth.coupling_filters if comparable else None),
        strength=_extra_spikes(couplings, spikes / len(features.counts)),
        shown=[int(n) for n in best[:3]],
        title=f"{recording.name}: fitted, and judged on held-out data",
        **known,
    )


def _extra_spikes(couplings: FloatArray, counts_per_bin: FloatArray) -> FloatArray:
    """Spikes of the receiver that one spike of the sender adds at the mean rate, shape (receiver, sender)."""
    return counts_per_bin[:, None] * np.expm1(couplings).sum(axis=0)


def _busiest_window(features: Features, test: IntervalSet, neuron: int, bin_size: float) -> tuple[float, float]:
    """The held-out stretch in which `neuron` has most spikes: 4 s, or 1000 bins if these are longer."""
    length = max(4.0, 1000 * bin_size)
    held = features.counts.restrict(test)
    first, last = float(test.start[0]), float(test.end[-1])
    which = np.floor((np.asarray(held.t) - first) / length).astype(int)
    best = int(np.bincount(which, weights=np.asarray(held.values)[:, neuron]).argmax())
    begin = max(min(first + best * length, last - length), first)
    return begin, min(begin + length, last)


def _smooth(per_bin: TsdFrame, neuron: int, bin_size: float) -> Tsd:
    """Rate of one neuron in Hz, smoothed over 25 ms or, if that is longer, 5 bins."""
    one = Tsd(t=per_bin.t, d=np.asarray(per_bin.values, dtype=float)[:, neuron], time_support=per_bin.time_support)
    one, width = one.dropna(), max(25e-3, 5 * bin_size)
    weight = (one * 0 + 1).smooth(width, size_factor=8)  # below one at the edges, where the window is cut
    return one.smooth(width, size_factor=8) / weight / bin_size


def _tuning(recording: Recording, features: Features, full: Fitted, test: IntervalSet) -> Tuning:
    """Held-out rates over 24 bins of the covariate, or of its most variable channel."""
    held = features.counts.restrict(test)
    at_bins = np.asarray(held.value_from(recording.covariate.series, held.time_support).values, dtype=float)
    values = at_bins.reshape(len(held), -1)
    channel = int(np.nanvar(values, axis=0).argmax())
    x, label = values[:, channel], recording.covariate.key
    if values.shape[1] > 1:
        label = f"{label}, {recording.covariate.series.columns[channel]}"
    predicted = np.asarray(full.predicted.values, dtype=float)
    known = np.isfinite(x) & np.isfinite(predicted).all(axis=1)
    x, predicted, counts = x[known], predicted[known], np.asarray(held.values, dtype=float)[known]
    edges = np.linspace(x.min(), x.max(), 25)
    which = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, 23)
    visits = np.bincount(which, minlength=24)
    often = visits >= max(20, len(x) // 500)

    def mean_rate(per_bin: FloatArray) -> FloatArray:
        sums = np.stack([np.bincount(which, weights=column, minlength=24) for column in per_bin.T], axis=1)
        return sums[often] / visits[often, None] / recording.bin_size

    return Tuning(((edges[1:] + edges[:-1]) / 2)[often], mean_rate(counts), mean_rate(predicted), label)
