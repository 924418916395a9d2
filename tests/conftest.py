"""Owns what every test shares: a scrubbed environment, a limit on CPU time, functions, and the command."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from codefavor.jsonl import write_records
from codefavor.records import Function

_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY", "AWS_ACCESS_KEY_ID")


@pytest.fixture(autouse=True)
def scrubbed_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees a developer's keys or downloads."""
    for name in _KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CODEFAVOR_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def codefavor(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in a process of its own, in an empty folder, and return what came out."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "codefavor", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture
def browser() -> Iterator[Any]:
    """Give a headless browser that keeps to itself."""
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next((path for name in names if (path := shutil.which(name))), None)
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=quiet)
        yield opened
        opened.close()


@pytest.fixture
def soon() -> Callable[[], AbstractContextManager[None]]:
    """Return a block that fails when what it holds takes more than two CPU seconds, and ends it then."""

    @contextmanager
    def limited() -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            pytest.fail("it takes more than 2 CPU seconds", pytrace=False)

        before = signal.signal(signal.SIGVTALRM, stop)
        signal.setitimer(signal.ITIMER_VIRTUAL, 2.0)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)

    return limited


_CODES = {
    "clamp": "def clamp(value, low, high):\n    if value < low:\n        return low\n"
    "    if value > high:\n        return high\n    return value\n",
    "unique": "def unique(items):\n    seen = set()\n    kept = []\n    for item in items:\n"
    "        if item not in seen:\n            seen.add(item)\n            kept.append(item)\n    return kept\n",
    "total": "def total(rows, key, default=0):\n    result = 0\n    for row in rows:\n"
    "        result += row.get(key, default)\n    return result\n",
    "parse": "def parse(line, sep='='):\n    name, found, value = line.partition(sep)\n    if not found:\n"
    "        raise ValueError(line)\n    return name.strip().lower(), value.strip()\n",
}


@pytest.fixture
def functions_file(tmp_path: Path) -> Path:
    """A file of 200 small functions, written for the tests."""
    path = tmp_path / "functions.jsonl"
    write_records(
        path,
        (
            Function.model_validate(
                {
                    "package": "tests",
                    "module": f"tests.m{number % 7}",
                    "qualname": f"{name}_{number}",
                    "code": code.replace(f"def {name}(", f"def {name}_{number}("),
                    "docstring": f"Return the {name} of what is given.",
                }
            )
            for number in range(50)
            for name, code in _CODES.items()
        ),
    )
    return path
