"""Tables as plain text."""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["megabytes", "table"]


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Rows in columns as wide as they need to be; numbers stand to the right."""
    lines = [list(headers), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    lines.insert(1, ["-" * width for width in widths])
    out = []
    for line in lines:
        cells = zip(line, widths, right, strict=True)
        out.append("  ".join(cell.rjust(width) if is_right else cell.ljust(width) for cell, width, is_right in cells))
    return "\n".join(line.rstrip() for line in out)


def megabytes(path: str | os.PathLike[str]) -> str:
    """Size of a file, for people."""
    size = os.stat(path).st_size
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
