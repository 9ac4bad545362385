"""Fits on real recordings, and the first fit of a fresh process: rheobase and NeMoS side by side, objectives compared.

    python benchmarks/recordings.py --data FOLDER                 # head direction, motor cortex, first fit
    python benchmarks/recordings.py --data FOLDER --only first    # some

`FOLDER` holds ``head_direction.nwb`` and ``motor_cortex_m1.mat``; the environment variable ``RHEOBASE_DATA`` does as
well. Both libraries get the same features and counts. NeMoS runs in float64 with LBFGS and at most `--iterations`
iterations; "objective" says how far an answer lies above the lower of the two.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

STRENGTH = 1e-3
FIRST = """
import time
start = time.perf_counter()
import numpy as np
import {library} as lib
rng = np.random.default_rng(0)
x = rng.normal(size=(20_000, 10))
y = rng.poisson(np.exp(x @ rng.normal(size=10) * 0.2 - 1.0)).astype(float)
lib.glm.GLM(regularizer="Ridge", regularizer_strength=0.001).fit(x, y)
print(time.perf_counter() - start)
"""


def head_direction(folder: Path) -> tuple[str, np.ndarray, np.ndarray]:
    """Direction of the head and coupling of all cells, 10 ms bins."""
    import rheobase as rb

    data = rb.load_file(folder / "head_direction.nwb")
    spikes = data["units"]
    spikes = spikes[spikes["location"] == "adn"]
    angle = data["ry"]
    counts = spikes.count(0.01, ep=angle.time_support)
    direction = counts.value_from(angle)
    tuning = rb.basis.CyclicBSplineEval(8, bounds=(0, 2 * np.pi)).compute_features(direction)
    past = rb.basis.RaisedCosineLogConv(8, window_size=25).compute_features(counts)
    return matrices("head direction and coupling", np.hstack([np.asarray(tuning), np.asarray(past)]), counts.values)


def motor_cortex(folder: Path) -> tuple[str, np.ndarray, np.ndarray]:
    """Coupling of all units, 50 ms bins, 4 functions over 500 ms."""
    from scipy.io import loadmat

    import rheobase as rb

    counts = loadmat(folder / "motor_cortex_m1.mat")["spikes"].T.astype(float)
    past = rb.basis.RaisedCosineLogConv(4, window_size=10).compute_features(counts)
    return matrices("motor cortex, coupling", np.asarray(past), counts)


def matrices(title: str, x: np.ndarray, y: np.ndarray) -> tuple[str, np.ndarray, np.ndarray]:
    used = np.isfinite(x).all(axis=1)
    x, y = np.ascontiguousarray(x[used]), np.ascontiguousarray(y[used], dtype=float)
    x = x[:, x.std(axis=0) > 0]
    active = y.sum(axis=0) > 0
    return f"{title}: {x.shape[0]:,} x {x.shape[1]}, {active.sum()} cells", x, y[:, active]


def objective(x, y, coef, intercept) -> float:
    eta = x @ coef + intercept
    return float((np.exp(eta) - y * eta).mean(axis=0).sum() + 0.5 * STRENGTH * np.sum(coef**2))


def fit(library, x, y, **options):
    """Seconds of a first and a second fit, and the second one's model."""
    seconds = []
    for _ in range(2):
        model = library.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=STRENGTH, **options)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x, y)
        seconds.append(time.perf_counter() - start)
        if seconds[0] > 60:
            break
    return seconds, model


def compare(title: str, x: np.ndarray, y: np.ndarray, iterations: int) -> None:
    import jax

    import rheobase as rb

    seconds, model = fit(rb, x, y)
    found = {"rheobase": (seconds, objective(x, y, model.coef_, model.intercept_), int(model.solution_.n_iter.max()))}
    import nemos as nmo

    jax.config.update("jax_enable_x64", True)
    options = {"solver_name": "LBFGS", "solver_kwargs": {"tol": 1e-8, "maxiter": iterations}}
    seconds, model = fit(nmo, x, y, **options)
    jax.config.update("jax_enable_x64", False)
    steps = int(getattr(model.solver_state_, "iter_num", getattr(model.solver_state_, "num_steps", -1)))
    value = objective(x, y, np.asarray(model.coef_), np.asarray(model.intercept_))
    found["NeMoS 0.2.8"] = seconds, value, steps
    lowest, ours = min(value for _, value, _ in found.values()), found["rheobase"][0][-1]
    print(f"\n**{title}**\n\n| library | first fit (s) | later (s) | iterations | objective above the lowest | ratio |")
    print("|---|---|---|---|---|---|")
    for name, (seconds, value, steps) in found.items():
        above = (value - lowest) / abs(lowest)
        print(
            f"| {name} | {seconds[0]:.2f} | {seconds[-1]:.2f} | {steps} | {above:.0e} | {seconds[-1] / ours:.1f} |",
            flush=True,
        )


def first_fits(repeats: int = 5) -> None:
    """Import and first fit in fresh processes, median."""
    print(
        "\n**Import and first fit, 20,000 x 10, a fresh process, median of five**\n\n| library | seconds | ratio |"
        "\n|---|---|---|"
    )
    times: dict[str, list[float]] = {"rheobase": [], "nemos": []}
    for _ in range(repeats):
        for library in times:
            command = [sys.executable, "-W", "ignore", "-c", FIRST.format(library=library)]
            times[library].append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    middle = {library: float(np.median(found)) for library, found in times.items()}
    for library, seconds in middle.items():
        print(f"| {library} | {seconds:.2f} | {seconds / middle['rheobase']:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("RHEOBASE_DATA", ""), help="folder of the recordings")
    parser.add_argument("--only", default="first,head,motor", help="some of first,head,motor")
    parser.add_argument("--iterations", type=int, default=5000, help="most that NeMoS may take")
    asked = parser.parse_args()
    chosen, folder = asked.only.split(","), Path(asked.data)
    if "first" in chosen:
        first_fits()
    for name, load in (("head", head_direction), ("motor", motor_cortex)):
        if name in chosen:
            compare(*load(folder), asked.iterations)


if __name__ == "__main__":
    main()
