"""Pieces of work side by side, and products that keep to one core while they are."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from rheobase._arrays import threads


def blas_threads() -> list[int]:
    """Of the libraries that were there at the first product; SciPy brings another, which nothing here uses."""
    return [library["num_threads"] for library in threads._blas().info() if library["user_api"] == "blas"]


def test_the_first_exception_is_raised(monkeypatch):
    monkeypatch.setattr(threads, "n_threads", lambda: 2)

    def work(item):
        if item == 3:
            raise ValueError("three")

    with pytest.raises(ValueError, match="three"):
        threads.for_each(work, range(10))


@pytest.mark.parametrize("first_to_leave", ["first", "second"])
def test_products_get_their_cores_back(first_to_leave):
    """Two that overlap without one inside the other must not leave the limit behind, whoever leaves first."""
    before, first_in, second_in, may_leave = blas_threads(), *(threading.Event() for _ in range(3))

    def first():
        with threads.products_on_one_core():
            first_in.set()
            assert may_leave.wait(20) if first_to_leave == "second" else second_in.wait(20)

    thread = threading.Thread(target=first)
    thread.start()
    assert first_in.wait(20)
    with threads.products_on_one_core():
        second_in.set()
        if first_to_leave == "first":
            thread.join()
    may_leave.set()
    thread.join()
    assert blas_threads() == before


def test_one_inside_another_changes_nothing():
    with threads.products_on_one_core():
        with threads.products_on_one_core():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}


def test_they_get_them_back_after_an_error():
    before = blas_threads()
    with pytest.raises(ValueError, match="no"), threads.products_on_one_core():
        raise ValueError("no")
    assert blas_threads() == before


def test_calls_inside_calls_do_not_wait_for_each_other(monkeypatch):
    """More of them than there are threads: whoever calls takes part, so nothing waits for a thread that is taken."""
    monkeypatch.setattr(threads, "n_threads", lambda: 4)
    found = []

    def outer(i):
        threads.for_each(lambda j: found.append((i, j)), range(5))

    threads.for_each(outer, range(40))
    assert sorted(found) == [(i, j) for i in range(40) for j in range(5)]


def test_nothing_is_begun_after_an_exception(monkeypatch):
    monkeypatch.setattr(threads, "n_threads", lambda: 2)
    begun = []

    def work(item):
        begun.append(item)
        if item == 0:
            raise KeyboardInterrupt
        time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        threads.for_each(work, range(1000))
    assert len(begun) < 1000


@pytest.mark.skipif(sys.platform == "win32", reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:.*fork:RuntimeWarning")
def test_a_fork_has_threads_of_its_own(monkeypatch):
    monkeypatch.setattr(threads, "n_threads", lambda: 2)
    threads.for_each(lambda _: time.sleep(0.001), range(4))
    child = os.fork()
    if child == 0:  # pragma: no cover
        done = []
        threads.for_each(done.append, range(8))
        os._exit(0 if len(done) == 8 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
