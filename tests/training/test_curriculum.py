"""What a model from scratch sees first."""

from codefavor.records import Comparison
from codefavor.training.curriculum import differing


def test_only_lines_that_differ_are_kept() -> None:
    """The common lines say nothing of which code is better, and cost most of the tokens."""
    question = Comparison.model_validate(
        {
            "instruction": "Add up.\nWith care.",
            "code_a": "def f(x):\n    y = 1\n    return x + y",
            "code_b": "def f(x):\n    y = 2\n    return x + y\n# end",
            "criterion": "c",
        }
    )

    shown = differing(question)

    assert (shown.code_a, shown.code_b) == ("    y = 1", "    y = 2\n# end")
    assert shown.instruction == "Add up."
    assert shown.criterion == "c"


def test_the_order_of_the_codes_stays() -> None:
    """Swapped codes must give the swapped question, or the two orders would teach different things."""
    question = Comparison.model_validate({"instruction": "i", "code_a": "a\nb", "code_b": "a\nc", "criterion": "c"})

    shown, mirrored = differing(question), differing(question.swapped())

    assert (shown.code_a, shown.code_b) == (mirrored.code_b, mirrored.code_a)
