"""How objects behave in a notebook: completion shows public names, and ``.plot()`` draws.

Nothing below `rheobase.plot` may know of it: that room can be deleted, and the library still stands. So an object does
not import what draws it. The face, ``rheobase/__init__.py``, knows all rooms; it says once, with `draw_with`, who
draws, and the room (with Matplotlib) is loaded when the first picture is asked for. The arrow still points down: the
face hands a function to this lowest layer, and this layer imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Plotted", "PublicNames", "draw_with", "progress_bar"]

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

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "IProgress not found": a bar of text does as well
        from tqdm.auto import tqdm
    return tqdm
