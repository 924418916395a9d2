"""The page of security rules is what the rules say."""

from pathlib import Path

from codefavor.judges.evidence.security.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "security-rules.md"


def test_the_page_of_security_rules_is_true() -> None:
    """A reader of the docs must see the rules that run; `make docs` writes the page again."""
    assert PAGE.read_text(encoding="utf-8") == reference()
