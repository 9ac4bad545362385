"""Designs of every kind with the matrix that each should stand for, made row by row from the formulas."""

from __future__ import annotations

import numpy as np

from rheobase.design import Chunked, Convolved, Dense, SideBySide

CAUSALITIES = [("causal", True), ("causal", False), ("anti-causal", True), ("anti-causal", False), ("acausal", False)]


def convolved_by_hand(signals, kernel, causality, shift, epochs):
    """Feature (channel, basis) of every row, one number after the other; NaN where the window leaves the epoch."""
    signals = np.asarray(signals, dtype=float)
    window, n_basis = kernel.shape
    n_time, n_channels = signals.shape
    offset = {
        ("causal", True): -1,
        ("causal", False): 0,
        ("anti-causal", True): window,
        ("anti-causal", False): window - 1,
        ("acausal", False): window - 1 - (window - 1) // 2,
    }[causality, shift]
    out = np.full((n_time, n_channels, n_basis), np.nan)
    for start, stop in epochs:
        for t in range(start, stop):
            seen = t + offset - np.arange(window)
            if seen.min() >= start and seen.max() < stop:
                out[t] = np.einsum("wc,wb->cb", signals[seen], kernel)
    return out.reshape(n_time, n_channels * n_basis)


def dense_cases():
    """Name → (design, matrix with NaN on masked rows)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 4)) * [1.0, 1e-12, 1e12, 3.0] + [0.0, 0.0, 1e13, -2.0]
    holes = x.copy()
    holes[[0, 17, 149], [1, 3, 0]] = [np.nan, np.inf, -np.inf]
    counts = rng.poisson(2.0, size=(150, 3)).astype(np.uint8)
    constant = np.column_stack([np.full(150, 0.1), x[:, 0], np.full(150, 1e8)])
    offset = rng.normal(size=(150, 2)) + 1e8
    arrays = {
        "normal": x,
        "nan rows": holes,
        "uint8 counts": counts,
        "bool": counts > 2,
        "float32": x[:, [0, 3]].astype(np.float32),
        "int64": counts.astype(np.int64) - 1,
        "fortran": np.asfortranarray(holes),
        "strided": np.repeat(np.repeat(holes, 2, axis=0), 3, axis=1)[::2, ::3],
        "reversed": holes[::-1, ::-1],
        "one feature": x[:, :1],
        "wide": rng.normal(size=(20, 33)),
        "one row": rng.normal(size=(1, 2)),
        "constant columns": constant,
        "huge offset": offset,
        "huge values": np.array([[1.7e308, 1.7e308], [1.0, 2.0], [np.nan, 3.0]]) * 1e-160,
    }
    out = {}
    for name, array in arrays.items():
        matrix = np.array(array, dtype=float)
        matrix[~np.isfinite(matrix).all(axis=1)] = np.nan
        out[name] = (Dense(array), matrix)
    return out


def convolved_cases():
    """Name → (design, matrix with NaN on masked rows)."""
    rng = np.random.default_rng(1)
    kernel = rng.normal(size=(6, 3))
    counts = rng.poisson(0.7, size=(140, 2)).astype(np.uint8)
    epochs = [(0, 50), (50, 53), (60, 140)]
    out = {}
    for causality, shift in CAUSALITIES:
        options = {"causality": causality, "shift": shift, "first": [0, 50, 60], "last": [50, 53, 140]}
        design = Convolved(counts, kernel, **options)
        out[f"{causality}, shift={shift}"] = (design, convolved_by_hand(counts, kernel, causality, shift, epochs))
    signal = rng.normal(size=(90, 1)) + 5.0
    signal[[20, 55], 0] = [np.nan, np.inf]
    out["holes in the signal"] = (Convolved(signal, kernel), None)
    plain = rng.normal(size=(90, 2))
    out["one epoch"] = (Convolved(plain, kernel), convolved_by_hand(plain, kernel, "causal", True, [(0, 90)]))
    delay = np.eye(4)
    out["lags"] = (Convolved(counts, delay), convolved_by_hand(counts, delay, "causal", True, [(0, 140)]))
    long = rng.normal(size=(401, 2))
    noise = rng.normal(size=(900, 1))
    out["fft window"] = (Convolved(noise, long), convolved_by_hand(noise, long, "causal", True, [(0, 900)]))
    bad = convolved_by_hand(np.where(np.isfinite(signal), signal, np.nan), kernel, "causal", True, [(0, 90)])
    bad[~np.isfinite(bad).all(axis=1)] = np.nan
    out["holes in the signal"] = (out["holes in the signal"][0], bad)
    return out


def chunked_cases():
    """Name → (design, matrix with NaN on masked rows): features that are read from something sliceable."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(150, 4)) * [1.0, 1e-9, 1e9, 3.0] + [0.0, 0.0, 1e10, -2.0]
    holes = x.copy()
    holes[[0, 17, 149], [1, 3, 0]] = [np.nan, np.inf, -np.inf]
    bad = holes.copy()
    bad[~np.isfinite(holes).all(axis=1)] = np.nan
    counts = rng.poisson(2.0, size=(150, 3)).astype(np.uint8)
    first, last = [3, 20, 70, 71], [12, 20, 71, 150]
    kept = np.concatenate([np.arange(a, b) for a, b in zip(first, last)])
    return {
        "all rows": (Chunked(x), x),
        "nan rows": (Chunked(holes), bad),
        "uint8 counts": (Chunked(counts), counts.astype(float)),
        "epochs": (Chunked(holes, first=first, last=last), bad[kept]),
        "one feature": (Chunked(x[:, 0]), x[:, :1]),
    }


def side_by_side_cases():
    """Name → (design, matrix with NaN on masked rows): columns of several designs."""
    rng = np.random.default_rng(3)
    dense = rng.normal(size=(140, 3)) * [1.0, 50.0, 1e-3] + [0.0, 3.0, 0.0]
    holes = dense.copy()
    holes[[4, 99], [0, 2]] = [np.nan, np.inf]
    counts = rng.poisson(0.7, size=(140, 2)).astype(np.uint8)
    bank = rng.normal(size=(6, 3))
    epochs = [(0, 50), (50, 53), (60, 140)]
    conv = Convolved(counts, bank, first=[0, 50, 60], last=[50, 53, 140])
    seen = convolved_by_hand(counts, bank, "causal", True, epochs)
    future = Convolved(counts[:, :1], bank, causality="anti-causal")
    ahead = convolved_by_hand(counts[:, :1], bank, "anti-causal", True, [(0, 140)])

    def joined(*parts):
        matrix = np.concatenate(parts, axis=1).astype(float)
        matrix[~np.isfinite(matrix).all(axis=1)] = np.nan
        return matrix

    return {
        "dense and convolved": (SideBySide(Dense(dense), conv), joined(dense, seen)),
        "masks that differ": (SideBySide(conv, Dense(holes), future), joined(seen, holes, ahead)),
        "one part": (SideBySide(Dense(holes)), joined(holes)),
        "arrays": (SideBySide(holes, counts), joined(holes, counts)),
        "chunked": (SideBySide(Chunked(holes), conv, Chunked(counts)), joined(holes, seen, counts)),
        "nested": (SideBySide(SideBySide(dense, conv), future), joined(dense, seen, ahead)),
    }
