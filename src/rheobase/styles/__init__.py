"""The look of rheobase's figures: ``plt.style.use(rheobase.styles.plot_style)``."""

from __future__ import annotations

from pathlib import Path

__all__ = ["plot_style"]

plot_style: str = str(Path(__file__).with_name("rheobase.mplstyle"))
"""Path of the Matplotlib style sheet."""


def __dir__() -> list[str]:
    return sorted(__all__)
