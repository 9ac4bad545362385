"""``rheobase demo``: from a recording, simulated or yours, to fitted and judged models, a table and a picture."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from ._errors import RecordingError

if TYPE_CHECKING:
    from ._recording import Recording

STEPS = ("recording", "features", "fit simple model", "fit full model", "picture")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("file", nargs="?", type=Path, help="NWB file with units; without it a recording is simulated")
    parser.add_argument("--seconds", type=_positive, help="length to simulate (default 120) or to use (default 600)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the simulation (default 0)")
    parser.add_argument(
        "--covariate", metavar="KEY", help="signal of the file that drives the neurons (default: chosen)"
    )
    parser.add_argument("--neurons", type=_at_least_one, default=12, help="at most so many, the busiest (default 12)")
    parser.add_argument("--bin-ms", type=_positive, help="bin size in ms (default 1 up to 90 s, else 10)")
    parser.add_argument("--output", type=Path, default=Path("rheobase_demo.png"), help="picture (default %(default)s)")
    parser.set_defaults(run=run)


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        msg = f"must be positive, got {text}"
        raise argparse.ArgumentTypeError(msg)
    return value


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        msg = f"must be at least 1, got {text}"
        raise argparse.ArgumentTypeError(msg)
    return value


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; returns the exit code."""
    started = time.perf_counter()
    _check_output(arguments.output)
    with tqdm(
        total=len(STEPS), unit="step", bar_format="{desc:<20}|{bar:24}| {n}/{total} [{elapsed}]", leave=False
    ) as bar:
        lines = _work(arguments, bar)
    print("\n".join(lines))
    print(f"\nPicture: {arguments.output}   ({time.perf_counter() - started:.1f} s in all)")
    return 0


def _check_output(path: Path) -> None:
    if path.suffix.lower() not in {".png", ".pdf", ".svg"}:
        msg = f"--output {path} should end in .png, .pdf or .svg."
        raise RecordingError(msg)
    if not path.absolute().parent.is_dir():
        msg = f"the folder of --output {path} does not exist."
        raise RecordingError(msg)


def _work(arguments: argparse.Namespace, bar: tqdm) -> list[str]:
    """Every step in turn, each shown on `bar` while it runs; returns the report."""
    steps = iter(STEPS)
    _next(bar, steps)
    from . import _fit, _report

    recording = _open(arguments)
    _next(bar, steps)
    features = _fit.build_features(recording)
    train, test, held_out = _fit.split(recording.epochs)
    _next(bar, steps)
    if features.present is None:  # spikes alone: each neuron's own past is the simpler account
        simple = _fit.fit("own history", features.full, features.counts, train, test, _fit.own_history(features))
    else:
        simple = _fit.fit("instantaneous", features.present, features.counts, train, test)
    _next(bar, steps)
    full = _fit.fit("full", features.full, features.counts, train, test)
    null = _fit.null_log_likelihood(features.full, features.counts, test)
    _next(bar, steps)
    figure = _report.picture(recording, features, simple, full, test)
    figure.savefig(arguments.output, dpi=110)
    bar.update()
    return _report.table(recording, features, held_out, null, simple, full)


def _next(bar: tqdm, steps) -> None:
    step = next(steps)
    bar.update(0 if step == STEPS[0] else 1)
    bar.set_description_str(step)


def _open(arguments: argparse.Namespace) -> Recording:
    from ._recording import load, simulated

    if arguments.file is None:
        return simulated(arguments.seconds, arguments.seed)
    size = None if arguments.bin_ms is None else arguments.bin_ms * 1e-3
    options = {"seconds": arguments.seconds, "covariate": arguments.covariate}
    return load(arguments.file, n_neurons=arguments.neurons, bin_size=size, **options)
