"""Work on independent pieces of an array, on as many cores as there are."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["for_each", "n_threads", "products_for_each", "products_on_one_core"]

MOST_THREADS = 16
"""More than these only wait for memory."""


def n_threads() -> int:
    """Threads to use: ``OMP_NUM_THREADS`` if it is set (as in the workers of a cluster), else the cores there are."""
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if asked.isdigit() and int(asked) > 0:
        return min(int(asked), MOST_THREADS)
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only: a container may own fewer cores than there are
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, MOST_THREADS)


def for_each(function: Callable[[Any], Any], items: Iterable[Any]) -> None:
    """Call `function` with each item, side by side where there are cores; it must spend its time in NumPy or SciPy.

    The calling thread takes part, and nobody waits for a thread that has not started: calls may be nested. After an
    exception no further item is begun; the first is raised.
    """
    items = list(items)
    workers = min(n_threads(), len(items))
    if workers < 2:
        for item in items:
            function(item)
        return
    left, errors = iter(items), []

    def work() -> None:
        try:
            for item in left:
                if errors:
                    return
                function(item)
        except BaseException as error:  # in any thread; it is raised in the caller's
            errors.append(error)

    helpers = [_pool().submit(work) for _ in range(workers - 1)]
    work()
    try:
        for helper in helpers:
            if not helper.cancel():
                helper.result()
    except BaseException as error:  # the caller was interrupted while it waited
        errors.append(error)
        raise
    if errors:
        raise errors[0]


@cache
def _pool():
    """Threads that wait for work: to start them takes a millisecond each time."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(MOST_THREADS, "rheobase")


if sys.platform != "win32":  # a fork has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def products_for_each(function: Callable[[Any], Any], items: Iterable[Any], *, worth: bool = True) -> None:
    """`for_each` for work that consists of matrix products: each of them keeps to its own core.

    Where it is not `worth` waking threads, one item comes after the other.
    """
    items = list(items)
    if not worth or min(n_threads(), len(items)) < 2:
        for item in items:
            function(item)
        return
    with products_on_one_core():
        for_each(function, items)


@contextmanager
def products_on_one_core() -> Iterator[None]:
    """Context manager inside which every matrix product keeps to its own core.

    Around work that goes from threads of ours to products and back, too: threads of a BLAS library wait for more by
    running in circles, and take the cores from ours. The limit is the process's, and whoever sets it takes it back: for
    those who come while it is set there is nothing to do, so that fits in several threads cannot leave it behind.
    """
    if not _one_at_a_time.acquire(blocking=False):
        yield
        return
    try:
        with _blas().limit(limits=1, user_api="blas"):
            yield
    finally:
        _one_at_a_time.release()


_one_at_a_time = threading.Lock()


@cache
def _blas():
    """The BLAS libraries that are loaded by now, NumPy's among them; to look for them takes a millisecond."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
