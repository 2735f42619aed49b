"""Bring everything up, one named step after the other; each step reuses what is done already."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import perf_counter

from cryokit.domain import TARGETS
from cryokit.workbench import Workbench

Say = Callable[[str], None]

FIRST_ACCOUNT = "admin"
_AT_A_TIME = 2
"""Reports that run side by side; each computes on one core."""
_LONGEST_FIRST = ("iri", "tg", "viability")


@dataclass(frozen=True)
class Step:
    """One thing to do, and what it says when it is done."""

    title: str
    act: Callable[[], str]


Chain = list[Step]
"""Steps of which each needs the one before it."""


def bring_up(workbench: Workbench, say: Say) -> None:
    """Start, migrate, load, train, validate and report; `say` receives a line for each step with its time."""
    began = perf_counter()
    stages = _stages(workbench)
    progress = _Progress(sum(len(chain) for chains in stages for chain in chains), say)
    for chains in stages:
        with ThreadPoolExecutor(max_workers=_AT_A_TIME) as pool:
            running = [pool.submit(progress.follow, chain) for chain in chains]
            with progress.stopping_all():
                for finished in as_completed(running):
                    finished.result()
    workbench.require_ready()
    say(f"ready in {perf_counter() - began:.1f} s; reports are in {workbench.settings.reports_dir}")
    _tell_first_login(workbench, say)


class _Progress:
    """Do chains of steps from several threads and tell the steps in the order in which they end."""

    def __init__(self, total: int, say: Say) -> None:
        self.total, self.say = total, say
        self.done = 0
        self.is_stopped = False
        self.lock = Lock()

    def follow(self, chain: Chain) -> None:
        """Do one step after the other, unless all is stopped."""
        for step in chain:
            if self.is_stopped:
                return
            with self.stopping_all():
                line = _timed(step)
            with self.lock:
                self.done += 1
                self.say(f"[{self.done:>2}/{self.total}] {line}")

    @contextmanager
    def stopping_all(self) -> Iterator[None]:
        """Begin no further step of any chain after a failure or Ctrl-C."""
        try:
            yield
        except BaseException:
            self.is_stopped = True
            raise


def _timed(step: Step) -> str:
    began = perf_counter()
    outcome = step.act()
    return f"{step.title:<22} {outcome:<36} {perf_counter() - began:6.1f} s"


def _stages(workbench: Workbench) -> list[list[Chain]]:
    """Return what waits for all before it; the chains of one stage do not need each other."""

    def modelling(target: str) -> Chain:
        return [
            Step(f"train: {target}", _reporting(workbench, "training", target=target)),
            Step(f"validate: {target}", _reporting(workbench, "validation", target=target)),
        ]

    return [
        [[Step("start the database", lambda: _started(workbench))]],
        [[Step("migrate the schema", lambda: f"{len(workbench.migrate())} steps applied")]],
        [[Step("close interrupted runs", lambda: f"{workbench.fail_interrupted_runs()} closed")]],
        [[Step(f"load data: {target}", _loading(workbench, target)) for target in TARGETS]],
        [
            *(modelling(target) for target in sorted(TARGETS, key=_LONGEST_FIRST.index)),
            [Step("check the database", _reporting(workbench, "health"))],
        ],
    ]


def _started(workbench: Workbench) -> str:
    if workbench.settings.database_url:
        return "named by DATABASE_URL"
    workbench.start_database()
    return f"PostgreSQL {workbench.database_status()['version']}"


def _loading(workbench: Workbench, target: str) -> Callable[[], str]:
    return lambda: f"{workbench.load_bundled(target)} new rows"


def _reporting(workbench: Workbench, name: str, **parameters: str) -> Callable[[], str]:
    def act() -> str:
        result = workbench.run_report(name, parameters, reuse=True)
        return f"{result['path'].rsplit('/', 1)[-1]}{' (reused)' if result['reused'] else ''}"

    return act


def _tell_first_login(workbench: Workbench, say: Say) -> None:
    """Name an administrator who can sign in; without any, add the first account or say what opens one."""
    users = workbench.users()
    admins = users.loc[(users["role"] == "admin") & users["disabled_at"].isna(), "name"].tolist()
    if admins:
        name = next((name for name in admins if name.lower() == FIRST_ACCOUNT), admins[0])
        say(f"login: the password of {name} was shown when the account was made;")
        say(f"       `cryokit user password {name}` makes a new one")
    elif FIRST_ACCOUNT in users["name"].str.lower().tolist():
        say(f"login: no administrator can sign in, {FIRST_ACCOUNT} is closed or has another role;")
        say("       `cryokit user add NAME --role admin` adds an administrator")
    else:
        password = workbench.add_user(FIRST_ACCOUNT, "admin")
        say(f"first login: {FIRST_ACCOUNT}, password {password} (shown only now)")
