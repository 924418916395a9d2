"""Owns keeping texts that must not be learned, such as a benchmark's, out of a data set.

A pair is contaminated where one of its codes or its instruction is, of a forbidden text of the same sort,

- `exact`: the same but for comments and blanks;
- `tree`: the same shape (`codetext.shape`): the copy was renamed and reformatted. Whole codes are compared, and the
  functions and classes at their top, where they have at least `SMALLEST_SHAPE` parts and are most of the forbidden
  code: a class of tree nodes that a task happens to need is nobody's;
- `near`: a Levenshtein similarity of at least `deduplication.NEAR`;
- `13-gram`: at least `SHARED` of the runs of 13 tokens of the shorter of the two are in the other, and at least
  `FEWEST_RUNS`. Runs that are commonplace do not count: those that several forbidden problems hold, and those of few
  different tokens. Codes are also looked up among instructions, for a docstring may hold one.

The first that holds, in this order, is the one reported. Does not cover: the same idea in other words or another
language, and copies that were renamed and then changed here and there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from codefavor.codetext.comments import strip
from codefavor.codetext.shape import shapes
from codefavor.dataset.deduplication import SHORTEST, SimilarTexts, code_key, similarity, squeezed
from codefavor.dataset.runs_of_tokens import runs, token_hashes
from codefavor.records import PreferencePair, Record

Kind: TypeAlias = Literal["exact", "tree", "near", "13-gram"]
Sort: TypeAlias = Literal["code", "instruction"]
KINDS: Final[tuple[Kind, ...]] = ("exact", "tree", "near", "13-gram")
PARTS: Final[tuple[str, ...]] = ("improved_code", "naive_code", "instruction")
RUN: Final = 13
"""Tokens in a row."""
SHARED: Final = 0.5
"""Share of the runs of the shorter text, or of the shape of a forbidden code, from which two texts overlap."""
FEWEST_RUNS: Final = 10
"""Runs two texts must share, however short one is."""
SMALLEST_SHAPE: Final = 45
"""Parts of a shape under which it is nobody's: a loop that sums up has 37, Euclid's algorithm 43."""
_COMMON_PROBLEMS: Final = 3
"""Forbidden problems that hold a run, from which it is commonplace."""
_FEWEST_TOKENS: Final = 6
"""Different tokens of a run under which it is commonplace, as in a table of zeros."""


@dataclass(frozen=True)
class ForbiddenText:
    """A text that no pair may hold."""

    text: str
    task: str
    """What it is called in reports."""
    sort: Sort = "code"
    problem: str = ""
    """Texts of one problem may be alike; the task's name where it is empty."""
    language: str = "python"
    wrong: bool = False
    """Whether it is the worse code of its task, which is told apart in measuring similarity."""


class Contamination(Record):
    """Why a pair was left out: which part of it is too like which task; the task's text is not repeated."""

    pair: str
    part: str
    kind: str
    task: str
    similarity: float
    """1 for `exact` and `tree`; the Levenshtein similarity for `near`; the share of runs for `13-gram`."""


@dataclass(frozen=True)
class Overlap:
    """How a text is like a forbidden one."""

    kind: Kind
    task: str
    similarity: float


class Forbidden:
    """Texts that no pair may be like.

    Args:
        texts: codes and instructions, in any order; what is given twice counts once.
    """

    def __init__(self, texts: Iterable[ForbiddenText]) -> None:
        self.texts = sorted(set(texts), key=lambda item: (item.task, item.sort, item.language, item.text, item.wrong))
        digest = sha256()
        for item in self.texts:
            for word in (item.task, item.sort, item.problem, item.language, item.text):
                digest.update(sha256(word.encode("utf-8", "replace")).digest())
        self.sha256 = digest.hexdigest()
        """Names the set of texts, whatever their order."""
        self._whole: dict[Sort, dict[int, str]] = {"code": {}, "instruction": {}}
        self._shapes = _SharedShapes(self.texts)
        self._frame = _common_lines(self.texts)
        variants: dict[Sort, dict[str, str]] = {"code": {}, "instruction": {}}
        for item in self.texts:
            for text in self._variants(item.text, item.sort, item.language):
                variants[item.sort].setdefault(squeezed(text), item.task)
            if (key := _whole_key(item.text, item.sort, item.language)) is not None:
                self._whole[item.sort].setdefault(key, item.task)
        self._tasks = {sort: list(found.values()) for sort, found in variants.items()}
        self._similar = {sort: SimilarTexts(found) for sort, found in variants.items()}
        self._runs = _SharedRuns(self.texts)

    def __len__(self) -> int:
        return len(self.texts)

    def find(self, pairs: Sequence[PreferencePair]) -> list[Contamination | None]:
        """Return, for each pair, the first of its parts that is like a forbidden text; None where none is."""
        codes = {(text, pair.language): None for pair in pairs for text in (pair.improved_code, pair.naive_code)}
        found = dict(self._find(list(codes), "code"))
        asked = self._find([(text, "") for text in {pair.instruction: None for pair in pairs}], "instruction")
        instructions = dict(asked)
        return [_first(pair, found, instructions) for pair in pairs]

    def _find(self, texts: Sequence[tuple[str, str]], sort: Sort) -> Iterator[tuple[tuple[str, str], Overlap]]:
        """Yield each text that is like a forbidden one, with its language, and how."""
        left = []
        for text, language in texts:
            if overlap := self._same(text, sort, language):
                yield (text, language), overlap
            else:
                left.append((text, language))
        forms = [(item, form) for item in left for form in self._variants(item[0], sort, item[1])]
        near: dict[tuple[str, str], Overlap] = {}
        for (item, form), places in zip(forms, self._similar[sort].find([form for _, form in forms]), strict=True):
            for place in places:
                share = similarity(squeezed(form), self._similar[sort][place])
                if item not in near or share > near[item].similarity:
                    near[item] = Overlap("near", self._tasks[sort][place], share)
        yield from near.items()
        left = [item for item in left if item not in near]
        for item, overlap in zip(left, self._runs.find([text for text, _ in left], sort), strict=True):
            if overlap:
                yield item, overlap

    def _variants(self, text: str, sort: Sort, language: str) -> list[str]:
        """Return the forms in which a text is looked up: a code also uncommented, an instruction out of its frame."""
        if sort == "instruction":
            return ["\n".join(line for line in text.split("\n") if line.strip() not in self._frame)]
        return list(dict.fromkeys((text, strip(text, language).text)))

    def _same(self, text: str, sort: Sort, language: str) -> Overlap | None:
        key = _whole_key(text, sort, language)
        if key is not None and (task := self._whole[sort].get(key)) is not None:
            return Overlap("exact", task, 1.0)
        if sort == "code" and (task := self._shapes.find(text, language)) is not None:
            return Overlap("tree", task, 1.0)
        return None


class _SharedShapes:
    """Which forbidden codes have which shape; a shape of several problems is commonplace and nobody's."""

    def __init__(self, texts: Sequence[ForbiddenText]) -> None:
        self._tasks: dict[int, str] = {}
        self._outlines: set[int] = set()
        problems: dict[int, set[str]] = {}
        for item in texts:
            found = shapes(item.text, item.language) if item.sort == "code" else []
            for shape in found:
                if len(shape.parts) < SMALLEST_SHAPE:
                    continue
                problems.setdefault(shape.key, set()).add(item.problem or item.task)
                if len(shape.parts) >= SHARED * len(found[0].parts):
                    self._outlines.add(shape.outline)
                    self._tasks.setdefault(shape.key, item.task)
        for key, holders in problems.items():
            if len(holders) >= _COMMON_PROBLEMS:
                self._tasks.pop(key, None)

    def find(self, code: str, language: str) -> str | None:
        """Return the task that a code, or a function or class of it, is the shape of."""
        for shape in shapes(code, language):
            if shape.outline in self._outlines and shape.key in self._tasks:
                return self._tasks[shape.key]
        return None


class _SharedRuns:
    """Which forbidden texts share runs of tokens with others."""

    def __init__(self, texts: Sequence[ForbiddenText]) -> None:
        self._tasks = [item.task for item in texts]
        self._sorts = [item.sort for item in texts]
        problems = {item.problem or item.task: number for number, item in enumerate(texts)}
        of_text = np.array([problems[item.problem or item.task] for item in texts], dtype=np.int64)
        plain = [strip(item.text, item.language).text if item.sort == "code" else item.text for item in texts]
        hashes, owners, rich = _distinct_runs(plain)
        # A run belongs to as many problems as there are different (run, problem).
        by_problem = np.unique(np.stack([hashes, of_text[owners].astype(np.uint64)]), axis=1)[0]
        names, counts = np.unique(by_problem, return_counts=True)
        rare = rich & np.isin(hashes, names[counts < _COMMON_PROBLEMS])
        order = np.argsort(hashes[rare], kind="stable")
        self._hashes, self._owners = hashes[rare][order], owners[rare][order]
        self._common = np.unique(hashes[~rare])
        self._sizes = np.bincount(self._owners, minlength=len(texts))

    def find(self, texts: Sequence[str], sort: Sort) -> list[Overlap | None]:
        """Return, for each text, the forbidden one it shares most runs with, where that is enough."""
        if not texts or not len(self._hashes):
            return [None] * len(texts)
        hashes, owners, _ = _distinct_runs(texts, measure=False)
        informative = ~np.isin(hashes, self._common)
        hashes, owners = hashes[informative], owners[informative]
        sizes = np.bincount(owners, minlength=len(texts))
        first, last = (np.searchsorted(self._hashes, hashes, side) for side in ("left", "right"))
        shared: dict[int, dict[int, int]] = {}
        for place in np.flatnonzero(last > first):
            counts = shared.setdefault(int(owners[place]), {})
            for owner in self._owners[first[place] : last[place]].tolist():
                counts[owner] = counts.get(owner, 0) + 1
        return [self._most(shared.get(index, {}), int(sizes[index]), sort) for index in range(len(texts))]

    def _most(self, counts: Mapping[int, int], size: int, sort: Sort) -> Overlap | None:
        best = None
        for owner, count in sorted(counts.items()):
            if count < FEWEST_RUNS or (sort == "instruction" and self._sorts[owner] == "code"):
                continue
            share = count / min(size, int(self._sizes[owner]))
            if share >= SHARED and (best is None or share > best.similarity):
                best = Overlap("13-gram", self._tasks[owner], share)
        return best


def _distinct_runs(
    texts: Sequence[str], measure: bool = True
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the runs of all texts, each once a text, whose they are, and whether they have enough different tokens."""
    hashes, starts = runs(texts, RUN)
    counts = np.diff(starts)
    owners = np.repeat(np.arange(len(texts)), counts)
    order = np.lexsort((hashes, owners))
    if len(order):
        new = np.ones(len(order), dtype=np.bool_)
        new[1:] = (np.diff(hashes[order]) != 0) | (np.diff(owners[order]) != 0)
        order = order[new]
    rich = np.ones(len(order), dtype=np.bool_)
    if measure and len(order):
        words, places = token_hashes(texts)
        at = np.repeat(places[:-1] - starts[:-1], counts)[order] + order
        window = np.sort(np.lib.stride_tricks.sliding_window_view(words, RUN)[at], axis=1)
        rich = 1 + (window[:, 1:] != window[:, :-1]).sum(axis=1) >= _FEWEST_TOKENS
    return hashes[order], owners[order], rich


def _common_lines(texts: Iterable[ForbiddenText]) -> set[str]:
    """Return the lines of instructions that several problems hold: what a benchmark asks every time."""
    problems: dict[str, set[str]] = {}
    for item in texts:
        for line in item.text.split("\n") if item.sort == "instruction" else ():
            problems.setdefault(line.strip(), set()).add(item.problem or item.task)
    return {line for line, found in problems.items() if len(found) >= _COMMON_PROBLEMS}


def _whole_key(text: str, sort: Sort, language: str) -> int | None:
    plain = squeezed(strip(text, language).text if sort == "code" else text.lower())
    return code_key(plain) if len(plain) >= SHORTEST else None


def _first(
    pair: PreferencePair,
    codes: Mapping[tuple[str, str], Overlap],
    instructions: Mapping[tuple[str, str], Overlap],
) -> Contamination | None:
    for part in PARTS:
        text = getattr(pair, part)
        overlap = instructions.get((text, "")) if part == "instruction" else codes.get((text, pair.language))
        if overlap:
            share = round(overlap.similarity, 4)
            return Contamination(pair=pair.id, part=part, kind=overlap.kind, task=overlap.task, similarity=share)
    return None
