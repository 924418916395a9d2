"""Owns pairs made from whole algorithms: the same small problem solved at different cost.

They stand beside the pairs from real functions, which seldom offer a change of algorithm. Names, wordings and style
vary from pair to pair, so that the pairs teach the difference in cost and not the spelling.
"""

import ast
import random
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from codefavor.synthesis.fault_injection.efficiency.algorithm import Algorithm, Version
from codefavor.synthesis.fault_injection.efficiency.algorithms_of_collections import ALGORITHMS as _COLLECTIONS
from codefavor.synthesis.fault_injection.efficiency.algorithms_of_numbers import ALGORITHMS as _NUMBERS
from codefavor.synthesis.fault_injection.efficiency.algorithms_of_planning import ALGORITHMS as _PLANNING
from codefavor.synthesis.fault_injection.efficiency.algorithms_of_sequences import ALGORITHMS as _SEQUENCES
from codefavor.synthesis.fault_injection.efficiency.algorithms_of_text import ALGORITHMS as _TEXT
from codefavor.synthesis.fault_injection.efficiency.neutral import vary
from codefavor.synthesis.fault_injection.operator import print_tree

ALGORITHMS: Final[tuple[Algorithm, ...]] = (*_NUMBERS, *_SEQUENCES, *_COLLECTIONS, *_TEXT, *_PLANNING)


def variants(seed: int = 0) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (instruction, improved code, naive code, feedback, name of the algorithm), algorithm by algorithm.

    Every two versions of different cost make a pair under each of the function's names. The seed chooses wordings
    and styles.
    """
    for algorithm in ALGORITHMS:
        chance = random.Random(f"{seed}:{algorithm.name}")
        for function in algorithm.functions:
            for fast, slow in combinations(sorted(algorithm.versions, key=lambda version: version.cost), 2):
                if fast.cost == slow.cost:
                    continue
                naive, improved = (_named(algorithm, version, function) for version in (slow, fast))
                vary(naive, improved, chance)
                vary(naive, improved, chance)
                yield (
                    chance.choice(algorithm.instructions).replace("{name}", function),
                    print_tree(improved),
                    print_tree(naive),
                    f"The naive code {slow.how}. The improved code {fast.how}.",
                    algorithm.name,
                )


def _named(algorithm: Algorithm, version: Version, function: str) -> ast.Module:
    return ast.parse(re.sub(rf"\b{algorithm.functions[0]}\b", function, version.code.strip("\n")))
