"""Which pairs are taken, and why others are not."""

import re
from pathlib import Path

import pytest
from tests.synthesis.teachers import CRITERION, FEEDBACK, IMPROVED, INSTRUCTION, NAIVE

from codefavor.records import PreferencePair, Rejection
from codefavor.synthesis.acceptance import REASONS, AcceptanceConfig, accept, labelled, leading, misnamed, same_pair_key

GOOD = {
    "instruction": INSTRUCTION.format(n=1),
    "criterion": CRITERION,
    "naive_code": NAIVE.format(n=1),
    "improved_code": IMPROVED.format(n=1),
    "feedback": FEEDBACK,
}
GO_OLD = "func f(a []int) int {\n\tn := 0\n\tfor i := 0; i < len(a); i++ {\n\t\tn += a[i]\n\t}\n\treturn n\n}\n"
GO_NEW = "func f(a []int) int {\n\tn := 0 // sum\n\tfor _, v := range a {\n\t\tn += v\n\t}\n\treturn n\n}\n"


def outcome(language: str = "python", config: AcceptanceConfig | None = None, **changed: str) -> PreferencePair | str:
    """Return the pair, or the reason."""
    about = {"method": "test", "language": language}
    got = accept("row", {**GOOD, **changed}, config or AcceptanceConfig(), about)
    if isinstance(got, Rejection):
        assert got.id == "row"
        assert got.reason in REASONS
        return got.reason
    return got


def test_a_good_pair_is_taken() -> None:
    """With what it is about."""
    got = outcome()

    assert isinstance(got, PreferencePair)
    assert (got.method, got.naive_code, got.improved_code) == ("test", GOOD["naive_code"], GOOD["improved_code"])


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"feedback": ""}, "missing-section"),
        ({"criterion": " \n"}, "missing-section"),
        ({"naive_code": "def f(:"}, "does-not-parse"),
        ({"improved_code": "class A:\n    # ... existing code ...\n    x = 1\n"}, "does-not-parse"),
        ({"improved_code": "# to do\n"}, "does-not-parse"),
        ({"improved_code": GOOD["naive_code"]}, "same-code"),
        ({"improved_code": GOOD["naive_code"].replace("picked", "found") + "# done\n"}, "same-code"),
        ({"improved_code": "x = 1\n" * 1100}, "too-long"),
        ({"instruction": "word " * 601}, "too-long"),
        ({"instruction": f"Write this:\n{GOOD['improved_code']}"}, "leading-instruction"),
        ({"instruction": "Improve the sum of the rows."}, "leading-instruction"),
        ({"feedback": "The improved code is faster."}, "names-in-feedback"),
        ({"feedback": "The naive code loses to the improved code, as the first version copies."}, "names-in-feedback"),
        ({"feedback": "Unlike the naive code (option A), the improved code adds."}, "names-in-feedback"),
        ({"feedback": "After this change the naive code becomes the improved code."}, "names-in-feedback"),
        ({"feedback": "The naive code is slow, the old approach; the improved code adds."}, "names-in-feedback"),
    ],
)
def test_what_is_not_good_is_not_taken(changed: dict[str, str], reason: str) -> None:
    """Each for one reason of the list."""
    assert outcome("python", None, **changed) == reason


def test_comments_go_unless_they_are_to_stay() -> None:
    """As in the paper."""
    code = IMPROVED.format(n=1).replace("\n    return", "\n    # as they come\n    return")
    stripped, kept = outcome(improved_code=code), outcome(improved_code=code, config=AcceptanceConfig(comments="keep"))

    assert isinstance(stripped, PreferencePair)
    assert isinstance(kept, PreferencePair)
    assert (stripped.improved_code, kept.improved_code) == (IMPROVED.format(n=1), code)


def test_other_languages_are_held_to_their_brackets() -> None:
    """No compiler is needed, and comments go all the same."""
    got = outcome("go", naive_code=GO_OLD, improved_code=GO_NEW)

    assert isinstance(got, PreferencePair)
    assert "//" not in got.improved_code
    assert outcome("go", naive_code=GO_OLD, improved_code=GO_NEW[:-2]) == "does-not-parse"


@pytest.mark.parametrize(
    "text",
    [
        "Fix the bug in the sorting function.",
        "Please optimize `f` for speed.",
        "Your task is to refactor the class.",
        "Write a function like the given code, with fewer loops.",
        "Rewrite `total` without a list.",
        "Write a more efficient sum of rows.",
        "Update the `Cache.get` method to handle None.",
        "Modify the following function.",
        "Write the improved version of `f`.",
        "Write `f`, which is faster than a loop over all rows.",
        "Implement what this commit does.",
        "Look at the code below and complete it.",
        "Change this function so that it closes its file.",
        "Modify `total` so that it takes any iterable.",
        "Make `total` faster.",
        "Write `total`, avoiding repeated lookups.",
        "Write `total` with a generator rather than building a list.",
        "Replace the nested loops in `total` by one pass.",
        "Here is a slow function; write a quick one.",
        "There is a bug in `total`. Write it again.",
    ],
)
def test_hints_in_an_instruction_are_seen(text: str) -> None:
    """They would tell which code is better."""
    assert leading(text)


@pytest.mark.parametrize(
    "text",
    [
        "Write `fix(html)`, which closes the tags that are open.",
        "Write a function that returns the country code of a phone number.",
        "Given a version string, return its parts.",
        "Implement an efficient lookup of users by mail address.",
        "Write `update(row, values)` for a table of scores.",
        "Return the HTTP status code of a response, and raise for errors.",
        "Write a function that improves the contrast of an image by a factor.",
        "Create a class `Patch` that applies a list of edits to a text.",
        "Change a user's password, given the old and the new one.",
        "Correct the spelling of each word by a dictionary that is given.",
        "Make a table of the words and how often each occurs.",
        "Convert a temperature from Celsius to Fahrenheit.",
        "Extend each list to the same length by repeating its last item.",
        "Replace each vowel of a text by the next one.",
    ],
)
def test_a_plain_request_is_no_hint(text: str) -> None:
    """Words that only look like one."""
    assert leading(text) is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("NAIVE_CODE loops; IMPROVED_CODE does not.", "The naive code loops; the improved code does not."),
        ("[NAIVE_CODE] loops.", "The naive code loops."),
        ("The [NAIVE CODE] loops.", "The naive code loops."),
        ("`naive_code` loops.", "The naive code loops."),
        ("It is the **improved code** that wins.", "It is the improved code that wins."),
        ("As the naïve version loops, the improved version wins.", "As the naive code loops, the improved code wins."),
        ("the improved solution's loop", "The improved code's loop"),
    ],
)  # fmt: skip
def test_labels_are_spelled_one_way(text: str, plain: str) -> None:
    """So that a dataset can put A and B in their place."""
    assert labelled(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        "The naive code copies a second time, where the improved code a slice.",
        "The naive code asks for TLS version 1; the improved code for the newest one.",
        "The naive code reads the first line twice, the improved code once.",
        "The naive code returns the original list; the improved code a new list.",
        "The naive code returns the first one; the improved code uses a better approach, and the change due is right.",
    ],
)
def test_other_things_may_be_first_or_new(text: str) -> None:
    """Only codes may not be called otherwise."""
    assert misnamed(text) is None


def test_the_docs_list_every_reason() -> None:
    """With the words of the list."""
    page = (Path(__file__).parents[2] / "docs" / "teachers.md").read_text(encoding="utf-8")
    listed = page.split("## What is taken", 1)[1]

    assert re.findall(r"^\| `([\w-]+)` \| (.+) \|$", listed, re.MULTILINE)[: len(REASONS)] == list(REASONS.items())


def test_the_same_two_codes_are_the_same_pair_whichever_is_the_better() -> None:
    """A change and the change that takes it back would contradict each other."""
    one = outcome()
    assert isinstance(one, PreferencePair)
    other = one.model_copy(update={"naive_code": one.improved_code, "improved_code": one.naive_code + "\n"})

    assert same_pair_key(one) == same_pair_key(other)
