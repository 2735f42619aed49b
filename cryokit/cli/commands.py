"""The workbench as commands."""

from pathlib import Path
from typing import Any

import click

import cryokit
from cryokit import telemetry
from cryokit.cli.backups import backup
from cryokit.cli.configuration import config
from cryokit.cli.database import db
from cryokit.cli.health import health
from cryokit.cli.models import compare, models
from cryokit.cli.people import share, team, user
from cryokit.cli.screening import job, screen
from cryokit.cli.shared import JSON, PORT, SEED, TARGET, Commands, conditions_options, emit, show_progress, show_warning
from cryokit.cli.tokens import token
from cryokit.domain import TARGETS
from cryokit.errors import InputError
from cryokit.workbench import Workbench
from cryokit.workbench.training import ESTIMATORS, SEARCHES


@click.group(cls=Commands)
@click.version_option(cryokit.__version__, prog_name="cryokit")
@click.option("--verbose", is_flag=True, help="Log every event, as JSON lines on standard error.")
@click.pass_context
def main(context: click.Context, verbose: bool) -> None:
    """Workbench for cryoprotectant discovery: data, models with intervals, reports, pages."""
    telemetry.configure_logging("INFO" if verbose else "WARNING")
    if context.invoked_subcommand == config.name:  # which is there to say what is wrong with the settings
        telemetry.new_correlation_id()
        return
    context.obj = context.with_resource(cryokit.open())
    if not verbose:
        telemetry.configure_logging(context.obj.settings.log_level)
    telemetry.logger(__name__).info("command_started", command=context.invoked_subcommand)


main.add_command(db)
for group in (user, team, share, token, models):
    main.add_command(group)
main.add_command(screen)
main.add_command(job)
main.add_command(compare)
main.add_command(health)
main.add_command(backup)
main.add_command(config)


@main.command()
@click.option("--serve/--no-serve", default=True, help="Serve pages and API when all is ready.")
@PORT
@click.pass_obj
def up(workbench: Workbench, serve: bool, port: int | None) -> None:
    """Bring everything up: database, data, models, reports, pages; what is done already is reused."""
    from cryokit.serving import taken_port
    from cryokit.startup import bring_up

    if serve:  # found out now rather than after minutes of work
        taken_port(port or workbench.settings.port).close()
    bring_up(workbench, click.echo)
    if serve:
        _serve(workbench, port)


@main.command()
@PORT
@click.option(
    "--turn",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Get ready, but serve only when no other process that was given this file does.",
)
@click.pass_obj
def serve(workbench: Workbench, port: int | None, turn: Path | None) -> None:
    """Serve the pages and the API on 127.0.0.1."""
    _serve(workbench, port, turn)


def _serve(workbench: Workbench, port: int | None, turn: Path | None = None) -> None:
    from cryokit.serving import Turn, serve_pages

    serve_pages(workbench.settings, port or workbench.settings.port, click.echo, turn and Turn(turn))


@main.group()
def data() -> None:
    """Load figures, bundled, public or your own."""


@data.command("load")
@click.pass_obj
def data_load(workbench: Workbench) -> None:
    """Load the figures that ship with cryokit."""
    for target in TARGETS:
        click.echo(f"{target}: {workbench.load_bundled(target)} new rows")


@data.command("fetch")
@click.argument("name")
@click.pass_obj
def data_fetch(workbench: Workbench, name: str) -> None:
    """Fetch one public data file and check its sha256."""
    click.echo(workbench.fetch(name))


@data.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", required=True, type=click.Choice(list(TARGETS)))
@click.option("--skip-bad", is_flag=True, help="Load the good rows even if others are bad.")
@click.option("--public", "is_public", is_flag=True, help="Let everybody see the rows.")
@click.option("--team", help="Let the members of this team see the rows.")
@click.pass_obj
def data_import(
    workbench: Workbench, file: Path, target: str, skip_bad: bool, is_public: bool, team: str | None
) -> None:
    """Load a laboratory's own figures from a CSV file; unless told otherwise they are seen on the command line only."""
    result = workbench.import_rows(file, target, skip_bad, is_public, team)
    for problem in result["problems"]:
        click.echo(problem, err=True)
    click.echo(f"{result['loaded']} rows loaded, {result['known']} stored already, {result['refused']} refused")
    click.echo(f"the loaded rows are seen by {result['seen_by']}")


@main.command()
@TARGET
@SEED
@click.option("--team", help="Learn from this team's rows too; only its members can use the version then.")
@click.option("--estimator", type=click.Choice(ESTIMATORS), default=ESTIMATORS[0], show_default=True)
@click.option("--search", type=click.Choice(SEARCHES), default=SEARCHES[0], show_default=True, help="Inside training.")
@click.option("--workers", type=click.IntRange(1, 1024), default=1, show_default=True, help="Processes for folds.")
@JSON
@click.pass_obj
def train(workbench: Workbench, target: str, seed: int, as_json: bool, **choice: Any) -> None:
    """Train and register a new version of a target's model."""
    team = choice["team"]
    version = workbench.train(target, seed, show_progress(f"cross-validating {target}"), **choice)
    emit(_summary(version), as_json)
    if not version["is_public"]:
        who = f"the members of {team}" if version["team_id"] else "maintenance alone, on the command line"
        show_warning(f"version {version['version']} learned from rows that are not public; it is used by {who}")


def _summary(version: dict) -> dict:
    keys = ("target", "version", "verdict", "is_current", "promotion_reason", "metrics", "dataset_sha256")
    keys += ("artifact_sha256", "created_at")
    return {key: version[key] for key in keys if key in version}


@main.command()
@TARGET
@click.option("--data", "data_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Rows as CSV.")
@click.option("--folds", "fold_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Folds, CSV.")
@SEED
@JSON
@click.pass_obj
def evaluate(
    workbench: Workbench, target: str, data_file: Path | None, fold_file: Path | None, seed: int, as_json: bool
) -> None:
    """Cross-validate the recipe of a target on its stored rows, or on anybody's rows and folds (no database)."""
    if (data_file is None) != (fold_file is None):
        msg = "--data and --folds go together: rows of your own need folds of your own"
        raise InputError(msg)
    progress = show_progress(f"cross-validating {target}")
    if data_file is None:
        result = workbench.evaluate_stored(target, seed, progress)
    else:
        result = workbench.evaluate_files(target, data_file, fold_file, seed, progress)
        if result["leaking_groups"]:
            show_warning(f"{result['leaking_groups']} of {result['n_groups']} groups lie on both sides of a split")
    for warning in result["warnings"]:
        show_warning(warning)
    tables = {"rows", "by_range"}
    emit(result if as_json else {key: value for key, value in result.items() if key not in tables}, as_json)


@main.command()
@TARGET
@click.option("--selection", default="curated", show_default=True, help="Rows: curated, or for tg also published.")
@click.option("--splits", default="all", show_default=True, help="Kinds, separated by commas, or cheapest, or all.")
@SEED
@JSON
@click.pass_obj
def ladder(workbench: Workbench, target: str, selection: str, splits: str, seed: int, as_json: bool) -> None:
    """Evaluate under ever harder splits, from rows at random to whole scaffolds and sources held out."""

    def progress(title: str, done: int, total: int) -> None:
        show_progress(f"{target} {selection}, {title}")(done, total)

    table = workbench.split_ladder(target, selection, splits, seed, progress)
    shown = ["series", "split", "n_groups", "leaking_groups", "n", "mae", "r2", "coverage_90", "gap", "label", "note"]
    emit(table if as_json else table[shown], as_json)


@main.command("learning-curve")
@TARGET
@click.option("--selection", default="curated", show_default=True, help="Rows: curated, or for tg also published.")
@SEED
@JSON
@click.pass_obj
def learning_curve(workbench: Workbench, target: str, selection: str, seed: int, as_json: bool) -> None:
    """Evaluate on ever more training groups, the same rows held out, to see whether more measurements help."""

    def progress(title: str, done: int, total: int) -> None:
        show_progress(f"{target} {selection}, {title}")(done, total)

    table = workbench.learning_curve(target, selection, seed, progress)
    emit(table if as_json else table.drop(columns=["noise_mae", "sha256"]), as_json)


@main.command()
@TARGET
@click.argument("items", nargs=-1)
@click.option("--csv", "csv_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Rows as CSV.")
@click.option("--version", type=int, help="Version of the model; the current one by default.")
@conditions_options
@JSON
@click.pass_obj
def predict(
    workbench: Workbench,
    target: str,
    items: tuple[str, ...],
    csv_file: Path | None,
    version: int | None,
    recipe: tuple[str, ...],
    as_json: bool,
    **conditions: Any,
) -> None:
    """Predict a target for molecules (SMILES) or formulations (--recipe), with a 90 % interval."""
    given = {name: value for name, value in conditions.items() if value is not None}
    asked = [*items, *recipe]
    if csv_file is None:
        emit(workbench.predict(target, asked, version, **given), as_json)
        return
    if asked:
        msg = f"--csv names the rows, but {', '.join(map(repr, asked[:3]))} came too; give the file or the items"
        raise InputError(msg)
    emit(workbench.predict_file(target, csv_file, version, given, show_warning), as_json)


@main.command()
@TARGET
@click.argument("items", nargs=-1)
@click.option("--version", type=int, help="Version of the model; the current one by default.")
@click.option("--nearest", type=click.IntRange(1, 100), default=5, show_default=True, help="Measured examples an item.")
@conditions_options
@JSON
@click.pass_obj
def explain(
    workbench: Workbench,
    target: str,
    items: tuple[str, ...],
    version: int | None,
    nearest: int,
    recipe: tuple[str, ...],
    as_json: bool,
    **conditions: Any,
) -> None:
    """Tell what predictions rest on: what features add, and the nearest measured examples with their sources."""
    given = {name: value for name, value in conditions.items() if value is not None}
    tables = workbench.explain(target, [*items, *recipe], version, nearest, **given)
    if as_json:
        emit({name: table.to_dict("records") for name, table in tables.items()}, as_json)
        return
    tables["contributions"] = tables["contributions"].query("contribution != 0")
    for name, table in tables.items():
        click.echo(f"{name}:")
        emit(table, as_json)


@main.group()
def report() -> None:
    """Run notebooks as reports."""


@report.command("run")
@click.argument("name")
@click.option("-p", "--parameter", "pairs", multiple=True, metavar="KEY=VALUE", help="A parameter of the notebook.")
@click.pass_obj
def report_run(workbench: Workbench, name: str, pairs: tuple[str, ...]) -> None:
    """Run a notebook by name and write its HTML report."""
    parameters = dict(_key_and_value(pair) for pair in pairs)
    click.echo(workbench.run_report(name, parameters)["path"])


def _key_and_value(pair: str) -> tuple[str, str]:
    key, separator, value = pair.partition("=")
    if not separator:
        msg = f"a parameter is given as key=value, but came as {pair!r}"
        raise InputError(msg)
    return key, value


@report.command("list")
@JSON
@click.pass_obj
def report_list(workbench: Workbench, as_json: bool) -> None:
    """List the runs of reports."""
    emit(workbench.report_runs(), as_json)


@report.command("schedule")
@click.option(
    "--environment", type=click.Path(path_type=Path), default=Path("/srv/cryokit/production"), show_default=True
)
@click.option("--systemd", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write timers there.")
def report_schedule(environment: Path, folder: Path | None) -> None:
    """Print the daily reports as lines for /etc/cron.d, or write them as timers of systemd."""
    from cryokit import scheduling

    if folder is None:
        click.echo(scheduling.cron_lines(environment), nl=False)
        return
    click.echo("\n".join(str(file) for file in scheduling.write_units(environment, folder)))
