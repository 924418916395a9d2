"""Owns reading a judge's reply in words: which of the two codes it names as better, or why it names none.

A reply becomes a string with one sign a word ("Code B is not better" → ``B=N+``), and claims are found in that string,
sentence by sentence. Five strengths of claim are told apart, and only the strongest kind present is read:

4. a result: "Better code: B", ``{"winner": "B"}``, a letter alone in the last or first sentence;
3. a verdict: "B is better", "I choose B", "B wins"; also any weaker claim that begins with "overall" or "actually";
   totals such as "A: 7/10, B: 9/10" stand beside it;
2. a comparison in one respect: "B is faster"; it counts only where no other comparison contradicts it;
1. a contrast: "A is correct. B crashes."; it needs both halves.

Of results and verdicts the last one counts, as minds change. Never read: questions, quoted code, text between thinking
tags, what is said under an "if". Time is linear in the length of the reply: no pattern looks further than a few words,
and of a reply longer than any judgement only the end is read.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from codefavor.formats.spoken import narrow, without_code, without_thoughts
from codefavor.formats.vocabulary import FOLLOWS_LABEL, WORD, signs_of

Read: TypeAlias = Literal["A", "B", "tie"]
Reason: TypeAlias = Literal[
    "result",
    "verdict",
    "scores",
    "comparison",
    "contrast",
    "empty",
    "refused",
    "only thinking",
    "contradictory",
    "no verdict",
]


LONGEST: Final = 50_000
"""How many characters at the end of a reply are read, thinking not counted; no judgement is longer."""


_TAIL: Final = 100
"""How many characters before the end are first looked at alone, from the beginning of their line."""


class Reading(NamedTuple):
    """What a reply says, and what says so."""

    choice: Read | None
    """None where nothing was decided; a stated tie is "tie"."""
    reason: Reason
    """The kind of claim that was read, or why none was."""
    where: tuple[int, int] = (0, 0)
    """Start and end of the claim in the reply."""


class _Claim(NamedTuple):
    strength: int
    choice: Read
    where: tuple[int, int]
    about: str = ""
    """The code a contrast speaks of."""


_REASONS: Final[dict[int, Reason]] = {4: "result", 3: "verdict", 2: "comparison", 1: "contrast"}
_OTHER: Final[dict[Read, Read]] = {"A": "B", "B": "A", "tie": "tie"}

_LETTER: Final = (
    r"[nr]?[{upper}{camel}]s[nr]|[nrg][{upper}{digit}{camel}]|[nr]{lower}[ng](?=[:=])|"
    rf"[nrg]{{lower}}(?=[{FOLLOWS_LABEL}]|$)|(?:(?<=[=:sCZ|])|^){{lower}}(?=[.|,?k]|$)|"
    r"{ordinal}n{{1,2}}|(?:^|(?<=[C.|,&h])){ordinal}(?=[=SsWX])|(?<=[C=:ti]){ordinal}(?=[.|,?k]|$)|"
    r"{camel}n?|{upper}(?=n[=.|?:])"
)
"""What names a code, a capital letter alone left out: "code B", "B's version", "code_b", "the second", "answer: b"."""
# Alone, a capital A is also the article, unless something goes before or after it that an article cannot have.
_ALSO_A: Final = rf"A(?=[{FOLLOWS_LABEL}]|[+\-cu]t|[+c]V|i#|$)|(?<=[=:C])A(?=i)|(?<=[^.|?:,>d])A"
_NAME: Final = re.compile(
    r"(?=[AaBbPQyYnrgNeRM])"
    rf"(?:(?P<a>{_LETTER.format(upper='A', lower='a', camel='P', digit='1', ordinal='y')}|{_ALSO_A})|"
    rf"(?P<b>{_LETTER.format(upper='B', lower='b', camel='Q', digit='2', ordinal='Y')}|B)|(?P<gone>[Aa]|N?R|e?M))"
)
_UNNAMED: Final = str.maketrans("12yYb", "ddxxx")
_PAIR: Final = re.compile(r"[AB][ov]+(?:[+\-rwn]{1,3}[:=]+)?[AB]")
_SENTENCE: Final = re.compile(r"[^.|?]*[.|?]?")
_PROMISING: Final = re.compile(r"[ABTU]|[=sVxji:]E|Ep|[DN][xp+c]{0,3}[weG+rC]")
_IS: Final = r"(?:i?[=sSI]=?N?)"
_GAP: Final = r"[xVHnip,O]"
_END: Final = r"(?=[.,:k|]|$)"
_CLAIM: Final = re.compile(
    # A thing and who it is: "better code: B", "the winner is not A", "the answer to this question is B".
    rf"(?P<thing>p?[rwZ]n?|\+[nr]?|-[nrw]?|lp[nr]?|mq[nr]?|(?:lq|m[pc]|[pcq](?=[nr:])|u)[nr]?)(?P<far>{_GAP}{{0,6}}?)"
    rf"(?P<is>(?:[:=s]|I)[:=s]{{0,3}}N?)i?(?P<whom>[AB](?![=sIDWX]|[+\-cu][xVt]|&[AB](?:[.,|]|$)))"
    rf"|(?<![to&])[Zw](?P<prized>[AB]){_END}"
    # What is said to be wrong to say.
    rf"|(?P<void>qi[xCj]{{1,3}}[AB][=s])"
    # What one does or is: "B is not better", "B wins", "B is less efficient", "B handles errors better".
    rf"|(?<!h)(?P<doubt>[ND][xCj]{{0,3}})?(?P<who>[AB])"
    rf"(?:(?P<be>{_IS})[,Oix]{{0,4}}(?P<as>z?)(?P<what>[lm][pcq]|p?[rw]{_END}|C{_END}|nx{{0,2}}C{_END}|\+|-|c|u|p|q)"
    rf"|(?P<do>V?N|D|)(?P<deed>[WX])"
    rf"|(?P<not>VN|D|)[xVg]?[xVHnp,i]{{0,5}}(?P<well>[lm][pq]|\+|-|c|u|p?w{_END})"
    rf"|(?P<short>(?:VN|D)[xVnp]{{1,4}}z)"
    rf"|x{{0,2}}[VHC]?(?P<without>N?)[xp]{{0,2}}(?P<edge>e|r{_END})(?=[nit.,:k|]|$)"
    rf"|(?P<fault>H[xi]{{0,3}}q|f))"
    # What the judge does: "I choose B", "I would not go with A", "I change my answer to B".
    r"|(?P<unlike>[ND](?:x|xi)?)?(?:C[=s]?[xi]?[:,]?|C[xicn+mp]{1,5},(?=.$)|,[O&](?=.[.,|]|.$)|"
    r"(?<=[,C])j[=s](?=.(?:$|[,k]))|K[xr]{0,2}i)(?P<liked>[AB](?![=sIDWXVH]|[+\-cu][xVt]|&[AB]))"
    # How they stand: "A > B", "although A is shorter, it is worse".
    rf"|(?:^|(?<=[:,&OZ]))(?P<left>[AB])(?P<than>[<>])[AB](?=[.,:|i]|$)"
    rf"|&(?P<conceded>[AB])[^AB,.]{{1,8}},j[=s](?P<yet>[+\-])"
    # Neither: "it's a tie", "neither is better", "no clear winner"; in one respect, "equally good".
    rf"|(?P<even>(?:[rwj]|\+[nr]?){_GAP}{{0,2}}[:=s]{{1,2}}(?:i?T|U|E{_END}|[AB]&[AB]{_END})|[xji=:s]T{_END}|"
    rf"U[xnpVHi]{{0,6}}[=s]?(?:\+|c|e|-|u|mp)|N[xp+c]{{0,2}}(?:w|[+rC]$)|[DN]G(?![^.|]{{0,6}}[AB])|"
    rf"(?P<alike>[ND][xp]{{0,2}}e|[=s]x?E|Ep|VE|[AB]=[AB]))"
)
_ALONE: Final = re.compile(r"(?:N,|[xi]{1,3},|[OZKj,:>d])*(?P<last>[AB](?:[:,]?[AB])*|[TEU]n?)(?:i?#x{1,2})?[Z,]*")
_HEADING: Final = re.compile(r"(?P<whom>[AB])[:,](?![d#])")
_LATER_HEADING: Final = re.compile(r"(?<=[,&])([AB]):")
_LISTED: Final = re.compile(r"[xVnip]{1,5}:(?P<whom>[AB])$")
_GIVEN_WAY: Final = re.compile(
    r"(?:[NO],)?[KOxC,]{0,4}(?:(?:N,)?j(?:Hi)?[=s](?P<it>[AB])(?=$|[,k]|j(?:=\+|W))|"
    r"(?P<that>[AB])j?[=s]$|(?P<because>[AB]),?(?=[kzj]))"
)
_SCORE: Final = re.compile(
    r"(?P<who>[AB])[:xgVHni]{0,4}#|(?:(?<=g:)|(?<=[.|,&nr])|^)(?P<whose>[AB])(?::(?:g:)?|=(?=d(?:[.,|&]|$))|=?g[x:]?)d"
)
_REFUSAL: Final = re.compile(
    r"\bI(?:'m| am) (?:sorry|unable|not able)\b|\bI (?:can't|can ?not|could not|won't|will not|must decline|decline)\b|"
    r"\bas an ai\b|\b(?:unable|not able) to (?:help|assist|judge|compare|evaluate|answer|provide|comply)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_IF: Final = re.compile(r"[nrxVptAB]{0,4}h")
_SPECIFIC: Final = re.compile(r"[nr]?(?:i|[xVp])")
_REVISES: Final = re.compile(r"[^AB]{0,4}K")
_ANNOUNCES: Final = re.compile(r"[xnOipj]{0,3}(?:[rwZ]|\+[nr]?)[xi=]{0,3}[:.|]*")
_RESULT_THEN: Final = re.compile(r"O|[xnip]{0,2}[rw][:,]")


def read(reply: str) -> Reading:
    r"""Return what a reply in words says; never raises, and takes time in proportion to the reply.

    >>> read("B is slower.\n\n**Better code: A**").choice
    'A'
    >>> read("A better approach would be a set.")
    Reading(choice=None, reason='no verdict', where=(0, 0))
    """
    if not reply.strip():
        return Reading(None, "empty")
    text = narrow(reply)
    spoken = without_thoughts(text)
    thinks = spoken != text
    if not spoken.strip():
        return Reading(None, "only thinking")
    start = max(0, len(spoken) - LONGEST)
    spoken = without_code(spoken, start)
    line = spoken.rfind("\n", start, max(start, len(spoken.rstrip()) - _TAIL)) + 1
    if line > start:
        # A result near the end is the last one, so what comes before it need not be read.
        signs = _Signs(spoken, line)
        results = [claim for claim in _claims(signs.text, opens=False) if claim.strength == 4]
        if results:
            return _decide(results, signs)
    signs = _Signs(spoken, start)
    found = _decide(_claims(signs.text), signs)
    if found.reason in {"result", "verdict"}:
        return found
    scored = _scores(signs, spoken)
    if scored is not None:
        return scored
    if found.reason == "no verdict" and _REFUSAL.search(spoken):
        return Reading(None, "refused")
    if found.reason == "no verdict" and thinks and not signs.text.strip(".|,:?"):
        return Reading(None, "only thinking")
    return found


class _Signs:
    """A reply as one sign a word, and where in the reply each sign stands."""

    def __init__(self, reply: str, start: int = 0) -> None:
        self._words = list(WORD.finditer(reply, start))
        self._each = [signs_of(word[0]) for word in self._words]
        self._raw = "".join(self._each)
        self.text = _NAME.sub(_named, self._raw).translate(_UNNAMED)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the start and end in the reply of the signs from `start` to before `end`."""
        # Looked up for the one claim that counts, so the way back is not kept for every sign.
        ends: list[tuple[int, int]] = []
        place = 0
        for name in _NAME.finditer(self._raw):
            ends += [(index, index + 1) for index in range(place, name.start())]
            place = name.end()
            if name.lastgroup != "gone":
                ends.append(name.span())
        ends += [(index, index + 1) for index in range(place, len(self._raw))]
        words = [word for word, signs in zip(self._words, self._each, strict=True) for _ in signs]
        last = words[ends[end - 1][1] - 1]
        return words[ends[start][0]].start(), last.start() + len(last[0].rstrip('*_)]}"»”“」`( '))


def _named(name: re.Match[str]) -> str:
    return {"a": "A", "b": "B"}.get(name.lastgroup or "", "")


def _claims(signs: str, opens: bool = True) -> list[_Claim]:
    """Return the claims of a reply in order; `opens` says whether its first sentence is here."""
    claims: list[_Claim] = []
    text = _PAIR.sub(lambda pair: "x" * len(pair[0]), signs)
    spoken = [found.span() for found in _SENTENCE.finditer(text) if found[0].strip("|.,:>d")]
    revised = announced = False
    headings: list[tuple[int, _Claim]] = []
    for index, (start, end) in enumerate(spoken):
        last = index == len(spoken) - 1
        sentence = text[start:end]
        if sentence[-1] == "?":
            continue
        body = sentence.rstrip(".|")
        revised = revised or _REVISES.match(body) is not None
        before = len(claims)
        alone = _ALONE.fullmatch(body.rstrip(":") if last else body)
        if alone is not None:
            claim = _alone(alone["last"], (start, start + len(body)))
            doubled = headings and headings[-1][0] == index - 1 and claim and headings[-1][1].choice != claim.choice
            if claim is not None and ((last and not doubled) or announced or revised or "Z" in body):
                claims.append(claim)
            elif claim is not None:
                headings.append((index, claim))
        elif _PROMISING.search(body):
            lead = len(body) - len(body.lstrip(":,>d"))
            heading = _HEADING.match(body[lead:])
            if heading is not None:
                headings.append((index, _claim(3, _letter(heading["whom"]), start + lead, heading)))
                headings += [
                    (index, _claim(3, _letter(other[1]), start, other))
                    for other in _LATER_HEADING.finditer(body, lead + 1)
                ]
            claims += _of_sentence(body[lead:], start + lead, revised, announced or (opens and index == 0))
        if any(claim.strength == 4 for claim in claims[before:]):
            revised = False  # what was to be corrected has been
        announced = _ANNOUNCES.fullmatch(sentence.lstrip(":,>d")) is not None
    # A letter that opens the reply is the answer, unless letters head the parts of a discussion.
    if opens and headings and headings[0][0] == 0 and len({claim.choice for _, claim in headings}) == 1:
        claims.insert(0, headings[0][1])
    return claims


def _alone(names: str, where: tuple[int, int]) -> _Claim | None:
    letters = set(names) & {"A", "B"}
    if not letters:
        return _Claim(4, "tie", where)
    return None if len(letters) == 2 else _Claim(4, _letter(letters.pop()), where)


def _letter(sign: str) -> Read:
    return "A" if sign == "A" else "B"


def _of_sentence(body: str, start: int, revised: bool, expected: bool) -> Iterator[_Claim]:
    concludes = revised or _RESULT_THEN.match(body) is not None
    opening = _GIVEN_WAY.match(body)
    if opening is not None:
        letter = opening["it"] or opening["that"] or opening["because"]
        yield _claim(4 if revised or (opening["because"] and expected) else 3, _letter(letter), start, opening)
    listed = _LISTED.match(body)
    if listed is not None:
        yield _claim(4 if concludes else 2, _letter(listed["whom"]), start, listed)
        return
    for found in _CLAIM.finditer(body):
        made = _made(found, body)
        if made is not None:
            strength, choice = made
            if concludes and strength >= 2:
                strength = 4 if revised else max(strength, 3)
            yield _claim(strength, choice, start, found)


def _claim(strength: int, choice: Read, start: int, found: re.Match[str]) -> _Claim:
    return _Claim(strength, choice, (start + found.start(), start + found.end()), found.groupdict().get("who") or "")


def _made(found: re.Match[str], body: str) -> tuple[int, Read] | None:
    """Return (strength, choice) of one match of `_CLAIM`, or None where it claims nothing."""
    rest = body[found.end() : found.end() + 6]
    if thing := found["thing"]:
        thing = thing if thing[1:2] not in {"r", "w"} or thing[0] != "p" else thing[1:]
        against = (thing[0] in "-uq" or thing[:2] in {"lp", "mq"}) != _denied(found["is"])
        strength = (3 if found["far"] else 4) if thing[0] in "rwZ+-" else 2
        return strength, _sided(found["whom"], against)
    if found["void"]:
        return None
    if found["prized"]:
        return 4, _letter(found["prized"])
    if found["even"]:
        return (2 if found["alike"] else 4 if found["even"][0] in "rw+" else 3), "tie"
    if _IF.match(rest):
        return None
    if found["left"]:
        return (2 if rest.startswith("i") else 3), _sided(found["left"], found["than"] == "<")
    if found["conceded"]:
        return 3, _sided(found["conceded"], found["yet"] == "-")
    if found["liked"]:
        return 4 if found[0][0] == "K" else 3, _sided(found["liked"], bool(found["unlike"]))
    doubted = bool(found["doubt"])
    if found["what"]:
        return _of_being(found, rest, doubted)
    who, denied = found["who"], doubted != bool(found["do"] or found["not"] or found["without"])
    if found["deed"]:
        return 3, _sided(who, (found["deed"] == "X") != denied)
    if well := found["well"]:
        return 2, _sided(who, (well[0] in "-u" or well in {"lp", "mq"}) != denied)
    if found["short"]:
        return 2, _sided(who, not doubted)
    if found["edge"]:
        return (2 if rest.startswith(("i", "ni")) else 3), _sided(who, denied)
    return 1, _sided(who, not doubted)


def _of_being(found: re.Match[str], rest: str, doubted: bool) -> tuple[int, Read] | None:
    what, who = found["what"], found["who"]
    denied = _denied(found["be"]) != doubted
    against = (what[0] in "-uq" or what in {"lp", "lc", "mq"}) != denied
    if found["as"]:
        # "as fast as" says nothing; "not as fast as" does.
        return (2, _sided(who, True)) if denied and what[0] in "pc" else None
    if what in {"p", "q"}:
        return 1, _sided(who, against)
    if what[-1] in "rwC":
        return (2 if what[0] == "p" else 4), _sided(who, denied)
    plain = what in {"+", "-"} and "S" not in found["be"] and not _SPECIFIC.match(rest)
    return 3 if plain else 2, _sided(who, against)


def _denied(signs: str) -> bool:
    return "N" in signs or "I" in signs


def _sided(sign: str, against: bool) -> Read:
    return _OTHER[_letter(sign)] if against else _letter(sign)


def _decide(claims: list[_Claim], signs: _Signs) -> Reading:
    for strength in (4, 3):
        alike = [claim for claim in claims if claim.strength == strength]
        if alike:
            return Reading(alike[-1].choice, _REASONS[strength], signs.place(*alike[-1].where))
    for strength in (2, 1):
        # A weaker claim for the other side leaves a comparison open: "A is faster, but B is correct".
        alike = [claim for claim in claims if claim.strength in {strength, 1}]
        sided = [claim for claim in alike if claim.choice != "tie"]
        if not alike:
            continue
        if strength == 2 and all(claim.strength == 1 for claim in alike):
            continue
        if not sided:
            return Reading("tie", _REASONS[strength], signs.place(*alike[-1].where))
        if len({claim.choice for claim in sided}) > 1:
            return Reading(None, "contradictory", signs.place(*sided[-1].where))
        if strength == 1 and len({claim.about for claim in sided}) < 2:
            continue
        return Reading(sided[-1].choice, _REASONS[strength], signs.place(*sided[-1].where))
    return Reading(None, "no verdict")


def _scores(signs: _Signs, text: str) -> Reading | None:
    """Return what the last two scores say, one for each code."""
    last = {found["who"] or found["whose"]: found for found in _SCORE.finditer(signs.text)}
    if len(last) < 2:
        return None
    values: dict[str, float] = {}
    for who, found in last.items():
        start, end = signs.place(found.end() - 1, found.end())
        number = _NUMBER.match(text, start, end)
        if number is None:
            return None
        values[who] = float(number[0])
    choice: Read = "tie" if values["A"] == values["B"] else "A" if values["A"] > values["B"] else "B"
    places = [found.span() for found in last.values()]
    return Reading(choice, "scores", signs.place(min(places)[0], max(places)[1]))
