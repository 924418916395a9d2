"""Owns what is worth showing people: from many candidates for an instruction, the one pair to compare."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Final, NamedTuple

from codefavor.codetext.fences import blocks
from codefavor.errors import EmptyInputError
from codefavor.jsonl import parse_record, read_rows
from codefavor.judges.base import Judge, judge_in_order
from codefavor.records import Attempt, Comparison, Record, Text, content_id

MOST_CANDIDATES: Final = 24
"""Candidates of one instruction that are paired; more are drawn down to so many, for pairs grow with their square."""


class Pool(Record):
    """An instruction and codes written for it."""

    instruction: Text
    candidates: list[Text]
    models: list[str] | None = None
    """Who wrote each; kept beside the pair, never shown."""
    language: str = "python"


class Chosen(NamedTuple):
    """The pairs to show, and why there are not more."""

    comparisons: list[Comparison]
    left_out: Counter[str]


def read_pools(path: Path | str) -> list[Pool]:
    """Return pools from rows with `candidates`, or from attempts, which are gathered by instruction.

    Raises:
        MissingFileError: there is no such file.
        BrokenRecordError: a line is neither.
        EmptyInputError: it holds nothing.
    """
    pools: list[Pool] = []
    gathered: dict[str, list[Attempt]] = {}
    for line, row in read_rows(path):
        if "candidates" in row:
            pools.append(parse_record(Pool, row, path, line))
        else:
            attempt = parse_record(Attempt, row, path, line)
            gathered.setdefault(attempt.instruction, []).append(attempt)
    for instruction, attempts in gathered.items():
        row = {
            "instruction": instruction,
            "candidates": [_code_of(attempt.response) for attempt in attempts],
            "models": [attempt.model for attempt in attempts],
            "language": attempts[0].language,
        }
        pools.append(Pool.model_validate(row))
    if not pools:
        raise EmptyInputError(f"{path} holds no candidates; give rows with `candidates`, or attempts")
    return pools


def select(pools: Sequence[Pool], criterion: str, judges: Sequence[Judge] = (), *, drop_ties: bool = False) -> Chosen:
    """Return one pair of each pool, with its codes in an order drawn from their content.

    Args:
        pools: candidates by instruction.
        criterion: what people are asked.
        judges: with any, the pair the first of them is least sure of; without, that of the largest edit distance.
        drop_ties: leave a pair out where the judges do not all take the same side.
    """
    chosen: list[Comparison] = []
    left_out: Counter[str] = Counter()
    for pool in pools:
        pairs = _pairs(pool, criterion)
        if not pairs:
            left_out["fewer than two different candidates"] += 1
            continue
        best = _least_sure(pairs, judges[0]) if judges and not drop_ties else _farthest(pairs)
        if drop_ties:
            sides = {judge_in_order(judge, [best])[0].choice for judge in judges}
            if len(sides) != 1 or not sides <= {"A", "B"}:
                left_out["the judges do not take one side"] += 1
                continue
        chosen.append(best)
    return Chosen(chosen, left_out)


def _code_of(response: str) -> str:
    """Return the longest fenced block of a reply, or all of it where there is none."""
    return max((block.code for block in blocks(response)), key=len, default=response)


def _pairs(pool: Pool, criterion: str) -> list[Comparison]:
    models = pool.models if pool.models and len(pool.models) == len(pool.candidates) else None
    distinct: dict[str, tuple[str, str]] = {}
    for number, code in enumerate(pool.candidates):
        distinct.setdefault(code.strip(), (code, models[number] if models else ""))
    found = sorted(distinct.values(), key=lambda each: content_id(each[0]))[:MOST_CANDIDATES]
    return [
        Comparison.model_validate(
            {
                "instruction": pool.instruction,
                "code_a": one[0],
                "code_b": two[0],
                "criterion": criterion,
                "language": pool.language,
                "meta": {"models": [one[1], two[1]]} if models else None,
            }
        )
        for one, two in combinations(found, 2)
    ]


def _farthest(pairs: Sequence[Comparison]) -> Comparison:
    from rapidfuzz.distance import Levenshtein

    return max(pairs, key=lambda pair: Levenshtein.distance(pair.code_a, pair.code_b))


def _least_sure(pairs: Sequence[Comparison], judge: Judge) -> Comparison:
    verdicts = judge_in_order(judge, pairs)
    sure = [1.0 if verdict.status == "error" else abs((verdict.p_a or 0.0) - 0.5) for verdict in verdicts]
    return pairs[min(range(len(pairs)), key=sure.__getitem__)]
