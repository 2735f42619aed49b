"""Melting points: what models learn from comes first, and doubtful ones are not believed."""

import math

import pytest

from cryokit.chemistry import molecules
from cryokit.sources import bundled, melting
from cryokit.sources.names import molecule_named


def test_melting_points_are_measured_and_never_estimated():
    caffeine, sources = melting.melting_point_kelvin("RYYVLZVUVIJVGH-UHFFFAOYSA-N")

    assert 508 < caffeine < 511
    assert "JOBACK" not in sources


def test_a_substance_with_nothing_but_an_estimate_has_no_melting_point():
    two_methyl_4_nonanol = molecules.parse("CCCCCC(O)CC(C)C").inchikey

    assert melting.melting_point_kelvin(two_methyl_4_nonanol) is None


def test_a_melting_point_that_the_curation_refuted_does_not_come_back():
    salol, sources = melting.melting_point_kelvin("ZQBAKBUEJOMQEX-UHFFFAOYSA-N")

    assert (salol, sources) == (316.2, "the bundled table of glass transitions")

    assert ("118-55-8", 403.65) in melting._refuted()


def test_a_sugar_drawn_without_stereochemistry_has_no_melting_point():
    flat_pentitol = molecules.parse("OCC(O)C(O)C(O)CO").inchikey

    assert melting.melting_point_kelvin(flat_pentitol) is None


def test_an_unknown_structure_has_no_melting_point():
    assert melting.melting_point_kelvin("AAAAAAAAAAAAAA-AAAAAAAAAA-N") is None


def test_a_bundled_substance_has_the_point_that_models_learn_from():
    table = bundled.bundled_rows("tg")
    learned = table[table["is_curated"]]

    found = [melting.melting_point_kelvin(row.inchikey, row.name) for row in learned.itertuples()]

    points = [point[0] if point else math.nan for point in found]
    assert points == pytest.approx(learned["tm_kelvin"].tolist(), nan_ok=True)


def test_stereoisomers_drawn_alike_are_told_apart_by_name_only():
    flat = molecules.parse("OCC1OC(O)C(O)C(O)C1O").inchikey

    assert melting.melting_point_kelvin(flat) is None
    assert melting.melting_point_kelvin(flat, "Altrose")[0] == 376.65


@pytest.mark.parametrize("name", ["3-hexanol", "5-methyl-2-hexanol", "2-heptanol"])
def test_the_point_of_a_derivative_is_not_believed(name):
    assert melting.melting_point_kelvin(molecule_named(name).inchikey) is None


@pytest.mark.parametrize(
    ("points", "boiling_point", "is_plausible"),
    [
        ([300.0], 500.0, True),
        ([300.0], math.nan, True),
        ([410.0], 500.0, False),
        ([410.0, 412.0], 500.0, True),
        ([510.0, 512.0], 500.0, False),
        ([300.0, 350.0], 500.0, False),
        ([300.0, 302.0, 400.0], 500.0, True),
    ],
)
def test_a_point_is_plausible_if_sources_agree_and_it_lies_below_the_boiling_point(points, boiling_point, is_plausible):
    assert melting._is_plausible(points, boiling_point) == is_plausible
