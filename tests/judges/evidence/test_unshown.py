# ruff: noqa: E501 (a table of codes reads better on one line each)
"""Faults are found where the instruction shows no example at all, each by one sentence that a person can check."""

from collections.abc import Iterator

import pytest

from codefavor.judges.evidence import behaviour
from codefavor.judges.evidence.base import OTHER, Evidence
from codefavor.judges.evidence.behaviour import behaviour_evidence
from codefavor.judges.evidence.inverse import inverse_evidence, pair_of
from codefavor.judges.evidence.oracles import oracle_evidence
from codefavor.judges.evidence.properties import property_evidence
from codefavor.judges.evidence.state import state_evidence
from codefavor.problems.asked import read_problem
from codefavor.records import Comparison
from codefavor.sandbox import Limits, Sandbox, SandboxError


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    try:
        opened = Sandbox(1)
    except SandboxError as error:
        pytest.skip(f"no sandbox here: {error}")
    with opened:
        yield opened


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never ends is given up sooner than in earnest."""
    limits = Limits(cpu_seconds=0.6, wall_seconds=20.0, call_cpu_seconds=0.05, memory_mb=1024)
    monkeypatch.setattr(behaviour, "_LIMITS", limits)


def _evidence(instruction: str, a: str, b: str, sandbox: Sandbox) -> list[Evidence]:
    comparison = Comparison(id="x", instruction=instruction, code_a=a, code_b=b, criterion="correctness")
    problem = read_problem(instruction, a, b)
    seen = behaviour_evidence(comparison, problem, sandbox)
    return [
        *seen.evidence,
        *property_evidence(problem, seen),
        *inverse_evidence(problem, seen, sandbox),
        *state_evidence(problem, seen, sandbox),
        *oracle_evidence(problem, seen),
    ]


TASKS = {
    "breaks-on-inputs": (
        "Return the average of a list of readings, which is 0.0 if the list is empty.",
        "def mean(readings: list[float]) -> float:\n    return sum(readings) / len(readings) if readings else 0.0\n",
        "def mean(readings: list[float]) -> float:\n    return sum(readings) / len(readings)\n",
    ),
    "does-not-end": (
        "Count how many times n can be halved until it is odd; n is a positive integer.",
        "def halvings(n):\n    times = 0\n    while n % 2 == 0:\n        n //= 2\n        times += 1\n    return times\n",
        "def halvings(n):\n    times = 0\n    while n % 2 == 0:\n        n = n // 2 if n != 4 else n\n        times += 1\n    return times\n",
    ),
    "ascending": (
        "Merge two lists of numbers into one in ascending order.",
        "def merge(left: list[int], right: list[int]) -> list[int]:\n    return sorted(left + right)\n",
        "def merge(left: list[int], right: list[int]) -> list[int]:\n    return left + right\n",
    ),
    "descending": (
        "Return the scores in descending order.",
        "def ranked(scores: list[int]) -> list[int]:\n    return sorted(scores)[::-1]\n",
        "def ranked(scores: list[int]) -> list[int]:\n    return scores[::-1]\n",
    ),
    "no-duplicates": (
        "Return the distinct words of a text.",
        "def words_of(text: str) -> list[str]:\n    return list(dict.fromkeys(text.lower()))\n",
        "def words_of(text: str) -> list[str]:\n    return list(dict.fromkeys(text)) + list(text[:1])\n",
    ),
    "same-parts": (
        "Rotate a list to the right by k places.",
        "def rotate(items: list[int], k: int) -> list[int]:\n    k = k % len(items) if items else 0\n    return items[len(items) - k:] + items[:len(items) - k]\n",
        "def rotate(items: list[int], k: int) -> list[int]:\n    return items[-k:] + items[:k]\n",
    ),
    "order-kept": (
        "Return the positive numbers of a list, and keep their original order.",
        "def positive(numbers: list[int]) -> list[int]:\n    return [n for n in numbers if n > 0]\n",
        "def positive(numbers: list[int]) -> list[int]:\n    return sorted(n for n in numbers if n > 0)\n",
    ),
    "palindrome": (
        "Make a text symmetric. Return the palindrome that begins with it.",
        "def mirrored(text: str) -> str:\n    return text + text[::-1]\n",
        "def mirrored(text: str) -> str:\n    return text + text[1:][::-1]\n",
    ),
    "when-missing": (
        "Find the place of wanted in a list. Return -1 if it is not found.",
        "def place(items: list[int], wanted: int):\n    return items.index(wanted) if wanted in items else -1\n",
        "def place(items: list[int], wanted: int):\n    return items.index(wanted) if wanted in items else None\n",
    ),
    "when-empty": (
        "Find the largest number of a list. Return None if the list is empty.",
        "def largest(numbers: list[int]):\n    return max(numbers, default=None)\n",
        "def largest(numbers: list[int]):\n    return max(numbers, default=0)\n",
    ),
    "within": (
        "Turn a reading, which may be negative, into a grade. Return a number between 0 and 10.",
        "def grade(reading: int) -> int:\n    return max(0, min(10, reading))\n",
        "def grade(reading: int) -> int:\n    return min(10, reading)\n",
    ),
    "rounded": (
        "Return the price with 19 percent of tax added, rounded to two decimal places.",
        "def taxed(price: float) -> float:\n    return round(price * 1.19, 2)\n",
        "def taxed(price: float) -> float:\n    return price * 1.19\n",
    ),
    "yes-or-no": (
        "Check whether a text holds a digit.",
        "def has_digit(text):\n    return any(c.isdigit() for c in text)\n",
        "def has_digit(text):\n    return [c for c in text if c.isdigit()]\n",
    ),
    "annotated-type": (
        "Complete it.\n\ndef squares(n: int) -> list[int]:\n    '''The first squares.'''\n",
        "def squares(n):\n    return [i * i for i in range(n)]\n",
        "def squares(n):\n    return tuple(i * i for i in range(n))\n",
    ),
    "length-kept": (
        "Smooth the readings. Return a list of the same length.",
        "def smooth(readings: list[int]) -> list[int]:\n    return [v // 2 for v in readings]\n",
        "def smooth(readings: list[int]) -> list[int]:\n    return [v // 2 for v in readings[1:]]\n",
    ),
    "selected": (
        "Return only the numbers from the list that are even.",
        "def even(numbers: list[int]) -> list[int]:\n    return [n for n in numbers if n % 2 == 0]\n",
        "def even(numbers: list[int]) -> list[int]:\n    return [n - n % 2 for n in numbers]\n",
    ),
    "at-most": (
        "Shorten a title. The result has at most 5 characters.",
        "def short(title: str) -> str:\n    return title[:5]\n",
        "def short(title: str) -> str:\n    return title[:5] + '.'\n",
    ),
    "round-trip": (
        "Write encode and decode for texts; decode gives back what encode was given.",
        "def decode(text: str) -> str:\n    return text[1:]\n\n\ndef encode(text: str) -> str:\n    return '#' + text\n",
        "def decode(text: str) -> str:\n    return text.strip('# ')\n\n\ndef encode(text: str) -> str:\n    return '#' + text\n",
    ),
    "keeps-state": (
        "Return the numbers doubled.",
        "def doubled(numbers: list[int]) -> list[int]:\n    return [2 * n for n in numbers]\n",
        "def doubled(numbers: list[int], found=[]) -> list[int]:\n    found += [2 * n for n in numbers]\n    return list(found)\n",
    ),
    "changes-argument": (
        "Return the smallest number of a list, 0 for the empty one.",
        "def smallest(numbers: list[int]) -> int:\n    return min(numbers, default=0)\n",
        "def smallest(numbers: list[int]) -> int:\n    numbers.sort()\n    return numbers[0] if numbers else 0\n",
    ),
    "depends-on-chance": (
        "Return a pivot of the list, which is the number in its middle.",
        "def pivot(numbers: list[int]):\n    return numbers[len(numbers) // 2] if numbers else None\n",
        "import random\n\n\ndef pivot(numbers: list[int]):\n    return random.choice(numbers) if numbers else None\n",
    ),
    "prints-result": (
        "Add up the numbers.",
        "def total(numbers: list[int]) -> int:\n    return sum(numbers)\n",
        "def total(numbers: list[int]) -> int:\n    print(sum(numbers))\n",
    ),
    "concept": (
        "Decide if n is a prime number.",
        "def is_prime(n: int) -> bool:\n    return n > 1 and all(n % d for d in range(2, n))\n",
        "def is_prime(n: int) -> bool:\n    return n > 1 and all(n % d for d in (2, 3, 5, 7) if d < n - 1) and n != 11\n",
    ),
}  # fmt: skip
"""For each rule: an instruction without examples, a code that keeps to it, and one that does not."""

each_task = pytest.mark.parametrize("rule", TASKS)


@each_task
def test_a_fault_is_found_without_examples(rule: str, sandbox: Sandbox) -> None:
    """What is said names the input and what came; nothing speaks for the faulty code."""
    instruction, good, bad = TASKS[rule]
    assert not read_problem(instruction, good, bad).examples

    found = _evidence(instruction, good, bad, sandbox)

    assert rule in {item.rule for item in found if item.favours == "A"}
    assert not [item for item in found if item.favours == "B"]


@each_task
def test_swapped_codes_give_swapped_evidence(rule: str, sandbox: Sandbox) -> None:
    """The order of the codes must say nothing."""
    instruction, good, bad = TASKS[rule]

    here = {(item.rule, item.favours, item.certainty) for item in _evidence(instruction, good, bad, sandbox)}
    there = {(item.rule, item.favours, item.certainty) for item in _evidence(instruction, bad, good, sandbox)}

    assert {(name, side and OTHER[side], sure) for name, side, sure in there} == here


@each_task
def test_a_fault_that_both_have_speaks_for_neither(rule: str, sandbox: Sandbox) -> None:
    """As does none that neither has."""
    instruction, good, bad = TASKS[rule]

    for code in (good, bad) if rule != "does-not-end" else (good,):
        assert {item.favours for item in _evidence(instruction, code, code, sandbox)} <= {None}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("changes-argument", "Sort the list in place and return its smallest number, 0 for the empty one."),
        ("depends-on-chance", "Return a random number of the list."),
        ("prints-result", "Print the sum of the numbers."),
        ("keeps-state", "Return all numbers doubled, also those of earlier calls, which it remembers."),
    ],
)
def test_what_is_asked_for_is_no_fault(rule: str, said: str, sandbox: Sandbox) -> None:
    """An instruction may well ask for a change in place, for chance, or for printing."""
    _, good, bad = TASKS[rule]

    assert rule not in {item.rule for item in _evidence(said, good, bad, sandbox)}


def test_a_finding_names_input_expected_and_got(sandbox: Sandbox) -> None:
    """So that a person can check it by hand."""
    found = _evidence(*TASKS["changes-argument"], sandbox)

    (item,) = [item for item in found if item.rule == "changes-argument"]

    assert {"input", "expected", "got"} <= item.details.keys()
    assert item.as_json()["says"].startswith("B changes its argument: on [")
    assert item.details["input"] in item.says


CALLED = {
    "coroutines": (
        "Return the price with tax.\n\nassert taxed(100) == 119\n",
        "import asyncio\n\n\nasync def taxed(price):\n    await asyncio.sleep(0)\n    return price * 119 // 100 if price else await taxed(1)\n",
        "import asyncio\n\n\nasync def taxed(price):\n    return price * 118 // 100\n",
    ),
    "methods": (
        "Complete the class.\n\n>>> Shop().taxed(100)\n119\n",
        "class Shop:\n    def __init__(self, rate=119):\n        self.rate = rate\n\n    def taxed(self, price):\n        return price * self.rate // 100\n",
        "class Shop:\n    def taxed(self, price):\n        return price * 118 // 100\n",
    ),
    "a variable's methods": (
        "Complete the class.\n\nshop = Shop()\nassert shop.taxed(100) == 119\n",
        "class Shop:\n    async def taxed(self, price):\n        return price * 119 // 100\n",
        "class Shop:\n    def taxed(self, price):\n        return price * 118 // 100\n",
    ),
    "static methods": (
        "class Shop:\n    @staticmethod\n    def taxed(price: int) -> int:\n        '''Return the price with tax.\n\n        >>> Shop.taxed(100)\n        119\n        '''\n",
        "class Shop:\n    @staticmethod\n    def taxed(price):\n        return price * 119 // 100\n",
        "class Shop:\n    @classmethod\n    def taxed(cls, price):\n        return price * 118 // 100\n",
    ),
}


@pytest.mark.parametrize("what", CALLED)
def test_what_is_no_plain_function_is_called_as_its_kind_needs(what: str, sandbox: Sandbox) -> None:
    """Coroutines are awaited, methods get a fresh instance, static ones none."""
    found = _evidence(*CALLED[what], sandbox)

    assert [(item.rule, item.favours) for item in found if item.favours] == [("example-failed", "A")]
    assert "119" in found[0].says


def test_a_class_that_needs_arguments_is_not_made() -> None:
    """Nothing says what to give it."""
    code = "class Shop:\n    def __init__(self, rate):\n        self.rate = rate\n\n    def taxed(self, price):\n        return price\n"

    assert read_problem("Complete the class Shop.", code, code).entry_point is None


def test_a_method_is_no_function_where_the_other_code_has_the_function() -> None:
    """What is asked for as a function is missing where it is hidden in a class."""
    problem = read_problem(
        "Write a function taxed.",
        "def taxed(p):\n    return p\n",
        "class S:\n    def taxed(self, p):\n        return p\n",
    )

    assert problem.entry_point != "taxed" or "taxed" not in problem.b.names


def test_pairs_are_known_by_their_names_or_because_one_is_said_to_undo_itself() -> None:
    """The instruction may give one of the two itself."""
    given = "def encode_text(text):\n    return text[::-1]\n\n\ndef decode_text(text):\n    '''Undo encode_text.'''\n"
    code = "def decode_text(text):\n    return text[::-1]\n"
    both = "def to_roman(n):\n    return n\n\n\ndef a_to_b(n):\n    return n\n\n\ndef b_to_a(n):\n    return n\n"
    toggle = "def toggle(text):\n    return text.swapcase()\n"

    assert pair_of(read_problem(given, code, code)) == ("encode_text", "decode_text")
    assert set(pair_of(read_problem("Write both.", both, both))) == {"a_to_b", "b_to_a"}
    assert pair_of(read_problem("Applying it twice gives back the text.", toggle, toggle)) == ("toggle", "toggle")
    assert pair_of(read_problem("Swap the case.", toggle, toggle)) == ("", "")
