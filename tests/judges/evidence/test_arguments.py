"""What an argument may be is read from annotations, names and plain words, and drawn alike everywhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from codefavor.judges.evidence.annotations import read_annotation, read_name, read_use
from codefavor.judges.evidence.arguments import arguments_of
from codefavor.judges.evidence.drawn import draw
from codefavor.judges.evidence.inputs import imagine, vary
from codefavor.judges.evidence.likeness import form_of
from codefavor.judges.evidence.shapes import (
    COUNT,
    NUMBERS,
    WORDS,
    Items,
    Listed,
    OneOf,
    Real,
    Row,
    Shape,
    Table,
    Text,
    Truth,
    Whole,
    admits,
)  # fmt: skip
from codefavor.problems.asked import read_problem

ANNOTATIONS: dict[str, Shape | None] = {
    "int": Whole(),
    "float": Real(),
    "list[int]": NUMBERS,
    "List[str]": Items(list, Text()),
    "typing.Sequence[bool]": Items(list, Truth()),
    "Optional[str]": OneOf((Text(), Listed((None,)))),
    "int | None": OneOf((Whole(), Listed((None,)))),
    "Union[int, float, str]": OneOf((Whole(), Real(), Text())),
    "'list[int]'": NUMBERS,
    "Tuple[int, ...]": Items(tuple, Whole()),
    "tuple[int, str]": Row((Whole(), Text())),
    "Literal['up', 'down']": Listed(("up", "down")),
    "dict[str, list[int]]": Items(dict, WORDS, NUMBERS),
    "Set[int]": Items(set, Whole()),
    "Annotated[int, 'meters']": Whole(),
    "Callable[[int], int]": None,
    "Widget": None,
    "": None,
}


@pytest.mark.parametrize("text", ANNOTATIONS)
def test_annotations_give_shapes(text: str) -> None:
    """Also those of old Python, and those in quotes."""
    assert read_annotation(text) == ANNOTATIONS[text]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nums", list), ("input_numbers", list), ("words", list), ("s", str), ("firstWord", str), ("n", int),
        ("num2", int), ("matrix", list), ("points", list), ("inventory", dict), ("is_sorted", bool),
        ("start_date", str), ("price", float),
    ],
)  # fmt: skip
def test_names_say_what_parameters_usually_are(name: str, kind: type) -> None:
    """By the whole name, else by its last word."""
    shape = read_name(name)

    assert shape is not None
    assert {type(value) for (value,) in draw([shape], "x", 10)} == {kind}


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("frob.lower()", Text()), ("frob.items()", Items(dict, WORDS, Whole())), ("sum(frob)", NUMBERS),
        ("frob % 3", COUNT), ("frob.lower() + sum(frob)", None), ("len(frob)", None),
    ],
)  # fmt: skip
def test_what_a_code_does_with_a_parameter_shows_its_shape(body: str, shape: Shape | None) -> None:
    """The last resort, where neither annotation nor name says anything."""
    code = f"def f(frob):\n    return {body}\n"

    assert read_use(code, "f", "frob") == shape
    assert [item.shape for item in arguments_of(read_problem("Do it.", code, code))] == ([shape] if shape else [])


@pytest.mark.parametrize(
    ("said", "is_asked_for", "is_not"),
    [
        ("Add up a list of positive integers nums.", [1, 5], [0, 1]),
        ("Add up a list of non-negative integers nums.", [0], [-1]),
        ("Find the largest of a non-empty list.", [3], []),
        ("Given a list of two numbers, tell how far apart they are.", [3, 1], [3]),
        ("Given a sorted list nums, count its runs.", [1, 2], [2, 1]),
        ("Given a list of distinct integers, count inversions.", [2, 1], [1, 1]),
        ("Given a list of numbers between 3 and 9, add them up.", [3, 9], [2]),
        ("Each value satisfies 0 <= nums[i] <= 50. Add them up.", [50], [51]),
    ],
)
def test_plain_words_bound_the_values(said: str, is_asked_for: list[int], is_not: list[int]) -> None:
    """What the instruction rules out is not tried on the codes as if it were asked."""
    code = "def f(nums: list[int]) -> int:\n    return 0\n"
    (argument,) = arguments_of(read_problem(said, code, code))

    assert admits(argument.shape, is_asked_for)
    assert not admits(argument.shape, is_not)


def test_words_about_the_result_bound_no_argument() -> None:
    """That a sorted list is returned does not mean that one is given."""
    code = "def f(nums: list[int]) -> list[int]:\n    return nums\n"

    (argument,) = arguments_of(read_problem("Return the sorted list of distinct numbers.", code, code))

    assert argument.shape == NUMBERS


def test_a_sentence_that_names_an_argument_speaks_of_it_alone() -> None:
    """A positive k says nothing of the other number."""
    code = (
        "def f(offset: int, k: int) -> int:\n    return 0\n\n\ndef g(offset: int, width: int) -> int:\n    return 0\n"
    )
    said = "Write g. It takes a positive integer width, and moves by offset. Or back."

    offset, width = arguments_of(read_problem(said.replace("width, and", "width. It"), code, code))

    assert (offset.shape, width.shape) == (Whole(), Whole(1, 40) if width.shape == Whole(1, 40) else Whole(1))


SHAPES = [
    NUMBERS, Table(Whole(0, 9)), Table(Whole(0, 9), square=True), Items(dict, WORDS, NUMBERS), Row((Whole(), Text())),
    Items(list, Whole(1), least=2, distinct=True, ascending=True), OneOf((Truth(), Listed((None,)))), Real(0.0, 1.0),
    Items(set, Whole()), Text("ab", 1), read_name("date"), read_name("email"),
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_drawn_is_of_the_shape_and_is_drawn_again(shape: Shape) -> None:
    """The seed is all that values depend on."""
    rows = draw([shape, Whole()], "seed", 15)

    assert rows
    assert all(admits(shape, value) for value, _ in rows)
    assert repr(draw([shape, Whole()], "seed", 15)) == repr(rows)


def test_drawn_values_are_the_same_in_another_program_and_leave_no_files(tmp_path: Path) -> None:
    """Hypothesis by itself looks at what modules are loaded, and keeps tables where the program runs."""
    (tmp_path / "constants_of_its_own.py").write_text("A, B = 71, 'odd word'\n")
    program = (
        "import constants_of_its_own\nfrom codefavor.judges.evidence.drawn import draw\n"
        "from codefavor.judges.evidence.shapes import *\nprint(draw([NUMBERS, Text()], 'seed', 15))\n"
    )
    source = str(Path(__file__).parents[3] / "src")
    environment = {"PYTHONPATH": source, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == repr(draw([NUMBERS, Text()], "seed", 15))
    assert [path.name for path in tmp_path.iterdir()] == ["constants_of_its_own.py"]


def test_inputs_are_tried_where_no_example_shows_any() -> None:
    """All within what is asked, the same ones each time; also some in which what is looked for is there."""
    code = "def locate(items: list[int], wanted: int) -> int:\n    return -1\n"
    problem = read_problem("Find the place of wanted in a sorted, non-empty list, which is -1 if absent.", code, code)

    inputs = vary(problem)

    assert len(inputs) > 30
    assert all(item.arguments[0] for item in inputs)
    assert any(item.arguments[1] in item.arguments[0] for item in inputs)
    assert max(item.covered for item in inputs) < 1
    assert repr(vary(problem)) == repr(inputs)
    assert imagine(read_problem("Do it.", "def f(frob):\n    pass\n", "def f(frob):\n    pass\n")) == []


def test_lists_are_of_one_length_where_the_instruction_says_so() -> None:
    """Else a code that relies on it would be said to break."""
    code = "def dot(xs: list[int], ys: list[int]) -> int:\n    return 0\n"
    inputs = vary(read_problem("Multiply two lists of the same length item by item and add up.", code, code))

    assert inputs
    assert all(len(item.arguments[0]) == len(item.arguments[1]) for item in inputs)


@pytest.mark.parametrize(
    ("shown", "alike", "other"),
    [
        (["10", "2.5"], "7", "7.7.7"),
        (["2001-02-03", "1999-12-31"], "2000-01-01", "2000-01"),
        ([[[1, 2], [3, 4]], [[5]]], [[9]], [[1, 2]]),
        ([["(", ")"], ["a", "b"], ["c", "d"]], ["x", "y"], ["x"]),
        ([["a", 1], [2, "b"]], [3, "c"], ["c", "d"]),
    ],
)
def test_values_of_another_form_than_all_shown_are_less_sure(shown: list[object], alike: object, other: object) -> None:
    """A text that is no number is not asked for where all that are shown are."""
    keeps = form_of(shown)

    assert all(map(keeps, shown))
    assert keeps(alike)
    assert not keeps(other)


def test_words_bound_what_is_shown_also_where_the_name_says_otherwise() -> None:
    """A parameter called numbers may hold texts; the instruction still says that it holds two."""
    code = "def joined(numbers):\n    return ''\n"
    said = "Join a list of two words.\n\nassert joined(['a', 'b']) == 'ab'\n"

    inputs = vary(read_problem(said, code, code))

    assert max(item.covered for item in inputs if len(item.arguments[0]) != 2) < 0.65
    assert any(item.covered > 0.65 for item in inputs if item.how != "shown")


def test_an_argument_that_is_the_length_of_another_stays_it() -> None:
    """As in f(values, n)."""
    code = "def f(values, n):\n    return 0\n"
    problem = read_problem("Add up n values.\n\nassert f([4, 5], 2) == 9\nassert f([1, 2, 3], 3) == 6\n", code, code)

    inputs = vary(problem)

    assert len(inputs) > 10
    assert all(len(item.arguments[0]) == item.arguments[1] for item in inputs)


@pytest.mark.parametrize(
    "annotation",
    ["Tuple[()]", "Literal[()]", "set[list[int]]", "dict[list[int], list[int]]", "dict[tuple[list[int], int], int]",
     "frozenset[dict[str, int]]", "list[list[list[list[list[list[int]]]]]]", "list[]", "'list['", "Optional[None]"],
)  # fmt: skip
def test_odd_annotations_are_read_or_passed_over(annotation: str) -> None:
    """Codes and instructions are written by anybody."""
    shape = read_annotation(annotation)

    assert shape is None or draw([shape], "seed", 5)


@pytest.mark.parametrize(
    "said", ["between -5 and -1. x is a positive number. x is a list of 3 items", "from 1 to 10^9"]
)
def test_words_that_contradict_one_another_end_nothing(said: str) -> None:
    """Nothing may be drawn then, but nothing is raised."""
    for annotation in ("int", "float", "list[bool]", "dict[str, float]"):
        code = f"def f(x: {annotation}):\n    return x\n"

        assert vary(read_problem(f"Take x {said}.", code, code))
