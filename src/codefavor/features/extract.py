"""Owns the feature set: two codes and an instruction in, signed differences under readable names out.

Everything here is odd in its arguments: with the codes exchanged each difference changes its sign and nothing else,
so a weighted sum of them cannot depend on the order a judge is shown.
"""

import ast
import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from codefavor.codetext.parsing import parse
from codefavor.features.asking import Asked, answering, asked
from codefavor.features.cost import log_cost
from codefavor.features.lexing import Token, classes, lex
from codefavor.features.risks import risks
from codefavor.features.structure import structure

FEATURE_SET: Final = "features-1"
"""Names what is computed here. Weights are of use only with the set they were trained on: change one, change both."""
_LONGEST: Final = 3
"""Length of the longest token n-gram."""
_MOST: Final = 3.0
"""A measure's difference counts for no more than this."""
_CODES_KEPT: Final = 4096
_CHARACTERS: Final = 50_000
"""Code beyond this is not read: a judge must answer on any input in reasonable time."""


@dataclass(frozen=True)
class Features:
    """What is known of one code by itself."""

    tokens: list[Token]
    grams: Counter[str]
    """Token n-grams, in guillemets, by count."""
    counts: Counter[str]
    """Abstract features by count."""
    measures: dict[str, float]
    """Quantities whose difference is used as it is."""
    tree: ast.Module | None


def difference(code_a: str, code_b: str, instruction: str = "") -> dict[str, float]:
    """Return what A has more of than B (positive) or less (negative); features that do not differ are left out.

    Counts enter by the logarithm of their difference, so that many small differences do not drown one large one,
    and the n-grams together have unit length, so that a rewrite does not outshout a small edit.
    """
    first, second = features_of(code_a), features_of(code_b)
    wish = asked(instruction)
    found: dict[str, float] = {}
    _subtract(first.grams, second.grams, found)
    norm = math.sqrt(math.fsum(value * value for value in found.values()))
    if norm > 0:
        found = {name: value / norm for name, value in found.items()}
    counts_a = first.counts + answering(wish, first.tokens, first.counts)
    counts_b = second.counts + answering(wish, second.tokens, second.counts)
    _subtract(counts_a, counts_b, found)
    measures_a, measures_b = _measures(first, wish), _measures(second, wish)
    for name in measures_a.keys() & measures_b.keys():
        value = measures_a[name] - measures_b[name]
        if value:
            found[name] = min(max(value, -_MOST), _MOST)
    return found


def is_gram(name: str) -> bool:
    """Return whether a feature is a token n-gram."""
    return name.startswith("‹")


@lru_cache(maxsize=_CODES_KEPT)
def features_of(code: str) -> Features:
    """Return what is known of one code by itself; the last few thousand codes are kept."""
    code = code[:_CHARACTERS]
    tokens = lex(code)
    words = classes(tokens)
    grams: Counter[str] = Counter()
    grams.update(f"‹{word}›" for word in words)
    for length in range(2, _LONGEST + 1):
        parts = [words[start:] for start in range(length)]
        grams.update(f"‹{' '.join(gram)}›" for gram in zip(*parts, strict=False))
    tree = parse(code)
    counts = risks(tokens)
    if tree is None:
        counts["does not parse as Python 3"] += 1
        counts.update(_by_indentation(tokens))
    else:
        counts.update(structure(tree))
    measures = {
        "length in tokens, log": math.log1p(len(tokens)),
        "length in lines, log": math.log1p(len({token.line for token in tokens})),
    }
    return Features(tokens, grams, counts, measures, tree)


def _measures(features: Features, wish: Asked) -> dict[str, float]:
    if features.tree is None:
        return features.measures
    try:
        return {**features.measures, "estimated work, log": log_cost(features.tree, wish.names)}
    except RecursionError:
        return features.measures


def _subtract(first: Counter[str], second: Counter[str], into: dict[str, float]) -> None:
    for name, count in first.items():
        more = count - second.get(name, 0)
        if more:
            into[name] = math.copysign(math.log1p(abs(more)), more)
    for name, count in second.items():
        if count and name not in first:
            into[name] = -math.log1p(count)


def _by_indentation(tokens: list[Token]) -> Counter[str]:
    """Return loops and calls by loop depth for code without a tree."""
    found: Counter[str] = Counter()
    loops: list[int] = []
    line = -1
    for index, token in enumerate(tokens):
        if token.line != line:
            line = token.line
            while loops and token.indent <= loops[-1]:
                loops.pop()
            if token.text in ("for", "while"):
                found[_in_loops("loop", len(loops))] += 1
                found[f"{token.text} loop"] += 1
                loops.append(token.indent)
        if token.text == "(" and index and tokens[index - 1].kind == "name":
            found[_in_loops("call", len(loops))] += 1
    return found


def _in_loops(what: str, depth: int) -> str:
    return what if not depth else f"{what} in a loop" if depth == 1 else f"{what} in {min(depth, 3)} loops"
