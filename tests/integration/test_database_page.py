"""The page Database health when the database goes away under it."""

import asyncio

from cryokit.workbench import Workbench
from dashboards.database import DatabasePage


def test_a_database_that_goes_away_is_not_shown_as_it_was(settings, fresh_database, superuser_runs):
    page = DatabasePage(Workbench(settings, database=fresh_database))
    asyncio.run(page._on_run(None))
    before = page.verdict.object
    fresh_database.dispose()
    superuser_runs(f"ALTER DATABASE {fresh_database.name} ALLOW_CONNECTIONS false")

    asyncio.run(page._on_run(None))

    assert "connection" not in before
    assert ">error<" in page.verdict.object
    assert "connection" in page.checks.object
    assert "problem" in page.status.object
