"""Frequent slips: each gives the message that the table says, and the page of the docs shows that message."""

from __future__ import annotations

import re

import pytest

from mistakes import PAGE, TABLE, outcomes, page

NUMBER = re.compile(r"\d[\d,.]*")


def without_numbers(text):
    """Words only: another NumPy draws other numbers."""
    return " ".join(NUMBER.sub("#", text).split())


ROWS = [row for rows in TABLE.values() for row in rows]


@pytest.fixture(scope="module")
def found():
    return outcomes()


@pytest.mark.parametrize("row", [pytest.param(row, id=row.title) for row in ROWS])
def test_a_slip_is_answered(row, found):
    """With the right kind of error or warning, at the user's line, and words that help."""
    kind, message, place = found[row.title]
    assert issubclass(kind, row.outcome), message
    assert kind.__name__ == row.outcome.__name__
    assert row.says in message
    assert place == ("<string>" if issubclass(kind, Warning) else "")


def test_the_page_is_what_the_table_says(found):
    """`python tests/mistakes.py` writes it."""
    assert without_numbers(PAGE.read_text(encoding="utf-8")) == without_numbers(page(found))


def test_there_are_at_least_thirty():
    assert len(ROWS) >= 30
    assert len({row.title for row in ROWS}) == len(ROWS)
