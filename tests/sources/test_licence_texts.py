"""Owns the checks of telling licences from their texts: by the phrases that make them what they are."""

import importlib.metadata
from pathlib import Path

import pytest

from codefavor.sources.licence_texts import is_licence_file, licence_of_text
from codefavor.sources.licences import licence_of

BSD = "Redistribution and use in source and binary forms … Redistributions in binary form must reproduce …"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (BSD, "BSD-2-Clause"),
        (BSD + " may be used to endorse or promote products", "BSD-3-Clause"),
        (BSD + " All advertising materials … endorse or promote", "BSD-4-Clause"),
        ("GNU GENERAL PUBLIC LICENSE\n  Version 2, June 1991", "GPL-2.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE\n Version 2.1 … GNU General Public License, version 2", "LGPL-2.1"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE Version 3 … GNU General Public License", "AGPL-3.0"),
        ("Mozilla Public License Version 2.0 … GNU General Public License", "MPL-2.0"),
        ("SPDX-License-Identifier: MIT OR Apache-2.0\n", "MIT OR Apache-2.0"),
        ("Licensed under the MIT licence.", "MIT"),
        (
            "Permission to use, copy, modify, and/or distribute … with or without fee is hereby granted",
            "0BSD",
        ),
        ("All rights reserved. Nobody may use this, at all, for any reason.", "proprietary"),
        ("", ""),
        ("Copyright Ann " + "and others " * 100, ""),
    ],
)
def test_licences_are_told_by_their_phrases(text: str, name: str) -> None:
    """Layout, quotes and comment signs differ between copies; phrases do not."""
    assert licence_of_text(text) == name
    assert licence_of_text(" * " + text.replace("\n", "\n * ")) == name


def test_the_texts_of_installed_packages_agree_with_their_metadata() -> None:
    """Real files, as people copied them; where one name is said on both sides, it is the same."""
    agree, differ = 0, []
    for item in importlib.metadata.distributions():
        said = licence_of(item)
        named = (Path(str(item.locate_file(file))) for file in item.files or () if is_licence_file(file.name))
        files = [file for file in named if file.is_file()]
        if said not in {"MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC"} or len(files) != 1:
            continue
        found = licence_of_text(files[0].read_text(errors="replace"))
        if found == said:
            agree += 1
        else:
            differ.append((item.name, said, found))

    assert agree >= 10
    assert len(differ) * 10 <= agree, differ


@pytest.mark.parametrize("name", ["LICENSE", "LICENCE.txt", "license.md", "COPYING", "COPYING.LESSER", "LICENSE-MIT"])
def test_files_that_hold_licences(name: str) -> None:
    """As people name them."""
    assert is_licence_file(name)


@pytest.mark.parametrize("name", ["licenses.py", "relicense", "licensee.md", "copying_files.c"])
def test_files_that_hold_none(name: str) -> None:
    """Code about licences is code."""
    assert not is_licence_file(name)
