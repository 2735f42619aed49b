"""Adoption of a legacy database: what is planted in the fixture must end where it belongs, row by row."""

import contextlib
import hashlib
import json
import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg2
import pytest
from click.testing import CliRunner, Result
from psycopg2 import sql
from sqlalchemy import text

from cryokit.chemistry import molecules
from cryokit.cli import main
from cryokit.db import legacy as legacy_reading
from cryokit.db.engine import Database
from cryokit.db.registry import Registry
from cryokit.db.server import SUPERUSER
from cryokit.domain import Identity
from cryokit.errors import (
    AccessError,
    ConflictError,
    CryokitError,
    InputError,
    IntegrityCheckError,
    NotFoundError,
    UnavailableError,
)
from cryokit.paths import shared_folder
from cryokit.workbench import Workbench
from cryokit.workbench.core import with_components

ARGON2 = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g"
FIXTURE = Path(__file__).parents[1] / "fixtures" / "cryoprotect_legacy.sql"
PASSWORD = "open-sesame"
TABLES = {
    "user_profile": 1,
    "molecules": 2,
    "mixtures": 3,
    "mixture_components": 4,
    "molecular_properties": 5,
    "experiments": 6,
    "lab_verifications": 7,
    "predictions": 8,
    "shared_items": 9,
}
COUNTS = {
    "user_profiles": (8, 3, 1, 4),
    "molecules": (45, 29, 2, 14),
    "mixtures": (12, 5, 1, 6),
    "mixture_components": (21, 10, 2, 9),
    "molecular_properties": (26, 9, 1, 16),
    "experiments": (15, 5, 0, 10),
    "lab_verifications": (8, 3, 0, 5),
    "predictions": (10, 0, 0, 10),
    "shared_items": (19, 3, 1, 15),
}
"""By kind: rows in, loaded, already there, quarantined; counted by hand in the fixture."""
REASONS = {
    ("user_profile", 4): "'X' cannot be the name of an account",
    ("user_profile", 5): "conflicting rows with the same name",
    ("user_profile", 6): "conflicting rows with the same name",
    ("user_profile", 7): "there is an account 'Researcher' already",
    ("molecules", 30): "'OCC(O)CO)' cannot be read as a SMILES",
    (
        "molecules",
        31,
    ): "the InChIKey is ZHNUHDYFZUAESO-UHFFFAOYSA-N, but the structure gives QLNJFJADRCOGBJ-UHFFFAOYSA-N",
    ("molecules", 32): "'glycerol' is OCC(O)CO, but the structure given is CC(O)CO",
    ("molecules", 33): "a structure must be a SMILES text, but '' came",
    ("molecules", 34): "'56-81-5' is OCC(O)CO, but the structure given is OCCO",
    ("molecules", 35): "conflicting rows with the same structure",
    ("molecules", 36): "conflicting rows with the same structure",
    ("molecules", 37): "conflicting rows with the same name",
    ("molecules", 38): "conflicting rows with the same name",
    ("molecules", 40): "2 rows have this key and differ",
    ("molecules", 42): "holds a placeholder atom",
    ("molecules", None): "has no key",
    ("molecules", 44): "is another stereoisomer",
    ("mixtures", 6): "its composition is not whole: component {mixture_components 11}",
    ("mixtures", 7): "say % w/w, % w/v or % v/v",
    ("mixtures", 8): "has no components",
    ("mixtures", 9): "molecule {molecules 32} is in quarantine",
    ("mixtures", 10): "is the same substance as",
    ("mixtures", 11): "the amount '-1 M' is not possible",
    ("mixture_components", 11): "molecule {molecules 99} is not there",
    ("mixture_components", 12): "mixture {mixtures 6} is in quarantine",
    ("mixture_components", 13): "the unit of '10 %' is missing or unclear",
    ("mixture_components", 14): "mixture {mixtures 7} is in quarantine",
    ("mixture_components", 15): "molecule {molecules 32} is in quarantine: 'glycerol' is OCC(O)CO",
    ("mixture_components", 16): "mixture {mixtures 10} is in quarantine",
    ("mixture_components", 17): "mixture {mixtures 10} is in quarantine",
    ("mixture_components", 18): "the amount '-1 M' is not possible",
    ("mixture_components", 21): "mixture {mixtures 99} is not there",
    ("molecular_properties", 10): "the unit is 'mg/L'; for tg the map knows K, °C",
    ("molecular_properties", 11): "the value has no unit",
    ("molecular_properties", 12): "value 5000 K lies outside the plausible range 30 to 700",
    ("molecular_properties", 13): "molecule {molecules 99} is not there",
    ("molecular_properties", 14): "molecule {molecules 31} is in quarantine: the InChIKey is",
    ("molecular_properties", 15): "property type 00000010-0000-4000-8000-000000000099 is not there",
    ("molecular_properties", 16): "'LogP' is not a quantity of the map",
    ("molecular_properties", 17): "'Total Score' is not a quantity of the map",
    ("molecular_properties", 18): "conflicting rows with the same measurement",
    ("molecular_properties", 19): "conflicting rows with the same measurement",
    ("molecular_properties", 21): "value is empty",
    ("molecular_properties", 22): "assay is missing",
    ("molecular_properties", 23): "viability is measured of a mixture",
    ("molecular_properties", 24): "value is 'nan', which is not a number",
    ("molecular_properties", 25): "names no molecule",
    ("molecular_properties", 26): "value -26.85 K lies outside the plausible range",
    ("experiments", 6): "mixture {mixtures 99} is not there",
    ("experiments", 7): "mixture {mixtures 6} is in quarantine",
    ("experiments", 8): "person {user_profile 99} is not there",
    ("experiments", 9): "person {user_profile 4} is in quarantine",
    ("experiments", 10): "value 8.5 fraction of control lies outside the plausible range 0 to 2",
    ("experiments", 11): "the unit is 'AU'; for viability the map knows %, fraction",
    ("experiments", 12): "cell is missing",
    ("experiments", 13): "tg is measured of a single substance",
    ("experiments", 14): "states a result, but names no mixture",
    ("experiments", 15): "'31.03.2024' is not a day",
    ("lab_verifications", 4): "experiment {experiments 99} is not there",
    ("lab_verifications", 5): "experiment {experiments 10} is in quarantine",
    ("lab_verifications", 6): "person {user_profile 99} is not there",
    ("lab_verifications", 7): "the outcome is 'looks fine'; the map knows verified, rejected, pending",
    ("lab_verifications", 8): "names no person",
    **{("predictions", number): "prediction of a model that is not here" for number in range(1, 11)},
    ("shared_items", 4): "experiment {experiments 99} is not there",
    ("shared_items", 5): "property {molecular_properties 99} is not there",
    ("shared_items", 6): "a molecule is not shared by itself",
    ("shared_items", 7): "mixture {mixtures 99} is not there",
    ("shared_items", 8): "prediction {predictions 1} is in quarantine",
    ("shared_items", 9): "the item type is 'report'",
    ("shared_items", 10): "person {user_profile 99} is not there",
    ("shared_items", 11): "person {user_profile 99} is not there",
    ("shared_items", 12): "the permission is 'admin'; the map knows read, write",
    ("shared_items", 13): "has ended before it began",
    ("shared_items", 14): "conflicting rows with the same share",
    ("shared_items", 15): "conflicting rows with the same share",
    ("shared_items", 16): "is not in teams of the map",
    ("shared_items", 17): "this row names none",
    ("shared_items", 19): "experiment {experiments 6} is in quarantine",
}
"""What is wrong with each row of the fixture that cannot be kept, as the quarantine must say it."""
ALREADY_THERE = [
    ("user_profile", 8),
    ("molecules", 2),
    ("molecules", 29),
    ("mixtures", 5),
    ("mixture_components", 9),
    ("mixture_components", 10),
    ("molecular_properties", 20),
    ("shared_items", 18),
]
"""Rows that say what another row, or an account named in the map, says already."""


def key(table: str, number: int | None) -> str | None:
    """Return the uuid that the fixture gives a row."""
    return None if number is None else f"{TABLES[table]:08d}-0000-4000-8000-{number:012d}"


def written_out(reason: str) -> str:
    """Return a reason with uuids for {table number}."""
    return re.sub(r"\{(\w+) (\d+)\}", lambda found: key(found[1], int(found[2])), reason)


def map_text() -> str:
    """Return the map that ships, with what differs here: people and teams."""
    content = (shared_folder("sql") / "adoption" / "cryoprotect_map.yml").read_text()
    changes = {
        "team: null\ncreate_team: false": "team: Cryo Lab\ncreate_team: true",
        "accounts: {}": f"accounts: {{{key('user_profile', 8)}: Viewer}}",
        "teams: {}": "teams: {00000011-0000-4000-8000-000000000001: Cryo Lab}",
    }
    for old, new in changes.items():
        content = replaced(content, old, new)
    return content


def replaced(content: str, old: str, new: str) -> str:
    assert content.count(old) == 1
    return content.replace(old, new)


@pytest.fixture
def write_map(tmp_path) -> Callable[..., Path]:
    """Write the map, with pairs of old and new text exchanged."""

    def write(*changes: tuple[str, str]) -> Path:
        content = map_text()
        for change in changes:
            content = replaced(content, *change)
        file = tmp_path / "map.yml"
        file.write_text(content)
        return file

    return write


@dataclass(frozen=True)
class Legacy:
    """A legacy database: its address for a login that owns its tables, and statements of the superuser."""

    url: str
    run: Callable[[str], list[tuple]]

    def fingerprint(self) -> str:
        """Return a checksum over all rows."""
        names = [name for (name,) in self.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
        rows = [sorted(map(str, self.run(f"SELECT t.ctid, t.xmin, t FROM {name} AS t"))) for name in names]
        return hashlib.sha256(repr(rows).encode()).hexdigest()


@pytest.fixture(scope="module")
def make_legacy(server, superuser_runs) -> Iterator[Callable[..., Legacy]]:
    """Make legacy databases, which are dropped at the end."""
    made = []
    superuser_runs(sql.SQL("CREATE ROLE legacy_reader LOGIN PASSWORD {}").format(sql.Literal(PASSWORD)))

    def make(template: str = "template1") -> Legacy:
        made.append(name := f"legacy_{len(made)}")
        superuser_runs(f"CREATE DATABASE {name} OWNER legacy_reader TEMPLATE {template} STRATEGY FILE_COPY")

        def run(statement: str) -> list[tuple]:
            address = server.url(SUPERUSER, name)
            with contextlib.closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

        place = f"/{name}?host={server.settings.socket_dir}"
        return Legacy(f"postgresql://legacy_reader:{PASSWORD}@{place}", run)

    yield make
    for name in made:
        superuser_runs(f"DROP DATABASE {name} WITH (FORCE)")
    superuser_runs("DROP ROLE legacy_reader")


@pytest.fixture(scope="module")
def legacy(make_legacy) -> Legacy:
    """The dirty database; nobody changes it."""
    made = make_legacy()
    made.run("GRANT ALL ON SCHEMA public TO legacy_reader; SET ROLE legacy_reader;" + FIXTURE.read_text())
    return made


@pytest.fixture
def own_legacy(make_legacy, legacy) -> Legacy:
    """A copy of the dirty database that a test may change."""
    return make_legacy(template="legacy_0")


@pytest.fixture
def workbench(people) -> Workbench:
    """Maintenance on a database of its own, with four accounts."""
    return Workbench(people.database.settings, people.database)


@dataclass(frozen=True)
class Adopted:
    """A database after the adoption, and its report; nobody changes it."""

    workbench: Workbench
    report: dict
    fingerprint_before: str

    def asked(self, statement: str, **parameters: object) -> list[tuple]:
        return asked(self.workbench, statement, **parameters)


@pytest.fixture(scope="module")
def adopted(legacy, template_database, superuser_runs, server, tmp_path_factory) -> Iterator[Adopted]:
    """The dirty database, adopted into one of its own."""
    superuser_runs(f"CREATE DATABASE test_adopted TEMPLATE {template_database}")
    database = Database(server.settings, name="test_adopted")
    for name in ("Viewer", "Researcher"):
        Registry(database).add_user(name, name.lower(), ARGON2)
    map_file = tmp_path_factory.mktemp("map") / "map.yml"
    map_file.write_text(map_text())
    before = legacy.fingerprint()
    workbench = Workbench(server.settings, database)
    yield Adopted(workbench, workbench.adopt(legacy.url, map_file, apply=True), before)
    database.dispose()
    superuser_runs("DROP DATABASE test_adopted WITH (FORCE)")


def asked(workbench: Workbench, statement: str, **parameters: object) -> list[tuple]:
    with workbench.database.service() as connection:
        return [tuple(row) for row in connection.execute(text(statement), parameters)]


def counts(report: dict) -> dict[str, tuple]:
    names = ("in", "loaded", "already_there", "quarantined")
    return {kind: tuple(found[name] for name in names) for kind, found in report["tables"].items()}


def rows_by_table(workbench: Workbench) -> dict[str, int]:
    """Count the rows of every table that an adoption could write."""
    names = ["cryo.app_user", "cryo.team", "cryo.molecule", "cryo.molecule_identifier", "cryo.mixture"]
    names += ["cryo.mixture_component", "cryo.measurement", "cryo.experiment", "cryo.lab_verification", "cryo.share"]
    names += ["cryo.prediction", "cryo.audit_event", "quarantine.quarantined_row"]
    return {name: asked(workbench, f"SELECT count(*) FROM {name}")[0][0] for name in names}


# What becomes of the rows


def test_every_row_is_loaded_there_already_or_quarantined(adopted):
    assert counts(adopted.report) == COUNTS
    assert all(into == sum(rest) for into, *rest in COUNTS.values())


@pytest.mark.parametrize(("table", "number"), REASONS, ids=lambda part: str(part))
def test_a_planted_defect_is_quarantined_with_its_reason(adopted, table, number):
    found = adopted.asked(
        "SELECT reason FROM quarantine.quarantined_row WHERE table_schema = 'legacy' AND table_name = :table"
        " AND key = jsonb_build_object('source', 'cryoprotect', 'key', CAST(:key AS text))",
        table=table,
        key=key(table, number),
    )

    assert found
    assert all(written_out(REASONS[table, number]) in reason for (reason,) in found)


def test_nothing_else_is_quarantined(adopted):
    found = adopted.asked("SELECT table_name, key ->> 'key' FROM quarantine.quarantined_row")

    # Two rows have key 40.
    assert sorted(map(str, found)) == sorted(
        map(str, [(table, key(table, n)) for table, n in [*REASONS, ("molecules", 40)]])
    )


def test_what_says_the_same_again_is_there_already(adopted):
    found = [(row["table"], row["key"]) for row in adopted.report["rows"] if row["outcome"] == "already_there"]

    assert sorted(found) == sorted((table, key(table, number)) for table, number in ALREADY_THERE)


def test_a_quarantined_row_is_whole_but_for_secrets(adopted, legacy):
    [[held]] = adopted.asked(
        "SELECT content FROM quarantine.quarantined_row WHERE key ->> 'key' = :key", key=key("user_profile", 4)
    )
    [[original]] = legacy.run(f"SELECT to_jsonb(t) FROM user_profile AS t WHERE id = '{key('user_profile', 4)}'")

    assert held == {name: value for name, value in original.items() if name not in ("password_hash", "reset_token")}
    assert adopted.report["columns_not_read"] == [
        "shared_items.share_token",
        "user_profile.password_hash",
        "user_profile.reset_token",
    ]


def test_the_legacy_database_is_as_it_was(adopted, legacy):
    assert legacy.fingerprint() == adopted.fingerprint_before


def test_identity_is_computed_from_the_structure(adopted):
    found = dict(adopted.asked("SELECT smiles, inchikey FROM cryo.molecule"))

    assert len(found) == 29
    assert found == {smiles: molecules.parse(smiles).inchikey for smiles in found}
    assert found["CS(C)=O"] == "IAZDPXIOMUYVGZ-UHFFFAOYSA-N"


def test_both_names_of_a_structure_are_kept(adopted):
    found = adopted.asked(
        "SELECT kind, value FROM cryo.molecule_identifier JOIN cryo.molecule ON molecule.id = molecule_id"
        " WHERE smiles = 'CS(C)=O' ORDER BY kind, value"
    )

    assert found == [("cas", "67-68-5"), ("name", "DMSO"), ("name", "dimethyl sulfoxide")]


def test_compositions_are_those_of_the_mixtures(adopted):
    found = adopted.asked(
        "SELECT string_agg(name || ' ' || amount || ' ' || unit, ', ' ORDER BY name) FROM cryo.mixture_component"
        " GROUP BY mixture_id ORDER BY 1"
    )

    assert [composition for (composition,) in found] == [
        "COCC(O)COC 5 mol/L, trehalose 0.3 mol/L",
        "dimethyl sulfoxide 3 mol/L, propylene glycol 3 mol/L",
        "dimethyl sulfoxide 3.1 mol/L, formamide 3.1 mol/L, propylene glycol 2.2 mol/L",
        "ethylene glycol 6.5 mol/L, sucrose 0.5 mol/L",
        "glycerol 10 % v/v",
    ]


def test_values_come_in_our_units(adopted):
    found = adopted.asked("SELECT name, value, unit FROM cryo.measurement WHERE target = 'tg' ORDER BY value")

    assert found == [
        ("ethylene glycol", 151.0, "K"),
        ("propylene glycol", 172.0, "K"),
        ("glycerol", 190.15, "K"),
        ("D-sorbitol", 267.15, "K"),
        ("D-glucose", 306.0, "K"),
        ("sucrose", 335.15, "K"),
        ("trehalose", 388.0, "K"),
    ]


def test_measurements_are_not_public_and_belong_to_the_team_of_the_map(adopted):
    found = adopted.asked(
        "SELECT DISTINCT measurement.is_public, owner_id, team.name FROM cryo.measurement"
        " LEFT JOIN cryo.team ON team.id = team_id"
    )

    assert found == [(False, None, "Cryo Lab")]
    assert adopted.asked("SELECT count(*) FROM cryo.molecule WHERE is_public") == [(0,)]
    assert adopted.asked("SELECT count(*) FROM cryo.mixture WHERE is_public") == [(0,)]


def test_neither_visitors_nor_other_people_see_what_was_adopted(adopted):
    researcher = adopted.workbench.registry.user_by_name("Researcher")
    identity = Identity(UUID(researcher["id"]), "Researcher", "researcher")
    seen = []
    for scope in (adopted.workbench.database.anonymous(), adopted.workbench.database.acting_as(identity)):
        with scope as connection:
            seen += [
                connection.execute(text(f"SELECT count(*) FROM cryo.{table}")).scalar_one()
                for table in ("measurement", "molecule", "mixture", "experiment")
            ]

    assert seen == [0] * 8


def test_a_source_is_always_said(adopted):
    found = dict(adopted.asked("SELECT name, source FROM cryo.measurement WHERE target = 'tg'"))

    assert found["glycerol"] == "10.1039/C1CP22617G"
    assert found["D-glucose"] == "cryoprotect, source not given"


def test_conditions_and_results_of_experiments_are_measurements(adopted):
    [(value, unit, quantity, conditions, source, name)] = adopted.asked(
        "SELECT value, measurement.unit, property_type.name, conditions, source, experiment.name FROM cryo.measurement"
        " JOIN cryo.property_type ON property_type.id = property_type_id"
        " JOIN cryo.experiment ON experiment.id = experiment_id WHERE experiment.name = 'VS55 on BPAEC'"
    )

    assert (value, unit, quantity, name) == (0.85, "fraction of control", "exposure_survival", "VS55 on BPAEC")
    assert conditions == {"assay": "calcein", "cell": "BPAEC", "minutes": 30.0, "temperature_kelvin": 277.15}
    assert source == f"cryoprotect, experiment {key('experiments', 1)}"


def test_experiments_keep_their_owners_days_and_protocols(adopted):
    found = adopted.asked(
        "SELECT experiment.name, app_user.name, CAST(performed_on AS text), protocol, count(measurement.id)"
        " FROM cryo.experiment LEFT JOIN cryo.app_user ON app_user.id = experiment.owner_id"
        " LEFT JOIN cryo.measurement ON experiment_id = experiment.id GROUP BY 1, 2, 3, 4 ORDER BY 1"
    )

    both = ("2024-05-17", "two-step addition")
    assert found == [
        ("DP6 on BPAEC", "Ben Lindqvist", *both, 1),
        ("DP6, repeated", "Viewer", *both, 1),
        ("VS55 on BPAEC", "Ada Okafor", *both, 1),
        (f"cryoprotect experiment {key('experiments', 5)}", None, *both, 1),
        ("glycerol, protocol only", "Ada Okafor", *both, 0),
    ]


def test_adopted_recipes_can_be_read_back(adopted):
    team_id = adopted.workbench.registry.team_id("Cryo Lab")
    rows = adopted.workbench.registry.training_rows("viability", team_id)
    components = with_components("viability", rows)["components"]

    assert len(rows) == 4
    assert ["+".join(sorted(part.molecule.inchikey for part in parts)) for parts in components] == list(
        rows["inchikey"]
    )


def test_verifications_say_who_found_what(adopted):
    found = adopted.asked(
        "SELECT experiment.name, app_user.name, outcome, note FROM cryo.lab_verification"
        " JOIN cryo.experiment ON experiment.id = experiment_id"
        " JOIN cryo.app_user ON app_user.id = verifier_id ORDER BY 1"
    )

    assert found == [
        ("DP6 on BPAEC", "Ada Okafor", "refuted", "could not repeat"),
        ("VS55 on BPAEC", "Ben Lindqvist", "confirmed", "same within 3 %"),
        ("glycerol, protocol only", "Viewer", "inconclusive", ""),
    ]


def test_shares_give_what_they_gave(adopted):
    found = adopted.asked(
        "SELECT coalesce(experiment.name, measurement.name), app_user.name, team.name, may, share.expires_at IS NULL"
        " FROM cryo.share LEFT JOIN cryo.experiment ON experiment.id = share.experiment_id"
        " LEFT JOIN cryo.measurement ON measurement.id = share.measurement_id"
        " LEFT JOIN cryo.app_user ON app_user.id = grantee_user_id LEFT JOIN cryo.team ON team.id = grantee_team_id"
        " ORDER BY 1"
    )

    assert found == [
        ("DP6 on BPAEC", None, "Cryo Lab", "view", True),
        ("VS55 on BPAEC", "Ben Lindqvist", None, "view", True),
        ("glycerol", "Chen Wei", None, "edit", False),
    ]


def test_new_accounts_are_disabled_and_take_no_password_along(adopted, legacy):
    found = adopted.asked(
        "SELECT name, role, disabled_at IS NOT NULL, password_hash FROM cryo.app_user"
        " WHERE name NOT IN ('Viewer', 'Researcher') ORDER BY name"
    )
    hashes = {value for (value,) in legacy.run("SELECT password_hash FROM user_profile")}

    assert [row[:3] for row in found] == [
        (name, "viewer", True) for name in ("Ada Okafor", "Ben Lindqvist", "Chen Wei")
    ]
    assert all(row[3].startswith("$argon2id$") for row in found)
    assert not hashes & {row[3] for row in found}
    assert adopted.report["new_accounts"] == ["Ada Okafor", "Ben Lindqvist", "Chen Wei"]


def test_predictions_are_none_of_ours(adopted):
    assert adopted.asked("SELECT count(*) FROM cryo.prediction") == [(0,)]


def test_the_adoption_is_audited(adopted):
    [(actor, name, detail)] = adopted.asked(
        "SELECT actor_id, object, detail FROM cryo.audit_event WHERE action = 'legacy_adopted'"
    )

    assert (actor, name) == (None, "cryoprotect")
    assert detail["tables"]["predictions"] == {"in": 10, "loaded": 0, "already_there": 0, "quarantined": 10}
    assert PASSWORD not in json.dumps(detail)


def test_the_database_is_whole_afterwards(adopted):
    assert adopted.workbench.verify_integrity() == []


def test_a_legacy_row_cannot_be_put_back_from_quarantine(adopted):
    [[number]] = adopted.asked("SELECT min(id) FROM quarantine.quarantined_row")

    with pytest.raises(ConflictError, match="correct it in its database and adopt that again"):
        adopted.workbench.restore_row(number)


# Trying, twice, interrupted, corrected


def test_without_apply_everything_is_tried_and_nothing_kept(workbench, legacy, write_map):
    before = rows_by_table(workbench)
    report = workbench.adopt(legacy.url, write_map())

    assert rows_by_table(workbench) == before
    assert counts(report) == COUNTS
    assert not report["applied"]
    assert report["new_team"] == "Cryo Lab"


def test_a_second_adoption_loads_nothing_twice(workbench, legacy, write_map):
    first = workbench.adopt(legacy.url, write_map(), apply=True)
    before = rows_by_table(workbench)
    second = workbench.adopt(legacy.url, write_map(), apply=True)

    assert rows_by_table(workbench) == before | {"cryo.audit_event": before["cryo.audit_event"] + 1}
    assert counts(second) == {
        kind: (into, 0, loaded + there, kept_out) for kind, (into, loaded, there, kept_out) in COUNTS.items()
    }
    assert (first["new_in_quarantine"], second["new_in_quarantine"]) == (89, 0)


def test_a_row_that_the_database_swallows_stops_all_of_it(workbench, legacy, write_map, superuser_runs):
    superuser_runs(
        "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';",
        workbench.database.name,
    )
    superuser_runs(
        "CREATE TRIGGER swallow BEFORE INSERT ON cryo.lab_verification FOR EACH ROW EXECUTE FUNCTION public.swallow()",
        workbench.database.name,
    )
    before = rows_by_table(workbench)

    with pytest.raises(IntegrityCheckError, match="lab_verifications: 3 expected, 0 there"):
        workbench.adopt(legacy.url, write_map(), apply=True)
    assert rows_by_table(workbench) == before


def test_a_corrected_row_is_loaded_and_leaves_quarantine(workbench, own_legacy, write_map):
    workbench.adopt(own_legacy.url, write_map(), apply=True)
    own_legacy.run(f"UPDATE molecules SET smiles = 'OCC(O)C(O)C' WHERE id = '{key('molecules', 30)}'")
    own_legacy.run(f"UPDATE experiments SET numeric_value = 85 WHERE id = '{key('experiments', 10)}'")
    report = workbench.adopt(own_legacy.url, write_map(), apply=True)
    changes = [(row["table"], row["key"]) for row in report["rows"] if row["outcome"] == "loaded"]
    left = asked(
        workbench,
        "SELECT key ->> 'key' FROM quarantine.quarantined_row WHERE restored_at IS NOT NULL ORDER BY 1",
    )

    assert changes == [
        ("molecules", key("molecules", 30)),
        ("experiments", key("experiments", 10)),
        ("lab_verifications", key("lab_verifications", 5)),
    ]
    assert left == [(key(table, n),) for table, n in (("molecules", 30), ("experiments", 10), ("lab_verifications", 5))]


def test_an_admin_is_written_down_and_others_are_refused(workbench, people, legacy, write_map):
    workbench.acting_as(people.admin).adopt(legacy.url, write_map(), apply=True)

    assert asked(workbench, "SELECT actor_id FROM cryo.audit_event WHERE action = 'legacy_adopted'") == [
        (people.admin.user_id,)
    ]
    with pytest.raises(AccessError, match="only an admin"):
        workbench.acting_as(people.researcher).adopt(legacy.url, write_map())


# The map and the database must agree


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (
            ("table: mixtures\n", "table: formulations\n"),
            InputError,
            "no table 'formulations' in schema 'public'; it has",
        ),
        (("smiles: smiles", "smiles: structure"), InputError, "'molecules' has no column 'structure'; it has id, cid"),
        (("column: buffer", "column: bufer"), InputError, "no table that is read has a column 'bufer'"),
        (("name: display_name", "name: password_hash"), InputError, "'password_hash' is taken for a secret"),
        (("schema: public", "schema: lab"), InputError, "no tables in a schema 'lab'; its schemas are public"),
        ((": Viewer", ": Nobody"), NotFoundError, "names 'Nobody', but there is no such account"),
        (("create_team: true", "create_team: false"), NotFoundError, "names the team 'Cryo Lab', but there is no such"),
    ],
    ids=lambda part: part[1] if isinstance(part, tuple) else "",
)
def test_a_map_that_does_not_fit_is_refused(workbench, legacy, write_map, change, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        workbench.adopt(legacy.url, write_map(change))


def test_a_hostile_table_name_is_only_a_name(workbench, own_legacy, write_map):
    own_legacy.run('ALTER TABLE mixtures RENAME TO "x""; drop table y"; CREATE TABLE y (id int)')
    own_legacy.run(
        """ALTER TABLE "x""; drop table y" RENAME COLUMN name TO "n"", (SELECT 1)"; GRANT SELECT ON y TO public"""
    )
    own_legacy.run("""ALTER TABLE "x""; drop table y" OWNER TO legacy_reader""")
    hostile = write_map(
        (
            "table: mixtures\n    columns: {key: id, name: name}",
            "table: 'x\"; drop table y'\n    columns: {key: id, name: 'n\", (SELECT 1)'}",
        )
    )
    report = workbench.adopt(own_legacy.url, hostile, apply=True)

    assert counts(report) == COUNTS
    assert "y" in report["tables_not_read"]
    assert own_legacy.run("SELECT count(*) FROM y") == [(0,)]
    assert asked(
        workbench, "SELECT count(*) FROM quarantine.quarantined_row WHERE table_name = 'x\"; drop table y'"
    ) == [(6,)]


def test_a_hostile_table_name_that_is_not_there_is_an_input_error(workbench, legacy, write_map):
    with pytest.raises(InputError, match="no table 'x\"; drop table molecules'"):
        workbench.adopt(legacy.url, write_map(("table: predictions", "table: 'x\"; drop table molecules'")))


# The source is only read, and its failures are said without secrets


def test_a_source_that_would_write_when_read_cannot(workbench, own_legacy, write_map):
    own_legacy.run("CREATE TABLE touched (id int); GRANT ALL ON touched TO legacy_reader")
    own_legacy.run(
        "CREATE FUNCTION touch() RETURNS text LANGUAGE sql"
        " AS 'INSERT INTO public.touched VALUES (1) RETURNING null::text'"
    )
    own_legacy.run(
        "CREATE VIEW guesses AS SELECT id, touch() AS note FROM predictions; GRANT SELECT ON guesses TO public"
    )

    with pytest.raises(CryokitError, match="cannot execute INSERT in a read-only transaction"):
        workbench.adopt(own_legacy.url, write_map(("table: predictions", "table: guesses")))
    assert own_legacy.run("SELECT count(*) FROM touched") == [(0,)]


def test_row_security_that_hides_rows_is_refused(workbench, own_legacy, write_map):
    own_legacy.run("ALTER TABLE molecules OWNER TO postgres; GRANT SELECT ON molecules TO legacy_reader")
    own_legacy.run("ALTER TABLE molecules ENABLE ROW LEVEL SECURITY")

    with pytest.raises(AccessError, match="the login may not read all of"):
        workbench.adopt(own_legacy.url, write_map())


def test_a_locked_table_is_not_waited_for(workbench, own_legacy, write_map, server, monkeypatch):
    monkeypatch.setitem(legacy_reading._SETTINGS, "lock_timeout", "200ms")
    with contextlib.closing(psycopg2.connect(own_legacy.url)) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE molecules")

        with pytest.raises(UnavailableError, match="did not let itself be read in time"):
            workbench.adopt(own_legacy.url, write_map())


@pytest.mark.parametrize(
    ("url", "kind", "message"),
    [
        ("nonsense", InputError, "--url is not an address"),
        ("mysql://me:open-sesame@host/db", InputError, "--url is not an address"),
        ("postgresql://me:open-sesame@host:port/db", InputError, "--url is not an address"),
        ("postgresql://me:open-sesame@host", InputError, "names no database"),
        ("postgresql://me:open@sesame@host/db", InputError, "write it as %40"),
        ("postgresql://me:open-sesame@127.0.0.1:1/db", UnavailableError, "postgresql://127.0.0.1:1/db does not answer"),
    ],
)
def test_a_bad_address_is_said_without_the_password(workbench, write_map, url, kind, message):
    with pytest.raises(kind, match=re.escape(message)) as caught:
        workbench.adopt(url, write_map())

    assert "sesame" not in "".join(traceback.format_exception(caught.value))


def test_a_wrong_password_is_not_repeated(workbench, legacy, write_map):
    wrong = PASSWORD[::-1]
    with pytest.raises(AccessError, match="refuses the login") as caught:
        workbench.adopt(legacy.url.replace(PASSWORD, wrong), write_map())

    assert wrong not in "".join(traceback.format_exception(caught.value))


# The command


@pytest.fixture
def run(workbench, monkeypatch) -> Callable[..., Result]:
    """Run the command on the test's database."""
    monkeypatch.setattr("cryokit.open", lambda: workbench)

    def run_command(*words: str) -> Result:
        return CliRunner().invoke(main, ["db", "adopt", *words], catch_exceptions=False)

    return run_command


def test_the_command_tries_and_says_what_it_would_do(run, workbench, legacy, write_map):
    before = rows_by_table(workbench)
    result = run("--url", legacy.url, "--map", str(write_map()))

    assert result.exit_code == 0
    assert re.search(r"^molecules +45 +29 +2 +14$", result.stdout, re.MULTILINE)
    assert "quarantine predictions" in result.stdout
    assert "and 5 more: prediction of a model that is not here" in result.stdout
    assert "disabled account: Ada Okafor" in result.stdout
    assert "not in the map, not read: calculation_methods" in result.stdout
    assert result.stdout.endswith("tried and rolled back; nothing was changed, --apply does it\n")
    assert "reading molecules: 45/45 rows" in result.stderr
    assert PASSWORD not in result.output
    assert rows_by_table(workbench) == before


def test_the_command_does_it_and_prints_json(run, workbench, legacy, write_map):
    result = run("--url", legacy.url, "--map", str(write_map()), "--apply", "--json")
    report = json.loads(result.stdout)

    assert counts(report) == COUNTS
    assert report["applied"]
    assert len(report["rows"]) == sum(into for into, *_ in COUNTS.values())
    assert rows_by_table(workbench)["cryo.experiment"] == 5


def test_the_map_that_ships_is_taken_if_none_is_named(run, legacy):
    result = run("--url", legacy.url, "--json")
    report = json.loads(result.stdout)

    assert report["new_team"] is None
    # Without the map's account for the eighth person there is one account more, and a share with an unknown team less.
    assert counts(report)["user_profiles"] == (8, 4, 0, 4)
    assert counts(report)["shared_items"] == (19, 2, 1, 16)


def test_a_missing_map_is_an_input_error(run, legacy):
    result = run("--url", legacy.url, "--map", "/nowhere/map.yml")

    assert result.exit_code == 11
    assert "the map /nowhere/map.yml cannot be read: No such file or directory" in result.stderr
