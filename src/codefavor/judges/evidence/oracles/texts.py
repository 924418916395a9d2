"""Owns concepts of text: letters, words, cases, palindromes, brackets, codes, dates and other written forms."""

import calendar
import re
from collections import Counter
from typing import Final

from codefavor.judges.evidence.oracles.concept import (
    Concept,
    OutsideDomainError,
    items,
    most_frequent,
    natural,
    some,
    text,
)

_VOWELS: Final = frozenset("aeiouAEIOU")


def _letters(value: str) -> str:
    if not text(value).isascii():
        raise OutsideDomainError
    return value


def _short(value: str) -> str:
    if len(text(value)) > 200:
        raise OutsideDomainError
    return value


def _balanced(value: str, opening: str, closing: str) -> bool:
    expected = []
    for character in text(value):
        if character in opening:
            expected.append(closing[opening.index(character)])
        elif character in closing and (not expected or expected.pop() != character):
            return False
    return not expected


def _only(value: str, others: str) -> str:
    if any(
        character in others for character in text(value)
    ):  # whether brackets of other kinds count: statements differ
        raise OutsideDomainError
    return value


def _depth(value: str) -> int:
    deepest = depth = 0
    for character in value:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def _first_repeated(value: str) -> str:
    seen: set[str] = set()
    for character in text(value):
        if character in seen:
            return character
        seen.add(character)
    raise OutsideDomainError


def _first_single(value: str) -> str:
    counts = Counter(text(value))
    return next(character for character in value if counts[character] == 1)


def _plain(value: str) -> str:
    return "".join(character for character in value.lower() if character.isalnum())


def _either(strict: bool, lenient: bool) -> bool:
    if strict != lenient:  # whether case, spaces and punctuation count: statements differ
        raise OutsideDomainError
    return strict


def _palindrome(value: str) -> bool:
    return _either(value == value[::-1], _plain(value) == _plain(value)[::-1])


def _anagrams(one: str, other: str) -> bool:
    return _either(Counter(one) == Counter(other), Counter(_plain(one)) == Counter(_plain(other)))


def _distinct(value: str) -> int:
    if len(set(value)) != len(set(value.lower())):  # whether case counts: statements differ
        raise OutsideDomainError
    return len(set(value))


def _runs(value: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for character in value:
        if found and found[-1][0] == character:
            found[-1] = character, found[-1][1] + 1
        else:
            found.append((character, 1))
    return found


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for number, left in enumerate(one, 1):
        last, row[0] = row[0], number
        for place, right in enumerate(other, 1):
            last, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, last + (left != right))
    return row[-1]


def _longest_common(one: str, other: str) -> int:
    row = [0] * (len(other) + 1)
    for left in one:
        last = 0
        for place, right in enumerate(other, 1):
            last, row[place] = row[place], last + 1 if left == right else max(row[place], row[place - 1])
    return row[-1]


def _subsequence(small: str, large: str) -> bool:
    rest = iter(large)
    return all(character in rest for character in small)


def _shifted(value: str, by: int) -> str:
    return "".join(
        chr((ord(c) - 97 + by) % 26 + 97)
        if "a" <= c <= "z"
        else chr((ord(c) - 65 + by) % 26 + 65)
        if "A" <= c <= "Z"
        else c
        for c in text(value)
    )


def _date(value: str, pattern: str, order: str) -> bool:
    found = re.fullmatch(pattern, text(value))
    if not found:
        return False
    part = dict(zip(order, map(int, found.groups()), strict=True))
    if not 1 <= part["m"] <= 12 or part["y"] < 1:
        return False
    if (part["d"], part["m"]) == (29, 2) and not calendar.isleap(part["y"]):  # rules of thumb allow it in every year
        raise OutsideDomainError
    return 1 <= part["d"] <= calendar.monthrange(part["y"], part["m"])[1]


def _leap(year: int) -> bool:
    return calendar.isleap(natural(year, 1))


def _month(month: int | str) -> int:
    if isinstance(month, str):
        names = [name.lower() for name in calendar.month_name]
        return names.index(month.lower())
    if not 1 <= month <= 12:
        raise OutsideDomainError
    return month


def _snake(value: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", text(value)).lower()


def _camel(value: str) -> str:
    return "".join(word.capitalize() for word in text(value).split("_"))


CONCEPTS: Final = (
    Concept("vowels", r"(?:count|number of|total|counts?) .*vowels?", lambda s: sum(c in _VOWELS for c in _letters(s)), without=r"neither|neighbo|consonants|remove|upper|even|'y'|\by\b|revers|substring|closest"),
    Concept("vowels of a set", r"vowels?", lambda s, v: sum(c in v for c in text(s)), 2),
    Concept("consonants", r"(?:count|number of) .*consonants", lambda s: sum(c.isalpha() and c not in _VOWELS for c in _letters(s)), without=r"exactly|words"),
    Concept("without vowels", r"(?:remove|without|delet\w+) (?:all )?(?:the )?vowels|vowels? .*remov", lambda s: "".join(c for c in text(s) if c not in _VOWELS)),
    Concept("uppercase letters", r"(?:count|number of) .*upper-?\s?case", lambda s: sum(c.isupper() for c in text(s)), without=r"lower|vowel|even|index|run|words|sum"),
    Concept("lowercase letters", r"(?:count|number of) .*lower-?\s?case", lambda s: sum(c.islower() for c in text(s)), without=r"upper|vowel|odd|words"),
    Concept("longest run of uppercase", r"(?:max|longest|maximum) (?:run|sequence|streak) of upper", lambda s: max((len(r) for r in re.findall(r"[A-Z]+", text(s))), default=0)),
    Concept("without lowercase", r"remove (?:all )?(?:the )?lower-?case", lambda s: "".join(c for c in text(s) if not c.islower())),
    Concept("without uppercase", r"remove (?:all )?(?:the )?upper-?case", lambda s: "".join(c for c in text(s) if not c.isupper())),
    Concept("without whitespace", r"remov\w+ (?:all )?(?:the )?(?:white ?spaces?|spaces)|without (?:white)?spaces", lambda s: "".join(c for c in text(s) if not c.isspace()), without=r"multiple|extra|consecutive|lead|trail|duplicate"),
    Concept("single spaces", r"(?:multiple|extra|consecutive) spaces", lambda s: re.sub(r" +", " ", text(s)), without=r"-|dash|underscore"),
    Concept("case swapped", r"swap\w* (?:the )?case|(?:flip|toggle|invert)\w* (?:the )?(?:case|lower|upper)|lower-?case .*to upper-?case (?:and|or) upper|vice versa", lambda s: text(s).swapcase(), without=r"vowel|underscore|revers"),
    Concept("uppercased", r"(?:convert|change|make|to|into) .*upper-?\s?case", lambda s: text(s).upper(), without=r"lower|even|alternat|first|last|vowel|\bsnake"),
    Concept("lowercased", r"(?:convert|change|make|to|into) .*lower-?\s?case", lambda s: text(s).lower(), without=r"upper|even|alternat|first|last"),
    Concept("snake case", r"camel.*snake", lambda s: _snake(s)),
    Concept("camel case", r"snake.*camel", lambda s: _camel(s)),
    Concept("reversed text", r"revers\w+ (?:a |the |given )*(?:string|text)\b|string .*revers", lambda s: text(s)[::-1], without=r"word|vowel|palindrom|only|each|number|upper|order|if |remov|delet"),
    Concept("reversed words", r"revers\w+ (?:the )?(?:order of )?words?", lambda s: " ".join(reversed(text(s).split())), without=r"each word|length|letters"),
    Concept("each word reversed", r"revers\w+ each word|each word .*revers|words? in .*revers", lambda x: [text(w)[::-1] for w in x]),
    Concept("palindrome", r"palindrom", lambda s: _palindrome(text(s)), without=r"shortest|longest|make|smallest|number of|count|remov|delet|tuple|between|ignor"),
    Concept("anagrams", r"anagram", lambda a, b: _anagrams(text(a), text(b)), 2, without=r"group|rearrang|list"),
    Concept("same letters", r"same characters", lambda a, b: set(text(a)) == set(text(b)), 2),
    Concept("all characters same", r"all (?:the )?characters? .*(?:same|equal|identical)", lambda s: len(set(text(s))) <= 1, without=r"substring|count"),
    Concept("all characters different", r"all (?:the )?characters .*(?:unique|different|distinct)|unique characters", lambda s: len(set(text(s))) == len(s), without=r"count|number|word|most"),
    Concept("distinct characters", r"(?:count|number of|how many) .*(?:distinct|different|unique) (?:characters|letters)", lambda s: _distinct(text(s)), without=r"word"),
    Concept("first repeated character", r"first repeat\w* character|repeats? first", lambda s: _first_repeated(s)),
    Concept("first non-repeated character", r"first non-?\s?repeat\w*|first unique character", lambda s: _first_single(s)),
    Concept("most frequent character", r"(?:most (?:frequent|common|occurring)|maximum occurring) (?:character|letter)", lambda s: most_frequent(text(s))),
    Concept("character counts", r"(?:count|frequenc\w+|occurrences?) .*(?:each )?(?:character|letter)s?", lambda s: dict(Counter(text(s))), without=r"most|max|min|vowel|first|max|upper|lower|repeated|word|distinct"),
    Concept("occurrences of a character", r"(?:count|number of|occurrence\w*) .*(?:of|a) (?:the |a )?(?:given )?(?:character|letter|element|substring)", lambda s, c: text(s).count(text(c)), 2, without=r"overlap|remove|first|last|position"),
    Concept("overlapping occurrences", r"overlap\w* .*(?:occurrences?|times|substring)|(?:occurrences?|times|substring) .*overlap", lambda s, c: sum(text(s).startswith(c, k) for k in range(len(s) - len(c) + 1)), 2),
    Concept("without a character", r"remove (?:all )?(?:the )?(?:occurrences? of |given )?(?:a |the )?(?:given )?character", lambda s, c: text(s).replace(text(c), ""), 2, without=r"first|last|odd|even|duplicate"),
    Concept("characters at odd places removed", r"(?:remove|without) (?:the )?(?:characters .*)?odd (?:index|position|character)", lambda s: text(s)[::2]),
    Concept("digits extracted", r"(?:extract|find|get|keep|only) .*(?:digits|numbers) .*string|digits? .*from .*string", lambda s: "".join(c for c in text(s) if c.isdigit()), without=r"sum|list|count|end|move"),
    Concept("sum of digits in text", r"sum .*digits? .*string", lambda s: sum(int(c) for c in text(s) if c.isdigit())),
    Concept("without digits", r"remove (?:all )?(?:the )?(?:digits|numbers)", lambda s: "".join(c for c in text(s) if not c.isdigit()), without=r"list"),
    Concept("letters and digits", r"(?:letters|alphabets?) and digits|digits and letters", lambda s: (sum(c.isalpha() for c in text(s)), sum(c.isdigit() for c in s))),
    Concept("ascii value", r"ascii value of", lambda c: ord(text(c)), without=r"sum|all"),
    Concept("balanced round brackets", r"(?:brackets?|parenthes[ie]s) .*(?:balanced|closing|correspond|match|valid)|(?:balanced|valid) (?:brackets|parenthes)", lambda s: _balanced(_only(s, "[]{}<>"), "(", ")"), without=r"two strings|concat|square|longest"),
    Concept("balanced angle brackets", r"brackets? .*(?:balanced|closing|correspond)", lambda s: _balanced(_only(s, "[]{}()"), "<", ">")),
    Concept("balanced brackets of all kinds", r"(?:balanced|matched|matching|valid) .*(?:brackets|parenthes)|(?:brackets|parenthes[ie]s) .*(?:balanced|match|valid|clos)", lambda s: _balanced(_only(s, "<>"), "([{", ")]}"), without=r"two strings|longest|nested|depth"),
    Concept("nesting depths", r"(?:deepest|levels? of) nesting|nesting (?:depth|level)", lambda s: [_depth(group) for group in text(s).split()]),
    Concept("run lengths", r"run-?length", lambda s: [[count, c] if count > 1 else c for c, count in _runs(text(s))]),
    Concept("doubles merged", r"consecutive (?:duplicate|repeated)s?", lambda s: "".join(c for c, _ in _runs(text(s)))),
    Concept("edit distance", r"edit distance|levenshtein", lambda a, b: _distance(_short(a), _short(b)), 2),
    Concept("longest common subsequence", r"longest common subsequence", lambda a, b: _longest_common(_short(a), _short(b)), 2),
    Concept("subsequence", r"\bsubsequence\b", lambda a, b: _subsequence(text(a), text(b)), 2, without=r"longest|count|increas|sum"),
    Concept("substring", r"(?:contains|presence of|is a|check .*) (?:a |the |given )*substring|sub-?string .*(?:present|exists)", lambda s, t: text(t) in text(s), 2, without=r"rotation|list|all|count|start"),
    Concept("caesar by n", r"caesar|shift\w* .*alphabet", lambda s, k: _shifted(s, k), 2),
    Concept("rot13", r"rot ?13", lambda s: _shifted(s, 13)),
    Concept("text of odd length", r"(?:check|whether) .*length .*odd", lambda s: len(text(s)) % 2 == 1, without=r"list"),
    Concept("text of even length", r"(?:check|whether) .*length .*even", lambda s: len(text(s)) % 2 == 0, without=r"list"),
    Concept("length of the last word", r"length of the last word", lambda s: len((text(s).split() or [""])[-1])),
    Concept("words longer than n", r"words? .*(?:longer than|greater than|length .*more than)", lambda n, s: [w for w in text(s).split() if len(w) > natural(n)], 2),
    Concept("word count", r"(?:count|number of) (?:the )?words", lambda s: len(text(s).split()), without=r"unique|length|vowel|conson|start|each|frequen"),
    Concept("binary text", r"binary string|only .*0s? and 1s?", lambda s: set(text(s)) <= {"0", "1"}, without=r"xor|count|sub|convert|represent|addition"),
    Concept("longest text", r"longest (?:string|word|one)", lambda x: max(some(x), key=len), without=r"length of|common|palindrom|substring"),
    Concept("length of the longest text", r"length of (?:the )?longest (?:word|string)", lambda x: max(len(text(w)) for w in some(x))),
    Concept("length of the shortest text", r"length of (?:the )?(?:smallest|shortest) (?:word|string)", lambda x: min(len(text(w)) for w in some(x))),
    Concept("lists of lengths", r"lengths? of (?:each|all) (?:word|string)", lambda x: [len(text(w)) for w in items(x)]),
    Concept("with a prefix", r"(?:start|begin)\w* with (?:a |the )?(?:given )?prefix", lambda x, p: [w for w in items(x) if w.startswith(p)], 2),
    Concept("containing a substring", r"contain\w* (?:a |the )?(?:given )?substring", lambda x, p: [w for w in items(x) if p in w], 2),
    Concept("all prefixes", r"all prefixes", lambda s: [_short(s)[: k + 1] for k in range(len(s))], without=r"palindrom|suffix"),
    Concept("concatenated", r"concatenat", lambda x: "".join(text(w) for w in items(x)), without=r"delimiter|'-'|nested|dict"),
    Concept("leap year", r"leap year", lambda y: _leap(y)),
    Concept("days in a month", r"(?:number of )?days in (?:a |the )?(?:given )?month|month .*(?:contains?|has) .*days", lambda y, m: calendar.monthrange(y, _month(m))[1], 2),
    Concept("month of 31 days", r"month .*31 days", lambda m: _month(m) in (1, 3, 5, 7, 8, 10, 12)),
    Concept("month of 30 days", r"month .*30 days", lambda m: _month(m) in (4, 6, 9, 11)),
    Concept("month of 28 days", r"month .*28 days", lambda m: _month(m) == 2),
    Concept("valid date, month first", r"mm-dd-yyyy", lambda s: _date(s, r"(\d\d)-(\d\d)-(\d{4})", "mdy")),
    Concept("valid date, day first", r"dd-mm-yyyy", lambda s: _date(s, r"(\d\d)-(\d\d)-(\d{4})", "dmy")),
    Concept("date turned", r"yyyy-mm-dd .*dd-mm-yyyy", lambda s: re.sub(r"(\d{4})-(\d{1,2})-(\d{1,2})", r"\3-\2-\1", text(s))),
)  # fmt: skip
