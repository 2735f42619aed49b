"""What README says exists, and what exists is in README."""

import re
from pathlib import Path

import click
import pytest

from cryokit.cli import main
from cryokit.config import known_variables

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
DIRECTIVE_IDS = [
    "1.1",
    "1.2",
    "1.3",
    "1.4",
    "2.1",
    "2.2",
    "2.3",
    "2.4",
    "3.1",
    "3.2",
    "3.3",
    "3.4",
    "4.1",
    "4.2",
    "4.3",
    "4.4",
    "5.1",
    "5.2",
    "5.3",
    "6.1",
    "6.2",
    "6.3",
    "7.1",
    "8.1",
]


def command_names(group: click.Group, prefix: str = "") -> list[str]:
    """Return every command with the groups before it."""
    names = []
    for name, command in group.commands.items():
        inner = command_names(command, f"{prefix}{name} ") if isinstance(command, click.Group) else [prefix + name]
        names += inner
    return names


@pytest.mark.parametrize("name", command_names(main))
def test_every_command_is_in_the_readme(name):
    assert re.search(rf"`(cryokit )?{name}\b", README)


@pytest.mark.parametrize("name", sorted(known_variables() | {"DATABASE_URL"}))
def test_every_setting_is_in_the_readme(name):
    assert f"`{name}`" in README


def test_every_criterion_has_a_row():
    rows = re.findall(r"^\| (\d\.\d) \|", README, flags=re.MULTILINE)

    assert rows == DIRECTIVE_IDS


def test_every_make_verb_says_what_it_does():
    verbs = re.findall(r"^([a-z][a-z -]*):(.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)

    assert all("## " in rest for _, rest in verbs)


@pytest.mark.parametrize(
    "path", sorted(re.findall(r"`((?:cryokit|notebooks|dashboards|sql|ops|tests)/[\w./]+)`", README))
)
def test_every_path_in_the_readme_exists(path):
    assert (ROOT / path).exists()
