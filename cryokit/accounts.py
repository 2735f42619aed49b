"""Passwords, keys and tokens: hashed, random, signed, readable by their owner only."""

import contextlib
import hmac
import os
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pwdlib import PasswordHash

from cryokit.errors import InputError

_HASHER = PasswordHash.recommended()
MINIMUM_LENGTH = 10
_MAXIMUM_LENGTH = 256
_ALGORITHM, _ISSUER = "HS256", "cryokit"


def checked_password(password: str) -> str:
    """Return a password of allowed length, or say what is allowed."""
    if not MINIMUM_LENGTH <= len(password) <= _MAXIMUM_LENGTH:
        msg = f"a password has {MINIMUM_LENGTH} to {_MAXIMUM_LENGTH} characters, but this one has {len(password)}"
        raise InputError(msg)
    return password


def hash_password(password: str) -> str:
    """Return the argon2 hash of a password of allowed length."""
    return _HASHER.hash(checked_password(password))


def password_matches(password: str, password_hash: str | None) -> bool:
    """Whether the password belongs to the hash; takes as long when there is no such account."""
    nobody = _hash_of_nobody()  # also where it is not needed: the first time it takes as long as the comparison itself
    matches = _HASHER.verify(password[:_MAXIMUM_LENGTH], password_hash or nobody)
    return matches and password_hash is not None


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))


def random_password() -> str:
    """Return a new password of 96 random bits."""
    return secrets.token_urlsafe(12)


def signing_key(folder: Path) -> bytes:
    """Return the key that signs sessions; made once, readable by its owner only."""
    file = folder / "signing_key"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = folder / f".signing_key.{os.getpid()}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(secrets.token_hex(32).encode())
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its key is then the key
            os.link(fresh, file)
        fresh.unlink()
    return file.read_bytes()


def derived_key(key: bytes, purpose: str) -> bytes:
    """Return a key for one purpose, so that what it signs is never good for another."""
    return hmac.digest(key, purpose.encode(), "sha256")


def is_same(text: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(text.encode(), other.encode())


def signed_token(key: bytes, subject: str, lifetime: timedelta, **more: str) -> str:
    """Return a token that names its subject until its lifetime is over; `more` are further claims."""
    import jwt  # reads all of cryptography, which only a server needs

    now = datetime.now(UTC)
    # To the microsecond: a password that is set in the same second ends this session too.
    claims = {"iss": _ISSUER, "sub": subject, "iat": now.timestamp(), "exp": now + lifetime} | more
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def verified_claims(key: bytes, token: str) -> dict[str, Any] | None:
    """Return what a token claims, None unless it is ours and its time is not over."""
    import jwt

    try:
        return jwt.decode(
            token, key, algorithms=[_ALGORITHM], issuer=_ISSUER, options={"require": ["exp", "iat", "sub"]}
        )
    except jwt.InvalidTokenError:
        return None
