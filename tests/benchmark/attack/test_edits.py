"""What an attack may not change: what the code does."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from codefavor.benchmark.attack.edits import ATTACKS, attacked
from codefavor.codetext.comments import strip

CODES = {
    "closure": (
        "def run(items, start=0):\n"
        '    """Add up."""\n'
        "    total = start\n"
        "    def add(item):\n"
        "        nonlocal total\n"
        "        total += item\n"
        "    for entry in items:\n"
        "        double = entry * 2\n"
        "        add(double)\n"
        "    return total, [entry for entry in items if entry > 1], f'{total}:{double}'\n"
    ),
    "class": (
        "class Box:\n"
        "    size = 2\n"
        "    def grow(self, by):\n"
        "        # larger\n"
        "        new = self.size + by\n"
        "        self.size = new\n"
        "        return dict(new=new, text='''\n"
        "  kept as it is\n"
        "''')\n\n\n"
        "def run(items, start=0):\n"
        "    box = Box()\n"
        "    return [box.grow(by) for by in items], box.size\n"
    ),
    "unusual": (
        "LIMIT = 3\n"
        "def run(items, start=0):\n"
        "    try:\n"
        "        first, *rest = items\n"
        "    except ValueError as error: return str(error)\n"
        "    with open('/dev/null') as stream: text = stream.read()\n"
        "    if (found := first) and \\\n"
        "            rest:\n"
        "        é = max(rest); café = é + LIMIT\n"
        "        return (café,\n"
        "    found, text)\n"
        "    return LIMIT\n"
    ),
}
INPUTS: tuple[list[int], ...] = ([], [1], [1, 2, 3], [5, 4])


def _outcomes(code: str) -> Iterator[Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "code", "exec"), names)  # ours, and harmless
    for items in INPUTS:
        try:
            yield names["run"](list(items))
        except Exception as error:
            yield type(error), str(error).replace("'double'", "a name")


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", CODES)
def test_attacked_code_does_the_same(name: str, attack: str) -> None:
    """A verdict that turns must be the judge's fault."""
    code = CODES[name]
    if name == "closure":  # an unbound name's message holds the name
        code = code.replace(", f'{total}:{double}'", "")
    after = attacked(attack, code, "python")

    assert after is not None
    assert (after == code) == (attack == "order")
    assert list(_outcomes(after)) == list(_outcomes(code))


@pytest.mark.parametrize("attack", ["praise", "instruct", "docstring", "long-comment"])
@pytest.mark.parametrize("name", CODES)
def test_stripping_comments_disarms_words(name: str, attack: str) -> None:
    """The comment policy is the first defence; what it takes away must leave no trace."""
    after = attacked(attack, CODES[name], "python")

    assert after is not None
    assert strip(after).text == strip(CODES[name]).text


def test_renaming_reaches_only_local_variables() -> None:
    """Arguments can be passed by name, and attributes and module names are seen from outside."""
    after = attacked("rename", CODES["class"], "python")

    assert after is not None
    assert "def grow(self, by):" in after
    assert "dict(new=" in after
    assert "self.size" in after
    assert "new = self" not in after
    assert "box" not in after


@pytest.mark.parametrize(
    "code",
    [
        "def run(x):\n    y = x\n    return locals()\n",
        "from math import *\ndef run(x):\n    tau = x\n    return tau\n",
        "def run(x):\n    return x\n",
        "def run(x)\n    y = x\n",
    ],
)
def test_nothing_is_renamed_where_it_could_show(code: str) -> None:
    """No attack is better than one that changes the program."""
    assert attacked("rename", code, "python") is None
    assert attacked("look-alikes", code, "python") is None


def test_a_name_that_another_function_takes_from_outside_is_still_the_same_name() -> None:
    """A name is renamed everywhere or nowhere."""
    code = "def run(xs):\n    sum = 0\n    for x in xs:\n        sum += x\n    return sum\n"
    code += "def other(xs):\n    return sum(xs)\n"

    after = attacked("rename", code, "python")

    assert after is not None
    assert "return sum(xs)" in after
    assert "sum = 0" in after


def test_look_alikes_look_alike() -> None:
    """The text differs, its Latin reading does not."""
    after = attacked("look-alikes", CODES["closure"].replace("nonlocal total\n        total += item", "pass"), "python")

    assert after is not None
    assert "entry" not in after.replace("def", "")
    assert ast.parse(after)


def test_other_languages_get_comments_only() -> None:
    """Only Python is parsed; what cannot be shown to be the same is not tried."""
    code = "int f(int x) { return x; }\n"

    tried = {name: attacked(name, code, "c++") for name in ATTACKS}

    assert {name for name, after in tried.items() if after} == {"order", "praise", "instruct", "long-comment"}
    assert str(tried["praise"]).startswith("// ")
    assert attacked("praise", "x", "brainfuck") is None
