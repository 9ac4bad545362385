"""Values that are arrays of JAX or maps of a file behave as those of NumPy do, in every operation."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.containers import IntervalSet, Ts, Tsd, TsdFrame, TsdTensor

N = 200
TIMES = np.arange(N) / 10
EPOCHS = IntervalSet([1.05, 8.0], [6.05, 17.3])
CLASSES = {(): Tsd, (3,): TsdFrame, (2, 2): TsdTensor}
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}  # of float32, which both have


def numbers(shape):
    return np.random.default_rng(5).normal(size=(N, *shape)).astype(np.float32)


def in_jax(values, folder):
    return pytest.importorskip("jax.numpy").asarray(values)


def in_a_file(values, folder):
    values.tofile(folder / "values.dat")
    return np.memmap(folder / "values.dat", values.dtype, "r", shape=values.shape)


OPERATIONS = {
    "restrict": lambda x: x.restrict(EPOCHS),
    "restrict to nothing": lambda x: x.restrict(IntervalSet([], [])),
    "exclude": lambda x: x.exclude(EPOCHS),
    "get": lambda x: x.get(2.0, 3.0),
    "slice": lambda x: x[10:50:3],
    "mask": lambda x: x[x.t > 7],
    "rows": lambda x: x[[3, 7, 190]],
    "first": lambda x: x[0],
    "last axis": lambda x: x[..., -1] if x.ndim > 1 else x[-1],
    "count": lambda x: x.count(0.5, EPOCHS),
    "bin_average": lambda x: x.bin_average(0.55, EPOCHS),
    "interpolate": lambda x: x.interpolate(Ts(np.arange(1.0, 15.0, 0.33)), EPOCHS),
    "value_from": lambda x: Ts(np.arange(1.0, 15.0, 0.33)).value_from(x, EPOCHS),
    "derivative": lambda x: x.derivative(EPOCHS),
    "decimate": lambda x: x.decimate(2),
    "dropna": lambda x: (x / (x > -0.5)).dropna() if x.ndim == 1 else x.dropna(),
    "convolve": lambda x: x.convolve(np.array([0.25, 0.5, 0.25]), EPOCHS),
    "smooth": lambda x: x.smooth(0.3, size_factor=5),
    "to_trial_tensor": lambda x: x.to_trial_tensor(EPOCHS),
    "copy": lambda x: x.copy(),
    "as numpy": lambda x: x.to_numpy(),
    "sum": lambda x: 2 * x + x,
    "compare": lambda x: (x > 0) * 1.0,
    "negate": lambda x: -x,
    "power": lambda x: x**2,
    "ufunc": lambda x: np.exp(x),
    "mean over time": lambda x: np.mean(x, axis=0),
    "mean over columns": lambda x: x.mean(axis=1) if x.ndim > 1 else x.mean(),
    "concatenate": lambda x: np.concatenate((x[:20], x[100:])),
    "split": lambda x: np.split(x, 4)[2],
    "time_diff": lambda x: x.time_diff(epochs=EPOCHS),
    "find_support": lambda x: x.find_support(0.2),
    "in_interval": lambda x: x.in_interval(EPOCHS),
}
OF_ONE = {
    "threshold": lambda x: x.threshold(0.5),
    "find_peaks": lambda x: x.find_peaks(height=0.5),
    "to_tsgroup": lambda x: (x > 0).threshold(0.5),
    "as_series": lambda x: x.as_series(),
}
OF_FRAMES = {
    "column": lambda x: x["b"],
    "columns": lambda x: x[["c", "a"]],
    "loc": lambda x: x.loc[["b"]],
    "as_dataframe": lambda x: x.as_dataframe(),
    "by metadata": lambda x: x[:, x.side == "l"],
}


def series(values):
    keywords = {"columns": list("abc"), "metadata": {"side": list("lrl")}} if values.ndim == 2 else {}
    return CLASSES[values.shape[1:]](TIMES, values, load_array=False, **keywords)


def parts(result):
    """Times, values and support of what came out, whatever it is."""
    if hasattr(result, "time_support"):
        values = () if isinstance(result, Ts) else (np.asarray(result.values),)
        return (result.t, *values, result.time_support.values)
    return (np.asarray(result.values if isinstance(result, IntervalSet) else result),)


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize("kept", [in_jax, in_a_file])
@pytest.mark.parametrize(
    ("shape", "name"),
    [(shape, name) for shape in CLASSES for name in OPERATIONS]
    + [((), name) for name in OF_ONE]
    + [((3,), name) for name in OF_FRAMES],
)
def test_the_same_numbers_as_with_numpy(tmp_path, kept, shape, name):
    operation = (OPERATIONS | OF_ONE | OF_FRAMES)[name]
    values = numbers(shape)
    expected = operation(series(values.copy()))
    found = operation(series(kept(values, tmp_path)))
    assert type(found) is type(expected) or not hasattr(expected, "time_support")
    for one, two in zip(parts(found), parts(expected), strict=True):
        if two.dtype.kind in "OU":
            np.testing.assert_array_equal(one, two)
        else:
            np.testing.assert_allclose(one.astype(float), two.astype(float), **TOLERANCE)


@pytest.mark.parametrize("shape", CLASSES)
def test_a_map_of_a_file_is_never_written_to(tmp_path, shape):
    values = numbers(shape)
    mapped = series(in_a_file(values, tmp_path))
    for operation in OPERATIONS.values():
        with np.errstate(all="ignore"):
            operation(mapped)
    np.testing.assert_array_equal(np.fromfile(tmp_path / "values.dat", np.float32).reshape(values.shape), values)
    with pytest.raises(ValueError, match="read-only"):
        mapped[0] = 1.0


@pytest.mark.parametrize("shape", CLASSES)
def test_what_is_chosen_of_an_array_of_jax_is_one(shape):
    jax = pytest.importorskip("jax")
    held = series(in_jax(numbers(shape), None))
    for part in (held, held.restrict(EPOCHS), held[10:20], held[held.t > 3]):
        assert isinstance(part.values, jax.Array)
