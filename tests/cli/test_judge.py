"""`codefavor judge` and the same question from Python."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import codefavor as package

Command = Callable[..., subprocess.CompletedProcess[str]]
SAFE = "import json\n\ndef load(path):\n    with open(path) as file:\n        return json.load(file)\n"
UNSAFE = "import pickle\n\ndef load(path):\n    with open(path, 'rb') as file:\n        return pickle.load(file)\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A safe and an unsafe file."""
    (tmp_path / "safe.py").write_text(SAFE)
    (tmp_path / "unsafe.py").write_text(UNSAFE)
    return tmp_path / "safe.py", tmp_path / "unsafe.py"


def test_a_verdict_is_words_and_what_spoke_for_it(codefavor: Command, files: tuple[Path, Path]) -> None:
    """A person must see who decided, how sure, and why."""
    result = codefavor("judge", *files, "--criterion", "security")

    assert result.returncode == 0
    assert result.stdout.startswith("A is better: ")
    assert "(evidence, " in result.stdout
    assert re.search(r"for A: B, line \d+: CWE-502", result.stdout)


def test_a_model_can_be_told_the_evidence(codefavor: Command, files: tuple[Path, Path]) -> None:
    """Both what was seen and what the model made of it are shown."""
    result = codefavor("judge", *files, "--criterion", "security", "--judge", "builtin", "--with-evidence")

    assert result.returncode == 0
    assert "(builtin, " in result.stdout
    assert "CWE-502" in result.stdout
    assert "for A: risk" in result.stdout


def test_json_is_a_verdict(codefavor: Command, files: tuple[Path, Path]) -> None:
    """Scripts get the record itself."""
    verdict = json.loads(codefavor("judge", *files, "--criterion", "security", "--json").stdout)

    assert verdict["choice"] == "A"
    assert verdict["status"] == "ok"
    assert 0.5 < verdict["p_a"] <= 1


def test_python_gives_the_same_verdict_and_its_mirror_image() -> None:
    """The order of the codes must not matter to a judge that is symmetric by construction."""
    verdict = package.judge(SAFE, UNSAFE, criterion="security")
    mirrored = package.judge(UNSAFE, SAFE, criterion="security")

    assert verdict.choice == "A"
    assert mirrored.choice == "B"
    assert verdict.p_a == pytest.approx(1 - (mirrored.p_a or 0), abs=1e-12)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no file"), (b"", "is empty"), (b"\xff\xfe", "is not text in UTF-8 (byte 0)")],
)
def test_a_bad_file_is_one_sentence(codefavor: Command, tmp_path: Path, content: bytes | None, message: str) -> None:
    """Nobody should have to read a traceback to learn that a path was mistyped."""
    (tmp_path / "good.py").write_text(SAFE)
    if content is not None:
        (tmp_path / "bad.py").write_bytes(content)

    result = codefavor("judge", "good.py", "bad.py")

    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_unknown_judge_names_its_neighbour(codefavor: Command, files: tuple[Path, Path]) -> None:
    """The table of judges is long; the nearest name helps."""
    result = codefavor("judge", *files, "--judge", "lineer:x")

    assert result.returncode == 2
    assert "linear" in result.stderr
