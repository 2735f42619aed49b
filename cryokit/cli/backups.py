"""Commands about backups."""

from pathlib import Path
from typing import Any

import click
import pandas as pd

from cryokit.cli.shared import JSON, emit, emit_all, show_warning
from cryokit.errors import IntegrityCheckError
from cryokit.workbench import Workbench
from cryokit.workbench.backups import KINDS, make_key_file

_ID = click.argument("set_id", metavar="ID")


@click.group()
def backup() -> None:
    """Make, prove, list and restore backups."""


@backup.command("create")
@click.option("--kind", type=click.Choice(KINDS), default="full", show_default=True)
@click.option("--no-proof", is_flag=True, help="Do not restore it now; it counts only when it was proved.")
@JSON
@click.pass_obj
def backup_create(workbench: Workbench, kind: str, no_proof: bool, as_json: bool) -> None:
    """Make a backup online and prove it by restoring it to a scratch cluster."""
    emit(workbench.create_backup(kind, prove=not no_proof), as_json)


@backup.command("list")
@JSON
@click.pass_obj
def backup_list(workbench: Workbench, as_json: bool) -> None:
    """List the backups, oldest first; needs no database."""
    emit(workbench.backups(), as_json)


@backup.command("show")
@_ID
@JSON
@click.pass_obj
def backup_show(workbench: Workbench, set_id: str, as_json: bool) -> None:
    """Show the manifest of a backup, `latest` for the newest proved one."""
    emit(workbench.backup(set_id), as_json)


@backup.command("verify")
@click.argument("set_id", metavar="[ID]", required=False)
@click.option("--all", "every", is_flag=True, help="Every backup, and all archived WAL.")
@click.option("--deep", is_flag=True, help="Restore each to a scratch cluster and verify that.")
@JSON
@click.pass_obj
def backup_verify(workbench: Workbench, set_id: str | None, every: bool, deep: bool, as_json: bool) -> None:
    """Read a backup whole and compare it with its manifest; exit 15 on any difference."""
    ids = list(workbench.backups()["id"]) if every else [set_id or "latest"]
    lines = [line for one in ids for line in workbench.verify_backup(one, deep)]
    lines = pd.DataFrame([*lines, workbench.verify_archive()] if every else lines)
    emit(lines, as_json)
    if len(wrong := lines[lines["status"] != "pass"]):
        msg = f"{len(wrong)} of {len(lines)} checks did not pass"
        raise IntegrityCheckError(msg, list(wrong["detail"]))


@backup.command("restore")
@click.argument("set_id", metavar="[ID]", required=False)
@click.option("--to", help="Time with its zone, WAL address, named restore point, or `latest`.")
@click.option("--into", type=click.Path(path_type=Path), help="Another state folder instead of this one.")
@click.option("--replace", is_flag=True, help="Set the cluster that is there aside; it is kept.")
@click.option("--timeline", type=click.IntRange(1), help="An older one, that a restore left; `backup status` has them.")
@JSON
@click.pass_obj
def backup_restore(workbench: Workbench, as_json: bool, **asked: Any) -> None:
    """Restore a backup, verify it, and only then put it in place; without an ID the newest one that reaches."""
    done = workbench.restore_backup(**asked, tell=_told)
    emit_all({"verification": pd.DataFrame(done.pop("verification")), "restored": done}, as_json)


def _told(line: str, done_fraction: float) -> None:
    """Tell a step beside what is printed as the answer."""
    if line:
        click.echo(f"{done_fraction:4.0%}  {line}", err=True)


@backup.command("status")
@JSON
@click.pass_obj
def backup_status(workbench: Workbench, as_json: bool) -> None:
    """Say what there is, how old, up to which moment it reaches, and what would be lost with the disk."""
    emit(workbench.backup_status(), as_json)


@backup.command("prune")
@click.option("--dry-run", is_flag=True, help="Only say what would go, and why each other one stays.")
@click.option("--keep", help="How many stay, such as hourly=24,daily=7; CRYOKIT_BACKUP_KEEP by default.")
@JSON
@click.pass_obj
def backup_prune(workbench: Workbench, dry_run: bool, keep: str | None, as_json: bool) -> None:
    """Remove backups and WAL that nothing needs any more, here and on their remote."""
    emit(workbench.prune_backups(dry_run, keep), as_json)


@backup.command("sync")
@click.argument("remote", required=False)
@click.option("--bandwidth", help="At most this much a second, such as 10M.")
@JSON
@click.pass_obj
def backup_sync(workbench: Workbench, remote: str | None, bandwidth: str | None, as_json: bool) -> None:
    """Copy proved backups and WAL to an rclone remote, each compared after it was sent; a lost model is a warning."""
    done = workbench.sync_backups(remote, bandwidth)
    for warning in done["warnings"]:
        show_warning(warning)
    emit(done if as_json else pd.DataFrame({"at the remote": done["backups"]}), as_json)


@backup.command("fetch")
@click.argument("set_id", metavar="[ID]", default="latest")
@click.option("--remote", help="Such as store:cryokit; CRYOKIT_BACKUP_REMOTE by default.")
@JSON
@click.pass_obj
def backup_fetch(workbench: Workbench, set_id: str, remote: str | None, as_json: bool) -> None:
    """Bring a backup and the WAL after it here from a remote; needs no database."""
    emit(workbench.fetch_backup(set_id, remote), as_json)


@backup.command("drill")
@JSON
@click.pass_obj
def backup_drill(workbench: Workbench, as_json: bool) -> None:
    """Restore the newest backup and all WAL to a scratch cluster, verify it, say how long it took; exit 15 if not."""
    report = workbench.drill_backup()
    emit_all({"verification": pd.DataFrame(report.pop("lines")), "drill": report}, as_json)
    if not report["is_passed"]:
        msg = f"the restored backup {report['backup']} failed its verification"
        raise IntegrityCheckError(msg)


@backup.command("key")
@click.argument("file", type=click.Path(path_type=Path))
def backup_key(file: Path) -> None:
    """Write a new key for encrypting backups; keep a copy of it elsewhere, without it they are lost."""
    click.echo(f"{file} holds the key; set CRYOKIT_BACKUP_KEY_FILE to it. Its public part is {make_key_file(file)}")


@backup.command("restore-part")
@click.argument("set_id", metavar="[ID]", required=False)
@click.option("--table", "tables", multiple=True, help="Such as cryo.measurement; may be repeated.")
@click.option("--schema", "schemas", multiple=True, help="All tables of a schema.")
@click.option("--team", help="A team and all that is its own.")
@click.option("--to", help="Time with its zone, WAL address, named restore point, or `latest`.")
@click.option("--database", "new_database", help="Name of a new database to bring it to.")
@click.option("--apply", is_flag=True, help="Do it; without this only say what would be done.")
@click.option("--keep-conflicts", is_flag=True, help="Leave rows that differ here as they are.")
@JSON
@click.pass_obj
def backup_restore_part(workbench: Workbench, as_json: bool, **asked: Any) -> None:
    """Bring back tables that are gone and rows that are missing, with all they refer to; nothing is overwritten."""
    done = workbench.restore_part(**asked)
    emit_all({"plan": pd.DataFrame(done.pop("plan")), "restored": done}, as_json)
