"""Settings from the environment: where state lives, which database, which port."""

import difflib
import hashlib
import os
from pathlib import Path

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cryokit.errors import ConfigError

PREFIX = "CRYOKIT_"


def default_state_dir() -> Path:
    """Return the system's state folder; root's own home would be closed to the database's account."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path(platformdirs.site_state_dir("cryokit"))
    return Path(platformdirs.user_state_dir("cryokit"))


class Settings(BaseSettings):
    """Everything that can be configured; one field is one environment variable."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    state_dir: Path = Field(default_factory=default_state_dir, description="folder of all state")
    port: int = Field(default=5006, ge=1, le=65535, description="port of pages and API on 127.0.0.1")
    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="another PostgreSQL than the embedded one",
    )
    pg_bindir: Path | None = Field(default=None, description="folder of PostgreSQL programs to use")
    dask_address: str | None = Field(
        default=None, description="Dask scheduler to compute on instead of local processes"
    )
    data_mirror: Path | None = Field(default=None, description="folder that holds the public data files")
    backup_key_file: Path | None = Field(default=None, description="key by which backups are encrypted")
    backup_keep: str = Field(
        default="hourly=24,daily=7,weekly=5,monthly=12,yearly=3,wal_days=7", description="how many backups stay"
    )
    backup_remote: str | None = Field(default=None, description="rclone remote and folder that backups are copied to")

    @property
    def cluster_dir(self) -> Path:
        """Data directory of the embedded PostgreSQL."""
        return self.state_dir / "cluster"

    @property
    def socket_dir(self) -> Path:
        """Short folder of the Unix socket, one for each state folder (a socket path holds 107 bytes)."""
        digest = hashlib.sha256(str(self.state_dir.resolve()).encode()).hexdigest()[:12]
        return Path("/tmp") / f"cryokit-{digest}"  # noqa: S108  0700, owner checked before use

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
        """Evaluations of the split ladder, kept so that a ladder goes on where it was stopped."""
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


def known_variables() -> set[str]:
    """Names of the ``CRYOKIT_`` variables that mean something."""
    return {PREFIX + name.upper() for name, field in Settings.model_fields.items() if field.validation_alias is None}


def _refuse_unknown_variables() -> None:
    known = known_variables()
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
            msg = f"environment variable {name} is not a setting of cryokit; {hint}"
            raise ConfigError(msg)


def _refuse_file_as_folder(settings: Settings) -> None:
    """Refuse a state folder that cannot be one: something on its path is there and is no folder."""
    folder = settings.state_dir.absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists() or path.is_symlink())
    if not there.is_dir():
        msg = f"the state folder cannot be {folder}: {there} is not a folder; set CRYOKIT_STATE_DIR to another one"
        raise ConfigError(msg)


def load_settings(**overrides: object) -> Settings:
    """Read the settings, or say which variable is wrong."""
    _refuse_unknown_variables()
    try:
        settings = Settings(**overrides)
        _refuse_file_as_folder(settings)
        return settings
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        msg = f"the configuration cannot be used: {problems}"
        raise ConfigError(msg) from error
