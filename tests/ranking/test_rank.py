"""Ranking candidates by a judge."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

import codefavor
from codefavor.errors import EmptyInputError, InputError, JudgeError, RunMismatchError
from codefavor.jsonl import read_records
from codefavor.judges.base import failure_of, verdict_of
from codefavor.judges.baselines import load as baseline
from codefavor.ranking.rank import Question, Ranking, rank_all
from codefavor.ranking.strength import PRIOR_SD
from codefavor.records import Comparison, Verdict

Answer = Callable[[Comparison], Verdict]


class Scripted:
    """Answers by a function, and remembers what it was asked, call by call."""

    name = "test:scripted"

    def __init__(self, answer: Answer, block: int = 1, stop_after: int | None = None) -> None:
        self.block = block
        self.calls: list[list[Comparison]] = []
        self._answer, self._left = answer, stop_after

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Answer from the last to the first."""
        self.calls.append(list(comparisons))
        for index in reversed(range(len(comparisons))):
            if self._left is not None:
                if not self._left:
                    raise KeyboardInterrupt
                self._left -= 1
            yield index, self._answer(comparisons[index])

    @property
    def asked(self) -> list[str]:
        """The ids of all comparisons, in the order asked."""
        return [comparison.id for call in self.calls for comparison in call]


def by_number(comparison: Comparison) -> Verdict:
    """The code that ends in the higher number wins."""
    high = int(comparison.code_a.split()[-1]) > int(comparison.code_b.split()[-1])
    return said(comparison, "A" if high else "B")


def said(comparison: Comparison, choice: str | None, **rest: object) -> Verdict:
    return Verdict.model_validate({"id": comparison.id, "p_a": None, "choice": choice, "judge": Scripted.name, **rest})


def codes(count: int) -> list[str]:
    return [f"x = {number}" for number in range(count)]


def order(ranking: Ranking) -> list[int]:
    return [row.candidate for row in ranking.order]


@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_consistent_judge_gives_its_order(count: int) -> None:
    """All pairs of few candidates: nothing is left to chance."""
    ranking = codefavor.rank("write x", codes(count), Scripted(by_number))

    assert order(ranking) == list(reversed(range(count)))
    assert [row.place for row in ranking.order] == list(range(1, count + 1))
    assert len(ranking.comparisons) == ranking.pairs == count * (count - 1) // 2
    assert (ranking.cycles, ranking.undecided, ranking.failures) == (0, 0, 0)


def test_the_budget_is_kept_and_finds_the_best_of_many() -> None:
    """100 comparisons of 40 candidates are an eighth of all pairs."""
    judge = Scripted(by_number)

    ranking = codefavor.rank("write x", codes(40), judge, budget=100)

    assert ranking.best == 39
    assert len(ranking.comparisons) == len(judge.asked) == len(set(judge.asked)) == 100


def test_the_listing_decides_nothing() -> None:
    """The same candidates in another order are ranked by the same comparisons."""
    there, back = Scripted(by_number), Scripted(by_number)

    first = codefavor.rank("write x", codes(20), there, budget=40)
    second = codefavor.rank("write x", codes(20)[::-1], back, budget=40)

    assert there.asked == back.asked
    places = [{row.candidate: row.place for row in ranking.order} for ranking in (first, second)]
    assert all(places[0][number] == places[1][19 - number] for number in range(20))


def test_a_judge_that_looks_at_position_ranks_nobody() -> None:
    """Which code stands first is drawn from the codes, so a liking for a place cancels out over many pairs."""
    firsts = codefavor.rank("write x", codes(60), baseline("first"), budget=60 * 59 // 2)

    spread = firsts.order[0].score - firsts.order[-1].score
    honest = codefavor.rank("write x", codes(60), Scripted(by_number), budget=60 * 59 // 2)
    assert spread < (honest.order[0].score - honest.order[-1].score) / 5


def test_equal_codes_share_a_place_and_are_asked_about_once() -> None:
    """Asking whether a code is better than itself would be paid for in vain."""
    judge = Scripted(by_number)

    ranking = codefavor.rank("write x", ["x = 1", "x = 2", "x = 1"], judge)

    assert order(ranking) == [1, 0, 2]
    assert [row.place for row in ranking.order] == [1, 2, 2]
    assert len(judge.asked) == 1


def test_nothing_but_equal_codes_asks_nothing() -> None:
    """There is one code; it is the best."""
    judge = Scripted(by_number)

    ranking = codefavor.rank("write x", ["x = 1", "x = 1"], judge)

    assert judge.calls == []
    assert [row.place for row in ranking.order] == [1, 1]
    assert ranking.order[0].p_best == 1.0


def test_ties_are_halves_and_leave_equals_together() -> None:
    """A judge that sees no difference anywhere puts all in the first place, in the order given."""
    ranking = codefavor.rank("write x", codes(5), Scripted(lambda each: said(each, "tie")))

    assert order(ranking) == [0, 1, 2, 3, 4]
    assert {row.place for row in ranking.order} == {1}
    assert {row.compared for row in ranking.order} == {4}


def test_abstentions_teach_nothing_and_are_counted() -> None:
    """A comparison that a judge passes over is no tie: the other comparisons decide."""

    def shy(comparison: Comparison) -> Verdict:
        return (
            said(comparison, "abstain") if "x = 0" in comparison.code_a + comparison.code_b else by_number(comparison)
        )

    ranking = codefavor.rank("write x", codes(4), Scripted(shy))

    assert ranking.undecided == 3
    alone = next(row for row in ranking.order if row.candidate == 0)
    assert (alone.compared, alone.score, alone.error) == (0, 0.0, PRIOR_SD)


def test_circles_are_counted_and_broken_by_the_rest() -> None:
    """0 beats 1 beats 2 beats 0, and all beat 3."""
    beats = {(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)}

    def circle(comparison: Comparison) -> Verdict:
        pair = int(comparison.code_a[-1]), int(comparison.code_b[-1])
        return said(comparison, "A" if pair in beats else "B")

    ranking = codefavor.rank("write x", codes(4), Scripted(circle))

    assert ranking.cycles == 1
    assert [row.place for row in ranking.order] == [1, 1, 1, 4]


def test_probabilities_count_as_they_are() -> None:
    """A close win tells less than a clear one: 1 wins twice barely, 2 wins once clearly."""
    p_of = {("1", "0"): 0.52, ("1", "2"): 0.51, ("2", "0"): 0.99}

    def graded(comparison: Comparison) -> Verdict:
        a, b = comparison.code_a[-1], comparison.code_b[-1]
        return verdict_of(comparison, "test", p_of[a, b] if (a, b) in p_of else 1 - p_of[b, a])

    assert codefavor.rank("write x", codes(3), Scripted(graded)).best == 2


def test_comparisons_say_who_was_preferred() -> None:
    """Whichever order a pair was asked in, "A" is the candidate named first."""
    ranking = codefavor.rank("write x", codes(6), Scripted(by_number))

    assert all((each.choice == "A") == (each.first > each.second) for each in ranking.comparisons)


def test_what_could_not_be_asked_is_counted_and_the_rest_decides() -> None:
    """One failed request does not lose the others, which are paid for."""

    def broken(comparison: Comparison) -> Verdict:
        return failure_of(comparison, "test", "no answer") if "x = 0" in comparison.code_a else by_number(comparison)

    ranking = codefavor.rank("write x", codes(5), Scripted(broken))

    assert ranking.failures == sum(each.status == "error" for each in ranking.comparisons)
    assert ranking.failures > 0
    assert ranking.best == 4


def test_a_judge_that_gives_up_leaves_what_it_said() -> None:
    """The exception ends the asking; what came before it counts."""

    class Ending(Scripted):
        def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
            yield 0, by_number(comparisons[0])
            raise JudgeError("the budget is spent")

    ranking = codefavor.rank("write x", codes(4), Ending(by_number))

    assert ranking.failures == 5
    assert sum(row.compared for row in ranking.order) == 2


def test_many_questions_share_each_round() -> None:
    """A judge on an accelerator is given the pairs of all questions at once."""
    judge = Scripted(by_number)
    questions = [Question.model_validate({"instruction": f"write {n}", "candidates": codes(12)}) for n in range(5)]

    rankings = rank_all(questions, judge, 30)

    assert [ranking.best for ranking in rankings] == [11] * 5
    assert len(judge.calls[0]) == 5 * 6
    assert rankings[0].order == codefavor.rank("write 0", codes(12), Scripted(by_number), budget=30).order


@pytest.mark.parametrize("block", [1, 4])
def test_a_killed_run_goes_on_and_asks_nothing_twice(tmp_path: Path, block: int) -> None:
    """What was paid for is on disk; what shared a batch that was cut short shares it again."""
    whole = codefavor.rank("write x", codes(20), Scripted(by_number, block), budget=50)
    killed = Scripted(by_number, block, stop_after=23)
    with pytest.raises(KeyboardInterrupt):
        codefavor.rank("write x", codes(20), killed, budget=50, run_dir=tmp_path / "run")
    kept = {verdict.id for verdict in read_records(tmp_path / "run" / "verdicts.jsonl", Verdict)}

    judge = Scripted(by_number, block)
    resumed = codefavor.rank("write x", codes(20), judge, budget=50, run_dir=tmp_path / "run")

    assert len(kept) == 23
    assert resumed == whole
    assert len(kept.intersection(judge.asked)) < block
    again = Scripted(by_number, block)
    assert codefavor.rank("write x", codes(20), again, budget=50, run_dir=tmp_path / "run") == whole
    assert again.asked == []


def test_failures_are_asked_again(tmp_path: Path) -> None:
    """A server that was down is up again."""
    down = Scripted(lambda each: failure_of(each, "test", "down"))

    assert codefavor.rank("write x", codes(4), down, run_dir=tmp_path).failures == 6
    assert codefavor.rank("write x", codes(4), Scripted(by_number), run_dir=tmp_path).failures == 0


def test_a_folder_holds_one_ranking(tmp_path: Path) -> None:
    """Answers for other candidates would be mixed in."""
    codefavor.rank("write x", codes(4), Scripted(by_number), run_dir=tmp_path)

    with pytest.raises(RunMismatchError, match="another setting 'questions'"):
        codefavor.rank("write x", codes(5), Scripted(by_number), run_dir=tmp_path)


def test_what_cannot_be_ranked_is_said() -> None:
    """One sentence with what to do."""
    with pytest.raises(InputError, match=r"at least two candidates; question .* has 1"):
        codefavor.rank("write x", codes(1), Scripted(by_number))
    with pytest.raises(InputError, match="at least 1; got 0"):
        codefavor.rank("write x", codes(3), Scripted(by_number), budget=0)
    with pytest.raises(EmptyInputError, match="nothing to rank"):
        rank_all([], Scripted(by_number))


def test_a_real_judge_finds_the_best_version() -> None:
    """The feature model that ships with the package puts the linear version before the quadratic ones."""
    ranking = codefavor.rank(
        "Return the sum of a list of numbers.",
        [
            "def total(xs):\n    return xs[0] + total(xs[1:]) if xs else 0\n",
            "def total(xs):\n    return sum(xs)\n",
            "def total(xs):\n    result = 0\n    for place in range(len(xs)):\n        result = sum(xs[:place + 1])\n"
            "    return result\n",
        ],
        judge="builtin",
        criterion="efficiency",
    )

    assert ranking.best == 1
