"""What scripts outside this repository rely on."""

from pathlib import Path

from codefavor.cli.reference import reference

DOCS = Path(__file__).parents[2] / "docs"


def test_the_command_reference_is_true() -> None:
    """Help that the docs show must be help that the program gives; `make docs` writes it again."""
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == reference()
