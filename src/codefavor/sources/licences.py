"""Owns which licences let others learn from code: reading a package's metadata and deciding what is permissive."""

import re
from collections.abc import Iterable
from importlib.metadata import Distribution
from typing import Final

PERMISSIVE: Final[frozenset[str]] = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "CC0-1.0",
        "HPND",
        "ISC",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "NCSA",
        "PSF-2.0",
        "Python-2.0",
        "Unicode-3.0",
        "Unlicense",
        "Zlib",
        "ZPL-2.1",
    }
)
"""SPDX names of the licences that ask for attribution at most."""

# What authors write where they do not write SPDX; tried in order, on the lower-cased text.
_SPOKEN: Final[tuple[tuple[str, str], ...]] = (
    (r"\b(?:gnu )?(?:a?gpl|lgpl|affero|lesser general|general public)", "GPL or LGPL"),
    (r"mozilla|\bmpl\b", "MPL-2.0"),
    (r"proprietary|other/proprietary|all rights reserved", "proprietary"),
    (r"mit[- ]cmu", "MIT-CMU"),
    (r"\bmit\b", "MIT"),
    (r"0bsd|zero[- ]clause bsd", "0BSD"),
    (r"bsd[- ]?2|\b2[- ]clause|simplified bsd", "BSD-2-Clause"),
    (r"\bbsd\b", "BSD-3-Clause"),
    (r"apache(?! 1)", "Apache-2.0"),
    (r"python software foundation|\bpsf", "PSF-2.0"),
    (r"\bisc\b|iscl", "ISC"),
    (r"unlicense", "Unlicense"),
    (r"\bcc0\b|public domain", "CC0-1.0"),
    (r"historical permission|\bhpnd\b", "HPND"),
    (r"zope public|\bzpl\b", "ZPL-2.1"),
    (r"\bzlib\b", "Zlib"),
    (r"boost software", "BSL-1.0"),
)


def licence_of(distribution: Distribution) -> str:
    """Return the licence a distribution's metadata names, as an SPDX expression where it can be told; "" for none.

    The licence expression speaks first, then the classifiers (all of them together), then the free text field.
    """
    metadata = distribution.metadata
    if expression := _field(distribution, "License-Expression"):
        return expression
    classifiers = [
        text.rpartition("::")[2].strip() for text in metadata.get_all("Classifier") or [] if "License ::" in text
    ]
    # "OSI Approved" without a name says nothing; the free text may.
    if named := sorted({spoken(text) for text in classifiers if text != "OSI Approved"}):
        return " AND ".join(named)
    return spoken(_field(distribution, "License"))


def _field(distribution: Distribution, name: str) -> str:
    text = "\n".join(distribution.metadata.get_all(name) or []).strip()
    return "" if text.upper() == "UNKNOWN" else text


def spoken(text: str) -> str:
    """Return the SPDX name of what an author called the licence; the first line of the text where none fits.

    >>> spoken("Apache Software License"), spoken("The 3-clause BSD License")
    ('Apache-2.0', 'BSD-3-Clause')
    """
    if not text or is_permissive(text):
        return text
    head = text[:400].lower()
    for pattern, name in _SPOKEN:
        if re.search(pattern, head):
            return name
    return text.splitlines()[0][:60]


def is_permissive(expression: str) -> bool:
    """Return whether an SPDX expression can be met with permissive licences alone.

    Of licences joined by OR one has to be permissive, of those joined by AND all; an exception (WITH) only adds
    rights. What is not an expression is not permissive.

    >>> is_permissive("MIT AND (GPL-3.0-only OR Apache-2.0 WITH LLVM-exception)"), is_permissive("MIT AND MPL-2.0")
    (True, False)
    """
    tokens = re.findall(r"[()]|[^\s()]+", expression)
    known = {name.lower() for name in PERMISSIVE}

    def alternatives() -> bool:
        found = together()
        while tokens and tokens[0].upper() == "OR":
            tokens.pop(0)
            found = together() or found
        return found

    def together() -> bool:
        found = single()
        while tokens and tokens[0].upper() == "AND":
            tokens.pop(0)
            found = single() and found
        return found

    def single() -> bool:
        if not tokens:
            return False
        token = tokens.pop(0)
        if token == "(":
            found = alternatives()
            closed = bool(tokens) and tokens.pop(0) == ")"
            return found and closed
        if len(tokens) >= 2 and tokens[0].upper() == "WITH":
            del tokens[:2]
        return token.lower() in known

    return alternatives() and not tokens


def permissive_names(distributions: Iterable[Distribution]) -> list[str]:
    """Return the names of the distributions with a permissive licence, sorted, each once."""
    names = {item.name for item in distributions if item.name and is_permissive(licence_of(item))}
    return sorted(names, key=str.lower)
