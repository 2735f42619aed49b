"""Do what the pipeline does, in a fresh clone and in the order in which its jobs need each other.

``python tests/ci_local.py [--job NAME ...]`` reads .github/workflows/ci-cd.yml. Only what is committed is tried.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from itertools import product
from pathlib import Path
from time import perf_counter

import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = Path(".github/workflows/ci-cd.yml")
BY_THE_CLONE = ("actions/checkout", "actions/setup-python", "actions/download-artifact")
"""Steps whose outcome the clone has already: the code, a Python, what other jobs left in test-results."""
ONLY_THERE = ("actions/attest",)
"""Steps that need the platform's own signing service."""


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def in_order(jobs: dict[str, dict]) -> list[str]:
    """Return the jobs so that each comes after those it needs."""
    return list(TopologicalSorter({name: needs_of(job) for name, job in jobs.items()}).static_order())


def needs_of(job: dict) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


def with_needs(jobs: dict[str, dict], wanted: Iterable[str]) -> set[str]:
    """Return the wanted jobs and all that they need."""
    found: set[str] = set()
    rest = list(wanted)
    while rest:
        name = rest.pop()
        if name not in found:
            found.add(name)
            rest += needs_of(jobs[name])
    return found


def variants(job: dict) -> Iterator[dict[str, str]]:
    """Yield the values of each run of a job's matrix; one empty set without a matrix."""
    matrix = job.get("strategy", {}).get("matrix", {})
    for values in product(*matrix.values()):
        yield dict(zip(matrix, values, strict=True))


def filled(text: object, matrix: dict[str, str], results: Iterable[str]) -> str:
    """Fill in the few expressions that our workflow has; another one is an error."""

    def value(found: re.Match) -> str:
        expression = found[1]
        if expression.startswith("matrix."):
            return matrix[expression.removeprefix("matrix.")]
        if expression == "join(needs.*.result, ' ')":
            return " ".join(results)
        msg = f"ci_local does not know the expression {expression!r}; it knows matrix.NAME and the results of needs"
        raise ValueError(msg)

    return re.sub(r"\$\{\{\s*(.+?)\s*\}\}", value, str(text))


class Run:
    """One run of the pipeline in a clone."""

    def __init__(self, clone: Path, jobs: dict[str, dict]) -> None:
        self.clone, self.jobs = clone, jobs
        self.results: dict[str, str] = {}

    def job(self, name: str) -> str:
        """Do a job for each variant of its matrix and return how it ended."""
        job = self.jobs[name]
        needed = [self.results[need] for need in needs_of(job)]
        if "environment" in job:
            say(f"\n=== {name}: not run: it deploys, on a runner of its own and after an approval")
            return "not run"
        if any(result != "success" for result in needed) and job.get("if") != "always()":
            say(f"\n=== {name}: skipped, because of {dict(zip(needs_of(job), needed, strict=True))}")
            return "skipped"
        ended = [self._steps(name, job, matrix, needed) for matrix in variants(job)]
        return "success" if all(ended) else "failure"

    def _steps(self, name: str, job: dict, matrix: dict[str, str], needed: list[str]) -> bool:
        passed = True
        for step in job["steps"]:
            if not passed and step.get("if") != "always()":
                continue
            given = {**job.get("env", {}), **step.get("env", {})}
            environment = {key: filled(value, matrix, needed) for key, value in given.items()}
            title = filled(step.get("run", step.get("uses", "")), matrix, needed).splitlines()[0]
            began = perf_counter()
            say(f"\n=== {name} {' '.join(matrix.values())}: {title}")
            well = self._command(step, environment) if "run" in step else self._action(step)
            say(f"=== {name}: {title}: {'well' if well else 'FAILED'} after {perf_counter() - began:.0f} s")
            passed = passed and well
        return passed

    def _command(self, step: dict, environment: dict[str, str]) -> bool:
        argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return not subprocess.run(argv, cwd=self.clone, env=os.environ | environment, check=False).returncode

    def _action(self, step: dict) -> bool:
        action = step["uses"].partition("@")[0]
        if action == "actions/upload-artifact":
            path = self.clone / step["with"]["path"]
            if not path.exists() or (path.is_dir() and not any(path.iterdir())):
                say(f"nothing to keep: {step['with']['path']} is missing or empty")
                return False
            return True
        if action in ONLY_THERE:
            say("not run: only the platform can sign")
            return True
        if action not in BY_THE_CLONE:
            known = ", ".join((*BY_THE_CLONE, *ONLY_THERE, "actions/upload-artifact"))
            say(f"ci_local does not know the action {action}; it knows {known}")
            return False
        return True


def main(arguments: list[str]) -> int:
    """Run the pipeline of the committed code; 0 only if every job that was to run succeeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--job", action="append", help="only this one and what it needs; may be given again")
    parser.add_argument("--repository", type=Path, default=ROOT)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cryokit-ci-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", given.repository, clone], check=True)
        Path(folder).chmod(0o755)  # PostgreSQL's account must enter
        jobs = yaml.safe_load((clone / WORKFLOW).read_text())["jobs"]
        if unknown := set(given.job or ()) - set(jobs):
            say(f"there is no job {', '.join(sorted(unknown))}; there are {', '.join(jobs)}")
            return 2
        wanted = with_needs(jobs, given.job or jobs)
        run = Run(clone, jobs)
        for name in in_order(jobs):
            if name in wanted:
                run.results[name] = run.job(name)
    say("")
    for name, result in run.results.items():
        say(f"{name:<12} {result}")
    return 0 if set(run.results.values()) <= {"success", "not run"} else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
