"""Run the test categories and say honestly how they ended: ``python tests/run_tests.py [CATEGORY ...]``."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree  # noqa: S405  reads files that pytest just wrote
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
RESULTS = ROOT / "test-results"
FIGURES = RESULTS / "validation-figures.json"
"""Every figure that a validation test holds against a bar."""
KEPT_EVALUATIONS = RESULTS / "evaluations"
"""Evaluations of the split ladder: a run that was stopped goes on where it was."""
LADDERS = (("tg", "curated"), ("tg", "published"), ("iri", "curated"), ("viability", "curated"))
COVERAGE_FLOOR_PERCENT = 85
DAILY = ("lint", "js", "unit", "integration", "notebooks", "e2e", "ops")
ROWS = (("lint", "js", "unit", "integration"), ("e2e",), ("e2e-makers", "ops", "notebooks"))
"""What runs side by side: a test that waits for a server or a browser leaves its core to another row."""
NEEDS_DEMO = ("e2e", "e2e-makers", "ops", "notebooks")
"""Each has a copy of the demo's state, which it may change; the demo begins at once, beside the first row."""
MAKERS = [f"tests/e2e/test_{name}_page.py" for name in ("models", "operations", "reports")]
"""Browser tests that train, back up and report: a category of its own, because a browser keeps one core busy."""
WORKERS = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
"""Files in the order of tests/conftest.py, the dearest first, instead of those with most tests first."""
ONLY_WHAT_UNITS_NEED = ["--disable-plugin-autoload", "-p", "xdist", "-p", "hypothesispytest"]
"""Other plugins read whole libraries when they start, once in each worker."""
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""Two workers with two threads each would spend their time waiting for each other."""

COMMANDS = {
    "lint": [
        [BIN / "ruff", "check", "."],
        [BIN / "ruff", "format", "--check", "."],
        ["shellcheck", *sorted(ROOT.glob("ops/*.sh")), *sorted(ROOT.glob("ops/docker/*.sh")), ROOT / ".ci/run"],
        [BIN / "squawk", *sorted(ROOT.glob("sql/migrations/*.sql"))],
    ],
    "unit": [["pytest", "tests/unit", "--doctest-modules", "cryokit", *ONLY_WHAT_UNITS_NEED, *WORKERS]],
    "integration": [["pytest", "tests/integration", "-m", "not drill", *WORKERS]],
    "notebooks": [["pytest", "--nbval-lax", "notebooks", "tests/notebooks"]],
    "e2e": [["pytest", "tests/e2e", *(f"--ignore={file}" for file in MAKERS)]],
    "e2e-makers": [["pytest", *MAKERS]],
    "ops": [["pytest", "tests/ops", "-m", "not drill"]],
    "perf": [["pytest", "tests/perf", "-s"]],
    "validation": [
        ["pytest", "tests/validation", "-s", "-o", "enable_assertion_pass_hook=true", f"--figures={FIGURES}"]
    ],
    "js": [
        [BIN / "npm", "--prefix", ROOT / "tests/js", "ci", "--silent", "--prefer-offline"],
        [BIN / "node", "--test", *sorted(ROOT.glob("tests/js/*.test.js"))],
    ],
    "image": [["pytest", "tests/image"]],
    "mutation": [[BIN / "python", ROOT / "tests" / "mutation.py"]],
    "drills": [["pytest", "tests/drills", "tests/integration", "tests/ops", "-m", "drill", "-s"]],
}
MEASURED = ("unit", "integration", "e2e", "e2e-makers")
"""Categories whose coverage is counted; tracing would make notebooks take twice as long."""


@dataclass
class Count:
    """How many tests ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.seconds + other.seconds,
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run_category(category: str, environment: dict[str, str], out: TextIO | None = None) -> Count:
    """Run the commands of a category and count; `out` takes what they print, if it is not to be seen at once."""
    total, began = Count(), perf_counter()
    for command in COMMANDS[category]:
        say(f"\n== {category}: {' '.join(Path(str(word)).name for word in command[:3])}")
        run = run_pytest if command[0] == "pytest" else run_check
        total += run(category, command, environment, out)
    return replace(total, seconds=perf_counter() - began)


def run_rows(rows: list[list[str]], environment: dict[str, str]) -> dict[str, Count]:
    """Run rows of categories side by side; what a category prints is shown whole when it ends."""
    counts, printing = {}, Lock()
    needing = [name for row in rows for name in row if name in NEEDS_DEMO]

    def run_row(names: list[str]) -> None:
        for name in names:
            own = environment
            if name in needing:
                states, counts["demo"] = demo.result()
                own = states[name]
            with tempfile.TemporaryFile("w+") as out:
                counts[name] = run_category(name, own, out)
                out.seek(0)
                with printing:
                    say(f"\n== what {name} printed\n{out.read()}")

    with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(rows) + 1) as pool:
        if needing:
            demo = pool.submit(lambda: stack.enter_context(demo_states(environment, needing)))
        for done in [pool.submit(run_row, row) for row in rows]:
            done.result()
    return counts


def run_check(_category: str, command: list, environment: dict[str, str], out: TextIO | None) -> Count:
    argv = [str(word) for word in command]
    try:
        status = subprocess.run(
            argv, cwd=ROOT, env=environment, check=False, stdout=out, stderr=out and subprocess.STDOUT
        ).returncode
    except FileNotFoundError:
        say(f"FAILED: the program {command[0]} is missing; ops/bootstrap.sh test says how to get it")
        return Count(failed=1)
    return Count(failed=1) if status else Count(passed=1)


def run_pytest(category: str, command: list, environment: dict[str, str], out: TextIO | None) -> Count:
    if category == "validation":
        FIGURES.unlink(missing_ok=True)
        # Bytecode that pytest wrote without the option would not tell the figures.
        shutil.rmtree(ROOT / "tests" / "validation" / "__pycache__", ignore_errors=True)
    report = RESULTS / f"{category}.xml"
    report.unlink(missing_ok=True)
    measured = ["-m", "coverage", "run"] if category in MEASURED else []
    argv = [str(BIN / "python"), *measured, "-m", *command, f"--junit-xml={report}"]
    environment = environment | (ONE_THREAD if WORKERS[0] in command else {})
    status = subprocess.run(
        argv, cwd=ROOT, env=environment, check=False, stdout=out, stderr=out and subprocess.STDOUT
    ).returncode
    if status not in (0, 1) or not report.exists():
        say(f"FAILED: pytest ended with status {status} before it could count (5 means that it found no test)")
        return Count(failed=1)
    return counted(report)


def counted(report: Path) -> Count:
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314  our own file
    count = Count()
    for suite in suites:
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        count += Count(int(suite.get("tests", 0)) - failed - skipped, failed, skipped)
    return count


def tell_failures(category: str) -> None:
    """Say which tests of a category failed and why, in a line each: the whole story is far above."""
    report = RESULTS / f"{category}.xml"
    if category not in COMMANDS or not report.exists():
        return
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314  our own file
        for problem in (*case.iter("failure"), *case.iter("error")):
            lines = problem.get("message", "").strip().splitlines() or ["no message"]
            say(f"FAILED {case.get('classname')}::{case.get('name')}: {lines[0][:300]}")


@contextlib.contextmanager
def demo_states(environment: dict[str, str], names: list[str]):
    """Yield an environment for each category, of state folders that one demo prepared."""
    with contextlib.ExitStack() as stack:
        folders = [str(stack.enter_context(state_folder())) for _ in names]
        first, *others = [environment | {"CRYOKIT_STATE_DIR": folder} for folder in folders]
        began = perf_counter()
        say("\n== demo: cryokit up --no-serve")
        status = cryokit(first, "up", "--no-serve")
        say(f"the demo took {perf_counter() - began:.0f} s and ended with status {status}")
        cryokit(first, "db", "stop")
        for other in others:
            subprocess.run(["cp", "-a", f"{folders[0]}/.", other["CRYOKIT_STATE_DIR"]], check=True)
        for state in (first, *others):
            stack.callback(cryokit, state, "db", "stop")
        yield dict(zip(names, [first, *others], strict=True)), Count(failed=1) if status else Count(passed=1)


def cryokit(environment: dict[str, str], *words: str) -> int:
    return subprocess.run([str(BIN / "cryokit"), *words], cwd=ROOT, env=environment, check=False).returncode


@contextlib.contextmanager
def state_folder():
    """Yield a new folder that PostgreSQL's account can enter too."""
    folder = Path(tempfile.mkdtemp(prefix="cryokit-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_validation_report(environment: dict[str, str]) -> Count:
    """Climb the split ladder of every target on the bundled rows and write validation.html beside the results."""
    KEPT_EVALUATIONS.mkdir(parents=True, exist_ok=True)
    steps = [["db", "migrate"], ["data", "load"]]
    steps += [["ladder", target, "--selection", selection] for target, selection in LADDERS]
    measured = ["-p", f"figures_file={FIGURES}"] if FIGURES.exists() else []
    steps += [["report", "run", "ladder", "-p", "splits=all", *measured]]
    with state_folder() as folder, contextlib.ExitStack() as stack:
        (folder / "evaluations").symlink_to(KEPT_EVALUATIONS)
        prepared = environment | {"CRYOKIT_STATE_DIR": str(folder)}
        stack.callback(cryokit, prepared, "db", "stop")
        for step in steps:
            say(f"\n== validation report: cryokit {' '.join(step[:2])}")
            if status := cryokit(prepared, *step):
                say(f"FAILED: cryokit {step[0]} ended with status {status}; validation.html was not written")
                return Count(failed=1)
        [page] = (folder / "reports").glob("ladder*.html")
        shutil.copyfile(page, ROOT / "validation.html")
    say(f"wrote {ROOT / 'validation.html'}")
    return Count(passed=1)


def check_coverage(environment: dict[str, str]) -> Count:
    say("\n== coverage, all categories together")
    coverage = [str(BIN / "python"), "-m", "coverage"]
    subprocess.run([*coverage, "combine", "--quiet"], cwd=ROOT, env=environment, check=False)
    floor = f"--fail-under={COVERAGE_FLOOR_PERCENT}"
    status = subprocess.run([*coverage, "report", floor], cwd=ROOT, env=environment, check=False).returncode
    return Count(failed=1) if status else Count(passed=1)


def main(wanted: list[str]) -> int:
    categories = wanted or list(DAILY)
    if "e2e" in categories:
        categories.append("e2e-makers")
    known = [*COMMANDS, "coverage"]
    if unknown := [name for name in categories if name not in known]:
        say(f"there is no category {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    RESULTS.mkdir(exist_ok=True)
    environment = os.environ | {"COVERAGE_FILE": str(RESULTS / ".coverage"), "PYTHONUTF8": "1"}
    counts = {}
    rows = [[name for name in row if name in categories] for row in ROWS]
    rows = [row for row in rows if row]
    in_rows = {name for row in rows for name in row}
    if len(in_rows) == 1 and not in_rows & set(NEEDS_DEMO):
        rows, in_rows = [], set()  # alone: what it prints is seen at once
    if rows:
        counts |= run_rows(rows, environment)
    for name in categories:
        if name in COMMANDS and name not in in_rows:
            counts[name] = run_category(name, environment)
    if "validation" in categories:
        counts["report"] = write_validation_report(environment)
    if "coverage" in categories or set(MEASURED) <= set(categories):
        counts["coverage"] = check_coverage(environment)
    say("")
    counts = {name: counts[name] for name in (*COMMANDS, "report", "demo", "coverage") if name in counts}
    for name in counts:
        tell_failures(name)
    for name, count in counts.items():
        say(f"{name:<12} {count}" + (f"  {count.seconds:.0f} s" if count.seconds else ""))
    total = sum(counts.values(), Count())
    say(str(total))
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
