"""Feature flags: who meets what, and what a file may say."""

from uuid import UUID, uuid5

import pytest

from cryokit import flags
from cryokit.config import load_settings
from cryokit.domain import Identity
from cryokit.errors import ConfigError

PEOPLE = [Identity(uuid5(UUID(int=0), str(number)), f"person{number}", "researcher") for number in range(1000)]
ANN = Identity(UUID(int=1), "ann", "researcher")


@pytest.fixture
def asked(tmp_path):
    """Write the file of flags and ask for somebody."""
    file = tmp_path / "flags.yml"

    def ask(text, person, profile="development", flag="train_from_page"):
        file.write_text(text)
        return flags.is_on(flag, person, load_settings(flags_file=file, profile=profile, state_dir=tmp_path))

    return ask


def test_without_a_file_all_are_on(tmp_path):
    settings = load_settings(state_dir=tmp_path)

    assert all(flags.is_on(flag, ANN, settings) for flag in flags.FLAGS)


def test_a_profile_has_its_own_rule_and_others_the_default(asked):
    text = "train_from_page: {default: true, production: false}"

    assert (asked(text, ANN), asked(text, ANN, "production")) == (True, False)
    assert asked(text, ANN, "production", "new_estimators")


def test_maintenance_meets_everything(asked):
    assert asked("train_from_page: {default: false}", None)


def test_those_that_are_named_are_let_in(asked):
    text = "train_from_page: {default: {allow: [ann]}}"

    assert (asked(text, ANN), asked(text, PEOPLE[0])) == (True, False)


def test_a_share_holds_always_the_same_people_and_grows(asked):
    among = {percent: {one.name for one in PEOPLE if flags.share_of("a", str(one.user_id)) < percent / 100}
             for percent in (10, 30)}  # fmt: skip

    assert among[10] < among[30]
    assert 60 < len(among[10]) < 140
    assert 250 < len(among[30]) < 350
    assert {flags.share_of("a", str(ANN.user_id)) for _ in range(3)} != {flags.share_of("b", str(ANN.user_id))}
    text = "train_from_page: {default: {percent: 30}}"
    inside = [asked(text, one) for one in PEOPLE[:200]]
    assert 40 < sum(inside) < 80
    assert inside[:20] == [asked(text, one) for one in PEOPLE[:20]]


def test_a_changed_file_is_read_again_and_a_broken_one_changes_nothing(asked):
    assert asked("train_from_page: {default: true}", ANN)
    assert not asked("train_from_page: {default: false}", ANN)
    assert not asked("train_from_page: {default: perhaps}", ANN)
    assert asked("train_from_page: {default: true}", ANN)


def test_each_question_is_counted(asked):
    labels = {"flag": "train_from_page", "value": "false"}
    before = flags.REGISTRY.get_sample_value("cryokit_flag_exposures_total", labels) or 0
    asked("train_from_page: {default: false}", ANN)

    assert flags.REGISTRY.get_sample_value("cryokit_flag_exposures_total", labels) == before + 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("elsewhere: {default: true}", "the flags are train_from_page"),
        ("train_from_page: true", "its rules by profile"),
        ("train_from_page: {default: {percent: 101}}", "percent .0 to 100."),
        ("train_from_page: {default: {allow: ann}}", "allow .a list of names."),
        ("train_from_page: {default: {share: 3}}", "a rule is true, false"),
        ("train_from_page: [", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, text, words):
    file = tmp_path / "flags.yml"
    file.write_text(text)

    with pytest.raises(ConfigError, match=words):
        flags.read_rules(file)
