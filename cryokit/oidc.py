"""Signing in at an OpenID provider: the authorization code flow with PKCE, state and nonce."""

import secrets
import threading
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from cryokit.config import Settings, is_loopback
from cryokit.errors import AccessError, ConfigError, UnavailableError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signatures by a key that only the provider has: `none` and secrets that are shared prove nothing."""
SCOPE = "openid profile email"
_TIMEOUT_SECONDS = 10.0
_LEEWAY_SECONDS = 60
_KEPT_SECONDS = 300.0
_AT_ONCE = threading.BoundedSemaphore(8)
"""A provider that hangs keeps a few threads waiting, and not all that the server answers with."""
_TURN_SECONDS = 1.0
_configurations: dict[str, tuple[float, dict[str, Any]]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Begun:
    """What is remembered, in the browser that signs in, until it comes back from the provider."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str

    @classmethod
    def with_fresh_secrets(cls, redirect_uri: str) -> "Begun":
        """Return a new sign-in that nobody can guess."""
        state, nonce, verifier = (secrets.token_urlsafe(size) for size in (24, 24, 48))
        return cls(state, nonce, verifier, redirect_uri)


@dataclass(frozen=True)
class Provider:
    """The provider that is configured, and as whom this installation is known there."""

    issuer: str
    client_id: str
    client_secret: str | None

    @classmethod
    def configured(cls, settings: Settings) -> "Provider | None":
        """Return the provider of the settings, None without one."""
        if not settings.has_provider:
            return None
        secret = settings.oidc_client_secret
        return cls(settings.oidc_issuer, settings.oidc_client_id, secret.get_secret_value() if secret else None)

    def address_of_sign_in(self, begun: Begun) -> str:
        """Return where a browser goes to sign in."""
        asked = {"scope": SCOPE, "state": begun.state, "nonce": begun.nonce}
        challenge = {"code_challenge": create_s256_code_challenge(begun.verifier), "code_challenge_method": "S256"}
        endpoint = self._endpoint("authorization_endpoint")
        uri = prepare_grant_uri(endpoint, self.client_id, "code", redirect_uri=begun.redirect_uri, **asked)
        return add_params_to_uri(uri, list(challenge.items()))

    def claims(self, begun: Begun, code: str) -> dict[str, Any]:
        """Exchange the code that a browser brought for what the provider says of the person, or refuse it."""
        token = self._token(begun, code)
        keys = self._keys()
        try:
            signed = jwt.decode(token, keys, registry=JWSRegistry(algorithms=list(ALGORITHMS)))
            audience = {"essential": True, "value": self.client_id}
            options = {"iss": {"essential": True, "value": self.issuer}, "aud": audience}
            known = {"nonce": begun.nonce, "client_id": self.client_id}
            claims = CodeIDToken(signed.claims, signed.header, options, known)
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError) as error:
            msg = f"what the provider says of you cannot be trusted ({error}); sign in again, or tell an administrator"
            raise AccessError(msg) from error
        if not isinstance(claims["sub"], str) or not claims["sub"].isprintable() or not claims["sub"]:
            msg = "the provider does not say who you are (claim sub); tell an administrator"
            raise AccessError(msg)
        return dict(claims)

    def _token(self, begun: Begun, code: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": begun.redirect_uri,
            "code_verifier": begun.verifier,
        }
        headers = {"Accept": "application/json"}
        if self.client_secret is None:
            form["client_id"] = self.client_id
        else:
            pair = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        answer = self._asked("POST", self._endpoint("token_endpoint"), data=form, headers=headers)
        found = _object_in(answer)
        if answer.status_code == httpx.codes.OK and isinstance(found.get("id_token"), str):
            return found["id_token"]
        reason = str(found.get("error", f"HTTP {answer.status_code}"))[:100]
        msg = f"the provider refuses this sign-in ({reason}); sign in again"
        raise AccessError(msg)

    def _keys(self) -> KeySet:
        found = _object_in(self._asked("GET", self._endpoint("jwks_uri")))
        try:
            return KeySet.import_key_set(found)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            msg = f"the keys of the provider {self.issuer} cannot be read: {error}; try again later"
            raise UnavailableError(msg) from error

    def _endpoint(self, name: str) -> str:
        """Return an address that the provider announces; the token and the keys travel there, so only by https."""
        address = self._configuration().get(name)
        parsed = urlsplit(address) if isinstance(address, str) else urlsplit("")
        is_safe = parsed.scheme == "https" or (parsed.scheme == "http" and is_loopback(parsed.hostname))
        if not is_safe:
            msg = f"the provider {self.issuer} announces {address!r} as its {name}; it must be an https address"
            raise ConfigError(msg)
        return address

    def _configuration(self) -> dict[str, Any]:
        with _lock:
            kept_at, found = _configurations.get(self.issuer, (float("-inf"), {}))
        if time.monotonic() - kept_at < _KEPT_SECONDS:
            return found
        found = _object_in(self._asked("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"))
        if found.get("issuer") != self.issuer:
            msg = f"CRYOKIT_OIDC_ISSUER is {self.issuer}, but what answers there is {found.get('issuer')!r}"
            raise ConfigError(msg)
        with _lock:
            _configurations[self.issuer] = time.monotonic(), found
        return found

    def _asked(self, method: str, address: str, **rest: Any) -> httpx.Response:
        if not _AT_ONCE.acquire(timeout=_TURN_SECONDS):
            msg = f"others wait for the provider {self.issuer} already; try again, or sign in with a password"
            raise UnavailableError(msg)
        try:
            return httpx.request(method, address, timeout=_TIMEOUT_SECONDS, follow_redirects=False, **rest)
        except httpx.HTTPError as error:
            msg = f"the provider {self.issuer} does not answer ({error}); try again, or sign in with a password"
            raise UnavailableError(msg) from error
        finally:
            _AT_ONCE.release()


def _object_in(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    msg = f"{answer.url.host} answers with HTTP {answer.status_code} and no JSON object; is it an OpenID provider?"
    raise UnavailableError(msg)


def claimed_values(claims: dict[str, Any], name: str) -> set[str]:
    """Return the texts of a claim, one or a list of them; `a.b` is also the claim b in a."""
    value: Any = claims.get(name)
    if value is None:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    values = value if isinstance(value, list) else [value]
    return {item for item in values if isinstance(item, str)}
