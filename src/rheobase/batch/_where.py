"""The filter language: ``location == 'adn' and rate > 0.5`` over columns of metadata, and nothing else.

The text is parsed, never run: comparisons, ``in``, ``and``, ``or``, ``not``, names of columns, numbers, texts and lists
of these are read from its syntax tree, and everything else is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .._errors import did_you_mean
from .._types import BoolArray

__all__ = ["select", "unlisted"]

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}

_WORDS = "==, !=, <, <=, >, >=, in, not in, and, or, not"


def select(where: str, columns: Mapping[str, Any], n_rows: int, what: str = "where") -> BoolArray:
    """Which rows of a table a filter keeps.

    Parameters
    ----------
    where : str
        Such as ``"location == 'adn' and rate > 0.5"`` or ``"group in [0, 2] or not good"``.
    columns : dict of arrays
        The table; each column has one entry a row.
    n_rows : int
        Number of rows.
    what : str
        Name of the argument, for messages.

    Returns
    -------
    BoolArray
        Shape (row,).

    Raises
    ------
    ValueError
        If it is no such filter, or compares texts with numbers.
    KeyError
        If there is no such column.

    Examples
    --------
    >>> import numpy as np
    >>> table = {"location": np.array(["adn", "ca1", "adn"]), "rate": np.array([0.2, 3.0, 5.0])}
    >>> select("location == 'adn' and rate > 0.5", table, 3)
    array([False, False,  True])
    >>> select("1 < rate <= 3 or location in ['pfc']", table, 3)
    array([False,  True, False])
    """
    try:
        tree = ast.parse(where.strip(), mode="eval").body
    except SyntaxError as error:
        msg = f"{what} is not a filter: {where!r} cannot be read ({error.msg}). "
        msg += "Try \"location == 'adn' and rate > 0.5\"; = is written ==, and texts stand in quotes."
        raise ValueError(msg) from error
    found = _Reader(where, columns, what).value(tree)
    found = np.asarray(found)
    if found.dtype.kind != "b":
        msg = f'{what}: {where!r} is no condition; compare a column with a value, such as "rate > 0.5".'
        raise ValueError(msg)
    return np.array(np.broadcast_to(found, (n_rows,)))


class _Reader:
    """Reads one filter."""

    def __init__(self, text: str, columns: Mapping[str, Any], what: str):
        self.text, self.columns, self.what = text, columns, what

    def value(self, node: ast.AST) -> Any:
        """What a part of the filter stands for."""
        if isinstance(node, ast.BoolOp):
            return self._all_or_any(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self._truth(node.operand)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Name):
            return self._column(node.id)
        return self._literal(node)

    def _all_or_any(self, node: ast.BoolOp) -> BoolArray:
        parts = [self._truth(part) for part in node.values]
        combine = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        out = parts[0]
        for part in parts[1:]:
            out = combine(out, part)
        return out

    def _truth(self, node: ast.AST) -> BoolArray:
        found = np.asarray(self.value(node))
        if found.dtype.kind == "O" and all(isinstance(item, bool | np.bool_) for item in found.ravel()):
            found = found.astype(bool)
        if found.dtype.kind != "b":
            msg = f"{self.what}: {ast.unparse(node)!r} is no condition; compare it with a value."
            raise ValueError(msg)
        return found

    def _comparison(self, node: ast.Compare) -> BoolArray:
        out, left = None, node.left
        for how, right in zip(node.ops, node.comparators, strict=True):
            one = self._compare(left, how, right)
            out, left = one if out is None else out & one, right
        return out

    def _compare(self, left: ast.AST, how: ast.cmpop, right: ast.AST) -> BoolArray:
        a = np.asarray(self.value(left))
        if isinstance(how, ast.In | ast.NotIn):
            options = self.value(right)
            if not isinstance(options, list | tuple):
                self._refuse(right, f"after 'in' a list is expected, such as {ast.unparse(left)} in ['adn', 'ca1']")
            inside = np.zeros(a.shape, dtype=bool)
            for option in options:
                inside |= self._meet(np.equal, a, np.asarray(option), left, right)
            return inside if isinstance(how, ast.In) else ~inside
        if type(how) not in _COMPARISONS:
            self._refuse(left, f"only {_WORDS} are known")
        return self._meet(_COMPARISONS[type(how)], a, np.asarray(self.value(right)), left, right)

    def _meet(self, how: Callable, a: np.ndarray, b: np.ndarray, left: ast.AST, right: ast.AST) -> BoolArray:
        """Compare two values of one kind: texts with texts, numbers with numbers."""
        a, b = _plain(a), _plain(b)
        if (a.dtype.kind == "U") != (b.dtype.kind == "U"):
            text, other = (left, right) if a.dtype.kind == "U" else (right, left)
            msg = (
                f"{self.what}: {ast.unparse(text)} is text, but {ast.unparse(other)} is not, in {self.text!r}. Texts "
                "stand in quotes: location == 'adn'."
            )
            raise ValueError(msg)
        return how(a, b)

    def _column(self, name: str) -> Any:
        if name not in self.columns:
            known = ", ".join(map(str, self.columns)) or "none"
            msg = f"{self.what}: there is no column {name!r}; there are {known}."
            hint = did_you_mean(name, self.columns)
            quoted = "" if hint else f" If {name} is a text, put it in quotes: '{name}'."
            raise KeyError(msg + hint + quoted)
        return np.asarray(self.columns[name])

    def _literal(self, node: ast.AST) -> Any:
        """A number, a text, or a list of these."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = self._literal(node.operand)
            if not isinstance(inner, str | list):
                return -inner
        if isinstance(node, ast.List | ast.Tuple):
            return [self._literal(item) for item in node.elts]
        return self._refuse(node, f"only columns, numbers, quoted texts, lists and {_WORDS} are known")

    def _refuse(self, node: ast.AST, why: str) -> Any:
        msg = f"{self.what}: {ast.unparse(node)!r} cannot stand in a filter; {why}."
        raise ValueError(msg)


def unlisted(values: np.ndarray) -> np.ndarray:
    """Objects with lists, as tags of epochs are, turned into what they hold, or into a text if that is several."""
    if values.dtype.kind != "O" or not any(isinstance(item, list | tuple | np.ndarray) for item in values.ravel()):
        return values
    out = np.empty(values.shape, dtype=object)
    for number, item in enumerate(values.ravel()):
        several = list(item) if isinstance(item, list | tuple | np.ndarray) else [item]
        out.flat[number] = several[0] if len(several) == 1 else ", ".join(map(str, several))
    return out


def _plain(values: np.ndarray) -> np.ndarray:
    """Objects and bytes as texts or numbers, so that kinds can be compared."""
    if values.dtype.kind in "S":
        return values.astype(str)
    if values.dtype.kind not in "OT":
        return values
    values = unlisted(values)
    if all(isinstance(item, int | float | np.number | np.bool_) for item in values.ravel()):
        return values.astype(float)
    return values.astype(str)
