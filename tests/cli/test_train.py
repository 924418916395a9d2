import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from tests.training.tiny_data import use_narrow_preset, write_dataset

from codefavor.cli.main import main


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "dataset", train=6, validation=2, held_out=2)


def _settings(tmp_path: Path, text: str) -> str:
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_training_prints_the_scores_and_is_not_done_twice(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second run of the same command must say that there was nothing to do."""
    settings = _settings(tmp_path, "vocabulary = 320\ncontext = 300\nbatch_tokens = 1500\n")
    command = ["train", str(dataset), "--base", use_narrow_preset(), "--out", str(tmp_path / "out")]
    command += ["--config", settings, "--seed", "3"]

    assert main(command) == 0
    first = capsys.readouterr().out
    assert "is trained" in first
    assert "held-out: 2 pairs" in first
    assert "does not show that it learnt anything: by chance 50.0% are right" in first
    assert main(command) == 0
    assert "already finished; nothing was done" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["kind"] == "pair-rm"
    assert card["config"]["seed"] == 3


@pytest.mark.parametrize(
    ("base", "text", "says"),
    [
        ("tiny", "epochz = 2", "did you mean 'epochs'"),
        ("tiny", "epochs = 0", "training setting 'epochs'"),
        ("tiny", "epochs =", "is not TOML"),
        ("linear", "epochs = 2", "no training setting 'epochs'"),
        ("tiny:9m", "", "did you mean 'tiny"),
    ],
)
def test_wrong_settings_are_one_sentence(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], base: str, text: str, says: str
) -> None:
    """A misspelt setting that is ignored would waste hours."""
    settings = _settings(tmp_path, text)

    assert main(["train", str(dataset), "--base", base, "--out", str(tmp_path / "out"), "--config", settings]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_data_set_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The likeliest mistake is a wrong path."""
    assert main(["train", str(tmp_path / "none"), "--base", "tiny", "--out", str(tmp_path / "out")]) == 2
    assert "there is no data set folder" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_help_needs_no_torch(codefavor: Callable[..., CompletedProcess[str]]) -> None:
    """Someone without the extra must still be able to read what it would give."""
    done = codefavor("train", "--help")

    assert done.returncode == 0
    assert "--base" in done.stdout
