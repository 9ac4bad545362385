"""Solvers: how the optimum of a GLM is found. `docs/how_to_choose_a_solver.md` tells which one suits what."""

from __future__ import annotations

from ._core import AbstractProblem, AbstractSolver, Result, Solution
from .gram_lbfgs import GramLBFGS
from .newton import Newton
from .registry import SolverSpec, choose, get_solver, list_available_solvers

__all__ = [
    "AbstractProblem",
    "AbstractSolver",
    "GramLBFGS",
    "Newton",
    "Result",
    "Solution",
    "SolverSpec",
    "choose",
    "get_solver",
    "list_available_solvers",
]
