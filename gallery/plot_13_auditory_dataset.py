"""
Sounds that some neurons heard: an auditory data set
====================================================

In the forebrain of a zebra finch, each neuron heard some of many songs, calls and noises, some of them ten times, some
never. Such a recording is ragged: in the duration of sounds, in the number of repeats, and in who heard what. This page
looks at one in the layout of the data set AA4 of CRCNS (Elie and Theunissen 2019), asks what was recorded, and fits
receptive fields in frequency and time.

The data set itself needs an account. A simulated one takes its place here, written to a temporary folder with the same
files; its receptive fields are known.
"""

# %%

import tempfile

import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import plot
from rheobase.datasets.strf import STRF, CRCNSAA4Dataset, simulate_aa4

plt.style.use(rb.styles.plot_style)

# %%
# Load
# ----
# A folder per animal, in it a file per unit and the sounds. `CRCNSAA4Dataset` bins spikes on the frames of the sounds'
# mel spectrograms, here 5 ms each. For pictures, responses are smoothed with a Hann window of 21 ms; a repeat without a
# spike is a row of zeros, and is kept. With ``download=True`` and an account the real data set comes in the same way.

ANIMAL, DT_MS = "LblBlu2028M", 5
folder = tempfile.TemporaryDirectory()
simulated = simulate_aa4(folder.name, animal=ANIMAL, n_units=14, n_songs=3, n_calls=4, n_noises=6, n_repeats=9)
ds = CRCNSAA4Dataset(simulated.path, animals=(ANIMAL,), dt_ms=DT_MS, smooth=True)
print(ds)
print("first neuron:", ds.nrn_meta[0])

heard = ds.nrn_masks
print(f"{heard.sum()} of {heard.size} pairs of a sound and a neuron were recorded ({heard.mean():.0%})")

# %%
# One neuron
# ----------
# The neuron that heard most sounds, and four of them. Above the sound, in bands that are equally wide on the mel scale;
# below it the repeats and their mean with its standard error.

neuron = int(heard.sum(axis=0).argmax())
known = np.flatnonzero(heard[:, neuron])
picks = known[np.linspace(0, known.size - 1, 4).astype(int)]

fig, axes = plt.subplots(3, 4, figsize=(13, 6), sharex="col", sharey="row", height_ratios=(1.3, 1, 1))
for column, stim in zip(axes.T, picks):
    plot.plot_stimulus_response(ds, int(stim), neuron, axes=column)
for ax in axes[:, 1:].ravel():
    ax.set_ylabel("")
fig.align_ylabels(axes[:, 0])

# %%
# What was recorded at all
# ------------------------
# Mean rates of all pairs, grey where a neuron did not hear a sound. A neuron that heard it and was silent is not grey.

fig, ax = plt.subplots(figsize=(6, 3.8))
coverage = plot.plot_population_raster(ds, normalize=False, ax=ax)

# %%
# All neurons, one sound
# ----------------------
# The song that most neurons heard. Each row is divided by its maximum, so that rows compare.

songs = [s for s, meta in enumerate(ds.stim_meta) if meta["type"] == "song"]
song = max(songs, key=lambda s: heard[s].sum())
time = (np.arange(ds.stims[song].shape[-1] + 1) * DT_MS) / 1000

fig, (above, below) = plt.subplots(2, 1, figsize=(9, 6), height_ratios=(1, 2.6), sharex=True)
above.pcolormesh(time, np.arange(ds.F + 1), ds.stims[song][0], cmap="magma", rasterized=True)
above.set(title=f"Sound {song}, a song", ylabel="Mel band")
population = plot.plot_population_raster(ds, song, ax=below)

# %%
# Selections
# ----------
# A selection of neurons hides the sounds that none of them heard, and the other way round.

of_animal = ds.select_pop_by_nrn_attr("animal_id", ANIMAL)
print(f"{len(of_animal)} neurons of {ANIMAL}, who heard {len(ds)} sounds")
with_song = ds.select_pop_by_stim_attr("type", "song")
print(f"{len(with_song)} neurons heard a song")
ds.reset_pop_selection()
only_songs = ds.select_stims_by_attr("type", "song")
print(f"{len(only_songs)} songs, and {len(ds)} sounds to be seen now")
ds.reset_stim_selection()

# %%
# Neurons by electrode
# --------------------
# The same rows, sorted by electrode and then by unit. The line is where the second array of 16 electrodes begins.

electrodes = sorted(meta["electrode"] for meta in ds.nrn_meta)
boundary = next(row for row, electrode in enumerate(electrodes) if electrode > 16)

fig, ax = plt.subplots(figsize=(9, 4.4))
sorted_rows = plot.plot_population_raster(ds, song, sort_by=("electrode", "subsort_id"), ax=ax)
ax.axhline(boundary - 0.5, color="#D55E00", linestyle="--")
box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
ax.text(time[-1] * 0.99, boundary - 0.35, "electrodes 17 to 32", ha="right", va="bottom", fontsize=8, bbox=box)

# %%
# Receptive fields
# ----------------
# A receptive field is a GLM: the features of a bin are what each band held at each of the last 12 frames, the response
# is the number of spikes. Counts must not be smoothed, so the data set is loaded once more. Sounds do not run into each
# other, and a mean over ten repeats counts ten times.
#
# Coefficients are asked to change little from lag to lag and from band to band. How strongly is found out by sounds
# that were left out: `cross_validate` fits to three quarters of them, predicts the last one, and compares the
# prediction with the mean over repeats. CCnorm is this correlation, relative to the best that noisy means allow, the
# ceiling; both are estimates, so that CCnorm of a good model lies around one, on either side.

counts = CRCNSAA4Dataset(simulated.path, animals=(ANIMAL,), dt_ms=DT_MS, smooth=False)
fitted_neurons = np.argsort(-counts.nrn_masks.sum(axis=0), kind="stable")[:3].tolist()
counts.select_population(fitted_neurons)

scores = {}
for strength in (0.01, 0.1, 1.0):
    held_out = STRF(tmax=0.055, penalty="smooth", strength=[strength, strength]).cross_validate(counts, n_folds=4)
    scores[strength] = held_out.ccnorm
    print(f"strength {strength:5.2f}: CCnorm {np.round(held_out.ccnorm, 2)}, ceiling {np.round(held_out.ceiling, 2)}")
best = max(scores, key=lambda strength: scores[strength].mean())

strf = STRF(tmax=0.055, penalty="smooth", strength=[best, best]).fit(counts)

# %%
# Above the fields that spikes were made with, below those that were found.

fig, axes = plt.subplots(2, 3, figsize=(10.5, 5), sharex=True, sharey=True)
truth = simulated.fields[fitted_neurons]
axis = {"frequencies": simulated.frequencies, "lags_ms": simulated.lags_ms}
names = [f"neuron {n}, true" for n in fitted_neurons]
plot.plot_strf(truth, titles=names, label="Log rate per SD", ax=axes[0], **axis)
names = [f"neuron {n}, fitted (CCnorm {score:.2f})" for n, score in zip(fitted_neurons, scores[best])]
plot.plot_strf(strf, titles=names, ax=axes[1])
for ax in axes.ravel():
    ax.label_outer()

similar = [float(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in zip(truth, strf.weights_)]
for n, row, likeness in zip(fitted_neurons, range(3), similar):
    band, lag = strf.peak(row)
    print(
        f"neuron {n}: largest weight at {band:.0f} Hz, {lag:.0f} ms before; correlation with the truth {likeness:.2f}"
    )

# %%
# A sound that the model did not hear
# -----------------------------------
# For the neuron of the first picture and the sound that moved it most: the rate that a fit to all other sounds
# predicts, over the mean over repeats.

shown = int(max(known, key=lambda s: ds.responses[s][neuron].mean(axis=0).std()))
others, only = counts.view(), counts.view()
others.select_population(fitted_neurons)
others.select_stims([s for s in range(len(counts.stims)) if s != shown])
only.select_stims([shown])
without = STRF(tmax=0.055, penalty="smooth", strength=[best, best]).fit(others)
rate = without.predict(only)[0][without.neurons_.index(neuron)] * 1000 / DT_MS
measured = ds.responses[shown][neuron].mean(axis=0) * 1000 / DT_MS

fig, ax = plt.subplots(figsize=(9, 2.6))
times = np.arange(rate.size) * DT_MS / 1000
plot.plot_firing_rate(measured, rate, times=times, labels=["predicted"], ax=ax)
ax.set_title(f"Neuron {neuron}, sound {shown}, correlation {np.corrcoef(rate, measured)[0, 1]:.2f}")
ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))

# %%
# The page checks itself
# ----------------------

assert ds.N_neurons == 14
assert len(ds) == len(ds.stims) == 13
assert np.ma.getmaskarray(coverage.get_array()).sum() == (~heard).sum()
assert np.ma.getmaskarray(population.get_array()).all(axis=1).sum() == (~heard[song]).sum()
assert (len(of_animal), len(with_song), len(only_songs)) == (14, 14, 3)
assert min(scores[best]) > 0.7
assert min(similar) > 0.6
assert np.corrcoef(rate, measured)[0, 1] > 0.7
folder.cleanup()

# %%
# Layout: Elie and Theunissen (2019), *Single and multi-unit activity in the auditory forebrain of zebra finches*,
# CRCNS.org, doi 10.6080/K00C4T06.
