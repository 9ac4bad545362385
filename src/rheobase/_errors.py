"""Everything rheobase raises or warns that is its own.

::

    Exception
    ├── ValueError
    │   ├── TimeSupportError            two series that should share times or a time support do not
    │   └── NotFittedError              (also AttributeError) a model is asked for what only a fit can give
    ├── ImportError
    │   └── MissingDependencyError      an optional package is needed; the message holds the install command
    └── Warning
        ├── NotConvergedWarning         (RuntimeWarning) a fit stopped before its optimum
        ├── SilentNeuronWarning         (UserWarning) a neuron has no spikes in the rows that were used
        └── SuspiciousDataWarning       (UserWarning) data can be used, but look like a slip: a unit, rates for counts

Plain ``TypeError``, ``ValueError``, ``KeyError``, ``IndexError`` and ``RuntimeError`` are raised where users of the
same call in other libraries expect them. Messages say what was given, what was expected and what to try.
"""

from __future__ import annotations

from collections.abc import Iterable


class TimeSupportError(ValueError):
    """Two series that should share their times or their time support do not."""


class NotFittedError(ValueError, AttributeError):
    """A model is asked for something that only `fit` can give."""


class MissingDependencyError(ImportError):
    """A package that is not installed is needed; the message holds the command that installs it."""


class NotConvergedWarning(RuntimeWarning):
    """A fit stopped before it reached its optimum."""


class SilentNeuronWarning(UserWarning):
    """A neuron has no spikes in the rows that were used for a fit."""


class SuspiciousDataWarning(UserWarning):
    """Data can be used, but are probably not what was meant: times in another unit, rates where counts belong, ..."""


def did_you_mean(name: object, options: Iterable[object]) -> str:
    """`` Did you mean 'x'?`` for the nearest of `options`, or an empty string.

    Starts with a space, so that it can be appended to a sentence.
    """
    import difflib  # only a slip of the pen needs it

    known = [str(option) for option in options]
    lowered = {option.lower(): option for option in reversed(known)}
    near = difflib.get_close_matches(str(name).lower(), lowered, n=1, cutoff=0.6)
    return f" Did you mean {lowered[near[0]]!r}?" if near else ""


def kind_of(value: object) -> str:
    """What `value` is, for a message: the name of its type, or that it is a class where an instance is needed."""
    if isinstance(value, type):
        return f"the class {value.__name__} (an instance is needed: add parentheses)"
    library = type(value).__module__.partition(".")[0]
    if library in ("pynapple", "neo", "pandas", "polars", "spikeinterface", "xarray"):
        return f"{type(value).__name__} of {library} (rheobase.io.as_container makes a container of it)"
    return type(value).__name__
