"""Fixtures of tests that need PostgreSQL: people and rows."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
import pytest
import uvicorn

from cryokit.api.app import create_app
from cryokit.db.engine import Database
from cryokit.db.registry import Registry
from cryokit.domain import Component, Identity, Molecule
from cryokit.sources.bundled import bundled_rows
from cryokit.workbench import Workbench
from tests.logs import logged

ARGON2 = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g"
GLYCEROL = Molecule("OCC(O)CO", "PEDCQBHIVMGVHV-UHFFFAOYSA-N")
DMSO = Molecule("CS(C)=O", "IAZDPXIOMUYVGZ-UHFFFAOYSA-N")


@dataclass(frozen=True)
class People:
    """A database with an account of each kind."""

    database: Database
    viewer: Identity
    researcher: Identity
    other: Identity
    admin: Identity

    def registry(self, identity: Identity | None) -> Registry:
        return Registry(self.database, identity)


@pytest.fixture
def people(fresh_database: Database) -> People:
    """An account of each kind and a second researcher, in a database of their own."""
    registry = Registry(fresh_database)
    roles = {"viewer": "viewer", "researcher": "researcher", "other": "researcher", "admin": "admin"}
    accounts = {name: registry.add_user(name.title(), role, ARGON2) for name, role in roles.items()}
    return People(fresh_database, **accounts)


@pytest.fixture
def tg_rows() -> Callable[..., pd.DataFrame]:
    """Make rows of glass transitions, one for each value given."""

    def make(*values: float, smiles: str = "OCC(O)CO", name: str = "glycerol") -> pd.DataFrame:
        return pd.DataFrame(
            {
                "name": name,
                "smiles": smiles,
                "value": values,
                "unit": "K",
                "tm_kelvin": 291.0,
                "conditions": "pure, dry",
                "spread": [1.5, *[float("nan")] * (len(values) - 1)],
                "count": 3,
                "source": "10.1039/C1CP22617G",
                "evidence": "A",
                "is_published": True,
                "is_curated": False,
                "note": "of three",
            }
        )

    return make


@pytest.fixture
def viability_rows() -> pd.DataFrame:
    """Two formulations, one of them with a material that has no structure, one written in another order."""
    glycerol = Component("glycerol", 6.0, "mol/kg", GLYCEROL)
    return pd.DataFrame(
        {
            "name": ["glycerol + DMSO", "glycerol + serum"],
            "recipe": ["glycerol=6 mol/kg; dmso=1 mol/kg", "glycerol=6 mol/kg; serum=10 % v/v"],
            "value": [0.97, 1.25],
            "cell": "BPAEC",
            "assay": "calcein",
            "temperature_kelvin": [277.15, float("nan")],
            "minutes": [30.0, float("nan")],
            "endpoint": ["exposure_survival", "recovery"],
            "source": "10.1038/s41598-025-85509-x",
            "components": [
                (glycerol, Component("dmso", 1.0, "mol/kg", DMSO)),
                (glycerol, Component("serum", 10.0, "% v/v")),
            ],
        }
    )


@contextlib.contextmanager
def served_on_a_free_port(workbench: Workbench) -> Iterator[str]:
    """Serve the API over a workbench and yield its address."""
    server = uvicorn.Server(uvicorn.Config(create_app(workbench), log_level="error", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def served() -> Callable[[Workbench], contextlib.AbstractContextManager[str]]:
    """Serve the API over a workbench."""
    return served_on_a_free_port


@pytest.fixture(scope="module")
def trained(server, cloned, template_database) -> Callable[..., contextlib.AbstractContextManager[Workbench]]:
    """Open a workbench over a database of its own that holds one small model of so many rows."""

    @contextlib.contextmanager
    def opened(count: int = 40) -> Iterator[Workbench]:
        with cloned(template_database) as database:
            workbench = Workbench(server.settings, database)
            rows = bundled_rows("tg").query("is_curated and tm_kelvin.notna()").head(count)
            workbench.registry.store_measurements(rows, "tg", is_public=True)
            workbench.train("tg", estimator="mean")
            yield workbench

    return opened


@pytest.fixture
def log_lines() -> Iterator[Callable[[], list[dict]]]:
    """Return what was logged since, each line read as JSON."""
    with logged("INFO") as lines:
        yield lines
