"""What the API takes and gives of reports and of what people did."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cryokit.api.schemas import Text


class ReportParameter(BaseModel):
    """One parameter of a report."""

    name: str
    kind: str
    default: Any
    description: str


class ReportInfo(BaseModel):
    """A report that can be run."""

    name: str
    title: str
    readers: Literal["everybody", "administrators"]
    schedule: list[dict[str, Any]] = Field(description="daily runs: `at`, and perhaps `parameters`")
    parameters: list[ReportParameter]


class ReportRequest(BaseModel):
    """With what a report is run."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"parameters": {"target": "tg"}}]})

    parameters: dict[Text, Text | int | float | bool] = Field(default_factory=dict, max_length=20)
    as_job: bool = Field(default=False, description="answer at once with the job that runs it, see `/jobs`")


class ReportResult(BaseModel):
    """Where a report lies on the server."""

    path: str
    reused: bool


class AuditEvent(BaseModel):
    """What somebody did."""

    id: int
    recorded_at: str
    actor_id: str | None
    actor: str | None = Field(description="null for the installation itself")
    action: str
    object: str
    detail: dict[str, Any]
