"""What the commands share: one line an error, tables or JSON, a line of progress."""

import json
import sys
from collections.abc import Callable

import click
import pandas as pd

from cryokit.domain import TARGETS
from cryokit.errors import CryokitError

TARGET = click.argument("target", type=click.Choice(list(TARGETS)))
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


class Commands(click.Group):
    """The command group; an error raised on purpose becomes one line and an exit code."""

    def invoke(self, context: click.Context) -> object:
        """Run the chosen command."""
        try:
            return super().invoke(context)
        except CryokitError as error:
            click.echo(f"{error.code}: {error}", err=True)
            context.exit(error.exit_code)


def emit(data: pd.DataFrame | dict | list, as_json: bool) -> None:
    """Print a table, or the same as JSON."""
    if as_json:
        records = json.loads(data.to_json(orient="records")) if isinstance(data, pd.DataFrame) else data
        click.echo(json.dumps(records, indent=2, default=str))
    elif isinstance(data, pd.DataFrame):
        click.echo(data.to_string(index=False) if len(data) else "none")
    else:
        for key, value in data.items():
            click.echo(f"{key}: {value}")


def show_progress(label: str) -> Callable[[int, int], None]:
    """Return a callback that keeps one line of progress on standard error; a log file gets the last one only."""

    def show(done: int, total: int) -> None:
        if done == total or sys.stderr.isatty():
            click.echo(f"\r{label}: {done}/{total} folds", nl=done == total, err=True)

    return show
