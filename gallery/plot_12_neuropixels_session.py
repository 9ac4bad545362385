"""
A Neuropixels session: from the cache to a decoder and a GLM
============================================================

The Allen Institute has published hundreds of hours of spikes from the visual system of mice. `EcephysProjectCache` is
the door to them: a folder that fills as it is used. This page opens a session, draws what flashes do to its units,
tells from the spikes of one area which image was on the screen, and ends with a model of every unit's tuning.

Nothing is downloaded here: a simulated session in the same layout takes the place of the warehouse. With a network, one
line changes, ``EcephysProjectCache.from_warehouse(manifest=...)`` or ``from_s3``.
"""

# %%

import io
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image
from sklearn.model_selection import KFold
from sklearn.svm import SVC

import rheobase as rb
from rheobase import plot
from rheobase.datasets import simulate_session
from rheobase.datasets.allen import EcephysProjectCache, EcephysSession

plt.style.use(rb.styles.plot_style)

# %%
# Where data come from
# --------------------
# A cache fetches from any object with these methods: a table or a file for each. So a laboratory can serve its own
# sessions, in the layout of the institute, from a disk of its own. Here it is one simulated session, and eight images.

folder = tempfile.TemporaryDirectory()
file = simulate_session(Path(folder.name, "simulated.nwb"), n_units=100, n_repeats=20, session_id=791319847)
rows, columns = np.mgrid[-1:1:60j, -1:1:80j]


class OurDisk:
    """Sessions, probes, channels and units as tables indexed by their numbers; files as bytes."""

    every = EcephysSession.from_nwb_path(file, api_kwargs={"filter_by_validity": False})

    def get_sessions(self):
        row = {"session_type": "brain_observatory_1.1", "sex": "M", "age_in_days": 116.0, "genotype": "wt/wt"}
        return pd.DataFrame([row], index=pd.Index([self.every.ecephys_session_id], name="id"))

    def get_probes(self):
        return self.every.probes.assign(ecephys_session_id=self.every.ecephys_session_id).rename_axis("id")

    def get_channels(self):
        return self.every.channels.rename(columns={"probe_id": "ecephys_probe_id"}).rename_axis("id")

    def get_units(self):
        units = self.every.units.rename(columns={"peak_channel_id": "ecephys_channel_id"}).rename_axis("id")
        return units[["ecephys_channel_id", "quality", "amplitude_cutoff", "presence_ratio", "isi_violations", "snr"]]

    def get_session_data(self, session_id):
        return file.read_bytes()

    def get_natural_scene_template(self, number):
        angle = np.pi * number / 8
        grating = np.sin(3 * (number + 2) * (columns * np.cos(angle) + rows * np.sin(angle)))
        picture = 128 + 120 * grating * np.exp(-2 * (rows**2 + columns**2))
        buffer = io.BytesIO()
        Image.fromarray(picture.astype(np.uint8)).save(buffer, format="TIFF")
        return buffer.getvalue()


cache = EcephysProjectCache(OurDisk(), manifest=Path(folder.name, "cache", "manifest.json"))
sessions = cache.get_session_table()
print(cache.get_all_session_types())
print(sessions[["session_type", "sex", "unit_count", "channel_count", "probe_count"]])

# %%
# A session
# ---------
# What is asked for is fetched once, whole or not at all, and stays in the folder. Units that fail the limits of quality
# are left aside, unless one says otherwise.

session = cache.get_session_data(sessions.index[0])
print(session.stimulus_names)
print(session.units["ecephys_structure_acronym"].value_counts())

# %%
# What a flash does
# -----------------
# Spikes are counted in bins around the onset of each presentation: an array with named axes. A spike on the edge of a
# bin is counted once.

flashes = session.get_stimulus_table("flashes")
bins = np.arange(-0.1, 0.41, 0.01)
counts = session.presentationwise_spike_counts(bins, flashes.index, session.units.index)
print(counts.sizes)
rates = counts.mean("stimulus_presentation_id") / 0.01

# the same spikes around the same flashes, of the unit that answers most, by the colour of the flash
spikes = session.to_tsgroup()
trials = session.trials("flashes")
rise = rates.sel(time_relative_to_stimulus_onset=slice(0, 0.25)).mean("time_relative_to_stimulus_onset")
unit = int(rise.idxmax())
around = rb.compute_perievent(spikes[unit], trials, (0.1, 0.4))
around["flash"] = np.where(trials["color"] > 0, "white", "black")

fig, axes = plt.subplot_mosaic("ab;ac", figsize=(10, 4.6), gridspec_kw={"width_ratios": (1.25, 1)})
by_rise = [int(one) for one in rise.unit_id[np.argsort(rise.values)]]
plot.plot_psth_map(rates, order=by_rise, limit=8, event="flash", ax=axes["a"])
plot.plot_perievent_raster(around, group_by="flash", event="flash", ax=axes["b"])
plot.plot_psth(around, group_by="flash", event="flash", bin_size=0.02, ax=axes["c"])
axes["a"].set(title="all units", ylabel="Unit, by its rate during a flash")
axes["b"].set_title(f"unit {unit}")
axes["b"].set_xlabel("")
axes["c"].get_legend().remove()  # the colours are named above

# %%
# Which image was it?
# -------------------
# All that the decoder sees is the number of spikes of each unit of the primary visual cortex in the first 50 ms of a
# presentation. Five times, a fifth of the presentations is held out. Image -1 is a blank screen.

scenes = session.get_stimulus_table("natural_scenes")
visual = session.units.index[session.units["ecephys_structure_acronym"] == "VISp"]
design = session.presentationwise_spike_counts([0, 0.05], scenes.index, visual).values[:, 0].astype(float)
image = scenes["frame"].to_numpy(dtype=int)

decoded = np.empty_like(image)
for train, test in KFold(5).split(design):
    decoded[test] = SVC(gamma="scale", kernel="rbf").fit(design[train], image[train]).predict(design[test])
accuracy = np.mean(decoded == image)
print(f"{design.shape[1]} units of VISp: accuracy {accuracy:.2f}, chance {1 / np.unique(image).size:.2f}")

right = np.array([np.mean(decoded[image == number] == number) for number in range(8)])
fig, axes = plt.subplot_mosaic("ab;ac", figsize=(8, 4), gridspec_kw={"width_ratios": (1.9, 1)})
plot.plot_confusion_matrix(image, decoded, title="VISp", ax=axes["a"])
for ax, number, title in ((axes["b"], right.argmax(), "most"), (axes["c"], right.argmin(), "least")):
    ax.imshow(cache.get_natural_scene_template(number), cmap="gray")
    ax.set(title=f"{title} decodable: {number}", xticks=[], yticks=[])

# %%
# A GLM in five lines
# -------------------
# `trials` gives presentations as epochs with their parameters, `to_tsgroup` the units with their table: the containers
# that all analyses take. The features are a ring of six bumps over the direction of a drifting grating.

gratings = session.trials("drifting_gratings")
y = session.to_tsgroup().count(ep=gratings)
ring = rb.basis.CyclicBSplineEval(6, bounds=(0, 360))
X = ring.compute_features(gratings["orientation"])
model = rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=1e-3).fit(X, y)

# %%
# Every other trial shows whether the curves hold elsewhere: the fraction of deviance that direction explains in trials
# that the model has not seen.

odd = np.arange(len(gratings)) % 2 == 1
half = rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=1e-3).fit(X[odd], y.values[odd])
predicted = half.predict(X[~odd])
gain = rb.scores.pseudo_r2(y.values[~odd], predicted, kind="Cohen", y_train=y.values[odd])
print(f"{np.mean(gain > 0):.0%} of {len(gain)} units are tuned; median deviance explained {np.median(gain):.2f}")

angles = np.linspace(0, 360, 181)
duration = np.median(gratings.end - gratings.start)
curves = model.predict(ring.compute_features(angles)) / duration
fig, axes = plt.subplots(1, 4, figsize=(11, 2.7))
for ax, row in zip(axes, np.argsort(-gain)[[0, 10, 30, 60]]):
    measured = y.values[:, row] / duration
    (points,) = plot.plot_tuning_by_condition(measured, gratings["orientation"], label="Direction", unit="°", ax=ax)
    points.lines[0].set_linestyle("none")
    (curve,) = ax.plot(angles, curves[:, row], color="#D55E00", lw=1.5, zorder=0)
    ax.set_xticks(range(0, 361, 90), range(0, 361, 90))
    ax.set_title(f"unit {y.columns[row]}\nexplained {gain[row]:.2f}")
    ax.set_ylabel("Firing rate (Hz)" if ax is axes[0] else "")
axes[0].legend([points, curve], ["trials", "model"], loc="upper right")

# %%
# The page checks itself
# ----------------------

assert session.num_units == 100
assert counts.shape == (40, 50, 100)
assert 0.6 < accuracy < 0.95
assert np.mean(gain > 0) > 0.9
assert np.median(gain) > 0.7
silent = rates.sel(time_relative_to_stimulus_onset=slice(-0.1, 0)).mean("time_relative_to_stimulus_onset")
assert (rise > silent).mean() > 0.85
folder.cleanup()
