"""Where no example shows an argument, its shape is assumed from the function's head."""

import pytest

from codefavor.judges.evidence.assumed import assumed_rows
from codefavor.judges.evidence.growing import ladders
from codefavor.problems.asked import Problem, read_problem


def _asked(parameters: str, prose: str = "Look at it.") -> Problem:
    code = f"def look({parameters}):\n    return 1\n"
    return read_problem(prose, code, code)


@pytest.mark.parametrize(
    ("parameters", "shape"),
    [
        ("nums: list[int]", [[int]]),
        ("x: 'List[float]'", [[float]]),
        ("x: typing.Sequence[str]", [[str]]),
        ("x: Optional[str]", [str]),
        ("x: int | None", [int]),
        ("x: dict[str, int]", [{str: int}]),
        ("x: list[Any]", [[int]]),
        ("matrix", [[[int]]]),
        ("s, k", [str, int]),
        ("words", [[str]]),
        ("intervals", [[[int]]]),
        ("n, verbose=False", [int]),
        ("nums: tuple[int, ...]", [(int,)]),
    ],
)
def test_a_shape_is_read_from_annotations_and_names(parameters: str, shape: list[object]) -> None:
    """An annotation is believed before a name."""
    rows = assumed_rows(_asked(parameters))

    assert len(rows) == 2
    assert [_shape(value) for value in rows[0]] == shape


def _shape(value: object) -> object:
    match value:
        case list() | tuple():
            return type(value)([_shape(value[0])])
        case dict():
            key, held = next(iter(value.items()))
            return {type(key): type(held)}
    return type(value)


@pytest.mark.parametrize("parameters", ["a, b", "x: Tree", "nums, x", "", "x: Callable[[int], int]", "x: list[Tree]"])
def test_nothing_is_assumed_of_what_tells_nothing(parameters: str) -> None:
    """One unknown parameter is enough: there is no calling the function without it."""
    assert assumed_rows(_asked(parameters)) == []
    assert list(ladders(_asked(parameters))) == []


def test_what_is_given_in_order_stays_in_order_when_it_grows() -> None:
    """A search by halves would find something else."""
    (values, _) = next(ladders(_asked("nums, target", "Given a sorted array, find the target."))).at(100) or ([], 0)

    assert len(values) == 100
    assert values == sorted(values)


def test_what_is_to_be_put_in_order_is_not_given_in_order() -> None:
    """Sorting what is sorted costs less than what is asked."""
    (values,) = next(ladders(_asked("nums", "Return a sorted list of the numbers."))).at(100) or ([],)

    assert values != sorted(values)


def test_a_shown_example_comes_before_what_is_assumed() -> None:
    """Names may mislead; examples do not."""
    code = "def look(nums):\n    return 1\n"
    ladder = next(ladders(read_problem("assert look('ab') == 1", code, code)))

    assert isinstance((ladder.at(20) or ([],))[0], str)
    assert "assumed" not in ladder.name
