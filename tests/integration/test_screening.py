"""Screening on real processes: complete and without repeats, whatever is killed meanwhile."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from cryokit.cli import main
from cryokit.compute import cluster
from cryokit.compute.cluster import completed, connected
from cryokit.errors import UnavailableError
from tests.ports import free_port

ROWS, PARTITION_ROWS = 400, 16
LONGEST_WAIT_SECONDS = 120


ALONE = ["--workers", "1"]
"""Each worker begins by reading all of its libraries and tables, which takes longer than the rows of these tests."""


def library_of(count: int) -> str:
    """Return distinct ethers and alcohols, every fiftieth line one that cannot be read, the first one repeated."""
    tails = ["C", "CC", "CCC", "CC(C)C", "CCO", "CC(O)CO", "c1ccccc1", "C1CCCC1", "CCN", "CC(=O)N"]
    linked = itertools.product(tails, ["O", "N", "C", "CO", "C(O)"], tails, ["C", "CC", "CO", "CCCC"])
    smiles = [f"{first}{link}C({second}){third}" for first, link, second, third in itertools.islice(linked, count)]
    lines = [f"{text} molecule {number}" for number, text in enumerate(smiles)]
    lines[::50] = [f"C1CC broken {number}" for number in range(len(lines[::50]))]
    return "\n".join([*lines, lines[1], lines[1]]) + "\n"


def process_of(_argument: str) -> int:
    """Return the process that does the work."""
    return os.getpid()


def waited_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def parts_of(out: Path) -> list[Path]:
    return sorted(out.with_name(f"{out.name}.parts").glob("part-*.parquet"))


@pytest.fixture(scope="module")
def state(make_settings) -> Iterator[dict[str, str]]:
    """Environment with a database and one version of the Tg model."""
    with make_settings() as make:
        environment = {"CRYOKIT_STATE_DIR": str(make().state_dir)}
        for words in (["db", "start"], ["db", "migrate"], ["data", "load"], ["train", "tg", "--estimator", "ridge"]):
            assert CliRunner(env=environment).invoke(main, words, catch_exceptions=False).exit_code == 0
        yield environment


@pytest.fixture(scope="module")
def run(state) -> Callable[..., Result]:
    """Run one command in this process."""

    def run_command(*words: object, **variables: str) -> Result:
        return CliRunner(env=state | variables).invoke(main, [str(word) for word in words], catch_exceptions=False)

    return run_command


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """Four hundred molecules: 25 partitions."""
    path = tmp_path_factory.mktemp("library") / "library.smi"
    path.write_text(library_of(ROWS - 2))
    return path


@pytest.fixture(scope="module")
def undisturbed(run, library, tmp_path_factory) -> Path:
    """The output of a screening that nothing disturbed."""
    out = tmp_path_factory.mktemp("out") / "undisturbed.parquet"
    result = run("screen", library, "--out", out, "--partition-rows", PARTITION_ROWS, "--top", 5, "--json", *ALONE)
    assert result.exit_code == 0, result.stderr
    (out.parent / "shown.json").write_text(result.stdout)
    return out


def test_every_row_is_in_the_output_once_and_in_order(undisturbed, library):
    table = pq.read_table(undisturbed).to_pandas()
    lines = [line.split(maxsplit=1) for line in library.read_text().splitlines()]

    assert table["row"].tolist() == list(range(ROWS))
    assert list(zip(table["smiles"], table["name"], strict=True)) == [tuple(words) for words in lines]
    assert (table["error"].notna() == table["name"].str.startswith("broken")).all()
    assert (table["tg_value"].notna() == table["error"].isna()).all()
    good = table[table["error"].isna()]
    assert ((good["tg_lower"] <= good["tg_value"]) & (good["tg_value"] <= good["tg_upper"])).all()


def test_repeated_molecules_stay_rows_with_the_same_values(undisturbed):
    table = pq.read_table(undisturbed).to_pandas()

    assert table.loc[[1, ROWS - 2, ROWS - 1], "tg_value"].nunique() == 1


def test_the_best_are_shown(undisturbed):
    shown = json.loads((undisturbed.parent / "shown.json").read_text())
    table = pq.read_table(undisturbed).to_pandas().drop_duplicates("canonical_smiles")

    assert shown["summary"]["rows with an error"] == ROWS // 50
    assert [row["tg_value"] for row in shown["top"]] == pytest.approx(table["tg_value"].nlargest(5).tolist())


def test_a_screened_molecule_has_the_value_of_its_prediction(run, undisturbed):
    table = pq.read_table(undisturbed).to_pandas()
    rows = table[table["error"].isna()].sample(5, random_state=0)
    predicted = json.loads(run("predict", "tg", *rows["smiles"], "--json").stdout)

    for name in ("value", "lower", "upper"):
        assert rows[f"tg_{name}"].tolist() == pytest.approx([item[name] for item in predicted], rel=1e-6)
    assert rows["tg_in_domain"].tolist() == [item["in_domain"] for item in predicted]


def test_asking_again_for_what_is_complete_computes_nothing(run, undisturbed, library):
    before = undisturbed.stat().st_mtime_ns
    result = run("screen", library, "--out", undisturbed, "--partition-rows", PARTITION_ROWS, "--json")

    assert json.loads(result.stdout)["summary"]["done before"] == ROWS
    assert undisturbed.stat().st_mtime_ns == before


def test_another_library_is_refused_for_the_same_output(run, undisturbed, tmp_path):
    other = tmp_path / "other.smi"
    other.write_text("CCO ethanol\n")
    result = run("screen", other, "--out", undisturbed)

    assert result.exit_code == 14
    assert "input sha256 was" in result.stderr


def test_the_job_is_written_down(run, undisturbed):
    jobs = json.loads(run("job", "list", "--json").stdout)

    assert ("screening", "succeeded", 1.0, str(undisturbed)) in [
        (job["kind"], job["status"], job["done_fraction"], job["parameters"]["out"]) for job in jobs
    ]


def test_a_killed_screening_goes_on_and_gives_the_same_file(run, state, library, undisturbed, tmp_path):
    out = tmp_path / "out.parquet"
    argv = [sys.executable, "-m", "cryokit.cli", "screen", str(library), "--out", str(out)]
    argv += ["--partition-rows", str(PARTITION_ROWS), *ALONE]
    process = subprocess.Popen(argv, env=os.environ | state, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    waited_for(lambda: len(parts_of(out)) >= 5 or process.poll() is not None)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = len(parts_of(out))

    assert not out.exists()
    assert 5 <= kept < 25
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive

    result = run("screen", library, "--out", out, "--partition-rows", PARTITION_ROWS, "--json", *ALONE)

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["summary"]["done before"] == kept * PARTITION_ROWS
    assert pq.read_table(out).equals(pq.read_table(undisturbed))
    assert not parts_of(out)
    jobs = json.loads(run("job", "list", "--json").stdout)
    assert [job["status"] for job in jobs if job["parameters"]["out"] == str(out)] == ["succeeded", "failed"]


def test_other_partitions_than_those_begun_are_refused(run, state, library, tmp_path):
    out = tmp_path / "out.parquet"
    folder = tmp_path / "out.parquet.parts"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"rows of a partition": 7}))
    result = run("screen", library, "--out", out)

    assert result.exit_code == 14
    assert "rows of a partition was 7, now it is 2000" in result.stderr
    assert not out.exists()


@contextlib.contextmanager
def tcp_cluster(port: int, folder: Path, count: int) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """Start a scheduler and workers as programs of their own; nobody starts a dead worker again."""
    address, log = f"tcp://127.0.0.1:{port}", folder / "cluster.log"
    dask = [sys.executable, "-m", "dask"]
    plain = ["--no-dashboard", "--host", "127.0.0.1"]
    with log.open("wb") as stream, contextlib.ExitStack() as stack:

        def start(*words: str) -> subprocess.Popen:
            process = subprocess.Popen([*dask, *words], cwd=folder, stdout=stream, stderr=stream)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        start("scheduler", *plain, "--port", str(port))
        workers = [start("worker", address, *plain, "--nthreads", "1", "--no-nanny") for _ in range(count)]
        yield address, workers


def test_a_worker_that_is_killed_costs_no_row(run, library, undisturbed, tmp_path):
    out = tmp_path / "out.parquet"
    with tcp_cluster(free_port(), tmp_path, 2) as (address, workers), connected(address) as client:
        client.wait_for_workers(2, timeout=LONGEST_WAIT_SECONDS)
        watcher = subprocess.Popen(
            [sys.executable, "-c", KILLER, str(out.with_name(f"{out.name}.parts")), str(workers[0].pid)]
        )
        words = ["screen", library, "--out", out, "--partition-rows", PARTITION_ROWS, "--json"]
        result = run(*words, CRYOKIT_DASK_ADDRESS=address)

        assert watcher.wait() == 0
        assert workers[0].wait() == -signal.SIGKILL
        assert workers[1].poll() is None

    assert result.exit_code == 0, result.stderr
    assert pq.read_table(out).equals(pq.read_table(undisturbed))


KILLER = """
import os, pathlib, signal, sys, time
folder, pid = pathlib.Path(sys.argv[1]), int(sys.argv[2])
deadline = time.monotonic() + 100
while len(list(folder.glob("part-*.parquet"))) < 5 and time.monotonic() < deadline:
    time.sleep(0.01)
sys.exit(3) if time.monotonic() >= deadline or len(list(folder.glob("part-*.parquet"))) > 40 else None
os.kill(pid, signal.SIGKILL)
"""


def test_an_address_without_a_cluster_is_unavailable(monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1)
    with pytest.raises(UnavailableError, match="no Dask cluster"), connected(f"tcp://127.0.0.1:{free_port()}"):
        pass


@pytest.mark.parametrize(("seconds_here", "is_here"), [(60, True), (0, False)])
def test_what_takes_longer_goes_on_in_other_processes(monkeypatch, seconds_here, is_here):
    monkeypatch.setattr(cluster, "HERE_SECONDS", seconds_here)
    results = dict(cluster.begun_here(None, 1, process_of, enumerate("abc")))

    assert sorted(results) == [0, 1, 2]
    assert {pid == os.getpid() for pid in results.values()} == {is_here}


def test_few_tasks_are_drawn_ahead_of_the_results():
    drawn, most = [], []

    def tasks() -> Iterator[tuple[int, int]]:
        for number in range(60):
            drawn.append(number)
            yield number, number

    with connected(workers=2) as client:
        results = {}
        for number, result in completed(client, abs, tasks()):
            results[number] = result
            most.append(len(drawn) - len(results))

    assert results == {number: number for number in range(60)}
    assert max(most) <= 4


@pytest.mark.parametrize(
    ("words", "exit_code", "reason"),
    [
        (["--target", "viability"], 11, "formulations"),
        (["--target", "tg,iri"], 11, "assay is missing"),
        (["--target", "tg", "--assay", "splat"], 11, "tg takes no assay"),
        (["--target", "tg", "--pareto"], 11, "two targets"),
        (["--target", "tg", "--best", "tg=up"], 11, "highest or lowest"),
        (["--target", "tg", "--version", "tg=9"], 12, "no version 9"),
        (["--target", "tg", "--partition-rows", "0"], 11, "1 to 100000"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(run, library, tmp_path, words, exit_code, reason):
    result = run("screen", library, "--out", tmp_path / "out.parquet", *words)

    assert result.exit_code == exit_code, result.stderr
    assert reason in result.stderr
    assert not list(tmp_path.iterdir())


def test_an_output_needs_the_ending_parquet(run, library, tmp_path):
    assert run("screen", library, "--out", tmp_path / "out.csv").exit_code == 11


def test_a_library_without_molecules_is_refused(run, tmp_path):
    empty = tmp_path / "empty.smi"
    empty.write_text("\n\n")

    assert run("screen", empty, "--out", tmp_path / "out.parquet").exit_code == 11
