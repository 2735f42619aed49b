"""The health of everything, as a monitoring plugin tells it."""

import click
import pandas as pd

from cryokit.cli.shared import JSON, PORT, emit
from cryokit.workbench import Workbench
from cryokit.workbench.statuses import EXIT_STATUS, PASS


@click.command()
@PORT
@JSON
@click.pass_context
def health(context: click.Context, port: int | None, as_json: bool) -> None:
    """Look at every component, the server too, and start none; exit 0 if all is well, 1 for warnings, 2 for faults."""
    workbench: Workbench = context.obj
    settings = workbench.settings
    found = workbench.system_health(f"http://{settings.host}:{port or settings.port}")
    if as_json:
        emit(found, as_json)
    else:
        components = found["components"]
        bad = [f"{name}: {item['detail']}" for name, item in components.items() if item["status"] != PASS]
        click.echo(f"{found['status'].upper()}: {'; '.join(bad) or f'{len(components)} components are well'}")
        emit(pd.DataFrame([{"component": name} | item for name, item in components.items()]), as_json)
    context.exit(EXIT_STATUS[found["status"]])
