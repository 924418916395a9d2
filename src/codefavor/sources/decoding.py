"""Owns turning a file's bytes into text: by UTF-8, by what it says of itself, and by a guess where that is safe."""

import codecs
import re
from typing import Final, Literal, NamedTuple, TypeAlias

NotText: TypeAlias = Literal["binary", "not-decodable"]

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python's and the editors' way to say it, in one of the first two lines.
_COOKIE: Final = re.compile(rb"\A(?:[^\n]*\n)?[^\n]*?coding[:=][ \t]*([-\w.]+)")
# Only what maps bytes to letters: Python knows more codecs, some of which are slow or not for text.
_ENCODINGS: Final = re.compile(
    r"(?:latin|iso.?8859|cp|windows.?|koi8|euc|shift.?jis|sjis|gb|big5|mac|ascii|us.ascii|utf.?8)[-\w]*", re.IGNORECASE
)
_TYPOGRAPHY: Final = frozenset("°§©®™±·–—‘’“”„•…€£¥«»¿¡×÷½¼¾²³ª\xa0")


class Decoded(NamedTuple):
    """A text and the encoding it was read by."""

    text: str
    encoding: str


def decode(data: bytes) -> Decoded | NotText:
    r"""Return the text with its line ends and marks as they are, or why it is none.

    >>> decode("é = 1".encode("cp1252"))
    Decoded(text='é = 1', encoding='cp1252')
    >>> decode(bytes([0, 1, 2]))
    'binary'
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            found = _try(data, encoding)
            return found if found and "\0" not in found.text else "binary"
    if b"\0" in data:
        return "binary"
    if found := _try(data, "utf-8"):
        return found
    cookie = _COOKIE.match(data)
    if cookie and _ENCODINGS.fullmatch(said := cookie[1].decode("ascii", "replace")) and (found := _try(data, said)):
        return found
    if _looks_western(data) and (found := _try(data, "cp1252")):
        return found
    return "not-decodable"


def _try(data: bytes, encoding: str) -> Decoded | None:
    try:
        return Decoded(data.decode(encoding), encoding.lower())
    except (UnicodeDecodeError, LookupError):
        return None


def _looks_western(data: bytes) -> bool:
    """Return whether the bytes that are not ASCII stand alone or in twos, as accents do, and are letters or dashes.

    In the encodings of other scripts they come in longer runs, so they are not taken for what they are not.
    """
    runs = re.findall(rb"[\x80-\xff]+", data)
    if any(len(run) > 2 for run in runs) or sum(map(len, runs)) * 10 > len(data) + 10:
        return False
    try:
        letters = b"".join(runs).decode("cp1252")
    except UnicodeDecodeError:
        return False
    return all(letter.isalpha() or letter in _TYPOGRAPHY for letter in letters)
