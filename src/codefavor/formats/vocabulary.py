"""Owns the words that replies are read by, each as one sign of `formats.reading`.

- ``A B a b 1 2`` a letter or number that may name a code; ``n`` a word that goes before one ("code", "option");
  ``y Y`` first, second; ``P Q`` former, latter.
- ``r w`` result, winner; ``+ -`` better, worse; ``c u`` faster, slower; ``p q`` correct, incorrect;
  ``m l`` more, less; ``e`` advantage; ``f`` fails; ``T E U`` tie, equal, neither; ``Z`` marks a result.
- ``= S I s`` is, seems, isn't, 's; ``N D`` not, doesn't; ``V H J`` does something, has, avoids;
  ``W X > <`` wins, loses; ``C G`` choose, decide; ``g`` scores.
- ``K O`` actually, overall; ``h k`` if, because; ``t i z j`` than, in, as, it; ``o & v`` or, and, versus;
  ``R M`` undo the word before them ("not only", "no doubt"; "edge case").
- ``d #`` a number, a score out of a whole; ``. | ?`` ends of sentences, lines and questions; ``, :`` pauses;
  ``x`` any other word. Words such as "much" and "the" have no sign and are passed over.
"""

import re
from functools import lru_cache
from typing import Final

FOLLOWS_LABEL: Final = r"=Ssj<>INDWXVHJf.|?,:;o&vtkhOzg#Z"
"""What may come after a capital A that names a code; after the article comes none of these."""

WORD: Final = re.compile(
    r"(?=[^ *_\"{}()\]])(?:[A-Za-zÀ-ɏ]+(?:'[a-z]{1,2}\b|\+|(?<=[AB])(?<![A-Za-z][AB])(?:[*_)\]}\"»”“」`]|[ ]?\())?|"
    r"[.!?;,:\n|=]|\d{1,20}(?:st|nd|\.\d{1,20})?(?:\s?%|\s?/\s?\d{1,20})?|"
    r"[≈→—–✅✔🏆🥇👑⭐❌✗&]|\[\[(?=\s?[ABab]\s?\]\])|(?<=\s)-{1,9}>?(?=\s)|->|(?<=[\sAB])[<>]{1,3}=?(?=[\sAB])|"
    r"<(?:/?\w{1,20}|\|\w{1,20}\|)>|/(?=\s?[AB\[])|[^\W\d_A-Za-zÀ-ɏ]+)"
)
"""A word, a number or a mark; what else stands in a reply is passed over."""

_MEANINGS: Final = {
    "n": """code codes response option snippet solution implementation version program candidate submission
        assistant approach variant alternative one function script algorithm model output entry number sample
        contestant student programmer developer proposal attempt fragment piece letter""",
    "r": """answer verdict result decision conclusion choice judgement judgment vote selection recommendation
        outcome ruling""",
    "w": "winner victor",
    "+": """better best superior preferable preferred stronger favoured favored favorable favourable recommended
        chosen selected winning ahead victorious""",
    "-": "worse worst inferior weaker weakest loser losing beaten outperformed outclassed surpassed poorer lesser",
    "c": """faster fastest safer safest cleaner cleanest clearer clearest simpler simplest shorter quicker smarter
        tidier leaner lighter easier nicer neater sounder""",
    "u": "slower slowest buggier riskier messier uglier harder clumsier costlier heavier sloppier shakier",
    "m": "more most",
    "l": "less least fewer",
    "p": """efficient secure correct readable robust reliable accurate safe fast maintainable idiomatic concise
        complete performant elegant good right suitable appropriate clean clear optimal scalable thorough
        valid sound efficiently securely correctly readably robustly reliably accurately safely faithful
        faithfully cleanly closely fully flexible helpful thoroughly completely consistently gracefully
        effective effectively elegantly explicitly properly carefully consistent precise convincing fine great
        excellent perfect""",
    "q": """wrong incorrect buggy broken vulnerable inefficient insecure unsafe flawed unreadable slow faulty
        incomplete fragile issue issues problem problems bug bugs flaw flaws vulnerability vulnerabilities
        mistake mistakes error errors prone problematic bad convoluted verbose brittle dangerous defective
        unreliable inaccurate complex complicated""",
    "=": "is are was were be being been remains proves becomes ranks comes am emerges",
    "S": "seems seem looks look appears appear",
    "I": "isn't aren't wasn't weren't",
    "N": "not no never hardly nobody",
    "D": "cannot",
    "C": """use opt ship side preference argue choose chose choosing pick picking prefer preferring favor favour
        favors favours prefers select selecting recommend go goes going went lean leaning leans voted say
        think believe suggest suggests conclude deserves""",
    "W": "wins won beats beat outperforms surpasses prevails outshines outclasses outdoes edges exceeds trumps",
    "X": "loses lose lost underperforms lags trails",
    "e": "advantage edge nod win difference differences superiority lead",
    "T": "tie tied draw stalemate deadlock undecided",
    "E": """equal equally equivalent identical same both comparable similar identically even alike interchangeable
        indistinguishable""",
    "U": "neither none null",
    "f": "fails crashes breaks leaks hangs misses ignores lacks overflows misbehaves",
    "K": """actually wait correction hmm sorry reconsidering revising reflection reconsider mistaken scratch oops
        change changed changing switch switching""",
    "O": "overall therefore thus hence so consequently finally ultimately accordingly altogether",
    "h": "p probability chance if whether unless could might may need needs had when",
    "k": "because since due given thanks owing",
    "t": "than over",
    "i": "in for at with to toward towards on of by regarding from concerning about across between among",
    "z": "as",
    "j": "it that",
    "o": "or nor",
    "&": "and but while whereas although though yet however",
    "v": "vs versus",
    "V": """perform behave handles does uses works runs performs scales returns provides meets satisfies follows
        offers produces includes takes implements checks validates solves computes achieves gets keeps gives
        makes respects adheres processes executes matches fulfils fulfills behaves fares addresses reads
        covers demonstrates holds""",
    "H": "has have contains introduces suffers shows raises carries",
    "J": "avoids prevents reduces eliminates removes",
    "G": "decide tell distinguish separate",
    "g": "score rating total points scores scored earns earned rated",
    "y": "first 1st",
    "Y": "second 2nd",
    "P": "former",
    "Q": "latter",
    "R": "only just merely doubt question",
    "M": "case cases",
    "Z": "boxed",
    "": """the an much clearly significantly slightly definitely probably likely very far also would will still
        simply generally considerably substantially noticeably marginally somewhat bit little lot objectively
        obviously always perhaps can certainly surely truly strictly really evidently markedly arguably should
        my our your final text textbf mathbf mathrm then here indeed itself notably quite too rather visibly
        strongly easily""",
}
_SIGNS: Final = {word: sign for sign, meant in _MEANINGS.items() for word in meant.split()}
_LABELLED: Final = {
    f"{noun}{letter}": sign
    for noun in ("code", "option", "response", "solution", "snippet", "answer")
    for letter, sign in (("a", "P"), ("b", "Q"))
}
_MARKS: Final = {
    **dict.fromkeys(".!;", "."),
    "\n": "|",
    "?": "?",
    ",": ",",
    "=": "=",
    **dict.fromkeys((":", "→", "—", "–", "->", "|"), ":"),
    "≈": "E",
    **dict.fromkeys("✅✔🏆🥇👑⭐", "Z"),
    **dict.fromkeys("❌✗", "-"),
    "[[": "Z",
    "&": "&",
    "/": "o",
}


@lru_cache(maxsize=8192)
def signs_of(word: str) -> str:
    """Return the signs a word or mark stands for; none where it is passed over.

    >>> "".join(map(signs_of, ["Code", "B", "isn't", "much", "better"]))
    'nBI+'
    """
    if word in {"A", "B", "a", "b", "1", "2"}:
        return word
    lower = word.lower()
    found = _SIGNS.get(lower, _MARKS.get(word, _LABELLED.get(lower)))
    return _of_other(word, lower) if found is None else found


def _of_other(word: str, lower: str) -> str:
    if word[0] in "AB" and not word[1].isalpha() and word[1] not in "'+":
        # What closes or opens right after a letter shows that it is no article: "**A** more", "A (more efficient)".
        return "P" if word[0] == "A" else "Q"
    if "'" in word:
        stem, _, end = word.rpartition("'")
        if end == "t":
            return "D"
        return signs_of(stem) + {"s": "s", "re": "="}.get(end, "")
    if word[0] == "<" and len(word) > 2 and word[-1] == ">":
        return f"{_SIGNS[lower[1:-1]]}:" if _SIGNS.get(lower[1:-1], "") in {"r", "w"} else "|"
    if word[0] in "<>":
        return word[0]
    if word[0].isdigit():
        return "#" if word[-1] == "%" or "/" in word else "d"
    if word[0] == "-":
        return ":"
    # A word in -s that is no plural after an article is a verb: "A sanitises" names a code, "A class" does not.
    return "V" if lower[-1] == "s" and lower[-2:-1] not in {"s", "u", "i", "a"} and len(lower) > 3 else "x"
