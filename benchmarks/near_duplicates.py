"""Owns measuring our search for near-duplicates beside datasketch's on the same documents, by turns in one run.

    pip install datasketch
    python benchmarks/near_duplicates.py [--documents 5000] [--rounds 3] [--sample 200] [--copies 0.25]

The documents are different functions of this interpreter's standard library, and for one in four (`--copies`) a copy in
which some words are changed. Both sides cut them into the same pairs of neighbouring tokens, use 126 hashes in 42 bands
of 3, and keep what has a Levenshtein similarity of 0.8; `MinHashLSH` gets its bands given, its hashes in one call a
document, and its keys in one session. The figure is CPU time from text to pairs. What each found is compared with the
other's, and on a sample with all pairs there are, each measured exactly.
"""

import argparse
import ast
import gc
import random
import re
import statistics
import sysconfig
import time
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

import numpy as np
from datasketch import MinHash, MinHashLSH
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from codefavor.codetext.parsing import parse
from codefavor.dataset.deduplication import BANDS, NEAR, ROWS, SHORTEST, similarity, squeezed
from codefavor.dataset.near_duplicates import near_pairs

Pairs = set[tuple[int, int]]
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")


def documents(number: int, copies: float = 0.25) -> list[str]:
    """Return functions of the standard library and changed copies of some, always the same."""
    chance = random.Random(number)
    found: dict[str, None] = {}  # none twice: a crowd of equal ones says nothing about finding near ones
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if "site-packages" in path.parts or "test" in path.parts:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        tree = parse(text)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.FunctionDef):
                code = ast.get_source_segment(text, node) or ""
                if 200 <= len(code) <= 4000:
                    found[code] = None
                    if chance.random() < copies:
                        found[changed(code, chance.uniform(0.01, 0.2), chance)] = None
        if len(found) >= number:
            break
    texts = list(found)[:number]
    chance.shuffle(texts)
    return texts


def changed(code: str, share: float, chance: random.Random) -> str:
    """Return the code with this share of its words replaced by others of it."""
    words = code.split(" ")
    others = [word for word in words if word.strip()]
    return " ".join(chance.choice(others) if word.strip() and chance.random() < share else word for word in words)


def ours(texts: Sequence[str]) -> Pairs:
    return set(near_pairs(texts))


def theirs(texts: Sequence[str]) -> Pairs:
    known = [squeezed(text) for text in texts]
    index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    hashes = []
    for text in known:
        shingles = (
            {f"{one} {other}".encode() for one, other in pairwise(_TOKEN.findall(text))}
            if len(text) >= SHORTEST
            else set()
        )
        minhash = MinHash(num_perm=BANDS * ROWS)
        minhash.update_batch(shingles)
        hashes.append(minhash)
    with index.insertion_session() as session:
        for number, minhash in enumerate(hashes):
            session.insert(number, minhash, check_duplication=False)
    return {
        (number, other)
        for number, minhash in enumerate(hashes)
        for other in index.query(minhash)
        if other < number and similarity(known[number], known[other], NEAR) > 0
    }


def exactly(texts: Sequence[str], sample: int) -> tuple[set[int], Pairs]:
    """Return some documents, evenly spaced, and every pair they are in."""
    known = [squeezed(text) for text in texts]
    chosen = list(islice(range(0, len(known), max(1, len(known) // sample)), sample))
    pairs: Pairs = set()
    for number in chosen:
        scores = process.cdist([known[number]], known, scorer=Levenshtein.normalized_similarity, score_cutoff=NEAR)[0]
        for other in np.flatnonzero(scores >= NEAR).tolist():
            if other != number:
                pairs.add((max(number, other), min(number, other)))
    return set(chosen), pairs


def timed(search: Callable[[Sequence[str]], Pairs], texts: Sequence[str]) -> tuple[float, Pairs]:
    gc.collect()  # neither pays for what the other left
    started = time.process_time()
    pairs = search(texts)
    return time.process_time() - started, pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--copies", type=float, default=0.25)
    options = parser.parse_args()
    texts = documents(options.documents, options.copies)
    gc.collect()
    gc.freeze()  # the trees that making the documents left are no part of what either search has to look through
    searches = {"ours": ours, "datasketch": theirs}
    seconds: dict[str, list[float]] = {name: [] for name in searches}
    found: dict[str, Pairs] = {}
    for _ in range(options.rounds):
        for name, search in searches.items():
            cpu, found[name] = timed(search, texts)
            seconds[name].append(cpu)
            print(f"{name:10} {cpu:7.2f} CPU s, {len(found[name]):,} pairs", flush=True)
    ratios = [theirs / ours for ours, theirs in zip(seconds["ours"], seconds["datasketch"], strict=True)]
    print(f"{len(texts):,} documents: datasketch takes {statistics.median(ratios):.1f} times our CPU time ({ratios})")
    both = found["ours"] & found["datasketch"]
    share = {name: len(both) / len(pairs) for name, pairs in found.items()}
    print(f"of datasketch's pairs we find {share['datasketch']:.1%}, of ours it finds {share['ours']:.1%}")
    chosen, pairs = exactly(texts, options.sample)
    for name, mine in found.items():
        near = {pair for pair in mine if chosen & {*pair}}
        right = len(near & pairs)
        print(
            f"{name:10} finds {right} of {len(pairs)} pairs of {len(chosen)} documents, and {len(near) - right} others"
        )


if __name__ == "__main__":
    main()
