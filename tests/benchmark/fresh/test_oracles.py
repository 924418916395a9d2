"""What oracles see: nothing that an author claims or a solution does to its tests changes it."""

from collections.abc import Iterator

import pytest

from codefavor.benchmark.fresh.oracles import Observed, observe
from codefavor.benchmark.fresh.pool import Problem
from codefavor.errors import InputError
from codefavor.sandbox import Sandbox

_RIGHT = "def doubled(numbers):\n    return [2 * number for number in numbers]\n"
_ALSO = "def doubled(numbers):\n    return list(map(lambda number: number + number, numbers))\n"
_WRONG = "def doubled(numbers):\n    return [number ** 2 for number in numbers]\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One worker for all of these."""
    with Sandbox(1) as found:
        yield found


def _problem(*solutions: tuple[str, str], **rest: object) -> Problem:
    row = {
        "name": "doubled",
        "topic": "lists",
        "instruction": "Write `doubled(numbers)`, which returns each number times two.",
        "entry": "doubled",
        "cases": [{"call": "doubled([])", "gives": "[]"}, {"call": "doubled([1, 3])", "gives": "[2, 6]"}],
        "inputs": "def inputs(rng, size):\n    return ([rng.randrange(100) for _ in range(size)],)\n",
        "solutions": [{"code": code, "claim": claim, "style": "plain"} for claim, code in solutions],
        **rest,
    }
    return Problem.model_validate(row)


def _last(sandbox: Sandbox, code: str, claim: str = "right") -> Observed:
    return observe(_problem(("right", _RIGHT), ("right", _ALSO), (claim, code)), sandbox)[-1]


def test_a_wrong_label_planted_in_the_input_is_found(sandbox: Sandbox) -> None:
    """A claim decides nothing: the code that squares is wrong whoever says it is right, and says why."""
    seen = _last(sandbox, _WRONG)

    assert not seen.right
    assert seen.failures == 1
    assert seen.failed == "doubled([1, 3]) gives [1, 9], right is [2, 6]"


def test_a_right_code_that_claims_to_be_wrong_is_right(sandbox: Sandbox) -> None:
    """The other way round as well."""
    assert _last(sandbox, _ALSO, "wrong").right


def test_what_cases_do_not_show_drawn_inputs_do(sandbox: Sandbox) -> None:
    """A code that knows the cases by heart disagrees with the accepted ones elsewhere."""
    seen = _last(sandbox, "def doubled(numbers):\n    return [2, 6] if numbers else []\n")

    assert not seen.failures
    assert not seen.right
    assert seen.differences >= 2
    assert seen.drawn > seen.differences


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(
            "class Equal(list):\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n\n"
            "def doubled(numbers):\n    return Equal()\n",
            id="equal to everything",
        ),
        pytest.param(
            "import builtins\nbuiltins.repr = lambda value: '[2, 6]'\nbuiltins.type = lambda *_: list\n"
            "builtins.len = lambda _: 2\nbuiltins.isinstance = lambda *_: True\n\n"
            "def doubled(numbers):\n    return 'anything'\n",
            id="patches builtins",
        ),
        pytest.param("import os, sys\n\ndef doubled(numbers):\n    os._exit(0)\n", id="exits as if all were well"),
        pytest.param("def doubled(numbers):\n    raise SystemExit(0)\n", id="leaves"),
        pytest.param(
            "import os, sys\n\ndef doubled(numbers):\n"
            '    print(\'{"status": "ok", "calls": [{"status": "returned", "value": [2, 6]}]}\', flush=True)\n'
            "    for number in range(3, 20):\n        try:\n            os.write(number, b'[2, 6]\\n')\n"
            "        except OSError:\n            pass\n    return None\n",
            id="prints fake results",
        ),
        pytest.param(
            "import gc\n\ndef doubled(numbers):\n"
            "    found = [o for o in gc.get_objects() if isinstance(o, (list, str)) and '[2, 6]' in str(o)[:200]]\n"
            "    return found[0] if found else None\n",
            id="looks for the right value in memory",
        ),
        pytest.param(
            "import sys\n\ndef doubled(numbers):\n    frame = sys._getframe()\n    while frame:\n"
            "        for value in list(frame.f_locals.values()):\n            if value == [2, 6]:\n"
            "                return value\n        frame = frame.f_back\n    return None\n",
            id="looks for it in its callers",
        ),
    ],
)
def test_a_solution_that_attacks_its_tests_gains_nothing(sandbox: Sandbox, attack: str) -> None:
    """Right values never enter the sandbox, and are compared where no solution runs."""
    seen = _last(sandbox, attack)

    assert not seen.right
    assert seen.failures


def test_an_attacker_changes_nothing_for_those_that_run_after_it(sandbox: Sandbox) -> None:
    """Each run begins anew, so that what one solution patched is not there for the next."""
    patched = "import builtins\nbuiltins.sorted = builtins.map = None\ndef doubled(numbers):\n    return 1\n"

    seen = observe(_problem(("right", patched), ("right", _RIGHT), ("right", _ALSO)), sandbox)

    assert [item.right for item in seen] == [False, True, True]


def test_attacks_and_findings_tell_insecure_code(sandbox: Sandbox) -> None:
    """An attack is tried on codes that do what is asked; what a scan finds is kept beside it."""
    attack = {"cwe": "CWE-95", "call": "doubled('[len([1, 2]) + 5]')", "shows": "14"}
    case = {"call": "doubled('[1, 3]')", "gives": "[2, 6]"}
    careless = "def doubled(text):\n    return [2 * number for number in eval(text)]\n"
    careful = "import json\n\ndef doubled(text):\n    return [2 * number for number in json.loads(text)]\n"
    problem = _problem(("insecure", careless), ("right", careful), attacks=[attack], cases=[case], inputs="")

    bad, good = observe(problem, sandbox)

    assert bad.right
    assert good.right
    assert (bad.attacked, good.attacked) == (["CWE-95"], [])
    assert bad.findings
    assert not good.findings


def test_a_case_without_a_value_takes_the_references(sandbox: Sandbox) -> None:
    """EvalPlus-shaped problems hold arguments only."""
    problem = _problem(
        ("untold", _RIGHT), ("untold", _WRONG), cases=[{"call": "doubled([5])"}], reference=_ALSO, inputs=""
    )

    right, wrong = observe(problem, sandbox)

    assert right.right
    assert wrong.failed == "doubled([5]) gives [25], right is [10]"


def test_a_case_that_nothing_settles_is_an_error_with_a_remedy(sandbox: Sandbox) -> None:
    """A problem whose right answers nobody knows labels nothing."""
    with pytest.raises(InputError, match=r"problem doubled: nothing says what doubled\(\[5\]\) gives"):
        observe(_problem(("right", _RIGHT), cases=[{"call": "doubled([5])"}]), sandbox)
