"""Owns drawing values of a shape by chance: strategies of hypothesis, drawn from a seeded generator of our own.

Hypothesis by itself also draws constants that it finds in whatever modules are loaded, so the same seed gives other
values in another program. A provider of its draws that knows one seed and nothing else makes them repeat everywhere.
"""

import random
import threading
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning, Unsatisfiable
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider

from codefavor.judges.evidence.shapes import Form, Items, Listed, OneOf, Real, Row, Shape, Table, Text, Truth, Whole

if TYPE_CHECKING:
    from hypothesis.internal.intervalsets import IntervalSet

_BACKEND: Final = "codefavor"
_ALONE: Final = threading.Lock()
"""Hypothesis keeps state of its own, and the provider is told its seed from outside."""


class Seeded(PrimitiveProvider):
    """Draws each choice evenly from its range, by the generator that `draw` set."""

    chance: random.Random = random.Random(0)

    def draw_boolean(self, p: float = 0.5) -> bool:
        """Return True with a probability."""
        return self.chance.random() < p

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: Mapping[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        """Return a number between two, which all our strategies give."""
        low = -1000 if min_value is None else min_value
        return self.chance.randint(low, max(low, low + 2000) if max_value is None else max_value)

    def draw_float(
        self,
        *,
        min_value: float = -1000.0,
        max_value: float = 1000.0,
        allow_nan: bool = True,
        smallest_nonzero_magnitude: float = 0.0,
    ) -> float:
        """Return a number between two, to two places where that is between them."""
        found = self.chance.uniform(max(min_value, -1e6), min(max_value, 1e6))
        return round(found, 2) if min_value <= round(found, 2) <= max_value else found

    def draw_string(self, intervals: "IntervalSet", *, min_size: int = 0, max_size: int = 12) -> str:
        """Return text of characters out of a set."""
        size = self.chance.randint(min_size, min(max_size, min_size + 12))
        return "".join(chr(intervals[self.chance.randrange(len(intervals))]) for _ in range(size))

    def draw_bytes(self, min_size: int = 0, max_size: int = 12) -> bytes:
        """Return bytes of a length between two."""
        return self.chance.randbytes(self.chance.randint(min_size, min(max_size, min_size + 12)))


AVAILABLE_PROVIDERS[_BACKEND] = f"{__name__}.{Seeded.__name__}"


def draw(shapes: Sequence[Shape], seed: str, count: int) -> list[tuple[Any, ...]]:
    """Return rows of values, one of each shape in a row; the same ones for the same seed, fewer where few exist."""
    rows: list[tuple[Any, ...]] = []

    @settings(
        max_examples=count,
        backend=_BACKEND,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*map(_strategy, shapes)))
    def collect(row: tuple[Any, ...]) -> None:
        rows.append(row)

    with _ALONE, warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)
        Seeded.chance = random.Random(seed)
        with suppress(Unsatisfiable):  # no value has all that is asked of the shapes: what was drawn stands
            collect()
    return rows


def _strategy(shape: Shape) -> st.SearchStrategy[Any]:
    match shape:
        case Truth():
            return st.booleans()
        case Whole(low=low, high=high):
            near = st.integers(low, min(high, low + 20) if low > -100 else high)
            return near | st.integers(max(low, -12), max(max(low, -12), min(high, 30))) | st.integers(low, high)
        case Real(low=low, high=high):
            return st.floats(low, high, allow_nan=False, allow_infinity=False)
        case Text(letters=letters, least=least):
            # Not st.text: it writes tables of all characters into the folder the program runs in.
            return st.lists(st.sampled_from(letters), min_size=least, max_size=least + 12).map("".join)
        case Form(parts=parts):
            return st.tuples(*map(st.sampled_from, parts)).map("".join)
        case Listed(values=values):
            return st.sampled_from(values)
        case OneOf(options=options):
            return st.one_of([_strategy(option) for option in options])
        case Row(parts=inner):
            return st.tuples(*map(_strategy, inner))
        case Table(item=item, square=square):
            sizes = st.integers(1, 4)
            return sizes.flatmap(lambda wide: _rows(item, wide, wide if square else None))
        case Items(item=key, value=value) if value is not None:
            return st.dictionaries(_strategy(key), _strategy(value), min_size=shape.least, max_size=5)
        case Items(kind=kind, item=item, least=least, distinct=distinct, ascending=ascending):
            unique = repr if distinct or kind in (set, frozenset) else None
            drawn = st.lists(_strategy(item), min_size=least, max_size=shape.most or max(8, least), unique_by=unique)
            return drawn.map(lambda values: kind(_ascending(values) if ascending else values))


def _rows(item: Shape, wide: int, tall: int | None) -> st.SearchStrategy[list[list[Any]]]:
    row = st.lists(_strategy(item), min_size=wide, max_size=wide)
    return st.lists(row, min_size=tall or 1, max_size=tall or 4)


def _ascending(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return values
