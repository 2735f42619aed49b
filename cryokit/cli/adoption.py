"""The command that adopts a legacy database."""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from cryokit.cli.shared import JSON, emit
from cryokit.workbench import Workbench

_KEYS_SHOWN = 5
_COUNTS = ("in", "loaded", "already_there", "quarantined")


@click.command("adopt")
@click.option("--url", required=True, help="The legacy database; its password is better kept in ~/.pgpass.")
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path),
    help="What its tables and columns are here; sql/adoption/cryoprotect_map.yml if missing.",
)
@click.option("--apply", is_flag=True, help="Do it; without this everything is tried and rolled back.")
@JSON
@click.pass_obj
def db_adopt(workbench: Workbench, url: str, map_file: Path | None, apply: bool, as_json: bool) -> None:
    """Bring the rows of a CryoProtect database here; those that cannot be kept go to quarantine with the reason."""
    report = workbench.adopt(url, map_file, apply, progress=show_rows_done)
    if as_json:
        emit(report, as_json)
        return
    click.echo("\n".join(adoption_lines(report)))


def adoption_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the counts by table, then why rows were quarantined, then what else is new."""
    yield f"{'':24}" + "".join(f"{name.replace('_', ' '):>15}" for name in _COUNTS)
    for kind, counts in report["tables"].items():
        yield f"{kind:24}" + "".join(f"{counts[name]:15}" for name in _COUNTS)
    quarantined = [row for row in report["rows"] if row["outcome"] == "quarantined"]
    ordered = sorted(quarantined, key=lambda row: (row["table"], row["reason"], row["key"] or ""))
    for (table, reason), rows in groupby(ordered, key=lambda row: (row["table"], row["reason"])):
        yield f"quarantine {table} {_shortened([row['key'] or 'no key' for row in rows])}: {reason}"
    for name, said in (("new_accounts", "disabled account"), ("columns_not_read", "secret, not read")):
        yield from (f"{said}: {item}" for item in report[name])
    if report["new_team"]:
        yield f"new team: {report['new_team']}"
    if report["tables_not_read"]:
        yield f"not in the map, not read: {', '.join(report['tables_not_read'])}"
    ending = "done" if report["applied"] else "tried and rolled back; nothing was changed, --apply does it"
    yield f"{report['source']} at {report['place']}: {ending}"


def _shortened(keys: list[str]) -> str:
    more = len(keys) - _KEYS_SHOWN
    return ", ".join(keys[:_KEYS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def show_rows_done(label: str, done: int, total: int) -> None:
    """Keep one line of progress on standard error for each step; a log file gets the last one only."""
    if done == total or sys.stderr.isatty():
        click.echo(f"\r{label}: {done}/{total} rows", nl=done == total, err=True)
