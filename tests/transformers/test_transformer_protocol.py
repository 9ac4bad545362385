"""What every transformer does for scikit-learn."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from rheobase import Tsd, transformers

GIVEN = {
    "spikes": {0: [0.1, 0.5], 1: [0.3]},
    "traces": Tsd(np.arange(20.0), np.arange(20.0) ** 2),
    "sample_times": np.array([0.0, 0.5, 1.0]),
}
"""Arguments that have no default."""


def made(name):
    """A transformer of that name."""
    cls = getattr(transformers, name)
    return cls(**{key: value for key, value in GIVEN.items() if key in inspect.signature(cls).parameters})


@pytest.fixture(params=transformers.__all__)
def transformer(request):
    """Every public one."""
    return made(request.param)


def test_arguments_are_parameters(transformer):
    """Stored under their own names, read, set and cloned; recordings are shared."""
    params = transformer.get_params()
    assert list(params) == list(inspect.signature(type(transformer)).parameters)
    assert all(getattr(transformer, name) is value for name, value in params.items())
    copy = clone(transformer)
    assert copy is not transformer
    assert all(copy.get_params()[name] is value for name, value in params.items())
    assert transformer.set_params(**params) is transformer
    with pytest.raises(ValueError, match=f"{type(transformer).__name__} has no parameter 'nonsense'"):
        transformer.set_params(nonsense=1)


def test_fit_learns_nothing(transformer):
    """And need not be called."""
    assert transformer.fit(None) is transformer
    check_is_fitted(transformer)
    assert not get_tags(transformer).requires_fit
    assert transformer.set_output(transform="pandas") is transformer


def test_pickles(transformer):
    """Alone and in a pipeline, with the same parameters."""
    for each in (transformer, make_pipeline(transformer)[0]):
        again = pickle.loads(pickle.dumps(each))
        assert repr(again) == repr(each)


def test_prints_on_one_line(transformer):
    """A recording by its size."""
    assert repr(transformer).startswith(type(transformer).__name__ + "(")
    assert "\n" not in repr(transformer)
    assert len(repr(transformer)) < 200
