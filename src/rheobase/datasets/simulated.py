"""Recordings whose truth is known: a coupled population, and one neuron under injected current.

Both come back in the shape of a loaded file (``units``, ``stimulus``, ``epochs`` with ``tags``), with the filters
that made them under ``truth``. They serve the demo, the gallery where no recording is at hand, and tests of recovery.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from .._errors import did_you_mean
from .._types import FloatArray, IntArray
from ..containers import IntervalSet, Ts, Tsd, TsGroup
from ..simulation import simulate_population

__all__ = ["SimulatedRecording", "SimulatedTruth", "simulate_recording", "simulated_injected_current"]

_BIN = 1e-3
"""Seconds; the step in which spikes are drawn."""

_WINDOW = 100
"""Bins of past that matter, for the stimulus and for spikes."""

_GAP = 2.0
"""Seconds between the two epochs."""

_CORRELATION_TIME = 8e-3
"""Seconds, of the population's stimulus."""

_SAMPLING_RATE = 20_000
"""Samples per second of the injected current."""


@dataclass(frozen=True)
class SimulatedTruth:
    """What made a simulated recording.

    The expected count of neuron i in bin t is ``bin_size * baseline[i] * exp(s + h)``, where s is `stimulus_filters`
    applied to the stimulus of the bins before t, and h the sum over past spikes of `coupling_filters`. Entry 0 of a
    filter acts on the next bin, one `bin_size` later.

    Attributes
    ----------
    bin_size : float
        Seconds.
    lags : ndarray
        Time from a stimulus sample or a spike to its effect, seconds, shape (lag,).
    baseline : ndarray
        Rate without stimulus and past spikes, Hz, shape (neuron,).
    stimulus_filters : ndarray
        Change of log rate per `stimulus_unit` of stimulus in one bin, shape (lag, neuron).
    coupling_filters : ndarray
        Change of log rate per spike, shape (lag, receiver, sender); the diagonal is each neuron's own history.
    stimulus_unit : str
        Unit that `stimulus_filters` refers to.
    """

    bin_size: float
    lags: FloatArray
    baseline: FloatArray
    stimulus_filters: FloatArray
    coupling_filters: FloatArray
    stimulus_unit: str


@dataclass(frozen=True, eq=False)
class SimulatedRecording(Mapping):
    """A simulated recording, addressed like a loaded file: ``recording["units"]``, ``["stimulus"]``, ``["epochs"]``.

    Attributes
    ----------
    spikes : TsGroup
        Spike times, seconds (also ``["units"]``).
    stimulus : Tsd
        Stimulus in `unit`.
    epochs : IntervalSet
        Epochs with their names in the column ``tags``.
    truth : SimulatedTruth
    unit : str
        Unit of the stimulus.
    response : Tsd or None
        Membrane potential in volts, for a single neuron.
    """

    spikes: TsGroup
    stimulus: Tsd
    epochs: IntervalSet
    truth: SimulatedTruth
    unit: str
    response: Tsd | None = None
    _objects: dict = field(init=False, repr=False)

    def __post_init__(self):
        objects = {"units": self.spikes, "epochs": self.epochs, "stimulus": self.stimulus, "response": self.response}
        object.__setattr__(self, "_objects", {key: value for key, value in objects.items() if value is not None})

    def __getitem__(self, key: str):
        """The object under `key`; KeyError names the keys there are."""
        if key not in self._objects:
            hint = did_you_mean(key, self._objects)
            msg = f"no {key!r} in this recording; it holds {', '.join(self._objects)}.{hint}"
            raise KeyError(msg)
        return self._objects[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def __repr__(self) -> str:
        kinds = "\n".join(f"  {key:<9} {type(value).__name__}" for key, value in self._objects.items())
        return f"{type(self).__name__}, {len(self.spikes)} neurons\n{kinds}"


def simulate_recording(n_neurons: int = 8, duration: float = 120.0, *, seed: int = 0) -> SimulatedRecording:
    """Simulate a population driven by a stimulus, by its own past spikes and by each other's.

    The stimulus is Gaussian noise with a correlation time of 8 ms. Neurons prefer upward or downward deflections at
    latencies of 10 to 30 ms, are refractory, and each excites its right neighbour and inhibits the one after that.

    Parameters
    ----------
    n_neurons
        At least 1.
    duration
        Seconds of recording, split evenly over the epochs ``Noise 1`` and ``Noise 2``; at least 2 s.
    seed
        The same seed gives the same recording.

    Returns
    -------
    SimulatedRecording
        Rates of about 5 to 40 Hz; stimulus at 1 kHz in standard deviations (SD).

    Raises
    ------
    ValueError
        If `n_neurons` is less than 1 or `duration` less than 2 s.
    """
    if n_neurons < 1:
        msg = f"n_neurons must be at least 1, got {n_neurons}."
        raise ValueError(msg)
    n_bins, seeds = _bins_per_epoch(duration), np.random.SeedSequence(seed).generate_state(5)
    truth = _population_truth(n_neurons, np.random.default_rng(seeds[0]))
    stimuli = [_noise(n_bins, _CORRELATION_TIME, _BIN, s) for s in seeds[1:3]]
    counts = [_simulate_epoch(stimulus, truth, s) for stimulus, s in zip(stimuli, seeds[3:])]
    epochs = _epochs(n_bins * _BIN, n_bins * _BIN)
    centres = np.concatenate([start + (np.arange(n_bins) + 0.5) * _BIN for start in epochs.start])
    stimulus = Tsd(t=centres, d=np.concatenate(stimuli), time_support=epochs)
    return SimulatedRecording(_spikes(counts, epochs, seed), stimulus, epochs, truth, unit="SD")


def simulated_injected_current(duration: float = 20.0, *, seed: int = 0) -> SimulatedRecording:
    """Simulate one neuron under noisy injected current, in the layout of a patch-clamp recording.

    Parameters
    ----------
    duration
        Seconds of recording, split evenly over the epochs ``Noise 1`` and ``Noise 2``; at least 2 s.
    seed
        The same seed gives the same recording.

    Returns
    -------
    SimulatedRecording
        ``stimulus`` (A) and ``response`` (V) at 20 kHz, one unit of about 20 Hz. The filters of ``truth`` apply to
        the current in bins of 1 ms, in pA.

    Raises
    ------
    ValueError
        If `duration` is less than 2 s.
    """
    n_bins, seeds = _bins_per_epoch(duration), np.random.SeedSequence(seed).generate_state(4)
    per_bin = round(_SAMPLING_RATE * _BIN)
    truth = _injection_truth()
    currents = [100 + 50 * _noise(n_bins * per_bin, 5e-3, 1 / _SAMPLING_RATE, s) for s in seeds[:2]]  # pA
    binned = [current.reshape(n_bins, per_bin).mean(axis=1) for current in currents]
    counts = [_simulate_epoch(current, truth, s) for current, s in zip(binned, seeds[2:])]
    epochs = _epochs(n_bins * _BIN, n_bins * _BIN - 1 / _SAMPLING_RATE)
    times = np.concatenate([start + np.arange(n_bins * per_bin) / _SAMPLING_RATE for start in epochs.start])
    spikes = _spikes(counts, epochs, seed)
    current = np.concatenate(currents)
    voltage = np.concatenate([_membrane_potential(c) for c in currents])
    _paste_spikes(voltage, np.searchsorted(times, spikes[0].t))
    stimulus, response = (Tsd(t=times, d=d, time_support=epochs) for d in (current * 1e-12, voltage))
    return SimulatedRecording(spikes, stimulus, epochs, truth, unit="A", response=response)


def _bins_per_epoch(duration: float) -> int:
    """Bins in each of the two epochs."""
    if not duration >= 2:
        msg = f"duration must be at least 2 s (two epochs of 1 s), got {duration}."
        raise ValueError(msg)
    return round(duration / 2 / _BIN)


def _epochs(length: float, recorded: float) -> IntervalSet:
    """Two epochs of `length` seconds of which the first `recorded` were sampled, a gap between them."""
    start = np.array([0.0, length + _GAP])
    return IntervalSet(start, start + recorded, metadata={"tags": np.array(["Noise 1", "Noise 2"])})


def _noise(n_samples: int, correlation_time: float, step: float, seed: int) -> FloatArray:
    """Gaussian noise of unit variance and exponential autocorrelation, shape (n_samples,)."""
    memory = _memory(correlation_time, step)
    white = np.random.default_rng(seed).normal(size=n_samples + memory.size - 1)
    return np.convolve(white, memory / np.linalg.norm(memory), mode="valid")


def _memory(time_constant: float, step: float) -> FloatArray:
    """Exponential decay over seven time constants, newest first."""
    return np.exp(-np.arange(0.0, 7 * time_constant, step) / time_constant)


def _population_truth(n_neurons: int, rng: np.random.Generator) -> SimulatedTruth:
    lags = np.arange(1, _WINDOW + 1) * _BIN
    neuron = np.arange(n_neurons)
    peak = 10e-3 + 20e-3 * rng.permutation(n_neurons) / max(n_neurons - 1, 1)
    sign = np.where(neuron % 3 == 2, -1.0, 1.0)
    stimulus = sign * _biphasic(lags[:, None], peak)
    correlation = np.exp(-np.abs(lags[:, None] - lags) / _CORRELATION_TIME)
    spread = np.sqrt(np.einsum("in,ij,jn->n", stimulus, correlation, stimulus))  # of the log rate, before scaling
    stimulus *= rng.uniform(0.8, 1.0, n_neurons) / spread
    coupling = np.zeros((_WINDOW, n_neurons, n_neurons))
    refractory, adaptation = rng.uniform(1.5e-3, 3e-3, n_neurons), rng.uniform(0.05, 0.15, n_neurons)
    rebound = np.where(neuron % 4 == 1, 0.4, 0.0)  # every fourth neuron tends to burst
    coupling[:, neuron, neuron] = _own_history(lags[:, None], refractory, adaptation, rebound)
    excitation, inhibition = rng.uniform(0.35, 0.65, n_neurons), rng.uniform(0.25, 0.5, n_neurons)
    first = 0 if n_neurons > 2 else 1  # two neurons that excite each other would run away
    right, after = (neuron + 1) % n_neurons, (neuron + 2) % n_neurons
    if n_neurons > 1:
        coupling[:, right[first:], neuron[first:]] += excitation[first:] * _bump(lags, 6e-3)[:, None]
    if n_neurons > 2:
        coupling[:, after, neuron] -= inhibition * _bump(lags, 12e-3)[:, None]
    baseline = np.geomspace(6.0, 24.0, n_neurons)[rng.permutation(n_neurons)] if n_neurons > 1 else np.array([14.0])
    return SimulatedTruth(_BIN, lags, baseline, stimulus, coupling, "SD")


def _injection_truth() -> SimulatedTruth:
    lags = np.arange(1, _WINDOW + 1) * _BIN
    stimulus = 4e-3 * _biphasic(lags, 8e-3)[:, None]
    baseline = np.array([12.0]) * np.exp(-100 * stimulus.sum())  # 12 Hz at the mean current of 100 pA
    history = _own_history(lags, 2.5e-3, 0.4, 0.0)
    return SimulatedTruth(_BIN, lags, baseline, stimulus, history[:, None, None], "pA")


def _bump(lags: FloatArray, peak: FloatArray | float) -> FloatArray:
    """Alpha function: 1 at `peak`, 0 at lag 0."""
    return lags / peak * np.exp(1 - lags / peak)


def _biphasic(lags: FloatArray, peak: FloatArray | float) -> FloatArray:
    """A bump of height about 1 at `peak`, followed by a shallow rebound of the other sign."""
    return _bump(lags, peak) ** 3 - 0.35 * _bump(lags, 2.2 * peak) ** 3


def _own_history(lags: FloatArray, refractory, adaptation, rebound) -> FloatArray:
    """Refractoriness, a rebound after it, and a weak and slow adaptation; time constants in seconds."""
    return -6.0 * np.exp(-lags / refractory) + rebound * _bump(lags, 8e-3) ** 2 - adaptation * np.exp(-lags / 25e-3)


def _simulate_epoch(stimulus: FloatArray, truth: SimulatedTruth, seed: int) -> IntArray:
    """Counts of one epoch, shape (time, neuron); nothing came before the epoch but the stimulus' first value."""
    padded = np.concatenate([np.full(_WINDOW, stimulus[0]), stimulus])[:-1]  # a bin does not act on its own rate
    driven = np.stack([np.convolve(padded, kernel, mode="valid") for kernel in truth.stimulus_filters.T], axis=1)
    log_drive = np.log(truth.baseline * truth.bin_size) + driven
    return simulate_population(log_drive, truth.coupling_filters, seed=seed)[0]


def _spikes(counts: list[IntArray], epochs: IntervalSet, seed: int) -> TsGroup:
    """Spike times from counts per epoch, each spike somewhere in the inner part of its bin."""
    rng = np.random.default_rng([seed, 1])
    n_bins, n_neurons = counts[0].shape
    starts = np.concatenate([start + np.arange(n_bins) * _BIN for start in epochs.start])
    stacked = np.concatenate(counts)

    def train(neuron: int) -> Ts:
        bins = np.repeat(starts, stacked[:, neuron])
        return Ts(t=np.sort(bins + _BIN * rng.uniform(0.05, 0.9, bins.size)), time_support=epochs)

    return TsGroup({neuron: train(neuron) for neuron in range(n_neurons)}, time_support=epochs)


def _membrane_potential(current: FloatArray) -> FloatArray:
    """Passive response to a current in pA, in volts: -70 mV at rest, 100 MOhm, 10 ms."""
    memory = _memory(10e-3, 1 / _SAMPLING_RATE)
    padded = np.concatenate([np.full(memory.size - 1, current[0]), current])
    return -70e-3 + 100e6 * 1e-12 * np.convolve(padded, memory / memory.sum(), mode="valid")


def _paste_spikes(voltage: FloatArray, samples: IntArray) -> None:
    """Draw an action potential at each of `samples` into `voltage` (V), in place."""
    t = np.arange(-1e-3, 4e-3, 1 / _SAMPLING_RATE)
    shape = 90e-3 * np.exp(-((t / 0.3e-3) ** 2)) - 12e-3 * _bump(np.maximum(t, 0), 1.2e-3)
    where = samples[:, None] + np.arange(t.size) - round(1e-3 * _SAMPLING_RATE)
    inside = (where >= 0) & (where < voltage.size)
    np.add.at(voltage, where[inside], np.broadcast_to(shape, where.shape)[inside])
    np.minimum(voltage, 40e-3, out=voltage)  # where two spikes overlap
