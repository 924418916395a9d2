"""Owns the generation format: feedback in words first, then one last line that names the better code.

The prompt has the sections of `formats.sections`: what was seen of the codes, if anything, then what to write. A model
that was not trained on it answers in words of its own, so replies are read by `formats.reading`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from codefavor.errors import InputError
from codefavor.formats import reading
from codefavor.formats.sections import Sections
from codefavor.records import Comparison, Label

NAME: Final = "generation-v1"
FEEDBACK: Final = True

TASK: Final = """\
Judge by the criterion alone which of the two codes is better.
First write feedback: in a few sentences, what each code does well or badly by the criterion.
Then end with one line of exactly this form, X being A or B:
Better code: X"""

SHORT_TASK: Final = "Judge by the criterion alone which of the two codes is better. Reply with one letter: A or B."

_RESULT: Final = "Better code: "
_SECTIONS: Final = Sections(["EVIDENCE", "TASK"])


def messages(comparison: Comparison, evidence: str = "") -> list[dict[str, str]]:
    """Return the question as one user turn that asks for feedback and a result line.

    Args:
        comparison: the two codes and the criterion.
        evidence: what is known of the codes besides their text, such as how a run of them went; left out when empty.
    """
    return _asked(comparison, evidence, TASK)


def short_messages(comparison: Comparison, evidence: str = "") -> list[dict[str, str]]:
    """Return the question as one user turn that asks for the letter alone, to be scored or to be cheap."""
    return _asked(comparison, evidence, SHORT_TASK)


def answer(label: Label, feedback: str = "") -> str:
    r"""Return what the model is to say: the feedback, and the result line after an empty one.

    >>> answer("B", "A sorts in every round.")
    'A sorts in every round.\n\nBetter code: B'
    """
    return f"{feedback.strip()}\n\n{_RESULT}{label}".lstrip()


def read(reply: str) -> Label | None:
    r"""Return the label a reply gives, or None where it decides nothing; `reading.read` also says why.

    >>> read("Feedback: B never closes the file.\n\nBetter code: A"), read("It's a tie.")
    ('A', None)
    """
    choice = reading.read(reply).choice
    return None if choice == "tie" else choice


def parse(messages: Sequence[Mapping[str, str]]) -> Comparison:
    """Return the comparison that `messages` or `short_messages` made the conversation from; an answer is ignored.

    Raises:
        InputError: the first turn is not a prompt of this format.
    """
    content = messages[0]["content"] if messages else ""
    asked = _SECTIONS.read(content)
    if asked is None or asked.after.get("TASK") not in {TASK, SHORT_TASK}:
        raise InputError(f"not a prompt of {NAME}: {content[:60]!r}; build the dataset again")
    return asked.comparison


def _asked(comparison: Comparison, evidence: str, task: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": _SECTIONS.write(comparison, EVIDENCE=evidence, TASK=task)}]
