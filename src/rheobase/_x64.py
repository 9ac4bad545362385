"""64-bit JAX inside a scope, whatever the user's global setting; and work that stays on the host.

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


def on_host():
    """Context manager inside which JAX works on the host's CPU, for small pieces of work that the host waits for."""
    import contextlib

    import jax

    if jax.default_backend() == "cpu":
        return contextlib.nullcontext()
    try:
        return jax.default_device(jax.devices("cpu")[0])
    except RuntimeError:  # JAX was told to know nothing but its accelerator
        return contextlib.nullcontext()
