"""Owns getting the published CodePrefBench files: where they are, what they must hash to, and fetching them.

The files are CC-BY-NC-4.0 and not for training, so they are never shipped with this package.
"""

import fcntl
import os
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from codefavor.errors import DownloadError, HashMismatchError, storage_errors
from codefavor.jsonl import hash_file
from codefavor.runs import Progress, silent

REPOSITORY: Final = "amazon-science/llm-code-preference"
COMMIT: Final = "99b404d5abdcff45c6029d44e30191c6e29071d8"
BASE_URL: Final = f"https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}/datasets/eval"
NOTICE: Final = (
    f"CodePrefBench comes from {REPOSITORY}, copyright Amazon.com, Inc. or its affiliates, under CC-BY-NC-4.0: "
    "not for commercial use, and not intended for training."
)


class Published(NamedTuple):
    """A file of the benchmark as its authors published it."""

    name: str
    tasks: int
    sha256: str


FILES: Final[Mapping[str, Published]] = {
    "correctness": Published(
        "correctness-alignment.jsonl.gz", 660, "0e3cca58bcccd42b3d89ee1f822f4b404a9ae1dd7bb3151b3519fa82240aacfb"
    ),
    "efficiency": Published(
        "efficiency-alignment.jsonl.gz", 352, "8260b95f426d20d784ef983846bf5ff00efd62f065ad7026a2ed7ec228b0aa7e"
    ),
    "security": Published(
        "security-alignment.jsonl.gz", 207, "9235e6d4b827f9941a6cbf399e3582f98a459fbc0358c4cd97bf938fe6698d98"
    ),
    "human-preference": Published(
        "human-preference-alignment.jsonl.gz", 145, "8f64809630931ba79e093da73223857bda7ec970c8fa255c90ee2e5db482bbae"
    ),
}
"""Objective → its published file."""

_TRIES: Final = 4
_CHUNK: Final = 1 << 16


def cache_folder() -> Path:
    """Return where downloads of this commit are kept: under `CODEFAVOR_CACHE`, by default `~/.cache/codefavor`."""
    root = os.environ.get("CODEFAVOR_CACHE")
    return (Path(root) if root else Path.home() / ".cache" / "codefavor") / "codeprefbench" / COMMIT[:12]


def fetch_all(
    objectives: tuple[str, ...] = tuple(FILES),
    *,
    base_url: str | None = None,
    notice: Callable[[str], None] = lambda _: None,
    progress: Progress = silent,
) -> dict[str, Path]:
    """Return objective → its file in the cache, after fetching what is not there.

    Args:
        objectives: which files.
        base_url: the folder they are fetched from; `BASE_URL` by default.
        notice: told the licence before anything is fetched.
        progress: told bytes, file by file.

    Raises:
        HashMismatchError: a fetched or cached file is not the published one; a fetched one is removed.
        DownloadError: a file could not be fetched.
        StorageError: the cache cannot be written.
    """
    folder, found = cache_folder(), {}
    missing = [objective for objective in objectives if not (folder / FILES[objective].name).exists()]
    if missing:
        notice(NOTICE)
    for objective in objectives:
        file = FILES[objective]
        target = folder / file.name
        if objective in missing:
            fetch(f"{base_url or BASE_URL}/{file.name}", target, file.sha256, progress=progress)
        elif hash_file(target) != file.sha256:
            raise HashMismatchError(f"{target} is not the published file; remove it, it will be fetched again")
        found[objective] = target
    return found


def fetch(url: str, target: Path, sha256: str, *, progress: Progress = silent) -> None:
    """Fetch a file whose hash is known; what an earlier try left in `TARGET.part` is gone on from.

    Raises:
        HashMismatchError: the file at this address is another one; nothing is kept of it.
        DownloadError: the server was not reached, refused, or broke off again and again.
        StorageError: the place cannot be written.
    """
    part = target.with_name(target.name + ".part")
    with storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        stream = part.open("ab")
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # another process may be fetching the same file
        if target.exists():
            part.unlink(missing_ok=True)
            return
        try:
            _fetch_into(stream, url, progress)
        finally:
            if not stream.tell():
                part.unlink(missing_ok=True)
        found = hash_file(part)
        if found != sha256:
            part.unlink(missing_ok=True)
            raise HashMismatchError(
                f"{url} gave a file with SHA-256 {found}, not the published {sha256}; it was thrown away: "
                "try again, or put the published files into a folder and set CODEFAVOR_DATA to it"
            )
        with storage_errors(target):
            part.replace(target)


def _fetch_into(stream: BinaryIO, url: str, progress: Progress) -> None:
    answered = False
    for tried in range(1, _TRIES + 1):
        try:
            if _fetch_rest(stream, url, progress):
                return
            answered = True
            reason = "the connection broke off"
        except HTTPError as error:
            error.close()
            if error.code < 500 and error.code not in (408, 429):
                raise DownloadError(f"{url} cannot be fetched: the server says {error.code} {error.reason}") from None
            answered, reason = True, f"the server says {error.code} {error.reason}"
        except (OSError, HTTPException) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        if not answered and not stream.tell():
            break  # a server that was never reached will not be there in a second either
        if tried < _TRIES:
            time.sleep(0.25 * 4 ** (tried - 1))
    kept = "; the next try goes on from what came" if stream.tell() else ""
    raise DownloadError(f"{url} cannot be fetched: {reason}{kept}")


def _fetch_rest(stream: BinaryIO, url: str, progress: Progress) -> bool:
    """Append what is missing and return whether all the server announced has come."""
    have = stream.seek(0, os.SEEK_END)
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response: HTTPResponse = urlopen(request, timeout=30)
    except HTTPError as error:
        if error.code != 416:  # nothing behind what we have: whole already, or another file; the hash tells
            raise
        error.close()
        return True
    with response:
        if have and response.status != 206:
            have = 0  # the server sends all of it again
            with storage_errors(stream.name):
                stream.truncate(0)
                stream.seek(0)
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        while chunk := response.read(_CHUNK):
            with storage_errors(stream.name):
                stream.write(chunk)
            have += len(chunk)
            progress(have, total, Path(stream.name).stem)
        with storage_errors(stream.name):
            stream.flush()
    return total is None or have >= total
