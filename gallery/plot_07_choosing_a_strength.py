"""
Who is connected to whom? Letting held-out time decide
======================================================

A model of coupled neurons has a filter for every pair, and most pairs are not connected. Ridge shrinks every
coefficient and keeps them all; the group lasso drops whole filters. How strong either should be is decided by stretches
of time that the fit has not seen. The recording is simulated, so that the answer can be checked.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb

plt.style.use(rb.styles.plot_style)

recording = rb.datasets.simulate_recording(n_neurons=8, duration=160, seed=3)
bin_size, window, n_bumps = 0.005, 20, 4
epochs = recording.epochs
counts = recording.spikes.count(bin_size, ep=epochs)
stimulus = recording.stimulus.bin_average(bin_size, ep=epochs)
print(counts)

# %%
# Features
# --------
# The past of the stimulus, and the past of every neuron, 100 ms each, summed up by four bumps. Features of the stimulus
# come first, then those of each sender.

basis = rb.basis.RaisedCosineLogConv(n_bumps, window_size=window)
features = np.hstack([basis.compute_features(stimulus).values, basis.compute_features(counts).values])
sender = np.arange(8)
print(f"features {features.shape}")

# %%
# For the group lasso, the bumps of one sender are a group. The stimulus is in no group: it is not penalised.

groups = np.zeros((8, features.shape[1]))
for number in sender:
    groups[number, n_bumps * (1 + number) : n_bumps * (2 + number)] = 1

# %%
# Strengths by cross-validation
# -----------------------------
# Folds are five blocks of time with half a second left out on either side, so that the past of one does not reach into
# the next. All folds and neurons of a strength are fitted as one batch.

folds = rb.scores.blocked(len(features), n_folds=5, gap=int(0.5 / bin_size))
searches = {
    "ridge": ("Ridge", "best"),
    "group lasso, best": (rb.regularizer.GroupLasso(groups), "best"),
    "group lasso, 1 SE": (rb.regularizer.GroupLasso(groups), "1se"),
}
models = {}
for name, (penalty, rule) in searches.items():
    search = rb.glm.CV(cv=folds, rule=rule)
    models[name] = rb.glm.PopulationGLM(regularizer=penalty, regularizer_strength=search).fit(features, counts.values)
    print(f"{name:18s} {models[name].cv_}")

# %%
# Each neuron has its own best strength (dots). The gain over a constant rate rises as the penalty loosens, and falls
# where the fit begins to follow noise: hardly, with this much data. That is why the best prediction keeps nearly every
# connection, and why a second rule exists: the strongest penalty whose score is within one standard error of the best.

colors = dict(zip(models, ("#0072B2", "#009E73", "#D55E00")))
fig, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="constrained")
for ax, (name, model) in zip(axes, models.items()):
    found = model.cv_
    gain = found.gain / np.log(2) / counts.values.mean(axis=0)
    ax.semilogx(found.strengths, gain, color=colors[name], alpha=0.5, linewidth=1)
    ax.plot(found.best_strength, gain[found.best, np.arange(8)], "o", color=colors[name], markersize=4)
    ax.set(title=name, xlabel="strength")
axes[0].set_ylabel("held-out gain (bits per spike)")

# %%
# What is left
# ------------
# Each simulated neuron excites its right neighbour and inhibits the one after that: 16 connections among 56 pairs. The
# area under each fitted filter, less the neurons' own history, beside the truth; grey dots are filters of exactly zero.

bumps = basis.evaluate_on_grid(window)[1]
truth = recording.truth.coupling_filters.sum(axis=0)
between = ~np.eye(8, dtype=bool)


def areas(model):
    """Area under the filter of each pair, shape (receiver, sender)."""
    coef = model.coef_[n_bumps:].reshape(8, n_bumps, 8)
    return np.einsum("wb,sbr->rs", bumps, coef)


fig, axes = plt.subplots(1, 4, figsize=(11, 3), sharey=True, layout="constrained")
maps = {"truth": truth, **{name: areas(model) for name, model in models.items()}}
for ax, (name, values) in zip(axes, maps.items()):
    shown = np.where(between, values, 0.0)
    limit = np.abs(shown).max()
    ax.imshow(shown, cmap="RdBu_r", vmin=-limit, vmax=limit)
    empty = np.argwhere(between & (values == 0))
    ax.plot(empty[:, 1], empty[:, 0], ".", color="0.8", markersize=3)
    ax.set(title=f"{name}: {np.count_nonzero(shown)} of 56", xlabel="sender", xticks=range(8), yticks=range(8))
axes[0].set_ylabel("receiver")

# %%
# Cross-validation chooses for prediction, and prediction forgives small connections that are not there: the best group
# lasso misses no true one, but keeps nearly all the others, small. One standard error away three of four false ones are
# gone, at the price of the two weakest true ones. Which error is worse is for the question to say.
#
# The page checks itself
# ----------------------

real = between & (np.abs(truth) > 1e-9)
kept = {}
for name, model in models.items():
    kept[name] = between & (areas(model) != 0)
    right = np.sign(areas(model)[real & kept[name]]) == np.sign(truth[real & kept[name]])
    false = int((kept[name] & ~real).sum())
    hits = f"true connections {(kept[name] & real).sum()} of 16"
    print(f"{name:18s} {hits}, false {false:2d} of 40, signs {right.mean():.0%}")

assert (kept["group lasso, best"] & real).sum() == 16
assert (kept["group lasso, 1 SE"] & ~real).sum() <= 14
assert (kept["group lasso, 1 SE"] & real).sum() >= 12
assert min(model.cv_.gain.max(axis=0).min() for model in models.values()) > 0
