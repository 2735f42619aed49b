"""What benchmarks measure is kept as properties of test-results/perf.xml, which the pipeline keeps as an artifact."""

from collections.abc import Callable

import pytest


@pytest.fixture
def measured(request: pytest.FixtureRequest, record_testsuite_property: Callable[[str, object], None]) -> Callable:
    """Say figures and keep them under the test's name."""

    def keep(**figures: float) -> None:
        for name, value in figures.items():
            record_testsuite_property(f"{request.node.name}: {name}", f"{value:.4g}")
            print(f"\n{name}: {value:.4g}")  # noqa: T201  the figure

    return keep
