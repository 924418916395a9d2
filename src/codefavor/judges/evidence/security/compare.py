"""Owns scanning a code with every rule, and what the findings of two codes say about one another."""

import math
from collections import Counter, defaultdict
from dataclasses import replace
from functools import lru_cache
from typing import Final

from codefavor.features.model import sigmoid
from codefavor.judges.evidence.base import OTHER, Evidence, Side, named
from codefavor.judges.evidence.security import crypto, files, injection, logs, practice, transport, web
from codefavor.judges.evidence.security.hardening import CARE
from codefavor.judges.evidence.security.rule import Finding, Rule, Site, gravest
from codefavor.judges.evidence.security.source import Source, read
from codefavor.records import Comparison

RULES: Final[tuple[Rule, ...]] = (
    *injection.RULES, *crypto.RULES, *files.RULES, *transport.RULES, *web.RULES, *logs.RULES, *practice.RULES,
)  # fmt: skip


_BY_NAME: Final = {rule.name: rule for rule in RULES}
_NEAR: Final = 2
"""Rows within which bandit's finding and ours of one rule are one flaw: calls of several rows begin in different ones."""


_ONE_OF_SEVERAL: Final = 0.7
"""What a weakness is worth where the other code has one of its kind too: one of several that was mended."""
_GRAVE: Final = 0.75
"""Certainty from which a finding is a grave one."""
_MOST: Final = 0.6
"""Share of what graver findings say that smaller things may say against them."""
_EQUAL: Final = 1e-6


@lru_cache(maxsize=512)
def scan(code: str) -> tuple[Finding, ...]:
    """Return the weaknesses of a code, by line. Never raises: what cannot be read is read as far as it goes."""
    source = read(code)
    found = [
        _finding(rule, site, source, rule.severity * site.grade)
        for rule in RULES
        for site in gravest(rule.find(source))
    ]
    found = _merged(found, source)
    return tuple(sorted(found, key=lambda finding: (finding.row, finding.rule)))


def _finding(rule: Rule, site: Site, source: Source, severity: float, by: str = "rules") -> Finding:
    line = source.line(site.row)
    about = site.about or "".join(line.split())
    return Finding(rule.name, rule.cwe, severity, site.row, line, rule.why, rule.fix, about, (by,))


def _merged(ours: list[Finding], source: Source) -> list[Finding]:
    """Return our findings and bandit's; what both found stands there once, as ours, and says so."""
    found = list(ours)
    for seen in source.second_opinion():
        rule = _BY_NAME[seen.rule]
        known = [
            index
            for index, item in enumerate(found)
            if item.cwe == rule.cwe and seen.row - _NEAR <= item.row <= seen.last + _NEAR
        ]
        for index in known:
            if "bandit" not in found[index].found_by:
                found[index] = replace(found[index], found_by=(*found[index].found_by, "bandit"))
        if not known:
            severity = min(rule.severity, seen.severity)
            found.append(_finding(rule, Site(seen.row, seen.about), source, severity, "bandit"))
    return found


def security_evidence(comparison: Comparison) -> list[Evidence]:
    """Return what the findings that one code has and the other has not say, and the protections likewise."""
    if comparison.language != "python":
        return [Evidence("note", None, f"Only Python is scanned; this is {comparison.language}.", 0.5, "language")]
    found: dict[Side, tuple[Finding, ...]] = {"A": scan(comparison.code_a), "B": scan(comparison.code_b)}
    evidence = _ranked(_findings(found), _care(comparison))
    if not any(item.favours for item in evidence):
        says = (
            "The scan found the same in both codes."
            if found["A"] or found["B"]
            else "The scan found nothing in either code."
        )
        evidence.append(Evidence("note", None, says, 0.5, "nothing-found"))
    return evidence


def _ranked(findings: list[Evidence], care: list[Evidence]) -> list[Evidence]:
    """Return evidence in which many small things never outweigh a grave one: minor findings, then protections."""
    tiers = (
        [item for item in findings if item.certainty >= _GRAVE],
        [item for item in findings if item.certainty < _GRAVE],
        care,
    )
    total, kept = 0.0, []
    for tier in tiers:
        against = [item for item in tier if total and (item.favours == "A") != (total > 0)]
        opposed = math.fsum(_log_odds(item) for item in against)
        agreed = math.fsum(_log_odds(item) for item in tier if item not in against)
        share = 1.0
        if against and opposed > agreed + _MOST * abs(total):
            share = (agreed + _MOST * abs(total)) / opposed
            tier = [
                replace(item, certainty=sigmoid(_log_odds(item) * share)) if item in against else item for item in tier
            ]
        total += math.fsum(_log_odds(item) * (1 if item.favours == "A" else -1) for item in tier)
        kept += tier
    return kept


def _log_odds(item: Evidence) -> float:
    return math.log(item.certainty / (1 - item.certainty))


def _findings(found: dict[Side, tuple[Finding, ...]]) -> list[Evidence]:
    by_rule: dict[Side, dict[str, list[Finding]]] = {"A": defaultdict(list), "B": defaultdict(list)}
    for side, findings in found.items():
        for finding in findings:
            by_rule[side][finding.rule].append(finding)
    evidence = []
    for rule in sorted({*by_rule["A"], *by_rule["B"]}):
        a, b = by_rule["A"][rule], by_rule["B"][rule]
        only_a, only_b = _without(a, b), _without(b, a)
        more = sum(item.severity for item in only_a) - sum(item.severity for item in only_b)
        if abs(more) < _EQUAL:
            continue
        worse: Side = "A" if more > 0 else "B"
        finding = max(only_a if worse == "A" else only_b, key=lambda item: item.severity)
        severity = min(finding.severity, abs(more))
        if a and b:
            severity *= _ONE_OF_SEVERAL
        says = f"{named(worse)}, line {finding.row}: CWE-{finding.cwe}, {finding.why}; {finding.fix}."
        details = {
            "cwe": finding.cwe,
            "line": finding.row,
            "code": finding.line,
            "found_by": list(finding.found_by),
            "a": len(a),
            "b": len(b),
        }
        evidence.append(Evidence("finding", OTHER[worse], says, 0.5 + severity / 2, rule, details))
    return evidence


def _without(findings: list[Finding], others: list[Finding]) -> list[Finding]:
    """Return findings but those that the other code has about the same expression, one for one."""
    left = Counter(item.about for item in others)
    kept = []
    for item in findings:
        if left[item.about] > 0:
            left[item.about] -= 1
        else:
            kept.append(item)
    return kept


def _care(comparison: Comparison) -> list[Evidence]:
    sources = read(comparison.code_a), read(comparison.code_b)
    evidence = []
    for care in CARE:
        rows = [[site.row for site in gravest(care.find(source))] for source in sources]
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
