"""
Feature flags: who already meets what is new.

Asked through OpenFeature, answered from a YAML file: for each flag a rule by profile, or for all as ``default``. A
rule is true, false, or ``percent`` of people (always the same ones) beside those that ``allow`` names.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import yaml
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider import AbstractProvider, Metadata
from prometheus_client import Counter

from cryokit.config import Settings
from cryokit.domain import Identity
from cryokit.errors import ConfigError
from cryokit.telemetry import logger
from cryokit.telemetry.metrics import REGISTRY

FLAGS = {
    "train_from_page": "people order trainings on the page Models and over REST",
    "new_estimators": "people choose other estimators than the recipe of a target",
}
"""Every flag and what it opens; without a file all are on."""

_EXPOSURES = Counter(
    "cryokit_flag_exposures", "Times a flag was asked for a person.", ["flag", "value"], registry=REGISTRY
)
_PARTS = 10_000

Rules = dict[str, dict[str, Any]]


def is_on(flag: str, identity: Identity | None, settings: Settings) -> bool:
    """Whether a flag is on for somebody; for maintenance each is."""
    if identity is None:
        return True
    person = EvaluationContext(targeting_key=str(identity.user_id), attributes={"name": identity.name})
    value = _client(settings.flags_file, settings.profile).get_boolean_value(
        flag, default_value=False, evaluation_context=person
    )
    _EXPOSURES.labels(flag, str(value).lower()).inc()
    return value


@cache
def _client(file: Path | None, profile: str) -> Any:  # noqa: ANN401  the library's own client
    domain = f"{file} {profile}"
    api.set_provider(FileProvider(file, profile), domain)
    return api.get_client(domain)


def read_rules(file: Path) -> Rules:
    """Read a file of flags, or say what is wrong with it."""
    try:
        listed = yaml.safe_load(file.read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        msg = f"the flags in {file} cannot be read: {error}"
        raise ConfigError(msg) from error
    if not isinstance(listed, dict) or not all(isinstance(item, dict) for item in listed.values()):
        msg = f"{file} must hold for each flag its rules by profile, such as train_from_page: {{default: true}}"
        raise ConfigError(msg)
    if unknown := sorted(set(listed) - set(FLAGS)):
        msg = f"{file} names {', '.join(unknown)}; the flags are {', '.join(FLAGS)}"
        raise ConfigError(msg)
    for flag, rules in listed.items():
        for profile, rule in rules.items():
            _refuse_wrong(rule, f"{file}: {flag}, {profile}")
    return listed


def _refuse_wrong(rule: object, where: str) -> None:
    if isinstance(rule, bool):
        return
    is_rule = isinstance(rule, dict) and set(rule) <= {"percent", "allow"}
    percent, allow = (rule.get("percent", 0), rule.get("allow", [])) if is_rule else (None, None)
    is_share = isinstance(percent, int | float) and not isinstance(percent, bool) and 0 <= percent <= 100
    if not is_share or not isinstance(allow, list) or not all(isinstance(name, str) for name in allow):
        msg = f"{where} is {rule!r}; a rule is true, false, or percent (0 to 100) and allow (a list of names)"
        raise ConfigError(msg)


def rule_of(rules: Rules, flag: str, profile: str) -> Any:  # noqa: ANN401  true, false or a rule
    """Return the rule of a flag in a profile; what is not mentioned is on."""
    known = rules.get(flag, {})
    return known.get(profile, known.get("default", True))


class FileProvider(AbstractProvider):
    """Answers from a file that is read again when it changes; one that became wrong leaves the last good rules."""

    def __init__(self, file: Path | None, profile: str) -> None:
        super().__init__()
        self.file, self.profile = file, profile
        self._changed_at = _changed_at(self.file)
        self._rules = read_rules(self.file) if self.file else {}

    def _look_again(self) -> None:
        changed_at = _changed_at(self.file)
        if self.file is None or changed_at == self._changed_at:
            return
        try:
            self._rules = read_rules(self.file)
        except ConfigError as error:
            logger(__name__).error("flags_unreadable", reason=str(error))
        self._changed_at = changed_at

    def get_metadata(self) -> Metadata:
        """Name the provider."""
        return Metadata(name="file")

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,
        evaluation_context: EvaluationContext | None = None,  # noqa: FBT001
    ) -> FlagResolutionDetails[bool]:
        """Answer by the rule of the profile."""
        if flag_key not in FLAGS:
            msg = f"there is no flag {flag_key!r}; there are {', '.join(FLAGS)}"
            raise KeyError(msg)
        self._look_again()
        rule = rule_of(self._rules, flag_key, self.profile)
        if isinstance(rule, bool):
            return FlagResolutionDetails(rule, reason=Reason.STATIC)
        person = evaluation_context or EvaluationContext()
        if person.attributes.get("name") in rule.get("allow", ()):
            return FlagResolutionDetails(value=True, reason=Reason.TARGETING_MATCH)
        is_among = share_of(flag_key, person.targeting_key or "") < rule.get("percent", 0) / 100
        return FlagResolutionDetails(is_among, reason=Reason.SPLIT)

    def _refuse_type(self, *_: object, **__: object) -> NoReturn:
        msg = "flags are on or off"
        raise TypeMismatchError(msg)

    resolve_string_details = resolve_integer_details = resolve_float_details = resolve_object_details = _refuse_type


def _changed_at(file: Path | None) -> tuple[int, int]:
    """Return time and size: two changes within one tick of the clock differ in size most often."""
    if file is None or not file.exists():
        return (0, 0)
    found = file.stat()
    return found.st_mtime_ns, found.st_size


def share_of(flag: str, key: str) -> float:
    """Return the place of a person between 0 and 1, always the same for a flag and different for another."""
    digest = hashlib.sha256(f"{flag}:{key}".encode()).digest()
    return int.from_bytes(digest[:8]) % _PARTS / _PARTS
