"""A teacher's yes or no, in the shapes models give it."""

import pytest

from codefavor.synthesis.reading.yes_no import read_yes_no

YES = [
    "[YES]",
    "[Yes]",
    "[[YES]]",
    "YES",
    "yes",
    "Yes.",
    "**Yes**",
    "**YES.** The query is now parametrised.",
    "`yes`",
    '"Yes"',
    "> Yes",
    "# Yes",
    "✅ Yes",
    "Yes!",
    "(yes)",
    "Yes, it does not open the file twice any more.",
    "[YES] The new code does not build a list, and no copy is made.",
    "[YES]\n\nNo other behaviour changes.",
    "Yes - no input can break it now.",
    "Yes: it is not slower and it is safer.",
    "Yes — although tests are not part of the commit.",
    "Answer: yes",
    "**Answer:** Yes",
    "**Answer: Yes**",
    "### Answer\n\nYes",
    "My answer is yes.",
    "The answer is a clear yes.",
    "Final answer: [YES]",
    "Verdict: YES, because no race is left.",
    "Decision → yes",
    "Conclusion = YES",
    '{"answer": "yes"}',
    '```json\n{"improves": true, "reason": "no quadratic loop"}\n```',
    "{'is_improvement': 'Yes'}",
    "\\boxed{YES}",
    "$\\boxed{\\text{Yes}}$",
    "<answer>yes</answer>",
    "<think>No, wait. It is not only a rename.</think>\nYes",
    "<think>Would no be right?</think>[YES]",
    "I would say yes.",
    "I'd say yes, since it no longer swallows errors.",
    "I will answer with YES.",
    "Well, yes.",
    "Definitely yes.",
    "Absolutely! The loop is gone.",
    "No doubt, yes.",
    "Based on the diff, yes.",
    "In my opinion, yes, it is.",
    "The change removes a nested loop.\n\nYes",
    "The change removes a nested loop.\n\n**YES**",
    "The lookup no longer scans the list. Therefore, my answer is: [YES].",
    "You asked for [YES] or [NO]. It closes the socket.\n[YES]",
    "[NO]\n\nOn second thought, the lock matters.\n\n[YES]",
    "The commit clearly improves the code's speed.",
    "The change is a clear improvement: it validates its input.",
    "Ｙｅｓ",
    "はい",
    "是的",
    "Oui.",
    "True",
    "It does.",
    "Indeed, it does.",
    "Y",
    "So, overall: yes.\n",
    "Yes\n\n```python\nno = False\n```",
    "Yes.\n\nAnything else?",
    "yes, sir",
]

NO = [
    "[NO]",
    "[No]",
    "NO",
    "no",
    "No.",
    "**No**",
    "**NO.** It only moves code; that is clearly good for readers, yes, but not clearly better.",
    "No, it clearly improves nothing but names.",
    "No, although one could say yes for style.",
    "[NO] It improves the wording of a log message, yes, but nothing else.",
    "Nope.",
    "N",
    "False",
    "❌ No",
    "Answer: no",
    "**Answer**: NO",
    "Answer: [NO]",
    "## Verdict\n**No**",
    "Final verdict: No, the behaviour is the same.",
    "Final Answer - No",
    "My answer is no.",
    "The answer is no, as far as I can tell.",
    '{"answer": "No", "reason": "yes would need a test"}',
    '{"improves": false}',
    "\\boxed{NO}",
    "<answer>NO</answer>",
    "<think>Yes? It is faster… no, the same.</think>\n\nNo",
    "I would say no.",
    "I have to say no here.",
    "I'd answer no: it adds a feature.",
    "Not really. It adds a flag.",
    "Not clearly.",
    "Not in my opinion; it swaps one library for another.",
    "No clear improvement can be seen.",
    "No, because it depends on the use.",
    "No improvement: only the version number changes.",
    "The commit bumps a version.\n\nNo",
    "The commit bumps a version.\n\n**[NO]**",
    "[YES]\n\nWait, that was the old side.\n\n[NO]",
    "The change does not clearly improve the code.",
    "This doesn't improve any property; it only adds a feature.",
    "The commit is not a clear improvement.",
    "Please answer with [YES] or [NO].\n\n[NO]",
    "It does not.",
    "Definitely not.",
    "Nein.",
    "いいえ",
    "Well, no.",
    "In short: no.",
    "After careful consideration, no.",
    "No\n\n(yes for readability alone)",
    "Therefore, the answer is: No.",
    "no!",
    "NO - [only formatting]",
]

UNCLEAR = [
    "",
    "   \n",
    "Hard to say.",
    "Yes and no.",
    "YES/NO",
    "[YES/NO]",
    "Please answer with [YES] or [NO].",
    "I cannot help with that.",
    "It depends on how the code is used.",
    "<think>Yes, it does.",
    "<think>No.</think>",
    "Maybe.",
    "It might improve the speed, if inputs are long.",
    "Does the change improve the code?",
    "No tests were run, and the commit touches only docs.",
    "Notably, the function is shorter.",
    "Note that yesterday's version was different.",
    "The commit renames a variable.",
    "It improves readability. But the change does not improve speed.",
    "Nothing to add.",
    "Knowing no more, I leave it open.",
    "Would it be yes or no? I leave that to you.",
]


@pytest.mark.parametrize("reply", YES)
def test_a_yes_is_read(reply: str) -> None:
    """Whatever stands around it, and whatever it denies."""
    assert read_yes_no(reply) is True


@pytest.mark.parametrize("reply", NO)
def test_a_no_is_read(reply: str) -> None:
    """Whatever it grants."""
    assert read_yes_no(reply) is False


@pytest.mark.parametrize("reply", UNCLEAR)
def test_what_is_neither_stays_open(reply: str) -> None:
    """A guess would put a commit on the wrong side."""
    assert read_yes_no(reply) is None


def test_a_long_reply_takes_no_longer_than_its_length() -> None:
    """No pattern may run away on what a broken model repeats."""
    for text in ("it " * 50_000, "[" * 50_000, "answer " * 20_000, "no, " * 20_000, "* " * 50_000):
        read_yes_no(text)
