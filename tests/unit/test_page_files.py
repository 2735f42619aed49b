import asyncio
import gzip
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount

from dashboards import _files

TEXT = "let answer = 42\n" * 1000


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, content in {"page.js": TEXT, "short.js": "1", "letters.woff2": TEXT}.items():
        (tmp_path / name).write_text(content)
    return tmp_path


@pytest.fixture
def get(folder) -> Callable[..., httpx.Response]:
    """Ask for a file behind the middleware that compresses what else the server sends."""
    files = _files.LastingFiles(folder, lambda _: "public, max-age=3600")
    transport = httpx.ASGITransport(GZipMiddleware(Starlette(routes=[Mount("/static", files)])))

    async def answer(path: str, headers: dict[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
            return await client.get(path, headers=headers)

    return lambda path, **options: asyncio.run(answer(path, options.get("headers", {})))


def test_a_text_is_compressed_once_for_all_visits(get):
    before = _files.packed.cache_info()
    answers = [get("/static/page.js") for _ in range(3)]
    after = _files.packed.cache_info()

    assert {answer.text for answer in answers} == {TEXT}
    assert {answer.headers["Content-Encoding"] for answer in answers} == {"gzip"}
    assert {int(answer.headers["Content-Length"]) for answer in answers} == {
        len(gzip.compress(TEXT.encode(), compresslevel=9, mtime=0))
    }
    assert {answer.headers["Vary"] for answer in answers} == {"Accept-Encoding"}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"public, max-age=3600"}
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)


def test_a_file_that_changed_is_compressed_anew(get, folder):
    get("/static/page.js")
    (folder / "page.js").write_text(TEXT + "// changed")

    assert get("/static/page.js").text == TEXT + "// changed"


def test_two_forms_of_a_file_are_told_apart(get):
    plain, packed = get("/static/page.js", headers={"Accept-Encoding": "identity"}), get("/static/page.js")

    assert packed.headers["ETag"] == f"W/{plain.headers['ETag']}"
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


def test_who_has_a_file_already_is_told_so(get):
    tag = get("/static/page.js").headers["ETag"]
    again = get("/static/page.js", headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("page.js", {"Accept-Encoding": "identity"}),
        ("page.js", {"Range": "bytes=0-99", "Accept-Encoding": "identity"}),
        ("short.js", {"Accept-Encoding": "gzip"}),
    ],
)
def test_what_gains_nothing_or_cannot_be_unpacked_is_sent_as_it_is(get, folder, name, headers):
    answer = get(f"/static/{name}", headers=headers)
    whole = (folder / name).read_text()

    assert "Content-Encoding" not in answer.headers
    assert answer.text == (whole[:100] if "Range" in headers else whole)


def test_a_part_that_is_asked_for_is_a_part_of_the_file_itself(get):
    before = _files.packed.cache_info()
    get("/static/page.js", headers={"Range": "bytes=0-99"})

    assert _files.packed.cache_info() == before


def test_a_font_is_not_compressed_again(get):
    before = _files.packed.cache_info()

    assert get("/static/letters.woff2").text == TEXT
    assert _files.packed.cache_info() == before
