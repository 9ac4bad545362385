"""Laws of the algebra of sets of epochs: what holds for sets of instants holds for them, up to their borders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.containers import IntervalSet, Ts

WORLD = IntervalSet(-10.0, 110.0)
PROBES = Ts(np.arange(-9.75, 110.0, 0.5))
"""Instants away from all borders, which are whole numbers."""

laws = settings(max_examples=60, deadline=None)
pytestmark = pytest.mark.filterwarnings("ignore:Some starts and ends are equal")


def epochs(values):
    values = np.sort(np.array(values, dtype=float))[: len(values) // 2 * 2]
    return IntervalSet(values[::2], values[1::2])


SETS = st.lists(st.integers(0, 100), max_size=12, unique=True).map(epochs)


def inside(ep):
    """Which of the probes are in it."""
    return ~np.isnan(ep.in_interval(PROBES))


def complement(ep):
    return WORLD.set_diff(ep)


def same(one, two):
    """The same instants; touching epochs may be one or two, a microsecond apart."""
    np.testing.assert_array_equal(inside(one), inside(two))
    assert one.tot_length() == pytest.approx(two.tot_length(), abs=1e-4)


def or_(a, b):
    return a.union(b)


def and_(a, b):
    return a.intersect(b)


def equal(one, two):
    np.testing.assert_array_equal(one.values, two.values)


@given(a=SETS, b=SETS)
@laws
def test_operations_are_those_of_instants(a, b):
    np.testing.assert_array_equal(inside(a.union(b)), inside(a) | inside(b))
    np.testing.assert_array_equal(inside(a.intersect(b)), inside(a) & inside(b))
    np.testing.assert_array_equal(inside(a.set_diff(b)), inside(a) & ~inside(b))


@given(a=SETS, b=SETS)
@laws
def test_de_morgan(a, b):
    same(complement(a.union(b)), complement(a).intersect(complement(b)))
    same(complement(a.intersect(b)), complement(a).union(complement(b)))


@given(a=SETS, b=SETS, c=SETS)
@pytest.mark.parametrize("op", [or_, and_])
@laws
def test_union_and_intersection_are_associative(op, a, b, c):
    same(op(op(a, b), c), op(a, op(b, c)))


@given(a=SETS, b=SETS, c=SETS)
@laws
def test_each_distributes_over_the_other(a, b, c):
    same(a.intersect(b.union(c)), a.intersect(b).union(a.intersect(c)))
    same(a.union(b.intersect(c)), a.union(b).intersect(a.union(c)))
    same(a.set_diff(b.union(c)), a.set_diff(b).set_diff(c))
    same(a.set_diff(b.intersect(c)), a.set_diff(b).union(a.set_diff(c)))


@given(a=SETS, b=SETS)
@pytest.mark.parametrize("op", [or_, and_])
@laws
def test_union_and_intersection_commute(op, a, b):
    equal(op(a, b), op(b, a))


@given(a=SETS, b=SETS)
@laws
def test_doing_it_twice_changes_nothing(a, b):
    equal(a.union(a), a)
    equal(a.intersect(a), a)
    assert len(a.set_diff(a)) == 0
    equal(a.set_diff(b).set_diff(b), a.set_diff(b))
    same(a.union(b).union(b), a.union(b))
    equal(a.intersect(b).intersect(b), a.intersect(b))


@given(a=SETS, b=SETS)
@laws
def test_absorption_and_the_two_parts_of_a_set(a, b):
    same(a.union(a.intersect(b)), a)
    same(a.intersect(a.union(b)), a)
    same(a.set_diff(b).union(a.intersect(b)), a)
    assert len(a.set_diff(b).intersect(b)) == 0
    assert a.tot_length() == pytest.approx(a.set_diff(b).tot_length() + a.intersect(b).tot_length())


@given(a=SETS)
@laws
def test_the_empty_set_and_the_whole(a):
    none = IntervalSet([], [])
    equal(a.union(none), a)
    equal(a.set_diff(none), a)
    assert len(a.intersect(none)) == len(none.set_diff(a)) == 0
    equal(a.intersect(WORLD), a)
    same(complement(complement(a)), a)


@given(sets=st.lists(SETS, min_size=1, max_size=5))
@laws
def test_a_union_of_many_is_one_after_another(sets):
    once = sets[0].union(*sets[1:])
    for other in sets[1:]:
        sets[0] = sets[0].union(other)
    same(once, sets[0])
