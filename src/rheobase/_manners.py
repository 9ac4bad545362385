"""How objects behave in a notebook: completion shows public names, and ``.plot()`` draws.

Nothing below `rheobase.plot` may know of it: that room can be deleted, and the library still stands. So an object does
not import what draws it. The face, ``rheobase/__init__.py``, knows all rooms; it says once, with `draw_with`, who
draws, and the room (with Matplotlib) is loaded when the first picture is asked for. The arrow still points down: the
face hands a function to this lowest layer, and this layer imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["Plotted", "PublicNames", "draw_with", "one_bar", "progress_bar"]

_OUTER: ContextVar[Any] = ContextVar("_OUTER", default=None)
"""The bar of the task that is under way, if it is one of many parts."""

_DRAW: list[Callable[..., Any]] = []
"""Who draws; one, or none."""


def draw_with(draw: Callable[..., Any]) -> None:
    """Let ``draw(thing, **options)`` make the pictures of ``thing.plot(**options)``."""
    _DRAW[:] = [draw]


class PublicNames:
    """Objects whose completion lists what is meant to be used."""

    def __dir__(self) -> list[str]:
        return sorted({name for name in super().__dir__() if not name.startswith("_")})


class Plotted(PublicNames):
    """Objects that have a quick picture."""

    def plot(self, **options: Any) -> Any:
        """Draw this in the way that is usual for its kind, on new axes.

        Parameters
        ----------
        **options
            Handed to the function of `rheobase.plot` that draws it, such as ``ax=`` for axes that exist.

        Returns
        -------
        artists
            What that function returns.

        Raises
        ------
        TypeError
            If there is no usual picture of it, with what to do.
        """
        if not _DRAW:
            msg = "nobody draws: import rheobase first."
            raise RuntimeError(msg)
        return _DRAW[0](self, **options)


def progress_bar() -> Any:
    """The class of tqdm that suits a terminal or a notebook; without a word where a notebook has no widgets."""
    import warnings

    if (outer := _OUTER.get()) is not None:
        return lambda **_: _Within(outer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "IProgress not found": a bar of text does as well
        from tqdm.auto import tqdm
    return tqdm


@contextmanager
def one_bar(**options: Any) -> Generator[Any]:
    """A bar over the parts of a task, shown once it takes two seconds; the bars of its parts write their words on it.

    Parameters
    ----------
    **options
        Of tqdm: ``total``, ``desc``, ``unit``.
    """
    bar = progress_bar()(**({"leave": False, "disable": None, "delay": 2.0} | options))
    before = _OUTER.set(bar)
    try:
        yield bar
    finally:
        _OUTER.reset(before)
        bar.close()


class _Within:
    """The bar of a part: it has no line of its own."""

    def __init__(self, outer: Any) -> None:
        self.n, self._outer = 0, outer

    def set_postfix(self, **words: Any) -> None:
        self._outer.set_postfix(**words)

    def update(self, n: float = 1) -> None:
        """A part counts once, when the task says so."""

    def close(self) -> None:
        """Nothing of its own is to be removed."""
