"""How our own containers lie in an NWB file: what `to_nwb` writes and the reader understands, said once.

All is plain NWB that any reader can use; three descriptions tell this library what plain NWB cannot say:

- epochs ``<name>_time_support`` described as `support_note` are the time support of the object ``<name>``;
- a table ``<name>_columns`` described as `columns_note` has the labels and metadata of the columns of ``<name>``;
- a column of a table whose description starts with `MARK` has a name or a type that NWB does not allow; the rest of
  the description is JSON with the real name and how the values are encoded.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from ..containers._warn import warn_user

__all__ = ["MARK", "columns_note", "decoded", "encoded", "is_note", "support_note"]

MARK = "rheobase column "
LABEL = "label"
"""Column of a table of columns that holds their labels."""

VALUES = "event_values"
"""Ragged column of a units table with one value (or row of values) per event."""

_NOTE = re.compile(r"(Time support|Columns) of '.*', written by rheobase\.")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_\- ]*")
_ENDINGS = ("_times", "_index")


def support_note(name: str) -> str:
    """Description of the epochs that are the time support of `name`."""
    return f"Time support of {name!r}, written by rheobase."


def columns_note(name: str) -> str:
    """Description of the table that names the columns of `name`."""
    return f"Columns of {name!r}, written by rheobase."


def is_note(description: Any) -> bool:
    """Whether a description says that its table belongs to another object."""
    return isinstance(description, str) and _NOTE.fullmatch(description) is not None


# ---- columns of metadata → what NWB can hold


def encoded(columns: dict[str, np.ndarray], taken: set[str]) -> list[tuple[str, str, Any, np.ndarray | None]]:
    """Columns as NWB can hold them: name, description, values, and for ragged ones the index (else None).

    Names in `taken`, and those that NWB does not allow or readers would misunderstand, become ``column_<number>``.
    What cannot be written is named in a warning.
    """
    written = []
    for number, (name, values) in enumerate(columns.items()):
        found = _encode(values)
        if found is None:
            warn_user(f"Metadata column {name!r} holds more than numbers, texts, lists and arrays; it is not written.")
            continue
        how, data, index = found
        is_tags = name == "tags" and index is not None and not how and isinstance(data[0], str)
        plain = _PLAIN_NAME.fullmatch(name) and not name.endswith(_ENDINGS) and (name not in taken or is_tags)
        if plain and not how:
            written.append((name, f"Metadata column {name!r}", data, index))
        else:
            note = MARK + json.dumps({"name": name, **how})
            written.append((name if plain else f"column_{number}", note, data, index))
    return written


def _encode(values: np.ndarray) -> tuple[dict[str, Any], Any, np.ndarray | None] | None:
    """How the values are encoded (empty for as they are), the data, and the index of ragged ones."""
    kind = values.dtype.kind
    if kind == "b" or (kind in "iuf" and values.dtype.itemsize <= 8 and values.dtype != np.float16):
        return {}, np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("=")), None
    if kind in "mM":
        return {"as": "view", "dtype": values.dtype.str}, values.view(np.int64), None
    if kind == "f":
        return {"as": "cast", "dtype": values.dtype.str}, values.astype(np.float64), None
    if kind == "U" and values.ndim == 1 and len(values) and not _odd_text(values):
        return {}, values.tolist(), None
    if kind == "O" and (ragged := _ragged(values)) is not None:
        return {}, *ragged
    try:
        texts = [json.dumps(_builtin(value)) for value in values.tolist()] if kind in "UO" else None
    except (TypeError, ValueError):
        texts = None
    if texts is None:
        return None
    # an empty dataset of texts has no type in HDF5
    return {"as": "json", "dtype": "str" if kind == "U" else "object"}, texts or np.empty(0), None


def _odd_text(values: np.ndarray) -> bool:
    """Whether a text has characters that HDF5 cannot hold."""
    joined = "".join(values.tolist())
    return "\0" in joined or any("\ud800" <= character <= "\udfff" for character in joined)


def _ragged(values: np.ndarray) -> tuple[list, np.ndarray] | None:
    """Flat values and where each row stops, of rows that are lists of one type; None for any others."""
    rows = values.tolist()
    if values.ndim != 1 or not all(type(row) is list for row in rows):
        return None
    flat = [item for row in rows for item in row]
    types = {type(item) for item in flat}
    if types not in ({str}, {int}, {float}) or (types == {str} and _odd_text(np.array(flat))):
        return None
    if types == {int} and not all(-(2**63) <= item < 2**63 for item in flat):
        return None
    return flat, np.cumsum([len(row) for row in rows])


def _builtin(value: Any) -> Any:
    """What JSON knows; arrays as marked dictionaries."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufU":
            msg = "not an array of numbers or texts"
            raise TypeError(msg)
        return {"ndarray": value.tolist(), "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, list | tuple):
        return [_builtin(item) for item in value]
    return value


# ---- and back


def decoded(description: str, values: np.ndarray) -> tuple[str, np.ndarray]:
    """Real name and values of a column whose description starts with `MARK`.

    Raises
    ------
    ValueError
        If the description or the values are not as `encoded` writes them.
    """
    how = json.loads(description.removeprefix(MARK))
    if not isinstance(how, dict) or not isinstance(how.get("name"), str):
        msg = f"the description {description!r} of a column has been changed."
        raise ValueError(msg)
    name, encoding, dtype = how["name"], how.get("as"), how.get("dtype", "object")
    if encoding == "view":
        return name, np.ascontiguousarray(values, dtype=np.int64).view(_time_dtype(dtype))
    if encoding == "cast":
        return name, values.astype(np.dtype(dtype))
    if encoding != "json":
        return name, values
    rows = [_from_builtin(json.loads(text)) for text in values.tolist()]
    if dtype == "str":
        return name, np.array(rows, dtype=str)
    column = np.empty(len(rows), dtype=object)
    for row, value in enumerate(rows):
        column[row] = value
    return name, column


def _time_dtype(name: str) -> np.dtype:
    dtype = np.dtype(name)
    if dtype.kind not in "mM":
        msg = f"{name!r} is no type of times."
        raise ValueError(msg)
    return dtype


def _from_builtin(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_builtin(item) for item in value]
    if isinstance(value, dict) and "ndarray" in value:
        return np.array(value["ndarray"], dtype=np.dtype(value["dtype"])).reshape(value["shape"])
    return value
