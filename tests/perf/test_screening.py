"""What screening costs: molecules a second, what a second worker brings, and memory that does not grow."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from cryokit.chemistry.molecules import canonical
from cryokit.compute.cluster import completed, connected
from cryokit.models import artifacts
from cryokit.models.fitted import fit
from cryokit.models.screening import Question, screened
from cryokit.sources import melting
from cryokit.sources.bundled import bundled_rows
from cryokit.workbench.helpers import helper_for

PARTITION_ROWS = 1000
FLOOR_PER_SECOND = 600
"""Far below what an idle machine does (the aim is 2,500): a busy one must not turn the benchmark red."""

HEADS = ["CCO", "CC(C)", "OCC(O)", "c1ccccc1C", "C1CCCCC1C", "CC(=O)NC", "COCC", "FC(F)(F)C", "N#CC", "C1COCCN1C"]
LINKS = ["O", "N", "C(=O)N", "C(=O)O", "S", "CO", "C(O)C", "NC(=O)N"]
TAILS = ["CC", "CCCO", "c1ccncc1", "C1CCOC1", "CC(N)=O", "c1ccccc1Cl", "CC#N", "C(C)(C)O", "CC(=O)O", "CCN(C)C"]


def molecules(count: int) -> list[tuple[str, str]]:
    """Return distinct molecules of 8 to 30 heavy atoms."""
    parts = itertools.product(HEADS, LINKS, ["C", "CC", "C(C)", "CC(O)", "CC(F)"], LINKS, TAILS)
    distinct = {canonical(f"{head}{first}{middle}{second}{tail}"): "" for head, first, middle, second, tail in parts}
    chosen = list(distinct.items())[:: len(distinct) // count][:count]
    assert len(chosen) == count
    return chosen


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Callable[[list], dict]:
    """Return what a worker does with a partition, for the Tg model of the bundled figures."""
    folder = tmp_path_factory.mktemp("artifacts")
    rows = bundled_rows("tg")
    rows = rows[rows["is_curated"]].reset_index(drop=True)
    sha256 = artifacts.save(fit("tg", rows, helper=helper_for("tg", rows, folder)), folder)
    return partial(
        screened,
        questions=(Question("tg", sha256, {}, tuple(sorted(set(rows["smiles"])))),),
        artifacts_dir=str(folder),
        melting_point=melting.melting_point_kelvin,
        with_melting_point=melting.substances_with_melting_point,
    )


def test_molecules_a_second_of_one_core(work, measured):
    library = molecules(9000)
    work(library[:PARTITION_ROWS])  # model, tables of melting points and known skeletons are read once in a process
    wall, processor = time.perf_counter(), time.process_time()
    for begin in range(PARTITION_ROWS, len(library), PARTITION_ROWS):
        work(library[begin : begin + PARTITION_ROWS])
    count, wall, processor = len(library) - PARTITION_ROWS, time.perf_counter() - wall, time.process_time() - processor
    measured(molecules_per_second=count / wall, molecules_per_processor_second=count / processor)

    assert count / processor >= FLOOR_PER_SECOND


def seconds(work: Callable[[list], dict], library: list, workers: int) -> float:
    """Time on a local cluster whose workers have read all that they need."""
    parts = [library[begin : begin + PARTITION_ROWS] for begin in range(0, len(library), PARTITION_ROWS)]
    with connected(workers=workers) as client:
        client.wait_for_workers(workers, timeout=60)
        for future in [client.submit(work, library[:200], workers=[name], pure=False) for name in client.nthreads()]:
            future.result()
        began = time.perf_counter()
        count = sum(len(columns["error"]) for _, columns in completed(client, work, enumerate(parts)))
        taken = time.perf_counter() - began
    assert count == len(library)
    return taken


def test_a_second_worker_nearly_halves_the_time(work, measured):
    library = molecules(16_000)
    one, two = seconds(work, library, 1), seconds(work, library, 2)
    measured(speed_of_two_workers_over_one=one / two, load=os.getloadavg()[0], cores=os.cpu_count())

    assert one / two >= 1.0


MEASURE = """
import sys
from pathlib import Path
from cryokit.compute.partitions import Partitions
from cryokit.compute.results import schema_of, table_of
from cryokit.sources.library import Library
source, out, rows = Library(Path(sys.argv[1])), Path(sys.argv[2]), 2000
schema = schema_of(["tg"])
partitions = Partitions(out, {})
with partitions.opened():
    total = source.count()
    for number, entries in enumerate(source.partitions(rows)):
        columns = {name: [None] * len(entries) for name in schema.names if name != "row"}
        columns |= {"smiles": [smiles for smiles, _ in entries], "name": [name for _, name in entries]}
        partitions.store(number, table_of(schema, columns, number * rows))
    partitions.assemble(schema, number + 1, total)
[peak] = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(int(peak) // 1024)
"""


def peak_megabytes(library: Path, rows: int) -> int:
    """Peak memory of reading, storing and assembling a library of so many rows."""
    library.write_text("".join(f"CCOC(C)CCN molecule {number}\n" for number in range(rows)))
    argv = [sys.executable, "-c", MEASURE, str(library), str(library.with_suffix(".parquet"))]
    return int(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)


def test_memory_does_not_grow_with_the_library(tmp_path, measured):
    small, large = (peak_megabytes(tmp_path / f"{rows}.smi", rows) for rows in (20_000, 400_000))
    measured(peak_megabytes_20000_rows=small, peak_megabytes_400000_rows=large)

    assert large <= small + 60
