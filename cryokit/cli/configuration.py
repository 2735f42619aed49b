"""Commands about the settings."""

from dataclasses import asdict

import click
import pandas as pd

from cryokit import flags
from cryokit.cli.shared import JSON, emit
from cryokit.config import PROFILES, Problem, checked_settings, load_settings, template
from cryokit.errors import ConfigError


@click.group()
def config() -> None:
    """Check the settings, print their template."""


@config.command("check")
@click.option("--profile", type=click.Choice(PROFILES), help="As if this were the profile.")
@JSON
def config_check(profile: str | None, as_json: bool) -> None:
    """Say for each variable what is wrong with it; exit 78 if anything is."""
    settings, problems = checked_settings(**({"profile": profile} if profile else {}))
    if settings is not None and settings.flags_file is not None:
        try:
            flags.read_rules(settings.flags_file)
        except ConfigError as error:
            problems.append(Problem("CRYOKIT_FLAGS_FILE", str(error)))
    emit(pd.DataFrame(map(asdict, problems), columns=["variable", "message"]), as_json)
    if problems or settings is None:
        msg = f"the configuration cannot be used: {len(problems)} problems"
        raise ConfigError(msg)


@config.command("template")
def config_template() -> None:
    """Print every variable with its meaning and default, the text of ops/env.template."""
    click.echo(template(), nl=False)


@config.command("flags")
@JSON
def config_flags(as_json: bool) -> None:
    """List the feature flags and for whom each is on in this profile."""
    settings = load_settings()
    rules = flags.read_rules(settings.flags_file) if settings.flags_file else {}
    rows = [
        {"flag": name, "opens": opens, "on": flags.rule_of(rules, name, settings.profile)}
        for name, opens in flags.FLAGS.items()
    ]
    emit(pd.DataFrame(rows), as_json)
