"""What a contributor runs; `nox -l` lists it, `nox -s NAME` runs one, `nox -s NAME -- ARGUMENTS` hands arguments on."""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "tests"]

ROOT = Path(__file__).resolve().parent
NO_WINDOW = {"MPLBACKEND": "Agg"}
SIDE_BY_SIDE = ("-n", "auto", "--maxprocesses=4", "--dist=worksteal")
"""Tests run in as many processes as there are cores, each with one thread for its matrices."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting with ruff; `-- --fix` mends what can be mended."""
    session.install("ruff>=0.15")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", *([] if "--fix" in session.posargs else ["--check"]))


@nox.session
def types(session: nox.Session) -> None:
    """Check type hints with mypy."""
    session.install("mypy>=1.13", "-e.")
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the test suite, without the comparisons with other libraries."""
    session.install("-e.[test]")
    session.run("pytest", *SIDE_BY_SIDE, *session.posargs, env=NO_WINDOW | ONE_THREAD)


@nox.session(venv_backend="uv", python="3.11")
def minimums(session: nox.Session) -> None:
    """Run the test suite on the oldest dependencies that pyproject.toml allows (needs uv)."""
    session.install("--resolution=lowest-direct", "-e.[test]")
    session.run("pytest", *SIDE_BY_SIDE, *session.posargs, env=NO_WINDOW | ONE_THREAD)


@nox.session
def rivals(session: nox.Session) -> None:
    """Compare live with the original libraries: pynapple, NeMoS, statsmodels and glum."""
    session.install("-e.[test,rivals]")
    session.run("pytest", "-m", "rivals", *SIDE_BY_SIDE, *session.posargs, env=NO_WINDOW | ONE_THREAD)


@nox.session
def doctest(session: nox.Session) -> None:
    """Run the examples in docstrings."""
    session.install("-e.[test]")
    session.run("pytest", "--doctest-modules", "src/rheobase", *session.posargs, env=NO_WINDOW)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into docs/_build/html, every warning an error."""
    session.install("-e.[docs]")
    session.chdir("docs")
    strict = ["-q", "-W", "--keep-going", "-n"]
    session.run("sphinx-build", *strict, "-b", "html", *session.posargs, ".", "_build/html", env=NO_WINDOW)


@nox.session
def gallery(session: nox.Session) -> None:
    """Run every script of the gallery as a user would, in an empty folder."""
    session.install("-e.")
    session.env.setdefault("RHEOBASE_DATA", os.environ.get("RHEOBASE_DATA", str(ROOT.parent / "shared" / "data")))
    session.chdir(session.create_tmp())
    for script in sorted((ROOT / "gallery").glob("plot_*.py")):
        session.run("python", str(script), env=NO_WINDOW)


@nox.session
def bench(session: nox.Session) -> None:
    """Time rheobase beside the originals, in one run; `-- speed.py` runs that file alone."""
    session.install("-e.[bench]")
    for name in session.posargs or sorted(path.name for path in (ROOT / "benchmarks").glob("*.py")):
        session.run("python", f"benchmarks/{name}", env=NO_WINDOW)


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and the source archive into dist/, and check what they say of themselves."""
    session.install("build", "twine")
    session.run("python", "-m", "build", "--outdir", "dist")
    session.run("twine", "check", "--strict", *(str(path) for path in (ROOT / "dist").glob("rheobase-*")))


if __name__ == "__main__":
    nox.main()
