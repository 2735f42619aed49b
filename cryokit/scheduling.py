"""The schedule of reports, as lines for cron and as timers for systemd; each runs in the release that serves."""

from pathlib import Path

from cryokit.reports import Planned, planned

_SERVICE = """\
# Made by `cryokit report schedule`: change notebooks/catalog.yml and make it anew.
[Unit]
Description=cryokit report {words}

[Service]
Type=oneshot
User=cryokit
ExecStart={command}
"""
_TIMER = """\
# Made by `cryokit report schedule`: change notebooks/catalog.yml and make it anew.
[Unit]
Description=daily cryokit report {words}

[Timer]
OnCalendar=*-*-* {at}:00
# What was missed while the machine was off is made up for.
Persistent=true

[Install]
WantedBy=timers.target
"""


def cron_lines(environment: Path) -> str:
    """Return lines for a file of /etc/cron.d, for the release that serves in the folder of an environment."""
    lines = ["# Made by `cryokit report schedule`: change notebooks/catalog.yml and make it anew."]
    for one in planned():
        hour, minute = one.at.split(":")
        lines.append(f"{int(minute)} {int(hour)} * * * cryokit {_command(one, environment)}")
    return "\n".join(lines) + "\n"


def units(environment: Path) -> dict[str, str]:
    """Return services and timers of systemd by file name."""
    found = {}
    for one in planned():
        name = "-".join(["cryokit-report", one.report.name, *one.parameters.values()])
        facts = {"words": " ".join([one.report.name, *one.parameters.values()]), "at": one.at}
        found[f"{name}.service"] = _SERVICE.format(command=_command(one, environment), **facts)
        found[f"{name}.timer"] = _TIMER.format(**facts)
    return found


def write_units(environment: Path, folder: Path) -> list[Path]:
    """Write services and timers into a folder and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in units(environment).items():
        (folder / name).write_text(text)
        written.append(folder / name)
    return written


def _command(one: Planned, environment: Path) -> str:
    words = [str(environment / "live" / "release" / "ops" / "cryokit.sh"), str(environment), "report", "run"]
    return " ".join([*words, one.report.name, *(f"-p {key}={value}" for key, value in one.parameters.items())])
