"""Owns describing pairs without judging them: how many of what, how long, how often again, and some to read."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from codefavor.dataset.audit import Sample
from codefavor.dataset.orders import group_of, objective_of
from codefavor.dataset.reading import Row
from codefavor.errors import InputError, MissingExtraError, MissingFileError
from codefavor.records import PreferencePair, content_id

NOT_STATED: Final = "not stated"
ROUGH: Final = "a rough count: every word, number and sign is one"
_ROUGH: Final = re.compile(r"\w+|[^\w\s]")
_IMPORTED: Final = re.compile(
    r"^[ \t]*(?:import[ \t]+(?:static[ \t]+)?[\"'<]?([\w./@-]+)|from[ \t]+(\w+)[\w.]*[ \t]+import\b|"
    r"#[ \t]*include[ \t]*[<\"]([\w./]+)|use[ \t]+(\w+)::)|\brequire\(?[ \t]*[\"']([\w./@-]+)[\"']",
    re.MULTILINE,
)
_WORD: Final = re.compile(r"[a-z]{4,}")
_SAYS_LITTLE: Final = frozenset(
    re.findall(
        r"\w+",
        """
        about above according after also applies back based been before being below between both call
        called calls class code codes contains create does each else ensure every exercise false
        following from function functions given gives handle have helper implement implementing init
        input into like made make makes method module must name named names none note number objects
        only other output over pass passed please python raise raises return returned returning returns
        same self should solve some string such take takes task than that them then there these they
        thing this true type under used uses using value values when where whether which while with
        without work works write your
        """,
    )
)
_IN_CODE: Final = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|^[ \t]*(?:(?:def|class|async|assert|from|import)\b|>>>|@)[^\n]*",
    re.MULTILINE | re.DOTALL,
)
_BY_REPOSITORY: Final = re.compile(r"(?P<repository>[^@\s]+)@[0-9a-f]{7,}:")


class Counted(NamedTuple):
    """A way of cutting a text into tokens, and what it is called."""

    count: Callable[[str], int]
    name: str


def rough_tokens() -> Counted:
    """Return the count that needs no model.

    >>> rough_tokens().count("total += x_1")
    4
    """
    return Counted(lambda text: sum(1 for _ in _ROUGH.finditer(text)), ROUGH)


def tokens_of(path: Path) -> Counted:
    """Return the count by a model's own tokenizer.

    Args:
        path: a `tokenizer.json`, or the folder of a model that holds one.

    Raises:
        InputError: there is none, or it cannot be read, or the library that reads it is not installed.
    """
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise MissingFileError(f"there is no file {file}; give a tokenizer.json or the folder of a model with one")
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise MissingExtraError(f"reading {file} needs tokenizers; pip install 'codefavor[torch]'") from None
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises bare exceptions of its own
        raise InputError(f"{file} is not a tokenizer ({str(error).splitlines()[0]}); copy it again") from None
    tokenizer.no_truncation()
    return Counted(
        lambda text: len(tokenizer.encode(text.encode("utf-8", "replace").decode(), add_special_tokens=False).ids),
        str(path),
    )


@dataclass
class Description:
    """What a set of pairs holds."""

    pairs: int = 0
    rows: int = 0
    """Rows of the file: more than the pairs where both orders are written."""
    labels: Counter[str] = field(default_factory=Counter)
    """Of the rows; of pairs that have no order yet, those that their names will draw."""
    objectives: Counter[str] = field(default_factory=Counter)
    criteria: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    operators: Counter[str] = field(default_factory=Counter)
    """Of pairs made by fault injection."""
    teachers: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)
    """Repositories or packages."""
    groups: Counter[str] = field(default_factory=Counter)
    libraries: Counter[str] = field(default_factory=Counter)
    """Imported by either code of a pair, each once a pair."""
    words: Counter[str] = field(default_factory=Counter)
    """Of the instructions, their code aside, each once a pair, without words that say little."""
    verified: Counter[str] = field(default_factory=Counter)
    lengths: dict[str, list[int]] = field(default_factory=lambda: {"instruction": [], "worse": [], "better": []})
    """In tokens; the three lists are side by side."""
    again: Counter[str] = field(default_factory=Counter)
    """Way in which a pair repeats an earlier one → how many do."""
    to_read: list[PreferencePair] = field(default_factory=list)

    @property
    def repeated(self) -> int:
        """Pairs whose two codes stand in an earlier pair."""
        return self.again[SAME_CODES] + self.again[TURNED_CODES]


SAME_CODES: Final = "the same two codes as an earlier pair"
TURNED_CODES: Final = "the same two codes the other way round"
SHARED_INSTRUCTION: Final = "the same instruction as an earlier pair, with other codes"
EQUAL_CODES: Final = "two codes that differ in white space only"
WAYS: Final = (SAME_CODES, TURNED_CODES, EQUAL_CODES, SHARED_INSTRUCTION)


def describe(rows: Iterable[Row], tokens: Counted, to_read: int = 8) -> Description:
    """Return what a set of pairs holds.

    Args:
        rows: in any order; orders of one pair may stand anywhere.
        tokens: how lengths are counted.
        to_read: pairs kept to be read, drawn by the hash of their names.
    """
    found = Description()
    sample = Sample(to_read)
    seen: dict[tuple[str, str], None] = {}
    instructions: set[str] = set()
    for row in rows:
        found.rows += 1
        found.labels[row.label] += 1
        if row.again:
            continue
        pair = row.pair
        sample.add(pair)
        _count(found, pair, row.is_example)
        for name, text in (
            ("instruction", pair.instruction),
            ("worse", pair.naive_code),
            ("better", pair.improved_code),
        ):
            found.lengths[name].append(tokens.count(text))
        sides = _key(pair.naive_code), _key(pair.improved_code)
        instruction = _key(pair.instruction)
        for way, holds in (
            (EQUAL_CODES, sides[0] == sides[1]),
            (SAME_CODES, sides in seen),
            (TURNED_CODES, sides not in seen and sides[::-1] in seen),
            (SHARED_INSTRUCTION, sides not in seen and sides[::-1] not in seen and instruction in instructions),
        ):
            found.again[way] += holds
        seen[sides] = None
        instructions.add(instruction)
    found.to_read = sample.pairs()
    return found


def _count(found: Description, pair: PreferencePair, is_example: bool) -> None:
    meta = pair.meta or {}
    found.pairs += 1
    found.objectives[objective_of(pair)] += 1
    found.criteria[pair.criterion] += 1
    found.languages[pair.language] += 1
    found.methods[NOT_STATED if is_example else pair.method] += 1
    if "operator" in meta:
        found.operators[str(meta["operator"])] += 1
    found.teachers[pair.teacher or str(meta.get("teacher") or "none")] += 1
    found.licences[str(meta.get("license") or NOT_STATED)] += 1
    found.origins[origin_of(pair.source)] += 1
    found.groups[group_of(pair)] += 1
    found.verified[_verified(pair)] += 1
    found.libraries.update({name for code in (pair.naive_code, pair.improved_code) for name in libraries_in(code)})
    found.words.update(set(_WORD.findall(_IN_CODE.sub(" ", pair.instruction).lower())) - _SAYS_LITTLE)


def _verified(pair: PreferencePair) -> str:
    if pair.verified:
        return "verified"
    if "not_run" in ((pair.meta or {}).get("verification") or {}):
        return "could not be run"
    return "not tried" if pair.verified is None else "run, and not shown"


def origin_of(source: str | None) -> str:
    """Return the repository or package that a pair's source names, else what kind of source it is.

    >>> origin_of("example/rows@0123456789abcdef:rows/total.py"), origin_of("json:json.decoder")
    ('example/rows', 'json')
    >>> origin_of("instruction:0123"), origin_of(None)
    ('instruction', 'not stated')
    """
    if not source:
        return NOT_STATED
    repository = _BY_REPOSITORY.match(source)
    return repository["repository"] if repository else source.partition(":")[0]


def libraries_in(code: str) -> Iterator[str]:
    r"""Yield what a code imports, by the first part of its name; lines that look like it, in any language.

    >>> sorted(libraries_in("import os.path\nfrom re import sub\nx = 1"))
    ['os', 're']
    """
    for match in _IMPORTED.finditer(code):
        name = next(filter(None, match.groups()), "")
        first = name if name.startswith(("@", "java")) else re.split(r"[./]", name)[0]
        if first:
            yield first


def _key(text: str) -> str:
    return content_id(" ".join(text.split()))
