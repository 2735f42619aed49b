"""Settings from the environment: where state lives, which database, which port."""

import difflib
import hashlib
import os
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, get_args, get_origin
from urllib.parse import parse_qs, urlsplit

import platformdirs
from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from cryokit.domain import ROLES
from cryokit.errors import ConfigError

PREFIX = "CRYOKIT_"
ENV_FILE = Path(".env")
DOCKER_SECRETS = Path("/run/secrets")
LEAST_SECRET = 32
Profile = Literal["development", "test", "staging", "production"]
PROFILES = get_args(Profile)
_NONE = "(none)"
"""What a variable says to take back what another source gives."""
_PLACEHOLDERS = ("changeme", "change_me", "change-me", "placeholder", "secret", "password", "example", "your_", "xxxx")


@dataclass(frozen=True)
class Problem:
    """What is wrong with one variable."""

    variable: str
    message: str

    def __str__(self) -> str:
        return f"{self.variable} {self.message}"


def default_state_dir() -> Path:
    """Return the system's state folder; root's own home would be closed to the database's account."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path(platformdirs.site_state_dir("cryokit"))
    return Path(platformdirs.user_state_dir("cryokit"))


class Settings(BaseSettings):
    """Everything that can be configured; one field is one environment variable."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,  # an empty variable, as compose files make them, is one that is not given
        env_parse_none_str=_NONE,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        env_file_encoding="utf-8",
    )

    profile: Profile = Field(
        default="development", description="what this installation is for; production has the strictest rules"
    )
    state_dir: Path = Field(default_factory=default_state_dir, description="folder of all state")
    host: str = Field(default="127.0.0.1", description="address that pages and API are served on")
    port: int = Field(default=5006, ge=1, le=65535, description="port of pages and API")
    behind_proxy: bool = Field(default=False, description="whether a proxy in front speaks https with the world")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING",
        description="least important events that are logged; the server logs INFO unless this is given",
    )
    session_key: SecretStr | None = Field(
        default=None, description="secret that signs sessions, at least 32 characters; generated if not given"
    )
    oidc_issuer: str | None = Field(
        default=None, description="OpenID provider at which people may sign in, as it names itself"
    )
    oidc_client_id: str | None = Field(default=None, description="name of this installation at the provider")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="secret of this installation at the provider; none for a public client"
    )
    oidc_title: str = Field(default="your organisation", description="what the button of the login page calls it")
    oidc_claim: str = Field(default="groups", description="claim that holds the groups of a person; a.b is b in a")
    oidc_roles: str | None = Field(
        default=None, description="roles by group, such as lab=researcher,leads=admin; others are viewers"
    )
    oidc_groups: str | None = Field(default=None, description="groups of which a person must be in one")
    oidc_session_minutes: int = Field(
        default=480,
        ge=5,
        le=720,
        description="how long a sign-in at the provider lasts; only the next one asks for groups anew",
    )
    oidc_domains: str | None = Field(default=None, description="mail domains of which a person must have one")
    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="another PostgreSQL than the embedded one; secret if it holds a password",
        repr=False,
    )
    pg_bindir: Path | None = Field(default=None, description="folder of PostgreSQL programs to use")
    dask_address: str | None = Field(
        default=None, description="Dask scheduler to compute on instead of local processes"
    )
    log_file: Path | None = Field(default=None, description="file that the server logs to; standard error without it")
    log_megabytes: int = Field(
        default=50, ge=0, description="size at which the log file is turned; 0: the host's logrotate does it"
    )
    log_days: int = Field(
        default=14, ge=1, le=3650, description="how many turned log files are kept, one a day or more"
    )
    dependencies: str | None = Field(
        default=None, description="what health checks ask beyond this machine: name=address, separated by commas"
    )
    alertmanager_url: str = Field(
        default="http://127.0.0.1:9093", description="Alertmanager whose alerts the page of operations shows"
    )
    certificates: str | None = Field(
        default=None, description="certificate files (PEM) whose end is watched, separated by commas"
    )
    correlation_id: str | None = Field(default=None, description="id of the work that started this process")
    data_mirror: Path | None = Field(default=None, description="folder that holds the public data files")
    reports_at_once: int = Field(
        default=2, ge=1, le=100, description="how many reports that people asked for run at once; others wait"
    )
    reports_waiting: int = Field(
        default=10, ge=1, le=1000, description="how many reports one person may have waiting for their turn"
    )
    flags_file: Path | None = Field(default=None, description="file of feature flags; without it all are on")
    backup_key_file: Path | None = Field(default=None, description="key by which backups are encrypted")
    backup_keep: str = Field(
        default="hourly=24,daily=7,weekly=5,monthly=12,yearly=3,wal_days=7", description="how many backups stay"
    )
    backup_remote: str | None = Field(default=None, description="rclone remote and folder that backups are copied to")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read, the strongest first: arguments, environment, secret files, the file .env."""
        files = NestedSecretsSettingsSource(
            sources["file_secret_settings"], secrets_dir=secret_folders(), secrets_dir_missing="ok"
        )
        return sources["init_settings"], sources["env_settings"], files, DotEnvSettingsSource(settings_cls, ENV_FILE)

    @property
    def has_provider(self) -> bool:
        """Whether people may sign in at a provider."""
        return self.oidc_issuer is not None and self.oidc_client_id is not None

    @property
    def cluster_dir(self) -> Path:
        """Data directory of the embedded PostgreSQL."""
        return self.state_dir / "cluster"

    @property
    def socket_dir(self) -> Path:
        """Short folder of the Unix socket, one for each state folder (a socket path holds 107 bytes)."""
        digest = hashlib.sha256(str(self.state_dir.resolve()).encode()).hexdigest()[:12]
        return Path("/tmp") / f"cryokit-{digest}"  # noqa: S108  0700, owner checked before use  # nosec B108

    @property
    def secrets_dir(self) -> Path:
        """Generated passwords and keys, readable by the owner only."""
        return self.state_dir / "secrets"

    @property
    def artifacts_dir(self) -> Path:
        """Trained models, named by their checksum."""
        return self.state_dir / "artifacts"

    @property
    def reports_dir(self) -> Path:
        """Reports written from notebooks."""
        return self.state_dir / "reports"

    @property
    def evaluations_dir(self) -> Path:
        """Evaluations and helpers, kept so that a ladder goes on where it was stopped; what is lost is made anew."""
        return self.state_dir / "evaluations"

    @property
    def downloads_dir(self) -> Path:
        """Public data files that were fetched."""
        return self.state_dir / "downloads"

    @property
    def backups_dir(self) -> Path:
        """Backup sets and the archive of WAL."""
        return self.state_dir / "backups"

    @property
    def wal_archive_dir(self) -> Path:
        """WAL that the server handed over; archiving begins when the folder is made."""
        return self.backups_dir / "wal"

    @property
    def log_dir(self) -> Path:
        """Log files of the servers."""
        return self.state_dir / "logs"

    @property
    def all_state(self) -> list[Path]:
        """Everything that may be removed with the state; never the state folder's other contents."""
        inside = ("cluster", "cluster.partial", "programs", "postgresql", "secrets", "artifacts", "reports")
        inside += ("evaluations", "downloads", "logs", "backups")
        return [*(self.state_dir / name for name in inside), self.socket_dir]


_SECRETS = {"session_key", "oidc_client_secret"}


def secret_folders() -> list[Path]:
    """Return where secret files are: systemd's credentials and Docker's secrets, one file for each variable."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    return [*([Path(given)] if given else []), DOCKER_SECRETS]


def variable_of(name: str) -> str:
    """Return the environment variable of a field."""
    return str(Settings.model_fields[name].validation_alias or PREFIX + name.upper())


def variables_of(settings: Settings) -> dict[str, str]:
    """
    Return the variables by which another process, in whatever folder, has the settings that this one was given.

    Secrets are no part of them: they are for servers, which find them where this process did.
    """
    given = {name: getattr(settings, name) for name in settings.model_fields_set - _SECRETS}
    return {variable_of(name): _NONE if value is None else _passed(value) for name, value in given.items()}


def _passed(value: object) -> str:
    return str(value.absolute()) if isinstance(value, Path) else _written(value)


def known_variables() -> set[str]:
    """Names of the ``CRYOKIT_`` variables that mean something."""
    return {name for name in map(variable_of, Settings.model_fields) if name.startswith(PREFIX)}


def _unknown_variables() -> list[Problem]:
    known = known_variables()
    given = [*os.environ, *(dotenv_values(ENV_FILE) if ENV_FILE.is_file() else {})]
    problems = []
    for name in sorted(set(given)):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
            problems.append(Problem(name, f"is not a setting of cryokit; {hint}"))
    return problems


def _file_as_folder(settings: Settings) -> list[Problem]:
    """Find a state folder that cannot be one: something on its path is there and is no folder."""
    folder = settings.state_dir.absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists() or path.is_symlink())
    if there.is_dir():
        return []
    cure = f"the state folder cannot be {folder}: {there} is not a folder; set CRYOKIT_STATE_DIR to another one"
    return [Problem("CRYOKIT_STATE_DIR", cure)]


def listed(text: str | None) -> list[str]:
    """Return the items of a setting that are separated by commas."""
    return [item.strip() for item in (text or "").split(",") if item.strip()]


def roles_by_group(text: str | None) -> dict[str, str]:
    """Return the role of each group that `CRYOKIT_OIDC_ROLES` names."""
    pairs = [item.rpartition("=") for item in listed(text)]
    wrong = [f"{group}{equals}{role}" for group, equals, role in pairs if not group.strip() or role not in ROLES]
    if wrong:
        msg = f"holds {wrong[0]!r}; it looks like lab=researcher,leads=admin, with the roles {', '.join(ROLES)}"
        raise ConfigError(msg)
    return {group.strip(): role for group, _, role in pairs}


def _of_provider(settings: Settings) -> list[Problem]:
    """Find what keeps people from signing in at the provider."""
    problems = []
    issuer, client = settings.oidc_issuer, settings.oidc_client_id
    if (issuer is None) != (client is None):
        missing = "CRYOKIT_OIDC_ISSUER" if issuer is None else "CRYOKIT_OIDC_CLIENT_ID"
        problems.append(Problem(missing, "is missing; issuer and client id are given together"))
    if issuer is not None:
        parts = urlsplit(issuer)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
        if not (is_safe and parts.hostname) or parts.query or parts.fragment:
            cure = "is no address of a provider; it looks like https://login.example/realms/lab"
            problems.append(Problem("CRYOKIT_OIDC_ISSUER", cure))
    try:
        roles_by_group(settings.oidc_roles)
    except ConfigError as error:
        problems.append(Problem("CRYOKIT_OIDC_ROLES", str(error)))
    return problems


def _of_profile(settings: Settings) -> list[Problem]:
    """Find what staging and production do not allow."""
    if settings.profile not in ("staging", "production"):
        return []
    problems = []
    if settings.log_level == "DEBUG":
        problems.append(Problem("CRYOKIT_LOG_LEVEL", "is DEBUG, which tells too much; use INFO"))
    if not is_loopback(settings.host) and not settings.behind_proxy:
        cure = "serves other machines in plain text; use 127.0.0.1, or a proxy with https and CRYOKIT_BEHIND_PROXY=true"
        problems.append(Problem("CRYOKIT_HOST", f"is {settings.host}, which {cure}"))
    if settings.session_key is not None:
        problems += _weak("CRYOKIT_SESSION_KEY", settings.session_key.get_secret_value())
    client_secret = settings.oidc_client_secret
    if client_secret is not None and _is_placeholder(client_secret.get_secret_value()):
        problems.append(Problem("CRYOKIT_OIDC_CLIENT_SECRET", "looks like a placeholder; use what the provider gave"))
    if settings.database_url:
        problems += _of_database(settings.database_url)
    return problems


def _weak(variable: str, secret: str) -> list[Problem]:
    if len(secret) < LEAST_SECRET:
        return [Problem(variable, f"has {len(secret)} characters; at least {LEAST_SECRET} random ones are needed")]
    if len(set(secret)) < 10 or _is_placeholder(secret):
        return [Problem(variable, "looks like a placeholder; use random characters")]
    return []


def _is_placeholder(secret: str) -> bool:
    return any(word in secret.lower() for word in _PLACEHOLDERS)


def _of_database(url: str) -> list[Problem]:
    parts = urlsplit(url)
    problems = []
    if parts.password and _is_placeholder(parts.password):
        problems.append(Problem("DATABASE_URL", "holds a password that looks like a placeholder"))
    mode = parse_qs(parts.query).get("sslmode", [""])[0]
    if parts.hostname and not is_loopback(parts.hostname) and mode not in ("require", "verify-ca", "verify-full"):
        cure = "goes to another machine in plain text; add ?sslmode=verify-full"
        problems.append(Problem("DATABASE_URL", cure))
    return problems


def is_loopback(host: str | None) -> bool:
    """Whether `host`, a name or an address, is this machine itself."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def checked_settings(**overrides: object) -> tuple[Settings | None, list[Problem]]:
    """Read the settings and return everything that is wrong with them; no secret is in what is said."""
    problems = _unknown_variables()
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        problems += [Problem(_named(item["loc"]), item["msg"]) for item in error.errors()]
        return None, problems
    return settings, problems + _file_as_folder(settings) + _of_provider(settings) + _of_profile(settings)


def _named(place: tuple[int | str, ...]) -> str:
    field = str(place[0])
    return variable_of(field) if field in Settings.model_fields else field


def load_settings(**overrides: object) -> Settings:
    """Read the settings, or say which variable is wrong."""
    settings, problems = checked_settings(**overrides)
    if problems or settings is None:
        said = "; ".join(map(str, problems))
        msg = f"the configuration cannot be used: {said}"
        raise ConfigError(msg)
    return settings


def template() -> str:
    """Return the text of ops/env.template: every variable with its meaning and default."""
    lines = [
        "# Settings of cryokit: copy to .env and uncomment what differs. Secrets are better kept in files of their"
    ]
    lines += [
        "# own (systemd credentials, Docker secrets), named like the variable. `cryokit config check` tries them."
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory or field.default is None else _written(field.default)
        choices = f" ({', '.join(get_args(field.annotation))})" if get_origin(field.annotation) is Literal else ""
        lines += ["", f"# {field.description}{choices}", f"#{variable_of(name)}={default}"]
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
