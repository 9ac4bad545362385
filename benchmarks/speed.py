"""First and second fit of the same GLM by rheobase, NeMoS and scikit-learn, answers checked equal.

Each library runs in a fresh process of its own, one after the other in one run, on the same arrays; a process reports
its import, its first fit (which compiles, where the library compiles; imports are added, since some libraries put them
off), its best later fit, the coefficients and its peak memory. Reading and making the data are not timed. Every fit
minimises the mean Poisson negative log-likelihood plus half the strength times the squared coefficients.

    python benchmarks/speed.py                 # one neuron (20,000 x 10), a population (20,000 x 60, 20 neurons)
    python benchmarks/speed.py --recording F   # and the head-direction cells of pynapple's A2929-200711.nwb at path F
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

REPEATS = 5
AGREE = 1e-6
"""Largest difference of a coefficient, relative to the largest coefficient of its neuron, that counts as the same
answer."""


def simulated(n_rows: int, n_features: int, n_neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlated features and Poisson counts at about 0.15 a bin."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n_rows, n_features)) @ (
        np.eye(n_features) + 0.3 * rng.normal(size=(n_features,) * 2) / np.sqrt(n_features)
    )
    weights = rng.normal(size=(n_features, n_neurons)) * 0.5 / np.sqrt(n_features)
    return x, rng.poisson(np.exp(x @ weights - 2.0)).astype(float)


def head_direction(path: str) -> tuple[np.ndarray, np.ndarray]:
    """History and coupling of 15 cells: 8 log-cosine functions over 0.8 s, 10 ms bins, valid rows only."""
    import rheobase

    data = rheobase.load_file(path)
    counts = data["units"].count(0.01, ep=data["position_time_support"])
    features = rheobase.basis.RaisedCosineLogConv(8, window_size=80).compute_features(counts)
    x, y = np.asarray(features.values), np.asarray(counts.values, dtype=float)
    rows = np.isfinite(x).all(axis=1)
    return x[rows], y[rows]


# --- one library in one process -----------------------------------------------------------------------------------


def fit_rheobase(x, y, strength):
    from rheobase.glm import PopulationGLM

    def fit():
        model = PopulationGLM(regularizer="Ridge", regularizer_strength=strength).fit(x, y)
        return model.coef_, model.solution_.stats["solver"]

    return fit


def fit_nemos(x, y, strength):
    import jax

    jax.config.update("jax_enable_x64", True)
    import nemos

    def fit():
        model = nemos.glm.PopulationGLM(
            regularizer="Ridge",
            regularizer_strength=strength,
            solver_name="LBFGS",
            solver_kwargs={"tol": 1e-10, "maxiter": 5000},
        ).fit(x, y)
        return np.asarray(model.coef_), "LBFGS"

    return fit


def fit_sklearn(x, y, strength):
    from sklearn.linear_model import PoissonRegressor

    def fit():
        columns = [
            PoissonRegressor(alpha=strength, solver="newton-cholesky", tol=1e-8, max_iter=1000).fit(x, y[:, n]).coef_
            for n in range(y.shape[1])
        ]
        return np.stack(columns, axis=1), "newton-cholesky"

    return fit


LIBRARIES = {"rheobase": fit_rheobase, "NeMoS 0.2.8": fit_nemos, "scikit-learn": fit_sklearn}


def work(library: str, folder: Path, strength: float, repeats: int) -> None:
    """Child process: fit, time, and leave the numbers in `folder`."""
    data = np.load(folder / "data.npz")
    x, y = data["x"], data["y"]
    start = time.perf_counter()
    fit = LIBRARIES[library](x, y, strength)
    imported = time.perf_counter()
    coef, solver = fit()
    first = time.perf_counter() - imported
    later = []
    for _ in range(repeats):
        again = time.perf_counter()
        coef, solver = fit()
        later.append(time.perf_counter() - again)
    np.save(folder / "coef.npy", coef)
    numbers = {
        "import": imported - start,
        "first": first,
        "second": min(later, default=first),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "solver": solver,
    }
    (folder / "numbers.json").write_text(json.dumps(numbers))


# --- side by side -------------------------------------------------------------------------------------------------


def compare(title: str, x: np.ndarray, y: np.ndarray, strength: float, repeats: int) -> None:
    """Print one table; fail if an answer differs."""
    print(f"\n{title}: {x.shape[0]:,} rows x {x.shape[1]} features, {y.shape[1]} neuron(s), ridge {strength:g}\n")
    print(
        "| library | solver | import + first fit (s) | later fit (s) | ratio | peak memory (MB) | coefficients differ |"
    )
    print("|---|---|---|---|---|---|---|")
    reference = None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "data.npz", x=x, y=y)
        for library in LIBRARIES:
            times = repeats if library != "NeMoS 0.2.8" or x.size < 2e6 else 0  # minutes: its first fit must do
            command = [sys.executable, __file__, "--child", library, name, str(strength), str(times)]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            numbers = json.loads((folder / "numbers.json").read_text())
            coef = np.load(folder / "coef.npy")
            if reference is None:
                reference, base = coef, numbers
            difference = np.max(np.abs(coef - reference) / np.abs(reference).max(axis=0))
            if difference > AGREE:
                print(f"answers differ: {library} by {difference:.1e} > {AGREE:g}")
            first, later = numbers["import"] + numbers["first"], numbers["second"]
            print(
                f"| {library} | {numbers['solver']} | {first:.2f} | {later:.4f} | {later / base['second']:.1f} "
                f"| {numbers['peak']:.0f} | {difference:.1e} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recording", help="NWB file with head-direction cells")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        library, folder, strength, repeats = arguments.child
        work(library, Path(folder), float(strength), int(repeats))
        return
    compare("One neuron", *simulated(20_000, 10, 1), 1e-3, REPEATS)
    compare("A population", *simulated(20_000, 60, 20), 1e-3, REPEATS)
    if arguments.recording:
        compare("Head-direction cells, history and coupling", *head_direction(arguments.recording), 1e-3, 1)


if __name__ == "__main__":
    main()
