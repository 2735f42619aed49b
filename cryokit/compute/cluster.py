"""
Dask: an embedded cluster of local processes, or the one at ``CRYOKIT_DASK_ADDRESS``.

Dask is imported where it is used: it takes half a second, and most commands do without.
"""

import contextlib
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from cryokit.errors import UnavailableError
from cryokit.telemetry import call_under, correlation_id

if TYPE_CHECKING:
    from distributed import Client

WAITING_PER_WORKER = 2
"""Tasks given out for each worker: one that runs and one that waits, so that no worker idles and nothing piles up."""

HERE_SECONDS = 10
"""About what it takes until processes of a local cluster have imported what a fold needs."""

_LOCAL_HOST = "127.0.0.1"
_CONNECT_SECONDS = 10
_WORKER_SECONDS = 60
_TRIES = 10
"""Workers that may die under one task before the task is called the culprit."""


@contextlib.contextmanager
def connected(address: str | None = None, workers: int | None = None) -> Iterator["Client"]:
    """
    Connect to a cluster; without an address make one of local processes, gone afterwards.

    Parameters
    ----------
    address : str, optional
        Address of a Dask scheduler, such as ``tcp://host:8786``.
    workers : int, optional
        Processes of a local cluster; by default one for each core that this process may use.

    Yields
    ------
    distributed.Client
        Connected, with at least one worker.

    Raises
    ------
    UnavailableError
        If nothing answers at the address, or there is no worker.
    """
    import dask
    import distributed  # first: it brings the defaults that are changed here for a while

    logging.getLogger(distributed.__name__).setLevel(logging.CRITICAL)  # what matters comes as an error of a task
    configured = {
        "distributed.scheduler.allowed-failures": _TRIES,
        "distributed.admin.low-level-log-length": 0,
        "distributed.comm.timeouts.connect": f"{_CONNECT_SECONDS}s",
    }
    with dask.config.set(configured), contextlib.ExitStack() as stack:
        yield stack.enter_context(_client_of(address) if address else _local_client(workers or core_count()))


def core_count() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _local_client(workers: int) -> Iterator["Client"]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,  # RDKit holds the interpreter's lock
            processes=True,
            host=_LOCAL_HOST,
            dashboard_address=f"{_LOCAL_HOST}:0",  # any free port: several screenings may run at once
            memory_limit=0,  # the number of partitions under way is what bounds memory
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@contextlib.contextmanager
def _client_of(address: str) -> Iterator["Client"]:
    from distributed import Client

    with contextlib.ExitStack() as stack:
        try:
            client = stack.enter_context(Client(address, timeout=_CONNECT_SECONDS, set_as_default=False))
            client.wait_for_workers(1, timeout=_WORKER_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            msg = (
                f"no Dask cluster with workers answers at {address} ({error}); start one with `dask scheduler` and "
                f"`dask worker {address}`, or unset CRYOKIT_DASK_ADDRESS to compute on this machine"
            )
            raise UnavailableError(msg) from error
        yield client


def completed(
    client: "Client", function: Callable[[Any], Any], tasks: Iterable[tuple[int, Any]]
) -> Iterator[tuple[int, Any]]:
    """
    Run a function on many tasks and yield results as they come, with only a few tasks given out at any time.

    A task whose worker dies is given to another worker.

    Parameters
    ----------
    client : distributed.Client
        Where to run.
    function : callable
        Importable by the workers; takes one argument.
    tasks : iterable of (int, object)
        Number and argument of each task; drawn only when a worker is about to be free.

    Yields
    ------
    tuple of int and object
        Number of a task and what the function returned, in the order of completion.

    Raises
    ------
    UnavailableError
        If task after task loses its worker.
    """
    from distributed import KilledWorker, as_completed

    run, waiting, numbers = uuid.uuid4().hex, iter(tasks), {}
    asked_by = correlation_id.get()
    flowing = as_completed(loop=client.loop)

    def give_out(count: int) -> None:
        for number, argument in islice(waiting, count):
            future = client.submit(call_under, asked_by, function, argument, key=f"cryokit-{run}-{number}", pure=False)
            numbers[future.key] = number
            flowing.add(future)

    give_out(WAITING_PER_WORKER * worker_count(client))
    for future in flowing:
        number = numbers.pop(future.key)
        try:
            result = future.result()
        except KilledWorker as error:
            msg = f"partition {number} lost {_TRIES} workers in a row; look at the memory and the logs of the workers"
            raise UnavailableError(msg) from error
        future.release()
        yield number, result
        give_out(1 + max(0, WAITING_PER_WORKER * worker_count(client) - len(numbers) - 1))


def begun_here(
    address: str | None, workers: int, function: Callable[[Any], Any], tasks: Iterable[tuple[int, Any]]
) -> Iterator[tuple[int, Any]]:
    """
    Run tasks in this process for some seconds, and those that are left then on a cluster.

    Processes of a local cluster take seconds to start, and many a work is done by then. With an address nothing is
    computed here.

    Parameters
    ----------
    address : str or None
        Address of a Dask scheduler; None makes a cluster of local processes.
    workers : int
        Processes of a local cluster.
    function : callable
        Importable by the workers; takes one argument.
    tasks : iterable of (int, object)
        Number and argument of each task.

    Yields
    ------
    tuple of int and object
        Number of a task and what the function returned, in the order of completion.

    Raises
    ------
    UnavailableError
        If nothing answers at the address, or task after task loses its worker.
    """
    waiting = iter(tasks)
    ends_at = time.monotonic() + (0 if address else HERE_SECONDS)
    for number, argument in waiting:
        if time.monotonic() < ends_at:
            yield number, function(argument)
            continue
        with connected(address, workers) as client:
            yield from completed(client, function, chain([(number, argument)], waiting))


def worker_count(client: "Client") -> int:
    """Return how many threads of workers there are, at least one."""
    return max(1, sum(client.nthreads().values()))
