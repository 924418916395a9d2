"""Owns what a study found: each person's answers and the majority's, as verdicts that any judge's can stand beside."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from codefavor.annotation.store import Assigned, Kept, Store, standing
from codefavor.annotation.tasks import StudyTask
from codefavor.records import Choice, Judgement, Verdict

MAJORITY: Final = "human:majority"
_SURE: Final = {"low": 0.6, "high": 0.8, "very high": 0.95}
"""What a person's words are taken to mean; order matters to whoever uses it, the numbers are ours."""


@dataclass(frozen=True)
class Answer:
    """One person's standing answer to one task, with what it takes to weigh it."""

    annotator: str
    task: StudyTask
    gold: bool
    choice: str
    """ "A", "B", "tie" or "skip", of the codes as the task has them."""
    confidence: str
    note: str
    seconds: float
    saved: float
    swapped: bool
    """Whether the second code was shown first."""
    slot: int | None
    place: int
    """How many tasks the person had answered before this one."""

    @property
    def shown_choice(self) -> str:
        """The choice as it was clicked: A is the code that was shown first."""
        return {"A": "B", "B": "A"}.get(self.choice, self.choice) if self.swapped else self.choice


def answers_of(store: Store) -> list[Answer]:
    """Return every standing answer of a study, skipped tasks included, in the order of saving."""
    tasks = store.tasks()
    shown: dict[tuple[str, str], Assigned] = {(one.annotator, one.task): one for one in store.assignments()}
    counts: Counter[str] = Counter()
    found = []
    for kept in sorted(standing(store.history()).values(), key=lambda each: each.number):
        found.append(_answer(kept, tasks[kept.task].task, tasks[kept.task].gold, shown, counts[kept.annotator]))
        counts[kept.annotator] += 1
    return found


def _answer(kept: Kept, task: StudyTask, gold: bool, shown: Mapping[tuple[str, str], Assigned], place: int) -> Answer:
    one = shown[kept.annotator, kept.task]
    return Answer(
        kept.annotator,
        task,
        gold,
        kept.choice,
        kept.confidence,
        kept.note,
        kept.seconds,
        kept.saved,
        one.swapped,
        one.slot,
        place,
    )


def by_task(answers: Iterable[Answer], *, gold: bool = False) -> dict[str, list[Answer]]:
    """Return the answers that say something, by task; those to gold tasks only on request."""
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        if answer.choice != "skip" and (gold or not answer.gold):
            found.setdefault(answer.task.id, []).append(answer)
    return found


def majority(choices: Iterable[str]) -> Choice:
    """Return what more people say; a tie is half a vote for each side, and as many for A as for B is a tie.

    >>> majority(["A", "A", "B"]), majority(["A", "B", "tie"]), majority(["tie", "tie", "B"])
    ('A', 'tie', 'B')
    """
    counts = Counter(choices)
    if counts["A"] == counts["B"]:
        return "tie"
    return "A" if counts["A"] > counts["B"] else "B"


def verdict_of_person(answer: Answer) -> Verdict:
    """Return a person's answer as a judge's verdict; how sure they were becomes its probability."""
    sure = _SURE.get(answer.confidence, 0.8)
    p_a = {"A": sure, "B": 1 - sure}.get(answer.choice, 0.5)
    choice: Choice = "A" if answer.choice == "A" else "B" if answer.choice == "B" else "tie"
    return Verdict.model_validate(
        {
            "id": answer.task.id,
            "p_a": p_a,
            "choice": choice,
            "judge": f"human:{answer.annotator}",
            "seconds": round(answer.seconds, 2),
            "confidence": answer.confidence,
            "shown": "swapped" if answer.swapped else "given",
        }
    )


def verdict_of_majority(answers: Sequence[Answer]) -> Verdict:
    """Return what most people say of one task; a tie counts half for each side in its probability."""
    votes = [{"A": 1.0, "B": 0.0}.get(answer.choice, 0.5) for answer in answers]
    return Verdict.model_validate(
        {
            "id": answers[0].task.id,
            "p_a": sum(votes) / len(votes),
            "choice": majority(answer.choice for answer in answers),
            "judge": MAJORITY,
            "votes": len(votes),
        }
    )


def judged(verdict: Verdict, task: StudyTask) -> Verdict:
    """Return a verdict held against its task's label; as it is where there is none."""
    if task.label is None:
        return verdict
    correct = float(verdict.choice == task.label) if verdict.choice in ("A", "B") else 0.5
    return Judgement.model_validate(
        {
            **verdict.model_dump(),
            "task_id": task.task_id,
            "objective": task.objective,
            "cluster": task.cluster,
            "label": task.label,
            "correct": correct,
        }
    )


def verdicts(answers: Sequence[Answer]) -> dict[str, list[Verdict]]:
    """Return judge → verdicts: each person's, and the majority's."""
    found: dict[str, list[Verdict]] = {}
    grouped = by_task(answers, gold=True)
    for group in grouped.values():
        for answer in group:
            verdict = judged(verdict_of_person(answer), answer.task)
            found.setdefault(verdict.judge, []).append(verdict)
    found = dict(sorted(found.items()))
    found[MAJORITY] = [
        judged(verdict_of_majority(group), group[0].task) for group in grouped.values() if not group[0].gold
    ]
    return found


def credit(said: str, there: str) -> float:
    """Return 1 where two agree, 0 where they do not, and a half where just one of them is undecided.

    >>> credit("A", "A"), credit("A", "B"), credit("tie", "B"), credit("tie", "tie")
    (1.0, 0.0, 0.5, 1.0)
    """
    if said == there:
        return 1.0
    return 0.0 if said in ("A", "B") and there in ("A", "B") else 0.5


def like_the_rest(answer: Answer, group: Iterable[Answer]) -> float | None:
    """Return how far somebody agrees with the majority of the others; None where there are no others."""
    others = [other.choice for other in group if other.annotator != answer.annotator]
    return credit(answer.choice, majority(others)) if others else None


def against_the_rest(answers: Sequence[Answer]) -> dict[str, tuple[float, int]]:
    """Return, for each person, how often the majority of the others says the same, and over how many tasks."""
    found: dict[str, list[float]] = {}
    for group in by_task(answers).values():
        for answer in group:
            if (same := like_the_rest(answer, group)) is not None:
                found.setdefault(answer.annotator, []).append(same)
    return {name: (fmean(found[name]), len(found[name])) for name in sorted(found)}
