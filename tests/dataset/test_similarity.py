"""Owns the checks of how similar training is to a benchmark: the nearest code is found among many."""

import random

from rapidfuzz.distance import Levenshtein
from tests.dataset.test_deduplication import edited, some_code

from codefavor.dataset.decontamination import ForbiddenText
from codefavor.dataset.similarity import NearestTrainingCodes, summary


def test_the_nearest_code_is_found_among_many() -> None:
    """Codes that were changed by a tenth to a quarter, each among three thousand of the same words."""
    chance = random.Random(0)
    codes = [some_code(chance) for _ in range(40)]
    texts = [ForbiddenText(code, f"task/{place}", wrong=place % 2 == 0) for place, code in enumerate(codes)]
    nearest = NearestTrainingCodes(texts)
    copies = [edited(code, chance.uniform(0.1, 0.25), chance) for code in codes]
    others = [some_code(chance) for _ in range(3000)]
    for place in range(0, 3000, 50):
        nearest.add([*others[place : place + 50], *copies[place // 50 : place // 50 + 1]])
    expected = [
        max(Levenshtein.normalized_similarity(" ".join(code.split()), " ".join(copy.split())) for copy in copies)
        for code in codes
    ]
    found = nearest.result()

    assert [item.task for item in found] == [item.task for item in texts]
    assert [item.better for item in found] == [not item.wrong for item in texts]
    assert all(abs(item.similarity - value) < 0.001 for item, value in zip(found, expected, strict=True))


def test_the_order_and_the_repetition_of_training_codes_do_not_matter() -> None:
    """A code that occurs in many pairs does not push the nearest one out."""
    chance = random.Random(1)
    text = ForbiddenText(some_code(chance), "task")
    near, close = edited(text.text, 0.3, chance), edited(text.text, 0.2, chance)
    nearest = NearestTrainingCodes([text])
    for _ in range(3):
        nearest.add([near] * 30 + [some_code(chance) for _ in range(1500)])
    before = nearest.result()[0].similarity
    nearest.add([close])

    assert 0.65 < before < 0.75 < nearest.result()[0].similarity


def test_there_may_be_nothing_to_compare() -> None:
    """No benchmark, no code of it worth comparing, no training code."""
    assert NearestTrainingCodes([]).result() == []
    assert (
        NearestTrainingCodes([ForbiddenText("import os", "t"), ForbiddenText("x " * 50, "t", "instruction")]).result()
        == []
    )
    (alone,) = NearestTrainingCodes([ForbiddenText(some_code(random.Random(2)), "t")]).result()
    assert alone.similarity == 0
    assert summary([]) == {}


def test_the_summary_is_the_curve_and_its_end() -> None:
    """Of the better codes and the worse ones apart."""
    chance = random.Random(3)
    nearest = NearestTrainingCodes(
        [ForbiddenText(some_code(chance), f"t{place}", wrong=place > 2) for place in range(4)]
    )
    nearest.add(["nothing at all like it, and long enough to be compared"])
    said = summary(nearest.result())

    assert {name: values["codes"] for name, values in said.items()} == {"better": 3, "worse": 1}
    assert said["better"]["curve"][0] == [0.0, 1.0]
    assert said["better"]["curve"][-1] == [1.0, 0.0]
    assert said["worse"]["near"] == 0
