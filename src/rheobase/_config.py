"""The few switches that scripts written for pynapple may set; none changes a number."""

from __future__ import annotations

import warnings
from typing import Any

from ._errors import did_you_mean

__all__ = ["NapConfig", "nap_config"]

_BACKENDS = ("numpy", "numba", "jax")


class NapConfig:
    """Switches under pynapple's names, for the whole process.

    Attributes
    ----------
    suppress_conversion_warnings : bool
        Say nothing when an `IntervalSet` turns into a plain array; False by default.
    suppress_time_index_sorting_warnings : bool
        Say nothing when unsorted times are sorted; False by default.
    time_index_precision : int
        Decimals of a second that a time is shown with, 9; cannot be set.
    backend : str
        Always ``"numpy"``: there is one way of computing.

    Examples
    --------
    >>> import rheobase as nap
    >>> nap.nap_config.suppress_conversion_warnings = True
    >>> nap.nap_config.restore_defaults()
    >>> nap.nap_config.suppress_conversion_warnings
    False
    """

    __slots__ = ("_conversion", "_sorting")

    def __init__(self) -> None:
        self.restore_defaults()

    def restore_defaults(self) -> None:
        """Warn again."""
        self._conversion = False
        self._sorting = False

    @property
    def suppress_conversion_warnings(self) -> bool:
        """Whether turning an `IntervalSet` into an array says nothing."""
        return self._conversion

    @suppress_conversion_warnings.setter
    def suppress_conversion_warnings(self, value: bool) -> None:
        self._conversion = _flag(value, "suppress_conversion_warnings")

    @property
    def suppress_time_index_sorting_warnings(self) -> bool:
        """Whether sorting unsorted times says nothing."""
        return self._sorting

    @suppress_time_index_sorting_warnings.setter
    def suppress_time_index_sorting_warnings(self, value: bool) -> None:
        self._sorting = _flag(value, "suppress_time_index_sorting_warnings")

    @property
    def time_index_precision(self) -> int:
        """Decimals of a second, 9."""
        return 9

    @property
    def backend(self) -> str:
        """Always ``"numpy"``."""
        return "numpy"

    def set_backend(self, backend: str) -> None:
        """Accept a backend's name; there is nothing to switch.

        Series compute in NumPy whatever is asked for; ``"jax"`` says so in a warning, since a script that asks for it
        expects a difference. Data that are JAX arrays stay JAX arrays.

        Raises
        ------
        AssertionError
            If the name is none of "numpy", "numba", "jax".
        """
        if backend not in _BACKENDS:
            msg = f"backend should be one of {_BACKENDS}, got {backend!r}.{did_you_mean(str(backend), _BACKENDS)}"
            raise AssertionError(msg)
        if backend == "jax":
            msg = "series compute in NumPy: there is no JAX backend to switch to. Models run in JAX by themselves."
            warnings.warn(msg, UserWarning, stacklevel=2)

    def __repr__(self) -> str:
        names = ("suppress_conversion_warnings", "suppress_time_index_sorting_warnings")
        return f"NapConfig({', '.join(f'{name}={getattr(self, name)}' for name in names)})"


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        msg = f"{name} should be True or False, got {value!r}."
        raise ValueError(msg)
    return value


nap_config = NapConfig()
"""The switches of this process."""
