# ruff: noqa: E501 (a table of codes reads better on one line each)
"""What both codes do is seen by running them, and it speaks against the one that does otherwise than asked."""

from collections.abc import Iterator

import pytest

from codefavor.judges.evidence import behaviour
from codefavor.judges.evidence.base import OTHER, Evidence
from codefavor.judges.evidence.behaviour import Behaviour, behaviour_evidence
from codefavor.judges.evidence.properties import property_evidence
from codefavor.problems.asked import read_problem
from codefavor.problems.examples import Example
from codefavor.problems.outcomes import came, equal, meets, shown
from codefavor.records import Comparison
from codefavor.sandbox import CallOutcome, Limits, Opaque, Sandbox, SandboxError


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
    monkeypatch.setattr(
        behaviour, "_LIMITS", Limits(cpu_seconds=0.6, wall_seconds=20.0, call_cpu_seconds=0.05, memory_mb=1024)
    )


def _seen(instruction: str, a: str, b: str, sandbox: Sandbox) -> Behaviour:
    comparison = Comparison(id="x", instruction=instruction, code_a=a, code_b=b, criterion="correctness")
    return behaviour_evidence(comparison, read_problem(instruction, a, b), sandbox)


def _said(evidence: list[Evidence]) -> list[tuple[str, str | None]]:
    return [(item.rule, item.favours) for item in evidence]


_SPREAD = "Return how far apart the largest and the smallest number are.\n\nassert spread([4, 1, 9]) == 8\nassert spread([5]) == 0\n"
_GOOD = "def spread(values):\n    return max(values) - min(values) if values else 0\n"

PAIRS = {
    "example-failed": (
        _SPREAD,
        _GOOD,
        "def spread(values):\n    return values[-1] - values[0]\n",
    ),
    "breaks-on-inputs": (
        "Return the part of the numbers that are even; 0 for the empty list.\n\nassert part([1, 2]) == 0.5\n",
        "def part(values):\n    return sum(v % 2 == 0 for v in values) / len(values) if values else 0.0\n",
        "def part(values):\n    return sum(v % 2 == 0 for v in values) / len(values)\n",
    ),
    "entry-point-missing": (_SPREAD, _GOOD, _GOOD.replace("spread", "difference")),
    "does-not-parse": (_SPREAD, _GOOD, _GOOD.replace("):", ")")),
    "does-not-load": (_SPREAD, _GOOD, "import no_such_module_anywhere\n" + _GOOD),
    "does-not-end": (
        "Halve a positive integer until it is odd.\n\nassert odd_part(12) == 3\nassert odd_part(5) == 5\n",
        "def odd_part(n):\n    while n and n % 2 == 0:\n        n //= 2\n    return n\n",
        "def odd_part(n):\n    while n and n % 2 == 0:\n        n = n // 2 if n != 10 else n\n    return n\n",
    ),
    "odd-type": (
        "Return the largest number, 0 for the empty list.\n\nassert top([4, 9]) == 9\nassert top([5]) == 5\n",
        "def top(values):\n    return max(values, default=0)\n",
        "def top(values):\n    return max(values) if values else 'nothing'\n",
    ),
}
"""For each rule: an instruction, a code that keeps to it, and one that does not."""

each_pair = pytest.mark.parametrize("rule", PAIRS)


@each_pair
def test_the_code_that_keeps_to_what_is_asked_is_favoured(rule: str, sandbox: Sandbox) -> None:
    """Each way of failing is told from the others, and is sure enough to be worth something."""
    seen = _seen(*PAIRS[rule], sandbox)

    assert (rule, "A") in _said(seen.evidence)
    assert "B" not in {item.favours for item in seen.evidence}
    assert all(0.5 < item.certainty <= 1 for item in seen.evidence if item.favours)


@each_pair
def test_swapped_codes_give_swapped_evidence(rule: str, sandbox: Sandbox) -> None:
    """The order of the codes must say nothing."""
    instruction, good, bad = PAIRS[rule]

    here, there = _seen(instruction, good, bad, sandbox), _seen(instruction, bad, good, sandbox)

    assert _said(there.evidence) == [(name, side and OTHER[side]) for name, side in _said(here.evidence)]  # type: ignore[index]
    assert [item.certainty for item in here.evidence] == [item.certainty for item in there.evidence]
    assert (here.passed_a, here.passed_b) == (there.passed_b, there.passed_a)


@each_pair
def test_the_same_code_twice_favours_nothing(rule: str, sandbox: Sandbox) -> None:
    """Whether it is a good one or a bad one."""
    instruction, good, bad = PAIRS[rule]

    for code in (good, bad) if rule != "does-not-end" else (good,):
        assert {item.favours for item in _seen(instruction, code, code, sandbox).evidence} <= {None}


def test_a_failed_example_is_told_with_what_was_expected_and_what_came(sandbox: Sandbox) -> None:
    """A person can check it without running anything."""
    seen = _seen(*PAIRS["example-failed"], sandbox)

    item = next(item for item in seen.evidence if item.rule == "example-failed")

    assert item.as_json()["says"] == "spread([4, 1, 9]) should be 8; B gives 5, A gets it right."
    assert item.details == {"call": "spread([4, 1, 9])", "expected": "8", "got": "gives 5", "a": 2, "b": 1, "of": 2}
    assert (seen.passed_a, seen.passed_b, seen.examples, seen.both_pass) == (2, 1, 2, False)


def test_a_code_that_passes_more_is_surer_where_it_passes_all(sandbox: Sandbox) -> None:
    """An example that both fail may be wrong itself, and then so may the others."""
    wrong = _SPREAD + "assert spread([7, 7]) == 1\n"
    _, good, bad = PAIRS["example-failed"]

    all_of_them = next(item for item in _seen(_SPREAD, good, bad, sandbox).evidence if item.rule == "example-failed")
    most = next(item for item in _seen(wrong, good, bad, sandbox).evidence if item.rule == "example-failed")

    assert all_of_them.favours == most.favours == "A"
    assert most.certainty < all_of_them.certainty


def test_an_exception_that_is_asked_for_is_met_by_raising_it(sandbox: Sandbox) -> None:
    """And by no other."""
    instruction = ">>> root(-4)\nTraceback (most recent call last):\nValueError: negative\n\n>>> root(9)\n3.0\n"
    good = "def root(n):\n    if n < 0:\n        raise ValueError('negative')\n    return n ** 0.5\n"
    bad = good.replace("ValueError", "KeyError")

    seen = _seen(instruction, good, bad, sandbox)

    assert ("example-failed", "A") in _said(seen.evidence)
    assert (seen.passed_a, seen.passed_b) == (2, 1)


def test_a_code_that_never_ends_on_the_examples_fails_them(sandbox: Sandbox) -> None:
    """It does not hold up the run either."""
    seen = _seen(_SPREAD, _GOOD, "def spread(values):\n    while True:\n        pass\n", sandbox)

    assert ("example-failed", "A") in _said(seen.evidence)
    assert (seen.passed_a, seen.passed_b) == (2, 0)


def test_refusing_an_input_on_purpose_is_no_crash(sandbox: Sandbox) -> None:
    """A code that says what is wrong with an input has thought of it."""
    good = "def spread(values):\n    if not values:\n        raise ValueError('no values')\n    return max(values) - min(values)\n"

    seen = _seen(_SPREAD, _GOOD, good, sandbox)

    assert "breaks-on-inputs" not in {item.rule for item in seen.evidence}


def test_codes_that_do_the_same_are_said_to_agree(sandbox: Sandbox) -> None:
    """Differently written, and nothing to tell them apart."""
    other = "def spread(values):\n    ordered = sorted(values)\n    return ordered[-1] - ordered[0] if ordered else 0\n"

    seen = _seen(_SPREAD, _GOOD, other, sandbox)

    assert _said(seen.evidence) == [("agree", None)]
    assert len(seen.observed) > 20
    assert seen.disagreements == []
    assert seen.both_pass


def test_codes_that_differ_where_nobody_knows_better_are_said_to_disagree(sandbox: Sandbox) -> None:
    """The input is shown, and no side is taken."""
    instruction = "Shorten the text.\n\nassert shorten('abcdef') == 'abc'\nassert shorten('xyzxyz') == 'xyz'\n"

    seen = _seen(
        instruction, "def shorten(t):\n    return t[:3]\n", "def shorten(t):\n    return t[:len(t) // 2]\n", sandbox
    )

    assert _said(seen.evidence) == [("disagree", None)]
    assert seen.disagreements


def test_equal_numbers_of_different_types_are_a_disagreement(sandbox: Sandbox) -> None:
    """True and 1 print differently."""
    seen = _seen(
        "Is it in?\n\nassert inside([1], 1) == True\n",
        "def inside(values, v):\n    return v in values\n",
        "def inside(values, v):\n    return int(v in values)\n",
        sandbox,
    )

    assert seen.disagreements


def test_two_broken_codes_favour_neither(sandbox: Sandbox) -> None:
    """There is nothing to run."""
    broken = _GOOD.replace("):", ")")

    assert _said(_seen(_SPREAD, broken, "x = (\n", sandbox).evidence) == []


def test_codes_without_a_common_function_cannot_be_run(sandbox: Sandbox) -> None:
    """And the verdict says so."""
    seen = _seen("Do it.", "def one(x):\n    return x\n", "def other(x):\n    return x\n", sandbox)

    assert _said(seen.evidence) == [("no-entry-point", None)]


@pytest.mark.parametrize(
    "code",
    [
        "spread = lambda values: max(values) - min(values) if values else 0\n",
        "import functools\n\n@functools.lru_cache\ndef _s(v):\n    return max(v) - min(v) if v else 0\n\ndef spread(values):\n    return _s(tuple(values))\n",
        "class spread(int):\n    def __new__(cls, values):\n        return max(values) - min(values) if values else 0\n",
        "from builtins import max as spread\n",
        "def _made():\n    return lambda values: max(values) - min(values) if values else 0\n\nspread: object = _made()\n",
        "async def other():\n    pass\n\nif True:\n    def spread(values):\n        return max(values) - min(values) if values else 0\n",
    ],
    ids=["lambda", "cached", "class", "import", "annotated", "in-a-branch"],
)
def test_a_function_is_not_missing_where_it_is_bound_in_another_way(code: str, sandbox: Sandbox) -> None:
    """Only a code that lacks the name altogether cannot be called."""
    seen = _seen(_SPREAD, _GOOD, code, sandbox)

    assert "entry-point-missing" not in {item.rule for item in seen.evidence}


def test_a_name_that_only_begins_alike_is_not_the_function(sandbox: Sandbox) -> None:
    """A class or a variable of a longer name defines nothing that is asked for."""
    code = "class spreadsheet:\n    pass\n\nwidespread = 1\n"

    assert ("entry-point-missing", "A") in _said(_seen(_SPREAD, _GOOD, code, sandbox).evidence)


def test_a_number_that_is_too_large_for_a_float_is_only_a_wrong_answer(sandbox: Sandbox) -> None:
    """The comparison must not fail with it."""
    instruction = "Halve it.\n\nassert half(5) == 2.5\n"

    seen = _seen(instruction, "def half(n):\n    return n / 2\n", "def half(n):\n    return 10 ** 400\n", sandbox)

    assert ("example-failed", "A") in _said(seen.evidence)


# ── Properties ──


def test_a_stated_property_speaks_against_the_code_whose_results_lack_it(sandbox: Sandbox) -> None:
    """The examples let both pass, the words do not."""
    instruction = "Return the distinct values in ascending order.\n\nassert tidy([3, 1, 2]) == [1, 2, 3]\n"
    good, bad = "def tidy(v):\n    return sorted(set(v))\n", "def tidy(v):\n    return sorted(v)\n"

    here, there = (
        property_evidence(read_problem(instruction, a, b), _seen(instruction, a, b, sandbox))
        for a, b in ((good, bad), (bad, good))
    )

    assert ("no-duplicates", "A") in _said(here)
    assert ("no-duplicates", "B") in _said(there)


# ── Values and words ──


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (0.1 + 0.2, 0.3, True),
        (3.0, 3, True),
        (1.0, 1.1, False),
        ([0.1 + 0.2, "a"], [0.3, "a"], True),
        ({"a": (0.1 + 0.2,)}, {"a": (0.3,)}, True),
        ({"a": 1}, {"b": 1}, False),
        ([1], (1,), False),
        ([1, 2], [1], False),
        (float("nan"), float("nan"), True),
        (float("nan"), 1.0, False),
        (float("inf"), float("inf"), True),
        pytest.param(10**400, 1.0, False, id="too large for a float"),
        ("1", 1.0, False),
        (None, 0.0, False),
        ({1, 2}, {2, 1}, True),
        (Opaque("C", "c"), Opaque("C", "c"), True),
        (Opaque("C", "c"), Opaque("C", "d"), False),
        (Opaque("C", "c"), 1.0, False),
    ],
)
def test_values_are_equal_as_tests_take_them(one: object, other: object, same: bool) -> None:
    """In both orders."""
    assert equal(one, other) is same
    assert equal(other, one) is same


def test_a_tolerance_widens_what_is_equal() -> None:
    """Only as far as the assertion allows."""
    assert equal(1.05, 1.0, 0.1)
    assert not equal(1.2, 1.0, 0.1)


def test_an_example_is_met_by_its_value_or_its_exception_only() -> None:
    """Raising where a value is asked for fails, and the other way round."""
    value, refusal = Example("f(1)", 2), Example("f(1)", raises="KeyError")

    assert meets(value, CallOutcome("returned", 2))
    assert not meets(value, CallOutcome("returned", 3))
    assert not meets(value, CallOutcome("raised", exception="KeyError"))
    assert meets(refusal, CallOutcome("raised", exception="KeyError"))
    assert not meets(refusal, CallOutcome("raised", exception="ValueError"))
    assert not meets(refusal, CallOutcome("returned", None))


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (CallOutcome("returned", [1]), "gives [1]"),
        (CallOutcome("raised", exception="KeyError", message="3"), "raises KeyError: 3"),
        (CallOutcome("raised", exception="KeyError"), "raises KeyError"),
        (CallOutcome("timeout"), "does not end in time"),
        (CallOutcome("memory"), "runs out of memory"),
        (CallOutcome("recursion"), "recurses too deep"),
        (CallOutcome("exited"), "ends the program"),
        (CallOutcome("not-run"), "is not reached"),
        pytest.param(CallOutcome("returned", 10**5000), "gives a very large int", id="large"),
    ],
)
def test_what_came_of_a_call_is_told_in_words(outcome: CallOutcome, words: str) -> None:
    """A verdict ends in sentences for a person."""
    assert came(outcome) == words


def test_arguments_are_shown_as_in_a_call_and_cut_where_they_are_long() -> None:
    """A page of numbers helps nobody."""
    assert shown(([1], "a")) == "[1], 'a'"
    assert shown(()) == "()"
    assert len(shown("x" * 10_000)) < 200
