"""
Reading a compass from seven cells
==================================

Seven cells of a mouse's anterodorsal thalamus fire according to where its head points. This page measures their tuning
curves on one half of a recording, and then reads the direction of the head from the spikes of the other half.

Where the recording is not at hand, simulated cells take its place.
"""

# %%

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb

plt.style.use(rb.styles.plot_style)

# %%
# Load
# ----
# ``ry`` is the direction of the head in radians, tracked while the mouse was awake: its time support is the stretch to
# use.

FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]
found = [path for folder in FOLDERS if (path := Path(folder, "head_direction.nwb")).exists()]
if found:
    data = rb.load_file(found[0])
    spikes, angle = data["units"], data["ry"]
    spikes = spikes[spikes["location"] == "adn"]
else:
    rng = np.random.default_rng(0)
    times = np.arange(0, 500, 0.01)
    angle = rb.Tsd(times, np.mod(np.cumsum(rng.normal(0, 0.05, times.size)), 2 * np.pi))
    rates = 1 + 40 * np.exp(4 * (np.cos(angle.d[:, None] - np.arange(7) * 2 * np.pi / 7) - 1))
    spikes = rb.TsGroup({cell: rb.Ts(times[rng.random(times.size) < rates[:, cell] * 0.01]) for cell in range(7)})
awake = angle.time_support
middle = (awake.start[0] + awake.end[-1]) / 2
first_half = awake.intersect(rb.IntervalSet(awake.start[0], middle))
second_half = awake.intersect(rb.IntervalSet(middle, awake.end[-1]))
print(spikes)

# %%
# Tuning curves
# -------------
# One call for all cells: each spike takes the nearest sample of the direction, and spikes per direction are divided by
# the time spent there. The answer is an xarray, with the occupancy beside it.

curves = rb.compute_tuning_curves(
    spikes, angle, bins=61, range=(0, 2 * np.pi), epochs=first_half, feature_names=["direction"]
)
# a turn of the head has no edge: smooth around the circle
padded = np.pad(curves.values, ((0, 0), (6, 6)), mode="wrap")
kernel = np.exp(-0.5 * (np.arange(-6, 7) / 2) ** 2)
curves.values = np.array([np.convolve(row, kernel / kernel.sum(), mode="valid") for row in padded])
preferred = curves.idxmax("direction").values
order = np.argsort(preferred)
colors = plt.get_cmap("twilight")(preferred / (2 * np.pi))

fig, axes = plt.subplots(1, len(order), figsize=(11, 2.1), subplot_kw={"projection": "polar"})
for ax, row in zip(axes, order):
    ax.fill(curves.direction, curves.values[row], color=colors[row], alpha=0.85, linewidth=0)
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"cell {curves.unit.values[row]}\n{curves.values[row].max():.0f} Hz", fontsize=9)

# %%
# How much a spike tells
# ----------------------
# Mutual information between the spikes and the direction, per second and per spike.

information = rb.compute_mutual_information(curves)
print(information.round(2))

# %%
# Cells that share a direction fire together
# ------------------------------------------
# Cross-correlograms of all pairs, sorted by the angle between their preferred directions: a hill in the middle for
# neighbours, a valley for opposites.

pairs = rb.compute_crosscorrelogram(spikes.restrict(awake), binsize=0.1, windowsize=4.0, time_units="s")
row_of = {cell: row for row, cell in enumerate(spikes.index)}
apart = np.array(
    [np.abs(np.angle(np.exp(1j * (preferred[row_of[a]] - preferred[row_of[b]])))) for a, b in pairs.columns]
)
by_angle = np.argsort(apart)

fig, ax = plt.subplots(figsize=(6, 3.6))
image = ax.imshow(
    pairs.to_numpy().T[by_angle], aspect="auto", extent=(pairs.index[0], pairs.index[-1], len(apart), 0), cmap="magma"
)
ax.set(xlabel="Lag (s)", ylabel="Pair, sorted by the angle between them")
ax.set_yticks(np.arange(0, len(apart), 4) + 0.5, [f"{np.degrees(apart[i]):.0f}°" for i in by_angle[::4]])
fig.colorbar(image, label="Rate / mean rate")

# %%
# Read the compass
# ----------------
# Bayesian decoding of the second half from the curves of the first, in bins of 100 ms with a window of three of them.
# The answer is a time series of directions and the probability of every direction at every time.

decoded, probability = rb.decode_bayes(
    curves, spikes, second_half, bin_size=0.1, sliding_window_size=3, uniform_prior=False
)
truth = angle.value_from(angle) if len(decoded) == 0 else decoded.value_from(angle, second_half)
error = np.abs(np.angle(np.exp(1j * (decoded.values - truth.values))))
print(f"median error {np.degrees(np.nanmedian(error)):.1f} degrees (chance: 90)")

stretch = rb.IntervalSet(second_half.start[0] + 20, second_half.start[0] + 80)
shown = probability.restrict(stretch)
fig, ax = plt.subplots(figsize=(10, 3))
ax.pcolormesh(shown.t, curves.direction, shown.values.T, cmap="Blues", vmax=0.3, rasterized=True)
true_angle = truth.restrict(stretch)
turned = np.abs(np.diff(true_angle.values, prepend=true_angle.values[0])) > np.pi
ax.plot(true_angle.t, np.where(turned, np.nan, true_angle.values), color="#D55E00", lw=1.2, label="where it looked")
ax.set(xlabel="Time (s)", ylabel="Direction", yticks=[0, np.pi, 2 * np.pi], yticklabels=["0", "π", "2π"])
ax.legend(loc="upper right", facecolor="white", framealpha=0.9, frameon=True)

# %%
# The page checks itself
# ----------------------

assert np.degrees(np.nanmedian(error)) < 15
assert information["bits/spike"].min() > 0.3
centre = pairs.loc[0.0].to_numpy()
assert np.corrcoef(np.cos(apart), centre)[0, 1] > 0.5

# %%
# Data: mouse A2929, distributed with pynapple (MIT).
