"""Fits on whatever device JAX has, checked against float64 on the host, with their times.

    python benchmarks/gpu.py            # 100,000 x 400, 50 neurons; 1,000 neurons x 60 features; features never made
    python benchmarks/gpu.py --hour     # the last of these for an hour at 1 ms, 100 neurons, instead of ten minutes, 40
    python benchmarks/gpu.py --small    # a tenth of the rows, to see that it runs

Prints a Markdown table with the device's name. The check is the gradient of the objective at the answer, computed by
NumPy in float64, and the largest difference to a fit whose products were made by BLAS on the host. Features that are
never made are walked through on the host's cores, whatever the device.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from scale import fit, simulate

import rheobase
from rheobase.design import _dense, _products


def problem(n_rows: int, n_features: int, n_neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """Features with correlated columns and Poisson counts at about 0.15 a bin."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n_rows, n_features)) + 0.5 * rng.normal(size=(n_rows, 1))
    return x, rng.poisson(
        np.exp(x @ (rng.normal(size=(n_features, n_neurons)) * 0.4 / np.sqrt(n_features)) - 2.0)
    ).astype(float)


def timed(x, y, strength: float):
    """First and best later fit, seconds, and the model."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        model = rheobase.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=strength).fit(x, y)
        seconds.append(time.perf_counter() - start)
    return seconds[0], min(seconds[1:]), model


def gradient_size(model, x, y, strength: float) -> float:
    """Largest gradient entry at the answer, relative to that at the null model; NumPy, float64."""

    def gradient(coef, intercept):
        residual = (np.exp(x @ coef + intercept) - y) / len(x)
        return x.T @ residual + strength * coef

    null = gradient(np.zeros_like(model.coef_), np.log(y.mean(axis=0)))
    return float(np.abs(gradient(model.coef_, model.intercept_)).max() / np.abs(null).max())


def coupled(n_rows: int, n_neurons: int) -> str:
    """A row of the table: all neurons from the past of all, 8 functions each, features never made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "counts.npy")
        np.save(path, simulate(n_rows // 100, n_neurons))
        found = fit(str(path), n_rows, n_neurons, n_neurons)
    return (
        f"| {n_rows:,} x {8 * n_neurons}, {n_neurons} neurons, never made | {found['solver']} | {found['seconds']:.1f} "
        f"| - | - | {found['gradient']:.1e} | - |"
    )


def main() -> None:
    import jax

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the rows")
    parser.add_argument("--hour", action="store_true", help="one hour at 1 ms, 100 neurons, features never made")
    asked = parser.parse_args()
    scale = 10 if asked.small else 1
    device = jax.devices()[0]
    versions = f"jax {jax.__version__}, rheobase {rheobase.__version__}"
    print(f"device: {device.device_kind} ({jax.default_backend()}), {versions}\n")
    print("| problem | solver | first fit (s) | later fit (s) | host (s) | relative gradient | differs from host by |")
    print("|---|---|---|---|---|---|---|")
    for n_rows, n_features, n_neurons in ((100_000, 400, 50), (100_000, 60, 1000)):
        x, y = problem(n_rows // scale, n_features, n_neurons)
        first, later, model = timed(x, y, 1e-3)
        chosen, _dense.products_for = _dense.products_for, _products.HostProducts
        try:
            _, host, reference = timed(x, y, 1e-3)
        finally:
            _dense.products_for = chosen
        difference = np.abs(model.coef_ - reference.coef_).max() / np.abs(reference.coef_).max()
        solver, error = model.solution_.stats["solver"], gradient_size(model, x, y, 1e-3)
        print(
            f"| {len(x):,} x {n_features}, {n_neurons} neurons | {solver} | {first:.2f} | {later:.3f} | {host:.2f} "
            f"| {error:.1e} | {difference:.1e} |",
            flush=True,
        )
    n_rows, n_neurons = (3_600_000, 100) if asked.hour else (600_000, 40)
    print(coupled(n_rows // scale, n_neurons), flush=True)


if __name__ == "__main__":
    main()
