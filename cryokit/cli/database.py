"""Commands about the database."""

from collections import Counter
from pathlib import Path

import click

from cryokit.cli.adoption import db_adopt
from cryokit.cli.shared import JSON, emit
from cryokit.errors import IntegrityCheckError
from cryokit.workbench import Workbench
from cryokit.workbench.health import SEVERITIES, STATUSES, HealthReport
from cryokit.workbench.integrity import CLASSES


@click.group()
def db() -> None:
    """Start, stop and migrate the database."""


db.add_command(db_adopt)


@db.command("start")
@click.pass_obj
def db_start(workbench: Workbench) -> None:
    """Start the embedded PostgreSQL, made first if there is none."""
    workbench.start_database()
    click.echo("the database accepts connections")


@db.command("stop")
@click.pass_obj
def db_stop(workbench: Workbench) -> None:
    """Stop the embedded PostgreSQL."""
    workbench.stop_database()
    click.echo("the database is stopped")


@db.command("status")
@JSON
@click.pass_obj
def db_status(workbench: Workbench, as_json: bool) -> None:
    """Say whether the database runs, which version and where."""
    emit(workbench.database_status(), as_json)


@db.command("url")
@click.option("--admin", is_flag=True, help="The administrator's login instead of the application's.")
@click.option("--user", "name", help="The personal login of this account, who knows the password.")
@click.pass_obj
def db_url(workbench: Workbench, admin: bool, name: str | None) -> None:
    """Print the address for psql; the password stays in a file that the address names."""
    click.echo(workbench.login_address(name) if name else workbench.database.url(admin=admin))


@db.command("migrate")
@click.option(
    "--serving",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder sql of a release that still serves: post migrations that it does not have wait.",
)
@click.pass_obj
def db_migrate(workbench: Workbench, serving: Path | None) -> None:
    """Bring the schema up to date."""
    applied = workbench.migrate(serving)
    click.echo("\n".join(f"applied {name}" for name in applied) or "the schema is up to date")


@db.command("schema")
@click.option("--table", "as_table", is_flag=True, help="As the table that checks compare with, sql/structure.csv.")
@click.pass_obj
def db_schema(workbench: Workbench, as_table: bool) -> None:
    """Print the schema as SQL, or as a table."""
    click.echo(workbench.structure() if as_table else workbench.schema(), nl=False)


@db.command("health")
@click.option("--url", help="Another PostgreSQL database; its password is better kept in ~/.pgpass.")
@click.option("--schema", "schemas", multiple=True, help="Look at this schema only; may be repeated.")
@click.option("--deep", is_flag=True, help="Read all tables and indexes for corruption too (needs amcheck).")
@click.option("--check", "checks", multiple=True, help="Ask this check only, as after a fix; may be repeated.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), default="error", show_default=True)
@JSON
@click.pass_context
def db_health(
    context: click.Context,
    url: str | None,
    schemas: tuple[str, ...],
    deep: bool,
    checks: tuple[str, ...],
    fail_on: str,
    as_json: bool,
) -> None:
    """Check a database: exit 0 when fine, 1 for findings at or above --fail-on, 2 when it could not be checked."""
    report = context.obj.database_health(url, list(schemas) or None, deep, checks)
    if as_json:
        emit(report.as_dict(), as_json)
    else:
        show_health(report)
    context.exit(report.exit_code(fail_on))


@db.command("verify")
@JSON
@click.pass_obj
def db_verify(workbench: Workbench, as_json: bool) -> None:
    """Scan every relationship, key, index and policy; exit 0 only if all were looked at and are whole."""
    problems = workbench.verify_integrity()
    if as_json:
        emit(problems, as_json)
    show_problems(problems if not as_json else [])
    if problems:
        msg = f"{len(problems)} problems; `cryokit db fix` says what can be done"
        raise IntegrityCheckError(msg, [problem["message"] for problem in problems])
    click.echo("all relationships, keys, indexes and policies are whole", err=as_json)


@db.command("fix")
@click.option("--apply", is_flag=True, help="Do it; without this nothing is changed.")
@click.option("--only", type=click.Choice(CLASSES), help="Only this class of problems.")
@click.option("--restore", "restore_id", type=int, metavar="ID", help="Put this row from quarantine back.")
@JSON
@click.pass_obj
def db_fix(workbench: Workbench, apply: bool, only: str | None, restore_id: int | None, as_json: bool) -> None:
    """Say what repair would do, or do it; rows without a parent move to quarantine, nothing is deleted."""
    if restore_id is not None:
        emit(workbench.restore_row(restore_id), as_json)
        return
    steps = workbench.repair(apply, only)
    if as_json:
        emit(steps, as_json)
        return
    show_problems(steps)
    verb = "done" if apply else "to do; nothing was changed, --apply does it"
    click.echo(f"{len(steps)} steps {verb}")


def show_problems(problems: list[dict]) -> None:
    """Print a line for each problem, and what is done about it."""
    for problem in problems:
        action = f"\n    {problem['action']}" if "action" in problem else ""
        click.echo(f"{problem['kind']}: {problem['object']}: {problem['message']}{action}")


@db.command("quarantine")
@JSON
@click.pass_obj
def db_quarantine(workbench: Workbench, as_json: bool) -> None:
    """List the rows in quarantine."""
    emit(workbench.quarantined_rows(), as_json)


@db.command("access")
@click.option("--verify", is_flag=True, help="Try every sentence of the matrix, and known escapes, and roll back.")
@JSON
@click.pass_obj
def db_access(workbench: Workbench, verify: bool, as_json: bool) -> None:
    """Say who may do what, or try whether the database agrees."""
    if not verify:
        emit(workbench.access_matrix(), as_json)
        return
    report = workbench.verify_access()
    if as_json:
        emit(report.as_dict(), as_json)
    for found in report.mismatches if not as_json else ():
        click.echo(f"{found.object}: {found.reason}")
    if report.mismatches:
        msg = f"{len(report.mismatches)} differences between sql/access_matrix.csv and the database"
        raise IntegrityCheckError(msg, [found.reason for found in report.mismatches])
    click.echo(f"{report.cells} sentences and {report.escapes} escapes tried, all as declared", err=as_json)


def show_health(report: HealthReport) -> None:
    """Print findings first, then how many checks ended how."""
    for finding in report.findings:
        click.echo(f"{finding.severity}: {finding.object}: {finding.message} [{finding.check}]\n    {finding.fix}")
    for check in report.checks:
        if check.status == "skipped" and not check.is_unfinished:  # what is unfinished is a finding
            click.echo(f"skipped: {check.name}: {check.detail}")
    counts = Counter(check.status for check in report.checks)
    shown = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
    click.echo(f"{report.status}: {shown} of {len(report.checks)} checks on {report.server} at {report.checked_at}")
