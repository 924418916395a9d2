"""The scan finds each weakness in its insecure form and not in its secure one, and both orders say the same."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codefavor.judges.evidence.base import OTHER
from codefavor.judges.evidence.security.compare import RULES, scan, security_evidence
from codefavor.judges.evidence.security.hardening import CARE
from codefavor.judges.evidence.security.rule import Rule
from codefavor.judges.evidence.security.source import read
from codefavor.records import Comparison

_BY_NAME = {rule.name: rule for rule in RULES}

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def _compare(a: str, b: str, language: str = "python") -> Comparison:
    return Comparison(
        instruction="Write it safely.", code_a=a, code_b=b, criterion="security", language=language, id="x"
    )


def _rules(code: str) -> set[str]:
    return {finding.rule for finding in scan(code)}


# ── Each rule ──


@each_rule
def test_the_insecure_form_of_a_rule_is_found(rule: Rule) -> None:
    """A rule that misses its own example finds nothing elsewhere."""
    assert rule.name in _rules(rule.insecure)


@each_rule
def test_the_secure_form_of_a_rule_is_not_found(rule: Rule) -> None:
    """A rule that blames the remedy turns the verdict round."""
    assert rule.name not in _rules(rule.secure)


@each_rule
def test_a_finding_names_a_row_of_the_code_and_quotes_it(rule: Rule) -> None:
    """A reader must be able to look."""
    findings = [finding for finding in scan(rule.insecure) if finding.rule == rule.name]
    lines = rule.insecure.splitlines()

    assert all(1 <= finding.row <= len(lines) for finding in findings)
    assert all(finding.line and lines[finding.row - 1].strip().startswith(finding.line) for finding in findings)


@each_rule
def test_a_finding_moves_down_with_the_code(rule: Rule) -> None:
    """Rows are counted from the code's first, whatever stands above."""
    rows = [finding.row for finding in scan(rule.insecure) if finding.rule == rule.name]

    moved = [finding.row for finding in scan("# a remark\n\n" + rule.insecure) if finding.rule == rule.name]

    assert moved == [row + 2 for row in rows]


@each_rule
@pytest.mark.parametrize("insecure_side", ["A", "B"])
def test_the_secure_form_is_favoured_wherever_it_stands(rule: Rule, insecure_side: str) -> None:
    """The order of the codes must say nothing."""
    pair = (rule.insecure, rule.secure) if insecure_side == "A" else (rule.secure, rule.insecure)

    evidence = [item for item in security_evidence(_compare(*pair)) if item.rule == rule.name]

    assert [item.favours for item in evidence] == ["B" if insecure_side == "A" else "A"]
    assert evidence[0].details["cwe"] == rule.cwe
    assert f"CWE-{rule.cwe}" in evidence[0].says


@each_rule
def test_swapped_codes_give_swapped_evidence(rule: Rule) -> None:
    """All of it: also what speaks for the protections."""
    comparison = _compare(rule.insecure, rule.secure)

    here = {(item.kind, item.rule, item.favours, item.certainty) for item in security_evidence(comparison)}
    there = {(item.kind, item.rule, item.favours, item.certainty) for item in security_evidence(comparison.swapped())}

    assert there == {(kind, rule_, side and OTHER[side], certainty) for kind, rule_, side, certainty in here}


@each_rule
def test_what_both_codes_have_says_nothing(rule: Rule) -> None:
    """A weakness is no choice where the other code has it too."""
    evidence = security_evidence(_compare(rule.insecure, rule.insecure + "\n"))

    assert [(item.favours, item.rule) for item in evidence] == [(None, "nothing-found")]


@each_rule
def test_a_rule_says_why_and_what_to_do(rule: Rule) -> None:
    """A verdict ends in sentences for a person."""
    assert rule.why.strip()
    assert rule.fix.strip()
    assert 0 < rule.severity <= 1
    assert rule.insecure.strip() != rule.secure.strip()


def test_every_rule_has_a_name_of_its_own() -> None:
    """Evidence is counted and calibrated by the name."""
    assert len(_BY_NAME) == len(RULES)
    assert len({care.name for care in CARE}) == len(CARE)
    assert not set(_BY_NAME) & {care.name for care in CARE}


def test_the_rules_know_at_least_forty_weaknesses() -> None:
    """A scan for a handful would leave most comparisons without a word."""
    assert len({rule.cwe for rule in RULES}) >= 40


# ── Reading ──


def test_imports_under_other_names_are_seen_through() -> None:
    """A short name hides nothing."""
    straight = "import subprocess\nsubprocess.run('ls ' + place, shell=True)\n"
    renamed = "import subprocess as sp\nsp.run('ls ' + place, shell=True)\n"
    taken = "from subprocess import run as go\ngo('ls ' + place, shell=True)\n"

    assert _rules(straight) == _rules(renamed) == _rules(taken) != set()


def test_a_remark_about_a_weakness_is_none() -> None:
    """A code that warns of `eval` is not the one that uses it."""
    assert scan("# never eval(text) nor pickle.loads(data)\nx = 1\n") == ()


def test_python_2_is_read_like_python_3() -> None:
    """Much of the code that is compared is old."""
    code = "import pickle\nprint 'hello'\ndata = pickle.loads(raw_input())\n"

    assert 502 in {finding.cwe for finding in scan(code)}


def test_a_fragment_that_does_not_parse_is_read_as_far_as_it_goes() -> None:
    """Half a function is often all there is."""
    code = "    value = eval(request.args['sum'])\n  return (value\n"

    assert {95, 94} & {finding.cwe for finding in scan(code)}


def test_one_of_two_weaknesses_that_was_mended_says_less_than_the_only_one() -> None:
    """The code that keeps one is still open."""
    bad, mended = "import yaml\na = yaml.load(f)\n", "import yaml\na = yaml.safe_load(f)\n"
    rule = next(iter(_rules(bad) - _rules(mended)))
    twice = bad + "b = yaml.load(g)\n"

    def certainty(a: str, b: str) -> float:
        return next(item.certainty for item in security_evidence(_compare(a, b)) if item.rule == rule)

    assert 0.5 < certainty(twice, bad) < certainty(bad, mended)


def test_other_languages_are_not_scanned() -> None:
    """Rules for Python say nothing about them, and the verdict says so."""
    evidence = security_evidence(_compare("system(x)", "exec(x)", "c"))

    assert [(item.favours, item.rule) for item in evidence] == [(None, "language")]


@pytest.mark.parametrize("care", CARE, ids=lambda care: care.name)
def test_no_protection_is_seen_where_there_is_nothing(care: object) -> None:
    """Plain arithmetic protects from nothing."""
    source = read("def add(one, other):\n    total = one + other\n    return total\n")

    assert list(care.find(source)) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "with_it", "without"),
    [
        ("quoted", "import shlex\nx = shlex.quote(y)\n", "x = y\n"),
        ("parameters", "c.execute('SELECT a FROM b WHERE c = ?', (d,))\n", "c.execute('SELECT a FROM b')\n"),
        ("literals-only", "import ast\nx = ast.literal_eval(y)\n", "x = y\n"),
        ("timeout", "requests.get(u, timeout=5)\n", "requests.get(u)\n"),
        ("secret-random", "import secrets\nx = secrets.token_hex(8)\n", "x = 3\n"),
        ("steady-time", "import hmac\nx = hmac.compare_digest(a, b)\n", "x = a == b\n"),
        ("narrow-rights", "import os\nos.chmod(p, 0o600)\n", "import os\nos.chmod(p, 0o777)\n"),
    ],
)
def test_a_protection_speaks_for_the_code_that_takes_it(name: str, with_it: str, without: str) -> None:
    """In both orders."""
    first = [item for item in security_evidence(_compare(with_it, without)) if item.rule == name]
    second = [item for item in security_evidence(_compare(without, with_it)) if item.rule == name]

    assert [item.favours for item in first] == ["A"]
    assert [item.favours for item in second] == ["B"]


# ── Whatever comes ──

_PIECES = st.sampled_from(
    ["import ", "from ", " as ", "eval", "(", ")", "[", "]", "{", "}", "'", '"', '"""', "f'", "=", ":", ",", ".", "\n",
     "    ", "def ", "class ", "except", "os.system", "subprocess.run", "shell=True", "%s", "%", "+", "password",
     "random", "open", "execute", "SELECT ", "#", "\\", "\x00", "é", "0o777", "verify=False", "*", "@", "lambda", ";",
     "\t", "\r"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=50).map("".join)))
def test_no_text_makes_the_scan_raise(text: str) -> None:
    """Codes come from anywhere; what is found lies inside."""
    for finding in scan(text):
        assert finding.rule in _BY_NAME
        assert finding.row >= 1


@settings(max_examples=60, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join), st.lists(_PIECES, max_size=40).map("".join))
def test_any_two_texts_are_compared_alike_in_both_orders(a: str, b: str) -> None:
    """Symmetry is by construction, so no pair may break it."""
    here = sorted((item.rule, str(item.favours)) for item in security_evidence(_compare(a, b)))
    there = sorted((item.rule, str(item.swapped().favours)) for item in security_evidence(_compare(b, a)))

    assert here == there


@pytest.mark.parametrize(
    "piece",
    ["(", "'", '"', "x", " ", "\n", "a = b\n", "f(", "f(x, y)\n", "x.", "import a as b\n", "a = a + 'x' + b\n", "f'{",
     "\\", "# x\n", "1", "{'a': ", "def f(a, b, c):\n", "except:\n", "[a for a in b]\n", "eval(input())\n", "%s",
     "a, b = b, a\n", "'x' + y + ", "x=y,"]
)  # fmt: skip
def test_a_megabyte_of_anything_is_scanned_soon(piece: str, soon: Callable[[], AbstractContextManager[None]]) -> None:
    """No code may hold up a run."""
    text = piece * (1_000_000 // len(piece))

    with soon():
        findings = scan(text)

    assert all(finding.rule in _BY_NAME for finding in findings)
