"""Facts about who sees what, asserted by hand; the full matrix is not here."""

import contextlib
from urllib.parse import quote
from uuid import uuid4

import psycopg2
import pytest
from sqlalchemy import text

from cryokit.db import migrations
from cryokit.db.engine import ADMIN, APP, Database
from cryokit.db.server import SUPERUSER, Server
from cryokit.domain import Identity
from cryokit.errors import AccessError, ConfigError, CryokitError, UnavailableError

PERSONAL_TABLES = ("measurement", "prediction", "report_run", "molecule", "molecule_identifier")


def count(connection, table: str) -> int:
    return connection.execute(text(f"SELECT count(*) FROM cryo.{table}")).scalar()  # noqa: S608  names from this file


@pytest.fixture
def private(people, tg_rows):
    """People, of whom the researcher keeps one private row."""
    people.registry(people.researcher).store_measurements(tg_rows(190.0), "tg", is_public=False)
    return people


@pytest.fixture
def personal_login(private, superuser_runs):
    """A database login of the viewer's own, as people use it with psql."""
    name = f"p_{private.viewer.user_id.hex[:12]}"
    superuser_runs(f"CREATE ROLE {name} LOGIN PASSWORD 'personal' IN ROLE authenticated")
    with private.database.service() as connection:
        given = {"login": name, "user": private.viewer.user_id}
        connection.execute(text("INSERT INTO cryo.app_login VALUES (:login, :user)"), given)
    server = Server(private.database.settings)
    address = server.url(name, private.database.name).split("&passfile")[0]
    with contextlib.closing(psycopg2.connect(address, password="personal")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    superuser_runs(f"DROP ROLE {name}")


# Who sees what


@pytest.mark.parametrize("table", PERSONAL_TABLES)
def test_outsider_sees_nothing_private(private, table):
    with private.database.acting_as(private.other) as connection:
        assert count(connection, table) == 0


@pytest.mark.parametrize("table", [name for name in PERSONAL_TABLES if name != "report_run"])
def test_visitor_sees_nothing_private(private, table):
    with private.database.anonymous() as connection:
        assert count(connection, table) == 0


def test_owner_sees_his_own_row_and_its_molecule(private):
    with private.database.acting_as(private.researcher) as connection:
        assert (count(connection, "measurement"), count(connection, "molecule")) == (1, 1)


def test_visitor_may_not_ask_for_report_runs(private):
    with pytest.raises(AccessError), private.database.anonymous() as connection:
        count(connection, "report_run")


def test_admin_sees_no_private_rows_of_others(private):
    with private.database.acting_as(private.admin) as connection:
        assert count(connection, "measurement") == 0


@pytest.mark.parametrize("who", ["viewer", "other"])
def test_members_see_public_rows(people, tg_rows, who):
    people.registry(None).store_measurements(tg_rows(190.0), "tg", is_public=True)

    assert len(people.registry(getattr(people, who)).training_rows("tg")) == 1


def test_visitor_sees_public_rows(people, tg_rows):
    people.registry(None).store_measurements(tg_rows(190.0), "tg", is_public=True)
    with people.database.anonymous() as connection:
        assert (count(connection, "measurement"), count(connection, "molecule")) == (1, 1)


def test_molecule_becomes_public_with_a_public_row(private, tg_rows):
    private.registry(None).store_measurements(tg_rows(200.0), "tg", is_public=True)
    with private.database.acting_as(private.other) as connection:
        assert (count(connection, "measurement"), count(connection, "molecule")) == (1, 1)


def test_private_rows_of_people_do_not_train_the_common_model(private):
    assert private.registry(None).training_rows("tg").empty


def test_same_row_of_two_people_is_kept_for_both(private, tg_rows):
    assert private.registry(private.other).store_measurements(tg_rows(190.0), "tg", is_public=False) == 1


def test_formulation_of_a_private_row_is_private(people, viability_rows):
    people.registry(people.researcher).store_measurements(viability_rows, "viability", is_public=False)
    with people.database.acting_as(people.other) as connection:
        found = [count(connection, table) for table in ("mixture", "mixture_component", "molecule")]

    assert found == [0, 0, 0]


def test_owner_sees_the_components_of_his_formulation(people, viability_rows):
    people.registry(people.researcher).store_measurements(viability_rows, "viability", is_public=False)
    with people.database.acting_as(people.researcher) as connection:
        found = [count(connection, table) for table in ("mixture", "mixture_component", "molecule")]

    assert found == [2, 4, 2]


def test_evaluation_of_private_rows_is_not_shown(people, tg_rows):
    registry = people.registry(None)
    registry.store_measurements(tg_rows(190.0), "tg", is_public=False)
    rows = registry.training_rows("tg")
    snapshot, _ = registry.store_snapshot("tg", rows)
    registry.store_model_version("tg", 0, snapshot, "a" * 64, {}, "skill", {}, {})
    registry.store_evaluation("tg", 1, "cross-validation", "connectivity", {}, {}, rows, is_public=True)

    assert (len(registry.evaluations()), len(people.registry(people.viewer).evaluations())) == (1, 0)


def test_version_that_learned_from_private_rows_is_not_shown(people, tg_rows):
    registry = people.registry(None)
    registry.store_measurements(tg_rows(190.0), "tg", is_public=True)
    public, _ = registry.store_snapshot("tg", registry.training_rows("tg"))
    registry.store_measurements(tg_rows(191.0), "tg", is_public=False)
    private, _ = registry.store_snapshot("tg", registry.training_rows("tg"))
    for snapshot in (public, private):
        registry.store_model_version("tg", 0, snapshot, "a" * 64, {}, "skill", {}, {})

    assert registry.model_version("tg")["version"] == 2
    assert people.registry(people.researcher).model_version("tg")["version"] == 1


# Who may do what


INSERT = text("""
    INSERT INTO cryo.measurement
           (target, property_type_id, molecule_id, name, value, unit, source, row_sha256, owner_id)
    SELECT target, property_type_id, molecule_id, name, value + 1, unit, source, repeat('b', 64), CAST(:owner AS uuid)
      FROM cryo.measurement
""")


@pytest.fixture
def public_row(people, tg_rows):
    people.registry(None).store_measurements(tg_rows(190.0), "tg", is_public=True)
    return people


def test_researcher_inserts_his_own_row(public_row):
    with public_row.database.acting_as(public_row.researcher) as connection:
        assert connection.execute(INSERT, {"owner": public_row.researcher.user_id}).rowcount == 1


def test_viewer_cannot_insert(public_row):
    with pytest.raises(AccessError), public_row.database.acting_as(public_row.viewer) as connection:
        connection.execute(INSERT, {"owner": public_row.viewer.user_id})


def test_nobody_inserts_for_somebody_else(public_row):
    with pytest.raises(AccessError), public_row.database.acting_as(public_row.researcher) as connection:
        connection.execute(INSERT, {"owner": public_row.other.user_id})


def test_nobody_inserts_for_the_installation(public_row):
    with pytest.raises(AccessError), public_row.database.acting_as(public_row.admin) as connection:
        connection.execute(INSERT, {"owner": None})


def test_disabled_researcher_cannot_insert(public_row):
    public_row.registry(None).disable_user("researcher")

    with pytest.raises(AccessError), public_row.database.acting_as(public_row.researcher) as connection:
        connection.execute(INSERT, {"owner": public_row.researcher.user_id})


def test_public_rows_of_others_cannot_be_changed(public_row):
    with public_row.database.acting_as(public_row.researcher) as connection:
        assert connection.execute(text("UPDATE cryo.measurement SET value = 1")).rowcount == 0
        assert connection.execute(text("DELETE FROM cryo.measurement")).rowcount == 0


def test_own_row_cannot_be_given_away(private):
    with pytest.raises(AccessError), private.database.acting_as(private.researcher) as connection:
        connection.execute(text("UPDATE cryo.measurement SET owner_id = :other"), {"other": private.other.user_id})


REFUSED = {
    "password_hash": "SELECT password_hash FROM cryo.app_user",
    "whole account": "SELECT * FROM cryo.app_user",
    "own role": "UPDATE cryo.app_user SET role = 'admin'",
    "new account": "INSERT INTO cryo.app_user (name, role, password_hash) VALUES ('me', 'admin', '$argon2')",
    "login": "INSERT INTO cryo.app_login SELECT current_user, id FROM cryo.app_user",
    "truncate": "TRUNCATE cryo.measurement",
    "molecule": "INSERT INTO cryo.molecule (smiles, inchikey) VALUES ('C', 'VNWKTOKETHGBQD-UHFFFAOYSA-N')",
    "model": "INSERT INTO cryo.model (target) VALUES ('tg')",
    "event": "INSERT INTO cryo.audit_event (action, object) VALUES ('x', 'y')",
    "past": "DELETE FROM cryo.audit_event",
    "ledger": "SELECT * FROM app.applied_file",
    "service": "SET ROLE service_role",
    "owner": "SET ROLE cryokit_owner",
    "policy": "DROP POLICY measurement_select ON cryo.measurement",
    "row security": "ALTER TABLE cryo.measurement DISABLE ROW LEVEL SECURITY",
    "table": "CREATE TABLE cryo.mine (id integer)",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_member_may_not(people, statement):
    with pytest.raises(AccessError), people.database.acting_as(people.admin) as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    ["TRUNCATE cryo.audit_event", "DELETE FROM cryo.audit_event", "UPDATE cryo.audit_event SET action = 'x'"],
)
def test_maintenance_may_not_rewrite_the_past(people, statement):
    with pytest.raises(AccessError), people.database.service() as connection:
        connection.execute(text(statement))


def test_member_sees_his_own_account_only(people):
    with people.database.acting_as(people.admin) as connection:
        assert connection.execute(text("SELECT name FROM cryo.app_user")).scalars().all() == ["Admin"]


def test_event_for_somebody_else_is_refused(people):
    statement = text("INSERT INTO cryo.audit_event (actor_id, action, object) VALUES (:other, 'signed_in', 'x')")

    with pytest.raises(AccessError), people.database.acting_as(people.viewer) as connection:
        connection.execute(statement, {"other": people.other.user_id})


def test_row_security_is_enabled_and_forced_on_every_table(database):
    query = text("""
        SELECT relname FROM pg_class
         WHERE relnamespace = 'cryo'::regnamespace AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)
    """)
    with database.connection_of(ADMIN) as connection:
        assert connection.execute(query).scalars().all() == []


def test_owner_of_the_tables_is_subject_to_the_policies(private):
    with private.database.connection_of(ADMIN) as connection:
        connection.execute(text("SET ROLE cryokit_owner"))

        assert count(connection, "measurement") == 0


def test_logins_have_no_rights_beyond_their_roles(database):
    query = text("SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolinherit FROM pg_roles WHERE rolname = ANY(:l)")
    with database.connection_of(ADMIN) as connection:
        assert connection.execute(query, {"l": [APP, ADMIN]}).scalars().all() == [False, False]


# Who one is


def test_application_login_without_a_role_sees_no_table(private):
    with pytest.raises(AccessError), private.database.connection_of(APP) as connection:
        count(connection, "measurement")


def test_identity_ends_with_the_transaction(private):
    with private.database.acting_as(private.researcher) as connection:
        assert count(connection, "measurement") == 1
    with private.database.acting_as(private.other) as connection:
        assert count(connection, "measurement") == 0


def test_identity_ends_with_a_failed_transaction(private):
    with pytest.raises(CryokitError), private.database.acting_as(private.researcher) as connection:
        connection.execute(text("SELECT 1 / 0"))
    with private.database.anonymous() as connection:
        assert connection.execute(text("SELECT app.uid()")).scalar() is None


def test_transaction_without_identity_is_refused(people):
    with pytest.raises(AccessError, match="needs an identity"), people.database.engine(APP).connect() as connection:
        connection.execute(text("SELECT 1"))


def test_autocommit_is_refused(people):
    engine = people.database.engine(APP).execution_options(
        isolation_level="AUTOCOMMIT", cryokit_acts_as=(str(people.viewer.user_id), "authenticated")
    )
    with pytest.raises(AccessError, match="AUTOCOMMIT"), engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def test_busy_pool_is_unavailable(people, monkeypatch):
    monkeypatch.setattr(people.database.engine(APP).pool, "_timeout", 0.1)
    with contextlib.ExitStack() as held:
        for _ in range(15):
            held.enter_context(people.database.anonymous())

        with pytest.raises(UnavailableError, match="all connections .* are busy"):
            held.enter_context(people.database.anonymous())


def test_personal_login_is_its_person(personal_login, private):
    personal_login.execute("SELECT app.uid()::text")

    assert personal_login.fetchone() == (str(private.viewer.user_id),)


def test_personal_login_cannot_become_another_by_the_setting(personal_login, private):
    personal_login.execute("SELECT set_config('app.user_id', %s, false)", (str(private.researcher.user_id),))
    personal_login.execute("SELECT app.uid()::text, count(*) FROM cryo.measurement")

    assert personal_login.fetchone() == (str(private.viewer.user_id), 0)


@pytest.mark.parametrize("role", [APP, ADMIN, "service_role", "anon"])
def test_personal_login_cannot_take_another_role(personal_login, role):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        personal_login.execute(f"SET ROLE {role}")


def test_unknown_person_sees_what_is_public_only(private):
    with private.database.acting_as(Identity(uuid4(), "Stranger", "admin")) as connection:
        assert count(connection, "measurement") == 0


# Another server than the embedded one


@pytest.fixture(scope="module")
def foreign_server(make_settings):
    """A server that has never seen cryokit, with logins of different rights."""
    statements = (
        "CREATE ROLE weak LOGIN PASSWORD 'p@ss/word'",
        "CREATE ROLE keeper LOGIN CREATEROLE BYPASSRLS PASSWORD 'keeper-secret'",
        "CREATE ROLE strong LOGIN SUPERUSER PASSWORD 'strong-secret'",
        "CREATE DATABASE research OWNER keeper",
    )
    with make_settings() as make:
        server = Server(make())
        server.start()
        with contextlib.closing(psycopg2.connect(server.url(SUPERUSER, "postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        yield server


@pytest.fixture(scope="module")
def external(foreign_server, make_settings):
    """Make settings that name the foreign server by DATABASE_URL."""
    with make_settings() as make:

        def settings(login: str, password: str, scheme: str = "postgresql", **overrides):
            host = overrides.pop("host", foreign_server.settings.socket_dir)
            address = f"{scheme}://{login}:{quote(password, safe='')}@/research?host={host}"
            return make(database_url=address, **overrides)

        yield settings


def test_login_without_rights_gets_one_sentence_that_says_which(external):
    with pytest.raises(AccessError) as caught:
        migrations.migrate(Database.open(external("weak", "p@ss/word")))
    said = str(caught.value)

    assert said.startswith("login weak at postgresql:///research cannot make the roles of cryokit: it must ")
    assert "roles.sql" in said
    assert "\n" not in said
    assert "p@ss" not in said


@pytest.fixture(scope="module")
def first_installation(external, foreign_server):
    """The foreign database, made by the login with the least rights that its version allows."""
    is_old = int(foreign_server.status().version.split(".")[0]) < 16
    login = ("strong", "strong-secret") if is_old else ("keeper", "keeper-secret")
    database = Database.open(external(*login, scheme="postgres"))
    migrations.migrate(database)
    yield database
    database.dispose()


def test_creating_roles_is_enough_from_16_on_and_not_before(external, foreign_server, request):
    if int(foreign_server.status().version.split(".")[0]) >= 16:
        assert request.getfixturevalue("first_installation").passwords.get(APP)
        return

    with pytest.raises(AccessError, match="must be a superuser, because PostgreSQL 15 lets nobody else"):
        migrations.migrate(Database.open(external("keeper", "keeper-secret")))


def test_foreign_database_serves_people(first_installation):
    with first_installation.anonymous() as connection:
        assert count(connection, "target") == 3


def test_login_of_the_address_is_not_needed_afterwards(first_installation, external):
    same_place = external("strong", "wrong", state_dir=first_installation.settings.state_dir)
    later = Database.open(same_place)

    assert migrations.migrate(later) == []
    later.ping()


def test_second_installation_is_told_to_copy_the_passwords(first_installation, external):
    second = Database.open(external("strong", "strong-secret"))

    with pytest.raises(ConfigError, match="already have passwords from another installation .* copy its passfile"):
        migrations.migrate(second)


def test_second_installation_with_the_passwords_works(first_installation, external):
    second = Database.open(external("weak", "p@ss/word"))
    second.passwords.ensure(APP)
    second.passwords.file.write_text(first_installation.passwords.file.read_text())

    assert migrations.migrate(second) == []


def test_unreachable_server_is_unavailable_and_the_message_has_no_password(external):
    database = Database.open(external("weak", "p@ss/word", host="/nowhere"))

    with pytest.raises(UnavailableError, match="does not answer") as caught:
        migrations.migrate(database)
    assert "p@ss" not in str(caught.value)
    assert "check the address and that the server runs" in str(caught.value)
    assert "cryokit db start" not in str(caught.value)


def test_of_the_embedded_server_it_is_said_how_to_start_it(other_settings):
    with pytest.raises(UnavailableError, match="start it with `cryokit db start`") as caught:
        Database(other_settings()).ping()
    assert "check the address" not in str(caught.value)


def test_url_for_other_programs_holds_no_password(external):
    url = Database(external("strong", "strong-secret")).url(admin=True)

    assert (url.startswith("postgresql://cryokit_admin@/research?host="), "strong" in url) == (True, False)


@pytest.mark.parametrize("address", ["mysql://localhost/db", "postgresql://localhost", "no address"])
def test_address_that_cannot_be_used_is_refused(other_settings, address):
    with pytest.raises(ConfigError, match="postgresql://login"):
        Database(other_settings(database_url=address))
