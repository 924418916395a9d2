"""Owns the checks of runs of tokens: which are equal, which are not, and whose they are."""

import itertools
import re

from codefavor.dataset.runs_of_tokens import runs, token_hashes

TEXTS = ["total += price_of(item)", "", "x", "  total\t+=\n price_of( item )", "été = naïve['été']", "total total2"]


def of_text(texts: list[str], length: int) -> list[list[int]]:
    hashes, starts = runs(texts, length)
    return [hashes[start:end].tolist() for start, end in itertools.pairwise(starts)]


def test_tokens_are_words_and_single_signs() -> None:
    """As many as a pattern finds, and equal where the tokens are."""
    hashes, starts = token_hashes(TEXTS)
    found = [hashes[start:end].tolist() for start, end in itertools.pairwise(starts)]
    expected = [re.findall(r"\w+|[^\w\s]", text) for text in TEXTS]
    assert [len(row) for row in found] == [len(tokens) for tokens in expected]
    name_of = {
        number: token
        for row, tokens in zip(found, expected, strict=True)
        for number, token in zip(row, tokens, strict=True)
    }

    assert [[name_of[number] for number in row] for row in found] == expected
    assert len(name_of) == len({token for tokens in expected for token in tokens})


def test_blanks_do_not_matter_and_texts_do_not_run_into_each_other() -> None:
    """A run belongs to one text."""
    found = of_text(TEXTS, 3)

    assert found[0] == found[3]
    assert [len(row) for row in found] == [5, 0, 0, 5, 6, 0]
    assert of_text(["a b", "c d"], 2)[0] == of_text(["a b"], 2)[0]


def test_a_run_is_its_tokens_in_their_order() -> None:
    """Whatever their place in the text and the batch."""
    assert of_text(["a b"], 2) != of_text(["b a"], 2)
    assert of_text(["x " * 1000 + "a b c"], 3)[0][-1] == of_text(["a b c"], 3)[0][0]


def test_different_runs_have_different_hashes() -> None:
    """Among as many as a large batch holds."""
    texts = [f"{first} {second}" for first in range(400) for second in ("a", "b", "ab", "ba", "aa", "a_1", "1", "11")]

    assert len({number for row in of_text(texts, 2) for number in row}) == len(texts)


def test_there_may_be_nothing() -> None:
    """No text, and texts without a token."""
    assert of_text([], 2) == []
    assert of_text(["", "   ", "x"], 2) == [[], [], []]
