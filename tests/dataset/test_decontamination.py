"""Owns the checks of decontamination: each kind of likeness is found, and what anyone would write is not."""

import random
from collections.abc import Callable

import pytest
from tests.dataset.renaming import renamed

from codefavor.dataset.decontamination import Contamination, Forbidden, ForbiddenText
from codefavor.records import PreferencePair

MakePair = Callable[..., PreferencePair]

SECRET = '''def busiest_hour(visits, opening=8, closing=18):
    """Return the hour in which most visitors came."""
    counts = {hour: 0 for hour in range(opening, closing)}
    for visit in visits:
        if opening <= visit.hour < closing:
            counts[visit.hour] += 1
    best, most = None, -1
    for hour, count in sorted(counts.items()):
        if count > most:
            best, most = hour, count
    return best
'''
ASKED = (
    "Given the visits to a museum, each with the hour it began, find the hour between opening and closing in which "
    "most visitors came; of several such hours take the earliest, and answer None where nobody came at all."
)


def forbidden() -> Forbidden:
    return Forbidden([ForbiddenText(SECRET, "secret/1"), ForbiddenText(ASKED, "secret/1", "instruction")])


def found(pair: PreferencePair) -> Contamination | None:
    return forbidden().find([pair])[0]


# ── What is found ──


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("exact", SECRET.replace("\n    best", "\n\n    # now look\n    best").replace(" -1", "  -1")),
        ("tree", renamed(SECRET)),
        ("tree", "import sys\n\nLIMIT = 5\n\n" + renamed(SECRET) + "\n\ndef other():\n    return sys.path"),
        ("near", SECRET.replace("best", "top").replace("count > most", "count >= most")),
        (
            "13-gram",
            SECRET + "\n\n" + "\n".join(f"def p_{n}(x):\n    return x.p{n} * {n} - other({n})" for n in range(25)),
        ),
    ],
)
def test_a_copy_is_found_and_its_kind_told(kind: str, code: str, pair: MakePair) -> None:
    """Whichever side of the pair it is on; the first kind that holds is told."""
    # The last one differs in shape, else it would be of the kind before.
    code = code.replace("return best", "return best or None") if kind == "13-gram" else code
    for part in ("improved_code", "naive_code"):
        overlap = found(pair(1, **{part: code}))

        assert overlap is not None
        assert (overlap.kind, overlap.part, overlap.task) == (kind, part, "secret/1")
        assert 0.5 <= overlap.similarity <= 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("exact", ASKED.upper() + "\n"),
        ("near", ASKED.replace("museum", "library").replace("find", "say")),
        (
            "13-gram",
            "You write Python for a city. Use no classes, and no imports but those you are shown. " * 4 + ASKED,
        ),
    ],
)
def test_an_instruction_is_found(kind: str, text: str, pair: MakePair) -> None:
    """New code for a benchmark's task gives the task away."""
    overlap = found(pair(1, instruction=text))

    assert overlap is not None
    assert (overlap.kind, overlap.part, overlap.task) == (kind, "instruction", "secret/1")


def test_an_instruction_inside_a_docstring_is_found(pair: MakePair) -> None:
    """Benchmarks of functions ask in the docstring."""
    overlap = found(pair(1, improved_code=f'def new(visits):\n    """{ASKED}"""\n    return None'))

    assert overlap is not None
    assert (overlap.kind, overlap.part) == ("13-gram", "improved_code")


def test_other_languages_are_compared_by_tokens(pair: MakePair) -> None:
    """Renaming does not hide a copy there either."""
    code = (
        "int best(int *rows, int count) { int top = 0; for (int i = 0; i < count; i++)"
        " { if (rows[i] > top) top = rows[i]; } return top; }"
    )
    copy = code.replace("rows", "visitors_seen").replace("top", "most_of_them").replace("count", "how_many_there_are")
    texts = Forbidden([ForbiddenText(code, "c/1", language="c")])
    overlap = texts.find([pair(1, improved_code=copy, language="c")])[0]

    assert overlap is not None
    assert (overlap.kind, overlap.task) == ("tree", "c/1")


# ── What is not ──


def test_another_solution_to_another_problem_is_not_found(pair: MakePair) -> None:
    """Even where it is written in the same manner."""
    other = (
        "def cheapest_offer(offers, budget=100):\n    prices = {}\n    for offer in offers:\n"
        "        if offer.price <= budget:\n"
        "            prices[offer.shop] = min(offer.price, prices.get(offer.shop, budget))\n"
        "    return min(prices, key=prices.get, default=None)\n"
    )
    asked = "Find the shop with the cheapest offer within the budget."

    assert found(pair(1, improved_code=other, instruction=asked)) is None


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "def total(values):\n    result = 0\n    for value in values:\n        result += value\n    return result",
        "def main():\n    parser = argparse.ArgumentParser()\n    args = parser.parse_args()\n    run(args)\n\n"
        'if __name__ == "__main__":\n    main()',
    ],
)
def test_commonplace_code_is_not_found(code: str, pair: MakePair) -> None:
    """It stands in the forbidden texts too, but in a way that says nothing, or in several problems."""
    rest = ["first_thing(1)", "second = [thing for thing in second_things()]", "while third():\n    pass"]
    texts = [ForbiddenText(f"{line}\n{code}\n{line}", f"task/{place}") for place, line in enumerate(rest)]
    same = code.replace("result", "amount").replace("value", "number").replace("args", "options")
    long = "\n".join(f"def part_{number}(x):\n    return x.part{number} * {number}" for number in range(20))

    assert Forbidden(texts).find([pair(1, improved_code=same), pair(2, improved_code=f"{long}\n{code}")]) == [
        None,
        None,
    ]


def test_a_small_part_of_a_forbidden_code_is_nobodys(pair: MakePair) -> None:
    """Such as the class of tree nodes that many tasks need."""
    node = (
        "class Node:\n    def __init__(self, value=0, left=None, right=None):\n"
        "        self.value = value\n        self.left = left\n        self.right = right\n"
    )
    copy = node.replace("value", "weight").replace("Node", "Tree") + "\n\ndef leaf(weight):\n    return Tree(weight)"

    assert Forbidden([ForbiddenText(node + SECRET, "trees/1")]).find([pair(1, improved_code=copy)]) == [None]


def test_the_frame_of_a_benchmarks_instructions_is_nobodys(pair: MakePair) -> None:
    """What every task of a benchmark asks does not make two instructions alike."""
    frame = "Please write a self-contained Python program that solves what follows, in Markdown, with nothing else:"
    asked = ["Sort the rivers by length.", "Count the bridges.", "Name the deepest lake of each country."]
    texts = [ForbiddenText(f"{frame}\n{line}", f"task/{place}", "instruction") for place, line in enumerate(asked)]

    assert Forbidden(texts).find([pair(1, instruction=f"{frame}\nDraw a map of hills.")]) == [None]


def test_tables_of_the_same_few_tokens_are_nobodys(pair: MakePair) -> None:
    """A long row of zeros is in much code and copied from nowhere."""
    zeros = ", ".join(["0"] * 60)
    texts = Forbidden([ForbiddenText(f"table_of_weights_one = [{zeros}]", "task/1")])
    long = "\n".join(f"def part_{number}(x):\n    return x.part{number} * {number}" for number in range(20))

    assert texts.find([pair(1, improved_code=f"{long}\nmask = ({zeros})")]) == [None]


# ── Many, and none ──


def test_pairs_are_told_apart_and_stay_in_order(pair: MakePair) -> None:
    """However many are looked up at once."""
    chance = random.Random(0)
    pairs = [pair(number) for number in range(60)]
    planted = sorted(chance.sample(range(60), 5))
    for place in planted:
        pairs[place] = pair(place, naive_code=renamed(SECRET))
    overlaps = forbidden().find(pairs)

    assert [place for place, overlap in enumerate(overlaps) if overlap] == planted
    assert [overlap.pair for overlap in overlaps if overlap] == [pairs[place].id for place in planted]


def test_forbidden_texts_are_named_whatever_their_order() -> None:
    """The manifest tells which texts were forbidden by one hash."""
    one, other = ForbiddenText("a", "1"), ForbiddenText("b", "2")

    assert Forbidden([one, other, one]).sha256 == Forbidden([other, one]).sha256 != Forbidden([one]).sha256
    assert len(Forbidden([one, other, one])) == 2


def test_texts_without_any_run_of_tokens_forbid_nothing_longer(pair: MakePair) -> None:
    """An index of nothing answers too."""
    assert Forbidden([ForbiddenText("x", "1")]).find([pair(1)]) == [None]
    assert Forbidden([]).find([pair(1)]) == [None]
