"""The simulators and filter helpers against NeMoS, spike by spike."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from helpers import ROUNDING
from rheobase import simulation

nmo = pytest.importorskip("nemos")
pytestmark = pytest.mark.rivals


def test_same_key_gives_the_same_spikes():
    rng = np.random.default_rng(0)
    arguments = (
        0.1 * rng.normal(size=(3, 3, 4)),
        rng.normal(size=(3, 2)),
        np.array([-1.0, -2.0, -1.5]),
        jax.random.key(4),
        rng.normal(size=(300, 3, 2)),
        rng.random((10, 4)),
        rng.poisson(0.3, size=(10, 3)).astype(float),
    )
    ours, theirs = simulation.simulate_recurrent(*arguments), nmo.simulation.simulate_recurrent(*arguments)
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5)  # both float32


@pytest.mark.parametrize("arguments", [{}, {"upper_percentile": 0.9, "inhib_a": 1.5, "excit_b": 3.0}])
def test_difference_of_gammas(arguments):
    ours, theirs = (lib.difference_of_gammas(80, **arguments) for lib in (simulation, nmo.simulation))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=ROUNDING)


def test_regress_filter():
    rng = np.random.default_rng(1)
    filters, basis = rng.normal(size=(40, 2, 3)), rng.random((40, 5))
    ours, theirs = (lib.regress_filter(filters, basis) for lib in (simulation, nmo.simulation))
    np.testing.assert_allclose(ours, theirs, rtol=1e3 * ROUNDING)  # condition number of the basis
