"""
Motor cortex: movement, history and each other
==============================================

A monkey reaches for targets while 171 units of its primary motor cortex are recorded. How much of their spiking follows
from the movement of the hand, how much from their own past, and do other units tell more than both?

Where the recording is not at hand, a simulated population takes its place.
"""

# %%

import os
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.io import loadmat

import rheobase as rb
from rheobase import plot

plt.style.use(rb.styles.plot_style)

# %%
# Load
# ----
# Counts come in bins of 50 ms, with the velocity of the hand in metres a second. Units with fewer than five spikes a
# second are left aside.

FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]
found = [path for folder in FOLDERS if (path := Path(folder, "motor_cortex_m1.mat")).exists()]
bin_size = 0.05
if found:
    data = loadmat(found[0])
    times = bin_size * np.arange(data["time"].size)
    spikes, moved = data["spikes"].T.astype(float), data["handVel"][:2].T
else:
    rng = np.random.default_rng(0)
    times, likes = bin_size * np.arange(8000), np.linspace(0, 2 * np.pi, 40, endpoint=False)
    kernel = np.exp(-0.5 * (np.arange(-12, 13) / 4) ** 2)
    moved = 0.05 * np.stack([np.convolve(noise, kernel, mode="same") for noise in rng.normal(0, 0.45, (2, 8000))], 1)
    drive = -0.6 + 8 * np.roll(moved, -2, axis=0) @ np.stack([np.cos(likes), np.sin(likes)])
    weights = 0.3 * np.roll(np.eye(40), 1, axis=1) - 0.6 * np.eye(40)
    spikes = np.zeros((8000, 40))
    for now in range(1, 8000):
        spikes[now] = rng.poisson(np.exp(np.minimum(drive[now] + weights @ spikes[now - 1], 2)))
velocity = rb.TsdFrame(times, moved, columns=["x", "y"])
counts = rb.TsdFrame(times, spikes)[:, spikes.mean(axis=0) > 5 * bin_size]
speed = np.hypot(*velocity.values.T)
print(counts.shape, f"{times[-1] / 60:.0f} minutes, median speed {100 * np.median(speed):.1f} cm/s")

# %%
# How movement comes in
# ---------------------
# Motor cortex leads the hand, and may also follow it. Velocity and speed are therefore seen through a window of a
# quarter of a second to either side of the bin, summed up by four bumps: twelve features.

around = rb.basis.RaisedCosineLinearConv(4, window_size=11, conv_kwargs={"predictor_causality": "acausal"})
movement = around.compute_features(np.column_stack([velocity.values, speed]))

end = int(0.8 * len(times))
train, test = slice(0, end), slice(end, None)
y = counts.values
tuned = rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=1e-4).fit(movement[train], y[train])
gain = rb.scores.pseudo_r2(y[test], tuned.predict(movement[test]), kind="Cohen", y_train=y[train])
print(f"{np.sum(gain > 0)} of {len(gain)} units are predicted better by movement than by their mean")

# %%
# The 20 units that movement predicts best go on, in the order of the direction that they like. Below, two minutes of
# velocities, and the rates of three units at each velocity.

_, bumps = around.evaluate_on_grid(11)
filters = np.einsum("lb,cbn->lcn", bumps, tuned.coef_.reshape(3, 4, -1))  # lag, (x, y, speed), unit
liked = np.arctan2(filters.sum(axis=0)[1], filters.sum(axis=0)[0])
best = np.argsort(gain)[-20:]
best = best[np.argsort(liked[best])]
y, liked, gain, units = y[:, best], liked[best], gain[best], counts.columns[best]

binned = rb.TsdFrame(times, y / bin_size, columns=units)
edge = 100 * np.percentile(np.abs(velocity.values), 97)
cm_per_s = rb.TsdFrame(times, 100 * velocity.values, columns=["x", "y"])
maps = rb.compute_tuning_curves(binned, cm_per_s, bins=(11, 11), range=[(-edge, edge)] * 2)
fig, axes = plt.subplots(1, 4, figsize=(11, 2.5), gridspec_kw={"width_ratios": (1, 1.18, 1.18, 1.18)})
axes[0].plot(*cm_per_s.values[:2400].T, color="0.5", linewidth=0.4)
axes[0].set(xlim=(-edge, edge), ylim=(-edge, edge), title="two minutes", ylabel="Velocity y (cm/s)")
for ax, some in zip(axes[1:], np.array_split(np.arange(20), 3)):
    row = some[gain[some].argmax()]
    image = ax.pcolormesh(maps.x, maps.y, maps.values[row].T, cmap="viridis", rasterized=True)
    ax.set_title(f"unit {units[row]}")
    fig.colorbar(image, ax=ax, label="Rate (Hz)")
for ax in axes:
    ax.set_xlabel("Velocity x (cm/s)")

# %%
# Three models
# ------------
# The past 200 ms of every unit, through two bumps. One matrix of features serves all models; masks say which of them a
# unit may use: none of the past, its own, or everybody's. The ridge of the last model, with 52 features for each unit,
# is as strong as suits held-out blocks of the training time, unit by unit.

past = rb.basis.RaisedCosineLogConv(2, window_size=4)
features = np.hstack([movement, past.compute_features(y)])
everybody = rb.glm.coupling_mask(20, 2, before=12)
movement_alone = np.where(np.arange(52)[:, None] < 12, everybody, 0)
search = rb.glm.CV(np.logspace(-2, -5, 4), cv=rb.scores.blocked(end, n_folds=3, gap=20))
models = {
    "movement": (movement_alone, 1e-4),
    "+ own past": (rb.glm.coupling_mask(20, 2, "self", before=12), 1e-4),
    "+ others": (everybody, search),
}
scores = {}
for name, (mask, strength) in models.items():
    model = rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=strength, feature_mask=mask)
    model.fit(features[train], y[train])
    scores[name] = rb.scores.pseudo_r2(y[test], model.predict(features[test]), kind="Cohen", y_train=y[train])
    print(f"{name:12s} pseudo-R² of the last fifth {scores[name].mean():.3f}")

fig, ax = plt.subplots(figsize=(10, 2.8))
plot.plot_scores(scores, labels=units, ax=ax)
ax.set_xlabel("Unit, by the direction it likes")
ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3)

# %%
# The map
# -------
# Bumps times weights are filters; their exponential less one, times the receiver's mean count and summed over lags, is
# the number of spikes that go with one spike of the sender. A Wald test of both weights of a pair asks whether there is
# anything. The map shows the pairs that pass at one in a thousand.

_, bumps = past.evaluate_on_grid(4)
pairs = np.einsum("wb,sbr->wrs", bumps, model.coef_[12:].reshape(20, 2, 20))  # lag, receiver, sender
extra = y.mean(axis=0)[:, None] * np.expm1(pairs).sum(axis=0)
inference = model.inference(features[train], y[train])
p_values = np.stack([inference.wald_test([12 + 2 * sender, 13 + 2 * sender])[1] for sender in range(20)], axis=1)
between = ~np.eye(20, dtype=bool)
passed = between & (p_values < 0.001)
print(f"{passed.sum()} of {between.sum()} pairs pass, {np.sum(passed & (extra > 0))} of them with more spikes")

# %%
# Beside the map, the same pairs by the angle between the directions that their units like. Units of one direction more
# often announce each other, and units of opposite ones more often each other's silence, beyond what the movement itself
# predicts. This is no proof of a synapse: what both units know of the plan, and the twelve features do not, does the
# same.

apart = np.abs(np.angle(np.exp(1j * (liked[:, None] - liked))))
edges = np.linspace(0, np.pi, 5)
where = [between & (apart >= low) & (apart <= high) for low, high in pairwise(edges)]
more = np.array([np.mean(passed[pair] & (extra[pair] > 0)) for pair in where])
fewer = np.array([np.mean(passed[pair] & (extra[pair] < 0)) for pair in where])

fig, (ax, beside) = plt.subplots(1, 2, figsize=(9.5, 3.8), gridspec_kw={"width_ratios": (1.35, 1)})
plot.plot_coupling_map(np.where(passed, extra, 0), labels=units, colorbar="Extra spikes per sender spike", ax=ax)
ax.set(xlabel="Sender, by the direction it likes", ylabel="Receiver")
centres = np.degrees(edges[:-1] + edges[1:]) / 2
beside.bar(centres, 100 * more, 38, color="#B2182B", label="more spikes")
beside.bar(centres, -100 * fewer, 38, color="#2166AC", label="fewer spikes")
beside.axhline(0, color="0.4", linewidth=0.8)
beside.set(xlabel="Angle between the directions (°)", ylabel="Pairs that pass (%)", xticks=np.arange(0, 181, 45))
beside.set_yticks(beside.get_yticks(), [f"{abs(tick):.0f}" for tick in beside.get_yticks()])
beside.legend(loc="upper right", bbox_to_anchor=(1, 1.12), ncols=2)

# %%
# The page checks itself
# ----------------------

means = {name: score.mean() for name, score in scores.items()}
assert means["+ own past"] > means["movement"] + 0.01
assert means["+ others"] > means["+ own past"] + 0.005
assert more[0] > more[-1]
if found:
    assert np.mean(gain > 0) == 1
    assert 0.18 < means["+ others"] < 0.26
    assert fewer[-1] > fewer[0]

# %%
# Data: Stevenson et al. (2011), distributed with spykesML (MIT).
