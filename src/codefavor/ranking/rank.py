"""Owns ranking candidates by a judge: the order, how sure it is, and the comparisons it rests on.

Many questions go on side by side: each round asks the judge for the pairs of all of them at once.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np

from codefavor.errors import EmptyInputError, InputError
from codefavor.judges.base import Judge
from codefavor.judges.load import load_judge
from codefavor.objectives import CRITERIA
from codefavor.ranking.asking import Asker, comparison_of
from codefavor.ranking.schedule import Planner, Schedule, all_pairs, every, repaired_knockout
from codefavor.ranking.strength import Pair, Strengths, strengths
from codefavor.records import Choice, Comparison, Record, Status, Text, Verdict, content_id
from codefavor.runs import Progress, Run, fingerprint, silent

_SMALL: Final = 8
"""So many candidates are all compared with one another where no budget is given: 28 comparisons at most."""
_PER_CANDIDATE: Final = 3
"""Comparisons for each candidate where there are more and no budget is given."""
_DRAWS: Final = 2_000
_DIGITS: Final = 6
"""Of a score; strengths that differ by less are equal, for arithmetic alone parts them."""


class Question(Record):
    """Candidates to rank for one instruction."""

    identity = ("instruction", "criterion", "candidates")

    id: str
    instruction: Text = ""
    candidates: list[Text]
    criterion: Text = "human-preference"
    """An objective by name, or a criterion in words."""
    language: str = "python"


class Ranked(Record):
    """One candidate of a ranking."""

    candidate: int
    """Its place in the question, from 0."""
    place: int
    """From 1, the best; candidates of equal strength share it."""
    score: float
    """Strength in log-odds: that of two candidates differs by the log-odds that the one beats the other."""
    error: float
    """Standard deviation of the score, if the judge's answers were independent draws around its opinion."""
    p_best: float
    """The chance that it is the strongest of all by this judge, as far as the comparisons tell."""
    compared: int
    """How many others it was compared with, of those the judge decided or called equal."""


class Compared(Record):
    """One comparison of a ranking: which two, and what the judge said of the first against the second."""

    first: int
    second: int
    choice: Choice | None
    """"A" is the first."""
    p_first: float | None = None
    status: Status = "ok"


class Ranking(Record):
    """Candidates, best first, and what the order rests on."""

    id: str
    judge: str
    order: list[Ranked]
    comparisons: list[Compared]
    pairs: int
    """How many comparisons there could have been."""
    undecided: int
    """Comparisons that taught nothing: the judge abstained, or its answer could not be read."""
    failures: int
    """Comparisons that could not be asked; the order rests on the others."""
    cycles: int
    """Triples in which the judge contradicts itself: each beats the next, and the last the first."""
    cost_usd: float | None = None

    @property
    def best(self) -> int:
        """The number of the best candidate."""
        return self.order[0].candidate


def rank(
    instruction: str,
    candidates: Sequence[str],
    judge: str | Judge = "auto",
    criterion: str = "human-preference",
    budget: int | None = None,
    *,
    language: str = "python",
    run_dir: Path | None = None,
) -> Ranking:
    """Return the candidates in order, best first, by pairwise verdicts of one judge.

    Args:
        instruction: what all were asked to do.
        candidates: codes, at least two; equal ones are compared once and share a place.
        judge: KIND:NAME (see `codefavor.load_judge`) or a judge that is already loaded.
        criterion: one of the four objectives by name, or the criterion in free words.
        budget: comparisons at most. All pairs are compared where they fit; else those that tell most about the best.
            By default all pairs of up to 8 candidates, and 3 comparisons a candidate of more.
        language: what all are written in.
        run_dir: where answers are kept, so that the same call goes on from there; nothing is kept without it.

    Raises:
        InputError: there are fewer than two candidates, the budget is below 1, or the judge cannot be used.
        RunMismatchError: the folder holds another ranking.
    """
    row = {"instruction": instruction, "candidates": list(candidates), "criterion": criterion, "language": language}
    asked = load_judge(judge) if isinstance(judge, str) else judge
    return rank_all([Question.model_validate(row)], asked, budget, run_dir=run_dir)[0]


def planned(count: int, budget: int | None) -> int:
    """Return how many comparisons of so many different candidates are made at most.

    >>> planned(8, None), planned(20, None), planned(3, 100)
    (28, 60, 3)
    """
    usual = every(count) if count <= _SMALL else _PER_CANDIDATE * count
    return min(every(count), usual if budget is None else budget)


def rank_all(
    questions: Sequence[Question],
    judge: Judge,
    budget: int | None = None,
    *,
    run_dir: Path | None = None,
    judge_files: Mapping[str, str] | None = None,
    asking: Mapping[str, Any] | None = None,
    planner: Planner = repaired_knockout,
    progress: Progress = silent,
) -> list[Ranking]:
    """Return the ranking of each question; all go on side by side, so that the judge is asked for many pairs at once.

    Args:
        questions: what is ranked.
        judge: who is asked.
        budget: comparisons at most, of each question; else as for `rank`.
        run_dir: where answers are kept; what is there already is not asked again.
        judge_files: files the judge is made of → their SHA-256, so that no other judge goes on with the folder.
        asking: of a chat model, the settings that decide what it is asked and how it answers.
        planner: which pairs are compared where not all fit into the budget.
        progress: told the number of comparisons answered.

    Raises:
        InputError: a question has fewer than two candidates, or the budget is below 1.
        RunMismatchError: the folder holds another ranking.
    """
    if not questions:
        raise EmptyInputError("there is nothing to rank; give at least one question with its candidates")
    if budget is not None and budget < 1:
        raise InputError(f"the budget is a number of comparisons, at least 1; got {budget}")
    works = [_Work(asked, budget, planner) for asked in questions]
    with ExitStack() as stack:
        folder = None
        if run_dir is not None:
            asked = [each.model_dump(mode="json") for each in questions]
            settings = {"judge": judge.name, "budget": budget, "asking": asking, "questions": fingerprint(asked)}
            folder = stack.enter_context(Run(run_dir, "rank", settings, judge_files or {})).folder
        asker = stack.enter_context(Asker(judge, folder))
        done, total = 0, sum(work.budget for work in works)
        while open_works := [work for work in works if work.pairs]:
            verdicts = iter(asker.ask([each for work in open_works for each in work.comparisons()]))
            for work in open_works:
                done += len(work.pairs)
                work.take(itertools.islice(verdicts, len(work.pairs)))
            progress(done, total)
    return [work.ranking(judge.name) for work in works]


class _Work:
    """One question on its way: its different codes, what is asked about them, and what was said so far."""

    def __init__(self, asked: Question, budget: int | None, planner: Planner) -> None:
        if len(asked.candidates) < 2:
            raise InputError(f"ranking takes at least two candidates; question {asked.id} has {len(asked.candidates)}")
        self._question = asked
        # By content, so that the order in which candidates are listed decides nothing.
        self._codes = sorted(set(asked.candidates), key=lambda code: content_id(asked.instruction, code))
        count = len(self._codes)
        self.budget = planned(count, budget)
        self._answers: dict[Pair, Verdict] = {}
        self._schedule: Schedule = (all_pairs if self.budget == every(count) else planner)(count, self.budget)
        self.pairs: list[Pair] = next(self._schedule) if count > 1 else []
        """The round under way; empty when nothing is left to ask."""
        self._asked: list[tuple[Comparison, bool]] = []

    def comparisons(self) -> list[Comparison]:
        """Return the round under way as questions to a judge."""
        asked = self._question
        criterion = CRITERIA.get(asked.criterion, asked.criterion)
        self._asked = [
            comparison_of(asked.instruction, self._codes[first], self._codes[second], criterion, asked.language)
            for first, second in self.pairs
        ]
        return [comparison for comparison, _ in self._asked]

    def take(self, verdicts: Iterable[Verdict]) -> None:
        """Take in the answers to the round, and plan the next."""
        turned = (each for _, each in self._asked)
        said = [verdict.swapped() if turn else verdict for turn, verdict in zip(turned, verdicts, strict=True)]
        self._answers.update(zip(self.pairs, said, strict=True))
        try:
            self.pairs = self._schedule.send([outcome(verdict) for verdict in said])
        except StopIteration:
            self.pairs = []

    def ranking(self, judge: str) -> Ranking:
        """Return what the answers come to."""
        count, answers = len(self._codes), self._answers
        shares = {pair: share for pair, verdict in answers.items() if (share := outcome(verdict)) is not None}
        found = strengths(count, list(shares), list(shares.values()))
        failures = sum(verdict.status == "error" for verdict in answers.values())
        costs = [verdict.cost_usd for verdict in answers.values() if verdict.cost_usd is not None]
        candidates = self._question.candidates
        first = [candidates.index(code) for code in self._codes]
        return Ranking(
            id=self._question.id,
            judge=judge,
            order=_ordered([self._codes.index(code) for code in candidates], found, list(shares)),
            comparisons=[
                Compared(
                    first=first[one],
                    second=first[other],
                    choice=verdict.choice,
                    p_first=verdict.p_a,
                    status=verdict.status,
                )
                for (one, other), verdict in answers.items()
            ],
            pairs=every(count),
            undecided=len(answers) - len(shares) - failures,
            failures=failures,
            cycles=_cycles(count, shares),
            cost_usd=sum(costs) if costs else None,
        )


def _ordered(codes: Sequence[int], found: Strengths, pairs: Sequence[Pair]) -> list[Ranked]:
    """Return the candidates best first.

    Args:
        codes: for each candidate, which of the different codes it is.
        found: the strengths of the different codes.
        pairs: those that were compared to some avail.
    """
    best = np.bincount(found.draws(_DRAWS).argmax(axis=1), minlength=len(found.mean)) / _DRAWS
    compared = Counter(code for pair in pairs for code in pair)
    scores = [round(float(score), _DIGITS) for score in found.mean]
    ranked: list[Ranked] = []
    for number, candidate in enumerate(sorted(range(len(codes)), key=lambda each: (-scores[codes[each]], each)), 1):
        code = codes[candidate]
        score = scores[code]
        ranked.append(
            Ranked(
                candidate=candidate,
                place=ranked[-1].place if ranked and ranked[-1].score == score else number,
                score=score,
                error=round(float(found.errors[code]), 4),
                p_best=float(best[code]),
                compared=compared[code],
            )
        )
    return ranked


def _cycles(count: int, shares: Mapping[Pair, float]) -> int:
    """Return how many triples go round in a circle: each beats the next."""
    beats = np.zeros((count, count))
    for (first, second), share in shares.items():
        beats[first, second], beats[second, first] = share > 0.5, share < 0.5
    return round(float(np.trace(beats @ beats @ beats)) / 3)


def outcome(verdict: Verdict) -> float | None:
    """Return the share of a comparison that A won: its probability where there is one; None where nothing was learned.

    >>> outcome(Verdict(id="x", p_a=None, choice="tie", judge="j"))
    0.5
    """
    if verdict.status != "ok" or verdict.choice in (None, "abstain"):
        return None
    if verdict.p_a is not None:
        return verdict.p_a
    return 0.5 if verdict.choice == "tie" else float(verdict.choice == "A")
