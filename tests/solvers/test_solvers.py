"""Every solver finds the same optimum, says truthfully how it ended, and leaves the user's settings alone."""

from __future__ import annotations

import warnings

import jax
import numpy as np
import pytest

from glm_helpers import N_TIME, counts_for, gradient, population
from helpers import ROUNDING, SOLVER
from rheobase import NotConvergedWarning, SilentNeuronWarning
from rheobase._x64 import enable_x64
from rheobase.glm import GLM, PopulationGLM
from rheobase.glm import _problem as problem_room
from rheobase.solvers import Result, Solution
from rheobase.solvers._core import Progress

pytestmark = pytest.mark.filterwarnings("ignore::rheobase._errors.SuspiciousDataWarning")

NATIVE = ["Newton", "GramLBFGS"]
RIDGES = {"none": None, "scalar": 0.1, "array": np.array([0.01, 0.3, 1.0])}
MASK = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 0, 1]])
"""Two neurons with two features, one with one, one with all."""

EXACT_REFERENCE = {"tol": 1e-14, "maxiter": 200}


def fitted(X, y, **options):
    """A model of the right kind, fitted."""
    strength = options.get("regularizer_strength")
    options.setdefault("regularizer", "UnRegularized" if strength is None else "Ridge")
    return (GLM if np.ndim(y) == 1 else PopulationGLM)(**options).fit(X, y)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("ridge", RIDGES)
@pytest.mark.parametrize("link", ["exp", "softplus"])
@pytest.mark.parametrize("solver", NATIVE)
def test_every_solver_finds_the_optimum(solver, link, ridge, masked):
    """The gradient, written in NumPy, is zero, and coefficients are those of a tight Newton to 1e-6."""
    assert not jax.config.jax_enable_x64
    X, y = population(link=link)
    mask = MASK if masked else None
    options = {"inverse_link_function": link, "regularizer_strength": RIDGES[ridge], "feature_mask": mask}
    model = fitted(X, y, solver_name=solver, **options)
    reference = fitted(X, y, solver_name="Newton", solver_kwargs=EXACT_REFERENCE, **options)
    strength = 0.0 if RIDGES[ridge] is None else RIDGES[ridge]
    slopes = gradient(X, y, model.coef_, model.intercept_, link, strength, mask)
    assert np.abs(slopes).max() < 1e-7
    size = np.abs(reference.coef_).max()
    np.testing.assert_allclose(model.coef_, reference.coef_, rtol=0, atol=SOLVER * size)
    np.testing.assert_allclose(model.intercept_, reference.intercept_, rtol=0, atol=SOLVER * size)
    np.testing.assert_allclose(model.solution_.loss, reference.solution_.loss, rtol=1e-10)
    assert model.solution_.converged.all()
    assert model.coef_.dtype == model.intercept_.dtype == np.float64
    if masked:
        np.testing.assert_array_equal(model.coef_[MASK == 0], 0.0)


HARD = {
    "huge offset": lambda X: X + 1e8,
    "scales from 1e-12 to 1e12": lambda X: X * [1e-12, 1.0, 1e12],
    "one outlier": lambda X: np.vstack([X[:-1], np.full(3, 300.0)]),
    "heavy tails": lambda X: np.exp(1.5 * X),
    "nearly collinear": lambda X: np.column_stack([X[:, 0], X[:, 1], X[:, 0] + 1e-3 * X[:, 2]]),
}
RATES = {"ordinary": (0.4, -0.5), "weak effects": (1e-3, -1.0), "low": (0.4, -3.0), "huge counts": (0.4, 18.0)}


@pytest.mark.parametrize("solver", NATIVE)
@pytest.mark.parametrize("link", ["exp", "softplus"])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", HARD)
def test_hard_features_and_rates(kind, rate, link, solver):
    """The Newton step that would still be left is a millionth of the largest coefficient, in units of spread."""
    rng = np.random.default_rng(3)
    effect, intercept = RATES[rate]
    base = rng.normal(size=(N_TIME, 3))
    y = counts_for(base, effect * np.array([1.0, -0.7, 0.5]), intercept, link=link)
    X = HARD[kind](base)
    model = fitted(X, y, inverse_link_function=link, solver_name=solver)
    used = X - X.mean(axis=0)
    spread = used.std(axis=0)
    used /= spread
    eta = X @ model.coef_ + model.intercept_
    slope = 1.0 if link == "exp" else 1 / (1 + np.exp(-eta))
    mean = np.exp(eta) if link == "exp" else np.logaddexp(0.0, eta)
    fisher = (slope**2 / mean)[:, None] if link == "softplus" else mean[:, None]
    residual = (mean - y) if link == "exp" else (1 - y / mean) * slope
    left = np.linalg.solve(used.T @ (used * fisher), used.T @ (residual - residual.mean()))
    assert model.solution_.converged.all()
    # an offset of 1e8 leaves eight digits of each feature, and of this test's own eta
    digits = 30.0 if kind == "huge offset" else 1.0
    assert np.abs(left).max() < digits * SOLVER * np.abs(model.coef_ * spread).max()


@pytest.mark.parametrize("link", ["exp", "softplus"])
@pytest.mark.parametrize("solver", [*NATIVE, "auto"])
def test_intercept_only_and_two_groups_in_closed_form(solver, link):
    """A feature that says nothing: the mean; a feature that splits the rows in two: the two means."""
    to_eta = np.log if link == "exp" else lambda mu: np.log(np.expm1(mu))
    y = counts_for(np.zeros((N_TIME, 1)), np.zeros(1), 0.7)
    flat = fitted(np.full((N_TIME, 1), 3.0), y, inverse_link_function=link, solver_name=solver)
    assert flat.coef_[0] == 0.0
    np.testing.assert_allclose(flat.intercept_, to_eta(y.mean()), rtol=1e-9)
    group = (np.arange(N_TIME) % 3 == 0).astype(float)
    y = y + 2.0 * group
    model = fitted(group[:, None], y, inverse_link_function=link, solver_name=solver)
    low, high = to_eta(y[group == 0].mean()), to_eta(y[group == 1].mean())
    np.testing.assert_allclose(model.intercept_, low, rtol=1e-8)
    np.testing.assert_allclose(model.coef_, high - low, rtol=1e-8)


@pytest.mark.parametrize("solver", NATIVE)
def test_constant_counts_have_flat_coefficients(solver):
    """Nothing to explain: zeros, the right mean, and no complaint."""
    for value in (1.0, 0.25, 7.0):
        model = fitted(population()[0], np.full(N_TIME, value), solver_name=solver)
        np.testing.assert_allclose(model.coef_, 0.0, atol=1e-12)
        np.testing.assert_allclose(model.predict(np.zeros((1, 3))), value, rtol=1e-12)
        assert model.solution_.result[0] == Result.CONVERGED


@pytest.mark.parametrize("strength", [1e-6, 0.05, 3.0])
def test_ridge_equals_scikit_learn(strength):
    from sklearn.linear_model import PoissonRegressor

    X, y = population()
    theirs = PoissonRegressor(alpha=strength, tol=1e-12, solver="newton-cholesky").fit(X, y[:, 0])
    for solver in NATIVE:
        ours = fitted(X, y[:, 0], solver_name=solver, regularizer_strength=strength)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=SOLVER)
        np.testing.assert_allclose(ours.intercept_[0], theirs.intercept_, rtol=SOLVER)


# --- no unique optimum ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", NATIVE)
def test_collinear_features_share_their_weight(solver):
    """A copy of a feature: predictions of the fit without it, half the coefficient each, and a result that says so."""
    X, y = population()
    base = fitted(X, y, solver_name="Newton")
    model = fitted(np.column_stack([X, 5.0 * X[:, 0] - 2.0]), y, solver_name=solver)
    np.testing.assert_allclose(model.coef_[0], 0.5 * base.coef_[0], rtol=SOLVER, atol=SOLVER)
    np.testing.assert_allclose(model.coef_[3], 0.1 * base.coef_[0], rtol=SOLVER, atol=SOLVER)
    ours = model.predict(np.column_stack([X, 5.0 * X[:, 0] - 2.0]))
    np.testing.assert_allclose(ours, base.predict(X), rtol=SOLVER)
    assert (model.solution_.result == Result.COLLINEAR).all()
    assert "features are collinear" in model.solution_.message
    assert model.solution_.converged.all()


@pytest.mark.parametrize("solver", NATIVE)
@pytest.mark.parametrize("link", ["exp", "softplus"])
def test_separable_data_say_that_the_optimum_is_at_infinity(solver, link):
    """Never a spike where the flag is up: the coefficient runs off, the rates are right, and a warning tells."""
    X, y = population()
    flag = (X[:, 0] > 0.8).astype(float)
    features, counts = np.column_stack([X[:, 1], flag]), y[:, 0] * (flag == 0)
    with pytest.warns(NotConvergedWarning, match=r"the fit did not converge.*the optimum lies at infinity"):
        model = fitted(features, counts, inverse_link_function=link, solver_name=solver)
    assert model.solution_.result[0] == Result.FLAT
    assert not model.solution_.converged[0]
    rate = model.predict(features)
    assert rate[flag == 1].max() < 1e-4
    rest = fitted(features[flag == 0][:, :1], counts[flag == 0], inverse_link_function=link)
    np.testing.assert_allclose(rate[flag == 0], rest.predict(features[flag == 0][:, :1]), rtol=1e-5)


@pytest.mark.parametrize("solver", NATIVE)
def test_fewer_rows_than_features_with_a_ridge(solver):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 50)), rng.poisson(2.0, size=20)
    model = fitted(X, y, solver_name=solver, regularizer_strength=0.1)
    assert np.abs(gradient(X, y, model.coef_, model.intercept_, strength=0.1)).max() < 1e-7
    assert model.solution_.result[0] == Result.CONVERGED


@pytest.mark.parametrize("solver", NATIVE)
def test_one_row(solver):
    """One count: the rate there is that count, however many features."""
    X = np.array([[0.3, -2.0]])
    for strength in (None, 1.0):
        model = fitted(X, np.array([3.0]), solver_name=solver, regularizer_strength=strength)
        np.testing.assert_allclose(model.predict(X), 3.0, rtol=1e-9)
        np.testing.assert_array_equal(model.coef_, 0.0)


# --- how fits end --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", NATIVE)
def test_one_iteration_is_not_enough_and_says_so(solver):
    X, y = population()
    with pytest.warns(NotConvergedWarning, match=r"largest number of iterations .*Raise solver_kwargs=\{'maxiter'"):
        model = fitted(X, y, solver_name=solver, solver_kwargs={"maxiter": 1})
    assert (model.solution_.result == Result.MAX_ITERATIONS).all()
    assert (model.solution_.n_iter == 1).all()
    assert "4 of 4 neurons" in model.solution_.message


@pytest.mark.parametrize("solver", NATIVE)
@pytest.mark.parametrize("tol", [1e-12, 1e-15, 1e-30])
def test_more_digits_than_there_are_end_quietly(solver, tol):
    """The last steps are rounding; they are no sign of collinear features."""
    X, y = population(seed=11)
    model = fitted(X, y, solver_name=solver, solver_kwargs={"tol": tol})
    assert (model.solution_.result == Result.CONVERGED).all()
    assert (model.solution_.n_iter < 40).all()


def test_the_warning_points_at_the_users_line():
    X, y = population()
    with pytest.warns(NotConvergedWarning) as caught:
        PopulationGLM(solver_kwargs={"maxiter": 1}).fit(X, y)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("solver", NATIVE)
@pytest.mark.parametrize("after", [1, 3])
def test_ctrl_c_keeps_the_best_so_far(solver, after, monkeypatch):
    """The key pressed in the middle of a fit: a warning, a usable model, better than the null model."""
    X, y = population()
    full = fitted(X, y, solver_name=solver)
    calls, evaluate = [0], problem_room.GLMProblem.evaluate

    def impatient(self, *arguments):
        calls[0] += 1
        if calls[0] > after:
            raise KeyboardInterrupt
        return evaluate(self, *arguments)

    monkeypatch.setattr(problem_room.GLMProblem, "evaluate", impatient)
    with pytest.warns(NotConvergedWarning, match="interrupted; the best parameters so far were kept"):
        model = fitted(X, y, solver_name=solver)
    monkeypatch.undo()
    assert set(model.solution_.result) <= {Result.CONVERGED, Result.INTERRUPTED}
    null = PopulationGLM()
    null.coef_, null.intercept_ = np.zeros((3, 4)), np.log(y.mean(axis=0))
    assert null.score(X, y) <= model.score(X, y) <= full.score(X, y)


@pytest.mark.parametrize("solver", NATIVE)
def test_the_start_does_not_change_the_optimum(solver):
    X, y = population()
    model = fitted(X, y, solver_name=solver)
    rng = np.random.default_rng(9)
    far = (rng.normal(size=(3, 4)), rng.normal(size=4))
    again = PopulationGLM(solver_name=solver).fit(X, y, init_params=far)
    np.testing.assert_allclose(again.coef_, model.coef_, rtol=0, atol=SOLVER * np.abs(model.coef_).max())
    at_the_goal = PopulationGLM(solver_name=solver).fit(X, y, init_params=(model.coef_, model.intercept_))
    np.testing.assert_allclose(at_the_goal.coef_, model.coef_, rtol=0, atol=SOLVER * np.abs(model.coef_).max())
    assert at_the_goal.solution_.converged.all()


@pytest.mark.parametrize("solver", NATIVE)
def test_a_start_where_the_rate_overflows(solver):
    """From exp(1000) no step leads anywhere; the fit must not return it as an answer."""
    X, y = population()
    start = (np.full((3, 4), 1000.0), np.zeros(4))
    model = PopulationGLM(solver_name=solver).fit(X, y, init_params=start)
    np.testing.assert_allclose(model.coef_, fitted(X, y).coef_, rtol=0, atol=SOLVER)


def test_a_solution_tells_its_story():
    X, y = population()
    solution = fitted(X, y).solution_
    assert isinstance(solution, Solution)
    assert {"solver", "reason", "passes", "hessians", "seconds", "n_rows_used", "design"} <= set(solution.stats)
    assert solution.stats["solver"] == "Newton"
    np.testing.assert_array_equal(solution.stats["n_rows_used"], N_TIME)
    assert repr(solution).startswith("Solution(3 features x 4 neurons, solver='Newton'")
    assert all(len(result.sentence) > 20 and result.sentence.endswith(".") for result in Result)


def test_the_loss_of_a_solution_is_the_objective():
    X, y = population()
    model = fitted(X, y, regularizer_strength=0.3)
    eta = X @ model.coef_ + model.intercept_
    by_hand = (np.exp(eta) - y * eta).mean(axis=0) + 0.15 * (model.coef_**2).sum(axis=0)
    np.testing.assert_allclose(model.solution_.loss, by_hand, rtol=ROUNDING)


def test_progress_shows_only_when_it_takes_long(capsys):
    quick, slow = Progress(3), Progress(3, delay=-1.0)
    for bar in (quick, slow):
        bar.update(2, 5)
        bar.close()
    assert quick._bar is None
    assert slow._bar is not None
    assert slow._bar.n == 1


# --- the user's settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", NATIVE)
def test_settings_are_as_before(solver):
    """JAX's configuration, the warning filters, NumPy's random state and error handling."""
    X, y = population()

    def state():
        return [repr(s) for s in (jax.config.values, warnings.filters, np.random.get_state(), np.geterr())]  # noqa: NPY002

    before = state()
    fitted(X, y, solver_name=solver)
    assert state() == before


@pytest.mark.parametrize("solver", NATIVE)
def test_any_precision_outside_gives_the_same_numbers(solver):
    X, y = population()
    plain = fitted(X, y, solver_name=solver)
    with enable_x64():
        inside = fitted(X, y, solver_name=solver)
        assert jax.numpy.ones(1).dtype == np.float64
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        flagged = fitted(X, y, solver_name=solver)
        assert jax.config.jax_enable_x64
    finally:
        jax.config.update("jax_enable_x64", before)
    for other in (inside, flagged):
        np.testing.assert_array_equal(other.coef_, plain.coef_)
        np.testing.assert_array_equal(other.intercept_, plain.intercept_)


def compilations(function):
    """How many programs JAX compiles while `function` runs."""
    seen = []
    listening = [True]

    def listen(event, duration, **_):
        if listening:
            seen.append("backend_compile" in event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        function()
    finally:
        listening.clear()  # older JAX has no way to take a listener back
    return sum(seen)


@pytest.mark.parametrize("solver", ["auto", *NATIVE])
def test_a_refit_compiles_nothing(solver):
    """Other data of the same size, other strengths, and neighbouring numbers of rows: the programs are there."""
    X, y = population()
    ridge = {"solver_name": solver, "regularizer_strength": 0.1}
    fitted(X, y, **ridge)
    assert compilations(lambda: fitted(X, y, **ridge)) == 0
    other, counts = population(seed=5)
    assert compilations(lambda: fitted(other, counts, solver_name=solver, regularizer_strength=2.0)) == 0
    assert compilations(lambda: fitted(other[:-5], counts[:-5], **ridge)) == 0
    holes = other.copy()
    holes[::20] = np.nan
    assert compilations(lambda: fitted(holes, counts, **ridge)) == 0


def test_the_count_of_compilations_counts():
    assert compilations(lambda: jax.jit(lambda x: x * 3.25)(np.ones(7))) > 0


# --- populations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", NATIVE)
@pytest.mark.parametrize("link", ["exp", "softplus"])
def test_a_neuron_does_not_depend_on_its_neighbours(solver, link):
    """Easy, hard, silent and unobserved neighbours: each neuron's answer is that of its own fit."""
    X, y = population(link=link)
    y[:, 1] = 0.0
    y[:, 2] = np.where(np.arange(N_TIME) == 17, 1.0, 0.0)
    y[5:60, 3] = np.nan
    with pytest.warns(SilentNeuronWarning, match=r"1 neuron\(s\) have no spikes .* silent: 1\."):
        together = fitted(X, y, inverse_link_function=link, solver_name=solver)
    np.testing.assert_array_equal(together.silent_, [False, True, False, False])
    for n in (0, 2, 3):
        alone = fitted(X, y[:, n], inverse_link_function=link, solver_name=solver)
        # other rows count for the third, so features are centred otherwise: same optimum, not the same path to it
        np.testing.assert_allclose(together.coef_[:, n], alone.coef_, rtol=0, atol=SOLVER * np.abs(alone.coef_).max())
        np.testing.assert_allclose(together.intercept_[n], alone.intercept_[0], rtol=SOLVER)
    np.testing.assert_array_equal(together.coef_[:, 1], 0.0)
    assert together.predict(X)[:, 1].max() < 1e-15
    assert together.solution_.result[1] == Result.SILENT


@pytest.mark.parametrize("solver", NATIVE)
def test_equal_weights_give_equal_numbers(solver):
    """Without missing rows a population's columns are its neurons' own fits to rounding."""
    X, y = population()
    together = fitted(X, y, solver_name=solver)
    for n in range(4):
        alone = fitted(X, y[:, n], solver_name=solver)
        np.testing.assert_allclose(together.coef_[:, n], alone.coef_, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(together.intercept_[n], alone.intercept_[0], rtol=1e-9, atol=1e-9)
        assert together.solution_.n_iter[n] == alone.solution_.n_iter[0]


@pytest.mark.parametrize("solver", NATIVE)
def test_masked_coefficients_are_left_out_not_shrunk(solver):
    """A neuron's fit under a mask is its fit without those features."""
    X, y = population()
    model = fitted(X, y, solver_name=solver, feature_mask=MASK)
    for n in range(4):
        kept = MASK[:, n] == 1
        if not kept.any():
            continue
        alone = fitted(X[:, kept], y[:, n], solver_name=solver)
        np.testing.assert_allclose(model.coef_[kept, n], alone.coef_, rtol=0, atol=SOLVER)


@pytest.mark.parametrize("solver", NATIVE)
def test_a_start_cannot_get_round_the_mask(solver):
    X, y = population()
    start = (np.ones((3, 4)), np.zeros(4))
    model = PopulationGLM(solver_name=solver, feature_mask=MASK).fit(X, y, init_params=start)
    np.testing.assert_array_equal(model.coef_[MASK == 0], 0.0)
    np.testing.assert_allclose(model.coef_, fitted(X, y, feature_mask=MASK).coef_, rtol=0, atol=SOLVER)


@pytest.mark.parametrize("solver", NATIVE)
def test_collinear_features_are_flagged_under_a_mask_too(solver):
    X, y = population()
    doubled = np.column_stack([X, X[:, 0]])
    mask = np.ones((4, 4))
    mask[3, 0] = 0  # the first neuron does not see the copy
    mask[1, 1] = 0  # the second does, and misses another
    result = fitted(doubled, y, solver_name=solver, feature_mask=mask).solution_.result
    assert result[0] == Result.CONVERGED
    assert (result[1:] == Result.COLLINEAR).all()


def test_nan_rows_are_as_if_they_were_not_there():
    X, y = population()
    X[3, 0], X[20, 2], y[50] = np.nan, np.inf, np.nan
    rows = np.isfinite(X).all(axis=1) & np.isfinite(y).all(axis=1)
    with_holes, without = fitted(X, y), fitted(X[rows], y[rows])
    np.testing.assert_allclose(with_holes.coef_, without.coef_, rtol=1e-9)
    np.testing.assert_array_equal(with_holes.solution_.stats["n_rows_used"], rows.sum())
    np.testing.assert_array_equal(with_holes.dof_resid_, without.dof_resid_)
