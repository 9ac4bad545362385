"""What `build` returns: a design and a response with times, names and terms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import did_you_mean
from .._manners import Plotted
from .._types import BoolArray, FloatArray, IntArray
from ..basis._core import AbstractBasis
from ..containers import IntervalSet, TsdFrame
from ..containers._checks import check_intervals
from ..containers._repr import Table
from ._core import AbstractDesign
from ._curves import curve_of
from ._terms import Term

__all__ = ["BuiltDesign"]


@dataclass(frozen=True, eq=False, repr=False)
class BuiltDesign(Plotted):
    """A design, its response, and what they mean. Unpacks to ``X, y``.

    Attributes
    ----------
    X : AbstractDesign
        The features; goes to `fit`, `predict` and `score` of every model.
    y : Tsd, TsdFrame, ndarray or None
        The response at the same bins.
    terms : tuple of Term
        What the columns are, from left to right.
    names : tuple of str
        One for each column, as in tables of a model.
    mask : numpy.ndarray
        Shape (time,), True where all features and at least one response are known.
    t, time_support
        Bin centres (s) and their epochs; None if all inputs were arrays.
    kind : {"dense", "on the fly"}
        Whether the features are a matrix in memory.
    reason : str
        Why.
    """

    X: AbstractDesign
    y: Any
    terms: tuple[Term, ...]
    mask: BoolArray
    kind: str
    reason: str
    bin_size: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """One for each column."""
        return tuple(name for term in self.terms for name in term.names())

    @property
    def t(self) -> FloatArray | None:
        """Bin centres, s."""
        return self.X.t

    @property
    def time_support(self) -> IntervalSet | None:
        """Epochs of the bins."""
        return self.X.time_support

    @property
    def shape(self) -> tuple[int, int]:
        """Bins and columns."""
        return self.X.shape

    @property
    def features(self) -> TsdFrame | FloatArray:
        """The features as a matrix with times and names, 8 bytes an entry; an array if all inputs were arrays."""
        values = self.X.to_dense()
        if self.t is None:
            return values
        return TsdFrame._trusted(self.t, values, self.time_support, np.array(self.names), None)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.X, self.y))

    def __getitem__(self, label: str) -> Term:
        """The term of that name."""
        return self._find([label])[0]

    def fit(self, model: Any, **terms: Any) -> Any:
        """``model.fit(X, y, **terms)``."""
        return model.fit(self.X, self._response("fit"), **terms)

    def split(self, coef: Any) -> dict[str, np.ndarray]:
        """Cut coefficients into terms.

        Parameters
        ----------
        coef
            Shape (column,) or (column, neuron), such as ``model.coef_``.

        Returns
        -------
        dict
            By name of the term: shape (channel, function, neuron), without the axis of channels for inputs that are
            vectors, of functions for terms without a basis, and of neurons for one neuron.

        Raises
        ------
        ValueError
            If there is not one row for each column.
        """
        values = np.asarray(coef)
        if values.ndim == 0 or len(values) != self.X.n_features:
            msg = f"coef must have one row for each of the {self.X.n_features} columns, got shape {values.shape}."
            raise ValueError(msg)
        return {term.label: values[term.columns].reshape(term.shape + values.shape[1:]) for term in self.terms}

    def curves(self, coef: Any, n_points: int = 100) -> dict[str, tuple[Any, FloatArray]]:
        """Coefficients as filters and tuning curves, on the scale of the linear predictor.

        Parameters
        ----------
        coef
            As in `split`.
        n_points : int
            Points along each signal.

        Returns
        -------
        dict
            By name of the term: where, and the values there, shape (point, channel, neuron), with axes left out as in
            `split`. A convolution is given at its lags (s, positive in the past), an evaluated basis over its bounds;
            for a product of two, "where" is one axis for each, and the values have one axis for each in front. Terms
            without a basis, of labels, or of products with a convolution have no curve and are left out.
        """
        parts = self.split(coef)
        found = {term.label: curve_of(term, parts[term.label], n_points, self.bin_size) for term in self.terms}
        return {label: curve for label, curve in found.items() if curve is not None}

    @property
    def groups(self) -> IntArray:
        """Which columns belong to which term, 0 or 1, shape (term, column), for ``GroupLasso(mask=...)``."""
        return self.group_mask("term")

    def group_mask(self, by: str = "term") -> IntArray:
        """Groups of columns for ``GroupLasso(mask=...)``.

        Parameters
        ----------
        by : {"term", "channel"}
            One group for each term, or for each channel of each term, so that each connection is kept or left out.

        Returns
        -------
        IntArray
            0 and 1, shape (group, column).
        """
        if by not in ("term", "channel"):
            msg = f"by must be 'term' or 'channel', got {by!r}.{did_you_mean(by, ('term', 'channel'))}"
            raise ValueError(msg)
        per_term = [1 if by == "term" else max(len(term.channels), 1) for term in self.terms]
        sizes = [term.n_columns // n for term, n in zip(self.terms, per_term, strict=True) for _ in range(n)]
        rows = np.repeat(np.arange(len(sizes)), sizes)
        mask = np.zeros((len(sizes), self.X.n_features), dtype=np.int64)
        mask[rows, np.arange(self.X.n_features)] = 1
        return mask[mask.any(axis=1)]

    def coupling_mask(
        self,
        *,
        self_connections: bool = True,
        other_connections: bool = True,
        terms: str | Sequence[str] | None = None,
    ) -> IntArray:
        """Which senders each neuron may listen to, for ``PopulationGLM(feature_mask=...)``.

        Parameters
        ----------
        self_connections : bool
            Whether a neuron may listen to its own past.
        other_connections : bool
            Whether it may listen to that of others.
        terms : str or sequence of str, optional
            Names of the terms whose channels are senders. Default: all terms of counted events.

        Returns
        -------
        IntArray
            0 and 1, shape (column, neuron); 1 for all columns of other terms.

        Raises
        ------
        ValueError
            If the response is not a population, or no channel of a term is one of its neurons.
        """
        y = self._response("coupling_mask")
        if np.ndim(y) != 2:
            msg = "coupling_mask needs a response of several neurons; give a TsGroup or TsdFrame as response."
            raise ValueError(msg)
        receivers = y._columns if isinstance(y, TsdFrame) else np.arange(np.shape(y)[1])
        chosen = [term for term in self.terms if term.are_events] if terms is None else self._find(_as_list(terms))
        if not chosen:
            msg = "no term is made of counted events; name the terms whose channels are the senders: terms=['history']."
            raise ValueError(msg)
        mask = np.ones((self.X.n_features, receivers.size), dtype=np.int64)
        for term in chosen:
            senders = np.array([str(label) for label in term.channels])
            own = senders[:, None] == receivers.astype(str)
            if not own.any():
                msg = (
                    f"no channel of term {term.label!r} ({', '.join(senders[:5]) or 'a vector'}) is a neuron of the "
                    f"response ({', '.join(map(str, receivers[:5]))}). Name the terms of senders with terms=[...]."
                )
                raise ValueError(msg)
            kept = np.where(own, bool(self_connections), bool(other_connections))
            mask[term.columns] = np.repeat(kept, term.n_functions, axis=0)
        return mask

    def penalty_matrices(self, order: int = 2, kind: str = "difference") -> list[FloatArray]:
        """Roughness of each term with a basis, for ``Smoothness(penalty=...)``.

        Parameters
        ----------
        order, kind
            As in the ``penalty_matrix`` of a basis.

        Returns
        -------
        list of ndarray
            One for each term that has a basis, shape (column, column), zero outside its own columns.
        """
        out = []
        for term in self.terms:
            if term.basis is not None and term.n_columns:
                block = term.basis.penalty_matrix(order, kind)
                whole = np.zeros((self.X.n_features, self.X.n_features))
                n_channels = max(math.prod(term.shape[:-1]), 1)
                whole[term.columns, term.columns] = np.kron(np.eye(n_channels), block)
                out.append(whole)
        return out

    def response_in(self, ep: IntervalSet) -> Any:
        """The response, NaN outside `ep`: a fit or a score leaves those rows out.

        Parameters
        ----------
        ep : IntervalSet
            Epochs to keep, for instance those to train on.
        """
        y = self._response("response_in")
        if self.t is None:
            msg = "response_in needs times, but all inputs were arrays. Give series to build."
            raise ValueError(msg)
        inside = y.in_interval(check_intervals(ep)).values
        values = np.where(inside if y.ndim == 1 else inside[:, None], y.values, np.nan)
        return y._like(y.t, values, y.time_support)

    def _response(self, method: str) -> Any:
        if self.y is None:
            msg = f"{method} needs a response, but the design was built without one; give response= to build."
            raise ValueError(msg)
        return self.y

    def _find(self, labels: Sequence[str]) -> list[Term]:
        by_label = {term.label: term for term in self.terms}
        for label in labels:
            if label not in by_label:
                msg = f"no term is called {label!r}; there are {', '.join(map(repr, by_label))}."
                raise KeyError(msg + did_you_mean(str(label), by_label))
        return [by_label[label] for label in labels]

    def _table(self) -> Table:
        headers = ["term", "columns", "channels", "basis", "input"]
        rows = [
            [term.label, str(term.n_columns), str(len(term.channels) or "-"), _basis_text(term.basis), term.source]
            for term in self.terms
        ]
        used, masked = int(self.mask.sum()), int((~self.mask).sum())
        size = "" if self.bin_size is None else f" of {_milliseconds(self.bin_size)}"
        y = "no response" if self.y is None else _neurons(np.shape(self.y))
        foot = (
            f"{self.X.n_samples:,} bins{size}, {self.X.n_features:,} columns, {y}; {used:,} rows used, {masked:,} "
            f"masked\n{self.kind}: {self.reason}"
        )
        return Table(headers, rows, foot, [False, True, True, False, False], title="BuiltDesign")

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()


def _as_list(terms: str | Sequence[str]) -> list[str]:
    return [terms] if isinstance(terms, str) else list(terms)


def _basis_text(basis: AbstractBasis | None) -> str:
    if basis is None:
        return "-"
    if basis.children:
        return f" {basis.symbol} ".join(_basis_text(child) for child in basis.children)
    return f"{type(basis).__name__}({basis.n_basis_funcs})"


def _neurons(shape: tuple[int, ...]) -> str:
    return "one neuron" if len(shape) == 1 else f"{shape[1]:,} neurons"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"
