"""Owns making real repositories for the tests: by the git of this machine, with fixed people and times."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest


class Repo:
    """A repository and its working tree."""

    def __init__(self, path: Path, *init: str) -> None:
        self.path = path
        self._moment = 1_600_000_000
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main", *init)

    def git(self, *arguments: str | bytes, data: bytes | None = None, author: str = "Ann") -> str:
        """Run git here and return what it prints; each call is a minute later than the one before."""
        self._moment += 60
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": author,
            "GIT_AUTHOR_EMAIL": "ann@x.org",
            "GIT_COMMITTER_NAME": author,
            "GIT_COMMITTER_EMAIL": "ann@x.org",
            "GIT_AUTHOR_DATE": f"{self._moment} +0100",
            "GIT_COMMITTER_DATE": f"{self._moment} +0100",
        }
        allowed = ("-c", "protocol.file.allow=always")
        done = subprocess.run(
            ["git", *allowed, *arguments], cwd=self.path, env=environment, input=data, capture_output=True, check=True
        )
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, path: str | bytes, content: str | bytes) -> None:
        """Put a file into the working tree."""
        place = self.path / os.fsdecode(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str, files: Mapping[str, str | bytes] | None = None, author: str = "Ann") -> str:
        """Commit all that is in the working tree, with these files, and return the commit."""
        for path, content in (files or {}).items():
            self.write(path, content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "--allow-empty-message", "-m", message, author=author)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> Callable[..., Repo]:
    """Make an empty repository."""

    def make(name: str = "project", *init: str) -> Repo:
        return Repo(tmp_path / name, *init)

    return make
