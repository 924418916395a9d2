"""Owns the checks of running a teacher's pairs: what is verified, what is turned away, what cannot be run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codefavor.errors import SandboxError
from codefavor.jsonl import read_records
from codefavor.objectives import CRITERIA
from codefavor.records import PreferencePair, Rejection
from codefavor.sandbox import Sandbox
from codefavor.synthesis.verification import RUNS, PairVerifier, Seen, judged, look

INSTRUCTION = (
    "Write `largest(rows)`, the largest number or None.\n\n>>> largest([1, 3, 2])\n3\n>>> largest([-5, -2])\n-2\n\n"
    "Of nothing, `largest([]) == None`."
)
RIGHT = "def largest(rows):\n    return max(rows, default=None)\n"
SLOW = "def largest(rows):\n    ranked = sorted(rows)\n    return ranked[-1] if ranked else None\n"
WRONG = "def largest(rows):\n    best = 0\n    for row in rows:\n        best = max(best, row)\n    return best\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all, where this machine can hold codes."""
    try:
        with Sandbox(1) as opened:
            yield opened
    except SandboxError as error:
        pytest.skip(str(error))


def pair(naive: str, improved: str, about: str = "correctness", **others: Any) -> PreferencePair:
    """Return a pair as a teacher's run makes it."""
    row = {
        "instruction": INSTRUCTION,
        "criterion": CRITERIA[about],
        "naive_code": naive,
        "improved_code": improved,
        "feedback": "The naive code errs; the improved code does not.",
        "method": "critic-evol",
        "meta": {"row": "a7"},
    }
    return PreferencePair.model_validate({**row, **others})


def test_a_pair_is_verified_where_the_examples_show_what_it_says(sandbox: Sandbox) -> None:
    """About correctness the naive code must fail; about efficiency both may be right."""
    fault = pair(WRONG, RIGHT)
    seen = look(fault, sandbox)
    found = judged(fault, seen)

    assert isinstance(found, PreferencePair)
    assert (found.verified, found.id) == (True, fault.id)
    assert (seen["examples"], seen["naive_meets"], seen["improved_meets"]) == (3, 1, 3)
    assert seen["naive_fails"] == "largest([-5, -2]) should give -2 and gives 0"
    faster = pair(SLOW, RIGHT, "efficiency")
    assert judged(faster, look(faster, sandbox)).model_dump()["verified"] is True


def test_a_difference_that_no_example_shows_is_not_verified(sandbox: Sandbox) -> None:
    """It may be there all the same, so the pair stays, and says so."""
    same = pair(SLOW, RIGHT)
    both_wrong = pair(WRONG, WRONG + "# as before\n", "efficiency")

    assert judged(same, look(same, sandbox)).model_dump()["verified"] is False
    assert judged(both_wrong, look(both_wrong, sandbox)).model_dump()["verified"] is False


def test_a_pair_whose_examples_say_the_opposite_is_turned_away(sandbox: Sandbox) -> None:
    """A teacher broke the code it was to better."""
    turned = pair(RIGHT, WRONG)
    found = judged(turned, look(turned, sandbox))

    assert isinstance(found, Rejection)
    assert (found.id, found.reason) == ("a7", "fails-examples")
    assert "1 of 3, and the naive code 3: largest(" in found.detail


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"language": "rust"}, "language"),
        ({"instruction": "Write `largest(rows)`, the largest number or None."}, "no-examples"),
        ({"naive_code": "def largest(rows):\n    print rows\n"}, "not-python-3"),
        ({"improved_code": "import nowhere_to_be_found\n" + RIGHT}, "library"),
        ({"improved_code": "def largest(rows):\n    import nowhere_to_be_found\n"}, "library"),
        ({"naive_code": "1 / 0\n" + WRONG, "improved_code": "1 / 0\n" + RIGHT}, "does-not-load"),
    ],
)
def test_what_cannot_be_run_says_why(sandbox: Sandbox, changes: dict[str, str], reason: str) -> None:
    """Neither verified nor refuted."""
    odd = pair(**{"naive": WRONG, "improved": RIGHT, **changes})
    found = judged(odd, look(odd, sandbox))

    assert isinstance(found, PreferencePair)
    assert found.verified is None
    assert (found.meta or {})["verification"] == {"not_run": reason}


@pytest.mark.parametrize(
    "hostile",
    [
        "while True:\n    pass\n",
        "def largest(rows):\n    while True:\n        pass\n",
        "import os\nos._exit(0)\n",
        "def largest(rows):\n    return [0] * 10**10\n",
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
    ],
)
def test_a_code_that_does_not_behave_holds_nothing_up(sandbox: Sandbox, hostile: str) -> None:
    """It meets nothing; the other side is run as ever."""
    seen = look(pair(hostile if "def" in hostile else hostile + WRONG, RIGHT), sandbox)

    assert (seen["naive_meets"], seen["improved_meets"]) == (0, 3)


def test_what_was_seen_is_kept_and_not_run_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """A code that does not always do the same must not change files that are made anew."""
    dice = "import time\ndef largest(rows):\n    return time.time_ns()\n"
    odd = pair(dice, RIGHT)
    with PairVerifier(tmp_path, 2) as first:
        one = first.submit(odd).result()
    with PairVerifier(tmp_path, 2) as second:
        other = second.submit(odd).result()

    assert one == other
    assert len(list(read_records(tmp_path / RUNS, Seen))) == 1
