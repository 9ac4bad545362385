"""Simulate coupled Poisson neurons, and shape the filters that couple them.

Two simulators of the same process. At time bin t, neuron i spikes Poisson with mean

    mu_i[t] = g( drive_i[t] + sum_j sum_w h_ij[w] y_j[t - 1 - w] )

with h the history and coupling filters, w = 0 the most recent bin. `simulate_recurrent` takes the filters as
coefficients of a basis, any inverse link g, and draws with JAX; `simulate_population` takes the filters themselves, g
= exp, and works from spike to spike with NumPy, which is fast when most bins are empty.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from ._types import FloatArray, IntArray

__all__ = ["difference_of_gammas", "regress_filter", "simulate_population", "simulate_recurrent"]

_LOOK_AHEAD = 32
"""Bins compared with their thresholds at once by `simulate_population`; any value gives the same spikes."""

_MAX_LOG_COUNT_PER_BIN = math.log(100)
"""Log of the expected spikes of one neuron in one bin beyond which a simulation counts as having run away."""


def __dir__() -> list[str]:
    return sorted(__all__)


def difference_of_gammas(
    ws: int,
    upper_percentile: float = 0.99,
    inhib_a: float = 1.0,
    excit_a: float = 2.0,
    inhib_b: float = 1.0,
    excit_b: float = 2.0,
) -> FloatArray:
    """Coupling filter that is one gamma density (excitation) minus another (inhibition).

    Parameters
    ----------
    ws
        Length of the filter, in bins.
    upper_percentile
        The filter runs from 0 to the larger of the two densities' quantiles at this level, in [0, 1).
    inhib_a, excit_a
        Shape of the inhibitory and of the excitatory density, > 0.
    inhib_b, excit_b
        Rate (one over the scale) of the same, > 0.

    Returns
    -------
    ndarray
        Shape (ws,), of unit Euclidean length; the first entry is the most recent lag.

    Raises
    ------
    ValueError
        If `upper_percentile` is outside [0, 1), a gamma parameter is not positive, or the two densities are the same.
    """
    from scipy.stats import gamma

    if not 0 <= upper_percentile < 1:
        msg = f"upper_percentile should lie in the [0, 1) interval, got {upper_percentile}."
        raise ValueError(msg)
    for name, value in {"inhib_a": inhib_a, "excit_a": excit_a, "inhib_b": inhib_b, "excit_b": excit_b}.items():
        if not value > 0:
            msg = f"Gamma parameter {name} must be >0, got {value}."
            raise ValueError(msg)
    inhibition, excitation = gamma(inhib_a, scale=1 / inhib_b), gamma(excit_a, scale=1 / excit_b)
    last = max(inhibition.ppf(upper_percentile), excitation.ppf(upper_percentile))
    x = np.linspace(0, last, int(ws))
    kernel = excitation.pdf(x) - inhibition.pdf(x)
    norm = np.linalg.norm(kernel)
    if ws > 0 and not norm > 1e-12:  # rounding leaves a little of nothing
        msg = (
            "The excitatory and the inhibitory gamma density are the same: their difference is zero everywhere and "
            "cannot have unit length. Change excit_a or excit_b."
        )
        raise ValueError(msg)
    return kernel / norm


def regress_filter(coupling_filters: ArrayLike, eval_basis: ArrayLike) -> FloatArray:
    """Coefficients of a basis that come closest to given filters, by least squares.

    Parameters
    ----------
    coupling_filters
        Filters, shape (lag, receiver, sender).
    eval_basis
        Basis functions, shape (lag, basis).

    Returns
    -------
    ndarray
        Coefficients, shape (receiver, sender, basis), as `simulate_recurrent` takes them.

    Raises
    ------
    ValueError
        If `coupling_filters` is not 3-dimensional, `eval_basis` not 2-dimensional, or they differ in their number of
        lags.
    """
    filters, basis = np.asarray(coupling_filters, dtype=np.float64), np.asarray(eval_basis, dtype=np.float64)
    _check_ndim("coupling_filters", filters, 3, "(lag, receiver, sender)")
    _check_ndim("eval_basis", basis, 2, "(lag, basis)")
    if filters.shape[0] != basis.shape[0]:
        msg = (
            f"window_size mismatch: coupling_filters has {filters.shape[0]} lags, eval_basis has {basis.shape[0]}. "
            f"Evaluate the basis with basis.evaluate_on_grid({filters.shape[0]})."
        )
        raise ValueError(msg)
    coef = np.linalg.lstsq(basis, filters.reshape(len(filters), -1), rcond=None)[0]
    return coef.T.reshape(*filters.shape[1:], basis.shape[1])


def simulate_recurrent(
    coupling_coef: ArrayLike,
    feedforward_coef: ArrayLike,
    intercepts: ArrayLike,
    random_key: jax.Array,
    feedforward_input: ArrayLike,
    coupling_basis_matrix: ArrayLike,
    init_y: ArrayLike,
    inverse_link_function: Callable = jax.nn.softplus,
) -> tuple[jax.Array, jax.Array]:
    """Simulate a population in which each neuron hears its own past and that of the others.

    Parameters
    ----------
    coupling_coef
        Weights of the coupling basis, shape (receiver, sender, basis); the diagonal is each neuron's own history.
    feedforward_coef
        Weights of the input, shape (neuron, feature).
    intercepts
        Shape (neuron,).
    random_key
        JAX random key; the same key gives the same spikes.
    feedforward_input
        Shape (time, neuron, feature).
    coupling_basis_matrix
        Basis functions over the past, shape (lag, basis); row 0 weights the most recent bin.
    init_y
        Counts before the first bin, shape (lag, neuron), newest last.
    inverse_link_function
        From the linear predictor to the expected count per bin. Give a named function: each new lambda compiles anew.

    Returns
    -------
    counts : jax.Array
        Spikes per bin, shape (time, neuron), int32.
    rates : jax.Array
        Expected spikes per bin, shape (time, neuron).

    Raises
    ------
    ValueError
        If shapes disagree or an input holds NaN or infinity.
    """
    inputs = {
        "coupling_coef": (coupling_coef, "(receiver, sender, basis)"),
        "feedforward_coef": (feedforward_coef, "(neuron, feature)"),
        "intercepts": (intercepts, "(neuron,)"),
        "feedforward_input": (feedforward_input, "(time, neuron, feature)"),
        "coupling_basis_matrix": (coupling_basis_matrix, "(lag, basis)"),
        "init_y": (init_y, "(lag, neuron)"),
    }
    arrays = {name: _finite(name, value, axes) for name, (value, axes) in inputs.items()}
    _check_recurrent_shapes({name: array.shape for name, array in arrays.items()})
    as_float = {name: jnp.asarray(array, dtype=float) for name, array in arrays.items()}
    return _recurrent(**as_float, random_key=random_key, inverse_link_function=inverse_link_function)


@partial(jax.jit, static_argnames="inverse_link_function")
def _recurrent(
    coupling_coef,
    feedforward_coef,
    intercepts,
    random_key,
    feedforward_input,
    coupling_basis_matrix,
    init_y,
    inverse_link_function,
):
    """Scan over time; the state is the last window of counts, oldest first."""
    drive = jnp.einsum("tnf,nf->tn", feedforward_input, feedforward_coef) + intercepts
    newest_last = coupling_basis_matrix[::-1]

    def step(past, now):
        key, drive_t = now
        rate = inverse_link_function(jnp.einsum("ijb,wb,wj->i", coupling_coef, newest_last, past) + drive_t)
        count = jax.random.poisson(key, rate)
        return jnp.concatenate([past[1:], count[None].astype(past.dtype)]), (count, rate)

    keys = jax.random.split(random_key, drive.shape[0])
    return jax.lax.scan(step, init_y, (keys, drive))[1]


def simulate_population(log_drive: ArrayLike, filters: ArrayLike, *, seed: int) -> tuple[IntArray, FloatArray]:
    """Simulate coupled Poisson neurons with exponential link, jumping from spike to spike.

    Between spikes the rates are known in advance, so the next spike is the first bin whose rate passes a threshold
    drawn beforehand (the inverse of the Poisson distribution function). The result is the exact process in discrete
    time, at the cost of a few NumPy calls per spike instead of per bin.

    Parameters
    ----------
    log_drive
        Log of the expected count per bin were there no spikes before, shape (time, neuron). Bins before the first
        held no spikes.
    filters
        What one spike adds to the log rate of later bins, shape (lag, receiver, sender); row 0 acts on the next bin.
    seed
        Seed of NumPy's generator; the same seed gives the same spikes.

    Returns
    -------
    counts : ndarray
        Spikes per bin, shape (time, neuron), int64.
    rates : ndarray
        Expected spikes per bin given the past, shape (time, neuron).

    Raises
    ------
    ValueError
        If shapes disagree, an input is not finite, or excitation feeds on itself until a neuron would fire more than
        100 spikes in a bin.
    """
    drive = _finite("log_drive", log_drive, "(time, neuron)")
    kernels = _finite("filters", filters, "(lag, receiver, sender)")
    n_time, n_neurons = drive.shape
    if kernels.shape[1:] != (n_neurons, n_neurons):
        n = n_neurons
        msg = f"filters must have shape (lag, {n}, {n}) for the {n} neurons of log_drive, got {kernels.shape}."
        raise ValueError(msg)
    uniform = np.random.default_rng(seed).random((n_time, n_neurons))
    return _spike_by_spike(drive, uniform, kernels)


def _spike_by_spike(drive: FloatArray, uniform: FloatArray, kernels: FloatArray) -> tuple[IntArray, FloatArray]:
    """Counts and rates of `simulate_population`, from one uniform number per bin and neuron.

    A spike acts from the next bin on, so entries may be visited bin after bin, neuron after neuron, in one flat walk.
    """
    n_time, n_neurons = drive.shape
    window = len(kernels)
    by_sender = np.ascontiguousarray(np.moveaxis(kernels, 2, 0))
    threshold = np.log(-np.log(np.maximum(uniform, np.finfo(float).tiny)))  # a spike where passed: uniform > exp(-mu)
    excess = np.concatenate([drive - threshold, np.zeros((window, n_neurons))])
    flat_excess, flat_threshold, flat_uniform = excess.reshape(-1), threshold.reshape(-1), uniform.reshape(-1)
    counts = np.zeros(n_time * n_neurons, dtype=np.int64)
    here, stop, stride = 0, counts.size, _LOOK_AHEAD * n_neurons
    while here < stop:
        passed = flat_excess[here : min(here + stride, stop)] > 0
        first = passed.argmax()
        if not passed[first]:
            here += stride
            continue
        here += int(first)
        now, sender = divmod(here, n_neurons)
        log_mean = float(flat_excess[here] + flat_threshold[here])
        if log_mean > _MAX_LOG_COUNT_PER_BIN:
            _raise_runaway(now, sender)
        count = _poisson_quantile(float(flat_uniform[here]), math.exp(log_mean))
        counts[here] = count
        excess[now + 1 : now + 1 + window] += by_sender[sender] if count == 1 else count * by_sender[sender]
        here += 1
    return counts.reshape(n_time, n_neurons), np.exp(excess[:n_time] + threshold)


def _poisson_quantile(uniform: float, mean: float) -> int:
    """Smallest k with P(count <= k) >= `uniform`, by summing the few terms there are."""
    k, term = 0, math.exp(-mean)
    cumulative = term
    while uniform > cumulative and term > 0:
        k += 1
        term *= mean / k
        cumulative += term
    return k


def _raise_runaway(time_bin: int, neuron: int):
    msg = (
        f"The population runs away: neuron {neuron} would fire more than 100 spikes in time bin {time_bin}. "
        "Lower log_drive, or make the filters less excitatory."
    )
    raise ValueError(msg)


def _check_ndim(name: str, array: np.ndarray, ndim: int, axes: str) -> None:
    if array.ndim != ndim:
        msg = f"{name} must be a {ndim} dimensional array, shape {axes}; got shape {array.shape}."
        raise ValueError(msg)


def _finite(name: str, value: ArrayLike, axes: str) -> FloatArray:
    """`value` as float64 with as many axes as `axes` names, or a ValueError."""
    array = np.asarray(value, dtype=np.float64)
    _check_ndim(name, array, axes.count(",") + (not axes.endswith(",)")), axes)
    if not np.isfinite(array).all():
        msg = f"{name} contains NaN or infinity; simulate only where every input is known."
        raise ValueError(msg)
    return array


def _check_recurrent_shapes(shapes: dict[str, tuple[int, ...]]) -> None:
    """Raise ValueError where neurons, basis functions, lags or features disagree."""
    n_neurons = shapes["intercepts"][0]
    of_neurons = {
        "coupling_coef (receiver)": shapes["coupling_coef"][0],
        "coupling_coef (sender)": shapes["coupling_coef"][1],
        "feedforward_coef": shapes["feedforward_coef"][0],
        "feedforward_input": shapes["feedforward_input"][1],
        "init_y": shapes["init_y"][1],
    }
    wrong = {name: n for name, n in of_neurons.items() if n != n_neurons}
    if wrong:
        msg = f"The number of neurons is inconsistent: intercepts has {n_neurons}, but {wrong}."
        raise ValueError(msg)
    pairs = [
        ("basis functions", "coupling_coef", 2, "coupling_basis_matrix", 1),
        ("lags (window size)", "init_y", 0, "coupling_basis_matrix", 0),
        ("features", "feedforward_coef", 1, "feedforward_input", 2),
    ]
    for what, a, axis_a, b, axis_b in pairs:
        if shapes[a][axis_a] != shapes[b][axis_b]:
            msg = f"Inconsistent number of {what}: {a} has {shapes[a][axis_a]}, {b} has {shapes[b][axis_b]}."
            raise ValueError(msg)
