"""Change the committed code on purpose, a little at a time, and see whether its own tests notice.

``python tests/mutation.py [MODULE ...]`` tries the modules below, in a clone. One that notices too little is a failure.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MUTMUT = ROOT / ".venv" / "bin" / "mutmut"
FLOOR_PERCENT = 80
MODULES = {
    "cryokit/api/routes/metrics.py": "tests/unit/test_state_figures.py",
    "cryokit/backup/retention.py": "tests/unit/test_backup_retention.py",
    "cryokit/db/access_matrix.py": "tests/unit/test_access_matrix.py",
    "cryokit/validation/gate.py": "tests/unit/test_validation_gate.py",
    "cryokit/validation/metrics.py": "tests/unit/test_validation_metrics.py",
}
"""Pure functions on which much rests, and the tests that must notice; with a database each change would take long."""
_CONFIGURATION = """
[tool.mutmut]
source_paths = ["{module}"]
pytest_add_cli_args_test_selection = ["{tests}"]
also_copy = ["cryokit", "tests", "sql", "notebooks", "dashboards"]
"""


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def mutmut(folder: Path, *words: str) -> str:
    """Run mutmut and return what it said, or raise with it."""
    done = subprocess.run(
        [MUTMUT, *words], cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        msg = f"mutmut {' '.join(words)} ended with status {done.returncode}:\n{done.stdout[-2000:]}"
        raise RuntimeError(msg)
    return done.stdout


def tried(module: str, tests: str) -> tuple[int, int, list[str]]:
    """Return how many changes of a module were noticed, of how many, and the names of the others."""
    with tempfile.TemporaryDirectory(prefix="cryokit-mutation-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, clone], check=True)
        with (clone / "pyproject.toml").open("a") as opened:
            opened.write(_CONFIGURATION.format(module=module, tests=tests))
        mutmut(clone, "run")
        mutmut(clone, "export-cicd-stats")
        counts = json.loads((clone / "mutants" / "mutmut-cicd-stats.json").read_text())
        lines = mutmut(clone, "results").splitlines()
    noticed = counts["killed"] + counts["timeout"] + counts["segfault"]
    return noticed, counts["total"], [line.strip() for line in lines if "__mutmut_" in line]


def main(wanted: list[str]) -> int:
    if unknown := [name for name in wanted if name not in MODULES]:
        say(f"{', '.join(unknown)} is not tried by mutation; there are {', '.join(MODULES)}")
        return 2
    is_enough = True
    for module in wanted or MODULES:
        noticed, total, others = tried(module, MODULES[module])
        percent = 100 * noticed / total if total else 0.0
        say(f"{module}: {noticed} of {total} changes were noticed, {percent:.0f} % ({FLOOR_PERCENT} % are needed)")
        for line in others:
            say(f"  {line}")
        is_enough = is_enough and percent >= FLOOR_PERCENT
    return 0 if is_enough else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
