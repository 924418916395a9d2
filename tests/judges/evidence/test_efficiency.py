# ruff: noqa: E501 (a table of codes reads better on one line each)
"""Which code costs less is seen by running both on growing inputs, in both orders alike."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from codefavor.judges.evidence import efficiency, growing
from codefavor.judges.evidence.base import OTHER, Evidence
from codefavor.judges.evidence.efficiency import efficiency_evidence
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
        with suppress(SandboxError):  # the first count starts a worker, which takes seconds
            opened.instructions("", "1")
        yield opened


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is slow is given up sooner than in earnest, and less of it is counted."""
    limits = Limits(cpu_seconds=0.8, call_cpu_seconds=0.2, wall_seconds=20.0, memory_mb=2048, value_bytes=4_000_000)
    monkeypatch.setattr(efficiency, "_LIMITS", limits)
    monkeypatch.setattr(efficiency, "_SLOW", 0.01)
    monkeypatch.setattr(efficiency, "_COUNTED", 0.002)


def _seen(instruction: str, a: str, b: str, sandbox: Sandbox) -> list[Evidence]:
    comparison = Comparison(id="x", instruction=instruction, code_a=a, code_b=b, criterion="efficiency")
    return efficiency_evidence(comparison, read_problem(instruction, a, b), sandbox)


PAIRS = {
    "a quadratic and a linear loop": (
        "Return the running totals.\n\nassert totals([3, 1, 2]) == [3, 4, 6]\n",
        "def totals(v):\n    out, t = [], 0\n    for x in v:\n        t += x\n        out.append(t)\n    return out\n",
        "def totals(v):\n    return [sum(v[: i + 1]) for i in range(len(v))]\n",
    ),
    "a set and a list that is looked through": (
        "Return what both lists hold, in order.\n\nassert shared([3, 1, 2], [2, 3, 9]) == [3, 2]\n",
        "def shared(a, b):\n    held = set(b)\n    return [x for x in a if x in held]\n",
        "def shared(a, b):\n    return [x for x in a if x in b]\n",
    ),
    "a loop and a double recursion": (
        "Return how many ways there are to climb n steps by ones and twos.\n\nassert ways(4) == 5\nassert ways(5) == 8\n",
        "def ways(n):\n    a, b = 1, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n",
        "def ways(n):\n    return 1 if n < 2 else ways(n - 1) + ways(n - 2)\n",
    ),
    "a formula and a sum": (
        "Return the sum of the whole numbers up to n.\n\nassert heap(4) == 10\nassert heap(6) == 21\n",
        "def heap(n):\n    return n * (n + 1) // 2\n",
        "def heap(n):\n    return sum(range(n + 1))\n",
    ),
    "an early end and all divisors": (
        "Tell whether a number is prime.\n\nassert prime(7) is True\nassert prime(12) is False\n",
        "def prime(n):\n    if n < 2:\n        return False\n    d = 2\n    while d * d <= n:\n        if n % d == 0:\n"
        "            return False\n        d += 1\n    return True\n",
        "def prime(n):\n    return n > 1 and all([n % d for d in range(2, n)])\n",
    ),
    "a join and a text put together from the front": (
        "Turn a text round.\n\nassert turned('abc') == 'cba'\n",
        "def turned(t):\n    return ''.join(reversed(t))\n",
        "def turned(t):\n    out = ''\n    for c in t:\n        out = c + out\n    return out\n",
    ),
    "a list that is taken from its end and from its front": (
        "Return the values in the other order.\n\nassert other([3, 1, 2]) == [2, 1, 3]\n",
        "def other(v):\n    v = list(v)\n    return [v.pop() for _ in range(len(v))]\n",
        "def other(v):\n    out = []\n    for x in v:\n        out.insert(0, x)\n    return out\n",
    ),
}  # fmt: skip
"""For each name: an instruction, the cheaper code and the dearer one."""

each_pair = pytest.mark.parametrize("name", PAIRS)


@each_pair
def test_the_cheaper_code_is_favoured(name: str, sandbox: Sandbox) -> None:
    """By what it costs, not by how it looks."""
    evidence = _seen(*PAIRS[name], sandbox)

    assert [(item.kind, item.favours) for item in evidence] == [("cost", "A")]
    assert evidence[0].certainty >= 0.8
    assert evidence[0].says


@each_pair
def test_swapped_codes_give_swapped_evidence(name: str, sandbox: Sandbox) -> None:
    """The order of the codes must say nothing."""
    instruction, cheap, dear = PAIRS[name]

    evidence = _seen(instruction, dear, cheap, sandbox)

    assert [(item.kind, item.favours) for item in evidence] == [("cost", "B")]


def test_the_growth_of_both_is_told(sandbox: Sandbox) -> None:
    """A reader sees that one grows as the square."""
    (item,) = _seen(*PAIRS["a quadratic and a linear loop"], sandbox)

    assert item.rule in ("growth", "did-not-finish")
    assert item.details["unit"] == "seconds"
    assert len(item.details["sizes"]) == len(item.details["a"]) == len(item.details["b"]) >= 2
    assert item.details["sizes"] == sorted(item.details["sizes"])


def test_a_code_that_does_not_finish_loses_to_one_that_does(sandbox: Sandbox) -> None:
    """A step that only one of them takes."""
    (item,) = _seen(*PAIRS["a loop and a double recursion"], sandbox)

    assert item.rule == "did-not-finish"
    assert "A answers" in item.as_json()["says"]


def test_a_code_that_never_ends_loses(sandbox: Sandbox) -> None:
    """Even where it is called with the shown values."""
    instruction, cheap, _ = PAIRS["a formula and a sum"]
    endless = "def heap(n):\n    while True:\n        pass\n"

    here, there = _seen(instruction, cheap, endless, sandbox), _seen(instruction, endless, cheap, sandbox)

    assert [item.favours for item in here] == ["A"]
    assert [item.favours for item in there] == ["B"]


def test_two_codes_that_never_end_favour_neither(sandbox: Sandbox) -> None:
    """There is nothing to choose."""
    endless = "def heap(n):\n    while True:\n        pass\n"

    assert {item.favours for item in _seen(PAIRS["a formula and a sum"][0], endless, endless, sandbox)} == {None}


@pytest.mark.parametrize("name", ["a formula and a sum", "a quadratic and a linear loop"])
def test_the_same_code_twice_favours_neither(name: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, and however little the code costs."""
    monkeypatch.setattr(growing, "LONGEST", 1024)
    instruction, cheap, _ = PAIRS[name]

    assert {item.favours for item in _seen(instruction, cheap, cheap, sandbox)} == {None}


@pytest.fixture(scope="module")
def first_counts() -> list[int | None]:
    """The instructions of one call, counted four times, the first time by a worker that has counted nothing yet."""
    try:
        with Sandbox(1) as fresh:
            return [fresh.instructions(PAIRS["a formula and a sum"][1], "heap(6)") for _ in range(4)]
    except SandboxError as error:
        pytest.skip(f"no counting here: {error}")


def test_a_worker_s_first_count_is_like_its_others(first_counts: list[int | None]) -> None:
    """A is counted first, so a dear first count would speak against A."""
    counts = [count for count in first_counts if count is not None]

    assert len(counts) == 4
    assert max(counts) - min(counts) < 60_000


def test_what_is_counted_is_the_call_alone(first_counts: list[int | None]) -> None:
    """A product and a division: what surrounds them would drown every difference between cheap codes."""
    assert all(count is not None and count < 50_000 for count in first_counts)


@pytest.mark.parametrize(
    "broken", ["def totals(v:\n    return v\n", "import no_such_module_anywhere\ndef totals(v):\n    return v\n"]
)
def test_a_code_that_cannot_be_run_is_never_favoured_by_its_cost(broken: str, sandbox: Sandbox) -> None:
    """Doing nothing costs nothing."""
    instruction, cheap, _ = PAIRS["a quadratic and a linear loop"]

    here, there = _seen(instruction, cheap, broken, sandbox), _seen(instruction, broken, cheap, sandbox)

    assert {item.favours for item in here} <= {"A", None}
    assert {item.favours for item in there} <= {"B", None}
    assert here
    assert there


def test_two_codes_that_cannot_be_read_favour_neither(sandbox: Sandbox) -> None:
    """And the verdict says that no cost can be shown."""
    evidence = _seen(PAIRS["a quadratic and a linear loop"][0], "def totals(v:\n", "def totals(:\n", sandbox)

    assert [(item.rule, item.favours) for item in evidence] == [("no-cost", None)]


def test_a_code_with_other_results_is_not_called_cheaper_for_them(sandbox: Sandbox) -> None:
    """It is cheap to return the wrong thing."""
    instruction, _, dear = PAIRS["a quadratic and a linear loop"]
    wrong = "def totals(v):\n    return []\n"

    here, there = _seen(instruction, dear, wrong, sandbox), _seen(instruction, wrong, dear, sandbox)

    assert not [item for item in (*here, *there) if item.kind == "cost" and item.favours]


def test_codes_without_examples_are_compared_by_their_loops(sandbox: Sandbox) -> None:
    """Where nothing can be run, reading says a little, and is not sure of it."""
    flat = "def totals(v):\n    t = 0\n    for x in v:\n        t += x\n    return t\n"
    nested = "def totals(v):\n    t = 0\n    for x in v:\n        for y in v:\n            for z in v:\n                t += 1\n    return t\n"

    here, there = _seen("Add it up.", flat, nested, sandbox), _seen("Add it up.", nested, flat, sandbox)

    assert [(item.rule, item.favours) for item in here] == [("static-cost", "A")]
    assert [(item.rule, item.favours) for item in there] == [("static-cost", "B")]
    assert here[0].certainty < 0.8


def test_a_code_that_changes_its_argument_is_measured_all_the_same(sandbox: Sandbox) -> None:
    """Each evaluation gets arguments of its own, so emptying them makes no later one cheap."""
    instruction = "Return the sum of the values.\n\nassert weight([3, 1, 2]) == 6\n"
    plain = "def weight(v):\n    return sum(v)\n"
    emptying = "def weight(v):\n    t = 0\n    while v:\n        t += v.pop(0)\n    return t\n"

    here, there = _seen(instruction, plain, emptying, sandbox), _seen(instruction, emptying, plain, sandbox)

    assert [item.favours for item in here] == ["A"]
    assert [item.favours for item in there] == ["B"]


@pytest.mark.parametrize("side", ["A", "B"])
def test_every_side_that_evidence_can_take_has_another(side: str) -> None:
    """What swapping rests on."""
    seen = Evidence("cost", side, "", 0.9, "growth")  # type: ignore[arg-type]

    assert seen.swapped().favours == OTHER[side]  # type: ignore[index]
    assert seen.swapped().swapped() == seen


def test_a_bare_signature_is_enough_to_run_codes(sandbox: Sandbox) -> None:
    """No example is shown: names and annotations say what to call with."""
    asked = "Return the running totals.\n\ndef totals(nums: list[int]) -> list[int]:\n"
    _, cheap, dear = PAIRS["a quadratic and a linear loop"]
    here, there = _seen(asked, cheap, dear, sandbox), _seen(asked, dear, cheap, sandbox)

    assert [(item.kind, item.favours) for item in here] == [("cost", "A")]
    assert [(item.kind, item.favours) for item in there] == [("cost", "B")]
    assert "assumed" in here[0].says


def test_a_wrong_assumption_leaves_it_to_reading(sandbox: Sandbox) -> None:
    """Neither takes a list here, so neither is cheaper for raising."""
    text = "def totals(nums):\n    return nums.strip().upper()\n"

    evidence = _seen("Add it up.", text, text.replace("upper", "lower"), sandbox)

    assert not [item for item in evidence if item.kind == "cost" and item.favours]


def test_what_is_cheap_is_seen_at_its_largest(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are large where nothing costs anything, and must not stop short of the end."""
    monkeypatch.setattr(growing, "LONGEST", 1000)
    code = "def first(v):\n    return v[0]\n"
    instruction = "Return the first value.\n\nassert first([3, 1, 2]) == 3\n"

    (item,) = [item for item in _seen(instruction, code, code, sandbox) if item.kind in ("cost", "note")]

    if item.rule != "instructions":
        pytest.skip("instructions are not counted here")
    assert item.details["sizes"] == [1000]
