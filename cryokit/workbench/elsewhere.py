"""Signing in elsewhere: at the OpenID provider of an organisation, when one is configured."""

import contextlib
import shlex
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cryokit import accounts
from cryokit.config import listed, roles_by_group
from cryokit.db.registry import Registry
from cryokit.domain import ROLES, Identity
from cryokit.errors import AccessError, ConfigError, ConflictError, InputError
from cryokit.workbench.people import People

if TYPE_CHECKING:
    from cryokit.oidc import Provider

MINUTES_AT_PROVIDER = 10
"""How long a person may take to sign in there."""
_PURPOSE = "sign-in at a provider"


class Elsewhere(People):
    """Send people to the provider, and take those in who come back."""

    @property
    def provider_title(self) -> str | None:
        """What the provider is called on the login page, None without one."""
        return self.settings.oidc_title if self.settings.has_provider else None

    @property
    def lifetime_at_provider(self) -> timedelta:
        """How long a session lasts that began at the provider."""
        return timedelta(minutes=self.settings.oidc_session_minutes)

    def begin_at_provider(self, redirect_uri: str, next_path: str) -> tuple[str, str]:
        """Return where the browser goes to sign in, and what it keeps meanwhile, signed."""
        from cryokit.oidc import Begun

        begun = Begun.with_fresh_secrets(redirect_uri)
        address = self._provider().address_of_sign_in(begun)
        lifetime = timedelta(minutes=MINUTES_AT_PROVIDER)
        return address, accounts.signed_token(
            self._key_at_provider(), begun.state, lifetime, next=next_path, **asdict(begun)
        )

    def _key_at_provider(self) -> bytes:
        return accounts.derived_key(self.signing_key(), _PURPOSE)

    def page_kept(self, kept: str) -> str:
        """Return to which page a browser wanted that was given `kept`, the first one if that was not here."""
        found = accounts.verified_claims(self._key_at_provider(), kept)
        return found["next"] if found else "/"

    def said_at_provider(self, kept: str, state: str, code: str, issuer: str | None = None) -> dict[str, Any]:
        """
        Return what the provider says of who came back, claims that hold `iss` and `sub`, or refuse.

        `kept` is what the browser was given when it went; `state`, `code` and perhaps `issuer` are what it brought.
        """
        from cryokit.oidc import Begun

        provider = self._provider()
        found = accounts.verified_claims(self._key_at_provider(), kept)
        if found is None or not accounts.is_same(found["state"], state) or issuer not in (None, provider.issuer):
            msg = f"this sign-in was not begun in this browser within the last {MINUTES_AT_PROVIDER} minutes; try again"
            raise AccessError(msg)
        begun = Begun(**{name: found[name] for name in Begun.__dataclass_fields__})
        return provider.claims(begun, code)

    def link_provider(self, name: str, subject: str) -> None:
        """Say that the provider knows an account that is here already by `subject`."""
        self._refuse_unless_admin()
        self.maintenance.link_provider(name, self._provider().issuer, subject)

    def unlink_provider(self, name: str) -> None:
        """Let an account sign in at no provider any more; its sessions stay until they end or its password changes."""
        self._refuse_unless_admin()
        self.maintenance.unlink_provider(name)

    def signs_in_elsewhere(self) -> bool:
        """Whether this person signs in at a provider."""
        return self.identity is not None and self.maintenance.is_known_to_a_provider(str(self.identity.user_id))

    def _provider(self) -> "Provider":
        from cryokit.oidc import Provider  # with Authlib, which takes a third of a second

        provider = Provider.configured(self.settings)
        if provider is None:
            msg = "no provider is configured; set CRYOKIT_OIDC_ISSUER and CRYOKIT_OIDC_CLIENT_ID"
            raise ConfigError(msg)
        return provider

    def person_at_provider(self, claims: dict[str, Any]) -> Identity:
        """Return the person of whom the provider says this, with an account of theirs, or refuse."""
        role, issuer = self._role_for(claims), claims["iss"]
        registry = Registry(self.database)
        account = registry.account_of_provider(issuer, claims["sub"]) or self._added(registry, claims, issuer, role)
        if account["is_disabled"] or account["is_locked"]:
            state = "closed" if account["is_disabled"] else "locked for now"
            msg = f"your account {account['name']} is {state}; ask an administrator"
            raise AccessError(msg)
        if self.settings.oidc_roles and role != account["role"]:
            with contextlib.suppress(ConflictError):  # the last administrator stays one, whatever the groups are
                registry.set_role(account["name"], role)
                return Identity(account["id"], account["name"], role)
        return Identity(account["id"], account["name"], account["role"])

    def _role_for(self, claims: dict[str, Any]) -> str:
        """Return the highest role of the person's groups, or say why this person is not let in."""
        from cryokit.oidc import claimed_values

        groups = claimed_values(claims, self.settings.oidc_claim)
        wanted = set(listed(self.settings.oidc_groups))
        if wanted and not wanted & groups:
            msg = "the provider says that you are in none of the groups that may sign in here; ask an administrator"
            raise AccessError(msg)
        domains = {item.lower() for item in listed(self.settings.oidc_domains)}
        if domains and _verified_domain(claims) not in domains:
            msg = f"only people with a confirmed mail address at {', '.join(sorted(domains))} may sign in here"
            raise AccessError(msg)
        named = [role for group, role in roles_by_group(self.settings.oidc_roles).items() if group in groups]
        return max(named, key=ROLES.index, default=ROLES[0])

    def _added(self, registry: Registry, claims: dict[str, Any], issuer: str, role: str) -> dict[str, Any]:
        """Open an account for a person whom nobody knows here yet; a name that is taken is never taken over."""
        password_hash = accounts.hash_password(accounts.random_password())  # which nobody knows
        for name in _names(claims):
            with contextlib.suppress(InputError):
                try:
                    return registry.add_provider_user(name, role, password_hash, issuer, claims["sub"])
                except ConflictError as error:
                    if known := registry.account_of_provider(issuer, claims["sub"]):  # another tab was first
                        return known
                    msg = f"there is an account {name} already; if it is yours, an administrator links it: "
                    msg += shlex.join(["cryokit", "user", "link", name, claims["sub"]])
                    raise AccessError(msg) from error
        msg = "the provider gives no name by which an account could be opened; tell an administrator"
        raise AccessError(msg)


def _names(claims: dict[str, Any]) -> list[str]:
    given = (claims.get(name) for name in ("preferred_username", "email", "name", "sub"))
    return [name.strip() for name in given if isinstance(name, str)]


def _verified_domain(claims: dict[str, Any]) -> str | None:
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    return email.rpartition("@")[2].lower()
