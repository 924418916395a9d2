"""Owns concepts of geometry, physics, money and units."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from codefavor.judges.evidence.oracles.concept import Concept, OutsideDomainError, natural


def _positive(*values: float) -> None:
    if any(not isinstance(value, int | float) or value <= 0 for value in values):
        raise OutsideDomainError


def _sides(a: float, b: float, c: float) -> list[float]:
    _positive(a, b, c)
    return sorted((a, b, c))


def _isosceles(a: float, b: float, c: float) -> bool:
    if a == b == c:  # whether an equilateral triangle is isosceles: statements differ
        raise OutsideDomainError
    return len({a, b, c}) < 3


def _fraction(number: float) -> float:
    if number < 0:
        raise OutsideDomainError
    return number % 1.0


def _measured(result: Callable[..., Any], parts: bool, size: bool) -> Callable[..., Any]:
    def checked(*arguments: Any) -> Any:  # noqa: ANN401
        for value in arguments:
            for part in value if parts and isinstance(value, list | tuple) else [value]:
                if isinstance(part, bool) or not isinstance(part, int | float) or (size and part < 0):
                    raise OutsideDomainError
        return result(*arguments)

    return checked


def _heron(a: float, b: float, c: float) -> float:
    _positive(a, b, c)
    if a + b <= c or b + c <= a or a + c <= b:
        raise OutsideDomainError
    half = (a + b + c) / 2
    return math.sqrt(half * (half - a) * (half - b) * (half - c))


_SIZE: Final = "area|perimeter|volume|surface"
_OF_LISTS: Final = frozenset({"distance", "magnitude", "polynomial value", "derivative"})

_MEASURES: Final = (
    Concept("triangle area", r"area of (?:a |the )?triangle", lambda a, b: a * b / 2, 2),
    Concept("triangle area by sides", r"(?:three|3) sides .*(?:area|triangle)", lambda a, b, c: _heron(a, b, c), 3, without=r"right|perimeter|equilateral"),
    Concept("valid triangle", r"(?:valid|possible) triangle|triangle .*(?:valid|possible|formed)|form a triangle", lambda a, b, c: a + b > c and b + c > a and a + c > b, 3, without=r"area|right|\bangle"),
    Concept("valid triangle by angles", r"triangle .*\bangles?|\bangles? .*triangle", lambda a, b, c: a + b + c == 180 and min(a, b, c) > 0, 3, without=r"right"),
    Concept("right triangle", r"right-?\s?angled? triangle|right triangle", lambda a, b, c: (s := _sides(a, b, c))[0] ** 2 + s[1] ** 2 == s[2] ** 2, 3),
    Concept("third angle", r"third angle", lambda a, b: 180 - a - b, 2),
    Concept("equilateral", r"equilateral", lambda a, b, c: a == b == c, 3, without="area|perim"),
    Concept("isosceles", r"isosceles", lambda a, b, c: _isosceles(a, b, c), 3),
    Concept("scalene", r"scalene", lambda a, b, c: len({a, b, c}) == 3, 3),
    Concept("rectangle area", r"area of (?:a |the )?rectangle", lambda a, b: a * b, 2, without="largest"),
    Concept("rectangle perimeter", r"perimeter of (?:a |the )?rectangle", lambda a, b: 2 * (a + b), 2),
    Concept("square perimeter", r"perimeter of (?:a |the )?square", lambda a: 4 * a),
    Concept("square area", r"area of (?:a |the )?square", lambda a: a * a),
    Concept("rhombus area", r"area of (?:a |the )?rhombus", lambda a, b: a * b / 2, 2),
    Concept("rhombus perimeter", r"perimeter of (?:a |the )?rhombus", lambda a: 4 * a),
    Concept("parallelogram area", r"area of (?:a |the )?parallelogram", lambda a, b: a * b, 2),
    Concept("trapezium area", r"area of (?:a |the )?trapez", lambda a, b, h: (a + b) / 2 * h, 3),
    Concept("pentagon perimeter", r"perimeter of (?:a |the )?(?:regular )?pentagon", lambda a: 5 * a),
    Concept("hexagon perimeter", r"perimeter of (?:a |the )?hexagon", lambda a: 6 * a),
    Concept("circle area", r"area of (?:a |the )?circle", lambda r: math.pi * r * r, without="sector"),
    Concept("circle perimeter", r"(?:perimeter|circumference) of (?:a |the )?circle", lambda r: 2 * math.pi * r),
    Concept("sphere volume", r"volume of (?:a |the )?sphere", lambda r: 4 / 3 * math.pi * r**3),
    Concept("sphere surface", r"surface area of (?:a |the )?sphere", lambda r: 4 * math.pi * r * r),
    Concept("cube volume", r"volume of (?:a |the )?cube\b", lambda a: a**3),
    Concept("cube surface", r"surface area of (?:a |the )?cube\b", lambda a: 6 * a * a, without="lateral"),
    Concept("cube lateral surface", r"lateral surface ?area of (?:a |the )?cube\b", lambda a: 4 * a * a),
    Concept("cuboid volume", r"volume of (?:a |the )?cuboid", lambda a, b, c: a * b * c, 3),
    Concept("cuboid surface", r"surface ?area of (?:a |the )?cuboid", lambda a, b, c: 2 * (a * b + b * c + a * c), 3, without="lateral"),
    Concept("cuboid lateral surface", r"lateral surface ?area of (?:a |the )?cuboid", lambda a, b, h: 2 * h * (a + b), 3),
    Concept("cylinder volume", r"volume of (?:a |the )?cylinder", lambda r, h: math.pi * r * r * h, 2),
    Concept("cylinder surface", r"surface ?area of (?:a |the )?cylinder", lambda r, h: 2 * math.pi * r * (r + h), 2, without="lateral"),
    Concept("cylinder lateral surface", r"lateral surface ?area of (?:a |the )?cylinder", lambda r, h: 2 * math.pi * r * h, 2),
    Concept("cone volume", r"volume of (?:a |the )?cone", lambda r, h: math.pi * r * r * h / 3, 2),
    Concept("cone surface", r"surface ?area of (?:a |the )?cone", lambda r, h: math.pi * r * (r + math.hypot(r, h)), 2, without="lateral"),
    Concept("cone lateral surface", r"lateral surface ?area of (?:a |the )?cone", lambda r, h: math.pi * r * math.hypot(r, h), 2),
    Concept("tetrahedron volume", r"volume of (?:a |the )?tetrahedron", lambda a: a**3 / (6 * math.sqrt(2))),
    Concept("tetrahedron area", r"area of (?:a |the )?(?:regular )?tetrahedron", lambda a: math.sqrt(3) * a * a),
    Concept("polygon area", r"area of (?:a |the )?regular polygon", lambda n, a: natural(n, 3) * a * a / (4 * math.tan(math.pi / n)), 2),
    Concept("distance", r"\bdistance between (?:two )?points", lambda a, b: math.dist(a, b), 2),
    Concept("manhattan distance", r"manhattan", lambda a, b, c, d: abs(a - c) + abs(b - d), 4),
    Concept("slope", r"slope of (?:a |the )?line", lambda a, b, c, d: (d - b) / (c - a), 4),
    Concept("midpoint", r"midpoint", lambda a, b, c, d: ((a + c) / 2, (b + d) / 2), 4),
    Concept("magnitude", r"magnitude of (?:a )?vector", lambda x: math.sqrt(sum(v * v for v in x))),
    Concept("celsius to fahrenheit", r"celsius .*fahrenheit", lambda c: c * 9 / 5 + 32),
    Concept("fahrenheit to celsius", r"fahrenheit .*celsius", lambda f: (f - 32) * 5 / 9),
    Concept("hours to minutes", r"hours? .*to minutes", lambda h: h * 60),
    Concept("simple interest", r"simple interest", lambda p, t, r: p * t * r / 100, 3),
    Concept("discriminant", r"discriminant", lambda a, b, c: b * b - 4 * a * c, 3),
    Concept("fraction part", r"decimal part|fractional part", lambda x: _fraction(x)),
    Concept("rounded up", r"\bdivi\w+ .*round\w* up|ceiling (?:division|of .*quotient)", lambda a, b: -(-a // b), 2),
    Concept("polynomial value", r"evaluat\w+ .*polynomial|value of (?:a |the )?polynomial", lambda xs, x: sum(c * x**k for k, c in enumerate(xs)), 2),
    Concept("derivative", r"derivative of (?:a |the )?polynomial|polynomial.* derivative", lambda xs: [k * c for k, c in enumerate(xs)][1:]),
)  # fmt: skip

CONCEPTS: Final = tuple(
    replace(
        concept, result=_measured(concept.result, concept.name in _OF_LISTS, re.search(_SIZE, concept.name) is not None)
    )
    for concept in _MEASURES
)
