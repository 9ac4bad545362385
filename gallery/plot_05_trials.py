"""
Single neurons in a memory task, trial by trial
===============================================

While a patient watched film clips and was later asked which frames were new, neurons in the medial temporal lobe were
recorded. Trials come with a table: what was shown, what was answered, how fast. Some trials overlap: the patient had
answered before the frame was gone. None of them is lost here.

Where the recording is not at hand, simulated trials take its place.
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
# A table of trials is a set of epochs with one row of metadata each. `has_overlap` says that some begin before the last
# one is over; they are kept as they are, since each is a trial of its own.

FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]
found = [path for folder in FOLDERS if (path := Path(folder, "human_mtl.nwb")).exists()]
if found:
    data = rb.load_file(found[0])
    spikes, trials = data["units"], data["recognition_table"]
else:
    rng = np.random.default_rng(0)
    starts = np.arange(180) * 3.0 + 800
    reaction = rng.uniform(0.6, 3.5, 180)
    table = {"old_new": rng.integers(0, 2, 180), "RT": reaction, "stimuli_type": rng.choice(["new", "old"], 180)}
    trials = rb.IntervalSet(starts, starts + reaction, metadata=table, overlap="keep")
    spikes = {}
    for unit in range(12):
        times = rng.uniform(0, 1400, rng.poisson(1400 * rng.uniform(1, 4)))
        evoked = (starts[:, None] + rng.uniform(0.2, 0.9, (180, 3))).ravel() if unit % 3 == 0 else []
        spikes[unit] = rb.Ts(np.sort(np.concatenate((times, evoked))))
    spikes = rb.TsGroup(spikes)
print(trials)
print(f"{len(trials)} trials, overlapping: {trials.has_overlap}")

# %%
# Spikes around each frame
# ------------------------
# `compute_perievent` lays the spikes of every unit around every event, in seconds from it: a dictionary of units, each
# a group with one member per event.

window = (1.0, 2.0)
onsets = rb.Ts(trials.start)
around = rb.compute_perievent(spikes, onsets, window)
rates = {
    unit: raster.count(0.1, rb.IntervalSet(-window[0], window[1])).values.mean(axis=1) / 0.1
    for unit, raster in around.items()
}
times = next(iter(around.values())).count(0.1, rb.IntervalSet(-window[0], window[1])).t

# how far the count of the second after the frame leaves that of the second before, in standard errors over trials
before = spikes.count(ep=rb.IntervalSet(trials.start - 1, trials.start, overlap="keep")).values
after = spikes.count(ep=rb.IntervalSet(trials.start, trials.start + 1, overlap="keep")).values
change = after - before
score = change.mean(axis=0) / (change.std(axis=0) / np.sqrt(len(change)) + 1e-12)
units = np.asarray(spikes.index)
best = units[np.argsort(-np.abs(score))[:3]]
print("units that answer to a frame:", {int(unit): round(float(score[units == unit][0]), 1) for unit in best})

fig, axes = plt.subplots(2, 3, figsize=(10, 4.2), sharex=True, gridspec_kw={"height_ratios": (2, 1)})
for (above, below), unit in zip(axes.T, best):
    raster = around[unit].to_tsd()
    above.plot(raster.t, raster.values, "|", color="0.15", ms=2.2)
    above.set(title=f"unit {unit}", ylim=(0, len(onsets)))
    below.step(times, rates[unit], where="mid", color="#0072B2")
    below.set(xlabel="Time from the frame (s)", ylim=(0, None))
    for ax in (above, below):
        ax.axvline(0, color="#D55E00", lw=1)
axes[0, 0].set_ylabel("Trial")
axes[1, 0].set_ylabel("Rate (Hz)")

# %%
# All units at once
# -----------------
# The same for the population: rates as z-scores, sorted by the change.

population = np.array([rates[unit] for unit in units])
base = population[:, times < 0]
z = (population - base.mean(axis=1, keepdims=True)) / (base.std(axis=1, keepdims=True) + 0.1)
by_score = np.argsort(score)

fig, ax = plt.subplots(figsize=(6, 3.6))
image = ax.pcolormesh(times, np.arange(len(units)), z[by_score], cmap="RdBu_r", vmin=-4, vmax=4, rasterized=True)
ax.axvline(0, color="k", lw=1)
ax.set(xlabel="Time from the frame (s)", ylabel="Unit, sorted by its answer")
fig.colorbar(image, label="Rate, z-score")

# %%
# Trials of different lengths, stretched to one
# ---------------------------------------------
# A recognition trial lasts from the frame to the answer. `warp_tensor` cuts each into the same number of bins, so that
# trials can be averaged from beginning to end, overlapping ones too. Metadata split them: fast and slow answers.

warped = rb.warp_tensor(spikes, trials, num_bins=20) / ((trials.end - trials.start) / 20)[None, :, None]
reaction = np.asarray(trials["RT"], dtype=float)
fast = reaction <= np.median(reaction)
fig, ax = plt.subplots(figsize=(6, 3))
for chosen, label, color in ((fast, "fast answers", "#009E73"), (~fast, "slow answers", "#CC79A7")):
    mean = warped[:, chosen].mean(axis=(0, 1))
    error = warped[:, chosen].mean(axis=0).std(axis=0) / np.sqrt(chosen.sum())
    ax.fill_between(np.linspace(0, 100, 20), mean - error, mean + error, color=color, alpha=0.25, linewidth=0)
    ax.plot(np.linspace(0, 100, 20), mean, color=color, label=f"{label} ({chosen.sum()})")
ax.set(xlabel="Part of the trial (%)", ylabel="Mean rate of all units (Hz)")
ax.legend(loc="best")

# %%
# The page checks itself
# ----------------------

assert len(trials) == 180
assert np.abs(score).max() > 4
counts = spikes.count(ep=trials)
assert counts.shape == (180, len(spikes))
whole = spikes.restrict(trials)  # as a mask of time, trials are their union: no spike counts twice
assert sum(len(whole[unit]) for unit in whole.index) <= counts.values.sum()

# %%
# Data: DANDI:000207, sub-4 ses-4 (Zheng et al. 2022).
