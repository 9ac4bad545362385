"""Time of a first import, side by side: each package in fresh processes, in turns, in one run.

Prints a Markdown table. The time of an interpreter that imports nothing is taken off, so that what is left is the
import. Every package finds its bytecode cached, as after an ordinary installation: a first round, which is not counted,
compiles all of them into one temporary folder.

    python benchmarks/imports.py [--repeats 7]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time

MODULES = ("rheobase", "pynapple", "nemos")
"""What is imported, if its package is installed; the first is what the others are compared with."""


def seconds(code: str, environment: dict[str, str]) -> float:
    """Wall time of a fresh interpreter that runs `code`."""
    begun = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-c", code]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - begun


def measure(repeats: int) -> dict[str, list[float]]:
    """Import times, seconds, per module."""
    present = [module for module in MODULES if importlib.util.find_spec(module.partition(".")[0])]
    times: dict[str, list[float]] = {module: [] for module in present}
    with tempfile.TemporaryDirectory() as cache:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache
        for _ in range(repeats + 1):
            empty = seconds("", environment)
            for module in present:
                times[module].append(seconds(f"import {module}", environment) - empty)
    return {module: taken[1:] for module, taken in times.items()}


def table(times: dict[str, list[float]]) -> str:
    """The measurement as Markdown."""
    ours = statistics.median(times[MODULES[0]])
    lines = ["| import | median (s) | fastest to slowest (s) | times `rheobase` |", "|---|---:|---:|---:|"]
    for module, taken in times.items():
        middle = statistics.median(taken)
        lines.append(f"| `{module}` | {middle:.3f} | {min(taken):.3f} to {max(taken):.3f} | {middle / ours:.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=7, help="fresh processes per package (default 7)")
    print(table(measure(parser.parse_args().repeats)))


if __name__ == "__main__":
    main()
