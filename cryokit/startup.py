"""Bring everything up, one named step after the other; each step reuses what is done already."""

from collections.abc import Callable
from time import perf_counter

from cryokit.domain import TARGETS
from cryokit.workbench import Workbench

Say = Callable[[str], None]
Step = tuple[str, Callable[[], str]]

FIRST_ACCOUNT = "admin"


def bring_up(workbench: Workbench, say: Say) -> None:
    """Start, migrate, load, train, validate and report; `say` receives a line for each step with its time."""
    started = perf_counter()
    steps = _steps(workbench)
    for number, (title, act) in enumerate(steps, start=1):
        began = perf_counter()
        outcome = act()
        say(f"[{number:>2}/{len(steps)}] {title:<28} {outcome:<42} {perf_counter() - began:6.1f} s")
    say(f"ready in {perf_counter() - started:.1f} s; reports are in {workbench.settings.reports_dir}")
    _tell_first_login(workbench, say)


def _steps(workbench: Workbench) -> list[Step]:
    return [
        ("start the database", lambda: _started(workbench)),
        ("migrate the schema", lambda: f"{len(workbench.migrate())} migrations applied"),
        *((f"load data: {target}", _loading(workbench, target)) for target in TARGETS),
        *((f"train: {target}", _reporting(workbench, "training", target=target)) for target in TARGETS),
        *((f"validate: {target}", _reporting(workbench, "validation", target=target)) for target in TARGETS),
        ("check the database", _reporting(workbench, "health")),
    ]


def _started(workbench: Workbench) -> str:
    workbench.start_database()
    return workbench.database_status()["version"]


def _loading(workbench: Workbench, target: str) -> Callable[[], str]:
    return lambda: f"{workbench.load_bundled(target)} new rows"


def _reporting(workbench: Workbench, name: str, **parameters: str) -> Callable[[], str]:
    def act() -> str:
        result = workbench.run_report(name, parameters, reuse=True)
        return f"{result['path'].rsplit('/', 1)[-1]}{' (reused)' if result['reused'] else ''}"

    return act


def _tell_first_login(workbench: Workbench, say: Say) -> None:
    if workbench.users().empty:
        password = workbench.add_user(FIRST_ACCOUNT, "admin")
        say(f"first login: {FIRST_ACCOUNT}, password {password} (shown only now)")
    else:
        say(f"login: the password of {FIRST_ACCOUNT} was shown at the first start;")
        say(f"       `cryokit user password {FIRST_ACCOUNT}` makes a new one")
