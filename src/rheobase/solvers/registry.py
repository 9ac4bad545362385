"""Which solvers there are, what they take, and which one suits a problem."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields
from typing import Any

from .._errors import did_you_mean
from ._core import AbstractSolver
from .gram_lbfgs import GramLBFGS
from .jaxopt import ALGORITHMS, Jaxopt
from .newton import Newton
from .stochastic import SVRG, Adam, ProxSVRG

__all__ = [
    "SolverSpec",
    "choose",
    "get_solver",
    "get_solver_documentation",
    "list_algo_backends",
    "list_available_algorithms",
    "list_available_solvers",
    "make_solver",
]

NATIVE: dict[str, type[AbstractSolver]] = {
    "Newton": Newton,
    "GramLBFGS": GramLBFGS,
    "LBFGS": GramLBFGS,
    "ProximalGradient": Newton,
    "SVRG": SVRG,
    "ProxSVRG": ProxSVRG,
    "Adam": Adam,
}
"""Ours. ``"LBFGS"`` is our limited-memory BFGS too: it compiles in a tenth of the time; jaxopt's is
``"LBFGS[jaxopt]"``. Scripts that ask for a proximal gradient get proximal Newton steps, the same optimum in a few;
jaxopt's is ``"ProximalGradient[jaxopt]"``."""

AUTO = "auto"

_POSITIVE = ("tol", "maxiter", "memory", "history_size", "maxls")
_POSITIVE_OR_NONE = ("stepsize", "batch_size")

_NEWTON_ITERATIONS, _QUASI_ITERATIONS, _THIN_ITERATIONS = 7, 25, 10
_SYRK, _GEMM, _MEMORY = 60e9, 45e9, 12e9
"""Operations per second of a symmetric product and of a tall product, and bytes per second, of 2 cores; only ratios
matter."""


@dataclass(frozen=True)
class SolverSpec:
    """What a solver's name means.

    Attributes
    ----------
    algo_name, backend
        ``"LBFGS"`` and ``"jaxopt"``, say; native solvers have the backend ``"rheobase"``.
    options
        Names that `solver_kwargs` may hold, with their defaults.
    """

    algo_name: str
    backend: str
    options: dict[str, Any]

    @property
    def full_name(self) -> str:
        """``"algorithm[backend]"``."""
        return f"{self.algo_name}[{self.backend}]"


def list_available_solvers() -> list[str]:
    """Names that `solver_name` may hold."""
    return [AUTO, *NATIVE, *(name if name not in NATIVE else f"{name}[jaxopt]" for name in ALGORITHMS)]


def list_available_algorithms() -> list[str]:
    """Algorithms that `solver_name` may hold, without their backends."""
    return [AUTO, *NATIVE, *(name for name in ALGORITHMS if name not in NATIVE)]


def list_algo_backends(algo_name: str) -> list[str]:
    """Backends of an algorithm, the one that its bare name stands for first.

    Parameters
    ----------
    algo_name
        One of `list_available_algorithms`.

    Raises
    ------
    ValueError
        If there is no such algorithm.
    """
    get_solver(algo_name)
    backends = {"rheobase": algo_name == AUTO or algo_name in NATIVE, "jaxopt": algo_name in ALGORITHMS}
    return [backend for backend, there in backends.items() if there]


def get_solver_documentation(solver: str | type[AbstractSolver], show_help: bool = False) -> str:
    """What a solver does and which options it takes, as text.

    Parameters
    ----------
    solver
        A name that `solver_name` may hold, or the class of a solver.
    show_help
        All that Python's ``help`` shows of the class instead.

    Raises
    ------
    TypeError, ValueError
        If there is no such solver.

    Examples
    --------
    >>> print(get_solver_documentation("Newton").splitlines()[0])
    Newton[rheobase](maxiter=100, tol=1e-08)
    """
    if isinstance(solver, type):
        kind, title = solver, f"{solver.__name__}({_shown({f.name: f.default for f in fields(solver)})})"
    else:
        spec = get_solver(solver)
        kind = Jaxopt if spec.backend == "jaxopt" else NATIVE.get(spec.algo_name, Newton)
        title = f"{spec.full_name}({_shown(spec.options)})"
        if spec.algo_name == AUTO:
            title += "\n\nChosen by the size of the problem and its penalty: Newton, GramLBFGS. Of the first:"
    if show_help:
        import pydoc

        return pydoc.plain(pydoc.render_doc(kind))
    return f"{title}\n\n{inspect.getdoc(kind)}"


def _shown(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def get_solver(name: str) -> SolverSpec:
    """What `name` means.

    Parameters
    ----------
    name
        ``"auto"``, an algorithm, or ``"algorithm[backend]"``.

    Raises
    ------
    TypeError
        If `name` is not a string.
    ValueError
        If there is no such solver.
    """
    if not isinstance(name, str):
        msg = f"solver_name must be a string, got {type(name).__name__}. Known: {', '.join(list_available_solvers())}."
        raise TypeError(msg)
    algorithm, _, backend = name.removesuffix("]").partition("[")
    if algorithm == AUTO and backend in ("", "rheobase"):
        return SolverSpec(AUTO, "rheobase", {"maxiter": None, "tol": 1e-8})
    if algorithm in NATIVE and backend in ("", "rheobase"):
        return SolverSpec(algorithm, "rheobase", {f.name: f.default for f in fields(NATIVE[algorithm])})
    if algorithm in ALGORITHMS and backend in ("", "jaxopt"):
        return SolverSpec(algorithm, "jaxopt", dict(ALGORITHMS[algorithm]))
    known = list_available_solvers()
    if backend and algorithm in known:
        msg = f"solver {algorithm!r} has no backend {backend!r}; write solver_name={algorithm!r}."
    else:
        msg = f"unknown solver_name {name!r}; known are {', '.join(map(repr, known))}.{did_you_mean(algorithm, known)}"
    raise ValueError(msg)


def check_options(name: str, options: dict[str, Any]) -> None:
    """Raise a NameError for options that the solver does not take, a ValueError for values it cannot use."""
    spec = get_solver(name)
    for key, value in options.items():
        if key not in spec.options:
            known = ", ".join(map(repr, spec.options))
            msg = (
                f"solver {spec.algo_name!r} takes no option {key!r}; it takes {known}.{did_you_mean(key, spec.options)}"
            )
            raise NameError(msg)
        if key in _POSITIVE and not _positive(value):
            msg = f"solver_kwargs[{key!r}] must be a number > 0, got {value!r}."
            raise ValueError(msg)
        if key in _POSITIVE_OR_NONE and spec.backend == "rheobase" and value is not None and not _positive(value):
            msg = f"solver_kwargs[{key!r}] must be a number > 0, or None to have it chosen, got {value!r}."
            raise ValueError(msg)
        if key in ("beta1", "beta2") and not (_positive(value) and value < 1):
            msg = f"solver_kwargs[{key!r}] must lie between 0 and 1, got {value!r}."
            raise ValueError(msg)
        if key in ("maxiter", "batch_size", "seed") and value is not None and value != int(value):
            msg = f"solver_kwargs[{key!r}] must be a whole number, got {value!r}."
            raise ValueError(msg)


def _positive(value: Any) -> bool:
    try:
        return value > 0
    except TypeError:
        return False


def make_solver(
    name: str,
    options: dict[str, Any],
    n_rows: int,
    n_features: int,
    n_neurons: int,
    *,
    n_free: int | None = None,
    kinks: bool = False,
    thin: bool = False,
) -> tuple[AbstractSolver, str]:
    """The solver for a problem, and why it is this one.

    Parameters
    ----------
    name, options
        What the user asked for; ``"auto"`` decides by size.
    n_rows, n_features, n_neurons
        Sizes of the problem.
    n_free
        Most features that a neuron may use, if not all.
    kinks
        Whether the penalty has any (lasso and its kin), or coefficients have bounds.
    thin
        As for `choose`.
    """
    spec, reason = get_solver(name), "asked for by name"
    algorithm = spec.algo_name
    if spec.backend == "jaxopt":
        return Jaxopt(algorithm, tuple(sorted(options.items()))), reason
    if algorithm == AUTO:
        algorithm, reason = "Newton", "proximal Newton: the penalty has kinks, or coefficients have bounds"
        if not kinks:
            algorithm, reason = choose(n_rows, n_features, n_neurons, n_free, thin=thin)
        options = {key: value for key, value in options.items() if value is not None}
    return NATIVE[algorithm](**options), reason


def choose(
    n_rows: int, n_features: int, n_neurons: int, n_free: int | None = None, *, thin: bool = False
) -> tuple[str, str]:
    """Native solver for a smooth problem of this size, and the reason in words.

    Exact Newton needs few iterations with one Hessian a neuron (``rows x features^2`` operations each); the
    quasi-Newton method needs more, with two products (``4 x rows x features`` operations, or one reading of the
    features, shared by all neurons).

    Parameters
    ----------
    n_rows, n_features, n_neurons
        Size of the design, and how many neurons share it.
    n_free
        Most features that a neuron may use; all if not given. Its Hessian has no others.
    thin
        Whether the quasi-Newton method may estimate Hessians from some rows, as for features in memory: then it needs
        few iterations too.

    Returns
    -------
    name, reason : str
    """
    n_free = n_features if n_free is None else n_free
    newton = _NEWTON_ITERATIONS * n_free**2 / _SYRK
    product = 4 * n_features / _GEMM
    reading = 16 * n_features / _MEMORY / n_neurons
    steps = _THIN_ITERATIONS - _NEWTON_ITERATIONS if thin else _QUASI_ITERATIONS
    quasi = steps * max(product, reading)
    if newton <= quasi:
        return "Newton", f"few features for exact Hessians ({n_free} features, {n_neurons} neurons)"
    if thin:
        return "GramLBFGS", f"Hessians from some rows and a few more passes cost less ({n_free} features)"
    return "GramLBFGS", f"exact Hessians of {n_neurons} neurons x {n_free} features cost more than shared products"
