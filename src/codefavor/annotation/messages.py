"""Owns what the page sends: one form, read and checked."""

from typing import Final, NamedTuple
from urllib.parse import parse_qs

from codefavor.annotation.store import CONFIDENCES
from codefavor.errors import InputError

CHOICES: Final = ("A", "B", "tie", "skip")
_LONGEST_NOTE: Final = 5000
_DAY: Final = 86_400.0


class Form(NamedTuple):
    """What somebody sent."""

    action: str
    handle: str = ""
    submission: str = ""
    choice: str = ""
    """As it was shown: A is the first code on the page."""
    confidence: str = ""
    note: str = ""
    seconds: float = 0.0


def read_form(body: bytes) -> Form:
    """Return what a page sent.

    Raises:
        InputError: it is no form of ours, or an answer lacks a part; says which.
    """
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise InputError("that is no form of this page; open your link again") from None
    texts = {name: values[0].replace("\r\n", "\n") for name, values in fields.items()}
    form = Form(
        texts.get("action", ""),
        texts.get("handle", ""),
        texts.get("submission", "")[:80],
        texts.get("choice", ""),
        texts.get("confidence", ""),
        texts.get("note", "").replace("\0", "").strip()[:_LONGEST_NOTE],
        _seconds(texts.get("seconds", "")),
    )
    if form.action in ("answer", "practise"):
        if form.choice not in CHOICES:
            raise InputError("choose A, B, tie or skip, then save")
        if form.choice == "skip":
            form = form._replace(confidence="")
        elif form.confidence not in CONFIDENCES:
            raise InputError("say how sure you are, then save")
    if form.action == "answer" and not (form.handle and form.submission):
        raise InputError("that is no form of this page; open your link again")
    return form


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), _DAY) if seconds == seconds else 0.0  # not a number is none
