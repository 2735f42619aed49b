"""A candidate to compare with: an equal version is used again instead of trained anew."""

import pytest

from cryokit.errors import ModelError
from cryokit.sources.bundled import bundled_rows


@pytest.fixture(scope="module")
def workbench(trained):
    """One version by the mean of 30 rows, which is current."""
    with trained(30) as workbench:
        yield workbench


def test_an_equal_candidate_is_used_again(workbench):
    numbers = [workbench.candidate("tg", 1, "mean")["version"] for _ in range(3)]

    assert len(set(numbers)) == 1
    assert workbench.model("tg")["version"] != numbers[0]


def test_another_seed_or_recipe_is_another_candidate(workbench):
    given = [(1, "mean"), (2, "mean"), (1, "ridge")]

    assert len({workbench.candidate("tg", seed, estimator)["version"] for seed, estimator in given}) == 3


def test_the_current_version_is_never_compared_with_itself(workbench):
    """As after a promotion of what was a candidate before."""
    current = workbench.model("tg")["version"]
    numbers = [workbench.candidate("tg", 0, "mean")["version"] for _ in range(2)]
    result = workbench.compare("tg", current, numbers[0])

    assert numbers[0] == numbers[1] != current
    assert result["basis"].endswith("same rows and folds")


def test_a_version_whose_file_is_gone_is_not_used_again(workbench):
    known = workbench.candidate("tg", 3, "mean")
    file = workbench.settings.artifacts_dir / f"{known['artifact_sha256']}.skops"
    file.rename(file.with_suffix(".away"))
    with pytest.raises(ModelError):
        workbench._require_loadable(known)
    again = workbench.candidate("tg", 3, "mean")

    assert again["version"] > known["version"]


def test_other_rows_are_another_candidate(workbench):
    before = workbench.candidate("tg", 4, "mean")["version"]
    more = bundled_rows("tg").query("is_curated and tm_kelvin.notna()").iloc[30:33]
    workbench.registry.store_measurements(more, "tg", is_public=True)

    assert workbench.candidate("tg", 4, "mean")["version"] > before
