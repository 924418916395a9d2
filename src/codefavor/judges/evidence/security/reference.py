"""Owns the page of rules in the docs: `python -m codefavor.judges.evidence.security.reference` prints it."""

import sys
from collections.abc import Sequence

from codefavor.judges.evidence.security.bandit_source import SAME_AS
from codefavor.judges.evidence.security.compare import RULES
from codefavor.judges.evidence.security.hardening import CARE


def reference() -> str:
    """Return the table of rules, and that of protections, as one page of Markdown."""
    asked: dict[str, list[str]] = {}
    for check, rule in sorted(SAME_AS.items()):
        asked.setdefault(rule, []).append(check)
    rules = [
        (
            f"CWE-{rule.cwe}",
            f"`{rule.name}`",
            f"{rule.why}; {rule.fix}",
            f"{rule.severity:.2f}",
            " ".join(asked.get(rule.name, [])),
        )
        for rule in sorted(RULES, key=lambda rule: (rule.cwe, rule.name))
    ]
    care = [
        (f"CWE-{item.cwe}", f"`{item.name}`", item.says, f"{item.worth:.2f}")
        for item in sorted(CARE, key=lambda item: (item.cwe, item.name))
    ]
    return "\n".join(
        [
            "# Security rules\n",
            "Written by `make docs` from the rules themselves, and held against them by a test.\n",
            f"{len(RULES)} rules look for {len({rule.cwe for rule in RULES})} weaknesses (CWE). Severity, from 0 to 1, is how sure one is,",
            "seeing only this, that the other code is the safer one. The last column names the checks of bandit that look",
            "for the same; what both find counts once.\n",
            *_table(("CWE", "rule", "what it gives an attacker; the remedy", "severity", "bandit"), rules),
            "\n## Protections\n",
            "They speak for a code that takes them where the other does not, and never outweigh a grave finding.\n",
            *_table(("against", "name", "what the code does", "worth"), care),
            "",
        ]
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [
        f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in [head, ("---",) * len(head), *rows]
    ]


if __name__ == "__main__":
    sys.stdout.write(reference())
