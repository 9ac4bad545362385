"""What the guide shows about designs is what happens."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "docs"
FENCE = re.compile(r"^```python\n(>>> .*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["guide/features.md"])
def test_examples_run(page):
    path = PAGES / page
    text = "\n".join(FENCE.findall(path.read_text(encoding="utf-8")))
    test = doctest.DocTestParser().get_doctest(text, {}, page, str(path), 0)
    assert len(test.examples) > 10
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    shown: list[str] = []
    runner.run(test, out=shown.append)
    assert not runner.failures, "".join(shown)
