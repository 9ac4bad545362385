"""The one error that the command line answers with a sentence instead of a traceback."""

from __future__ import annotations


class RecordingError(Exception):
    """The file or the output cannot serve; the message says why and what to try."""
