"""
Fluorescence is not Gaussian: Gamma models of calcium
=====================================================

A calcium trace is quiet most of the time and noisy when it is high. A Gaussian model gives it the same error bar
throughout; a Gamma model lets the error grow with the mean. The difference shows in what either says about data that it
has not seen. A second part asks for tuning: what fluorescence says of the direction of the head.

Where the recordings are not at hand, simulated ones take their place.
"""

# %%

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

import rheobase as rb
from rheobase import plot

plt.style.use(rb.styles.plot_style)
FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]


def find(name):
    """Path of a recording, or None."""
    return next((path for folder in FOLDERS if (path := Path(folder, name)).exists()), None)


# %%
# Load
# ----
# Ten cells at 30 Hz, averaged in bins of half a second. Baselines were subtracted when the traces were extracted, so
# that noise reaches below zero, where no Gamma variable can be. Each trace is lifted by its minimum and twice the
# standard deviation of its fast noise: the model says nothing of absolute fluorescence anyway.

path = find("calcium.nwb")
if path:
    traces = rb.load_file(path)["RoiResponseSeries"]
    traces = rb.TsdFrame(np.arange(len(traces)) / 30, traces.values[:].astype(float))
else:
    rng = np.random.default_rng(0)
    shared = rng.random((36000, 1)) < 0.002
    events = (rng.random((36000, 10)) < 0.002) | (shared & (np.arange(10) < 5))
    rising = 20 * rng.gamma(2, 0.5, events.shape) * events
    clean = np.stack([np.convolve(cell, np.exp(-np.arange(0, 4, 1 / 30)))[:36000] for cell in rising.T], axis=1)
    traces = rb.TsdFrame(
        np.arange(36000) / 30, clean * rng.gamma(20, 1 / 20, clean.shape) + rng.normal(0, 1, clean.shape)
    )

bin_size = 0.5
fast = 1.4826 * np.median(np.abs(np.diff(traces.values, axis=0)), axis=0) / np.sqrt(2)
binned = traces.bin_average(bin_size)
light = binned - binned.values.min(axis=0) + 2 * fast
print(light.shape, f"{light.values.min():.1f} to {light.values.max():.0f}")

# %%
# On the left, three cells. On the right, each trace cut into pieces of three seconds: standard deviation against mean.
# It grows about as fast as the mean, which is the rule of a Gamma variable; a Gaussian model expects a level line.

pieces = light.values[: len(light) // 6 * 6].reshape(-1, 6, light.shape[1])
average, spread = pieces.mean(axis=1), pieces.std(axis=1, ddof=1)
fig, (ax, beside) = plt.subplots(1, 2, figsize=(10, 3.4), gridspec_kw={"width_ratios": (2, 1)})
busiest = np.argsort(light.values.std(axis=0) / fast)[-3:]
for row, cell in enumerate(busiest):
    stretch = light[:, cell].restrict(rb.IntervalSet(0, 300))
    ax.plot(stretch.t, stretch.values / stretch.values.max() + 1.1 * row, color=f"C{row}", linewidth=1)
    beside.loglog(average[:, cell], spread[:, cell], ".", color=f"C{row}", markersize=3, alpha=0.5)
ax.set(xlabel="Time (s)", ylabel="Fluorescence / its maximum", yticks=[])
ends = np.array([average[:, busiest].min(), average[:, busiest].max()])
beside.loglog(ends, 0.15 * ends, color="0.2", linewidth=1, label="proportional")
beside.set(xlabel="Mean of 3 s (a.u.)", ylabel="Standard deviation (a.u.)")
beside.tick_params(which="minor", labelbottom=False)
beside.legend(loc="upper left")
slopes = [stats.linregress(np.log(average[:, cell]), np.log(spread[:, cell])).slope for cell in range(light.shape[1])]
print(f"slope of log deviation on log mean: median {np.median(slopes):.2f} (Gamma 1, Gaussian 0)")

# %%
# Predict each cell from its own past, and from that of others
# ------------------------------------------------------------
# Four seconds of past through four bumps. The Gaussian model is linear; the Gamma model has a softplus in place of an
# exponential, so that it is nearly linear too, and never negative. The first 70 % of the time are fitted, the rest is
# judged. Both are densities of the same variable, so that their log-likelihoods can be compared.

past = rb.basis.RaisedCosineLogConv(4, window_size=8)
features = past.compute_features(light)
end = int(0.7 * len(light))
train, test = slice(0, end), slice(end, None)
own = rb.glm.coupling_mask(light.shape[1], 4, keep="self")
kinds = {"Gaussian": ("Gaussian", None), "Gamma": ("Gamma", "softplus")}
models, scores = {}, {}
for name, (family, link) in kinds.items():
    for which, mask in (("own past", own), ("all", None)):
        model = rb.glm.PopulationGLM(family, link, "Ridge", 1e-4, feature_mask=mask)
        model.fit(features.values[train], light.values[train])
        mean = model.predict(features.values[test])
        total = rb.scores.log_likelihood(light.values[test], mean, family, model.scale_)
        models[name, which], scores[f"{name}, {which}"] = model, total / len(mean)
        r2 = 1 - np.sum((light.values[test] - mean) ** 2, 0) / np.sum((light.values[test] - mean.mean(axis=0)) ** 2, 0)
        print(f"{name:8s} {which:9s} log-likelihood {total.mean() / len(mean):.3f} nats per bin, R² {r2.mean():.2f}")

gain = {name: score - scores["Gaussian, own past"] for name, score in scores.items() if name != "Gaussian, own past"}
fig, ax = plt.subplots(figsize=(9, 2.8))
colors = ("#0072B2", "#E69F00", "#D55E00")
plot.plot_scores(gain, ylabel="Gain in log-likelihood\n(nats per bin, held out)", colors=colors, ax=ax)
ax.set_xlabel("Cell")
ax.legend(title="beyond Gaussian, own past", loc="upper left", bbox_to_anchor=(1, 1))

# %%
# For most cells the Gamma model is far ahead. It predicts no better in the sense of R², which is what the Gaussian
# model maximises; it knows better how far off it may be. Other cells add little: these ten hardly know of each other.
#
# What an interval is worth
# -------------------------
# Intervals in which 95 % of bins should lie, over two minutes of test data. The Gaussian one is too wide while the cell
# is quiet and too narrow while it is busy; the share of bins inside is right only on average.


def interval(name, cell):
    """Ends of the interval that should hold 95 % of test bins of a cell."""
    model = models[name, "all"]
    mean, scale = model.predict(features.values[test])[:, cell], model.scale_[cell]
    if name == "Gaussian":
        return stats.norm.interval(0.95, mean, np.sqrt(scale))
    return stats.gamma.interval(0.95, 1 / scale, scale=mean * scale)


shown = int(np.argmax(gain["Gamma, all"]))
now = light.t[test]
two_minutes = (now > now[0] + 30) & (now < now[0] + 150)
fig, axes = plt.subplots(1, 2, figsize=(10, 3), sharex=True, sharey=True)
for ax, name, color in zip(axes, kinds, ("#0072B2", "#D55E00")):
    low, high = interval(name, shown)
    ax.fill_between(now[two_minutes], low[two_minutes], high[two_minutes], color=color, alpha=0.3, linewidth=0)
    ax.plot(now[two_minutes], light.values[test, shown][two_minutes], color="0.15", linewidth=1)
    ax.set(title=f"{name}, cell {shown}", xlabel="Time (s)")
axes[0].set_ylabel("Fluorescence (a.u.)")

inside = {}
for name in kinds:
    parts = []
    for cell in range(light.shape[1]):
        low, high = interval(name, cell)
        values, expected = light.values[test, cell], models[name, "all"].predict(features.values[test])[:, cell]
        quiet, busy = expected <= np.median(expected), expected >= np.percentile(expected, 90)
        within = (values >= low) & (values <= high)
        parts.append((within.mean(), within[quiet].mean(), within[busy].mean()))
    inside[name] = np.mean(parts, axis=0)
    print(
        f"{name:8s} inside: {inside[name][0]:.1%} of all, {inside[name][1]:.1%} of quiet, {inside[name][2]:.1%} of busy"
    )

# %%
# Tuning to the direction of the head
# -----------------------------------
# The file above holds no behaviour. The cells of :doc:`plot_03_head_direction` have a direction, and spikes; seen
# through an indicator that decays over 0.4 s, with noise that grows with the signal, they are fluorescence of which the
# right answer is known.

path = find("head_direction.nwb")
if path:
    data = rb.load_file(path)
    spikes, angle = data["units"], data["ry"]
    spikes = spikes[spikes["location"] == "adn"].restrict(angle.time_support)
else:
    rng = np.random.default_rng(0)
    times = np.arange(0, 600, 0.01)
    angle = rb.Tsd(times, np.mod(np.cumsum(rng.normal(0, 0.05, times.size)), 2 * np.pi))
    rates = 1 + 40 * np.exp(4 * (np.cos(angle.d[:, None] - np.arange(7) * 2 * np.pi / 7) - 1))
    spikes = rb.TsGroup({cell: rb.Ts(times[rng.random(times.size) < rates[:, cell] * 0.01]) for cell in range(7)})

rng = np.random.default_rng(1)
counts = spikes.count(0.1, angle.time_support)
decay = np.exp(-np.arange(30) * 0.1 / 0.4)
dark = 2.0
glow = dark + np.stack([np.convolve(cell, decay)[: len(counts)] for cell in counts.values.T], axis=1)
seen = rb.TsdFrame(counts.t, glow * rng.gamma(4, 1 / 4, glow.shape), time_support=counts.time_support)

# %%
# The indicator smears: what is seen now follows the directions of the last second. So each function of a periodic basis
# over directions is seen through the decay as well, and the model asks for the weights, which are spikes per bin then.
# Directions stand on a circle, so that cosine and sine are averaged in each bin.

around = rb.basis.CyclicBSplineEval(10, bounds=(0, 2 * np.pi))
east = rb.TsdFrame(angle.t, np.stack([np.cos(angle.d), np.sin(angle.d)], 1), time_support=angle.time_support)
east = east.bin_average(0.1)
direction = np.mod(np.arctan2(east.values[:, 1], east.values[:, 0]), 2 * np.pi)
smeared = np.stack([np.convolve(f, decay)[: len(counts)] for f in around.compute_features(direction).T], axis=1)
fits = {
    "Gamma": rb.glm.PopulationGLM("Gamma", "softplus", "Ridge", 1e-4).fit(smeared, seen.values),
    "Gaussian": rb.glm.PopulationGLM("Gaussian", None, "Ridge", 1e-4).fit(smeared, seen.values),
}

# %%
# Tuning curves from spikes, and from fluorescence alone. Both models find them, the Gaussian one no worse: a mean can
# be found without knowing the noise around it. The Gamma model takes errors relative to the mean, so that it is closer
# where rates are low, and cuts peaks at which a cell did not always fire. Whoever wants intervals, or compares models
# by their likelihood, has to know the noise.

curves = rb.compute_tuning_curves(spikes, angle, bins=40, range=(0, 2 * np.pi), feature_names=["direction"])
grid = curves.direction.values
rates = {}
for name, fit in fits.items():
    per_bin = around.evaluate(grid) @ fit.coef_ + (fit.intercept_ - dark) / decay.sum()
    rates[name] = per_bin.T / 0.1
    off = np.sqrt(np.mean((rates[name] - curves.values) ** 2, axis=1)) / curves.values.max(axis=1)
    print(f"{name:8s} root mean square error {off.mean():.1%} of the peak")

turn = np.exp(1j * grid)
order = np.argsort(np.mod(np.angle(curves.values @ turn), 2 * np.pi))
fig, axes = plt.subplots(1, len(order), figsize=(11, 2.3), sharex=True)
for ax, row in zip(axes, order):
    ax.fill_between(np.degrees(grid), curves.values[row], color="0.85", label="spikes")
    for name, color in (("Gaussian", "#0072B2"), ("Gamma", "#D55E00")):
        ax.plot(np.degrees(grid), rates[name][row], color=color, linewidth=1.2, label=name)
    ax.set(title=f"cell {curves.unit.values[row]}", xticks=(0, 180, 360))
axes[0].set_ylabel("Rate (Hz)")
axes[3].set_xlabel("Direction of the head (°)")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)

# %%
# The page checks itself
# ----------------------

assert scores["Gamma, all"].mean() > scores["Gaussian, all"].mean() + 0.05
assert np.ptp(inside["Gamma"][1:]) < 0.5 * np.ptp(inside["Gaussian"][1:])
apart = np.angle(rates["Gamma"] @ turn * np.conj(curves.values @ turn))
assert np.degrees(np.abs(apart)).max() < 8
if find("calcium.nwb"):
    assert np.sum(gain["Gamma, own past"] > 0) == 8
    assert inside["Gaussian"][1] > 0.97
    assert inside["Gaussian"][2] < 0.92
    assert 0.93 < inside["Gamma"][1] < 0.96
    assert 0.9 < np.median(slopes) < 1.3

# %%
# Data: mice A0634 and A2929, distributed with pynapple (MIT).
