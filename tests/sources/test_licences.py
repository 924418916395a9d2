"""Owns the checks of licences: what a package's metadata says, and what is permissive."""

from email.message import Message
from importlib.metadata import Distribution
from os import PathLike
from pathlib import Path

import pytest

from codefavor.sources.licences import is_permissive, licence_of, permissive_names, spoken


class Installed(Distribution):
    """A distribution that consists of metadata."""

    def __init__(self, name: str = "thing", **fields: str | list[str]) -> None:
        message = Message()
        message["Name"] = name
        for field, values in fields.items():
            for value in [values] if isinstance(values, str) else values:
                message[field.replace("_", "-")] = value
        self._text = message.as_string()

    def read_text(self, filename: str) -> str | None:
        """Return the metadata; there is no other file."""
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: str | PathLike[str]) -> Path:
        """Return the path as it is."""
        return Path(path)


@pytest.mark.parametrize(
    ("expression", "permissive"),
    [
        ("MIT", True),
        ("mit", True),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only OR MIT", True),
        ("(GPL-2.0-only OR MIT) AND ISC", True),
        ("MPL-2.0 AND MIT", False),
        ("GPL-3.0-or-later", False),
        ("GPL-3.0-or-later WITH Classpath-exception-2.0", False),
        ("MIT AND (GPL-2.0-only OR MPL-2.0)", False),
        ("", False),
        ("MIT AND", False),
        ("(MIT", False),
        ("MIT MIT", False),
        ("LicenseRef-Proprietary", False),
    ],
)
def test_an_expression_is_permissive_if_it_can_be_met_permissively(expression: str, permissive: bool) -> None:
    """AND needs both, OR one; what is no expression promises nothing."""
    assert is_permissive(expression) is permissive


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Apache Software License", "Apache-2.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("MIT License", "MIT"),
        ("BSD 3-Clause License", "BSD-3-Clause"),
        ("BSD License", "BSD-3-Clause"),
        ("Python Software Foundation License", "PSF-2.0"),
        ("ISC License (ISCL)", "ISC"),
        ("The Unlicense (Unlicense)", "Unlicense"),
        ("GNU Lesser General Public License v3 (LGPLv3)", "GPL or LGPL"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        ("Permitted for use in submittal only", "Permitted for use in submittal only"),
        ("Copyright (c) 2020 Ada\nPermission is hereby granted", "Copyright (c) 2020 Ada"),
    ],
)
def test_what_authors_write_becomes_a_name(text: str, name: str) -> None:
    """Words inside words do not count: "permitted" is not MIT."""
    assert spoken(text) == name


def test_the_expression_speaks_before_the_classifiers() -> None:
    """The expression is the newer field and exact; classifiers name families."""
    classifier = "License :: OSI Approved :: GNU General Public License (GPL)"

    assert licence_of(Installed(License_Expression="MIT", Classifier=classifier)) == "MIT"


def test_all_classifiers_have_to_be_permissive() -> None:
    """Whether they are alternatives the metadata does not say."""
    mixed = [
        "License :: OSI Approved :: MIT License",
        "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)",
    ]

    assert licence_of(Installed(Classifier=mixed)) == "MIT AND MPL-2.0"
    assert not is_permissive(licence_of(Installed(Classifier=mixed)))


def test_the_free_text_speaks_last() -> None:
    """A bare "OSI Approved" names nothing, and neither does UNKNOWN."""
    assert licence_of(Installed(Classifier="License :: OSI Approved", License="BSD-2-Clause")) == "BSD-2-Clause"
    assert licence_of(Installed(License="UNKNOWN")) == ""


def test_permissive_packages_are_listed_in_order() -> None:
    """Each once, though a distribution may be found on two paths."""
    found = [Installed("b", License="MIT"), Installed("A", License="ISC"), Installed("c", License="GPLv3")]

    assert permissive_names([*found, *found]) == ["A", "b"]
