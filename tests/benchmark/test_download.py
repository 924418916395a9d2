"""Fetching published files, against a real server on this machine."""

import hashlib
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from codefavor.benchmark import download
from codefavor.benchmark.download import FILES, Published, cache_folder, fetch, fetch_all
from codefavor.errors import DownloadError, HashMismatchError

CONTENT = b"rows of a benchmark\n" * 20_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def _with_ranges(request: Request) -> Response:
    start = int(request.headers.get("Range", "bytes=0-")[6:-1])
    if start >= len(CONTENT):
        return Response(status=416)
    return Response(CONTENT[start:], status=206 if start else 200)


def test_a_file_is_fetched_and_nothing_else_stays(httpserver: HTTPServer, tmp_path: Path) -> None:
    """Progress counts bytes."""
    httpserver.expect_request("/f.gz").respond_with_handler(_with_ranges)
    seen: list[tuple[int, int | None]] = []
    target = tmp_path / "cache" / "f.gz"

    fetch(
        httpserver.url_for("/f.gz"),
        target,
        SHA256,
        progress=lambda done, total=None, note="": seen.append((done, total)),
    )

    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["f.gz"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize("have", [1000, len(CONTENT)])
def test_an_interrupted_fetch_is_gone_on_from(have: int, httpserver: HTTPServer, tmp_path: Path) -> None:
    """Only the rest is asked for; a part that is whole already is taken as it is."""
    httpserver.expect_request("/f.gz").respond_with_handler(_with_ranges)
    (tmp_path / "f.gz.part").write_bytes(CONTENT[:have])

    fetch(httpserver.url_for("/f.gz"), tmp_path / "f.gz", SHA256)

    assert (tmp_path / "f.gz").read_bytes() == CONTENT
    assert httpserver.log[0][0].headers["Range"] == f"bytes={have}-"


def test_a_server_without_ranges_sends_it_all_again(httpserver: HTTPServer, tmp_path: Path) -> None:
    """What was there must not stand in front of it."""
    httpserver.expect_request("/f.gz").respond_with_data(CONTENT)
    (tmp_path / "f.gz.part").write_bytes(CONTENT[:1000])

    fetch(httpserver.url_for("/f.gz"), tmp_path / "f.gz", SHA256)

    assert (tmp_path / "f.gz").read_bytes() == CONTENT


def test_a_wrong_hash_leaves_nothing_behind(httpserver: HTTPServer, tmp_path: Path) -> None:
    """Neither the file nor the part, or the next try would go on from a wrong one."""
    httpserver.expect_request("/f.gz").respond_with_data(b"another file")

    with pytest.raises(HashMismatchError, match=f"not the published {SHA256}"):
        fetch(httpserver.url_for("/f.gz"), tmp_path / "f.gz", SHA256)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_not_tried_again(httpserver: HTTPServer, tmp_path: Path) -> None:
    """A server that says no means it."""
    httpserver.expect_request("/f.gz").respond_with_data("", status=404)

    with pytest.raises(DownloadError, match="the server says 404"):
        fetch(httpserver.url_for("/f.gz"), tmp_path / "f.gz", SHA256)
    assert len(httpserver.log) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_busy_server_is_asked_again(httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bad moment of the server is no reason to fail."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    httpserver.expect_ordered_request("/f.gz").respond_with_data("", status=503)
    httpserver.expect_ordered_request("/f.gz").respond_with_data(CONTENT)

    fetch(httpserver.url_for("/f.gz"), tmp_path / "f.gz", SHA256)

    assert (tmp_path / "f.gz").read_bytes() == CONTENT


def test_the_licence_is_told_before_anything_is_fetched(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and not at all when the files are here."""
    files = {name: Published(f"{name}.gz", 1, SHA256) for name in FILES}
    monkeypatch.setattr(download, "FILES", files)
    for name in files:
        httpserver.expect_request(f"/{name}.gz").respond_with_data(CONTENT)
    told: list[str] = []

    first = fetch_all(base_url=httpserver.url_for("/").rstrip("/"), notice=told.append)
    second = fetch_all(base_url="http://127.0.0.1:1", notice=told.append)

    assert first == second == {name: cache_folder() / f"{name}.gz" for name in files}
    assert len(told) == 1
    assert "CC-BY-NC-4.0" in told[0]
    assert "not intended for training" in told[0]
