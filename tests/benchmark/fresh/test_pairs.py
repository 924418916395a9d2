"""Which solutions make a task: margins are kept, and what is shown says nothing but what the code does."""

from codefavor.benchmark.fresh.oracles import Observed
from codefavor.benchmark.fresh.pairs import normalised, pairs
from codefavor.benchmark.fresh.pool import Problem


def _of(*seen: Observed, **rest: object) -> list[tuple[str, int, int]]:
    row = {"name": "p", "topic": "t", "instruction": "i", "entry": "f", "cases": [], **rest}
    problem = Problem.model_validate({**row, "solutions": [item.solution.model_dump() for item in seen]})
    return [(pair.objective, pair.better, pair.worse) for pair in pairs(problem, seen)]


def _seen(number: int, **rest: object) -> Observed:
    solution = {"code": f"def f():\n    return {number}", "claim": "right", "style": "plain"}
    problem = Problem.model_validate(
        {"name": "p", "topic": "t", "instruction": "i", "entry": "f", "cases": [], "solutions": [solution]}
    )
    return Observed(problem.solutions[0], **rest)  # type: ignore[arg-type]


def test_one_disagreement_on_drawn_inputs_is_not_clear_cut() -> None:
    """A single odd input may be the accepted ones' mistake; two are enough, and one failed case is."""
    right, once = _seen(1), _seen(2, differs="d", differences=1)
    twice, fails = _seen(3, differs="d", differences=2), _seen(4, failed="f", failures=1)

    assert _of(right, once) == []
    assert _of(right, twice, fails) == [("correctness", 0, 1), ("correctness", 0, 2)]


def test_efficiency_wants_three_times_the_cost_and_never_less_on_the_small_input() -> None:
    """A code that is dearer on large inputs only by being cheaper on small ones is a trade, not a fault."""
    fast = _seen(1, costs={256: 1000, 1024: 4000})

    assert _of(fast, _seen(2, costs={256: 1500, 1024: 11000})) == []
    assert _of(fast, _seen(3, costs={256: 900, 1024: 40000})) == []
    assert _of(fast, _seen(4, costs={256: 1500, 1024: 12000})) == [("efficiency", 0, 1)]
    assert _of(fast, _seen(5, costs={256: 1500, 1024: 12000}, differs="d", differences=1)) == []


def test_security_is_a_matter_of_attacks_where_there_are_any() -> None:
    """A scan's finding labels only where no attack can be tried."""
    safe, found = _seen(1), _seen(2, findings=["eval"])
    fallen = _seen(3, attacked=["CWE-95"], findings=["eval"])
    attack = {"cwe": "CWE-95", "call": "f()", "shows": "x"}

    assert _of(safe, found) == [("security", 0, 1)]
    assert _of(safe, found, fallen, attacks=[attack]) == [("security", 0, 2), ("security", 1, 2)]


def test_codes_that_are_shown_alike_are_no_pair() -> None:
    """What told them apart was a comment."""
    one, other = _seen(1), _seen(1, failed="f", failures=1)

    assert _of(one, other) == []


def test_layout_quotes_and_comments_are_the_same_on_both_sides() -> None:
    """One rule lays out all codes, so that nobody's hand is in them."""
    one = 'def f(a,b):\n  """Doc."""\n  x = {"k":a}   # why\n\n\n  return x\n'
    other = "def f( a, b ):\n    x = {'k': a}\n    return (x)\n"

    assert normalised(one) == normalised(other)
    assert normalised("def f(:") == ""
