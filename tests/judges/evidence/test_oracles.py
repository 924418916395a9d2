"""Tests concepts as oracles: what statements they are found for, what they give, and whom they side with."""

import contextlib
import itertools
import time
from typing import Any

import pytest

from codefavor.judges.evidence.behaviour import Behaviour, Disagreement
from codefavor.judges.evidence.oracles.concept import Concept, OutsideDomainError
from codefavor.judges.evidence.oracles.consult import CONCEPTS, NOTHING, find_oracles, oracle_evidence
from codefavor.problems.asked import Problem, read_problem
from codefavor.problems.outcomes import equal
from codefavor.sandbox import CallOutcome

_NASTY: tuple[Any, ...] = (
    10**9,
    10**10,
    20_000,
    1500,
    -7,
    0,
    2.5,
    float("nan"),
    None,
    [3] * 400,
    list(range(400)),
    [[1, 2]] * 400,
    ["ab"] * 400,
    "ab" * 1000,
    "(" * 2000,
    {"a": 1},
)


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.name)
def test_every_concept_answers_or_refuses_nasty_arguments_at_once(concept: Concept) -> None:
    """Inputs are made by machines: one that hangs an oracle hangs the judge."""
    began = time.process_time()
    few = _NASTY if concept.arguments < 3 else _NASTY[:3] + _NASTY[9:10] + _NASTY[13:14]
    for arguments in itertools.product(few, repeat=concept.arguments):
        with contextlib.suppress(Exception):
            concept.gives(*arguments)
    assert time.process_time() - began < 0.5


_CASES: tuple[tuple[str, str, Any, tuple[Any, ...], Any], ...] = (
    # Whole numbers
    ("Tell whether n is a prime.", "f(7)", True, (91,), False),
    ("Say True when an integer is non-prime and False otherwise.", "f(12)", True, (97,), False),
    ("Give back the next prime after n.", "f(8)", 11, (24,), 29),
    ("Give every prime below the limit in order: primes less than n.", "f(10)", [2, 3, 5, 7], (20,), [2, 3, 5, 7, 11, 13, 17, 19]),
    ("Decompose n into its prime factors, smallest first.", "f(12)", [2, 2, 3], (90,), [2, 3, 3, 5]),
    ("Which is the largest prime factor of n?", "f(28)", 7, (2 * 3 * 13,), 13),
    ("Collect the divisors of n in growing order.", "f(6)", [1, 2, 3, 6], (16,), [1, 2, 4, 8, 16]),
    ("Work out the number of divisors that n has.", "f(6)", 4, (36,), 9),
    ("Is n a perfect number?", "f(6)", True, (496,), True),
    ("Compute the gcd of two whole numbers.", "f(12, 18)", 6, (35, 49), 7),
    ("Compute the least common multiple of a and b.", "f(4, 6)", 12, (21, 6), 42),
    ("Are these two numbers coprime?", "f(8, 9)", True, (8, 12), False),
    ("Does an armstrong number come in?", "f(153)", True, (154,), False),
    ("Recognise a happy number.", "f(19)", True, (4,), False),
    ("Find the n-th ugly number.", "f(7)", 8, (11,), 15),
    ("Work out the sum of the digits of n.", "f(123)", 6, (9909,), 27),
    ("Work out the product of the digits of n.", "f(234)", 24, (505,), 0),
    ("Is the decimal form of n a palindrome?", "f(121)", True, (1231,), False),
    ("Is n a power of two?", "f(8)", True, (12,), False),
    ("Tell whether x is a simple power of n.", "f(8, 2)", True, (1, 5), True),
    ("Compute the factorial of n.", "f(4)", 24, (7,), 5040),
    ("How many trailing zeros does n! end with? Count the trailing zeros.", "f(10)", 2, (100,), 24),
    ("Give the binomial coefficient.", "f(5, 2)", 10, (6, 3), 20),
    ("Give the catalan number with index n.", "f(4)", 14, (6,), 132),
    ("Count derangements of n things.", "f(4)", 9, (20,), 895014631192902121),
    ("Compute the pell number of index n.", "f(5)", 29, (8,), 408),
    ("Compute a term of the fibonacci series.", "f(7)", 13, (30,), 832040),
    ("Give the lucas number L(n).", "f(4)", 7, (6,), 18),
    ("Write n as a roman numeral.", "f(9)", "IX", (1994,), "MCMXCIV"),
    ("Read a roman numeral.", "f('IX')", 9, ("MCMXCIV",), 1994),
    ("Write n in binary.", "f(5)", "101", (12,), "1100"),
    ("Write the number n in the given base.", "f(8, 3)", "22", (255, 16), "ff"),
    ("Compute the hamming distance of two integers.", "f(1, 4)", 2, (7, 0), 3),
    # Texts
    ("Count the vowels of a word.", "f('apple')", 2, ("queue",), 4),
    ("Return the text without vowels.", "f('apple')", "ppl", ("Eerie",), "r"),
    ("Swap the case of every letter.", "f('aB')", "Ab", ("x1Y",), "X1y"),
    ("Turn camelCase into snake_case.", "f('oneTwo')", "one_two", ("aBigDog",), "a_big_dog"),
    ("Turn snake_case into CamelCase.", "f('one_two')", "OneTwo", ("a_big_dog",), "ABigDog"),
    ("Reverse the string.", "f('abc')", "cba", ("stop",), "pots"),
    ("Is a text a palindrome?", "f('noon')", True, ("moon",), False),
    ("Are two words anagrams of one another?", "f('tea', 'eat')", True, ("tea", "tee"), False),
    ("Find the first non-repeating letter.", "f('aabc')", "b", ("xyxz",), "y"),
    ("Are the parentheses balanced?", "f('(())')", True, ("())(",), False),
    ("Are the brackets of the expression balanced?", "f('[()]{}')", True, ("[(])",), False),
    ("Compute the edit distance.", "f('cat', 'cut')", 1, ("kitten", "sitting"), 3),
    ("Compute the length of the longest common subsequence.", "f('abcd', 'acd')", 3, ("stone", "longest"), 3),
    ("Encode a message with a caesar cipher.", "f('abc', 1)", "bcd", ("xyz", 3), "abc"),
    ("Apply rot13.", "f('abc')", "nop", ("Nop",), "Abc"),
    ("Is the year a leap year?", "f(2024)", True, (1900,), False),
    ("How many days in a month of a year? Give the number of days in the month.", "f(2023, 2)", 28, (2024, 2), 29),
    ("Check a date that is written as dd-mm-yyyy.", "f('05-11-2020')", True, ("31-04-2020",), False),
    ("What is the length of the last word?", "f('big dog')", 3, ("a tiny mouse",), 5),
    # Lists, tuples and dictionaries
    ("Add up: the sum of the elements.", "f([1, 2, 5])", 8, ([4, -4, 7],), 7),
    ("What is the mean of the values?", "f([1, 2, 6])", 3.0, ([10, 20],), 15.0),
    ("What is the median of the values?", "f([5, 1, 3])", 3, ([4, 1, 2, 3],), 2.5),
    ("Return the second largest value.", "f([4, 9, 7])", 7, ([1, 8, 3, 5],), 5),
    ("Sort the list in ascending order.", "f([3, 1, 2])", [1, 2, 3], ([9, -1, 4],), [-1, 4, 9]),
    ("Sort the list in descending order.", "f([3, 1, 2])", [3, 2, 1], ([9, -1, 4],), [9, 4, -1]),
    ("Remove duplicates and keep the order.", "f([1, 2, 1])", [1, 2], ([3, 3, 2, 3],), [3, 2]),
    ("Rotate the list k places to the left.", "f([1, 2, 3], 1)", [2, 3, 1], ([1, 2, 3, 4], 3), [4, 1, 2, 3]),
    ("Move zeros to the end.", "f([0, 1, 2])", [1, 2, 0], ([3, 0, 0, 4],), [3, 4, 0, 0]),
    ("Give the cumulative sums.", "f([1, 2, 3])", [1, 3, 6], ([5, -5, 2],), [5, 0, 2]),
    ("Give the running maximum.", "f([1, 3, 2])", [1, 3, 3], ([2, 1, 5],), [2, 2, 5]),
    ("Count inversions.", "f([2, 1, 3])", 1, ([3, 2, 1],), 3),
    ("Find the length of the longest increasing subsequence.", "f([3, 1, 2])", 2, ([1, 5, 2, 3],), 3),
    ("What is the maximum subarray total?", "f([1, -2, 5])", 5, ([2, -1, 3, -9],), 4),
    ("Flatten what is nested.", "f([1, [2, [3]]])", [1, 2, 3], ([[[4]], 5],), [4, 5]),
    ("Transpose the matrix.", "f([[1, 2], [3, 4]])", [[1, 3], [2, 4]], ([[1, 2, 3]],), [[1], [2], [3]]),
    ("Is one set a superset of another?", "f([1, 2, 3], [1])", True, ([1, 2], [3]), False),
    ("Invert a dictionary.", "f({'a': 1})", {1: "a"}, ({"x": "y"},), {"y": "x"}),
    ("Which key has the largest value? Give the key with the largest value.", "f({'a': 1, 'b': 4})", "b", ({"x": 9, "y": 2},), "x"),
    # Measures
    ("Compute the area of a rectangle.", "f(2, 3)", 6, (4, 5), 20),
    ("Compute the area of a triangle from its sides: the three sides of the triangle.", "f(3, 4, 5)", 6.0, (5, 12, 13), 30.0),
    ("Compute the area of a circle.", "f(1)", 3.141592653589793, (2,), 12.566370614359172),
    ("Compute the volume of a cuboid.", "f(1, 2, 3)", 6, (4, 5, 6), 120),
    ("Compute the volume of a cylinder.", "f(1, 2)", 6.283185307179586, (2, 1), 12.566370614359172),
    ("Can these lengths form a triangle?", "f(3, 4, 5)", True, (1, 2, 8), False),
    ("Convert celsius degrees to fahrenheit.", "f(100)", 212.0, (0,), 32.0),
    ("Compute the simple interest.", "f(1000, 2, 5)", 100.0, (200, 1, 3), 6.0),
    ("Compute the discriminant.", "f(1, 3, 2)", 1, (1, 2, 5), -16),
    ("Evaluate the polynomial with these coefficients at x.", "f([1, 2], 3)", 7, ([0, 0, 1], 4), 16),
    ("Give the derivative of a polynomial.", "f([1, 2, 3])", [2, 6], ([5, 0, 0, 2],), [0, 0, 6]),
)  # fmt: skip


def _problem(statement: str, *examples: tuple[str, Any]) -> Problem:
    shown = "".join(f"\n>>> {call}\n{value!r}\n" for call, value in examples)
    return read_problem(f"Write a function f. {statement}\n{shown}", "def f(x): pass", "def f(x): pass")


@pytest.mark.parametrize(
    ("statement", "call", "value", "arguments", "expected"), _CASES, ids=[case[0] for case in _CASES]
)
def test_a_concept_that_is_named_gives_what_the_statement_means(
    statement: str, call: str, value: Any, arguments: tuple[Any, ...], expected: Any
) -> None:
    """What a concept gives for an input nobody showed is the whole of its use."""
    predictions = [oracle.predict(arguments) for oracle in find_oracles(_problem(statement, (call, value)))]
    said = [prediction for prediction in predictions if prediction is not NOTHING]
    assert said
    assert all(equal(prediction, expected) for prediction in said)


@pytest.mark.parametrize(
    ("statement", "call", "value"),
    [
        ("Compute the factorial of n.", "f(4)", 25),
        ("Sort the list in ascending order.", "f([3, 1, 2])", [3, 2, 1]),
        ("Is a text a palindrome?", "f('noon')", False),
        ("Compute the area of a rectangle.", "f(2, 3)", 10),
        ("Is n a prime?", "f(7)", 1),
    ],
)
def test_a_concept_that_an_example_contradicts_is_not_used(statement: str, call: str, value: Any) -> None:
    """A statement may use a well-known word for something else; its examples tell."""
    assert find_oracles(_problem(statement, (call, value))) == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("superset", ([1, 2], [2, 1])),
        ("in range", (5, 5, 9)),
        ("all permutations", (list(range(8)),)),
        ("valid date, day first", ("29-02-2023",)),
        ("simple power", (0, 2)),
        ("not prime", (1,)),
        ("triangle area by sides", (1, 2, 9)),
        ("rectangle area", ("ab", 10**9)),
        ("rectangle area", (-1, 2)),
        ("isosceles", (2, 2, 2)),
        ("anagrams", ("Tea", "eat")),
        ("palindrome", ("Noon",)),
        ("distinct characters", ("Aa",)),
        ("most frequent character", ("abab",)),
        ("second largest", ([4, 4, 1],)),
        ("balanced round brackets", ("([)]",)),
        ("from roman", ("IIX",)),
        ("number appearing once", ([1, 2],)),
        ("fraction part", (-1.5,)),
    ],
)
def test_a_concept_is_silent_where_people_mean_different_things_by_it(name: str, arguments: tuple[Any, ...]) -> None:
    """A wrong oracle costs more than none."""
    concept = next(concept for concept in CONCEPTS if concept.name == name)
    with pytest.raises(OutsideDomainError):
        concept.gives(*arguments)


def _returned(value: Any) -> CallOutcome:
    return CallOutcome("returned", value)


def _behaviour(*rows: tuple[tuple[Any, ...], Any, Any]) -> Behaviour:
    seen = [Disagreement(arguments, 1.0, _returned(a), _returned(b)) for arguments, a, b in rows]
    return Behaviour(disagreements=seen)


def test_evidence_sides_with_the_code_that_gives_what_the_concept_gives() -> None:
    """That is what an oracle is for, and the sentence names the input, the value and what came instead."""
    problem = _problem("Compute the factorial of n.", ("f(4)", 24))
    found = oracle_evidence(problem, _behaviour(((5,), 120, 60)))
    assert [(one.favours, one.certainty, one.details["concept"]) for one in found] == [("A", 0.9, "factorial")]
    assert "120" in found[0].says
    assert "60" in found[0].says


def test_evidence_goes_to_the_other_side_when_the_codes_are_swapped() -> None:
    """The order in which the codes are shown is no evidence."""
    problem = _problem("Compute the factorial of n.", ("f(4)", 24))
    rows = [((5,), 120, 60), ((0,), 0, 1), ((6,), 720, 5)]
    (one,) = oracle_evidence(problem, _behaviour(*rows))
    (other,) = oracle_evidence(problem, _behaviour(*((arguments, b, a) for arguments, a, b in rows)))
    assert (one.favours, other.favours) == ("A", "B")
    assert one.certainty == other.certainty == 0.75


def test_evidence_is_silent_when_each_code_is_wrong_as_often() -> None:
    """Nothing speaks for either then."""
    problem = _problem("Compute the factorial of n.", ("f(4)", 24))
    assert oracle_evidence(problem, _behaviour(((5,), 120, 60), ((0,), 0, 1))) == []


def test_concepts_that_disagree_about_an_input_are_silent() -> None:
    """The examples fit both readings, so they do not tell which is meant: here, which number is the exponent."""
    problem = _problem("Return one number raised to the other.", ("f(2, 4)", 16))
    assert len(find_oracles(problem)) == 2
    assert oracle_evidence(problem, _behaviour(((2, 5), 32, 25))) == []


@pytest.mark.parametrize(
    ("examples", "certainty"),
    [
        ((), 0.7),
        ((("f(7)", True),), 0.75),
        ((("f(7)", True), ("f(8)", False)), 0.9),
    ],
)
def test_certainty_grows_with_what_the_examples_confirm(
    examples: tuple[tuple[str, Any], ...], certainty: float
) -> None:
    """One yes is given by half of all concepts; no example at all leaves only the words."""
    problem = _problem("Is n a prime?", *examples)
    (found,) = oracle_evidence(problem, _behaviour(((9,), False, True)))
    assert (found.favours, found.certainty) == ("A", certainty)


def test_the_concept_that_more_of_the_statement_names_comes_first() -> None:
    """It is the more specific one, and the one that a person should read about."""
    found = find_oracles(_problem("Compute the least common multiple of a and b."))
    lengths = [oracle.concept.length_in("compute the least common multiple of a and b.") for oracle in found]
    assert found[0].concept.name == "least common multiple"
    assert lengths == sorted(lengths, reverse=True)


def test_no_two_concepts_of_as_many_arguments_share_a_name() -> None:
    """Evidence is counted and calibrated by name."""
    names = [(concept.name, concept.arguments) for concept in CONCEPTS]
    assert len(set(names)) == len(names)
