"""Settings: where they come from, what a profile refuses, and that no secret is told."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cryokit import config
from cryokit.cli import main
from cryokit.config import Settings, checked_settings, known_variables, load_settings, template, variables_of
from cryokit.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
GOOD_SECRET = "k7Jw2-Qm9_Zr4Tx8Bv1Ny6Lp3Hd5Gs0Fc"
PROVIDER = {"oidc_issuer": "https://login.example", "oidc_client_id": "cryokit"}


@pytest.fixture(autouse=True)
def _no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("inside", ["", "deeper/still"])
def test_a_state_folder_that_is_a_file_is_refused(tmp_path, inside):
    file = tmp_path / "file"
    file.write_text("")

    with pytest.raises(ConfigError, match=f"{file} is not a folder; set CRYOKIT_STATE_DIR"):
        load_settings(state_dir=file / inside)


def test_a_state_folder_that_is_not_there_yet_is_allowed(tmp_path):
    assert load_settings(state_dir=tmp_path / "a" / "b").state_dir == tmp_path / "a" / "b"


# Where they come from


def test_the_environment_is_stronger_than_secret_files_and_these_than_the_file(tmp_path, monkeypatch):
    secrets = tmp_path / "credentials"
    secrets.mkdir()
    (secrets / "cryokit_backup_remote").write_text("from:secret\n")
    (secrets / "cryokit_log_level").write_text("INFO")
    lines = ["CRYOKIT_LOG_LEVEL=ERROR", "CRYOKIT_BACKUP_REMOTE=from:file", "CRYOKIT_BACKUP_KEEP=daily=1"]
    (tmp_path / ".env").write_text("\n".join(lines))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secrets))
    monkeypatch.setenv("CRYOKIT_LOG_LEVEL", "WARNING")

    settings = load_settings()

    assert (settings.log_level, settings.backup_remote, settings.backup_keep) == ("WARNING", "from:secret", "daily=1")


def test_the_address_of_the_database_may_be_a_secret_file(tmp_path, monkeypatch):
    (tmp_path / "database_url").write_text("postgresql://a:b@127.0.0.1/c\n")
    monkeypatch.setattr(config, "DOCKER_SECRETS", tmp_path)

    assert load_settings().database_url == "postgresql://a:b@127.0.0.1/c"


OTHER = {
    "oidc_session_minutes": 30,
    "reports_at_once": 3,
    "reports_waiting": 4,
    "profile": "test",
    "state_dir": Path("elsewhere"),
    "host": "127.0.0.2",
    "port": 5999,
    "behind_proxy": True,
    "log_level": "ERROR",
    "database_url": "postgresql://a:b@127.0.0.1/c",
    "pg_bindir": Path("programs"),
    "dask_address": "tcp://127.0.0.1:8786",
    "log_file": Path("log.json"),
    "log_megabytes": 7,
    "log_days": 3,
    "dependencies": "mail=smtp://127.0.0.1:25",
    "alertmanager_url": "http://127.0.0.1:9999",
    "certificates": "a.pem,b.pem",
    "correlation_id": "work-1",
    "data_mirror": Path("mirror"),
    "flags_file": Path("flags.yml"),
    "backup_key_file": Path("key"),
    "backup_keep": "daily=1",
    "backup_remote": "store:cryokit",
    "oidc_issuer": "https://login.example/realms/lab",
    "oidc_client_id": "cryokit",
    "oidc_title": "the lab",
    "oidc_claim": "realm.groups",
    "oidc_roles": "lab=researcher",
    "oidc_groups": "lab",
    "oidc_domains": "lab.example",
}


def in_another_process(settings, folder, monkeypatch):
    """Load the settings as a process in another folder does that got those of this one."""
    for name, value in variables_of(settings).items():
        monkeypatch.setenv(name, value)
    folder.mkdir()
    monkeypatch.chdir(folder)
    return load_settings()


def test_another_process_in_another_folder_has_every_setting_that_was_given(tmp_path, monkeypatch):
    given = load_settings(**OTHER)
    got = in_another_process(given, tmp_path / "other", monkeypatch)

    assert set(OTHER) == set(Settings.model_fields) - {"session_key", "oidc_client_secret"}
    for name, value in OTHER.items():
        default = Settings.model_fields[name].get_default(call_default_factory=True)
        assert getattr(got, name) == (tmp_path / value if isinstance(value, Path) else value) != default, name


def test_what_was_taken_back_here_is_not_found_there_in_environment_or_file(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:b@127.0.0.1/c")
    (tmp_path / "cryokit_backup_remote").write_text("from:secret\n")
    monkeypatch.setattr(config, "DOCKER_SECRETS", tmp_path)
    given = load_settings(database_url=None, backup_remote=None)

    got = in_another_process(given, tmp_path / "other", monkeypatch)

    assert (given.backup_remote, got.database_url, got.backup_remote) == (None, None, None)


def test_an_empty_variable_is_none_that_was_given(tmp_path, monkeypatch):
    (tmp_path / "cryokit_session_key").write_text(f"{GOOD_SECRET}\n")
    monkeypatch.setattr(config, "DOCKER_SECRETS", tmp_path)
    monkeypatch.setenv("CRYOKIT_SESSION_KEY", "")
    monkeypatch.setenv("CRYOKIT_PORT", "")
    got = load_settings()

    assert (got.session_key.get_secret_value(), got.port) == (GOOD_SECRET, 5006)


@pytest.mark.parametrize("name", ["session_key", "oidc_client_secret"])
def test_secrets_are_not_handed_on(name):
    assert f"CRYOKIT_{name.upper()}" not in variables_of(load_settings(**{name: GOOD_SECRET}))


def test_the_secret_of_a_provider_may_lie_in_a_file(tmp_path, monkeypatch):
    (tmp_path / "cryokit_oidc_client_secret").write_text(f"{GOOD_SECRET}\n")
    monkeypatch.setattr(config, "DOCKER_SECRETS", tmp_path)

    assert load_settings().oidc_client_secret.get_secret_value() == GOOD_SECRET


@pytest.mark.parametrize("place", ["environment", "file"])
def test_an_unknown_variable_is_refused_with_a_suggestion(tmp_path, monkeypatch, place):
    if place == "environment":
        monkeypatch.setenv("CRYOKIT_PROT", "1")
    else:
        (tmp_path / ".env").write_text("CRYOKIT_PROT=1\n")

    with pytest.raises(ConfigError, match=r"CRYOKIT_PROT is not a setting of cryokit; did you mean CRYOKIT_PORT\?"):
        load_settings()


# What no profile allows


def problems_of(**given):
    """Return variable and message of every problem."""
    return {problem.variable: problem.message for problem in checked_settings(**given)[1]}


@pytest.mark.parametrize(
    ("given", "variable", "reason"),
    [
        ({"oidc_issuer": "https://login.example"}, "CRYOKIT_OIDC_CLIENT_ID", "given together"),
        ({"oidc_client_id": "a"}, "CRYOKIT_OIDC_ISSUER", "given together"),
        ({"oidc_issuer": "http://login.example", "oidc_client_id": "a"}, "CRYOKIT_OIDC_ISSUER", "no address"),
        ({"oidc_issuer": "login.example", "oidc_client_id": "a"}, "CRYOKIT_OIDC_ISSUER", "no address"),
        ({"oidc_roles": "lab=boss"}, "CRYOKIT_OIDC_ROLES", "lab=boss"),
        ({"oidc_roles": "lab"}, "CRYOKIT_OIDC_ROLES", "looks like lab=researcher"),
    ],
)
def test_a_provider_that_cannot_be_used_is_refused(given, variable, reason):
    assert reason in problems_of(**given)[variable]


def test_a_group_may_hold_an_equals_sign():
    assert config.roles_by_group("cn=lab=admin, b=viewer") == {"cn=lab": "admin", "b": "viewer"}


# What a profile refuses


@pytest.mark.parametrize(
    ("given", "variable", "reason"),
    [
        ({"log_level": "DEBUG"}, "CRYOKIT_LOG_LEVEL", "tells too much"),
        ({"host": "0.0.0.0"}, "CRYOKIT_HOST", "in plain text"),  # noqa: S104  what is refused
        ({"host": "lab.example.org"}, "CRYOKIT_HOST", "in plain text"),
        ({"session_key": "short"}, "CRYOKIT_SESSION_KEY", "5 characters"),
        ({"session_key": "changeme-" + GOOD_SECRET}, "CRYOKIT_SESSION_KEY", "placeholder"),
        ({"session_key": "a" * 40}, "CRYOKIT_SESSION_KEY", "placeholder"),
        ({"DATABASE_URL": "postgresql://a:b@db.example.org/c"}, "DATABASE_URL", "plain text"),
        ({"DATABASE_URL": "postgresql://a:b@db.example.org/c?sslmode=prefer"}, "DATABASE_URL", "plain text"),
        ({"DATABASE_URL": "postgresql://a:password@127.0.0.1/c"}, "DATABASE_URL", "placeholder"),
        (PROVIDER | {"oidc_client_secret": "changeme"}, "CRYOKIT_OIDC_CLIENT_SECRET", "placeholder"),
    ],
)
def test_production_and_staging_refuse_what_is_not_safe_and_development_does_not(given, variable, reason):
    for profile in ("production", "staging"):
        assert reason in problems_of(profile=profile, **given)[variable]
    assert problems_of(profile="development", **given) == {}


@pytest.mark.parametrize(
    "given",
    [
        {},
        PROVIDER | {"oidc_client_secret": "Zr4Tx8Bv"},
        {"session_key": GOOD_SECRET, "host": "0.0.0.0", "behind_proxy": True},  # noqa: S104  behind a proxy
        {"DATABASE_URL": "postgresql://a:Zr4Tx8Bv@db.example.org/c?sslmode=verify-full"},
        {"DATABASE_URL": "postgresql://a:Zr4Tx8Bv@localhost/c"},
    ],
)
def test_production_allows_what_is_safe(given):
    assert problems_of(profile="production", **given) == {}


# What is said


def test_no_secret_is_told():
    given = {"session_key": "topsecretkey", "DATABASE_URL": "postgresql://a:hunter22@db.example.org/c"}
    settings, problems = checked_settings(profile="production", **given)

    assert len(problems) == 2
    assert "hunter22" not in f"{settings!r} {problems}"
    assert "topsecretkey" not in f"{settings!r} {problems}"


def test_the_command_names_every_variable_and_ends_with_78():
    given = {"CRYOKIT_PORT": "many", "CRYOKIT_SESSION_KEY": "hunter22", "CRYOKIT_NOTHING": "1"}
    done = CliRunner(env=given).invoke(main, ["config", "check", "--profile", "production", "--json"])

    assert done.exit_code == 78
    assert all(f'"{name}"' in done.output for name in ("CRYOKIT_PORT", "CRYOKIT_NOTHING"))
    assert "hunter22" not in done.output
    assert CliRunner().invoke(main, ["config", "check"]).exit_code == 0


def test_the_template_is_that_of_this_version_and_names_every_variable():
    text = (ROOT / "ops" / "env.template").read_text()

    assert text == template()
    assert all(f"#{name}=" in text for name in known_variables() | {"DATABASE_URL"})


def test_the_template_as_it_is_changes_nothing(tmp_path):
    without = load_settings()
    (tmp_path / ".env").write_text(template())

    assert load_settings() == without
