"""The ``rheobase`` command: finds the subcommand, hands over to it, turns errors into sentences and exit codes.

Exit codes: 0 done, 1 the work could not be done (the message says why), 2 the command line was wrong, 130 stopped.

What a subcommand needs is imported when it runs, so that help and completion come at once.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from .._errors import MissingDependencyError, did_you_mean
from .._version import __version__
from ._errors import RecordingError

COMMANDS = {
    "fit": "fit one recording or many, and judge and report the fits",
    "inspect": "show what a recording or a saved model holds",
    "simulate": "write a simulated recording",
    "demo": "fit a simulated recording, or an NWB file, and draw a picture",
}
"""Name → summary; each stands in a module of its own name."""

EXPECTED = (RecordingError, MissingDependencyError, OSError, ValueError, KeyError, TypeError)
"""Errors whose message is written for the user."""


class Commands(click.Group):
    """A group whose commands are imported when they are run, and that knows what was meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f".{_MODULES.get(cmd_name, cmd_name)}", __package__).command

    def resolve_command(self, ctx: click.Context, args: list[str]):
        """As click does it; a wrong name is answered with the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            msg = f"there is no command {args[0]!r}; there are {', '.join(COMMANDS)}.{did_you_mean(args[0], COMMANDS)}"
            raise click.UsageError(msg, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


_MODULES = {"inspect": "inspect_file"}

HELP = """From a neural recording to a fitted, judged encoding model.

"rheobase COMMAND --help" tells more. Completion in bash:
eval "$(_RHEOBASE_COMPLETE=bash_source rheobase)".
"""


@click.group(cls=Commands, help=HELP, invoke_without_command=True, context_settings={"max_content_width": 100})
@click.version_option(__version__, message="rheobase %(version)s")
@click.option("--traceback", is_flag=True, help="Show where an error came from.")
@click.pass_context
def rheobase(ctx: click.Context, traceback: bool) -> None:
    """Print the help if there is no command."""
    ctx.obj = {"traceback": traceback}
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: that of the process); returns the exit code.

    Raises
    ------
    SystemExit
        With 2 if the command line was wrong.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        found = rheobase.main(arguments, prog_name="rheobase", standalone_mode=False)
    except click.UsageError as error:
        _tell_usage(error)
        raise SystemExit(2) from None
    except (click.Abort, KeyboardInterrupt):
        print("rheobase: stopped.", file=sys.stderr)
        return 130
    except EXPECTED as error:
        if "--traceback" in arguments:
            raise
        print(f"rheobase: error: {_sentence(error)}", file=sys.stderr)
        return 1
    return found if isinstance(found, int) else 0


def _tell_usage(error: click.UsageError) -> None:
    path = error.ctx.command_path if error.ctx else "rheobase"
    print(f"{path}: error: {error.format_message()}\nTry '{path} --help'.", file=sys.stderr)


def _sentence(error: BaseException) -> str:
    """What an error says; a KeyError would quote it."""
    if isinstance(error, KeyError) and error.args:
        return str(error.args[0])
    return str(error) or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
