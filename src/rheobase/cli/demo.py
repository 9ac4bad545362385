"""``rheobase demo``: from a recording, simulated or yours, to fitted and judged models, a table and a picture."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from ._errors import RecordingError

if TYPE_CHECKING:
    from tqdm import tqdm

    from ._recording import Recording

STEPS = ("recording", "features", "fit simple model", "fit full model", "picture")


HELP = """Fit a population of neurons and draw a picture.

The neurons are fitted from the filtered past of a stimulus (or the present value of a behaviour), from each neuron's
own past spikes and from those of the others. Prints held-out scores against a constant rate and a simpler model, and
draws a picture. Without FILE a recording is simulated, and the picture shows the true filters too.
"""

POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command("demo", help=HELP, short_help="fit a simulated recording, or an NWB file, and draw a picture")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--seconds", type=POSITIVE, help="Length to simulate (default 120) or to use (default 600).")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the simulation.")
@click.option("--covariate", metavar="KEY", help="Signal of the file that drives the neurons (default: chosen).")
@click.option(
    "--neurons", type=click.IntRange(min=1), default=12, show_default=True, help="At most so many, the busiest."
)
@click.option("--bin-ms", type=POSITIVE, help="Bin size in ms (default 1 up to 90 s, else 10).")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("rheobase_demo.png"),
    show_default=True,
    help="The picture.",
)
def command(**options: Any) -> int:
    """Run the demo; returns the exit code."""
    return run(SimpleNamespace(**options))


def run(arguments: SimpleNamespace) -> int:
    """Run the demo; returns the exit code."""
    from .._manners import progress_bar

    started = time.perf_counter()
    _check_output(arguments.output)
    form = "{desc:<20}|{bar:24}| {n}/{total} [{elapsed}]"
    with progress_bar()(total=len(STEPS), bar_format=form, leave=False) as bar:
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


def _work(arguments: SimpleNamespace, bar: tqdm) -> list[str]:
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


def _open(arguments: SimpleNamespace) -> Recording:
    from ._recording import load, simulated

    if arguments.file is None:
        return simulated(arguments.seconds, arguments.seed)
    size = None if arguments.bin_ms is None else arguments.bin_ms * 1e-3
    options = {"seconds": arguments.seconds, "covariate": arguments.covariate}
    return load(arguments.file, n_neurons=arguments.neurons, bin_size=size, **options)
