"""Tables that the containers print: one description, as text for a terminal and as HTML for a notebook.

`interval_table`, `series_table` and `group_table` describe a container as a `Table`; ``.text()`` and ``.html()`` draw
it. Only the rows that are shown are read, so that printing lazy data costs two short reads.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._metadata import Metadata

__all__ = ["Table", "group_table", "interval_table", "series_table", "shown_rows", "terminal_rows"]

DOTS = "..."
MAX_DATA_COLUMNS = 5
MAX_INFO_ROWS = 2
CELL_WIDTH = 40
TIME_DECIMALS = 9

_HTML_STYLE = (
    "border-collapse:collapse;border:0;font-variant-numeric:tabular-nums;color:inherit;background:transparent;margin:0"
)
_HEAD_STYLE = "padding:2px 10px;border-bottom:1px solid;font-weight:600;white-space:nowrap"
_CELL_STYLE = "padding:1px 10px;white-space:nowrap"
_FOOT_STYLE = "opacity:.7;font-size:90%;padding:4px 10px"


@dataclass
class Table:
    """Headers, rows of text, and a last line.

    Attributes
    ----------
    headers : list of str
    rows : list of list of str
        Cells, as many per row as headers; a row of dots stands for rows that are left out.
    foot : str
        Last line.
    info : list of list of str
        Rows below the data that describe its columns (metadata of a TsdFrame).
    numeric : list of bool
        Which columns are numbers, to be aligned at the decimal point.
    title : str
        Name of the class, shown in HTML only.
    """

    headers: list[str]
    rows: list[list[str]]
    foot: str
    numeric: list[bool]
    info: list[list[str]] = field(default_factory=list)
    title: str = ""

    def text(self, width: int | None = None) -> str:
        """The table in plain text, cut to `width` characters (that of the terminal by default; 0 for no limit)."""
        columns = [self._text_column(number) for number in range(len(self.headers))]
        columns = _fit(columns, _terminal().columns if width is None else width)
        lines = ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
        n_data = len(lines) - len(self.info)
        block = ["Metadata", *lines[n_data:]] if self.info else []
        return "\n".join([*lines[:n_data], *block, *([self.foot] if self.foot else [])])

    def _text_column(self, number: int) -> list[str]:
        """Header, rule, data cells and metadata cells of one column, padded to one width."""
        header = self.headers[number]
        cells = [row[number] for row in self.rows]
        if self.numeric[number]:
            cells = align_decimals(cells)
        info = [row[number] for row in self.info]
        width = max(map(len, [header, *cells, *info]))
        right = self.numeric[number] and not info and number > 0
        pad = str.rjust if right else str.ljust
        return [pad(header, width), "-" * width, *(pad(c, width) for c in cells), *(c.ljust(width) for c in info)]

    def html(self) -> str:
        """The table as HTML without scripts or external files; colours are those of the page, light or dark."""
        head = "".join(_cell("th", name, self.numeric[k], _HEAD_STYLE) for k, name in enumerate(self.headers))
        body = "".join(self._html_row(row) for row in self.rows)
        if self.info:
            rule = f'<tr><th colspan="{len(self.headers)}" style="{_HEAD_STYLE};text-align:left">Metadata</th></tr>'
            body += rule + "".join(self._html_row(row) for row in self.info)
        title = f'<div style="font-weight:600;padding:2px 10px">{_escape(self.title)}</div>' if self.title else ""
        foot = f'<div style="{_FOOT_STYLE}">{_escape(self.foot)}</div>' if self.foot else ""
        return (
            f'<div class="rheobase-table">{title}<table style="{_HTML_STYLE}"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>{foot}</div>"
        )

    def _html_row(self, row: Sequence[str]) -> str:
        cells = (_cell("td", text, self.numeric[k], _CELL_STYLE) for k, text in enumerate(row))
        return f"<tr>{''.join(cells)}</tr>"


def _escape(text: str) -> str:
    import html  # its table of entities is not wanted at import

    return html.escape(text)


def _terminal() -> os.terminal_size:
    import shutil  # brings three compressors along

    return shutil.get_terminal_size()


def _cell(tag: str, text: str, numeric: bool, style: str) -> str:
    side = "right" if numeric else "left"
    return f'<{tag} style="{style};text-align:{side}">{_escape(text)}</{tag}>'


def _fit(columns: list[list[str]], width: int) -> list[list[str]]:
    """As many columns as fit in `width` characters (at least two), the rest as a column of dots."""
    if not width or sum(len(column[0]) + 2 for column in columns) - 2 <= width:
        return columns
    used = np.cumsum([len(column[0]) + 2 for column in columns])
    n = max(2, int(np.searchsorted(used, width - len(DOTS), side="right")))
    if n >= len(columns):
        return columns
    return [*columns[:n], [DOTS if row != 1 else "-" * len(DOTS) for row in range(len(columns[0]))]]


def align_decimals(cells: Sequence[str]) -> list[str]:
    """Pad numbers so that their decimal points stand below each other."""
    whole = [len(cell) if cell == DOTS else len(cell.partition(".")[0].partition("e")[0]) for cell in cells]
    left = max(whole, default=0)
    shifted = [" " * (left - n) + cell for n, cell in zip(whole, cells, strict=True)]
    width = max(map(len, shifted), default=0)
    return [cell.ljust(width) for cell in shifted]


def terminal_rows() -> int:
    """Rows of data that fit in the terminal, at least 2."""
    return max(_terminal().lines - 10, 2)


def shown_rows(n: int, max_rows: int | None = None) -> tuple[int, int]:
    """How many rows to show at the top and at the bottom of `n`; ``(n, 0)`` where all fit."""
    max_rows = terminal_rows() if max_rows is None else max_rows
    return (n, 0) if n <= max_rows else (max_rows // 2, max_rows // 2)


def format_times(times: np.ndarray) -> list[str]:
    """Seconds with as many decimals as they need, up to 9."""
    return [f"{t:.{TIME_DECIMALS}f}".rstrip("0").rstrip(".") if np.isfinite(t) else str(t) for t in times.tolist()]


def format_cells(values: Any) -> list[str]:
    """One short text per entry: floats with 6 digits, text as it is, anything long cut."""
    values = np.asarray(values)
    if values.ndim == 1 and values.dtype.kind == "f":
        return [f"{value:.6g}" for value in values.tolist()]
    if values.ndim > 1:
        return [_ends_of(value) for value in values]
    return [_short(_entry(value)) for value in values.tolist()]


def _ends_of(values: np.ndarray) -> str:
    """First and last entry of the first line, with brackets that tell how many axes there are."""
    if values.ndim > 1:
        return f"[{_ends_of(values[0]) if len(values) else '[]'}{' ...' if len(values) > 1 else ''}]"
    if values.size <= 2:
        return f"[{' '.join(_entry(value) for value in values.tolist())}]"
    return f"[{_entry(values[0].item())} ... {_entry(values[-1].item())}]"


def _entry(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list | tuple | np.ndarray):
        return ", ".join(map(str, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value).replace("\n", " ")


def _short(text: str) -> str:
    return text if len(text) <= CELL_WIDTH else text[: CELL_WIDTH - len(DOTS)] + DOTS


def _is_numeric(values: np.ndarray) -> bool:
    return values.ndim == 1 and values.dtype.kind in "biuf"


def _ends(n: int, head: int, tail: int) -> np.ndarray:
    """Positions of the rows that are shown."""
    return np.concatenate((np.arange(head), np.arange(n - tail, n)))


def _rows(columns: Sequence[list[str]], head: int, tail: int) -> list[list[str]]:
    """Columns of cells as rows, with a row of dots between top and bottom."""
    rows = [list(row) for row in zip(*columns, strict=True)]
    return [*rows[:head], [DOTS] * len(columns), *rows[head:]] if tail else rows


def _info_columns(metadata: Metadata, rows: np.ndarray) -> tuple[list[str], list[list[str]], list[bool]]:
    """Names, cells and kinds of metadata columns, for a table with one row per metadata row."""
    taken = {name: values[rows] for name, values in metadata.columns.items()}
    return list(taken), [format_cells(v) for v in taken.values()], [_is_numeric(v) for v in taken.values()]


def record_table(record: Any) -> Table:
    """Table of a dataclass: name and value of each field, the shape of what is too long to show."""
    rows = []
    for name in record.__dataclass_fields__:
        value = getattr(record, name)
        if hasattr(value, "__dataclass_fields__"):
            text = type(value).__name__
        elif np.ndim(value) and np.size(value) > 1:
            text = f"{type(value).__name__} of shape {np.shape(value)}"
        else:
            text = format_cells(np.ravel(np.asarray(value)))[0] if np.size(value) else "empty"
        rows.append([name, text])
    return Table(["field", "value"], rows, "", [False, False], title=type(record).__name__)


def interval_table(epochs: Any, max_rows: int | None = None) -> Table:
    """Table of an IntervalSet: number, start, end and metadata of each epoch."""
    n = len(epochs)
    head, tail = shown_rows(n, max_rows)
    rows = _ends(n, head, tail)
    names, info, numeric = _info_columns(epochs._metadata, rows)
    columns = [[str(row) for row in rows], format_times(epochs.start[rows]), format_times(epochs.end[rows]), *info]
    foot = f"shape: {epochs.shape}, time unit: sec."
    foot = f"{foot[:-1]}, overlapping." if epochs.has_overlap else foot
    headers, numeric = ["index", "start", "end", *names], [True, True, True, *numeric]
    return Table(headers, _rows(columns, head, tail), foot, numeric, title="IntervalSet")


def group_table(group: Any, max_rows: int | None = None) -> Table:
    """Table of a TsGroup: key, rate (Hz) and metadata of each unit."""
    keys = np.asarray(group.index)
    head, tail = shown_rows(len(keys), max_rows)
    rows = _ends(len(keys), head, tail)
    names, info, numeric = _info_columns(group._metadata, rows)
    if "rate" in names:
        column = names.index("rate")
        info[column] = [
            f"{rate:.5f}".rstrip("0").rstrip(".") for rate in group._metadata.columns["rate"][rows].tolist()
        ]
    columns = [[str(key) for key in keys[rows].tolist()], *info]
    return Table(["Index", *names], _rows(columns, head, tail), "", [True, *numeric], title="TsGroup")


def series_table(series: Any, max_rows: int | None = None) -> Table:
    """Table of a Ts, Tsd, TsdFrame or TsdTensor: times, samples, and for a frame the metadata of its columns."""
    times = np.asarray(series.t)
    head, tail = shown_rows(len(times), max_rows)
    rows = _ends(len(times), head, tail)
    first = format_times(times[rows])
    if series.nap_class == "Ts":
        return Table(["Time (s)"], _rows([first], head, tail), f"shape: {len(times)}", [True], title="Ts")
    values = series.values
    data = np.asarray(values[:head])
    if tail:
        data = np.concatenate((data, np.asarray(values[len(times) - tail :])))
    foot = f"dtype: {values.dtype}, shape: {tuple(values.shape)}"
    foot = f"{foot}, unit: {series._value_unit}" if series._value_unit else foot
    if series.nap_class != "TsdFrame":
        columns, numeric = [first, format_cells(data)], [True, data.ndim == 1]
        return Table(["Time (s)", ""], _rows(columns, head, tail), foot, numeric, title=series.nap_class)
    return _frame_table(series, data, first, head, tail, foot)


def _frame_table(frame: Any, data: np.ndarray, first: list[str], head: int, tail: int, foot: str) -> Table:
    labels = np.asarray(frame.columns)
    cut = slice(None) if len(labels) <= MAX_DATA_COLUMNS else slice(MAX_DATA_COLUMNS)
    more = [] if len(labels) <= MAX_DATA_COLUMNS else [DOTS]
    columns = [first, *(format_cells(column) for column in data.T[cut]), *([DOTS] * len(first) for _ in more)]
    shown = [str(label) for label in labels[cut].tolist()]
    table = frame._metadata.columns
    info = [[name, *format_cells(values[cut]), *more] for name, values in list(table.items())[:MAX_INFO_ROWS]]
    if len(table) > MAX_INFO_ROWS:
        info.append([DOTS] * (1 + len(shown) + len(more)))
    numeric = [True, *([True] * len(shown)), *([False] * len(more))]
    headers = ["Time (s)", *shown, *more]
    return Table(headers, _rows(columns, head, tail), foot, numeric, info=info, title="TsdFrame")
