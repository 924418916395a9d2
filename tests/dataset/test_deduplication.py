"""Owns the checks of near-duplicates: what is found, what is not, and how fast."""

import random

import pytest
from rapidfuzz.distance import Levenshtein

from codefavor.dataset.deduplication import NEAR, SimilarTexts, code_key

LIST = "alpha beta gamma delta index value items result total count left right node parent key table"
WORDS = LIST.split()


def some_code(chance: random.Random, lines: int = 12) -> str:
    def word() -> str:
        return chance.choice(WORDS)

    body = [f"    {word()} = {word()}.{word()}({word()}, {chance.randrange(99)})" for _ in range(lines)]
    return "\n".join([f"def {word()}_{chance.randrange(999)}({word()}):", *body])


def edited(code: str, share: float, chance: random.Random) -> str:
    """Return the code with this share of its characters changed, a word at a time."""
    words = code.split(" ")
    while Levenshtein.normalized_similarity(code, " ".join(words)) > 1 - share:
        words[chance.randrange(len(words))] = chance.choice(WORDS)
    return " ".join(words)


@pytest.mark.parametrize(("share", "recall"), [(0.05, 1.0), (0.1, 0.99), (0.17, 0.9)])
def test_near_duplicates_are_found_among_many(share: float, recall: float) -> None:
    """MinHash only proposes candidates; down to the threshold it must propose nearly all of them."""
    chance = random.Random(0)
    codes = [some_code(chance) for _ in range(400)]
    known = SimilarTexts(codes)
    near = [edited(code, share, chance) for code in codes]
    expected = [
        Levenshtein.normalized_similarity(" ".join(a.split()), " ".join(b.split())) >= NEAR
        for a, b in zip(codes, near, strict=True)
    ]
    hits = [index in found for index, found in enumerate(known.find(near))]

    assert sum(hits) >= recall * sum(expected) > 0


def test_what_is_found_is_near() -> None:
    """Every candidate is checked; other code of the same words is not near."""
    chance = random.Random(1)
    known = SimilarTexts(some_code(chance) for _ in range(300))

    assert not any(known.find([some_code(chance) for _ in range(300)]))


def test_layout_does_not_hide_a_copy() -> None:
    """Indentation and line breaks are no difference here."""
    code = some_code(random.Random(2))

    assert SimilarTexts([code]).find([code.replace("\n    ", "\n\n\t\t"), "    " + code]) == [[0], [0]]


def test_short_texts_are_near_to_nothing() -> None:
    """`import os` and `import io` are nine tenths the same and mean nothing."""
    assert SimilarTexts(["import os", ""]).find(["import os", "import io", ""]) == [[], [], []]


def test_nothing_is_near_to_an_empty_collection() -> None:
    """And looking up nothing finds nothing."""
    assert SimilarTexts().find(["x" * 100]) == [[]]
    assert SimilarTexts(["x " * 100]).find([]) == []


def test_keys_ignore_blank_lines_and_trailing_spaces_only() -> None:
    """Indentation is meaning in Python."""
    assert code_key("if a:\n    b()\n\nc()\n") == code_key("if a:  \n    b()\nc()")
    assert code_key("if a:\n    b()\n    c()") != code_key("if a:\n    b()\nc()")
