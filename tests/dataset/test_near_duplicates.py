"""Owns the checks of near-duplicates among many documents: which are found, which stays, how much memory it takes."""

import random
import subprocess
import sys

import pytest
from tests.dataset.test_deduplication import edited, some_code

from codefavor.dataset.near_duplicates import NearDuplicates, document_of, near_pairs
from codefavor.records import PreferencePair


def test_a_copy_is_found_wherever_it_stands() -> None:
    """Across batches, and only the later of the two."""
    chance = random.Random(0)
    texts = [some_code(chance) for _ in range(3000)]
    copies = {chance.randrange(1500, 3000): chance.randrange(1500) for _ in range(40)}
    for later, earlier in copies.items():
        texts[later] = edited(texts[earlier], 0.1, chance)

    assert set(near_pairs(texts)) == {*copies.items()}


def test_texts_in_memory_and_in_the_file_are_found_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory holds the first batch only, copies across its end are found as where it holds all."""
    chance = random.Random(3)
    texts = [some_code(chance) for _ in range(1500)] + ["longer than the shortest, é\ud800 " * 3] * 2
    texts += [edited(text, 0.05, chance) for text in texts[1000:1040]]
    held = near_pairs(texts)
    monkeypatch.setattr("codefavor.dataset.near_duplicates._HELD", sum(map(len, texts[:1024])))

    assert near_pairs(texts) == held
    assert len(held) >= 40


def test_what_is_near_to_a_near_duplicate_only_stays() -> None:
    """Else a row of small changes would leave one document of many that are nothing alike."""
    chance = random.Random(1)
    first = some_code(chance)
    second = edited(first, 0.12, chance)
    third = edited(second, 0.12, chance)
    with NearDuplicates(0.85) as documents:
        for text in (first, second, third):
            documents.add((text,))
        found = dict(documents.find())

    assert set(near_pairs([second, third], 0.85)) == {(1, 0)}
    assert found == {1: 0}


def test_every_part_must_be_near_and_short_ones_equal() -> None:
    """A comparison that is one sign away is another comparison."""
    code = some_code(random.Random(2))
    with NearDuplicates() as documents:
        for part in ("first < second", "first <= second", "first < second", "second is None"):
            documents.add((part, code))
        assert len(documents) == 4
        assert dict(documents.find()) == {2: 0}


def test_what_a_pair_teaches_is_told_apart() -> None:
    """Other faults in the same line, the same fault in other lines, and the repair the other way round."""
    body = "def f(rows, low, high):\n    if rows[low] < rows[high]:\n        return 1\n"
    body += "    while low < high - 1:\n        low += 1"
    first, second = body.replace("] <", "] <="), body.replace("low <", "low <=")
    codes = [
        (first, body),
        (second, body),
        (body.replace("] <", "] >"), body),
        (body, first),
        (first + "  #", body + "  #"),
    ]
    row = {"instruction": "i", "criterion": "c", "feedback": "f", "method": "m"}
    with NearDuplicates(0.9) as documents:
        for naive, improved in codes:
            pair = PreferencePair.model_validate(row | {"naive_code": naive, "improved_code": improved})
            documents.add(document_of(pair))
        assert dict(documents.find()) == {4: 0}


@pytest.mark.slow
def test_memory_grows_by_little_a_document() -> None:
    """A process of its own, so that what other tests took does not count; a million documents then take 0.5 GB."""
    program = (
        "import random, resource, sys\n"
        "from codefavor.dataset.near_duplicates import NearDuplicates\n"
        "chance = random.Random(0)\n"
        "words = [f'word{number}' for number in range(5000)]\n"
        "with NearDuplicates() as documents:\n"
        "    for number in range(int(sys.argv[1])):\n"
        "        documents.add((' '.join(chance.choices(words, k=60)),))\n"
        "    found = sum(1 for _ in documents.find())\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, found)\n"
    )
    peaks = []
    for number in (2_000, 102_000):
        done = subprocess.run([sys.executable, "-c", program, str(number)], capture_output=True, text=True, check=True)
        peak, found = map(int, done.stdout.split())
        assert found == 0
        peaks.append(peak)

    assert (peaks[1] - peaks[0]) / 100_000 < 0.5  # KB


def test_candidates_whose_lengths_tell_all_of_them_apart_are_no_duplicates() -> None:
    """Two codes may share a band though one is much longer, and then nothing is left to compare."""
    line = "total = total + values[index] * weights[index]\n"
    texts = ["def f(values, weights):\n" + line * times for times in (2, 9)]

    assert near_pairs(texts) == []
