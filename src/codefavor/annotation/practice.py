"""Owns what people read and try before they begin: guidelines, and two tasks whose answer is explained."""

from typing import Final, Literal, NamedTuple

from codefavor.records import Comparison

GUIDELINES: Final = """\
You will see one instruction and two codes that were written for it. Say which code better meets the criterion above \
them. Only the criterion counts: a code that reads well but does the wrong thing does not win on correctness.
Read both codes to the end. You may search the web for documentation, and run code where you have a safe place for it; \
do not ask an assistant for its opinion.
Lines that differ are marked with ≠. Everything else is the same on both sides.
Choose "tie" when you looked and find neither better. Choose "skip" when you cannot tell, for instance because you do \
not know the subject; somebody else is then asked.
Say how sure you are. Low: you would not be surprised to be wrong. High: you would defend it. Very high: you could \
prove it.
Time counts only while this page is in front of you and you are doing something. Take breaks when you like: every \
answer is kept at once, and your link brings you back to where you were."""


class Practice(NamedTuple):
    """A task that counts for nothing and is explained afterwards."""

    comparison: Comparison
    better: Literal["A", "B", "tie"]
    why: str


def _task(instruction: str, criterion: str, code_a: str, code_b: str) -> Comparison:
    return Comparison.model_validate(
        {"instruction": instruction, "criterion": criterion, "code_a": code_a, "code_b": code_b}
    )


PRACTICE: Final = (
    Practice(
        _task(
            "Write `middle(values)`, which returns the median of a non-empty list of numbers.",
            "Correctness: the code does what the instruction asks, on ordinary inputs and on edge cases.",
            "def middle(values):\n"
            "    ordered = sorted(values)\n"
            "    half = len(ordered) // 2\n"
            "    return ordered[half]\n",
            "def middle(values):\n"
            "    ordered = sorted(values)\n"
            "    half = len(ordered) // 2\n"
            "    if len(ordered) % 2 == 0:\n"
            "        return (ordered[half - 1] + ordered[half]) / 2\n"
            "    return ordered[half]\n",
        ),
        "B",
        "With an even number of values the median lies between the two in the middle. A returns the upper one of "
        "them, so middle([1, 2]) is 2 instead of 1.5.",
    ),
    Practice(
        _task(
            "Write `shared(first, second)`, which returns the items of `first` that are in `second` too, in order.",
            "Efficiency: the code needs less computation and memory for the same result.",
            "def shared(first, second):\n"
            "    known = set(second)\n"
            "    # One look-up for each item.\n"
            "    return [item for item in first if item in known]\n",
            "def shared(first, second):\n    return [item for item in first if item in second]\n",
        ),
        "A",
        "B is shorter, but searches the whole second list for every item of the first; A looks each item up in a set. "
        "Length and comments say nothing about efficiency.",
    ),
)
