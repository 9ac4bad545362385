"""How large a coupled population can be fitted, and how time and memory grow.

The counts of a simulated population, one byte each, go through the public API: every neuron is predicted from the last
100 ms of all, 8 functions each, by a Poisson model with a small ridge. Every fit has a process of its own, so that its
peak memory is its own. The check is the gradient of the objective at the answer, for some neurons, from features made
as a matrix and summed by NumPy in float64.

    python benchmarks/scale.py                # a minute of the hour, to see that it runs
    python benchmarks/scale.py --hour         # one hour at 1 ms, 100 neurons, 800 features
    python benchmarks/scale.py --growth       # sweeps over time, senders and neurons; draws docs/_static/scale.svg
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import rheobase as rb

WINDOW, N_FUNCTIONS, STRENGTH = 100, 8, 1e-6
FIGURE = Path(__file__).parent.parent / "docs" / "_static" / "scale.svg"


def simulate(n_steps: int, n_neurons: int, n_segments: int = 100, seed: int = 0) -> np.ndarray:
    """Counts per ms, uint8, shape (n_segments * n_steps, neuron): a tenth of the pairs coupled, about 8 Hz.

    Segments are simulated side by side and stand one after the other.
    """
    rng = np.random.default_rng(seed)
    coupled = rng.random((n_neurons, n_neurons)) < 0.1
    fast = np.where(coupled, rng.normal(0, 0.25, coupled.shape), 0.0)
    slow = np.where(coupled, rng.normal(0, 0.06, coupled.shape), 0.0)
    np.fill_diagonal(fast, -1.5)
    np.fill_diagonal(slow, -0.05)
    base = np.log(rng.lognormal(np.log(8.0), 0.5, n_neurons) * 1e-3)
    traces = np.zeros((2, n_segments, n_neurons))
    decay = np.exp([-1 / 5.0, -1 / 25.0])[:, None, None]
    counts = np.zeros((n_segments, n_steps, n_neurons), dtype=np.uint8)
    for step in range(n_steps):
        rate = np.exp(np.minimum(base + traces[0] @ fast + traces[1] @ slow, -1.0))
        counts[:, step] = rng.random(rate.shape) < rate
        traces = traces * decay + counts[:, step]
    return counts.reshape(-1, n_neurons)


def kernels() -> np.ndarray:
    """The bank of functions, shape (window, function)."""
    return np.asarray(rb.basis.RaisedCosineLogConv(N_FUNCTIONS, window_size=WINDOW).kernel_)


def fit(path: str, n_rows: int, n_senders: int, n_neurons: int) -> dict[str, float]:
    """Fit, and say how it went; runs in its own process."""
    counts = np.load(path, mmap_mode="r")[:n_rows]
    senders, response = np.ascontiguousarray(counts[:, :n_senders]), np.ascontiguousarray(counts[:, :n_neurons])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    design = rb.design.Convolved(senders, kernels())
    model = rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=STRENGTH).fit(design, response)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stats = model.solution_.stats
    return {
        "seconds": seconds,
        "peak_gb": peak / 1e6,
        "before_gb": before / 1e6,
        "iterations": int(model.solution_.n_iter.max()),
        "converged": int(model.solution_.converged.sum()),
        "streamed": bool(stats.get("streamed")),
        "solver": stats["solver"],
        "gradient": gradient_size(model, senders, response, range(0, n_neurons, max(n_neurons // 3, 1))),
    }


def gradient_size(model, senders: np.ndarray, response: np.ndarray, neurons) -> float:
    """Largest entry of the gradient at the answer over the largest at the null model; features made as a matrix."""
    neurons = list(neurons)
    bank, rows = kernels(), 200_000
    coef, intercept = model.coef_[:, neurons], model.intercept_[neurons]
    sums = np.zeros((2, *coef.shape))
    mean = response[WINDOW:, neurons].mean(axis=0)
    for start in range(0, len(senders) - WINDOW, rows):
        piece = senders[start : start + rows + WINDOW].astype(float)
        x = rb.convolve.create_convolutional_predictor(bank, piece).reshape(len(piece), -1)[WINDOW:]
        y = response[start + WINDOW : start + len(piece), neurons]
        sums[0] += x.T @ (np.exp(x @ coef + intercept) - y)
        sums[1] += x.T @ (mean - y)
    sums /= len(senders) - WINDOW
    sums[0] += STRENGTH * coef
    return float(np.abs(sums[0]).max() / np.abs(sums[1]).max())


def in_a_process(path: Path, *sizes: int) -> dict[str, float]:
    """`fit` in a fresh process."""
    command = [sys.executable, __file__, "--case", str(path), *map(str, sizes)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


def row(title: str, sizes: tuple[int, int, int], found: dict[str, float]) -> str:
    n_rows, n_senders, n_neurons = sizes
    return (
        f"| {title} | {n_rows:,} x {n_senders * N_FUNCTIONS:,} | {n_neurons} | {found['solver']} | "
        f"{found['iterations']} | {found['seconds']:.0f} | {found['peak_gb']:.1f} | {found['gradient']:.0e} |"
    )


def draw(results: list[tuple[str, tuple[int, int, int], dict[str, float]]]) -> None:
    """Time and peak memory against each size, each doubled from one point to the next."""
    import matplotlib.pyplot as plt

    plt.style.use(rb.styles.plot_style)
    sweeps = {
        "time": (0, "bins of 1 ms"),
        "senders": (1, "sending neurons (8 features each)"),
        "neurons": (2, "neurons fitted"),
    }
    fig, axes = plt.subplots(2, 3, figsize=(9, 4.6), sharey="row", layout="constrained")
    for column, (sweep, (place, label)) in zip(axes.T, sweeps.items()):
        chosen = [(sizes[place], found) for title, sizes, found in results if title == sweep]
        x = [size for size, _ in chosen]
        for ax, key in zip(column, ("seconds", "peak_gb")):
            ax.plot(x, [found[key] for _, found in chosen], "o-")
            ax.set(xscale="log")
            ax.set_xticks(x, [f"{size:,}" if size < 1000 else f"{size / 1000:,.0f}k" for size in x])
            ax.minorticks_off()
        column[1].set_xlabel(label)
    for row, key in zip(axes, ("seconds", "peak_gb")):
        row[0].set_ylim(0, 1.08 * max(found[key] for *_, found in results))
    axes[0, 0].set_ylabel("fit (s)")
    axes[1, 0].set_ylabel("peak memory (GB)")
    fig.savefig(FIGURE)


def growth() -> list[tuple[str, tuple[int, int, int]]]:
    """The sweeps: one size changes, the others stay."""
    middle = 600_000, 40, 40
    cases = [("time", (n, *middle[1:])) for n in (75_000, 150_000, 300_000, 600_000, 1_200_000)]
    cases += [("senders", (middle[0], n, middle[2])) for n in (10, 20, 40, 80)]
    return cases + [("neurons", (*middle[:2], n)) for n in (10, 20, 40, 80)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hour", action="store_true", help="one hour at 1 ms, 100 neurons")
    parser.add_argument("--growth", action="store_true", help="sweeps, and their picture")
    parser.add_argument("--case", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case:
        print(json.dumps(fit(asked.case[0], *map(int, asked.case[1:]))))
        return
    cases = [("hour", (3_600_000, 100, 100))] if asked.hour else growth() if asked.growth else []
    cases = cases or [("minute", (60_000, 10, 10))]
    n_rows = max(sizes[0] for _, sizes in cases)
    print("| case | rows x features | neurons | solver | iterations | fit (s) | peak memory (GB) | relative gradient |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "counts.npy")
        np.save(path, simulate(n_rows // 100, 100))
        for title, sizes in cases:
            results.append((title, sizes, in_a_process(path, *sizes)))
            print(row(*results[-1]), flush=True)
    if asked.growth:
        draw(results)


if __name__ == "__main__":
    main()
