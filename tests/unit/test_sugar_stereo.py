"""Counts of sugar stereochemistry on sugars whose configuration everybody knows."""

import pytest

from cryokit.chemistry.sugar_stereo import STEREO_DESCRIPTORS, stereo_counts

BETA_GLUCOSE = "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O"
ALPHA_GLUCOSE = "OC[C@H]1O[C@H](O)[C@H](O)[C@@H](O)[C@@H]1O"
BETA_GALACTOSE = "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@H]1O"
BETA_MANNOSE = "OC[C@H]1O[C@@H](O)[C@@H](O)[C@@H](O)[C@@H]1O"
BETA_L_GLUCOSE = "OC[C@@H]1O[C@H](O)[C@@H](O)[C@H](O)[C@H]1O"
GENTIOBIOSE = "OC[C@H]1O[C@@H](OC[C@H]2O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]2O)[C@H](O)[C@@H](O)[C@@H]1O"
TREHALOSE = "OC[C@H]1O[C@H](O[C@H]2O[C@H](CO)[C@@H](O)[C@H](O)[C@H]2O)[C@H](O)[C@@H](O)[C@@H]1O"
CELLOBIOSE = "OC[C@H]1O[C@@H](O[C@@H]2[C@@H](CO)O[C@@H](O)[C@H](O)[C@H]2O)[C@H](O)[C@@H](O)[C@@H]1O"
GLUCITOL = "OC[C@H](O)[C@@H](O)[C@H](O)[C@H](O)CO"
MANNITOL = "OC[C@@H](O)[C@@H](O)[C@H](O)[C@H](O)CO"
ARBUTIN = "OC[C@H]1O[C@@H](Oc2ccc(O)cc2)[C@H](O)[C@@H](O)[C@@H]1O"
SUCROSE = "OC[C@H]1O[C@H](O[C@]2(CO)O[C@H](CO)[C@@H](O)[C@@H]2O)[C@H](O)[C@@H](O)[C@@H]1O"


def counted(smiles: str) -> dict[str, int]:
    values = stereo_counts([smiles])[0]
    return {
        item.name.removeprefix("stereo: "): int(value) for item, value in zip(STEREO_DESCRIPTORS, values, strict=True)
    }


def test_all_groups_of_beta_glucose_are_equatorial():
    counts = counted(BETA_GLUCOSE)

    assert (counts["axial groups"], counts["equatorial groups"], counts["equatorial hydroxyls"]) == (0, 5, 4)
    assert (counts["beta anomers"], counts["alpha anomers"], counts["D rings"]) == (1, 0, 1)
    assert (counts["trans neighbours"], counts["cis neighbours"]) == (4, 0)


@pytest.mark.parametrize(("smiles", "axial"), [(BETA_GALACTOSE, "C4"), (BETA_MANNOSE, "C2")], ids=["galacto", "manno"])
def test_the_axial_hydroxyl_is_found_at_its_place(smiles, axial):
    counts = counted(smiles)

    assert [place for place in ("C2", "C3", "C4") if counts[f"axial at {place}"]] == [axial]
    assert counts["axial hydroxyls"] == 1


def test_the_alpha_anomer_has_its_hydroxyl_axial():
    counts = counted(ALPHA_GLUCOSE)

    assert (counts["alpha anomers"], counts["beta anomers"], counts["axial hydroxyls"]) == (1, 0, 1)


def test_mirror_images_differ_in_the_series_only():
    left, right = counted(BETA_GLUCOSE), counted(BETA_L_GLUCOSE)

    assert {name for name in left if left[name] != right[name]} == {"D rings", "L rings"}


@pytest.mark.parametrize(
    ("smiles", "link"),
    [(GENTIOBIOSE, "links to C6"), (CELLOBIOSE, "links to C4"), (TREHALOSE, "links between rings at C1")],
    ids=["gentiobiose", "cellobiose", "trehalose"],
)
def test_links_between_rings(smiles, link):
    counts = counted(smiles)
    links = {name: value for name, value in counts.items() if name.startswith("links") and value}

    assert links == {link: 1}
    assert counts["pyranose rings"] == 2


def test_sucrose_is_a_pyranose_and_a_furanose_joined_at_their_anomeric_carbons():
    counts = counted(SUCROSE)

    assert (counts["pyranose rings"], counts["furanose rings"], counts["links between rings at C1"]) == (1, 1, 1)


def test_the_chain_of_glucitol_bends_and_that_of_mannitol_does_not():
    bent, straight = counted(GLUCITOL), counted(MANNITOL)

    assert (bent["parallel hydroxyls"], bent["apart hydroxyls"]) == (1, 1)
    assert (straight["parallel hydroxyls"], straight["apart hydroxyls"]) == (0, 2)
    assert (straight["erythro neighbours"], straight["threo neighbours"]) == (2, 1)


def test_aryl_glycosides_are_told_from_free_sugars():
    assert (counted(ARBUTIN)["aryl glycosides"], counted(ARBUTIN)["free anomers"]) == (1, 0)
    assert (counted(BETA_GLUCOSE)["aryl glycosides"], counted(BETA_GLUCOSE)["free anomers"]) == (0, 1)


def test_centres_that_are_not_drawn_are_not_counted():
    counts = counted("OCC1OC(O)C(O)C(O)C1O")

    assert counts["pyranose rings"] == 1
    assert not any(
        counts[name] for name in counts if name.startswith(("axial", "equatorial", "D ", "L ", "alpha", "beta"))
    )


@pytest.mark.parametrize("smiles", ["OCCO", "c1ccccc1", "C1CCOCC1", "C[C@@H](N)C(=O)O", "[Na+].[Cl-]"])
def test_what_is_no_sugar_counts_nothing(smiles):
    assert not stereo_counts([smiles]).any()


def test_no_row_gives_an_empty_matrix():
    assert stereo_counts([]).shape == (0, len(STEREO_DESCRIPTORS))
