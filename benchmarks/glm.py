"""Fits of GLMs by rheobase and by other libraries, side by side in one run, objectives compared.

Every library gets the same arrays and the same objective (mean Poisson negative log-likelihood plus the penalty). The
column "objective" says how far a library's answer lies above the lowest that any of them found, relative to it; a
ratio next to a large number there is a race won by stopping early. First calls compile where a library compiles.

    python benchmarks/glm.py                    # all cases
    python benchmarks/glm.py --only refit,lasso # some
    python benchmarks/glm.py --skip-nemos       # without the rival that takes minutes
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

STRENGTHS = np.logspace(0, -4, 10)


@dataclass(frozen=True)
class Entry:
    """One library's way to do a case: gives coefficients (feature, neuron) and intercepts (neuron,)."""

    library: str
    fit: Callable[[], tuple[np.ndarray, np.ndarray]]
    repeats: int = 3
    times: int = 1
    """How many such fits the case consists of, where only one of them is timed."""


@dataclass(frozen=True)
class Case:
    title: str
    x: np.ndarray
    y: np.ndarray
    penalty: Callable[[np.ndarray], float]
    entries: list[Entry]


def data(n_rows: int, n_features: int, n_neurons: int, kept: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Correlated features, and counts at about 0.15 a bin that depend on the first `kept` of them."""
    rng = np.random.default_rng(0)
    mix = np.eye(n_features) + 0.3 * rng.normal(size=(n_features,) * 2) / np.sqrt(n_features)
    x = rng.normal(size=(n_rows, n_features)) @ mix
    weights = rng.normal(size=(n_features, n_neurons)) * 0.5 / np.sqrt(kept or n_features)
    weights[kept or n_features :] = 0.0
    return x, rng.poisson(np.exp(x @ weights - 2.0)).astype(float)


def objective(case: Case, coef: np.ndarray, intercept: np.ndarray) -> float:
    """What every library minimises, summed over neurons, computed here."""
    eta = case.x @ coef + intercept
    return float((np.exp(eta) - case.y * eta).mean(axis=0).sum() + case.penalty(coef))


def ours(x, y, **options) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    from rheobase.glm import PopulationGLM

    def fit():
        model = PopulationGLM(**options).fit(x, y)
        return model.coef_, model.intercept_

    return fit


def nemos(x, y, regularizer, strength, solver, **options) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    import jax
    import nemos as nmo

    def fit():
        jax.config.update("jax_enable_x64", True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = nmo.glm.PopulationGLM(
                regularizer=regularizer, regularizer_strength=strength, solver_name=solver, solver_kwargs=options
            ).fit(x, y)
        jax.config.update("jax_enable_x64", False)
        return np.asarray(model.coef_), np.asarray(model.intercept_)

    return fit


def sklearn(x, y, strength, solver) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    from sklearn.linear_model import PoissonRegressor

    def fit():
        models = [PoissonRegressor(alpha=strength, solver=solver, tol=1e-8, max_iter=1000).fit(x, row) for row in y.T]
        return np.array([m.coef_ for m in models]).T, np.array([m.intercept_ for m in models])

    return fit


def glum(x, y, strength, l1_ratio) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    from glum import GeneralizedLinearRegressor

    def fit():
        models = [
            GeneralizedLinearRegressor(family="poisson", alpha=strength, l1_ratio=l1_ratio, gradient_tol=1e-8).fit(
                x, row
            )
            for row in y.T
        ]
        return np.array([m.coef_ for m in models]).T, np.array([m.intercept_ for m in models])

    return fit


def adelie(x, y, strength, groups) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    import adelie as ad

    columns = np.asfortranarray(x)

    def fit():
        state = ad.grpnet(
            columns,
            ad.glm.poisson(y[:, 0]),
            groups=groups,
            lmda_path=np.array([strength]),
            early_exit=False,
            progress_bar=False,
            n_threads=2,
            tol=1e-12,
            irls_tol=1e-12,
        )
        return state.betas.toarray()[-1][:, None], state.intercepts[-1:]

    return fit


def ridge(strength):
    return lambda coef: 0.5 * strength * np.sum(coef**2)


def population() -> Case:
    x, y = data(100_000, 400, 50)
    return Case(
        "population: 100,000 x 400, 50 neurons, ridge 0.001",
        x,
        y,
        ridge(1e-3),
        [
            Entry("rheobase", ours(x, y, regularizer="Ridge", regularizer_strength=1e-3), 3),
            Entry("NeMoS LBFGS", nemos(x, y, "Ridge", 1e-3, "LBFGS", tol=1e-8, maxiter=3000), 1),
        ],
    )


def coupling() -> Case:
    """The features that populations are fitted with: everybody's filtered past, neighbours in time alike."""
    from scale import WINDOW, kernels, simulate

    from rheobase.convolve import create_convolutional_predictor

    counts = simulate(1000, 50).astype(float)
    x = create_convolutional_predictor(kernels(), counts).reshape(len(counts), -1)[WINDOW:]
    y = counts[WINDOW:]
    return Case(
        f"coupling: {len(x):,} x {x.shape[1]}, {y.shape[1]} neurons at 1 ms, ridge 1e-5 (NeMoS: stopped after 500 "
        "iterations)",
        x,
        y,
        ridge(1e-5),
        [
            Entry("rheobase", ours(x, y, regularizer="Ridge", regularizer_strength=1e-5), 3),
            Entry("NeMoS LBFGS", nemos(x, y, "Ridge", 1e-5, "LBFGS", tol=1e-8, maxiter=500), 1),
        ],
    )


def refit() -> Case:
    x, y = data(20_000, 10, 1)
    return Case(
        "refit: 20,000 x 10, one neuron, ridge 0.001",
        x,
        y,
        ridge(1e-3),
        [
            Entry("rheobase", ours(x, y, regularizer="Ridge", regularizer_strength=1e-3), 7),
            Entry("scikit-learn newton-cholesky", sklearn(x, y, 1e-3, "newton-cholesky"), 7),
            Entry("NeMoS LBFGS", nemos(x, y, "Ridge", 1e-3, "LBFGS", tol=1e-8, maxiter=3000)),
        ],
    )


def single() -> Case:
    x, y = data(200_000, 60, 1)
    return Case(
        "one neuron: 200,000 x 60, ridge 0.001",
        x,
        y,
        ridge(1e-3),
        [
            Entry("rheobase", ours(x, y, regularizer="Ridge", regularizer_strength=1e-3)),
            Entry("scikit-learn newton-cholesky", sklearn(x, y, 1e-3, "newton-cholesky")),
            Entry("scikit-learn lbfgs", sklearn(x, y, 1e-3, "lbfgs")),
            Entry("glum", glum(x, y, 1e-3, 0.0)),
        ],
    )


def lasso() -> Case:
    x, y = data(30_000, 100, 1, kept=10)
    options = {"regularizer": "Lasso", "regularizer_strength": 0.003}
    return Case(
        "lasso: 30,000 x 100, one neuron, strength 0.003",
        x,
        y,
        lambda coef: 0.003 * np.abs(coef).sum(),
        [
            Entry("rheobase", ours(x, y, **options)),
            Entry("glum", glum(x, y, 0.003, 1.0)),
            Entry("NeMoS ProximalGradient", nemos(x, y, "Lasso", 0.003, "ProximalGradient", tol=1e-9, maxiter=5000), 2),
        ],
    )


def group_lasso() -> Case:
    from rheobase.regularizer import GroupLasso

    x, y = data(30_000, 100, 1, kept=10)
    mask = np.kron(np.eye(10), np.ones(10))
    entries = [Entry("rheobase", ours(x, y, regularizer=GroupLasso(mask), regularizer_strength=0.003))]
    import nemos as nmo

    theirs = nmo.regularizer.GroupLasso(mask=mask[:, :, None])
    entries.append(
        Entry("NeMoS ProximalGradient", nemos(x, y, theirs, 0.003, "ProximalGradient", tol=1e-9, maxiter=5000), 2)
    )
    entries.append(Entry("adelie", adelie(x, y, 0.003, np.arange(0, 100, 10))))
    return Case(
        "group lasso: 30,000 x 100, 10 groups, one neuron, strength 0.003",
        x,
        y,
        lambda coef: 0.003 * np.sqrt(10) * np.linalg.norm(coef.reshape(10, 10), axis=1).sum(),
        entries,
    )


def search() -> Case:
    from rheobase.glm import PopulationGLM, cross_validate

    x, y = data(20_000, 60, 10)

    def fit():
        cross_validate(PopulationGLM(regularizer="Ridge"), x, y, STRENGTHS)
        return np.zeros((60, 10)), np.zeros(10)

    return Case(
        "search: 10 strengths x 5 folds x 10 neurons, 20,000 x 60, ridge (NeMoS: one of the 50 fits, times 50)",
        x,
        y,
        lambda coef: 0.0,
        [
            Entry("rheobase", fit, 2),
            Entry("NeMoS LBFGS", nemos(x[:16_000], y[:16_000], "Ridge", 1e-2, "LBFGS", tol=1e-8), 2, times=50),
        ],
    )


CASES = {case.__name__: case for case in (refit, single, lasso, group_lasso, search, population, coupling)}


def timed(entry: Entry) -> tuple[float, float, tuple[np.ndarray, np.ndarray]]:
    """Seconds of the first call and of the best later one (of the only one), and the answer."""
    seconds = []
    for _ in range(max(entry.repeats, 1)):
        begin = time.perf_counter()
        answer = entry.fit()
        seconds.append((time.perf_counter() - begin) * entry.times)
    return seconds[0], min(seconds[1:] or seconds), answer


def rows(case: Case, skip: bool) -> Iterator[str]:
    done = [(e.library, *timed(e)) for e in case.entries if not (skip and e.library.startswith("NeMoS"))]
    heights = [objective(case, *answer) for *_, answer in done]
    best, mine = min(heights), done[0][2]
    for (library, first, later, _), height in zip(done, heights):
        above = "-" if "search" in case.title else f"{(height - best) / abs(best):.0e}"
        yield f"| {library} | {first:.3g} | {later:.3g} | {later / mine:.3g} | {above} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(CASES), help="cases, parted by commas: " + ", ".join(CASES))
    parser.add_argument("--skip-nemos", action="store_true", help="leave NeMoS out")
    options = parser.parse_args()
    for name in options.only.split(","):
        case = CASES[name]()
        print(
            f"\n{case.title}\n\n| library | first call (s) | later (s) | ratio | objective |\n|---|---:|---:|---:|---:|"
        )
        for row in rows(case, options.skip_nemos):
            print(row, flush=True)


if __name__ == "__main__":
    main()
