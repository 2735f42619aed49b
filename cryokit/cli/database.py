"""Commands about the database."""

from collections import Counter

import click

from cryokit.cli.shared import JSON, emit
from cryokit.workbench import Workbench
from cryokit.workbench.health import SEVERITIES, STATUSES, HealthReport


@click.group()
def db() -> None:
    """Start, stop and migrate the database."""


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
@click.pass_obj
def db_url(workbench: Workbench, admin: bool) -> None:
    """Print the address for psql; the password stays in a file that the address names."""
    click.echo(workbench.database.url(admin=admin))


@db.command("migrate")
@click.pass_obj
def db_migrate(workbench: Workbench) -> None:
    """Bring the schema up to date."""
    applied = workbench.migrate()
    click.echo("\n".join(f"applied {name}" for name in applied) or "the schema is up to date")


@db.command("schema")
@click.pass_obj
def db_schema(workbench: Workbench) -> None:
    """Print the schema as SQL."""
    click.echo(workbench.schema(), nl=False)


@db.command("health")
@click.option("--url", help="Another PostgreSQL database; its password is better kept in ~/.pgpass.")
@click.option("--schema", "schemas", multiple=True, help="Look at this schema only; may be repeated.")
@click.option("--deep", is_flag=True, help="Read all tables and indexes for corruption too (needs amcheck).")
@click.option("--fail-on", type=click.Choice(SEVERITIES), default="error", show_default=True)
@JSON
@click.pass_context
def db_health(
    context: click.Context, url: str | None, schemas: tuple[str, ...], deep: bool, fail_on: str, as_json: bool
) -> None:
    """Check a database: exit 0 when fine, 1 for findings at or above --fail-on, 2 when it could not be checked."""
    report = context.obj.database_health(url, list(schemas) or None, deep)
    if as_json:
        emit(report.as_dict(), as_json)
    else:
        show_health(report)
    context.exit(report.exit_code(fail_on))


def show_health(report: HealthReport) -> None:
    """Print findings first, then how many checks ended how."""
    for finding in report.findings:
        click.echo(f"{finding.severity}: {finding.object}: {finding.message} [{finding.check}]\n    {finding.fix}")
    counts = Counter(check.status for check in report.checks)
    shown = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
    click.echo(f"{report.status}: {shown} of {len(report.checks)} checks on {report.server} at {report.checked_at}")
