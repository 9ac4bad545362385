"""Puts the tables of `rheobase.compat` where a page says ``<!-- table: NAME -->``.

The page for newcomers so says what the code says: names, and every difference on purpose.
"""

from __future__ import annotations

import re

from rheobase.compat import pynapple

TABLES = {"coming_from_pynapple": pynapple.tables}
"""Page → what makes its tables."""

MARK = re.compile(r"<!-- table: (\w+) -->")


def fill_in(app, docname, source):
    """Replace the marks of a page; an unknown name is an error."""
    if docname in TABLES:
        made = TABLES[docname]()
        source[0] = MARK.sub(lambda match: made[match.group(1)], source[0])


def setup(app):
    """Before a page is parsed."""
    app.connect("source-read", fill_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
