"""What containers print."""

from __future__ import annotations

import html.parser

import numpy as np
import pytest

from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor, TsGroup
from rheobase.containers import _repr as tables
from rheobase.containers._lazy import LazyArray


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    """24 lines of 80 characters."""
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("COLUMNS", "80")


def lines(obj):
    return repr(obj).splitlines()


def test_intervals():
    epochs = IntervalSet([0, 10.25], [5, 15], metadata={"label": ["left", "right"], "tags": [["a", "b"], []]})
    assert lines(epochs) == [
        "index  start  end  label  tags",
        "-----  -----  ---  -----  ----",
        "0       0       5  left   a, b",
        "1      10.25   15  right",
        "shape: (2, 2), time unit: sec.",
    ]
    assert lines(IntervalSet([], []))[-1] == "shape: (0, 2), time unit: sec."


def test_long_tables_show_both_ends():
    text = lines(Ts(np.arange(100.0)))
    assert [line.strip() for line in text[2:]] == [*"0123456", "...", *map(str, range(93, 100)), "shape: 100"]
    assert tables.shown_rows(100, 10) == (5, 5)
    assert tables.shown_rows(10, 10) == (10, 0)


def test_short_terminals_still_show_something(monkeypatch):
    monkeypatch.setenv("LINES", "5")
    assert tables.terminal_rows() == 2
    assert len(lines(Ts(np.arange(100.0)))) == 6


def test_wide_tables_are_cut_at_the_terminal(monkeypatch):
    epochs = IntervalSet(0, 1, metadata={f"column{k}": k for k in range(20)})
    assert max(map(len, lines(epochs))) <= 80
    assert lines(epochs)[0].endswith("...")
    monkeypatch.setenv("COLUMNS", "1000")
    assert "column19" in lines(epochs)[0]


def test_series():
    assert lines(Tsd([0, 1, 2.5], [1, -2, 30])) == [
        "Time (s)",
        "--------  --",
        "0          1",
        "1         -2",
        "2.5       30",
        f"dtype: {np.dtype(int)}, shape: (3,)",
    ]
    assert "[[0 ... 3] ...]" in repr(TsdTensor(np.arange(2.0), np.arange(24).reshape(2, 3, 4)))
    assert "True" in repr(Tsd([0, 1], np.array([True, False])))
    assert lines(Ts([0, 1e5 + 1 / 3]))[3] == "100000.333333333"


def test_frames_show_five_columns_and_two_rows_of_metadata():
    metadata = {"area": list("abcdefg"), "depth": np.arange(7), "more": np.arange(7)}
    text = lines(TsdFrame(np.arange(2.0), np.zeros((2, 7)), metadata=metadata))
    assert text[0].split() == ["Time", "(s)", "0", "1", "2", "3", "4", "..."]
    at = text.index("Metadata")
    assert text[at + 1].split() == ["area", "a", "b", "c", "d", "e", "..."]
    assert text[at + 3].split()[0] == "..."
    assert text[-1] == "dtype: float64, shape: (2, 7)"


def test_groups():
    group = TsGroup({3: Ts([0.0, 1, 2]), 7: Ts([0.5, 1.5])}, metadata={"area": ["V1", "CA1"]})
    assert lines(group) == [
        "Index  rate  area",
        "-----  ----  ----",
        "3       1.5  V1",
        "7       1    CA1",
    ]


def test_lazy_samples_show_their_unit_and_are_hardly_read():
    values = LazyArray(np.arange(10_000.0), unit="A")
    text = tables.series_table(Tsd._trusted(np.arange(10_000.0), values, IntervalSet(0, 1e4))).text()
    assert text.endswith("shape: (10000,), unit: A")
    assert values.bytes_read == 14 * 8


class Collector(html.parser.HTMLParser):
    """Cells of a table, and whether every tag is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.cells = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)


EXAMPLES = {
    "IntervalSet": IntervalSet([0, 10], [5, 15], metadata={"label": ["<b>", "a & b"]}),
    "Ts": Ts([1.0, 2.0]),
    "Tsd": Tsd([1.0, 2.0], [3, 4]),
    "TsdFrame": TsdFrame([1.0, 2.0], np.eye(2), columns=["<x>", "y"], metadata={"m": [1, 2]}),
    "TsdTensor": TsdTensor([1.0, 2.0], np.zeros((2, 2, 2))),
    "TsGroup": TsGroup({0: Ts([0.0, 1.0])}, metadata={"area": ["<script>"]}),
}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_html_holds_the_same_cells_escaped(kind):
    page = EXAMPLES[kind]._repr_html_()
    parser = Collector()
    parser.feed(page)
    assert parser.open == []
    assert parser.cells[0] == kind
    words = [word for cell in parser.cells[1:] for word in cell.split()]
    assert set(words) >= {word for word in repr(EXAMPLES[kind]).split() if set(word) != {"-"}}
    assert "<script>" not in page
    assert "http" not in page


def test_decimal_points_stand_below_each_other():
    aligned = tables.align_decimals(["1.5", "22.0", "-3.25"])
    assert len({cell.index(".") for cell in aligned}) == 1
    assert len({len(cell) for cell in aligned}) == 1
    assert tables.align_decimals([]) == []
