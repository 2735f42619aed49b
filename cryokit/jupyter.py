"""`%load_ext cryokit`: a line that says whether all is well, and completion of targets and versions in calls."""

import re
import sys
from typing import Any

from cryokit import __version__
from cryokit.domain import TARGETS
from cryokit.errors import CryokitError
from cryokit.workbench import Workbench

_ASKS_FOR_TARGET = re.compile(r"""\.\w+\((?:[^()]*\btarget\s*=\s*)?["'](?P<begun>\w*)$""")
_ASKS_FOR_VERSION = re.compile(r"""["'](?P<target>\w+)["'].*\bversion\s*=\s*(?P<begun>\d*)$""", re.DOTALL)


def health_line(workbench: Workbench) -> str:
    """Say in one line whether predictions can be made, and if not, why."""
    checks = workbench.readiness()
    failing = [f"{name}: {check['detail']}" for name, check in checks.items() if check["status"] != "pass"]
    if failing:
        return f"cryokit {__version__} is not ready: {'; '.join(failing)}"
    return f"cryokit {__version__} is ready: {', '.join(checks)} are well"


def completions(line: str, workbench: Workbench) -> list[str]:
    """Return what may stand where a line ends: a target in a call, or one of its versions after ``version=``."""
    if asked := _ASKS_FOR_VERSION.search(line):
        if asked["target"] not in TARGETS:
            return []
        try:
            known = workbench.models(asked["target"])["version"]
        except CryokitError:  # the health line says what is wrong
            return []
        return [str(number) for number in known if str(number).startswith(asked["begun"])]
    if asked := _ASKS_FOR_TARGET.search(line):
        return [name for name in TARGETS if name.startswith(asked["begun"])]
    return []


def load(shell: Any, workbench: Workbench) -> None:
    """Say how all is and offer completion in an IPython shell."""

    def matcher(_text: str) -> list[str]:
        return completions(shell.Completer.text_until_cursor, workbench)

    shell.Completer.custom_matchers.append(matcher)
    sys.stdout.write(f"{health_line(workbench)}\n")
