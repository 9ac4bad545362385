"""
Who is connected to whom? Letting held-out time decide
======================================================

A model of coupled neurons has a filter for every pair, and most pairs are not connected. Three penalties make the
choice in three ways: ridge shrinks every coefficient, the lasso drops single coefficients, and the group lasso drops
whole filters. How strong each should be is decided by stretches of time that the fit has not seen. The recording is
simulated, so that the answer can be checked.
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
penalties = {
    "ridge": "Ridge",
    "lasso": "Lasso",
    "group lasso": rb.regularizer.GroupLasso(groups),
}
models = {}
for name, penalty in penalties.items():
    search = rb.glm.CV(cv=folds, rule="best" if name == "ridge" else "1se")
    models[name] = rb.glm.PopulationGLM(regularizer=penalty, regularizer_strength=search).fit(features, counts.values)
    print(f"{name:12s} {models[name].cv_}")

# %%
# Each neuron has its own best strength. The gain over a constant rate rises as the penalty loosens, and falls where the
# fit begins to follow noise: hardly for ridge with this much data. Dots mark what was taken: for the two that select,
# the strongest penalty within one standard error of the best, which is a little worse and much sparser.

colors = {"ridge": "#0072B2", "lasso": "#E69F00", "group lasso": "#009E73"}
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
# The simulation has 8 excitatory and 8 inhibitory connections among 56 pairs. The area under each fitted filter, less
# the neurons' own history, beside the truth:

bumps = basis.evaluate_on_grid(window)[1]
truth = recording.truth.coupling_filters.sum(axis=0)
between = ~np.eye(8, dtype=bool)


def areas(model):
    """Area under the filter of each pair, shape (receiver, sender)."""
    coef = model.coef_[n_bumps:].reshape(8, n_bumps, 8)
    return np.einsum("wb,sbr->rs", bumps, coef)


fig, axes = plt.subplots(1, 4, figsize=(10, 2.9), sharey=True, layout="constrained")
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
# Grey dots are pairs whose filter is exactly zero.
#
# The page checks itself
# ----------------------

real = between & (np.abs(truth) > 1e-9)
for name, model in models.items():
    found = areas(model)
    kept = between & (found != 0)
    right = np.sign(found[real]) == np.sign(truth[real])
    hits = f"{(kept & real).sum()} of {real.sum()} true ones"
    print(f"{name:12s} kept {kept.sum():2d} pairs, {hits}; signs right: {right.mean():.0%}")

kept = between & (areas(models["group lasso"]) != 0)
assert (kept & real).sum() >= 0.85 * real.sum()
assert (kept & ~real).sum() <= 0.35 * (between & ~real).sum()
assert models["ridge"].cv_.gain.max(axis=0).min() > 0
