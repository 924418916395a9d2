"""Owns what a change did to the functions of a Python file."""

from collections import Counter

from codefavor.codetext.parsing import parse
from codefavor.sources.installed_code import outer_functions, source_of


def changed_functions(old: str, new: str) -> list[tuple[str, str | None, str | None]] | str:
    """Return (qualified name, before, after) of each function that is not the same, or why none can be told."""
    sides = []
    for text in (old, new):
        plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        tree = parse(plain)
        if tree is None:
            return "not-parseable"
        lines = plain.split("\n")
        seen: Counter[str] = Counter()
        functions: dict[tuple[str, int], str] = {}
        for name, node in outer_functions(tree):
            # A name may stand for several functions, as with a property's getter and setter.
            functions[name, seen[name]] = source_of(node, lines)
            seen[name] += 1
        sides.append(functions)
    before, after = sides
    keys = dict.fromkeys([*after, *before])
    changed = [(key[0], before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]
    return changed or "outside-functions"
