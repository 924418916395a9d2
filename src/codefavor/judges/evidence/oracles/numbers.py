"""Owns concepts of whole numbers: primes, divisors, digits, bases, bits, sequences, combinatorics."""

import heapq
import math
import re
from functools import reduce
from typing import Final

from codefavor.judges.evidence.oracles.concept import Concept, OutsideDomainError, large, natural, small, text


def _whole(number: int) -> int:
    return natural(number, -(10**10), 10**10)


def _prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


def _factors(number: int) -> list[int]:
    found, divisor = [], 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.append(divisor)
            number //= divisor
        divisor += 1
    return [*found, number] if number > 1 else found


def _divisors(number: int) -> list[int]:
    large(number, 1)
    below = [divisor for divisor in range(1, math.isqrt(number) + 1) if number % divisor == 0]
    return sorted({*below, *(number // divisor for divisor in below)})


def _digits(number: int) -> list[int]:
    return [int(digit) for digit in str(large(number))]


def _recur(first: list[int], step: int | None, index: int) -> int:
    values = list(first)
    while len(values) <= natural(index):
        values.append(sum(values[-(step or len(first)) :]))
        if len(values) > 3000:
            raise OutsideDomainError
    return values[index]


def _roman(number: int) -> str:
    if not 1 <= natural(number) <= 3999:
        raise OutsideDomainError
    parts = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"),
             (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
    found = ""
    for value, letters in parts:
        found += letters * (number // value)
        number %= value
    return found


def _from_roman(letters: str) -> int:
    value = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
    numbers = [value[letter] for letter in text(letters).upper()]
    number = sum(-one if one < other else one for one, other in zip(numbers, [*numbers[1:], 0], strict=True))
    if _roman(number) != letters.upper():
        raise OutsideDomainError
    return number


def _from_binary(digits: str | int) -> int:
    if isinstance(digits, bool) or not re.fullmatch("[01]{1,200}", str(digits)):
        raise OutsideDomainError
    return int(str(digits), 2)


def _base(number: int, base: int) -> str:
    natural(number)
    if not 2 <= base <= 36:
        raise OutsideDomainError
    found = ""
    while number:
        number, digit = divmod(number, base)
        found = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + found
    return found or "0"


def _happy(number: int) -> bool:
    natural(number, 1)
    seen = set()
    while number not in seen:
        seen.add(number)
        number = sum(digit * digit for digit in _digits(number))
    return number == 1


def _collatz(number: int) -> list[int]:
    found = [large(number, 1)]
    while found[-1] != 1:
        found.append(found[-1] // 2 if found[-1] % 2 == 0 else 3 * found[-1] + 1)
    return found


def _bell(index: int) -> int:
    row = [1]
    for _ in range(natural(index, 0, 200)):
        new = [row[-1]]
        for value in row:
            new.append(new[-1] + value)
        row = new
    return row[0]


def _partitions(number: int) -> int:
    ways = [1] + [0] * natural(number, 0, 400)
    for part in range(1, number + 1):
        for total in range(part, number + 1):
            ways[total] += ways[total - part]
    return ways[number]


def _ugly(index: int) -> int:
    found, waiting = 1, [1]
    for _ in range(small(index, 1)):
        found = heapq.heappop(waiting)
        for factor in (2, 3, 5):
            if found * factor not in waiting:
                heapq.heappush(waiting, found * factor)
    return found


def _primes(below: int) -> list[int]:
    sieve = bytearray([1]) * max(below, 2)
    sieve[0] = sieve[1] = 0
    for number in range(2, math.isqrt(len(sieve)) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, len(sieve), number)))
    return [number for number in range(len(sieve)) if sieve[number]]


def _amicable(below: int) -> int:
    sums = [0] * max(below, 1)
    for divisor in range(1, below):
        for number in range(2 * divisor, below, divisor):
            sums[number] += divisor
    found = 0
    for number in range(1, below):
        partner = sums[number]
        if partner < below:
            found += number if partner != number and sums[partner] == number else 0
        elif sum(_divisors(partner)[:-1]) == number:
            found += number
    return found


def _square(number: int) -> bool:
    return number >= 0 and math.isqrt(number) ** 2 == number


def _power_of(number: int, base: int) -> bool:
    power = 1
    while power < number and base > 1:
        power *= base
    return power == number


_NTH = r"(?:n-?th|n'th|nth|given index|index n|term|n)\b.*"

CONCEPTS: Final = (
    Concept("prime", r"\bprime\b(?! factor)", lambda n: _prime(large(n)), without=r"non-?prime|not prime|product|sum|largest|smallest|n-?th|count|multiplication|nearest|next|factor|length"),
    Concept("not prime", r"non-?\s?prime|\bnot (?:a )?prime", lambda n: not _prime(large(n, 2)), without=r"sum|count|list|n-?th"),
    Concept("product of two primes", r"(?:multiplication|product) of (?:2|two) prime|semi-?prime", lambda n: len(_factors(large(n))) == 2),
    Concept("next prime", r"next (?:largest |greater )?prime|smallest prime (?:greater|larger)", lambda n: next(v for v in range(natural(n) + 1, 2 * n + 3) if _prime(v))),
    Concept("primes below", r"primes?(?: numbers?)? (?:less|smaller|below|lower|upto|up to|until)|(?:less|smaller) than .*primes?|list .* prime", lambda n: _primes(natural(n)), without=r"count|sum|number of"),
    Concept("count of primes below", r"(?:count|number of) .*prime.*(?:less|below|smaller)", lambda n: len(_primes(natural(n)))),
    Concept("prime factors", r"prime factors?|factori[sz]ation", lambda n: _factors(large(n, 1)), without=r"(?:largest|biggest|greatest|smallest|least|maximum|minimum) prime|sum|count|number of|distinct|unique"),
    Concept("largest prime factor", r"(?:largest|greatest|biggest|maximum) prime factor", lambda n: max(_factors(large(n, 2)))),
    Concept("smallest prime divisor", r"(?:smallest|least|minimum) prime (?:factor|divisor)", lambda n: min(_factors(large(n, 2)))),
    Concept("divisors", r"\bdivisors?\b|\bfactors\b", lambda n: _divisors(n), without=r"sum|count|number of|prime|largest|smallest|common|even|odd|proper"),
    Concept("count of divisors", r"(?:number|count|amount|total) of (?:all )?(?:the )?(?:divisors|factors)|count (?:the )?(?:divisors|factors)", lambda n: len(_divisors(n)), without=r"even|odd|prime"),
    Concept("divisor count is even", r"(?:count|number) of (?:the )?divisors .*even|divisors? .* is even", lambda n: len(_divisors(n)) % 2 == 0),
    Concept("even divisors", r"(?:number|count) of even divisors|even (?:factors|divisors)", lambda n: sum(d % 2 == 0 for d in _divisors(n)), without=r"\bsum\b"),
    Concept("odd divisors", r"(?:number|count) of odd divisors", lambda n: sum(d % 2 for d in _divisors(n))),
    Concept("sum of even factors", r"sum of (?:all )?(?:the )?even (?:factors|divisors)", lambda n: sum(d for d in _divisors(n) if d % 2 == 0)),
    Concept("sum of odd factors", r"sum of (?:all )?(?:the )?odd (?:factors|divisors)", lambda n: sum(d for d in _divisors(n) if d % 2)),
    Concept("sum of divisors", r"sum of (?:all )?(?:the )?(?:divisors|factors)|(?:divisors|factors).*\bsum\b", lambda n: sum(_divisors(n)), without=r"even|odd|prime|proper|common"),
    Concept("sum of proper divisors", r"sum .*(?:divisors|factors)|aliquot", lambda n: sum(_divisors(n)[:-1]), without=r"even|odd|prime|common"),
    Concept("largest proper divisor", r"(?:largest|greatest|biggest) (?:proper )?(?:number that divides|divisor|factor)|largest .* divides", lambda n: _divisors(large(n, 2))[-2]),
    Concept("smallest divisor", r"smallest (?:divisor|factor)", lambda n: _divisors(large(n, 2))[1]),
    Concept("perfect number", r"\bperfect number\b|equals? (?:to )?the sum of its proper divisors", lambda n: sum(_divisors(large(n, 1))[:-1]) == n),
    Concept("abundant number", r"\babundant\b", lambda n: sum(_divisors(large(n, 1))[:-1]) > n),
    Concept("deficient number", r"\bdeficient\b", lambda n: sum(_divisors(large(n, 1))[:-1]) < n),
    Concept("amicable sum", r"sum .*amicable", lambda n: _amicable(natural(n, 0, 5000))),
    Concept("equal divisor sums", r"(?:sum of )?divisors? .*(?:same|equal)|(?:same|equal) sum", lambda a, b: sum(_divisors(a)[:-1]) == sum(_divisors(b)[:-1]), 2),
    Concept("greatest common divisor", r"\bgcd\b|greatest common (?:divisor|factor)|highest common factor", lambda a, b: math.gcd(large(a), large(b)), 2),
    Concept("gcd of a list", r"\bgcd\b|greatest common", lambda xs: reduce(math.gcd, [large(x) for x in xs])),
    Concept("least common multiple", r"\blcm\b|least common multiple|lowest common multiple", lambda a, b: math.lcm(large(a, 1), large(b, 1)), 2),
    Concept("lcm of a list", r"\blcm\b|least common multiple", lambda xs: math.lcm(*[large(x, 1) for x in xs])),
    Concept("sum of common divisors", r"sum of (?:all )?(?:the )?common divisors", lambda a, b: sum(_divisors(math.gcd(large(a, 1), large(b, 1)))), 2),
    Concept("co-prime", r"\bco-?primes?\b|relatively prime", lambda a, b: math.gcd(large(a, 1), large(b, 1)) == 1, 2),
    Concept("armstrong number", r"armstrong|narcissistic", lambda n: sum(d ** len(str(n)) for d in _digits(n)) == n),
    Concept("harshad number", r"harshad|divisible by the sum of its digits", lambda n: n % sum(_digits(large(n, 1))) == 0),
    Concept("happy number", r"happy number", _happy),
    Concept("ugly number", r"n-?th ugly|ugly number", lambda n: _ugly(n)),
    Concept("digit sum", r"sum of (?:all )?(?:the )?digits|digit sum|add (?:up )?(?:the )?digits|sum (?:the )?digits", lambda n: sum(_digits(n)), without=r"power|square|cube|even|odd|factorial|binary|until"),
    Concept("digit product", r"product of (?:all )?(?:the )?digits|multiply (?:all )?(?:the )?digits", lambda n: math.prod(_digits(n)), without=r"odd|even|unit|non-?zero"),
    Concept("product of odd digits", r"product of (?:the )?odd digits", lambda n: math.prod(v) if (v := [d for d in _digits(n) if d % 2]) else 0),
    Concept("count of digits", r"(?:count|number) of (?:the )?digits|count (?:the )?digits|how many digits", lambda n: len(_digits(n)), without=r"even|odd|factorial|distinct|times|upper"),
    Concept("even and odd digits", r"even and odd digits", lambda n: (sum(int(d) % 2 == 0 for d in str(abs(_whole(n)))), sum(int(d) % 2 for d in str(abs(n))))),
    Concept("first digit", r"first digit|(?:most significant|leading) digit", lambda n: int(str(abs(large(n)))[0]), without=r"and|last|count|both"),
    Concept("last digit", r"last digit|unit digit|ones digit", lambda n: large(n) % 10, without=r"product|first|sum|factorial|power|fibonacci|both"),
    Concept("reversed number", r"revers\w+ (?:of )?(?:a |the |given )*(?:number|integer|digits)|digits? .*revers", lambda n: int(str(large(n))[::-1]), without=r"twice|palindrome|check|circular|shift"),
    Concept("palindromic number", r"palindrom\w+", lambda n: str(large(n)) == str(n)[::-1], without=r"next|smallest|largest|count|number of|list|even"),
    Concept("next palindrome", r"next smallest palindrome|next palindrome", lambda n: next(v for v in range(natural(n) + 1, 20 * n + 20) if str(v) == str(v)[::-1])),
    Concept("digits all even", r"(?:all|every) (?:of )?(?:the )?digits? (?:is|are)? ?even|even digits only", lambda n: all(d % 2 == 0 for d in _digits(n)), without=r"list|between"),
    Concept("even", r"\bis even\b|even number|\bnumber is even|whether .* even", lambda n: large(n) % 2 == 0, without=r"sum|count|list|length|bit|divisor|digit|product|position|index|cube|square"),
    Concept("odd", r"\bis odd\b|number is odd|whether .* odd\b", lambda n: large(n) % 2 == 1, without=r"sum|count|list|length|bit|divisor|digit|product|position|index|cube|square|even"),
    Concept("perfect square", r"perfect square", lambda n: _square(_whole(n)), without=r"next|sum|between|count|list|nearest|number of|greater"),
    Concept("next perfect square", r"next perfect square", lambda n: (math.isqrt(large(n)) + 1) ** 2),
    Concept("perfect cube", r"perfect cube|cube of some integer|cube of (?:an|any) integer", lambda n: round(abs(_whole(n)) ** (1 / 3)) ** 3 == abs(n), without=r"sum|list"),
    Concept("power of two", r"power of (?:two|2)", lambda n: _whole(n) > 0 and n & (n - 1) == 0, without=r"largest|smallest|next|nearest|sum|highest|difference|round"),
    Concept("highest power of two", r"(?:highest|largest|greatest) power of (?:two|2)", lambda n: 1 << (large(n, 1).bit_length() - 1)),
    Concept("smallest power of two", r"(?:smallest|next|least) power of (?:two|2)", lambda n: 1 << (max(large(n, 1) - 1, 0)).bit_length()),
    Concept("simple power", r"simple power", lambda x, n: _power_of(large(x, 1), large(n, 1)), 2),
    Concept("factorial", r"(?<!brazilian )\bfactorial\b", lambda n: math.factorial(small(n)), without=r"digit|zero|sum|trailing|last|smallest|sequence|list"),
    Concept("trailing zeros of a factorial", r"trailing zero", lambda n: sum(large(n) // 5**k for k in range(1, 20))),
    Concept("binomial", r"binomial|\bncr\b|n choose|combinations? of", lambda n, k: math.comb(small(n), small(k)), 2, without=r"sum|list|elements|repetition"),
    Concept("permutation coefficient", r"permutation coefficient|\bnpr\b", lambda n, k: math.perm(small(n), small(k)), 2),
    Concept("catalan", r"catalan", lambda n: math.comb(2 * small(n), n) // (n + 1)),
    Concept("bell", r"bell number|ways? to partition a set", _bell),
    Concept("integer partitions", r"partitions? of (?:an? |the )?(?:integer|number)", _partitions),
    Concept("derangements", r"derangement", lambda n: _derangements(n)),
    Concept("fibonacci", r"fibonacci", lambda n: _recur([0, 1], 2, n), without=r"sum|tribonacci|tetranacci|list|last|even|check|cube|lucas|first n"),
    Concept("fibonacci from one", r"fibonacci", lambda n: _recur([0, 1, 1], 2, natural(n, 1)), without=r"sum|trib|tetran|list|last|even|check|cube|first n"),
    Concept("sum of fibonacci", r"sum of (?:all )?(?:the )?(?:first )?(?:n )?fibonacci", lambda n: _recur([0, 1], 2, natural(n) + 2) - 1),
    Concept("tribonacci", r"tribonacci", lambda n: _recur([0, 0, 1], 3, n), without=r"sum|list"),
    Concept("lucas", r"\blucas\b", lambda n: _recur([2, 1], 2, n)),
    Concept("pell", r"\bpell\b", lambda n: _pell(n)),
    Concept("perrin", r"\bperrin\b", lambda n: _perrin(n)),
    Concept("padovan", r"padovan", lambda n: _padovan(n)),
    Concept("jacobsthal", r"jacobsthal(?!.*lucas)", lambda n: (2 ** small(n) - (-1) ** n) // 3),
    Concept("jacobsthal-lucas", r"jacobsthal-?\s?lucas", lambda n: 2 ** small(n) + (-1) ** n),
    Concept("triangular", r"triangular number|" + _NTH + r"triangular|sum of (?:the )?first n (?:natural|positive|integer)|sum (?:of )?(?:all )?(?:the )?numbers from 1 to n|sums? numbers from 1", lambda n: natural(n) * (n + 1) // 2, without=r"square|cube|even|odd|tetra|centered|factor|alternat"),
    Concept("tetrahedral", r"tetrahedral", lambda n: natural(n) * (n + 1) * (n + 2) // 6),
    Concept("square pyramid", r"square pyramid|sum of (?:the )?squares of (?:the )?first n natural", lambda n: natural(n) * (n + 1) * (2 * n + 1) // 6, without=r"even|odd"),
    Concept("cubes sum", r"sum of (?:the )?cubes of (?:the )?first n (?:natural|positive)|cube sum of first n natural", lambda n: (natural(n) * (n + 1) // 2) ** 2, without=r"even|odd"),
    Concept("cubes of even sum", r"cube\w* (?:sum )?of (?:the )?first n even|first n even .*cube", lambda n: sum((2 * k) ** 3 for k in range(1, natural(n) + 1))),
    Concept("cubes of odd sum", r"cube\w* (?:sum )?of (?:the )?first n odd|first n odd .*cube", lambda n: sum((2 * k - 1) ** 3 for k in range(1, natural(n) + 1))),
    Concept("squares of odd sum", r"squares? (?:sum )?of (?:the )?first n odd|first n odd .*square", lambda n: sum((2 * k - 1) ** 2 for k in range(1, natural(n) + 1))),
    Concept("squares of even sum", r"squares? (?:sum )?of (?:the )?first n even|first n even .*square", lambda n: sum((2 * k) ** 2 for k in range(1, natural(n) + 1))),
    Concept("fourth powers", r"fourth power", lambda n: sum(k**4 for k in range(1, natural(n) + 1)), without="odd|even"),
    Concept("pentagonal", r"pentagonal number", lambda n: natural(n) * (3 * n - 1) // 2, without=r"cent"),
    Concept("hexagonal", r"hexagonal number", lambda n: natural(n) * (2 * n - 1), without=r"cent"),
    Concept("octagonal", r"octagonal number", lambda n: natural(n) * (3 * n - 2), without=r"cent"),
    Concept("decagonal", r"decagonal number", lambda n: natural(n) * (4 * n - 3)),
    Concept("nonagonal", r"nonagonal number", lambda n: natural(n) * (7 * n - 5) // 2),
    Concept("heptagonal", r"heptagonal number", lambda n: natural(n) * (5 * n - 3) // 2),
    Concept("centred hexagonal", r"cente?re?d hexagonal", lambda n: 3 * natural(n) * (n - 1) + 1),
    Concept("star number", r"star number", lambda n: 6 * natural(n) * (n - 1) + 1),
    Concept("rectangular number", r"rectangular number|pronic|oblong", lambda n: natural(n) * (n + 1), without=r"check|whether"),
    Concept("carol number", r"\bcarol\b", lambda n: (2 ** small(n) - 1) ** 2 - 2),
    Concept("cullen number", r"\bcullen\b", lambda n: n * 2 ** small(n) + 1),
    Concept("woodall number", r"\bwoodall\b", lambda n: any(k * 2**k - 1 == n for k in range(1, 64))),
    Concept("mersenne", r"mersenne", lambda n: 2 ** small(n) - 1),
    Concept("newman-conway", r"newman-?\s?conway", lambda n: _newman(n)),
    Concept("collatz length", r"collatz", lambda n: len(_collatz(n)), without=r"list|odd|sequence"),
    Concept("collatz", r"collatz", lambda n: _collatz(n), without=r"odd"),
    Concept("roman numeral", r"\broman\b", lambda n: _roman(n)),
    Concept("from roman", r"\broman\b", lambda s: _from_roman(s)),
    Concept("binary", r"\bbinary\b", lambda n: f"{large(n):b}", without=r"sum|count|ones|digits|string to|tree|search"),
    Concept("binary as a number", r"\bbinary\b", lambda n: int(f"{large(n):b}"), without=r"sum|count|ones|search"),
    Concept("from binary", r"binary .*decimal|binary (?:number|string) to", lambda s: _from_binary(s)),
    Concept("octal", r"octal", lambda n: int(f"{large(n):o}"), without=r"to decimal"),
    Concept("octal text", r"octal", lambda n: f"{large(n):o}", without=r"to decimal"),
    Concept("from octal", r"octal .*decimal", lambda n: int(str(natural(n)), 8)),
    Concept("hexadecimal", r"hexadecimal", lambda n: f"{large(n):x}"),
    Concept("base", r"\bbase\b", lambda n, base: _base(n, base), 2, without=r"triangle|area|logarithm"),
    Concept("set bits", r"(?:count|number) of (?:set bits|1s|ones|1 bits)|set bits|\bones\b.*binary|bit ?count", lambda n: large(n).bit_count(), without=r"check|longest|even|odd|between|sum|rang"),
    Concept("unset bits", r"unset bits|zeros? .*binary", lambda n: f"{large(n, 1):b}".count("0"), without=r"check|rang"),
    Concept("bit parity", r"parity", lambda n: large(n).bit_count() % 2 == 1),
    Concept("bits to flip", r"bits? .*(?:flip|differ)|hamming", lambda a, b: (large(a) ^ large(b)).bit_count(), 2, without=r"check|one bit"),
    Concept("one bit apart", r"differ (?:at|in|by) (?:exactly )?(?:one|1) bit", lambda a, b: (large(a) ^ large(b)).bit_count() == 1, 2),
    Concept("opposite signs", r"opposite sign", lambda a, b: (a < 0) != (b < 0), 2),
    Concept("exclusive or", r"(?:binary|bit) ?strings? .*\bxor\b|\bxor\b .*(?:binary|bit) ?strings?", lambda a, b: "".join("01"[one != other] for one, other in zip(text(a), text(b), strict=True)), 2),
    Concept("alternate signs sum", r"\balternat\w+ (?:signs?|sum|series)", lambda n: sum((-1) ** (k + 1) * k for k in range(1, natural(n) + 1))),
    Concept("cube", r"\bcube of (?:a |the |given )*number|\bcubes? a number", lambda n: _whole(n) ** 3),
    Concept("square", r"\bsquare of (?:a |the |given )*number", lambda n: _whole(n) ** 2),
    Concept("absolute difference", r"absolute difference", lambda a, b: abs(a - b), 2, without=r"sum|list"),
    Concept("power", r"\bpower\b|raised to|exponent", lambda a, b: _whole(a) ** small(b), 2, without=r"simple|sum|check|whether|recurs.*digit|largest|modul"),
    Concept("maximum of two", r"maximum of (?:the )?two|larger of (?:the )?two|max(?:imum)? of 2", lambda a, b: max(a, b), 2, without=r"list|array|sum|string"),
    Concept("minimum of two", r"minimum of (?:the )?two|smaller of (?:the )?two", lambda a, b: min(a, b), 2, without=r"list|array|sum"),
    Concept("maximum of three", r"maximum of (?:the )?three|largest of (?:the )?three", lambda a, b, c: max(a, b, c), 3),
    Concept("minimum of three", r"minimum of (?:the )?three|smallest of (?:the )?three", lambda a, b, c: min(a, b, c), 3),
    Concept("difference of two squares", r"difference (?:between|of) two squares", lambda n: large(n) % 4 != 2),
)  # fmt: skip


def _perrin(index: int) -> int:
    values = [3, 0, 2]
    while len(values) <= small(index):
        values.append(values[-2] + values[-3])
    return values[index]


def _pell(index: int) -> int:
    this, following = 0, 1
    for _ in range(small(index)):
        this, following = following, 2 * following + this
    return this


def _derangements(count: int) -> int:
    found = 1
    for number in range(1, small(count) + 1):
        found = number * found + (-1) ** number
    return found


def _padovan(index: int) -> int:
    values = [1, 1, 1]
    while len(values) <= small(index):
        values.append(values[-2] + values[-3])
    return values[index]


def _newman(index: int) -> int:
    values = [0, 1, 1]
    while len(values) <= natural(index, 1):
        last, count = values[-1], len(values)
        values.append(values[last] + values[count - last])
    return values[index]
