"""
Calcium traces: filter, find events, average, save
==================================================

Fluorescence of ten cells at 30 Hz. Slow drifts go, events are found by threshold, other cells are averaged around them,
and the result is written to a file that any reader of NWB opens.

Where the recording is not at hand, simulated traces take its place.
"""

# %%

import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb

plt.style.use(rb.styles.plot_style)

# %%
# Load
# ----
# Traces come as they lie on disk, with their unit; they are read when they are needed.

FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]
found = [path for folder in FOLDERS if (path := Path(folder, "calcium.nwb")).exists()]
if found:
    traces = rb.load_file(found[0])["RoiResponseSeries"]
else:
    rng = np.random.default_rng(0)
    times = np.arange(0, 600, 1 / 30)
    spikes = rng.random((times.size, 10)) < 0.002
    spikes |= np.roll(spikes[:, :1], 6, axis=0) & (np.arange(10) < 4)
    decay = np.exp(-np.arange(0, 4, 1 / 30))
    clean = np.stack([np.convolve(cell, decay)[: times.size] for cell in spikes.T * 20.0], axis=1)
    traces = rb.TsdFrame(times, clean + rng.normal(0, 1, clean.shape) + np.sin(times / 60)[:, None])
print(traces)
even = rb.Ts(traces.t[0] + np.arange(len(traces)) / 30)  # stored times were cut to microseconds
traces = traces.interpolate(even, ep=rb.IntervalSet(even.t[0], even.t[-1]))

# %%
# Take the drift and the noise away
# ---------------------------------
# A Butterworth filter runs forth and back over each epoch, so nothing moves in time; what is below 0.01 Hz is drift,
# what is above 3 Hz is noise for an indicator that decays over half a second.

filtered = rb.apply_bandpass_filter(traces, (0.01, 3.0), fs=30)
response = rb.get_filter_frequency_response((0.01, 3.0), 30, "bandpass", "butter")
noise = 1.4826 * np.median(np.abs(filtered.values - np.median(filtered.values, axis=0)), axis=0)
z = filtered / noise

fig, (ax, beside) = plt.subplots(1, 2, figsize=(10, 3.6), gridspec_kw={"width_ratios": (3, 1)})
stretch = rb.IntervalSet(traces.t[0] + 100, traces.t[0] + 220)
for row in range(z.shape[1]):
    trace = z[:, row].restrict(stretch)
    ax.plot(trace.t, trace.values / 30 + row, color=plt.get_cmap("viridis")(row / 10), lw=0.8)
ax.set(xlabel="Time (s)", ylabel="Cell", yticks=np.arange(10), yticklabels=list(z.columns))
spectrum = rb.compute_mean_power_spectral_density(traces, interval_size=60, fs=30)
spectrum = spectrum[(spectrum.index > 0) & (spectrum.index < 12)].mean(axis=1)
beside.loglog(spectrum.index, spectrum, color="0.2", label="traces")
beside.loglog(response.index[1:], spectrum.iloc[0] * response.to_numpy()[1:] ** 2, color="#D55E00", label="filter")
beside.set(xlabel="Frequency (Hz)", ylabel="Power", xlim=(0.01, 12), ylim=(spectrum.min() / 3, spectrum.max() * 3))
beside.legend(loc="lower left")

# %%
# Events
# ------
# An event is a stretch above five times the noise that lasts a quarter of a second at least; its time is the start.

events = {}
for row, cell in enumerate(z.columns):
    above = z[:, row].threshold(5).time_support.drop_short_intervals(0.25)
    events[int(cell)] = rb.Ts(above.start, time_support=z.time_support)
events = rb.TsGroup(events, time_support=z.time_support)
print(events)

# %%
# What others do around them
# --------------------------
# The average of every trace around the events of every cell, three seconds before to six after. Each row of panels
# would be one cell; here are the peaks of all, and the cell with most events in full.

average = rb.compute_event_triggered_average(z, events, binsize=1 / 30, window=(3.0, 6.0))
values = average.values  # lag, cell with the event, trace
peaks = values.max(axis=0)
most = int(np.argmax([len(events[cell]) for cell in events.index]))

fig, (ax, beside) = plt.subplots(1, 2, figsize=(10, 3.4), gridspec_kw={"width_ratios": (1.6, 1)})
for row in range(z.shape[1]):
    main = row == most
    ax.plot(average.t, values[:, most, row], color="#D55E00" if main else "0.6", lw=2 if main else 0.9)
ax.axvline(0, color="k", lw=0.8)
ax.set(xlabel=f"Time from an event of cell {events.index[most]} (s)", ylabel="Mean trace (noise units)")
image = beside.imshow(peaks, cmap="magma", vmin=0)
beside.set(xlabel="Trace", ylabel="Cell with the event", xticks=range(10), yticks=range(10))
fig.colorbar(image, ax=beside, label="Peak of the mean")

# %%
# Write what was found
# --------------------
# `to_nwb` writes containers of any kind, with names, units, metadata and time support; reading gives them back.

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "events.nwb"
    rb.io.to_nwb({"filtered": filtered, "events": events}, path, session_description="Filtered traces and events")
    back = rb.load_file(path)
    same = all(np.array_equal(back["events"][cell].t, events[cell].t) for cell in events.index)
    kept = np.array_equal(back["filtered"].values[:], filtered.values)
    print(back)
    back.close()

# %%
# The page checks itself
# ----------------------

assert same
assert kept
assert sum(len(events[cell]) for cell in events.index) > 50
assert np.mean(peaks.argmax(axis=1) == np.arange(10)) >= 0.7

# %%
# Data: mouse A0634, distributed with pynapple (MIT).
