"""The API is what its document says: schemathesis sends what fits the document and what does not."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from cryokit.api.app import create_app
from cryokit.config import load_settings
from cryokit.sources.bundled import bundled_rows
from cryokit.workbench import Workbench

EXAMPLES = 25
"""For each operation; the seed is fixed, so that a failure comes again."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]

DOCUMENT = create_app(Workbench(load_settings())).openapi()
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]


@schemathesis.serializer("application/x-ndjson")
def lines(_context: object, value: object) -> bytes:
    """Send lines as they are: most of them are no JSON, as a fuzzer has it."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def workbench(server, cloned, template_database, tmp_path_factory) -> Iterator[Workbench]:
    """A workbench with one small model; nothing is trained on request."""
    flags = tmp_path_factory.mktemp("flags") / "flags.yml"
    flags.write_text("train_from_page: {default: false}\n")
    with cloned(template_database) as database:
        workbench = Workbench(server.settings.model_copy(update={"flags_file": flags}), database)
        rows = bundled_rows("tg").query("is_curated").head(9)
        workbench.registry.store_measurements(rows, "tg", is_public=True)
        workbench.train("tg", estimator="mean")
        workbench.add_user("admin", "admin")
        yield workbench


@pytest.fixture(scope="module")
def url(workbench, served) -> Iterator[str]:
    with served(workbench) as url:
        yield url


@pytest.fixture(scope="module")
def bearer(workbench) -> dict[str, str]:
    """An administrator's token, which cannot be taken back by the requests themselves."""
    return {"Authorization": f"Bearer {workbench.add_token('admin', 'contract', 'all')}"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_the_api_is_what_its_document_says(operation, url, bearer):
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answers_as_documented(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=url, headers=bearer, checks=CHECKS, timeout=60)

    answers_as_documented()


def test_every_operation_is_tried():
    assert len(OPERATIONS) == sum(len(item) for item in DOCUMENT["paths"].values())
