"""What the commands share: one line an error, tables or JSON, a line of progress."""

import errno
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import click
import pandas as pd

from cryokit.domain import ENDPOINTS, TARGETS, checked_seed
from cryokit.errors import ConfigError, CryokitError, UnavailableError

_WIDTH = 40
"""Characters of a text in a table; JSON holds everything."""
_BAR = 20
_WIDE = {"reason": 120, "message": 160, "path": sys.maxsize}
"""Characters of texts of which less says nothing."""

TARGET = click.argument("target", type=click.Choice(list(TARGETS)))
SEED = click.option(
    "--seed", default=0, show_default=True, callback=lambda _context, _option, value: checked_seed(value)
)
PORT = click.option("--port", type=click.IntRange(1, 65535), help="Port of the pages and the API.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


_CONDITIONS = (
    click.option("--recipe", multiple=True, help="Formulation, such as 'glycerol=6 mol/kg; formamide=6 mol/kg'."),
    click.option("--cell", help="Cell type or line."),
    click.option("--assay", help="How it was measured."),
    click.option("--concentration-millimolar", type=float, help="Concentration of the solute, mmol/L."),
    click.option("--buffer", help="What the solute is dissolved in."),
    click.option("--temperature-kelvin", type=float, help="Temperature of the exposure, K."),
    click.option("--minutes", type=float, help="Duration of the exposure, min."),
    click.option("--endpoint", type=click.Choice(ENDPOINTS), help="Which of the four quantities."),
)


def conditions_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that say under which conditions something is asked."""
    for option in reversed(_CONDITIONS):
        command = option(command)
    return command


class Commands(click.Group):
    """The command group; an error raised on purpose becomes one line and an exit code."""

    def invoke(self, context: click.Context) -> object:
        """Run the chosen command."""
        try:
            return _with_state_folder(context, super().invoke)
        except CryokitError as error:
            click.echo(f"{error.code}: {error}", err=True)
            context.exit(error.exit_code)


def _with_state_folder(context: click.Context, act: Callable[[click.Context], object]) -> object:
    """Act; say which setting to change when the state folder cannot be used."""
    try:
        return act(context)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            place = error.filename or "the state folder or of what is printed to"
            msg = f"the disk of {place} is full; make room, then do it again"
            raise UnavailableError(msg) from error
        folder = context.obj.settings.state_dir.absolute() if context.obj else None
        place = Path(error.filename).absolute() if isinstance(error.filename, str | Path) else None
        if folder is None or place is None or not (place.is_relative_to(folder) or folder.is_relative_to(place)):
            raise
        msg = f"the state folder {folder} cannot be used: {place}: {error.strerror}; set CRYOKIT_STATE_DIR to another"
        raise ConfigError(msg) from error


def emit(data: pd.DataFrame | dict | list, as_json: bool) -> None:
    """Print a table, or the same as JSON."""
    if as_json:
        records = json.loads(data.to_json(orient="records")) if isinstance(data, pd.DataFrame) else _finite(data)
        click.echo(json.dumps(records, indent=2, default=str, allow_nan=False))
    elif isinstance(data, pd.DataFrame):
        click.echo(_shortened(data).to_string(index=False) if len(data) else "none")
    else:
        click.echo("\n".join(_lines(data)))


def emit_all(parts: Mapping[str, pd.DataFrame | dict], as_json: bool) -> None:
    """Print several tables and summaries under each other, or as one JSON object."""
    if not as_json:
        for number, part in enumerate(parts.values()):
            if number:
                click.echo()
            emit(part, as_json=False)
        return
    plain = {
        name: json.loads(part.to_json(orient="records")) if isinstance(part, pd.DataFrame) else _finite(part)
        for name, part in parts.items()
    }
    click.echo(json.dumps(plain, indent=2, default=str, allow_nan=False))


def _finite(value: object) -> object:
    """Return data in which numbers that JSON does not know are null."""
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shortened(table: pd.DataFrame) -> pd.DataFrame:
    texts = table.select_dtypes(["object", "string"])
    return table.assign(**{name: table[name].map(partial(_cut, width=_WIDE.get(name, _WIDTH))) for name in texts})


def _cut(value: object, width: int) -> object:
    if isinstance(value, list | tuple):
        value = "; ".join(map(str, value))
    if not isinstance(value, str):
        return value
    line = " ".join(value.split())
    return line if len(line) <= width else f"{line[: width - 3]}..."


def _lines(data: Mapping[str, object]) -> Iterator[str]:
    """Yield a line for each value; of what lies deeper than a table of numbers only JSON tells."""
    for key, value in data.items():
        groups = list(value.values()) if isinstance(value, Mapping) else []
        if groups and all(isinstance(group, Mapping) for group in groups):
            yield f"{key}:"
            yield from (f"  {name}: {_in_words(group)}" for name, group in value.items())
        else:
            yield f"{key}: {_in_words(value)}"


def _in_words(value: object) -> str:
    if isinstance(value, Mapping):
        plain = {name: item for name, item in value.items() if not isinstance(item, Mapping | list)}
        return ", ".join(f"{name} {_in_words(item)}" for name, item in plain.items())
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def show_warning(text: str) -> None:
    """Print a warning on standard error."""
    click.echo(f"warning: {text}", err=True)


def show_progress(label: str) -> Callable[[int, int], None]:
    """Return a callback that keeps one line of progress on standard error; a log file gets the last one only."""

    def show(done: int, total: int) -> None:
        if done == total or sys.stderr.isatty():
            click.echo(f"\r{label}: {done}/{total} folds", nl=done == total, err=True)

    return show


def show_rate(label: str, things: str) -> Callable[[int, int], None]:
    """Return a callback that keeps one line of progress; the rate leaves out what was done at its first call."""
    began: tuple[float, int] | None = None

    def show(done: int, total: int) -> None:
        nonlocal began
        began = began or (time.monotonic(), done)
        if done != total and not sys.stderr.isatty():
            return
        seconds = time.monotonic() - began[0]
        rate = (done - began[1]) / seconds if seconds > 0 else 0.0
        left = f", {(total - done) / rate:,.0f} s left" if rate and done != total else ""
        bar = "#" * (_BAR * done // total) + "." * (_BAR - _BAR * done // total)
        line = f"{label}: [{bar}] {done:,}/{total:,} {things}, {rate:,.0f}/s{left}"
        click.echo(f"\r{line}\x1b[K" if sys.stderr.isatty() else line, nl=done == total, err=True)

    return show
