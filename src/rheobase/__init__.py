"""rheobase: from a neural recording to a fitted, judged encoding model."""

from ._version import __version__
