"""
Stimulus, history, and whether the model is right
=================================================

The receptor neuron of :doc:`plot_01_injected_current` once more, with all that a model of one neuron may need: a filter
for the sound and a filter for the neuron's own spikes, intervals around both, and two tests that ask not which model is
better but whether one is right.

Where the recording is not at hand, a simulated neuron takes its place.
"""

# %%

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import cross_val_predict

import rheobase as rb
from rheobase import plot

plt.style.use(rb.styles.plot_style)

# %%
# Load
# ----
# Two stretches of ten seconds, in which the amplitude of a sound fluctuates at random. Amplitudes were drawn in
# decibels, and the ear hears in them: a logarithm brings them back.

FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]
found = [path for folder in FOLDERS if (path := Path(folder, "grasshopper_noise.nwb")).exists()]
bin_size = 0.001
if found:
    data = rb.load_file(found[0])
    epochs = rb.IntervalSet(data["epochs"].start, data["epochs"].end)
    spikes = data["units"][0].restrict(epochs)
    volts = data["stimulus"].restrict(epochs)
    sound = (20 * np.log10(volts * 1e3)).bin_average(bin_size, epochs)
else:
    rng = np.random.default_rng(0)
    epochs = rb.IntervalSet([0, 12], [10, 22])
    times = np.concatenate([np.arange(0, 10, bin_size), np.arange(12, 22, bin_size)]) + bin_size / 2
    drive = np.convolve(rng.normal(0, 3.5, times.size), np.ones(3), mode="same")
    effect = np.convolve(drive, 0.2 * np.exp(-0.5 * ((np.arange(20) - 6) / 1.2) ** 2))[: times.size]
    refractory = 14 * np.exp(-np.arange(1, 40) / 2.5)
    odds, fired = effect - 2.4, np.zeros(times.size, dtype=bool)
    for now in range(times.size):
        fired[now] = rng.random() < 1 / (1 + np.exp(-odds[now]))
        if fired[now]:
            odds[now + 1 : now + 40] -= refractory[: times.size - now - 1]
    sound, spikes = rb.Tsd(times, drive + 42, time_support=epochs), rb.Ts(times[fired], time_support=epochs)
counts = spikes.count(bin_size, epochs)
print(f"{int(counts.sum())} spikes in {epochs.tot_length():.0f} s, at most {int(counts.max())} in a bin of 1 ms")

# %%
# On the left half a second of sound with its spikes. In the middle the sound before a spike, on average: a rise, six to
# seven milliseconds earlier. On the right the intervals between spikes: none is shorter than three milliseconds.

average = rb.compute_event_triggered_average(sound, spikes, binsize=bin_size, window=(0.025, 0.005))
intervals = 1e3 * np.diff(spikes.t)
fig, axes = plt.subplots(1, 3, figsize=(11, 2.7), gridspec_kw={"width_ratios": (2.2, 1, 1)})
shown = rb.IntervalSet(2.0, 2.5)
plot.plot_trace(sound.restrict(shown), label="Sound", unit="dB", ax=axes[0])
axes[0].plot(spikes.restrict(shown).t, np.full(len(spikes.restrict(shown)), sound.values.max() + 3), "k|", ms=9)
axes[1].plot(1e3 * average.t, average.values.squeeze(), color="#D55E00")
axes[1].axvline(0, color="0.6", linewidth=0.8)
axes[1].set(xlabel="Time from a spike (ms)", ylabel="Mean sound (dB)")
axes[2].hist(intervals, np.arange(0, 40, 1), color="0.4")
axes[2].set(xlabel="Interval between spikes (ms)", ylabel="Number")

# %%
# Features
# --------
# The last 20 ms of sound through splines of equal width, since the delay is to be found out; the last 50 ms of spikes
# through bumps that are narrow for recent ones. A sum of bases takes its inputs in order. Features of a bin know the
# past up to the bin before it; the first 50 rows of either stretch have no complete past, and are left out.

by_sound = rb.basis.BSplineConv(20, window_size=20, label="sound")
by_spikes = rb.basis.RaisedCosineLogConv(10, window_size=50, label="spikes")
both = by_sound + by_spikes
features = {
    "sound": by_sound.compute_features(sound),
    "spikes": by_spikes.compute_features(counts),
    "sound + spikes": both.compute_features(sound, counts),
}

# %%
# Four models, judged by stretches of time that they did not see
# --------------------------------------------------------------
# Folds are made of blocks of two seconds; nothing within 50 ms of a test block is trained on, since it shares its past.
# The first three models say that counts are Poisson. No bin here holds two spikes, though, and when the sound is loud a
# spike is all but certain: there the Poisson model expects more than one. The fourth model is of a yes or a no.

folds = rb.scores.blocked(counts, n_folds=5, gap=0.05, n_blocks=2)
models = {
    "sound": ("sound", "Poisson"),
    "spikes": ("spikes", "Poisson"),
    "both": ("sound + spikes", "Poisson"),
    "both, Bernoulli": ("sound + spikes", "Bernoulli"),
}
predicted, bits = {}, {}
for name, (kind, family) in models.items():
    model = rb.glm.GLM(family, regularizer="Ridge", regularizer_strength=1e-4)
    mean = cross_val_predict(model, features[kind].values, counts.values, cv=folds)
    predicted[name] = rb.Tsd(counts.t, mean, time_support=epochs)
    bits[name] = rb.scores.bits_per_spike(counts, predicted[name], family)
    print(f"{name:16s} {bits[name]:.2f} bits per spike, largest mean {np.nanmax(mean):.2f} spikes per bin")

fig, ax = plt.subplots(figsize=(4.8, 2.6))
plot.plot_scores(bits, ylabel="Bits per spike (held out)", colors=("#D55E00", "#0072B2", "#009E73", "#CC79A7"), ax=ax)

# %%
# Two filters with their intervals
# --------------------------------
# The same features fitted to all rows. `inference` gives the covariance of the coefficients; functions of the basis
# times coefficients are a filter, and its variance follows. Bands are intervals of 95 %, with the ridge as a prior.

best = rb.glm.GLM("Bernoulli", regularizer="Ridge", regularizer_strength=1e-4).fit(features["sound + spikes"], counts)
inference = best.inference(features["sound + spikes"], counts)
columns = both.split_by_feature(np.arange(len(best.coef_)), axis=0)


def filter_of(part):
    """Filter and half of its 95 % interval at every lag, from the part of the basis that made its features."""
    *_, functions = part.evaluate_on_grid(part.window_size)
    rows = columns[part.label]
    variance = np.einsum("lb,bc,lc->l", functions, inference.covariance[0][np.ix_(rows, rows)], functions)
    return functions @ best.coef_[rows], 1.96 * np.sqrt(variance)


filters = {part.label: filter_of(part) for part in (by_sound, by_spikes)}
fig, axes = plt.subplots(1, 2, figsize=(9, 2.9))
for ax, (name, (values, half)), color in zip(axes, filters.items(), ("#D55E00", "#0072B2")):
    lags = bin_size * np.arange(1, len(values) + 1)
    effect = "Effect of 1 dB on log odds" if name == "sound" else "Effect of a spike on log odds"
    plot.plot_filter(values, lags=lags, error=half, ylabel=effect, color=color, ax=ax)
peak = int(filters["sound"][0].argmax()) + 1
print(f"sound acts most {peak} ms before, {filters['sound'][0].max():.2f} ± {filters['sound'][1][peak - 1]:.2f} per dB")

# %%
# Is it right?
# ------------
# Rescale time by the predicted rate, and the intervals between spikes of the right model are exponential. The model
# without history cannot keep the neuron from firing twice in three milliseconds. History alone knows the intervals well
# enough to pass, and yet predicts little: this test asks whether intervals are as a model says, not whether it says
# much. The Poisson model with both is rejected, the Bernoulli model passes, on data that it was not fitted to.
#
# Residuals of the right model do not know of each other. Those of the Bernoulli model are closest to that, but for a
# remainder at four milliseconds: intervals of just that length are more frequent than the filter says.

tests = {
    name: rb.scores.ks_test(counts, predicted[name], seed=0, observation_model=family)
    for name, (_, family) in models.items()
}
for name, test in tests.items():
    print(f"{name:16s} distance {test.statistic:.3f}, band ± {test.band:.3f}, p = {test.p_value:.2g}")

residuals = {
    name: rb.scores.residual_autocorrelation(counts, predicted[name], 0.04, family)
    for name, (_, family) in models.items()
}
fig, (ax, beside) = plt.subplots(1, 2, figsize=(9, 3.5), gridspec_kw={"width_ratios": (1, 1.4)})
plot.plot_ks(tests, ax=ax)
plot.plot_residual_autocorrelation(residuals, ax=beside)
beside.legend(loc="lower right")

# %%
# What history adds
# -----------------
# A quarter of a second that neither model was fitted to. From the sound alone, a spike has some chance at nearly any
# time; with its own spikes, the neuron is known to be silent after each, and the chance gathers in a few bins.

shown = rb.IntervalSet(15.0, 15.25)
fig, axes = plt.subplots(2, 1, figsize=(10, 3.4), sharex=True, sharey=True)
for ax, name, color in zip(axes, ("sound", "both, Bernoulli"), ("#D55E00", "#CC79A7")):
    part = predicted[name].restrict(shown)
    ax.fill_between(part.t, part.values, color=color, alpha=0.7, linewidth=0, step="mid")
    ax.plot(spikes.restrict(shown).t, np.full(len(spikes.restrict(shown)), 1.06), "k|", ms=8)
    ax.set(title=name, ylabel="Spikes per ms", ylim=(0, 1.15))
axes[1].set_xlabel("Time (s)")

# %%
# The page checks itself
# ----------------------

assert bits["both, Bernoulli"] > bits["both"] > bits["sound"] + 0.2
assert bits["both"] > bits["spikes"] + 0.2
assert tests["sound"].rejected
assert tests["both"].rejected
assert tests["both, Bernoulli"].statistic < 0.045
assert 6 <= peak <= 8
if found:
    assert int(counts.sum()) == 1797
    assert 1.4 < bits["both, Bernoulli"] < 1.65

# %%
# Data: Rokem, Watzl, Gollisch, Stemmler, Herz and Samengo (2006), *Journal of Neurophysiology* 95, 2541-2552;
# distributed with nitime (BSD-3).
