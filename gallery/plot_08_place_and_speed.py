"""
Place, speed, or both? Comparing models of tuning
=================================================

Cells of the hippocampus fire at places, and more or less so with the speed of the animal and the way it runs. Four
models of the same spikes are compared: place, speed, both side by side, and both together, where every place may have
a speed of its own. Runs that a model has not seen decide.

Where the recording is not at hand, simulated place cells take its place.
"""

# %%

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import cross_val_predict

import rheobase as rb
from rheobase import plot

plt.style.use(rb.styles.plot_style)

# %%
# Load
# ----
# Place is in pixels of the camera, at 60 Hz; the track is the first principal axis of the places on it. Speed is the
# derivative of place, and keeps its sign: positive one way, negative the other. Runs are stretches of half a second or
# more at 40 pixels a second or faster.

FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]
found = [path for folder in FOLDERS if (path := Path(folder, "linear_track.nwb")).exists()]
if found:
    data = rb.load_file(found[0])
    spikes, camera = data["units"], data["position"]
    camera = rb.TsdFrame(camera.t, camera.values[:].astype(float), columns=["x", "y"])
    on_track = camera["y"].threshold(110).time_support.intersect(camera["y"].threshold(430, "below").time_support)
    camera = camera.restrict(on_track.drop_short_intervals(5)).smooth(0.25)
    centred = camera.values - camera.values.mean(axis=0)
    place = rb.Tsd(camera.t, centred @ np.linalg.svd(centred, full_matrices=False)[2][0])
else:
    rng = np.random.default_rng(0)
    times = np.arange(0, 420, 1 / 60)
    phase = times / 6 + 0.3 * np.sin(times / 11)
    place = rb.Tsd(times, 200 * np.cos(np.pi * phase))
    way = np.sign(place.derivative().values)[:, None]
    centres, liked = np.linspace(-180, 180, 14), np.where(np.arange(14) % 3, 0.5, 1) * (-1.0) ** np.arange(14)
    rates = 0.2 + 20 * np.exp(-0.5 * ((place.values[:, None] - centres) / 40) ** 2 + np.log(2) * 2 * liked * way - 1.4)
    drawn = rng.random(rates.shape) < rates / 60
    spikes = rb.TsGroup({cell: rb.Ts(times[drawn[:, cell]]) for cell in range(14)}, time_support=place.time_support)

speed = np.clip(place.derivative(), -150, 150)
running = abs(speed).threshold(40).time_support.drop_short_intervals(0.5)
spikes = spikes[spikes.restrict(running).count(ep=running).values.sum(axis=0) > 100]
print(f"{len(running)} runs, {running.tot_length():.0f} s, {len(spikes)} cells with more than 100 spikes in them")

# %%
# Counts in bins of 100 ms, and the mean place and speed in the same bins.

bin_size = 0.1
counts = spikes.count(bin_size, running)
place, speed = place.bin_average(bin_size, running), speed.bin_average(bin_size, running)
print(counts.shape, place.shape, speed.shape)

# %%
# Each run is a line through the plane of place and speed; each spike is a dot on it. Most of these cells care for the
# place and for the direction of the run, which neither a curve over places nor one over speeds can say alone.

shown = [13, 27, 20, 16] if found else [4, 9, 6, 7]
fig, axes = plt.subplots(1, 4, figsize=(11, 2.7), sharex=True, sharey=True)
lines = speed.values.copy()
lines[np.diff(place.t, prepend=place.t[0]) > 1.5 * bin_size] = np.nan  # one run ends, the next begins
for ax, cell, color in zip(axes, shown, ("#D55E00", "#0072B2", "#009E73", "#CC79A7")):
    fired = spikes[cell].restrict(running)
    ax.plot(place.values, lines, color="0.8", linewidth=0.5)
    ax.plot(fired.value_from(place).values, fired.value_from(speed).values, ".", color=color, ms=4, alpha=0.6, mew=0)
    ax.set(title=f"cell {cell}", xlabel="Place (pixels)")
axes[0].set_ylabel("Speed (pixels/s)")

# %%
# Four bases
# ----------
# ``a + b`` puts the functions of two bases side by side: on a logarithmic rate, a curve over places plus a curve over
# speeds, so that running faster multiplies the whole place field. ``a * b`` makes every product of a function of one
# with a function of the other: a bump for each part of the plane, so that the field itself may change with speed.

of_place = rb.basis.BSplineEval(10, label="place")
of_speed = rb.basis.BSplineEval(5, label="speed")
bases = {
    "place": (of_place, [place]),
    "speed": (of_speed, [speed]),
    "place + speed": (of_place + of_speed, [place, speed]),
    "place * speed": (of_place * of_speed, [place, speed]),
}
product = of_place * of_speed
*_, surface = product.evaluate_on_grid(80, 60)
fig, axes = plt.subplots(1, 3, figsize=(10, 2.4))
for ax, part, samples, unit in zip(axes, (of_place, of_speed), (place, speed), ("pixels", "pixels/s")):
    grid, functions = part.evaluate_on_grid(200)
    low, high = samples.values.min(), samples.values.max()
    ax.set_prop_cycle(color=plt.get_cmap("viridis")(np.linspace(0, 0.88, part.n_basis_funcs)))
    ax.plot(low + (high - low) * grid, functions, linewidth=1.2)
    ax.set(title=f"{part.n_basis_funcs} functions of {part.label}", xlabel=f"{part.label.capitalize()} ({unit})")
axes[0].set_ylabel("Basis function (a.u.)")
extent = (place.values.min(), place.values.max(), speed.values.min(), speed.values.max())
axes[2].imshow(surface[:, :, 23].T, extent=extent, origin="lower", aspect="auto", cmap="Greys")
axes[2].set(title=f"one of {product.n_basis_funcs} products", xlabel="Place (pixels)", ylabel="Speed (pixels/s)")

# %%
# Fit, and let unseen runs judge
# ------------------------------
# Neighbouring bins are alike, so folds are made of whole runs. Neighbouring coefficients should be alike as well: the
# penalty is on the second differences of the coefficients, with a touch of ridge for parts of the plane that the rat
# never visited. Its strength is found for every cell by the same folds, 70 fits for each strength in one batch.

folds = rb.scores.by_epoch(counts, running, n_folds=5)
strengths = np.logspace(-2, -5, 4)
models, features = {}, {}
for name, (basis, samples) in bases.items():
    features[name] = basis.compute_features(*samples)
    rough = basis.penalty_matrix(order=2, kind="difference") + 0.01 * np.eye(basis.n_basis_funcs)
    models[name] = rb.glm.PopulationGLM(
        regularizer=rb.regularizer.Smoothness(rough), regularizer_strength=rb.glm.CV(strengths, cv=folds)
    ).fit(features[name], counts)

# %%
# What a model predicts for runs that were not in its fit, with the strengths found above:

held_out, bits = {}, {}
for name, model in models.items():
    fixed = rb.glm.PopulationGLM(regularizer=model.regularizer, regularizer_strength=model.strength_[None])
    held_out[name] = cross_val_predict(fixed, features[name].values, counts.values, cv=folds)
    bits[name] = rb.scores.bits_per_spike(counts.values, held_out[name])
    r2 = rb.scores.pseudo_r2(counts.values, held_out[name], kind="Cohen")
    print(f"{name:14s} {bits[name].mean():.2f} bits per spike, pseudo-R² {r2.mean():.3f}, best cell {r2.max():.2f}")

order = np.argsort(bits["place * speed"])[::-1]
fig, ax = plt.subplots(figsize=(10, 2.8))
scores = {name: score[order] for name, score in bits.items()}
colors = ("#D55E00", "0.65", "#0072B2", "#009E73")
plot.plot_scores(scores, labels=counts.columns[order], ylabel="Bits per spike (held out)", colors=colors, ax=ax)
ax.legend(loc="upper right", title="model")

# %%
# Speed and direction add to place in every cell, and in some they say more than place does. The product, with 50
# functions instead of 15, gains little on average, but not nothing: it is for cells whose field moves.
#
# The same by a test
# ------------------
# A likelihood-ratio test asks of one set of rows whether the larger of two nested models gains more than its additional
# parameters would by chance. It wants fits without a penalty, so the curves here are coarser. It takes counts for
# Poisson, given the model; cells with bursts are more variable than that, so small p-values here mean less than
# held-out runs do.

coarse = rb.basis.BSplineEval(6, label="place")
columns = {"place": coarse.compute_features(place), "speed": of_speed.compute_features(speed)}
columns["both"] = (coarse + of_speed).compute_features(place, speed)
judged = {name: rb.glm.PopulationGLM().fit(X, counts).inference(X, counts) for name, X in columns.items()}
p_values = {}
for name in ("speed", "place"):
    other = "place" if name == "speed" else "speed"
    statistic, p_values[name] = rb.glm.likelihood_ratio_test(judged["both"], judged[other])
    degrees = judged["both"].effective_dof[0] - judged[other].effective_dof[0]
    print(f"{name} beyond {other}: {np.sum(p_values[name] < 0.001)} of {len(spikes)} cells at p < 0.001, ", end="")
    print(f"median statistic {np.median(statistic):.0f} on {degrees:.0f} degrees of freedom")

# %%
# Predicted and measured tuning
# -----------------------------
# Rates by place, one way and the other, of runs that were held out. A sum of curves has one field, scaled by speed;
# cell 16 of this recording has two, in different places, and only the product can say so.

one_way, back = speed.threshold(0).time_support, speed.threshold(0, "below").time_support


def tuning(per_bin, epochs):
    """Rates by place in the given runs, shape (cell, place)."""
    rates = rb.TsdFrame(counts.t, np.asarray(per_bin) / bin_size, time_support=running, columns=counts.columns)
    return rb.compute_tuning_curves(rates, place, bins=18, range=(-200, 200), epochs=epochs, feature_names=["place"])


fig, axes = plt.subplots(2, 4, figsize=(11, 4.4), sharex=True, sharey="col")
for row, (epochs, way) in enumerate(((one_way, "speed > 0"), (back, "speed < 0"))):
    measured = tuning(counts.values, epochs)
    curves = {name: tuning(held_out[name], epochs) for name in ("place", "place + speed", "place * speed")}
    for ax, cell in zip(axes[row], shown):
        at = list(counts.columns).index(cell)
        plot.plot_tuning_curve(
            measured.values[at],
            *(curve.values[at] for curve in curves.values()),
            feature=measured.place.values,
            label="Place",
            unit="pixels",
            labels=list(curves),
            ax=ax,
        )
        ax.set(title=f"cell {cell}, {way}", ylabel="", xlabel="Place (pixels)" if row else "")
for ax in axes[:, 0]:
    ax.set_ylabel("Rate (Hz)")
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)

# %%
# The page checks itself
# ----------------------

mean_bits = {name: score.mean() for name, score in bits.items()}
assert mean_bits["place + speed"] > mean_bits["place"] + 0.1
assert mean_bits["place + speed"] > mean_bits["speed"] + 0.1
assert mean_bits["place * speed"] > mean_bits["place + speed"] - 0.05
if found:
    assert len(spikes) == 14
    assert mean_bits["place + speed"] > 1.2
    at = list(counts.columns).index(16)
    assert bits["place * speed"][at] > bits["place + speed"][at] + 0.05
    assert (p_values["speed"] < 0.001).all()

# %%
# Data: rat CA1 on a linear track, distributed with nelpy (MIT).
