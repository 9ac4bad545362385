"""The ``rheobase`` command: parses arguments, hands over to the subcommand, turns errors into exit codes.

Exit codes: 0 done, 1 the work could not be done (the message says why), 2 the command line was wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .._version import __version__
from . import demo

DESCRIPTION = "From a neural recording to a fitted, judged encoding model."

DEMO = """\
Fit a population of neurons from the filtered past of a stimulus (or the present value of a behaviour), from each
neuron's own past spikes and from those of the others. Prints held-out scores against a constant rate and a simpler
model, and draws a picture. Without FILE a recording is simulated, and the picture shows the true filters too.
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line, with every subcommand."""
    parser = argparse.ArgumentParser(prog="rheobase", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"rheobase {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    summary = "fit a simulated recording, or an NWB file, and draw a picture"
    demo.add_arguments(commands.add_parser("demo", help=summary, description=DEMO))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: that of the process); returns the exit code."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if "run" not in arguments:
        parser.print_help()
        return 0
    try:
        return arguments.run(arguments)
    except demo.RecordingError as error:
        print(f"rheobase: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("rheobase: stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
