"""bandit is a second reader: what it sees counts once beside our rules, and no comment silences it."""

import ast

import pytest

from codefavor.judges.evidence.security.bandit_source import SAME_AS, bandit_findings
from codefavor.judges.evidence.security.compare import RULES, scan, security_evidence
from codefavor.judges.evidence.security.source import TreeSource, read
from codefavor.records import Comparison


def _by(code: str) -> dict[str, tuple[str, ...]]:
    return {finding.rule: finding.found_by for finding in scan(code)}


def test_every_check_amounts_to_a_rule_of_ours() -> None:
    """Else one flaw would be counted under two names."""
    assert set(SAME_AS.values()) <= {rule.name for rule in RULES}


def test_what_both_find_counts_once_and_says_so() -> None:
    """Also where the call takes several rows."""
    code = "import yaml\nyaml.load(\n    text,\n    Loader=yaml.Loader,\n)\n"

    assert [(item.rule, item.found_by) for item in scan(code) if item.cwe == 502] == [
        ("unsafe-yaml", ("rules", "bandit"))
    ]


def test_what_only_bandit_finds_is_found() -> None:
    """It stands under the name of our rule, with its own severity."""
    code = "from django.db.models.expressions import RawSQL\n\nitems.annotate(v=RawSQL(text, []))\n"

    assert _by(code) == {"query-text": ("bandit",)}


def test_code_that_does_not_parse_is_read_by_our_rules_alone() -> None:
    """Of Python 2 bandit says nothing; we do."""
    assert _by("print 'x'\nimport yaml\nyaml.load(text)\n")["unsafe-yaml"] == ("rules",)


@pytest.mark.parametrize("comment", ["# nosec", "# nosec B506", "#nosec"])
def test_a_comment_of_the_code_silences_nobody(comment: str) -> None:
    """A code does not decide what is said of it."""
    code = f"import yaml\nyaml.load(text)  {comment}\n"

    assert _by(code)["unsafe-yaml"] == ("rules", "bandit")


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess\n",
        "import random\nx = random.random()\n",
        "assert x == 3\n",
        "try:\n    f()\nexcept ValueError:\n    pass\n",
        "import subprocess\nsubprocess.run(['ls'], check=True)\n",
    ],
)
def test_what_is_no_flaw_by_itself_is_not_heard_from_bandit(code: str) -> None:
    """Imports, asserts and random numbers are weighed by our own rules, if at all."""
    assert not any("bandit" in found_by for found_by in _by(code).values())


def test_bandit_keeps_its_voice_down(capfd: pytest.CaptureFixture[str]) -> None:
    """What goes wrong inside one of its checks is no message for our users."""
    source = read("def f(*, a=1, **k):\n    return eval(k['x'])\n")

    assert isinstance(source, TreeSource)
    assert [seen.rule for seen in source.second_opinion()] == ["evaluated-text"]
    assert capfd.readouterr() == ("", "")


def test_bandit_reads_the_tree_it_is_given() -> None:
    """Nothing is written to a file and nothing is parsed twice."""
    import ast

    code = "import tempfile\nname = tempfile.mktemp()\n"

    assert [(seen.rule, seen.row) for seen in bandit_findings(code, ast.parse(code))] == [("temporary-name", 2)]


def test_the_evidence_says_who_found_it() -> None:
    """A reader may trust two more than one."""
    comparison = Comparison(
        instruction="Do it.", code_a="import yaml\nyaml.load(t)\n", code_b="import yaml\nyaml.safe_load(t)\n",
        criterion="security", id="x",
    )  # fmt: skip

    (item,) = [item for item in security_evidence(comparison) if item.rule == "unsafe-yaml"]

    assert item.details["found_by"] == ["rules", "bandit"]


def test_nodes_that_all_trees_share_are_left_alone() -> None:
    """Operators are one object each for the whole process: a mark on one would lead from any tree into this one."""
    code = "import subprocess\nsubprocess.call(a + b if not a < b and a else -b, shell=True)\n"
    bandit_findings(code, ast.parse(code))

    other = ast.parse("a + b if not a < b and a else -b")
    shared = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
    assert [vars(node) for node in ast.walk(other) if isinstance(node, shared) and vars(node)] == []
