"""Pieces of work side by side, and products that keep to one core while they are."""

from __future__ import annotations

import threading

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


def test_products_get_their_cores_back_when_the_last_has_left():
    """Two that overlap without one inside the other: the first to leave must not open the gate for the second, nor the
    second leave it shut.
    """
    before, both, left = blas_threads(), threading.Barrier(2, timeout=20), threading.Event()
    seen = []

    def first():
        with threads.products_on_one_core():
            both.wait()
        left.set()

    thread = threading.Thread(target=first)
    thread.start()
    with threads.products_on_one_core():
        both.wait()
        assert left.wait(20)
        seen.append(blas_threads())
    thread.join()
    assert set(seen[0]) == {1}
    assert blas_threads() == before


def test_they_get_them_back_after_an_error():
    before = blas_threads()
    with pytest.raises(ValueError, match="no"), threads.products_on_one_core():
        raise ValueError("no")
    assert blas_threads() == before
