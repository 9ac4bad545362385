"""The line search on losses whose optimum along a line is known, one for each neuron."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rheobase.solvers import line_search


class Curves:
    """A problem whose predictor is one number a neuron; each neuron has its own loss."""

    rounding = 0.0

    def __init__(self, *losses):
        self.losses, self.calls = losses, 0

    def evaluate(self, eta, direction, step):
        self.calls += 1
        at = eta + step * direction
        values = [loss(a) for loss, a in zip(self.losses, at)]
        loss, slope = (np.array(part) for part in zip(*values))
        return SimpleNamespace(eta=at, loss=loss, slope=slope * direction)


def quadratic(center, height=1.0):
    return lambda x: (0.5 * height * (x - center) ** 2, height * (x - center))


def line(problem, start, direction, ridge=0.0):
    """Where a search from `start` begins, with a penalty of half `ridge` times the square."""
    first = problem.evaluate(start, direction, np.zeros(len(start)))
    penalty = 0.5 * ridge * start**2
    return line_search.Line(
        objective=first.loss + penalty,
        slope=first.slope + ridge * start * direction,
        penalty=penalty,
        penalty_slope=ridge * start * direction,
        penalty_curvature=ridge * direction**2,
    )


def run(problem, start, direction, moving=None, ridge=0.0, **options):
    start, direction = np.asarray(start, dtype=float), np.asarray(direction, dtype=float)
    moving = np.ones(len(start), dtype=bool) if moving is None else np.asarray(moving)
    first = line(problem, start, direction, ridge)
    return first, *line_search.search(problem, start, direction, first, moving, **options)


def test_every_neuron_has_its_own_step():
    """A Newton step is taken whole; one that is 40 times too long is cut; both in one search."""
    problem = Curves(quadratic(1.0), quadratic(1.0))
    first, step, now, objective, failed = run(problem, [0.0, 0.0], [1.0, 40.0])
    assert step[0] == 1.0
    assert step[1] < 0.1
    assert not failed.any()
    assert (objective < first.objective).all()
    np.testing.assert_array_equal(now.eta, step * [1.0, 40.0])


def test_a_neuron_that_rests_stays_where_it_is():
    problem = Curves(quadratic(1.0), quadratic(1.0))
    _, step, now, _, failed = run(problem, [0.0, 0.3], [1.0, 1.0], moving=[True, False])
    np.testing.assert_array_equal(step, [1.0, 0.0])
    np.testing.assert_array_equal(now.eta, [1.0, 0.3])
    assert not failed.any()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_overflows_shortens_the_step(bad):
    """Beyond 0.2 the loss is not a number: a shorter step is found, and the other neuron takes its own."""

    def cliff(x):
        return (bad, bad) if x > 0.2 else quadratic(1.0)(x)

    _, step, _, objective, failed = run(Curves(cliff, quadratic(1.0)), [0.0, 0.0], [1.0, 1.0])
    assert 0.0 < step[0] <= 0.2
    assert step[1] == 1.0
    assert np.isfinite(objective).all()
    assert not failed.any()


def test_uphill_moves_nowhere():
    """No step lowers the loss: what is left is within rounding of no step at all; the other neuron takes its own."""
    _, step, now, _, _ = run(Curves(quadratic(0.0), quadratic(1.0)), [1.0, 0.0], [1.0, 1.0])
    assert step[0] < 1e-13
    assert step[1] == 1.0
    assert now.eta[0] == pytest.approx(1.0, abs=1e-13)


def test_a_loss_without_a_better_point_fails():
    """A step down to the last bit is refused everywhere: the neuron stays and is flagged."""
    problem = Curves(lambda x: (0.0 if x == 1.0 else 1.0, -1.0), quadratic(1.0))
    first, step, now, objective, failed = run(problem, [1.0, 0.0], [1.0, 1.0])
    np.testing.assert_array_equal(failed, [True, False])
    np.testing.assert_array_equal(step, [0.0, 1.0])
    assert objective[0] == first.objective[0]
    assert now.eta[0] == 1.0


def test_noise_at_the_optimum_is_no_failure():
    """A slope of rounding size cannot lower the loss by a bit; that is arrival, not failure."""
    problem = Curves(lambda x: (1e3 + 1e-16 * x, 1e-16))
    *_, failed = run(problem, [0.0], [-1e-9])
    assert not failed.any()


def test_the_penalty_counts():
    """With a ridge as strong as the loss the best step is half as long."""
    problem = Curves(quadratic(1.0))
    first, step, _, objective, failed = run(problem, [0.0], [1.0], ridge=3.0)
    assert not failed.any()
    assert objective[0] < first.objective[0]
    assert objective[0] == pytest.approx(0.5 * (step[0] - 1.0) ** 2 + 1.5 * step[0] ** 2, abs=1e-14)
    assert first.penalty_at(np.array([2.0]))[0] == pytest.approx(6.0)


@pytest.mark.parametrize("direction", [0.1, 2.5])
def test_the_secant_finds_a_quadratics_optimum(direction):
    """One secant is exact on a quadratic (inside its bounds of a tenth to four times the step)."""
    problem = Curves(quadratic(0.35, 2.0))
    _, step, now, _, _ = run(problem, [0.0], [direction], flatness=0.1)
    assert now.eta[0] == pytest.approx(0.35, abs=1e-12)
    assert step[0] * direction == pytest.approx(0.35, abs=1e-12)


def test_the_secant_is_kept_only_where_it_helps():
    """A kink behind the first step: the secant's point is worse, so the first step stays."""

    def trap(x):
        return (10.0, 50.0) if x > 1.2 else (-x, -1.0 + 0.4 * (x > 0.5))

    _, step, _, objective, failed = run(Curves(trap, quadratic(1.0)), [0.0, 0.0], [1.0, 1.0], flatness=0.1)
    np.testing.assert_array_equal(step, [1.0, 1.0])
    np.testing.assert_allclose(objective, [-1.0, 0.0])
    assert not failed.any()


def test_a_flat_slope_costs_no_second_look():
    problem = Curves(quadratic(1.0))
    run(problem, [0.0], [1.0], flatness=0.1)
    assert problem.calls == 2  # the start and the full step


def test_a_step_may_shrink_a_lot():
    """Forty halvings are found; a hopeless one ends."""
    _, step, _, _, failed = run(Curves(quadratic(1e-9)), [0.0], [1.0])
    assert 0.0 < step[0] < 4e-9
    assert not failed.any()


def test_a_loss_that_rounds_may_rise_by_its_rounding():
    """A problem that says it rounds is believed: a good step is not cut because noise hides that it is."""

    def noisy(x):
        return 1.0 + 1e-9 * (x > 0.5), -1e-12

    problem = Curves(noisy)
    assert run(problem, [0.0], [1.0])[1][0] < 1.0
    problem.rounding = 1e-8
    assert run(problem, [0.0], [1.0])[1][0] == 1.0
