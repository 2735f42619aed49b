"""How far a backup is: what is told while it is copied, and that whoever hears of it can end it."""

import io

import pytest

from cryokit.backup.files import Cipher, make_key_file
from cryokit.backup.progress import Watched, part_of
from cryokit.errors import CancelledError, ConflictError, UnavailableError

CONTENT = bytes(range(256)) * 40_000


@pytest.fixture(params=["plain", "encrypted"])
def cipher(request, tmp_path):
    if request.param == "plain":
        return Cipher(None)
    make_key_file(tmp_path / "key")
    return Cipher(tmp_path / "key")


def test_what_is_read_is_told_in_megabytes_and_as_a_fraction(tmp_path, cipher):
    heard = []
    watched = Watched(io.BytesIO(CONTENT), len(CONTENT), lambda *said: heard.append(said), every_seconds=0)
    cipher.compress(watched, tmp_path / "file")

    assert heard[0][0] == "1.0 MB were read, of about 10.2 MB"
    assert heard[-1] == ("10.2 MB were read, of about 10.2 MB", 1.0)
    assert [fraction for _, fraction in heard] == sorted(fraction for _, fraction in heard)


def test_more_than_was_expected_is_no_more_than_all():
    heard = []
    Watched(io.BytesIO(CONTENT), 1000, lambda *said: heard.append(said), every_seconds=0).read()

    assert heard == [("10.2 MB were read, of about 0.0 MB", 1.0)]


def test_nothing_is_told_before_its_time(tmp_path, cipher):
    heard = []
    watched = Watched(io.BytesIO(CONTENT), len(CONTENT), lambda *said: heard.append(said), every_seconds=3600)
    cipher.compress(watched, tmp_path / "file")

    assert heard == []


@pytest.mark.parametrize("kind", [CancelledError, ConflictError])
def test_why_it_is_stopped_comes_through_compression_and_encryption_as_what_it_is(tmp_path, cipher, kind):
    def stop(_line: str, _done_fraction: float) -> None:
        msg = "job 7 was stopped"
        raise kind(msg)

    watched = Watched(io.BytesIO(CONTENT), len(CONTENT), stop, every_seconds=0)
    with pytest.raises(kind, match="job 7 was stopped"), watched.stopping():
        cipher.compress(watched, tmp_path / "file")


def test_a_copy_goes_on_when_its_progress_cannot_be_written_down(tmp_path, cipher):
    def away(_line: str, _done_fraction: float) -> None:
        msg = "the database is away"
        raise UnavailableError(msg)

    with Watched(io.BytesIO(CONTENT), len(CONTENT), away, every_seconds=0).stopping() as watched:
        cipher.compress(watched, tmp_path / "file")

    assert (tmp_path / "file").stat().st_size > 0


def test_of_what_has_no_known_size_no_fraction_is_told():
    heard = []
    Watched(io.BytesIO(CONTENT), None, lambda *said: heard.append(said), every_seconds=0).read()

    assert heard == [(f"{len(CONTENT) / 1e6:.1f} MB were read", 0.0)]


def test_a_part_is_told_as_a_part_of_the_whole():
    heard = []
    part_of(lambda *said: heard.append(said), 0.5, 1.0)("half of the second half", 0.5)

    assert heard == [("half of the second half", 0.75)]
