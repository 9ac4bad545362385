"""``rheobase simulate``: a recording with a known truth, as an NWB file."""

from __future__ import annotations

from pathlib import Path

import click

from ._errors import RecordingError

HELP = """Write a simulated recording to OUT, which should end in .nwb.

The file holds spike trains (units) of neurons that are driven by a stimulus, by their own past and by each other, the
stimulus, and epochs. "rheobase fit OUT" reads it.
"""


@click.command("simulate", help=HELP)
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--neurons", type=click.IntRange(min=1), default=8, show_default=True, help="How many.")
@click.option("--duration", default="120s", show_default=True, metavar="TIME", help="Length, with a unit: 90s, 10min.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random numbers.")
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
def command(out: Path, neurons: int, duration: str, seed: int, overwrite: bool) -> int:
    """Write the file."""
    if out.suffix.lower() != ".nwb":
        msg = f"OUT should end in .nwb, got {out}."
        raise click.UsageError(msg)
    if out.exists() and not overwrite:
        msg = f"{out} exists already; name another file, or replace it with --overwrite."
        raise RecordingError(msg)
    if not out.absolute().parent.is_dir():
        msg = f"the folder of {out} does not exist."
        raise RecordingError(msg)
    from ..batch._durations import seconds_of
    from ..datasets import simulate_recording
    from ..io import to_nwb

    try:
        seconds = seconds_of(duration, "--duration")
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    made = simulate_recording(neurons, seconds, seed=seed)
    to_nwb(dict(made), out, mode="w" if overwrite else "x", session_description=f"Simulated, seed {seed}")
    spikes = sum(len(made.spikes[key]) for key in made.spikes.index)
    click.echo(f"{out}: {neurons} neurons, {seconds:g} s, {spikes:,} spikes. Next: rheobase fit {out}")
    return 0
