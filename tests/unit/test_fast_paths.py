"""What is computed in a faster way gives exactly what the plain way gives."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.svm import SVR

from cryokit.chemistry import descriptors
from cryokit.chemistry.atoms import AtomKind, atom_kinds, graph, plain_graph
from cryokit.chemistry.molecules import canonical, formula, parse
from cryokit.chemistry.skeletons import Skeletons
from cryokit.errors import ModelError
from cryokit.models import artifacts
from cryokit.models.applicability import FUNCTIONAL_GROUPS, elements_of, functional_groups_of
from cryokit.models.estimators import fitted_ensemble
from cryokit.models.forests import chosen_columns, columns_of, grown_forest
from cryokit.models.targets import Member
from cryokit.sources.bundled import bundled_rows

UNUSUAL = [
    "[2H]OC",
    "[2H]C([2H])([2H])O",
    "C[N+](C)(C)C.[Cl-]",
    "[O-]C(=O)C[NH3+]",
    "[Na+].[O-]C=O",
    "C[Si](C)(C)C",
    "OB(O)c1ccccc1",
    "N#CC#N",
    "[O-][N+](=O)c1ccccc1",
    "OP(=O)(O)O",
    "CSSC",
    "CS(C)=O",
    "C[S+](C)[O-]",
    "CC(=O)OO",
    "NC(N)=N",
    "[18OH]C",
    "O=S(=O)(O)c1ccccc1",
    "C[Se]C",
    "C=[N+]=[N-]",
    "FC(F)(F)C(Cl)(Br)I",
    "C#CC=O",
    "CC/C=C/C",
]


@pytest.fixture(scope="module")
def structures() -> list[str]:
    """Bundled and unusual molecules, canonical."""
    bundled = (smiles for target in ("tg", "iri") for smiles in bundled_rows(target)["smiles"])
    return sorted({parse(smiles).smiles for smiles in [*bundled, *UNUSUAL]})


def test_atoms_are_those_of_the_graph(structures):
    columns = [descriptors.DESCRIPTOR_NAMES.index(name) for name in ("carbons", "nitrogens", "oxygens", "hydrogens")]
    found = descriptors.descriptors(structures)[:, columns]
    for smiles, counts in zip(structures, found, strict=True):
        atoms = list(descriptors.prepared(smiles).GetAtoms())
        numbers = [atom.GetAtomicNum() for atom in atoms]
        hydrogens = sum(atom.GetTotalNumHs() for atom in atoms) + numbers.count(1)

        assert counts.tolist() == [numbers.count(6), numbers.count(7), numbers.count(8), hydrogens]
        assert elements_of(smiles) == sorted({atom.GetSymbol() for atom in atoms})


def test_charges_are_seen(structures):
    for smiles in structures:
        plain = Chem.MolFromSmiles(max(smiles.split("."), key=len))
        charged = any(atom.GetFormalCharge() for atom in plain.GetAtoms())

        assert not charged or "+" in smiles or "-" in smiles


def test_groups_are_those_of_all_patterns(structures):
    for smiles in structures:
        molecule = descriptors.prepared(smiles)
        expected = [
            name for name, smarts in FUNCTIONAL_GROUPS.items() if molecule.HasSubstructMatch(Chem.MolFromSmarts(smarts))
        ]

        assert functional_groups_of(smiles) == expected


def test_counted_groups_are_those_of_all_patterns(structures):
    first = descriptors.DESCRIPTOR_NAMES.index("primary_alcohols")
    patterns = [Chem.MolFromSmarts(smarts) for smarts in descriptors._GROUPS.values()]
    found = descriptors.descriptors(structures)[:, first : first + len(patterns)]
    for smiles, counts in zip(structures, found, strict=True):
        molecule = descriptors.prepared(smiles)

        assert counts.tolist() == [len(molecule.GetSubstructMatches(pattern)) for pattern in patterns]


def test_bonds_and_acceptors_are_those_that_rdkit_counts(structures):
    columns = [descriptors.DESCRIPTOR_NAMES.index(name) for name in ("rotatable_bonds", "acceptors")]
    found = descriptors.descriptors(structures)[:, columns]
    for smiles, counts in zip(structures, found, strict=True):
        molecule = descriptors.prepared(smiles)
        bonds, acceptors = rdMolDescriptors.CalcNumRotatableBonds(molecule), rdMolDescriptors.CalcNumHBA(molecule)

        assert counts.tolist() == [bonds, acceptors]


def test_features_of_the_whole_molecule_are_those_of_rdkit_by_name(structures):
    named = {
        "molar_mass": "amw", "heavy_atoms": "NumHeavyAtoms", "donors": "NumHBD", "acceptors": "NumHBA",
        "rotatable_bonds": "NumRotatableBonds", "heteroatoms": "NumHeteroatoms", "sp3_fraction": "FractionCSP3",
        "rings": "NumRings", "aromatic_rings": "NumAromaticRings", "saturated_rings": "NumSaturatedRings",
        "heterocycles": "NumHeterocycles", "spiro_atoms": "NumSpiroAtoms", "bridgehead_atoms": "NumBridgeheadAtoms",
        "surface": "labuteASA", "polar_surface": "tpsa", "chi_0": "chi0v", "chi_1": "chi1v",
        "kier_alpha": "hallKierAlpha", "kappa_1": "kappa1",
    }  # fmt: skip
    columns = [descriptors.DESCRIPTOR_NAMES.index(name) for name in named]
    properties = rdMolDescriptors.Properties(list(named.values()))
    expected = [list(properties.ComputeProperties(descriptors.prepared(smiles))) for smiles in structures]

    assert (descriptors.fast_descriptors(structures)[:, columns] == np.array(expected)).all()


def test_kinds_of_atoms_are_those_of_each_atom(structures):
    for smiles in structures:
        molecule = descriptors.prepared(smiles)
        expected: dict[AtomKind, int] = {}
        for atom in molecule.GetAtoms():
            heavy = sum(other.GetAtomicNum() > 1 for other in atom.GetNeighbors())
            hydrogens = atom.GetTotalNumHs(includeNeighbors=True)
            kind = AtomKind(atom.GetSymbol(), heavy, hydrogens, atom.GetFormalCharge(), atom.IsInRing())
            expected[kind] = expected.get(kind, 0) + 1

        assert atom_kinds(molecule) == expected


def test_fingerprints_are_packed_bits_of_rdkit(structures):
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=descriptors.FINGERPRINT_BITS)
    expected = [generator.GetFingerprintAsNumPy(descriptors.prepared(smiles)) for smiles in structures]

    assert (descriptors.fingerprints(structures) == np.packbits(expected, axis=1)).all()


@pytest.fixture(scope="module")
def made_up() -> tuple[np.ndarray, np.ndarray]:
    """Return features and values of 200 made-up rows."""
    features = np.random.default_rng(0).normal(size=(200, 12))
    return features, np.sin(features[:, 0]) + features[:, 1]


@pytest.mark.parametrize("n_rows", [3, 40, 200])
@pytest.mark.parametrize("settings", [(20, 0.33, 2), (20, 1.0, 1), (5, 3, 1)])
def test_forests_are_those_that_their_library_grows_bit_by_bit(made_up, n_rows, settings):
    features, values = (part[:n_rows] for part in made_up)
    named = dict(zip(("n_estimators", "max_features", "min_samples_leaf"), settings, strict=True))
    expected = ExtraTreesRegressor(**named, random_state=7, n_jobs=1).fit(features, values)

    assert artifacts._dumped(grown_forest(features, values, 7, **named)) == artifacts._dumped(expected)


def test_chosen_columns_are_those_of_their_library(made_up):
    features, _values = made_up
    expected = ColumnTransformer([("chosen", "passthrough", [1, 5, 7])])
    kept = expected.fit_transform(features)
    found = chosen_columns((1, 5, 7), features.shape[1])

    assert artifacts._dumped(found) == artifacts._dumped(expected)
    assert (columns_of(found, features) == kept).all()
    assert columns_of(found, features).strides == kept.strides


def test_support_vectors_predict_what_their_library_does(made_up):
    features, values = made_up
    ensemble = fitted_ensemble((Member("svr", {"C": 10.0, "gamma": 0.05, "epsilon": 0.03}),), features, values, 0)
    [regressor] = ensemble.members
    expected = regressor.predict(ensemble.scaling.transform(features))

    assert isinstance(regressor, SVR)
    assert np.allclose((ensemble.predict(features)[0] - ensemble.centre) / ensemble.scale, expected, rtol=0, atol=1e-12)


def test_support_vectors_treat_a_row_alike_wherever_it_stands(made_up):
    features, values = made_up
    ensemble = fitted_ensemble((Member("svr", {"C": 10.0, "gamma": 0.05, "epsilon": 0.03}),), features, values, 0)
    together = ensemble.predict(features)[0]

    assert [ensemble.predict(features[row : row + 1])[0][0] for row in range(200)] == together.tolist()


def test_similarities_are_shared_bits_over_all_bits(structures):
    bits = np.unpackbits(descriptors.fingerprints(structures), axis=1).astype(bool)
    few = bits[:50]
    expected = [[(row & other).sum() / (row | other).sum() for other in bits] for row in few]

    packed = descriptors.fingerprints(structures)
    assert (descriptors.tanimoto(packed[:50], packed) == np.array(expected)).all()
    assert descriptors.tanimoto(packed[:0], packed).shape == (0, len(packed))


def test_the_canonical_text_is_that_of_parsing(structures):
    written = [Chem.MolToSmiles(Chem.MolFromSmiles(smiles), doRandom=True) for smiles in structures]

    assert [canonical(smiles) for smiles in written] == [parse(smiles).smiles for smiles in written]


def test_what_is_read_without_looking_for_configurations_is_the_same_otherwise(structures):
    seen = 0
    for smiles in structures:
        whole, plain = graph(smiles), plain_graph(smiles)
        seen += plain is not whole

        assert Chem.MolToSmiles(plain) == Chem.MolToSmiles(whole)
        if plain is not whole:
            plain = Chem.Mol(plain)
            Chem.AssignStereochemistry(plain, cleanIt=True, force=True, flagPossibleStereoCenters=True)
            assert plain.ToBinary(int(Chem.PropertyPickleOptions.AtomProps)) == whole.ToBinary(
                int(Chem.PropertyPickleOptions.AtomProps)
            )
    assert seen > len(structures) / 2


@pytest.mark.parametrize("smiles", ["C[C@H](O)CC", "C/C=C/C", "[2H]OC", "[H]OC", "CCO glycol"])
def test_drawn_configurations_and_hydrogens_are_read_in_full(smiles):
    assert plain_graph(smiles) is graph(smiles)


@pytest.mark.parametrize("smiles", ["C1CC", "CN(C)(C)(C)C", "c1cccc1"])
def test_what_cannot_be_read_is_nothing_either_way_and_says_nothing(smiles, capfd):
    assert plain_graph(smiles) is None
    assert graph(smiles) is None
    assert not capfd.readouterr().err


def test_skeletons_tell_hydrogens_apart_where_nothing_is_charged():
    known = Skeletons([("C2H6O", "CCO"), ("C3H7O2-", "CC([O-])CO")])

    assert not known.may_hold("C=CO")
    assert known.may_hold("CC(O)CO")


def test_skeletons_tell_apart_only_what_differs(structures):
    known = structures[::2]
    connectivities = {parse(smiles).connectivity for smiles in known if "." not in smiles}
    skeletons = Skeletons((formula(smiles), smiles) for smiles in known)
    maybe = [smiles for smiles in structures if skeletons.may_hold(smiles)]

    assert connectivities.isdisjoint(parse(smiles).connectivity for smiles in structures if smiles not in maybe)
    assert len(maybe) < 0.9 * len(structures)


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("[NH3+]CC(=O)[O-]", "NCC(=O)O"),
        ("C[S+](C)[O-]", "CS(C)=O"),
        ("Oc1ccccn1", "O=c1cccc[nH]1"),
        ("CC(=O)[O-]", "CC(=O)O"),
        ("C[C@H](O)CO", "CC(O)CO"),
        ("[13CH3]CO", "CCO"),
        ("[2H]C([2H])([2H])O", "CO"),
        ("CO", "[2H]C([2H])([2H])O"),
        ("CC(O)=CC(C)=O", "CC(=O)CC(C)=O"),
    ],
)
def test_other_drawings_of_one_molecule_share_a_skeleton(known, asked):
    assert Skeletons([(formula(known), known)]).may_hold(parse(asked).smiles)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e39])
def test_a_forest_refuses_what_is_no_number_of_32_bits(bad):
    features, values = np.ones((12, 3)), np.arange(12.0)
    features[4, 1] = bad

    with pytest.raises(ModelError, match="too large for 32 bits"):
        grown_forest(features, values, seed=0, n_estimators=2)


def test_a_forest_refuses_a_missing_value():
    with pytest.raises(ModelError, match="missing"):
        grown_forest(np.ones((3, 2)), np.array([1.0, np.nan, 2.0]), seed=0, n_estimators=2)
