"""Owns concepts of lists, tuples and dictionaries: sums, orders, choices, sets, duplicates, searches, matrices, statistics."""

import heapq
import itertools
import math
import statistics
from bisect import bisect_left, bisect_right
from collections import Counter
from typing import Any, Final

from codefavor.judges.evidence.oracles.concept import Concept, OutsideDomainError, items, most_frequent, natural, some


def _numbers(value: Any) -> list[Any]:  # noqa: ANN401
    found = items(value)
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in found):
        raise OutsideDomainError
    return found


def _plain(value: Any) -> list[Any]:  # noqa: ANN401
    found = _numbers(value)
    if not found:
        raise OutsideDomainError
    return found


def _same(kind: Any, parts: list[Any]) -> Any:  # noqa: ANN401
    return tuple(parts) if isinstance(kind, tuple) else parts


def _best_sum(numbers: list[int]) -> int:
    best = here = numbers[0]
    for number in numbers[1:]:
        here = max(number, here + number)
        best = max(best, here)
    return best


def _least_sum(numbers: list[int]) -> int:
    return -_best_sum([-number for number in numbers])


def _increasing(numbers: list[int]) -> int:
    ends: list[int] = []
    for number in numbers:
        place = bisect_left(ends, number)
        ends[place : place + 1] = [number]
    return len(ends)


def _inversions(numbers: list[int]) -> int:
    return sum(one > other for place, one in enumerate(numbers) for other in numbers[place + 1 :])


def _rotated(parts: list[Any], by: int) -> list[Any]:
    by %= len(parts) or 1
    return parts[by:] + parts[:by]


def _once(parts: list[Any]) -> list[Any]:
    return [part for place, part in enumerate(parts) if part not in parts[:place]]


def _flat(value: Any) -> list[Any]:  # noqa: ANN401
    return [inner for part in value for inner in (_flat(part) if isinstance(part, list | tuple) else [part])]


def _rolling(numbers: list[Any], join: Any) -> list[Any]:  # noqa: ANN401
    return list(itertools.accumulate(numbers, join))


def _rank(numbers: list[Any], place: int, largest: bool) -> Any:  # noqa: ANN401
    ordered = sorted(numbers, reverse=largest)
    if len(ordered) <= place or len(set(ordered[: place + 1])) <= place:  # whether equals count: statements differ
        raise OutsideDomainError
    return ordered[place]


def _single(parts: list[Any]) -> Any:  # noqa: ANN401
    alone = [part for part in parts if parts.count(part) == 1]
    if len(alone) != 1 or len({parts.count(part) for part in parts} - {1}) > 1:
        raise OutsideDomainError
    return alone[0]


def _matrix(value: Any) -> list[list[Any]]:  # noqa: ANN401
    rows = [items(row) for row in some(value)]
    if len({len(row) for row in rows}) != 1:
        raise OutsideDomainError
    return rows


def _repeated(parts: list[Any], size: int) -> list[tuple[Any, ...]]:
    if math.comb(len(parts) + natural(size, 1, 10) - 1, size) > 2000:
        raise OutsideDomainError
    return list(itertools.combinations_with_replacement(parts, size))


def _few(value: Any, most: int) -> list[Any]:  # noqa: ANN401
    found = items(value)
    if len(found) > most:
        raise OutsideDomainError
    return found


def _superset(one: list[Any], other: list[Any]) -> bool:
    if set(one) == set(other):  # proper or not: statements differ
        raise OutsideDomainError
    return set(one) > set(other)


def _within(number: float, low: float, high: float) -> bool:
    if low >= high or number in (low, high):  # whether the ends belong to it: statements differ
        raise OutsideDomainError
    return low < number < high


CONCEPTS: Final = (
    Concept("sum", r"\bsum of (?:all )?(?:the )?(?:items|elements|numbers|values|list|array|tuple)|\bsum (?:a|the) (?:list|tuple|array)", lambda x: sum(_numbers(x)), without=r"even|odd|non-?repeat|square|cube|largest|maximum|sub|pair|unique|digit|power|average|negative|positive|dict|greater|between|prime|differ"),
    Concept("product", r"(?:product|multipl\w+) (?:of )?(?:all )?(?:the )?(?:items|elements|numbers|list|array|tuple)", lambda x: math.prod(_numbers(x)), without=r"even|odd|max|sub|pair|unique|cumulative|index|divid|three|sum|mod"),
    Concept("sum and product", r"sum and (?:a )?product", lambda x: (sum(_numbers(x)), math.prod(x))),
    Concept("sum of even elements", r"sum of (?:all )?(?:the )?even (?:numbers|elements|integers)", lambda x: sum(v for v in _numbers(x) if v % 2 == 0), without=r"index|indic|position|odd"),
    Concept("sum of odd elements", r"sum of (?:all )?(?:the )?odd (?:numbers|elements|integers)", lambda x: sum(v for v in _numbers(x) if v % 2), without=r"index|indic|position|even"),
    Concept("sum of elements at even places", r"sum .*even ind", lambda x: sum(_numbers(x)[::2]), without="odd"),
    Concept("sum of squares", r"sum of (?:the )?squares?|squared? .*sum", lambda x: sum(v * v for v in _numbers(x)), without=r"odd|even|first n|ceil|round|difference|index"),
    Concept("sum of positive", r"sum of (?:all )?(?:the )?positive", lambda x: sum(v for v in _numbers(x) if v > 0)),
    Concept("sum of negative", r"sum of (?:all )?(?:the )?negative", lambda x: sum(v for v in _numbers(x) if v < 0)),
    Concept("sum of non-repeated", r"sum of (?:all )?(?:the )?(?:non-?\s?repeated|unique|distinct)", lambda x: sum(set(_numbers(x)))),
    Concept("product of unique", r"product of (?:all )?(?:the )?(?:non-?\s?repeated|unique|distinct)", lambda x: math.prod(set(_numbers(x)))),
    Concept("sum of lowest and highest", r"sum of (?:the )?(?:largest and smallest|smallest and largest|max\w* and min\w*|min\w* and max\w*)", lambda x: max(_plain(x)) + min(x)),
    Concept("difference of highest and lowest", r"difference between (?:the )?(?:largest and smallest|maximum and minimum|highest and lowest)", lambda x: max(_plain(x)) - min(x)),
    Concept("maximum", r"\b(?:maximum|largest|max|biggest|greatest) (?:element|number|value|item)", lambda x: max(_plain(x)), without=r"k-?th|second|sub|differ|product|sum|pair|length|each|dict|index|three|n largest|\bk\b|record|smaller|prime|nested|row|even|odd|negative"),
    Concept("minimum", r"\b(?:minimum|smallest|min|least) (?:element|number|value|item)", lambda x: min(_plain(x)), without=r"k-?th|second|sub|differ|product|sum|pair|length|each|dict|index|list of lists|record|three|row|missing|\bn\b|multiple|even|odd|positive|digit"),
    Concept("second smallest", r"(?:second|2nd) (?:smallest|lowest|minimum)", lambda x: _rank(_numbers(x), 1, False)),
    Concept("second largest", r"(?:second|2nd) (?:largest|highest|maximum)", lambda x: _rank(_numbers(x), 1, True)),
    Concept("k-th smallest", r"k-?th smallest", lambda x, k: sorted(_numbers(x))[natural(k, 1) - 1], 2),
    Concept("k-th largest", r"k-?th largest", lambda x, k: sorted(_numbers(x), reverse=True)[natural(k, 1) - 1], 2),
    Concept("k-th element", r"k-?th element", lambda x, k: items(x)[natural(k, 1) - 1], 2, without=r"sort|largest|smallest|remov|sum"),
    Concept("k largest", r"\b(?:n|k|top k) (?:largest|maximum|highest)|(?:largest|top) (?:n|k)\b", lambda x, k: heapq.nlargest(natural(k), _numbers(x)), 2, without=r"k-?th|product|sum"),
    Concept("k largest, sorted", r"\bk (?:largest|maximum)", lambda x, k: sorted(_numbers(x))[len(x) - natural(k, 0, len(x)) :], 2, without=r"k-?th"),
    Concept("k smallest", r"\b(?:n|k) (?:smallest|minimum|lowest)", lambda x, k: heapq.nsmallest(natural(k), _numbers(x)), 2, without=r"k-?th|product"),
    Concept("ascending", r"\bsort\w*\b.*(?:ascending|increasing)|\bsort (?:a |the )?(?:given )?(?:list|array|integers|numbers)\b|(?:bubble|merge|quick|heap|insertion|selection|shell|counting|radix|pancake|comb|gnome) ?sort", lambda x: _same(x, sorted(items(x))), without=r"descending|by |even|odd|third|key|dict|tuples|rank|length|digits|according|binary|list of|sublist|index|lists|unique|check|whether"),
    Concept("descending", r"\bsort\w*\b.*(?:descending|decreasing|reverse order)", lambda x: _same(x, sorted(items(x), reverse=True)), without=r"by |even|odd|key|dict|according|if|tuples"),
    Concept("is sorted", r"(?:check|whether|if) .*(?:is |are )?sorted", lambda x: all(a <= b for a, b in itertools.pairwise(items(x))), without=r"duplicate|descending|triplet|subsequence|element|search"),
    Concept("monotonic", r"monoton", lambda x: items(x) in (sorted(x), sorted(x, reverse=True))),
    Concept("sorted by length", r"sort\w* .*(?:by|according to|based on|ascending by|order .*of) (?:the )?length", lambda x: sorted(items(x), key=len), without=r"odd|alphabet|same length|digit|unique"),
    Concept("sorted by ones", r"(?:number of ones|count of ones|set bits).*(?:binary|ascending)|sort .*binary", lambda x: sorted(items(x), key=lambda n: ((n).bit_count(), n))),
    Concept("tuples by second", r"sort .*tuples? .*(?:second|2nd|last)", lambda x: sorted(items(x), key=lambda p: p[-1])),
    Concept("tuples by first", r"sort .*tuples? .*first", lambda x: sorted(items(x), key=lambda p: p[0])),
    Concept("mean", r"\b(?:mean|average)\b", lambda x: sum(_plain(x)) / len(x), without=r"absolute|deviation|median|each|cube|binary|even|tuple of tuples|between|word|square|smallest|largest|lists"),
    Concept("mean absolute deviation", r"mean absolute deviation", lambda x: sum(abs(v - sum(x) / len(x)) for v in _plain(x)) / len(x)),
    Concept("median", r"\bmedian\b", lambda x: statistics.median(_plain(x)), without=r"two|three|trapezium|even"),
    Concept("mode", r"\bmode\b|most (?:frequent|common) (?:element|number|item)", lambda x: most_frequent(items(x)), without=r"count|\bk\b"),
    Concept("range rescaled", r"rescale", lambda x: [(v - min(x)) / (max(x) - min(x)) for v in _plain(x)]),
    Concept("rolling maximum", r"(?:rolling|running|cumulative) max", lambda x: _rolling(_numbers(x), max)),
    Concept("cumulative sums", r"(?:cumulative|running|prefix) sums?", lambda x: _rolling(_numbers(x), lambda a, b: a + b), without=r"tuple list|all|of tuples"),
    Concept("increments", r"increment\w* by (?:1|one)|add (?:1|one) to each", lambda x: [v + 1 for v in _numbers(x)]),
    Concept("differences", r"(?:consecutive|successive|adjacent) differ", lambda x: [b - a for a, b in itertools.pairwise(_numbers(x))]),
    Concept("neighbour sums", r"(?:pairwise|pair wise) (?:addition|sum)|(?:addition|sum) of (?:the )?(?:neighbou?ring|adjacent)", lambda x: _same(x, [a + b for a, b in itertools.pairwise(_numbers(x))])),
    Concept("neighbour products", r"(?:multiply|multiplication|product) .*(?:adjacent|neighbou?ring|consecutive)", lambda x: _same(x, [a * b for a, b in itertools.pairwise(_numbers(x))]), without="max"),
    Concept("positive", r"(?:only |get |return )?positive numbers?", lambda x: [v for v in _numbers(x) if v > 0], without=r"count|sum|number of|between|even|ratio|proportion"),
    Concept("negative", r"(?:only |all )?negative numbers? (?:from|in)", lambda x: [v for v in _numbers(x) if v < 0], without=r"count|sum|number of|largest|remove"),
    Concept("without negative", r"remove (?:all )?(?:the )?negative", lambda x: [v for v in _numbers(x) if v >= 0]),
    Concept("even elements", r"(?:find|get|filter|extract|list|print|split|return|all|only) (?:all )?(?:the )?even (?:numbers|elements)", lambda x: [v for v in _numbers(x) if v % 2 == 0], without=r"sum|count|index|product|position|odd|first|length|remov|number of"),
    Concept("odd elements", r"(?:find|get|filter|extract|list|split|return|all|only) (?:all )?(?:the )?odd (?:numbers|elements)", lambda x: [v for v in _numbers(x) if v % 2], without=r"sum|count|index|product|position|even|first|length|remov|number of"),
    Concept("without even", r"remove (?:the )?even numbers", lambda x: [v for v in _numbers(x) if v % 2]),
    Concept("without odd", r"remove (?:the )?odd numbers", lambda x: [v for v in _numbers(x) if v % 2 == 0]),
    Concept("count of even", r"(?:count|number of) (?:the )?even (?:numbers|elements|integers)", lambda x: sum(v % 2 == 0 for v in _numbers(x)), without=r"digit|factor|index|sub|length"),
    Concept("count of odd", r"(?:count|number of) (?:the )?odd (?:numbers|elements|integers)", lambda x: sum(v % 2 for v in _numbers(x)), without=r"digit|factor|index|sub|length"),
    Concept("count of positive", r"(?:count|number of) (?:the )?positive", lambda x: sum(v > 0 for v in _numbers(x)), without=r"sum"),
    Concept("divisible by", r"divisible by", lambda x, k: [v for v in _numbers(x) if v % k == 0], 2, without=r"count|sum|smaller|any|all|between|tuple list"),
    Concept("all greater", r"(?:all|each|every) .*greater than", lambda x, k: all(v > k for v in _numbers(x)), 2),
    Concept("in reverse", r"revers\w+ (?:a |the |given )*(?:list|array|tuple)", lambda x: _same(x, items(x)[::-1]), without=r"sort|each|group|upto|up to|given position|k\b"),
    Concept("rotated left", r"rotat\w+ .*left", lambda x, k: _rotated(items(x), natural(k)), 2),
    Concept("rotated right", r"rotat\w+ .*(?:right|clockwise)", lambda x, k: _rotated(items(x), -natural(k)), 2),
    Concept("zeros to the end", r"(?:move|push|shift) (?:all )?(?:the )?zero(?:e?s)? to (?:the )?end", lambda x: [v for v in _numbers(x) if v != 0] + [0] * list(x).count(0)),
    Concept("without duplicates", r"remov\w+ (?:the |all )?duplicates?|unique elements", lambda x: _same(x, _once(items(x))), without=r"all elements that occur|more than once|consecutive|sort|sum|count|lists|sublists|tuples"),
    Concept("without what repeats", r"remove (?:all )?elements that occur more than once", lambda x: [v for v in items(x) if list(x).count(v) == 1]),
    Concept("unique, sorted", r"unique .*sorted|sorted unique|return sorted unique", lambda x: sorted(set(items(x)))),
    Concept("consecutive duplicates out", r"consecutive duplicates?", lambda x: [k for k, _ in itertools.groupby(items(x))], without=r"pack|count"),
    Concept("packed runs", r"pack .*consecutive duplicates|consecutive duplicates .*sublists", lambda x: [list(g) for _, g in itertools.groupby(items(x))]),
    Concept("has duplicates", r"(?:contains?|has|have|any|check .*) (?:any )?duplicate", lambda x: len(_once(items(x))) < len(x), without=r"remov|first|distance"),
    Concept("all different", r"(?:all )?(?:the )?elements? .*(?:distinct|unique|different)|distinct or not", lambda x: len(_once(items(x))) == len(x), without=r"count|number|sum|remov|two|find|get"),
    Concept("all the same", r"all (?:the )?elements? .*(?:same|equal|identical)", lambda x: len(_once(items(x))) <= 1, without=r"given|element k|lists|two"),
    Concept("first duplicate", r"first (?:duplicate|repeat)", lambda x: next((v for place, v in enumerate(items(x)) if v in x[:place]), -1)),
    Concept("number of distinct", r"(?:count|number of) (?:distinct|different|unique) (?:elements|numbers|items)", lambda x: len(_once(items(x)))),
    Concept("counts", r"frequenc(?:y|ies) of (?:each |the |all )*(?:element|item|number)", lambda x: dict(Counter(items(x))), without=r"max|most|smallest|lists|flatten|consecutive"),
    Concept("counts of nested", r"frequency .*(?:list of lists|nested)", lambda x: dict(Counter(_flat(items(x))))),
    Concept("count of one", r"(?:count|number of) (?:the )?(?:occurrences?|times|frequency|occurr?ence)", lambda x, v: items(x).count(v), 2, without=r"all elements|substring"),
    Concept("position", r"index of (?:the )?(?:first )?(?:occurrence|element)|position of", lambda x, v: items(x).index(v), 2, without=r"last|all|min|max"),
    Concept("first occurrence", r"first occurrence", lambda x, v: items(x).index(v) if v in x else -1, 2),
    Concept("last occurrence", r"last occurrence|last position", lambda x, v: len(x) - 1 - items(x)[::-1].index(v) if v in x else -1, 2),
    Concept("left insertion point", r"left insertion", lambda x, v: bisect_left(items(x), v), 2),
    Concept("right insertion point", r"right insertion", lambda x, v: bisect_right(items(x), v), 2),
    Concept("contains", r"(?:contains|presence of|exists|is present|check .* element)", lambda x, v: v in items(x), 2, without=r"all|sub|any|dict|every|k elements|tuples"),
    Concept("common elements", r"\b(?:common|similar|shared) elements|intersection", lambda a, b: sorted(set(items(a)) & set(items(b))), 2, without=r"nested|interval|check|whether|dict"),
    Concept("common elements, as tuple", r"\b(?:common|similar|shared) elements", lambda a, b: tuple(sorted(set(a) & set(b))), 2, without=r"nested|check|whether"),
    Concept("any common", r"(?:at least one|any) common|common (?:member|element) .*(?:true|whether|check)", lambda a, b: bool(set(items(a)) & set(items(b))), 2),
    Concept("first less second", r"difference (?:of|between) (?:the )?two lists|elements .*first .*not .*second", lambda a, b: [v for v in items(a) if v not in b], 2),
    Concept("union", r"\bunion\b", lambda a, b: sorted(set(items(a)) | set(items(b))), 2),
    Concept("subset", r"\bsubset\b", lambda a, b: set(items(b)) <= set(items(a)), 2, without=r"sum|count|all"),
    Concept("superset", r"superset", lambda a, b: _superset(items(a), items(b)), 2),
    Concept("interleaved", r"interleave|alternat\w+ elements", lambda a, b, c: [v for row in zip(a, b, c, strict=True) for v in row], 3),
    Concept("element-wise sums", r"(?:add|sum)\w* (?:the |of )?(?:corresponding )?(?:two lists|two tuples|element-?\s?wise)|element-?wise (?:sum|addition)|add two lists", lambda a, b: _same(a, [v + w for v, w in zip(_numbers(a), _numbers(b), strict=True)]), 2, without=r"index|nested"),
    Concept("element-wise differences", r"subtract .*(?:two lists|element)|subtraction", lambda a, b: _same(a, [v - w for v, w in zip(_numbers(a), _numbers(b), strict=True)]), 2),
    Concept("element-wise products", r"multiply (?:two lists|corresponding)|element-?\s?wise multipl", lambda a, b: _same(a, [v * w for v, w in zip(_numbers(a), _numbers(b), strict=True)]), 2),
    Concept("element-wise quotients", r"divide two lists|division .*lists", lambda a, b: _same(a, [v / w for v, w in zip(_numbers(a), _numbers(b), strict=True)]), 2),
    Concept("same place in two", r"same position|corresponding .*(?:equal|same)", lambda a, b: sum(v == w for v, w in zip(items(a), items(b), strict=False)), 2),
    Concept("flattened", r"flatten", lambda x: _flat(items(x)), without=r"sum|frequen|dict"),
    Concept("nested sum", r"nested .*sum|sum .*nested", lambda x: sum(_flat(items(x)))),
    Concept("transposed", r"\btranspos\w+", lambda m: [list(c) for c in zip(*_matrix(m), strict=True)], without="delete|remov"),
    Concept("first of each", r"first element of each (?:sublist|list|tuple)", lambda x: [row[0] for row in items(x)]),
    Concept("last of each", r"last element of each (?:sublist|list|tuple)", lambda x: [row[-1] for row in items(x)]),
    Concept("n-th of each", r"(?:specified|given|n-?th) (?:element|column)|(?:extract|every) .*column|n-?th element", lambda x, k: [row[k] for row in items(x)], 2, without=r"remov|delet|max|sum"),
    Concept("every n-th", r"every n-?th", lambda x, k: items(x)[:: natural(k, 1)], 2),
    Concept("list of largest sum", r"list .*whose sum .*(?:highest|largest|maximum)|(?:sublist|list) having maximum sum", lambda x: max(some(x), key=sum)),
    Concept("list of smallest sum", r"list .*whose sum .*(?:lowest|smallest|minimum)", lambda x: min(some(x), key=sum)),
    Concept("longest list", r"(?:list|sublist)s? (?:of|with|having) (?:the )?max(?:imum)? length|longest (?:list|sublist)", lambda x: max(some(x), key=len), without=r"number of|length of"),
    Concept("length of the longest list", r"length of (?:the )?(?:longest|largest) (?:sublist|list)|maximum length of (?:a )?(?:sublist|list)", lambda x: max(len(row) for row in some(x))),
    Concept("length of the shortest list", r"length of (?:the )?(?:shortest|smallest) (?:sublist|list)", lambda x: min(len(row) for row in some(x))),
    Concept("number of lists", r"(?:count|number of) (?:the )?(?:number of )?(?:lists|sublists)", lambda x: sum(isinstance(v, list) for v in items(x)), without="length|contain"),
    Concept("chunks", r"(?:split|divide|chunk)\w* .*(?:size|chunks|groups) ", lambda x, k: [items(x)[s : s + k] for s in range(0, len(x), natural(k, 1))], 2),
    Concept("split in two", r"split .*(?:at|two parts|length of the first)", lambda x, k: (items(x)[: natural(k)], list(x)[k:]), 2),
    Concept("delimited", r"(?:insert|delimiter|intersperse) .*between", lambda x, e: [v for item in items(x) for v in (item, e)][:-1], 2),
    Concept("combinations with repetition", r"combinations? .*(?:with )?repet", lambda x, k: _repeated(items(x), k), 2),
    Concept("all permutations", r"all permutations", lambda x: [list(p) for p in itertools.permutations(_few(x, 7))]),
    Concept("pairs of a sum", r"(?:count|number of|unordered) pairs .*sum", lambda x, s: sum(a + b == s for a, b in itertools.combinations(_few(_numbers(x), 200), 2)), 2, without=r"xor|even|divis"),
    Concept("two sum to zero", r"two (?:distinct )?elements .*(?:sum|zero)", lambda x: any(a + b == 0 for a, b in itertools.combinations(_few(_numbers(x), 200), 2))),
    Concept("three sum to zero", r"three (?:distinct )?elements .*sum to zero", lambda x: any(a + b + c == 0 for a, b, c in itertools.combinations(_few(_numbers(x), 60), 3))),
    Concept("close elements", r"closer (?:to each other )?than", lambda x, d: any(b - a < d for a, b in itertools.pairwise(sorted(_numbers(x)))), 2),
    Concept("closest pair", r"closest to each other", lambda x: min(itertools.pairwise(sorted(_numbers(x))), key=lambda p: p[1] - p[0])),
    Concept("smallest difference", r"(?:smallest|minimum) difference (?:between|in)", lambda x: min(b - a for a, b in itertools.pairwise(sorted(_numbers(x)))), without=r"lists"),
    Concept("largest difference", r"(?:largest|maximum|max) difference", lambda x: max(_plain(x)) - min(x), without=r"tuple|pairs|rows|sub"),
    Concept("best contiguous sum", r"(?:largest|maximum|max) (?:sum of (?:a )?)?(?:contiguous|sub-?array|sub-?list)", lambda x: _best_sum(_plain(x)), without=r"product|repeat|k times|size|non|length"),
    Concept("least contiguous sum", r"minimum sum of (?:any )?(?:non-empty )?sub-?array", lambda x: _least_sum(_plain(x))),
    Concept("longest increasing subsequence", r"longest increasing subsequence", lambda x: _increasing(_numbers(x)), without=r"sum|bitonic"),
    Concept("inversions", r"inversions?", lambda x: _inversions(_numbers(x))),
    Concept("missing number", r"missing (?:number|element)", lambda x: next(v for v in range(min(_plain(x)), max(x)) if v not in x), without="smallest|first|sorted"),
    Concept("smallest missing", r"smallest missing", lambda x: next(v for v in range(len(x) + 1) if v not in x)),
    Concept("in range", r"\b(?:falls?|lies?|is) (?:with)?in (?:the |a )?(?:given )?range\b", lambda n, low, high: _within(n, low, high), 3),
    Concept("number appearing once", r"appears? only once|occurs? once|single element|odd number of times", lambda x: _single(items(x))),
    Concept("key of greatest value", r"key .*(?:maximum|largest|highest) value", lambda d: max(d, key=d.get)),
    Concept("dictionary sum", r"sum of all (?:items|values) in (?:a |the )?(?:given )?dict", lambda d: sum(d.values())),
    Concept("merged dictionaries", r"merge .*(?:two )?dict", lambda a, b: {**a, **b}, 2),
    Concept("inverted dictionary", r"invert .*dict", lambda d: {value: key for key, value in d.items()}),
    Concept("dictionary by value", r"sort .*(?:counter|dict\w*) by value", lambda d: sorted(d.items(), key=lambda p: p[1], reverse=True)),
    Concept("empty dictionary", r"(?:dictionary|dict) is empty", lambda d: not d if isinstance(d, dict) else _numbers(None)),
)  # fmt: skip
