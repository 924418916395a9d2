"""Judges asked one after the other."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from codefavor.errors import InputError
from codefavor.judges.base import failure_of, judge_in_order
from codefavor.judges.cascade import Cascade, Stage, parse
from codefavor.judges.load import asked_with, asks_chat, judge_files, load_judge
from codefavor.judges.settings import AskingSettings
from codefavor.records import Comparison, Verdict


class Fixed:
    """Says the same of everything, and counts what it was asked."""

    def __init__(self, name: str, choice: str | None, p_a: float | None = None, cost: float | None = None) -> None:
        self.name, self.block = name, 1
        self._said = {"choice": choice, "p_a": p_a, "cost_usd": cost, "usage": {"requests": 1} if cost else None}
        self.asked: list[str] = []

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Answer, or fail where there is no choice."""
        for index, comparison in reversed(list(enumerate(comparisons))):
            self.asked.append(comparison.code_a)
            if self._said["choice"] is None:
                yield index, failure_of(comparison, self.name, "no answer")
            else:
                yield index, Verdict.model_validate({"id": comparison.id, "judge": self.name, **self._said})


class BySize(Fixed):
    """Sure of the longer code by how much longer it is."""

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Answer by length."""
        for index, comparison in enumerate(comparisons):
            self.asked.append(comparison.code_a)
            p_a = len(comparison.code_a) / len(comparison.code_a + comparison.code_b)
            row = {"id": comparison.id, "judge": self.name, "p_a": p_a, "choice": "A" if p_a > 0.5 else "B"}
            yield index, Verdict.model_validate(row)


def question(code_a: str, code_b: str = "b") -> Comparison:
    row = {"instruction": "i", "code_a": code_a, "code_b": code_b, "criterion": "c"}
    return Comparison.model_validate(row)


def test_only_what_is_not_settled_is_sent_on() -> None:
    """The dear judge sees the close ones alone, and answers come back at their own places."""
    cheap, dear = BySize("cheap", "A"), Fixed("dear", "B", 0.1)
    cascade = Cascade("cascade:x", [Stage(cheap, 0.8), Stage(dear, 0.8)])

    found = judge_in_order(cascade, [question("a" * size) for size in (9, 2, 4, 1, 3)])

    assert [verdict.judge for verdict in found] == ["cheap", "dear", "cheap", "dear", "dear"]
    assert sorted(dear.asked) == ["a", "aa", "aaa"]
    assert len(cheap.asked) == 5


def test_many_comparisons_go_through_in_parts() -> None:
    """The dear judge starts before the cheap one has seen all; every index comes once."""
    cheap, dear = BySize("cheap", "A"), Fixed("dear", "B", 0.1)
    cascade = Cascade("cascade:x", [Stage(cheap, 0.8), Stage(dear, 0.8)])

    found = judge_in_order(cascade, [question("a" * (1 + number % 7) + f"{number:03}"[-1]) for number in range(600)])

    assert len(found) == 600
    assert len(cheap.asked) == 600
    assert 0 < len(dear.asked) < 600


@pytest.mark.parametrize("undecided", ["tie", "abstain", None])
def test_ties_silence_and_failures_settle_nothing(undecided: str | None) -> None:
    """The next judge is asked; the first one's word is kept beside."""
    cascade = Cascade("cascade:x", [Stage(Fixed("first", undecided), 0.5), Stage(Fixed("second", "A"), 0.5)])

    verdict = judge_in_order(cascade, [question("a")])[0]

    assert (verdict.judge, verdict.choice, verdict.status) == ("second", "A", "ok")
    assert verdict.evidence is not None
    assert verdict.evidence[-1]["judge"] == "first"
    assert verdict.evidence[-1]["choice"] == undecided


@pytest.mark.parametrize("undecided", ["tie", "abstain", None])
def test_the_surest_stands_where_the_last_decides_nothing(undecided: str | None) -> None:
    """What was learned on the way is better than nothing."""
    judges = [Fixed("first", "A", 0.7), Fixed("second", "B", 0.4), Fixed("third", undecided)]
    cascade = Cascade("cascade:x", [Stage(judge, 0.8) for judge in judges])

    assert judge_in_order(cascade, [question("a")])[0].judge == "first"


def test_nobody_deciding_is_the_last_ones_word() -> None:
    """A failure of the last stays a failure: it can be asked again."""
    cascade = Cascade("cascade:x", [Stage(Fixed("first", "tie"), 0.8), Stage(Fixed("second", None), 0.8)])

    assert judge_in_order(cascade, [question("a")])[0].status == "error"


def test_the_cost_is_that_of_all_who_were_asked() -> None:
    """A cascade that hid what its cheap judges cost would look cheaper than it is."""
    judges = [Fixed("first", "tie", cost=0.01), Fixed("second", "A", 0.6, cost=0.02), Fixed("third", "B", cost=0.5)]
    cascade = Cascade("cascade:x", [Stage(judge, 0.8) for judge in judges])

    verdict = judge_in_order(cascade, [question("a")])[0]

    assert verdict.cost_usd == pytest.approx(0.53)
    assert verdict.usage == {"requests": 3}


def test_blocks_fit_all_judges() -> None:
    """What shares a batch in any of them is handed over whole."""
    first, second = Fixed("first", "A"), Fixed("second", "A")
    first.block, second.block = 4, 6

    assert Cascade("cascade:x", [Stage(first, 0.8), Stage(second, 0.8)]).block == 12


def test_names_make_cascades(tmp_path: Path) -> None:
    """Thresholds stand behind the names; a name that holds an @ keeps it."""
    assert parse("builtin@0.95,google:m@2024,baseline:shorter@1") == [
        ("builtin", 0.95),
        ("google:m@2024", 0.8),
        ("baseline:shorter", 1.0),
    ]
    said = tmp_path / "said.jsonl"
    said.write_text('{"id": "x", "p_a": 0.5, "choice": "tie", "judge": "j"}\n')
    name = f"cascade:recorded:{said},baseline:longer"

    judge = load_judge(name)

    assert judge.name == name
    assert judge_in_order(judge, [question("aaaa")])[0].judge == "baseline:longer"
    assert list(judge_files(name)) == ["judge/1/judge"]
    assert not asks_chat(name)
    assert asks_chat("cascade:builtin,openai:m")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cascade:builtin", "has one judge"),
        ("cascade:builtin@0.3,evidence", "from 0.5 to 1"),
        ("cascade:builtin,,evidence", "'' is not JUDGE"),
        ("cascade:builtin,cascade:evidence", "no other cascade"),
        ("cascade:", "not a whole name"),
        ("cascade:builtin,nobody:x", "no kind of judge 'nobody'"),
    ],
)
def test_a_name_that_is_none_is_said(name: str, words: str) -> None:
    """One sentence with what to write instead."""
    with pytest.raises(InputError, match=words):
        load_judge(name)


def test_the_servers_of_its_chat_models_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of one name against two servers are two runs, whichever variable named the server."""
    spec, settings = "cascade:builtin@0.9,openai:m,bedrock:n", AskingSettings(seed=3)
    for name in ("AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)

    assert asked_with("cascade:builtin,evidence", settings) is None
    assert asked_with(spec, settings) == settings.decides()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1?key=hunter2hunter2")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert asked_with(spec, settings) == {
        **settings.decides(),
        "servers": {"openai:m": {"base_url": "http://127.0.0.1:1/v1"}, "bedrock:n": {"region": "eu-west-1"}},
    }
    here = settings.model_copy(update={"base_url": "http://127.0.0.1:2/v1"})
    assert asked_with("cascade:builtin,openai:m", here) == here.decides()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:hunter2hunter2@127.0.0.1:1/v1")
    with pytest.raises(InputError, match="holds a user name") as caught:
        asked_with(spec, settings)
    assert "hunter2" not in str(caught.value)
