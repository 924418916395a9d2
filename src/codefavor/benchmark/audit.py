"""Owns the audit of a benchmark: what it gives away to judges that read no instruction, and which rows are broken."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from codefavor.benchmark.audit_rows import Rows
from codefavor.benchmark.evaluate import apply_comment_policy
from codefavor.benchmark.tasks import duels
from codefavor.codetext.comments import strip
from codefavor.codetext.parsing import parse
from codefavor.features.blind import EVERY, POSITION, Duel, blind, floor, highest
from codefavor.features.probes import Guess, guess_of
from codefavor.judges.base import judge_in_order
from codefavor.judges.evidence.judge import EvidenceJudge
from codefavor.problems.asked import read_problem
from codefavor.problems.outcomes import meets
from codefavor.records import BenchmarkTask
from codefavor.sandbox import Job, Sandbox

LEANS: Final = 0.6
"""What a blind judge may guess before the set is said to give its labels away."""

MARKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "comments": lambda code: "#" in code,
    "docstrings": lambda code: '"""' in code or "'''" in code,
    "annotations": lambda code: bool(re.search(r"def .*->|def \w+\(\w+ ?:", code)),
    "single quotes only": lambda code: "'" in code and '"' not in code,
    "blank lines inside": lambda code: "\n\n" in code.strip(),
    "starts with import": lambda code: code.lstrip().startswith(("import ", "from ")),
    "several functions": lambda code: len(re.findall(r"(?m)^ *def ", code)) > 1,
    "handles exceptions": lambda code: "except" in code,
    "one-letter names": lambda code: bool(re.search(r"\b[a-z]\b =", code)),
    "ends without newline": lambda code: not code.endswith("\n"),
    "trailing white space": lambda code: bool(re.search(r"(?m)[ \t]+$", code)),
    "tabs": lambda code: "\t" in code,
}
"""Habits of writers that say nothing about what a code does."""


@dataclass(frozen=True)
class Mark:
    """How often a habit is on the better and on the worse side."""

    better: float
    worse: float
    guess: Guess
    """Of a judge that goes by it, whichever way serves."""


@dataclass(frozen=True)
class Broken:
    """A row that is not a question with an answer."""

    task: str
    why: str


@dataclass
class OfObjective:
    """What was found about the tasks of one objective."""

    tasks: int
    clusters: int
    largest_cluster: int
    floor: dict[str, Guess]
    ways: dict[str, str]
    """Fixed rule → which way round it is at its best."""
    marks: dict[str, Mark]
    authors: dict[str, tuple[int, int]]
    """Who wrote → how many better and worse codes; empty where nobody is named."""
    contradicted: list[str] | None = None
    """Tasks whose label recomputed evidence contradicts; None where it was not asked for."""
    supported: int = 0
    """Tasks whose label it supports."""

    @property
    def highest(self) -> tuple[str, Guess]:
        """The blind judge that guesses most."""
        return highest(self.floor)


@dataclass
class BenchAudit:
    """What an audit found."""

    name: str
    objectives: dict[str, OfObjective]
    duplicates: dict[str, int]
    broken: list[Broken] = field(default_factory=list)

    def leaks(self) -> list[tuple[str, str, Guess]]:
        """Return (objective, blind judge, what it guesses) where the interval lies wholly above what may be guessed."""
        found = []
        for objective, about in self.objectives.items():
            name, guess = max(about.floor.items(), key=lambda item: item[1].low)
            if guess.low > LEANS:
                found.append((objective, name, guess))
        return found

    def as_json(self) -> dict[str, Any]:
        """Return the audit as its JSON summary."""
        return {
            "name": self.name,
            "tasks": sum(about.tasks for about in self.objectives.values()),
            "leaks": [{"objective": each[0], "judge": each[1], **each[2].as_json()} for each in self.leaks()],
            "objectives": {
                objective: {
                    "tasks": about.tasks,
                    "clusters": about.clusters,
                    "largest_cluster": about.largest_cluster,
                    "floor": {name: guess.as_json() for name, guess in about.floor.items()},
                    "ways": about.ways,
                    "marks": {
                        name: {"better": round(mark.better, 4), "worse": round(mark.worse, 4), **mark.guess.as_json()}
                        for name, mark in about.marks.items()
                    },
                    "authors": {name: list(counts) for name, counts in about.authors.items()},
                    **(
                        {}
                        if about.contradicted is None
                        else {"evidence_supports": about.supported, "evidence_contradicts": about.contradicted}
                    ),
                }
                for objective, about in self.objectives.items()
            },
            "duplicates": self.duplicates,
            "broken": [{"task": item.task, "why": item.why} for item in self.broken],
        }


def audit(rows: Rows, *, evidence: bool = False) -> BenchAudit:
    """Return what a set gives away and where it is broken.

    Blind judges see the codes as `eval` shows them: without comments where the objective is verifiable. Habits are
    looked for in the codes as they stand in the file.

    Args:
        rows: the tasks.
        evidence: whether codes are run and scanned, and labels held against what that shows.

    Raises:
        SandboxError: codes are to be run and this machine cannot hold them.
    """
    shown, _ = apply_comment_policy(rows.tasks)
    as_judged, as_written = duels(shown), duels(rows.tasks)
    objectives = {}
    for name, own in as_judged.items():
        tasks = [task for task in rows.tasks if task.objective == name]
        guesses = floor(own)
        if not rows.ordered:
            guesses.pop(POSITION)
        sizes = Counter(task.cluster for task in tasks)
        ways = {judge: blind(judge, own).says for judge in EVERY if judge in guesses}
        objectives[name] = OfObjective(
            tasks=len(tasks),
            clusters=len(sizes),
            largest_cluster=max(sizes.values()),
            floor=guesses,
            ways={judge: way for judge, way in ways.items() if way},
            marks=_marks(as_written[name]),
            authors=_authors(own),
        )
    found = BenchAudit(rows.name, objectives, repetitions(rows.tasks), list(broken_rows(rows.tasks)))
    if evidence:
        found.broken += _fails_own_example(rows.tasks)
        _hold_against_evidence(rows.tasks, shown, found)
    return found


def _marks(own: Sequence[Duel]) -> dict[str, Mark]:
    found = {}
    for name, has in MARKS.items():
        sides = [(has(duel.better), has(duel.worse)) for duel in own]
        right = [0.5 + 0.5 * (better - worse) for better, worse in sides]
        if sum(right) < len(right) / 2:
            right = [1.0 - value for value in right]
        shares = [sum(side[place] for side in sides) / len(sides) for place in (0, 1)]
        if any(shares):
            found[name] = Mark(shares[0], shares[1], guess_of(right, [duel.group for duel in own]))
    return dict(sorted(found.items(), key=lambda item: -item[1].guess.accuracy))


def _authors(own: Sequence[Duel]) -> dict[str, tuple[int, int]]:
    better = Counter(duel.authors[0] for duel in own if duel.authors[0])
    worse = Counter(duel.authors[1] for duel in own if duel.authors[1])
    return {name: (better[name], worse[name]) for name in sorted(better | worse)}


# ── Rows ──


def _plain(code: str) -> str:
    tree = parse(strip(code).text)
    return " ".join(code.split()) if tree is None else ast.unparse(tree)


def repetitions(tasks: Sequence[BenchmarkTask]) -> dict[str, int]:
    """Return how often rows, pairs of codes and codes in both roles come again."""
    same: Counter[tuple[str, ...]] = Counter()
    pairs: Counter[tuple[str, ...]] = Counter()
    roles: dict[tuple[str, str, str], set[bool]] = {}
    for task in tasks:
        codes = (task.code_a, task.code_b)
        same[(task.objective, task.instruction, *codes)] += 1
        plain = [_plain(code) for code in codes]
        pairs[(task.objective, *sorted(plain))] += 1
        for code, letter in zip(plain, "AB", strict=True) if plain[0] != plain[1] else ():
            roles.setdefault((task.objective, task.cluster, code), set()).add(letter == task.label)
    return {
        "the same row again": sum(count - 1 for count in same.values()),
        "the same two codes again, in any order or layout": sum(count - 1 for count in pairs.values()),
        "codes that are better in one row and worse in another": sum(len(found) == 2 for found in roles.values()),
    }


def broken_rows(tasks: Sequence[BenchmarkTask]) -> Iterator[Broken]:
    """Yield the rows of Python that ask nothing: codes that do not parse, hold only imports, or are the same."""
    for task in tasks:
        if task.language != "python":
            continue
        if _plain(task.code_a) == _plain(task.code_b):
            yield Broken(task.task_id or task.id, "both codes are the same once laid out alike")
        for code, letter in ((task.code_a, "A"), (task.code_b, "B")):
            side = "better" if letter == task.label else "worse"
            tree = parse(code)
            if tree is None:
                yield Broken(task.task_id or task.id, f"the {side} code does not parse")
            elif all(isinstance(node, ast.Import | ast.ImportFrom | ast.Pass) for node in tree.body):
                yield Broken(task.task_id or task.id, f"the {side} code holds nothing but imports")


def _fails_own_example(tasks: Sequence[BenchmarkTask]) -> list[Broken]:
    """Return the tasks whose better code does not give what the instruction's own examples show."""
    found = []
    with Sandbox(1) as sandbox:
        for task in tasks:
            if task.language != "python":
                continue
            problem = read_problem(task.instruction, task.code_a, task.code_b)
            if not problem.examples:
                continue
            code = task.code_a if task.label == "A" else task.code_b
            calls = sandbox.run(Job(code, tuple(example.call for example in problem.examples))).calls
            for example, call in zip(problem.examples, calls, strict=False):
                if call.status in ("returned", "raised") and not meets(example, call):
                    name = task.task_id or task.id
                    found.append(Broken(name, f"the better code fails the instruction's own example {example.call}"))
                    break
    return found


def _hold_against_evidence(tasks: Sequence[BenchmarkTask], shown: Sequence[BenchmarkTask], found: BenchAudit) -> None:
    for name, about in found.objectives.items():
        places = [place for place, task in enumerate(tasks) if task.objective == name]
        verdicts = judge_in_order(EvidenceJudge(workers=1), [shown[place] for place in places])
        about.contradicted = []
        for place, verdict in zip(places, verdicts, strict=True):
            if verdict.choice in ("A", "B"):
                if verdict.choice == tasks[place].label:
                    about.supported += 1
                else:
                    about.contradicted.append(tasks[place].task_id or tasks[place].id)
