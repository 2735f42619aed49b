"""Public files: brought, checked, refused; and formulations as papers word them."""

import hashlib
import re
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cryokit.domain import TARGETS
from cryokit.errors import IntegrityCheckError, NotFoundError, UnavailableError
from cryokit.sources import formulation_text, upstream

CONTENT = b"0,0,0,12.5\n0,0,1,11.9\n"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format, *args):  # noqa: A002
        """Say nothing."""


@pytest.fixture
def dataset():
    return replace(upstream.DATASETS["jurkat"], sha256=hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "jurkat_sgi.csv").write_bytes(CONTENT)
    return folder


@pytest.fixture
def address(mirror):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(mirror)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/jurkat_sgi.csv"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("dataset", upstream.DATASETS.values(), ids=lambda dataset: dataset.name)
def test_every_data_set_says_where_it_is_and_what_is_wrong_with_it(dataset):
    assert re.fullmatch(
        r"https://raw\.githubusercontent\.com/[\w.-]+/[\w.-]+/[0-9a-f]{40}/[\w./%-]+\.csv", dataset.address
    )
    assert re.fullmatch(r"[0-9a-f]{64}", dataset.sha256)
    assert dataset.target in TARGETS
    assert dataset.licence
    assert dataset.known_errors


def test_a_space_in_a_path_is_quoted():
    assert upstream.DATASETS["cryomn"].address.endswith("/data/raw/Cryopreservative%20Data%202026.csv")


def test_a_file_comes_from_the_mirror(dataset, mirror, tmp_path):
    path = upstream.fetch_dataset(dataset, tmp_path / "downloads", mirror)

    assert path.read_bytes() == CONTENT
    assert path == tmp_path / "downloads" / "jurkat_sgi.csv"


def test_a_file_comes_over_http_without_a_mirror(dataset, address, tmp_path, capfd):
    path = upstream.fetch_dataset(replace(dataset, address=address), tmp_path / "downloads", progress=False)

    assert path.read_bytes() == CONTENT
    assert capfd.readouterr().err == ""


def test_a_download_shows_its_progress_when_asked(dataset, address, tmp_path, capfd):
    upstream.fetch_dataset(replace(dataset, address=address), tmp_path / "downloads", progress=True)

    assert "100%" in capfd.readouterr().err


def test_a_file_that_is_there_is_not_fetched_again(dataset, mirror, tmp_path):
    upstream.fetch_dataset(dataset, tmp_path / "downloads", mirror)
    (mirror / "jurkat_sgi.csv").unlink()

    assert upstream.fetch_dataset(dataset, tmp_path / "downloads", mirror).read_bytes() == CONTENT


def test_a_damaged_file_is_replaced(dataset, mirror, tmp_path):
    path = upstream.fetch_dataset(dataset, tmp_path / "downloads", mirror)
    path.write_bytes(b"damaged")

    assert upstream.fetch_dataset(dataset, tmp_path / "downloads", mirror).read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused_and_nothing_is_left(dataset, mirror, tmp_path):
    (mirror / "jurkat_sgi.csv").write_bytes(b"something else")

    with pytest.raises(IntegrityCheckError, match="must have .*; it was not kept"):
        upstream.fetch_dataset(dataset, tmp_path / "downloads", mirror)

    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_wrong_checksum_over_http_is_refused_and_nothing_is_left(dataset, address, tmp_path):
    other = replace(dataset, address=address, sha256="0" * 64)

    with pytest.raises(IntegrityCheckError, match=re.escape(address)):
        upstream.fetch_dataset(other, tmp_path / "downloads", progress=False)

    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_mirror_without_the_file_says_so(dataset, tmp_path):
    with pytest.raises(NotFoundError, match=r"holds no jurkat_sgi\.csv"):
        upstream.fetch_dataset(dataset, tmp_path / "downloads", tmp_path)


def test_a_server_without_the_file_is_unavailable(dataset, address, tmp_path):
    with pytest.raises(UnavailableError, match="cannot be downloaded"):
        upstream.fetch_dataset(replace(dataset, address=address + ".gone"), tmp_path / "downloads", progress=False)

    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_server_that_does_not_answer_is_unavailable(dataset, tmp_path):
    dead = replace(dataset, address="http://127.0.0.1:9/jurkat_sgi.csv")

    with pytest.raises(UnavailableError, match="CRYOKIT_DATA_MIRROR"):
        upstream.fetch_dataset(dead, tmp_path / "downloads", progress=False)


def test_an_unknown_data_set_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(NotFoundError, match="known are koop, dolmen_amino"):
        upstream.fetch("kopp", tmp_path)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("7.5% DMSO + 2.5% PEG in DMEM", {"DMSO": (7.5, "% v/v"), "polyethylene glycol": (2.5, "% w/v")}),
        ("Sucrose 150 mM, Glycerol 342mM", {"sucrose": (150.0, "mM"), "glycerol": (342.0, "mM")}),
        ("1.5 M ethylene glycol (EG) in medium", {"ethylene glycol": (1.5, "mol/L")}),
        ("6.5M EG, 10% (wt) COOH-PLL", {"ethylene glycol": (6.5, "mol/L"), "polyampholyte": (10.0, "% w/w")}),
        ("PEG 1.5K (10 wt% in DMEM)", {"polyethylene glycol 1.5K": (10.0, "% w/w")}),
        ("30 mg/ml 80% Hydrolysed PVA in DMEM", {"polyvinyl alcohol": (30.0, "mg/mL")}),
        ("10% DMEM + 80% HS + 10% DMSO", {"human serum": (80.0, "% v/v"), "DMSO": (10.0, "% v/v")}),
        ("DMEM", {}),
    ],
)
def test_formulations_are_read_as_papers_word_them(text, amounts):
    found = formulation_text.read(text)

    assert dict(found.amounts) == amounts
    assert found.problems == ()


def test_molar_amounts_are_not_divided_by_a_thousand():
    assert dict(formulation_text.read("0.5 M sucrose").amounts) == {"sucrose": (0.5, "mol/L")}


def test_a_bare_percentage_is_flagged_as_an_assumption():
    assert formulation_text.read("10% DMSO").flags == ("percent_basis_assumed",)
    assert formulation_text.read("10 % w/w DMSO").flags == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("HES + 5% DMSO", "hydroxyethyl starch is named without an amount"),
        ("10 mM K2HPO4", "'10 mM' is of an ingredient that was not recognised"),
        ("20% DMSO (final 10% DMSO)", "DMSO comes twice"),
        ("10% DMSO + Accutase", "accutase is named without an amount"),
    ],
)
def test_what_cannot_be_read_is_said(text, problem):
    assert problem in formulation_text.read(text).problems
