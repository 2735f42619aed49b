"""Commands about screening libraries, and the list of long work."""

from pathlib import Path
from typing import Any

import click

from cryokit.cli.shared import JSON, emit, emit_all, show_rate
from cryokit.errors import InputError
from cryokit.workbench import Workbench
from cryokit.workbench.screening import PARTITION_ROWS


def _pairs(_context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Read options that are written TARGET=WORD."""
    found = {}
    for text in texts:
        name, separator, word = text.partition("=")
        if not separator or name in found:
            msg = f"{option.opts[0]} {text!r} is not of the form {option.metavar}, once for each target"
            raise InputError(msg)
        found[name] = word
    return found


def _versions(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, int]:
    found = _pairs(context, option, texts)
    if wrong := [word for word in found.values() if not word.isdecimal()]:
        msg = f"a version is a whole number such as 3, but came as {wrong[0]!r}"
        raise InputError(msg)
    return {name: int(word) for name, word in found.items()}


@click.command()
@click.argument("library", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", "targets", default="tg", show_default=True, help="One target or two, such as tg,iri.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Parquet file to write.")
@click.option("--version", "versions", multiple=True, callback=_versions, metavar="TARGET=N", help="Not the newest.")
@click.option("--assay", help="How it was measured.")
@click.option("--concentration-millimolar", type=float, help="Concentration of the solute, mmol/L.")
@click.option("--buffer", help="What the solute is dissolved in.")
@click.option("--partition-rows", type=int, default=PARTITION_ROWS, show_default=True, help="Rows computed at once.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Local processes; one for each core by default.")
@click.option("--top", type=click.IntRange(1, 10_000), help="Show the best molecules, by the first target.")
@click.option("--pareto", is_flag=True, help="Show the molecules that none beats in both targets.")
@click.option(
    "--best", "directions", multiple=True, callback=_pairs, metavar="TARGET=highest|lowest", help="What is best."
)
@click.option("--in-domain", is_flag=True, help="Show only molecules inside the domain of the models.")
@JSON
@click.pass_obj
def screen(
    workbench: Workbench,
    library: Path,
    targets: str,
    out: Path,
    versions: dict[str, int],
    partition_rows: int,
    workers: int | None,
    top: int | None,
    pareto: bool,
    directions: dict[str, str],
    in_domain: bool,
    as_json: bool,
    **conditions: Any,
) -> None:
    """Predict all molecules of a .smi, CSV or Parquet file; run it again after a kill and it goes on."""
    asked = [name.strip() for name in targets.split(",") if name.strip()]
    workbench.check_views(asked, directions, pareto)
    given = {name: value for name, value in conditions.items() if value is not None}
    progress = show_rate(f"screening {library.name}", "molecules")
    shown = {"summary": workbench.screen(library, out, asked, versions, partition_rows, workers, progress, **given)}
    if top:
        shown["top"] = workbench.screened_best(out, asked[0], top, directions.get(asked[0]), in_domain)
    if pareto:
        shown["pareto"] = workbench.screened_front(out, asked, directions, in_domain)
    emit_all(shown, as_json)


@click.group()
def job() -> None:
    """Look at long work."""


@job.command("list")
@JSON
@click.pass_obj
def job_list(workbench: Workbench, as_json: bool) -> None:
    """List long work, newest first: how far it is, and what came of it."""
    jobs = workbench.jobs()
    emit(jobs if as_json else jobs[["id", "kind", "status", "done_fraction", "started_at", "error"]], as_json)


@job.command("show")
@click.argument("job_id", metavar="ID")
@JSON
@click.pass_obj
def job_show(workbench: Workbench, job_id: str, as_json: bool) -> None:
    """Show one piece of long work with its log."""
    emit(workbench.job(job_id), as_json)


@job.command("cancel")
@click.argument("job_id", metavar="ID")
@click.pass_obj
def job_cancel(workbench: Workbench, job_id: str) -> None:
    """Stop work that is not done."""
    workbench.cancel_job(job_id)
    click.echo(f"job {job_id} is cancelled")


@job.command("run")
@click.argument("job_id", metavar="ID")
@JSON
@click.pass_obj
def job_run(workbench: Workbench, job_id: str, as_json: bool) -> None:
    """Do queued work in this process, as the server has it done."""
    emit(workbench.run_job(job_id), as_json)
