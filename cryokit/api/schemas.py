"""What the API takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cryokit.domain import CONFIDENCE, ENDPOINTS, INSUFFICIENT_SKILL, Target
from cryokit.workbench.health import SEVERITIES, STATUSES
from cryokit.workbench.integrity import CLASSES
from cryokit.workbench.promoting import MAX_REASON
from cryokit.workbench.tokens import MAX_DAYS, SCOPES
from cryokit.workbench.training import ESTIMATORS, SEARCHES

MAX_ROWS = 10_000
MAX_TEXT = 2_000


def is_clean(text: str) -> bool:
    """Whether a text can be stored and sent: no NUL character, and no half of a character."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _clean(text: str) -> str:
    if not is_clean(text):
        msg = "the text holds a NUL character or half of a surrogate pair; send plain Unicode text"
        raise ValueError(msg)
    return text


type Text = Annotated[str, AfterValidator(_clean)]
type Item = Text
type Skill = Literal["skill", INSUFFICIENT_SKILL]


class Credentials(BaseModel):
    """Name and password of an account."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(min_length=1, max_length=200)
    password: Text = Field(min_length=1, max_length=1_000)


class Session(BaseModel):
    """A token and how long it counts."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  names the kind of token
    expires_in_seconds: int
    name: str
    role: str


class PasswordChange(BaseModel):
    """The old password and the new one."""

    model_config = ConfigDict(extra="forbid")

    old: Text = Field(min_length=1, max_length=1_000)
    new: Text = Field(min_length=1, max_length=1_000)


class TokenRequest(BaseModel):
    """What a token is called, what it may do, how long it counts."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "nightly upload", "scope": "read", "days": 90}]}
    )

    name: Text = Field(min_length=1, max_length=100)
    scope: Literal[*SCOPES] = Field(description="; ".join(f"{name}: {text}" for name, text in SCOPES.items()))
    days: int = Field(default=90, ge=1, le=MAX_DAYS)


class NewToken(BaseModel):
    """A token; it is shown only now."""

    id: str
    token: str


class TokenInfo(BaseModel):
    """What is known of a token."""

    id: str
    name: str
    scope: Literal[*SCOPES]
    created_at: str
    expires_at: str
    revoked_at: str | None


class ConditionInfo(BaseModel):
    """A condition that a prediction needs."""

    name: str
    type: Literal["text", "number"]
    description: str
    choices: list[str]


class TargetInfo(BaseModel):
    """Something that can be predicted."""

    target: str
    title: str
    quantity: str
    unit: str
    subject: Literal["smiles", "recipe"]
    conditions: list[ConditionInfo]
    newest_version: int | None = None
    current_version: int | None = Field(default=None, description="the version that is used where none is named")
    skill: str | None = None


class PredictionRequest(BaseModel):
    """Molecules or recipes and the conditions of the target."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"target": "tg", "smiles": ["OCC(O)CO", "CS(C)=O"]}]},
    )

    target: Text
    smiles: list[Item] | None = Field(default=None, min_length=1, max_length=MAX_ROWS)
    recipes: list[Item] | None = Field(default=None, min_length=1, max_length=MAX_ROWS)
    version: int | None = Field(default=None, ge=1, le=2**31 - 1, description="the current version when left out")
    assay: Text | None = Field(default=None, max_length=MAX_TEXT)
    concentration_millimolar: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    buffer: Text | None = Field(default=None, max_length=MAX_TEXT)
    cell: Text | None = Field(default=None, max_length=MAX_TEXT)
    temperature_kelvin: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    minutes: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    endpoint: Literal[*ENDPOINTS] | None = None

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if (self.smiles is None) == (self.recipes is None):
            msg = "give either smiles (for tg and iri) or recipes (for viability)"
            raise ValueError(msg)
        return self

    def items_for(self, target: Target) -> list[str] | None:
        """Return the list that belongs to the subject of `target`."""
        return self.smiles if target.subject == "smiles" else self.recipes


class PredictionRow(BaseModel):
    """One predicted value with its interval, its conditions and what to think of it."""

    model_config = ConfigDict(extra="allow")

    row: int = Field(description="position in the request, counted from 0")
    target: str
    smiles: str | None = None
    recipe: str | None = None
    name: str | None = None
    value: float | None
    unit: str
    lower: float | None
    upper: float | None
    confidence: float = Field(description=f"level of the interval, {CONFIDENCE}")
    model_version: int
    in_training: bool
    in_domain: bool
    domain_reasons: list[str]
    skill: Skill | str
    known_fraction_below: float | None = Field(
        description="fraction of the known cryoprotectants, measured under the same conditions, whose value lies below "
        "the predicted one; null when fewer than 10 are comparable"
    )
    known_compounds: int = Field(description="how many known cryoprotectants are comparable")


class RowProblem(BaseModel):
    """A row that cannot be predicted."""

    row: int = Field(description="position in the request, counted from 0")
    message: str


class PredictionAnswer(BaseModel):
    """The predicted rows and the refused ones."""

    predictions: list[PredictionRow]
    problems: list[RowProblem]


class ModelVersion(BaseModel):
    """One registered version of a target's model."""

    model_config = ConfigDict(extra="allow")

    target: str
    version: int
    verdict: str
    created_at: datetime | None = None
    seed: int | None = None
    artifact_sha256: str | None = None
    metrics: dict[str, Any] = Field(default_factory=dict)


class TrainingRequest(BaseModel):
    """What shall be trained; all but the target may be left out."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"estimator": "svr", "search": "grid", "seed": 7}]}
    )

    estimator: Literal[ESTIMATORS] = ESTIMATORS[0]
    search: Literal[SEARCHES] = SEARCHES[0]
    seed: int = Field(default=0, ge=0, le=2**32 - 1)
    team: Text | None = Field(default=None, max_length=MAX_TEXT, description="learn from this team's rows too")


class JobAnswer(BaseModel):
    """Long work: how far it is, what came of it."""

    model_config = ConfigDict(extra="allow")

    id: str
    kind: str
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    done_fraction: float
    parameters: dict[str, Any]
    result: dict[str, Any] | None = None
    error: str | None = None


class ProposalRequest(BaseModel):
    """Which version an administrator should make the current one, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"version": 2, "reason": "better on sugars"}]}
    )

    version: int = Field(ge=1, le=2**31 - 1)
    reason: Text = Field(min_length=1, max_length=MAX_REASON, description="recorded and shown")


class PromotionRequest(BaseModel):
    """Which version shall be the current one, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"version": 2, "reason": "learned from the spring campaign", "override": False}]
        },
    )

    version: int = Field(ge=1, le=2**31 - 1)
    reason: Text = Field(min_length=1, max_length=MAX_REASON, description="recorded and shown")
    override: bool = Field(default=False, description="promote a version of insufficient skill all the same")


class RollbackRequest(BaseModel):
    """Why the version that was current before shall be so again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "version 2 is off for sugars"}]}
    )

    reason: Text = Field(min_length=1, max_length=MAX_REASON, description="recorded and shown")
    team: Text | None = Field(default=None, max_length=MAX_TEXT, description="else the owner of the version in use")


class MovedVersion(BaseModel):
    """The version that is current now, and how it became so."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "target": "tg",
                    "version": 2,
                    "verdict": "skill",
                    "owner": "everybody",
                    "is_current": True,
                    "promotion": "promoted",
                    "promotion_reason": "learned from the spring campaign",
                    "is_override": False,
                }
            ]
        },
    )

    target: str
    version: int
    verdict: str
    owner: str = Field(description="everybody, maintenance, or the number of a team")
    is_current: bool
    promotion: str | None = None
    promotion_reason: str | None = None
    is_override: bool


class ComparisonAnswer(BaseModel):
    """Two versions on the same rows: scores side by side; the paired difference is positive if the second is better."""

    model_config = ConfigDict(extra="allow")

    target: str
    version_a: int
    version_b: int
    selection: str
    basis: str = Field(description="whose rows and folds the scores are of")
    rows_sha256: str
    first: dict[str, float | int | None]
    second: dict[str, float | int | None]
    paired: dict[str, float | int | None] = Field(
        description="difference of mean absolute errors with its 95 % interval, rows and groups"
    )
    second_is: str = Field(description="better, worse, or no difference out of noise")


class ModelCardAnswer(BaseModel):
    """The model card: what it predicts, data, recipe, scores, limits, domain, provenance."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "title": "Glass transition temperature, version 2",
                    "what_it_predicts": {"target": "tg", "unit": "K", "version": 2},
                    "label": {"label": "skill", "current": "yes"},
                    "scores": [{"score": "mae", "value": 11.5, "lower": 10.0, "upper": 13.1}],
                    "known_limits": ["No measured value lies below 59.5 or above 433 K."],
                }
            ]
        },
    )

    title: str


class EvaluationInfo(BaseModel):
    """One evaluation of a version: metrics beside those of trivial baselines."""

    model_config = ConfigDict(extra="allow")

    id: UUID | str
    target: str
    version: int
    kind: str
    split: str
    created_at: datetime | None = None
    metrics: dict[str, Any] = Field(default_factory=dict)
    baselines: dict[str, Any] = Field(default_factory=dict)


class Evaluation(EvaluationInfo):
    """One evaluation with a measured and a predicted value for each row."""

    rows: list[dict[str, Any]]


class ReportRun(BaseModel):
    """One run of a report."""

    model_config = ConfigDict(extra="allow")


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["pass"] = "pass"


class Check(BaseModel):
    """One thing the server needs."""

    status: Literal["pass", "fail"]
    detail: str | None = Field(default=None, description="what was found, for people who are signed in")


class Readiness(BaseModel):
    """Whether requests can be served, and why not."""

    status: Literal["pass", "fail"]
    checks: dict[str, Check]


class OpenPages(BaseModel):
    """What open pages hold in memory."""

    documents: int = Field(description="Bokeh documents that are alive")


class HealthCheckResult(BaseModel):
    """How one check of the database ended."""

    name: str
    status: Literal[*STATUSES]
    seconds: float
    detail: str | None = Field(default=None, description="why it was skipped or failed")


class HealthFinding(BaseModel):
    """One thing that is wrong with the database."""

    check: str
    severity: Literal[*SEVERITIES]
    object: str
    message: str
    evidence: dict[str, Any]
    fix: str = Field(description="what to run or to do")


_FINDING_EXAMPLE = {
    "check": "row_security_off",
    "severity": "error",
    "object": "public.sample",
    "message": "row level security is off, but authenticated can read the table",
    "evidence": {"grants": {"authenticated": ["SELECT"]}},
    "fix": "ALTER TABLE public.sample ENABLE ROW LEVEL SECURITY",
}


class DatabaseHealth(BaseModel):
    """What a check of the database found."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "findings",
                    "checked_at": "2026-01-31T04:00:00Z",
                    "server": "PostgreSQL 18.1",
                    "checks": [{"name": "row_security_off", "status": "finding", "seconds": 0.012}],
                    "findings": [_FINDING_EXAMPLE],
                }
            ]
        }
    )

    status: Literal["ok", "findings", "error"]
    checked_at: datetime
    server: str
    checks: list[HealthCheckResult]
    findings: list[HealthFinding]


class RepairRequest(BaseModel):
    """Which classes of problems to mend, and whether to do it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"classes": ["orphans", "keys"], "dry_run": True}]}
    )

    classes: list[Literal[*CLASSES]] | None = Field(default=None, min_length=1, description="all when left out")
    dry_run: bool = Field(default=True, description="only say what would be done")


class RepairStep(BaseModel):
    """One step of repair."""

    model_config = ConfigDict(extra="allow")

    kind: Literal[*CLASSES]
    object: str
    message: str
    action: str


class RepairAnswer(BaseModel):
    """What repair would do, or did."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dry_run": True,
                    "steps": [
                        {
                            "kind": "indexes",
                            "object": "cryo.measurement.measurement_owner_id_fkey",
                            "message": "no valid index begins with owner_id",
                            "action": "create the index concurrently",
                        }
                    ],
                }
            ]
        }
    )

    dry_run: bool
    steps: list[RepairStep]
