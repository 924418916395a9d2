"""Owns scanning a code with every rule, and what the findings of two codes say about one another."""

from collections import defaultdict
from functools import lru_cache
from typing import Final

from codefavor.judges.evidence.base import OTHER, Evidence, Side, named
from codefavor.judges.evidence.security import crypto, files, injection, practice, transport, web
from codefavor.judges.evidence.security.hardening import CARE
from codefavor.judges.evidence.security.rule import Finding, Rule
from codefavor.judges.evidence.security.source import read
from codefavor.records import Comparison

RULES: Final[tuple[Rule, ...]] = (
    *injection.RULES, *crypto.RULES, *files.RULES, *transport.RULES, *web.RULES, *practice.RULES,
)  # fmt: skip


@lru_cache(maxsize=512)
def scan(code: str) -> tuple[Finding, ...]:
    """Return the weaknesses of a code, by line. Never raises: what cannot be read is read as far as it goes."""
    source = read(code)
    found = [
        Finding(rule.name, rule.cwe, rule.severity, row, source.line(row), rule.why, rule.fix)
        for rule in RULES
        for row in sorted(set(rule.find(source)))
    ]
    return tuple(sorted(found, key=lambda finding: (finding.row, finding.rule)))


def security_evidence(comparison: Comparison) -> list[Evidence]:
    """Return what the findings that one code has and the other has not say, and the protections likewise."""
    if comparison.language != "python":
        return [Evidence("note", None, f"Only Python is scanned; this is {comparison.language}.", 0.5, "language")]
    found: dict[Side, tuple[Finding, ...]] = {"A": scan(comparison.code_a), "B": scan(comparison.code_b)}
    evidence = [*_findings(found), *_care(comparison)]
    if not any(item.favours for item in evidence):
        says = (
            "The scan found the same in both codes."
            if found["A"] or found["B"]
            else "The scan found nothing in either code."
        )
        evidence.append(Evidence("note", None, says, 0.5, "nothing-found"))
    return evidence


def _findings(found: dict[Side, tuple[Finding, ...]]) -> list[Evidence]:
    by_rule: dict[Side, dict[str, list[Finding]]] = {"A": defaultdict(list), "B": defaultdict(list)}
    for side, findings in found.items():
        for finding in findings:
            by_rule[side][finding.rule].append(finding)
    evidence = []
    for rule in sorted({*by_rule["A"], *by_rule["B"]}):
        more = len(by_rule["A"][rule]) - len(by_rule["B"][rule])
        if not more:
            continue
        worse: Side = "A" if more > 0 else "B"
        finding, other = by_rule[worse][rule][0], len(by_rule[OTHER[worse]][rule])
        says = f"{named(worse)}, line {finding.row}: CWE-{finding.cwe}, {finding.why}; {finding.fix}."
        # One of several that was mended says less than the only one.
        severity = finding.severity if not other else finding.severity * 0.7
        details = {
            "cwe": finding.cwe,
            "line": finding.row,
            "code": finding.line,
            "a": len(by_rule["A"][rule]),
            "b": len(by_rule["B"][rule]),
        }
        evidence.append(Evidence("finding", OTHER[worse], says, 0.5 + severity / 2, rule, details))
    return evidence


def _care(comparison: Comparison) -> list[Evidence]:
    sources = read(comparison.code_a), read(comparison.code_b)
    evidence = []
    for care in CARE:
        rows = [sorted(set(care.find(source))) for source in sources]
        more = len(rows[0]) - len(rows[1])
        if not more:
            continue
        side: Side = "A" if more > 0 else "B"
        row = rows[0 if side == "A" else 1][0]
        says = f"{named(side)}, line {row}: {care.says}."
        evidence.append(
            Evidence("hardening", side, says, 0.5 + care.worth / 2, care.name, {"cwe": care.cwe, "line": row})
        )
    return evidence
