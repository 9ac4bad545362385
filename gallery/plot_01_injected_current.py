"""
One neuron and the signal that drives it
========================================

A receptor neuron in the ear of a grasshopper hears a sound whose loudness fluctuates at random; its spikes were
recorded from the auditory nerve. How much of the spiking follows from the loudness *now*, and how much from the last
fifth of a second? We look at the data, fit both models, and compare.

The recording lies outside of this repository (see ``shared/data/README.md``). Where it is not at hand, a simulated
neuron under injected current takes its place; all that changes are the numbers at the end.
"""

# %%
# The two names below are one library. Scripts written for pynapple and NeMoS call their functions ``nap.`` and
# ``nmo.``, and those calls work here.

import os
from pathlib import Path

import jax
import matplotlib.pyplot as plt
import numpy as np

import rheobase as nap
import rheobase as nmo
import rheobase.glm
from rheobase import datasets, plot

plt.style.use(rheobase.styles.plot_style)

# %%
# Load
# ----
# A loaded file is addressed by key. What it holds is read when it is asked for.

FOLDERS = [os.environ.get("RHEOBASE_DATA", ""), "../shared/data", "../../shared/data"]
found = [path for folder in FOLDERS if (path := Path(folder, "grasshopper_noise.nwb")).exists()]
if found:
    data = nap.load_file(found[0])
    stimulus, unit, per_unit = "Sound envelope", "mV", 1e3
else:
    data = datasets.simulated_injected_current()
    stimulus, unit, per_unit = "Current", "pA", 1e12
print(data)

# %%
# ``epochs`` says when which protocol ran. Epochs with ``tags`` can be picked by name, and an epoch by its position.

epochs = data["epochs"]
print(epochs.keys())
noise_interval = epochs["Noise 1"]
noise_interval = noise_interval[0]
noise_interval

# %%
# The file keeps the stimulus in volts (the simulated one in amperes). Thousandths, or millionths of millionths, make
# handier numbers. ``restrict`` keeps what lies inside the epoch.

current = data["stimulus"] * per_unit
current = current.restrict(noise_interval)
current

# %%
# All units sit in one group, a mapping from the unit's number to its spike times. Here there is only number 0.

spikes = data["units"]
spikes = spikes.restrict(noise_interval)
print(spikes)
spikes[0]

# %%
# A series is drawn like an array, with its times along the axis. ``to_tsd`` gives every spike a value, here the height
# at which to draw it.

fig, ax = plt.subplots(figsize=(8, 2.2))
ax.plot(current, "grey", linewidth=0.7)
ax.plot(spikes.to_tsd([-5]), "|", color="k", ms=10, markeredgewidth=0.4)
ax.set(xlabel="Time (s)", ylabel=f"{stimulus} ({unit})")
ax.margins(x=0)

# %%
# Count, smooth, tune
# -------------------
# Models of spiking work on counts in bins. One millisecond is short enough that a bin rarely holds two spikes.

bin_size = 0.001
count = spikes[0].count(bin_size)
count

# %%
# A Gaussian of 50 ms, cut off at 10 standard deviations on each side, makes a rate of them; dividing by the bin size
# turns spikes per bin into spikes per second.

firing_rate = count.smooth(std=0.05, size_factor=20)
firing_rate = firing_rate / bin_size
plot.current_injection_plot(current, spikes, firing_rate, stimulus=stimulus, unit=unit)

# %%
# Does the neuron fire more when the stimulus is strong? The tuning curve divides the stimulus into 15 equal ranges and
# gives the mean rate in each. Strong values are rare, so the curve's right half rests on few spikes.

tuning_curve = nap.compute_tuning_curves(spikes, current, bins=15).to_pandas().T
plot.tuning_curve_plot(tuning_curve, label=stimulus, unit=unit)
tuning_curve

# %%
# A model that knows the present
# ------------------------------
# The stimulus was sampled at 20 kHz and the counts are at 1 kHz. Averaging inside each bin brings both onto the same
# clock. A model wants its predictors as columns, shape (time, feature), and the counts of one neuron as (time,).

binned_current = current.bin_average(bin_size)
predictor = np.expand_dims(binned_current, 1)
print(f"predictor {predictor.shape}, count {count.shape}")
print(f"both at {binned_current.rate / 1000:.2f} kHz and {count.rate / 1000:.2f} kHz")

# %%
# A generalized linear model: the log of the expected count is a weighted sum of the predictors, and the count is
# Poisson. With nothing to regularise in two numbers, the fit is plain maximum likelihood.

model = nmo.glm.GLM(regularizer=nmo.regularizer.UnRegularized(solver_name="LBFGS"))
model.fit(predictor, count)
print(f"log rate per bin = {model.coef_[0]:.3g} x stimulus {model.intercept_[0]:+.3f}")
print(f"coef_ {model.coef_.shape}, intercept_ {model.intercept_.shape}")

# %%
# Predictions come back on the times of the predictors, in spikes per bin. Smoothed as the data were, they can be laid
# over them.

predicted_fr = model.predict(predictor)
predicted_fr = predicted_fr / bin_size
smooth_predicted_fr = predicted_fr.smooth(0.05, size_factor=20)
plot.current_injection_plot(
    current, spikes, firing_rate, smooth_predicted_fr, labels=["instantaneous"], stimulus=stimulus, unit=unit
)

# %%
# The mean rate is right: a Poisson model with an intercept always matches it. Its ups and downs are nearly absent.

print(f"measured mean rate:  {np.mean(count) / bin_size:.2f} Hz")
print(f"predicted mean rate: {np.mean(predicted_fr):.2f} Hz")

# %%
# The tuning curve of the *predicted* rate shows what the model can say: an exponential, whatever the data do.

tuning_curve_model = nap.compute_tuning_curves(predicted_fr, current, bins=15).to_pandas().T
fig = plot.tuning_curve_plot(tuning_curve, label=stimulus, unit=unit)
fig.axes[0].plot(tuning_curve_model, color="tomato", label="instantaneous model")
fig.axes[0].legend()

# %%
# A model that remembers
# ----------------------
# Give the model the last 200 ms instead. A weight for each of the 200 bins would be many to estimate, and neighbouring
# ones should be alike; so the past is summed up by ten bumps that are narrow for recent bins and wide for old ones.

current_history_duration_sec = 0.2
current_history_duration = int(current_history_duration_sec / bin_size)
basis = nmo.basis.RaisedCosineBasisLog(n_basis_funcs=10, mode="conv", window_size=current_history_duration)
plot.plot_basis(basis)

# %%
# Convolution with the bumps turns one signal into ten. The first 200 ms have no complete past; those rows are NaN, and
# fits leave them out.

current_history = basis.compute_features(binned_current)
print(current_history)
plot.plot_current_history_features(
    binned_current, current_history, basis, current_history_duration_sec, stimulus=stimulus, unit=unit
)

# %%
# Fitting is the same call as before.

history_model = nmo.glm.GLM(regularizer=nmo.regularizer.UnRegularized(solver_name="LBFGS"))
history_model.fit(current_history, count)
print(f"coef_ {history_model.coef_.shape}, intercept_ {history_model.intercept_.shape}")

# %%
# Ten weights times ten bumps are one filter: how a deflection of the stimulus acts on the rate, and when.

_, bumps = basis.evaluate_on_grid(current_history_duration)
stimulus_filter = bumps @ np.asarray(history_model.coef_)
lags = bin_size * np.arange(1, current_history_duration + 1)
fig, ax = plt.subplots(figsize=(5, 2.6))
plot.plot_filter(stimulus_filter, lags=lags, ylabel=f"Effect on log rate (1/{unit})", ax=ax)
print(f"strongest effect {1e3 * lags[np.abs(stimulus_filter).argmax()]:.0f} ms after the stimulus")

# %%
# Both models over the data:

history_pred_fr = history_model.predict(current_history)
history_pred_fr = history_pred_fr / bin_size
smooth_history_pred_fr = history_pred_fr.dropna().smooth(0.05, size_factor=20)
plot.current_injection_plot(
    current,
    spikes,
    firing_rate,
    smooth_history_pred_fr,
    smooth_predicted_fr,
    labels=["history", "instantaneous"],
    stimulus=stimulus,
    unit=unit,
)

# %%
# Compare
# -------
# The history model's mean is not quite that of the data: the first 200 ms, which it cannot predict, were busy ones.
# Its tuning curve below is that of the *smoothed* prediction, which no longer follows the fast stimulus: nearly flat.

print(f"measured mean rate:        {np.mean(count) / bin_size:.2f} Hz")
print(f"predicted (instantaneous): {np.nanmean(predicted_fr):.2f} Hz")
print(f"predicted (history):       {np.nanmean(smooth_history_pred_fr):.2f} Hz")

tuning_curve_history_model = nap.compute_tuning_curves(smooth_history_pred_fr, current, bins=15).to_pandas().T
fig = plot.tuning_curve_plot(tuning_curve, label=stimulus, unit=unit)
fig.axes[0].plot(tuning_curve_history_model, color="tomato", label="history model")
fig.axes[0].plot(tuning_curve_model, color="tomato", linestyle="--", label="instantaneous model")
fig.axes[0].legend()

# %%
# The log likelihood ranks models of the same counts: higher is better.

log_likelihood = model.score(predictor, count, score_type="log-likelihood")
history_log_likelihood = history_model.score(current_history, count, score_type="log-likelihood")
print(f"log likelihood per bin, instantaneous: {log_likelihood:.4f}")
print(f"log likelihood per bin, history:       {history_log_likelihood:.4f}")

# %%
# The pseudo-R² puts it on a scale that can be compared between neurons and recordings: 0 for a constant rate, 1 for a
# model that knows every count beforehand. At 1 ms nobody can, so small numbers are normal.

r2 = model.score(predictor, count, score_type="pseudo-r2-Cohen")
history_r2 = history_model.score(current_history, count, score_type="pseudo-r2-Cohen")
print(f"pseudo-R², instantaneous: {r2:.4f}")
print(f"pseudo-R², history:       {history_r2:.4f}")

# %%
# Finally, spikes as the first model would fire them:

simulated_counts = jax.random.poisson(jax.random.PRNGKey(123), predicted_fr.values * bin_size)
print(f"simulated {int(simulated_counts.sum())} spikes, measured {int(count.sum())}")

# %%
# Where these numbers should lie
# ------------------------------
# The page checks itself, so that it cannot go on telling of results that are no longer so.

expected = (
    {"spikes": 929, "coef": 9.2322e-4, "r2": 0.003240, "history_r2": 0.098551, "log_likelihood": -0.312937}
    if found
    else {}
)
assert history_r2 > 2 * r2
assert abs(np.mean(predicted_fr) - np.mean(count) / bin_size) < 1e-3
if expected:
    assert int(count.sum()) == expected["spikes"]
    np.testing.assert_allclose(model.coef_[0], expected["coef"], rtol=1e-3)
    np.testing.assert_allclose(log_likelihood, expected["log_likelihood"], rtol=1e-4)
    np.testing.assert_allclose([r2, history_r2], [expected["r2"], expected["history_r2"]], rtol=1e-3)

# %%
# Data: Rokem, Watzl, Gollisch, Stemmler, Herz and Samengo (2006), *Journal of Neurophysiology* 95, 2541-2552;
# distributed with nitime (BSD-3).
