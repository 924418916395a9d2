"""The command line as a whole: errors become one sentence and an exit status."""

import subprocess
from collections.abc import Callable

import pytest
import typer

from codefavor.cli import main as command_line
from codefavor.errors import CodefavorError, InputError, ShortfallError, StorageError

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("bad"), 2),
        (ShortfallError("short"), 1),
        (StorageError("full", exit_code=1), 1),
        (StorageError("read-only"), 2),
        (CodefavorError("other"), 1),
    ],
)
def test_errors_become_one_sentence_and_a_status(
    error: CodefavorError, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts read the status, people read the sentence."""
    app = typer.Typer()

    @app.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr(command_line, "app", app)

    assert command_line.main([]) == status
    assert capsys.readouterr().err == f"codefavor: {error}\n"


def test_an_interrupt_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C is not a crash."""
    app = typer.Typer()

    @app.command()
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "app", app)

    assert command_line.main([]) == 130
    assert "goes on from here" in capsys.readouterr().err


def test_a_wrong_option_exits_with_two(codefavor: Command) -> None:
    """Wrong usage writes nothing and shows no traceback."""
    result = codefavor("judge", "--no-such-option")

    assert result.returncode == 2
    assert "Traceback" not in result.stderr
