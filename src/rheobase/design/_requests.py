"""What the user asks for: terms with a name, a basis and inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import kind_of
from ..basis import CyclicBSplineConv, CyclicBSplineEval, FourierEval
from ..basis._core import AbstractBasis
from ._bins import as_container

__all__ = ["Request", "one_way", "read_requests"]

_PERIODIC = (CyclicBSplineEval, CyclicBSplineConv, FourierEval)
"""Bases of angles, whose samples must not be averaged: the mean of 359 and 1 degree is 180."""


@dataclass(frozen=True)
class Request:
    """A basis, or None for columns as they are, and its inputs."""

    name: str | None
    """None if the basis names its own terms."""
    basis: AbstractBasis | None
    inputs: tuple[Any, ...]

    def input_names(self) -> list[str]:
        """A name for each input, for messages."""
        stem = "input" if self.name is None else self.name
        if self.name is not None and len(self.inputs) == 1:
            return [stem]
        return [f"{stem}, input {number}" for number in range(1, len(self.inputs) + 1)]


def read_requests(terms: Any, inputs: tuple[Any, ...]) -> list[Request]:
    """The terms of `build`, from its first arguments.

    Raises
    ------
    TypeError
        If there is no basis where one belongs, or the number of inputs is not that of the basis.
    ValueError
        If there is no term.
    """
    if isinstance(terms, AbstractBasis):
        _check_inputs("the basis", terms, inputs)
        return [Request(None, terms, tuple(map(as_container, inputs)))]
    if not isinstance(terms, Mapping) or getattr(terms, "time_support", None) is not None:
        msg = (
            f"the first argument of build must be a basis, followed by its inputs, or a dict of terms "
            f"{{name: (basis, input)}}, got {type(terms).__name__}."
        )
        raise TypeError(msg)
    if inputs:
        msg = f"a dict of terms holds its inputs, {{name: (basis, input)}}, but {len(inputs)} more were given."
        raise TypeError(msg)
    if not terms:
        msg = "build needs at least one term, got an empty dict. Try {'position': (basis, position)}."
        raise ValueError(msg)
    return [_request(str(name), given) for name, given in terms.items()]


def one_way(basis: AbstractBasis | None) -> list[str]:
    """For each input of a basis, how its signal is to be brought to bins: "closest" where a mean makes no sense."""
    if basis is None:
        return ["auto"]
    return ["closest" if leaf.is_discrete or isinstance(leaf, _PERIODIC) else "auto" for leaf in _leaf_of_input(basis)]


def _request(name: str, given: Any) -> Request:
    if isinstance(given, AbstractBasis):
        msg = f"term {name!r} is a basis without inputs; give ({type(given).__name__}(...), input)."
        raise TypeError(msg)
    if not isinstance(given, tuple | list) or not any(isinstance(item, AbstractBasis) for item in given):
        if isinstance(given, tuple):
            kinds = ", ".join(map(kind_of, given))
            msg = f"term {name!r} must be (basis, input) or an input alone, got a tuple without basis ({kinds})."
            raise TypeError(msg)
        if isinstance(given, str) or given is None:
            msg = f"term {name!r} must be (basis, input), or a series or array, got {given!r}."
            raise TypeError(msg)
        return Request(name, None, (as_container(given),))
    bases = [item for item in given if isinstance(item, AbstractBasis)]
    if len(bases) > 1:
        msg = f"term {name!r} has {len(bases)} bases; multiply or add them: (basis1 * basis2, input1, input2)."
        raise TypeError(msg)
    inputs = tuple(as_container(item) for item in given if not isinstance(item, AbstractBasis))
    _check_inputs(f"term {name!r}", bases[0], inputs)
    return Request(name, bases[0], inputs)


def _check_inputs(where: str, basis: AbstractBasis, inputs: tuple[Any, ...]) -> None:
    if len(inputs) != basis.n_inputs:
        wanted = ", ".join(f"input{number}" for number in range(1, basis.n_inputs + 1))
        msg = (
            f"{where} takes {basis.n_inputs} input(s), one for each part of {basis.label!r}, got {len(inputs)}. "
            f"Give (basis, {wanted})."
        )
        raise TypeError(msg)


def _leaf_of_input(basis: AbstractBasis) -> Iterator[AbstractBasis]:
    if not basis.children:
        yield from [basis] * basis.n_inputs
    for child in basis.children:
        yield from _leaf_of_input(child)
