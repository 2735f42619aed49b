"""What a button of a page begins is known by the id of the page's websocket, in the log and in PostgreSQL."""

import json
import time
from collections.abc import Callable

from sqlalchemy import text

import cryokit
from cryokit.db.engine import ADMIN

WAITING = """
SELECT application_name FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND application_name LIKE 'cryokit:%' AND query LIKE '%health_run%'
"""


def found(look: Callable[[], list], seconds: float = 60) -> list:
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, "it was not seen in time"
        time.sleep(0.05)
    return seen


def test_a_button_works_under_the_id_of_its_websocket_in_log_and_database(new_visit, server_log, state_dir):
    def events(name: str) -> list[dict]:
        lines = [json.loads(line) for line in server_log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name][before[name] :]

    def waiting() -> list[str]:
        with workbench.database.bootstrap() as superuser:
            return superuser.scalars(text(WAITING)).all()

    page = new_visit("admin").open("/database", button="Run now")
    before = {"button_pressed": 0, "websocket_closed": 0}
    before = {name: len(events(name)) for name in before}
    with cryokit.open(state_dir=state_dir) as workbench, workbench.database.connection_of(ADMIN) as connection:
        connection.execute(text("SET ROLE cryokit_owner"))
        connection.execute(text("LOCK TABLE cryo.health_run IN ACCESS EXCLUSIVE MODE"))
        page.get_by_role("button", name="Run now").click()
        seen = found(waiting)
        connection.rollback()
    [pressed] = found(lambda: events("button_pressed"))
    page.close()
    [closed] = [line for line in found(lambda: events("websocket_closed")) if line["route"] == "/database/ws"]

    assert (pressed["button"], len(closed["correlation_id"])) == ("Run now", 32)
    assert pressed["correlation_id"] == closed["correlation_id"]
    assert seen == [f"cryokit:{closed['correlation_id']}"]
