"""
Place cells on a linear track
=============================

A rat runs to and fro on a track while 31 cells of its hippocampus are recorded, with rest before and after. Where do
cells fire, how much does a spike tell, and can the rat's place be read from the spikes?

Where the recording is not at hand, simulated place cells take its place.
"""

# %%

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb

plt.style.use(rb.styles.plot_style)

# %%
# Load, and find the runs
# -----------------------
# Place is in pixels of the camera, at 60 Hz. `threshold` turns a signal into epochs: when the rat is on the track (else
# it rests at the bottom of the picture), and when it runs, faster than 40 pixels a second for at least half a second.
# The track is the first principal axis of the places on it.

FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]
found = [path for folder in FOLDERS if (path := Path(folder, "linear_track.nwb")).exists()]
if found:
    data = rb.load_file(found[0])
    spikes, place = data["units"], data["position"]
    place = rb.TsdFrame(place.t, place.values[:].astype(float), columns=["x", "y"])
else:
    rng = np.random.default_rng(0)
    times = np.arange(0, 900, 1 / 60)
    along = 300 * np.abs((times / 5) % 2 - 1) * ((times / 5) % 4 < 3)
    place = rb.TsdFrame(times, np.stack((150 + along, 400 - 0.9 * along), 1), columns=["x", "y"])
    rates = 0.2 + 20 * np.exp(-0.5 * ((along[:, None] - np.linspace(0, 300, 20)) / 25) ** 2)
    spikes = rb.TsGroup({cell: rb.Ts(times[rng.random(times.size) < rates[:, cell] / 60]) for cell in range(20)})

on_track = place["y"].threshold(110).time_support.intersect(place["y"].threshold(430, "below").time_support)
place = place.restrict(on_track.drop_short_intervals(5)).smooth(0.25)
centred = place.values - place.values.mean(axis=0)
axis = np.linalg.svd(centred, full_matrices=False)[2][0]
track = rb.Tsd(place.t, centred @ axis, time_support=place.time_support)
running = abs(track.derivative()).threshold(40).time_support.drop_short_intervals(0.5)
print(f"{len(running)} runs, {running.tot_length():.0f} s of {place.time_support.tot_length():.0f} s")

spikes = spikes[spikes.restrict(running).count(ep=running).values.sum(axis=0) > 100]
print(spikes)

# %%
# Place fields
# ------------
# Rates by place while it runs, one row per cell, sorted by the place of the peak and scaled to it.

curves = rb.compute_tuning_curves(spikes, track, bins=50, epochs=running, feature_names=["track"])
smoothed = rb.TsdFrame(curves.track.values, curves.values.T).smooth(12, size_factor=6, edge="renormalize").values.T
curves.values = smoothed
order = np.argsort(smoothed.argmax(axis=1))

fig, (ax, beside) = plt.subplots(1, 2, figsize=(10, 3.8), gridspec_kw={"width_ratios": (1.3, 1)})
scaled = smoothed[order] / smoothed[order].max(axis=1, keepdims=True)
image = ax.pcolormesh(curves.track, np.arange(len(order)), scaled, cmap="viridis", rasterized=True)
ax.set(xlabel="Place along the track (pixels)", ylabel="Cell, by the place of its peak")
fig.colorbar(image, ax=ax, label="Rate / peak rate")

maps = rb.compute_tuning_curves(spikes, place, bins=(24, 24), epochs=running)
information = rb.compute_mutual_information(curves)
best = int(information["bits/spike"].idxmax())
image = beside.pcolormesh(maps.x, maps.y, maps.sel(unit=best).values.T, cmap="viridis", rasterized=True)
beside.set(xlabel="x (pixels)", ylabel="y (pixels)", title=f"cell {best}, seen by the camera", aspect="equal")
fig.colorbar(image, ax=beside, label="Rate (Hz)")
print(information.describe().round(2))

# %%
# Is it more than chance?
# -----------------------
# Roll the places against the spikes by a random time: the cell keeps its own rhythm, the rat its habits, and only what
# ties them is lost. Cells whose information is above that of nearly all rolled copies have a place field.

run_track = track.restrict(running)
rng = np.random.default_rng(0)
rolled = [run_track]
for shift in rng.integers(1200, len(run_track) - 1200, 100):
    rolled.append(rb.Tsd(run_track.t, np.roll(run_track.values, shift), time_support=running))
copies = [rb.compute_tuning_curves(spikes, places, bins=25, epochs=running, fs=60) for places in rolled]
measured, *chance = [rb.compute_mutual_information(copy)["bits/spike"].to_numpy() for copy in copies]
limit = np.percentile(chance, 98, axis=0)
tuned = measured > limit

fig, ax = plt.subplots(figsize=(5, 3.2))
ax.scatter(limit[~tuned], measured[~tuned], color="0.6", label="not")
ax.scatter(limit[tuned], measured[tuned], color="#0072B2", label="place cell")
top = max(measured.max(), limit.max()) * 1.05
ax.plot((0, top), (0, top), color="0.4", lw=1, ls="--")
ax.set(xlabel="98 % of rolled copies (bits/spike)", ylabel="Measured (bits/spike)")
ax.legend(loc="upper left")
print(f"{tuned.sum()} of {len(spikes)} cells have a place field")

# %%
# Where is the rat?
# -----------------
# Fields from one there-and-back, place decoded in the next, in bins of 250 ms.

pair = np.arange(len(running)) // 2
learn, test = running[pair % 2 == 0], running[pair % 2 == 1]
fields = rb.compute_tuning_curves(spikes, track, bins=50, epochs=learn, feature_names=["track"])
smooth_fields = rb.TsdFrame(fields.track.values, fields.values.T).smooth(12, size_factor=6, edge="renormalize")
fields.values = np.maximum(smooth_fields.values.T, 0.01)
decoded, probability = rb.decode_bayes(fields, spikes, test, bin_size=0.25, uniform_prior=False)
truth = decoded.value_from(track, test)
error = np.abs(decoded.values - truth.values)
length = float(np.ptp(track.values))
print(f"median error {np.nanmedian(error):.0f} pixels on a track of {length:.0f}")

fig, ax = plt.subplots(figsize=(10, 3))
steps = np.arange(min(len(decoded), 160))
ax.pcolormesh(steps, fields.track, probability.values[steps].T, cmap="Blues", vmax=0.5, rasterized=True)
ax.plot(steps, truth.values[steps], color="#D55E00", lw=1.3, label="where it was")
ax.set(xlabel="Bin of 250 ms, runs laid end to end", ylabel="Place (pixels)")
ax.legend(loc="lower right", frameon=True, facecolor="white", framealpha=0.9)

# %%
# The page checks itself
# ----------------------

assert tuned.sum() >= 0.5 * len(spikes)
assert np.nanmedian(error) < 0.1 * length

# %%
# Data: rat CA1 on a linear track, distributed with nelpy (MIT).
