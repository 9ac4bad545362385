"""
Head-direction cells predict each other
=======================================

Cells in the anterodorsal thalamus fire while the mouse faces one direction. Cells with similar directions fire
together, those with opposite directions in turn. Can a model that knows only the spikes of the last quarter of a second
find this, without being told where the mouse looked? (It may see one cell tell of another, not one cell act on
another: coupling here is prediction.)

Where the recording is not at hand, a simulated population with known couplings takes its place.
"""

# %%

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import plot

plt.style.use(rb.styles.plot_style)

# %%
# Load
# ----
# The cells of the thalamus are picked by their metadata. ``ry`` is the direction of the head, in radians; it was
# tracked while the mouse was awake, so the time support of ``ry`` is the stretch to use.

FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]
found = [path for folder in FOLDERS if (path := Path(folder, "head_direction.nwb")).exists()]
if found:
    data = rb.load_file(found[0])
    spikes = data["units"]
    spikes = spikes[spikes["location"] == "adn"]
    angle = data["ry"]
    awake = angle.time_support
    spikes = spikes.restrict(awake)
else:
    data = rb.datasets.simulate_recording(n_neurons=7, duration=120)
    spikes, angle, awake = data["units"], None, data["epochs"]
print(spikes)

# %%
# Where each cell fires
# ---------------------
# The tuning curves are used to sort the cells, and to check the model's answer afterwards. The model will not see them.

if found:
    tuning_curves = rb.compute_tuning_curves(spikes, angle, bins=36, range=[(0, 2 * np.pi)]).to_pandas().T
    vectors = tuning_curves.to_numpy().T @ np.exp(1j * tuning_curves.index.to_numpy())
    preferred = np.mod(np.angle(vectors), 2 * np.pi)
    order = np.argsort(preferred)
    fig, axes = plt.subplots(1, len(order), figsize=(11, 1.9), subplot_kw={"projection": "polar"})
    for ax, cell, color in zip(axes, order, plt.get_cmap("twilight")(preferred[order] / (2 * np.pi))):
        rates = tuning_curves.iloc[:, cell].to_numpy()
        ax.fill(tuning_curves.index, rates, color=color, alpha=0.8, linewidth=0)
        ax.set(xticks=[], yticks=[], title=f"cell {spikes.index[cell]}\n{rates.max():.0f} Hz")
        ax.title.set(fontsize=9, horizontalalignment="center")
    fig.suptitle("Rate by head direction, each scaled to its peak", x=0.01, ha="left", fontsize=10)
else:
    order = np.arange(len(spikes))

# %%
# The past, summed up
# -------------------
# Counts in bins of 10 ms (the simulation is faster: 1 ms), convolved with a few bumps over the last 250 ms. Every
# cell's past is a predictor for every cell: its own is its *history*, those of others are *coupling*. One call makes
# all the features, seven cells times five bumps.

bin_size, window, n_bumps = (0.01, 25, 5) if found else (0.001, 100, 8)
counts = spikes.count(bin_size, awake)
basis = rb.basis.RaisedCosineLogConv(n_bumps, window_size=window)
features = basis.compute_features(counts)
print(f"counts {counts.shape}, features {features.shape}")
plot.plot_basis(basis, bin_size=bin_size)

# %%
# Fit two populations
# -------------------
# The last fifth of the time is set aside. ``feature_mask`` says which features each cell may use, shape (feature,
# cell): in the first model only the cell's own past. A weak ridge penalty settles what the data leave open.

end = awake.end[-1]
middle = end - 0.2 * awake.tot_length()
train = awake.intersect(rb.IntervalSet(awake.start[0], middle))
test = awake.intersect(rb.IntervalSet(middle, end))
own_past = np.repeat(np.eye(len(spikes)), n_bumps, axis=0)

models = {
    "own history": rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=1e-4, feature_mask=own_past),
    "history + coupling": rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=1e-4),
}
scores = {}
for name, model in models.items():
    model.fit(features.restrict(train), counts.restrict(train))
    scores[name] = np.asarray(
        model.score(
            features.restrict(test),
            counts.restrict(test),
            score_type="pseudo-r2-Cohen",
            aggregate_sample_scores=lambda score: score.mean(axis=0),
        )
    )
    print(f"{name:<20} mean pseudo-R² {scores[name].mean():.3f}")

fig, ax = plt.subplots(figsize=(6, 2.6))
plot.plot_scores({name: score[order] for name, score in scores.items()}, labels=spikes.index[order], ax=ax)
ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)

# %%
# Who drives whom
# ---------------
# Bumps times weights are filters, shape (lag, receiver, sender). Their exponential is the factor by which one spike of
# the sender changes the receiver's rate; summed over lags, the spikes it adds or takes away. Sorted by preferred
# direction, the map shows the ring: a spike of a cell that faces elsewhere takes spikes away. Neighbours change little,
# because what they could tell is in the receiver's own past already.

_, bumps = basis.evaluate_on_grid(window)
weights = np.asarray(models["history + coupling"].coef_).reshape(len(spikes), n_bumps, len(spikes))
filters = np.einsum("wb,sbr->wrs", bumps, weights)
rates_per_bin = np.asarray(counts.values).mean(axis=0)
extra_spikes = rates_per_bin[:, None] * np.expm1(filters).sum(axis=0)

fig, ax = plt.subplots(figsize=(4.6, 3.6))
sorted_map = extra_spikes[np.ix_(order, order)]
plot.plot_coupling_map(sorted_map, labels=spikes.index[order], colorbar="Extra spikes per sender spike", ax=ax)

# %%
# The strongest coupling in either direction, lag by lag:

off_diagonal = np.where(np.eye(len(spikes), dtype=bool), 0.0, extra_spikes)
lags = bin_size * np.arange(1, window + 1)
fig, ax = plt.subplots(figsize=(5, 2.6))
for flat, color in ((off_diagonal.argmax(), "#D55E00"), (off_diagonal.argmin(), "#0072B2")):
    receiver, sender = np.unravel_index(flat, off_diagonal.shape)
    label = f"{spikes.index[sender]} → {spikes.index[receiver]}"
    gain = np.exp(filters[:, receiver, sender])
    plot.plot_filter(gain, lags=lags, reference=1, label=label, ylabel="Factor on the rate", color=color, ax=ax)
ax.legend(title="sender → receiver")

# %%
# The page checks itself
# ----------------------

assert scores["history + coupling"].mean() > scores["own history"].mean()
between = ~np.eye(len(spikes), dtype=bool)
if found:
    apart = np.cos(preferred[:, None] - preferred)[between]
    agreement = np.corrcoef(apart, extra_spikes[between])[0, 1]
    print(f"coupling and similarity of direction correlate with r = {agreement:.2f}")
    assert agreement > 0.4
else:
    truth = data.truth.coupling_filters
    agreement = np.corrcoef(truth.sum(axis=0)[between], filters.sum(axis=0)[between])[0, 1]
    print(f"true and fitted couplings correlate with r = {agreement:.2f}")
    assert agreement > 0.6

# %%
# Data: mouse A2929, distributed with pynapple (MIT).
