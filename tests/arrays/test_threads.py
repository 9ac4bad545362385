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
