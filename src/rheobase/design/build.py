"""From containers and a basis to a design and a response, in one call."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from .._errors import did_you_mean
from .._types import BoolArray
from ..basis._checks import warn_if_outside
from ..containers import Ts, Tsd, TsdFrame, TsGroup
from ._assemble import Piece, assemble
from ._bins import Bins, Samples, as_container, bring, common_bins, count_into
from ._built import BuiltDesign
from ._core import AbstractDesign
from ._requests import Request, one_way, read_requests

__all__ = ["build"]

KINDS = ("auto", "dense", "on the fly")

_SMALL_RESPONSE = 1 << 26
"""Bytes of a response up to which counts are int64, as `count` gives them (64 MB)."""


def build(
    terms: Any,
    *inputs: Any,
    response: Any = None,
    bin_size: float | None = None,
    ep: Any = None,
    kind: str = "auto",
    memory: float = 1e9,
    like: BuiltDesign | None = None,
) -> BuiltDesign:
    """Turn containers and bases into a design and a response at the same bins.

    Events (`Ts`, `TsGroup`) are counted in the bins. Signals at other times are averaged in each bin where they are
    sampled at least twice as fast as the bins, and interpolated where they are slower; of angles (periodic bases),
    labels and slow whole numbers the closest sample is taken, because a mean would make no sense. The bins lie where
    all inputs, the response and `ep` are known, and convolutions never cross an epoch.

    Parameters
    ----------
    terms : dict or basis
        A dict of terms by name: ``(basis, input)``, with as many inputs as the basis takes, or an input alone, whose
        columns are used as they are. Or one basis (a sum has several terms, named by their labels), followed by its
        inputs.
    *inputs
        Inputs of `terms`, if that is a basis: series, events, or arrays with a row for each bin.
    response : TsGroup, Ts, Tsd, TsdFrame or array, optional
        What is to be predicted; events are counted. Counts that are given as a series define the bins, unless
        there is a `bin_size`.
    bin_size : float, optional
        Width of the bins, s. Without it, the samples of the response, or of the first signal, are the bins.
    ep : IntervalSet, optional
        Epochs to use.
    kind : {"auto", "dense", "on the fly"}
        Whether the features are computed once and held as a matrix, or made block by block whenever they are needed:
        convolutions from their signals, other terms, where they do not fit in `memory`, from their inputs or by reading
        a file. The fit is the same. "auto": dense if the matrix takes no more than `memory`.
    memory : float
        Bytes that a matrix of features may take; a fit holds it twice.
    like : BuiltDesign, optional
        A design of the same terms for other data, say for the epochs that a model was fitted to. Bases without `bounds`
        take the range of their input from there, not from this data, so that columns mean the same; samples beyond it
        are NaN.

    Returns
    -------
    BuiltDesign
        With ``X``, ``y``, ``names``, ``mask``, ``t``, ``time_support``, ``groups``, ``split(coef)``,
        ``coupling_mask()``, and a table of its terms as text.

    Raises
    ------
    TypeError
        If there is no basis where one belongs, the number of inputs is not that of the basis, or `ep` is no
        IntervalSet.
    ValueError
        If inputs have no time in common, no bin fits, arrays differ in length, a term is NaN in every row, or terms
        are not those of `like`.
    TimeSupportError
        If events, or counts in other bins, cannot be brought to the bins.

    Examples
    --------
    >>> import rheobase as rb
    >>> spikes = rb.datasets.simulate_recording(n_neurons=3, duration=60).spikes
    >>> history = rb.basis.RaisedCosineLogConv(4, window_size=20)
    >>> d = rb.design.build({"coupling": (history, spikes)}, response=spikes, bin_size=0.005)
    >>> d
    term      columns  channels  basis                   input
    --------  -------  --------  ----------------------  ----------------
    coupling       12         3  RaisedCosineLogConv(4)  TsGroup, counted
    12,000 bins of 5 ms, 12 columns, 3 neurons; 11,960 rows used, 40 masked
    dense: 1.2 MB of features fit in 1.0 GB
    >>> d.names[:5]
    ('coupling[0, 0]', 'coupling[0, 1]', 'coupling[0, 2]', 'coupling[0, 3]', 'coupling[1, 0]')
    >>> model = d.fit(rb.glm.PopulationGLM(regularizer="Ridge", regularizer_strength=1e-3))
    >>> d.split(model.coef_)["coupling"].shape
    (3, 4, 3)
    """
    if kind not in KINDS:
        msg = f"kind must be one of {', '.join(map(repr, KINDS))}, got {kind!r}.{did_you_mean(str(kind), KINDS)}"
        raise ValueError(msg)
    requests = read_requests(terms, inputs)
    response = None if response is None else as_container(response)
    named = {name: x for request in requests for name, x in zip(request.input_names(), request.inputs, strict=True)}
    bins = common_bins(named | ({} if response is None else {"the response": response}), "the response", bin_size, ep)
    known: dict[int, Samples] = {}  # an input of several terms, or the response too, is brought to the bins once
    pieces = [piece for request in requests for piece in _pieces(request, bins, known)]
    _check_rows(pieces)
    pieces = pieces if like is None else _alike(pieces, like)
    n_rows = len(pieces[0].samples[0].values)
    y = _response(response, bins, known, n_rows)
    chosen, reason = _choose(kind, float(memory), n_rows * sum(piece.n_columns for piece in pieces) * 8)
    X = assemble(pieces, bins, n_rows, chosen, float(memory))
    for request in requests:
        if request.basis is not None:
            warn_if_outside(request.basis, [x.values if isinstance(x, Tsd) else x for x in request.inputs])
    starts = np.cumsum([0, *(piece.n_columns for piece in pieces)]).tolist()
    columns = [slice(*pair) for pair in pairwise(starts)]
    placed = tuple(piece.term(where) for piece, where in zip(pieces, columns, strict=True))
    X.t, X.time_support = (None, None) if bins is None else (bins.t, bins.support)
    out = BuiltDesign(X, y, placed, _usable(X, y), chosen, reason, None if bins is None else bins.size)
    X.columns = np.array(out.names)
    return out


def _pieces(request: Request, bins: Bins | None, known: dict[int, Samples]) -> list[Piece]:
    """The terms of one request, each with its own inputs."""
    samples = []
    for name, x, way in zip(request.input_names(), request.inputs, one_way(request.basis), strict=True):
        found = known.get(id(x))
        if found is None:
            found = bring(name, x, bins, way)
            if found.are_events:
                known[id(x)] = found
        samples.append(found)
    if request.basis is None:
        return [Piece(str(request.name), None, samples)]
    components = list(request.basis.components())
    single = len(components) == 1
    pieces = []
    for part in components:
        label = part.label if request.name is None else (request.name if single else f"{request.name}.{part.label}")
        pieces.append(Piece(label, part.basis, samples[part.inputs]))
    return pieces


def _alike(pieces: list[Piece], like: BuiltDesign) -> list[Piece]:
    """The terms with the bases of another design, in the same order."""
    given, wanted = [piece.label for piece in pieces], [term.label for term in like.terms]
    if given != wanted:
        msg = f"the terms must be those of `like`, {', '.join(wanted)}, in this order; got {', '.join(given)}."
        raise ValueError(msg)
    return [piece.like(term) for piece, term in zip(pieces, like.terms, strict=True)]


def _check_rows(pieces: list[Piece]) -> None:
    """Raise unless all inputs have the same number of rows, which only arrays can fail."""
    rows = {piece.label: len(sample.values) for piece in pieces for sample in piece.samples}
    if len(set(rows.values())) > 1:
        found = ", ".join(f"{label} {n}" for label, n in rows.items())
        msg = f"inputs must have the same number of rows, got {found}. Series (Tsd) are brought to the same bins."
        raise ValueError(msg)


def _response(response: Any, bins: Bins | None, known: dict[int, Samples], n_rows: int) -> Any:
    """The response at the bins, as a series if it is one."""
    if response is None:
        return None
    if isinstance(response, Ts | TsGroup):
        assert bins is not None
        found = known.get(id(response))
        counts = count_into("the response", response, bins) if found is None else found.values
        if counts.size * 8 <= _SMALL_RESPONSE:
            counts = counts.astype(np.int64)
        if isinstance(response, Ts):
            return Tsd._trusted(bins.t, counts, bins.support)
        return TsdFrame._trusted(bins.t, counts, bins.support, np.asarray(response.index), response._metadata)
    brought = bring("the response", response, bins, "auto")
    if not isinstance(response, Tsd | TsdFrame):
        values = brought.values
        if len(values) != n_rows:
            msg = f"the response has {len(values)} rows, but the inputs have {n_rows}."
            raise ValueError(msg)
        return values
    assert bins is not None
    if not brought.note.endswith("as it is") and response.dtype.kind in "biu":
        msg = (
            "the response holds whole numbers in other bins than those asked for, and counts cannot be averaged. Give "
            "the spikes themselves (TsGroup or Ts), or leave bin_size out to use the bins of the response."
        )
        raise ValueError(msg)
    return response._like(bins.t, np.asarray(brought.values), bins.support)


def _choose(kind: str, memory: float, n_bytes: int) -> tuple[str, str]:
    """Kind of the design, and why."""
    size, room = _bytes(n_bytes), _bytes(memory)
    if kind != "auto":
        return kind, f"as asked for ({size} of features)"
    if n_bytes <= memory:
        return "dense", f"{size} of features fit in {room}"
    return "on the fly", f"{size} of features do not fit in {room}"


def _usable(X: AbstractDesign, y: Any) -> BoolArray:
    """Rows where the features and a response are known."""
    mask = X.row_mask[: X.n_samples].copy()
    if not mask.any():
        msg = "no row has known values in all terms at once. Which of them are NaN when? Build them one by one to see."
        raise ValueError(msg)
    if y is not None:
        values = np.asarray(y.values if isinstance(y, Tsd | TsdFrame) else y)
        if values.dtype.kind == "f":
            known = np.isfinite(values)
            mask &= known if values.ndim == 1 else known.any(axis=1)
    return mask


def _bytes(n: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n:.0f} bytes"
