"""Commands about model versions: list, compare, promote, roll back, model card."""

from pathlib import Path

import click

from cryokit.cli.shared import JSON, TARGET, emit, show_progress
from cryokit.domain import TARGETS, checked_seed
from cryokit.workbench import Workbench

_REASON = click.option("--reason", required=True, help="Why; it is recorded and shown.")
_MOVED = ("target", "version", "verdict", "owner", "promotion", "promotion_reason", "is_override")


@click.group()
def models() -> None:
    """Look at the registered model versions, and move the current one."""


@models.command("list")
@click.option("--target", type=click.Choice(list(TARGETS)))
@JSON
@click.pass_obj
def models_list(workbench: Workbench, target: str | None, as_json: bool) -> None:
    """List the model versions; the current one of each owner is used where none is named."""
    versions = workbench.models(target)
    scores = {name: versions["metrics"].str.get(name) for name in ("n", "mae", "r2", "coverage_90")}
    columns = ["target", "version", "is_current", "verdict", "is_override", *scores, "created_at", "artifact_sha256"]
    emit(versions.assign(**scores)[columns], as_json)


@models.command("promote")
@TARGET
@click.argument("version", type=int)
@_REASON
@click.option("--override", is_flag=True, help="Promote a version of insufficient skill all the same; recorded.")
@JSON
@click.pass_obj
def models_promote(workbench: Workbench, target: str, version: int, reason: str, override: bool, as_json: bool) -> None:
    """Make a version the current one of its owner."""
    moved = workbench.promote(target, version, reason, override)
    emit({name: moved[name] for name in _MOVED}, as_json)


@models.command("rollback")
@TARGET
@_REASON
@click.option("--team", help="Of this team's versions; by default those of the owner of the version in use.")
@JSON
@click.pass_obj
def models_rollback(workbench: Workbench, target: str, reason: str, team: str | None, as_json: bool) -> None:
    """Go back to the version that was current before."""
    moved = workbench.rollback(target, reason, team)
    emit({name: moved[name] for name in _MOVED}, as_json)


@models.command("history")
@TARGET
@JSON
@click.pass_obj
def models_history(workbench: Workbench, target: str, as_json: bool) -> None:
    """List the moves of a target's current version: from, to, why, who."""
    emit(workbench.promotions(target), as_json)


@models.command("card")
@TARGET
@click.option("--version", type=int, help="Version of the model; the current one by default.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File: .html, .md or .json.")
@click.option("--importance", is_flag=True, help="Compute the importance of features too: a fit a fold.")
@JSON
@click.pass_obj
def models_card(
    workbench: Workbench, target: str, version: int | None, out: Path | None, importance: bool, as_json: bool
) -> None:
    """Show or write the model card of a version."""
    card = workbench.model_card(target, version, importance, show_progress("feature importance"))
    if out:
        click.echo(workbench.write_card(card, out))
    elif as_json:
        emit(card.as_json(), as_json)
    else:
        click.echo(card.markdown())


@click.command()
@TARGET
@click.argument("version_a", type=int)
@click.argument("version_b", type=int)
@click.option("--selection", help="Selection of the rows; the one that versions are trained on by default.")
@click.option(
    "--seed",
    type=int,
    help="Seed of folds and estimators; that of the newer version by default.",
    callback=lambda _context, _option, value: None if value is None else checked_seed(value),
)
@JSON
@click.pass_obj
def compare(
    workbench: Workbench,
    target: str,
    version_a: int,
    version_b: int,
    selection: str | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Compare two versions on the same rows: scores side by side, paired difference (A minus B) with its interval."""
    progress = show_progress(f"evaluating {target}")
    emit(workbench.compare(target, version_a, version_b, selection, seed, progress), as_json)
