"""Owns telling a licence from the text of a LICENSE or COPYING file."""

import re
from typing import Final

from codefavor.codetext.languages import known_language
from codefavor.sources.licences import spoken

_FILE: Final = re.compile(
    r"(?:(?:un)?licen[cs]e|copying|(?:mit|apache|bsd)[-_.]licen[cs]e)(?:[-_.][\w.+-]+)?", re.IGNORECASE
)
# A licence of this family speaks of the others, so the first title counts.
_TITLED: Final = re.compile(
    r"(?P<agpl>gnu affero general public license)|(?P<lgpl>gnu (?:lesser|library) general public license)|"
    r"(?P<gpl>gnu general public license)|(?P<mpl>mozilla public license)|(?P<epl>eclipse public license)|"
    r"(?P<eupl>european union public licen[cs]e)|(?P<ccby>creative commons attribution|attribution(?:-\w+)* \d\.\d "
    r"international)|(?P<sspl>server side public license)|(?P<bsl>business source license)"
)
_TITLES: Final = {
    "agpl": "AGPL",
    "lgpl": "LGPL",
    "gpl": "GPL",
    "mpl": "MPL",
    "epl": "EPL",
    "eupl": "EUPL",
    "ccby": "CC-BY",
    "sspl": "SSPL",
    "bsl": "BUSL",
}
# (SPDX name, what its text says, what it does not say)
_SAID: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    ("Apache-2.0", ("apache license", "version 2.0"), ""),
    (
        "MIT",
        (
            "permission is hereby granted, free of charge, to any person obtaining a copy",
            "this permission notice shall",
        ),
        "",
    ),
    (
        "MIT-0",
        ("permission is hereby granted, free of charge, to any person obtaining a copy",),
        "notice shall be incl",
    ),
    ("BSD-4-Clause", ("redistribution and use in source and binary forms", "all advertising materials"), ""),
    (
        "BSD-3-Clause",
        ("redistribution and use in source and binary forms", "endorse or promote"),
        "all advertising mat",
    ),
    (
        "BSD-2-Clause",
        ("redistribution and use in source and binary forms", "redistributions in binary form"),
        "endorse or promote|all advertising mat",
    ),
    ("ISC", ("permission to use, copy, modify, and", "distribute this software", "provided that the above copyr"), ""),
    (
        "0BSD",
        ("permission to use, copy, modify, and", "with or without fee is hereby granted"),
        "provided that the above",
    ),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",), ""),
    ("CC0-1.0", ("cc0 1.0 universal",), ""),
    ("PSF-2.0", ("python software foundation license version 2",), ""),
    ("Zlib", ("altered source versions must be plainly marked",), ""),
    ("BSL-1.0", ("boost software license - version 1.0",), ""),
    ("WTFPL", ("do what the fuck you want to public license",), ""),
)


def is_licence_file(name: str) -> bool:
    """Return whether a file at the top of a repository holds its licence, by its name.

    >>> is_licence_file("LICENSE-MIT.txt"), is_licence_file("license_check.py")
    (True, False)
    """
    return bool(_FILE.fullmatch(name)) and known_language(name) is None


def licence_of_text(text: str) -> str:
    """Return the SPDX name a licence's text stands for, several joined by AND; "" where it is not told.

    >>> licence_of_text("Apache License Version 2.0, January 2004"), licence_of_text("Copyright Ann")
    ('Apache-2.0', '')
    """
    # Further down it would speak of a part.
    if said := re.search(r"SPDX-License-Identifier:\s*([^\n*#]+)", text[:500]):
        return said[1].strip()
    plain = re.sub(r"[\s*#>/]+", " ", text.replace("“", '"').replace("”", '"')).lower()
    names = {
        name
        for name, parts, never in _SAID
        if all(part in plain for part in parts) and not (never and re.search(never, plain))
    }
    if title := _TITLED.search(plain):
        version = re.search(r"version (\d(?:\.\d)?)|(\d\.\d)", plain[title.start() : title.start() + 200])
        number = (version[1] or version[2]) if version else ""
        family = _TITLES[title.lastgroup or ""]
        if family in {"GPL", "LGPL", "AGPL"} and number and "." not in number:
            number += ".0"
        names.add(f"{family}-{number}" if number else family)
    if not names and len(text) < 400:
        # A file of one line that only names the licence.
        name = spoken(text.strip())
        return name if name and name != text.strip().splitlines()[0][:60] else ""
    return " AND ".join(sorted(names))
