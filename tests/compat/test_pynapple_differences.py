"""The tables of differences: rows are complete, told apart from each other, and name a test that exists."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rheobase.compat import pynapple

ROWS = [*pynapple.DIFFERENCES, *pynapple.CORNERS, *pynapple.FINDINGS]
TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.case)
def test_every_row_names_a_test(row):
    path, _, name = row.test.partition("::")
    module = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


def test_rows_differ_and_are_complete():
    assert len({row.case for row in ROWS}) == len(ROWS)
    assert all(cell.strip() for row in ROWS for cell in row)
    assert [row for row in ROWS if row.there == row.here] == []


def test_every_test_of_differences_belongs_to_a_row():
    module = ast.parse((TESTS / "rivals" / "test_rivals_differences.py").read_text(encoding="utf-8"))
    tests = {node.name for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    named = {row.test.partition("::")[2] for row in ROWS if row.test.startswith("rivals/test_rivals_differences.py")}
    assert tests == named
