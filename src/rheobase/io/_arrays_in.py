"""NumPy's ``.npy`` format and pickles of arrays, read from files that nobody vouches for.

Nothing in a file is run, and no memory is taken on the word of a file: an array must have the bytes that its header
promises before there is one, and of a pickle only those instructions are followed that make NumPy arrays and built-in
containers, each with a check of its own.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import struct
import sys
import tokenize
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

__all__ = ["Unread", "UnsafePickleError", "load_npy", "read_npy", "unpickle"]

MAX_HEADER = 1 << 16
BLOCK = 1 << 20


class UnsafePickleError(pickle.UnpicklingError):
    """A pickle asks for more than NumPy arrays and built-in containers."""


def read_npy(stream: BinaryIO, n_bytes: int, lenient: bool = False) -> Any:
    """An array from a ``.npy`` file; object arrays as `unpickle` makes them.

    Parameters
    ----------
    stream : file object
    n_bytes : int
        Bytes that the stream holds at most; no array is larger.
    lenient : bool
        Leave `Unread` in the place of objects that are refused.

    Raises
    ------
    ValueError
        If the content is not whole, or no array.
    UnsafePickleError
        As `unpickle`.
    """
    shape, fortran, dtype, used = _header(stream)
    count = math.prod(shape)
    if dtype.hasobject:
        array = unpickle(stream.read(), lenient)
        if not isinstance(array, np.ndarray) or array.size != count:
            msg = f"its header promises objects of shape {shape}, its content is something else."
            raise ValueError(msg)
        return array.reshape(shape)
    needed = count * dtype.itemsize
    if n_bytes - used < needed:
        msg = f"an array of shape {shape} and type {dtype} needs {needed} bytes; {n_bytes - used} are here."
        raise ValueError(msg)
    if not needed:
        return np.zeros(shape, dtype)
    array = np.empty(count, dtype)
    _fill(memoryview(array.view(np.uint8)), stream)
    _check_text(array)
    return array.reshape(shape, order="F" if fortran else "C")


def load_npy(path: Path, lenient: bool = False) -> Any:
    """An array from a ``.npy`` file on disk.

    Raises
    ------
    RuntimeError
        If the file is damaged, or holds what is not read; the message names it.
    """
    try:
        with open(path, "rb") as stream:
            return read_npy(stream, path.stat().st_size, lenient)
    except (ValueError, struct.error, UnsafePickleError) as error:
        msg = f"{path} cannot be read: {error}"
        raise RuntimeError(msg) from error


def _fill(view: memoryview, stream: BinaryIO) -> None:
    """Read until `view` is full."""
    at = 0
    while at < len(view):
        block = stream.read(min(BLOCK, len(view) - at))
        if not block:
            msg = f"it was cut short: {len(view)} bytes were promised, {at} are here."
            raise ValueError(msg)
        view[at : at + len(block)] = block
        at += len(block)


def _check_text(array: np.ndarray) -> None:
    """Refuse numbers that are no characters, on which Python would stumble later."""
    for name in array.dtype.names or ():
        _check_text(array[name])
    if array.dtype.kind == "U" and array.size and array.dtype.itemsize:
        codes = np.ascontiguousarray(array).view(np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
        if codes.max() > sys.maxunicode:
            msg = "its text has characters that do not exist."
            raise ValueError(msg)


def _header(stream: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Shape, whether in Fortran order, type, and the bytes read to know them."""
    version = np.lib.format.read_magic(stream)
    size = {(1, 0): "<H", (2, 0): "<I", (3, 0): "<I"}.get(version)  # 3.0 is 2.0 in UTF-8, for names of fields
    if size is None:
        msg = f"version {version} of the format is not known."
        raise ValueError(msg)
    prefix = stream.read(struct.calcsize(size))
    text = stream.read(min(*struct.unpack(size, prefix), MAX_HEADER))
    reader = np.lib.format.read_array_header_1_0 if size == "<H" else np.lib.format.read_array_header_2_0
    try:
        shape, fortran, dtype = reader(io.BytesIO(prefix + text), max_header_size=MAX_HEADER)
    except (tokenize.TokenError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        msg = f"its header cannot be read ({error})."
        raise ValueError(msg) from error
    if any(n < 0 for n in shape) or len(shape) > 32 or math.prod(n for n in shape if n) >= 2**62:
        msg = f"no array has the shape {shape}."
        raise ValueError(msg)
    return shape, fortran, dtype, np.lib.format.MAGIC_LEN + len(prefix) + len(text)


def unpickle(data: bytes, lenient: bool = False) -> Any:
    """What a pickle of NumPy arrays and built-in containers holds.

    Parameters
    ----------
    data : bytes
    lenient : bool
        Leave `Unread` in the place of objects that are refused, rather than raise.

    Raises
    ------
    UnsafePickleError
        If it asks for anything else, which is refused before it is called.
    ValueError
        If it is no pickle, or damaged.
    """
    _scan(data)
    try:
        value = (_LenientUnpickler if lenient else _Unpickler)(io.BytesIO(data)).load()
    except UnsafePickleError:
        raise
    except (
        pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
        MemoryError, ImportError, UnicodeError, SystemError, RecursionError,
    ) as error:  # fmt: skip
        msg = f"its pickle is damaged ({type(error).__name__}: {str(error)[:200]})."
        raise ValueError(msg) from error
    _check_size(value, len(data))
    return _plain(value)


def _scan(data: bytes) -> None:
    """Refuse a pickle that claims more bytes, or more remembered objects, than it has room for."""
    try:
        for code, argument, _ in pickletools.genops(data):
            if code.name in ("LONG_BINPUT", "PUT", "BINPUT") and int(argument) > len(data):
                msg = f"it numbers an object {argument}, and is {len(data)} bytes long."
                raise UnsafePickleError(msg)
    except UnsafePickleError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, MemoryError, AttributeError) as error:
        msg = f"its pickle is damaged ({str(error)[:200]})."
        raise ValueError(msg) from error


def _check_size(value: Any, n_bytes: int) -> None:
    """Refuse lists that hold one another so often that they are larger than the file could say."""
    budget = 16 * n_bytes + 1000
    waiting = [value]
    while waiting:
        item = waiting.pop()
        budget -= 1
        if budget < 0:
            msg = f"it unfolds to more than {16 * n_bytes + 1000} items."
            raise UnsafePickleError(msg)
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset) or (
            isinstance(item, np.ndarray) and item.dtype == object
        ):
            waiting += list(item.flat) if isinstance(item, np.ndarray) else list(item)


class _Array(np.ndarray):
    """An array while it is unpickled: takes its content only where that has the bytes it needs."""

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, _, content = state if len(state) == 5 else (0, *state)
        _check_dtype(dtype)
        expected = math.prod(int(n) for n in shape) * (1 if dtype.hasobject else dtype.itemsize)
        if dtype.hasobject and (not isinstance(content, list) or dtype.kind != "O"):
            msg = "object arrays are read from lists only."
            raise UnsafePickleError(msg)
        if len(shape) > 32 or any(int(n) < 0 for n in shape) or len(content) != expected:
            msg = f"an array of shape {shape} and type {dtype} cannot have {len(content)} items of content."
            raise UnsafePickleError(msg)
        super().__setstate__(state)
        _check_text(self.view(np.ndarray))


def _plain(value: Any) -> Any:
    """Arrays as plain arrays, wherever they lie."""
    if isinstance(value, _Array):
        value = value.view(np.ndarray)
        if value.dtype == object:
            for at in np.ndindex(value.shape):
                value[at] = _plain(value[at])
        return value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return tuple(_plain(item) for item in value) if type(value) is tuple else value


def _check_dtype(dtype: Any) -> None:
    if not isinstance(dtype, np.dtype):
        msg = f"an array cannot have the type {dtype!r}."
        raise UnsafePickleError(msg)


# ---- what a pickle may ask for, each checked


def _reconstruct(kind: Any, shape: Any, typecode: Any) -> _Array:
    if kind is not _Array or tuple(shape) != (0,):
        msg = "an array is not made as NumPy makes one."
        raise UnsafePickleError(msg)
    return np.empty((0,), dtype="i1").view(_Array)


def _scalar(dtype: Any, content: Any = None) -> Any:
    _check_dtype(dtype)
    if dtype.hasobject or not isinstance(content, bytes) or len(content) != dtype.itemsize or not content:
        msg = f"a number of type {dtype} cannot have the content {str(content)[:50]}."
        raise UnsafePickleError(msg)
    array = np.frombuffer(content, dtype)
    _check_text(array)
    return array[0]


def _frombuffer(content: Any, dtype: Any, shape: Any, order: str, *_: Any) -> np.ndarray:
    _check_dtype(dtype)
    if dtype.hasobject or not isinstance(content, bytes | bytearray | memoryview):
        msg = f"an array of type {dtype} cannot come from {type(content).__name__}."
        raise UnsafePickleError(msg)
    array = np.frombuffer(content, dtype)
    _check_text(array)
    return array.reshape(shape, order="F" if order == "F" else "C").copy()


def _encode(text: Any, encoding: Any = None) -> bytes:
    if not isinstance(text, str) or encoding != "latin1":
        msg = "bytes are not written as pickle writes them."
        raise UnsafePickleError(msg)
    return text.encode("latin1")


def _bytearray(content: Any = b"", encoding: Any = None) -> bytearray:
    if encoding == "latin-1" and isinstance(content, str):
        content = content.encode("latin1")
    if not isinstance(content, bytes | list):
        msg = "a bytearray can only be made from bytes."
        raise UnsafePickleError(msg)
    return bytearray(content)


def _bytes(*content: Any) -> bytes:
    if content:
        msg = "bytes are not written as pickle writes them."
        raise UnsafePickleError(msg)
    return b""


def _dtype(name: Any, *_: Any) -> np.dtype:
    if not isinstance(name, str) or len(name) > 20:
        msg = f"{str(name)[:50]!r} is no name of a type."
        raise UnsafePickleError(msg)
    return np.dtype(name)


def _set(items: Iterable[Any] = ()) -> set:
    return set(_listed(items))


def _frozenset(items: Iterable[Any] = ()) -> frozenset:
    return frozenset(_listed(items))


def _listed(items: Any) -> Any:
    if not isinstance(items, list | tuple):
        msg = "a set can only be made from a list."
        raise UnsafePickleError(msg)
    return items


def _complex(real: Any = 0.0, imag: Any = 0.0) -> complex:
    return complex(float(real), float(imag))


_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,
    ("builtins", "set"): _set,
    ("builtins", "frozenset"): _frozenset,
    ("builtins", "complex"): _complex,
    ("builtins", "bytearray"): _bytearray,
    ("builtins", "bytes"): _bytes,
    ("builtins", "slice"): slice,
}
for _module in ("numpy.core", "numpy._core"):
    _KNOWN[f"{_module}.multiarray", "_reconstruct"] = _reconstruct
    _KNOWN[f"{_module}.multiarray", "scalar"] = _scalar
    _KNOWN[f"{_module}.numeric", "_frombuffer"] = _frombuffer


class _Unpickler(pickle.Unpickler):
    """Follows what `_KNOWN` has, and refuses all else before it is called."""

    def find_class(self, module: str, name: str) -> Any:
        module = "builtins" if module == "__builtin__" else module  # as pickles of protocol 2 call it
        if (module, name) in _KNOWN:
            return _KNOWN[module, name]
        if module == "numpy.dtypes" and name.endswith("DType") and name.isidentifier():
            return getattr(np.dtypes, name)
        msg = f"they hold a pickled {module}.{name}; only NumPy arrays and built-in containers are read."
        raise UnsafePickleError(msg)


class Unread:
    """Stands where a pickle has an object that is not read; takes whatever is done to that object, and does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __setstate__(self, _: Any) -> None: ...

    def __setitem__(self, *_: Any) -> None: ...

    def append(self, _: Any) -> None:
        """Nothing happens."""

    def extend(self, _: Any) -> None:
        """Nothing happens."""

    def __repr__(self) -> str:
        return "<not read>"


class _LenientUnpickler(_Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except UnsafePickleError:
            return Unread
