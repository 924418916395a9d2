"""Owns the inputs on which the tests run the small algorithms: some small ones, and a large one to compare costs."""

import random
from typing import Any, Final

_chance = random.Random(7)


def _numbers(count: int, low: int, high: int) -> list[int]:
    return [_chance.randint(low, high) for _ in range(count)]


def _words(count: int, length: int, letters: str = "abcd") -> list[str]:
    return ["".join(_chance.choices(letters, k=length)) for _ in range(count)]


def _spans(count: int, end: int, length: int) -> list[tuple[int, int]]:
    starts = _numbers(count, 0, end - length - 1)
    return [(start, start + _chance.randint(0, length)) for start in starts]


_BALANCED: Final = "(a(b)" * 60 + ")" * 60

SMALL: Final[dict[str, list[tuple[Any, ...]]]] = {
    "staircase-rows": [(n,) for n in range(30)],
    "rectangles-of-area": [(n,) for n in range(1, 60)],
    "clock-strikes": [(n,) for n in range(50)],
    "last-digits-of-power": [(2, 10, 2), (7, 3, 5), (3, 0, 1), (10, 4, 3)],
    "sum-of-marked-houses": [(n, 4, 6) for n in range(1, 60)] + [(50, 3, 3)],
    "zeros-at-the-end": [(n,) for n in range(60)],
    "strip-tilings": [(n,) for n in range(15)],
    "longest-halving-chain": [(n,) for n in range(1, 60)],
    "squares-in-range": [(low, high) for low in range(12) for high in range(low, 30)],
    "widest-prime-gap": [(n,) for n in range(60)],
    "gears-in-step": [(n,) for n in range(1, 60)],
    "coins-for-amount": [([2, 5], n) for n in range(15)] + [([3], 0), ([], 3)],
    "window-totals": [([1, 2, 3, 4], size) for size in range(1, 6)] + [([], 2)],
    "best-later-sale": [([],), ([3],), ([3, 1, 4, 1, 5],), ([5, 4, 3],)],
    "first-seen-twice": [([],), ([1, 2, 3],), ([1, 2, 3, 2, 1],)],
    "guests-of-both": [([1, 2, 2, 3], [2, 4, 3]), ([], [1]), ([1], [])],
    "longest-level-stretch": [([],), ([1],), ([1, 1, 2, 2, 2, 1],), ([0, 0, 1],)],
    "strongest-stretch": [([-3],), ([1, -2, 3, 4, -1],), ([-2, -1, -3],), ([2, -1, 2],)],
    "days-until-warmer": [([],), ([20, 21, 19, 22, 22],), ([3, 2, 1],)],
    "balance-point": [([],), ([1, 2, 3, 3],), ([0, 0],), ([1, 7, 3, 6, 5, 6],)],
    "segment-sums": [([1, 2, 3], [(0, 3), (1, 1), (2, 3)]), ([], [(0, 0)])],
    "turned-queue": [([], 3), ([1, 2, 3], 0), ([1, 2, 3], 7)],
    "counts-by-day": [([], 3), ([(0, 2), (1, 1), (2, 4)], 5)],
    "turned-board": [([[1]],), ([[1, 2], [3, 4]],), ([[1, 2, 3], [4, 5, 6], [7, 8, 9]],)],
    "pairs-that-fit": [([], 3), ([1, 2, 2, 3], 4), ([2, 2, 2], 4)],
    "merged-schedules": [([], [1]), ([1, 3, 5], [2, 3, 9]), ([4], [])],
    "places-by-score": [([],), ([3, 1, 3, 2],)],
    "favourite-dish": [(["a"],), (["b", "a", "a", "b"],), (["a", "b", "b"],)],
    "covered-seconds": [([],), ([(0, 3), (2, 5), (7, 8)],), ([(1, 4), (2, 3), (4, 6)],)],
    "missing-tickets": [([], 3), ([2, 2, 4], 5), ([1, 2], 2)],
    "out-of-order-pairs": [([],), ([3, 1, 2, 1],), ([1, 2, 3],)],
    "without-repeats": [([],), (["a", "b", "a", "c", "b"],)],
    "stock-by-shelf": [([],), ([("x", 2), ("y", 1), ("x", 3)],)],
    "middle-value": [([5],), ([3, 1, 2],), ([2, 2, 9, 1, 2],)],
    "friends-reached": [({}, 1), ({1: [2, 3], 3: [1, 4], 5: [6]}, 1)],
    "same-letters": [([],), (["ab", "c", "ba", "abb", "bab", "cc"],)],
    "most-frequent-words": [([], 2), (["a", "b", "a", "c", "b", "a"], 2), (["x", "y"], 5)],
    "shared-path": [(["abc", "abd"],), (["a"],), (["a", "b"],), (["", "a"],), (["aab", "aacb", "aa"],)],
    "longest-mirror": [("",), ("a",), ("abcba",), ("aabbaa",), ("abac",)],
    "stretch-without-repeats": [("",), ("aaa",), ("abcabcbb",), ("abba",)],
    "runs-of-letters": [("",), ("a",), ("aabccc",)],
    "without-letters": [("", "a"), ("banana", "an"), ("abc", "")],
    "deepest-bracket": [("",), ("(a)(b(c))",), ("()((()))",)],
    "shifted-letters": [("", 3), ("xyz, Abc!", 3), ("abc", -1), ("abc", 26)],
    "index-of-words": [([],), (["a", "b", "a"],)],
    "overlapping-finds": [("", "a"), ("aaaa", "aa"), ("abc", "abcd"), ("abab", "b")],
    "column-widths": [(["a,bb", "ccc,d"],), (["", "abc"],)],
}

LARGE: Final[dict[str, tuple[Any, ...]]] = {
    "staircase-rows": (90_000,),
    "rectangles-of-area": (720,),
    "clock-strikes": (3000,),
    "last-digits-of-power": (7, 3000, 8),
    "sum-of-marked-houses": (3000, 4, 6),
    "zeros-at-the-end": (900,),
    "strip-tilings": (26,),
    "longest-halving-chain": (700,),
    "squares-in-range": (0, 900),
    "widest-prime-gap": (700,),
    "gears-in-step": (600,),
    "coins-for-amount": ([2, 5, 9], 36),
    "window-totals": (_numbers(800, 0, 9), 60),
    "best-later-sale": (_numbers(400, 0, 500),),
    "first-seen-twice": ([*range(500), 499],),
    "guests-of-both": (list(range(0, 600)), list(range(300, 900))),
    "longest-level-stretch": ([1] * 120,),
    "strongest-stretch": (_numbers(200, -9, 9),),
    "days-until-warmer": ([*range(150, 0, -1), *_numbers(250, 0, 150)],),
    "balance-point": ([1] * 401,),
    "segment-sums": (_numbers(1500, 0, 9), [(5, 1490)] * 60),
    "turned-queue": (list(range(3000)), 900),
    "counts-by-day": (_spans(200, 200, 100), 200),
    "turned-board": ([_numbers(150, 0, 9) for _ in range(150)],),
    "pairs-that-fit": (_numbers(400, 0, 900), 900),
    "merged-schedules": (list(range(0, 800, 2)), list(range(1, 801, 2))),
    "places-by-score": (_numbers(300, 0, 5000),),
    "favourite-dish": (_words(1000, 2),),
    "covered-seconds": (_spans(60, 2000, 300),),
    "missing-tickets": (list(range(1, 800, 2)), 800),
    "out-of-order-pairs": (_numbers(400, 0, 999),),
    "without-repeats": (_words(900, 4),),
    "stock-by-shelf": ([(word, 1) for word in _words(500, 3)],),
    "middle-value": (_numbers(401, 0, 9999),),
    "friends-reached": ({i: [(3 * i) % 200, (i + 1) % 200] for i in range(200)}, 0),
    "same-letters": (_words(150, 8, "abcdefgh"),),
    "most-frequent-words": (_words(900, 2), 4),
    "shared-path": (["a" * 200 + word for word in _words(120, 5)],),
    "longest-mirror": ("".join(_words(1, 70)),),
    "stretch-without-repeats": ("abcdefghijklmnopqrstuvwxyz" * 4,),
    "runs-of-letters": ("".join(letter * 300 for letter in "abcdefghij" * 8),),
    "without-letters": ("".join(_words(1, 4000, "abcdefghij")), "aeiouxyz"),
    "deepest-bracket": (_BALANCED,),
    "shifted-letters": ("".join(_words(1, 1500, "abcxyz, ")), 11),
    "index-of-words": (_words(500, 4),),
    "overlapping-finds": ("ab" * 800, "abababac"),
    "column-widths": ([",".join(_words(12, 5)) for _ in range(60)],),
}
