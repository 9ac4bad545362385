"""Models as files: NumPy arrays and one line of JSON, nothing that runs when it is read.

A file holds the class, its constructor arguments, what the fit found, and the versions it was written with. Parts that
are the user's own code (a link, an observation model) are written by name and handed over again on reading.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import links, observation_models, regularizer
from .._errors import did_you_mean, kind_of
from .._version import __version__
from ..links import CustomInverseLink
from ..regularizer import AbstractRegularizer
from ._cv import CV, CrossValidation
from ._inputs import Clock
from ._reml import REML, RestrictedLikelihood

if TYPE_CHECKING:
    from ._arguments import AbstractArguments

__all__ = ["inspect_npz", "load_model", "read_model", "save_model"]

FORMAT = "rheobase model"
FITTED = ("coef_", "intercept_", "scale_", "silent_", "strength_", "cv_", "reml_", "n_features_in_", "classes_")

_PARTS = {
    **{name: getattr(links, name) for name in links.__all__ if isinstance(getattr(links, name), type)},
    **{name: getattr(observation_models, name) for name in observation_models.__all__},
    **{name: getattr(regularizer, name) for name in regularizer.__all__},
    "CV": CV,
    "CrossValidation": CrossValidation,
    "REML": REML,
    "RestrictedLikelihood": RestrictedLikelihood,
}
"""Classes that a file may name."""


def save_model(model: AbstractArguments, path: str | Path) -> Path:
    """Write a model, fitted or not, to an ``.npz`` archive; see `GLM.save_params`."""
    arrays: dict[str, np.ndarray] = {}
    header: dict[str, Any] = {"format": FORMAT, "class": type(model).__name__, "rheobase": __version__}
    header["params"] = {name: _write(name, value, arrays) for name, value in model._given().items()}
    found = {name: getattr(model, name, None) for name in FITTED}
    header["fitted"] = {name: _write(name, value, arrays) for name, value in found.items() if value is not None}
    if model._clock is not None and model._clock.columns is not None:
        header["columns"] = [label.item() if isinstance(label, np.generic) else label for label in model._clock.columns]
    target = Path(path)
    target = target if target.suffix == ".npz" else target.with_name(target.name + ".npz")
    part = target.with_name(target.name + ".part")
    with part.open("wb") as file:
        np.savez_compressed(file, header=np.array(json.dumps(header)), **arrays)
    part.replace(target)
    return target


def read_model(path: str | Path, kinds: dict[str, type], mapping_dict: dict[str, Any] | None = None) -> Any:
    """Read a model; `kinds` are the classes that a file may hold, otherwise as `load_model`."""
    header, arrays = _open(path)
    name = header["class"]
    if name not in kinds:
        msg = f"{path} holds a {name}, which this version cannot read; it knows {', '.join(kinds)}."
        raise ValueError(msg)
    given = mapping_dict or {}
    for key in given:
        if key not in header["params"]:
            known = header["params"]
            msg = f"mapping_dict names {key!r}, but the model has {', '.join(known)}.{did_you_mean(key, known)}"
            raise ValueError(msg)
    params = {key: given[key] if key in given else _read(key, value, arrays) for key, value in header["params"].items()}
    model = kinds[name](**params)
    for key, value in header["fitted"].items():
        setattr(model, key, _read(key, value, arrays))
    if "columns" in header:  # labels of what is predicted; the times come with the features
        model._clock = Clock(np.empty(0), None, np.asarray(header["columns"]))
    return model


def inspect_npz(path: str | Path) -> dict[str, Any]:
    """What stands in a saved model, without making it.

    Parameters
    ----------
    path
        An archive that `GLM.save_params` wrote.

    Returns
    -------
    dict
        ``"class"``, ``"rheobase"`` (version), ``"params"`` and ``"shapes"`` of the arrays.

    Raises
    ------
    ValueError
        If it is no such archive.
    """
    header, arrays = _open(path)
    shapes = {name: array.shape for name, array in arrays.items()}
    return {key: header[key] for key in ("class", "rheobase", "params")} | {"shapes": shapes}


def _open(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of an archive, read without pickle."""
    import zipfile

    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays.pop("header")))
        if header["format"] != FORMAT:
            raise KeyError(FORMAT)
    except FileNotFoundError:
        raise
    except (KeyError, TypeError, ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        msg = f"{path} is not a model that rheobase has saved, or is damaged ({type(error).__name__}: {error})."
        raise ValueError(msg) from error
    return header, arrays


def _write(name: str, value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A value as JSON; arrays go to `arrays` and leave their name."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufU":
        arrays[name] = value
        return {"array": name}
    if isinstance(value, tuple | list):
        parts = [_write(f"{name}.{i}", part, arrays) for i, part in enumerate(value)]
        return {"tuple": parts} if isinstance(value, tuple) else parts
    if isinstance(value, dict):
        return {"dict": {str(key): _write(f"{name}.{key}", part, arrays) for key, part in value.items()}}
    if isinstance(value, CustomInverseLink):
        return {"yours": value.name}
    if _PARTS.get(type(value).__name__) is type(value):
        inside = {key: _write(f"{name}.{key}", part, arrays) for key, part in _contents(value).items()}
        return {"class": type(value).__name__, "fields": inside}
    if callable(getattr(value, "split", None)) or not is_dataclass(value):
        msg = f"{name} cannot be written to a file: {kind_of(value)}. Save a model without it."
        raise ValueError(msg)
    return {"yours": type(value).__name__}


def _contents(value: Any) -> dict[str, Any]:
    """What an instance of ours was made of."""
    if isinstance(value, AbstractRegularizer):
        return {key.lstrip("_"): part for key, part in vars(value).items() if part is not None}
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _read(name: str, value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Inverse of `_write`."""
    if isinstance(value, list):
        return [_read(name, part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "tuple" in value:
        return tuple(_read(name, part, arrays) for part in value["tuple"])
    if "dict" in value:
        return {key: _read(name, part, arrays) for key, part in value["dict"].items()}
    if "yours" in value:
        msg = (
            f"{name} is code of the user's own ({value['yours']}), which is not in the file: pass "
            f"mapping_dict={{{name!r}: ...}} with it."
        )
        raise ValueError(msg)
    if value["class"] not in _PARTS:
        msg = f"{name} is a {value['class']}, which this version does not know."
        raise ValueError(msg)
    return _PARTS[value["class"]](**{key: _read(key, part, arrays) for key, part in value["fields"].items()})


def load_model(path: str | Path, mapping_dict: dict[str, Any] | None = None) -> Any:
    """Read a model that `GLM.save_params` wrote.

    Parameters
    ----------
    path
        The archive.
    mapping_dict
        Constructor arguments to use instead of those in the file: needed where the file only names them, which is so
        for links and observation models of the user's own.

    Returns
    -------
    GLM, PopulationGLM, ClassifierGLM or ClassifierPopulationGLM
        With its coefficients, if it was fitted.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such archive, a name in `mapping_dict` is no argument of the model, or a part is missing.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from rheobase.glm import GLM, load_model
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> model = GLM().fit(X, np.arange(100) % 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = model.save_params(f"{folder}/model")
    ...     bool((load_model(path).coef_ == model.coef_).all())
    True
    """
    from .classifier import ClassifierGLM, ClassifierPopulationGLM
    from .glm import GLM
    from .population_glm import PopulationGLM

    kinds = (GLM, PopulationGLM, ClassifierGLM, ClassifierPopulationGLM)
    return read_model(path, {kind.__name__: kind for kind in kinds}, mapping_dict)
