"""Solvers: how the optimum of a GLM is found. `docs/how_to_choose_a_solver.md` tells which one suits what."""

from __future__ import annotations

from ._core import AbstractProblem, AbstractSolver, Result, Solution
from .gram_lbfgs import GramLBFGS
from .newton import Newton
from .registry import (
    SolverSpec,
    choose,
    get_solver,
    get_solver_documentation,
    list_algo_backends,
    list_available_algorithms,
    list_available_solvers,
)
from .stochastic import SVRG, Adam, ProxSVRG

__all__ = [
    "SVRG",
    "AbstractProblem",
    "AbstractSolver",
    "Adam",
    "GramLBFGS",
    "Newton",
    "ProxSVRG",
    "Result",
    "Solution",
    "SolverSpec",
    "choose",
    "get_solver",
    "get_solver_documentation",
    "list_algo_backends",
    "list_available_algorithms",
    "list_available_solvers",
]


def __dir__() -> list[str]:
    return sorted(__all__)
