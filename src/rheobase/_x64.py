"""64-bit JAX inside a scope, whatever the user's global setting.

`jax.enable_x64` is a context manager in recent JAX; before, it lived in `jax.experimental`. Entering it again costs
microseconds and recompiles nothing; the global setting is untouched.
"""

from __future__ import annotations


def enable_x64():
    """Context manager inside which JAX arrays are float64."""
    import jax

    scoped = getattr(jax, "enable_x64", None)
    if scoped is None:
        from jax.experimental import enable_x64 as scoped
    return scoped(True)
