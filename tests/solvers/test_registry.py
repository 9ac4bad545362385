"""Names of solvers, their options, and which one is taken when nobody says."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.solvers import (
    SVRG,
    Adam,
    GramLBFGS,
    Newton,
    ProxSVRG,
    choose,
    get_solver,
    get_solver_documentation,
    list_algo_backends,
    list_available_algorithms,
    list_available_solvers,
)
from rheobase.solvers.jaxopt import Jaxopt
from rheobase.solvers.registry import check_options, make_solver


@pytest.mark.parametrize("name", list_available_solvers())
def test_every_listed_name_makes_a_solver(name):
    spec = get_solver(name)
    solver, reason = make_solver(name, {}, 1000, 5, 2)
    assert callable(solver.run)
    assert reason
    assert get_solver(spec.full_name).algo_name == spec.algo_name
    assert {"tol", "maxiter"} <= set(spec.options)
    check_options(name, {key: value for key, value in spec.options.items() if key in ("tol", "maxiter") and value})


@pytest.mark.parametrize(
    ("name", "algorithm", "backend", "kind"),
    [
        ("Newton", "Newton", "rheobase", Newton),
        ("LBFGS", "LBFGS", "rheobase", GramLBFGS),
        ("LBFGS[rheobase]", "LBFGS", "rheobase", GramLBFGS),
        ("LBFGS[jaxopt]", "LBFGS", "jaxopt", Jaxopt),
        ("BFGS", "BFGS", "jaxopt", Jaxopt),
        ("GradientDescent[jaxopt]", "GradientDescent", "jaxopt", Jaxopt),
        ("NonlinearCG", "NonlinearCG", "jaxopt", Jaxopt),
        ("ProximalGradient", "ProximalGradient", "rheobase", Newton),
        ("ProximalGradient[jaxopt]", "ProximalGradient", "jaxopt", Jaxopt),
        ("SVRG", "SVRG", "rheobase", SVRG),
        ("ProxSVRG[rheobase]", "ProxSVRG", "rheobase", ProxSVRG),
        ("Adam", "Adam", "rheobase", Adam),
    ],
)
def test_names_and_backends(name, algorithm, backend, kind):
    spec = get_solver(name)
    assert (spec.algo_name, spec.backend, spec.full_name) == (algorithm, backend, f"{algorithm}[{backend}]")
    assert isinstance(make_solver(name, {}, 100, 3, 1)[0], kind)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("LBGFS", ValueError, r"unknown solver_name 'LBGFS'; known are .*Did you mean 'LBFGS'"),
        ("newton", ValueError, r"unknown solver_name 'newton'.*Did you mean 'Newton'"),
        ("ScipyMinimize", ValueError, "unknown solver_name 'ScipyMinimize'"),
        ("Newton[jaxopt]", ValueError, r"solver 'Newton' has no backend 'jaxopt'; write solver_name='Newton'"),
        ("", ValueError, "unknown solver_name ''"),
        (3, TypeError, "solver_name must be a string, got int"),
    ],
)
def test_unknown_names(name, error, message):
    with pytest.raises(error, match=message):
        get_solver(name)


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("Newton", {"tols": 1.0}, NameError, r"solver 'Newton' takes no option 'tols'; it takes .*Did you mean 'tol'"),
        ("BFGS", {"max_steps": 1}, NameError, r"solver 'BFGS' takes no option 'max_steps'; it takes 'maxiter'"),
        ("auto", {"stepsize": 0.1}, NameError, r"solver 'auto' takes no option 'stepsize'"),
        ("Newton", {"tol": 0.0}, ValueError, r"solver_kwargs\['tol'\] must be a number > 0, got 0.0"),
        ("Newton", {"tol": np.nan}, ValueError, r"solver_kwargs\['tol'\] must be a number > 0, got nan"),
        ("Newton", {"maxiter": -1}, ValueError, r"solver_kwargs\['maxiter'\] must be a number > 0, got -1"),
        ("SVRG", {"batch_size": 0}, ValueError, r"solver_kwargs\['batch_size'\] must be a number > 0, or None"),
        ("SVRG", {"batch_size": 2.5}, ValueError, r"solver_kwargs\['batch_size'\] must be a whole number, got 2.5"),
        ("SVRG", {"stepsize": -1.0}, ValueError, r"solver_kwargs\['stepsize'\] must be a number > 0, or None"),
        ("SVRG", {"seed": 0.5}, ValueError, r"solver_kwargs\['seed'\] must be a whole number, got 0.5"),
        ("Adam", {"beta1": 1.0}, ValueError, r"solver_kwargs\['beta1'\] must lie between 0 and 1, got 1.0"),
        ("SVRG", {"beta1": 0.9}, NameError, r"solver 'SVRG' takes no option 'beta1'"),
        ("Newton", {"maxiter": "many"}, ValueError, r"solver_kwargs\['maxiter'\] must be a number > 0, got 'many'"),
    ],
)
def test_wrong_options(name, options, error, message):
    with pytest.raises(error, match=message):
        check_options(name, options)


def test_numpy_numbers_are_numbers():
    check_options("Newton", {"tol": np.float32(1e-3), "maxiter": np.int64(3)})


@pytest.mark.parametrize(
    ("sizes", "name"),
    [((20_000, 10, 1), "Newton"), ((50_000, 1, 100), "Newton"), ((100_000, 400, 50), "GramLBFGS")],
)
def test_the_choice_by_size(sizes, name):
    """Few features: exact Hessians; many features and neurons: shared products. The reason is told."""
    chosen, reason = choose(*sizes)
    assert chosen == name
    assert "features" in reason
    solver, told = make_solver("auto", {"tol": 1e-5}, *sizes)
    assert type(solver).__name__ == name
    assert solver.tol == 1e-5
    assert told == reason


@pytest.mark.parametrize(("sizes", "name"), [((20_000, 10, 1), "Newton"), ((200_000, 60, 1), "GramLBFGS")])
def test_the_choice_where_hessians_can_be_estimated(sizes, name):
    chosen, reason = choose(*sizes, thin=True)
    assert chosen == name
    assert ("some rows" in reason) == (name == "GramLBFGS")
    assert choose(*sizes)[0] == "Newton"


def test_a_name_wins_over_the_size():
    solver, reason = make_solver("GramLBFGS", {"maxiter": 7}, 20_000, 2, 1)
    assert solver == GramLBFGS(maxiter=7)
    assert reason == "asked for by name"


@pytest.mark.parametrize("name", list_available_algorithms())
def test_backends_of_every_algorithm(name):
    backends = list_algo_backends(name)
    assert backends
    assert get_solver(name).backend == backends[0]
    for backend in backends:
        assert get_solver(f"{name}[{backend}]").backend == backend


@pytest.mark.parametrize("name", list_available_solvers())
def test_every_solver_is_documented_with_its_options(name):
    text = get_solver_documentation(name)
    assert text.startswith(get_solver(name).full_name)
    assert all(option in text for option in get_solver(name).options)


def test_documentation_of_a_class_and_at_length():
    assert get_solver_documentation(SVRG).startswith("SVRG(maxiter=500, tol=1e-08")
    assert "class Adam" in get_solver_documentation("Adam", show_help=True)
    with pytest.raises(ValueError, match="unknown solver_name 'Newtom'"):
        get_solver_documentation("Newtom")
    with pytest.raises(ValueError, match="unknown solver_name 'Newtom'"):
        list_algo_backends("Newtom")
