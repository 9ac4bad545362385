"""Folders of phy and Kilosort: sorted spikes, read as they are. No file is run."""

from __future__ import annotations

import ast
import csv
from pathlib import Path
from typing import Any

import numpy as np

from ..containers import IntervalSet, TsGroup
from ._arrays_in import load_npy
from ._groups import group_of

__all__ = ["is_phy", "read_params", "read_phy"]

SPIKE_TIMES = "spike_times.npy"
TABLES = ("cluster_info", "cluster_group", "cluster_KSLabel", "cluster_ContamPct", "cluster_Amplitude")
QUALITY = ("group", "KSLabel")
"""Columns that say how good a unit is; the first that has an entry counts."""


def is_phy(folder: Path) -> bool:
    """Whether a folder holds sorted spikes in phy's layout."""
    return (folder / SPIKE_TIMES).is_file()


def read_phy(folder: Path) -> TsGroup:
    """Units of a phy folder, keyed by cluster; those that were labelled noise are left out.

    Metadata are the columns of ``cluster_info.tsv`` (or of the smaller tables, where that is missing), with ``quality``
    for what phy calls group ("good", "mua", "unsorted"), and ``group`` for the shank.

    Raises
    ------
    RuntimeError
        If a file is missing or damaged, or the sampling rate is not stated.
    """
    params = read_params(folder / "params.py")
    rate = params.get("sample_rate")
    if not isinstance(rate, int | float) or not rate > 0:
        msg = f"{folder / 'params.py'} does not state sample_rate, got {rate!r}."
        raise RuntimeError(msg)
    samples = load_npy(folder / SPIKE_TIMES).ravel()
    labels = next(
        (folder / f"{n}.npy" for n in ("spike_clusters", "spike_templates") if (folder / f"{n}.npy").is_file()), None
    )
    if labels is None:
        msg = f"{folder} holds neither spike_clusters.npy nor spike_templates.npy."
        raise RuntimeError(msg)
    cluster = load_npy(labels).ravel().astype(np.int64)
    if cluster.shape != samples.shape:
        msg = f"{folder}: {SPIKE_TIMES} has {len(samples)} spikes, and {labels.name} {len(cluster)}."
        raise RuntimeError(msg)
    tables = _read_tables(folder)
    keys = np.array(
        [key for key in np.unique(cluster).tolist() if _quality(tables.get(key, {})) != "noise"], dtype=np.int64
    )
    return group_of(samples / rate, cluster, keys, _duration(folder, params, rate), _info(keys, tables))


def read_params(path: Path) -> dict[str, Any]:
    """Assignments of constants in ``params.py``; the file is parsed, never run.

    Raises
    ------
    RuntimeError
        If it is missing, or no Python.
    """
    try:
        module = ast.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{path.parent} holds no params.py, which states the sampling rate."
        raise RuntimeError(msg) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        msg = f"{path} cannot be understood ({error})."
        raise RuntimeError(msg) from error
    params = {}
    for statement in module.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                params[statement.targets[0].id] = ast.literal_eval(statement.value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                continue  # more than a constant, which we do not run
    return params


def _read_tables(folder: Path) -> dict[int, dict[str, str]]:
    """Rows of all tables by cluster; of one column in two tables, that of the first counts."""
    rows: dict[int, dict[str, str]] = {}
    for name in TABLES:
        for path in (folder / f"{name}.tsv", folder / f"{name}.csv"):
            if not path.is_file():
                continue
            with open(path, newline="", encoding="utf-8", errors="replace") as file:
                for row in csv.DictReader(file, delimiter="\t"):
                    key = row.pop("cluster_id", None) or row.pop("id", None)
                    if key is None or not key.strip().lstrip("-").isdigit():
                        continue
                    known = rows.setdefault(int(key), {})
                    known |= {k: v for k, v in row.items() if k and isinstance(v, str) and k not in known}
    return rows


def _quality(row: dict[str, str]) -> str:
    return next((row[name] for name in QUALITY if row.get(name)), "unsorted")


def _info(keys: np.ndarray, tables: dict[int, dict[str, str]]) -> dict[str, Any]:
    rows = [tables.get(key, {}) for key in keys.tolist()]
    names = dict.fromkeys(name for row in rows for name in row)
    info: dict[str, Any] = {"group": _column([row.get("sh", "0") for row in rows])}
    info["quality"] = np.array([_quality(row) for row in rows], dtype=str)
    skip = {"group", "quality", "rate", "sh", "firing_rate", "fr", "n_spikes"}
    return info | {name: _column([row.get(name, "") for row in rows]) for name in names if name not in skip}


def _column(texts: list[str]) -> np.ndarray:
    """Whole numbers, numbers (NaN for none) or texts."""
    try:
        return np.array([int(text) for text in texts], dtype=np.int64)
    except ValueError:
        pass
    try:
        return np.array([float(text) if text.strip() else np.nan for text in texts])
    except ValueError:
        return np.array(texts, dtype=str)


def _duration(folder: Path, params: dict[str, Any], rate: float) -> IntervalSet | None:
    """From 0 to the end of the recording; None where that is not there."""
    paths = params.get("dat_path")
    paths = [paths] if isinstance(paths, str) else paths if isinstance(paths, list | tuple) else []
    n_channels, dtype = params.get("n_channels_dat"), params.get("dtype", "int16")
    files = [folder / path for path in paths if isinstance(path, str)]
    if not files or not all(file.is_file() for file in files) or not isinstance(n_channels, int) or n_channels < 1:
        return None
    try:
        size = np.dtype(dtype).itemsize
    except TypeError:
        return None
    offset = params.get("offset", 0)
    n_bytes = sum(file.stat().st_size for file in files) - (offset if isinstance(offset, int) else 0)
    return IntervalSet(0.0, n_bytes // (size * n_channels) / rate) if n_bytes >= size * n_channels else None
