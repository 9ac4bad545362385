"""Distances from every row of population activity to every template, as `scipy.spatial.distance.cdist` defines them.

Correlation, cosine and the Euclidean family are one matrix product per block of time. A product loses digits where a
row all but equals a template, and the order of its sums can break a tie; such rows are given to `cdist`. All other
distances are `cdist`'s, block by block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._types import FloatArray, IntArray
from .population import Activity, column_ids, undecided

__all__ = ["METRICS", "distances"]

METRICS = {
    "braycurtis": ("braycurtis",),
    "canberra": ("canberra",),
    "chebyshev": ("chebyshev", "chebychev", "cheby", "cheb", "ch"),
    "cityblock": ("cityblock", "cblock", "cb", "c"),
    "correlation": ("correlation", "co"),
    "cosine": ("cosine", "cos"),
    "dice": ("dice",),
    "euclidean": ("euclidean", "euclid", "eu", "e"),
    "hamming": ("hamming", "matching", "hamm", "ha", "h"),
    "jaccard": ("jaccard", "jacc", "ja", "j"),
    "jensenshannon": ("jensenshannon", "js"),
    "kulczynski1": ("kulczynski1",),
    "mahalanobis": ("mahalanobis", "mahal", "mah"),
    "minkowski": ("minkowski", "mi", "m", "pnorm"),
    "rogerstanimoto": ("rogerstanimoto",),
    "russellrao": ("russellrao",),
    "seuclidean": ("seuclidean", "se", "s"),
    "sokalmichener": ("sokalmichener",),
    "sokalsneath": ("sokalsneath",),
    "sqeuclidean": ("sqeuclidean", "sqe", "sqeuclid"),
    "yule": ("yule",),
}
"""Names of metrics, each with its spellings; which of them there are depends on the version of SciPy."""

CLOSE = 1e-2
"""Squared distance, relative to the squared lengths, below which a product keeps too few digits."""

ROUNDING = 1e-11
"""Relative difference below which two distances may be the same."""

ANGLES = ("correlation", "cosine")
"""Metrics that subtract from 1, so that rounding is absolute."""


def distances(
    activity: Activity, templates: FloatArray, metric: str | Callable[..., float], observed: Activity | None = None
) -> tuple[FloatArray, IntArray]:
    """Distance of every row to every template, and the first closest template.

    Parameters
    ----------
    activity
        Shape (time, unit).
    templates
        Shape (template, unit).
    metric
        A name (in its first spelling) of `METRICS`, or a function of two vectors.
    observed
        Rows that "seuclidean" and "mahalanobis" take variances from, together with the templates; by default
        `activity`.

    Returns
    -------
    distances
        Shape (time, template).
    best
        Shape (time,); -1 where all distances are NaN.
    """
    from scipy.spatial.distance import cdist

    out = np.empty((activity.shape[0], len(templates)))
    best = np.full(activity.shape[0], -1, dtype=np.int64)
    product, options = _product(activity, templates, metric, activity if observed is None else observed)
    whole = activity.values.dtype.kind in "biu"
    ids = column_ids(templates.T) if product else np.empty(0, dtype=np.int64)
    for rows in activity.slices(len(templates)) if len(templates) else ():
        counts, block = activity.block(rows), out[rows]
        if product is None:
            block[...] = cdist(np.ascontiguousarray(counts), templates, metric=metric, **options)
            best[rows] = _closest(block)
            continue
        if not whole:  # the mean of a constant row depends on the order of the sum
            counts = np.ascontiguousarray(counts)
        doubtful = product(counts, block)
        least = np.fmin.reduce(block, axis=1)
        near = block <= (least + ROUNDING * (np.abs(least) + (metric in ANGLES)))[:, None]
        best[rows] = np.where(near.any(axis=1), near.argmax(axis=1), -1)
        doubtful = np.union1d(doubtful, undecided(near, ids))
        if doubtful.size:
            exact = cdist(np.ascontiguousarray(counts[doubtful]), templates, metric=metric, **options)
            block[doubtful], best[rows.start + doubtful] = exact, _closest(exact)
    return out, best


def _closest(block: FloatArray) -> IntArray:
    """First smallest distance of each row; -1 for rows of NaN."""
    missing = np.isnan(block)
    if not missing.any():
        return block.argmin(axis=1)
    best = np.where(missing, np.inf, block).argmin(axis=1)
    best[missing.all(axis=1)] = -1
    return best


def _product(activity: Activity, templates: FloatArray, metric: Any, observed: Activity) -> tuple[Any, dict[str, Any]]:
    """How to fill a block by matrix product (None: there is no way), and what `cdist` is to be told."""
    if templates.size == 0 or activity.shape[0] == 0:
        return None, {}
    options: dict[str, Any] = {}
    if metric == "mahalanobis" and observed.shape[0] + len(templates) > observed.shape[1]:
        options["VI"] = np.linalg.inv(np.atleast_2d(np.cov(_observations(observed, templates).T))).T.copy()
    elif metric == "seuclidean":
        options["V"] = np.var(_observations(observed, templates), axis=0, ddof=1)
    if np.isinf(templates).any():
        return None, options
    if metric in ANGLES:
        return _Angle(templates, centred=metric == "correlation"), options
    if metric in ("euclidean", "minkowski", "sqeuclidean") or options:
        return _Euclid(templates, options, root=metric != "sqeuclidean"), options
    return None, options


def _observations(activity: Activity, templates: FloatArray) -> FloatArray:
    """Rows and templates together, for metrics that take their scale from the data."""
    return np.concatenate([*(activity.block(rows) for rows in activity.slices(len(templates))), templates])


class _Angle:
    """One minus the cosine of the angle between rows and templates, or (centred) their correlation."""

    def __init__(self, templates: FloatArray, centred: bool) -> None:
        self.centred = centred
        templates = templates - templates.mean(axis=1, keepdims=True) if centred else templates
        with np.errstate(divide="ignore", invalid="ignore"):
            self.templates = templates.T / np.linalg.norm(templates, axis=1)

    def __call__(self, counts: FloatArray, out: FloatArray) -> IntArray:
        """Fill `out`, shape (time, template); returns the rows that need a closer look."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.centred:
                counts = counts - counts.mean(axis=1, keepdims=True)
            np.matmul(counts, self.templates, out=out)
            out /= -np.sqrt(np.einsum("tu,tu->t", counts, counts))[:, None]
        np.clip(out, -1.0, 1.0, out=out)
        out += 1.0
        return np.empty(0, dtype=np.int64)


class _Euclid:
    """Euclidean distance, each unit scaled by its variance (V), or all by their inverse covariance (VI)."""

    def __init__(self, templates: FloatArray, options: dict[str, Any], root: bool) -> None:
        self.root, self.inverse = root, options.get("VI")
        with np.errstate(divide="ignore"):
            self.scale = 1.0 / options["V"] if "V" in options else None
        sizes = np.maximum((~np.isnan(templates)).sum(axis=0), 1)
        self.centre = np.nansum(templates, axis=0) / sizes  # lengths as short as can be: fewer digits are lost
        self.templates = templates - self.centre
        self.weighted, self.lengths = self._weigh(self.templates)

    def _weigh(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Rows times the metric, and their squared lengths in it."""
        weighted = rows if self.scale is None else rows * self.scale
        weighted = weighted if self.inverse is None else rows @ self.inverse
        return weighted, np.einsum("tu,tu->t", weighted, rows)

    def __call__(self, counts: FloatArray, out: FloatArray) -> IntArray:
        """Fill `out`, shape (time, template); returns the rows that need a closer look."""
        with np.errstate(invalid="ignore", over="ignore"):
            counts = counts - self.centre
            _, lengths = self._weigh(counts)
            np.matmul(counts, -2.0 * self.weighted.T, out=out)
            out += self.lengths
            out += lengths[:, None]
            close = (out < CLOSE * lengths[:, None]).any(axis=1) | np.isinf(lengths)
            np.maximum(out, 0.0, out=out)
            if self.root:
                np.sqrt(out, out=out)
        return np.flatnonzero(close)
