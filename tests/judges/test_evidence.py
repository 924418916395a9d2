"""The judge by evidence as a whole, and the judges around it."""

from collections.abc import Iterator, Sequence

import pytest

from codefavor.errors import InputError, SandboxError
from codefavor.judges.base import judge_in_order
from codefavor.judges.both_orders import BothOrders
from codefavor.judges.evidence.base import Evidence
from codefavor.judges.evidence.judge import EvidenceJudge, load
from codefavor.judges.evidence.weigh import weigh
from codefavor.judges.fallback import Fallback
from codefavor.judges.load import load_judge
from codefavor.judges.with_evidence import WithEvidence, evidence_block
from codefavor.objectives import CRITERIA
from codefavor.records import Comparison, Verdict
from codefavor.sandbox import Sandbox

ASKED = "Write `widest(gaps)`, which returns the largest of the gaps, or 0 if there are none.\nwidest([3, 8, 2]) == 8"
RIGHT = "def widest(gaps):\n    return max(gaps, default=0)"
CRASHES = "def widest(gaps):\n    return max(gaps)"
WRONG = "def widest(gaps):\n    return min(gaps, default=0)"
SLOW = "def widest(gaps):\n    return next((g for g in gaps if all(g >= h for h in gaps)), 0)"


def _question(code_a: str, code_b: str, criterion: str = "correctness", instruction: str = ASKED) -> Comparison:
    row = {"instruction": instruction, "code_a": code_a, "code_b": code_b, "criterion": CRITERIA[criterion]}
    return Comparison.model_validate(row)


@pytest.fixture(scope="module", autouse=True)
def _can_run() -> None:
    try:
        Sandbox(1).close()
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("worse", "criterion", "rule"),
    [
        (WRONG, "correctness", "example-failed"),
        (CRASHES, "correctness", "breaks-on-inputs"),
        ("def widest(gaps:", "correctness", "does-not-parse"),
        (SLOW, "efficiency", "growth"),
        ("import os\ndef widest(gaps):\n    return eval(gaps)", "security", "evaluated-text"),
    ],
)
def test_the_evidence_decides_and_says_why(worse: str, criterion: str, rule: str) -> None:
    """A verdict must carry what a person needs to check it."""
    verdict = judge_in_order(EvidenceJudge(), [_question(RIGHT, worse, criterion)])[0]

    found = {item["rule"]: item for item in verdict.evidence or ()}
    assert verdict.choice == "A"
    assert verdict.p_a is not None
    assert verdict.p_a > 0.6
    assert found[rule]["favours"] == "A"
    assert len(found[rule]["says"]) > 20


@pytest.mark.parametrize("criterion", ["correctness", "efficiency", "security"])
def test_exchanged_codes_give_the_exchanged_verdict(criterion: str) -> None:
    """Symmetry by construction: both orders are one investigation."""
    worse = {"correctness": CRASHES, "efficiency": SLOW, "security": "def widest(gaps):\n    return eval(gaps)"}
    asked = _question(RIGHT, worse[criterion], criterion)

    given, turned = judge_in_order(EvidenceJudge(), [asked, asked.swapped()])

    assert given.swapped().choice == turned.choice
    assert given.p_a is not None
    assert turned.p_a == 1.0 - given.p_a
    for one, other in zip(given.evidence or (), turned.evidence or (), strict=True):
        assert {one["favours"], other["favours"]} in ({"A", "B"}, {None})
        assert one["says"] != other["says"] or one["favours"] is None
        assert one["details"].get("a") == other["details"].get("b")


def test_the_sentence_names_the_side_it_speaks_against() -> None:
    """A verdict that is right beside an explanation of the wrong code is worse than none."""
    both = [_question(RIGHT, CRASHES), _question(CRASHES, RIGHT)]

    given, turned = judge_in_order(EvidenceJudge(), both)

    assert [item["says"][:9] for item in given.evidence or () if item["favours"]] == ["On [] B r"]
    assert [item["says"][:9] for item in turned.evidence or () if item["favours"]] == ["On [] A r"]


def test_where_nothing_speaks_it_abstains() -> None:
    """No evidence is not a tie, and never a guess."""
    judge = EvidenceJudge()

    verdicts = judge_in_order(judge, [_question(RIGHT, RIGHT), _question(RIGHT, SLOW, "human-preference")])

    assert [(verdict.choice, verdict.p_a, verdict.status) for verdict in verdicts] == [("abstain", None, "ok")] * 2


def test_parts_can_be_left_out() -> None:
    """What each part adds can only be told by scoring without it."""
    only_examples = judge_in_order(load("examples"), [_question(RIGHT, CRASHES)])[0]
    behaviour = judge_in_order(load("behaviour"), [_question(RIGHT, CRASHES)])[0]

    assert only_examples.choice == "abstain"
    assert behaviour.choice == "A"
    with pytest.raises(InputError, match=r"evidence:nothing is no judge; give plain evidence, or evidence:examples\|"):
        load_judge("evidence:nothing")


def test_auto_says_which_judge_answered() -> None:
    """A person must know whether code was run or a model guessed."""
    judge = load_judge("auto")

    shown, guessed = judge_in_order(judge, [_question(RIGHT, WRONG), _question(RIGHT, SLOW, "human-preference")])

    assert (judge.name, shown.judge, guessed.judge) == ("auto", "evidence", "builtin")
    assert (guessed.evidence or [{}])[0]["by"] == "evidence"


def test_a_machine_that_cannot_hold_code_fails_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that could not be asked is a failure for `evidence`, and one for the model under `auto`."""

    def refuse(*_: object, **__: object) -> Sandbox:
        raise SandboxError("this machine cannot hold it")

    monkeypatch.setattr("codefavor.judges.evidence.judge.Sandbox", refuse)
    asked = [_question(RIGHT, WRONG)]

    assert judge_in_order(EvidenceJudge(), asked)[0].status == "error"
    assert judge_in_order(load_judge("auto"), asked)[0].judge == "builtin"


def test_both_orders_agree_with_themselves() -> None:
    """Asking twice must not change a symmetric judge."""
    asked = [_question(RIGHT, CRASHES), _question(WRONG, RIGHT)]

    once = judge_in_order(EvidenceJudge(), asked)
    twice = judge_in_order(BothOrders(EvidenceJudge()), asked)

    assert [verdict.p_a for verdict in once] == pytest.approx([verdict.p_a for verdict in twice])


class _Echo:
    """Keeps what it is asked and prefers A."""

    name, block = "echo", 2

    def __init__(self) -> None:
        self.heard: list[str] = []

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        self.heard += [comparison.instruction for comparison in comparisons]
        for index, comparison in enumerate(comparisons):
            yield index, Verdict(id=comparison.id, p_a=0.9, choice="A", judge=self.name)


def test_a_judge_can_be_told_the_evidence() -> None:
    """`--with-evidence`: the inner judge decides, knowing what was seen."""
    inner = _Echo()
    asked = [_question(RIGHT, WRONG), _question(WRONG, RIGHT), _question(RIGHT, RIGHT)]

    verdicts = judge_in_order(WithEvidence(inner, EvidenceJudge()), asked)

    assert [verdict.judge for verdict in verdicts] == ["echo"] * 3
    assert [verdict.id for verdict in verdicts] == [comparison.id for comparison in asked]
    assert "widest([3, 8, 2]) should be 8" in inner.heard[0]
    assert "(speaks for B)" in inner.heard[1]
    assert evidence_block([]) == ""


def test_a_second_judge_takes_what_the_first_leaves() -> None:
    """Only what is undecided goes on, and in the order of the question."""
    inner = _Echo()
    judge = Fallback("both", EvidenceJudge(), inner)

    verdicts = judge_in_order(judge, [_question(RIGHT, RIGHT), _question(WRONG, RIGHT), _question(SLOW, SLOW)])

    assert [verdict.judge for verdict in verdicts] == ["echo", "evidence", "echo"]
    assert len(inner.heard) == 2


def _item(favours: str | None, certainty: float, rule: str) -> Evidence:
    return Evidence("example", favours, "seen", certainty, rule)  # type: ignore[arg-type]


def test_one_rule_counts_once_and_rules_add_up() -> None:
    """The same observation made ten times is still one; two kinds of it are more than one."""
    once = weigh([_item("A", 0.8, "x")], "none")
    again = weigh([_item("A", 0.8, "x")] * 10, "none")
    more = weigh([_item("A", 0.8, "x"), _item("A", 0.8, "y")], "none")
    against = weigh([_item("A", 0.8, "x"), _item("B", 0.8, "y")], "none")

    assert once == again == pytest.approx(0.8)
    assert more == pytest.approx(16 / 17)
    assert against == 0.5
    assert weigh([_item(None, 0.5, "x")], "none") is None


@pytest.mark.slow
def test_a_thousand_broken_candidates_leave_no_traceback() -> None:
    """Random, broken, huge and binary codes are what a judge of model output meets."""
    import random

    chance = random.Random(5)
    pieces = [
        RIGHT,
        WRONG,
        "def widest(gaps):",
        "    return",
        "(" * 200,
        "\x00\xff",
        "'''",
        "lambda: 0",
        "é" * 50,
        "9" * 5000,
        "\n",
        "\t",
    ]
    codes = ["".join(chance.choices(pieces, k=chance.randint(0, 6))) for _ in range(996)]
    codes += ["x" * 1_000_000, "[" * 100_000, "a = 1\n" * 100_000, "\ud800"]
    asked = [
        _question(one, other, chance.choice(["correctness", "efficiency", "security"]))
        for one, other in zip(codes[::2], codes[1::2], strict=True)
    ]

    verdicts = judge_in_order(EvidenceJudge(), asked)

    assert len(verdicts) == 500
    assert all(verdict.status == "ok" for verdict in verdicts)
