"""Comparison ↔ model text, in both directions."""

from codefavor.errors import UnknownNameError
from codefavor.formats import classification, generation
from codefavor.formats.base import Format


def load(name: str) -> Format:
    """Return the format of that name.

    Raises:
        UnknownNameError: there is no such format.

    >>> load("classification-v1").answer("A")
    'A'
    """
    known: dict[str, Format] = {form.NAME: form for form in (classification, generation)}
    if name not in known:
        raise UnknownNameError.of("format", name, known)
    return known[name]
