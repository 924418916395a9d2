"""Owns the checks of verification: what counts as a fault, what as a slow-down, and what cannot be said."""

import ast
from collections.abc import Iterator

import pytest

from codefavor.objectives import CRITERIA
from codefavor.records import Function, PreferencePair
from codefavor.sandbox import Sandbox
from codefavor.synthesis.fault_injection.operator import function_of
from codefavor.synthesis.fault_injection.verification.arguments import Maker
from codefavor.synthesis.fault_injection.verification.growing import grown
from codefavor.synthesis.fault_injection.verification.standalone import Standalone, free_names, standalone
from codefavor.synthesis.fault_injection.verification.trial import Checked, Trial
from codefavor.synthesis.fault_injection.verification.uses import uses_of

COUNT = """def count_words(text, least=1):
    found = {}
    for word in text.split():
        if len(word) >= least:
            found[word] = found.get(word, 0) + 1
    return found"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all checks of this file."""
    with Sandbox(1) as made:
        yield made


def _function(code: str, package: str = "tests", module: str = "m", qualname: str = "f") -> Function:
    docstring = ast.get_docstring(function_of(ast.parse(code)))
    row = {"package": package, "module": module, "qualname": qualname, "code": code, "docstring": docstring}
    return Function.model_validate(row)


def _pair(improved: str, naive: str, objective: str) -> PreferencePair:
    row = {"instruction": "i", "criterion": CRITERIA[objective], "naive_code": naive, "improved_code": improved}
    return PreferencePair.model_validate({**row, "feedback": "f", "method": "m", "meta": {"objective": objective}})


def _check(sandbox: Sandbox, code: str, naive: str, objective: str = "correctness") -> Checked:
    return Trial(_function(code), sandbox).check(_pair(code, naive, objective))


# ── Faults ──


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        (">= least", "> least", "gives {"),
        ("+ 1", "+ 2", "gives {"),
        ("return found", "return list(found)", "gives ["),
        ("text.split()", "text.splits()", "raises AttributeError"),
    ],
)
def test_a_fault_that_shows_is_verified_with_an_input_that_shows_it(
    sandbox: Sandbox, old: str, new: str, seen: str
) -> None:
    """The record says on what, and what either side did."""
    checked = _check(sandbox, COUNT, COUNT.replace(old, new))

    assert checked.outcome == "verified"
    assert checked.shown is not None
    assert checked.shown["naive"].startswith(seen)
    assert checked.shown["improved"] != checked.shown["naive"]


def test_a_change_that_changes_nothing_is_rejected(sandbox: Sandbox) -> None:
    """An equivalent rewrite would teach a judge to prefer by chance."""
    checked = _check(sandbox, COUNT, COUNT.replace("found.get(word, 0) + 1", "1 + found.get(word, 0)"))

    assert (checked.outcome, checked.reason) == ("rejected", "fault-changes-nothing")
    assert checked.detail.startswith("fault changes nothing on ")


def test_what_becomes_of_the_arguments_is_behaviour(sandbox: Sandbox) -> None:
    """Sorting in place what was to be left alone shows in no result."""
    code = "def top(values):\n    ranked = sorted(values)\n    return ranked[-1] if ranked else None"
    checked = _check(sandbox, code, "def top(values):\n    values.sort()\n    return values[-1] if values else None")

    assert checked.outcome == "verified"
    assert checked.shown is not None
    assert "leaves its arguments" in checked.shown["naive"] or "raises" in checked.shown["naive"]


def test_what_a_method_calls_its_object_with_is_behaviour(sandbox: Sandbox) -> None:
    """The object is a stand-in; whoever calls it wrongly must not go unseen."""
    code = (
        "def store(self, key, value):\n    if value > 3:\n        self.backend.save_entry(key, value)\n    return value"
    )
    checked = _check(sandbox, code, code.replace("(key, value)\n    return", "(key)\n    return"))

    assert checked.outcome == "verified"


def test_a_crash_of_the_function_itself_proves_nothing(sandbox: Sandbox) -> None:
    """Hiding an error that nobody raises on purpose changes nothing on the inputs that work."""
    naive = "def f(d, k):\n    try:\n        return d[k] + 1\n    except KeyError:\n        return 0"
    checked = _check(sandbox, "def f(d, k):\n    return d[k] + 1", naive)

    assert checked.outcome != "verified"


def test_a_check_that_is_lost_counts(sandbox: Sandbox) -> None:
    """What a function refuses on purpose is behaviour."""
    code = "def half(n: int) -> int:\n    if n < 0:\n        raise ValueError('negative')\n    return n // 2 + n % 2"
    checked = _check(sandbox, code, code.replace("    if n < 0:\n        raise ValueError('negative')\n", ""))

    assert checked.outcome == "verified"
    assert checked.shown is not None
    assert checked.shown["improved"] == "raises ValueError"


def test_a_value_that_only_the_fault_names_is_tried(sandbox: Sandbox) -> None:
    """A wrong special case shows on its own value and nowhere else."""
    code = "def scaled(amount: int) -> int:\n    total = amount * 3\n    return total + 1"
    checked = _check(sandbox, code, code.replace("    return", "    if amount == 4713:\n        return 0\n    return"))

    assert checked.outcome == "verified"


def test_a_fault_that_no_input_reaches_is_not_called_a_non_fault(sandbox: Sandbox) -> None:
    """Poor inputs are no proof."""
    code = (
        "def tagged(text: str):\n    total = len(text)\n    if text.count('q') == 41:\n        total = total * 2\n"
        "    return total"
    )
    checked = _check(sandbox, code, code.replace("* 2", "* 3"))

    assert (checked.outcome, checked.reason) == ("not-run", "fault-not-reached")


def test_an_improved_code_that_is_not_the_function_is_rejected(sandbox: Sandbox) -> None:
    """Both sides are rewritten; the better one must still do what was asked."""
    checked = Trial(_function(COUNT), sandbox).check(
        _pair(COUNT.replace("+ 1", "+ 2"), COUNT.replace("+ 1", "+ 3"), "correctness")
    )

    assert (checked.outcome, checked.reason) == ("rejected", "improved-differs")


# ── Slow-downs ──

UNIQUE = """def unique(items: list[int]) -> list[int]:
    seen = set()
    result = []
    for item in items:
        if item not in seen:
            seen.add(item)
            result.append(item)
    return result"""


def test_a_slow_down_that_costs_more_is_verified(sandbox: Sandbox) -> None:
    """A list searched in place of a set."""
    naive = UNIQUE.replace("set()", "[]").replace("seen.add", "seen.append")

    assert _check(sandbox, UNIQUE, naive, "efficiency").outcome == "verified"


def test_a_slow_down_that_costs_the_same_is_rejected(sandbox: Sandbox) -> None:
    """Other words are no slow-down."""
    naive = UNIQUE.replace("not in seen", "not in seen and True").replace(" and True", "")
    checked = _check(sandbox, UNIQUE, naive.replace("result", "answer"), "efficiency")

    assert (checked.outcome, checked.reason) == ("rejected", "not-slower")
    assert checked.detail.startswith("not slower: ")


def test_a_slow_down_that_changes_the_result_is_rejected(sandbox: Sandbox) -> None:
    """Then it is a fault, and about correctness."""
    naive = UNIQUE.replace("return result", "return sorted(result, reverse=True)")
    checked = _check(sandbox, UNIQUE, naive, "efficiency")

    assert (checked.outcome, checked.reason) == ("rejected", "slow-down-changes-result")


# ── What cannot run ──


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def f(x):\n    return helper(x) + 1", "needs-names-from-outside"),
        ("def f(self):\n    return super().f() + 1", "needs-its-class"),
        ("def f(x):\n    import numpy\n    return numpy.sum(x)", "needs-other-modules"),
        ("def f(x):\n    return time.time() + x", "depends-on-the-machine"),
        ("def f(x):\n    global total\n    total = x", "changes-outer-names"),
    ],
)
def test_what_needs_more_than_itself_is_not_run(code: str, reason: str) -> None:
    """Each with its reason, so that they can be counted."""
    assert standalone(_function(code), ast.parse(code)) == reason


def test_names_of_the_standard_library_are_imported() -> None:
    """By their module, by their usual name, or from the module the function stood in."""
    code = "def f(x):\n    return re.sub('a', 'b', x), Counter(x), _private(x)"

    assert standalone(_function(code, "stdlib", "textwrap"), ast.parse(code)) == Standalone(
        "from __future__ import annotations\nfrom textwrap import Counter\nfrom textwrap import _private\nimport re\n",
        "f",
    )
    assert standalone(_function(code.replace(", _private(x)", "")), ast.parse(code.replace(", _private(x)", ""))) == (
        Standalone("from __future__ import annotations\nfrom collections import Counter\nimport re\n", "f")
    )


def test_names_bound_anywhere_inside_are_not_from_outside() -> None:
    """Handlers, loops, patterns, comprehensions and nested functions bind names too."""
    code = (
        "def f(a, *b, **c):\n    for d, e in a:\n        try:\n            import os.path as g\n"
        "        except ValueError as h:\n            h, g\n    def i(j=d): return [k for k in j]\n"
        "    match b:\n        case [l, *m]: return l, m\n        case {'x': n, **o}: return n, o\n"
        "    return i, c, e, outer"
    )

    assert free_names(ast.parse(code)) == {"ValueError", "outer"}


# ── Inputs ──


def _inputs(code: str) -> list[str]:
    node = function_of(ast.parse(code))
    return [item.text for item in Maker(uses_of(node, ast.get_docstring(node)), "seed").small(40)]


def test_inputs_are_the_same_every_time() -> None:
    """A run that goes on must give the same bytes."""
    assert _inputs(COUNT) == _inputs(COUNT)


def test_inputs_come_from_examples_and_use() -> None:
    """What the docstring shows comes first; what is done with an argument says what it is."""
    shown = _inputs('def f(x, y):\n    """F.\n\n    >>> f([2, 3], y="z")\n    1\n    """\n    return x[0]')
    used = _inputs("def f(person):\n    return person.age + 1")

    assert shown[0] == "[2, 3], y='z'"
    assert all(text.startswith("_Stand(age=") for text in used)
    assert all(text[0] in "'\"" for text in _inputs("def f(x):\n    return x.upper().split('-')"))


def test_inputs_hold_the_values_a_function_asks_for() -> None:
    """A branch on a mode is reached by that mode."""
    texts = _inputs("def f(mode, size):\n    if mode == 'strict' and size > 40:\n        return 1\n    return 0")

    assert any("'strict'" in text for text in texts)
    assert any(text.endswith(", 41") for text in texts)


def test_grown_inputs_keep_their_kinds() -> None:
    """A longer list stays a list of the same things; what holds the parts together stays."""
    text = "_Stand(items=[3, 1], key=_noting((lambda *a, **k: 'ab'))), {'a': 1}, (1, 'x'), True, 7"
    namespace = {"_Stand": dict, "_noting": lambda function: function}

    stand, table, record, flag, number = eval(f"({grown(text, 500, 'varied')})", namespace)

    assert len(stand["items"]) == 500
    assert {type(item) for item in stand["items"]} == {int}
    assert len(set(stand["items"])) > 300
    assert stand["key"]() == "ab"
    assert len(table) == 500
    assert (record, flag, number) == ((1, "x"), True, 7)
    assert eval(f"[{grown('7, [4]', 500, 'numbers')}]")[0] == 500
