"""
Decoding in a pipeline
======================

Which image was on the screen, and is there one at all? A decoder needs one row of numbers per event: how many spikes
each neuron fired in some window around it. The transformers of this page cut that out of a recording, as steps of
scikit-learn's pipelines: so the window itself can be cross-validated and searched, like any other setting.

First on a simulated session of natural scenes, then on neurons of the human medial temporal lobe.
"""

# %%

import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import rheobase as rb
from rheobase import plot
from rheobase.datasets import simulate_session
from rheobase.datasets.allen import EcephysSession
from rheobase.transformers import PeriEventSpikeSampler, ResponseReducer

plt.style.use(rb.styles.plot_style)

# %%
# Spikes and events
# -----------------
# Spikes are a `TsGroup` (a table with the columns ``time`` and ``neuron`` does as well), events a table with a column
# ``time``. Images follow each other every quarter of a second.

folder = tempfile.TemporaryDirectory()
session = EcephysSession.from_nwb_path(simulate_session(Path(folder.name, "session.nwb"), n_units=20, n_repeats=30))
spikes = session.to_tsgroup()
shown = session.get_stimulus_table("natural_scenes").reset_index(drop=True)
events = pd.DataFrame({"time": shown["start_time"], "duration": shown["duration"], "image": shown["frame"].astype(int)})
print(events.head(3))

# %%
# A tensor, and a row per event
# -----------------------------
# `PeriEventSpikeSampler` counts the spikes of every neuron in bins around every event: events, times and neurons, with
# the columns of the events as coordinates. Neurons that are silent around an event count zero and keep their place.
# `ResponseReducer` sums the bins up.

bins = np.arange(0, 0.26, 0.01)
tensor = PeriEventSpikeSampler(spikes, sample_times=bins).fit_transform(events)
response = ResponseReducer(np.sum).fit_transform(tensor)
print(tensor.sizes, response.sizes)

best = int(np.argmax(response.groupby("image").mean().var("image").values))
over_time = tensor.isel(neuron=best).groupby("image").mean() / 0.01
by_image = response.groupby("image").mean()
z = (by_image - by_image.mean("image")) / by_image.std("image")
liked = np.argsort(z.argmax("image").values, kind="stable")

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), gridspec_kw={"width_ratios": (1.1, 1)})
image = left.pcolormesh(bins * 1000, np.arange(-1.5, 8), over_time, cmap="viridis", vmin=0)
left.set(xlabel="Time from the image (ms)", ylabel="Image (-1: blank)", yticks=range(-1, 8))
left.set_title(f"neuron {tensor.neuron.values[best]}")
fig.colorbar(image, ax=left, label="Rate (Hz)")
image = right.pcolormesh(np.arange(20), np.arange(-1, 8), z.values[:, liked], cmap="RdBu_r", vmin=-2.2, vmax=2.2)
right.set(
    xlabel="Neuron, by the image it likes", ylabel="Image (-1: blank)", title="mean responses", yticks=range(-1, 8)
)
fig.colorbar(image, ax=right, label="Spikes (z-score over images)")

# %%
# A pipeline
# ----------
# From events to images in four steps. What is not known until the fit (means, scales, discriminants) comes from the
# training events only.

pipeline = Pipeline(
    [
        ("spike_sampler", PeriEventSpikeSampler(spikes, sample_times=bins)),
        ("extract", ResponseReducer(np.sum)),
        ("rescale", StandardScaler()),
        ("classify", LinearDiscriminantAnalysis(solver="lsqr")),
    ]
)
X, y = events[["time", "duration"]], events["image"]
chance = 1 / y.nunique()
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.33, stratify=y, random_state=0)
score = pipeline.fit(X_train, y_train).score(X_test, y_test)
folds = cross_val_score(pipeline, X, y, cv=5)
print(f"held-out third {score:.2f}; five folds {folds.mean():.2f} ± {folds.std():.2f}; chance {chance:.2f}")

# %%
# Which window?
# -------------
# Every argument of every step can be searched. Windows of a tenth of a second tell less than the whole presentation;
# one that begins late looks at the next image.

windows = {
    "0 to 50 ms": np.array([0, 0.05]),
    "0 to 100 ms": np.array([0, 0.1]),
    "0 to 250 ms": np.array([0, 0.25]),
    "100 to 350 ms": np.array([0.1, 0.35]),
    "200 to 450 ms": np.array([0.2, 0.45]),
}
grid = {"spike_sampler__sample_times": list(windows.values()), "classify__shrinkage": [None, 0.2, 0.6]}
search = GridSearchCV(pipeline, grid, cv=5).fit(X_train, y_train)
table = np.reshape(search.cv_results_["mean_test_score"], (3, len(windows)))
chosen = list(windows)[search.best_index_ % len(windows)]
print(f"best: {chosen}, held-out third {search.score(X_test, y_test):.2f}")

decoded = cross_val_predict(search.best_estimator_, X, y, cv=5)
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), gridspec_kw={"width_ratios": (1.1, 1)})
for row, (accuracy, color) in enumerate(zip(table, ("#0072B2", "#E69F00", "#009E73"))):
    left.plot(accuracy, np.arange(len(windows)) + 0.12 * (row - 1), "o", color=color, label=("none", "0.2", "0.6")[row])
left.axvline(chance, color="0.5", lw=1, ls="--")
left.text(chance, -0.45, " chance", color="0.4", fontsize=8, va="center")
left.set_yticks(np.arange(len(windows)), windows)
left.set(xlabel="Accuracy, five folds of the training events", xlim=(0, 1), ylim=(len(windows) - 0.5, -0.7))
left.legend(title="shrinkage", loc="lower right")
plot.plot_confusion_matrix(y, decoded, ax=right)

# %%
# Human neurons
# -------------
# A patient looks at frames of films and says whether they are new. Do neurons of the medial temporal lobe know that a
# frame is there, and since when? For windows of half a second, each one later than the last, the same pipeline tells
# frame from fixation cross. Both windows of a trial are always in the same fold. Where the recording is not at hand,
# flashes of the simulated session take its place.

FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]
found = [path for folder_ in FOLDERS if (path := Path(folder_, "human_mtl.nwb")).exists()]
if found:
    data = rb.load_file(found[0])
    spikes, onsets = data["units"], data["recognition_table"].start
else:
    onsets = session.trials("flashes").start
classify = [("rescale", StandardScaler()), ("classify", LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))]
trial = np.tile(np.arange(len(onsets)), 2)
is_frame = np.repeat([False, True], len(onsets))
lags = np.arange(0, 1.3, 0.1)
accuracies = []
for lag in lags:
    when = pd.DataFrame({"time": np.concatenate([onsets - 0.55, onsets + lag])})
    decoder = Pipeline(
        [("sample", PeriEventSpikeSampler(spikes, [0, 0.5])), ("extract", ResponseReducer(np.sum)), *classify]
    )
    accuracies.append(cross_val_score(decoder, when, is_frame, groups=trial, cv=GroupKFold(10)))
accuracies = np.array(accuracies)
mean, error = accuracies.mean(axis=1), accuracies.std(axis=1) / np.sqrt(10)
print(f"{len(spikes)} neurons, {len(onsets)} trials: {mean[0]:.2f} at once, {mean.max():.2f} at best")

fig, ax = plt.subplots(figsize=(5.5, 3))
ax.fill_between(lags + 0.25, mean - error, mean + error, color="#0072B2", alpha=0.25, linewidth=0)
ax.plot(lags + 0.25, mean, "o-", color="#0072B2")
ax.axhline(0.5, color="0.5", lw=1, ls="--")
ax.text(0.01, 0.505, "chance", color="0.4", fontsize=8, va="bottom")
ax.set(xlabel="Middle of the window, from the frame (s)", ylabel="Accuracy", ylim=(0.35, 1.02), xlim=(0, None))

# %%
# The page checks itself
# ----------------------

assert tensor.shape == (270, 25, 20)
assert score > 5 * chance
assert abs(folds.mean() - score) < 0.12
assert chosen == "0 to 250 ms"
assert np.mean(decoded == y) > 5 * chance
if found:
    assert mean[0] < 0.75 < mean.max()
    assert lags[mean.argmax()] >= 0.3
folder.cleanup()

# %%
# Data: DANDI:000207, sub-4 ses-4 (Zheng et al. 2022).
