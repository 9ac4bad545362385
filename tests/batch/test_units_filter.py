"""The filter language: what it keeps, and that it refuses everything that is no filter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.batch._where import select

TABLE = {
    "location": np.array(["adn", "ca1", "adn", "pfc"]),
    "rate": np.array([0.2, 3.0, 5.0, np.nan]),
    "group": np.array([0, 1, 1, 2]),
    "good": np.array([True, False, True, True]),
    "label": np.array(["adn", "ca1", None, "x"], dtype=object),
    "tags": np.array([["wake"], ["sleep"], ["wake", "rest"], []], dtype=object),
}


def kept(where):
    return np.flatnonzero(select(where, TABLE, 4)).tolist()


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("location == 'adn'", [0, 2]),
        ("location != 'adn'", [1, 3]),
        ("rate > 0.5", [1, 2]),
        ("not rate > 0.5", [0, 3]),
        ("0.2 < rate <= 5", [1, 2]),
        ("group in [0, 2]", [0, 3]),
        ("location not in ('adn', 'pfc')", [1]),
        ("good", [0, 2, 3]),
        ("not good", [1]),
        ("good and location == 'adn' or group == 1", [0, 1, 2]),
        ("label == 'ca1'", [1]),
        ("tags == 'wake'", [0]),
        ("group > -1", [0, 1, 2, 3]),
        ("  location=='adn'  ", [0, 2]),
    ],
)
def test_keeps(where, expected):
    assert kept(where) == expected


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        ("location = 'adn'", ValueError, "cannot be read .*= is written =="),
        ("locaton == 'adn'", KeyError, "no column 'locaton'; there are location, rate.*Did you mean 'location'"),
        ("location == adn", KeyError, "no column 'adn'.*put it in quotes: 'adn'"),
        ("location > 3", ValueError, "location is text, but 3 is not"),
        ("rate == 'adn'", ValueError, "'adn' is text, but rate is not"),
        ("rate", ValueError, "is no condition; compare a column"),
        ("rate and good", ValueError, "'rate' is no condition"),
        ("3", ValueError, "is no condition"),
        ("location in 'adn'", ValueError, "after 'in' a list is expected"),
        ("rate is 3", ValueError, "only ==, !=, <, .* are known"),
        ("__import__('os').system('true')", ValueError, "cannot stand in a filter"),
        ("rate.real > 1", ValueError, "'rate.real' cannot stand in a filter"),
        ("(lambda: True)()", ValueError, "cannot stand in a filter"),
        ("[x for x in rate] == 1", ValueError, "cannot stand in a filter"),
        ("rate ** 2 > 1", ValueError, "cannot stand in a filter"),
        ("f'{rate}' == 'a'", ValueError, "cannot stand in a filter"),
    ],
)
def test_refuses(where, error, message):
    with pytest.raises(error, match=message):
        select(where, TABLE, 4)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=20), st.integers(-5, 5), st.integers(-5, 5))
def test_agrees_with_python(values, low, high):
    column = np.array(values)
    where = f"{low} <= n < {high} or not (n != {low}) and n in [{low}, {high}]"
    expected = [low <= n < high or (n == low and n in [low, high]) for n in values]
    assert select(where, {"n": column}, len(values)).tolist() == expected
