"""What the API gives of data sets and molecules."""

from typing import Any

from pydantic import BaseModel, Field


class Dataset(BaseModel):
    """How many rows of a target the caller may see."""

    target: str
    row_count: int
    curated_count: int = Field(description="rows that models learn from")
    public_count: int
    subject_count: int = Field(description="distinct molecules or compositions")
    source_count: int
    newest_at: str | None


class Snapshot(BaseModel):
    """What a version learned from."""

    id: str
    target: str
    sha256: str
    row_count: int
    is_public: bool
    created_at: str
    versions: list[int]


class RowPage(BaseModel):
    """Rows, and after which number the next page begins."""

    rows: list[dict[str, Any]]
    next_after: int | None = Field(description="the `after` of the next page; null when this is the last")


class ImportAnswer(BaseModel):
    """What came of an upload."""

    loaded: int
    known: int = Field(description="rows that were stored already and stay as they are")
    refused: int
    problems: list[str] = Field(description="each bad row with its line")
    seen_by: str


class MoleculeInfo(BaseModel):
    """A molecule of which something is known."""

    inchikey: str
    smiles: str
    names: list[str]
    measured: dict[str, int] = Field(description="number of measurements by target")
    similarity: float | None = Field(default=None, description="Tanimoto, when a molecule to compare with was given")


class MoleculePage(BaseModel):
    """Molecules, and after which number the next page begins."""

    molecules: list[MoleculeInfo]
    next_after: int | None = Field(description="the `after` of the next page; null when this is the last")


class MoleculeDetail(BaseModel):
    """A molecule with everything measured of it that the caller may see."""

    inchikey: str
    smiles: str
    names: list[str]
    measured: dict[str, int]
    measurements: list[dict[str, Any]]
