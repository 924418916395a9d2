"""Owns the teacher's prompts: text files beside this one, found by name, filled in one pass, known by their hash."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from codefavor.errors import InputError, MissingFileError

NEEDS: Final[dict[str, frozenset[str]]] = {
    "commit-explain": frozenset({"language", "message", "path", "change"}),
    "commit-decide": frozenset(),
    "commit-write": frozenset({"language"}),
    "critic": frozenset({"language", "examples", "instruction", "attempt"}),
    "critic-examples": frozenset(),
    "attempt": frozenset({"language", "instruction"}),
}
"""Prompt → what is filled into it; all but the language must stand in it."""
_PLACE: Final = re.compile(r"\{(\w+)\}")


class Prompts:
    """The prompts of one way of asking.

    Args:
        names: which ones.
        folder: where a person's own are, as NAME.txt; those that are not there are the package's.

    Raises:
        InputError: the folder holds none of them, or one has no place for what must be in it.
    """

    def __init__(self, names: Sequence[str], folder: Path | None = None) -> None:
        self._texts = {name: _text(name, folder) for name in names}
        if folder is not None and not any((folder / f"{name}.txt").is_file() for name in names):
            raise InputError(f"{folder} holds none of the prompts {', '.join(f'{name}.txt' for name in names)}")

    @property
    def hashes(self) -> dict[str, str]:
        """Each prompt's file → the SHA-256 of its text."""
        return {f"prompts/{name}.txt": hashlib.sha256(text.encode()).hexdigest() for name, text in self._texts.items()}

    def fill(self, name: str, **values: str) -> str:
        """Return a prompt with its values filled in; what a value holds is never filled in again."""
        return _filled(self._texts[name], values)

    def text(self, name: str) -> str:
        """Return a prompt as it is."""
        return self._texts[name]


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def _text(name: str, folder: Path | None) -> str:
    own = folder / f"{name}.txt" if folder is not None else None
    if folder is not None and not folder.is_dir():
        raise MissingFileError(f"{folder} is no folder; --prompts takes one that holds prompts as NAME.txt")
    if own is not None and own.is_file():
        text = own.read_text(encoding="utf-8")
        missing = sorted(NEEDS[name] - {"language"} - set(_PLACE.findall(text)))
        if missing:
            raise InputError(f"{own} has no place for {{{missing[0]}}}; put it where the text belongs")
    else:
        text = files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return text.strip()
