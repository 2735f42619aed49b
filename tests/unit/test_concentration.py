"""Amounts in one basis: hand-computed litres, round trips between bases, salts, watery materials."""

import chemicals
import pytest

from cryokit.chemistry.concentration import LIQUID_DENSITIES, WATER_DENSITY, is_carrier, per_litre
from cryokit.chemistry.cooling import cooling_rate
from cryokit.chemistry.molecules import parse
from cryokit.chemistry.recipe import parse_recipe
from cryokit.domain import Component
from cryokit.errors import InputError

GLYCEROL = parse("OCC(O)CO")
LIQUIDS = {
    "67-68-5": "CS(C)=O",
    "107-21-1": "OCCO",
    "57-55-6": "CC(O)CO",
    "75-12-7": "NC=O",
    "67-56-1": "CO",
    "64-17-5": "CCO",
    "68-12-2": "CN(C)C=O",
}


def litre_of(amount: float, unit: str):
    return per_litre([Component("glycerol", amount, unit, GLYCEROL)])


def test_water_alone_is_a_litre_of_water():
    litre = per_litre([])

    assert (litre.grams, litre.moles, litre.ideal_osmolality) == ((), (), 0.0)
    assert litre.water_kilograms == pytest.approx(WATER_DENSITY)


def test_one_molal_is_one_osmol_per_kilogram():
    assert litre_of(1.0, "mol/kg").ideal_osmolality == pytest.approx(1.0)


def test_a_share_of_the_mass_is_that_share():
    litre = litre_of(10.0, "% w/w")

    assert litre.grams[0] / (litre.grams[0] + 1000 * litre.water_kilograms) == pytest.approx(0.1)


@pytest.mark.parametrize("unit", ["mol/L", "% w/w", "% w/v", "% v/v"])
def test_every_basis_gives_the_same_litre(unit):
    wanted = litre_of(2.0, "mol/kg")
    total = wanted.grams[0] + 1000 * wanted.water_kilograms
    same = {
        "mol/L": wanted.moles[0],
        "% w/w": 100 * wanted.grams[0] / total,
        "% w/v": wanted.grams[0] / 10,
        "% v/v": wanted.grams[0] / 12.61,
    }
    litre = litre_of(same[unit], unit)

    assert litre.grams == pytest.approx(wanted.grams)
    assert litre.water_kilograms == pytest.approx(wanted.water_kilograms)


def test_bases_can_be_mixed():
    mixed = parse_recipe("CS(C)=O=10 % v/v; OCCO=1 mol/kg; OCC(O)CO=5 % w/w", lambda name: None)
    litre = per_litre(mixed)
    total = sum(litre.grams) + 1000 * litre.water_kilograms

    assert litre.grams[0] == pytest.approx(110.1)
    assert litre.moles[1] / litre.water_kilograms == pytest.approx(1.0)
    assert litre.grams[2] / total == pytest.approx(0.05)


def test_a_salt_counts_its_ions():
    litre = per_litre([Component("sodium chloride", 0.15, "mol/L", parse("[Na+].[Cl-]"))])

    assert litre.moles == pytest.approx((0.3,))


def test_serum_counts_as_water_but_albumin_does_not():
    serum, albumin = Component("fetal bovine serum", 90.0, "% v/v"), Component("human serum albumin", 5.0, "% w/v")

    assert is_carrier(serum)
    assert not is_carrier(albumin)
    assert per_litre([serum]).water_kilograms == pytest.approx(1.0178, abs=1e-4)


def test_an_unknown_unit_is_refused():
    with pytest.raises(InputError, match="allowed are mol/kg, mol/L"):
        per_litre([Component("glycerol", 1.0, "drops", GLYCEROL)])


@pytest.mark.parametrize("cas", LIQUIDS)
def test_densities_agree_with_an_independent_table(cas):
    name, density = LIQUID_DENSITIES[parse(LIQUIDS[cas]).connectivity]
    row = chemicals.volume.rho_data_Perry_8E_105_l.loc[cas]
    molar = row["C1"] / row["C2"] ** (1 + (1 - 293.15 / row["C3"]) ** row["C4"])
    other = molar * chemicals.MW(cas) / 1e6

    assert density == pytest.approx(other, rel=0.02), name


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("-1 \u25e6C/min to \u221280 \u25e6C", 1.0),
        ("2\u2103/min to 0\u2103 and then 1\u2103/min", 2.0),
        ("~1.1\u00b0C/min to -40\u00b0C then 0.7\u00b0C/min", 1.1),
        ("the cooling rate of 1 degree/min down to -80 \u00b0C", 1.0),
        ("cooled at 3900 K per min", 3900.0),
        ("kept at -80\u00b0C overnight, then -196\u00b0C", None),
        ("Hold at 0\u00b0C for 15 min", None),
        ("", None),
    ],
)
def test_cooling_rates_are_read_as_papers_write_them(text, rate):
    assert cooling_rate(text) == rate
