"""``rheobase inspect``: what a recording or a saved model holds."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import click

from ._errors import RecordingError
from ._text import megabytes, table

HELP = """Show what FILE holds: a recording (.nwb) or a saved model or series (.npz).

For a recording: keys, types, shapes, durations, sampling rates and units of measurement, and the columns of metadata
that "rheobase fit --where" and "--epochs" can ask for.
"""

_FEW = 8
"""Different values up to which they are listed."""


@click.command("inspect", help=HELP)
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> int:
    """Print the tables."""
    if not file.exists():
        from ..batch._recording import open_recording

        open_recording(file)  # says what is missing, and what may be meant
    if file.suffix.lower() == ".npz":
        lines = _archive(file)
    elif file.suffix.lower() == ".nwb":
        lines = _recording(file)
    else:
        msg = f"{file} is neither a recording (.nwb) nor a saved model or series (.npz)."
        raise RecordingError(msg)
    click.echo("\n".join(lines))
    return 0


def _recording(path: Path) -> list[str]:
    from ..batch._recording import open_recording

    file = open_recording(path)
    rows, notes = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for key in file.keys():  # noqa: SIM118 - the file is opened by key, not walked through
            held = file[key]
            rows.append([key, *_described(held), file.unit(key) or ""])
            notes += _columns(key, held)
    out = [f"{path}   {megabytes(path)}", ""]
    out.append(
        table(["key", "type", "shape", "duration", "rate", "unit"], rows, [False, False, True, True, True, False])
    )
    return [*out, *(["", "metadata"] if notes else []), *notes]


def _described(held: Any) -> list[str]:
    """Type, shape, duration and rate of a series, group or set of epochs."""
    from ..containers import IntervalSet, TsGroup

    kind = type(held).__name__
    if isinstance(held, IntervalSet):
        return [kind, f"{len(held):,} epochs", _seconds(float(held.tot_length())), ""]
    support = getattr(held, "time_support", None)
    if support is None:
        return [kind, "", "", ""]
    length = float(support.tot_length())
    if isinstance(held, TsGroup):
        n = sum(len(held[key]) for key in held.index)
        return [kind, f"{len(held)} units", _seconds(length), f"{n / max(length, 1e-9):.4g} spikes/s"]
    shape = " x ".join(f"{size:,}" for size in getattr(held, "shape", (len(held),)))
    return [kind, shape, _seconds(length), f"{len(held) / max(length, 1e-9):.4g} Hz"]


def _columns(key: str, held: Any) -> list[str]:
    """A line for each column of metadata, with its values or its range."""
    import numpy as np

    from ..batch._where import unlisted

    names = getattr(held, "metadata_columns", None)
    if names is None:
        return []
    out = []
    for name in names:
        values = unlisted(np.asarray(held.get_info(name)))
        number = values.dtype.kind in "iuf"
        if number and len(set(values.tolist())) > _FEW:
            text = f"{np.nanmin(values):.4g} to {np.nanmax(values):.4g}"
        else:
            different = sorted({f"{value:.4g}" if number else str(value) for value in values.tolist()})
            text = ", ".join(different[:_FEW]) + (f", ... ({len(different)})" if len(different) > _FEW else "")
        out.append(f"  {key}.{name}: {text}")
    return out


def _archive(path: Path) -> list[str]:
    """A saved model, or a saved series."""
    import numpy as np

    from ..glm import inspect_npz

    out = [f"{path}   {megabytes(path)}", ""]
    try:
        about = inspect_npz(path)
    except ValueError:
        with np.load(path, allow_pickle=False) as arrays:
            rows = [[name, str(arrays[name].dtype), " x ".join(map(str, arrays[name].shape))] for name in arrays.files]
        return [*out, table(["array", "type", "shape"], rows, [False, False, True])]
    out.append(f"{about['class']}, saved by rheobase {about['rheobase']}; rheobase.load_model reads it")
    rows = [[name, _short(value)] for name, value in about["params"].items()]
    rows += [[f"{name} (array)", " x ".join(map(str, shape)) or "1"] for name, shape in about["shapes"].items()]
    return [*out, "", table(["argument", "value"], rows, [False, False])]


def _short(value: Any) -> str:
    if isinstance(value, dict) and "class" in value:
        return str(value["class"])
    if isinstance(value, dict) and "array" in value:
        return "array"
    return str(value)


def _seconds(length: float) -> str:
    return f"{length:,.4g} s" if length < 1e4 else f"{length:,.0f} s"
