"""What the how-to pages say of strengths, streams and stochastic solvers, measured.

    python benchmarks/choices.py                  # everything
    python benchmarks/choices.py --only streams   # some of strengths,streams,solvers

Strengths: the error of a known filter, for each penalty and way to choose its strength. Streams: how far one pass of
`partial_fit` ends from the full fit, in standard errors of the full fit. Solvers: passes, seconds and the difference
from Newton's coefficients.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import rheobase as rb


def timed(fit):
    start = time.perf_counter()
    found = fit()
    return found, time.perf_counter() - start


def strengths(n_bins: int = 10_000, n_lags: int = 60, n_neurons: int = 20) -> None:
    """Smooth filters of a white stimulus."""
    print(f"\n**Strengths**: {n_neurons} neurons, {n_lags} lags, {n_bins:,} bins, two draws\n")
    print("| penalty and choice | error of the filter (rms) | seconds |\n|---|---|---|")
    lags = np.arange(n_lags)
    second = np.diff(np.eye(n_lags), 2, axis=0)
    smooth = rb.regularizer.Smoothness(second.T @ second)
    cases = {
        "none": {"regularizer": "UnRegularized"},
        'ridge, `"cv"`': {"regularizer": "Ridge", "regularizer_strength": "cv"},
        'ridge, `"reml"`': {"regularizer": "Ridge", "regularizer_strength": "reml"},
        'smoothness, `"cv"`': {"regularizer": smooth, "regularizer_strength": "cv"},
        'smoothness, `"reml"`': {"regularizer": smooth, "regularizer_strength": "reml"},
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for draw in range(2):
        rng = np.random.default_rng(draw)
        center, width = rng.uniform(8, 35, n_neurons), rng.uniform(4, 10, n_neurons)
        filters = 0.12 * np.exp(-0.5 * ((lags[:, None] - center) / width) ** 2)
        stimulus = rng.normal(size=n_bins + n_lags)
        x = np.lib.stride_tricks.sliding_window_view(stimulus, n_lags)[:n_bins, ::-1]
        y = rng.poisson(np.exp(x @ filters - 1.5)).astype(float)
        for name, options in cases.items():
            model, seconds = timed(lambda options=options, x=x, y=y: rb.glm.PopulationGLM(**options).fit(x, y))
            found[name].append((float(np.sqrt(np.mean((model.coef_ - filters) ** 2))), seconds))
    for name, draws in found.items():
        errors, seconds = zip(*draws, strict=True)
        print(f"| {name} | {', '.join(f'{e:.4f}' for e in errors)} | {', '.join(f'{s:.1f}' for s in seconds)} |")


def counts(n_rows: int, n_features: int, n_neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """Independent features and counts at about 0.17 a bin."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n_rows, n_features))
    weights = rng.normal(size=(n_features, n_neurons)) * 0.3 / np.sqrt(n_features)
    return x, rng.poisson(np.exp(x @ weights - 1.8)).astype(float)


def streams() -> None:
    """One pass in batches, against all rows at once."""
    x, y = counts(100_000, 50, 10)
    full, seconds = timed(lambda: rb.glm.PopulationGLM().fit(x, y))
    errors = full.inference(x, y).standard_errors[: x.shape[1]]
    print(f"\n**Streams**: 100,000 x 50, 10 neurons, one pass; the full fit takes {seconds:.1f} s\n")
    print("| rows in a batch | rms (standard errors) | largest | seconds |\n|---|---|---|---|")
    for size in (1_000, 10_000):
        model = rb.glm.PopulationGLM()

        def one_pass(model=model, size=size):
            for start in range(0, len(x), size):
                model.partial_fit(x[start : start + size], y[start : start + size])

        seconds = timed(one_pass)[1]
        away = (model.coef_ - full.coef_) / errors
        print(f"| {size:,} | {np.sqrt(np.mean(away**2)):.3f} | {np.abs(away).max():.2f} | {seconds:.1f} |", flush=True)


def solvers() -> None:
    """Stochastic solvers beside Newton's method."""
    x, y = counts(100_000, 50, 10)
    print("\n**Solvers**: 100,000 x 50, 10 neurons\n")
    print("| solver | passes | seconds | coefficients differ from Newton's by |\n|---|---|---|---|")
    reference = None
    for name in ("Newton", "SVRG"):
        model, seconds = timed(lambda name=name: rb.glm.PopulationGLM(solver_name=name).fit(x, y))
        reference = model.coef_ if reference is None else reference
        difference = np.abs(model.coef_ - reference).max() / np.abs(reference).max()
        print(f"| {name} | {model.solution_.n_iter.max()} | {seconds:.1f} | {difference:.0e} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = {"strengths": strengths, "streams": streams, "solvers": solvers}
    parser.add_argument("--only", default=",".join(known), help="some of " + ",".join(known))
    for name in parser.parse_args().only.split(","):
        known[name]()


if __name__ == "__main__":
    main()
