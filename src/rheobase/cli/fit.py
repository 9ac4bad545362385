"""``rheobase fit``: from recordings to judged models, tables and reports."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._text import table

if TYPE_CHECKING:
    from ..batch import FittedSession, Settings

HELP = """Fit every neuron of a recording, judge the fit on held-out parts, and write a folder with a report.

FILES are NWB files; several of them, or a pattern in quotes ("data/*.nwb"), are fitted one after the other, and so are
those of a plan (--plan plan.toml). Without options: 10 ms bins, 200 ms of spike history and the behaviour (or stimulus)
that the file holds, Poisson counts, a ridge whose strength is found by cross-validation, 5 folds of blocks of time.

\b
Examples:
  rheobase fit head_direction.nwb --covariate ry:cyclic:12
  rheobase fit session.nwb --where "location == 'adn'" --coupling 100ms
  rheobase fit session.nwb --epochs "epochs[tags == 'wake']" --bin 5ms
  rheobase fit "data/*.nwb" --out fits --workers 2

\b
A covariate is KEY, KEY:BASIS, KEY:BASIS:N or KEY:BASIS:N:WINDOW:
  ry:cyclic:12                          an angle
  position:raised-cosine:15x15          two columns together; 15+15 for a sum
  x,z:raised-cosine:8x8                 two keys together
  stimulus:raised-cosine-log:8:200ms    the past of a stimulus

The folder holds report.html, model.npz (rheobase.load_model), scores.csv, coefficients.parquet and settings.json.
"""

_MOST_ROWS = 12
"""Neurons shown in the terminal; the report has all."""


def _options(function: Any) -> Any:
    """What to fit, and how: an option for each setting."""
    text = {"type": str, "default": None}
    for option in reversed(
        [
            click.option("--where", **text, metavar="FILTER", help="Units, by metadata: \"location == 'adn'\"."),
            click.option("--units", **text, metavar="KEY", help="Key of the units, if there are several."),
            click.option("--min-spikes", type=int, default=None, help="Leave out units with fewer spikes. [50]"),
            click.option("--bin", **text, metavar="TIME", help="Width of the bins. [10ms]"),
            click.option(
                "--covariate",
                "covariates",
                multiple=True,
                metavar="COVARIATE",
                help='Signal and basis, several times for several; "none" for none. [what is found]',
            ),
            click.option("--history", **text, metavar="TIME", help='Window over own spikes, or "none". [200ms]'),
            click.option("--coupling", **text, metavar="TIME", help="Window over the spikes of the others. [none]"),
            click.option("--history-functions", type=int, default=None, help="Functions of a history filter. [6]"),
            click.option("--coupling-functions", type=int, default=None, help="Functions of a coupling filter. [4]"),
            click.option("--epochs", **text, help='Where: 100:400 (s), KEY, or "KEY[FILTER]". [all]'),
            click.option("--penalty", **text, help="Ridge, Smoothness, Lasso, GroupLasso, ElasticNet, ... [Ridge]"),
            click.option("--strength", **text, help='Of the penalty: a number, "cv" or "reml". [cv]'),
            click.option("--model", "observation_model", **text, help="Poisson, Bernoulli, ... [Poisson]"),
            click.option("--solver", **text, help="[auto]"),
            click.option("--folds", type=int, default=None, help="Parts that are held out in turn. [5]"),
            click.option("--device", **text, help="auto, cpu or gpu. [auto]"),
            click.option("--memory", type=float, default=None, help="Bytes that features may take. [1e9]"),
        ]
    ):
        function = option(function)
    return function


@click.command("fit", help=HELP)
@click.argument("files", nargs=-1, metavar="FILES...")
@_options
@click.option("--plan", type=click.Path(path_type=Path), help="TOML file with recordings and settings.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write. [NAME_fit; of several recordings: fits]")
@click.option("--overwrite", is_flag=True, help="Replace an earlier fit in that folder.")
@click.option("--workers", type=click.IntRange(min=0), default=0, help="Processes, for several recordings. [0: here]")
@click.option("--resume/--no-resume", default=True, help="Keep sessions that are finished. [resume]")
@click.option("--quiet", is_flag=True, help="No bar and no table.")
def command(
    files: tuple[str, ...],
    plan: Path | None,
    out: Path | None,
    overwrite: bool,
    workers: int,
    resume: bool,
    quiet: bool,
    **given: Any,
) -> int:
    """Fit one recording, or many."""
    chosen = {name: value for name, value in given.items() if value not in (None, ())}
    if not files and plan is None:
        msg = "name a recording, such as session.nwb, or a plan (--plan plan.toml)."
        raise click.UsageError(msg)
    if plan is not None and (files or chosen):
        what = "FILES" if files else ", ".join(f"--{name.replace('_', '-')}" for name in chosen)
        msg = f"a plan says itself what to fit; leave out {what}, or write it in {plan}."
        raise click.UsageError(msg)
    settings = _settings(chosen)
    several = plan is not None or len(files) > 1 or any(set(name) & set("*?[") for name in files) or workers > 0
    if several:
        return _many(files, plan, settings, out or Path("fits"), workers, resume, quiet)
    return _one(Path(files[0]), settings, out, overwrite, quiet)


def _settings(chosen: dict[str, Any]) -> Settings:
    from ..batch import Settings
    from ..batch._covariates import parse

    try:
        settings = Settings(**chosen)
        for text in settings.covariates:
            if text != "auto":
                parse(text)
    except (TypeError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    return settings


def _one(path: Path, settings: Settings, out: Path | None, overwrite: bool, quiet: bool) -> int:
    from ..batch import fit_session, save_session
    from ..batch.session import check_target

    target = Path(f"{path.stem}_fit") if out is None else out
    check_target(target.expanduser().absolute(), overwrite)
    fitted = fit_session(path, settings, progress=not quiet)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save_session(fitted, target, overwrite=overwrite)
    if not quiet:
        click.echo(_told(fitted, target))
    return 0


def _many(
    files: tuple[str, ...], plan: Path | None, settings: Settings, out: Path, workers: int, resume: bool, quiet: bool
) -> int:
    from ..batch import Plan, run

    work = Plan.of(files, settings) if plan is None else Plan.from_toml(plan)
    results = run(work, out, workers=workers, resume=resume, progress=not quiet)
    if not quiet:
        click.echo(f"{results!r}\n\nTable    {out / 'results.csv'}")
    for key, message in results.failed.items() if quiet else ():  # the progress has told them already
        click.echo(f"rheobase: error: {key}: {message}", err=True)
    return results.exit_code


def _told(fitted: FittedSession, target: Path) -> str:
    """The end of it: scores of the neurons, what was said on the way, where everything is."""
    scores = fitted.scores
    headers = ["unit", "spikes", "rate (Hz)", "pseudo-R²", "train", "bits/spike", "KS", "band", "strength"]
    names = ["pseudo_r2", "pseudo_r2_train", "bits_per_spike", "ks_distance", "ks_band"]
    shown = scores.sort_values("pseudo_r2", ascending=False, kind="stable").head(_MOST_ROWS)
    rows = [
        [str(row["unit"]), f"{int(row['n_spikes']):,}", f"{row['rate']:.2f}"]
        + [f"{row[name]:.3f}" for name in names]
        + [f"{row['strength']:.1e}"]
        for _, row in shown.iterrows()
    ]
    about = fitted.summary()
    lines = [
        f"{fitted.name}: {about['n_neurons']} neurons, {about['n_bins']:,} bins of {1e3 * fitted.built.bin_size:g} ms, "
        f"{about['n_features']} features ({', '.join(fitted.terms)})",
        "",
        table(headers, rows, [True] * len(headers)),
    ]
    if len(scores) > len(shown):
        lines.append(f"... and {len(scores) - len(shown)} more, in the report")
    lines += [
        "",
        f"Held out ({fitted.settings.folds} folds): pseudo-R² {about['pseudo_r2_mean']:.3f} and "
        f"{about['bits_per_spike_mean']:.3f} bits/spike on average; {fitted.seconds:.1f} s",
        *(f"Note     {text}" for text in fitted.warnings),
        f"Report   {target / 'report.html'}",
        f"Model    {target / 'model.npz'}",
    ]
    return "\n".join(lines)
