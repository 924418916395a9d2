"""Owns reading a yes or a no from a reply: what the answer itself says, never what its reasons happen to mention.

Answers are looked for from the plainest to the vaguest kind, and the first kind that is there decides: a word in
brackets or in a field, a labelled line ("Answer: no"), a word that opens the reply, a word alone on the last line, and
at last a sentence that repeats the question ("the change clearly improves …"). So "[YES] … it does not copy …" is a
yes, and "No, although it clearly improves …" is a no. Where one kind says both, the last one counts among labelled
answers, for minds change; anywhere else nothing was said.
"""

import re
from typing import Final

from codefavor.formats.spoken import narrow, without_thoughts

_YES: Final = r"yes|yep|yeah|y|true|affirmative|correct|indeed|certainly|definitely|absolutely|sí|oui|ja|はい|是的?|да"
_NO: Final = r"no|nope|nah|n|false|negative|incorrect|non|nein|いいえ|否|不是|нет"
_WORD: Final = rf"(?:(?P<yes>{_YES})|(?P<no>{_NO}))"
_END: Final = r"(?!\w|['’-]\w)"
_DECORATION: Final = r"[\s*_`\"'>#~:.\-–—=\\$(){}\[\]<|✅❌✓✗✔✘☑👍👎]*"

_FIELD: Final = re.compile(
    rf"[\"'](?:\w{{1,20}}[_ ])?(?:answer|improves?|improved|improvement|decision|verdict|result|is_better|"
    rf"is_improvement|clear_improvement|response|yes_no)[\"']\s*:\s*[\"'\[*]*{_WORD}{_END}",
    re.IGNORECASE,
)
_BRACKETED: Final = re.compile(
    rf"(?:(?<!\w)\[{{1,2}}[\s*]*(?:(?P<yes>yes)|(?P<no>no))[\s*.]*\]{{1,2}}|"
    rf"<(?:answer|decision|verdict|result)>\s*(?:(?P<yes2>{_YES})|(?P<no2>{_NO}))\s*</|"
    rf"\\boxed\{{(?:\\text\{{)?\s*(?:(?P<yes3>{_YES})|(?P<no3>{_NO}))\s*\}})",
    re.IGNORECASE,
)
_LABELLED: Final = re.compile(
    r"^[\s>#*_\-•\d.)(\[]*(?:(?:so|thus|therefore|overall|in conclusion|in short|hence)[,:]?\s+)?"
    r"(?:(?:my|the|final|short|overall)[ _]+){0,3}"
    r"(?:answer|verdict|decision|conclusion|judge?ment|response|result|assessment|output|improvement|improves)"
    rf"[\s*_\])]*(?:\bis\b|\bwould be\b|:|=|-|–|—|→)(?:\s*(?:a|an|simply|therefore))?{_DECORATION}"
    rf"(?:(?:clear|definite|firm|resounding|strong)\s+)?{_WORD}{_END}"
    # "Result: no behaviour changes" answers nothing.
    r"(?![ \t]+(?!because|since|as|it|this|the|there)\w)",
    re.IGNORECASE | re.MULTILINE,
)
_SAID: Final = re.compile(
    r"(?:^|[.!,;:\n]\s*)(?:so|thus|therefore|hence|overall|in conclusion|in short)?,?\s*"
    r"(?:i(?:'d| would| will|'ll| have to| must)?\s+(?:say|believe|think|answer|respond|conclude with|reply|vote)"
    r"(?: that)?(?: the answer is)?|the answer is|it(?:'s| is))"
    r"(?:\s+with)?(?:\s+(?:a|an))?(?:\s+(?:clear|definite))?"
    rf"{_DECORATION}{_WORD}{_END}",
    re.IGNORECASE,
)
_FILLER: Final = re.compile(
    r"(?:(?:no doubt|no question|sadly|unfortunately|without (?:a )?doubt|of course|well|sure|okay|ok|so|hm+|"
    r"great question|certainly|"
    r"absolutely|definitely|overall|in short|in conclusion|therefore|thus|hence|"
    r"based on (?:the|my) [\w ]{1,40}|in my (?:opinion|view)|looking at (?:the|this) [\w ]{1,30}|"
    r"after (?:careful )?(?:consideration|review)|i(?:'d| would) say(?: that)?|i think|final answer|answer)"
    r"[\s,!.:*_–—-]+)+",
    re.IGNORECASE,
)
_OPENING: Final = re.compile(rf"{_WORD}{_END}", re.IGNORECASE)
_NOT_OPENING: Final = re.compile(
    r"not\s+(?:really|clearly|quite|particularly|at all|in my|a clear|significantly|sure(?!\w))", re.IGNORECASE
)
_BOTH: Final = re.compile(
    r"\b(?:yes|no)[\])*\"'`]*\s*(?:/|\||,?\s*(?:and|or)\s+)\s*[\[(*\"'`]*(?:yes|no)\b", re.IGNORECASE
)
_LINE: Final = re.compile(rf"{_DECORATION}{_WORD}{_END}[\s*_`\"'.!)\]}}>✅❌✓✗|$\\-]*", re.IGNORECASE)
_AGAIN: Final = re.compile(
    r"\b(?:it|this|that|the (?:commit|change|edit|diff|patch|update|new (?:code|version)|revision))\b"
    r"(?P<words>(?:\s+(?!and\b|but\b|which\b)[\w'-]+){0,5}?)\s+"
    r"(?P<verb>improves?|improved|is (?:a|an) (?:\w+ )?(?:improvement|better)|(?:is|makes? the code) (?:\w+ )?better|"
    r"(?:qualif|count)\w+ as (?:a|an) (?:\w+ )?improvement|"
    r"(?:be|considered|represents?|constitutes?) (?:a|an) (?:\w+ )?improvement)",
    re.IGNORECASE,
)
_LED: Final = re.compile(rf"\W*(?:[\w'-]+\s+){{0,5}}[\w'-]+,\s+{_WORD}\W{{0,3}}(?:[.,!;\n]|$)", re.IGNORECASE)
"""A few words, and then the answer: "in terms of security, yes." """
_DOUBTED: Final = re.compile(r"\W*(?:sorry, )?(?:i(?:'m| am) afraid not|i (?:don't|do not) think so)\b", re.IGNORECASE)
_SHORT: Final = re.compile(
    r"\W*(?:(?P<yes>it (?:does|is)|this (?:does|is)|sure|of course|"
    r"certainly|definitely|absolutely|agreed|[✅✓✔☑👍]|是)|"
    r"(?P<no>it (?:does not|doesn't|is not|isn't)|this (?:does not|doesn't)|"
    r"(?:certainly |definitely )?not(?: \w+){0,2}|[❌✗✘👎]))\W*",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(
    r"\b(?:not|no|never|neither|hardly|barely|fails?|cannot|\w+n't|without|un(?:clear|likely))\b", re.IGNORECASE
)
_UNSURE: Final = re.compile(
    r"\b(?:if|whether|unless|could|might|may|would|perhaps|maybe|possibly|seems?)\b", re.IGNORECASE
)
_WEAK: Final = frozenset(
    [
        "y",
        "n",
        "true",
        "false",
        "correct",
        "incorrect",
        "negative",
        "indeed",
        "certainly",
        "definitely",
        "absolutely",
        "non",
        "ja",
    ]
)
"""Words that answer only where a pause follows them."""
_NO_THEN: Final = re.compile(
    r"\s+(?:it|this|the (?:change|commit|code)|because|since|as|that|there|clear|real|significant|meaningful|"
    r"improvement|substanti\w+|obvious|sir|i)\b",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(r"[.!?\n;]")
_SENTENCE: Final = 400
"""Characters before a claim that can still belong to its sentence."""
_LONGEST: Final = 20_000
"""Of a longer reply only so many characters at its two ends are read."""


def read_yes_no(reply: str) -> bool | None:
    r"""Return what a reply answers to a question of yes or no; None where that cannot be told.

    >>> read_yes_no("[YES] It does not leak any more."), read_yes_no("No, it is not."), read_yes_no("Hard to say.")
    (True, False, None)
    """
    text = without_thoughts(narrow(reply)).replace("\u200b", "").strip()
    if len(text) > _LONGEST:
        text = text[: _LONGEST // 2] + "\n" + text[-_LONGEST // 2 :]
    # Who repeats the choice that was put to it ("answer with [YES] or [NO]") has not made it.
    text = _BOTH.sub(" ", text)
    if not text.strip():
        return None
    for pattern in (_FIELD, _BRACKETED, _LABELLED):
        found = list(pattern.finditer(text))
        if found:
            return _side(found[-1])
    opening = _FILLER.sub("", text.lstrip(" \t\n*_`\"'>#~:.-–—=($[{"), count=1).lstrip(" \t\n*_`\"'>#~([")
    if _NOT_OPENING.match(opening):
        return False
    for start in (opening, text):
        opened = _OPENING.match(start)
        if opened is not None and _opens(opened, start):
            return _side(opened)
    lines = [line for line in text.splitlines() if line.strip(" *_`#>-=|~")]
    for line in [*lines[-1:], *lines[:1]]:
        whole = _LINE.fullmatch(line)
        if whole is not None:
            return _side(whole)
    said = list(_SAID.finditer(text))
    if said:
        return _side(said[-1])
    led = _LED.match(text)
    if led is not None:
        return _side(led)
    if _DOUBTED.match(text):
        return False
    short = _SHORT.fullmatch(text)
    if short is not None:
        return short["yes"] is not None
    return _repeated(text)


def _side(found: re.Match[str]) -> bool:
    return any(value is not None for name, value in found.groupdict().items() if name.startswith("yes"))


def _opens(found: re.Match[str], text: str) -> bool:
    """Return whether the word that opens a reply is its answer, not an article or the beginning of a sentence."""
    rest = text[found.end() :]
    word = found[0].lower()
    if word in _WEAK:
        return not rest.strip() or rest.lstrip("*_`\"' ")[:1] in {
            ",",
            ".",
            "!",
            ":",
            ";",
            "-",
            "–",
            "—",
            "\n",
            "]",
            ")",
            "(",
        }
    # "No clear improvement can be seen" is a no all the same; "No tests were run, but …" says nothing.
    if word == "no" and re.match(r"\s+[a-z]", rest):
        return _NO_THEN.match(rest) is not None
    return True


def _repeated(text: str) -> bool | None:
    """Return what the sentences that repeat the question say, where they agree."""
    said: set[bool] = set()
    for found in _AGAIN.finditer(text):
        start = max(text.rfind(mark, max(0, found.start() - _SENTENCE), found.start()) for mark in ".!?\n;") + 1
        before = text[start : found.start()] + " " + found["words"]
        ending = _ENDING.search(text, found.end())
        if _UNSURE.search(before) or (ending is not None and ending[0] == "?"):
            continue
        said.add(not (_DENIED.search(before) or _DENIED.search(found["verb"])))
    for found in re.finditer(
        r"\b(?:does|do|did|is|was|are)(?: not|n't)\s+(?:\w+ly )?(?:improve|an improvement|better)\b", text
    ):
        del found
        said.add(False)
    return said.pop() if len(said) == 1 else None
