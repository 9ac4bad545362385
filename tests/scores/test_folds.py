"""Folds keep what belongs together together, and the past of what is tested out of what is trained on."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase import IntervalSet, Ts, Tsd, TsdFrame, TsGroup
from rheobase.design import Dense
from rheobase.glm import GLM, PopulationGLM
from rheobase.scores import Folds, blocked, by_epoch, by_trial


def series(n=60, step=0.1, starts=(0.0, 10.0, 30.0, 50.0)):
    """A series with `n` samples in each epoch, and its rows' epochs."""
    t = np.concatenate([start + step * np.arange(n) for start in starts])
    support = IntervalSet(np.array(starts) - step / 2, np.array(starts) + step * n - step / 2)
    return Tsd(t, np.arange(t.size), time_support=support), np.repeat(np.arange(len(starts)), n)


def random_folds():
    """Folds of every kind, with a gap or without, and their rows' times."""
    gap = st.sampled_from([0.0, 1.0, 2.5])
    n = st.integers(40, 200)
    rows = st.builds(lambda n, k, g, b: blocked(n, k, gap=g, n_blocks=b), n, st.integers(2, 5), gap, st.integers(1, 2))
    times = st.builds(lambda n, k, g: blocked(series(n)[0], k, gap=g / 2), st.integers(20, 40), st.integers(2, 4), gap)
    epochs = st.builds(
        lambda n, k, g: by_epoch(series(n)[0], n_folds=k, gap=g), st.integers(5, 30), st.sampled_from([None, 2, 3]), gap
    )
    trials = st.builds(lambda n, k: by_trial(np.arange(n) // 7, k), n, st.sampled_from([None, 2, 4]))
    return st.one_of(rows, times, epochs, trials)


@given(random_folds())
def test_every_row_is_tested_once(folds):
    tests = [test for _, test in folds.split()]
    np.testing.assert_array_equal(np.sort(np.concatenate(tests)), np.arange(len(folds.fold_of_row)))


@given(random_folds())
def test_no_row_is_trained_on_within_the_gap_of_a_test_row_and_all_others_are(folds):
    for train, test in folds.split():
        distance = np.abs(folds.times[:, None] - folds.times[test]).min(axis=1)
        far = distance > folds.gap + 1e-9 if folds.gap else ~np.isin(np.arange(distance.size), test)
        np.testing.assert_array_equal(train, np.flatnonzero(far))


@given(random_folds())
def test_folds_are_the_same_every_time(folds):
    again = pickle.loads(pickle.dumps(folds))
    for (train, test), (train2, test2) in zip(folds.split(), again, strict=True):
        np.testing.assert_array_equal(train, train2)
        np.testing.assert_array_equal(test, test2)
    assert folds.get_n_splits() == len(folds) == len(list(folds))


@given(st.integers(2, 6), st.integers(1, 3), st.integers(20, 100))
def test_blocks_are_contiguous_and_of_one_size(n_folds, n_blocks, n):
    label = blocked(n, n_folds, n_blocks=n_blocks).fold_of_row
    edges = np.flatnonzero(np.diff(label)) + 1
    sizes = np.diff(np.concatenate([[0], edges, [n]]))
    assert sizes.size == n_folds * n_blocks
    assert np.ptp(sizes) <= 1


def test_epochs_stay_whole_and_folds_are_balanced():
    lengths = np.array([50, 10, 10, 10, 30, 10, 20, 40])
    starts = 100.0 * np.arange(8)
    t = np.concatenate([s + 0.5 + np.arange(n) for s, n in zip(starts, lengths)])
    epochs = IntervalSet(starts, starts + lengths)
    folds = by_epoch(t, epochs, n_folds=3)
    of_epoch = np.repeat(np.arange(8), lengths)
    assert all(np.unique(folds.fold_of_row[of_epoch == e]).size == 1 for e in range(8))
    np.testing.assert_array_equal(np.bincount(folds.fold_of_row), [60, 60, 60])


def test_by_default_each_epoch_is_a_fold():
    tsd, epoch = series()
    np.testing.assert_array_equal(by_epoch(tsd).fold_of_row, epoch)


def test_rows_outside_all_epochs_are_left_out():
    tsd, _ = series()
    folds = by_epoch(tsd, IntervalSet([0.05, 10.05, 100], [2.05, 13.05, 120]))
    assert len(folds) == 2
    used = np.concatenate([np.concatenate(pair) for pair in folds])
    inside = ((tsd.t > 0.05) & (tsd.t < 2.05)) | ((tsd.t > 10.05) & (tsd.t < 13.05))
    np.testing.assert_array_equal(np.unique(used), np.flatnonzero(inside))


def test_a_gap_in_seconds_reaches_across_epochs_that_lie_close():
    tsd = Tsd(
        np.arange(10.0), np.zeros(10), time_support=IntervalSet([-0.2, 2.8, 5.8], [2.2, 5.2, 9.2])
    )  # epochs 0-2, 3-5, 6-9
    train = [train for train, _ in by_epoch(tsd, gap=2.0)]
    np.testing.assert_array_equal(train[0], np.arange(5, 10))
    np.testing.assert_array_equal(train[1], [0, 8, 9])


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["b", "b", "a", "a", "c", "b"]),
        np.array([7.0, 7.0, 2.0, 2.0, 9.0, 7.0]),
        np.array([7, 7, 2, 2, 9, 7], dtype=np.int32),
        Tsd(np.arange(6.0), np.array([7, 7, 2, 2, 9, 7])),
    ],
    ids=["words", "floats", "integers", "series"],
)
def test_trials_are_folds_in_the_order_in_which_they_come(labels):
    np.testing.assert_array_equal(by_trial(labels).fold_of_row, [0, 0, 1, 1, 2, 0])


def test_rows_of_no_trial_are_left_out():
    labels = np.array([1.0, np.nan, 2.0, 2.0, np.nan])
    np.testing.assert_array_equal(by_trial(labels).fold_of_row, [0, -1, 1, 1, -1])


def test_the_gap_of_a_series_of_trials_is_in_seconds():
    labels = Tsd(0.1 * np.arange(20), np.repeat([1, 2], 10))
    train, _ = next(iter(by_trial(labels, gap=0.3)))
    np.testing.assert_array_equal(train, np.arange(13, 20))


@pytest.mark.parametrize("make", [lambda n: n, lambda n: np.zeros((n, 3)), lambda n: [0.0] * n, np.int64])
def test_blocks_of_anything_with_rows(make):
    np.testing.assert_array_equal(blocked(make(9), 3).fold_of_row, np.repeat([0, 1, 2], 3))
    np.testing.assert_array_equal(blocked(Dense(np.zeros((9, 2)))).fold_of_row, blocked(9).fold_of_row)


def test_scikit_learn_takes_them(rng):
    from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate

    X = rng.normal(size=(200, 2))
    y = rng.poisson(np.exp(0.5 * X[:, 0])).astype(float)
    folds = blocked(X, 4, gap=5)
    scores = cross_val_score(GLM(), X, y, cv=folds)
    by_hand = [GLM().fit(X[train], y[train]).score(X[test], y[test]) for train, test in folds]
    np.testing.assert_allclose(scores, by_hand, rtol=1e-9)
    search = GridSearchCV(GLM(regularizer="Ridge"), {"regularizer_strength": [0.01, 1.0]}, cv=folds).fit(X, y)
    assert search.n_splits_ == 4
    many = cross_validate(PopulationGLM(), X, np.stack([y, y], axis=1), cv=by_trial(np.arange(200) // 20, 5))
    assert many["test_score"].shape == (5,)


def test_scikit_learn_takes_them_for_series(rng):
    from sklearn.model_selection import cross_val_score

    tsd, _ = series()
    X = TsdFrame(tsd.t, rng.normal(size=(240, 2)), time_support=tsd.time_support)
    y = Tsd(tsd.t, rng.poisson(1.0, size=240).astype(float), time_support=tsd.time_support)
    folds = by_epoch(X, gap=0.5)
    np.testing.assert_allclose(
        cross_val_score(GLM(), X, y, cv=folds), cross_val_score(GLM(), X.values, y.values, cv=folds)
    )


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: blocked(3, 2, n_blocks=2), ValueError, "cannot be cut into 4 blocks"),
        (lambda: blocked(30, 1), ValueError, "n_folds must be at least 2"),
        (lambda: blocked(30, 2.5), TypeError, "n_folds must be an integer"),
        (lambda: blocked(30, 2, n_blocks=0), ValueError, "n_blocks must be at least 1"),
        (lambda: blocked(30, 2, gap=-1), ValueError, "gap must be a number >= 0"),
        (lambda: blocked(30, 2, gap=100), ValueError, "leaves no row to train on"),
        (lambda: blocked(None), TypeError, "rows are needed"),
        (lambda: by_epoch(np.arange(5.0)), TypeError, "needs epochs"),
        (lambda: by_epoch(np.arange(5.0)[::-1], IntervalSet(0, 3)), ValueError, "sorted"),
        (lambda: by_epoch(np.arange(5.0), IntervalSet(0, 3)), ValueError, "1 epochs with rows cannot be dealt out"),
        (lambda: by_epoch(series()[0], n_folds=5), ValueError, "4 epochs with rows cannot be dealt out to 5"),
        (lambda: by_epoch(TsGroup({0: Ts(np.arange(3.0))})), TypeError, "Count events in bins"),
        (lambda: by_trial([]), ValueError, "one label for each row"),
        (lambda: by_trial([1, 1, 1]), ValueError, "1 trials with rows"),
        (lambda: Folds([0, 0, 2, 2]), ValueError, "rows per fold"),
        (lambda: Folds([0.0, 1.0]), ValueError, "one integer >= -1"),
        (lambda: Folds([0, 1], times=[0.0, 1.0, 2.0]), ValueError, "one entry for each of 2 rows"),
        (lambda: list(blocked(10).split(np.zeros((9, 2)))), ValueError, "these folds are for 10 rows, but X has 9"),
    ],
)
def test_what_makes_no_folds_says_so(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_they_say_what_they_are():
    assert repr(blocked(100, 4, gap=2)) == "Folds(4 folds of 100 rows, gap=2)"
