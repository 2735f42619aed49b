"""What is not ours is what was published, with its licence."""

from hashlib import sha256
from pathlib import Path

EDITOR = Path(__file__).resolve().parents[2] / "dashboards" / "assets" / "jsme" / "0.8.2"


def test_the_structure_editor_is_what_was_published():
    pinned = dict(reversed(line.split()) for line in (EDITOR / "SHA256SUMS").read_text().splitlines())
    files = {str(file.relative_to(EDITOR)): file for file in EDITOR.rglob("*") if file.is_file()}
    del files["SHA256SUMS"]

    assert {name: sha256(file.read_bytes()).hexdigest() for name, file in files.items()} == pinned


def test_the_licence_of_the_structure_editor_comes_with_it():
    licence = (EDITOR / "license.txt").read_text()

    assert "Novartis" in licence
    assert "Redistributions in binary form must reproduce the above copyright" in licence
