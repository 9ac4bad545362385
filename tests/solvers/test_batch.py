"""Neurons that have stopped leave a large batch, and nothing changes for the others."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.glm import PopulationGLM
from rheobase.solvers import _state


@pytest.mark.parametrize("solver", ["Newton", "GramLBFGS"])
def test_the_answer_does_not_depend_on_when_columns_leave_the_batch(solver, monkeypatch, rng):
    x = rng.normal(size=(400, 6))
    # the weaker a neuron's tuning, the sooner it stops
    coef = rng.normal(size=(6, 8)) * np.geomspace(1e-3, 1.0, 8)
    y = rng.poisson(np.exp(x @ coef - 1.0))
    model = PopulationGLM(regularizer="Ridge", regularizer_strength=1e-3, solver_name=solver)
    together = model.fit(x, y).coef_
    shrunk = []
    select = _state.Batch.shrink

    def spy(batch):
        kept = select(batch)
        shrunk.append(kept is not None)
        return kept

    monkeypatch.setattr(_state.Batch, "shrink", spy)
    monkeypatch.setattr(_state, "_MIDDLING", 0.0)
    monkeypatch.setattr(_state, "_LARGE", 0.0)
    leaving = model.fit(x, y).coef_
    assert any(shrunk)
    np.testing.assert_allclose(leaving, together, rtol=0, atol=1e-9 * np.abs(together).max())
