"""Owns the small inputs both sides of a pair are called with, made from what the function's text says.

Nothing but the function decides them, so they are the same in every run.
"""

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from codefavor.synthesis.fault_injection.verification.uses import Place, Uses, kind_of

_WORDS: Final = (
    "a",
    "b",
    "ab",
    "abc",
    "hello world",
    "Hello, World",
    "x1",
    "12",
    "-3",
    "",
    " ",
    "a b  c",
    "A",
    "zz\n",
    "foo_bar",
)
_FLOATS: Final = (0.0, 1.0, -1.5, 2.5, 0.25, 100.0, -0.0, 3.0)
_CALLABLES: Final = ("(lambda *a, **k: a[0] if a else None)", "str", "(lambda *a, **k: len(a))", "bool",
                     "(lambda *a, **k: 1)", "repr")  # fmt: skip
_UNKNOWN: Final = ("int", "str", "list", "dict", "none")
_DEEPEST: Final = 4


@dataclass(frozen=True)
class Input:
    """Arguments to call a function with."""

    text: str
    """The arguments as they stand between the parentheses of a call."""
    kinds: tuple[tuple[str, str], ...] = ()
    """What kind each place was given; none for an input the docstring shows."""


@dataclass(frozen=True)
class Given:
    """Inputs that come with a function, each as it stands between the parentheses of a call."""

    small: tuple[str, ...]
    """Those on which both sides must do the same."""
    large: str
    """The one on which costs are compared."""


class Maker:
    """Makes inputs for one function.

    Args:
        uses: what is known of its arguments.
        seed: names the function.
    """

    def __init__(self, uses: Uses, seed: str) -> None:
        self._uses, self._seed = uses, seed
        self._chance = random.Random(seed)
        self._kinds: dict[str, str] = {}

    def small(self, count: int, like: list[Input] | None = None) -> list[Input]:
        """Return up to so many different small inputs: those the docstring shows, then others by chance.

        Args:
            count: how many.
            like: inputs whose kinds the new ones have; those that went well before.
        """
        found = {} if like else {text: Input(text) for text in self._uses.examples}
        for number in range(3 * count):
            if len(found) >= count:
                break
            self._chance = random.Random(f"{self._seed}:{number}:{bool(like)}")
            self._kinds = dict(like[number % len(like)].kinds) if like else {}
            made = self._row()
            found.setdefault(made.text, made)
        return list(found.values())[:count]

    def _row(self) -> Input:
        given: list[str] = []
        by_name = False
        for name in self._uses.positional:
            # Left out now and then, as callers do; what follows must then be named.
            if name in self._uses.optional and self._chance.random() < 0.35:
                by_name = True
                continue
            text = self._make(name, 0)
            given.append(f"{name}={text}" if by_name else text)
        if self._uses.star and not by_name:
            path = f"*{self._uses.star}[]"
            given += [self._make(path, 1) for _ in range(self._chance.randint(0, 3))]
        for name in self._uses.named:
            if name not in self._uses.optional or self._chance.random() < 0.5:
                given.append(f"{name}={self._make(name, 0)}")
        return Input(", ".join(given), tuple(self._kinds.items()))

    def _kind(self, path: str, depth: int) -> str:
        if path in self._kinds:
            return self._kinds[path]
        place = self._uses.of(path)
        kinds = Counter(place.kinds)
        if place.attributes and not kinds:
            kinds["object"] = 5
        elif place.attributes:
            kinds["object"] += 2 * len(place.attributes)
        if not kinds:
            # Parts of one argument are of one kind; which one nobody knows.
            kinds.update(("int", "str") if depth else _UNKNOWN)
        likely = max(kinds.values())
        names = [name for name, weight in sorted(kinds.items()) if weight * 4 > likely]
        weights = [kinds[name] ** 1.5 for name in names]
        chosen = self._chance.choices(names, weights)[0]
        if None in place.literals and self._chance.random() < 0.15:
            return "none"
        self._kinds[path] = chosen
        return chosen

    def _make(self, path: str, depth: int) -> str:
        place = self._uses.of(path)
        kind = self._kind(path, depth)
        if depth > _DEEPEST:
            return "0"
        match kind:
            case "int":
                return repr(self._whole(place))
            case "float":
                return repr(self._chance.choice((*_FLOATS, *self._literals(place, float))))
            case "bool":
                return self._chance.choice(("True", "False"))
            case "none":
                return "None"
            case "str":
                return repr(self._word(place))
            case "char":
                return repr(self._chance.choice((*"ab1 Z-", *(text[0] for text in self._literals(place, str) if text))))
            case "bytes":
                return repr(self._word(place).encode("utf-8", "replace"))
            case "bytearray":
                return f"bytearray({self._word(place).encode('utf-8', 'replace')!r})"
            case "list" | "tuple" | "set" | "iterator":
                return self._sequence(kind, path, depth)
            case "dict":
                return self._mapping(place, path, depth)
            case "callable":
                return f"_noting({self._chance.choice(_CALLABLES)})"
            case "file":
                return f"_io.StringIO({self._lines()!r})"
            case "object":
                names = sorted(name for name in place.attributes if not name.startswith("__"))
                inner = ", ".join(f"{name}={self._make(f'{path}.{name}', depth + 1)}" for name in names)
                return f"_Stand({inner})"
        if kind.startswith("record"):
            return "(" + "".join(f"{self._make(f'{path}#{n}', depth + 1)}, " for n in range(int(kind[6:]))) + ")"
        values = [value for value in place.literals if kind_of(value) == kind]
        return repr(self._chance.choice(values)) if values else "None"

    def _literals(self, place: Place, kind: type) -> list[Any]:
        return [value for value in place.literals if type(value) is kind]

    def _whole(self, place: Place) -> int:
        near = [value + step for value in (*self._literals(place, int), *self._uses.numbers[:6]) for step in (-1, 0, 1)]
        if near and self._chance.random() < 0.5:
            return int(self._chance.choice(near))
        return self._chance.choice((0, 1, 2, 3, 4, 5, 7, 8, 10, 12, -1, -2, -5, 16, 30, 99, 100))

    def _word(self, place: Place) -> str:
        shown = self._literals(place, str)
        draw = self._chance.random()
        if shown and draw < 0.4:
            return str(self._chance.choice(shown))
        if self._uses.texts and draw < 0.75:
            parts = [*self._uses.texts, *shown, "a", "b1", "xyz", "Word"]
            return "".join(self._chance.choices(parts, k=self._chance.randint(1, 5)))
        return self._chance.choice(_WORDS)

    def _lines(self) -> str:
        lines = (*_WORDS[:8], *self._uses.texts[:8])
        return "".join(f"{self._chance.choice(lines)}\n" for _ in range(self._chance.randint(0, 5)))

    def _sequence(self, kind: str, path: str, depth: int) -> str:
        inner = f"{path}[]"
        self._kind(inner, depth + 1)
        items = [self._make(inner, depth + 1) for _ in range(self._chance.choice((0, 1, 2, 3, 3, 4, 5, 6)))]
        if items and self._chance.random() < 0.4:
            items.append(self._chance.choice(items))
        if self._kinds.get(inner) in ("int", "str") and self._chance.random() < 0.3:
            items.sort(key=lambda text: (len(text), text))
        if kind == "tuple":
            return f"({''.join(f'{item}, ' for item in items)})"
        if kind == "set":
            return f"{{{', '.join(items)}}}" if items else "set()"
        listed = f"[{', '.join(items)}]"
        return f"iter({listed})" if kind == "iterator" else listed

    def _mapping(self, place: Place, path: str, depth: int) -> str:
        keys = [repr(key) for key in dict.fromkeys(place.keys) if self._chance.random() < 0.8]
        more = self._chance.randint(0, 1 if keys else 3)
        keys += [self._make(f"{path}[]", depth + 1) for _ in range(more)]
        plain = [key for key in dict.fromkeys(keys) if not key.startswith(("[", "{", "_", "set("))]
        return "{" + ", ".join(f"{key}: {self._make(f'{path}{{}}', depth + 1)}" for key in plain) + "}"
