"""The page "why" quotes the benchmarks; what it quotes stands there."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def rows_of(text: str) -> list[tuple[str, ...]]:
    """Rows of the tables of a page, as cells; headings too, rulers not."""
    lines = (line.strip() for line in text.splitlines())
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")]
    return [row for row in rows if not set("".join(row)) <= set("-: ")]


def is_part_of(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Whether the cells of `part` stand in `whole`, in this order."""
    left = iter(whole)
    return all(cell in left for cell in part)


def test_numbers_are_those_of_the_benchmarks():
    """Each row is a row of the benchmarks, or some of its cells; a first column `case` tells rows apart here."""
    measured = rows_of((DOCS / "benchmarks.md").read_text(encoding="utf-8"))
    quoted, _, compared = (DOCS / "why.md").read_text(encoding="utf-8").partition("## Which library does what")
    assert compared
    rows = rows_of(quoted)
    rows = [
        row[1:] if row[0] in {"case", "head direction", "motor cortex", "lasso", "group lasso"} else row for row in rows
    ]
    assert len(rows) > 25
    assert [row for row in rows if not any(is_part_of(row, whole) for whole in measured)] == []


def test_sentences_quote_the_benchmarks_too():
    measured = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    why = (DOCS / "why.md").read_text(encoding="utf-8")
    for here, there in (
        ("Geometric mean of 54 ratios: 5.23.", "Geometric mean of 54 ratios: 5.23;"),
        ("6 times for 50 neurons", "| NeMoS LBFGS | 34.7 | 34.7 | 6.49 |"),
        ("the matrix would take 23 GB", "The features would take 23 GB"),
    ):
        assert here in why
        assert there in measured
