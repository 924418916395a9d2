"""Owns which sections teachers are asked for, and the other names they give them."""

from typing import Final

from codefavor.synthesis.reading.sections import Wanted

CRITERION: Final = Wanted(
    "criterion",
    (
        "criteria", "evaluation criterion", "evaluation criteria", "judging criterion", "quality criterion",
        "preference criterion", "code preference criterion", "criterion of comparison", "judgment criterion",
    ),
)  # fmt: skip
FEEDBACK: Final = Wanted(
    "feedback", ("comment feedback", "code feedback", "explanation", "rationale", "comparison", "critique", "comments")
)
INSTRUCTION: Final = Wanted(
    "instruction",
    (
        "instructions", "user instruction", "coding instruction", "programming instruction", "task", "task description",
        "coding task", "programming task", "problem", "problem statement", "problem description", "prompt", "request",
    ),
)  # fmt: skip
NAIVE: Final = Wanted(
    "naive_code",
    (
        "naive", "naive version", "naive implementation", "naive solution", "naive approach", "naive snippet",
        "code naive", "original code", "code before", "before code", "old code", "initial code", "worse code",
        "bad code", "inferior code", "less optimal code", "unoptimized code",
    ),
    code=True,
)  # fmt: skip
IMPROVED: Final = Wanted(
    "improved_code",
    (
        "improved", "improved version", "improved implementation", "improved solution", "improved approach",
        "improved snippet", "code improved", "better code", "new code", "refined code", "optimized code",
        "optimised code", "code after", "after code", "good code", "superior code", "enhanced code", "revised code",
        "updated code",
    ),
    code=True,
)  # fmt: skip
REFLECTION: Final = Wanted(
    "reflection",
    ("self reflection", "reflections", "review", "analysis", "assessment", "evaluation", "code review", "thoughts"),
)
ENOUGH: Final = Wanted(
    "good_enough",
    ("enough", "is it good enough", "is the attempt good enough", "is the code good enough", "decision", "verdict"),
)
SECOND: Final = Wanted(
    "second_attempt",
    (
        *IMPROVED.names, "improved code", "attempt 2", "second version", "second try", "second answer", "new attempt",
        "improved attempt", "revised attempt", "second code", "better attempt",
    ),
    code=True,
)  # fmt: skip
