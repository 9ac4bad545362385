"""The tutorial, run twice: once with pynapple and NeMoS, once with rheobase, on the same recordings; every number
agrees.

The script is written once, with the modules as arguments. Only three things differ by name: 2024 spellings that NeMoS
0.2.8 no longer knows, epochs by tag, and the tight tolerance that NeMoS needs to come near its optimum.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import rheobase
from helpers import SOLVER, data_file

pytestmark = [
    pytest.mark.rivals,
    # the tutorial writes names of 2024, and both libraries say so
    pytest.mark.filterwarnings("ignore:.* is an earlier spelling:FutureWarning"),
]
nap = pytest.importorskip("pynapple")
nmo = pytest.importorskip("nemos")

FEATURES = 1e-9
"""Relative; both sides compute features in float64, in another order."""


@pytest.fixture(autouse=True)
def float64():
    """NeMoS needs JAX's global switch for float64; rheobase does not care."""
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def theirs():
    """Modules and builders of the originals."""
    return {
        "nap": nap,
        "glm": lambda: nmo.glm.GLM(solver_name="LBFGS", solver_kwargs={"tol": 1e-13, "maxiter": 20_000}),
        "population": lambda: nmo.glm.PopulationGLM(
            regularizer="Ridge",
            regularizer_strength=1e-3,
            solver_name="LBFGS",
            solver_kwargs={"tol": 1e-12, "maxiter": 20_000},
        ),
        "basis": lambda n, window: nmo.basis.RaisedCosineLogConv(n, window_size=window),
        "epoch": lambda epochs, tag: epochs[[tag in str(tags) for tags in epochs["tags"]]],
    }


def ours():
    """The same, as the tutorial spells them."""
    unregularized = rheobase.regularizer.UnRegularized
    return {
        "nap": rheobase,
        "glm": lambda: rheobase.glm.GLM(regularizer=unregularized(solver_name="LBFGS")),
        "population": lambda: rheobase.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=1e-3),
        "basis": lambda n, window: rheobase.basis.RaisedCosineBasisLog(
            n_basis_funcs=n, mode="conv", window_size=window
        ),
        "epoch": lambda epochs, tag: epochs[tag],
    }


def injected_current(side: dict, path, tag: str | None, per_unit: float) -> dict[str, np.ndarray]:
    """The tutorial's numbers, by name."""
    nap_, bin_size = side["nap"], 0.001
    data = nap_.load_file(str(path))
    interval = data["epochs"] if tag is None else side["epoch"](data["epochs"], tag)[0]
    current = (data["stimulus"] * per_unit).restrict(interval)
    spikes = data["units"].restrict(interval)
    count = spikes[0].count(bin_size)
    firing_rate = count.smooth(std=0.05, size_factor=20) / bin_size
    tuning = nap_.compute_1d_tuning_curves(spikes, current, nb_bins=15)
    binned = current.bin_average(bin_size)
    predictor = np.expand_dims(binned, 1)
    model = side["glm"]().fit(predictor, count)
    predicted = model.predict(predictor) / bin_size
    smooth = predicted.smooth(0.05, size_factor=20)
    tuning_model = nap_.compute_1d_tuning_curves_continuous(predicted, current, 15)
    history = side["basis"](10, 200).compute_features(binned)
    history_model = side["glm"]().fit(history, count)
    history_rate = history_model.predict(history) / bin_size
    history_smooth = history_rate.dropna().smooth(0.05, size_factor=20)
    tuning_history = nap_.compute_1d_tuning_curves_continuous(history_smooth, current, 15)
    response = data["response"].restrict(interval) if "response" in data else current
    kinds = ("log-likelihood", "pseudo-r2-McFadden", "pseudo-r2-Cohen")
    return {
        "spike times": spikes[0].t,
        "spikes at -5": spikes.to_tsd([-5]).values,
        "current": np.asarray(current.values),
        "response": np.asarray(response.values),
        "response in bins": response.bin_average(bin_size).values,
        "count": count.values,
        "count times": count.t,
        "rates of series": np.array(
            [count.rate, binned.rate, spikes.rates[0] if hasattr(spikes, "rates") else spikes.rate[0]]
        ),
        "firing rate": firing_rate.values,
        "tuning": tuning.values,
        "tuning axis": tuning.index.values,
        "binned": binned.values,
        "features": history.values,
        "instantaneous model": np.append(model.coef_, model.intercept_),
        "history model": np.append(history_model.coef_, history_model.intercept_),
        "predicted": predicted.values,
        "smoothed prediction": smooth.values,
        "tuning of model": tuning_model.values,
        "history prediction": history_rate.values,
        "tuning of history model": tuning_history.values,
        "mean rates": np.array([np.mean(count) / bin_size, np.mean(predicted), np.nanmean(history_smooth)]),
        "scores": np.array([float(model.score(predictor, count, score_type=kind)) for kind in kinds]),
        "history scores": np.array([float(history_model.score(history, count, score_type=kind)) for kind in kinds]),
    }


FITTED = {
    "instantaneous model",
    "history model",
    "predicted",
    "smoothed prediction",
    "tuning of model",
    "history prediction",
    "tuning of history model",
    "mean rates",
    "scores",
    "history scores",
}
"""Numbers that depend on a fit, and so on how near the other side came to its optimum."""


def compare(mine: dict, other: dict) -> None:
    for name, expected in other.items():
        tolerance = SOLVER if name in FITTED else FEATURES
        scale = np.nanmax(np.abs(np.asarray(expected, dtype=float)))
        np.testing.assert_allclose(mine[name], expected, rtol=tolerance, atol=tolerance * scale, err_msg=name)


def quiet(run, *arguments):
    """Run with the originals' deprecation warnings left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run(*arguments)


@pytest.mark.parametrize(
    ("name", "tag", "per_unit"),
    [
        ("grasshopper_noise.nwb", "Noise 1", 1e3),
        ("patch_clamp_steps.nwb", None, 1e12),  # all steps: one alone would predict silence perfectly
    ],
)
def test_the_tutorial_gives_the_same_numbers(name, tag, per_unit):
    path = data_file(name)
    mine = injected_current(ours(), path, tag, per_unit)
    compare(mine, quiet(injected_current, theirs(), path, tag, per_unit))
    assert mine["history scores"][0] > mine["scores"][0]  # the history model beats the instantaneous one


def test_a_coupled_population_of_head_direction_cells_reaches_an_objective_no_worse_than_theirs():
    path = data_file("head_direction.nwb")

    def fit(side):
        data = side["nap"].load_file(str(path))
        support = data["position_time_support"]
        ep = side["nap"].IntervalSet(support.start[0], support.start[0] + 300.0)
        counts = data["units"].count(0.01, ep=ep)
        features = side["basis"](4, 40).compute_features(counts)
        model = side["population"]().fit(features, counts)
        x, y = np.asarray(features.values), np.asarray(counts.values, dtype=float)
        rows = np.isfinite(x).all(axis=1)
        eta = x[rows] @ np.asarray(model.coef_) + np.asarray(model.intercept_)
        loss = (np.exp(eta) - y[rows] * eta).mean(axis=0) + 0.5e-3 * (np.asarray(model.coef_) ** 2).sum(axis=0)
        return counts.values, x, np.asarray(model.coef_), loss, float(model.score(features, counts))

    counts, x, coef, loss, score = fit(ours())
    their_counts, their_x, their_coef, their_loss, their_score = quiet(fit, theirs())
    np.testing.assert_array_equal(counts, their_counts)
    np.testing.assert_allclose(x, their_x, rtol=FEATURES, atol=FEATURES)
    assert (loss <= their_loss + 1e-12).all()
    # their common stopping test leaves single neurons further from the optimum than a fit of one neuron would
    np.testing.assert_allclose(coef, their_coef, rtol=0, atol=1e-4 * np.abs(coef).max())
    assert score == pytest.approx(their_score, rel=SOLVER)
